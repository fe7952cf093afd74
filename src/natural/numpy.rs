//! numpy's arrays, scalars and dtypes, taken out of the calls and states that spell them.
//!
//! Up to protocol 4, and for what is not contiguous or holds objects, an array is
//! `_reconstruct(class, (0,), b'b')` with the state `(1, shape, dtype, fortran, bytes or list)`;
//! protocol 5 writes `_frombuffer(buffer, dtype, shape, order)`, whose buffer may be out of band. A
//! scalar is `scalar(dtype, bytes)`. numpy 2 moved these functions from `numpy.core` to
//! `numpy._core`. Source: `array_reduce`, `array_reduce_ex` and `array_setstate` in numpy's
//! `multiarray/methods.c`, `gentype_reduce` in `scalartypes.c.src`, `__reduce__` in `ma/core.py`.
//!
//! The result is a [`Numpy`]: the dtype, the shape, and the bytes where they lie. The elements
//! are decoded by `de/numpy.rs` when they are asked for.
//!
//! Advice to the next editor: everything that a shape or dtype claims is compared with the payload
//! here, once; the code that decodes elements relies on it.

use std::borrow::Cow;
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::{Call, Natural, malformed};
use crate::error::{Error, Result};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::scalar::{self, Int};
use crate::nodes::store::Nodes;
use crate::nodes::view::{ObjectView, View, global_names, tuple_items};
use crate::python::numpy::array::{Order, Positions, count_of};
use crate::python::numpy::dtype::{ByteOrder, DIMENSIONS, Dtype, Field, Kind, NESTING, Subarray};
use crate::python::numpy::mask_dtype;
use crate::python::numpy::time::{Unit, UnitCount};
use crate::shown::shown;
use crate::walk::cx::Cx;

/// An array, or a scalar, which is one without dimensions.
pub(crate) struct Numpy<'de> {
    pub(crate) dtype: Arc<Dtype>,
    pub(crate) shape: Vec<usize>,
    /// True if the first index varies fastest.
    pub(crate) fortran: bool,
    pub(crate) data: Data<'de>,
    pub(crate) mask: Option<Mask<'de>>,
    pub(crate) subclass: Option<Subclass>,
    pub(crate) readonly: bool,
    /// The value that the elements are in.
    pub(crate) payload: Handle,
}

/// The mask of a masked array.
pub(crate) struct Mask<'de> {
    /// A byte an element, not 0 where it is hidden, in the order of the elements; of records a byte
    /// for each field.
    pub(crate) bytes: Cow<'de, [u8]>,
    /// True if the elements are records.
    pub(crate) of_fields: bool,
    /// The value that stands for hidden ones; None where numpy has one by the dtype.
    pub(crate) fill: Handle,
    /// The class of the data, where it is not numpy's own.
    pub(crate) base: Option<Handle>,
}

/// The class of an array, where it is not numpy's own, and the state that it has for itself.
#[derive(Clone, Copy)]
pub(crate) struct Subclass {
    pub(crate) class: Handle,
    pub(crate) own: Own,
}

/// Where a subclass puts its state.
#[derive(Clone, Copy)]
pub(crate) enum Own {
    Nothing,
    /// In front of that of the array, as unyt does.
    Before(Handle),
    /// The items of this tuple from an index on, as numpy's guide to subclasses has it.
    Behind(Handle, usize),
    /// The second of a pair, as astropy does.
    Beside(Handle),
}

impl Own {
    /// Its parts; `tuple_items` are those of the handle of a tuple.
    pub(crate) fn items<'n>(&'n self, nodes: &'n Nodes<'_>) -> &'n [Handle] {
        match self {
            Self::Nothing => &[],
            Self::Before(own) | Self::Beside(own) => std::slice::from_ref(own),
            Self::Behind(state, from) => {
                tuple_items(nodes, *state).get(*from..).unwrap_or_default()
            }
        }
    }
}

/// The elements, in the order of memory.
pub(crate) enum Data<'de> {
    Bytes(Cow<'de, [u8]>),
    Values(Vec<Handle>),
}

/// Functions that make arrays and dtypes; the rows of the table of natural forms.
pub(super) fn natural<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Natural<'g>>> {
    Ok(numpy(call.cx, call.object)?.map(|array| Natural::Numpy(Box::new(array))))
}

