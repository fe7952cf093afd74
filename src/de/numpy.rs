//! The elements of numpy's arrays as nested sequences, decoded while serde asks for them.
//!
//! A [`Grid`] is an array from some index on: what is left of its shape, and where in the payload
//! it is. It hands out grids of one dimension less, and at the end the elements; nothing is built
//! between. A last dimension of plain numbers that lie one behind the other takes a short path, see
//! [`Grid::numbers`].
//!
//! | element | asked for |
//! |---|---|
//! | bool, int, float, complex | itself; a complex as a tuple of two |
//! | `S` | text where it is UTF-8, else bytes; without the zeros at its end, as in numpy |
//! | `U` | text |
//! | `V` | bytes; with fields a map or struct, or the values of the fields as a tuple |
//! | datetime64, timedelta64 | text, see `python/numpy/time.rs`; their count as an int; NaT is none |
//! | object | what it is |
//! | hidden by a mask | none |
//!
//! What the payload does not back is charged: dimensions around few bytes, elements of no bytes,
//! fields that overlap.

use std::borrow::Cow;

use serde::de::value::{
    BorrowedBytesDeserializer, BorrowedStrDeserializer, BytesDeserializer, SeqDeserializer,
};
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use super::node::{NodeDeserializer, too_long};
use crate::error::{Error, Result};
use crate::limits;
use crate::natural::numpy::{Data, Numpy};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::spelling::Spelling;
use crate::nodes::view::{View, tuple_items};
use crate::python::numpy::array::FIELDS;
use crate::python::numpy::array::count_of;
use crate::python::numpy::dtype::{ByteOrder, Dtype, Field, Kind};
use crate::python::numpy::scalar::{Scalar, decode};
use crate::python::numpy::time::NAT;
use crate::reduce::token;
use crate::value::{Dict, Value};
use crate::walk::cost;
use crate::walk::cx::Cx;

/// An array from some index on.
#[derive(Clone, Copy)]
pub(super) struct Grid<'a, 'g, 'de> {
    node: NodeDeserializer<'g, 'de>,
    dtype: &'a Dtype,
    /// The dimensions that are left.
    shape: &'a [usize],
    source: Source<'a>,
    mask: Option<&'a [u8]>,
    /// The number of the element, as far as it is known; in Fortran order this index varies slower
    /// by `step`.
    at: usize,
    /// In Fortran order, by how many elements the next index moves; in C order 0.
    step: usize,
}

#[derive(Clone, Copy)]
enum Source<'a> {
    Bytes(&'a [u8]),
    Values(&'a [Handle]),
}

impl<'g, 'de> NodeDeserializer<'g, 'de> {
    /// A numpy array that is to be handed out.
    ///
    /// # Errors
    /// It stands for far more values than it has bytes.
    pub(super) fn numpy<'a>(self, array: &'a Numpy<'_>) -> Result<Element<'a, 'g, 'de>> {
        let source = match &array.data {
            Data::Bytes(bytes) => {
                let count = count_of(&array.shape).unwrap_or(usize::MAX);
                self.cx.charge_payload(array.payload, bytes.len(), count)?;
                Source::Bytes(bytes)
            }
            Data::Values(values) => {
                self.cx.charge_values(values.len())?;
                Source::Values(values)
            }
        };
        let grid = Grid {
            node: self,
            dtype: &array.dtype,
            shape: &array.shape,
            source,
            mask: array.mask.as_deref(),
            at: 0,
            // Objects are listed in the order of the indices, whatever the order of memory.
            step: usize::from(array.fortran && matches!(array.data, Data::Bytes(_))),
        };
        grid.charge()?;
        grid.resolve()
    }
}

impl<'de> NodeDeserializer<'_, 'de> {
    /// An array as its parts, the data borrowed where it lies in the input or a buffer:
    /// [`token::NDARRAY`].
    pub(super) fn visit_ndarray<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.handle.tag() != Tag::Instance {
            return self.expected("an array of numpy");
        }
        let array = match self.view()? {
            View::Object(object) => crate::natural::numpy::numpy(self.cx, &object)?,
            _ => None,
        };
        let Some(array) = array else { return self.expected("an array of numpy") };
        if array.mask.is_some() {
            return Err(Error::unsupported(
                "an NdArray has no mask; read a masked array as nested sequences of Options",
            ));
        }
        self.cx.charge_memory(cost::LARGE)?;
        visitor.visit_map(&mut ArrayParts { node: self.inner(self.handle)?, array, index: 0 })
    }
}

