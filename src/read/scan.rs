//! [`Scanner`]: finds the end of a pickle that arrives piece by piece.
//!
//! It is not an interpreter: like `source.rs` it knows how long arguments are, and takes the pickle
//! to end at STOP. Its state is the place within an instruction, a few words whatever the input, so
//! each piece is looked at once and payloads are skipped.

use crate::error::{Error, Result};
use crate::instruction::{ArgumentKind, Opcode};

/// Finds out if a whole pickle has arrived, and its length, without I/O and without keeping the
/// bytes.
///
/// For a connection whose messages are pickles one after another: each piece that arrives is pushed
/// once, and when a pickle ends in it the bytes up to there are a message for
/// [`from_slice`](crate::from_slice). Only instructions are looked at, each once; the payloads of
/// text and bytes are skipped.
///
/// ```
/// use serde_pickle::Scanner;
///
/// let mut scanner = Scanner::new();
/// assert_eq!(scanner.push(b"\x80\x04X\x05\0\0")?, None);
/// assert_eq!(scanner.push(b"\0hel")?, None);
/// assert_eq!(scanner.needed(), 3); // "lo" and STOP at the least
/// assert_eq!(scanner.push(b"lo.K\x01.")?, Some(3));
/// assert_eq!(scanner.position(), 13);
/// // The next pickle begins with what is left.
/// scanner.reset();
/// assert_eq!(scanner.push(b"K\x01.")?, Some(3));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// A reader may still refuse a pickle that is whole, for it knows what the instructions do. The
/// rules of frames are the same here. `examples/codec.rs` is a codec for `tokio_util` on top of
/// this.
#[derive(Clone, Debug)]
pub struct Scanner {
    expecting: Expecting,
    /// Bytes of this pickle that have been seen.
    at: u64,
    /// The offset of the instruction's opcode.
    opcode_at: u64,
    /// The end of the current frame.
    frame_end: Option<u64>,
    max_len: u64,
    failed: bool,
}

/// The bytes expected next.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Expecting {
    Opcode,
    /// This many bytes to be skipped, all in one read.
    Skip(u64),
    /// A length of `width` bytes, of which the first `seen` are `value`.
    Length {
        width: u8,
        seen: u8,
        value: u64,
        kind: LengthKind,
    },
    /// This many line feeds; the line at hand begins at byte `from`.
    Lines {
        left: u8,
        from: u64,
    },
    /// Nothing: STOP was seen.
    Nothing,
}

/// The use of a length that is being read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum LengthKind {
    Payload,
    /// LONG4, whose length is signed.
    Signed,
    Frame,
}

impl Default for Scanner {
    fn default() -> Self {
        Self::new()
    }
}

impl Scanner {
    /// A scanner at the start of a pickle.
    pub fn new() -> Self {
        Self {
            expecting: Expecting::Opcode,
            at: 0,
            opcode_at: 0,
            frame_end: None,
            max_len: u64::MAX,
            failed: false,
        }
    }

    /// Sets the bytes that a pickle may have. Default: any number. A length that a pickle announces
    /// counts before its bytes are there.
    ///
    /// ```
    /// use serde_pickle::Scanner;
    ///
    /// // Bytes that announce more than is wanted.
    /// let mut scanner = Scanner::new().max_len(1 << 20);
    /// assert!(scanner.push(b"B\xff\xff\xff\x7f").is_err());
    /// ```
    #[must_use]
    pub fn max_len(mut self, bytes: u64) -> Self {
        self.max_len = bytes;
        self
    }

    /// Bytes of the pickle that have been pushed; its length, once it is whole.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// The least number of bytes that are missing: to the end of the argument, and one for STOP; 0
    /// once the pickle is whole.
    pub fn needed(&self) -> u64 {
        match self.expecting {
            Expecting::Opcode => 1,
            Expecting::Skip(left) => left.saturating_add(1),
            Expecting::Length { width, seen, .. } => u64::from(width - seen) + 1,
            Expecting::Lines { left, .. } => u64::from(left) + 1,
            Expecting::Nothing => 0,
        }
    }

    /// Where the frame ends that the last byte was in, if it goes on behind that.
    pub(crate) fn frame_end(&self) -> Option<u64> {
        self.frame_end.filter(|end| *end > self.at)
    }

    /// Begins the pickle within a frame that ends after `len` bytes of it.
    pub(crate) fn enter_frame(&mut self, len: u64) {
        self.frame_end = Some(len);
    }

    /// Begins the next pickle.
    pub fn reset(&mut self) {
        *self = Self { max_len: self.max_len, ..Self::new() };
    }

