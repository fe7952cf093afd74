//! Opcodes → nodes. Defines what each opcode does; the short cut `de/direct/` reads the frequent
//! ones by itself and leaves everything else to the machine.
//!
//! The machine walks over the instructions of one pickle with CPython's stack, mark and memo, and
//! builds [`Nodes`]. It calls nothing: a class is a name, a reduce is an instance that remembers
//! callable and arguments. Where a caller wants a say (which globals may appear, what an extension
//! code names, what a persistent id stands for) the machine asks the [`Hooks`] of its [`Config`].
//! It does no recursion, and every instruction stores at most a constant number of bytes beyond
//! what it takes off the stack, so that memory stays a small multiple of the input.
//!
//! The main loop is one `match`, because that is what makes it fast: the opcodes that most pickles
//! are made of are handled in their arm, all others in a function of [`step`] or [`objects`]. Two
//! measures carry most of the speed: an opcode is taken together with the MEMOIZE or BINPUT behind
//! it, and text that is fetched from the memo is cut out of the input once and for all at the first
//! fetch. To add an opcode: its line in `instruction/table.rs`, its arm here, its test in
//! `tests/opcodes.rs`.

mod hooks;
mod joblib;
mod memo;
mod objects;
mod stack;
mod step;

use crate::error::{Error, Result};
use crate::instruction::Opcode;
use crate::limits;
use crate::nodes::codec;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::scalar;
use crate::nodes::store::{Flags, Nodes, SharedText};
use crate::protocol::Protocol;
use crate::read::{Cursor, IntShape, text};

pub(crate) use hooks::Hooks;
pub(crate) use hooks::bind_hooks;
pub(crate) use joblib::{bind_joblib, collect};
pub(crate) use memo::Memo;
use stack::Stack;

/// State that outlives one pickle: the memo of an Unpickler, and the values it refers to.
#[derive(Clone, Default)]
pub(crate) struct State<'de> {
    pub(crate) nodes: Nodes<'de>,
    pub(crate) memo: Memo,
    /// The number of the out-of-band buffer that NEXT_BUFFER takes; an Unpickler goes on counting.
    pub(crate) next_buffer: u32,
    /// Input offset of the first pickle that filled the memo.
    pub(crate) begin: Option<usize>,
    /// Input offset of the end of a frame that the last pickle did not finish; 0 for none.
    pub(crate) frame_end: usize,
}

impl State<'_> {
    /// The same, borrowing nothing. The machine must have filled it with `share_text` off.
    pub(crate) fn into_owned(self) -> State<'static> {
        State {
            nodes: self.nodes.into_owned(),
            memo: self.memo,
            next_buffer: self.next_buffer,
            begin: self.begin,
            frame_end: self.frame_end,
        }
    }
}

/// Settings of the caller that the machine heeds.
#[derive(Clone, Copy)]
pub(crate) struct Config<'c> {
    /// True if text fetched from the memo may borrow from the input for as long as the nodes live.
    pub(crate) share_text: bool,
    /// Nodes that one graph may have.
    pub(crate) max_nodes: usize,
    /// Digits of a decimal int.
    pub(crate) max_int_digits: usize,
    /// The number of out-of-band buffers given; if any were, there must be one for each
    /// NEXT_BUFFER.
    pub(crate) buffers: Option<usize>,
    /// The caller, where there is a resolver or a registry to be asked.
    pub(crate) hooks: Option<&'c dyn Hooks>,
    /// True if names and arguments may be whatever Python might take for them: the result of a
    /// call, say, which may be a tuple. The nodes built are then for an audit alone.
    pub(crate) any_operands: bool,
    /// True if the bytes of joblib's arrays lie between the instructions.
    pub(crate) joblib: bool,
}

/// One pickle that was read: its value, and where the bytes behind STOP begin.
pub(crate) struct Loaded {
    pub(crate) root: Handle,
    pub(crate) end: usize,
    /// The protocol of the last PROTO, if there was one.
    pub(crate) protocol: Option<Protocol>,
}

/// Runs the pickle that begins at byte `start` of `input`.
///
/// # Errors
/// `Eof` where the input ends before STOP, `Syntax` where it is no pickle, `Limit`, `Denied`; each
/// with its byte.
pub(crate) fn load<'de>(
    input: &'de [u8],
    start: usize,
    state: &mut State<'de>,
    config: &Config<'_>,
) -> Result<Loaded> {
    if input.len() as u64 > limits::INPUT {
        return Err(Error::limit("a pickle, or a stream with a shared memo, is longer than 1 TiB"));
    }
    let len = input.len() - start.min(input.len());
    let begin = *state.begin.get_or_insert(start);
    let mut machine = Machine {
        cursor: Cursor::new(input, start).in_frame(state.frame_end),
        input,
        stack: Stack::with_input(len),
        begin,
        protocol: 0,
        start: start.min(input.len()),
        scanned: 0,
        state,
        config,
        expanded: 0,
        missing: None,
        ahead: false,
    };
    let root =
        machine.run().map_err(|error| crate::read::explain(machine.locate(error), input, start))?;
    machine.state.frame_end = machine.cursor.frame_end();
    let protocol = Protocol::try_from(machine.protocol)
        .ok()
        .filter(|protocol| *protocol >= Opcode::Proto.protocol());
    Ok(Loaded { root, end: machine.cursor.position(), protocol })
}

