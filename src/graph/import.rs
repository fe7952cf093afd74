//! `Value` → nodes: the way back from a tree into a graph, in a loop.
//!
//! What a caller gives for a persistent id or an object goes through here, so that everything that reads sees one kind of
//! thing. Leaves become constants. Children are built before what holds them, with a stack of tasks in place of
//! recursion: a task is a value still to be looked at, or a container whose children are by then the topmost handles.
//!
//! A value that comes in shares nothing with any other; each import is a copy of its own.

use std::borrow::Cow;

use super::handle::{Handle, Tag};
use super::nodes::{Const, Flags, Nodes, RunKind};
use crate::error::{Error, Result};
use crate::limits;
use crate::machine::{Known, Spelling};
use crate::reduce::{How, Reduce};
use crate::value::Value;

/// Makes nodes of `value`; they say that they come from byte `offset`. Gives the root, and what the value counts against
/// an expansion budget.
///
/// # Errors
/// An object whose arguments are no tuple, or whose class is none; more nodes than 32 bits can number.
pub(crate) fn import(nodes: &mut Nodes<'_>, value: Value, offset: usize) -> Result<(Handle, u64)> {
    let mut importer = Importer { nodes, offset, tasks: vec![Task::Value(value)], done: Vec::new(), cost: 0 };
    importer.run()?;
    let root = importer.done.pop().unwrap_or(Handle::VACANT);
    Ok((root, importer.cost))
}

struct Importer<'n, 'de> {
    nodes: &'n mut Nodes<'de>,
    offset: usize,
    tasks: Vec<Task>,
    done: Vec<Handle>,
    cost: u64,
}

enum Task {
    Value(Value),
    /// A container of this many handles.
    Container(Tag, usize),
    Object(Box<Shape>),
}

/// How the handles of an object are its parts, in the order of the fields behind the callable.
struct Shape {
    how: How,
    args: Option<usize>,
    items: usize,
    adds: usize,
    pairs: usize,
    state: bool,
    setter: bool,
}

impl Importer<'_, '_> {
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
    fn begin(&mut self, value: Value) -> Result<Option<Handle>> {
        self.cost += limits::EXPANSION_PER_VALUE;
        let here = |tag| Ok(Some(Handle::new(tag, 0, self.offset)));
        let constant = match value {
            Value::None => return here(Tag::None),
            Value::Bool(true) => return here(Tag::True),
            Value::Bool(false) => return here(Tag::False),
            Value::Int(int) => Const::Int(int),
            Value::BigInt(int) => {
                self.cost += int.bits() / 8;
                Const::BigInt(Cow::Owned(*int))
            }
            Value::Float(float) => Const::Float(float),
            Value::Str(text) => {
                self.cost += text.len() as u64;
                Const::Str(Cow::Owned(text))
            }
            Value::Surrogates(text) => {
                self.cost += text.as_bytes().len() as u64;
                Const::Surrogates(Cow::Owned(text.as_bytes().to_vec()))
            }
            Value::Bytes(bytes) => {
                self.cost += bytes.len() as u64;
                Const::Bytes(Cow::Owned(bytes))
            }
            Value::ByteArray(bytes) => return self.bytes(Tag::ByteArray, bytes).map(Some),
            Value::Buffer(buffer) => {
                let tag = if buffer.readonly { Tag::View } else { Tag::ByteArray };
                return self.bytes(tag, buffer.data).map(Some);
            }
            Value::Tuple(items) if items.is_empty() => return here(Tag::EmptyTuple),
            Value::Tuple(items) => {
                self.open(Tag::Tuple, items.into_iter());
                return Ok(None);
            }
            Value::List(items) => {
                self.open(Tag::List, items.into_iter());
                return Ok(None);
            }
            Value::Set(items) => {
                self.open(Tag::Set, items.into_iter());
                return Ok(None);
            }
            Value::FrozenSet(items) => {
                self.open(Tag::FrozenSet, items.into_iter());
                return Ok(None);
            }
            Value::Dict(dict) => {
                self.open(Tag::Dict, dict.into_iter().flat_map(|(key, value)| [key, value]));
                return Ok(None);
            }
            Value::PersistentId(id) => {
                self.open(Tag::Persid, std::iter::once(*id));
                return Ok(None);
            }
            Value::Complex(complex) => {
                let [re, im] = [complex.re, complex.im].map(|part| self.nodes.push_const(Const::Float(part)));
                return self.complex(re?, im?).map(Some);
            }
            Value::Global(global) => {
                self.cost += (global.module.len() + global.qualname.len()) as u64;
                return self.global(global.module, global.qualname).map(Some);
            }
            Value::Object(object) => {
                self.open_object(*object)?;
                return Ok(None);
            }
        };
        self.nodes.push_const(constant).map(Some)
    }

    /// Notes a container and its children.
    fn open(&mut self, tag: Tag, children: impl Iterator<Item = Value>) {
        let at = self.tasks.len();
        self.tasks.push(Task::Container(tag, 0));
        self.tasks.extend(children.map(Task::Value));
        let count = self.tasks.len() - at - 1;
        if let Some(task) = self.tasks.get_mut(at) {
            *task = Task::Container(tag, count);
        }
        self.first_child_on_top(at);
    }

