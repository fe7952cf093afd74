//! [`SimpleNamespace`]: attributes of Python's `types.SimpleNamespace`.

use serde::de::{Deserialize, Deserializer, SeqAccess};
use serde::ser::{Serialize, Serializer};

use super::object::{self, ArgsAndContent, ObjectType, ReadObject, generic_object};
use crate::reduce::{Global, Reduce};

/// A Python `types.SimpleNamespace`: attributes, as a struct or a map.
///
/// Written by calling the class without arguments and giving it the state, as Python does: an
/// instance that is made without a call, as a derived struct named `py:types:SimpleNamespace` is,
/// is refused by Python at protocols 0 and 1.
///
/// ```
/// use std::collections::BTreeMap;
/// use serde_pickle::python::SimpleNamespace;
///
/// let sizes = BTreeMap::from([("depth".to_owned(), 3), ("width".to_owned(), 4)]);
/// let options = SimpleNamespace(sizes);
/// let bytes = serde_pickle::to_vec(&options)?; // SimpleNamespace(depth=3, width=4)
/// let again: SimpleNamespace<BTreeMap<String, i32>> = serde_pickle::from_slice(&bytes)?;
/// assert_eq!(again, options);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Source: `SimpleNamespace.__reduce__` in `Objects/namespaceobject.c` of CPython.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SimpleNamespace<A>(pub A);

generic_object!(SimpleNamespace<A>);

impl<A: Serialize> ObjectType for SimpleNamespace<A> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Reduce::call(Global::new("types", "SimpleNamespace"), ())
            .with_state(&self.0)
            .serialize(serializer)
    }

    fn write_plain<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, A: Deserialize<'de>> ReadObject<'de> for SimpleNamespace<A> {
    const CLASS: &'static str = "types.SimpleNamespace";

    fn is_class(module: &str, qualname: &str) -> bool {
        (module, qualname) == ("types", "SimpleNamespace")
    }

    fn read<Seq: SeqAccess<'de>>(
        _: String,
        _: String,
        parts: ArgsAndContent<Seq>,
    ) -> Result<Self, Seq::Error> {
        parts.content().map(Self)
    }

    fn read_plain<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        A::deserialize(deserializer).map(Self)
    }
}
