//! Verbatim output: objects as another pickler spelled them, and whole instructions.
//!
//! A Rust type never becomes an 8-bit string of Python 2 or an extension code, so the serializer
//! needs none of these; a graph that was read holds them and has to write them again. Whole
//! instructions are what `tools::optimize` copies.

use super::Emitter;
use super::frame::FRAME_TARGET;
use crate::error::{Error, Result};
use crate::instruction::Opcode;
use crate::protocol::Protocol;

impl Emitter {
    /// An 8-bit string of Python 2. Every protocol has opcodes for it, though Python 3 writes none.
    pub(crate) fn chars(&mut self, value: &[u8]) -> Result<()> {
        self.boundary()?;
        if self.protocol == Protocol::V0 {
            self.op(Opcode::String);
            self.out.with(|out| write_quoted(out, value));
            self.out.push(b'\n');
            return Ok(());
        }
        match (u8::try_from(value.len()), i32::try_from(value.len())) {
            (Ok(len), _) => self.counted(&[Opcode::ShortBinstring.byte(), len], value),
            (_, Ok(len)) => {
                let mut header = [Opcode::Binstring.byte(); 5];
                header[1..].copy_from_slice(&len.to_le_bytes());
                self.counted(&header, value);
            }
            // The length is signed in the readers of Python 2.
            _ => {
                return Err(Error::unsupported("no pickle holds an 8-bit string of 2 GiB or more"));
            }
        }
        Ok(())
    }

    /// An int by LONG or LONG1, the opcodes of Python 2's type `long`, even if another opcode is
    /// shorter.
    pub(crate) fn long(&mut self, value: i64) -> Result<()> {
        self.boundary()?;
        if self.at_least_binary_long() {
            let bytes = value.to_le_bytes();
            let bytes = super::choose::minimal(&bytes);
            // At most eight.
            let len = bytes.len() as u8;
            self.counted(&[Opcode::Long1.byte(), len], bytes);
            return Ok(());
        }
        self.op(Opcode::Long);
        self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
        self.out.extend_from_slice(b"L\n");
        Ok(())
    }

    fn at_least_binary_long(&self) -> bool {
        self.protocol >= Opcode::Long1.protocol()
    }

    /// GLOBAL with exactly these names, whichever Python they belong to.
    pub(crate) fn global_verbatim(&mut self, module: &str, name: &str) -> Result<()> {
        self.lines(Opcode::Global, &[module, name])
    }

    /// INST with exactly these names.
    pub(crate) fn inst_verbatim(&mut self, module: &str, name: &str) -> Result<()> {
        self.lines(Opcode::Inst, &[module, name])
    }

    /// The global with this extension code.
    pub(crate) fn extension_by_code(&mut self, code: u32) -> Result<()> {
        self.boundary()?;
        if self.protocol < Opcode::Ext1.protocol() {
            return Err(Error::unsupported(format!(
                "an extension code cannot be written at protocol {}, and its name is in a \
                 registry; give that on reading",
                self.protocol.number()
            )));
        }
        self.extension_code(code);
        Ok(())
    }
}

impl Emitter {
    /// Begins a pickle with this PROTO, or without one.
    pub(crate) fn begin_verbatim(&mut self, proto: &[u8]) {
        self.out.extend_from_slice(proto);
        self.open_frame();
    }

    /// One instruction, unchanged; outside of frames if it is longer than one.
    ///
    /// `pickletools` decides by the whole instruction; a pickler looks at the payload alone.
    pub(crate) fn instruction_verbatim(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.len() <= FRAME_TARGET {
            self.boundary()?;
            self.out.extend_from_slice(bytes);
        } else {
            self.commit_frame();
            self.out.extend_from_slice(bytes);
            self.open_frame();
        }
        Ok(())
    }

    /// Ends a pickle whose STOP has been written, and gives it.
    pub(crate) fn finish_verbatim(&mut self) -> Vec<u8> {
        self.commit_frame();
        self.out.take()
    }
}

/// An 8-bit string as Python 2's `repr` prints it, the argument of STRING.
fn write_quoted(out: &mut Vec<u8>, value: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";

    let quote = if value.contains(&b'\'') && !value.contains(&b'"') { b'"' } else { b'\'' };
    out.push(quote);
    for &byte in value {
        match byte {
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\\' => out.extend_from_slice(b"\\\\"),
            _ if byte == quote => out.extend_from_slice(&[b'\\', quote]),
            b' '..=b'~' => out.push(byte),
            // Four bits are always an index of 16 digits.
            _ => out.extend_from_slice(&[
                b'\\',
                b'x',
                HEX[usize::from(byte >> 4)],
                HEX[usize::from(byte & 15)],
            ]),
        }
    }
    out.push(quote);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_quoted_as_in_python_2() {
        for (value, expected) in [
            (&b""[..], &b"''"[..]),
            (b"it's", b"\"it's\""),
            (b"'\"", b"'\\'\"'"),
            (b"\\\n\r\t\x00\x7f\xff", b"'\\\\\\n\\r\\t\\x00\\x7f\\xff'"),
        ] {
            let mut out = Vec::new();
            write_quoted(&mut out, value);
            assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(expected));
        }
    }
}
