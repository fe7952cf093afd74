//! [`disassemble`]: a pickle in words, as Python's `pickletools.dis` prints it.
//!
//! The stack and the memo are followed as far as the output needs: the mark of an opcode, the depth
//! of indentation, and the operands that have to be there. The values on the stack do not matter,
//! so it is a vector of "mark" and "anything else". This is not the machine, and is stricter in two
//! points, as Python is: a memo index is stored into once, and STOP finds one value on the stack.
//! Source: `dis` in CPython's `Lib/pickletools.py`.
//!
//! Promise: the text is a bounded multiple of the input, as the indentation stops growing at
//! [`limits::INDENT`]; beyond the text, memory is a small multiple of the input.

use std::fmt::{self, Write};
use std::io::{self, Read};

use super::disassemble_stack::{Memo, Note, Stack};
use super::genops::{Instruction, genops, of_bytes};
use crate::error::{Error, ErrorKind, Result};
use crate::instruction::{Argument, ArgumentKind, Opcode};
use crate::limits;
use crate::read::check_frames;
use crate::read::window::Window;
use crate::value::repr;

/// The instructions of a pickle as text, a line each: what Python's `pickletools.dis` prints.
///
/// ```
/// use serde_pickle::tools;
///
/// // pickle.dumps([1, ('a', 2.5)], 2)
/// let text = tools::disassemble(
///     b"\x80\x02]q\x00(K\x01X\x01\x00\x00\x00aq\x01G@\x04\x00\x00\x00\x00\x00\x00\x86q\x02e.",
/// )?;
/// assert_eq!(
///     text,
///     r"    0: \x80 PROTO      2
///     2: ]    EMPTY_LIST
///     3: q    BINPUT     0
///     5: (    MARK
///     6: K        BININT1    1
///     8: X        BINUNICODE 'a'
///    14: q        BINPUT     1
///    16: G        BINFLOAT   2.5
///    25: \x86     TUPLE2
///    26: q        BINPUT     2
///    28: e        APPENDS    (MARK at 5)
///    29: .    STOP
/// highest protocol among opcodes = 2
/// "
/// );
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// It is to the byte the text of CPython 3.13.18, which 3.14.10 and 3.15 print too, with these
/// exceptions:
///
/// - Arguments that `pickletools` cannot read and an unpickler can, such as numbers in hex or ids
///   that are not UTF-8, are shown here.
/// - The indentation of nested marks stops growing at 256 columns; a million marks would otherwise
///   make terabytes of text.
/// - The set of printable characters depends on the version of Unicode, which is Rust's here.
/// - `pickletools` ignores frames, and so shows the instructions of a pickle whose reads cross the
///   ends of frames. So does this, and then it ends in an error.
///
/// Bytes behind STOP are not looked at; [`DisassembleOptions::stream`] goes on.
///
/// # Errors
/// - [`Eof`](crate::ErrorKind::Eof) and [`Syntax`](crate::ErrorKind::Syntax) where the bytes are
///   not instructions;
/// - `Syntax` for errors that `pickletools` reports too: an opcode that finds too little on the
///   stack or no mark, a memo index that is fetched before it is stored or is stored twice, values
///   left on the stack at the end;
/// - `Syntax` where an argument crosses the end of a frame or a frame begins inside another, and
///   `Eof` where a frame is longer than what is left: no reader of this crate loads that;
/// - [`Limit`](crate::ErrorKind::Limit) for an int of more than 4,300 digits, which Python does not
///   print either.
///
/// The text up to there is lost; [`DisassembleOptions::write`] keeps it.
pub fn disassemble(pickle: &[u8]) -> Result<String> {
    DisassembleOptions::new().disassemble(pickle)
}