/// A dtype as text.
pub(super) fn dtype_text<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Cow<'g, str>>> {
    let reader = Reader { cx: call.cx, offset: call.object.object.offset() as u64 };
    Ok(reader.dtype_of_call(call.object, NESTING)?.map(|dtype| Cow::Owned(shown(&dtype))))
}

/// The dtype that `handle` is, if it is one.
pub(crate) fn dtype(cx: &Cx<'_, '_>, handle: Handle) -> Result<Option<Dtype>> {
    let offset = cx.nodes.offset(handle).unwrap_or_default();
    Reader { cx, offset }.dtype(handle, NESTING)
}

/// Returns true if `object` is a scalar.
pub(crate) fn is_scalar(cx: &Cx<'_, '_>, object: &ObjectView<'_>) -> Result<bool> {
    let names = global_names(cx.nodes, cx.input, object.callable, cx.settings.fix_imports)?;
    Ok(names.is_some_and(|(module, name)| name == "scalar" && module.starts_with("numpy.")))
}

/// The array or scalar that `object` is, if it is one.
///
/// # Errors
/// `Data` where its parts do not fit together; `Unsupported` where its buffer was not given.
pub(crate) fn numpy<'de>(cx: &Cx<'_, 'de>, object: &ObjectView<'_>) -> Result<Option<Numpy<'de>>> {
    let Some((module, function)) =
        global_names(cx.nodes, cx.input, object.callable, cx.settings.fix_imports)?
    else {
        return Ok(None);
    };
    let offset = object.object.offset() as u64;
    let reader = Reader { cx, offset };
    let array = match (&*module, &*function, object.args) {
        ("numpy._core.multiarray" | "numpy.core.multiarray", "_reconstruct", _) => {
            reader.with_state(object, false)
        }
        ("numpy.ma.core", "_mareconstruct", _) => reader.with_state(object, true),
        ("numpy._core.multiarray" | "numpy.core.multiarray", "scalar", &[dtype, data]) => {
            reader.scalar(dtype, data)
        }
        (
            "numpy._core.numeric" | "numpy.core.numeric",
            "_frombuffer",
            &[data, dtype, shape, order],
        ) => reader.of_buffer(shape, dtype, order, data),
        ("numpy", "ndarray", &[shape, dtype, data, start, strides, order])
            if strides.tag() == Tag::None && reader.int(start) == Some(0) =>
        {
            reader.of_buffer(shape, dtype, order, data)
        }
        _ => Ok(None),
    };
    array.map_err(|error| error.at(offset))
}

/// Reads the parts of one array.
struct Reader<'c, 'g, 'de> {
    cx: &'c Cx<'g, 'de>,
    /// Where the array is in the input.
    offset: u64,
}

impl<'de> Reader<'_, '_, 'de> {
    fn int(&self, handle: Handle) -> Option<i64> {
        match self.cx.int(handle).ok()?? {
            Int::Small(value) => Some(value),
            _ => None,
        }
    }

