//! A graph as a pickle: CPython's pickler over nodes.
//!
//! [`Writer::save`] is `save` in CPython's `Modules/_pickle.c`, and so on down: the order of
//! instructions, the times of memoizing, batches, frames, and the POP and GET that put right an
//! object reached through itself, are all those of the C pickler. So a pickle that it wrote, read
//! and written at its protocol, comes out byte for byte; any other one comes out as CPython would
//! have written these objects. Reduces are written as they were read, also those that only spell a
//! builtin.
//!
//! An older protocol than the pickle's has no opcode for some things: those are spelled as the
//! serializer spells them, by [`Emitter`](crate::write::Emitter). There the only object that cannot
//! be written is one that is in a set which is an argument of the object itself: CPython recurses
//! on it without end.
//!
//! Here are the verbs, the loop and the memo; `scalar.rs`, `object.rs` and `instance.rs` write each
//! kind of object, `batch.rs` cuts contents into batches, and `memoized.rs` decides on memo
//! entries. Nothing recurses: the remaining work is on a stack of [`Task`]s, and a task that needs
//! something else done first leaves it in `pending` and is asked again afterwards.

mod batch;
mod instance;
mod memoized;
mod object;
mod persistent;
mod scalar;

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use foldhash::fast::RandomState;

use serde::Serialize;

use super::{Graph, Node};
use crate::error::{Error, Result};
use crate::instruction::Opcode;
use crate::limits;
use crate::nodes::handle::Handle;
use crate::nodes::store::{Contents, Nodes};
use crate::nodes::view::{View, global_names, view};
use crate::reduce::PersistentId;
use crate::ser::SerOptions;
use crate::ser::dump::Dump;
use crate::value::Value;
use crate::value::hooks::Unhooked;
use crate::value::settle::Settled;
use crate::write::{Memory, Sink, Stream};
use batch::{BatchStep, Batches};
use memoized::Memoized;

impl Graph<'_> {
    /// Writes the graph as a pickle of the protocol that it was read from; one that was built is of
    /// protocol 4.
    ///
    /// Every reference is kept: what was one object is one object again when Python loads it, an
    /// object that contains itself included. A pickle that the C pickler of CPython 3.7 and later
    /// wrote comes out as the same bytes, with one exception that the pickle does not show: where
    /// an object is reached through its own arguments, CPython reduces it twice, and a list or dict
    /// that its class makes anew each time is one object here. [`SerOptions::graph_to_vec`] has the
    /// other protocols.
    ///
    /// # Errors
    /// `Unsupported` where the protocol has no way to write something: a persistent id that is not
    /// text at protocol 0, an extension code at protocols 0 and 1.
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// // a = []; a.append(a); pickle.dumps(a, 2)
    /// let bytes = b"\x80\x02]q\x00h\x00a.";
    /// assert_eq!(Graph::from_slice(bytes)?.to_vec()?, bytes);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn to_vec(&self) -> Result<Vec<u8>> {
        self.own_options().graph_to_vec(self)
    }

    /// Writes the graph into `writer`, as [`to_vec`](Self::to_vec) does; in pieces of about 64 KiB,
    /// and without a flush.
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// let graph = Graph::from_slice(b"\x80\x02]q\0.")?;
    /// let mut file = Vec::new();
    /// graph.to_writer(&mut file)?;
    /// assert_eq!(file, b"\x80\x02]q\0.");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`to_vec`](Self::to_vec); and `Io`, where the writer fails.
    pub fn to_writer<W: io::Write>(&self, writer: W) -> Result<()> {
        self.own_options().graph_to_writer(writer, self)
    }

    /// The options that write the pickle as it was.
    fn own_options(&self) -> SerOptions {
        SerOptions::new().protocol(self.protocol()).fix_imports(self.settings.fix_imports)
    }
}

impl SerOptions {
    /// Writes a [`Graph`], every shared and recursive reference kept; see [`Graph::to_vec`].
    ///
    /// Where an older protocol has no opcode, CPython's spelling is used. The option
    /// `memoize_strings` has no effect here: one text in the graph is one text in the pickle.
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
        let mut dump = self.start_graph(Memory);
        Writer::new(graph, &mut dump).run()?;
        Ok(dump.take_rest())
    }

    /// Writes a [`Graph`] into `writer`, in pieces of about 64 KiB, and does not flush it; see
    /// [`Graph::to_vec`].
    ///
    /// ```
    /// use serde_pickle::{Graph, Protocol, SerOptions};
    ///
    /// let graph = Graph::from_slice(b"\x80\x02]q\0.")?;
    /// let mut file = Vec::new();
    /// SerOptions::new().protocol(Protocol::V0).graph_to_writer(&mut file, &graph)?;
    /// assert_eq!(file, b"(lp0\n.");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Graph::to_vec`]; and `Io`, where the writer fails.
    pub fn graph_to_writer<W: io::Write>(&self, writer: W, graph: &Graph<'_>) -> Result<()> {
        Writer::new(graph, &mut self.start_graph(Stream(writer))).run()
    }
}

