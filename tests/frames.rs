//! Frames: no read crosses the end of one, whichever way a pickle is read.
//!
//! The rule is CPython's since its C unpickler checks frames, and `pickle.py`'s;
//! `src/read/frames.rs` has it. Every opcode is tried with a frame that ends between any two of its
//! bytes.

use std::io::Cursor;

use serde::Deserialize;
use serde_pickle::opcode::{ArgumentKind, Opcode, instructions};
use serde_pickle::tools::{
    DisassembleOptions, Target, audit, disassemble, optimize, persistent_ids,
};
use serde_pickle::{AllowList, DeOptions, Deserializer, Error, ErrorKind, Graph, Value};

/// `inside` in a frame, and `outside` behind it.
fn framed(inside: &[u8], outside: &[u8]) -> Vec<u8> {
    [&[0x95][..], &(inside.len() as u64).to_le_bytes(), inside, outside].concat()
}

/// The answer of each reader: nothing, or its error.
fn readers(pickle: &[u8]) -> Vec<(&'static str, Option<Error>)> {
    // Persistent ids and codes are what only a graph has; as text they are an error of their own.
    let limited = DeOptions::new().max_nodes(1 << 20);
    let mut slice = Deserializer::from_slice(pickle);
    let mut reader = Deserializer::from_reader(pickle);
    let mut kept = Deserializer::from_reader(pickle).keep_memo(true);
    let ignore = |result: Result<serde::de::IgnoredAny, Error>| result.err();
    vec![
        ("graph", Graph::from_slice(pickle).err()),
        ("graph from a reader", Graph::from_reader(Cursor::new(pickle)).err()),
        ("slice", ignore(serde_pickle::from_slice(pickle))),
        ("slice with a limit", ignore(limited.from_slice(pickle))),
        ("reader", ignore(serde_pickle::from_reader(pickle))),
        ("value", serde_pickle::from_slice::<Value>(pickle).err()),
        ("value from a reader", serde_pickle::from_reader::<_, Value>(pickle).err()),
        ("stream of a slice", ignore(Deserialize::deserialize(&mut slice))),
        ("stream", ignore(Deserialize::deserialize(&mut reader))),
        ("stream with a memo", ignore(Deserialize::deserialize(&mut kept))),
        ("elements", Deserializer::from_slice(pickle).elements::<Value>().err()),
        ("audit", audit(pickle).error),
        ("persistent ids", persistent_ids(pickle).err()),
        ("optimize", optimize(pickle).err()),
        ("disassemble", disassemble(pickle).err()),
    ]
}

fn is_about_frames(error: &Error) -> bool {
    let text = error.to_string();
    text.contains("crosses the end of a frame") || text.contains("before the one around it ends")
}

/// A pickle whose frames lie, from the opcode at `at` on: refused by all readers alike.
fn assert_refused(pickle: &[u8], at: u64) {
    for (reader, error) in readers(pickle) {
        let error = error.unwrap_or_else(|| panic!("{reader} reads {}", pickle.escape_ascii()));
        assert!(is_about_frames(&error), "{reader}: {error}: {}", pickle.escape_ascii());
        assert_eq!(
            (error.kind(), error.offset()),
            (ErrorKind::Syntax, Some(at)),
            "{reader}: {error}: {}",
            pickle.escape_ascii()
        );
    }
}

/// A pickle whose frames are in order. What is refused is so for another reason, the one for which
/// it is without frames.
fn assert_in_order(pickle: &[u8], unframed: &[u8]) {
    let without = readers(unframed);
    for ((reader, error), (_, expected)) in readers(pickle).into_iter().zip(without) {
        let both = (error.map(|error| error.kind()), expected.map(|error| error.kind()));
        assert_eq!(both.0, both.1, "{reader}: {}", pickle.escape_ascii());
    }
    assert!(Graph::from_slice(pickle).is_ok(), "{}", pickle.escape_ascii());
}

