//! The input for both: opcode programs, and fixtures with a byte or two changed.
//!
//! Programs are of two makes. One strings together parts that are written out here, for the sake of
//! their arguments; the other is the fuzz targets' generator, which looks after the stack, so that
//! most of them can be read.

use serde_pickle::opcode::{Opcode, instructions};
use serde_pickle_checks::Random;
use serde_pickle_checks::program::{Vocabulary, program};

use crate::corpus::files;

/// Opcodes that push one value.
const PUSHES: &[&[u8]] = &[
    b"N",
    b"\x88",
    b"\x89",
    b"K\x01",
    b"K\x07",
    b"M\x01\x02",
    b"J\xff\xff\xff\xff",
    b"I1\n",
    b"I01\n",
    b"I-5\n",
    b"L9L\n",
    b"\x8a\x00",
    b"\x8a\x01\xff",
    b"\x8a\x09\0\0\0\0\0\0\0\0\x01",
    b"G?\xf0\0\0\0\0\0\0",
    b"G\x7f\xf8\0\0\0\0\0\0",
    b"F1.5\n",
    b"F1\n",
    b"Fnan\n",
    b"U\x01a",
    b"U\x01\xe9",
    b"S'a'\n",
    b"V\n",
    b"Va\n",
    b"X\x01\0\0\0a",
    b"\x8c\x01a",
    b"\x8c\x00",
    b"X\x03\0\0\0\xed\xa0\x80",
    b"C\x01a",
    b"C\x00",
    b"B\x01\0\0\0b",
    b"\x96\x01\0\0\0\0\0\0\0z",
    b"]",
    b"]",
    b"}",
    b"}",
    b")",
    b"\x8f",
    b"cm\nC\n",
    b"\x8c\x01m\x8c\x01C\x93",
    b"Pid\n",
    b"(",
    b"(",
    b"(",
    b"h\x00",
    b"h\x01",
    b"g0\n",
    b"j\x02\0\0\0",
    b"(im\nC\n",
];

/// Opcodes that take values off the stack, or change them.
const WORKS: &[&[u8]] = &[
    b"a",
    b"a",
    b"e",
    b"e",
    b"s",
    b"s",
    b"u",
    b"u",
    b"\x90",
    b"\x90",
    b"\x91",
    b"t",
    b"t",
    b"l",
    b"d",
    b"\x85",
    b"\x86",
    b"\x87",
    b"0",
    b"1",
    b"2",
    b"q\x00",
    b"q\x01",
    b"p2\n",
    b"\x94",
    b"\x94",
    b"r\x05\0\0\0",
    b"R",
    b"\x81",
    b"\x92",
    b"b",
    b"o",
    b"Q",
    b"\x98",
    b"\x80\x04",
    b"\x80\x02",
    b"\x93",
    b"(",
    b"\x95\0\0\0\0\0\0\0\0",
];

/// `count` programs, the same for the same seed.
pub(super) fn generated(count: usize, seed: u64) -> Vec<Vec<u8>> {
    let mut random = Random::new(seed);
    (0..count)
        .map(|number| {
            if number % 2 == 0 {
                parts(&mut random)
            } else {
                let steps = 1 + random.below(24);
                program(Vocabulary::PLAIN, steps, &mut random)
            }
        })
        .collect()
}

/// `count` programs with frames, of which about half lie.
pub(super) fn framed(count: usize, seed: u64) -> Vec<Vec<u8>> {
    let mut random = Random::new(seed ^ 0x00f0_a3e5);
    // `pickle.loads` has no persistent ids, and only what can be read without frames shows what
    // they change.
    let plain = |program: &Vec<u8>| {
        let refers = |opcode| matches!(opcode, Opcode::Persid | Opcode::Binpersid);
        !instructions(program).map_while(Result::ok).any(|(_, opcode, _)| refers(opcode))
            && serde_pickle::Graph::from_slice(program).is_ok()
    };
    let programs = generated(3 * count, seed.wrapping_add(1 << 32));
    let programs = programs.iter().filter(|program| plain(program)).cycle().take(count);
    programs.map(|program| with_frames(program, &mut random)).collect()
}

