//! Arrays of pyarrow: the buffers of Arrow's memory layout, read without Arrow.
//!
//! A pickle has `_restore_array((type, length, nulls, offset, buffers, children, dictionary))`, in
//! pandas 1 and 2 with a `chunked_array(arrays, type)` around several. Validity and bools are bits,
//! the least significant first; text is offsets into one buffer. Sources: "Arrow Columnar Format";
//! `_reduce_array_data` in pyarrow's `array.pxi`.
//!
//! Advice to the next editor: length and offset are claims. Each buffer is cut to what they ask
//! for, and what is too short is an error; offsets of text ascend, so that texts together are no
//! longer than their buffer.

use super::{Object, count, describe, items};
use crate::error::{Error, Result};
use crate::python::numpy::{Number, Unit};
use crate::python::pandas::column::Column;
use crate::python::pandas::extension::{
    Backing, Binaries, Datetimes, Masked, TextKind, Texts, Timedeltas,
};
use crate::value::Value;

/// The column that an array is; `text` is the dtype that its text belongs to.
pub(super) fn column(value: &Value, text: Option<TextKind>) -> Result<Column> {
    let object = Object::of(value, "an array of pyarrow")?;
    let mut chunks = Vec::new();
    let first = match (object.package(), object.global.name(), object.args()) {
        ("pyarrow", "_restore_array", _) => Chunk::of(object)?,
        ("pyarrow", "chunked_array", [arrays, kind]) => {
            for array in items(arrays, "the chunks of an array of pyarrow")? {
                chunks.push(Chunk::of(Object::of(array, "an array of pyarrow")?)?);
            }
            Chunk { kind, len: 0, offset: 0, buffers: &[] }
        }
        _ => return Err(object.unexpected("an array of pyarrow")),
    };
    chunks.insert(0, first);
    let kind = ArrowKind::of(first.kind)?;
    let mut column = Builder { missing: Vec::new(), values: kind.start(text) };
    for chunk in &chunks {
        if ArrowKind::of(chunk.kind)? != kind {
            return Err(Error::data("an array of pyarrow with chunks of several types"));
        }
        column.append(chunk)?;
    }
    column.finish()
}

/// One array.
#[derive(Clone, Copy)]
struct Chunk<'v> {
    kind: &'v Value,
    len: usize,
    offset: usize,
    buffers: &'v [Value],
}

impl<'v> Chunk<'v> {
    fn of(object: Object<'v>) -> Result<Self> {
        let parts = match object.args() {
            [parts] if object.global.name() == "_restore_array" => {
                items(parts, "the parts of an array of pyarrow")?
            }
            _ => return Err(object.unexpected("an array of pyarrow")),
        };
        let [kind, len, _nulls, offset, buffers, children, dictionary, ..] = parts else {
            return Err(Error::data("an array of pyarrow without all of its parts"));
        };
        // The type says it better where it has children or a dictionary.
        ArrowKind::of(kind)?;
        let children = items(children, "the children of an array of pyarrow")?;
        if !children.is_empty() || *dictionary != Value::None {
            return Err(Error::unsupported("an array of pyarrow with children"));
        }
        Ok(Self {
            kind,
            len: count(len, "the length of an array of pyarrow")?,
            offset: count(offset, "the offset of an array of pyarrow")?,
            buffers: items(buffers, "the buffers of an array of pyarrow")?,
        })
    }

    /// The bytes of a buffer; none where Arrow left it out.
    fn buffer(&self, index: usize) -> Result<Option<&'v [u8]>> {
        let value = match self.buffers.get(index) {
            None | Some(Value::None) => return Ok(None),
            Some(value) => value,
        };
        let object = Object::of(value, "a buffer of pyarrow")?;
        let bytes = match (object.package(), object.global.name(), object.args()) {
            ("pyarrow", "py_buffer", [bytes]) => bytes.as_bytes(),
            _ => None,
        };
        bytes.map(Some).ok_or_else(|| object.unexpected("a buffer of pyarrow"))
    }

    /// The elements of a buffer, of `size` bytes each.
    fn elements(&self, index: usize, size: usize) -> Result<&'v [u8]> {
        let start = self.offset.checked_mul(size);
        let end = self.offset.checked_add(self.len).and_then(|end| end.checked_mul(size));
        let (Some(start), Some(end)) = (start, end) else { return Err(short()) };
        match self.buffer(index)? {
            Some(buffer) => buffer.get(start..end).ok_or_else(short),
            None if self.len == 0 => Ok(&[]),
            None => Err(short()),
        }
    }

    /// A buffer of bits; `None` where there is none.
    fn bits(&self, index: usize) -> Result<Option<Vec<bool>>> {
        let Some(buffer) = self.buffer(index)? else { return Ok(None) };
        let end = self.offset.checked_add(self.len).ok_or_else(short)?;
        if end.div_ceil(8) > buffer.len() {
            return Err(short());
        }
        let bit = |at: usize| buffer.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1);
        Ok(Some((self.offset..end).map(bit).collect()))
    }

    /// The pieces of a buffer of text, between two offsets each.
    fn pieces(&self, wide: bool) -> Result<Vec<&'v [u8]>> {
        if self.len == 0 {
            return Ok(Vec::new());
        }
        let one_more = Self { len: self.len.checked_add(1).ok_or_else(short)?, ..*self };
        let offsets: Vec<i64> = match wide {
            true => i64::read_all(one_more.elements(1, 8)?, false),
            false => {
                i32::read_all(one_more.elements(1, 4)?, false).into_iter().map(i64::from).collect()
            }
        };
        let data = self.buffer(2)?.unwrap_or_default();
        let mut pieces = Vec::with_capacity(self.len);
        for pair in offsets.windows(2) {
            let range = match *pair {
                [start, end] => usize::try_from(start).ok().zip(usize::try_from(end).ok()),
                _ => None,
            };
            let piece = range.and_then(|(start, end)| data.get(start..end));
            pieces.push(piece.ok_or_else(|| {
                Error::data("offsets of pyarrow that do not ascend within their text")
            })?);
        }
        Ok(pieces)
    }
}

