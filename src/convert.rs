//! `Value` to and from Rust types.
//!
//! A type read from a value must come out as it would from the pickle of that value, and there is
//! one way to be sure: the value becomes the nodes that the machine would have made, and the one
//! walk of `de/node.rs` reads those. In the other direction a type is written by the one
//! `Serializer` and read back as a value.

use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::ser::Serialize;

use crate::de::DeOptions;
use crate::de::node::NodeDeserializer;
use crate::de::place::Place;
use crate::error::{Error, Result};
use crate::forward::forward_deserialize;
use crate::limits::{self, Allowance};
use crate::nodes::import::{Imported, Input, import};
use crate::nodes::store::Nodes;
use crate::reduce::token;
use crate::ser::SerOptions;
use crate::settings::Plain;
use crate::value::{Value, hand_over};
use crate::walk::cx::Cx;

/// Forwards a call to the walk over the nodes of the value.
macro_rules! through_nodes {
    ($self:ident, |$node:ident| $call:expr) => {{
        let (nodes, imported) = nodes($self)?;
        walk(&nodes, &imported, Plain::default(), |$node| $call)
    }};
}

/// Makes a `T` from a value, as [`from_slice`](crate::from_slice) would from its pickle.
///
/// To borrow from the value, deserialize from a reference: `T::deserialize(&value)`. With options:
/// [`DeOptions::from_value`].
///
/// # Errors
/// `Data` where the value does not fit the type; `Limit` where it is nested more than 100 levels
/// deep, the default for Rust types.
///
/// ```
/// use serde::Deserialize;
/// use serde_pickle::{from_value, pickle};
///
/// #[derive(Deserialize)]
/// struct User {
///     name: String,
///     langs: Vec<String>,
/// }
///
/// let user: User = from_value(pickle!({"name": "Ada", "langs": ("Python", "Rust")}))?;
/// assert_eq!((user.name.as_str(), user.langs.len()), ("Ada", 2));
///
/// let value = pickle!(["a", "b"]);
/// let borrowed = Vec::<&str>::deserialize(&value)?;
/// assert_eq!(borrowed, ["a", "b"]);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T> {
    T::deserialize(&value)
}

/// Makes a value of anything that can be serialized, as reading its pickle would. With options:
/// [`SerOptions::to_value`].
///
/// # Errors
/// As [`to_vec`](crate::to_vec).
///
/// ```
/// use serde::Serialize;
/// use serde_pickle::{pickle, to_value};
///
/// #[derive(Serialize)]
/// struct User<'a> {
///     name: &'a str,
///     langs: (&'a str, &'a str),
/// }
///
/// let value = to_value(&User { name: "Ada", langs: ("Python", "Rust") })?;
/// assert_eq!(value, pickle!({"name": "Ada", "langs": ("Python", "Rust")}));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
pub fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value> {
    SerOptions::new().to_value(value)
}

impl DeOptions<'_> {
    /// Makes a `T` of a value, as [`from_slice`](Self::from_slice) with these options would of its
    /// pickle; see [`from_value`].
    ///
    /// A resolver is asked about the globals, persistent ids and objects in the value. Buffers are
    /// in the value, and not taken from the options.
    ///
    /// ```
    /// use serde_pickle::reduce::Renames;
    /// use serde_pickle::{DeOptions, Value, pickle};
    ///
    /// let renames = Renames::new().rename_module("models", "shop.models");
    /// let options = DeOptions::new().resolver(renames);
    /// let value: Value = options.from_value(pickle!([(Value::global("models", "Order"))]))?;
    /// assert_eq!(value, pickle!([(Value::global("shop.models", "Order"))]));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`from_value`], by the limits of these options, and those of the resolver.
    pub fn from_value<T: DeserializeOwned>(&self, value: Value) -> Result<T> {
        if self.settings().resolver.is_none() && self.plain.max_nodes == limits::OBJECTS {
            let (nodes, imported) = nodes(&value)?;
            return walk(&nodes, &imported, self.plain, |node| T::deserialize(node));
        }
        // Only the machine asks the resolver and counts nodes.
        let bytes = SerOptions::new().in_memory().to_vec(&value)?;
        let mut of_pickle = self.clone();
        of_pickle.buffers = None;
        of_pickle.from_slice(&bytes).map_err(Error::nowhere)
    }
}

