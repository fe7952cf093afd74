//! joblib's streams: pickles with the bytes of arrays between their instructions.
//!
//! `joblib.dump` writes a `NumpyArrayWrapper` in place of an array: an object whose BUILD has
//! subclass, shape, order and dtype. Right behind that BUILD lie the array's bytes, from joblib 1.2
//! on behind a byte that says how many bytes of padding come first; or, where elements are objects,
//! a second pickle, of the array. `joblib.load` puts the array in the wrapper's place on the stack,
//! not in the memo. Source: `NumpyUnpickler.load_build` and `NumpyArrayWrapper.read_array` in
//! joblib's `numpy_pickle.py`.
//!
//! Here the array becomes what numpy itself would have pickled, `_reconstruct` and its state, so
//! that whoever reads arrays sees one like any other. Its data is a constant that says where it
//! lies in the input. Whether shape and dtype fit the data is compared again there, in
//! `natural/numpy.rs`; what is needed here is only how many bytes there are.
//!
//! A reader cannot know by the instructions alone where such bytes end, so [`collect`] lets a
//! machine of its own run ahead, over what has been collected, and asks it.

use std::borrow::Cow;

use super::{Config, Machine, Stack, State};
use crate::error::{Error, ErrorKind, Result};
use crate::late::Late;
use crate::limits;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::known::Known;
use crate::nodes::scalar::{self, Int};
use crate::nodes::spelling::Spelling;
use crate::nodes::store::{Const, Flags, Nodes, RunKind};
use crate::nodes::view::tuple_items;
use crate::read::Cursor;
use crate::read::source::{Collected, Collector, Feed};
use crate::reduce::Global;

/// Entries that the state of a wrapper may have; joblib writes six.
const ENTRIES: usize = 16;

/// Dimensions of an array, as numpy 2 has them.
const DIMENSIONS: usize = 64;

/// The bytes that the machine waits for, of input that is still arriving.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// All bytes before this one.
    Until(usize),
    /// A pickle that begins here.
    Pickle(usize),
}

/// The wrapper of an array.
struct Wrapper {
    subclass: Handle,
    shape: Handle,
    dtype: Handle,
    fortran: bool,
    /// True if a byte that counts padding comes first.
    padded: bool,
    /// The array's bytes, unless it is a pickle.
    len: Option<usize>,
}

/// [`Machine::joblib_array`], in programs that read joblib's streams.
pub(super) static ARRAY: Late<Array> = Late::new();

type Array =
    for<'m, 'h, 'de> fn(&'m mut Machine<'h, 'de>, Handle, Handle) -> Result<Option<Handle>>;

/// To be called before a machine runs with [`Config::joblib`].
pub(crate) fn bind_joblib() {
    ARRAY.bind(|machine, object, state| machine.joblib_array(object, state));
}

impl Machine<'_, '_> {
    /// The array that takes the place of `object` on the stack once BUILD has given it `state`, if
    /// it is joblib's wrapper of one.
    #[cold]
    fn joblib_array(&mut self, object: Handle, state: Handle) -> Result<Option<Handle>> {
        if !is_wrapper(&self.state.nodes, self.input, object) {
            return Ok(None);
        }
        let wrapper = read_wrapper(&self.state.nodes, self.input, state)?;
        match wrapper.len {
            Some(len) => {
                let start = self.raw_array(len, wrapper.padded)?;
                self.array_node(&wrapper, start, len).map(Some)
            }
            None => self.array_pickle().map(Some),
        }
    }
}

