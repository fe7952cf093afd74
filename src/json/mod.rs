//! Any pickle as JSON.
//!
//! A [`Value`] serializes into JSON as far as JSON goes, and then fails: at a key that is a tuple,
//! at an int of a hundred digits, at bytes that the reader would have liked as base64. [`Json`] is
//! a `Serialize` that has a form for everything that a pickle can hold, and [`JsonOptions`] chooses
//! it. It knows no JSON library: `serde_json::to_writer(file, &Json::of(graph.root()))`.
//!
//! ```
//! use serde_pickle::Graph;
//! use serde_pickle::json::{Json, JsonBytes, JsonOptions};
//!
//! // pickle.dumps({1: b'\xff', (2, 3): datetime.date(2020, 1, 2), None: {4}}, 4),
//! // without the frame
//! let graph = Graph::from_slice(
//!     b"\x80\x04}\x94(K\x01C\x01\xff\x94K\x02K\x03\x86\x94\
//!       \x8c\x08datetime\x94\x8c\x04date\x94\x93\x94\
//!       C\x04\x07\xe4\x01\x02\x94\x85\x94R\x94N\x8f\x94(K\x04\x90u.",
//! )?;
//! assert_eq!(
//!     serde_json::to_string(&Json::of(graph.root()))?,
//!     r#"{"1":"/w==","(2, 3)":"2020-01-02","null":[4]}"#
//! );
//! let hex = JsonOptions::new().bytes(JsonBytes::Hex);
//! assert_eq!(serde_json::to_value(hex.node(graph.root().get(1).unwrap()))?, "ff");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | Python | JSON | by |
//! |---|---|---|
//! | None, bool, str, int of 64 bits, finite float | itself | |
//! | int beyond 64 bits | text in decimal; in hexadecimal beyond 4,300 digits | [`JsonOptions::big_ints`] |
//! | nan, inf | null | [`JsonOptions::non_finite`] |
//! | str with lone surrogates | U+FFFD in their place | [`JsonOptions::surrogates`] |
//! | bytes, bytearray, buffer | text in base64 | [`JsonOptions::bytes`] |
//! | complex | array of two floats | |
//! | list, tuple, set, frozenset | array | |
//! | dict | object; keys that are not text as `json.dumps` or else `str` spells them | [`JsonOptions::keys`] |
//! | datetime, UUID, path …, array of numpy, OrderedDict … | text, arrays, objects: their natural forms | [`JsonOptions::natural`] |
//! | Decimal | text | [`JsonOptions::decimals`] |
//! | any other object | object of its attributes, with `$class` and, where it has such, `$args`, `$kwargs`, `$items`, `$entries`, `$state` | [`JsonOptions::objects`] |
//! | class, function | its dotted name | [`JsonOptions::globals`] |
//! | persistent id | `{"$persistent_id": …}` | [`JsonOptions::persistent_ids`] |
//! | an object within itself | `{"$ref": "#/path/of/the/outer"}` | [`JsonOptions::cycles`] |
//! | an object that is shared | written again each time | [`JsonOptions::shared`] |
//!
//! Keys such as `1` and `"1"` become the same text, and then the object has that key twice, as
//! `json.dumps` writes it; [`JsonKeys::Pairs`] keeps them apart.
//!
//! # Limits
//! Values deeper than [`JsonOptions::max_depth`] are `{"$omitted": …}`, because readers of JSON
//! have limits of their own. And a small pickle may stand for a huge tree: a million levels of
//! sharing are an error after four million values and sixteen for each byte of the pickle, a value
//! counting one more for each 16 bytes of its text ([`JsonOptions::max_values`]).

mod object;
mod text;
mod transcode;
mod walk;

use serde::ser::{Serialize, Serializer};

use crate::graph::{Graph, Node};
use crate::value::Value;

/// Values that are written of any pickle, on top of sixteen for each of its bytes.
const MAX_VALUES: u64 = 4 << 20;

/// Levels of nesting: what serde_json reads, and a margin.
const MAX_DEPTH: usize = 100;

/// The form of keys that are not text.
///
/// ```
/// use serde_pickle::json::{JsonKeys, JsonOptions};
/// use serde_pickle::pickle;
///
/// let pairs = JsonOptions::new().keys(JsonKeys::Pairs);
/// assert_eq!(serde_json::to_string(&pairs.value(&pickle!({1: 2})))?, "[[1,2]]");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonKeys {
    /// As text: numbers, bools and None as Python's `json.dumps` writes them as keys, bytes as
    /// [`JsonOptions::bytes`] says, objects with a natural form as that, all else as its `repr`,
    /// which is cut where it is long.
    #[default]
    Text,
    /// A dict that has such a key is an array of pairs.
    Pairs,
    /// An error.
    Error,
}

