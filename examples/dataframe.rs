//! Reads a pandas DataFrame, as columns and as structs, and writes one:
//! `cargo run --example dataframe [FILE]`.

use serde::{Deserialize, Serialize};
use serde_pickle::python::pandas::{Column, Frame, Index};

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Reading {
    city: String,
    degrees: Option<f64>,
    rain: bool,
}

fn main() -> Fallible<()> {
    let default =
        concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/numpy/pandas/frame_mixed-py3.13-p5.pkl");
    let file = std::env::args().nth(1).unwrap_or_else(|| default.to_owned());

    // The output of DataFrame.to_pickle or pickle.dumps.
    let frame: Frame = serde_pickle::from_slice(&std::fs::read(&file)?)?;
    println!("{file}: {frame}");
    for (place, column) in frame.columns().iter().enumerate() {
        let label = frame.labels().value(place).unwrap_or_default();
        match column {
            // Typed, where the kind of column matters.
            Column::Float64(values) => println!("{label}: {values:?}"),
            Column::Datetime(times) => {
                println!("{label}: {:?} in {:?}", times.counts(), times.unit());
            }
            // And as Python's objects, where it does not.
            column => println!("{label}: {:?}", column.values().collect::<Vec<_>>()),
        }
    }

    // Structs become a frame, and a frame becomes structs.
    let readings = [
        Reading { city: "Oslo".to_owned(), degrees: Some(-3.5), rain: false },
        Reading { city: "Rome".to_owned(), degrees: None, rain: true },
    ];
    let frame = Frame::from_rows(&readings)?.with_index(Index::new(vec!["a", "b"]))?;
    let bytes = serde_pickle::to_vec(&frame)?; // for pandas.read_pickle
    let frame: Frame = serde_pickle::from_slice(&bytes)?;
    let again: Vec<Reading> = frame.rows().collect::<Result<_, _>>()?;
    assert_eq!(again, readings);
    println!("{again:?}");
    Ok(())
}