impl<'de> Machine<'_, 'de> {
    /// Where the bytes of the array behind the instruction begin.
    fn raw_array(&mut self, len: usize, padded: bool) -> Result<usize> {
        let at = self.cursor.position();
        if padded {
            let padding = self.raw(1)?.first().copied().unwrap_or_default();
            self.raw(padding.into())?;
        }
        let start = self.cursor.position();
        match self.raw(len) {
            Ok(_) => Ok(start),
            Err(error) if error.kind() == ErrorKind::Eof => Err(Error::eof(format!(
                "the pickle ends inside the {len} bytes of an array of joblib that begins at byte \
                 {at}"
            ))),
            Err(error) => Err(error),
        }
    }

    fn raw(&mut self, len: usize) -> Result<&'de [u8]> {
        match self.cursor.read_raw(len)? {
            Some(raw) => Ok(raw),
            None => {
                let end = self.cursor.position().saturating_add(len);
                self.missing = Some(Missing::Until(end));
                Err(Error::eof("the pickle ends before the bytes of an array of joblib"))
            }
        }
    }

    /// The object that `ndarray.__reduce__` describes.
    fn array_node(&mut self, wrapper: &Wrapper, start: usize, len: usize) -> Result<Handle> {
        let callable = self.renamed_global(Global::new("numpy.core.multiarray", "_reconstruct"))?;
        let number = |value| Handle::new(Tag::Small, value, self.cursor.opcode_position());
        let (zero, one) = (number(0), number(1));
        let fortran = self.here(if wrapper.fortran { Tag::True } else { Tag::False }, 0);
        let code = self.state.nodes.push_const(Const::Bytes(Cow::Borrowed(b"b")))?;
        let data = self.state.nodes.push_const(Const::Raw { start, len })?;
        let empty = self.object(Tag::Tuple, Flags::default(), &[zero])?;
        let args = self.object(Tag::Tuple, Flags::default(), &[wrapper.subclass, empty, code])?;
        let array = self.object(Tag::Instance, Spelling::Reduce.flags(), &[callable, args])?;
        let state = [one, wrapper.shape, wrapper.dtype, fortran, data];
        let state = self.object(Tag::Tuple, Flags::default(), &state)?;
        let at = self.cursor.opcode_position();
        self.state.nodes.extend(array.number(), RunKind::State, &[state], at)?;
        Ok(array)
    }

    /// The root of the pickle behind the instruction, which has a memo of its own and no arrays
    /// between its instructions.
    fn array_pickle(&mut self) -> Result<Handle> {
        let at = self.cursor.position();
        let cursor = self.cursor.nested()?;
        let memo = std::mem::take(&mut self.state.memo);
        let config = Config { joblib: false, ..*self.config };
        let mut nested = Machine {
            cursor,
            input: self.input,
            stack: Stack::default(),
            protocol: 0,
            begin: at,
            start: self.start,
            scanned: self.scanned,
            state: &mut *self.state,
            config: &config,
            expanded: self.expanded,
            missing: None,
            ahead: self.ahead,
        };
        let root = nested.run().map_err(|error| nested.locate(error));
        let (cursor, scanned, expanded) = (nested.cursor, nested.scanned, nested.expanded);
        self.state.memo = memo;
        (self.scanned, self.expanded) = (scanned, expanded);
        if root.as_ref().is_err_and(|error| error.kind() == ErrorKind::Eof) {
            self.missing = Some(Missing::Pickle(at));
        }
        self.cursor.resume_behind(&cursor);
        root
    }
}

/// Returns true if `object` was made as an instance of joblib's wrapper: by NEWOBJ, or below
/// protocol 2 by `copyreg._reconstructor`.
fn is_wrapper(nodes: &Nodes<'_>, input: &[u8], object: Handle) -> bool {
    if object.tag() != Tag::Instance {
        return false;
    }
    let object = nodes.object(object.number());
    let &[class, args] = nodes.first(&object) else { return false };
    let class = match (Spelling::of(object.flags()), Spelling::known(object.flags())) {
        (Spelling::NewObj, _) => class,
        (Spelling::Reduce, Known::Reconstructor) => {
            tuple_items(nodes, args).first().copied().unwrap_or(Handle::VACANT)
        }
        _ => return false,
    };
    if class.tag() != Tag::Global {
        return false;
    }
    let class = nodes.object(class.number());
    let &[module, name] = nodes.first(&class) else { return false };
    // Every BUILD comes here, so a long name must not be looked at each time.
    let ends_with = |handle, end: &str| {
        scalar::text_len(nodes, input, handle) <= 4 * ENTRIES
            && scalar::plain_text(nodes, input, handle).is_some_and(|text| text.ends_with(end))
    };
    // scikit-learn had a copy of joblib in `sklearn.externals`.
    ends_with(name, "NumpyArrayWrapper") && ends_with(module, "joblib.numpy_pickle")
}

