//! Graph → `Value`, in a loop.
//!
//! A value may be a thousand levels deep and serde's visitors would need a frame or more for each,
//! so a tree is built with a stack of its own: a frame ([`Frame`]) for every container that is
//! open, with the handles still to come and the values so far. Recursion is found when the depth
//! runs out.
//!
//! A dict, set or object that may be met again is made once, and further references clone it, which
//! copies nothing. Lists and tuples are plain `Vec`s and are copied. Either way the budget is
//! charged for the tree that the reference stands for, since whoever walks over the value walks
//! over that; memory is charged for what is made.

use std::cell::RefCell;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};

use super::node::NodeDeserializer;
use super::open::{Children, Frame, FrameKind, FrameShape, under};
use crate::error::{Error, ErrorKind, Result};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::scalar::{self, Int};
use crate::nodes::store::Flags;
use crate::nodes::view::View;
use crate::reduce::{Callable, Global, How};
use crate::settings::Encoding;
use crate::value::{Complex, Dict, PickleBuffer, Set, SurrogateString, Value, is_told_by_identity};
use crate::walk::cost;
use crate::walk::cx::{Built, Cx};

/// The value that `root` stands for.
///
/// # Errors
/// `Limit` where it is too deep or expands too far; `Data` where it contains itself, or has an
/// unhashable key; `Unsupported` where it needs a buffer or a registry that is not there.
pub(crate) fn build(cx: &Cx<'_, '_>, root: Handle) -> Result<Value> {
    Builder::new(cx, None).build(root)
}

/// The same for an object that is to stay one, though a constructor would make something else of
/// it; objects within it are constructed.
///
/// # Errors
/// As [`build`].
pub(crate) fn build_object(cx: &Cx<'_, '_>, root: Handle) -> Result<Value> {
    Builder::new(cx, Some(root)).build(root)
}

struct Builder<'g, 'de> {
    cx: &'g Cx<'g, 'de>,
    /// The object that is not constructed.
    as_it_is: Option<Handle>,
    /// The globals that have been made.
    globals: RefCell<HashMap<Handle, Arc<Global>>>,
    /// The same, as objects share them.
    callables: RefCell<HashMap<(Handle, How), Callable>>,
}

/// The value or frame that a handle turns out to be.
enum Next<'g, 'de> {
    Value(Value),
    Frame(Frame<'g, 'de>),
    /// A clone of a value that was made before, and how many levels are in it.
    Built(Value, usize),
}

impl<'g, 'de> Builder<'g, 'de> {
    fn new(cx: &'g Cx<'g, 'de>, as_it_is: Option<Handle>) -> Self {
        Self { cx, as_it_is, globals: RefCell::default(), callables: RefCell::default() }
    }

    fn build(&self, root: Handle) -> Result<Value> {
        let mut frame = match self.next(root, 0)? {
            Next::Value(value) | Next::Built(value, _) => return Ok(value),
            Next::Frame(frame) => frame,
        };
        let mut outer: Vec<Frame<'g, 'de>> = Vec::new();
        let mut depth = frame.kind.levels();
        frame.deepest = 1;
        loop {
            match frame.children.next() {
                Some(child) => match self.next(child, depth) {
                    Ok(Next::Value(value)) => frame.values.push(value),
                    Ok(Next::Frame(mut inner)) => {
                        inner.again |= frame.again && !frame.kind.is_kept();
                        inner.deepest = depth + 1;
                        depth += inner.kind.levels();
                        outer.push(std::mem::replace(&mut frame, inner));
                    }
                    Ok(Next::Built(value, levels)) => {
                        frame.deepest = frame.deepest.max(depth + levels);
                        frame.values.push(value);
                    }
                    Err(error) => {
                        return Err(self.cause(error, &outer, &frame));
                    }
                },
                None => {
                    depth -= frame.kind.levels();
                    let Frame { handle, budget, deepest, .. } = frame;
                    let keep = frame.again && frame.kind.is_kept();
                    let value = self.finish(frame).and_then(|value| self.construct(handle, value));
                    let (mut value, made) = match value {
                        Ok(value) => value,
                        Err(error) => return Err(under(self.cx.locate(error, handle), &outer)),
                    };
                    if keep && !made {
                        let (cost, levels) = (budget - self.cx.budget(), deepest - depth);
                        value = value.shared();
                        self.cx.keep_built(handle, Built { value: value.clone(), cost, levels });
                    }
                    match outer.pop() {
                        Some(parent) => frame = parent,
                        None => return Ok(value),
                    }
                    frame.deepest = frame.deepest.max(deepest);
                    frame.values.push(value);
                }
            }
        }
    }

