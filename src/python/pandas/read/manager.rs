//! Block managers: the blocks of a frame, and which columns each holds.
//!
//! A block is the columns of one dtype, each a row of an array of two dimensions; its place is a
//! slice or an array of the numbers of its columns. From pandas 1.3 on a manager is called with
//! blocks and axes; before that, and for a series, its state ends in a dict of both by the key
//! `'0.14.1'`.

use super::numpy::whole;
use super::{Object, Rows, calls, column, entry, index, items};
use crate::error::{Error, Result};
use crate::limits;
use crate::python::pandas::column::Column;
use crate::python::pandas::frame::Frame;
use crate::python::pandas::index::Index;
use crate::value::{Dict, Value};

/// Blocks and axes.
struct Manager<'v> {
    blocks: Vec<Block<'v>>,
    axes: &'v [Value],
}

struct Block<'v> {
    values: &'v Value,
    placement: &'v Value,
}

impl<'v> Manager<'v> {
    fn of(value: Option<&'v Value>) -> Result<Self> {
        let value = value.ok_or_else(|| {
            Error::unsupported("a frame or series of pandas without a block manager")
        })?;
        let object = Object::of(value, "a block manager of pandas")?;
        if !matches!(object.class(), "BlockManager" | "SingleBlockManager") {
            return Err(object.unexpected("a block manager of pandas"));
        }
        if let [blocks, axes] = object.args() {
            let blocks = items(blocks, "the blocks of a frame")?.iter().map(|block| {
                // pandas 1.3 binds the number of dimensions by a `functools.partial`.
                let (global, args) = calls::called(block)
                    .ok_or_else(|| Error::data("a block that no function of pandas makes"))?;
                match (global.name(), args) {
                    ("_unpickle_block" | "new_block", [values, placement, ..])
                        if global.module.starts_with("pandas.") =>
                    {
                        Ok(Block { values, placement })
                    }
                    _ => Err(Error::unsupported(format!(
                        "expected a block of pandas, found an object of {global}"
                    ))),
                }
            });
            return Ok(Self {
                blocks: blocks.collect::<Result<_>>()?,
                axes: items(axes, "the axes of a frame")?,
            });
        }
        let state = match object.state() {
            Some(state) => items(state, "the parts of a block manager")?,
            None => &[],
        };
        let parts = state.last().and_then(Value::as_dict).and_then(|dict| dict.get("0.14.1"));
        let parts = parts
            .and_then(Value::as_dict)
            .ok_or_else(|| Error::unsupported("a block manager of a pandas before 0.14.1"))?;
        let part = |dict: &'v Dict, name: &str| {
            entry(dict, name)
                .ok_or_else(|| Error::data(format!("a block manager without `{name}`")))
        };
        let blocks = items(part(parts, "blocks")?, "the blocks of a frame")?.iter().map(|block| {
            let block = block.as_dict().ok_or_else(|| Error::data("a block that is no dict"))?;
            Ok(Block { values: part(block, "values")?, placement: part(block, "mgr_locs")? })
        });
        Ok(Self {
            blocks: blocks.collect::<Result<_>>()?,
            axes: items(part(parts, "axes")?, "the axes of a frame")?,
        })
    }
}

/// The values and the index of a series.
pub(super) fn series(manager: Option<&Value>) -> Result<(Column, Index)> {
    let manager = Manager::of(manager)?;
    match (&manager.blocks[..], manager.axes) {
        ([block], [axis]) => Ok((column(block.values)?, index(axis)?)),
        _ => Err(Error::data("a series of several blocks")),
    }
}