fn malformed(what: &str) -> Error {
    Error::data(format!("malformed wrapper of an array by joblib: {what}"))
}

fn read_wrapper(nodes: &Nodes<'_>, input: &[u8], state: Handle) -> Result<Wrapper> {
    if state.tag() != Tag::Dict {
        return Err(malformed("its state is no dict"));
    }
    let dict = nodes.object(state.number());
    if nodes.contents_len(&dict) > 2 * ENTRIES {
        return Err(malformed("its state has too many entries"));
    }
    let (mut subclass, mut shape, mut order, mut dtype, mut padded) =
        (None, None, None, None, false);
    let mut contents = nodes.contents(&dict);
    while let (Some(key), Some(value)) = (contents.next(), contents.next()) {
        match short_text(nodes, input, key).as_deref() {
            Some("subclass") => subclass = Some(value),
            Some("shape") => shape = Some(value),
            Some("order") => order = short_text(nodes, input, value),
            Some("dtype") => dtype = Some(value),
            Some("numpy_array_alignment_bytes") => padded = value.tag() != Tag::None,
            _ => {}
        }
    }
    let (Some(subclass), Some(shape), Some(order), Some(dtype)) = (subclass, shape, order, dtype)
    else {
        return Err(malformed("it lacks subclass, shape, order or dtype"));
    };
    let fortran = match &*order {
        "C" => false,
        "F" => true,
        _ => return Err(malformed("its order is neither C nor F")),
    };
    let len = match item_size(nodes, input, dtype)? {
        Some(size) => Some(count(nodes, input, shape)?.checked_mul(size).ok_or_else(too_long)?),
        None => None,
    };
    Ok(Wrapper { subclass, shape, dtype, fortran, padded, len })
}

fn too_long() -> Error {
    malformed("its shape says more bytes than any input has")
}

/// Text of a few characters, also of Python 2.
fn short_text<'g>(nodes: &'g Nodes<'_>, input: &'g [u8], text: Handle) -> Option<Cow<'g, str>> {
    if scalar::text_len(nodes, input, text) > 2 * ENTRIES {
        return None;
    }
    match scalar::chars(input, text) {
        Some(chars) => String::from_utf8(chars.into_owned()).ok().map(Cow::Owned),
        None => scalar::plain_text(nodes, input, text),
    }
}

fn small(nodes: &Nodes<'_>, input: &[u8], number: Handle) -> Option<i64> {
    match scalar::int(nodes, input, number)? {
        Int::Small(value) => Some(value),
        _ => None,
    }
}

/// The number of elements of this shape.
fn count(nodes: &Nodes<'_>, input: &[u8], shape: Handle) -> Result<usize> {
    let lens = tuple_items(nodes, shape);
    if !shape.tag().is_tuple() || lens.len() > DIMENSIONS {
        return Err(malformed("its shape"));
    }
    lens.iter().try_fold(1_usize, |count, &len| {
        let len = small(nodes, input, len).and_then(|len| usize::try_from(len).ok());
        count.checked_mul(len.ok_or_else(|| malformed("its shape"))?).ok_or_else(too_long)
    })
}

/// The bytes of an element; `None` where elements are objects, or records that hold some.
///
/// A dtype is `numpy.dtype(code, …)` with the state `(3, byte order, subarray, names, fields, size,
/// alignment, flags)`. Source: `arraydescr_reduce` in numpy's `descriptor.c`.
fn item_size(nodes: &Nodes<'_>, input: &[u8], dtype: Handle) -> Result<Option<usize>> {
    const HAS_OBJECTS: i64 = 1;

    let wrong = || malformed("its dtype");
    if dtype.tag() != Tag::Instance {
        return Err(wrong());
    }
    let object = nodes.object(dtype.number());
    let &[_, args] = nodes.first(&object) else { return Err(wrong()) };
    // `numpy.record`, of a record array, is a class in place of the code.
    let code = tuple_items(nodes, args).first().copied().ok_or_else(wrong)?;
    let code = match code.tag() {
        Tag::Global => Cow::Borrowed("V"),
        _ => short_text(nodes, input, code).ok_or_else(wrong)?,
    };
    let state = match nodes.more(&object).next() {
        Some((RunKind::State, &[state])) => tuple_items(nodes, state),
        _ => &[],
    };
    let number = |at: usize| state.get(at).and_then(|&item| small(nodes, input, item));
    let code = code.trim_start_matches(['<', '>', '=', '|']);
    let mut chars = code.chars();
    let kind = chars.next().ok_or_else(wrong)?;
    if kind == 'O' || number(7).is_some_and(|flags| flags & HAS_OBJECTS != 0) {
        return Ok(None);
    }
    let digits = chars.as_str();
    let coded = digits.parse::<usize>().ok();
    let size = match (number(5).filter(|&size| size >= 0), kind) {
        (Some(size), _) => usize::try_from(size).ok(),
        // Characters of four bytes.
        (None, 'U') => coded.and_then(|len| len.checked_mul(4)),
        (None, '?') => Some(1),
        (None, _) => coded,
    };
    size.map(Some).ok_or_else(wrong)
}

