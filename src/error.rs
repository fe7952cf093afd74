//! The one error type.
//!
//! An [`Error`] is one pointer wide, so that `Result<()>` travels in a register. It says what was
//! wrong and, where that is known, at which byte of the input and at which place in the value. Code
//! that finds a fault makes the error with one of the cold constructors below; the byte offset and
//! the path are attached once each, at the boundary that knows them (`at` and `under_*`), and are
//! never overwritten by an outer one.

mod hidden;

use std::borrow::Cow;
use std::fmt::{self, Display, Write as _};
use std::io;

use serde::de::{Expected, Unexpected};

use crate::escape::{Escaping, OneLine};
use crate::foreign::{self, Guess, NotPickle};
use crate::limits;
use hidden::Hidden;

/// A result with the crate's [`Error`].
///
/// ```
/// fn read(bytes: &[u8]) -> serde_pickle::Result<u8> {
///     serde_pickle::from_slice(bytes)
/// }
///
/// assert!(read(b"N.").is_err());
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error from reading or writing a pickle.
///
/// ```
/// let error = serde_pickle::from_slice::<Vec<u8>>(b"K\x01\x90.").unwrap_err();
/// assert_eq!(error.kind(), serde_pickle::ErrorKind::Syntax);
/// assert_eq!(error.offset(), Some(2));
/// assert_eq!(error.to_string(), "ADDITEMS needs a mark, and there is none, at byte 2");
/// ```
pub struct Error(Box<Hidden>);

/// The category of an [`Error`].
///
/// Python's `pickle.UnpicklingError` is `Eof`, `Syntax` and `Denied`; `pickle.PicklingError` is
/// `Unsupported`.
///
/// ```
/// use serde_pickle::{ErrorKind, from_slice};
///
/// let kind = |bytes| from_slice::<u8>(bytes).unwrap_err().kind();
/// assert_eq!(kind(b"K\x01".as_slice()), ErrorKind::Eof);
/// assert_eq!(kind(b"\xff"), ErrorKind::Syntax);
/// assert_eq!(kind(b"M\x00\x01."), ErrorKind::Data); // 256
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The reader or writer failed.
    Io,
    /// The input ends inside a pickle.
    Eof,
    /// The bytes are not a pickle: an unknown opcode, a malformed argument, an empty stack.
    Syntax,
    /// The pickle is fine and does not fit the type that was asked for, or the type's own code
    /// refused it.
    Data,
    /// A limit of [`DeOptions`](crate::DeOptions) was reached.
    Limit,
    /// A [`Resolver`](crate::Resolver) refused a global.
    Denied,
    /// Something that cannot be expressed: in a protocol, in serde's data model, or without a
    /// resolver, registry or buffer.
    Unsupported,
}

struct Inner {
    code: Code,
    offset: Option<u64>,
    /// Innermost first: segments are pushed while the error travels outwards.
    path: Vec<Segment>,
    /// The format that the input seems to have instead.
    guess: Option<Guess>,
}

enum Segment {
    Key(Box<str>),
    Index(usize),
}