struct Machine<'m, 'de> {
    cursor: Cursor<'de>,
    input: &'de [u8],
    stack: Stack,
    /// The protocol of the last PROTO, which decides how globals are named.
    protocol: u8,
    /// Offset of the pickle whose values are the first in the memo.
    begin: usize,
    /// Where this pickle begins.
    start: usize,
    /// Bytes and items that calls have looked through: items of a list that becomes a set, text
    /// that becomes bytes, bytes of long names. An honest pickle makes one of each, and has no long
    /// names.
    scanned: u64,
    state: &'m mut State<'de>,
    config: &'m Config<'m>,
    /// Bytes to which the persistent ids and the caller's objects have expanded.
    expanded: u64,
    /// The bytes between instructions that were not there.
    missing: Option<joblib::Missing>,
    /// True if the machine runs ahead of the one that reads, and its nodes are for nobody.
    ahead: bool,
}

impl<'de> Machine<'_, 'de> {
    #[cold]
    fn locate(&self, error: Error) -> Error {
        error.at(self.cursor.opcode_position() as u64)
    }

    fn run(&mut self) -> Result<Handle> {
        loop {
            let opcode = self.cursor.read_opcode()?;
            match opcode {
                Opcode::ShortBinunicode => {
                    let payload = self.cursor.read_counted1()?;
                    let handle = if is_utf8(payload) {
                        self.here(Tag::Str1, payload.len() as u16)
                    } else {
                        self.surrogates(payload)?
                    };
                    self.push_memoized(handle)?;
                }
                Opcode::Binunicode => {
                    let payload = self.cursor.read_counted4()?;
                    let handle = if is_utf8(payload) {
                        self.here(Tag::Str4, 0)
                    } else {
                        self.surrogates(payload)?
                    };
                    self.push_memoized(handle)?;
                }
                Opcode::Binget => {
                    let index = self.cursor.read_uint1()?;
                    self.get(u64::from(index))?;
                }
                Opcode::LongBinget => {
                    let index = self.cursor.read_uint4()?;
                    self.get(u64::from(index))?;
                }
                Opcode::Binint1 => {
                    self.cursor.read_uint1()?;
                    self.push(Tag::Int, IntShape::BININT1.bits());
                }
                Opcode::Binint2 => {
                    self.cursor.read_uint2()?;
                    self.push(Tag::Int, IntShape::BININT2.bits());
                }
                Opcode::Binint => {
                    self.cursor.read_int4()?;
                    self.push(Tag::Int, IntShape::BININT.bits());
                }
                Opcode::Long1 => {
                    let payload = self.cursor.read_counted1()?;
                    match IntShape::long1(payload.len()) {
                        Some(shape) => self.push(Tag::Int, shape.bits()),
                        None => self.push(Tag::Long1, payload.len() as u16),
                    }
                }
                Opcode::Binfloat => loop {
                    self.cursor.read_float8()?;
                    self.push(Tag::Float8, 0);
                    // Floats come in rows.
                    if !self.cursor.read_opcode_if(Opcode::Binfloat) {
                        break;
                    }
                },
                Opcode::None => self.push(Tag::None, 0),
                Opcode::Newtrue => self.push(Tag::True, 0),
                Opcode::Newfalse => self.push(Tag::False, 0),
                Opcode::Mark => self.stack.push_mark(),
                Opcode::EmptyDict => self.push_new(Tag::Dict)?,
                Opcode::EmptyList => self.push_new(Tag::List)?,
                Opcode::Setitems => self.set_items(opcode)?,
                Opcode::Appends => self.append_items(opcode)?,
                Opcode::Tuple1 => self.tuple::<1>(opcode)?,
                Opcode::Tuple2 => self.tuple::<2>(opcode)?,
                Opcode::Tuple3 => self.tuple::<3>(opcode)?,
                Opcode::Memoize => {
                    let top = self.stack.top(opcode)?;
                    self.state.memo.push(top, self.memo_room());
                }
                Opcode::Binput => {
                    let index = self.cursor.read_uint1()?;
                    self.put(opcode, u64::from(index))?;
                }
                Opcode::LongBinput => {
                    let index = self.cursor.read_uint4()?;
                    self.put(opcode, u64::from(index))?;
                }
                Opcode::Build => self.build(opcode)?,
                Opcode::Newobj => self.new_object(opcode)?,
                Opcode::Reduce => self.reduce(opcode)?,
                Opcode::Stop => return self.stack.pop(opcode),
                _ => self.step(opcode)?,
            }
        }
    }

    /// Bytes of this pickle read so far.
    fn consumed(&self) -> usize {
        self.cursor.position() - self.start
    }

    /// The highest index that a memo without gaps can have by now. Input ahead does not count: it
    /// may be many pickles, and each would be allowed a memo as long as all of them.
    #[inline]
    fn memo_room(&self) -> usize {
        self.cursor.position() - self.begin
    }

    /// A handle with the offset of the current opcode.
    #[inline]
    fn here(&self, tag: Tag, detail: u16) -> Handle {
        Handle::new(tag, detail, self.cursor.opcode_position())
    }

    #[inline]
    fn push(&mut self, tag: Tag, detail: u16) {
        let handle = self.here(tag, detail);
        self.stack.push(handle);
    }

    /// Pushes, and stores in the memo too if that is what the next opcode asks.
    #[inline]
    fn push_memoized(&mut self, handle: Handle) -> Result<()> {
        self.stack.push(handle);
        if self.cursor.absorb_opcode(Opcode::Memoize) {
            self.state.memo.push(handle, self.memo_room());
        } else if let Some(index) = self.cursor.absorb_put() {
            self.state.memo.put(index, handle, self.memo_room());
        }
        Ok(())
    }

    /// The same, for opcodes that are not in the main loop.
    #[inline(never)]
    fn push_rare(&mut self, handle: Handle) -> Result<()> {
        self.push_memoized(handle)
    }

    #[inline]
    fn push_new(&mut self, tag: Tag) -> Result<()> {
        let handle = self.object(tag, Flags::default(), &[])?;
        self.push_memoized(handle)
    }

    /// Makes an object that the current opcode stands for.
    #[inline]
    fn object(&mut self, tag: Tag, flags: Flags, contents: &[Handle]) -> Result<Handle> {
        if self.state.nodes.object_count() >= self.config.max_nodes {
            return Err(self.too_many_nodes());
        }
        self.state.nodes.push_object(tag, flags, self.cursor.opcode_position(), contents)
    }

    /// The same, for opcodes that are not in the main loop.
    #[inline(never)]
    fn rare_object(&mut self, tag: Tag, flags: Flags, contents: &[Handle]) -> Result<Handle> {
        self.object(tag, flags, contents)
    }

    #[cold]
    fn too_many_nodes(&self) -> Error {
        Error::limit(format!("the pickle holds more than {} nodes", self.config.max_nodes))
    }

    /// Pushes what the memo holds. Text is cut out of the input at its first fetch: it will be
    /// fetched again.
    #[inline]
    fn get(&mut self, index: u64) -> Result<()> {
        let Some(mut handle) = self.state.memo.get(index) else {
            return Err(self.nothing_in_memo(index));
        };
        if matches!(handle.tag(), Tag::Str1 | Tag::Str4 | Tag::Str8) && self.config.share_text {
            handle = self.share(index, handle)?;
        } else {
            self.state.nodes.note_fetched(handle);
        }
        self.stack.push(handle);
        Ok(())
    }

    /// The error of a GET that finds nothing.
    #[cold]
    fn nothing_in_memo(&self, index: u64) -> Error {
        let missing = format!("nothing was stored in the memo under {index}");
        if self.begin != self.start {
            return Error::syntax(missing);
        }
        Error::syntax(format!(
            "{missing}; where an earlier dump of the same Pickler stored it, \
             read both with one Deserializer and keep_memo"
        ))
    }

    fn share(&mut self, index: u64, origin: Handle) -> Result<Handle> {
        let Some(Ok(text)) = scalar::payload(self.input, origin).map(std::str::from_utf8) else {
            return Ok(origin);
        };
        let handle = self.state.nodes.push_shared(SharedText { text, origin })?;
        self.state.memo.replace(index, handle);
        Ok(handle)
    }

    #[inline]
    fn put(&mut self, opcode: Opcode, index: u64) -> Result<()> {
        let top = self.stack.top(opcode)?;
        self.state.memo.put(index, top, self.memo_room());
        Ok(())
    }

    /// Text that is not valid UTF-8: surrogates are let through, anything else is an error.
    #[cold]
    fn surrogates(&self, payload: &[u8]) -> Result<Handle> {
        if text::is_utf8_with_surrogates(payload) {
            Ok(self.here(Tag::Surrogates, 0))
        } else {
            Err(Error::syntax("text is not UTF-8"))
        }
    }
}

/// The error of a memo index that no memo has.
#[cold]
fn no_index() -> Error {
    Error::syntax("a memo index is negative or beyond 64 bits")
}

/// Returns true if text is valid. Most is ASCII, and bytes at protocol 2 are text below U+0100:
/// both are cheaper to check.
#[inline]
fn is_utf8(payload: &[u8]) -> bool {
    payload.is_ascii() || codec::is_latin1_text(payload) || std::str::from_utf8(payload).is_ok()
}