/// A program with frames: each begins between two instructions, mostly, and ends between two reads
/// or somewhere else.
fn with_frames(program: &[u8], random: &mut Random) -> Vec<u8> {
    let starts: Vec<usize> = std::iter::once(0)
        .chain(instructions(program).map_while(Result::ok).map(|(at, ..)| at as usize).skip(1))
        .collect();
    let mut begins: Vec<usize> =
        (0..1 + random.below(3))
            .map(|_| {
                if random.percent(96) { *random.pick(&starts) } else { random.below(program.len()) }
            })
            .collect();
    begins.sort_unstable();
    let honest = random.percent(15);
    // From the last to the first, since each announces what is behind it.
    let (mut bytes, mut rest) = (Vec::new(), program.len());
    // Where a frame may end, counted from the end of the program.
    let mut ends = vec![0];
    for &begin in begins.iter().rev() {
        let longer = bytes.len() + rest - begin;
        bytes.splice(..0, program[begin..rest].iter().copied());
        for &start in starts.iter().filter(|&&start| (begin..rest).contains(&start)) {
            ends.push(bytes.len() - (start - begin));
        }
        debug_assert_eq!(bytes.len(), longer);
        rest = begin;
        // Honest ones end where the next one begins at the latest.
        let from = if honest {
            ends.len() - 1 - random.below(ends.len().min(4))
        } else {
            random.below(ends.len())
        };
        let exact = bytes.len() - ends[from].min(bytes.len());
        let len = match random.below(8) {
            _ if honest => exact,
            0 => exact + 1,
            1 => exact.saturating_sub(1),
            2 => exact + random.below(9),
            3 => random.below(bytes.len() + 2),
            _ => exact,
        };
        let header = [&[0x95][..], &(len as u64).to_le_bytes()].concat();
        bytes.splice(..0, header);
        ends.push(bytes.len());
    }
    [&program[..rest], &bytes].concat()
}

/// A program of parts that are put together at random.
pub(crate) fn parts(random: &mut Random) -> Vec<u8> {
    let mut program = Vec::new();
    for _ in 0..2 + random.below(20) {
        let parts = if random.percent(55) { PUSHES } else { WORKS };
        program.extend_from_slice(random.pick::<&[u8]>(parts));
    }
    program.push(b'.');
    program
}

/// Small fixtures, each changed `times` times.
pub(super) fn changed(times: usize) -> Vec<Vec<u8>> {
    let mut random = Random::new(0xc0ff_ee00);
    let mut programs = Vec::new();
    for fixture in files("valid").iter().chain(&files("odd")) {
        // Names of builtins are understood here and stand-ins there; buffers and codes need what is
        // beside the pickle; and frames are in `frames`.
        let names = [
            &b"builtin"[..],
            b"copy",
            b"codecs",
            b"functools",
            b"\x97",
            b"\x82",
            b"\x83",
            b"\x84",
            b"\x95",
        ];
        let has = |part: &&[u8]| fixture.bytes.windows(part.len()).any(|window| window == *part);
        if fixture.bytes.len() <= 400 && !names.iter().any(has) {
            programs.extend((0..times).map(|_| change(&fixture.bytes, &mut random)));
        }
    }
    programs
}

/// A pickle with one or two bytes changed, dropped or put in.
pub(crate) fn change(pickle: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = pickle.to_vec();
    for _ in 0..1 + random.below(2) {
        let at = random.below(bytes.len());
        match random.below(4) {
            0 => bytes[at] = random.bits() as u8,
            1 => bytes[at] ^= 1 << random.below(8),
            2 => drop(bytes.remove(at)),
            _ => bytes.insert(at, random.pick(WORKS)[0]),
        }
        if bytes.is_empty() {
            bytes.push(b'.');
        }
    }
    bytes
}
