//! Our crate as a contender.

use std::hint::black_box;
use std::path::Path;

use serde::Deserialize;
use serde_pickle::opcode::instructions;
use serde_pickle::{Graph, Protocol, SerOptions, Value};

use crate::case::{Builder, Task};
use crate::contender::{Borrow, Dynamic, DynamicWrite, Format};
use crate::data::Input;
use crate::lex::lex;
use crate::workload::Workload;

/// The name of our crate in tables and filters; all our contenders begin with it.
pub const NAME: &str = "serde_pickle";

/// Adds our cases of the workload and task.
pub fn add<W: Workload>(builder: &mut Builder<'_, W>, folder: &Path) {
    match builder.task() {
        Task::Decode => {
            builder.decode::<Ours>();
            if W::ENCODES {
                builder.decode_own::<Ours>("serde_pickle of its own pickles");
            }
            builder.add("serde_pickle::opcode::instructions", |source| {
                let bytes = source.input(Input::Pickle)?;
                let expected = lex(bytes).ok_or("cut short")?;
                Ok((
                    move || {
                        instructions(black_box(bytes))
                            .try_fold(0, |n, item| item.map(|_| n + 1))
                            .map_err(text)
                    },
                    // The instructions that the table's own lexer steps over.
                    move |count: usize| {
                        if count == expected {
                            Ok(bytes.len())
                        } else {
                            Err("miscounted".to_owned())
                        }
                    },
                ))
            });
        }
        Task::Borrow => builder.borrow::<Ours>(),
        Task::Value => {
            builder.value::<OurValue>();
            builder.value::<OurGraph>();
        }
        Task::Encode => {
            builder.encode::<Ours>();
            // Where there are owned strings to find again, or not: its price and its gain.
            if ["records", "strings", "refs"].contains(&W::NAME) {
                let options = options(W::PROTOCOL).memoize_strings(true);
                builder.encode_with::<Ours>("serde_pickle memoize_strings", move |value| {
                    options.to_vec(value).map_err(text)
                });
            }
        }
        Task::EncodeValue => builder.encode_value::<OurValue>(),
        Task::Scale => builder.scale::<Ours>(folder),
    }
}

fn text(error: serde_pickle::Error) -> String {
    error.to_string()
}

fn options(protocol: u8) -> SerOptions {
    let protocol = if protocol == 2 { Protocol::V2 } else { Protocol::DEFAULT };
    SerOptions::new().protocol(protocol)
}

/// The crate's own functions.
pub enum Ours {}

impl Format for Ours {
    const NAME: &'static str = NAME;
    const INPUT: Input = Input::Pickle;

    fn decode<W: Workload>(bytes: &[u8]) -> Result<W::Owned, String> {
        serde_pickle::from_slice(bytes).map_err(text)
    }

    fn encode<W: Workload>(value: &W::Owned) -> Result<Vec<u8>, String> {
        options(W::PROTOCOL).to_vec(value).map_err(text)
    }
}

impl Borrow for Ours {
    fn borrow<'a, W: Workload>(bytes: &'a [u8]) -> Result<W::Borrowed<'a>, String> {
        serde_pickle::from_slice(bytes).map_err(text)
    }
}

/// The crate's value.
pub enum OurValue {}

impl Dynamic for OurValue {
    const NAME: &'static str = "serde_pickle::Value";
    const INPUT: Input = Input::Pickle;
    type Value<'a> = Value;

    fn read(bytes: &[u8]) -> Result<Value, String> {
        serde_pickle::from_slice(bytes).map_err(text)
    }

    fn typed<W: Workload>(value: Value) -> Result<W::Owned, String> {
        serde_pickle::from_value(value).map_err(text)
    }
}

impl DynamicWrite for OurValue {
    fn write(value: &Value) -> Result<Vec<u8>, String> {
        serde_pickle::to_vec(value).map_err(text)
    }
}

/// The crate's graph, which copies neither text nor bytes and keeps what is shared. A peer of
/// `rmpv::ValueRef`.
pub enum OurGraph {}

impl Dynamic for OurGraph {
    const NAME: &'static str = "serde_pickle::Graph";
    const INPUT: Input = Input::Pickle;
    type Value<'a> = Graph<'a>;

    fn read(bytes: &[u8]) -> Result<Graph<'_>, String> {
        Graph::from_slice(bytes).map_err(text)
    }

    fn typed<W: Workload>(graph: Graph<'_>) -> Result<W::Owned, String> {
        W::Owned::deserialize(graph.root()).map_err(text)
    }
}