/// In [`Writer::memo`]: not written.
const UNSEEN: u32 = u32::MAX;
/// In [`Writer::memo`]: begun, and to be memoized once it is finished.
const OPEN: u32 = u32::MAX - 1;

struct Writer<'g, 'w> {
    /// The dump that writes; the values that hooks give are serialized with it.
    dump: &'w mut Dump<dyn Sink + 'w>,
    graph: &'g Graph<'g>,
    nodes: &'g Nodes<'g>,
    input: &'g [u8],
    memoized: Memoized,
    /// Memo indexes by object number.
    memo: Vec<u32>,
    /// Memo indexes of text, bytes and buffers.
    payloads: HashMap<Handle, u32, RandomState>,
    tasks: Vec<Task<'g>>,
    /// Tasks that the one at hand wants done before it goes on, in order.
    pending: Vec<Task<'g>>,
    /// Values that may still be written for objects that are begun again while unfinished.
    reopened: u64,
    next_buffer: u32,
    /// The budget left for trees of rewritten objects; `None` before the first one.
    expandable: Option<u64>,
    /// The number of sets around this place that are spelled as calls, and so are memoized only
    /// behind their items. A way from such a set back to itself has to end at a memoized object, so
    /// everything within it is memoized.
    spelled: u32,
}

/// Something left to do.
enum Task<'g> {
    Save(Handle),
    /// The arguments of a call.
    SaveArguments(Handle),
    /// A persistent id, for which no id is asked.
    SaveId(Handle),
    Op(Opcode),
    /// Begins the arguments of a call of `set`: a tuple of one list.
    OpenSetList(Handle),
    /// Ends them.
    CloseSetList(Handle),
    /// The list of a set that is spelled as a call is on the stack.
    EndSetCall,
    /// The class and arguments of a [`Recipe::NewObjCall`](crate::write::Recipe) are on the stack.
    EndNewObjCall,
    /// Values one after another.
    Sequence(Contents<'g, 'g>),
    Batches(Batches<'g>),
    /// A tuple's items are on the stack.
    EndTuple(Handle),
    /// The items of a call's arguments are on the stack.
    EndArguments(Handle),
    /// A frozenset's items are on the stack.
    EndFrozenSet(Handle),
    /// An object is on the stack: it is memoized, and then gets its contents.
    Made(Handle),
    /// The class of a [`Recipe::NewObjPartial`](crate::write::Recipe) is on the stack; its
    /// arguments and keyword arguments.
    Partial(Handle, Handle, Handle),
    /// Its arguments are on the stack.
    EndPartialArgs,
    /// Its keyword arguments are on the stack.
    EndPartial,
    /// INST, with the class's names.
    Inst(Handle),
    /// Items for an object's `add`, below the protocol of ADDITEMS.
    Additions(u32, std::vec::IntoIter<Handle>),
    /// The item for a call of `add` is on the stack.
    EndAddition,
}

impl<'g, 'w> Writer<'g, 'w> {
    fn new(graph: &'g Graph<'g>, dump: &'w mut Dump<dyn Sink + 'w>) -> Self {
        Self {
            dump,
            graph,
            nodes: &graph.nodes,
            input: &graph.input,
            memoized: Memoized::of(graph),
            memo: vec![UNSEEN; graph.nodes.object_count()],
            payloads: HashMap::default(),
            tasks: Vec::new(),
            pending: Vec::new(),
            reopened: limits::REOPENED + 4 * graph.nodes.handle_count() as u64,
            next_buffer: 0,
            expandable: None,
            spelled: 0,
        }
    }

    fn run(&mut self) -> Result<()> {
        self.graph.root_handles().try_for_each(|root| self.dump(root))
    }

    fn dump(&mut self, root: Handle) -> Result<()> {
        self.dump.begin()?;
        self.pending.push(Task::Save(root));
        loop {
            self.tasks.extend(self.pending.drain(..).rev());
            let Some(mut task) = self.tasks.pop() else { break };
            if self.step(&mut task)? {
                self.tasks.push(task);
            }
        }
        self.dump.finish()
    }

