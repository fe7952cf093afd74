//! Elements of arrays: numpy's, and those of the module `array`.
//!
//! The same number of elements means a new payload of the same dtype, in which every element that
//! did not change keeps its bytes. Another number is possible in one dimension.

use std::borrow::Cow;
use std::sync::Arc;

use super::diff::{Change, Items, What, same};
use super::editor::Editor;
use super::element::{push_element, write_element};
use super::prune::is_left_out;
use crate::error::{Error, Result};
use crate::natural::numpy::{Data, numpy};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::store::{Const, RunKind};
use crate::nodes::view::{View, tuple_items, view};
use crate::python::numpy::dtype::{ByteOrder, Dtype, Kind};
use crate::value::Value;

/// The content of an array, copied out of the nodes.
struct Read {
    dtype: Arc<Dtype>,
    shape: Vec<usize>,
    fortran: bool,
    bytes: Vec<u8>,
    /// A byte an element, 1 where a mask hides it.
    mask: Option<Vec<u8>>,
    /// The value that these bytes are.
    payload: Handle,
    place: Place,
}

impl Read {
    /// The bytes of a long double that is not 0, by which its form can be told; those of a complex
    /// number, too.
    fn long_double(&self) -> Option<&[u8]> {
        let size = match self.dtype.kind {
            Kind::Float => self.dtype.itemsize,
            Kind::Complex => self.dtype.itemsize / 2,
            _ => 0,
        };
        let is_long = size > 8 && self.dtype.subarray.is_none();
        let mut elements =
            self.bytes.chunks_exact(self.dtype.itemsize.max(1)).take_while(|_| is_long);
        elements.find(|element| element.iter().any(|byte| *byte != 0))
    }
}

/// The place of an array's payload.
#[derive(Clone, Copy)]
enum Place {
    /// A part of the state, with the shape three before it. A subclass may have put parts of its
    /// own around.
    State,
    Arg {
        data: usize,
        shape: Option<usize>,
    },
}

impl<'v> Editor<'_, 'v, '_> {
    /// Changes the elements of an array or scalar of numpy; `None` where `at` is none.
    pub(super) fn numpy(&mut self, at: Handle, change: &Change<'v>) -> Result<Option<Handle>> {
        let Some((module, name)) = self.class_names(at) else { return Ok(None) };
        if !module.starts_with("numpy") {
            return self.typed_array(at, change, &module, &name);
        }
        let place = match name.as_str() {
            "_reconstruct" | "_mareconstruct" => Place::State,
            "scalar" => Place::Arg { data: 1, shape: None },
            "_frombuffer" => Place::Arg { data: 0, shape: Some(2) },
            "ndarray" => Place::Arg { data: 2, shape: Some(0) },
            _ => return Ok(None),
        };
        if name == "_reconstruct"
            && let Some(list) = self.objects_of(at, place)?
        {
            let What::Items(items) = &change.what else { return Err(self.no_place(at)) };
            self.items(list, change, items)?;
            return Ok(Some(at));
        }
        let Some(read) = self.read_array(at, place)? else { return Ok(None) };
        let (shape, bytes, mask) = rewritten(&read, change)?;
        let payload = self.nodes.push_const(Const::Bytes(Cow::Owned(bytes)))?;
        let mask = mask.filter(|mask| read.mask.as_ref() != Some(mask));
        let mask = match mask {
            Some(mask) => Some(self.nodes.push_const(Const::Bytes(Cow::Owned(mask)))?),
            None => None,
        };
        self.put_payload(at, change, &read, &shape, (payload, mask)).map(Some)
    }

    /// The list of an array of objects in one dimension.
    fn objects_of(&self, at: Handle, place: Place) -> Result<Option<Handle>> {
        let Place::State = place else { return Ok(None) };
        let View::Object(object) = view(self.nodes, self.input, at.number())? else {
            return Ok(None);
        };
        let Some(state) = object.state(self.nodes)? else { return Ok(None) };
        let items = tuple_items(self.nodes, state);
        let (Some(&data), Some(&shape)) =
            (items.last(), items.len().checked_sub(4).and_then(|at| items.get(at)))
        else {
            return Ok(None);
        };
        let flat = tuple_items(self.nodes, shape).len() == 1;
        Ok((data.tag() == Tag::List && flat).then_some(data))
    }

    fn read_array(&self, at: Handle, place: Place) -> Result<Option<Read>> {
        self.walk(at, |node| {
            let View::Object(object) = node.view()? else { return Ok(None) };
            let Some(array) = numpy(node.cx, &object)? else { return Ok(None) };
            // Masked records have a byte of the mask for each field, and are not read as rows.
            let mask = match array.mask {
                Some(mask) if mask.of_fields => return Ok(None),
                mask => mask.map(|mask| mask.bytes.into_owned()),
            };
            let Data::Bytes(bytes) = array.data else { return Ok(None) };
            Ok(Some(Read {
                dtype: array.dtype,
                shape: array.shape,
                fortran: array.fortran,
                bytes: bytes.into_owned(),
                mask,
                payload: array.payload,
                place,
            }))
        })
    }