enum Code {
    Io(io::Error),
    Eof(Cow<'static, str>),
    Syntax(Cow<'static, str>),
    Data(Cow<'static, str>),
    Limit(Cow<'static, str>),
    Denied { module: Box<str>, name: Box<str> },
    Unsupported(Cow<'static, str>),
}

impl Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Eof(text)
            | Self::Syntax(text)
            | Self::Data(text)
            | Self::Limit(text)
            | Self::Unsupported(text) => f.write_str(text),
            Self::Denied { module, name } => write!(f, "{module}.{name} is not allowed here"),
        }
    }
}

impl Error {
    /// The category.
    pub fn kind(&self) -> ErrorKind {
        match self.0.code {
            Code::Io(_) => ErrorKind::Io,
            Code::Eof(_) => ErrorKind::Eof,
            Code::Syntax(_) => ErrorKind::Syntax,
            Code::Data(_) => ErrorKind::Data,
            Code::Limit(_) => ErrorKind::Limit,
            Code::Denied { .. } => ErrorKind::Denied,
            Code::Unsupported(_) => ErrorKind::Unsupported,
        }
    }

    /// The byte of the input at which the fault was found: the opcode's own byte, counted from the
    /// start of the slice, or from the first byte taken from the reader.
    pub fn offset(&self) -> Option<u64> {
        self.0.offset
    }

    /// The place in the value, as in `users[3].email`; `None` at the root or where there is no
    /// value yet. A message leaves out the middle of a long path; this is the whole. Long keys are
    /// cut, and unprintable characters are escaped.
    ///
    /// ```
    /// use serde_pickle::from_slice;
    /// use serde_pickle::tools::NotPickle;
    ///
    /// let error = from_slice::<Vec<u8>>(b"](K\x01Ne.").unwrap_err();
    /// assert_eq!((error.path().as_deref(), error.not_pickle()), (Some("[1]"), None));
    /// let error = from_slice::<Vec<u8>>(b"\x1f\x8b\x08\0").unwrap_err();
    /// assert_eq!(error.not_pickle(), Some(NotPickle::Gzip));
    /// ```
    pub fn path(&self) -> Option<String> {
        if self.0.path.is_empty() { None } else { Some(OneLine(Path(&self.0.path)).to_string()) }
    }

    /// The format that the input seems to have, where it is no pickle and begins as something that
    /// [`tools::recognize`](crate::tools::recognize) knows.
    pub fn not_pickle(&self) -> Option<NotPickle> {
        self.0.guess.map(|guess| guess.format)
    }

    /// Adds the text that a visitor refused, unless the message has it, and the types that would
    /// read a datetime of that form.
    #[cold]
    pub(crate) fn about_text(mut self, text: &str) -> Self {
        let shown = quoted(text);
        if let Code::Data(message) = &mut self.0.code
            && foreign::find(message.as_bytes(), shown.as_bytes()).is_none()
        {
            let hint = match text.as_bytes() {
                [b'0'..=b'9', _, _, _, b'-', _, _, b'-', _, _, b'T', ..] => datetime_hint(text),
                _ => "",
            };
            *message = format!("{message}: `{shown}`{hint}").into();
        }
        self
    }

    fn new(code: Code) -> Self {
        let inner = Inner { code, offset: None, path: Vec::new(), guess: None };
        Self(Box::new(Hidden::new(inner)))
    }

    #[cold]
    pub(crate) fn io(error: io::Error) -> Self {
        Self::new(Code::Io(error))
    }

    #[cold]
    pub(crate) fn eof(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Eof(message.into()))
    }

    #[cold]
    pub(crate) fn syntax(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Syntax(message.into()))
    }

    /// The error of an opcode whose operand is not there. `marked`: a mark is on the stack.
    #[cold]
    pub(crate) fn underflow(opcode: &str, marked: bool) -> Self {
        let top = if marked { "a mark is on top of the stack" } else { "the stack is empty" };
        Self::syntax(format!("{opcode} needs a value, and {top}"))
    }

    #[cold]
    pub(crate) fn data(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Data(message.into()))
    }

    #[cold]
    pub(crate) fn limit(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Limit(message.into()))
    }

    #[cold]
    pub(crate) fn denied(module: &str, name: &str) -> Self {
        Self::new(Code::Denied { module: quoted(module).into(), name: quoted(name).into() })
    }

    #[cold]
    pub(crate) fn unsupported(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Unsupported(message.into()))
    }

    #[cold]
    pub(crate) fn unsupported_protocol(number: i64) -> Self {
        Self::unsupported(format!("pickle protocol {number} is not known; the highest is 5"))
    }

    /// Whoever holds a value has not handed it out.
    #[cold]
    pub(crate) fn not_given() -> Self {
        Self::data("a value was not handed out")
    }

    /// A value that no tree can hold: it, and where it contains itself.
    #[cold]
    pub(crate) fn contains_itself(what: &str) -> Self {
        Self::data(format!("{what}; a Graph can hold it"))
    }

    /// Says where in the input the fault is, unless that is known already.
    #[cold]
    pub(crate) fn at(mut self, offset: u64) -> Self {
        self.0.offset.get_or_insert(offset);
        self
    }

    /// Removes the byte offset, for a value that was read from no input.
    pub(crate) fn nowhere(mut self) -> Self {
        self.0.offset = None;
        self
    }

    /// Moves the offset by that of the pickle in its stream.
    pub(crate) fn in_stream(mut self, start: u64) -> Self {
        if let Some(offset) = &mut self.0.offset {
            *offset += start;
        }
        self
    }

    /// Says what the input seems to be instead.
    #[cold]
    pub(crate) fn guessed(mut self, guess: Guess) -> Self {
        self.0.guess.get_or_insert(guess);
        self
    }

    /// The bytes that an error with a long path takes; 0 for one with a short path.
    ///
    /// A program may keep an error for each of half a million references to one deep value.
    #[cold]
    pub(crate) fn long_path_bytes(&self) -> usize {
        const SHORT: usize = 8;
        let path = &self.0.path;
        if path.len() <= SHORT {
            return 0;
        }
        let key = |segment: &Segment| match segment {
            Segment::Key(key) => key.len(),
            Segment::Index(_) => 0,
        };
        let message = match &self.0.code {
            Code::Eof(text)
            | Code::Syntax(text)
            | Code::Data(text)
            | Code::Limit(text)
            | Code::Unsupported(text) => text.len(),
            Code::Io(_) | Code::Denied { .. } => 0,
        };
        let path = path.capacity() * size_of::<Segment>() + path.iter().map(key).sum::<usize>();
        size_of::<Inner>() + message + path
    }

    /// Says that the fault is in the entry `key` of a dict or the attribute of an instance.
    #[cold]
    pub(crate) fn under_key(mut self, key: &str) -> Self {
        self.0.path.push(Segment::Key(quoted(key).into()));
        self
    }

    /// Says that the fault is in element `index` of a sequence.
    #[cold]
    pub(crate) fn under_index(mut self, index: usize) -> Self {
        self.0.path.push(Segment::Index(index));
        self
    }
}

