//! The elements of numpy's arrays as nested sequences, decoded while serde asks for them.
//!
//! A [`Grid`] is an array from some index on: what is left of its shape, and where in the payload
//! it is. It hands out grids of one dimension less, and at the end the elements (`element`);
//! nothing is built between. A last dimension of plain numbers that lie one behind the other takes
//! a short path, see [`Grid::numbers`].
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
//! The budget pays for what the payload does not back: dimensions around few bytes, elements of no
//! bytes, fields that overlap.

use std::borrow::Cow;

use super::answer::{Answer, Held};
use super::ask::Ask;
use super::element::{Element, Rows, element_at, element_of};
use super::entries::Entries;
use super::items::Items;
use super::node::NodeDeserializer;
use super::numbers::{Numbers, NumbersOf};
use super::place::{Described, Place};
use super::token::Run;
use crate::error::{Error, Result};
use crate::limits;
use crate::natural::numpy::{Data, Mask, Numpy, Own, Subclass};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::spelling::Spelling;
use crate::nodes::view::View;
use crate::python::numpy::array::count_of;
use crate::python::numpy::array_serde::FIELDS;
use crate::python::numpy::dtype::{ByteOrder, Dtype, Kind};
use crate::python::numpy::scalar::{Scalar, decode};
use crate::python::numpy::time::NAT;
use crate::stdlib::numpy::NumKind;
use crate::value::Value;
use crate::walk::cost;

/// An array from some index on.
#[derive(Clone, Copy)]
pub(crate) struct Grid<'a, 'g, 'de> {
    pub(super) node: NodeDeserializer<'g, 'de>,
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
            mask: match &array.mask {
                Some(mask) if mask.of_fields => {
                    return Err(Error::unsupported(
                        "a masked array of records; read it as a MaskedArray",
                    ));
                }
                mask => mask.as_ref().map(|mask| &*mask.bytes),
            },
            at: 0,
            // Objects are listed in the order of the indices, whatever the order of memory.
            step: usize::from(array.fortran && matches!(array.data, Data::Bytes(_))),
        };
        grid.charge()?;
        grid.resolve()
    }
}

impl<'g, 'de> NodeDeserializer<'g, 'de> {
    /// An array as its parts, the data borrowed where it lies in the input or a buffer:
    /// [`token::NDARRAY`].
    pub(super) fn ndarray<'a>(self) -> Result<Answer<'a, 'g, 'de>> {
        if self.handle.tag() != Tag::Instance {
            return self.expected("an array of numpy");
        }
        let array = match self.view()? {
            View::Object(object) => crate::natural::numpy::numpy(self.cx, &object)?,
            _ => None,
        };
        let Some(array) = array else { return self.expected("an array of numpy") };
        self.cx.charge_memory(cost::LARGE)?;
        let parts = ArrayParts { node: self.inner(self.handle)?, array, index: 0 };
        Ok(Answer::Map(Entries::Array(Box::new(parts))))
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
        // Bytes that are spelled as a call would be encoded for this view, and again when they are
        // read.
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

/// An array or scalar on its way to a visitor.
pub(crate) struct HeldArray<'g, 'de> {
    pub(super) node: NodeDeserializer<'g, 'de>,
    pub(super) array: Box<Numpy<'g>>,
    pub(super) ask: Ask,
}

impl<'g, 'de> HeldArray<'g, 'de> {
    /// The element that it is, which borrows from it.
    pub(super) fn element(&self) -> Result<Element<'_, 'g, 'de>> {
        self.node.numpy(&self.array)
    }

    /// All of it as numbers in their order; `None` if it is anything else.
    fn numbers(&mut self) -> Option<Result<Items<'g, 'g, 'de>>> {
        let array = &mut *self.array;
        let kind = plain_kind(&array.dtype)?;
        if array.shape.len() != 1 || array.mask.is_some() {
            return None;
        }
        let big_endian = array.dtype.order == ByteOrder::Big;
        let opened = self.node.numpy(array).and_then(|_| self.node.deeper());
        let Data::Bytes(bytes) = &mut array.data else { return None };
        let bytes = std::mem::take(bytes);
        let numbers = Numbers::new(self.node.cx, bytes, kind, big_endian, NumbersOf::Numpy);
        Some(opened.map(|_| Items::Numbers(numbers)))
    }
}

