//! The program `pickle`: looks at Python pickles, changes them, and makes Rust types of them.
//!
//! It never runs a pickle. Files of strangers are the normal case: limits hold by default, and
//! whatever a pickle names is escaped before it reaches a terminal.
//!
//! `args.rs` has the commands' arguments, and each command is a file of `commands/`. Below them:
//!
//! - `input.rs`: files, pipes and what they contain; `pickles.rs`: the pickles of a file;
//!   `side.rs`: the arrays that old joblib put beside it;
//! - `output.rs`: terminals, files, broken pipes; `fold.rs`: lines of so many columns;
//! - `stream/`: pickles that are longer than memory, an instruction or an element at a time;
//! - `walk.rs`: an object's parts by name; `path.rs`: paths such as `users[3].email`;
//!   `literal.rs`: Python's literals; `paint.rs`: values in color, `numpy.rs` arrays;
//! - `audit/`: rules about names, and archives; `types/`: Rust types from samples.
//!
//! The library is for the tests, and promises nothing to other crates.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod args;
mod audit;
mod commands;
mod error;
mod fold;
mod input;
mod literal;
mod numpy;
mod output;
mod paint;
mod path;
mod pickles;
mod side;
mod stream;
mod types;
mod walk;

pub use commands::main;