    /// Adds its place to an error. If a limit was exceeded because a container contains itself, the
    /// error is that instead.
    #[cold]
    fn cause(&self, error: Error, outer: &[Frame<'g, 'de>], frame: &Frame<'g, 'de>) -> Error {
        if error.kind() == ErrorKind::Limit {
            let mut seen = HashSet::default();
            let mut again = outer.iter().chain([frame]).map(|frame| frame.handle);
            let again = again.find(|handle| handle.is_object() && !seen.insert(*handle));
            // A ring longer than the limit was not gone round, so no handle came twice.
            let again = again.or(Some(frame.handle));
            if let Some(handle) = again
                && let Some(cycle) = self.cx.describe_cycle(handle)
            {
                let first = outer.iter().position(|frame| frame.handle == handle).unwrap_or(0);
                let error = self.cx.locate(Error::contains_itself(&cycle), handle);
                return under(error, outer.get(..first).unwrap_or_default());
            }
        }
        under(frame.under(error), outer)
    }

    /// Calls the caller's constructor on an object, once for each reference; the flag tells if
    /// there is one.
    #[inline]
    fn construct(&self, handle: Handle, value: Value) -> Result<(Value, bool)> {
        match (&value, self.cx.settings.resolver) {
            (Value::Object(object), Some(resolver)) if self.as_it_is != Some(handle) => {
                let Some(class) = super::construct::class_to_construct(self.cx, handle)? else {
                    return Ok((value, false));
                };
                Ok((resolver.construct(&class, object)?.unwrap_or(value), true))
            }
            _ => Ok((value, self.as_it_is == Some(handle))),
        }
    }

    #[inline]
    fn next(&self, handle: Handle, depth: usize) -> Result<Next<'g, 'de>> {
        let value = match handle.tag() {
            Tag::Shared | Tag::Str1 => {
                match scalar::borrowed_text(self.cx.nodes, self.cx.input, handle) {
                    Some(text) => {
                        self.cx.charge_copy(text.len())?;
                        Value::Str(text.to_owned())
                    }
                    None => return self.other(handle),
                }
            }
            // Text that may be long is counted before it is checked: where the graph owns its
            // input, each reference to it is.
            Tag::Str4 => {
                self.cx.charge_text(handle)?;
                match scalar::borrowed_text(self.cx.nodes, self.cx.input, handle) {
                    Some(text) => Value::Str(text.to_owned()),
                    None => return Err(self.cx.unreadable(handle)),
                }
            }
            Tag::Int => match scalar::short_int(self.cx.input, handle) {
                Some(value) => Value::Int(value),
                None => return self.other(handle),
            },
            Tag::Float8 => match scalar::float(self.cx.nodes, self.cx.input, handle) {
                Some(value) => Value::Float(value),
                None => return self.other(handle),
            },
            Tag::None => Value::None,
            Tag::True => Value::Bool(true),
            Tag::False => Value::Bool(false),
            Tag::List | Tag::Tuple | Tag::Dict | Tag::Set | Tag::FrozenSet => {
                return self.container(handle, depth);
            }
            Tag::Instance | Tag::Persid => return self.object(handle, depth),
            _ => return self.other(handle),
        };
        Ok(Next::Value(value))
    }

    fn check_depth(&self, handle: Handle, depth: usize) -> Result<()> {
        let limit = self.cx.settings.value_depth;
        if depth < limit {
            Ok(())
        } else {
            let error = Error::limit(format!("nested more than {limit} levels deep"));
            Err(self.cx.locate(error, handle))
        }
    }

    /// The value that was made of an object, where that is kept.
    #[inline]
    fn built(&self, handle: Handle, depth: usize) -> Result<Option<Next<'g, 'de>>> {
        match self.cx.built(handle) {
            None => Ok(None),
            Some(Built { value, cost, levels }) => {
                self.check_depth(handle, depth + levels.saturating_sub(1))?;
                let cost = usize::try_from(cost).unwrap_or(usize::MAX);
                self.cx.charge(cost).map_err(|error| self.cx.locate(error, handle))?;
                Ok(Some(Next::Built(value, levels)))
            }
        }
    }

