//! The vocabulary: the 68 opcodes and their arguments.
//!
//! [`instructions`] takes a pickle apart into instructions without running any, as Python's
//! `pickletools.genops` does.
//!
//! ```
//! use serde_pickle::opcode::{Opcode, instructions};
//!
//! let opcodes: Result<Vec<_>, _> = instructions(b"K\x01.").map(|it| it.map(|it| it.1)).collect();
//! assert_eq!(opcodes?, [Opcode::Binint1, Opcode::Stop]);
//! # Ok::<(), serde_pickle::Error>(())
//! ```

pub use crate::instruction::{Argument, ArgumentKind, Opcode, StackEffect};
pub use crate::read::{InstructionReader, Instructions, ReadInstruction, instructions};