    fn put_payload(
        &mut self,
        at: Handle,
        change: &Change<'v>,
        read: &Read,
        shape: &[usize],
        (payload, mask): (Handle, Option<Handle>),
    ) -> Result<Handle> {
        let lens = if shape == read.shape {
            None
        } else {
            let mut lens = Vec::with_capacity(shape.len());
            for &len in shape {
                lens.push(self.import(&Value::from(len), at)?);
            }
            Some(self.nodes.push_tuple(&lens, self.offset(at))?)
        };
        let offset = self.offset(at);
        let mut contents = self.nodes.contents_of(at.number());
        match read.place {
            Place::State => {
                let state = contents.more.iter_mut().find(|(kind, ..)| *kind == RunKind::State);
                let Some((_, run, _)) = state else { return Err(self.no_place(at)) };
                let Some(state) = run.first_mut() else { return Err(self.no_place(at)) };
                let (inner, beside) = match tuple_items(self.nodes, *state) {
                    &[inner, own] => (inner, Some(own)),
                    _ => (*state, None),
                };
                let mut items = tuple_items(self.nodes, inner).to_vec();
                // The shape is three before, so that the payload is not the first.
                let payload_at = items.iter().skip(3).position(|item| *item == read.payload);
                let Some(payload_at) = payload_at.filter(|_| !is_buffer(read.payload)) else {
                    return Err(self.no_place(at));
                };
                items[payload_at + 3] = payload;
                if let Some(mask) = mask {
                    *items.get_mut(payload_at + 4).ok_or_else(|| self.no_place(at))? = mask;
                }
                if let Some(lens) = lens {
                    items[payload_at] = lens;
                }
                let inner = self.nodes.push_tuple(&items, offset)?;
                *state = match beside {
                    Some(own) => self.nodes.push_tuple(&[inner, own], offset)?,
                    None => inner,
                };
            }
            Place::Arg { data, shape } => {
                let mut args = self.args(at)?;
                if args.get(data).is_none_or(|data| is_buffer(*data)) {
                    return Err(self.no_place(at));
                }
                args[data] = payload;
                if let (Some(lens), Some(shape)) = (lens, shape) {
                    args[shape] = lens;
                }
                if shape.is_none() {
                    // A scalar is a value.
                    return self.set_args(at, change, args);
                }
                contents.first.truncate(1);
                contents.first.push(self.nodes.push_tuple(&args, offset)?);
            }
        }
        self.touch(at, change);
        self.nodes.set_contents(self.journal, at.number(), &contents)?;
        Ok(at)
    }

    /// An array of the module `array`.
    fn typed_array(
        &mut self,
        at: Handle,
        change: &Change<'v>,
        module: &str,
        name: &str,
    ) -> Result<Option<Handle>> {
        let What::Items(items) = &change.what else { return Ok(None) };
        let args = match (module, name) {
            ("array", "array" | "_array_reconstructor") => self.args(at)?,
            _ => return Ok(None),
        };
        let offset = self.offset(at);
        let now = match (name, &args[..]) {
            ("array", &[code, list]) if list.tag() == Tag::List => {
                // The list is the call's own.
                let old = self.nodes.slots(list.number());
                let old = old.into_iter().map(|slot| self.handle(slot)).collect();
                let now = self.edited(list, old, items)?;
                let list = self.nodes.push_object(Tag::List, Default::default(), offset, &now)?;
                vec![code, list]
            }
            ("_array_reconstructor", &[class, code, format, _]) => {
                let dtype = self.walk(format, |node| node.cx.int(node.handle).map(format_of))?;
                let (Some(dtype), Value::List(new) | Value::Tuple(new)) = (dtype, change.new)
                else {
                    return Ok(None);
                };
                let mut bytes = Vec::new();
                for value in new {
                    push_element(&dtype, value, None, &mut bytes)?;
                }
                let payload = self.nodes.push_const(Const::Bytes(Cow::Owned(bytes)))?;
                vec![class, code, format, payload]
            }
            _ => return Ok(None),
        };
        self.touch(at, change);
        let mut contents = self.nodes.contents_of(at.number());
        contents.first.truncate(1);
        contents.first.push(self.nodes.push_tuple(&now, offset)?);
        self.nodes.set_contents(self.journal, at.number(), &contents)?;
        Ok(Some(at))
    }
}

/// Returns true for a buffer beside the pickle, or a view that may be of one.
fn is_buffer(payload: Handle) -> bool {
    matches!(payload.tag(), Tag::Buffer | Tag::View)
}