impl NodeDeserializer<'_, '_> {
    /// Returns true if the value is a missing one, which an Option reads as none: "not a time" of
    /// numpy and pandas, pandas' NA.
    pub(super) fn is_absent(&self) -> Result<bool> {
        match self.handle.tag() {
            Tag::Global => return crate::natural::is_absent(self.cx, self.handle),
            Tag::Instance => {}
            _ => return Ok(false),
        }
        // Bytes that are spelled as a call would be encoded for the view, and again by whoever
        // reads them.
        if Spelling::known(self.cx.nodes.object(self.handle.number()).flags()).is_builtin_value() {
            return Ok(false);
        }
        let View::Object(object) = self.view()? else { return Ok(false) };
        if crate::natural::numpy::is_scalar(self.cx, &object)? {
            return Ok(match crate::natural::numpy::numpy(self.cx, &object)? {
                Some(Numpy { dtype, data: Data::Bytes(bytes), .. }) => {
                    matches!(decode(&dtype, &bytes), Ok(Scalar::Time(_, NAT, _)))
                }
                _ => false,
            });
        }
        crate::natural::is_absent_call(self.cx, &object)
    }
}

/// The fields of [`token::NDARRAY`].
struct ArrayParts<'g, 'de> {
    node: NodeDeserializer<'g, 'de>,
    array: Numpy<'de>,
    index: usize,
}

impl<'de> MapAccess<'de> for ArrayParts<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let Some(&field) = FIELDS.get(self.index) else { return Ok(None) };
        seed.deserialize(BorrowedStrDeserializer::new(field)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        let field = FIELDS.get(self.index).copied().unwrap_or_default();
        self.index += 1;
        let array = &self.array;
        match (field, &array.data) {
            ("dtype", _) => seed.deserialize(Whole(&array.dtype)),
            ("shape", _) => seed.deserialize(SeqDeserializer::new(array.shape.iter().copied())),
            ("fortran", _) => seed.deserialize(array.fortran.into_deserializer()),
            ("readonly", _) => seed.deserialize(array.readonly.into_deserializer()),
            ("data", Data::Bytes(Cow::Borrowed(bytes))) => {
                seed.deserialize(BorrowedBytesDeserializer::new(bytes))
            }
            ("data", Data::Bytes(Cow::Owned(bytes))) => {
                self.node.cx.charge_copy(bytes.len())?;
                seed.deserialize(BytesDeserializer::new(bytes))
            }
            ("data", Data::Values(_)) => seed.deserialize(BorrowedBytesDeserializer::new(&[])),
            ("objects", Data::Values(values)) => {
                seed.deserialize(Objects { node: self.node, values })
            }
            _ => seed.deserialize(Objects { node: self.node, values: &[] }),
        }
    }
}

/// A dtype in one piece.
struct Whole<'a>(&'a Dtype);

impl<'de> Deserializer<'de> for Whole<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_string(self.0.to_string())
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        crate::python::numpy::hand_over(self.0.clone(), visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        option unit unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The objects of an array, in a row.
struct Objects<'a, 'g, 'de> {
    node: NodeDeserializer<'g, 'de>,
    values: &'a [Handle],
}