    /// Text, also of Python 2. It is counted, as every look at text; where the budget does not
    /// allow it there is none.
    fn text(&self, handle: Handle) -> Option<Cow<'_, str>> {
        self.cx.charge_look(handle).ok()?;
        match scalar::chars(self.cx.input, handle) {
            Some(chars) => String::from_utf8(chars.into_owned()).ok().map(Cow::Owned),
            None => scalar::plain_text(self.cx.nodes, self.cx.input, handle),
        }
    }

    /// Bytes of every spelling.
    fn bytes(&self, handle: Handle) -> Result<Option<Cow<'de, [u8]>>> {
        match self.cx.chars(handle)? {
            Some(chars) => Ok(Some(chars)),
            None => self.cx.buffer_bytes(handle),
        }
    }

    /// The same for a payload of `len` bytes, also where an 8-bit string of Python 2 was taken for
    /// text on its way through a `Value`: as latin-1 if that gives the length, else as UTF-8.
    fn payload(&self, handle: Handle, len: Option<usize>) -> Result<Option<Cow<'de, [u8]>>> {
        if !self.cx.is_text(handle) {
            return self.bytes(handle);
        }
        self.cx.charge_text(handle)?;
        let Some(text) = scalar::plain_text(self.cx.nodes, self.cx.input, handle) else {
            return Ok(None);
        };
        let latin1: Option<Vec<u8>> =
            text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
        let latin1 = latin1.filter(|bytes| Some(bytes.len()) == len);
        Ok(Some(Cow::Owned(latin1.unwrap_or_else(|| text.into_owned().into_bytes()))))
    }

    /// The arrays that are made empty and given a state; a masked one has mask and fill value
    /// behind the data.
    fn with_state(&self, object: &ObjectView<'_>, masked: bool) -> Result<Option<Numpy<'de>>> {
        let Some(whole) = self.cx.state(object)? else { return Ok(None) };
        let (state, beside) = match tuple_items(self.cx.nodes, whole) {
            &[array, own] => (array, Own::Beside(own)),
            _ => (whole, Own::Nothing),
        };
        let items = tuple_items(self.cx.nodes, state);
        let ([shape, dtype, fortran, data], mask, len) = match (items, masked) {
            // Before numpy 1.0 there was no version in front.
            (&[shape, dtype, fortran, data], false) => ([shape, dtype, fortran, data], None, 4),
            (&[own, version, shape, dtype, fortran, data], false) if version.tag() == Tag::Int => {
                match own.tag() {
                    Tag::Int => ([version, shape, dtype, fortran], None, 5),
                    _ => ([shape, dtype, fortran, data], None, 6),
                }
            }
            (&[_, shape, dtype, fortran, data, ..], false) => {
                ([shape, dtype, fortran, data], None, 5)
            }
            (&[_, shape, dtype, fortran, data, mask, fill, ..], true) => {
                ([shape, dtype, fortran, data], Some((mask, fill)), 7)
            }
            _ => return Ok(None),
        };
        let own = match (beside, items) {
            (Own::Nothing, [own, ..]) if len == 6 => Own::Before(*own),
            (Own::Nothing, _) if items.len() > len => Own::Behind(state, len),
            (Own::Beside(_), _) if len == 6 || items.len() > len => return Ok(None),
            (own, _) => own,
        };
        let fortran = match fortran.tag() {
            Tag::True => true,
            Tag::False => false,
            _ => self.int(fortran).is_some_and(|fortran| fortran != 0),
        };
        let Some(mut array) = self.array(shape, dtype, fortran, data)? else { return Ok(None) };
        // Its state is copied into memory of its own.
        array.readonly = false;
        let class = object.args.first().copied().unwrap_or(Handle::VACANT);
        if self.is_class(class, masked)? {
            if !matches!(own, Own::Nothing) {
                return Ok(None);
            }
        } else {
            array.subclass = Some(Subclass { class, own });
        }
        if let Some((mask, fill)) = mask {
            let base = object.args.get(1).copied().unwrap_or(Handle::VACANT);
            let base = if self.is_class(base, false)? { None } else { Some(base) };
            array.mask = match self.mask(&array, mask)? {
                Some(bytes) => {
                    let of_fields = !array.dtype.fields.is_empty();
                    Some(Mask { bytes, of_fields, fill, base })
                }
                None => return Ok(None),
            };
        }
        Ok(Some(array))
    }

    /// Returns true if the class is numpy's own.
    fn is_class(&self, class: Handle, masked: bool) -> Result<bool> {
        let cx = self.cx;
        let names = global_names(cx.nodes, cx.input, class, cx.settings.fix_imports)?;
        Ok(names.is_some_and(|(module, name)| match masked {
            true => matches!(&*module, "numpy.ma" | "numpy.ma.core") && name == "MaskedArray",
            false => matches!(&*module, "numpy" | "numpy.core.multiarray") && name == "ndarray",
        }))
    }

    /// The bytes of a mask, in the order of the elements.
    fn mask(&self, array: &Numpy<'_>, mask: Handle) -> Result<Option<Cow<'de, [u8]>>> {
        let size = mask_dtype(&array.dtype).itemsize;
        let len = count_of(&array.shape).and_then(|count| count.checked_mul(size));
        let Some(bytes) = self.payload(mask, len)? else { return Ok(None) };
        if len != Some(bytes.len()) {
            return Err(malformed(
                "masked array",
                format_args!("a mask of {} bytes for the shape {:?}", bytes.len(), array.shape),
            ));
        }
        if !array.fortran || matches!(array.data, Data::Bytes(_)) || bytes.is_empty() {
            return Ok(Some(bytes));
        }
        // Objects are listed in the order of the indices, but their mask in that of memory.
        self.cx.charge_copy(bytes.len())?;
        let mut in_order = Vec::with_capacity(bytes.len());
        for at in Positions::new(&array.shape, Order::Fortran) {
            in_order.extend_from_slice(
                bytes.get(at * size..).unwrap_or_default().get(..size).unwrap_or_default(),
            );
        }
        Ok(Some(Cow::Owned(in_order)))
    }

    fn of_buffer(
        &self,
        shape: Handle,
        dtype: Handle,
        order: Handle,
        data: Handle,
    ) -> Result<Option<Numpy<'de>>> {
        let fortran = match self.text(order).as_deref() {
            Some("C") => false,
            Some("F") => true,
            _ => return Ok(None),
        };
        let array = self.array(shape, dtype, fortran, data)?;
        Ok(array.filter(|array| matches!(array.data, Data::Bytes(_))))
    }

    fn scalar(&self, dtype: Handle, data: Handle) -> Result<Option<Numpy<'de>>> {
        let Some(dtype) = self.shared_dtype(dtype)? else { return Ok(None) };
        let payload = data;
        let data = match dtype.has_objects() {
            true => Data::Values(vec![data]),
            false => match self.payload(data, Some(dtype.itemsize))? {
                Some(bytes) => Data::Bytes(bytes),
                None => return Ok(None),
            },
        };
        self.checked(Vec::new(), dtype, false, data, true, payload).map(Some)
    }

    fn array(
        &self,
        shape: Handle,
        dtype: Handle,
        fortran: bool,
        data: Handle,
    ) -> Result<Option<Numpy<'de>>> {
        let (Some(shape), Some(dtype)) = (self.shape(shape)?, self.shared_dtype(dtype)?) else {
            return Ok(None);
        };
        let payload = data;
        let (data, readonly) = match (data.tag(), dtype.has_objects()) {
            (Tag::List, true) => {
                let list = self.cx.nodes.object(data.number());
                self.cx.charge_contents(&list)?;
                (Data::Values(self.cx.nodes.contents(&list).collect()), false)
            }
            (_, true) => return Err(malformed("array", "its objects are not in a list")),
            (_, false) => {
                match self.payload(
                    data,
                    count_of(&shape).and_then(|count| count.checked_mul(dtype.itemsize)),
                )? {
                    Some(bytes) => (Data::Bytes(bytes), self.cx.is_readonly(data)?),
                    None => return Err(malformed("array", "its data is not bytes")),
                }
            }
        };
        self.checked(shape, dtype, fortran, data, readonly, payload).map(Some)
    }

    /// Compares what is claimed with what is there.
    fn checked(
        &self,
        shape: Vec<usize>,
        dtype: Arc<Dtype>,
        fortran: bool,
        data: Data<'de>,
        readonly: bool,
        payload: Handle,
    ) -> Result<Numpy<'de>> {
        let count = count_of(&shape);
        let (needed, found, what) = match &data {
            Data::Bytes(bytes) => {
                (count.and_then(|count| count.checked_mul(dtype.itemsize)), bytes.len(), "bytes")
            }
            Data::Values(values) => (count, values.len(), "objects"),
        };
        if needed != Some(found) {
            return Err(malformed(
                "array",
                format_args!("{found} {what} for the shape {shape:?} of {}", dtype.type_text(true)),
            ));
        }
        Ok(Numpy { dtype, shape, fortran, data, mask: None, subclass: None, readonly, payload })
    }

    /// A tuple of lengths, or one length.
    fn shape(&self, handle: Handle) -> Result<Option<Vec<usize>>> {
        let lens = match handle.tag() {
            Tag::EmptyTuple => &[][..],
            Tag::Tuple => tuple_items(self.cx.nodes, handle),
            _ => &[handle],
        };
        if lens.len() > DIMENSIONS {
            return Err(malformed(
                "array",
                format_args!("{} dimensions; numpy has at most {DIMENSIONS}", lens.len()),
            ));
        }
        let mut shape = Vec::with_capacity(lens.len());
        for &len in lens {
            let Some(len) = self.int(len) else { return Ok(None) };
            shape.push(
                usize::try_from(len)
                    .map_err(|_| malformed("array", format_args!("a length of {len}")))?,
            );
        }
        Ok(Some(shape))
    }

    fn shared_dtype(&self, handle: Handle) -> Result<Option<Arc<Dtype>>> {
        self.cx.dtypes.get(handle, || self.dtype(handle, NESTING))
    }

    fn dtype(&self, handle: Handle, depth: usize) -> Result<Option<Dtype>> {
        if handle.tag() != Tag::Instance {
            return Ok(None);
        }
        match self.cx.view(handle)? {
            View::Object(object) => self.dtype_of_call(&object, depth),
            _ => Ok(None),
        }
    }

    /// The dtype of a code, or of the class `numpy.record`, before its state.
    fn plain_dtype(&self, code: Handle) -> Result<Option<Dtype>> {
        if code.tag() != Tag::Global {
            return self.text(code).map(|code| code.parse()).transpose();
        }
        let cx = self.cx;
        let class = global_names(cx.nodes, cx.input, code, cx.settings.fix_imports)?;
        Ok(match class.as_ref().map(|(module, name)| (&**module, &**name)) {
            Some(("numpy" | "numpy.rec" | "numpy.core.records", "record")) => {
                Some(Dtype { record: true, ..Dtype::plain(Kind::Void, ByteOrder::None, 0) })
            }
            _ => None,
        })
    }

    /// `numpy.dtype(text, align, copy)` and its state.
    fn dtype_of_call(&self, call: &ObjectView<'_>, depth: usize) -> Result<Option<Dtype>> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(Error::limit(format!("a dtype is nested more than {NESTING} levels deep"))
                .at(self.offset));
        };
        let cx = self.cx;
        let names = global_names(cx.nodes, cx.input, call.callable, cx.settings.fix_imports)?;
        match names.as_ref().map(|(module, name)| (&**module, &**name)) {
            Some(("numpy", "dtype")) => {}
            Some((_, "_convert_to_stringdtype_kwargs")) => {
                return Ok(Some(Dtype::plain(Kind::Text, ByteOrder::None, 16)));
            }
            _ => return Ok(None),
        }
        let Some(&text) = call.args.first() else { return Ok(None) };
        let Some(mut dtype) = self.plain_dtype(text)? else { return Ok(None) };
        let Some(state) = cx.state(call)? else { return Ok(Some(dtype)) };
        let state = tuple_items(cx.nodes, state);
        let &[_, order, subarray, names, fields, size, alignment, ref rest @ ..] = state else {
            return Ok(None);
        };
        let order = self.text(order).and_then(|order| ByteOrder::of_text(&order));
        let Some(order) = order else { return Err(malformed("dtype", "its byte order")) };
        let itemsize = match (self.int(size), dtype.kind) {
            (Some(-1), _) | (_, Kind::Object) => dtype.itemsize,
            (Some(size), _) => usize::try_from(size)
                .map_err(|_| malformed("dtype", format_args!("a size of {size}")))?,
            (None, _) => return Err(malformed("dtype", "its size")),
        };
        let flexible = matches!(dtype.kind, Kind::Bytes | Kind::Str | Kind::Void);
        if (!flexible && itemsize != dtype.itemsize)
            || (dtype.kind == Kind::Str && itemsize % 4 != 0)
        {
            return Err(malformed("dtype", format_args!("a size of {itemsize} bytes for {dtype}")));
        }
        dtype = Dtype { record: dtype.record, ..Dtype::plain(dtype.kind, order, itemsize) };
        dtype.alignment = self.int(alignment).unwrap_or(-1);
        dtype.flags = rest.first().and_then(|&flags| self.int(flags)).unwrap_or(dtype.flags);
        if let Some(&metadata) = rest.get(1)
            && matches!(dtype.kind, Kind::Datetime | Kind::Timedelta)
        {
            dtype.unit = self.unit(metadata)?;
        }
        if subarray.tag() != Tag::None {
            dtype.subarray = Some(Box::new(self.subarray(subarray, itemsize, depth)?));
        } else if names.tag() != Tag::None && dtype.kind == Kind::Void {
            dtype.fields = self.fields(names, fields, itemsize, depth)?;
        }
        Ok(Some(dtype))
    }

    /// `(metadata, (unit, count, divisor, events))`.
    fn unit(&self, metadata: Handle) -> Result<UnitCount> {
        let &[_, unit] = tuple_items(self.cx.nodes, metadata) else {
            return Ok(UnitCount { unit: Unit::Generic, count: 1 });
        };
        let &[name, count, ref rest @ ..] = tuple_items(self.cx.nodes, unit) else {
            return Err(malformed("dtype", "its unit of time"));
        };
        let name = match self.bytes(name)? {
            Some(name) => Some(String::from_utf8_lossy(&name).into_owned()),
            None => self.text(name).map(Cow::into_owned),
        };
        let unit = name.and_then(|name| Unit::of_name(&name));
        let count =
            self.int(count).and_then(|count| u32::try_from(count).ok()).filter(|&count| count > 0);
        let divided = rest.first().is_some_and(|&divisor| self.int(divisor) != Some(1));
        match (unit, count) {
            (Some(unit), Some(count)) if !divided => Ok(UnitCount { unit, count }),
            _ => Err(malformed("dtype", "its unit of time")),
        }
    }

    /// `(base, shape)`.
    fn subarray(&self, pair: Handle, itemsize: usize, depth: usize) -> Result<Subarray> {
        let &[base, shape] = tuple_items(self.cx.nodes, pair) else {
            return Err(malformed("dtype", "its subarray"));
        };
        let (Some(base), Some(shape)) = (self.dtype(base, depth)?, self.shape(shape)?) else {
            return Err(malformed("dtype", "its subarray"));
        };
        if count_of(&shape).and_then(|count| count.checked_mul(base.itemsize)) != Some(itemsize) {
            return Err(malformed(
                "dtype",
                format_args!("{itemsize} bytes for the shape {shape:?} of {base}"),
            ));
        }
        Ok(Subarray { base, shape })
    }

    /// Names in order, and a dict of `(dtype, offset)` or `(dtype, offset, title)` by names and
    /// titles.
    fn fields(
        &self,
        names: Handle,
        fields: Handle,
        itemsize: usize,
        depth: usize,
    ) -> Result<Vec<Field>> {
        let nodes = self.cx.nodes;
        let names = tuple_items(nodes, names);
        if fields.tag() != Tag::Dict {
            return Err(malformed("dtype", "its fields"));
        }
        let dict = nodes.object(fields.number());
        // Fields are kept, and nested dtypes may be shared; a field takes about as much room as
        // eight values.
        self.cx.charge_values(names.len().saturating_mul(8))?;
        self.cx.charge_contents(&dict)?;
        self.cx.charge_memory(names.len().saturating_mul(size_of::<Field>()))?;
        let contents: Vec<Handle> = nodes.contents(&dict).collect();
        let (pairs, _) = contents.as_chunks::<2>();
        let keys = pairs
            .iter()
            .enumerate()
            .filter_map(|(place, [key, _])| self.text(*key).map(|key| (key, place)));
        let keys = keys.collect::<BinaryHeap<_>>().into_sorted_vec();
        let mut fields = Vec::with_capacity(names.len());
        for &name in names {
            let Some(name) = self.text(name) else {
                return Err(malformed("dtype", "the name of a field"));
            };
            let wrong =
                || malformed("dtype", format_args!("its field {}", crate::error::quoted(&name)));
            // The last of those that are equal, as in a dict.
            let behind = keys.partition_point(|(key, _)| *key <= name);
            let field = match keys.get(behind.wrapping_sub(1)) {
                Some((key, place)) if *key == name => pairs.get(*place),
                _ => None,
            };
            let &[dtype, offset, ref title @ ..] =
                field.map(|[_, field]| tuple_items(nodes, *field)).unwrap_or_default()
            else {
                return Err(wrong());
            };
            let dtype = self.dtype(dtype, depth)?.ok_or_else(wrong)?;
            let offset = self
                .int(offset)
                .and_then(|offset| usize::try_from(offset).ok())
                .ok_or_else(wrong)?;
            if offset.checked_add(dtype.itemsize).is_none_or(|end| end > itemsize) {
                return Err(wrong());
            }
            let title = title.first().and_then(|&title| self.text(title)).map(Cow::into_owned);
            self.cx.charge_copy(name.len())?;
            fields.push(Field { name: name.into_owned(), title, dtype, offset });
        }
        Ok(fields)
    }
}