/// The elements of `array.array`'s machine format codes, as numpy says it.
fn format_of(code: Option<crate::nodes::scalar::Int<'_>>) -> Option<Dtype> {
    let Some(crate::nodes::scalar::Int::Small(code)) = code else { return None };
    let order = if code % 2 == 0 { ByteOrder::Little } else { ByteOrder::Big };
    let (kind, size) = match code {
        0 => (Kind::Uint, 1),
        1 => (Kind::Int, 1),
        2 | 3 => (Kind::Uint, 2),
        4 | 5 => (Kind::Int, 2),
        6 | 7 => (Kind::Uint, 4),
        8 | 9 => (Kind::Int, 4),
        10 | 11 => (Kind::Uint, 8),
        12 | 13 => (Kind::Int, 8),
        14 | 15 => (Kind::Float, 4),
        16 | 17 => (Kind::Float, 8),
        _ => return None,
    };
    Some(Dtype::plain(kind, order, size))
}

/// The shape, the payload and the mask of an array.
type Rewritten = (Vec<usize>, Vec<u8>, Option<Vec<u8>>);

/// The content of an array after a change.
fn rewritten(read: &Read, change: &Change<'_>) -> Result<Rewritten> {
    let size = read.dtype.itemsize;
    let mut shape = read.shape.clone();
    if let (What::Items(Items::Spliced { old, new }), [len]) = (&change.what, &mut shape[..]) {
        if old.len() != *len {
            return Err(misshapen());
        }
        *len = new.len();
        let is_same = |(old, new): &(&Value, &Value)| same(old, new);
        let first = old.iter().zip(*new).take_while(is_same).count();
        let left = old.len().min(new.len()) - first;
        let backwards = old.iter().rev().zip(new.iter().rev()).take(left);
        let last = backwards.take_while(is_same).count();
        let behind = old.len() - last;
        let mut bytes = read.bytes.get(..first * size).ok_or_else(misshapen)?.to_vec();
        let mut mask = read.mask.as_ref().map(|mask| mask[..first].to_vec());
        for value in &new[first..new.len() - last] {
            match &mut mask {
                Some(mask) if *value == Value::None => {
                    mask.push(1);
                    bytes.resize(bytes.len() + size, 0);
                    continue;
                }
                Some(mask) => mask.push(0),
                None => {}
            }
            push_element(&read.dtype, value, read.long_double(), &mut bytes)?;
        }
        bytes.extend_from_slice(read.bytes.get(behind * size..).ok_or_else(misshapen)?);
        if let (Some(mask), Some(there)) = (&mut mask, &read.mask) {
            mask.extend_from_slice(&there[behind..]);
        }
        return Ok((shape, bytes, mask));
    }
    let mut changed = Vec::new();
    compare(change.old, change.new, &shape, 0, &mut changed)?;
    let (mut bytes, mut mask) = (read.bytes.clone(), read.mask.clone());
    for (index, old, new) in changed {
        let place = place(index, &shape, read.fortran);
        if let Some(mask) = &mut mask {
            *mask.get_mut(place).ok_or_else(misshapen)? = u8::from(*new == Value::None);
            if *new == Value::None {
                continue;
            }
        }
        let at = place * size;
        let there = bytes.get_mut(at..at + size).ok_or_else(misshapen)?;
        if let Some(like) = read.long_double().filter(|_| there.iter().all(|byte| *byte == 0)) {
            there.copy_from_slice(like);
        }
        let old = Some(old).filter(|old| **old != Value::None);
        write_element(&read.dtype, old, new, there)?;
    }
    Ok((shape, bytes, mask))
}

/// Finds the elements of nested sequences that differ, each with its index in C order, in which the
/// last dimension is the fastest. `first`: the index of the first one.
fn compare<'v>(
    old: &'v Value,
    new: &'v Value,
    shape: &[usize],
    first: usize,
    changed: &mut Vec<(usize, &'v Value, &'v Value)>,
) -> Result<()> {
    if is_left_out(old) && is_left_out(new) {
        return Ok(());
    }
    let Some((len, rest)) = shape.split_first() else {
        if !same(old, new) {
            changed.push((first, old, new));
        }
        return Ok(());
    };
    let (Value::List(old) | Value::Tuple(old), Value::List(new) | Value::Tuple(new)) = (old, new)
    else {
        return Err(misshapen());
    };
    if old.len() != *len || new.len() != *len {
        return Err(misshapen());
    }
    let each = rest.iter().fold(1, |each: usize, &len| each.saturating_mul(len));
    for (row, (old, new)) in old.iter().zip(new).enumerate() {
        compare(old, new, rest, first.saturating_add(row.saturating_mul(each)), changed)?;
    }
    Ok(())
}

/// The position in memory of the element with an index in C order.
fn place(mut index: usize, shape: &[usize], fortran: bool) -> usize {
    if !fortran {
        return index;
    }
    let mut indices = vec![0; shape.len()];
    for (axis, &len) in shape.iter().enumerate().rev() {
        indices[axis] = index % len.max(1);
        index /= len.max(1);
    }
    indices.iter().zip(shape).rev().fold(0, |place, (&index, &len)| place * len + index)
}

#[cold]
fn misshapen() -> Error {
    Error::unsupported("an array of several dimensions keeps its shape")
}
