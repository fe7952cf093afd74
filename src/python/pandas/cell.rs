//! [`Cell`]: one element of a column, and what it is to serde.
//!
//! A cell reads as the natural form of its Python object would (a time is text or a count), with
//! what pandas adds: an `Option` of whatever pandas takes for missing is `None`, and a float
//! without a fraction reads as an integer, since pandas makes floats of ints where some are
//! missing.

use std::borrow::Cow;

use serde::de::value::SeqDeserializer;
use serde::de::{self, Deserializer, IntoDeserializer, Visitor};

use super::column::Column;
use super::extension::Datetimes;
use super::index::Index;
use super::interval::Intervals;
use crate::error::{Error, Result};
use crate::python::numpy::dtype::Kind;
use crate::python::numpy::scalar::text_of;
use crate::python::numpy::time::{NAT, Unit, UnitCount, datetime, timedelta};
use crate::reduce::token;
use crate::value::{Complex, Value};

/// One element of a column.
#[derive(Clone, Debug)]
pub(crate) enum Cell<'a> {
    Missing,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Complex(Complex),
    Text(Cow<'a, str>),
    Bytes(&'a [u8]),
    Object(&'a Value),
    Datetime(i64, Unit, bool),
    Timedelta(i64, Unit),
}

impl<'a> Cell<'a> {
    /// The element at a place.
    pub(crate) fn of(column: &'a Column, index: usize) -> Option<Self> {
        Some(match column {
            Column::Bool(values) => Self::Bool(*values.get(index)?),
            Column::Int8(values) => Self::Int((*values.get(index)?).into()),
            Column::Int16(values) => Self::Int((*values.get(index)?).into()),
            Column::Int32(values) => Self::Int((*values.get(index)?).into()),
            Column::Int64(values) => Self::Int(*values.get(index)?),
            Column::UInt8(values) => Self::Int((*values.get(index)?).into()),
            Column::UInt16(values) => Self::Int((*values.get(index)?).into()),
            Column::UInt32(values) => Self::Int((*values.get(index)?).into()),
            Column::UInt64(values) => Self::Uint(*values.get(index)?),
            Column::Float16(values) | Column::Float32(values) => {
                Self::Float((*values.get(index)?).into())
            }
            Column::Float64(values) => Self::Float(*values.get(index)?),
            Column::Complex64(values) | Column::Complex128(values) => {
                Self::Complex(*values.get(index)?)
            }
            Column::Object(values) => Self::Object(values.get(index)?),
            Column::Datetime(Datetimes { counts, unit, zone }) => match *counts.get(index)? {
                NAT => Self::Missing,
                count => Self::Datetime(count, *unit, zone.is_some()),
            },
            Column::Timedelta(times) => match *times.counts.get(index)? {
                NAT => Self::Missing,
                count => Self::Timedelta(count, times.unit),
            },
            Column::Text(texts) => match texts.values.get(index)? {
                Some(text) => Self::Text(Cow::Borrowed(text)),
                None => Self::Missing,
            },
            Column::Binary(binaries) => match binaries.values.get(index)? {
                Some(bytes) => Self::Bytes(bytes),
                None => Self::Missing,
            },
            Column::Masked(masked) => match *masked.missing.get(index)? {
                true => Self::Missing,
                false => Self::of(&masked.values, index)?,
            },
            Column::Categorical(categorical) => {
                let code = *categorical.codes.get(index)?;
                match usize::try_from(code) {
                    Ok(code) => Self::label(&categorical.categories, code)?,
                    Err(_) => Self::Missing,
                }
            }
            Column::Period(periods) => match *periods.ordinals.get(index)? {
                NAT => Self::Missing,
                ordinal => Self::Text(Cow::Owned(periods.frequency.text(ordinal))),
            },
            Column::Interval(intervals) => Self::interval(intervals, index)?,
            Column::Sparse(sparse) => match sparse.places.binary_search(&index) {
                Ok(place) => Self::of(&sparse.values, place)?,
                Err(_) if index < sparse.len => Self::Object(&sparse.fill),
                Err(_) => return None,
            },
        })
    }

    /// The text of an interval as pandas prints it.
    fn interval(intervals: &'a Intervals, index: usize) -> Option<Self> {
        let left = Self::of(&intervals.left, index)?;
        if left.is_missing() {
            return Some(Self::Missing);
        }
        let right = Self::of(&intervals.right, index)?;
        let (open, close) = intervals.closed.brackets();
        let (left, right) = (left.end(), right.end());
        Some(Self::Text(Cow::Owned(format!("{open}{left}, {right}{close}"))))
    }

    /// The label at a place; of a `MultiIndex` there is none that is one cell.
    pub(crate) fn label(index: &'a Index, place: usize) -> Option<Self> {
        match index.labels() {
            super::index::Labels::Plain(column) => Self::of(column, place),
            super::index::Labels::Range { .. } => match index.value(place)? {
                Value::Int(value) => Some(Self::Int(value)),
                _ => None,
            },
            super::index::Labels::Multi(_) => None,
        }
    }

    /// As the end of an interval is printed.
    fn end(self) -> String {
        match self {
            Self::Datetime(..) => {
                let text = self.into_value();
                let text = text.as_str().unwrap_or_default();
                let text = text.trim_end_matches('Z').replace('T', " ");
                // Midnight goes without its clock.
                match text.split_once(' ') {
                    Some((day, clock)) if !clock.contains(|c| matches!(c, '1'..='9')) => {
                        day.to_owned()
                    }
                    _ => text,
                }
            }
            other => other.into_value().to_string().trim_matches('\'').to_owned(),
        }
    }

    pub(crate) fn is_missing(&self) -> bool {
        match self {
            Self::Missing => true,
            Self::Float(value) => value.is_nan(),
            Self::Object(value) => is_missing(value),
            _ => false,
        }
    }

    pub(crate) fn into_value(self) -> Value {
        match self {
            Self::Missing => Value::None,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Int(value),
            Self::Uint(value) => Value::from(value),
            Self::Float(value) => Value::Float(value),
            Self::Complex(value) => Value::Complex(value),
            Self::Text(text) => Value::Str(text.into_owned()),
            Self::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
            Self::Object(value) => value.clone(),
            Self::Datetime(count, unit, zoned) => Value::Str(datetime_text(count, unit, zoned)),
            Self::Timedelta(count, unit) => {
                let text = timedelta(count, UnitCount { unit, count: 1 });
                text.map_or(Value::Int(count), Value::Str)
            }
        }
    }
}

fn datetime_text(count: i64, unit: Unit, zoned: bool) -> String {
    // Every unit that a column has makes text.
    let mut text = datetime(count, UnitCount { unit, count: 1 }).unwrap_or_default();
    if zoned {
        text.push('Z');
    }
    text
}

/// Returns true for the objects that pandas takes for missing.
pub(crate) fn is_missing(value: &Value) -> bool {
    match value {
        Value::None => true,
        Value::Float(value) => value.is_nan(),
        Value::Global(global) => {
            global.module.starts_with("pandas") && matches!(global.name(), "NA" | "NaT")
        }
        Value::Object(object) => object.class().is_some_and(|class| {
            class.module.starts_with("pandas.") && class.name() == "_nat_unpickle"
        }),
        _ => false,
    }
}

macro_rules! ints {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            match self {
                Self::Datetime(count, ..) | Self::Timedelta(count, _) => visitor.visit_i64(count),
                Self::Object(value) => value.$method(visitor),
                // The comparison tells if anything was lost; 2⁶³ saturates.
                Self::Float(value) if value as i64 as f64 == value && value.abs() < 9e18 => {
                    visitor.visit_i64(value as i64)
                }
                _ => self.deserialize_any(visitor),
            }
        }
    )*};
}

