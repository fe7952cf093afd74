//! `Value` → nodes: the way back from a tree into a graph, in a loop.
//!
//! Values that a caller gives for a persistent id or an object go through here, so that all readers
//! see only nodes. Leaves become constants. Children are built before their container, with a stack
//! of tasks in place of recursion: a task is a value still to be looked at, or a container whose
//! children are by then the topmost handles.
//!
//! A value that comes in shares nothing with any other; each import is a copy of its own. Dicts,
//! sets and objects that are shared within it become one object, as they were in the pickle that
//! the value came from.

use std::borrow::Cow;
use std::sync::Arc;

use foldhash::HashMap;

use super::handle::{Handle, Tag};
use super::known::{Known, may_be_called, understand};
use super::spelling::Spelling;
use super::store::{Const, Flags, Nodes, RunKind};
use crate::error::{Error, Result};
use crate::limits;
use crate::reduce::{Global, How, Reduce, UNCALLABLE};
use crate::value::{SharedKey, Value};

/// A value that becomes nodes, which own their payloads or borrow them from it.
pub(crate) enum Input<'v> {
    Owned(Value),
    Borrowed(&'v Value),
}

impl Input<'_> {
    fn get(&self) -> &Value {
        match self {
            Self::Owned(value) => value,
            Self::Borrowed(value) => value,
        }
    }
}

impl From<Value> for Input<'_> {
    fn from(value: Value) -> Self {
        Self::Owned(value)
    }
}

impl<'v> From<&'v Value> for Input<'v> {
    fn from(value: &'v Value) -> Self {
        Self::Borrowed(value)
    }
}

/// A value made into nodes.
pub(crate) struct Imported {
    pub(crate) root: Handle,
    /// Bytes that the nodes count against an expansion budget.
    pub(crate) size: u64,
    /// Bytes that the whole tree of the value counts, with shared parts once for each reference.
    pub(crate) unfolded: u64,
}

/// Makes nodes of `value`; they say that they come from byte `offset`.
///
/// # Errors
/// An object whose class is not a class; more nodes than 32 bits can number.
pub(crate) fn import<'v>(
    nodes: &mut Nodes<'v>,
    value: impl Into<Input<'v>>,
    offset: usize,
) -> Result<Imported> {
    let mut importer = Importer {
        nodes,
        offset,
        tasks: vec![Task::Value(value.into())],
        done: Vec::new(),
        size: 0,
        unfolded: 0,
        shared: HashMap::default(),
    };
    importer.run()?;
    let root = importer.done.pop().unwrap_or(Handle::VACANT);
    Ok(Imported { root, size: importer.size, unfolded: importer.unfolded })
}

struct Importer<'n, 'de> {
    nodes: &'n mut Nodes<'de>,
    offset: usize,
    tasks: Vec<Task<'de>>,
    done: Vec<Handle>,
    size: u64,
    unfolded: u64,
    /// The nodes made of shared values. The values are held, so that no other gets their address.
    shared: HashMap<SharedKey, (Handle, u64, Value)>,
}

enum Task<'v> {
    Value(Input<'v>),
    /// A container of this many handles.
    Container(Tag, usize),
    Object(Box<PartCounts>),
    /// Notes the handle that was made last as that of a shared value; the number is what was
    /// unfolded before it.
    Shared(Box<(SharedKey, Value, u64)>),
}

/// The number of handles of each part of an object, in the order of the fields behind the callable.
struct PartCounts {
    how: How,
    args: usize,
    items: usize,
    adds: usize,
    pairs: usize,
    state: bool,
    setter: bool,
}