impl<'de> Deserializer<'de> for Objects<'_, '_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.node.visit_handles(self.values, visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        option unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

/// A part of an array at an index: a further dimension, or an element.
pub(super) enum Element<'a, 'g, 'de> {
    Grid(Grid<'a, 'g, 'de>),
    Scalar(Scalar<'a>),
    Record(Record<'a, 'g, 'de>),
    Node(NodeDeserializer<'g, 'de>),
}

impl Element<'_, '_, '_> {
    /// The same value, for what a wrapper holds; a scalar counts for itself.
    fn unwrapped(mut self) -> Result<Self> {
        match &mut self {
            Self::Grid(Grid { node, .. })
            | Self::Record(Record { node, .. })
            | Self::Node(node) => {
                *node = node.unwrapped()?;
            }
            Self::Scalar(_) => {}
        }
        Ok(self)
    }
}

impl<'a, 'g, 'de> Grid<'a, 'g, 'de> {
    /// Charges the sequences, and the elements without bytes, that no payload backs.
    fn charge(&self) -> Result<()> {
        let (backing, itemsize) = match self.source {
            Source::Bytes(bytes) => (bytes.len() as u64, self.dtype.itemsize),
            Source::Values(values) => (limits::EXPANSION_PER_VALUE * values.len() as u64, 1),
        };
        let mut product = 1_u64;
        let mut values = 0_u64;
        for (index, &len) in self.shape.iter().enumerate() {
            product = product.saturating_mul(len as u64);
            if index + 1 < self.shape.len() || itemsize == 0 {
                values = values.saturating_add(product);
            }
        }
        let unbacked = values.saturating_mul(limits::EXPANSION_PER_VALUE).saturating_sub(backing);
        self.node.cx.charge(usize::try_from(unbacked).unwrap_or(usize::MAX)).map_err(|_| {
            Error::limit(format!(
                "an array of {backing} bytes stands for {values} sequences or empty values, \
                 more than max_expansion allows"
            ))
        })
    }

    /// The array at `index` of the first dimension.
    fn row(&self, index: usize) -> Self {
        let (len, shape) = self.shape.split_first().unwrap_or((&0, &[]));
        // An overflow needs a length of 0 further in, so such an array has no elements.
        let (at, step) = match self.step {
            0 => (self.at.wrapping_mul(*len).wrapping_add(index), 0),
            step => (self.at.wrapping_add(index.wrapping_mul(step)), step.wrapping_mul(*len)),
        };
        Self { shape, at, step, ..*self }
    }

    fn resolve(self) -> Result<Element<'a, 'g, 'de>> {
        if self.shape.is_empty() { self.element() } else { Ok(Element::Grid(self)) }
    }

    /// The element, where no dimension is left.
    fn element(&self) -> Result<Element<'a, 'g, 'de>> {
        if self.mask.is_some_and(|mask| mask.get(self.at).is_some_and(|&hidden| hidden != 0)) {
            return Ok(Element::Scalar(Scalar::None));
        }
        match self.source {
            Source::Values(values) => Ok(element_at(
                self.node,
                self.dtype,
                values.get(self.at).copied().unwrap_or(Handle::VACANT),
            )),
            Source::Bytes(bytes) => {
                let size = self.dtype.itemsize;
                let start = self.at.wrapping_mul(size);
                let bytes =
                    bytes.get(start..).and_then(|bytes| bytes.get(..size)).unwrap_or_default();
                element_of(self.node, self.dtype, bytes)
            }
        }
    }

    /// Hands out the first dimension that is left.
    fn visit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let depth = self.node.deeper()?;
        let grid =
            Self { node: NodeDeserializer::new(self.node.cx, self.node.handle, depth), ..self };
        if let (Source::Bytes(bytes), &[len], None) = (self.source, self.shape, self.mask)
            && self.step <= 1
            && self.dtype.fields.is_empty()
            && self.dtype.subarray.is_none()
        {
            let size = self.dtype.itemsize;
            let start =
                if self.step == 0 { self.at.wrapping_mul(len) } else { self.at }.wrapping_mul(size);
            let bytes = bytes.get(start..).and_then(|bytes| bytes.get(..len.wrapping_mul(size)));
            return self.numbers(bytes.unwrap_or_default(), grid, len, visitor);
        }
        grid.rows(self.shape.first().copied().unwrap_or(0), visitor)
    }

    fn rows<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        let mut rows = Rows { grid: self, len, index: 0 };
        let value = visitor.visit_seq(&mut rows)?;
        match rows.len - rows.index {
            0 => Ok(value),
            left => Err(too_long(len, len - left)),
        }
    }

    /// A dimension of numbers one behind the other: the kind is looked at once, and not at every
    /// element.
    fn numbers<V: Visitor<'de>>(
        self,
        bytes: &[u8],
        grid: Self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value> {
        let cx = self.node.cx;
        macro_rules! run {
            ($type:ty, $size:literal, $of:expr) => {{
                let (chunks, _) = bytes.as_chunks::<$size>();
                let of = $of;
                match self.dtype.order {
                    ByteOrder::Big => run(
                        cx,
                        chunks.iter().map(|chunk| of(<$type>::from_be_bytes(*chunk))),
                        visitor,
                    ),
                    _ => run(
                        cx,
                        chunks.iter().map(|chunk| of(<$type>::from_le_bytes(*chunk))),
                        visitor,
                    ),
                }
            }};
        }
        match (self.dtype.kind, self.dtype.itemsize) {
            (Kind::Bool, 1) => run(cx, bytes.iter().map(|&byte| Scalar::Bool(byte != 0)), visitor),
            (Kind::Uint, 1) => run!(u8, 1, |value: u8| Scalar::Uint(value.into())),
            (Kind::Uint, 2) => run!(u16, 2, |value: u16| Scalar::Uint(value.into())),
            (Kind::Uint, 4) => run!(u32, 4, |value: u32| Scalar::Uint(value.into())),
            (Kind::Uint, 8) => run!(u64, 8, |value: u64| Scalar::Uint(value)),
            (Kind::Int, 1) => run!(i8, 1, |value: i8| Scalar::Int(value.into())),
            (Kind::Int, 2) => run!(i16, 2, |value: i16| Scalar::Int(value.into())),
            (Kind::Int, 4) => run!(i32, 4, |value: i32| Scalar::Int(value.into())),
            (Kind::Int, 8) => run!(i64, 8, |value: i64| Scalar::Int(value)),
            (Kind::Float, 4) => run!(f32, 4, |value: f32| Scalar::Float(value.into())),
            (Kind::Float, 8) => run!(f64, 8, |value: f64| Scalar::Float(value)),
            _ => grid.rows(len, visitor),
        }
    }

    /// Bytes that are one dimension of them.
    fn as_bytes(&self) -> Option<&'a [u8]> {
        match (self.source, self.shape) {
            (Source::Bytes(bytes), &[len])
                if self.dtype.kind == Kind::Uint
                    && self.dtype.itemsize == 1
                    && self.mask.is_none()
                    && self.step <= 1 =>
            {
                let start = if self.step == 0 { self.at.wrapping_mul(len) } else { self.at };
                bytes.get(start..).and_then(|bytes| bytes.get(..len))
            }
            _ => None,
        }
    }

    /// All of it as a [`Value`]: lists, and dicts for records. At most as deep as shapes and dtypes
    /// nest.
    fn value(self) -> Result<Value> {
        if let Some(&len) = self.shape.first() {
            let node = NodeDeserializer::new(self.node.cx, self.node.handle, self.node.deeper()?);
            let grid = Self { node, ..self };
            // Of fallible items `collect` knows no number.
            node.cx.charge_memory(cost::items::<Value>(len))?;
            return (0..len)
                .map(|index| grid.row(index).value())
                .collect::<Result<Vec<Value>>>()
                .map(Value::List);
        }
        self.element()?.into_value()
    }
}

