//! A graph as a pickle: CPython's pickler over nodes.
//!
//! [`Writer::save`] is `save` in CPython's `Modules/_pickle.c`, and so on down: the order of instructions, what is memoized
//! when, batches, frames, and how something that is reached through itself is put right with POP and GET, are all as the
//! C pickler has them. So a pickle that it wrote, read and written at its protocol, comes out byte for byte; and any other
//! one comes out as CPython would have written these objects. Reduces are written as they were read, those included that
//! only spell a builtin.
//!
//! An older protocol than the pickle's has no opcode for some things: those are spelled as the serializer spells them, by
//! [`Emitter`]. There the only object that cannot be written is one that a set contains which is an argument of that object
//! itself: CPython recurses without end on it.
//!
//! Nothing recurses here. What is left to do is on a stack of [`Task`]s; a task that needs something else done first leaves
//! it in `pending` and is asked again afterwards.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;

use foldhash::fast::RandomState;

use super::Graph;
use super::batch::{Batches, Feed, Kind, Next};
use super::handle::{Handle, Tag};
use super::memoized::Memoized;
use super::nodes::{Const, Contents, Flags, Nodes, Object, RunKind};
use super::scalar::{self, Int};
use super::view::{global_names, tuple_items};
use crate::error::{Error, Result};
use crate::limits;
use crate::machine::Spelling;
use crate::opcode::Opcode;
use crate::protocol::Protocol;
use crate::read::text::Text;
use crate::ser::SerOptions;
use crate::write::{Emitter, Memory, Sink, Stream};

impl Graph<'_> {
    /// Writes the graph as a pickle of the protocol that it was read from; one that was built is of protocol 4.
    ///
    /// Every reference is kept: what was one object is one object again when Python loads it, an object that contains itself
    /// included. A pickle that CPython wrote comes out as the same bytes. [`SerOptions::graph_to_vec`] has the other
    /// protocols.
    ///
    /// # Errors
    /// `Unsupported` where the protocol cannot say something: a persistent id that is no text at protocol 0, an extension
    /// code at protocols 0 and 1.
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// // a = []; a.append(a); pickle.dumps(a, 4)
    /// let bytes = b"\x80\x04]\x94h\x00a.";
    /// assert_eq!(Graph::from_slice(bytes)?.to_vec()?, bytes);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn to_vec(&self) -> Result<Vec<u8>> {
        SerOptions::new().protocol(self.protocol()).graph_to_vec(self)
    }

    /// Writes the graph into `writer`, as [`to_vec`](Self::to_vec) does; in pieces of about 64 KiB, and without a flush.
    ///
    /// # Errors
    /// As [`to_vec`](Self::to_vec); and `Io`, where the writer fails.
    pub fn to_writer<W: io::Write>(&self, writer: W) -> Result<()> {
        SerOptions::new().protocol(self.protocol()).graph_to_writer(writer, self)
    }
}

impl SerOptions {
    /// Writes a [`Graph`], every shared and recursive reference kept; see [`Graph::to_vec`].
    ///
    /// What an older protocol has no opcode for is spelled as CPython spells it. Of the options, `memoize_strings` has no
    /// meaning here: what is one text in the graph is one in the pickle.
    ///
    /// # Errors
    /// As [`Graph::to_vec`].
    ///
    /// ```
    /// use serde_pickle::{Graph, Protocol, SerOptions};
    ///
    /// // pickle.dumps({1}, 4), and what pickle.dumps({1}, 2) gives
    /// let graph = Graph::from_slice(b"\x80\x04\x95\x07\0\0\0\0\0\0\0\x8f\x94(K\x01\x90.")?;
    /// let old = SerOptions::new().protocol(Protocol::V2).graph_to_vec(&graph)?;
    /// assert_eq!(old, b"\x80\x02c__builtin__\nset\nq\x00]K\x01a\x85Rq\x01.");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn graph_to_vec(&self, graph: &Graph<'_>) -> Result<Vec<u8>> {
        let mut writer = Writer::new(graph, self.emitter(Memory), self.writes_python2_names());
        writer.run()?;
        Ok(writer.emit.into_parts().1)
    }

    /// Writes a [`Graph`] into `writer`, in pieces of about 64 KiB, and does not flush it; see [`Graph::to_vec`].
    ///
    /// # Errors
    /// As [`Graph::to_vec`]; and `Io`, where the writer fails.
    pub fn graph_to_writer<W: io::Write>(&self, writer: W, graph: &Graph<'_>) -> Result<()> {
        Writer::new(graph, self.emitter(Stream(writer)), self.writes_python2_names()).run()
    }
}

