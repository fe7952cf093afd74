//! Reads instances that a Python program wrote, and writes some that the same program loads.
//!
//! ```text
//! cargo run --example instances [FOLDER]
//! ```
//!
//! The program is `fixtures/hooks/instances/program.py`, its classes are beside it, and what it
//! wrote is in `written`. What is written here goes to `FOLDER`, or else to a folder of its own
//! among the temporary files. Where there is a `python3`, the program is asked what it makes of it.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, process};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_pickle::reduce::{Global, Reduce, SlotsState};
use serde_pickle::{Protocol, SerOptions, from_slice};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/hooks/instances");

/// `geometry.Point`: an ordinary class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:geometry:Point")]
struct Point {
    x: f64,
    y: f64,
}

/// The classes of `shapes`: the class says which variant it is.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    #[serde(rename = "py:shapes:Circle")]
    Circle { r: f64 },
    #[serde(rename = "py:shapes:Square")]
    Square { side: f64, label: Option<Point> },
}

/// A dict of instances.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Drawing {
    first: Shape,
    rest: (Shape, Shape),
}

/// `colors.Color`, an Enum of Python: each variant is named by the value.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:colors:Color")]
enum Color {
    #[serde(rename = "1")]
    Red,
    #[serde(rename = "2")]
    Blue,
}

/// `readers.TextReader`: its `__getstate__` leaves out the open file, its `__setstate__` takes a
/// dict, as ours is.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "py:readers:TextReader")]
struct TextReader {
    filename: PathBuf,
    lineno: u32,
}

/// `readers.Slotted`: a class with `__slots__`, whose state is in two halves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "AsPython", try_from = "AsPython")]
struct Slotted {
    width: u32,
    height: u32,
}

#[derive(Serialize, Deserialize)]
struct Slots {
    width: u32,
    height: u32,
}

type AsPython = Reduce<(), SlotsState<Slots>>;

impl From<Slotted> for AsPython {
    fn from(Slotted { width, height }: Slotted) -> Self {
        let slots = SlotsState::of_slots(Slots { width, height });
        Reduce::new_obj(Global::new("readers", "Slotted"), ()).with_state(slots)
    }
}

impl TryFrom<AsPython> for Slotted {
    type Error = Box<dyn Error>;

    fn try_from(object: AsPython) -> Result<Self, Self::Error> {
        object.expect_class("readers", "Slotted")?;
        let slots = object.state.and_then(|state| state.slots);
        let Slots { width, height } = slots.ok_or("a Slotted without its slots")?;
        Ok(Self { width, height })
    }
}

/// Reads what Python wrote at every protocol.
fn read<T: DeserializeOwned + PartialEq>(name: &str) -> Result<T, Box<dyn Error>> {
    let read_at = |protocol: u8| -> Result<T, Box<dyn Error>> {
        let path = format!("{FOLDER}/written/{name}-p{protocol}.pkl");
        Ok(from_slice(&fs::read(&path)?).map_err(|error| format!("{path}: {error}"))?)
    };
    let first = read_at(0)?;
    for protocol in 1..=5 {
        if read_at(protocol)? != first {
            return Err(format!("{name} is another thing at protocol {protocol}").into());
        }
    }
    Ok(first)
}

/// Writes a value at a protocol, as `NAME-pN.pkl`.
fn write<T: Serialize>(
    folder: &Path,
    name: &str,
    value: &T,
) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut paths = Vec::new();
    for protocol in [Protocol::V0, Protocol::V2, Protocol::V5] {
        let path = folder.join(format!("{name}-p{}.pkl", protocol.number()));
        fs::write(&path, SerOptions::new().protocol(protocol).to_vec(value)?)?;
        paths.push(path);
    }
    Ok(paths)
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("Read from {FOLDER}/written:");
    println!("  {:?}", read::<Point>("point")?);
    println!("  {:?}", read::<Vec<Point>>("points")?);
    println!("  {:?}", read::<Drawing>("shapes")?);
    println!("  {:?}", read::<Shape>("square")?);
    println!("  {:?}", read::<Color>("color")?);
    println!("  {:?}", read::<TextReader>("text_reader")?);
    println!("  {:?}", read::<Slotted>("slotted")?);

    let own = env::temp_dir().join(format!("serde_pickle-instances-{}", process::id()));
    let given = env::args_os().nth(1).map(PathBuf::from);
    let folder = given.as_ref().unwrap_or(&own);
    fs::create_dir_all(folder)?;
    let point = Point { x: 0.5, y: -1.0 };
    let drawing = Drawing {
        first: Shape::Circle { r: 2.0 },
        rest: (Shape::Circle { r: 3.0 }, Shape::Square { side: 4.0, label: None }),
    };
    let paths = [
        write(folder, "point", &point)?,
        write(folder, "square", &Shape::Square { side: 1.0, label: Some(point) })?,
        write(folder, "shapes", &drawing)?,
        write(folder, "colors", &[Color::Red, Color::Blue])?,
        write(folder, "text_reader", &TextReader { filename: "poem.txt".into(), lineno: 7 })?,
        write(folder, "slotted", &Slotted { width: 3, height: 4 })?,
    ]
    .concat();
    println!("Written to {}: {} files", folder.display(), paths.len());

    match Command::new("python3")
        .arg(format!("{FOLDER}/program.py"))
        .arg("read")
        .args(&paths)
        .output()
    {
        Ok(output) if output.status.success() => {
            println!("python3 makes of them:");
            String::from_utf8(output.stdout)?.lines().for_each(|line| println!("  {line}"));
        }
        Ok(output) => {
            return Err(format!("program.py: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Err(_) => println!("There is no python3 here to load them."),
    }
    if given.is_none() {
        fs::remove_dir_all(&own)?;
    }
    Ok(())
}