/// The form of bytes.
///
/// ```
/// use serde_pickle::Value;
/// use serde_pickle::json::{JsonBytes, JsonOptions};
///
/// let array = JsonOptions::new().bytes(JsonBytes::Array);
/// assert_eq!(serde_json::to_string(&array.value(&Value::Bytes(vec![1, 2])))?, "[1,2]");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonBytes {
    /// Text in base64, with padding.
    #[default]
    Base64,
    /// Text in hexadecimal.
    Hex,
    /// Text with a character for each byte, U+0000 to U+00FF.
    Latin1,
    /// An array of numbers; keys are as [`Latin1`](Self::Latin1).
    Array,
}

/// The form of ints beyond 64 bits.
///
/// ```
/// use serde_pickle::Value;
/// use serde_pickle::json::{JsonBigInts, JsonOptions};
///
/// let great = Value::from(u128::MAX);
/// let number = JsonOptions::new().big_ints(JsonBigInts::Number);
/// assert_eq!(serde_json::to_string(&number.value(&great))?, u128::MAX.to_string());
/// assert_eq!(serde_json::to_string(&JsonOptions::new().value(&great))?.len(), 39 + 2);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonBigInts {
    /// Text.
    #[default]
    Text,
    /// A number up to 128 bits, which not every serializer takes; text beyond.
    Number,
}

/// The form of nan and the infinities.
///
/// ```
/// use serde_pickle::Value;
/// use serde_pickle::json::{JsonNonFinite, JsonOptions};
///
/// let text = JsonOptions::new().non_finite(JsonNonFinite::Text);
/// assert_eq!(serde_json::to_string(&text.value(&Value::Float(f64::INFINITY)))?, r#""inf""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonNonFinite {
    /// `null`.
    #[default]
    Null,
    /// Text: `nan`, `inf`, `-inf`.
    Text,
    /// An error.
    Error,
}

/// The form of text with lone surrogates.
///
/// ```
/// use serde_pickle::Value;
/// use serde_pickle::json::{JsonOptions, JsonSurrogates};
/// use serde_pickle::value::SurrogateString;
///
/// let name = Value::from(SurrogateString::from_bytes(b"caf\xed\xb3\xa9".to_vec())?);
/// let escaped = JsonOptions::new().surrogates(JsonSurrogates::Escape);
/// assert_eq!(serde_json::to_value(escaped.value(&name)).unwrap(), r"caf\udce9");
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonSurrogates {
    /// With U+FFFD in their place.
    #[default]
    Replace,
    /// With `\udc80` and the like as text, as Python's `backslashreplace` has it.
    Escape,
    /// An error.
    Error,
}

/// The form of a `decimal.Decimal`.
///
/// ```
/// use serde_pickle::Graph;
/// use serde_pickle::json::{JsonDecimals, JsonOptions};
///
/// let graph = Graph::from_slice(b"cdecimal\nDecimal\n(X\x04\0\0\09.90tR.")?;
/// let number = JsonOptions::new().decimals(JsonDecimals::Number);
/// assert_eq!(serde_json::to_value(number.graph(&graph)).unwrap(), 9.9);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonDecimals {
    /// Text, with every digit.
    #[default]
    Text,
    /// A float, where it is finite: digits may be lost.
    Number,
}

/// The form of objects that have no natural form.
///
/// ```
/// use serde_pickle::Graph;
/// use serde_pickle::json::{JsonObjects, JsonOptions};
///
/// // class C: def __init__(self): self.x = 1
/// let graph = Graph::from_slice(b"\x80\x02cm\nC\n)\x81}X\x01\0\0\0xK\x01sb.")?;
/// let attributes = JsonOptions::new().objects(JsonObjects::Attributes);
/// assert_eq!(serde_json::to_string(&attributes.graph(&graph)).unwrap(), r#"{"x":1}"#);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonObjects {
    /// An object with the class under `$class`, and the attributes.
    #[default]
    Tagged,
    /// The attributes alone. An object without attributes is its entries, items, state or
    /// arguments, the first of these that it has.
    Attributes,
    /// An error.
    Error,
}

/// The form of classes and functions.
///
/// ```
/// use serde_pickle::Graph;
/// use serde_pickle::json::{JsonGlobals, JsonOptions};
///
/// let graph = Graph::from_slice(b"cos\nsystem\n.")?;
/// let tagged = JsonOptions::new().globals(JsonGlobals::Tagged);
/// assert_eq!(serde_json::to_string(&tagged.graph(&graph)).unwrap(), r#"{"$global":"os.system"}"#);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonGlobals {
    /// The dotted name as text.
    #[default]
    Name,
    /// `{"$global": name}`.
    Tagged,
    /// An error.
    Error,
}