/// The element of a dtype that is an object, or a tuple of them.
fn element_at<'a, 'g, 'de>(
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
fn element_of<'a, 'g, 'de>(
    node: NodeDeserializer<'g, 'de>,
    dtype: &'a Dtype,
    bytes: &'a [u8],
) -> Result<Element<'a, 'g, 'de>> {
    if let Some(subarray) = &dtype.subarray {
        let grid = Grid {
            node,
            dtype: &subarray.base,
            shape: &subarray.shape,
            source: Source::Bytes(bytes),
            mask: None,
            at: 0,
            step: 0,
        };
        grid.charge()?;
        return grid.resolve();
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

/// Hands out numbers.
fn run<'de, 'a, I, V>(cx: &Cx<'_, '_>, items: I, visitor: V) -> Result<V::Value>
where
    I: ExactSizeIterator<Item = Scalar<'a>>,
    V: Visitor<'de>,
{
    let len = items.len();
    let mut run = ElementRun { cx, items, len };
    let value = visitor.visit_seq(&mut run)?;
    match run.items.len() {
        0 => Ok(value),
        left => Err(too_long(len, len - left)),
    }
}

struct ElementRun<'c, 'g, 'd, I> {
    cx: &'c Cx<'g, 'd>,
    items: I,
    len: usize,
}