/// The options for disassembling.
///
/// ```
/// use serde_pickle::tools::DisassembleOptions;
///
/// let text = DisassembleOptions::new().annotate(24).disassemble(b"(lp0\n.")?;
/// assert_eq!(
///     text,
///     "    0: (    MARK                Pushes a mark.
///     1: l        LIST       (MARK at 0) A list of everything above the mark.
///     2: p    PUT        0               \
///                        Stores the top of the stack in the memo under a number in decimal.
///     5: .    STOP                       The end; the top of the stack is the value.
/// highest protocol among opcodes = 0
/// "
/// );
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
#[non_exhaustive]
pub struct DisassembleOptions {
    indent: usize,
    annotate: usize,
    stream: bool,
    keep_memo: bool,
}

impl Default for DisassembleOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl DisassembleOptions {
    /// The defaults, which are those of [`disassemble`].
    pub fn new() -> Self {
        Self { indent: 4, annotate: 0, stream: false, keep_memo: false }
    }

    /// Columns by which each mark indents what follows, up to 256 columns together. Default: 4.
    /// Python's `indentlevel`.
    pub fn indent(mut self, columns: usize) -> Self {
        self.indent = columns;
        self
    }

    /// Describes the opcode on each line, from about this column on, 256 at most. Default: 0, no
    /// description. Python's `annotate`.
    ///
    /// The words are those of [`Opcode::description`], not Python's.
    pub fn annotate(mut self, column: usize) -> Self {
        self.annotate = column.min(limits::INDENT);
        self
    }

    /// Disassembles all pickles up to the end of the input, one after another. Default: false, only
    /// the first.
    ///
    /// ```
    /// use serde_pickle::tools::DisassembleOptions;
    ///
    /// let options = DisassembleOptions::new().indent(2).stream(true).keep_memo(true);
    /// let text = options.disassemble(b"]q\0.h\0.")?;
    /// assert_eq!(text.matches("STOP").count(), 2);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn stream(mut self, stream: bool) -> Self {
        self.stream = stream;
        self
    }

    /// Gives the pickles of a stream one memo, as those of one Pickler have. Default: false.
    /// Python's `memo`.
    pub fn keep_memo(mut self, keep: bool) -> Self {
        self.keep_memo = keep;
        self
    }

    /// Disassembles into a text; see [`disassemble`].
    ///
    /// # Errors
    /// As [`disassemble`].
    pub fn disassemble(&self, pickle: &[u8]) -> Result<String> {
        let mut text = String::new();
        self.write(pickle, &mut text)?;
        Ok(text)
    }

    /// Disassembles into a writer, line by line: all lines before an error are written, and the
    /// line of the error if it could be read. So a broken pickle is shown up to the fault.
    ///
    /// ```
    /// use serde_pickle::tools::DisassembleOptions;
    ///
    /// let mut text = String::new();
    /// let error = DisassembleOptions::new().write(b"K\x01a.", &mut text).unwrap_err();
    /// assert_eq!(text, "    0: K    BININT1    1\n    2: a    APPEND\n");
    /// assert_eq!(error.to_string(), "APPEND takes 2 off the stack, which has 1, at byte 2");
    /// ```
    ///
    /// # Errors
    /// As [`disassemble`], and [`Io`](crate::ErrorKind::Io) where the writer fails.
    pub fn write(&self, pickle: &[u8], out: &mut impl Write) -> Result<()> {
        let mut memo = Memo::default();
        let (mut start, mut frame_end) = (0, 0);
        loop {
            if !self.keep_memo {
                memo = Memo::default();
                frame_end = 0;
            }
            let frames = check_frames(pickle, start, frame_end);
            let written = self
                .write_pickle(pickle, start, &mut memo, out)
                .map_err(|error| crate::read::explain(error, pickle, start));
            (start, frame_end) = match (written, frames) {
                // The fault of the frames is reported first: it explains the others.
                (Err(error), Err(frames)) if error.kind() != ErrorKind::Io => return Err(frames),
                (written, frames) => (written?, frames?),
            };
            if !self.stream || start >= pickle.len() {
                return Ok(());
            }
        }
    }

    /// Disassembles what a reader gives, in memory for its longest instruction and the indexes of
    /// its memo; see [`write`](Self::write). Numbers from 0 on without gaps, as picklers have them,
    /// take none.
    ///
    /// ```
    /// use serde_pickle::tools::DisassembleOptions;
    ///
    /// let mut text = String::new();
    /// DisassembleOptions::new().write_reader(&b"N."[..], &mut text)?;
    /// assert_eq!(
    ///     text,
    ///     "    0: N    NONE\n    1: .    STOP\nhighest protocol among opcodes = 0\n"
    /// );
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`write`](Self::write), and [`Io`](crate::ErrorKind::Io) where the reader fails.
    pub fn write_reader(&self, reader: impl Read, out: &mut impl Write) -> Result<()> {
        let mut window = Window::new(reader);
        let mut memo = Memo::default();
        loop {
            if !self.keep_memo {
                memo = Memo::default();
            }
            window.begin(self.keep_memo);
            let written = self.write_window(&mut window, &mut memo, out);
            match (written, window.take_frame_fault()) {
                (Err(error), _) if error.kind() == ErrorKind::Io => return Err(error),
                (_, Some(fault)) => return Err(fault),
                (written, None) => written?,
            }
            if !self.stream || window.is_at_end()? {
                return Ok(());
            }
        }
    }

    fn write_window<R: Read>(
        &self,
        window: &mut Window<R>,
        memo: &mut Memo,
        out: &mut dyn Write,
    ) -> Result<()> {
        let mut lines = Lines::new(self);
        let written = loop {
            let raw = window.next()?;
            let written = of_bytes(raw.bytes)
                .map_err(|error| error.in_stream(raw.offset))
                .and_then(|mut instruction| {
                    // Offsets fit, as the input does.
                    instruction.at = raw.offset as usize;
                    instruction.end = instruction.at + raw.bytes.len();
                    lines.write(&instruction, memo, out)
                });
            if written.is_err() || raw.opcode == Opcode::Stop {
                break written;
            }
        };
        if let Err(error) = &written
            && error.kind() != ErrorKind::Io
        {
            // A frame that lies further on is why the rest may look odd.
            while window.next().is_ok_and(|raw| raw.opcode != Opcode::Stop) {}
        }
        written?;
        lines.finish(out).map(|_| ())
    }

    /// One pickle from byte `start` on; gives where it ends.
    fn write_pickle(
        &self,
        bytes: &[u8],
        start: usize,
        memo: &mut Memo,
        out: &mut dyn Write,
    ) -> Result<usize> {
        let mut lines = Lines::new(self);
        for item in genops(bytes, start) {
            lines.write(&item?, memo, out)?;
        }
        lines.finish(out)
    }
}