/// For an opcode: what comes before it, the reads of its argument, and what follows.
fn program(opcode: Opcode) -> (&'static [u8], Vec<Vec<u8>>, &'static [u8]) {
    let counted = |width: usize| {
        let mut len = vec![0; width];
        len[0] = 3;
        vec![len, b"abc".to_vec()]
    };
    let reads = match opcode.argument() {
        ArgumentKind::Uint1 if opcode == Opcode::Proto => vec![vec![4]],
        ArgumentKind::Uint1 => vec![vec![0]],
        ArgumentKind::Uint2 => vec![vec![1, 0]],
        ArgumentKind::Int4 | ArgumentKind::Uint4 => vec![vec![0; 4]],
        ArgumentKind::Float8 => vec![vec![0; 8]],
        ArgumentKind::DecimalShort | ArgumentKind::DecimalLong => vec![b"00\n".to_vec()],
        ArgumentKind::FloatLine => vec![b"1.5\n".to_vec()],
        ArgumentKind::StringLine => vec![b"'ab'\n".to_vec()],
        ArgumentKind::Line | ArgumentKind::UnicodeLine => vec![b"abc\n".to_vec()],
        ArgumentKind::TwoLines => vec![b"mod\n".to_vec(), b"Name\n".to_vec()],
        ArgumentKind::String1
        | ArgumentKind::Unicode1
        | ArgumentKind::Bytes1
        | ArgumentKind::Long1 => counted(1),
        ArgumentKind::String4
        | ArgumentKind::Unicode4
        | ArgumentKind::Bytes4
        | ArgumentKind::Long4 => counted(4),
        ArgumentKind::Unicode8 | ArgumentKind::Bytes8 | ArgumentKind::Bytearray8 => counted(8),
        _ => vec![],
    };
    let (before, after): (&[u8], &[u8]) = match opcode {
        Opcode::Get | Opcode::Binget | Opcode::LongBinget => (b"Nq\x000", b"."),
        // Behind a text, as those that are taken along with it.
        Opcode::Put | Opcode::Binput | Opcode::LongBinput => (b"\x8c\x01a", b"."),
        Opcode::Inst => (b"(", b"."),
        Opcode::Proto => (b"", b"N."),
        _ => (b"", b"."),
    };
    (before, reads, after)
}

#[test]
fn a_frame_ends_between_two_reads_of_an_opcode_or_not_at_all() {
    let mut cuts = 0;
    for &opcode in Opcode::ALL {
        let (before, reads, after) = program(opcode);
        // Codes need a registry, wherever a frame ends.
        if reads.is_empty() || matches!(opcode, Opcode::Ext1 | Opcode::Ext2 | Opcode::Ext4) {
            continue;
        }
        let argument = reads.concat();
        let whole = [before, &[opcode.byte()], &argument, after].concat();
        let first = before.len() + 1;
        let between: Vec<usize> = reads
            .iter()
            .scan(first, |at, read| {
                let here = *at;
                *at += read.len();
                Some(here)
            })
            .chain([first + argument.len()])
            .collect();
        for cut in first..=first + argument.len() {
            let pickle = framed(&whole[..cut], &whole[cut..]);
            cuts += 1;
            if between.contains(&cut) {
                assert_in_order(&pickle, &whole);
            } else {
                assert_refused(&pickle, 9 + before.len() as u64);
            }
        }
    }
    assert!(cuts > 150, "{cuts}");
}

#[test]
fn a_frame_begins_where_no_other_is_left_unread() {
    for (pickle, at) in [
        // Within another, to whose end it goes; of no bytes; and beyond it.
        (framed(&framed(b"K\x01", b"\x85."), b""), 9),
        (framed(&framed(b"", b"N."), b""), 9),
        (framed(&[b"N".to_vec(), framed(b"0", b"")].concat(), b"N."), 10),
        // The length crosses the end.
        (framed(b"K\x01\x95\x02", b"\0\0\0\0\0\0\0\x85."), 11),
        (framed(b"K\x01\x95\x02\0\0\0\0\0\0", b"\0\x85."), 11),
    ] {
        assert_refused(&pickle, at);
    }
    for (pickle, unframed) in [
        // The last bytes of a frame are the next one's opcode, and its length.
        (framed(b"K\x01\x95", b"\x02\0\0\0\0\0\0\0\x85."), &b"K\x01\x85."[..]),
        (framed(b"K\x01\x95\x02\0\0\0\0\0\0\0", b"\x85."), b"K\x01\x85."),
        (framed(b"", &framed(b"", &framed(b"", b"N."))), b"N."),
        (framed(b"N.", b""), b"N."),
        (framed(b"N.rest", b""), b"N.rest"),
        (framed(b"N", b"."), b"N."),
        (framed(b"U\0", b"."), b"U\0."),
        (framed(b"X\0\0\0\0", b"."), b"X\0\0\0\0."),
        (framed(b"\x80\x04", &framed(b"N", b".")), b"\x80\x04N."),
    ] {
        assert_in_order(&pickle, unframed);
    }
}

