//! Graph → serde visitors.
//!
//! [`Deserializer`] reads pickles from a slice or a reader, one after another; each is run by the
//! machine into nodes, and `node` walks over those as serde asks. The walk is the only part that
//! recurses, in the visitors of the user's types, and the only part with a budget: see `cx`.

mod answer;
mod ask;
mod class;
mod class_enum;
pub(crate) mod construct;
mod deserializer;
mod direct;
mod element;
mod elements;
mod entries;
mod hooks;
mod inventory;
mod items;
mod nesting;
pub(crate) mod node;
mod numbers;
mod numpy;
mod object;
mod open;
mod options;
pub(crate) mod place;
pub(crate) mod source;
mod spelled;
mod stream;
mod token;
pub(crate) mod value;
mod value_ways;
mod variant;
mod ways;

pub use elements::Elements;
pub use options::DeOptions;
pub use stream::{Deserializer, ReaderSource, SliceSource, StreamDeserializer};
pub(crate) use stream::{LoadedStream, persistent_ids_of};

use std::io::{BufRead, Read};

use serde::de::{Deserialize, DeserializeOwned};

use crate::error::{Error, Result};
use crate::machine::{self, Config, State};
use crate::nodes::store::Nodes;
use crate::settings::Settings;
use crate::value::Buffer;
use crate::walk::cx::Cx;
use hooks::{Answered, Asked};
use nesting::Inside;
use node::NodeDeserializer;
use place::Place;

/// Reads a value from a pickle in memory.
///
/// `&str` and `&[u8]` borrow from the slice. Bytes behind the pickle are ignored, as Python's
/// `pickle.loads` does; nothing in the pickle is executed.
///
/// The type's `Deserialize` may run twice for one call: what picklers write of plain data is read
/// from the opcodes at once, and where that does not work out, from the start in the general way.
/// Only a type that does something else than deserialize (that counts, say) can tell.
///
/// # Errors
/// `Eof` and `Syntax` where the bytes are no pickle, `Data` where it does not fit the type, `Limit`
/// where it nests or expands too far. Each says at which byte and at which place in the value.
///
/// ```
/// use serde_derive::Deserialize;
///
/// #[derive(Deserialize)]
/// struct User<'a> {
///     name: &'a str,
///     age: u8,
/// }
///
/// // pickle.dumps({'name': 'Ada', 'age': 36}, 2)
/// let bytes = b"\x80\x02}q\x00(X\x04\x00\x00\x00nameq\x01X\x03\x00\x00\x00Adaq\x02\
///     X\x03\x00\x00\x00ageq\x03K$u.";
/// let user: User = serde_pickle::from_slice(bytes)?;
/// assert_eq!((user.name, user.age), ("Ada", 36));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
pub fn from_slice<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T> {
    read_slice(bytes, &Settings::default(), None)
}

/// Reads a value from a pickle that a reader gives.
///
/// No byte behind the pickle's STOP is read, so that what follows it is still there; see
/// [`Deserializer`] for several pickles in a row. A reader without a buffer of its own is asked for
/// a few bytes at a time, below protocol 4 and where a pickle has no frames: a bare `File` takes
/// fifty times as long as one in a [`BufReader`](std::io::BufReader), so wrap it when nothing else
/// reads from it, and use [`from_buf_reader`]. [`Scanner`](crate::Scanner) is for bytes that arrive
/// piece by piece.
///
/// # Errors
/// As [`from_slice`]; and `Io`, where the reader fails.
///
/// ```
/// let mut file: &[u8] = b"K\x2a.and more";
/// let answer: u32 = serde_pickle::from_reader(&mut file)?;
/// assert_eq!((answer, file), (42, &b"and more"[..]));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
pub fn from_reader<R: Read, T: DeserializeOwned>(reader: R) -> Result<T> {
    DeOptions::new().from_reader(reader)
}

/// Reads a value from a pickle that a reader with a buffer gives.
///
/// As [`from_reader`], but the reader shows what it holds before that is taken. So pickles without
/// frames are read as fast as framed ones, and no byte behind the pickle's STOP is taken.
///
/// # Errors
/// As [`from_reader`].
///
/// ```
/// use std::io::{BufReader, Read};
///
/// let mut file = BufReader::new(&b"K\x2a.and more"[..]);
/// let answer: u32 = serde_pickle::from_buf_reader(&mut file)?;
/// let mut rest = String::new();
/// file.read_to_string(&mut rest).unwrap();
/// assert_eq!((answer, &*rest), (42, "and more"));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
pub fn from_buf_reader<R: BufRead, T: DeserializeOwned>(reader: R) -> Result<T> {
    DeOptions::new().from_buf_reader(reader)
}

