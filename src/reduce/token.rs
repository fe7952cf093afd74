//! The private serde names by which Python's own kinds of values pass through serde.
//!
//! serde's data model has no set, no big int, no global and no object. The crate's own types pass
//! these as a newtype struct or a struct with one of these names. Our `Serializer` and
//! `Deserializer` know the names; any other format sees a plain newtype around the content, so that
//! a `Value` still goes into JSON. The content of each is described below. A user's own type never
//! has such a name by accident.

/// The prefix of all of them.
pub(crate) const PREFIX: &str = "$serde_pickle::";

/// Newtype, reading only: the visitor takes a whole [`Value`](crate::Value) that was built beside
/// serde; see `value/de.rs`.
pub(crate) const VALUE: &str = "$serde_pickle::Value";
/// Newtype around a seq: a set.
pub(crate) const SET: &str = "$serde_pickle::Set";
/// Newtype around a seq: a frozenset.
pub(crate) const FROZENSET: &str = "$serde_pickle::FrozenSet";
/// Newtype around a seq: a tuple. A Rust tuple needs no name; a `Vec` that is to be a Python tuple
/// does.
pub(crate) const TUPLE: &str = "$serde_pickle::Tuple";
/// Newtype around bytes: a bytearray.
pub(crate) const BYTEARRAY: &str = "$serde_pickle::ByteArray";
/// Newtype around an int of any size. The content is written with a serializer that says it is not
/// human-readable, as bytes in little-endian two's complement; for another, human-readable format
/// it is the decimal text.
pub(crate) const BIG_INT: &str = "$serde_pickle::BigInt";
/// Newtype around a tuple of two floats: a complex.
pub(crate) const COMPLEX: &str = "$serde_pickle::Complex";
/// Newtype around bytes: text with lone surrogates, each three bytes, as Python's `surrogatepass`
/// writes them.
pub(crate) const SURROGATES: &str = "$serde_pickle::Surrogates";
/// Newtype around a tuple of two strings, module and qualified name: a class, function or other
/// global.
pub(crate) const GLOBAL: &str = "$serde_pickle::Global";
/// Newtype around anything: the object with that persistent id.
pub(crate) const PERSISTENT_ID: &str = "$serde_pickle::PersistentId";
/// Newtype around a tuple of bytes and a bool (read-only): a buffer that may travel out of band
/// (PEP 574).
pub(crate) const BUFFER: &str = "$serde_pickle::PickleBuffer";
/// Newtype around the content of an Rc or Arc: one object for one allocation; see `shared.rs`.
pub(crate) const SHARED: &str = "$serde_pickle::Shared";
/// Newtype, reading only: a numpy array as a map of what `python/numpy/array.rs` lists.
pub(crate) const NDARRAY: &str = "$serde_pickle::NdArray";
/// Newtype, reading only: the visitor takes a whole numpy dtype; see `python/numpy/dtype_serde.rs`.
pub(crate) const DTYPE: &str = "$serde_pickle::Dtype";
/// Newtype around a [`Value`](crate::Value), while a dump exists whose hooks look at values; see
/// `value/hooks.rs`.
pub(crate) const NODE: &str = "$serde_pickle::Node";
/// Newtype around the content of a [`NODE`] in which everything has been asked about; see
/// `value/settle.rs`.
pub(crate) const SETTLED: &str = "$serde_pickle::Settled";
/// Newtype: a type of [`python`](crate::python). On writing, its content is a Python object for a
/// serializer that says it is not human-readable, as ours does for that content alone, and a plain
/// form for another. On reading, an object is handed over as a seq: module and qualified name of
/// its class, the tuple of its arguments, and the object itself, whose text form is exact. Anything
/// that is not an object is a plain newtype, as in other formats.
pub(crate) const OBJECT: &str = "$serde_pickle::Object";
/// [`OBJECT`] of one class, reading only: what is read from opcodes hands over what the class
/// stands for, and nothing else. A date and a time are the bytes of the pickle, with the fold; a
/// zone is its offset behind them, eight bytes in microseconds. A timedelta is sixteen bytes, a
/// UUID as many, a Decimal its text. All numbers are big-endian.
pub(crate) const DATETIME: &str = "$serde_pickle::Object.datetime";
pub(crate) const DATE: &str = "$serde_pickle::Object.date";
pub(crate) const TIME: &str = "$serde_pickle::Object.time";
pub(crate) const TIMEDELTA: &str = "$serde_pickle::Object.timedelta";
pub(crate) const DECIMAL: &str = "$serde_pickle::Object.Decimal";
pub(crate) const UUID: &str = "$serde_pickle::Object.UUID";
/// Struct with the fields of [`REDUCE_FIELDS`]: an object as `__reduce__` describes it.
pub(crate) const REDUCE: &str = "$serde_pickle::Reduce";

/// The fields of [`REDUCE`], in the order in which they are written. All are present on writing; on
/// reading a field that the object does not have is left out.
///
/// - `how`: u8, the number of a [`How`](super::How);
/// - `callable`: what is called, or the class;
/// - `args`: a tuple. On writing a unit, Rust's `()`, is the empty tuple; on reading the empty
///   tuple is a unit for a type that asks for one, and the `None` of Python 2.2 always is;
/// - `kwargs`: a map (empty unless `how` is `NewObjEx`);
/// - `listitems`, `setitems`: seqs; `dictitems`: a seq of pairs;
/// - `state`: an Option;
/// - `state_setter`: an Option, the callable that takes the object and the state.
pub(crate) const REDUCE_FIELDS: &[&str; 9] = &[
    "how",
    "callable",
    "args",
    "kwargs",
    "listitems",
    "setitems",
    "dictitems",
    "state",
    "state_setter",
];

/// One of [`REDUCE_FIELDS`], in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    How,
    Callable,
    Args,
    Kwargs,
    ListItems,
    SetItems,
    DictItems,
    State,
    StateSetter,
}

impl Part {
    pub(crate) const ALL: [Self; REDUCE_FIELDS.len()] = [
        Self::How,
        Self::Callable,
        Self::Args,
        Self::Kwargs,
        Self::ListItems,
        Self::SetItems,
        Self::DictItems,
        Self::State,
        Self::StateSetter,
    ];

    pub(crate) fn at(place: usize) -> Option<Self> {
        Self::ALL.get(place).copied()
    }

    pub(crate) fn name(self) -> &'static str {
        REDUCE_FIELDS.get(self as usize).copied().unwrap_or_default()
    }
}

/// The prefix of serde_json's own private names.
pub(crate) const JSON: &str = "$serde_json::private::";
/// Struct of one field, or map of one entry, of the same name, whose value is text: a number of
/// serde_json with its feature `arbitrary_precision`. Source: `number.rs` of serde_json.
pub(crate) const JSON_NUMBER: &str = "$serde_json::private::Number";

/// The prefix of a Python class's serde name: `py:module:qualname`.
pub(crate) const CLASS: &str = "py:";

/// The name of a variant that keeps whatever no other variant of its enum is: its content is
/// written without a trace of the variant.
pub(crate) const ANYTHING: &str = "py:*";
