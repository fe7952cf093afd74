//! Changes two fields of a user that Django has cached, and leaves the rest of the pickle as it is.
//!
//! ```text
//! cargo run --example edit
//! ```
//!
//! The types name only what is changed. The user's `address` and `billing_address` are one object
//! in Python, and are one object afterwards; `read_cache`, which writes the user anew, makes two.

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::read::ZlibDecoder;
use serde::{Deserialize, Serialize};
use serde_pickle::Graph;

/// `user:42`, as `cache.set` stored it: the name is the MD5 of `:1:user:42`.
const ENTRY: &str = "fixtures/wild/django/cache/ce0146c84bf710e01ebc9debd450d51d.djcache";

#[derive(Serialize, Deserialize)]
struct User {
    balance: i64,
    address: Address,
}

#[derive(Serialize, Deserialize)]
struct Address {
    street: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let bytes = cached(&Path::new(env!("CARGO_MANIFEST_DIR")).join(ENTRY))?;
    let mut graph = Graph::from_slice(&bytes)?;
    println!("before: {}\n", graph.root());

    let mut user: User = graph.deserialize()?;
    user.balance += 100;
    user.address.street = "Hafenstraße 7".to_owned();
    graph.update(&user)?;

    let changed = graph.to_vec()?;
    let graph = Graph::from_slice(&changed)?;
    println!("after: {}\n", graph.root());

    let one = graph.root().get("address") == graph.root().get("billing_address");
    println!("one address for both: {one}");
    println!("{} bytes before, {} bytes after", bytes.len(), changed.len());
    Ok(())
}

/// The pickled value of a cache entry: the zlib stream behind the pickle of its expiry.
fn cached(path: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut file = BufReader::new(File::open(path)?);
    let _expiry: Option<f64> = serde_pickle::from_reader(&mut file)?;
    let mut pickle = Vec::new();
    ZlibDecoder::new(file).read_to_end(&mut pickle)?;
    Ok(pickle)
}
