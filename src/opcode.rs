//! The vocabulary: the 68 opcodes and their arguments.
//!
//! [`instructions`] takes a pickle apart into instructions without running any, as Python's
//! `pickletools.genops` does.

pub use crate::instruction::{Argument, ArgumentKind, Opcode, StackEffect};
pub use crate::read::{InstructionReader, Instructions, ReadInstruction, instructions};