    /// Tasks are taken from the end, and the first child is to be the first.
    fn first_child_on_top(&mut self, at: usize) {
        if let Some(children) = self.tasks.get_mut(at + 1..) {
            children.reverse();
        }
    }

    fn open_object(&mut self, object: Reduce) -> Result<()> {
        let at = self.tasks.len();
        let args = match object.args {
            Value::Tuple(items) => Some(items),
            Value::None => None,
            _ => return Err(Error::data("the arguments of an object are no tuple")),
        };
        let shape = Shape {
            how: object.how,
            args: args.as_ref().map(Vec::len),
            items: object.listitems.len(),
            adds: object.setitems.len(),
            pairs: 2 * object.dictitems.len(),
            state: object.state.is_some(),
            setter: object.state_setter.is_some(),
        };
        let children = std::iter::once(object.callable)
            .chain(args.unwrap_or_default())
            .chain([Value::Dict(object.kwargs)])
            .chain(object.listitems)
            .chain(object.setitems)
            .chain(object.dictitems.into_iter().flat_map(|(key, value)| [key, value]))
            .chain(object.state)
            .chain(object.state_setter);
        self.tasks.push(Task::Object(Box::new(shape)));
        self.tasks.extend(children.map(Task::Value));
        self.first_child_on_top(at);
        Ok(())
    }

    fn container(&mut self, tag: Tag, contents: &[Handle]) -> Result<Handle> {
        let unhashable = tag == Tag::Tuple && !contents.iter().all(|&item| self.nodes.is_hashable(item));
        let flags = Flags::default().with(Flags::UNHASHABLE, unhashable);
        self.nodes.push_object(tag, flags, self.offset, contents)
    }

    fn bytes(&mut self, tag: Tag, bytes: Vec<u8>) -> Result<Handle> {
        self.cost += bytes.len() as u64;
        let payload = self.nodes.push_const(Const::Bytes(Cow::Owned(bytes)))?;
        self.container(tag, &[payload])
    }

    fn global(&mut self, module: String, qualname: String) -> Result<Handle> {
        let known = Known::of_global(&module, &qualname);
        let names = [module, qualname].map(|name| self.nodes.push_const(Const::Str(Cow::Owned(name))));
        let [module, qualname] = names;
        let flags = Flags::with_low(known as u8).with(Flags::DOTTED, true);
        self.nodes.push_object(Tag::Global, flags, self.offset, &[module?, qualname?])
    }

    fn complex(&mut self, re: Handle, im: Handle) -> Result<Handle> {
        let class = self.global("builtins".to_owned(), "complex".to_owned())?;
        let arguments = self.container(Tag::Tuple, &[re, im])?;
        let flags = Spelling::with_known(Spelling::Reduce.flags(), Known::Complex);
        self.nodes.push_object(Tag::Instance, flags, self.offset, &[class, arguments])
    }

    fn object(&mut self, shape: &Shape) -> Result<Handle> {
        let args = shape.args.unwrap_or(0);
        let count =
            2 + args + shape.items + shape.adds + shape.pairs + usize::from(shape.state) + usize::from(shape.setter);
        let mut parts = self.take(count).into_iter();
        let callable = parts.next().unwrap_or(Handle::VACANT);
        if !matches!(callable.tag(), Tag::Global | Tag::Ext | Tag::Persid | Tag::Instance) {
            return Err(Error::data("the callable of an object is no class or function"));
        }
        let positional: Vec<Handle> = parts.by_ref().take(args).collect();
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
            (_, None) => first.push(Handle::new(Tag::None, 0, self.offset)),
            (_, Some(0)) => first.push(Handle::new(Tag::EmptyTuple, 0, self.offset)),
            (_, Some(_)) => first.push(self.container(Tag::Tuple, &positional)?),
        }
        if spelling == Spelling::NewObjEx {
            first.push(kwargs);
        }
        let handle = self.nodes.push_object(Tag::Instance, spelling.flags(), self.offset, &first)?;
        for (kind, count) in [(RunKind::Items, shape.items), (RunKind::Adds, shape.adds), (RunKind::Pairs, shape.pairs)]
        {
            let run: Vec<Handle> = parts.by_ref().take(count).collect();
            if !run.is_empty() {
                self.nodes.extend(handle.number(), kind, &run, self.offset)?;
            }
        }
        let state = parts.by_ref().take(usize::from(shape.state)).next();
        match (parts.next(), state) {
            (Some(setter), state) => {
                let state = state.unwrap_or(Handle::new(Tag::None, 0, self.offset));
                self.nodes.extend(handle.number(), RunKind::Setter, &[setter, state], self.offset)?;
            }
            (None, Some(state)) => self.nodes.extend(handle.number(), RunKind::State, &[state], self.offset)?,
            (None, None) => {}
        }
        Ok(handle)
    }
}
