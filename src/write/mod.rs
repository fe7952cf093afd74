//! Python objects as instructions as bytes: the mirror of `read/`.
//!
//! Only the [`Emitter`] knows the spelling of a Python object at a protocol; the serde serializer
//! and the graph writer both write through it. Three layers, lowest first, each in terms of the one
//! below:
//!
//! - *instructions* (this file): [`op`](Emitter::op), [`mark`](Emitter::mark),
//!   [`get`](Emitter::get), [`put`](Emitter::put), [`memoize`](Emitter::memoize): exactly the named
//!   instruction;
//! - *values* (`choose.rs`, `strings.rs`): a number, a text, bytes in the shortest spelling that
//!   the protocol has;
//! - *objects* (`object.rs`, `recipe.rs`, `global.rs`): several instructions, as for a set below
//!   protocol 4, with the globals that they need, from the memo where they can be.
//!
//! `frame.rs` cuts the output into frames. An *opcode boundary* is a place where a frame may end:
//! CPython looks at its frame whenever it begins to write an object, and so does everything here
//! that writes a whole value. Code that builds an object from instructions calls
//! [`boundary`](Emitter::boundary) where the object begins.
//!
//! Advice to the next editor: the value writers decide the speed of encoding. Each is one
//! comparison, for the boundary and the room at once, and one store of a fixed width where the
//! value has one, see [`fixed`](Emitter::fixed) and [`Out`].

mod choose;
mod frame;
mod global;
mod memo;
mod object;
pub(crate) mod old;
mod out;
mod pace;
mod recipe;
mod repeats;
mod sink;
mod strings;
mod text;
mod texts;
mod verbatim;

pub(crate) use choose::Payload;
pub(crate) use global::COMPLEX;
pub(crate) use pace::Pace;
pub(crate) use recipe::Recipe;
pub(crate) use sink::{Memory, Sink, Stream};
pub(crate) use strings::Sharing;

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::instruction::Opcode;
use crate::protocol::Protocol;
use crate::reduce::ExtensionRegistry;
use frame::Frames;
use memo::WriteMemo;
use out::Out;
use strings::PlainText;

/// Writes Python objects at one protocol into a buffer.
///
/// It is of one type whatever becomes of the bytes, so all of this is compiled once. It ends frames
/// by itself; its owner calls [`cross_boundary`](Emitter::cross_boundary) to have the finished ones
/// taken away.
pub(crate) struct Emitter {
    out: Out,
    frames: Frames,
    protocol: Protocol,
    fix_imports: bool,
    /// Decides which text is looked up in the memo.
    sharing: Sharing,
    /// Decides which text is written without a lookup.
    plain: PlainText,
    /// True if there will be only one pickle, and it has not begun.
    at_top: bool,
    memo: WriteMemo,
    extensions: Option<Arc<ExtensionRegistry>>,
    /// True if the buffer becomes the result, and so grows to the size of the pickle.
    keeps: bool,
}

/// The state of an emitter, kept while it writes into a buffer of its own; see [`Emitter::hold`].
pub(crate) struct Held {
    out: Out,
    frames: Frames,
    protocol: Protocol,
    memo: WriteMemo,
    extensions: Option<Arc<ExtensionRegistry>>,
}

/// A place in the output that can be gone back to, see [`Emitter::checkpoint`].
#[derive(Clone, Copy)]
pub(crate) struct Checkpoint {
    len: usize,
    commits: u64,
}

impl Emitter {
    /// The globals of `extensions` are written by their codes, which the protocol must have.
    ///
    /// Inlined with all that it calls, so that the emitter is made in its final place: it has some
    /// hundred bytes, and moving it takes a tenth of the time of a small message.
    #[inline(always)]
    pub(crate) fn new(
        keeps: bool,
        protocol: Protocol,
        fix_imports: bool,
        framing: bool,
        sharing: Sharing,
        extensions: Option<Arc<ExtensionRegistry>>,
    ) -> Self {
        let framing = framing && protocol >= Opcode::Frame.protocol();
        let plain = PlainText::new(sharing, protocol, false);
        Self {
            out: Out::new(),
            frames: Frames::new(framing, protocol < Protocol::V2, sharing == Sharing::Repeats),
            protocol,
            fix_imports,
            sharing,
            plain,
            at_top: false,
            memo: WriteMemo::new(plain.from),
            extensions,
            keeps,
        }
    }

