//! A row of a frame as a type: a map of the cells at one place, by the names of the columns.

use std::cell::Cell as Counter;
use std::rc::Rc;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::error::{Error, Result};
use crate::limits;
use crate::python::pandas::cell::{self, Cell};
use crate::python::pandas::{Column, Frame, Index, Labels};
use crate::reduce::token;
use crate::value::Value;

/// The rows that are still to come.
pub(super) struct Rows<'f> {
    frame: &'f Frame,
    /// Of the columns, and behind them of the index.
    names: Rc<[String]>,
    /// The budget left for labels that many rows share.
    left: Rc<Counter<u64>>,
    next: usize,
}

impl<'f> Rows<'f> {
    pub(super) fn new(frame: &'f Frame) -> Self {
        let columns = frame.labels().values().map(|label| match label {
            Value::Str(text) => text,
            other => other.to_string(),
        });
        let index = index_names(frame.index());
        Self {
            frame,
            names: columns.chain(index).collect(),
            left: Rc::new(Counter::new(limits::EXPANSION.of(size_of_frame(frame)))),
            next: 0,
        }
    }
}

/// The names of the index that are text; of each level of a `MultiIndex`, an empty one where it is
/// not.
fn index_names(index: &Index) -> Vec<String> {
    let name = |index: &Index| index.name().as_str().unwrap_or_default().to_owned();
    match index.labels() {
        Labels::Multi(levels) => levels.levels().iter().map(name).collect(),
        _ => vec![name(index)],
    }
}

/// Bytes that the rows certainly hold, for each its least size.
fn size_of_frame(frame: &Frame) -> u64 {
    (frame.len() as u64).saturating_mul(frame.columns().len() as u64 + 1)
}

impl<'f> Iterator for Rows<'f> {
    type Item = Row<'f>;

    fn next(&mut self) -> Option<Row<'f>> {
        if self.next >= self.frame.len() {
            return None;
        }
        let row = Row {
            frame: self.frame,
            names: self.names.clone(),
            left: self.left.clone(),
            place: self.next,
        };
        self.next += 1;
        Some(row)
    }
}

/// One row.
pub(super) struct Row<'f> {
    frame: &'f Frame,
    names: Rc<[String]>,
    left: Rc<Counter<u64>>,
    place: usize,
}

impl<'f> Row<'f> {
    pub(super) fn read<T: DeserializeOwned>(self) -> Result<T> {
        T::deserialize(self)
    }

    /// The cell of a column, or of the index behind all columns.
    fn cell(&self, at: usize) -> Result<Option<Cell<'f>>> {
        let columns = self.frame.columns();
        let (cell, shared) = match columns.get(at) {
            Some(column) => (
                Cell::of(column, self.place),
                matches!(column, Column::Categorical(_) | Column::Sparse(_)),
            ),
            None => match self.frame.index().labels() {
                Labels::Multi(levels) => {
                    let level = at - columns.len();
                    let code = levels.codes().get(level).and_then(|codes| codes.get(self.place));
                    let cell =
                        match (code.map(|&code| usize::try_from(code)), levels.levels().get(level))
                        {
                            (Some(Ok(code)), Some(level)) => Cell::label(level, code),
                            _ => Some(Cell::Missing),
                        };
                    (cell, true)
                }
                _ => (Cell::label(self.frame.index(), self.place), true),
            },
        };
        if shared && let Some(cell) = &cell {
            let left = self.left.get().checked_sub(cell.cost());
            self.left.set(left.ok_or_else(|| {
                Error::limit("labels that the rows of a frame share come to too much")
            })?);
        }
        Ok(cell)
    }

    fn access(self, width: usize) -> Access<'f> {
        Access { row: self, width, next: 0 }
    }
}

macro_rules! not_a_row {
    ($($method:ident $what:literal)*) => {$(
        fn $method<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value> {
            Err(cell::no_row($what))
        }
    )*};
}

impl<'de> Deserializer<'de> for Row<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let width = self.names.len();
        visitor.visit_map(self.access(width))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let width = self.frame.columns().len();
        visitor.visit_seq(self.access(width))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        match name.starts_with(token::PREFIX) {
            true => Err(cell::no_row("object of Python")),
            false => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    not_a_row! {
        deserialize_bool "bool" deserialize_char "character" deserialize_str "text"
        deserialize_string "text" deserialize_bytes "bytes" deserialize_byte_buf "bytes"
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 unit unit_struct map struct enum identifier
        ignored_any
    }
}

/// The cells of a row, one behind the other.
struct Access<'f> {
    row: Row<'f>,
    width: usize,
    next: usize,
}

impl<'f> Access<'f> {
    fn cell<T: DeserializeSeed<'f>>(&mut self, seed: T) -> Result<T::Value> {
        let at = self.next;
        self.next += 1;
        let read = || match self.row.cell(at)? {
            Some(cell) => seed.deserialize(cell),
            None => Err(Error::data("a row beyond its column")),
        };
        read().map_err(|error| {
            cell::at(error, self.row.place, self.row.names.get(at).map_or("", String::as_str))
        })
    }
}

impl<'de> SeqAccess<'de> for Access<'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.next >= self.width { Ok(None) } else { self.cell(seed).map(Some) }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.width - self.next)
    }
}

impl<'de> MapAccess<'de> for Access<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        // An index without a name is no field.
        let columns = self.row.frame.columns().len();
        while self.next >= columns && self.row.names.get(self.next).is_some_and(String::is_empty) {
            self.next += 1;
        }
        match self.row.names.get(self.next) {
            Some(name) => seed.deserialize(StrDeserializer::<Error>::new(name)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        self.cell(seed)
    }
}
