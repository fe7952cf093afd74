//! `examples/instances.rs` reads what the program beside the fixtures wrote, and the program loads
//! what it writes.

use std::path::Path;
use std::process::Command;

use serde_json::json;

#[test]
fn the_program_loads_what_the_example_writes() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("instances");
    // Built by cargo: `cargo test --test main` leaves examples as they were.
    let mut run = Command::new(env!("CARGO"));
    run.args(["run", "--quiet", "--example", "instances"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    if !cfg!(debug_assertions) {
        run.arg("--release");
    }
    let output = run.arg("--").arg(&folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    for read in [
        "  Point { x: 1.5, y: -2.0 }\n",
        "  [Point { x: 0.0, y: 0.0 }, Point { x: 3.0, y: 4.0 }]\n",
        "  Drawing { first: Circle { r: 1.0 }, rest: (Square { side: 2.0, label: None }, Circle { \
         r: 3.0 }) }\n",
        "  Square { side: 4.0, label: Some(Point { x: 1.0, y: 2.0 }) }\n",
        "  Blue\n",
        "  TextReader { filename: \"/var/log/messages\", lineno: 42 }\n",
        "  Slotted { width: 640, height: 480 }\n",
    ] {
        assert!(printed.contains(read), "{read} in {printed}");
    }

    let Some((_, answers)) = printed.split_once("python3 makes of them:\n") else {
        println!("there is no python3 here, so it is not asked");
        assert!(printed.contains("There is no python3 here"), "{printed}");
        return;
    };
    let point = json!({"class": "geometry.Point", "attributes": {"x": 0.5, "y": -1.0}});
    let shape = |class: &str, attributes| {
        let class = format!("shapes.{class}");
        json!({"class": class, "attributes": attributes})
    };
    let color =
        |name: &str, value: u8| json!({"class": "colors.Color", "name": name, "value": value});
    let tuple = |items: [serde_json::Value; 2]| json!({"class": "builtins.tuple", "items": items});
    let expected = [
        ("point", point.clone()),
        ("square", shape("Square", json!({"side": 1.0, "label": point}))),
        (
            "shapes",
            json!({
                "first": shape("Circle", json!({"r": 2.0})),
                "rest": tuple([
                    shape("Circle", json!({"r": 3.0})),
                    shape("Square", json!({"side": 4.0, "label": null})),
                ]),
            }),
        ),
        ("colors", tuple([color("RED", 1), color("BLUE", 2)])),
        (
            "text_reader",
            json!({
                "class": "readers.TextReader",
                "attributes": {"filename": "poem.txt", "lineno": 7, "file": null},
            }),
        ),
        ("slotted", json!({"class": "readers.Slotted", "attributes": {"width": 3, "height": 4}})),
    ];
    let answers: Vec<serde_json::Value> =
        answers.lines().map(|line| serde_json::from_str(line.trim()).unwrap()).collect();
    assert_eq!(answers.len(), 3 * expected.len());
    for (name, object) in expected {
        for protocol in [0, 2, 5] {
            let answer = json!({"file": format!("{name}-p{protocol}.pkl"), "object": object});
            assert!(answers.contains(&answer), "{answer} in {answers:#?}");
        }
    }
}