#[cold]
fn short() -> Error {
    Error::data("a buffer of pyarrow that is shorter than its array")
}

/// A type of Arrow that is read.
#[derive(Clone, Debug, PartialEq)]
enum ArrowKind {
    Bool,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Float,
    Double,
    Text { large: bool },
    Binary { large: bool },
    Timestamp(Unit, Option<String>),
    Duration(Unit),
    Date32,
}

impl ArrowKind {
    /// `type_for_alias(name)`, `timestamp(unit, zone)`, `duration(unit)`.
    fn of(value: &Value) -> Result<Self> {
        let object = Object::of(value, "a type of pyarrow")?;
        let unknown = || {
            let name = match object.args().first() {
                Some(Value::Str(name)) if object.global.name() == "type_for_alias" => name.clone(),
                _ => object.global.name().to_owned(),
            };
            Error::unsupported(format!("arrays of pyarrow's type {name} are not supported"))
        };
        if object.package() != "pyarrow" {
            return Err(object.unexpected("a type of pyarrow"));
        }
        let unit = |unit: &str| Unit::of_name(unit).ok_or_else(unknown);
        Ok(match (object.global.name(), object.args()) {
            ("type_for_alias", [Value::Str(name)]) => match name.as_str() {
                "bool" => Self::Bool,
                "int8" => Self::Int8,
                "int16" => Self::Int16,
                "int32" => Self::Int32,
                "int64" => Self::Int64,
                "uint8" => Self::Uint8,
                "uint16" => Self::Uint16,
                "uint32" => Self::Uint32,
                "uint64" => Self::Uint64,
                "float" | "float32" => Self::Float,
                "double" | "float64" => Self::Double,
                "string" | "utf8" => Self::Text { large: false },
                "large_string" | "large_utf8" => Self::Text { large: true },
                "binary" => Self::Binary { large: false },
                "large_binary" => Self::Binary { large: true },
                "date32" | "date32[day]" => Self::Date32,
                name => {
                    let inner = |prefix: &str| {
                        name.strip_prefix(prefix).and_then(|text| text.strip_suffix(']'))
                    };
                    match (inner("timestamp["), inner("duration[")) {
                        (Some(name), _) => Self::Timestamp(unit(name)?, None),
                        (_, Some(name)) => Self::Duration(unit(name)?),
                        _ => return Err(unknown()),
                    }
                }
            },
            ("timestamp", [Value::Str(name), zone]) => match zone {
                Value::None => Self::Timestamp(unit(name)?, None),
                Value::Str(zone) => Self::Timestamp(unit(name)?, Some(zone.clone())),
                other => {
                    return Err(Error::data(format!(
                        "a zone of pyarrow that is {}",
                        describe(other)
                    )));
                }
            },
            ("duration", [Value::Str(name)]) => Self::Duration(unit(name)?),
            _ => return Err(unknown()),
        })
    }

    /// No elements yet.
    fn start(&self, text: Option<TextKind>) -> Values {
        match self {
            Self::Bool => Values::Plain(Column::Bool(Vec::new())),
            Self::Int8 => Values::Plain(Column::Int8(Vec::new())),
            Self::Int16 => Values::Plain(Column::Int16(Vec::new())),
            Self::Int32 => Values::Plain(Column::Int32(Vec::new())),
            Self::Int64 => Values::Plain(Column::Int64(Vec::new())),
            Self::Uint8 => Values::Plain(Column::UInt8(Vec::new())),
            Self::Uint16 => Values::Plain(Column::UInt16(Vec::new())),
            Self::Uint32 => Values::Plain(Column::UInt32(Vec::new())),
            Self::Uint64 => Values::Plain(Column::UInt64(Vec::new())),
            Self::Float => Values::Plain(Column::Float32(Vec::new())),
            Self::Double => Values::Plain(Column::Float64(Vec::new())),
            Self::Text { large } => {
                let own = if *large { TextKind::ArrowLarge } else { TextKind::Arrow };
                Values::Text(Vec::new(), text.unwrap_or(own), *large)
            }
            Self::Binary { large } => Values::Binary(Vec::new(), *large),
            Self::Timestamp(unit, zone) => {
                Values::Times(Vec::new(), *unit, TimeKind::Timestamp(zone.clone()))
            }
            Self::Duration(unit) => Values::Times(Vec::new(), *unit, TimeKind::Duration),
            Self::Date32 => Values::Days(Vec::new()),
        }
    }
}