impl<'de, 'a, I: ExactSizeIterator<Item = Scalar<'a>>> SeqAccess<'de>
    for ElementRun<'_, '_, '_, I>
{
    type Error = Error;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.items.len() == self.len {
            self.cx.charge_memory(cost::items::<T::Value>(self.len))?;
        }
        let Some(item) = self.items.next() else { return Ok(None) };
        match seed.deserialize(item) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(error.under_index(self.len - self.items.len() - 1)),
        }
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Rows<'a, 'g, 'de> {
    grid: Grid<'a, 'g, 'de>,
    len: usize,
    index: usize,
}

impl<'de> SeqAccess<'de> for Rows<'_, '_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.index == self.len {
            return Ok(None);
        }
        if self.index == 0 {
            self.grid.node.cx.charge_memory(cost::items::<T::Value>(self.len))?;
        }
        let index = self.index;
        self.index += 1;
        let element = self.grid.row(index).resolve();
        element
            .and_then(|element| seed.deserialize(element))
            .map(Some)
            .map_err(|error| error.under_index(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.len - self.index)
    }
}

/// An element with fields.
pub(super) struct Record<'a, 'g, 'de> {
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

    fn visit_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let len = self.fields.len();
        self.visit_fields(len, visitor)
    }

    /// The same for a struct, whose fields take no memory of their own.
    fn visit_struct<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.visit_fields(0, visitor)
    }

    fn visit_fields<V: Visitor<'de>>(self, uncharged: usize, visitor: V) -> Result<V::Value> {
        let node = NodeDeserializer::new(self.node.cx, self.node.handle, self.node.deeper()?);
        let len = self.fields.len();
        let mut fields = Fields { record: Self { node, ..self }, index: 0, uncharged };
        let value = visitor.visit_map(&mut fields)?;
        match len - fields.index {
            0 => Ok(value),
            left => Err(too_long(len, len - left)),
        }
    }

    fn visit_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let node = NodeDeserializer::new(self.node.cx, self.node.handle, self.node.deeper()?);
        let len = self.fields.len();
        let mut fields = Fields { record: Self { node, ..self }, index: 0, uncharged: 0 };
        let value = visitor.visit_seq(&mut fields)?;
        match len - fields.index {
            0 => Ok(value),
            left => Err(too_long(len, len - left)),
        }
    }

    fn value(self) -> Result<Value> {
        let node = NodeDeserializer::new(self.node.cx, self.node.handle, self.node.deeper()?);
        let record = Self { node, ..self };
        record.node.cx.charge_memory(record.fields.len().saturating_mul(2 * cost::HASHED_VALUE))?;
        let mut dict = Dict::new();
        for (index, field) in record.fields.iter().enumerate() {
            dict.insert(field.name.as_str(), record.field(index)?.into_value()?);
        }
        Ok(Value::Dict(dict))
    }
}

struct Fields<'a, 'g, 'de> {
    record: Record<'a, 'g, 'de>,
    index: usize,
    /// Fields that are still to be charged to memory, each as an entry of a map.
    uncharged: usize,
}

impl<'de> MapAccess<'de> for Fields<'_, '_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let Some(field) = self.record.fields.get(self.index) else { return Ok(None) };
        seed.deserialize(field.name.as_str().into_deserializer()).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        let name = self.record.fields.get(self.index).map_or("", |field| &*field.name);
        let uncharged = std::mem::take(&mut self.uncharged);
        // Names are text, whatever the type reads them as.
        let memory =
            cost::keys::<String>(uncharged).saturating_add(cost::values::<T::Value>(uncharged));
        self.record.node.cx.charge_memory(memory)?;
        let element = self.record.field(self.index);
        self.index += 1;
        element.and_then(|element| seed.deserialize(element)).map_err(|error| error.under_key(name))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.record.fields.len() - self.index)
    }
}

