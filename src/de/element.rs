//! The elements of numpy's arrays, and the fields of records.

use super::answer::{About, Answer, Content, Unfit};
use super::ask::Ask;
use super::entries::Entries;
use super::items::Items;
use super::node::NodeDeserializer;
use super::numpy::{Grid, subarray};
use super::place::{Described, Place};
use super::value_ways;
use super::variant::Variant;
use crate::error::{Error, Result};
use crate::limits;
use crate::nodes::handle::Handle;
use crate::nodes::view::tuple_items;
use crate::python::numpy::dtype::{Dtype, Field};
use crate::python::numpy::scalar::{Scalar, decode, text_of};
use crate::python::numpy::time::NAT;
use crate::reduce::token;
use crate::stdlib::numpy::Num;
use crate::value::{Dict, Value};
use crate::walk::cost;

/// A part of an array at an index: a further dimension, or an element.
pub(crate) enum Element<'a, 'g, 'de> {
    Grid(Grid<'a, 'g, 'de>),
    Scalar(Scalar<'a>),
    Record(Record<'a, 'g, 'de>),
    Node(NodeDeserializer<'g, 'de>),
}

impl<'a, 'g, 'de> Element<'a, 'g, 'de> {
    /// A dimension is a sequence whatever is asked for, a record by default a map.
    pub(super) fn answer<'s>(&'s self, ask: Ask) -> Result<Answer<'s, 'g, 'de>> {
        match self {
            Self::Grid(grid) => match grid.as_bytes() {
                Some(bytes) if matches!(ask, Ask::Bytes) => {
                    grid.node.cx.charge_memory(bytes.len())?;
                    Ok(Answer::ByteCow(bytes.into()))
                }
                _ => grid.items(),
            },
            Self::Scalar(scalar) => Ok(answer(scalar, ask)),
            Self::Record(record) => record.answer(ask),
            Self::Node(node) => node.answer(ask),
        }
    }

    /// The content of a newtype with a private name; `None` where that is the element itself.
    pub(super) fn newtype<'s>(&'s self, name: &str) -> Result<Option<Answer<'s, 'g, 'de>>> {
        match (name, self) {
            (_, Self::Scalar(scalar)) => newtype(scalar, name),
            (token::VALUE, _) => Ok(Some((value_ways::ways()?.element)(self)?)),
            (token::TUPLE, _) => Ok(None),
            _ => Err(Error::data("expected one of Python's own objects, found an array of numpy")),
        }
    }

    /// Returns true if an `Option` of it is `None`.
    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::Scalar(scalar) if scalar.is_none())
    }

    /// Adds the place of the element to an error, if it is an object.
    #[cold]
    pub(super) fn locate(&self, error: Error) -> Error {
        match self {
            Self::Node(node) => node.cx.locate(error, node.handle),
            _ => error,
        }
    }

    pub(super) fn value(&self) -> Result<Value> {
        match self {
            Self::Scalar(scalar) => Ok(scalar.clone().into_value()),
            Self::Record(record) => record.value(),
            Self::Grid(grid) => grid.value(),
            Self::Node(node) => crate::de::value::build(node.cx, node.handle),
        }
    }
}

/// A finished value, for the visitor that takes it out of its slot.
pub(super) fn value_answer<'a, 'g, 'de>(value: Value) -> Answer<'a, 'g, 'de> {
    Answer::Newtype(Content::LaidOut(crate::value::fill_slot(value)))
}

