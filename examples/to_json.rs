//! Any pickle as JSON, on the standard output.
//!
//! ```sh
//! cargo run --example to_json -- FILE
//! cargo run --example to_json          # a pickle of the fixtures
//! ```
//!
//! Nothing is refused: what JSON has no form for has one by the policies of `JsonOptions`. Here
//! shared objects are references, so that no pickle is blown up.

use std::error::Error;
use std::io::{BufReader, Write};

use serde_pickle::Graph;
use serde_pickle::json::{JsonOptions, JsonShared};

fn main() -> Result<(), Box<dyn Error>> {
    let default =
        concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/valid/objects/plain.p2.py313.pickle");
    let path = std::env::args().nth(1).unwrap_or_else(|| default.to_owned());
    let graph = Graph::from_reader(BufReader::new(std::fs::File::open(path)?))?;
    let options = JsonOptions::new().shared(JsonShared::Reference);
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &options.graph(&graph))?;
    writeln!(out)?;
    Ok(())
}