impl SerOptions {
    /// Makes a value of anything that can be serialized, as reading its pickle would; see
    /// [`to_value`].
    ///
    /// The hooks are asked as they are for a pickle, but for a
    /// [`buffer_callback`](Self::buffer_callback): buffers stay in the value. Protocol and
    /// extension codes leave no trace in a value.
    ///
    /// ```
    /// use serde_pickle::reduce::Global;
    /// use serde_pickle::{SerOptions, Value, pickle};
    ///
    /// let options =
    ///     SerOptions::new().dispatch(Global::new("shop", "Draft"), |draft| Ok(draft.args));
    /// let draft = serde_pickle::reduce::Reduce::call(Global::new("shop", "Draft"), (1, "tea"));
    /// assert_eq!(options.to_value(&[draft])?, pickle!(((1, "tea"),)));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`to_vec`](Self::to_vec).
    pub fn to_value<T: Serialize + ?Sized>(&self, value: &T) -> Result<Value> {
        of_own_pickle(&self.in_memory().to_vec(value)?)
    }
}

/// The value of a pickle that was written here from a value in memory.
pub(crate) fn of_own_pickle(bytes: &[u8]) -> Result<Value> {
    // The value is as deep and as large as what was serialized, which is there already.
    let unlimited = DeOptions::new()
        .max_depth(usize::MAX)
        .max_expansion(usize::MAX)
        .max_memory(usize::MAX)
        .max_int_digits(usize::MAX);
    unlimited.from_slice(bytes).map_err(Error::nowhere)
}

/// The nodes of a value, and its size.
fn nodes<'v>(value: impl Into<Input<'v>>) -> Result<(Nodes<'v>, Imported)> {
    let mut nodes = Nodes::default();
    let imported = import(&mut nodes, value, 0).map_err(Error::nowhere)?;
    Ok((nodes, imported))
}

/// The walk over the nodes of a value.
fn walk<'de, T>(
    nodes: &Nodes<'de>,
    imported: &Imported,
    plain: Plain,
    visit: impl FnOnce(Place<'_, '_, 'de>) -> Result<T>,
) -> Result<T> {
    // The tree that the value stands for is there already, or was allowed when it was read. But an
    // array of numpy may stand for more elements than it has bytes, and the value may have come out
    // of a pickle. Text may be looked at several times on the way: for the class of a time zone,
    // and for its name.
    let &Imported { root, size, unfolded } = imported;
    let expansion = plain.max_expansion.fixed.saturating_add(8 * unfolded);
    let settings = Plain { max_expansion: Allowance::fixed(expansion), ..plain }.into();
    let span = usize::try_from(size).unwrap_or(usize::MAX);
    let cx = Cx::new(nodes, &[], span, settings);
    cx.settle(visit(Place::Node(NodeDeserializer::root(&cx, root))), root).map_err(Error::nowhere)
}

/// Implements serde's `Deserializer`; `$whole` gives the value itself to a type that takes a whole
/// one.
macro_rules! deserializer {
    ($(#[$doc:meta])* $value:ty, |$this:ident| $whole:expr) => {
        $(#[$doc])*
        impl<'de> Deserializer<'de> for $value {
            type Error = Error;

            forward_deserialize!('de, through_nodes, except newtype);

            fn deserialize_newtype_struct<V: Visitor<'de>>(
                self,
                name: &'static str,
                visitor: V,
            ) -> Result<V::Value> {
                if name == token::VALUE {
                    let $this = self;
                    return hand_over($whole, visitor);
                }
                through_nodes!(self, |node| node.deserialize_newtype_struct(name, visitor))
            }
        }
    };
}

deserializer! {
    /// Text and bytes are borrowed from the value.
    &'de Value, |value| value.clone()
}
deserializer! {
    /// Nothing is borrowed.
    Value, |value| value
}

impl IntoDeserializer<'_, Error> for Value {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> IntoDeserializer<'de, Error> for &'de Value {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