/// The form of numbers of a dtype, if they are no more than that.
fn plain_kind(dtype: &Dtype) -> Option<NumKind> {
    if !dtype.fields.is_empty() || dtype.subarray.is_some() {
        return None;
    }
    Some(match (dtype.kind, dtype.itemsize) {
        (Kind::Bool, 1) => NumKind::Bool,
        (Kind::Uint, 1) => NumKind::U8,
        (Kind::Uint, 2) => NumKind::U16,
        (Kind::Uint, 4) => NumKind::U32,
        (Kind::Uint, 8) => NumKind::U64,
        (Kind::Int, 1) => NumKind::I8,
        (Kind::Int, 2) => NumKind::I16,
        (Kind::Int, 4) => NumKind::I32,
        (Kind::Int, 8) => NumKind::I64,
        (Kind::Float, 4) => NumKind::F32,
        (Kind::Float, 8) => NumKind::F64,
        _ => return None,
    })
}

/// The numbers that a sequence was asked for, if the answer is that: those of an array lie where
/// they are read from, so that nothing else has to be held.
pub(super) fn numbers_of<'r, 'a, 'g: 'a, 'de>(
    answer: &'r mut Result<Answer<'a, 'g, 'de>>,
) -> Option<&'r mut Numbers<'a, 'g, 'de>> {
    if let Ok(Answer::Held(Held::Array(held))) = answer
        && let Some(numbers) = held.numbers()
    {
        *answer = numbers.map(Answer::Seq);
    }
    match answer {
        Ok(Answer::Seq(Items::Numbers(numbers))) => Some(numbers),
        _ => None,
    }
}

/// The fields of [`token::NDARRAY`](crate::reduce::token::NDARRAY).
pub(crate) struct ArrayParts<'g, 'de> {
    node: NodeDeserializer<'g, 'de>,
    array: Numpy<'de>,
    index: usize,
}

impl<'g, 'de> ArrayParts<'g, 'de> {
    /// Goes to the next field that this array has.
    pub(super) fn name(&mut self) -> Option<Place<'_, 'g, 'de>> {
        while !self.has(FIELDS.get(self.index)?) {
            self.index += 1;
        }
        FIELDS.get(self.index).map(|&field| Place::Described(Described::Name(field)))
    }

    fn has(&self, field: &str) -> bool {
        let array = &self.array;
        let own = array.subclass.map_or(Own::Nothing, |subclass| subclass.own);
        match field {
            "class" => array.subclass.is_some(),
            "before" => matches!(own, Own::Before(_)),
            "behind" => matches!(own, Own::Behind(..)),
            "beside" => matches!(own, Own::Beside(_)),
            "mask" | "fill" => array.mask.is_some(),
            "base" => array.mask.as_ref().is_some_and(|mask| mask.base.is_some()),
            _ => true,
        }
    }

    pub(super) fn value(&mut self) -> Result<Place<'_, 'g, 'de>> {
        let field = FIELDS.get(self.index).copied().unwrap_or_default();
        self.index += 1;
        let node = self.node;
        let array = &self.array;
        Ok(Place::Described(match (field, &array.data, &array.mask, &array.subclass) {
            ("dtype", ..) => Described::Dtype(&array.dtype),
            ("shape", ..) => Described::Shape(&array.shape),
            ("fortran", ..) => Described::Bool(array.fortran),
            ("readonly", ..) => Described::Bool(array.readonly),
            ("data", Data::Bytes(bytes), ..) | ("mask", _, Some(Mask { bytes, .. }), _) => {
                match bytes {
                    Cow::Borrowed(bytes) => return Ok(Place::Borrowed(bytes)),
                    Cow::Owned(bytes) => {
                        node.cx.charge_copy(bytes.len())?;
                        Described::Bytes(bytes)
                    }
                }
            }
            ("data", ..) => return Ok(Place::Borrowed(&[])),
            ("objects", Data::Values(values), ..) => {
                return Ok(Place::Run(Run::list(node, values)));
            }
            ("class", _, _, Some(Subclass { class: part, .. }))
            | ("base", _, Some(Mask { base: Some(part), .. }), _)
            | ("fill", _, Some(Mask { fill: part, .. }), _)
            | (
                "before" | "beside",
                _,
                _,
                Some(Subclass { own: Own::Before(part) | Own::Beside(part), .. }),
            ) => {
                return Ok(Place::Node(node.inner(*part)?));
            }
            ("behind", _, _, Some(Subclass { own, .. })) => {
                return Ok(Place::Run(Run::list(node, own.items(node.cx.nodes))));
            }
            _ => return Ok(Place::Run(Run::list(node, &[]))),
        }))
    }
}

