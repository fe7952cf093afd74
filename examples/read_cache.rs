//! Reads a user that Django has cached, changes it, and writes a cache entry that Django reads.
//!
//! ```text
//! cargo run --example read_cache [FOLDER]
//! ```
//!
//! `FOLDER` is where the changed entry goes, under the name that Django gave it; without one, a
//! folder of its own among the temporary files. With Django at hand,
//! `python fixtures/wild/django/check.py FOLDER user:42` shows what it reads.
//!
//! A file of Django's `FileBasedCache` is the pickle of the time at which the entry expires, or of
//! None, and right behind it the zlib stream of the pickled value. So the place where the first
//! pickle ends must be found exactly.

use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process;

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};
use serde_pickle::Value;

/// `user:42`, as `cache.set` stored it: the name is the MD5 of `:1:user:42`.
const ENTRY: &str = "fixtures/wild/django/cache/ce0146c84bf710e01ebc9debd450d51d.djcache";

/// A user, as the Python program stores one. Text is borrowed from the pickle.
#[derive(Debug, Serialize, Deserialize)]
struct User<'a> {
    id: u64,
    name: &'a str,
    email: &'a str,
    scores: Vec<f64>,
    active: bool,
    #[serde(borrow)]
    address: Address<'a>,
    /// In Python the same object as `address`. A Rust struct has two, so it is written twice.
    billing_address: Address<'a>,
    tags: Vec<&'a str>,
    last_login: Option<&'a str>,
    quota: u64,
    balance: i64,
    preferences: Preferences<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Address<'a> {
    street: &'a str,
    city: &'a str,
    zip: &'a str,
    /// A tuple, here as there: a Rust tuple is written as one.
    geo: (f64, f64),
}

#[derive(Debug, Serialize, Deserialize)]
struct Preferences<'a> {
    theme: &'a str,
    page_size: u32,
    #[serde(borrow)]
    languages: Vec<&'a str>,
    /// Whatever plug-ins put there.
    nested: Value,
}

fn main() -> Result<(), Box<dyn Error>> {
    let entry = Path::new(env!("CARGO_MANIFEST_DIR")).join(ENTRY);
    let (expiry, pickle) = read_entry(&entry)?;
    let mut user: User = serde_pickle::from_slice(&pickle)?;
    match expiry {
        Some(time) => println!("cached until {time} seconds after 1970:\n{user:#?}"),
        None => println!("cached for good:\n{user:#?}"),
    }

    user.balance += 100;
    user.scores.push(2.5);
    user.tags.push("réviseur");
    user.last_login = Some("2024-02-29T12:00:00");
    user.billing_address.street = "Hafenstraße 7";

    let folder = match env::args_os().nth(1) {
        Some(folder) => PathBuf::from(folder),
        None => env::temp_dir().join(format!("read_cache-{}", process::id())),
    };
    fs::create_dir_all(&folder)?;
    let changed = folder.join(entry.file_name().ok_or("the entry has no file name")?);
    write_entry(&changed, expiry, &user)?;
    println!("changed and written to {}", changed.display());
    Ok(())
}

/// When the entry expires, in seconds since 1970, and the pickle of its value.
fn read_entry(path: &Path) -> Result<(Option<f64>, Vec<u8>), Box<dyn Error>> {
    let mut file = BufReader::new(File::open(path)?);
    // Not a byte behind the first pickle is taken, so that what the file gives next is the zlib
    // stream.
    let expiry = serde_pickle::from_reader(&mut file)?;
    let mut pickle = Vec::new();
    ZlibDecoder::new(file).read_to_end(&mut pickle)?;
    Ok((expiry, pickle))
}

/// Writes an entry as Django does.
fn write_entry(
    path: &Path,
    expiry: Option<f64>,
    value: &impl Serialize,
) -> Result<(), Box<dyn Error>> {
    let mut file = BufWriter::new(File::create(path)?);
    serde_pickle::to_writer(&mut file, &expiry)?;
    let mut zlib = ZlibEncoder::new(file, Compression::default());
    serde_pickle::to_writer(&mut zlib, value)?;
    zlib.finish()?.flush()?;
    Ok(())
}
