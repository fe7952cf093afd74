//! [`Skipping`]: a sequence whose bad items are left out, as lenient programs write it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

/// The items that fit.
pub(crate) struct Skipping<T>(#[allow(dead_code)] Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Skipping<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Lenient<T>(Vec<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Lenient<T> {
            type Value = Skipping<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence")
            }

            fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Skipping<T>, A::Error> {
                loop {
                    match seq.next_element() {
                        Ok(Some(item)) => self.0.push(item),
                        Ok(None) => return Ok(Skipping(self.0)),
                        Err(_) => {}
                    }
                }
            }
        }

        deserializer.deserialize_seq(Lenient(Vec::new()))
    }
}