    #[inline]
    fn container(&self, handle: Handle, depth: usize) -> Result<Next<'g, 'de>> {
        self.check_depth(handle, depth)?;
        if !matches!(handle.tag(), Tag::List | Tag::Tuple)
            && let Some(built) = self.built(handle, depth)?
        {
            return Ok(built);
        }
        let nodes = self.cx.nodes;
        let object = nodes.object(handle.number());
        let budget = self.cx.budget();
        let len = self.charge(handle, |cx| cx.charge_contents(&object))?;
        let slot = match handle.tag() {
            Tag::List | Tag::Tuple => cost::VALUE,
            _ => cost::HASHED_VALUE,
        };
        self.charge(handle, |cx| cx.charge_memory(len.saturating_mul(slot)))?;
        let kind = match handle.tag() {
            Tag::List => FrameKind::List,
            Tag::Dict => FrameKind::Dict,
            Tag::Set => FrameKind::Set,
            Tag::FrozenSet => FrameKind::FrozenSet,
            _ => FrameKind::Tuple,
        };
        let children = Children::Contents(nodes.contents(&object));
        let again = object.flags().has(Flags::FETCHED);
        let values = Vec::with_capacity(len);
        Ok(Next::Frame(Frame { handle, kind, children, values, budget, deepest: 0, again }))
    }

    /// Counts something of the container `handle`.
    #[inline]
    fn charge<T>(
        &self,
        handle: Handle,
        charge: impl FnOnce(&Cx<'g, 'de>) -> Result<T>,
    ) -> Result<T> {
        charge(self.cx).map_err(|error| self.cx.locate(error, handle))
    }

    fn frame(
        &self,
        handle: Handle,
        kind: FrameKind,
        children: Vec<Handle>,
        depth: usize,
    ) -> Result<Next<'g, 'de>> {
        self.check_depth(handle, depth)?;
        let budget = self.cx.budget();
        self.charge(handle, |cx| cx.charge_values(children.len()))?;
        let own = if matches!(kind, FrameKind::Object(_)) { cost::OBJECT } else { 0 };
        let slots = children.len().saturating_mul(cost::HASHED_VALUE);
        self.charge(handle, |cx| cx.charge_memory(slots.saturating_add(own)))?;
        let values = Vec::with_capacity(children.len());
        let again = self.cx.nodes.is_fetched(handle);
        let children = Children::Handles(children.into_iter());
        Ok(Next::Frame(Frame { handle, kind, children, values, budget, deepest: 0, again }))
    }

    fn object(&self, handle: Handle, depth: usize) -> Result<Next<'g, 'de>> {
        let nodes = self.cx.nodes;
        if handle.tag() == Tag::Persid {
            self.check_bare(handle)?;
            let id = nodes.first(&nodes.object(handle.number())).to_vec();
            return self.frame(handle, FrameKind::Persid, id, depth);
        }
        if let Some(built) = self.built(handle, depth)? {
            return Ok(built);
        }
        let node = NodeDeserializer::root(self.cx, handle);
        let object = match self.cx.view(handle)? {
            View::Set { frozen, items, taken } => {
                let kind = if frozen { FrameKind::FrozenSet } else { FrameKind::Set };
                return self.frame(handle, kind, node.set_items(items, taken)?, depth);
            }
            View::Object(object) => object,
            View::Bytes { array, .. } => {
                let bytes = self.cx.buffer_bytes(handle)?.unwrap_or_default();
                self.cx.charge_copy(bytes.len())?;
                let bytes = bytes.into_owned();
                return Ok(Next::Value(if array {
                    Value::ByteArray(bytes)
                } else {
                    Value::Bytes(bytes)
                }));
            }
            View::Complex { real, imaginary } => {
                let (re, im) = node.complex_parts(real, imaginary)?;
                return Ok(Next::Value(Value::Complex(Complex { re, im })));
            }
            View::Attribute => return self.global(&node).map(Next::Value),
        };
        let parts = self.cx.parts(&object)?;
        let shape = FrameShape {
            how: parts.how,
            callable: parts.callable,
            args: parts.args.len(),
            kwargs: parts.kwargs.is_some(),
            items: parts.items.len(),
            adds: parts.adds.len(),
            pairs: parts.pairs.len(),
            state: parts.state.is_some(),
            setter: parts.setter.is_some(),
        };
        let mut children = vec![parts.callable];
        children.extend_from_slice(parts.args);
        children.extend(parts.kwargs);
        for run in [parts.items, parts.adds, parts.pairs] {
            children.extend(run);
        }
        children.extend(parts.state);
        children.extend(parts.setter);
        self.frame(handle, FrameKind::Object(Box::new(shape)), children, depth)
    }

