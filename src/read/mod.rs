//! Bytes → opcodes and their arguments.
//!
//! A [`Cursor`] walks over a pickle that lies in memory. Its methods read one argument form each,
//! so that there is one place for every sign rule; the machine and [`instructions`] both use them.
//! `fused` has those that read an opcode together with its argument, for the fast paths.
//! A pickle from an `io::Read` is first collected into memory, exactly up to STOP, by [`source`]:
//! offsets into that memory then stand for text and bytes, and nothing is copied twice.
//!
//! No read crosses the end of a frame; see `frames`. Text forms are in [`text`].
//!
//! Promise: no byte of input makes any of this panic or allocate more than the input's size.

pub(crate) mod decimal;
mod explain;
mod frames;
mod fused;
mod instructions;
mod int_shape;
mod pass;
mod raw;
mod scan;
pub(crate) mod source;
pub(crate) mod text;
pub(crate) mod window;

use std::borrow::Cow;

use crate::error::{Error, Result};
use crate::instruction::{ArgumentKind, Extent, Opcode};
use crate::protocol::Protocol;
pub(crate) use explain::explain;
pub(crate) use frames::check_frames;
pub(crate) use instructions::instructions_within;
pub use instructions::{Instructions, instructions};
pub(crate) use int_shape::IntShape;
pub use scan::Scanner;
pub use window::{InstructionReader, ReadInstruction};

/// The highest protocol that PROTO may announce.
const HIGHEST: u8 = Protocol::HIGHEST.number();

/// The highest eight-byte length. CPython refuses a length beyond its `Py_ssize_t` before it looks
/// for the bytes.
pub(crate) const MAX_LENGTH: u64 = i64::MAX as u64;

/// A position in a pickle that lies in memory.
///
/// `peek_…` moves nothing. `read_…` moves, and an opcode that is read becomes the current one, to
/// which errors point. `absorb_…` takes the next opcode and leaves the current one.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    /// The bytes that may be read: inside a frame up to its end, else all of `input`.
    bytes: &'a [u8],
    /// The offset of the next byte to be read; never beyond the end of `bytes`.
    at: usize,
    /// The offset of the opcode whose argument is being read: errors point there.
    opcode_at: usize,
    input: &'a [u8],
    /// The end of the current frame, or of the one whose last byte was just read.
    frame_end: Option<usize>,
}

impl<'a> Cursor<'a> {
    /// Starts at byte `at` of `bytes` (at the end, where `at` is beyond it).
    pub(crate) fn new(bytes: &'a [u8], at: usize) -> Self {
        let at = at.min(bytes.len());
        Self { bytes, at, opcode_at: at, input: bytes, frame_end: None }
    }

    /// The offset of the next byte.
    #[inline]
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The offset of the opcode that was read last.
    #[inline]
    pub(crate) fn opcode_position(&self) -> usize {
        self.opcode_at
    }

    /// Reads an opcode.
    #[inline]
    pub(crate) fn read_opcode(&mut self) -> Result<Opcode> {
        self.opcode_at = self.at;
        match self.bytes.get(self.at) {
            Some(&byte) => match Opcode::from_byte(byte) {
                Some(opcode) => {
                    self.at += 1;
                    Ok(opcode)
                }
                None => Err(self.unknown_opcode(byte)),
            },
            None => self.opcode_behind_frame(),
        }
    }

    #[cold]
    fn opcode_behind_frame(&mut self) -> Result<Opcode> {
        self.pass_frame_end();
        self.opcode_at = self.at;
        match self.peek_byte() {
            Some(byte) => {
                let opcode = Opcode::from_byte(byte).ok_or_else(|| self.unknown_opcode(byte))?;
                self.at += 1;
                Ok(opcode)
            }
            None => Err(self.no_stop()),
        }
    }

    /// The next byte, which stays where it is. `None` at the end of a frame as of the input.
    #[inline(always)]
    pub(crate) fn peek_byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The next opcode, which stays where it is. `None` at the end of a frame as of the input.
    #[inline]
    pub(crate) fn peek_opcode(&self) -> Option<Opcode> {
        self.bytes.get(self.at).copied().and_then(Opcode::from_byte)
    }

    /// Moves past the opcode that was peeked at, and makes it the current one.
    #[inline]
    pub(crate) fn read_peeked_opcode(&mut self) {
        self.opcode_at = self.at;
        self.at += 1;
    }

