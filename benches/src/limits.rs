//! Lower bounds for every reader of pickles: stepping over the instructions, checking the text, and
//! making the result. They stand in the tables next to the contenders.

use std::hint::black_box;

use crate::case::{Builder, Task, same};
use crate::data::Input;
use crate::lex::{lex, lex_utf8};
use crate::workload::Workload;

/// The names of all limits begin with this.
pub const PREFIX: &str = "limit: ";

/// Adds the limits to the reading tasks.
pub fn add<W: Workload>(builder: &mut Builder<'_, W>) {
    let step = |lexer: fn(&[u8]) -> Option<usize>| {
        move |source: &crate::data::Source<W>| {
            let bytes = source.input(Input::Pickle)?;
            Ok((
                move || lexer(black_box(bytes)).ok_or_else(|| "cut short".to_owned()),
                move |_: usize| Ok(bytes.len()),
            ))
        }
    };
    builder.add("limit: lex", step(lex));
    builder.add("limit: lex and UTF-8", step(lex_utf8));
    builder.add("limit: memcpy", |source| {
        let bytes = source.input(Input::Pickle)?;
        Ok((
            move || Ok(black_box(bytes).to_vec()),
            move |copy: Vec<u8>| {
                if copy == bytes { Ok(bytes.len()) } else { Err("differs".to_owned()) }
            },
        ))
    });
    if builder.task() == Task::Decode {
        builder.add("limit: clone of the result", |source| {
            let value = source.truth()?;
            let truth = value.clone();
            Ok((
                move || Ok(W::Owned::clone(black_box(&value))),
                move |copy: W::Owned| same(&copy, &*truth, 0, 0),
            ))
        });
    }
}