impl<'de> SeqAccess<'de> for Fields<'_, '_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        match self.index < self.record.fields.len() {
            true => self.next_value_seed(seed).map(Some),
            false => Ok(None),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.record.fields.len() - self.index)
    }
}

impl Element<'_, '_, '_> {
    fn into_value(self) -> Result<Value> {
        match self {
            Self::Scalar(scalar) => Ok(scalar.into_value()),
            Self::Record(record) => record.value(),
            Self::Grid(grid) => grid.value(),
            Self::Node(node) => crate::de::value::build(node.cx, node.handle),
        }
    }
}

/// Each method on what is there: a dimension is a sequence whatever is asked for, a record by
/// default a map.
macro_rules! methods {
    ($($method:ident($($argument:ident: $type:ty),*) $record:ident;)*) => {$(
        fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value> {
            match self {
                Self::Grid(grid) => grid.visit(visitor),
                Self::Scalar(scalar) => scalar.$method($($argument,)* visitor),
                Self::Record(record) => record.$record(visitor),
                Self::Node(node) => {
                    node.$method($($argument,)* visitor)
                        .map_err(|error| node.cx.locate(error, node.handle))
                }
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Element<'_, '_, 'de> {
    type Error = Error;

    methods! {
        deserialize_any() visit_map;
        deserialize_bool() visit_map;
        deserialize_i8() visit_map;
        deserialize_i16() visit_map;
        deserialize_i32() visit_map;
        deserialize_i64() visit_map;
        deserialize_i128() visit_map;
        deserialize_u8() visit_map;
        deserialize_u16() visit_map;
        deserialize_u32() visit_map;
        deserialize_u64() visit_map;
        deserialize_u128() visit_map;
        deserialize_f32() visit_map;
        deserialize_f64() visit_map;
        deserialize_char() visit_map;
        deserialize_str() visit_map;
        deserialize_string() visit_map;
        deserialize_unit() visit_map;
        deserialize_unit_struct(name: &'static str) visit_map;
        deserialize_identifier() visit_map;
        deserialize_seq() visit_seq;
        deserialize_tuple(len: usize) visit_seq;
        deserialize_tuple_struct(name: &'static str, len: usize) visit_seq;
        deserialize_map() visit_map;
        deserialize_struct(name: &'static str, fields: &'static [&'static str]) visit_struct;
        deserialize_enum(name: &'static str, variants: &'static [&'static str]) visit_map;
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self {
            Self::Grid(grid) => match grid.as_bytes() {
                Some(bytes) => {
                    grid.node.cx.charge_memory(bytes.len())?;
                    visitor.visit_bytes(bytes)
                }
                None => grid.visit(visitor),
            },
            Self::Scalar(scalar) => scalar.deserialize_bytes(visitor),
            Self::Record(record) => record.visit_map(visitor),
            Self::Node(node) => {
                node.deserialize_bytes(visitor).map_err(|error| node.cx.locate(error, node.handle))
            }
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self {
            Self::Scalar(scalar) => scalar.deserialize_option(visitor),
            Self::Node(node) => {
                node.deserialize_option(visitor).map_err(|error| node.cx.locate(error, node.handle))
            }
            _ => visitor.visit_some(self.unwrapped()?),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        match self {
            Self::Scalar(scalar) => scalar.deserialize_newtype_struct(name, visitor),
            Self::Node(node) => node
                .deserialize_newtype_struct(name, visitor)
                .map_err(|error| node.cx.locate(error, node.handle)),
            _ if name == token::VALUE => crate::value::hand_over(self.into_value()?, visitor),
            _ if name.starts_with(token::PREFIX) && name != token::TUPLE => {
                Err(Error::data("expected one of Python's own objects, found an array of numpy"))
            }
            _ => visitor.visit_newtype_struct(self.unwrapped()?),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    fn is_human_readable(&self) -> bool {
        true
    }
}
