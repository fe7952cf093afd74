//! Changes of an input that know opcodes.
//!
//! libFuzzer changes bytes, which breaks nearly every pickle at its first argument. This takes the
//! input apart into instructions and inserts, drops, moves and alters whole ones. The inputs stay
//! pickles: fixtures are seeds as they are, what is found can be given to any other tool, and the
//! corpus outlives changes of the generator, which inputs that are choices of a generator would
//! not.

use serde_pickle::opcode::{Argument, Opcode, instructions};

use crate::Random;
use crate::program::{Program, Vocabulary, program};

/// Changes the first `size` bytes of `input`, in place, to at most `max_size`; gives how many there
/// are then.
///
/// The first `header` bytes are no part of the pickle. `bytewise` is libFuzzer's own way, which has
/// its share.
pub fn mutate(
    header: usize,
    input: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
    bytewise: impl Fn(&mut [u8], usize, usize) -> usize,
) -> usize {
    let mut random = Random::new(u64::from(seed));
    if size < header || random.percent(35) {
        return bytewise(input, size, max_size);
    }
    if header > 0 && random.percent(10) {
        input[random.below(header)] = random.bits() as u8;
        return size;
    }
    let mut changed = input[header..size].to_vec();
    for _ in 0..1 + random.below(3) {
        changed = change(&changed, &mut random);
    }
    let len = changed.len().min(max_size - header);
    input[header..header + len].copy_from_slice(&changed[..len]);
    header + len
}

/// An instruction, and its bytes.
type Instruction<'a> = (Opcode, Argument<'a>, &'a [u8]);

/// The instructions of a pickle, each with its bytes; what is no instruction any more is the rest.
fn split(pickle: &[u8]) -> (Vec<Instruction<'_>>, &[u8]) {
    let mut found = Vec::new();
    let mut iterator = instructions(pickle);
    let mut end = 0;
    while let Some(Ok((offset, opcode, argument))) = iterator.next() {
        end = iterator.position() as usize;
        found.push((opcode, argument, &pickle[offset as usize..end]));
    }
    (found, &pickle[end..])
}

fn change(pickle: &[u8], random: &mut Random) -> Vec<u8> {
    let (mut parts, rest) = split(pickle);
    if parts.is_empty() {
        let steps = 1 + random.below(20);
        return program(Vocabulary::ALL, steps, random);
    }
    let at = random.below(parts.len());
    let fresh;
    match random.below(12) {
        // New instructions that suit what is on the stack there.
        0..=4 => {
            fresh = snippet(&parts[..at], 1 + random.below(6), random);
            parts.insert(at, (Opcode::None, Argument::None, &fresh));
        }
        5 => drop(parts.drain(at..(at + 1 + random.below(3)).min(parts.len()))),
        6 => {
            let end = (at + 1 + random.below(8)).min(parts.len());
            let to = random.below(parts.len());
            let copied = parts[at..end].to_vec();
            parts.splice(to..to, copied);
        }
        7 => {
            let other = random.below(parts.len());
            parts.swap(at, other);
        }
        // Another argument, or another opcode with the same kind of argument.
        8 | 9 => {
            let mut program = follow(&parts[..at]);
            let opcode = parts[at].0;
            program.emit(opcode, random);
            fresh = program.into_bytes();
            parts[at].2 = &fresh;
        }
        10 => {
            let old = parts[at].clone();
            let same: Vec<_> =
                Opcode::ALL.iter().filter(|opcode| opcode.argument() == old.0.argument()).collect();
            let mut bytes = old.2.to_vec();
            bytes[0] = random.pick(&same).byte();
            fresh = bytes;
            parts[at].2 = &fresh;
        }
        // An end, with what can be read there.
        _ => {
            let mut program = follow(&parts[..at]);
            program.finish(random);
            fresh = program.into_bytes();
            parts.truncate(at);
            parts.push((Opcode::Stop, Argument::None, &fresh));
        }
    }
    let mut bytes: Vec<u8> = parts.iter().flat_map(|(_, _, bytes)| bytes.iter().copied()).collect();
    bytes.extend_from_slice(rest);
    bytes
}

/// The state that a machine would be in behind `parts`, with nothing written.
fn follow(parts: &[(Opcode, Argument<'_>, &[u8])]) -> Program {
    let mut program = Program::new(Vocabulary::ALL);
    for (opcode, argument, _) in parts {
        program.effect(*opcode, argument);
    }
    program
}

fn snippet(before: &[(Opcode, Argument<'_>, &[u8])], steps: usize, random: &mut Random) -> Vec<u8> {
    let mut program = follow(before);
    program.steps(steps, random);
    program.into_bytes()
}
