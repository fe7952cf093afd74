//! [`Member`]: a member of an `Enum`.

use serde::de::{self, Deserialize, Deserializer, SeqAccess};
use serde::ser::{Serialize, Serializer};

use super::object::{self, ArgsAndContent, ObjectType, ReadObject, generic_object};
use crate::error::quoted;
use crate::reduce::{Global, Reduce};

/// A member of a Python `Enum` whose class is not known at compile time.
///
/// An `Enum` that is known is a Rust enum under the class's name, with variants named by the
/// values: `#[serde(rename = "py:colors:Color")] enum Color { #[serde(rename = "1")] Red }`.
///
/// ```
/// use serde_pickle::python::Member;
/// use serde_pickle::reduce::Global;
///
/// let red = Member::ByValue { class: Global::new("colors", "Color"), value: 1 };
/// let bytes = serde_pickle::to_vec(&red)?; // Color(1), which is Color.RED
/// assert_eq!(serde_pickle::from_slice::<Member<i32>>(&bytes)?, red);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Other formats get only the value or the name, so they cannot be read back.
///
/// Source: `Enum.__reduce_ex__` in Python's `Lib/enum.py`, and `pickle_by_enum_name` there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Member<V = crate::Value> {
    /// By a call of the class with the value, as nearly all are.
    ByValue {
        /// The class.
        class: Global,
        /// The value of the member.
        value: V,
    },
    /// By name, `getattr(Color, 'RED')`, for a class that pickles so, and for a member that is an
    /// attribute.
    ByName {
        /// The class.
        class: Global,
        /// The name of the member.
        name: String,
    },
}

generic_object!(Member<V>);

impl<V: Serialize> ObjectType for Member<V> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::ByValue { class, value } => {
                Reduce::call(class.clone(), (value,)).serialize(serializer)
            }
            Self::ByName { class, name } => {
                Global::new(&*class.module, format!("{}.{name}", class.qualname))
                    .serialize(serializer)
            }
        }
    }

    fn write_plain<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::ByValue { value, .. } => value.serialize(serializer),
            Self::ByName { name, .. } => name.serialize(serializer),
        }
    }
}

impl<'de, V: Deserialize<'de>> ReadObject<'de> for Member<V> {
    const CLASS: &'static str = "an Enum";

    fn is_class(_: &str, _: &str) -> bool {
        true
    }

    fn read<A: SeqAccess<'de>>(
        module: String,
        qualname: String,
        parts: ArgsAndContent<A>,
    ) -> Result<Self, A::Error> {
        let (value,) = parts.args()?;
        Ok(Self::ByValue { class: Global::new(module, qualname), value })
    }

    fn read_plain<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Global { module, qualname } = Global::deserialize(deserializer)?;
        match qualname.rsplit_once('.') {
            Some((class, name)) => {
                Ok(Self::ByName { class: Global::new(module, class), name: name.to_owned() })
            }
            None => Err(de::Error::custom(format_args!(
                "expected a member of an Enum, found the global {}.{}",
                quoted(&module),
                quoted(&qualname)
            ))),
        }
    }
}
