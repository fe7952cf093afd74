//! The memory that the columns of one frame may take together.
//!
//! A pickle may refer to one array from many columns, and a column may take several times the bytes
//! of its array: a bit becomes a bool, a code of one byte one of eight. So the parts of a frame are
//! counted once each, however often they are referred to, and what is made of them is charged
//! against the allowance of a pickle of that size. The count is kept for the thread while it reads,
//! beside the functions that read, most of which have nothing to do with it.

use std::cell::Cell;
use std::collections::HashSet;

use crate::error::{Error, Result};
use crate::limits;
use crate::python::pandas::column::Column;
use crate::value::{SharedKey, Value};

thread_local! {
    /// The bytes that may still be made; none while nothing is read.
    static LEFT: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Reads with a budget for `value`; within another such call, with that one's.
pub(super) fn within<T>(value: &Value, read: impl FnOnce() -> Result<T>) -> Result<T> {
    /// Also after a panic the thread begins anew.
    struct Reset;

    impl Drop for Reset {
        fn drop(&mut self) {
            LEFT.set(None);
        }
    }

    if LEFT.get().is_some() {
        return read();
    }
    let size = distinct(value, &mut HashSet::new());
    LEFT.set(Some(limits::MEMORY.of(size)));
    let _reset = Reset;
    read()
}

/// Charges columns that have been made of one array.
pub(super) fn charge<'c>(columns: impl IntoIterator<Item = &'c Column>) -> Result<()> {
    let memory = columns.into_iter().fold(0, |sum: u64, column| sum.saturating_add(memory(column)));
    match LEFT.get() {
        None => Ok(()),
        Some(left) => {
            let rest = left.checked_sub(memory);
            // A budget that is spent stays so.
            LEFT.set(Some(rest.unwrap_or(0)));
            rest.map(drop).ok_or_else(|| {
                Error::limit("columns that refer to the same arrays come to too much memory")
            })
        }
    }
}

/// Bytes of the parts of a value, each object once.
fn distinct(value: &Value, seen: &mut HashSet<SharedKey>) -> u64 {
    if let Some(key) = value.shared_key()
        && !seen.insert(key)
    {
        return 0;
    }
    let own = match value {
        Value::Str(text) => text.len(),
        Value::Bytes(bytes) | Value::ByteArray(bytes) => bytes.len(),
        Value::Buffer(buffer) => buffer.data.len(),
        // The tuple of its arguments.
        Value::Object(_) => 1,
        _ => 0,
    };
    // A part takes a byte of the pickle at least.
    let mut size = own as u64 + 1;
    let mut add = |part: &Value| size = size.saturating_add(distinct(part, seen));
    match value {
        Value::Tuple(items) | Value::List(items) => items.iter().for_each(add),
        Value::Dict(dict) => dict.iter().for_each(|(key, value)| {
            add(key);
            add(value);
        }),
        Value::Object(object) => {
            add(&object.callable);
            object.args.iter().for_each(&mut add);
            object.state.iter().for_each(|state| add(state));
            object.listitems.iter().for_each(add);
        }
        _ => {}
    }
    size
}

/// The memory that a column takes, about.
fn memory(column: &Column) -> u64 {
    let each = |size: usize| (column.len() as u64).saturating_mul(size as u64);
    match column {
        Column::Bool(_) | Column::Int8(_) | Column::UInt8(_) => each(1),
        Column::Int16(_) | Column::UInt16(_) => each(2),
        Column::Int32(_) | Column::UInt32(_) | Column::Float16(_) | Column::Float32(_) => each(4),
        Column::Complex64(_) | Column::Complex128(_) => each(16),
        Column::Text(texts) => {
            let text: usize = texts.values.iter().flatten().map(String::len).sum();
            each(24).saturating_add(text as u64)
        }
        Column::Binary(binaries) => {
            let bytes: usize = binaries.values.iter().flatten().map(Vec::len).sum();
            each(24).saturating_add(bytes as u64)
        }
        Column::Object(_) => each(32),
        // The values have been charged.
        Column::Masked(_) => each(1),
        Column::Sparse(sparse) => (sparse.places.len() as u64).saturating_mul(8),
        Column::Interval(_) => 0,
        _ => each(8),
    }
}