fn answer<'a, 'g, 'de>(scalar: &'a Scalar<'a>, ask: Ask) -> Answer<'a, 'g, 'de> {
    match (scalar, ask) {
        (Scalar::Str(text), Ask::Enum(..)) => Answer::Enum(Variant::named(text.as_str().into())),
        (Scalar::Chars(bytes), Ask::Enum(..)) => match std::str::from_utf8(bytes) {
            Ok(text) => Answer::Enum(Variant::named(text.into())),
            Err(_) => Answer::Unfit(Unfit::Bytes(bytes.to_vec())),
        },
        (Scalar::Int(value), Ask::Enum(..)) => {
            Answer::Enum(Variant::named(value.to_string().into()))
        }
        (Scalar::Uint(value), Ask::Enum(..)) => {
            Answer::Enum(Variant::named(value.to_string().into()))
        }
        (Scalar::Time(_, count, _), Ask::Signed | Ask::Unsigned) => Answer::Signed(*count),
        (Scalar::Chars(bytes), Ask::Bytes) => Answer::ByteCow((*bytes).into()),
        (Scalar::Bytes(bytes), Ask::Str) => chars(bytes),
        (Scalar::Float(value), _) => Answer::Float(*value),
        (Scalar::Int(value), _) => Answer::Signed(*value),
        (Scalar::Uint(value), _) => Answer::Unsigned(*value),
        (Scalar::Bool(value), _) => Answer::Bool(*value),
        (Scalar::None | Scalar::Time(_, NAT, _), _) => Answer::Unit,
        (Scalar::Complex(real, imaginary), _) => {
            Answer::Seq(Items::Complex([*real, *imaginary], 0))
        }
        (Scalar::Chars(bytes), _) => chars(bytes),
        (Scalar::Str(text), _) => Answer::Text(text.into(), About::Nothing),
        (Scalar::Bytes(bytes), _) => Answer::ByteCow((*bytes).into()),
        (Scalar::Time(kind, count, unit), _) => match text_of(*kind, *count, *unit) {
            Some(text) => Answer::Text(text.into(), About::Time(*kind, *count, *unit)),
            None => Answer::Signed(*count),
        },
    }
}

/// Text that is UTF-8, else bytes.
fn chars<'a, 'g, 'de>(bytes: &'a [u8]) -> Answer<'a, 'g, 'de> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Answer::Text(text.into(), About::Nothing),
        Err(_) => Answer::ByteCow(bytes.into()),
    }
}

fn newtype<'a, 'g, 'de>(scalar: &Scalar<'a>, name: &str) -> Result<Option<Answer<'a, 'g, 'de>>> {
    let bytes = |bytes: Vec<u8>| Answer::Newtype(Content::Bytes(bytes.into()));
    Ok(Some(match (name, scalar) {
        (token::VALUE, scalar) => value_answer(scalar.clone().into_value()),
        (token::BIG_INT, Scalar::Int(value)) => bytes(value.to_le_bytes().into()),
        (token::BIG_INT, Scalar::Uint(value)) => bytes(i128::from(*value).to_le_bytes().into()),
        (token::COMPLEX, Scalar::Complex(..) | Scalar::Float(_)) => {
            Answer::Newtype(Content::Element(Box::new(Element::Scalar(scalar.clone()))))
        }
        (token::BYTEARRAY, Scalar::Chars(bytes) | Scalar::Bytes(bytes)) => {
            Answer::Newtype(Content::Bytes((*bytes).into()))
        }
        (token::SHARED, _) => return Ok(None),
        _ => {
            return Err(Error::data(
                "expected one of Python's own objects, found an element of an array",
            ));
        }
    }))
}

/// A number that is an element of an array.
pub(super) fn number<'a, 'g, 'de>(number: Num, ask: Ask) -> Answer<'a, 'g, 'de> {
    match (number, ask) {
        (Num::Int(value), Ask::Enum(..)) => Answer::Enum(Variant::named(value.to_string().into())),
        (Num::Uint(value), Ask::Enum(..)) => Answer::Enum(Variant::named(value.to_string().into())),
        (Num::Bool(value), _) => Answer::Bool(value),
        (Num::Int(value), _) => Answer::Signed(value),
        (Num::Uint(value), _) => Answer::Unsigned(value),
        (Num::Float(value), _) => Answer::Float(value),
    }
}

