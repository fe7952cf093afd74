//! `update` of one field, against what it cannot do without: reading the pickle into a graph,
//! reading the type, writing the graph. Prints both and their ratio, for one record and for 50,000.
//!
//! `cargo bench -p serde_pickle_benches --bench update`

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_pickle::{Graph, from_slice, to_vec, update};

#[derive(Clone, Serialize, Deserialize)]
struct Record {
    id: i64,
    name: String,
    email: String,
    score: f64,
    active: bool,
    tags: Vec<String>,
    address: Address,
}

#[derive(Clone, Serialize, Deserialize)]
struct Address {
    street: String,
    city: String,
    zip: String,
}

fn record(id: i64) -> Record {
    Record {
        id,
        name: format!("user {id}"),
        email: format!("user{id}@example.org"),
        score: id as f64 / 7.0,
        active: id % 3 == 0,
        tags: vec!["new".to_owned(), format!("group {}", id % 10)],
        address: Address {
            street: format!("Main Street {id}"),
            city: "Springfield".to_owned(),
            zip: format!("{:05}", id % 100_000),
        },
    }
}

/// The median of several runs, of `times` calls each.
fn median(runs: usize, times: u32, mut call: impl FnMut()) -> Duration {
    let mut found: Vec<Duration> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..times {
                call();
            }
            start.elapsed() / times
        })
        .collect();
    found.sort_unstable();
    found[runs / 2]
}

fn main() {
    for (count, runs, times) in [(1, 51, 2_000), (50_000, 11, 1)] {
        let mut records: Vec<Record> = (0..count).map(record).collect();
        // As Python writes it: what the graph makes of ours.
        let ours = to_vec(&records).expect("it is data");
        let bytes = Graph::from_slice(&ours).and_then(|graph| graph.to_vec()).expect("as read");
        records[count as usize / 2].name.push('!');
        let parts = median(runs, times, || {
            let graph = Graph::from_slice(&bytes).expect("as written");
            black_box(from_slice::<Vec<Record>>(&bytes).expect("as written"));
            black_box(graph.to_vec().expect("as read"));
        });
        let whole = median(runs, times, || {
            black_box(update(&bytes, &records).expect("one text has changed"));
        });
        let ratio = whole.as_secs_f64() / parts.as_secs_f64();
        println!(
            "{count} records: update {whole:?}, graph + type + writing {parts:?}: {ratio:.2} times"
        );
    }
}