/// In [`Writer::memo`]: not written.
const UNSEEN: u32 = u32::MAX;
/// In [`Writer::memo`]: begun, and not memoized before it is finished.
const OPEN: u32 = u32::MAX - 1;

struct Writer<'g, S> {
    emit: Emitter<S>,
    graph: &'g Graph<'g>,
    nodes: &'g Nodes<'g>,
    input: &'g [u8],
    python2_names: bool,
    memoized: Memoized,
    /// Memo indexes by object number.
    memo: Vec<u32>,
    /// Memo indexes of text, bytes and buffers.
    payloads: HashMap<Handle, u32, RandomState>,
    tasks: Vec<Task<'g>>,
    /// What the task at hand wants done before it goes on, in order.
    pending: Vec<Task<'g>>,
    /// Values that may still be written because something unfinished is begun again.
    reopened: u64,
    next_buffer: u32,
    /// Sets around this place that are spelled as calls, and are not memoized before their items are written. The way from
    /// such a set back to itself ends at the first memoized object, so all are.
    spelled: u32,
}

/// Something left to do.
enum Task<'g> {
    Save(Handle),
    Op(Opcode),
    /// Begins the arguments of a call of `set`: a tuple of one list.
    OpenSetList(Handle),
    /// Ends them.
    CloseSetList(Handle),
    /// A set that is spelled as a call has been written.
    EndSpelled,
    /// Ends a tuple of the emitter's own, of so many items.
    CloseTuple(usize),
    /// Values one after another.
    Sequence(Contents<'g, 'g>),
    Batches(Batches<'g>),
    /// A tuple's items are on the stack.
    EndTuple(Handle),
    /// A frozenset's items are on the stack.
    EndFrozenSet(Handle),
    /// An object is on the stack: it is memoized, and then given what it was given.
    Made(Handle),
    /// A class is on the stack: the next is its `__new__`, by what precedes NEWOBJ_EX.
    Partial(Handle, Handle, Handle),
    /// The state of the partial object, whose keyword arguments are on the stack.
    EndPartial,
    /// INST, with the class's names.
    Inst(Handle),
    /// Items for an object's `add`, below the protocol of ADDITEMS.
    Additions(u32, std::vec::IntoIter<Handle>),
    /// The bound method `add` was called.
    Added,
}

impl<'g, S: Sink> Writer<'g, S> {
    fn new(graph: &'g Graph<'g>, emit: Emitter<S>, python2_names: bool) -> Self {
        Self {
            emit,
            graph,
            nodes: &graph.nodes,
            input: &graph.input,
            python2_names,
            memoized: Memoized::of(graph),
            memo: vec![UNSEEN; graph.nodes.object_count()],
            payloads: HashMap::default(),
            tasks: Vec::new(),
            pending: vec![Task::Save(graph.root)],
            reopened: limits::REOPENED + 4 * graph.nodes.handle_count() as u64,
            next_buffer: 0,
            spelled: 0,
        }
    }

    fn run(&mut self) -> Result<()> {
        self.emit.begin();
        loop {
            self.tasks.extend(self.pending.drain(..).rev());
            let Some(mut task) = self.tasks.pop() else { break };
            if self.step(&mut task)? {
                self.tasks.push(task);
            }
        }
        self.emit.finish()
    }

    fn protocol(&self) -> Protocol {
        self.emit.protocol()
    }

    fn at_least(&self, opcode: Opcode) -> bool {
        self.protocol() >= opcode.protocol()
    }