/// The same as a newtype with a private name; `None` where its content is the number itself.
pub(super) fn number_newtype<'a, 'g, 'de>(
    number: Num,
    name: &str,
) -> Result<Option<Answer<'a, 'g, 'de>>> {
    let scalar = match number {
        Num::Bool(value) => Scalar::Bool(value),
        Num::Int(value) => Scalar::Int(value),
        Num::Uint(value) => Scalar::Uint(value),
        Num::Float(value) => Scalar::Float(value),
    };
    newtype(&scalar, name)
}

/// The element of a dtype that is an object, or a tuple of them.
pub(super) fn element_at<'a, 'g, 'de>(
    node: NodeDeserializer<'g, 'de>,
    dtype: &'a Dtype,
    handle: Handle,
) -> Element<'a, 'g, 'de> {
    let node = NodeDeserializer::new(node.cx, handle, node.depth);
    let items = tuple_items(node.cx.nodes, handle);
    match dtype.fields.is_empty() || items.len() != dtype.fields.len() {
        true => Element::Node(node),
        false => Element::Record(Record { node, fields: &dtype.fields, of: Of::Values(items) }),
    }
}

/// The element of a dtype in these bytes.
pub(super) fn element_of<'a, 'g, 'de>(
    node: NodeDeserializer<'g, 'de>,
    dtype: &'a Dtype,
    bytes: &'a [u8],
) -> Result<Element<'a, 'g, 'de>> {
    if let Some(subarray) = &dtype.subarray {
        return self::subarray(node, &subarray.base, &subarray.shape, bytes);
    }
    if dtype.fields.is_empty() {
        return decode(dtype, bytes).map(Element::Scalar);
    }
    // Fields may overlap, be without bytes, and have long names.
    let cost = |field: &Field| match field.dtype.itemsize {
        0 => limits::EXPANSION_PER_VALUE as usize + field.name.len(),
        size => size + field.name.len().saturating_sub(limits::EXPANSION_PER_VALUE as usize),
    };
    let cost = dtype.fields.iter().map(cost).fold(0, usize::saturating_add);
    node.cx.charge(cost.saturating_sub(dtype.itemsize))?;
    Ok(Element::Record(Record { node, fields: &dtype.fields, of: Of::Bytes(bytes) }))
}

/// The first dimension of an array, index after index.
pub(crate) struct Rows<'a, 'g, 'de> {
    grid: Grid<'a, 'g, 'de>,
    len: usize,
    index: usize,
    /// The row or element that was asked for last.
    current: Element<'a, 'g, 'de>,
}

impl<'a, 'g, 'de> Rows<'a, 'g, 'de> {
    pub(super) fn new(grid: Grid<'a, 'g, 'de>, len: usize) -> Self {
        Self { grid, len, index: 0, current: Element::Scalar(Scalar::None) }
    }

    pub(super) fn next(&mut self, size: usize) -> Result<Option<Place<'_, 'g, 'de>>> {
        if self.index == self.len {
            return Ok(None);
        }
        if self.index == 0 {
            self.grid.node.cx.charge_memory(cost::items(size, self.len))?;
        }
        let index = self.index;
        self.index += 1;
        self.current = self.grid.row(index).resolve().map_err(|error| error.under_index(index))?;
        Ok(Some(Place::element(&self.current)))
    }

    #[cold]
    pub(super) fn locate(&self, error: Error) -> Error {
        self.current.locate(error).under_index(self.index.saturating_sub(1))
    }

    /// The number of rows, and of those not yet asked for.
    pub(super) fn left(&self) -> (usize, usize) {
        (self.len, self.len - self.index)
    }
}

/// An element with fields.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a, 'g, 'de> {
    node: NodeDeserializer<'g, 'de>,
    fields: &'a [Field],
    of: Of<'a, 'g>,
}

