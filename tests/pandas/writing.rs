//! Frames that were written read as they were, by this crate and by pandas.

use std::path::Path;
use std::process::Command;

use serde_pickle::python::pandas::{Frame, Index, Series};
use serde_pickle::{Protocol, SerOptions};

use crate::compare::Read;
use crate::fixtures::environments;

fn written(read: &Read, protocol: Protocol) -> Vec<u8> {
    let options = SerOptions::new().protocol(protocol);
    match read {
        Read::Frame(frame) => options.to_vec(frame),
        Read::Series(series) => options.to_vec(series),
        Read::Index(index) => options.to_vec(index),
    }
    .unwrap()
}

/// Every object that pandas wrote, written here, reads as it was: what is written of it again is
/// byte by byte the same.
#[test]
fn what_is_written_reads_as_it_was() {
    let mut count = 0;
    for environment in environments() {
        for case in &environment.cases {
            let Some(&place) = case.pickles.last() else { continue };
            let Ok(read) = Read::of(&case.what, environment.pickle(place)) else { continue };
            for protocol in [Protocol::V0, Protocol::V2, Protocol::V4, Protocol::V5] {
                let bytes = written(&read, protocol);
                let again = match Read::of(&case.what, &bytes) {
                    Ok(again) => again,
                    Err(error) => {
                        panic!("{} {} {protocol:?}: {error}", environment.tag, case.name)
                    }
                };
                assert_eq!(written(&again, protocol), bytes, "{} {}", environment.tag, case.name);
                count += 1;
            }
        }
    }
    assert!(count > 9_000, "{count}");
}

/// `SERDE_PICKLE_PANDAS` names interpreters with pandas, separated as paths are: each loads what is
/// written here, and finds it the same as what pandas wrote.
#[test]
fn pandas_loads_what_is_written() {
    let Some(pythons) = std::env::var_os("SERDE_PICKLE_PANDAS") else {
        println!("not asked: SERDE_PICKLE_PANDAS names no interpreter");
        return;
    };
    let folder = std::env::temp_dir().join(format!("serde_pickle_pandas_{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for environment in environments() {
        for case in &environment.cases {
            let Some(&place) = case.pickles.last() else { continue };
            let Ok(read) = Read::of(&case.what, environment.pickle(place)) else { continue };
            let name = format!("{} {}", environment.tag, case.name);
            std::fs::write(folder.join(format!("{name}.theirs")), environment.pickle(place))
                .unwrap();
            // Each object at another protocol, all of them at some.
            let protocol = [Protocol::V2, Protocol::V4, Protocol::V5][case.name.len() % 3];
            std::fs::write(folder.join(format!("{name}.ours")), written(&read, protocol)).unwrap();
        }
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/pandas/check.py");
    let mut failures = Vec::new();
    for python in std::env::split_paths(&pythons) {
        let output = Command::new(&python).arg(&script).arg(&folder).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        let Some((summary, wrong)) = lines.split_last() else {
            panic!("{}: {}", python.display(), String::from_utf8_lossy(&output.stderr));
        };
        println!("{summary}");
        failures.extend(wrong.iter().map(|line| format!("{}: {line}", python.display())));
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// Frames made here, of every kind of column, read as what they were made of.
#[test]
fn frames_are_made_in_rust() {
    use serde_pickle::python::pandas::{Categorical, Closed, Column, Intervals};

    let categories = Categorical::new(vec![1, -1], vec!["low", "high"], true).unwrap();
    let intervals = Intervals::new(vec![0_i64, 1], vec![1_i64, 2], Closed::Left).unwrap();
    let frame = Frame::new([
        ("i", Column::from(vec![1_i64, 2])),
        ("m", Column::from(vec![Some(1_i64), None])),
        ("t", Column::from(vec!["a", "b"])),
        ("n", Column::from(vec![None::<String>, None])),
        ("c", Column::Categorical(categories)),
        ("v", Column::Interval(intervals)),
    ])
    .unwrap()
    .with_index(Index::new(vec!["x", "y"]).with_name("label"))
    .unwrap();
    let again: Frame = serde_pickle::from_slice(&serde_pickle::to_vec(&frame).unwrap()).unwrap();
    assert_eq!(again, frame);
    let series = Series::new(vec![1.5_f64, 2.5], Index::of_len(2)).unwrap().with_name("s");
    let again: Series = serde_pickle::from_slice(&serde_pickle::to_vec(&series).unwrap()).unwrap();
    assert_eq!(again, series);
}