    /// Takes the bytes that follow those pushed before. `Some(n)` if the pickle ends with the first
    /// `n` of them; `None` if it goes on.
    ///
    /// # Errors
    /// `Syntax` where the bytes are no pickle; `Limit` where it has, or announces, more bytes than
    /// [`max_len`](Self::max_len). Offsets are from the start of the pickle. After an error, and
    /// after the end of the pickle, [`reset`](Self::reset) comes first.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Option<usize>> {
        if self.failed {
            return Err(Error::unsupported("the scanner has failed before; reset it"));
        }
        let begin = self.at;
        let scanned = self.scan(bytes);
        self.failed = scanned.is_err();
        scanned.map_err(|error| {
            let error = error.at(self.opcode_at);
            // Earlier pieces are not kept, so only the first one can be recognized.
            if begin == 0 { super::explain(error, bytes, 0) } else { error }
        })
    }

    fn scan(&mut self, bytes: &[u8]) -> Result<Option<usize>> {
        let mut rest = bytes;
        loop {
            match self.expecting {
                Expecting::Opcode => {
                    let Some((&byte, after)) = rest.split_first() else { return Ok(None) };
                    rest = after;
                    self.opcode(byte)?;
                }
                Expecting::Skip(left) => {
                    let taken = left.min(rest.len() as u64);
                    // `taken` is at most the length of `rest`.
                    rest = rest.get(taken as usize..).unwrap_or_default();
                    self.at += taken;
                    if taken < left {
                        self.expecting = Expecting::Skip(left - taken);
                        return Ok(None);
                    }
                    self.expecting = Expecting::Opcode;
                }
                Expecting::Length { width, seen, value, kind } => {
                    let Some((&byte, after)) = rest.split_first() else { return Ok(None) };
                    rest = after;
                    self.at += 1;
                    let value = value | u64::from(byte) << (8 * u32::from(seen));
                    self.expecting = Expecting::Length { width, seen: seen + 1, value, kind };
                    if seen + 1 == width {
                        self.length(value, kind)?;
                    }
                }
                Expecting::Lines { left, from } => {
                    let end = memchr::memchr(b'\n', rest);
                    let taken = end.map_or(rest.len(), |end| end + 1);
                    rest = rest.get(taken..).unwrap_or_default();
                    self.read(from, taken as u64)?;
                    self.at += taken as u64;
                    match (end, left) {
                        (None, _) => return Ok(None),
                        (Some(_), 1) => self.expecting = Expecting::Opcode,
                        // The second line is a read of its own.
                        (Some(_), left) => {
                            self.expecting = Expecting::Lines { left: left - 1, from: self.at };
                        }
                    }
                }
                Expecting::Nothing => return Ok(Some(bytes.len() - rest.len())),
            }
        }
    }

    /// Checks that the next `len` bytes may be read, the last of a read that began at byte `from`:
    /// within the limit, and not across the end of a frame.
    fn read(&mut self, from: u64, len: u64) -> Result<()> {
        let end = self.at.checked_add(len).filter(|end| *end <= self.max_len).ok_or_else(|| {
            Error::limit(format!("the pickle has more than {} bytes", self.max_len))
        })?;
        match self.frame_end {
            Some(frame) if from >= frame => self.frame_end = None,
            Some(frame) if end > frame => {
                return Err(Error::syntax("pickle exhausted before end of frame"));
            }
            _ => {}
        }
        Ok(())
    }

    fn opcode(&mut self, byte: u8) -> Result<()> {
        self.opcode_at = self.at;
        self.read(self.at, 1)?;
        let opcode = Opcode::from_byte(byte)
            .ok_or_else(|| Error::syntax(format!("unknown opcode 0x{byte:02x}")))?;
        self.at += 1;
        let length = |width, kind| Expecting::Length { width, seen: 0, value: 0, kind };
        self.expecting = match opcode.argument() {
            ArgumentKind::None if opcode == Opcode::Stop => Expecting::Nothing,
            ArgumentKind::None => Expecting::Opcode,
            ArgumentKind::Uint1 => self.fixed(1)?,
            ArgumentKind::Uint2 => self.fixed(2)?,
            ArgumentKind::Int4 | ArgumentKind::Uint4 => self.fixed(4)?,
            ArgumentKind::Float8 => self.fixed(8)?,
            ArgumentKind::Uint8 => length(8, LengthKind::Frame),
            ArgumentKind::DecimalShort
            | ArgumentKind::DecimalLong
            | ArgumentKind::FloatLine
            | ArgumentKind::StringLine
            | ArgumentKind::Line
            | ArgumentKind::UnicodeLine => Expecting::Lines { left: 1, from: self.at },
            ArgumentKind::TwoLines => Expecting::Lines { left: 2, from: self.at },
            ArgumentKind::String1
            | ArgumentKind::Unicode1
            | ArgumentKind::Bytes1
            | ArgumentKind::Long1 => length(1, LengthKind::Payload),
            ArgumentKind::String4 | ArgumentKind::Unicode4 | ArgumentKind::Bytes4 => {
                length(4, LengthKind::Payload)
            }
            ArgumentKind::Long4 => length(4, LengthKind::Signed),
            ArgumentKind::Unicode8 | ArgumentKind::Bytes8 | ArgumentKind::Bytearray8 => {
                length(8, LengthKind::Payload)
            }
        };
        if let Expecting::Length { width, .. } = self.expecting {
            self.read(self.at, width.into())?;
        }
        Ok(())
    }

    fn fixed(&mut self, len: u64) -> Result<Expecting> {
        self.read(self.at, len)?;
        Ok(Expecting::Skip(len))
    }

    /// Handles a length that has been read whole.
    fn length(&mut self, len: u64, kind: LengthKind) -> Result<()> {
        let limit = if kind == LengthKind::Signed { i32::MAX as u64 } else { super::MAX_LENGTH };
        if len > limit {
            return Err(Error::syntax(match kind {
                LengthKind::Signed => "LONG4 has a negative length".to_owned(),
                _ => format!("{len} bytes are announced, more than any input has"),
            }));
        }
        if kind == LengthKind::Frame {
            if self.frame_end.is_some_and(|end| self.at < end) {
                return Err(Error::syntax("beginning of a new frame before end of current frame"));
            }
            let end = self.at.checked_add(len).filter(|end| *end <= self.max_len);
            let Some(end) = end else {
                return Err(Error::limit(format!(
                    "a frame announces more than {} bytes",
                    self.max_len
                )));
            };
            self.frame_end = Some(end);
            self.expecting = Expecting::Opcode;
            return Ok(());
        }
        self.expecting = if len == 0 { Expecting::Opcode } else { self.fixed(len)? };
        Ok(())
    }
}
