//! [`PersistentId`]: an object outside the pickle.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::token;

/// Stands for an object outside the pickle, by an id that the application knows.
///
/// The id is text without line breaks at protocol 0 (opcode PERSID), and anything above
/// (BINPERSID): a PyTorch checkpoint names its storages by tuples. Only the application knows what
/// an id means. Reading this type gives the ids;
/// [`Resolver::persistent_load`](crate::Resolver::persistent_load) replaces them by the objects.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use serde_pickle::reduce::PersistentId;
///
/// #[derive(Serialize, Deserialize)]
/// struct Row {
///     memo: String,
///     /// Lives in a database, by its table and key.
///     owner: PersistentId<(String, u64)>,
/// }
/// # let _ = Row { memo: String::new(), owner: PersistentId((String::new(), 1)) };
/// ```
///
/// Source: "Persistence of External Objects" in the documentation of Python's `pickle`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersistentId<T>(pub T);

impl<T: Serialize> Serialize for PersistentId<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(token::PERSISTENT_ID, &self.0)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for PersistentId<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for IdVisitor<T> {
            type Value = PersistentId<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a persistent id")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Self::Value, D::Error> {
                T::deserialize(deserializer).map(PersistentId)
            }

            // Formats that hold a newtype as a sequence of one element call this, as for a derived
            // newtype.
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                match seq.next_element()? {
                    Some(id) => Ok(PersistentId(id)),
                    None => Err(serde::de::Error::invalid_length(0, &self)),
                }
            }
        }

        deserializer.deserialize_newtype_struct(token::PERSISTENT_ID, IdVisitor(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_formats_see_the_bare_id() {
        let id = PersistentId(("storage".to_owned(), 3));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, r#"["storage",3]"#);
        assert_eq!(serde_json::from_str::<PersistentId<(String, u8)>>(&json).unwrap(), id);
    }
}