/// Opcodes fused with the one before or read in rows, and lines within a batch, at every place
/// where a frame can end.
#[test]
fn rows_and_batches_do_not_hide_a_frame_that_lies() {
    let pickles: [&[u8]; 6] = [
        b"\x80\x02](G\x3f\xf0\0\0\0\0\0\0G\x3f\xf0\0\0\0\0\0\0G\x3f\xf0\0\0\0\0\0\0e.",
        b"\x80\x02]q\x00(K\x01M\x01\x02J\x01\0\0\0\x8a\x05\0\0\0\0\x01e.",
        b"(lp0\nI1\naI22\naI-333\naL4444444444L\naF1.5\na.",
        b"\x80\x04}\x94(\x8c\x04name\x94\x8c\x03Ada\x94\x8c\x03age\x94K$u.",
        b"}q\x00(X\x01\0\0\0aq\x01]q\x02(C\x02xyh\x01r\x03\0\0\0e\x8c\x01b}h\x01Nsu.",
        b"]((K\x01K\x02t(K\x03K\x04t](K\x05K\x06e](NNe]](\x88\x89ee.",
    ];
    for pickle in pickles {
        // Where an instruction begins, and the reads within.
        let mut between = vec![];
        for instruction in instructions(pickle) {
            let (at, opcode, _) = instruction.unwrap();
            let (_, reads, _) = program(opcode);
            between.push(at as usize);
            between.extend((!reads.is_empty()).then_some(at as usize + 1));
            if reads.len() == 2 {
                between.push(at as usize + 1 + reads[0].len());
            }
        }
        for start in (0..pickle.len()).filter(|start| between.contains(start)) {
            // A FRAME stands between instructions only.
            if !instructions(pickle).any(|item| item.unwrap().0 == start as u64) {
                continue;
            }
            for end in start..pickle.len() {
                let (front, inside) = pickle.split_at(start);
                let (inside, outside) = inside.split_at(end - start);
                let bytes = [front, &framed(inside, outside)].concat();
                if between.contains(&end) {
                    assert_in_order(&bytes, pickle);
                } else {
                    let errors = readers(&bytes);
                    let at = errors[0].1.as_ref().unwrap().offset().unwrap();
                    assert_refused(&bytes, at);
                    assert!((start as u64 + 9..end as u64 + 9).contains(&at), "{at}");
                }
            }
        }
    }
}

#[test]
fn a_frame_of_one_unpickler_goes_on_into_its_next_pickle() {
    // One frame around two dumps, and one that ends within an argument of the second.
    let (fine, lie) = (framed(b"K\x01.K\x02.", b""), framed(b"K\x01.M\x02", b"\0."));
    type Read = fn(&[u8], bool) -> Vec<Result<u16, Error>>;
    let slice: Read =
        |bytes, keep| Deserializer::from_slice(bytes).keep_memo(keep).into_iter().collect();
    let reader: Read =
        |bytes, keep| Deserializer::from_reader(bytes).keep_memo(keep).into_iter().collect();
    for read in [slice, reader] {
        for keep in [false, true] {
            let values: Result<Vec<u16>, _> = read(&fine, keep).into_iter().collect();
            assert_eq!(values.unwrap(), [1, 2], "{keep}");
        }
        // Each pickle is its own Unpickler's without a memo that is kept.
        let values: Result<Vec<u16>, _> = read(&lie, false).into_iter().collect();
        assert_eq!(values.unwrap(), [1, 2]);
        let values = read(&lie, true);
        assert_eq!(*values[0].as_ref().unwrap(), 1);
        let error = values[1].as_ref().unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Syntax, Some(12)));
        // A frame within the frame of the pickle before.
        let nested = framed(&[b"K\x01.", &framed(b"K\x02.", b"")[..]].concat(), b"");
        assert!(read(&nested, false).iter().all(Result::is_ok));
        assert!(is_about_frames(read(&nested, true)[1].as_ref().unwrap_err()));
    }
    let text = DisassembleOptions::new().stream(true).keep_memo(true).disassemble(&lie);
    assert!(is_about_frames(&text.unwrap_err()));
    assert!(DisassembleOptions::new().stream(true).disassemble(&lie).is_ok());
}