/// Collects the pickle that begins at byte `start`, and the arrays in it where the settings say
/// that there may be some. `kept` has the memo that the pickle may refer to.
///
/// # Errors
/// The reader's own.
pub(crate) fn collect<F: Feed>(
    collector: &mut Collector<F>,
    start: usize,
    frame_end: usize,
    kept: Option<&State<'static>>,
    config: &Config<'_>,
) -> Result<()> {
    if !config.joblib {
        return collector.collect(start, frame_end);
    }
    let mut runner = Runner::new(start, frame_end, kept);
    // Names are asked about where the pickle is read.
    let config = Config { hooks: None, buffers: None, share_text: false, ..*config };
    let mut seen = None;
    loop {
        if matches!(collector.collect_to_build(runner.at, runner.frame_end)?, Collected::Whole) {
            return Ok(());
        }
        let input = collector.bytes();
        if input.len() as u64 > limits::INPUT {
            return Ok(());
        }
        let missing;
        (runner, missing) = match runner.run(input, &config) {
            Some(waits) => waits,
            None => return Ok(()),
        };
        // The reader is at its end.
        if seen == Some((runner.at, collector.bytes().len())) {
            return Ok(());
        }
        seen = Some((runner.at, collector.bytes().len()));
        match missing {
            Some(Missing::Until(end)) => collector.collect_until(end)?,
            Some(Missing::Pickle(start)) => collector.collect(start, 0)?,
            None => {}
        }
    }
}

/// The machine that runs ahead, between its runs: it stops at the end of what has been collected.
struct Runner {
    start: usize,
    begin: usize,
    /// The instruction at which it goes on.
    at: usize,
    frame_end: usize,
    stack: Stack,
    protocol: u8,
    scanned: u64,
    state: State<'static>,
}

impl Runner {
    fn new(start: usize, frame_end: usize, kept: Option<&State<'static>>) -> Self {
        let mut state = kept.cloned().unwrap_or_default();
        let begin = *state.begin.get_or_insert(start);
        let stack = Stack::default();
        Self { start, begin, at: start, frame_end, stack, protocol: 0, scanned: 0, state }
    }

    /// Goes on to the end of the input, and returns the bytes between instructions that it waits
    /// for; `None` behind STOP, and at a fault, which the machine that reads will report.
    fn run(self, input: &[u8], config: &Config<'_>) -> Option<(Self, Option<Missing>)> {
        let Self { start, begin, at, frame_end, stack, protocol, scanned, state } = self;
        let mut borrowing: State<'_> = state;
        let mut machine = Machine {
            cursor: Cursor::new(input, at).in_frame(frame_end),
            input,
            stack,
            protocol,
            begin,
            start,
            scanned,
            state: &mut borrowing,
            config,
            expanded: 0,
            missing: None,
            ahead: true,
        };
        let result = machine.run();
        let missing = machine.missing;
        // The instruction that is not there as a whole.
        let at = machine.cursor.opcode_position();
        let frame_end = machine.cursor.frame_end();
        let (stack, protocol, scanned) = (machine.stack, machine.protocol, machine.scanned);
        match result {
            Err(error) if error.kind() == ErrorKind::Eof => {
                let state = borrowing.into_owned();
                Some((
                    Self { start, begin, at, frame_end, stack, protocol, scanned, state },
                    missing,
                ))
            }
            _ => None,
        }
    }
}