/// The elements of a column so far, and which of them are missing.
struct Builder {
    missing: Vec<bool>,
    values: Values,
}

enum Values {
    Plain(Column),
    Text(Vec<Option<String>>, TextKind, bool),
    Binary(Vec<Option<Vec<u8>>>, bool),
    Times(Vec<i64>, Unit, TimeKind),
    Days(Vec<i64>),
}

enum TimeKind {
    Timestamp(Option<String>),
    Duration,
}

impl Builder {
    fn append(&mut self, chunk: &Chunk<'_>) -> Result<()> {
        macro_rules! numbers {
            ($values:ident, $type:ty) => {
                $values.extend(<$type>::read_all(chunk.elements(1, size_of::<$type>())?, false))
            };
        }
        let before = self.len();
        let valid = chunk.bits(0)?;
        match &mut self.values {
            Values::Plain(Column::Bool(values)) => match chunk.bits(1)? {
                Some(bits) => values.extend(bits),
                None if chunk.len == 0 => {}
                None => return Err(short()),
            },
            Values::Plain(Column::Int8(values)) => numbers!(values, i8),
            Values::Plain(Column::Int16(values)) => numbers!(values, i16),
            Values::Plain(Column::Int32(values)) => numbers!(values, i32),
            Values::Plain(Column::Int64(values)) => numbers!(values, i64),
            Values::Plain(Column::UInt8(values)) => numbers!(values, u8),
            Values::Plain(Column::UInt16(values)) => numbers!(values, u16),
            Values::Plain(Column::UInt32(values)) => numbers!(values, u32),
            Values::Plain(Column::UInt64(values)) => numbers!(values, u64),
            Values::Plain(Column::Float32(values)) => numbers!(values, f32),
            Values::Plain(Column::Float64(values)) => numbers!(values, f64),
            // `ArrowKind::start` makes no other.
            Values::Plain(_) => {}
            Values::Times(values, ..) => numbers!(values, i64),
            Values::Days(values) => {
                let days = i32::read_all(chunk.elements(1, 4)?, false);
                values.extend(days.into_iter().map(i64::from));
            }
            Values::Text(values, _, large) => {
                for (at, piece) in chunk.pieces(*large)?.into_iter().enumerate() {
                    let text = match is_valid(valid.as_deref(), at) {
                        true => Some(
                            std::str::from_utf8(piece)
                                .map_err(|_| Error::data("text of pyarrow that is not UTF-8"))?,
                        ),
                        false => None,
                    };
                    values.push(text.map(str::to_owned));
                }
            }
            Values::Binary(values, large) => {
                for (at, piece) in chunk.pieces(*large)?.into_iter().enumerate() {
                    values.push(is_valid(valid.as_deref(), at).then(|| piece.to_vec()));
                }
            }
        }
        let added = self.len().saturating_sub(before);
        match valid {
            Some(valid) => self.missing.extend(valid.into_iter().map(|valid| !valid)),
            None => self.missing.resize(before.saturating_add(added), false),
        }
        Ok(())
    }

    fn len(&self) -> usize {
        match &self.values {
            Values::Plain(column) => column.len(),
            Values::Text(values, ..) => values.len(),
            Values::Binary(values, _) => values.len(),
            Values::Times(values, ..) | Values::Days(values) => values.len(),
        }
    }

    fn finish(self) -> Result<Column> {
        let values = match self.values {
            Values::Text(values, kind, _) => return Ok(Column::Text(Texts::new(values, kind))),
            Values::Binary(values, large) => {
                return Ok(Column::Binary(Binaries::new(values, large)));
            }
            Values::Plain(column) => column,
            Values::Times(counts, unit, TimeKind::Timestamp(zone)) => {
                let zone =
                    zone.map(|zone| super::array::time_zone(&Value::Str(zone))).transpose()?;
                Column::Datetime(Datetimes::new(counts, unit, zone)?)
            }
            Values::Times(counts, unit, TimeKind::Duration) => {
                Column::Timedelta(Timedeltas::new(counts, unit)?)
            }
            Values::Days(counts) => {
                Column::Datetime(Datetimes { counts, unit: Unit::Day, zone: None })
            }
        };
        Masked::new(values, self.missing, Backing::Arrow).map(Column::Masked)
    }
}

fn is_valid(valid: Option<&[bool]>, at: usize) -> bool {
    valid.is_none_or(|valid| valid.get(at).copied().unwrap_or_default())
}
