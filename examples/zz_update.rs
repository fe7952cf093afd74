//! Measures an update.
#![allow(missing_docs, clippy::all, clippy::unwrap_used)]

use std::hint::black_box;

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

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let times: usize = args[2].parse().unwrap();
    let mut records: Vec<Record> = vec![record(0)];
    let ours = to_vec(&records).unwrap();
    let bytes = Graph::from_slice(&ours).and_then(|graph| graph.to_vec()).unwrap();
    records[0].name.push('!');
    for _ in 0..times {
        match args[1].as_str() {
            "graph" => drop(black_box(Graph::from_slice(&bytes).unwrap())),
            "type" => drop(black_box(from_slice::<Vec<Record>>(&bytes).unwrap())),
            "write" => {
                let graph = Graph::from_slice(&bytes).unwrap();
                drop(black_box(graph.to_vec().unwrap()));
            }
            _ => drop(black_box(update(&bytes, &records).unwrap())),
        }
    }
}