/// The path for people: keys joined by dots, indexes in brackets.
struct Path<'a>(&'a [Segment]);

/// The same, without its middle where it is long.
struct ShortPath<'a>(&'a [Segment]);

/// Segments that a message shows of a long path, at its beginning and at its end.
const SHOWN: (usize, usize) = (6, 4);

impl Display for ShortPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, tail) = SHOWN;
        let Some(left_out) = self.0.len().checked_sub(head + tail).filter(|left| *left > 1) else {
            return Path(self.0).fmt(f);
        };
        // Innermost first.
        let (inner, rest) = self.0.split_at(tail);
        let (_, outer) = rest.split_at(left_out);
        write!(f, "{}.…({left_out} more)", Path(outer))?;
        if matches!(inner.last(), Some(Segment::Key(_))) {
            f.write_str(".")?;
        }
        Path(inner).fmt(f)
    }
}

impl Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, segment) in self.0.iter().rev().enumerate() {
            match segment {
                Segment::Key(key) if depth == 0 => write!(f, "{key}")?,
                Segment::Key(key) => write!(f, ".{key}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { code, offset, path, guess } = &**self.0;
        // The one place through which every text of an error passes: names, keys, the messages of
        // types and of resolvers may all quote the pickle.
        let f = &mut Escaping(f);
        if !path.is_empty() {
            write!(f, "{}: ", ShortPath(path))?;
        }
        write!(f, "{code}")?;
        if let Some(offset) = offset {
            write!(f, ", at byte {offset}")?;
        }
        match guess {
            Some(guess) => write!(f, "; {guess}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({:?}, {:?})", self.kind(), self.to_string())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.code {
            Code::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::io(error)
    }
}

impl From<Error> for io::Error {
    /// An I/O error comes back as itself; the end of the input is `UnexpectedEof`, everything else
    /// `InvalidData`.
    fn from(mut error: Error) -> Self {
        match &mut error.0.code {
            Code::Io(error) => std::mem::replace(error, io::ErrorKind::Other.into()),
            Code::Eof(_) => Self::new(io::ErrorKind::UnexpectedEof, error),
            _ => Self::new(io::ErrorKind::InvalidData, error),
        }
    }
}

impl serde::ser::Error for Error {
    #[cold]
    fn custom<T: Display>(message: T) -> Self {
        Self::data(bounded(message))
    }
}

impl serde::de::Error for Error {
    #[cold]
    fn custom<T: Display>(message: T) -> Self {
        Self::data(bounded(message))
    }

    #[cold]
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::data(format!("invalid type: {}, expected {expected}", Found(found)))
    }

    #[cold]
    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::data(format!("invalid value: {}, expected {expected}", Found(found)))
    }

    #[cold]
    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::data(format!(
            "unknown variant `{}`, {}",
            quoted(variant),
            OneOf(expected, "variants")
        ))
    }