#[test]
fn a_reader_is_not_asked_for_what_lies_beyond_a_frame_that_lies() {
    // BINBYTES of a megabyte in a frame of two bytes.
    let pickle = framed(b"B\0\0\x10\0", &[b'x'; 100]);
    let pickle = [&framed(b"B\0", b"\0\x10\0")[..], &pickle[14..]].concat();
    let mut input = &pickle[..];
    let error = serde_pickle::from_reader::<_, Value>(&mut input).unwrap_err();
    assert!(is_about_frames(&error), "{error}");
    assert_eq!(input.len(), pickle.len() - 11, "the header and the frame are all that was read");
}

/// `loads` of CPython up to 3.13.0 makes bytes of this, `load(file)` calls `len`.
const CALL_IN_BYTES: &[u8] =
    b"\x80\x04\x95\x02\0\0\0\0\0\0\0\x42\x17\0\0\0\0cbuiltins\nlen\n(Vabc\ntR.";

#[test]
fn a_call_behind_a_frame_that_lies_is_not_taken_for_bytes() {
    assert_refused(CALL_IN_BYTES, 11);
    let error =
        DeOptions::new().resolver(AllowList::new()).from_slice::<Value>(CALL_IN_BYTES).unwrap_err();
    assert!(is_about_frames(&error), "{error}");
}

#[test]
fn an_audit_of_a_frame_that_lies_is_not_clear() {
    // It crosses an argument, begins within another, or is longer than the pickle, which
    // `pickle.py` does not mind.
    for (pickle, at) in [
        (CALL_IN_BYTES.to_vec(), 11),
        (framed(&framed(b"N", b"."), b""), 9),
        (b"\x80\x04\x95\xff\0\0\0\0\0\0\0cos\nsystem\n(Vls\ntR.".to_vec(), 2),
    ] {
        for report in [audit(&pickle), DeOptions::new().resolver(AllowList::new()).audit(&pickle)] {
            assert!(!report.is_complete());
            let refused: Vec<_> = report.refused().collect();
            assert_eq!(refused.len(), 1);
            assert_eq!(refused[0].target, Target::Unknown);
            assert_eq!(refused[0].named[0].offset, at);
            let text = report.to_string();
            assert!(text.contains("refused: what other Pythons find there"), "{text}");
            assert!(text.contains("not followed to its end: "), "{text}");
        }
    }
    // Python does not go on with a pickle that breaks for another reason.
    assert_eq!(audit(&framed(b"K\x01a", b"B\x01\0\0\0")).refused().count(), 0);
}

#[test]
fn pickletools_shows_a_frame_that_lies_and_ours_ends_in_the_error() {
    let mut text = String::new();
    let error = DisassembleOptions::new().write(CALL_IN_BYTES, &mut text).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the argument of BINBYTES crosses the end of a frame, at byte 11"
    );
    assert!(text.contains("11: B    BINBYTES   b'\\x00cbuiltins"), "{text}");
    assert!(text.ends_with("highest protocol among opcodes = 4\n"), "{text}");
    // `optimize` of pickletools makes a pickle of it whose frames are in order.
    assert!(is_about_frames(&optimize(CALL_IN_BYTES).unwrap_err()));
    // The instructions are those of `genops`.
    assert_eq!(instructions(CALL_IN_BYTES).filter(Result::is_ok).count(), 4);
}

#[test]
fn of_two_faults_the_frame_is_the_one_that_is_named() {
    let pickle = framed(b"M\x01", b"\x02a.");
    let error = disassemble(&pickle).unwrap_err();
    assert!(is_about_frames(&error), "{error}");
}
