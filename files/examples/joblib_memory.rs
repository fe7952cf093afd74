//! The memory that a file of joblib takes: mapped, or read.
//!
//! ```sh
//! python3 -c 'import joblib, numpy; joblib.dump({"w": numpy.zeros(1 << 27)}, "/tmp/big.joblib")'
//! cargo build --release -p serde_pickle_files --features mmap --example joblib_memory
//! target/release/examples/joblib_memory map /tmp/big.joblib
//! target/release/examples/joblib_memory read /tmp/big.joblib
//! ```
//!
//! Prints the array's shape, a few of its elements, and the highest resident memory of the process.

use serde::Deserialize;
use serde_pickle::python::numpy::NdArray;
use serde_pickle_files::{OpenOptions, Result};

#[derive(Deserialize)]
struct Model<'a> {
    #[serde(borrow)]
    w: NdArray<'a>,
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(how), Some(path)) = (args.next(), args.next()) else {
        eprintln!("usage: joblib_memory map|read FILE");
        return Ok(());
    };
    let file = match &*how {
        "map" => OpenOptions::new().map(true).open(path)?,
        _ => OpenOptions::new().from_reader(std::fs::File::open(path)?)?,
    };
    let pickle = file.pickle()?;
    let model: Model = pickle.get()?;
    let bytes = model.w.data();
    let sum: u64 = bytes.iter().step_by(bytes.len() / 10 + 1).map(|&byte| u64::from(byte)).sum();
    println!("{} of the shape {:?}, {sum}", model.w.dtype(), model.w.shape());
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown");
    println!("{peak}");
    Ok(())
}
