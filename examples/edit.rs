//! Changes one field of a Django session and of a row of SQLAlchemy, and leaves the rest of the
//! pickles as it is.
//!
//! ```text
//! cargo run --example edit
//! ```
//!
//! The types name only what is changed. The session keeps its tuples; the row keeps its orders,
//! which refer back to it, and what SQLAlchemy notes about it. Where there is a `python3`, it loads
//! both pickles and says what differs; for the row it needs SQLAlchemy.

use std::error::Error;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A session, as a store of Django keeps it by `PickleSerializer`.
#[derive(Debug, Serialize, Deserialize)]
struct Session {
    /// A date, in Python and afterwards.
    seen: String,
}

/// An instance of a class that is mapped by SQLAlchemy.
#[derive(Debug, Serialize, Deserialize)]
struct Customer {
    name: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    edit("django-5.2/session.pkl", |session: &mut Session| {
        session.seen = "2024-06-01".to_owned();
    })?;
    edit("sqlalchemy-2.0/sqlalchemy.pkl", |customer: &mut Customer| {
        customer.name = "Grace".to_owned();
    })
}

/// Reads a type from a pickle, changes the value, and writes the pickle that has it.
fn edit<T: Debug + Serialize + DeserializeOwned>(
    name: &str,
    change: impl FnOnce(&mut T),
) -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/editing");
    let path = folder.join(name);
    let before = std::fs::read(&path)?;

    let mut value: T = serde_pickle::from_slice(&before)?;
    println!("{name}\n  read:    {value:?}");
    change(&mut value);
    let after = serde_pickle::update(&before, &value)?;

    let read: T = serde_pickle::from_slice(&after)?;
    println!("  written: {read:?}, {} bytes before, {} after", before.len(), after.len());
    let changed = std::env::temp_dir().join(format!("serde_pickle-{}.pkl", std::process::id()));
    std::fs::write(&changed, after)?;
    ask_python(&folder, &path, &changed);
    std::fs::remove_file(changed)?;
    Ok(())
}

/// Prints what Python finds to differ.
fn ask_python(folder: &Path, before: &PathBuf, after: &PathBuf) {
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    match Command::new(python).arg(folder.join("show.py")).arg(before).arg(after).output() {
        Err(_) => println!("  no python3 to ask"),
        Ok(output) => {
            let text = [output.stdout, output.stderr].concat();
            for line in String::from_utf8_lossy(&text).lines() {
                println!("  Python:  {line}");
            }
        }
    }
}