    /// A global; each is made once, and charged for each reference as if it were made anew.
    fn global(&self, node: &NodeDeserializer<'g, 'de>) -> Result<Value> {
        let known = self.globals.borrow().get(&node.handle).map(Arc::clone);
        let Some(global) = known else { return self.new_global(node) };
        let names = global.module.len() + global.qualname.len();
        self.cx.charge_copy(names + size_of::<Global>())?;
        Ok(Value::Global(global))
    }

    /// A class or function as the objects that it makes share it.
    fn callable(&self, handle: Handle, how: How, value: Value) -> Callable {
        if !matches!(value, Value::Global(_)) {
            return Callable::new(how, value);
        }
        let mut callables = self.callables.borrow_mut();
        callables.entry((handle, how)).or_insert_with(|| Callable::new(how, value)).clone()
    }

    #[inline(never)]
    fn new_global(&self, node: &NodeDeserializer<'g, 'de>) -> Result<Value> {
        self.check_bare(node.handle)?;
        let (module, qualname) =
            node.global_names().map_err(|error| self.cx.locate(error, node.handle))?;
        self.cx.charge_copy(module.len() + qualname.len() + size_of::<Global>())?;
        let global = Arc::new(Global::new(module, qualname));
        self.globals.borrow_mut().insert(node.handle, Arc::clone(&global));
        Ok(Value::Global(global))
    }

    /// A name or an id is all that a `Value` has of a global or persistent id: what a pickle gives
    /// it besides would be lost.
    fn check_bare(&self, handle: Handle) -> Result<()> {
        let object = self.cx.nodes.object(handle.number());
        if !self.charge(handle, |cx| cx.given(&object))?.is_bare() {
            let error = Error::unsupported(
                "a global or persistent id is given state or items; read it with Graph",
            );
            return Err(self.cx.locate(error, handle));
        }
        Ok(())
    }

    /// The scalars that are not in the most frequent ones.
    #[inline(never)]
    fn other(&self, handle: Handle) -> Result<Next<'g, 'de>> {
        self.scalar(handle).map(Next::Value).map_err(|error| self.cx.locate(error, handle))
    }

    /// Text, or the 8-bit string of Python 2, where that is what it is.
    fn text(&self, handle: Handle) -> Result<Option<Value>> {
        let (nodes, input) = (self.cx.nodes, self.cx.input);
        if self.cx.is_text(handle) {
            self.cx.charge_text(handle)?;
        }
        if let Some(text) = scalar::text(nodes, input, handle) {
            return Ok(Some(match text {
                crate::read::text::Text::Str(text) => Value::Str(text.into_owned()),
                crate::read::text::Text::Surrogates(bytes) => {
                    Value::Surrogates(SurrogateString::from_bytes(bytes.into_owned())?)
                }
            }));
        }
        let Some(chars) = self.cx.chars(handle)? else { return Ok(None) };
        match self.cx.decode_chars(&chars) {
            Ok(Some(text)) => Ok(Some(Value::Str(text.into_owned()))),
            Ok(None) => Ok(Some(Value::Bytes(chars.into_owned()))),
            // Bytes that are not text stay bytes, unless the caller chose an encoding.
            Err(_) if self.cx.settings.encoding == Encoding::Utf8 => {
                Ok(Some(Value::Bytes(chars.into_owned())))
            }
            Err(error) => Err(error),
        }
    }

    fn scalar(&self, handle: Handle) -> Result<Value> {
        if let Some(int) = self.cx.int(handle)? {
            return Ok(match int {
                Int::Small(value) => Value::Int(value),
                Int::Long(bytes) => {
                    self.cx.charge_memory(bytes.len())?;
                    Value::from(num_bigint::BigInt::from_signed_bytes_le(bytes))
                }
                Int::Big(value) => Value::from(value.into_owned()),
            });
        }
        if let Some(value) = self.cx.float(handle)? {
            return Ok(Value::Float(value));
        }
        if let Some(text) = self.text(handle)? {
            return Ok(text);
        }
        match handle.tag() {
            Tag::EmptyTuple => Ok(Value::Tuple(Vec::new())),
            Tag::Global | Tag::Ext => self.global(&NodeDeserializer::root(self.cx, handle)),
            Tag::Buffer | Tag::View => {
                let Some(bytes) = self.cx.buffer_bytes(handle)? else {
                    return Err(self.cx.unreadable(handle));
                };
                self.cx.charge_copy(bytes.len())?;
                let readonly = self.cx.is_readonly(handle)?;
                Ok(Value::Buffer(Box::new(PickleBuffer { data: bytes.into_owned(), readonly })))
            }
            tag => {
                let Some(bytes) = self.cx.buffer_bytes(handle)? else {
                    return Err(self.cx.unreadable(handle));
                };
                self.cx.charge_copy(bytes.len())?;
                let bytes = bytes.into_owned();
                Ok(if tag == Tag::ByteArray {
                    Value::ByteArray(bytes)
                } else {
                    Value::Bytes(bytes)
                })
            }
        }
    }
}

