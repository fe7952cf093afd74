//! The traits that our crate and each peer implement.
//!
//! Errors are text: a contender that fails on a workload is named under the table with it.

use crate::data::Input;
use crate::workload::Workload;

/// A format that reads into and writes from Rust types.
pub trait Format: 'static {
    /// Its name in tables and filters.
    const NAME: &'static str;
    /// The input.
    const INPUT: Input;
    /// By how many units in the last place its floats may be off.
    const ULPS: u64 = 0;

    /// Reads the owned type.
    fn decode<W: Workload>(bytes: &[u8]) -> Result<W::Owned, String>;
    /// Writes the owned type.
    fn encode<W: Workload>(value: &W::Owned) -> Result<Vec<u8>, String>;
}

/// A format whose results may hold `&str` and `&[u8]` into the input.
pub trait Borrow: Format {
    /// Reads the borrowed type.
    fn borrow<'a, W: Workload>(bytes: &'a [u8]) -> Result<W::Borrowed<'a>, String>;
}

/// A value of a format that holds anything.
pub trait Dynamic: 'static {
    /// Its name in tables and filters.
    const NAME: &'static str;
    /// The input.
    const INPUT: Input;
    /// By how many units in the last place its floats may be off.
    const ULPS: u64 = 0;

    type Value<'a>;

    /// Reads a value.
    fn read(bytes: &[u8]) -> Result<Self::Value<'_>, String>;
    /// The value as a Rust type, to check it. It is not timed.
    fn typed<W: Workload>(value: Self::Value<'_>) -> Result<W::Owned, String>;
}

/// A dynamic value that is written as well.
pub trait DynamicWrite: Dynamic {
    /// Writes a value.
    fn write(value: &Self::Value<'_>) -> Result<Vec<u8>, String>;
}