/// A value, owned or borrowed, by the kind of node that it becomes.
enum Part<'v> {
    Plain(Tag),
    Const(Const<'v>),
    /// A payload of bytes under an object.
    Bytes(Tag, Flags, Cow<'v, [u8]>),
    Complex(f64, f64),
    Global(Cow<'v, str>, Cow<'v, str>),
    Container(Tag, Vec<Input<'v>>),
    Object(PartCounts, Vec<Input<'v>>),
}

impl<'v> Part<'v> {
    fn of(value: Input<'v>) -> Result<Self> {
        match value {
            Input::Owned(value) => Self::of_owned(value),
            Input::Borrowed(value) => Self::of_borrowed(value),
        }
    }

    fn of_owned(value: Value) -> Result<Self> {
        let items = |items: Vec<Value>| items.into_iter().map(Input::Owned).collect();
        Ok(match value {
            Value::None => Self::Plain(Tag::None),
            Value::Bool(true) => Self::Plain(Tag::True),
            Value::Bool(false) => Self::Plain(Tag::False),
            Value::Int(int) => Self::Const(Const::Int(int)),
            Value::BigInt(int) => Self::Const(Const::BigInt(Cow::Owned(int))),
            Value::Float(float) => Self::Const(Const::Float(float)),
            Value::Str(text) => Self::Const(Const::Str(Cow::Owned(text))),
            Value::Surrogates(text) => {
                Self::Const(Const::Surrogates(Cow::Owned(text.as_bytes().to_vec())))
            }
            Value::Bytes(bytes) => Self::Const(Const::Bytes(Cow::Owned(bytes))),
            Value::ByteArray(bytes) => {
                Self::Bytes(Tag::ByteArray, Flags::default(), Cow::Owned(bytes))
            }
            Value::Buffer(buffer) => {
                Self::Bytes(Tag::View, writable(!buffer.readonly), Cow::Owned(buffer.data))
            }
            Value::Tuple(of) if of.is_empty() => Self::Plain(Tag::EmptyTuple),
            Value::Tuple(of) => Self::Container(Tag::Tuple, items(of)),
            Value::List(of) => Self::Container(Tag::List, items(of)),
            Value::Set(of) => Self::Container(Tag::Set, of.into_iter().map(Input::Owned).collect()),
            Value::FrozenSet(of) => {
                Self::Container(Tag::FrozenSet, of.into_iter().map(Input::Owned).collect())
            }
            Value::Dict(dict) => {
                let mut children = Vec::with_capacity(2 * dict.len());
                for (key, value) in dict {
                    children.push(Input::Owned(key));
                    children.push(Input::Owned(value));
                }
                Self::Container(Tag::Dict, children)
            }
            Value::PersistentId(id) => Self::Container(Tag::Persid, vec![Input::Owned(*id)]),
            Value::Complex(complex) => Self::Complex(complex.re, complex.im),
            Value::Global(global) => {
                let Global { module, qualname } = Arc::unwrap_or_clone(global);
                Self::Global(Cow::Owned(module), Cow::Owned(qualname))
            }
            Value::Object(object) => {
                let (shape, parts) = (PartCounts::of(&object), Arc::unwrap_or_clone(object));
                let more = parts.more.map(|more| *more).unwrap_or_default();
                // By loops: chains of iterators are ten times as much to compile.
                let mut children = vec![Input::Owned(parts.callable.into())];
                let mut add = |value| children.push(Input::Owned(value));
                parts.args.into_iter().for_each(&mut add);
                add(Value::Dict(more.kwargs));
                more.listitems.into_iter().for_each(&mut add);
                more.setitems.into_iter().for_each(&mut add);
                for (key, value) in more.dictitems {
                    add(key);
                    add(value);
                }
                parts.state.into_iter().for_each(|state| add(*state));
                more.state_setter.into_iter().for_each(&mut add);
                Self::Object(shape, children)
            }
        })
    }

    fn of_borrowed(value: &'v Value) -> Result<Self> {
        let items = |items: &'v [Value]| items.iter().map(Input::Borrowed).collect();
        Ok(match value {
            Value::BigInt(int) => Self::Const(Const::BigInt(Cow::Borrowed(int))),
            Value::Str(text) => Self::Const(Const::Str(Cow::Borrowed(text))),
            Value::Surrogates(text) => {
                Self::Const(Const::Surrogates(Cow::Borrowed(text.as_bytes())))
            }
            Value::Bytes(bytes) => Self::Const(Const::Bytes(Cow::Borrowed(bytes))),
            Value::ByteArray(bytes) => {
                Self::Bytes(Tag::ByteArray, Flags::default(), Cow::Borrowed(bytes))
            }
            Value::Buffer(buffer) => {
                Self::Bytes(Tag::View, writable(!buffer.readonly), Cow::Borrowed(&buffer.data))
            }
            Value::Tuple(of) if !of.is_empty() => Self::Container(Tag::Tuple, items(of)),
            Value::List(of) => Self::Container(Tag::List, items(of)),
            Value::Set(of) => Self::Container(Tag::Set, of.iter().map(Input::Borrowed).collect()),
            Value::FrozenSet(of) => {
                Self::Container(Tag::FrozenSet, of.iter().map(Input::Borrowed).collect())
            }
            Value::Dict(dict) => {
                let mut children = Vec::with_capacity(2 * dict.len());
                for (key, value) in dict {
                    children.push(Input::Borrowed(key));
                    children.push(Input::Borrowed(value));
                }
                Self::Container(Tag::Dict, children)
            }
            Value::PersistentId(id) => Self::Container(Tag::Persid, vec![Input::Borrowed(id)]),
            Value::Global(global) => {
                Self::Global(Cow::Borrowed(&global.module), Cow::Borrowed(&global.qualname))
            }
            Value::Object(object) => {
                let mut children = vec![Input::Borrowed(&object.callable)];
                children.extend(object.args.iter().map(Input::Borrowed));
                // A dict is no value of its own there; it is small, as keyword arguments are, and
                // nearly always empty.
                children.push(Input::Owned(Value::Dict(object.kwargs.clone())));
                let mut add = |value| children.push(Input::Borrowed(value));
                object.listitems.iter().for_each(&mut add);
                object.setitems.iter().for_each(&mut add);
                for (key, value) in &object.dictitems {
                    add(key);
                    add(value);
                }
                object.state.iter().for_each(|state| add(state));
                object.state_setter.iter().for_each(&mut add);
                Self::Object(PartCounts::of(object), children)
            }
            Value::None
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Complex(_)
            | Value::Tuple(_) => {
                return Self::of_owned(value.clone());
            }
        })
    }

    /// Bytes that the constant counts beside the value itself.
    fn cost(&self) -> u64 {
        let bytes = match self {
            Self::Const(Const::BigInt(int)) => return int.bits() / 8,
            Self::Const(Const::Str(text)) => text.len(),
            Self::Const(Const::Surrogates(bytes) | Const::Bytes(bytes))
            | Self::Bytes(.., bytes) => bytes.len(),
            Self::Global(module, qualname) => module.len() + qualname.len(),
            _ => 0,
        };
        bytes as u64
    }
}

fn writable(writable: bool) -> Flags {
    Flags::default().with(Flags::WRITABLE, writable)
}

impl PartCounts {
    fn of(object: &Reduce) -> Self {
        Self {
            how: object.how(),
            args: object.args.len(),
            items: object.listitems.len(),
            adds: object.setitems.len(),
            pairs: 2 * object.dictitems.len(),
            state: object.state.is_some(),
            setter: object.state_setter.is_some(),
        }
    }
}

impl<'de> Importer<'_, 'de> {
    fn run(&mut self) -> Result<()> {
        while let Some(task) = self.tasks.pop() {
            let handle = match task {
                Task::Value(value) => match self.begin(value)? {
                    Some(handle) => handle,
                    None => continue,
                },
                Task::Container(tag, count) => {
                    let contents = self.take(count);
                    self.container(tag, &contents)?
                }
                Task::Object(shape) => self.object(&shape)?,
                Task::Shared(noted) => {
                    let (key, value, before) = *noted;
                    if let Some(&handle) = self.done.last() {
                        let unfolded = self.unfolded - before;
                        self.shared.insert(key, (handle, unfolded, value));
                    }
                    continue;
                }
            };
            self.done.push(handle);
        }
        Ok(())
    }

    /// The handles that were made last.
    fn take(&mut self, count: usize) -> Vec<Handle> {
        self.done.split_off(self.done.len().saturating_sub(count))
    }

    /// The handle of a leaf; for anything else its tasks are noted.
    fn begin(&mut self, value: Input<'de>) -> Result<Option<Handle>> {
        if let Some(key) = value.get().shared_key() {
            if let Some(&(handle, unfolded, _)) = self.shared.get(&key) {
                self.nodes.note_fetched(handle);
                self.size += limits::EXPANSION_PER_VALUE;
                self.unfolded = self.unfolded.saturating_add(unfolded);
                return Ok(Some(handle));
            }
            let noted = (key, value.get().clone(), self.unfolded);
            self.tasks.push(Task::Shared(Box::new(noted)));
        }
        let part = Part::of(value)?;
        let cost = limits::EXPANSION_PER_VALUE + part.cost();
        self.size += cost;
        self.unfolded = self.unfolded.saturating_add(cost);
        match part {
            Part::Plain(tag) => Ok(Some(Handle::new(tag, 0, self.offset))),
            Part::Const(constant) => self.nodes.push_const(constant).map(Some),
            Part::Bytes(tag, flags, bytes) => {
                let payload = self.nodes.push_const(Const::Bytes(bytes))?;
                self.nodes.push_object(tag, flags, self.offset, &[payload]).map(Some)
            }
            Part::Complex(re, im) => {
                let [re, im] = [re, im].map(|part| self.nodes.push_const(Const::Float(part)));
                let (re, im) = (re?, im?);
                let class = self.global("builtins".into(), "complex".into())?;
                let arguments = self.container(Tag::Tuple, &[re, im])?;
                self.instance(Spelling::Reduce, &[class, arguments]).map(Some)
            }
            Part::Global(module, qualname) => self.global(module, qualname).map(Some),
            Part::Container(tag, children) => {
                self.open(Task::Container(tag, children.len()), children);
                Ok(None)
            }
            Part::Object(shape, children) => {
                self.open(Task::Object(Box::new(shape)), children);
                Ok(None)
            }
        }
    }

    /// Pushes the task for a container and its children, the first child on top.
    fn open(&mut self, task: Task<'de>, children: Vec<Input<'de>>) {
        self.tasks.push(task);
        self.tasks.extend(children.into_iter().rev().map(Task::Value));
    }

    fn container(&mut self, tag: Tag, contents: &[Handle]) -> Result<Handle> {
        let unhashable =
            tag == Tag::Tuple && !contents.iter().all(|&item| self.nodes.is_hashable(item));
        let flags = Flags::default().with(Flags::UNHASHABLE, unhashable);
        self.nodes.push_object(tag, flags, self.offset, contents)
    }

    fn global(&mut self, module: Cow<'de, str>, qualname: Cow<'de, str>) -> Result<Handle> {
        let known = Known::of_global(&module, &qualname);
        let names = [module, qualname].map(|name| self.nodes.push_const(Const::Str(name)));
        let [module, qualname] = names;
        let flags = Flags::with_low(known as u8).with(Flags::DOTTED, true);
        self.nodes.push_object(Tag::Global, flags, self.offset, &[module?, qualname?])
    }

    /// Makes an instance of its callable and arguments, and finds out if it spells a builtin.
    fn instance(&mut self, spelling: Spelling, parts: &[Handle]) -> Result<Handle> {
        let handle = self.nodes.push_object(Tag::Instance, spelling.flags(), self.offset, parts)?;
        if let &[callable, arguments] = parts
            && spelling == Spelling::Reduce
            && callable.tag() == Tag::Global
        {
            let known = Known::from_number(self.nodes.object(callable.number()).flags().low());
            if known != Known::Nothing {
                understand(self.nodes, &[], handle.number(), known, arguments)?;
            }
        }
        Ok(handle)
    }

    fn object(&mut self, shape: &PartCounts) -> Result<Handle> {
        let count = 2
            + shape.args
            + shape.items
            + shape.adds
            + shape.pairs
            + usize::from(shape.state)
            + usize::from(shape.setter);
        let mut parts = self.take(count).into_iter();
        let callable = parts.next().unwrap_or(Handle::VACANT);
        if !may_be_called(self.nodes, callable) {
            return Err(Error::data(UNCALLABLE));
        }
        let positional: Vec<Handle> = parts.by_ref().take(shape.args).collect();
        let kwargs = parts.next().unwrap_or(Handle::VACANT);
        let spelling = match shape.how {
            How::Call => Spelling::Reduce,
            How::NewObj => Spelling::NewObj,
            How::NewObjEx => Spelling::NewObjEx,
            How::Inst => Spelling::Inst,
        };
        let mut first = vec![callable];
        match (spelling, shape.args) {
            (Spelling::Inst, _) => first.extend_from_slice(&positional),
            (_, 0) => first.push(Handle::new(Tag::EmptyTuple, 0, self.offset)),
            _ => first.push(self.container(Tag::Tuple, &positional)?),
        }
        if spelling == Spelling::NewObjEx {
            first.push(kwargs);
        }
        let handle = self.instance(spelling, &first)?;
        for (kind, count) in [
            (RunKind::Items, shape.items),
            (RunKind::Adds, shape.adds),
            (RunKind::Pairs, shape.pairs),
        ] {
            let run: Vec<Handle> = parts.by_ref().take(count).collect();
            if !run.is_empty() {
                self.nodes.extend(handle.number(), kind, &run, self.offset)?;
            }
        }
        let state = parts.by_ref().take(usize::from(shape.state)).next();
        self.give_state(handle.number(), parts.next(), state)?;
        Ok(handle)
    }

    /// Gives an object its state, and the function that sets it.
    fn give_state(
        &mut self,
        number: u32,
        setter: Option<Handle>,
        state: Option<Handle>,
    ) -> Result<()> {
        // A setter without a state sets nothing.
        let Some(state) = state else { return Ok(()) };
        match setter {
            Some(setter) if !may_be_called(self.nodes, setter) => Err(Error::data(UNCALLABLE)),
            Some(setter) => {
                self.nodes.extend(number, RunKind::Setter, &[setter, state], self.offset)
            }
            None => self.nodes.extend(number, RunKind::State, &[state], self.offset),
        }
    }
}