    #[cold]
    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::data(format!("unknown field `{}`, {}", quoted(field), OneOf(expected, "fields")))
    }
}

/// The value that serde found, in Python's words where they differ, its text cut short.
struct Found<'a>(Unexpected<'a>);

impl Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Unexpected::Str(text) => write!(f, "string {:?}", quoted(text)),
            Unexpected::Unit => f.write_str("None"),
            Unexpected::Bytes([_]) => f.write_str("1 byte"),
            Unexpected::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Unexpected::Other(text) => f.write_str(&quoted(text)),
            other => other.fmt(f),
        }
    }
}

/// The names serde expected, as in serde's own messages.
struct OneOf(&'static [&'static str], &'static str);

impl Display for OneOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(names, what) = self;
        match names {
            [] => write!(f, "there are no {what}"),
            [one] => write!(f, "expected `{one}`"),
            [first, rest @ ..] => {
                write!(f, "expected one of `{first}`")?;
                rest.iter().try_for_each(|name| write!(f, ", `{name}`"))
            }
        }
    }
}

/// Names the types that read a datetime, by the zone behind it.
fn datetime_hint(text: &str) -> &'static str {
    let clock = text.get(11..).unwrap_or_default();
    if clock.ends_with(']') {
        "; its time zone in brackets is for jiff::Zoned, serde_pickle::python::DateTime and the \
         modules chrono and jiff there"
    } else if clock.contains(['+', '-', 'Z']) {
        "; it has an offset, as chrono::DateTime and jiff::Timestamp have"
    } else {
        "; it has no time zone, as chrono::NaiveDateTime and jiff::civil::DateTime have none"
    }
}

/// `text`, cut at [`limits::QUOTED`] characters with an ellipsis: an operand is never printed
/// whole.
pub(crate) fn quoted(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(limits::QUOTED) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

/// The message of the user's own code, cut at a few times [`limits::QUOTED`]: it may well quote the
/// data.
fn bounded(message: impl Display) -> String {
    struct Bounded {
        text: String,
        left: usize,
    }
    impl fmt::Write for Bounded {
        fn write_str(&mut self, s: &str) -> fmt::Result {
            for c in s.chars() {
                if self.left == 0 {
                    self.text.push('…');
                    return Err(fmt::Error);
                }
                self.left -= 1;
                self.text.push(c);
            }
            Ok(())
        }
    }
    let mut bounded = Bounded { text: String::new(), left: 10 * limits::QUOTED };
    // An error here only says that the message was cut.
    let _ = write!(bounded, "{message}");
    bounded.text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_pointer_wide_and_travels() {
        fn travels<T: Send + Sync + 'static>() {}
        travels::<Error>();
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }

    #[test]
    fn the_innermost_offset_and_the_whole_path_are_told() {
        let error =
            Error::data("wrong").at(7).under_key("email").at(1).under_index(3).under_key("users");
        assert_eq!(error.to_string(), "users[3].email: wrong, at byte 7");
        assert_eq!(error.path().as_deref(), Some("users[3].email"));
    }

    #[test]
    fn a_long_path_is_told_by_its_ends() {
        let mut error = Error::data("wrong");
        for _ in 0..50 {
            error = error.under_index(0).under_key("next");
        }
        assert_eq!(error.to_string(), "next[0].next[0].next[0].…(90 more).next[0].next[0]: wrong");
        assert_eq!(error.path().unwrap().matches("next").count(), 50);
    }

    #[test]
    fn operands_are_never_printed_whole() {
        use serde::de::Error as _;
        let long = "x".repeat(100_000);
        for error in [
            Error::invalid_type(Unexpected::Str(&long), &"an int"),
            Error::unknown_field(&long, &["a", "b"]),
            Error::custom(&long),
            Error::denied(&long, &long),
            Error::data("wrong").under_key(&long),
        ] {
            assert!(error.to_string().len() < 2_000, "{}", error.to_string().len());
        }
    }

    #[test]
    fn the_cut_falls_between_characters() {
        assert_eq!(quoted(&"é".repeat(limits::QUOTED)).chars().count(), limits::QUOTED);
        assert_eq!(quoted(&"é".repeat(limits::QUOTED + 1)).chars().count(), limits::QUOTED + 1);
    }
}