    /// Works on a task until it is done or something is pending; says whether it is to be asked again.
    fn step(&mut self, task: &mut Task<'g>) -> Result<bool> {
        match task {
            Task::Save(handle) => self.save(*handle)?,
            Task::Op(opcode) => self.emit.op(*opcode),
            Task::OpenSetList(list) => {
                self.emit.open_tuple(1)?;
                self.emit.empty_list()?;
                self.memoize_unseen(*list)?;
            }
            Task::CloseSetList(args) => {
                self.emit.close_tuple(1, 1)?;
                self.memoize_unseen(*args)?;
            }
            Task::EndSpelled => self.spelled -= 1,
            Task::CloseTuple(len) => self.emit.close_tuple(*len, *len)?,
            Task::Sequence(contents) => {
                while let Some(handle) = contents.next() {
                    self.save(handle)?;
                    if !self.pending.is_empty() {
                        return Ok(true);
                    }
                }
            }
            Task::Batches(batches) => loop {
                match batches.next() {
                    Next::Op(opcode) => self.emit.op(opcode),
                    Next::Save(handle) => {
                        self.save(handle)?;
                        if !self.pending.is_empty() {
                            return Ok(true);
                        }
                    }
                    Next::Done => break,
                }
            },
            Task::EndTuple(tuple) => self.end_tuple(*tuple)?,
            Task::EndFrozenSet(set) => {
                if let Some(index) = self.index(*set) {
                    self.emit.op(Opcode::PopMark);
                    self.emit.get(index);
                } else {
                    self.emit.op(Opcode::Frozenset);
                    self.memoize(*set)?;
                }
            }
            Task::Made(object) => self.end_object(*object)?,
            Task::Partial(class, args, kwargs) => self.partial(*class, *args, *kwargs)?,
            Task::EndPartial => {
                // The state of a partial: function, arguments, keywords, and its own dict.
                self.emit.none()?;
                self.emit.op(Opcode::Tuple);
                self.emit.op(Opcode::Build);
                self.emit.empty_tuple()?;
                self.emit.op(Opcode::Reduce);
            }
            Task::Inst(class) => {
                let (module, name) = self.names_at_protocol(*class)?;
                self.emit.inst_verbatim(&module, &name)?;
            }
            Task::Additions(add, items) => {
                if let Some(item) = items.next() {
                    self.emit.get(*add);
                    self.emit.open_tuple(1)?;
                    self.pending.extend([Task::Save(item), Task::CloseTuple(1), Task::Added]);
                    return Ok(true);
                }
            }
            Task::Added => {
                self.emit.op(Opcode::Reduce);
                self.emit.op(Opcode::Pop);
            }
        }
        Ok(false)
    }

    /// The memo entry of an object.
    fn index(&self, object: Handle) -> Option<u32> {
        self.memo.get(object.number() as usize).copied().filter(|&index| index < OPEN)
    }

    fn set_index(&mut self, object: Handle, index: u32) {
        if let Some(entry) = self.memo.get_mut(object.number() as usize) {
            *entry = index;
        }
    }

    /// Memoizes the object on the stack, if it is one to be memoized.
    fn memoize(&mut self, object: Handle) -> Result<()> {
        let wanted = self.spelled != 0 || self.memoized.wants(self.graph, object);
        let index = if wanted { self.emit.memoize()? } else { UNSEEN };
        self.set_index(object, index);
        Ok(())
    }

    /// Takes the memo entry that CPython would, of an object that nothing refers to again.
    fn memoize_unseen(&mut self, object: Handle) -> Result<()> {
        if self.memoized.wants(self.graph, object) {
            self.emit.memoize()?;
        }
        Ok(())
    }

    /// The memo entry of the object on the stack, which gets one if it has none.
    fn claim(&mut self, object: Handle) -> Result<u32> {
        match self.index(object) {
            Some(index) => Ok(index),
            None => {
                let index = self.emit.memoize()?;
                self.set_index(object, index);
                Ok(index)
            }
        }
    }

    /// Writes a value, or begins to.
    fn save(&mut self, handle: Handle) -> Result<()> {
        self.emit.boundary()?;
        let handle = self.nodes.identity(handle);
        let result = if handle.is_object() { self.save_object(handle) } else { self.save_scalar(handle) };
        result.map_err(|error| match self.nodes.offset(handle) {
            Some(offset) if !self.input.is_empty() => error.at(offset),
            _ => error,
        })
    }

    fn save_scalar(&mut self, handle: Handle) -> Result<()> {
        match handle.tag() {
            Tag::None => self.emit.none(),
            Tag::True => self.emit.bool(true),
            Tag::False => self.emit.bool(false),
            Tag::EmptyTuple => self.emit.empty_tuple(),
            Tag::Small
            | Tag::Int
            | Tag::Long1
            | Tag::Long4
            | Tag::IntLine
            | Tag::LongLine
            | Tag::Float8
            | Tag::FloatLine => self.save_number(handle),
            Tag::Buffer => self.save_buffer(handle),
            Tag::Const => match self.nodes.constant(handle.number()) {
                Some(Const::Int(_) | Const::BigInt(_)) => self.save_int(handle),
                Some(Const::Float(_)) => self.save_float(handle),
                _ => self.save_payload(handle),
            },
            _ => self.save_payload(handle),
        }
    }