/// The form of persistent ids.
///
/// ```
/// use serde_pickle::Graph;
/// use serde_pickle::json::{JsonOptions, JsonPersistentIds};
///
/// let graph = Graph::from_slice(b"X\x03\0\0\0db1Q.")?;
/// let bare = JsonOptions::new().persistent_ids(JsonPersistentIds::Id);
/// assert_eq!(serde_json::to_string(&bare.graph(&graph)).unwrap(), r#""db1""#);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonPersistentIds {
    /// `{"$persistent_id": id}`.
    #[default]
    Tagged,
    /// The id.
    Id,
    /// `null`.
    Null,
    /// An error.
    Error,
}

/// The stand-in for an object within itself.
///
/// ```
/// use serde_pickle::Graph;
/// use serde_pickle::json::{JsonCycles, JsonOptions};
///
/// // a = []; a.append(a)
/// let graph = Graph::from_slice(b"]q\0h\0a.")?;
/// let reference = serde_json::to_string(&JsonOptions::new().graph(&graph)).unwrap();
/// assert_eq!(reference, r##"[{"$ref":"#"}]"##);
/// let null = JsonOptions::new().cycles(JsonCycles::Null);
/// assert_eq!(serde_json::to_string(&null.graph(&graph)).unwrap(), "[null]");
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonCycles {
    /// `{"$ref": pointer}`: where the outer one is, as a JSON pointer (RFC 6901) behind `#`.
    #[default]
    Reference,
    /// `null`.
    Null,
    /// An error.
    Error,
}

/// The stand-in for an object that was written before.
///
/// ```
/// use serde_pickle::Graph;
/// use serde_pickle::json::{JsonOptions, JsonShared};
///
/// // a = []; [a, a]
/// let graph = Graph::from_slice(b"](]q\0h\0e.")?;
/// let once = JsonOptions::new().shared(JsonShared::Reference);
/// assert_eq!(serde_json::to_string(&once.graph(&graph)).unwrap(), r##"[[],{"$ref":"#/0"}]"##);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonShared {
    /// The object again.
    #[default]
    Copy,
    /// `{"$ref": pointer}`, as for [cycles](JsonCycles::Reference). This is for lists, dicts, sets,
    /// tuples and objects; text is always copied.
    Reference,
}