    /// Works on a task until it is done or something is pending; returns true if it is to be asked
    /// again.
    fn step(&mut self, task: &mut Task<'g>) -> Result<bool> {
        match task {
            Task::Save(handle) => self.save(*handle)?,
            Task::SaveArguments(handle) => self.save_arguments(*handle)?,
            Task::SaveId(handle) => self.save_plain(*handle)?,
            Task::Op(opcode) => self.dump.emit.op(*opcode),
            Task::OpenSetList(list) => {
                self.dump.emit.open_tuple(1)?;
                self.dump.emit.empty_list()?;
                self.memoize_unseen(*list)?;
            }
            Task::CloseSetList(args) => {
                self.dump.emit.close_tuple(1, 1)?;
                self.memoize_unseen(*args)?;
            }
            Task::EndSetCall => {
                self.dump.emit.close_set_call()?;
                self.spelled -= 1;
            }
            Task::EndNewObjCall => self.dump.emit.close_newobj_call(),
            Task::EndPartialArgs => self.dump.emit.close_partial_args(),
            Task::Sequence(contents) => return self.sequence(contents),
            Task::Batches(batches) => return self.batches(batches),
            Task::EndTuple(tuple) => self.end_tuple(*tuple)?,
            Task::EndArguments(tuple) => self.end_arguments(*tuple)?,
            Task::EndFrozenSet(set) => self.end_frozenset(*set)?,
            Task::Made(object) => self.end_object(*object)?,
            Task::Partial(class, args, kwargs) => self.partial(*class, *args, *kwargs)?,
            Task::EndPartial => self.dump.emit.close_partial()?,
            Task::Inst(class) => {
                let (module, name) = self.names_at_protocol(*class)?;
                self.dump.emit.inst_verbatim(&module, &name)?;
            }
            Task::Additions(add, items) => {
                if let Some(item) = items.next() {
                    self.dump.emit.open_addition(*add)?;
                    self.pending.extend([Task::Save(item), Task::EndAddition]);
                    return Ok(true);
                }
            }
            Task::EndAddition => self.dump.emit.close_addition()?,
        }
        Ok(false)
    }

    /// Saves values until one needs other tasks done first, and then returns true.
    fn sequence(&mut self, contents: &mut Contents<'g, 'g>) -> Result<bool> {
        for handle in contents {
            self.save(handle)?;
            if !self.pending.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The same in batches.
    fn batches(&mut self, batches: &mut Batches<'g>) -> Result<bool> {
        loop {
            match batches.next() {
                BatchStep::Op(opcode) => self.dump.emit.op(opcode),
                BatchStep::Save(handle) => {
                    self.save(handle)?;
                    if !self.pending.is_empty() {
                        return Ok(true);
                    }
                }
                BatchStep::Done => return Ok(false),
            }
        }
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
        let index = if wanted { self.dump.emit.memoize()? } else { UNSEEN };
        self.set_index(object, index);
        Ok(())
    }

    /// Takes the memo entry that CPython takes for an object that nothing refers to again.
    fn memoize_unseen(&mut self, object: Handle) -> Result<()> {
        if self.memoized.wants(self.graph, object) {
            self.dump.emit.memoize()?;
        }
        Ok(())
    }

    /// The memo entry of the object on the stack, which gets one if it has none.
    fn claim(&mut self, object: Handle) -> Result<u32> {
        match self.index(object) {
            Some(index) => Ok(index),
            None => {
                let index = self.dump.emit.memoize()?;
                self.set_index(object, index);
                Ok(index)
            }
        }
    }

    /// Writes a value, or starts on it.
    fn save(&mut self, handle: Handle) -> Result<()> {
        if let Some(id) = self.persistent_id(handle)? {
            return PersistentId(Unhooked(&id)).serialize(&mut *self.dump);
        }
        self.save_plain(handle)
    }

    /// An object as a tree. All trees of one pickle share one expansion budget, since a part that
    /// two objects share is in both trees.
    fn tree(&mut self, handle: Handle) -> Result<Value> {
        Node::new(self.graph, handle).tree(&mut self.expandable)
    }

    /// Writes what the caller makes of an object, if its class is one whose objects are rewritten.
    fn rewrite(&mut self, handle: Handle) -> Result<bool> {
        let Some(hooks) = self.dump.hooks.clone() else { return Ok(false) };
        let View::Object(object) = view(self.nodes, self.input, handle.number())? else {
            return Ok(false);
        };
        let Some((module, qualname)) = global_names(self.nodes, self.input, object.callable, true)?
        else {
            return Ok(false);
        };
        if !hooks.rewrites(&module, &qualname) {
            return Ok(false);
        }
        let Value::Object(object) = self.tree(handle)? else { return Ok(false) };
        let value = hooks.rewrite(Arc::unwrap_or_clone(object))?;
        Settled(&value).serialize(&mut *self.dump)?;
        let index = self.dump.emit.memoize()?;
        self.set_index(handle, index);
        Ok(true)
    }

    /// Writes a value without asking the hooks, or starts on it.
    fn save_plain(&mut self, handle: Handle) -> Result<()> {
        self.dump.boundary()?;
        let handle = self.nodes.identity(handle);
        let result =
            if handle.is_object() { self.save_object(handle) } else { self.save_scalar(handle) };
        result.map_err(|error| match self.nodes.offset(handle) {
            Some(offset) if !self.input.is_empty() => error.at(offset),
            _ => error,
        })
    }
}

/// The error for a handle that the machine never makes.
#[cold]
fn unreadable() -> Error {
    Error::data("a value without content")
}