    /// Notes that there will be only one pickle, which has not begun.
    pub(crate) fn expect_one_pickle(&mut self) {
        self.at_top = true;
    }

    /// Takes the bytes that have not been taken away.
    pub(crate) fn take_rest(&mut self) -> Vec<u8> {
        self.out.take()
    }

    /// Returns true if some globals may be written by code.
    pub(crate) fn has_extensions(&self) -> bool {
        self.extensions.is_some()
    }

    pub(crate) fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Notes that a container begins; returns true if it is the outermost value of the only pickle.
    #[inline]
    pub(crate) fn enter(&mut self) -> bool {
        std::mem::replace(&mut self.at_top, false)
    }

    /// Begins a pickle. The memo is kept.
    pub(crate) fn begin(&mut self) {
        // A small message fits; a larger one doubles from here.
        self.out.allocate(256);
        if self.protocol >= Opcode::Proto.protocol() {
            let proto = [Opcode::Proto.byte(), self.protocol.number()];
            self.out.with(|out| out.extend_from_slice(&proto));
        }
        self.open_frame();
    }

    /// Ends the pickle; `drain` may take all of the buffer away.
    pub(crate) fn finish(&mut self, drain: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<()> {
        self.op(Opcode::Stop);
        self.commit_frame();
        self.frames.waiting = 0;
        self.out.with(drain)
    }

    /// Forgets the memo, as `Pickler.clear_memo` does.
    pub(crate) fn clear_memo(&mut self) {
        self.memo = self.new_memo();
        self.set_plain();
    }

    /// Puts the output aside, and begins a pickle in memory, at the highest protocol and with a
    /// memo of its own.
    pub(crate) fn hold(&mut self) -> Held {
        let held = Held {
            out: std::mem::replace(&mut self.out, Out::new()),
            frames: std::mem::replace(&mut self.frames, Frames::held()),
            protocol: std::mem::replace(&mut self.protocol, Protocol::HIGHEST),
            // A placeholder: the right one is made below, for the protocol that has just been set.
            memo: std::mem::replace(&mut self.memo, WriteMemo::new(0)),
            extensions: self.extensions.take(),
        };
        self.memo = self.new_memo();
        self.set_plain();
        self.out.extend_from_slice(&[Opcode::Proto.byte(), self.protocol.number()]);
        held
    }

    /// Goes on where [`hold`](Self::hold) left off; gives the pickle that was written since.
    pub(crate) fn release(&mut self, held: Held) -> Vec<u8> {
        self.op(Opcode::Stop);
        self.frames = held.frames;
        self.protocol = held.protocol;
        self.memo = held.memo;
        self.set_plain();
        self.extensions = held.extensions;
        std::mem::replace(&mut self.out, held.out).take()
    }

    /// One instruction without an argument.
    #[inline(always)]
    pub(crate) fn op(&mut self, opcode: Opcode) {
        self.out.push(opcode.byte());
    }

    /// Several such instructions.
    #[inline(always)]
    pub(crate) fn ops<const N: usize>(&mut self, opcodes: [Opcode; N]) {
        self.fixed(opcodes.map(Opcode::byte), N);
    }

    #[inline(always)]
    pub(crate) fn mark(&mut self) {
        self.op(Opcode::Mark);
    }

    /// Appends the first `len` of these bytes: they are stored whole and cut, which needs no call
    /// of `memcpy`.
    #[inline(always)]
    fn fixed<const N: usize>(&mut self, bytes: [u8; N], len: usize) {
        self.out.append(bytes, len);
    }

    /// The same, if the next value is within the frame and there is room, without a call; returns
    /// true if it did. [`Frames::limit`](frame::Frames) covers every reason for a slow path but the
    /// room.
    #[inline(always)]
    fn quick<const N: usize>(&mut self, bytes: [u8; N], len: usize) -> bool {
        !self.at_limit() && self.out.store(bytes, len)
    }

    /// The same for the first `len` bytes of a word, up to seven, and a payload behind them.
    #[inline(always)]
    fn quick_behind(&mut self, head: u64, len: usize, payload: &[u8]) -> bool {
        !self.at_limit() && self.out.store_behind(head, len, payload)
    }

    /// Pushes what the memo holds under `index`: GET, BINGET or LONG_BINGET.
    #[inline]
    pub(crate) fn get(&mut self, index: u32) {
        if self.protocol == Protocol::V0 {
            self.decimal_line(Opcode::Get, index);
        } else {
            self.by_width(Opcode::Binget, Opcode::LongBinget, index);
        }
    }

    /// The same, if that is a matter of a few instructions; returns true if it did.
    #[inline(always)]
    pub(crate) fn quick_get(&mut self, index: u32) -> bool {
        let (bytes, len) = by_width(Opcode::Binget, Opcode::LongBinget, index);
        self.quick(bytes, len)
    }

    /// Stores the top of the stack in the memo under `index`: PUT, BINPUT or LONG_BINPUT.
    #[inline]
    pub(crate) fn put(&mut self, index: u32) {
        if self.protocol == Protocol::V0 {
            self.decimal_line(Opcode::Put, index);
        } else {
            self.by_width(Opcode::Binput, Opcode::LongBinput, index);
        }
    }

    /// Stores the top of the stack under the next free index of the memo, and returns it: MEMOIZE,
    /// or a PUT where the protocol has no such opcode.
    #[inline]
    pub(crate) fn memoize(&mut self) -> Result<u32> {
        let index = self.memo.claim()?;
        if self.protocol >= Opcode::Memoize.protocol() {
            self.op(Opcode::Memoize);
        } else {
            self.put(index);
        }
        Ok(index)
    }

    #[inline(always)]
    fn by_width(&mut self, one: Opcode, four: Opcode, index: u32) {
        let (bytes, len) = by_width(one, four, index);
        self.fixed(bytes, len);
    }

    #[cold]
    fn decimal_line(&mut self, opcode: Opcode, number: u32) {
        self.op(opcode);
        self.out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        self.out.push(b'\n');
    }

    /// One instruction whose argument is lines: GLOBAL, INST, PERSID.
    ///
    /// A line feed in such a line cannot be escaped: it would end the argument, and the caller's
    /// data would become an instruction. So it is an error.
    fn lines(&mut self, opcode: Opcode, lines: &[&str]) -> Result<()> {
        for line in lines {
            if line.contains('\n') {
                return Err(Error::unsupported(format!(
                    "{} cannot write a name that contains a line feed",
                    opcode.name()
                )));
            }
            if line.is_empty() && opcode != Opcode::Persid {
                return Err(Error::unsupported(format!(
                    "{} cannot write an empty name",
                    opcode.name()
                )));
            }
            if !line.is_ascii() && self.protocol < Protocol::V3 {
                return Err(Error::unsupported(format!(
                    "{} cannot write the name {:?} at protocol {}: it is not ASCII",
                    opcode.name(),
                    crate::error::quoted(line),
                    self.protocol.number()
                )));
            }
        }
        self.op(opcode);
        for line in lines {
            self.out.extend_from_slice(line.as_bytes());
            self.out.push(b'\n');
        }
        Ok(())
    }

    /// Remembers this place, which must be an opcode boundary.
    pub(crate) fn checkpoint(&mut self) -> Result<Checkpoint> {
        self.boundary()?;
        Ok(Checkpoint { len: self.out.len(), commits: self.frames.commits() })
    }

    /// Removes the output since the checkpoint if that is `None`; returns true if it was. Nothing
    /// is removed once a frame has ended.
    pub(crate) fn take_back_none(&mut self, checkpoint: Checkpoint) -> bool {
        let none = self.frames.commits() == checkpoint.commits
            && self.out.contents().get(checkpoint.len..) == Some(&[Opcode::None.byte()]);
        if none {
            self.out.truncate(checkpoint.len);
        }
        none
    }
}

/// One of two instructions, whose argument has one byte or four, and its length.
#[inline(always)]
fn by_width(one: Opcode, four: Opcode, index: u32) -> ([u8; 8], usize) {
    let (opcode, len) = if index < 0x100 { (one, 2) } else { (four, 5) };
    ((u64::from(opcode.byte()) | u64::from(index) << 8).to_le_bytes(), len)
}