/// The lines of one pickle.
struct Lines<'o> {
    options: &'o DisassembleOptions,
    stack: Stack,
    highest: u8,
    line: String,
    column: usize,
    end: usize,
}

impl<'o> Lines<'o> {
    fn new(options: &'o DisassembleOptions) -> Self {
        Self {
            options,
            stack: Stack::default(),
            highest: 0,
            line: String::new(),
            column: options.annotate,
            end: 0,
        }
    }

    /// Writes the line of an instruction.
    fn write(
        &mut self,
        instruction: &Instruction<'_>,
        memo: &mut Memo,
        out: &mut dyn Write,
    ) -> Result<()> {
        let Instruction { at, end, opcode, ref argument } = *instruction;
        let annotate = self.options.annotate;
        self.end = end;
        self.highest = self.highest.max(opcode.protocol().number());
        let depth = self.stack.marks.len();
        let (note, fault) = self.stack.run(instruction, memo);

        let line = &mut self.line;
        line.clear();
        write_line(line, opcode, self.options.indent.saturating_mul(depth), argument, note)
            .map_err(|error| error.at(at as u64))?;
        if annotate > 0 {
            let (width, column) = (line.chars().count(), self.column);
            let _ = write!(line, "{:1$}", "", column.saturating_sub(width));
            self.column = if width.max(column) > ANNOTATION { annotate } else { width.max(column) };
            let _ = write!(line, " {}", opcode.description());
        }
        writeln!(out, "{at:5}: {line}").map_err(writer_failed)?;
        match fault {
            Some(fault) => Err(fault.into_error(opcode).at(at as u64)),
            None => Ok(()),
        }
    }

