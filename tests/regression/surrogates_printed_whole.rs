//! The text of a node is cut off after 80 characters when a graph is printed, but text with lone
//! surrogates was not; and each reference to it printed it again.

use serde_pickle::Graph;

#[test]
fn they_are_cut_off_like_other_text() {
    let text = [
        b"X\xe0\x93\x04\0".as_slice(),
        &b"\xed\xa0\x80".repeat(100_000),
        b"q\x000](",
        &b"h\0".repeat(300),
        b"e.",
    ]
    .concat();
    let graph = Graph::from_slice(&text).unwrap();
    let printed = graph.root().to_string();
    assert!(printed.len() < 200 * 600, "{}", printed.len());
    let expected = format!("['{}'..., ", "\\ud800".repeat(80));
    assert!(printed.starts_with(&expected), "{printed:.1000}");
    let short = Graph::from_slice(b"X\x04\0\0\0a\xed\xa0\x80.").unwrap();
    assert_eq!(short.root().to_string(), "'a\\ud800'");
    let late = [b"X\x66\0\0\0".as_slice(), &b"x".repeat(99), b"\xed\xa0\x80."].concat();
    assert_eq!(
        Graph::from_slice(&late).unwrap().root().to_string(),
        format!("'{}'...", "x".repeat(80))
    );
}