/// A frame.
pub(super) fn frame(manager: Option<&Value>) -> Result<Frame> {
    let manager = Manager::of(manager)?;
    let [labels, rows] = manager.axes else {
        return Err(Error::data("a frame with other than two axes"));
    };
    let (labels, rows) = (index(labels)?, index(rows)?);
    let width = labels.len();
    if width > limits::EMPTY_COLUMNS && rows.is_empty() {
        return Err(Error::limit(format!(
            "more than {} columns without rows",
            limits::EMPTY_COLUMNS
        )));
    }
    // Nothing is made for columns of which there is no block, so no label is believed either.
    let mut found = Vec::new();
    let mut left = width;
    for block in &manager.blocks {
        let places = Places::of(block.placement)?;
        let columns = block_columns(block, &places, &labels, rows.len())?;
        if columns.len() != places.len() {
            return Err(Error::data(format!(
                "a block of {} columns at {} places",
                columns.len(),
                places.len()
            )));
        }
        left = left.checked_sub(columns.len()).ok_or_else(|| {
            Error::data(format!("blocks of more than the {width} columns of their frame"))
        })?;
        found.push((places, columns));
    }
    if left != 0 {
        return Err(Error::data(format!("{left} of {width} columns without a block")));
    }
    let mut columns: Vec<Option<Column>> = (0..width).map(|_| None).collect();
    for (places, block) in found {
        for (at, column) in block.into_iter().enumerate() {
            let slot = places.get(at).and_then(|place| columns.get_mut(place));
            let slot =
                slot.ok_or_else(|| Error::data("a block beyond the columns of its frame"))?;
            if slot.replace(column).is_some() {
                return Err(Error::data("two blocks for one column"));
            }
        }
    }
    Frame::from_parts(labels, columns.into_iter().flatten().collect(), rows)
}

/// The columns of a block; an error names the first of them.
fn block_columns(
    block: &Block<'_>,
    places: &Places,
    labels: &Index,
    rows: usize,
) -> Result<Vec<Column>> {
    let columns = super::array::rows(block.values).and_then(|found| {
        let (columns, len) = match found {
            Rows::One(column) => {
                let len = column.len();
                (vec![column], len)
            }
            Rows::Many(columns, len) => (columns, len),
        };
        match len == rows {
            true => Ok(columns),
            false => Err(Error::data(format!("a block of {len} rows in a frame of {rows}"))),
        }
    });
    columns.map_err(|error| match places.get(0) {
        Some(place) => error.under_key(&name(labels, place)),
        None => error,
    })
}

/// A label in a message.
fn name(labels: &Index, place: usize) -> String {
    match labels.value(place) {
        Some(Value::Str(text)) => text,
        Some(other) => other.to_string(),
        None => place.to_string(),
    }
}

/// Where the columns of a block are in the frame.
enum Places {
    /// The first, the distance from one to the next, and how many there are.
    Slice(i64, i64, usize),
    List(Vec<i64>),
}

impl Places {
    /// `slice(start, stop, step)`, or an array.
    fn of(value: &Value) -> Result<Self> {
        let object = Object::of(value, "the places of a block")?;
        if object.package() == "numpy" {
            return Ok(Self::List(whole(column(value)?, "the places of a block")?));
        }
        let parts = match object.args() {
            [Value::Int(start), stop, Value::Int(step)]
                if object.global.is("builtins", "slice") =>
            {
                match stop {
                    Value::Int(stop) => Some((*start, *stop, *step)),
                    // Down to the first.
                    Value::None if *step < 0 => Some((*start, -1, *step)),
                    _ => None,
                }
            }
            _ => return Err(object.unexpected("the places of a block")),
        };
        let places = parts.filter(|&(start, stop, step)| start >= 0 && stop >= -1 && step != 0);
        let (start, stop, step) =
            places.ok_or_else(|| Error::data("a block at a slice without an end"))?;
        // Start and stop are not negative but for one, so that the difference is in range.
        let span = if step > 0 { stop - start } else { start - stop };
        let len = u64::try_from(span).unwrap_or(0).div_ceil(step.unsigned_abs());
        Ok(Self::Slice(start, step, usize::try_from(len).unwrap_or(usize::MAX)))
    }

    fn len(&self) -> usize {
        match self {
            Self::Slice(_, _, len) => *len,
            Self::List(places) => places.len(),
        }
    }

    fn get(&self, at: usize) -> Option<usize> {
        match self {
            Self::Slice(start, step, len) if at < *len => {
                let place = i64::try_from(at).ok()?.checked_mul(*step)?.checked_add(*start)?;
                usize::try_from(place).ok()
            }
            Self::Slice(..) => None,
            Self::List(places) => places.get(at).and_then(|&place| usize::try_from(place).ok()),
        }
    }
}