#[derive(Clone, Copy)]
enum Of<'a, 'g> {
    Bytes(&'a [u8]),
    Values(&'g [Handle]),
}

impl<'a, 'g, 'de> Record<'a, 'g, 'de> {
    fn field(&self, index: usize) -> Result<Element<'a, 'g, 'de>> {
        let Some(field) = self.fields.get(index) else { return Ok(Element::Scalar(Scalar::None)) };
        match self.of {
            Of::Bytes(bytes) => {
                let bytes =
                    bytes.get(field.offset..).and_then(|bytes| bytes.get(..field.dtype.itemsize));
                element_of(self.node, &field.dtype, bytes.unwrap_or_default())
            }
            Of::Values(values) => Ok(element_at(
                self.node,
                &field.dtype,
                values.get(index).copied().unwrap_or(Handle::VACANT),
            )),
        }
    }

    fn answer(&self, ask: Ask) -> Result<Answer<'a, 'g, 'de>> {
        let node = NodeDeserializer::new(self.node.cx, self.node.handle, self.node.deeper()?);
        let fields = |uncharged| {
            let record = Self { node, ..*self };
            let current = Element::Scalar(Scalar::None);
            Box::new(RecordFields { record, index: 0, uncharged, current })
        };
        Ok(match ask {
            Ask::Seq | Ask::Tuple(_) | Ask::TupleStruct(..) => {
                Answer::Seq(Items::Record(fields(0)))
            }
            // The fields of a struct take no memory of their own.
            Ask::Struct(..) => Answer::Map(Entries::Record(fields(0))),
            _ => Answer::Map(Entries::Record(fields(self.fields.len()))),
        })
    }

    fn value(&self) -> Result<Value> {
        let node = NodeDeserializer::new(self.node.cx, self.node.handle, self.node.deeper()?);
        let record = Self { node, ..*self };
        record.node.cx.charge_memory(record.fields.len().saturating_mul(2 * cost::HASHED_VALUE))?;
        let mut dict = Dict::new();
        for (index, field) in record.fields.iter().enumerate() {
            dict.insert(field.name.as_str(), record.field(index)?.value()?);
        }
        Ok(Value::Dict(dict))
    }
}

/// The fields of a record, as entries or as items.
pub(crate) struct RecordFields<'a, 'g, 'de> {
    record: Record<'a, 'g, 'de>,
    index: usize,
    /// Fields that are still to be charged to memory, each as an entry of a map.
    uncharged: usize,
    /// The field that was asked for last.
    current: Element<'a, 'g, 'de>,
}

impl<'a, 'g, 'de> RecordFields<'a, 'g, 'de> {
    pub(super) fn name(&self) -> Option<Place<'_, 'g, 'de>> {
        let field = self.record.fields.get(self.index)?;
        Some(Place::Described(Described::Str(&field.name)))
    }

    pub(super) fn value(&mut self, size: usize) -> Result<Place<'_, 'g, 'de>> {
        let uncharged = std::mem::take(&mut self.uncharged);
        // Names are text, whatever the type reads them as.
        let memory = cost::keys(size_of::<String>(), uncharged)
            .saturating_add(cost::values(size, uncharged));
        self.record.node.cx.charge_memory(memory)?;
        let index = self.index;
        self.index += 1;
        match self.record.field(index) {
            Ok(element) => {
                self.current = element;
                Ok(Place::element(&self.current))
            }
            Err(error) => Err(error.under_key(self.last_name())),
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<Place<'_, 'g, 'de>>> {
        match self.index < self.record.fields.len() {
            true => self.value(0).map(Some),
            false => Ok(None),
        }
    }

    fn last_name(&self) -> &'a str {
        let field = self.record.fields.get(self.index.wrapping_sub(1));
        field.map_or("", |field| &*field.name)
    }

    #[cold]
    pub(super) fn locate(&self, error: Error) -> Error {
        self.current.locate(error).under_key(self.last_name())
    }

    /// The number of fields, and of those not yet asked for.
    pub(super) fn left(&self) -> (usize, usize) {
        (self.record.fields.len(), self.record.fields.len() - self.index)
    }
}