/// Declares the options, each once: its field, its default and its setter.
macro_rules! options {
    (
        $(#[$head:meta])*
        pub struct $options:ident {
            $($(#[$doc:meta])* $name:ident: $type:ty = $default:expr,)*
        }
    ) => {
        $(#[$head])*
        pub struct $options {
            $($name: $type,)*
        }

        impl $options {
            /// The defaults, which refuse nothing.
            pub fn new() -> Self {
                Self { $($name: $default,)* }
            }

            $(
                $(#[$doc])*
                #[must_use]
                pub fn $name(mut self, $name: $type) -> Self {
                    self.$name = $name;
                    self
                }
            )*
        }
    };
}

options! {
    /// Options for turning a pickle into JSON; see the [module](self).
    ///
    /// ```
    /// use serde_pickle::json::{JsonKeys, JsonNonFinite, JsonOptions};
    /// use serde_pickle::pickle;
    ///
    /// let strict = JsonOptions::new().keys(JsonKeys::Error).non_finite(JsonNonFinite::Error);
    /// let error = serde_json::to_string(&strict.value(&pickle!({"a": [f64::NAN]}))).unwrap_err();
    /// assert_eq!(error.to_string(), "a[0]: nan has no form in JSON; see JsonOptions::non_finite");
    /// assert!(serde_json::to_string(&strict.value(&pickle!({1: 2}))).is_err());
    /// ```
    ///
    /// All that has no form of its own in JSON, refused or made plain:
    ///
    /// ```
    /// use serde_pickle::json::*;
    ///
    /// let plain = JsonOptions::new()
    ///     .bytes(JsonBytes::Hex)
    ///     .big_ints(JsonBigInts::Number)
    ///     .surrogates(JsonSurrogates::Escape)
    ///     .decimals(JsonDecimals::Number)
    ///     .objects(JsonObjects::Attributes)
    ///     .globals(JsonGlobals::Error)
    ///     .persistent_ids(JsonPersistentIds::Null)
    ///     .cycles(JsonCycles::Error)
    ///     .shared(JsonShared::Reference);
    /// let value = serde_pickle::Value::Bytes(vec![255]);
    /// assert_eq!(serde_json::to_string(&plain.value(&value)).unwrap(), r#""ff""#);
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct JsonOptions {
        /// Sets the form of keys that are not text.
        keys: JsonKeys = JsonKeys::default(),
        /// Sets the form of bytes.
        bytes: JsonBytes = JsonBytes::default(),
        /// Sets the form of ints beyond 64 bits.
        big_ints: JsonBigInts = JsonBigInts::default(),
        /// Sets the form of nan and the infinities.
        non_finite: JsonNonFinite = JsonNonFinite::default(),
        /// Sets the form of text with lone surrogates.
        surrogates: JsonSurrogates = JsonSurrogates::default(),
        /// Sets the form of a `decimal.Decimal`, where [natural forms](Self::natural) are written.
        decimals: JsonDecimals = JsonDecimals::default(),
        /// Sets the form of objects that have no natural form.
        objects: JsonObjects = JsonObjects::default(),
        /// Sets the form of classes and functions.
        globals: JsonGlobals = JsonGlobals::default(),
        /// Sets the form of persistent ids.
        persistent_ids: JsonPersistentIds = JsonPersistentIds::default(),
        /// Sets the stand-in for an object within itself.
        cycles: JsonCycles = JsonCycles::default(),
        /// Sets the stand-in for an object that was written before.
        shared: JsonShared = JsonShared::default(),
        /// Writes dates, paths, arrays and the like as the values they stand for: yes unless asked
        /// otherwise. Without, they are objects of their class.
        natural: bool = true,
        /// Levels of nesting: 100 unless asked otherwise. Each takes some stack while it is
        /// written.
        max_depth: usize = MAX_DEPTH,
        /// Values that are written, on top of sixteen for each byte of the pickle: 4 Mi unless
        /// asked otherwise. Text counts one for each 16 bytes.
        max_values: u64 = MAX_VALUES,
    }
}

impl Default for JsonOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl JsonOptions {
    /// A node and everything below it, to be serialized.
    ///
    /// ```
    /// use serde_pickle::Graph;
    /// use serde_pickle::json::JsonOptions;
    ///
    /// // {'on': datetime.date(2020, 1, 2)}
    /// let graph = Graph::from_slice(
    ///     b"\x80\x04}\x8c\x02on\x8c\x08datetime\x8c\x04date\x93C\x04\x07\xe4\x01\x02\x85Rs.",
    /// )?;
    /// let day = graph.root().get("on").unwrap();
    /// let options = JsonOptions::new().max_depth(10).max_values(1000);
    /// assert_eq!(serde_json::to_string(&options.node(day)).unwrap(), r#""2020-01-02""#);
    /// let as_object = serde_json::to_string(&options.natural(false).node(day)).unwrap();
    /// assert!(as_object.contains(r#""$class":"datetime.date""#));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn node<'a>(&self, node: Node<'a>) -> Json<'a> {
        Json { options: *self, source: Source::Node(node) }
    }

    /// A whole graph, to be serialized.
    ///
    /// ```
    /// use serde_pickle::Graph;
    /// use serde_pickle::json::JsonOptions;
    ///
    /// let graph = Graph::from_slice(b"](K\x01Ne.")?;
    /// assert_eq!(serde_json::to_string(&JsonOptions::new().graph(&graph)).unwrap(), "[1,null]");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn graph<'a>(&self, graph: &'a Graph<'a>) -> Json<'a> {
        self.node(graph.root())
    }

    /// A value, to be serialized.
    pub fn value<'a>(&self, value: &'a Value) -> Json<'a> {
        Json { options: *self, source: Source::Value(value) }
    }
}

/// A pickle to be serialized into JSON, or into a format with the same kinds of values; see the
/// [module](self).
///
/// ```
/// use serde_pickle::json::Json;
/// use serde_pickle::{Graph, pickle};
///
/// let graph = Graph::from_slice(b"](K\x01Ne.")?;
/// assert_eq!(serde_json::to_string(&Json::of(graph.root())).unwrap(), "[1,null]");
/// assert_eq!(serde_json::to_string(&Json::of_value(&pickle!((1, 2)))).unwrap(), "[1,2]");
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// # Errors
/// Serializing fails where an option says so and where the limit is reached, with an error of the
/// serializer's own type that has the path in its text.
#[derive(Clone, Copy, Debug)]
pub struct Json<'a> {
    options: JsonOptions,
    source: Source<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Source<'a> {
    Node(Node<'a>),
    Value(&'a Value),
}

impl<'a> Json<'a> {
    /// A node and all below it, with default options.
    pub fn of(node: Node<'a>) -> Self {
        JsonOptions::new().node(node)
    }

    /// A value, with default options.
    pub fn of_value(value: &'a Value) -> Self {
        JsonOptions::new().value(value)
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.source {
            Source::Node(node) => walk::serialize(&self.options, node, serializer),
            Source::Value(value) => match Graph::of_value(value) {
                Ok(graph) => walk::serialize(&self.options, graph.root(), serializer),
                Err(error) => Err(serde::ser::Error::custom(error)),
            },
        }
    }
}