impl<'g, 'de> Builder<'g, 'de> {
    /// The value of a container, now that all its children are there.
    fn finish(&self, frame: Frame<'g, 'de>) -> Result<Value> {
        let Frame { handle, kind, values, .. } = frame;
        Ok(match kind {
            FrameKind::List => Value::List(values),
            FrameKind::Tuple => Value::Tuple(values),
            FrameKind::Set => Value::Set(self.set(handle, values)?),
            FrameKind::FrozenSet => Value::FrozenSet(self.set(handle, values)?),
            FrameKind::Dict => Value::Dict(self.dict(handle, values)?),
            FrameKind::Persid => {
                Value::PersistentId(Box::new(values.into_iter().next().unwrap_or_default()))
            }
            FrameKind::Object(shape) => {
                let callable = |value| self.callable(shape.callable, shape.how, value);
                Value::from(shape.object(values, callable)?)
            }
        })
    }

    /// A dict of keys and values in turn.
    fn dict(&self, handle: Handle, values: Vec<Value>) -> Result<Dict> {
        let mut dict = Dict::with_capacity(values.len() / 2);
        let mut known = Identities::new(self, handle, 2);
        let mut values = values.into_iter();
        let mut index = 0;
        while let (Some(key), Some(value)) = (values.next(), values.next()) {
            if !is_told_by_identity(&key) {
                dict.try_insert(key, value)?;
            } else if let Some(place) = known.place(index) {
                if let Some((_, old)) = dict.get_index_mut(place) {
                    *old = value;
                }
            } else {
                let (place, _) = dict.insert_full(key, value)?;
                known.note(index, place);
            }
            index += 1;
        }
        Ok(dict)
    }

    fn set(&self, handle: Handle, values: Vec<Value>) -> Result<Set> {
        let mut set = Set::with_capacity(values.len());
        let mut known = Identities::new(self, handle, 1);
        for (index, element) in values.into_iter().enumerate() {
            if is_told_by_identity(&element) {
                if known.place(index).is_some() {
                    continue;
                }
                known.note(index, set.len());
            }
            set.try_insert(element)?;
        }
        Ok(set)
    }

    /// The items that a dict or set was built of, as handles.
    fn children(&self, handle: Handle) -> Vec<Handle> {
        let nodes = self.cx.nodes;
        match handle.tag() {
            Tag::Instance => {
                let node = NodeDeserializer::root(self.cx, handle);
                match self.cx.view(handle) {
                    Ok(View::Set { items, taken, .. }) => {
                        node.set_items(items, taken).unwrap_or_default()
                    }
                    _ => Vec::new(),
                }
            }
            _ => nodes.contents(&nodes.object(handle.number())).collect(),
        }
    }
}

/// The keys of one container that are told apart by which object they are: an object fetched from
/// the memo is the key that it was before. Costs nothing until such a key comes.
struct Identities<'b, 'g, 'de> {
    builder: &'b Builder<'g, 'de>,
    container: Handle,
    /// A key is every `step`th child.
    step: usize,
    children: Vec<Handle>,
    places: HashMap<Handle, usize>,
}

impl<'b, 'g, 'de> Identities<'b, 'g, 'de> {
    fn new(builder: &'b Builder<'g, 'de>, container: Handle, step: usize) -> Self {
        Self { builder, container, step, children: Vec::new(), places: HashMap::default() }
    }

    /// The object that key number `index` is.
    fn key(&mut self, index: usize) -> Option<Handle> {
        if self.children.is_empty() {
            self.children = self.builder.children(self.container);
        }
        self.children.get(index * self.step).map(|key| self.builder.cx.nodes.identity(*key))
    }

    /// The place of that object in the container, if it is a key already.
    fn place(&mut self, index: usize) -> Option<usize> {
        let key = self.key(index)?;
        self.places.get(&key).copied()
    }

    fn note(&mut self, index: usize, place: usize) {
        if let Some(key) = self.key(index) {
            self.places.insert(key, place);
        }
    }
}