    /// The index of the BINGET that is next, which stays; `None` for any other opcode.
    #[inline(always)]
    pub(crate) fn peek_binget(&self) -> Option<u8> {
        match self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<2>) {
            Some(&[opcode, index]) if opcode == Opcode::Binget.byte() => Some(index),
            _ => None,
        }
    }

    /// The index of the BINGET or LONG_BINGET that is next, which stays; `None` for any other
    /// opcode.
    pub(crate) fn peek_get(&self) -> Option<u64> {
        if let Some(index) = self.peek_binget() {
            return Some(u64::from(index));
        }
        match self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<5>) {
            Some(&[opcode, a, b, c, d]) if opcode == Opcode::LongBinget.byte() => {
                Some(u64::from(u32::from_le_bytes([a, b, c, d])))
            }
            _ => None,
        }
    }

    /// The same with the length of the instruction.
    #[inline]
    pub(crate) fn peek_get_whole(&self) -> Option<(u64, usize)> {
        match self.peek_binget() {
            Some(index) => Some((u64::from(index), 2)),
            None => self.peek_get().map(|index| (index, 5)),
        }
    }

    /// Moves past the BINGET that was peeked at, and makes it the current opcode.
    #[inline(always)]
    pub(crate) fn read_peeked_binget(&mut self) {
        self.opcode_at = self.at;
        self.at += 2;
    }

    /// Takes the next opcode if it is `opcode`: for the fusion of an opcode with the MEMOIZE behind
    /// it.
    #[inline]
    pub(crate) fn absorb_opcode(&mut self, opcode: Opcode) -> bool {
        let found = self.bytes.get(self.at) == Some(&opcode.byte());
        self.at += usize::from(found);
        found
    }

    /// Takes the next instruction if it stores in the memo by a binary index, and gives that: for
    /// the fusion of an opcode with the BINPUT behind it. An instruction that is cut short, or that
    /// crosses the end of its frame, is left, so that reading it gives the error.
    #[inline]
    pub(crate) fn absorb_put(&mut self) -> Option<u64> {
        let &opcode = self.bytes.get(self.at)?;
        if opcode == Opcode::Binput.byte() {
            let &index = self.bytes.get(self.at + 1)?;
            self.at += 2;
            return Some(u64::from(index));
        }
        if opcode == Opcode::LongBinput.byte() {
            let &index = self.bytes.get(self.at + 1..)?.first_chunk::<4>()?;
            self.at += 5;
            return Some(u64::from(u32::from_le_bytes(index)));
        }
        None
    }

    /// Reads the next opcode if it is `opcode`, and makes it the current one.
    #[inline]
    pub(crate) fn read_opcode_if(&mut self, opcode: Opcode) -> bool {
        let at = self.at;
        let found = self.absorb_opcode(opcode);
        if found {
            self.opcode_at = at;
        }
        found
    }

    #[cold]
    fn unknown_opcode(&self, byte: u8) -> Error {
        Error::syntax(format!("unknown opcode 0x{byte:02x}")).at(self.opcode_at as u64)
    }

    #[cold]
    fn no_stop(&self) -> Error {
        Error::eof("the pickle ends before STOP").at(self.opcode_at as u64)
    }

    #[cold]
    fn malformed(&self, what: impl Into<Cow<'static, str>>) -> Error {
        Error::syntax(what).at(self.opcode_at as u64)
    }

    #[inline]
    fn read_array<const N: usize>(&mut self) -> Result<[u8; N]> {
        match self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<N>) {
            Some(array) => {
                self.at += N;
                Ok(*array)
            }
            None => self.array_behind_frame(),
        }
    }

    #[inline]
    fn read_payload(&mut self, len: usize) -> Result<&'a [u8]> {
        match self.bytes.get(self.at..).and_then(|rest| rest.get(..len)) {
            Some(payload) => {
                self.at += len;
                Ok(payload)
            }
            None => self.payload_behind_frame(len),
        }
    }

    /// The next `len` bytes, which stay. `None` where the frame or the input ends before.
    pub(crate) fn peek(&self, len: usize) -> Option<&'a [u8]> {
        self.bytes.get(self.at..)?.get(..len)
    }

    #[inline]
    pub(crate) fn read_uint1(&mut self) -> Result<u8> {
        self.read_array::<1>().map(|[byte]| byte)
    }

    #[inline]
    pub(crate) fn read_uint2(&mut self) -> Result<u16> {
        self.read_array().map(u16::from_le_bytes)
    }

    #[inline]
    pub(crate) fn read_int4(&mut self) -> Result<i32> {
        self.read_array().map(i32::from_le_bytes)
    }

    #[inline]
    pub(crate) fn read_uint4(&mut self) -> Result<u32> {
        self.read_array().map(u32::from_le_bytes)
    }

    #[inline]
    pub(crate) fn read_uint8(&mut self) -> Result<u64> {
        self.read_array().map(u64::from_le_bytes)
    }

    #[inline]
    pub(crate) fn read_float8(&mut self) -> Result<f64> {
        self.read_array().map(f64::from_be_bytes)
    }

    /// Reads a payload behind a one-byte length.
    #[inline]
    pub(crate) fn read_counted1(&mut self) -> Result<&'a [u8]> {
        // Checks length and payload together, because most strings of most pickles come through
        // here.
        if let Some((&len, rest)) = self.bytes.get(self.at..).and_then(<[u8]>::split_first)
            && let Some(payload) = rest.get(..usize::from(len))
        {
            self.at += 1 + usize::from(len);
            return Ok(payload);
        }
        self.counted1_behind_frame()
    }

    #[cold]
    fn counted1_behind_frame(&mut self) -> Result<&'a [u8]> {
        let len = self.read_uint1()?;
        self.read_payload(usize::from(len))
    }

    /// Reads a payload behind a four-byte unsigned length.
    #[inline]
    pub(crate) fn read_counted4(&mut self) -> Result<&'a [u8]> {
        let len = self.read_uint4()?;
        self.read_payload(len as usize)
    }

    /// Reads a payload behind an eight-byte unsigned length.
    pub(crate) fn read_counted8(&mut self) -> Result<&'a [u8]> {
        let len = self.read_uint8()?;
        if len > MAX_LENGTH {
            return Err(self.malformed(format!(
                "an argument of {len} bytes is announced, more than any input has"
            )));
        }
        match usize::try_from(len) {
            Ok(len) => self.read_payload(len),
            Err(_) => Err(self.truncated()),
        }
    }

    /// Reads the payload of LONG4, whose length is signed.
    pub(crate) fn read_long4(&mut self) -> Result<&'a [u8]> {
        let len = self.read_int4()?;
        match usize::try_from(len) {
            Ok(len) => self.read_payload(len),
            Err(_) => Err(self.malformed(format!("LONG4 has a negative length, {len}"))),
        }
    }

    /// Reads the payload of an argument with a length in front.
    fn read_counted(&mut self, kind: ArgumentKind) -> Result<&'a [u8]> {
        match kind.extent() {
            Extent::Counted(1) => self.read_counted1(),
            Extent::Counted(4) => self.read_counted4(),
            Extent::SignedCounted => self.read_long4(),
            _ => self.read_counted8(),
        }
    }

    /// Reads a line of at least `least` bytes and gives it without its newline.
    #[inline]
    fn read_line_of(&mut self, least: usize) -> Result<&'a [u8]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        match memchr::memchr(b'\n', rest) {
            Some(end) if end >= least => {
                self.at += end + 1;
                // `memchr` gives a position within `rest`.
                Ok(rest.get(..end).unwrap_or_default())
            }
            Some(_) => Err(self.malformed("the argument is an empty line")),
            None => {
                self.leave_frame()?;
                self.read_line_of(least)
            }
        }
    }

    /// Reads a line that may be empty (text, a persistent id) and gives it without its newline.
    #[inline]
    pub(crate) fn read_line(&mut self) -> Result<&'a [u8]> {
        self.read_line_of(0)
    }

    /// Reads a line with at least one byte and gives it without its newline.
    #[inline]
    pub(crate) fn read_filled_line(&mut self) -> Result<&'a [u8]> {
        self.read_line_of(1)
    }

    /// Reads a module and a name, a line each.
    pub(crate) fn read_names(&mut self) -> Result<(&'a str, &'a str)> {
        let module = self.read_filled_line()?;
        let name = self.read_filled_line()?;
        match (std::str::from_utf8(module), std::str::from_utf8(name)) {
            (Ok(module), Ok(name)) => Ok((module, name)),
            _ => Err(self.malformed("a global's module or name is not UTF-8")),
        }
    }

    /// Reads the memo index of GET and PUT. `None` is an index that no memo has, negative or beyond
    /// 64 bits.
    pub(crate) fn read_memo_index(&mut self) -> Result<Option<u64>> {
        let line = self.read_filled_line()?;
        self.checked(text::memo_index(line))
    }

    /// Reads the protocol that PROTO announces.
    pub(crate) fn read_protocol(&mut self) -> Result<u8> {
        match self.read_uint1()? {
            protocol @ 0..=HIGHEST => Ok(protocol),
            protocol => {
                Err(Error::unsupported_protocol(i64::from(protocol)).at(self.opcode_at as u64))
            }
        }
    }

    /// Attaches the offset of the current opcode to an error of its text.
    pub(crate) fn checked<T>(&self, result: Result<T, text::Malformed>) -> Result<T> {
        result.map_err(|what| what.into_error().at(self.opcode_at as u64))
    }
}