    /// No pickler memoizes numbers; a program assembled otherwise may, and a NaN is a key that equals itself alone.
    fn save_number(&mut self, handle: Handle) -> Result<()> {
        let memoized = self.memoized.wants(self.graph, handle);
        if memoized && let Some(&index) = self.payloads.get(&handle) {
            self.emit.get(index);
            return Ok(());
        }
        match handle.tag() {
            Tag::Float8 | Tag::FloatLine => self.save_float(handle)?,
            _ => self.save_int(handle)?,
        }
        if memoized {
            let index = self.emit.memoize()?;
            self.payloads.insert(handle, index);
        }
        Ok(())
    }

    fn save_int(&mut self, handle: Handle) -> Result<()> {
        match scalar::int(self.nodes, self.input, handle) {
            Some(Int::Small(value)) if self.is_long(handle) => self.emit.long(value),
            Some(Int::Small(value)) => self.emit.int(value),
            Some(Int::Long(bytes)) => self.emit.big_int(bytes),
            Some(Int::Big(value)) => self.emit.big_int(&value.to_signed_bytes_le()),
            None => Err(unreadable()),
        }
    }

    /// Whether it is a small int spelled as one of Python 2's type `long`. Python 3 up to 3.6 wrote all ints so at
    /// protocol 0.
    fn is_long(&self, handle: Handle) -> bool {
        let opcode = match handle.tag() {
            Tag::Const => return false,
            _ => self.input.get(handle.offset()).copied().and_then(Opcode::from_byte),
        };
        matches!(opcode, Some(Opcode::Long | Opcode::Long1 | Opcode::Long4))
    }

    fn save_float(&mut self, handle: Handle) -> Result<()> {
        match scalar::float(self.nodes, self.input, handle) {
            Some(value) => self.emit.float(value),
            None => Err(unreadable()),
        }
    }

    /// Text, bytes and 8-bit strings, which are memoized.
    fn save_payload(&mut self, handle: Handle) -> Result<()> {
        if let Some(&index) = self.payloads.get(&handle) {
            self.emit.get(index);
            return Ok(());
        }
        let (nodes, input) = (self.nodes, self.input);
        if let Some(text) = scalar::text(nodes, input, handle) {
            match text {
                Text::Str(text) => self.emit.str(&text)?,
                Text::Surrogates(bytes) => self.emit.surrogates(&bytes)?,
            }
        } else if let Some(chars) = scalar::chars(input, handle) {
            self.emit.chars(&chars)?;
        } else if let Some(bytes) = self.bytes(handle) {
            self.emit.bytes(bytes)?;
        } else {
            return Err(unreadable());
        }
        if self.memoized.wants(self.graph, handle) {
            let index = self.emit.memoize()?;
            self.payloads.insert(handle, index);
        }
        Ok(())
    }