impl<'a, 'g, 'de> Grid<'a, 'g, 'de> {
    /// Charges the sequences, and the elements without bytes, that no payload backs.
    pub(super) fn charge(&self) -> Result<()> {
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
    pub(super) fn row(&self, index: usize) -> Self {
        let (len, shape) = self.shape.split_first().unwrap_or((&0, &[]));
        // An overflow needs a length of 0 further in, so such an array has no elements.
        let (at, step) = match self.step {
            0 => (self.at.wrapping_mul(*len).wrapping_add(index), 0),
            step => (self.at.wrapping_add(index.wrapping_mul(step)), step.wrapping_mul(*len)),
        };
        Self { shape, at, step, ..*self }
    }

    pub(super) fn resolve(self) -> Result<Element<'a, 'g, 'de>> {
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

    /// The first dimension that is left, as a sequence.
    pub(super) fn items(&self) -> Result<Answer<'a, 'g, 'de>> {
        let depth = self.node.deeper()?;
        let grid =
            Self { node: NodeDeserializer::new(self.node.cx, self.node.handle, depth), ..*self };
        Ok(Answer::Seq(match self.numbers() {
            Some(items) => items,
            None => {
                let len = self.shape.first().copied().unwrap_or(0);
                Items::Rows(Box::new(Rows::new(grid, len)))
            }
        }))
    }

    /// A dimension of numbers one behind the other: the kind is looked at once, and not at every
    /// element.
    fn numbers(&self) -> Option<Items<'a, 'g, 'de>> {
        let (Source::Bytes(bytes), &[len], None) = (self.source, self.shape, self.mask) else {
            return None;
        };
        if self.step > 1 {
            return None;
        }
        let (kind, size) = (plain_kind(self.dtype)?, self.dtype.itemsize);
        let start =
            if self.step == 0 { self.at.wrapping_mul(len) } else { self.at }.wrapping_mul(size);
        let bytes = bytes.get(start..).and_then(|bytes| bytes.get(..len.wrapping_mul(size)));
        Some(Items::Numbers(Numbers::new(
            self.node.cx,
            Cow::Borrowed(bytes.unwrap_or_default()),
            kind,
            self.dtype.order == ByteOrder::Big,
            NumbersOf::Numpy,
        )))
    }

    /// Bytes that are one dimension of them.
    pub(super) fn as_bytes(&self) -> Option<&'a [u8]> {
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
    pub(super) fn value(&self) -> Result<Value> {
        if let Some(&len) = self.shape.first() {
            let node = NodeDeserializer::new(self.node.cx, self.node.handle, self.node.deeper()?);
            let grid = Self { node, ..*self };
            // `collect` does not reserve room for fallible items.
            node.cx.charge_memory(cost::items(size_of::<Value>(), len))?;
            return (0..len)
                .map(|index| grid.row(index).value())
                .collect::<Result<Vec<Value>>>()
                .map(Value::List);
        }
        self.element()?.value()
    }
}

/// The array of a subarray's elements in these bytes.
pub(super) fn subarray<'a, 'g, 'de>(
    node: NodeDeserializer<'g, 'de>,
    dtype: &'a Dtype,
    shape: &'a [usize],
    bytes: &'a [u8],
) -> Result<Element<'a, 'g, 'de>> {
    let source = Source::Bytes(bytes);
    let grid = Grid { node, dtype, shape, source, mask: None, at: 0, step: 0 };
    grid.charge()?;
    grid.resolve()
}
