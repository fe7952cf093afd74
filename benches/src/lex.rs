//! The least that a reader must do: step over every instruction.
//!
//! It only knows how long each opcode's argument is, so that what it takes is a floor for any
//! reader. That it keeps a small table of its own is on purpose: it must not get slower or faster
//! with the crate. The table follows `pickletools.opcodes` of CPython 3.13.

/// The length of an argument.
#[derive(Clone, Copy)]
enum Argument {
    Fixed(u8),
    /// A count in so many bytes, little-endian, then as many bytes.
    Counted(u8),
    /// The same, and the bytes are UTF-8.
    Text(u8),
    /// Text up to a newline.
    Line,
    /// Two lines.
    TwoLines,
    Stop,
    Unknown,
}

const ARGUMENTS: [Argument; 256] = {
    use Argument::{Counted, Fixed, Line, Stop, Text, TwoLines};
    let mut table = [Argument::Unknown; 256];
    let bare = b"(012NQRabdelostu)}]\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94\x97\x98";
    let mut i = 0;
    while i < bare.len() {
        table[bare[i] as usize] = Fixed(0);
        i += 1;
    }
    table[b'.' as usize] = Stop;
    let lines = b"FIPLSVgp";
    i = 0;
    while i < lines.len() {
        table[lines[i] as usize] = Line;
        i += 1;
    }
    table[b'c' as usize] = TwoLines;
    table[b'i' as usize] = TwoLines;
    // BININT, BININT1, BININT2, BINFLOAT, BINGET, LONG_BINGET, BINPUT, LONG_BINPUT
    table[b'J' as usize] = Fixed(4);
    table[b'K' as usize] = Fixed(1);
    table[b'M' as usize] = Fixed(2);
    table[b'G' as usize] = Fixed(8);
    table[b'h' as usize] = Fixed(1);
    table[b'j' as usize] = Fixed(4);
    table[b'q' as usize] = Fixed(1);
    table[b'r' as usize] = Fixed(4);
    // PROTO, EXT1, EXT2, EXT4, FRAME
    table[0x80] = Fixed(1);
    table[0x82] = Fixed(1);
    table[0x83] = Fixed(2);
    table[0x84] = Fixed(4);
    table[0x95] = Fixed(8);
    // LONG1, LONG4, SHORT_BINSTRING, BINSTRING, SHORT_BINBYTES, BINBYTES, BINBYTES8, BYTEARRAY8
    table[0x8a] = Counted(1);
    table[0x8b] = Counted(4);
    table[b'U' as usize] = Counted(1);
    table[b'T' as usize] = Counted(4);
    table[b'C' as usize] = Counted(1);
    table[b'B' as usize] = Counted(4);
    table[0x8e] = Counted(8);
    table[0x96] = Counted(8);
    // SHORT_BINUNICODE, BINUNICODE, BINUNICODE8
    table[0x8c] = Text(1);
    table[b'X' as usize] = Text(4);
    table[0x8d] = Text(8);
    table
};

/// Steps over one pickle's instructions up to STOP and returns their number; `on_text` is given
/// every text. `None` if an argument is cut short, a byte is no opcode, or `on_text` says no.
fn walk<'a>(bytes: &'a [u8], mut on_text: impl FnMut(&'a [u8]) -> bool) -> Option<usize> {
    let mut at = 0;
    let mut count = 0;
    loop {
        let opcode = *bytes.get(at)?;
        at += 1;
        count += 1;
        match ARGUMENTS[usize::from(opcode)] {
            Argument::Fixed(n) => at += usize::from(n),
            Argument::Counted(width) => {
                let argument = counted(bytes, at, width)?;
                at = argument.end;
            }
            Argument::Text(width) => {
                let argument = counted(bytes, at, width)?;
                at = argument.end;
                if !on_text(bytes.get(argument)?) {
                    return None;
                }
            }
            Argument::Line => at = line_end(bytes, at)?,
            Argument::TwoLines => at = line_end(bytes, line_end(bytes, at)?)?,
            Argument::Stop => return Some(count),
            Argument::Unknown => return None,
        }
    }
}

fn counted(bytes: &[u8], at: usize, width: u8) -> Option<std::ops::Range<usize>> {
    let start = at + usize::from(width);
    // One load per width rather than a loop over its bytes.
    let length = match width {
        1 => usize::from(*bytes.get(at)?),
        4 => u32::from_le_bytes(bytes.get(at..start)?.try_into().ok()?) as usize,
        _ => usize::try_from(u64::from_le_bytes(bytes.get(at..start)?.try_into().ok()?)).ok()?,
    };
    let end = start.checked_add(length)?;
    (end <= bytes.len()).then_some(start..end)
}

fn line_end(bytes: &[u8], at: usize) -> Option<usize> {
    let line = bytes.get(at..)?;
    line.iter().position(|&byte| byte == b'\n').map(|length| at + length + 1)
}

/// The number of instructions up to and with STOP.
pub fn lex(bytes: &[u8]) -> Option<usize> {
    walk(bytes, |_| true)
}

/// The same, with every text checked to be UTF-8.
pub fn lex_utf8(bytes: &[u8]) -> Option<usize> {
    walk(bytes, |text| std::str::from_utf8(text).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_opcode_of_the_protocols_is_stepped_over() {
        // pickletools.opcodes of CPython 3.13 has 68 opcodes.
        let known =
            ARGUMENTS.iter().filter(|argument| !matches!(argument, Argument::Unknown)).count();
        assert_eq!(known, 68);
    }

    #[test]
    fn counts_the_instructions_of_a_small_pickle() {
        // pickle.dumps({'a': [1, 'b']}, 4); pickletools.genops gives 15 instructions.
        let pickle = b"\x80\x04\x95\x12\0\0\0\0\0\0\0}\x94\x8c\x01a\x94]\x94(K\x01\x8c\x01b\x94es.";
        assert_eq!(lex(pickle), Some(15));
        assert_eq!(lex_utf8(pickle), Some(15));
        assert_eq!(lex(&pickle[..pickle.len() - 1]), None);
    }
}