    /// The content of bytes.
    fn bytes(&self, handle: Handle) -> Option<&'g [u8]> {
        match handle.tag() {
            Tag::Const => match self.nodes.constant(handle.number())? {
                Const::Bytes(bytes) => Some(bytes),
                _ => None,
            },
            _ => scalar::bytes(self.nodes, self.input, handle),
        }
    }

    /// A buffer beside the pickle. It stays there where the protocol has such a thing, for whoever has it now.
    fn save_buffer(&mut self, handle: Handle) -> Result<()> {
        let number = handle.number();
        let read_only = handle.detail() != 0;
        let base = Handle::numbered(Tag::Buffer, number);
        if !self.at_least(Opcode::NextBuffer) {
            let Some(buffer) = self.graph.buffers.get(number as usize) else {
                return Err(Error::unsupported(format!(
                    "an out-of-band buffer needs protocol 5 or has to be given on reading, and this is protocol {}",
                    self.protocol().number()
                )));
            };
            if let Some(&index) = self.payloads.get(&handle) {
                self.emit.get(index);
                return Ok(());
            }
            if read_only || buffer.readonly {
                self.emit.bytes(buffer.bytes)?;
            } else {
                self.emit.bytearray(buffer.bytes)?;
            }
            if self.memoized.is_shared(handle) {
                let index = self.emit.memoize()?;
                self.payloads.insert(handle, index);
            }
            return Ok(());
        }
        if let Some(&index) = self.payloads.get(&base) {
            self.emit.get(index);
        } else if number == self.next_buffer {
            self.next_buffer += 1;
            self.emit.op(Opcode::NextBuffer);
            let other = Handle::new(Tag::Buffer, u16::from(!read_only), number as usize);
            if self.memoized.is_shared(handle) || self.memoized.is_shared(other) {
                let index = self.emit.memoize()?;
                self.payloads.insert(base, index);
            }
        } else {
            return Err(Error::unsupported("out-of-band buffers cannot be written in another order than they were read"));
        }
        if read_only {
            self.emit.op(Opcode::ReadonlyBuffer);
        }
        Ok(())
    }

    fn save_object(&mut self, handle: Handle) -> Result<()> {
        let object = self.nodes.object(handle.number());
        match self.memo.get(handle.number() as usize) {
            Some(&UNSEEN) => {}
            Some(&OPEN) => self.charge_reopened(&object)?,
            Some(&index) => {
                self.emit.get(index);
                return Ok(());
            }
            None => return Err(unreadable()),
        }
        match handle.tag() {
            Tag::List => {
                self.emit.empty_list()?;
                self.memoize(handle)?;
                self.push_contents(Kind::Items, &object);
            }
            Tag::Dict => {
                self.emit.empty_dict()?;
                self.memoize(handle)?;
                self.push_contents(Kind::Pairs, &object);
            }
            Tag::Set if self.at_least(Opcode::EmptySet) => {
                self.emit.op(Opcode::EmptySet);
                self.memoize(handle)?;
                self.push_contents(Kind::Adds, &object);
            }
            Tag::FrozenSet if self.at_least(Opcode::Frozenset) => {
                self.set_index(handle, OPEN);
                self.emit.mark();
                self.pending.extend([Task::Sequence(self.nodes.contents(&object)), Task::EndFrozenSet(handle)]);
            }
            Tag::Set | Tag::FrozenSet => {
                self.set_index(handle, OPEN);
                self.spelled += 1;
                self.emit.global("builtins", if handle.tag() == Tag::Set { "set" } else { "frozenset" })?;
                self.emit.open_tuple(1)?;
                self.emit.empty_list()?;
                self.push_contents(Kind::Items, &object);
                self.pending.extend([Task::CloseTuple(1), Task::Op(Opcode::Reduce), Task::EndSpelled, Task::Made(handle)]);
            }
            Tag::Tuple => {
                self.set_index(handle, OPEN);
                let items = self.nodes.first(&object);
                self.emit.open_tuple(items.len())?;
                self.pending.extend([Task::Sequence(Contents::of(self.nodes, items)), Task::EndTuple(handle)]);
            }
            Tag::ByteArray => {
                let payload = self.nodes.first(&object).first().copied().unwrap_or(Handle::VACANT);
                let bytes = self.bytes(payload).ok_or_else(unreadable)?;
                self.emit.bytearray(bytes)?;
                self.memoize(handle)?;
            }
            Tag::View => self.save_view(handle, &object)?,
            Tag::Global => {
                self.save_global(handle, &object)?;
                self.push_additions(handle)?;
            }
            Tag::Ext => {
                let code = scalar::extension_code(self.input, object.offset()).ok_or_else(unreadable)?;
                self.emit.extension_by_code(code)?;
                self.memoize(handle)?;
                self.push_additions(handle)?;
            }
            Tag::Persid => {
                self.set_index(handle, OPEN);
                let id = self.nodes.first(&object).first().copied().unwrap_or(Handle::VACANT);
                if self.at_least(Opcode::Binpersid) {
                    self.pending.extend([Task::Save(id), Task::Op(Opcode::Binpersid), Task::Made(handle)]);
                } else {
                    let text = scalar::plain_text(self.nodes, self.input, id).ok_or_else(|| {
                        Error::unsupported("a persistent id that is no text cannot be written at protocol 0")
                    })?;
                    self.emit.persid(&text)?;
                    self.end_object(handle)?;
                }
            }
            _ => self.save_instance(handle, &object)?,
        }
        Ok(())
    }

    /// Counts an object that is begun again while it is unfinished.
    fn charge_reopened(&mut self, object: &Object) -> Result<()> {
        match self.reopened.checked_sub(self.nodes.contents_len(object) as u64 + 1) {
            Some(left) => {
                self.reopened = left;
                Ok(())
            }
            None => Err(Error::limit(
                "a tuple, set or call is reached through itself over and over, and cannot be written at this protocol",
            )),
        }
    }

    fn push_contents(&mut self, kind: Kind, object: &Object) {
        let feed = Feed::Contents(self.nodes.contents(object));
        self.push_batches(kind, true, feed, self.nodes.contents_len(object));
    }

    fn push_batches(&mut self, kind: Kind, exact: bool, feed: Feed<'g>, handles: usize) {
        // `batch_list_exact` and `batch_dict_exact` are for protocols with batches alone.
        let binary = self.at_least(Opcode::Appends);
        self.pending.push(Task::Batches(Batches::new(kind, exact, binary, feed, handles)));
    }

    /// A recursive tuple has come to be within itself: what was put on the stack for this one is thrown away.
    fn end_tuple(&mut self, tuple: Handle) -> Result<()> {
        let len = self.nodes.first(&self.nodes.object(tuple.number())).len();
        let Some(index) = self.index(tuple) else {
            self.emit.close_tuple(len, len)?;
            return self.memoize(tuple);
        };
        if len <= 3 && self.at_least(Opcode::Tuple1) {
            (0..len).for_each(|_| self.emit.op(Opcode::Pop));
        } else if self.at_least(Opcode::PopMark) {
            self.emit.op(Opcode::PopMark);
        } else {
            // The mark, too.
            (0..=len).for_each(|_| self.emit.op(Opcode::Pop));
        }
        self.emit.get(index);
        Ok(())
    }

    /// The read-only view of a bytearray, or a buffer that came as a value.
    fn save_view(&mut self, handle: Handle, object: &Object) -> Result<()> {
        let inner = self.nodes.first(object).first().copied().unwrap_or(Handle::VACANT);
        let writable = object.flags().has(Flags::WRITABLE);
        if let (Tag::Const, Some(bytes)) = (inner.tag(), self.bytes(inner)) {
            if writable { self.emit.bytearray(bytes)? } else { self.emit.bytes(bytes)? }
            return self.memoize(handle);
        }
        self.set_index(handle, OPEN);
        self.pending.push(Task::Save(inner));
        if self.at_least(Opcode::ReadonlyBuffer) {
            self.pending.push(Task::Op(Opcode::ReadonlyBuffer));
        }
        self.pending.push(Task::Made(handle));
        Ok(())
    }

    // Globals

    fn save_global(&mut self, handle: Handle, object: &Object) -> Result<()> {
        let &[module, name] = self.nodes.first(object) else { return Err(unreadable()) };
        if self.emit.has_extensions() {
            let (module, name) = self.names(handle)?;
            if self.emit.extension(&module, &name) {
                // CPython does not memoize these.
                return Ok(());
            }
        }
        if self.at_least(Opcode::StackGlobal) {
            let is_line = module.tag() == Tag::Name || name.tag() == Tag::Name;
            if is_line || self.is_python2(object) {
                let (module, name) = self.names(handle)?;
                self.emit.interned(&module)?;
                self.emit.interned(&name)?;
            } else {
                self.save(module)?;
                self.save(name)?;
            }
            self.emit.op(Opcode::StackGlobal);
            return self.memoize(handle);
        }
        let (module, name) = self.names(handle)?;
        if object.flags().has(Flags::DOTTED) && name.contains('.') {
            // The emitter has a memo of its own for names, and the outer ones are in it too.
            return self.emit.global(&module, &name);
        }
        let (module, name) = self.names_at_protocol(handle)?;
        self.emit.global_verbatim(&module, &name)?;
        self.memoize(handle)
    }

    /// Whether a global has the names of Python 2.
    fn is_python2(&self, object: &Object) -> bool {
        object.flags().has(Flags::PYTHON2) && self.graph.settings.fix_imports
    }

    /// The names of a global in Python 3.
    fn names(&self, global: Handle) -> Result<(Cow<'g, str>, Cow<'g, str>)> {
        global_names(self.nodes, self.input, global, self.graph.settings.fix_imports)?.ok_or_else(unreadable)
    }

    /// The names of a global that is not nested, in the Python that the protocol is for.
    fn names_at_protocol(&self, global: Handle) -> Result<(Cow<'g, str>, Cow<'g, str>)> {
        let names = self.names(global)?;
        if !self.python2_names || self.protocol() >= Protocol::V3 {
            return Ok(names);
        }
        if self.is_python2(&self.nodes.object(global.number())) {
            // There may be several names in Python 2 for one in Python 3: it is spelled as it was.
            return global_names(self.nodes, self.input, global, false)?.ok_or_else(unreadable);
        }
        let (module, name) = crate::reduce::compat::to_python2(&names.0, &names.1);
        Ok((Cow::Owned(module.to_owned()), Cow::Owned(name.to_owned())))
    }

    // Instances

    fn save_instance(&mut self, handle: Handle, object: &Object) -> Result<()> {
        self.set_index(handle, OPEN);
        let parts = self.nodes.first(object);
        let (&callable, arguments) = parts.split_first().ok_or_else(unreadable)?;
        let args = arguments.first().copied().unwrap_or(Handle::VACANT);
        // `None` for arguments is a call of `__basicnew__`, which no Python has had since 2.3; it made what `__new__` makes.
        let none = args.tag() == Tag::None;
        let args = if none { Handle::new(Tag::EmptyTuple, 0, 0) } else { args };
        match Spelling::of(object.flags()) {
            Spelling::Reduce if !none => {
                self.pending.push(Task::Save(callable));
                match self.list_of_set(object, args) {
                    Some((list, taken)) => {
                        let of = self.nodes.object(list.number());
                        let items: Vec<Handle> = self.nodes.contents(&of).take(taken).collect();
                        self.pending.push(Task::OpenSetList(list));
                        self.push_batches(Kind::Items, true, Feed::Handles(items.into_iter()), taken);
                        self.pending.push(Task::CloseSetList(args));
                    }
                    None => self.pending.push(Task::Save(args)),
                }
                self.pending.push(Task::Op(Opcode::Reduce));
            }
            Spelling::NewObjEx if !none => match arguments.get(1) {
                Some(&kwargs) if self.at_least(Opcode::NewobjEx) => {
                    let saves = [callable, args, kwargs].map(Task::Save);
                    self.pending.extend(saves);
                    self.pending.push(Task::Op(Opcode::NewobjEx));
                }
                Some(&kwargs) => {
                    self.emit.global("functools", "partial")?;
                    self.emit.open_tuple(1)?;
                    self.emit.global("builtins", "getattr")?;
                    self.emit.open_tuple(2)?;
                    self.pending.extend([Task::Save(callable), Task::Partial(callable, args, kwargs)]);
                }
                None => return Err(unreadable()),
            },
            Spelling::Inst | Spelling::Obj => {
                self.emit.mark();
                let arguments = Task::Sequence(Contents::of(self.nodes, arguments));
                if self.protocol() == Protocol::V0 && self.is_plain_global(callable)? {
                    self.pending.extend([arguments, Task::Inst(callable)]);
                } else {
                    self.pending.extend([Task::Save(callable), arguments, Task::Op(Opcode::Obj)]);
                }
            }
            _ if self.at_least(Opcode::Newobj) => {
                self.pending.extend([Task::Save(callable), Task::Save(args), Task::Op(Opcode::Newobj)]);
            }
            _ => {
                self.emit.global("copyreg", "__newobj__")?;
                self.emit.mark();
                let items = Contents::of(self.nodes, tuple_items(self.nodes, args));
                self.pending.extend([Task::Save(callable), Task::Sequence(items), Task::Op(Opcode::Tuple)]);
                self.pending.push(Task::Op(Opcode::Reduce));
            }
        }
        self.pending.push(Task::Made(handle));
        Ok(())
    }

    /// The list that a set was made of, and how many items it had then, where that list is written as one of the set's own.
    ///
    /// It nearly always is one: a pickler makes it for the call. If the set is reached again through its items, the list is
    /// not finished, and a reference to it would make a set that lacks some; CPython makes another list. A list that is
    /// referred to from elsewhere is one of its own here too if it has got more items since.
    fn list_of_set(&self, set: &Object, args: Handle) -> Option<(Handle, usize)> {
        let taken = self.nodes.more(set).taken()?;
        let list = tuple_items(self.nodes, args).first().copied().filter(|list| list.tag() == Tag::List)?;
        let outgrown = self.nodes.contents_len(&self.nodes.object(list.number())) > taken;
        let own = !self.memoized.is_referred_twice(args) && !self.memoized.is_referred_twice(list);
        (own || outgrown).then_some((list, taken))
    }

    /// Whether a class can be named by two lines.
    fn is_plain_global(&self, class: Handle) -> Result<bool> {
        Ok(class.tag() == Tag::Global && !self.names(class)?.1.contains('.'))
    }

    /// `functools.partial(cls.__new__, cls, *args, **kwargs)()`, as CPython writes NEWOBJ_EX at protocols 2 and 3. On the
    /// stack: `partial`, `getattr`, the class.
    fn partial(&mut self, class: Handle, args: Handle, kwargs: Handle) -> Result<()> {
        let class_index = if class.is_object() { self.claim(class)? } else { self.emit.memoize()? };
        self.emit.interned("__new__")?;
        self.emit.close_tuple(2, 2)?;
        self.emit.op(Opcode::Reduce);
        let new = self.emit.memoize()?;
        self.emit.close_tuple(1, 1)?;
        self.emit.op(Opcode::Reduce);
        self.emit.mark();
        self.emit.get(new);
        self.emit.mark();
        self.emit.get(class_index);
        let items = Contents::of(self.nodes, tuple_items(self.nodes, args));
        self.pending.extend([
            Task::Sequence(items),
            Task::Op(Opcode::Tuple),
            Task::Save(kwargs),
            Task::EndPartial,
        ]);
        Ok(())
    }

    /// An object has been made. If it has come to be within its own arguments, that one is taken.
    fn end_object(&mut self, object: Handle) -> Result<()> {
        if let Some(index) = self.index(object) {
            self.emit.op(Opcode::Pop);
            self.emit.get(index);
            return Ok(());
        }
        self.memoize(object)?;
        self.push_additions(object)
    }

    /// What the object on the stack was given after it was made, in order.
    fn push_additions(&mut self, handle: Handle) -> Result<()> {
        let object = self.nodes.object(handle.number());
        if !object.has_more() || matches!(handle.tag(), Tag::Set | Tag::FrozenSet) {
            return Ok(());
        }
        let mut runs = self.nodes.more(&object).peekable();
        while let Some((kind, run)) = runs.next() {
            let batch = match kind {
                RunKind::Items => Kind::Items,
                RunKind::Pairs => Kind::Pairs,
                RunKind::Adds => Kind::Adds,
                RunKind::State => {
                    let state = run.first().copied().ok_or_else(unreadable)?;
                    self.pending.extend([Task::Save(state), Task::Op(Opcode::Build)]);
                    continue;
                }
                RunKind::Setter => {
                    let &[setter, state] = run else { return Err(unreadable()) };
                    self.claim(handle)?;
                    // CPython writes TUPLE2 at every protocol.
                    let saves = [setter, handle, state].map(Task::Save);
                    self.pending.extend(saves);
                    self.pending.extend([Opcode::Tuple2, Opcode::Reduce, Opcode::Pop].map(Task::Op));
                    continue;
                }
                RunKind::First | RunKind::Taken => continue,
            };
            // Runs of one kind are one sequence that came in pieces.
            let mut handles: Option<Vec<Handle>> = None;
            while let Some((_, further)) = runs.next_if(|(next, _)| *next == kind) {
                handles.get_or_insert_with(|| run.to_vec()).extend_from_slice(further);
            }
            let (feed, count) = match handles {
                None => (Feed::Contents(Contents::of(self.nodes, run)), run.len()),
                Some(handles) => {
                    let count = handles.len();
                    (Feed::Handles(handles.into_iter()), count)
                }
            };
            if batch == Kind::Adds && !self.at_least(Opcode::Additems) {
                let add = self.bind_add(handle)?;
                self.pending.push(Task::Additions(add, feed.collect::<Vec<_>>().into_iter()));
            } else {
                self.push_batches(batch, false, feed, count);
            }
        }
        Ok(())
    }

    /// Memoizes the method `add` of the object on the stack.
    fn bind_add(&mut self, object: Handle) -> Result<u32> {
        let index = self.claim(object)?;
        self.emit.global("builtins", "getattr")?;
        self.emit.open_tuple(2)?;
        self.emit.get(index);
        self.emit.interned("add")?;
        self.emit.close_tuple(2, 2)?;
        self.emit.op(Opcode::Reduce);
        let add = self.emit.memoize()?;
        self.emit.op(Opcode::Pop);
        Ok(add)
    }
}

/// The error of a handle that the machine never makes.
#[cold]
fn unreadable() -> Error {
    Error::data("a value without content")
}