macro_rules! objects {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            match self {
                Self::Object(value) => value.$method(visitor),
                _ => self.deserialize_any(visitor),
            }
        }
    )*};
}

/// A time as text; its count, where that has no text.
fn visit_time<'de, V: Visitor<'de>>(
    kind: Kind,
    count: i64,
    unit: Unit,
    visitor: V,
) -> Result<V::Value> {
    match text_of(kind, count, UnitCount { unit, count: 1 }) {
        _ if count == NAT => visitor.visit_unit(),
        Some(text) => visitor.visit_str(&text).map_err(|error: Error| error.about_text(&text)),
        None => visitor.visit_i64(count),
    }
}

impl<'de> Deserializer<'de> for Cell<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self {
            Self::Missing => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Int(value) => visitor.visit_i64(value),
            Self::Uint(value) => visitor.visit_u64(value),
            Self::Float(value) => visitor.visit_f64(value),
            Self::Complex(Complex { re, im }) => {
                visitor.visit_seq(SeqDeserializer::new([re, im].into_iter()))
            }
            Self::Text(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Self::Text(Cow::Owned(text)) => visitor.visit_string(text),
            Self::Bytes(bytes) => visitor.visit_borrowed_bytes(bytes),
            Self::Object(value) => value.deserialize_any(visitor),
            Self::Datetime(count, unit, false) => visit_time(Kind::Datetime, count, unit, visitor),
            Self::Datetime(count, unit, true) => {
                let text = datetime_text(count, unit, true);
                visitor.visit_str(&text).map_err(|error: Error| error.about_text(&text))
            }
            Self::Timedelta(count, unit) => visit_time(Kind::Timedelta, count, unit, visitor),
        }
    }

    ints! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    objects! {
        deserialize_bool deserialize_f32 deserialize_f64 deserialize_char deserialize_str
        deserialize_string deserialize_bytes deserialize_byte_buf deserialize_unit deserialize_seq
        deserialize_map deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.is_missing() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        match self {
            Self::Object(value) => value.deserialize_newtype_struct(name, visitor),
            _ if name.starts_with(token::PREFIX) => {
                self.into_value().into_deserializer().deserialize_newtype_struct(name, visitor)
            }
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        match self {
            Self::Object(value) => value.deserialize_tuple(len, visitor),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value> {
        match self {
            Self::Object(value) => value.deserialize_tuple_struct(name, len, visitor),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self {
            Self::Object(value) => value.deserialize_struct(name, fields, visitor),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self {
            Self::Object(value) => value.deserialize_enum(name, variants, visitor),
            Self::Text(text) => visitor.visit_enum(text.into_deserializer()),
            Self::Int(value) => visitor.visit_enum(value.to_string().into_deserializer()),
            other => other.deserialize_any(visitor),
        }
    }
}

impl<'de> IntoDeserializer<'de, Error> for Cell<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Says of an error of serde where it was.
pub(crate) fn at(error: Error, row: usize, column: &str) -> Error {
    error.under_key(column).under_index(row)
}

/// A visitor's error for what is no struct.
pub(crate) fn no_row(what: &str) -> Error {
    de::Error::custom(format_args!("a row of a frame is no {what}"))
}

impl Cell<'_> {
    /// The bytes that reading it may take, beside what the column holds for it.
    pub(crate) fn cost(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Object(value) => cost_of(value),
            _ => 0,
        }
    }
}

/// Text and bytes at their length, anything with parts at the parts below it.
fn cost_of(value: &Value) -> u64 {
    match value {
        Value::Str(text) => text.len() as u64,
        Value::Bytes(bytes) | Value::ByteArray(bytes) => bytes.len() as u64,
        Value::Tuple(items) | Value::List(items) => {
            items.iter().fold(16, |sum, item| cost_of(item).saturating_add(sum).saturating_add(16))
        }
        Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) => 0,
        // Any other label has a text form of a few words, or is refused.
        _ => 256,
    }
}
