//! Reads several dumps of one Python `Pickler`, which share a memo, and the last of them element by
//! element.
//!
//! `cargo run --example streams [FILE]`; without a file it reads a fixture that CPython 3.13 wrote:
//!
//! ```python
//! inner = ['inner']
//! pickler = pickle.Pickler(file, 4)
//! for value in [inner, {'again': inner}, [inner, inner]]:
//!     pickler.dump(value)
//! ```

use std::fs::File;
use std::io::BufReader;
use std::rc::Rc;

use serde::Deserialize;
use serde_pickle::shared::Shared;
use serde_pickle::{Deserializer, Result, Value};

const FIXTURE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/hooks/streams/shared_kept-py3.13-p4.pkl");

fn main() -> Result<()> {
    let path = std::env::args_os().nth(1).unwrap_or_else(|| FIXTURE.into());

    // Each dump as a value. The memo lives on, as in one Unpickler: the second dump says `again` by
    // a reference into the first.
    let mut pickles = Deserializer::from_reader(BufReader::new(File::open(&path)?)).keep_memo(true);
    let mut last = 0;
    while pickles.end().is_err() {
        last = pickles.byte_offset();
        let value = Value::deserialize(&mut pickles)?;
        println!("at byte {last}: {value}");
    }

    // Once more, and what the last dump holds one element at a time: no two of them are in memory
    // as Rust values, unless they are kept.
    let bytes = std::fs::read(&path)?;
    let mut pickles = Deserializer::from_slice(&bytes).keep_memo(true);
    while pickles.byte_offset() < last {
        serde::de::IgnoredAny::deserialize(&mut pickles)?;
    }
    let mut first: Option<Shared<Rc<Value>>> = None;
    for element in pickles.elements::<Shared<Rc<Value>>>()? {
        let element = element?;
        let same = first.as_ref().is_some_and(|first| Rc::ptr_eq(&first.0, &element.0));
        println!(
            "element {}{}",
            element.0,
            if same { ", the same object as the first" } else { "" }
        );
        first.get_or_insert(element);
    }

    // Nothing may follow.
    pickles.end()
}
