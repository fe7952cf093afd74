//! The budget for shared references grows with the pickle; it grew with all of the slice that the
//! pickle was in. So a limit was met later where bytes followed, which a reader never sees, and
//! slice and reader named other errors: another object of a cycle, or another fault altogether.

use serde_pickle::{DeOptions, Deserializer, Error, Resolver, Result, Value};

/// A resolver that has nothing, so that ids are built and handed to it.
struct Nothing;

impl Resolver for Nothing {
    fn persistent_load(&self, _: &Value) -> Result<Option<Value>> {
        Ok(None)
    }
}

#[test]
fn they_change_no_limit() {
    // Lists fetched again and again; a = [(a,)]; and a list that holds itself, a list of much and a
    // buffer that is not there.
    let again = [&b"]q\x00(NNNNNNNNe("[..], &b"h\x00".repeat(50), b"l."].concat();
    let much = [&b"]q\x00(]q\x01(NNNNNNNNNNe"[..], &b"h\x01".repeat(30), b"\x97h\x00e."].concat();
    for pickle in [&again[..], b"]q\x00h\x00\x85a.", &much] {
        let id = [&pickle[..pickle.len() - 1], b"Q."].concat();
        for (pickle, asks) in [(pickle, false), (&id, true)] {
            for expansion in (0..2000).step_by(40) {
                for depth in [2, 3, 40] {
                    let mut options = DeOptions::new().max_expansion(expansion).max_depth(depth);
                    if asks {
                        options = options.resolver(Nothing);
                    }
                    let shown = |outcome: Result<Value>| format!("{outcome:?}");
                    let alone = shown(options.from_slice(pickle));
                    let behind = [pickle, &[0; 3000]].concat();
                    assert_eq!(shown(options.from_slice(&behind)), alone, "slice {expansion}");
                    assert_eq!(shown(options.from_reader(&*behind)), alone, "reader {expansion}");
                    let graph = options.graph_from_slice(&behind);
                    assert_eq!(
                        shown(graph.and_then(|graph| graph.root().to_value())),
                        alone,
                        "graph {expansion}"
                    );
                    let stream = Deserializer::from_slice(&behind).with_options(options.clone());
                    assert_eq!(shown(first(stream.into_iter())), alone, "stream {expansion}");
                    let stream = Deserializer::from_reader(&*behind).with_options(options);
                    assert_eq!(
                        shown(first(stream.into_iter())),
                        alone,
                        "stream of a reader {expansion}"
                    );
                }
            }
        }
    }
}

fn first(mut stream: impl Iterator<Item = Result<Value, Error>>) -> Result<Value> {
    stream.next().expect("there is a pickle")
}