    /// Writes the last line; gives where the pickle ends.
    fn finish(&self, out: &mut dyn Write) -> Result<usize> {
        writeln!(out, "highest protocol among opcodes = {}", self.highest)
            .map_err(writer_failed)?;
        match self.stack.items.len() {
            0 => Ok(self.end),
            left => {
                let items = if left == 1 { "item is" } else { "items are" };
                Err(Error::syntax(format!("{left} {items} left on the stack after STOP"))
                    .at(self.end as u64 - 1))
            }
        }
    }
}

/// The column beyond which a description does not push those of the following lines to the right.
const ANNOTATION: usize = 50;

/// Columns of an opcode's name that an argument keeps clear of.
const NAME: usize = 10;

#[cold]
fn writer_failed(_: fmt::Error) -> Error {
    Error::io(io::Error::other("the writer of a disassembly failed"))
}

/// A line without its offset.
fn write_line(
    line: &mut String,
    opcode: Opcode,
    indent: usize,
    argument: &Argument<'_>,
    note: Option<Note>,
) -> Result<()> {
    // Writing to a String does not fail.
    let byte = opcode.byte();
    let _ = if byte.is_ascii_graphic() {
        write!(line, "{:<4} ", char::from(byte))
    } else {
        write!(line, "\\x{byte:02x} ")
    };
    let indent = indent.min(limits::INDENT);
    let _ = write!(line, "{:indent$}{}", "", opcode.name());
    if *argument != Argument::None || note.is_some() {
        let _ = write!(line, "{:1$}", "", NAME.saturating_sub(opcode.name().len()));
    }
    write_argument(line, opcode, argument)?;
    let _ = match note {
        None => Ok(()),
        Some(Note::Mark(at)) => write!(line, " (MARK at {at})"),
        Some(Note::NoMark) => write!(line, " no MARK exists on stack"),
        Some(Note::Memoized(index)) => write!(line, " (as {index})"),
    };
    Ok(())
}

/// A blank and Python's `repr` of an argument.
///
/// # Errors
/// `Limit` for an int of too many digits.
fn write_argument(line: &mut String, opcode: Opcode, argument: &Argument<'_>) -> Result<()> {
    if *argument == Argument::None {
        return Ok(());
    }
    line.push(' ');
    let _ = match argument {
        Argument::None => Ok(()),
        Argument::Bool(value) => line.write_str(if *value { "True" } else { "False" }),
        Argument::Int(value) => write!(line, "{value}"),
        Argument::BigInt(value) => match repr::decimal(value) {
            Some(digits) => line.write_str(&digits),
            None => {
                return Err(Error::limit(format!(
                    "an int has more than {} digits",
                    limits::INT_DIGITS
                )));
            }
        },
        Argument::Float(value) => repr::write_float(line, *value),
        Argument::Str(text) => repr::write_plain_str(line, text),
        Argument::Surrogates(bytes) => repr::write_surrogates(line, bytes),
        Argument::Names(module, name) => repr::write_plain_str(line, &format!("{module} {name}")),
        Argument::Bytes(bytes) => match opcode.argument() {
            ArgumentKind::Bytes1 | ArgumentKind::Bytes4 | ArgumentKind::Bytes8 => {
                repr::write_bytes(line, bytes)
            }
            ArgumentKind::Bytearray8 => repr::write_bytearray(line, bytes),
            ArgumentKind::String1 | ArgumentKind::String4 | ArgumentKind::StringLine => {
                // Printed as bytes, but for the letter.
                let at = line.len();
                let written = repr::write_bytes(line, bytes);
                line.remove(at);
                written
            }
            _ => match std::str::from_utf8(bytes) {
                Ok(text) => repr::write_plain_str(line, text),
                Err(_) => {
                    let latin1: String = bytes.iter().copied().map(char::from).collect();
                    repr::write_plain_str(line, &latin1)
                }
            },
        },
    };
    Ok(())
}