fn read_slice<'de, T: Deserialize<'de>>(
    bytes: &'de [u8],
    settings: &Settings<'_>,
    buffers: Option<&[Buffer<'de>]>,
) -> Result<T> {
    let inside = Inside::enter();
    let mut asked = Asked::default();
    let mut is_whole = false;
    let budgets = direct_budgets(bytes, settings, buffers.is_some(), &inside);
    // One variable, whichever way makes it: a value may be large.
    let mut made = match budgets {
        Some(budgets) => direct::read(bytes, settings, budgets, &inside, &mut asked, &mut is_whole),
        None => read_graph(bytes, settings, buffers, &inside, &mut asked),
    };
    if is_whole {
        inside.ends_guess();
    } else if budgets.is_some() {
        made = read_graph(bytes, settings, buffers, &inside, &mut asked);
    }
    made
}

/// The budgets of the short way; `None` where that may not be tried.
fn direct_budgets(
    bytes: &[u8],
    settings: &Settings<'_>,
    has_buffers: bool,
    inside: &Inside,
) -> Option<(u64, u64)> {
    if has_buffers || settings.joblib {
        return None;
    }
    let budgets = direct::budgets(bytes, settings, inside)?;
    inside.begins_guess().then_some(budgets)
}

/// Reads a value the short way alone; `None` where that takes a graph.
fn read_directly<'de, T: Deserialize<'de>>(
    bytes: &'de [u8],
    settings: &Settings<'_>,
    has_buffers: bool,
) -> Option<T> {
    let (inside, mut asked) = (Inside::enter(), Asked::default());
    let mut is_whole = false;
    let budgets = direct_budgets(bytes, settings, has_buffers, &inside)?;
    let made = direct::read(bytes, settings, budgets, &inside, &mut asked, &mut is_whole);
    if !is_whole {
        return None;
    }
    inside.ends_guess();
    made.ok()
}

/// Reads a value by way of a graph. `asked` has what the resolver has been asked on the short way.
#[inline(never)]
fn read_graph<'de, T: Deserialize<'de>>(
    bytes: &'de [u8],
    settings: &Settings<'_>,
    buffers: Option<&[Buffer<'de>]>,
    inside: &Inside,
    asked: &mut Asked<'de>,
) -> Result<T> {
    let mut state = State { nodes: Nodes::with_input(bytes.len()), ..State::default() };
    let hooks = Answered::new(settings, asked);
    let mut config = settings.config(true, buffers);
    config.hooks = config.hooks.and_then(|_| hooks.hooks());
    let loaded = machine::load(bytes, 0, &mut state, &config)?;
    let cx = Cx::new(&state.nodes, bytes, loaded.end, *settings)
        .with_buffers(buffers.unwrap_or_default());
    cx.withdraw(inside.spent());
    let result = T::deserialize(Place::Node(NodeDeserializer::root(&cx, loaded.root)));
    inside.spend(cx.overspent());
    let value = cx.settle(result, loaded.root)?;
    // Last, as from a reader, so that of two faults both name the same one.
    check_all_taken(&state, buffers)?;
    Ok(value)
}

/// Checks that the pickles read so far took every buffer that was given with them.
pub(crate) fn check_all_taken(state: &State<'_>, buffers: Option<&[Buffer<'_>]>) -> Result<()> {
    let (taken, given) = (state.next_buffer as usize, buffers.map_or(0, <[_]>::len));
    if taken < given {
        return Err(Error::data(format!(
            "{given} out-of-band buffers were given, and the pickle takes {taken}"
        )));
    }
    Ok(())
}

impl Settings<'_> {
    /// The settings that concern the machine.
    pub(crate) fn config(&self, share_text: bool, buffers: Option<&[Buffer<'_>]>) -> Config<'_> {
        let hooks = self.hooks();
        let (max_nodes, max_int_digits, joblib) =
            (self.max_nodes, self.max_int_digits, self.joblib);
        Config {
            share_text,
            max_nodes,
            max_int_digits,
            buffers: buffers.map(<[_]>::len),
            hooks,
            any_operands: false,
            joblib,
        }
    }
}
