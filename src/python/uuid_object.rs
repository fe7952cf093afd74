//! [`Uuid`], Python's `uuid.UUID`.

use std::fmt;
use std::str::FromStr;

use serde::ser::{Serialize, Serializer};
use serde_derive::Serialize;

use super::object::{TextObject, objects};
use crate::error::{Error, Result, quoted};
use crate::reduce::token;
use crate::stdlib::uuid::Groups;

/// A UUID: Python's `uuid.UUID`, as its 128-bit int.
///
/// `Display` is the usual text of five groups; [`FromStr`] takes that, with or without its hyphens.
/// With the feature `uuid`, the type of the crate of that name does as well.
///
/// ```
/// use serde_pickle::python::Uuid;
///
/// let uuid: Uuid = "12345678-1234-5678-1234-567812345678".parse()?;
/// assert_eq!(uuid, Uuid(0x12345678_1234_5678_1234_567812345678));
/// let bytes = serde_pickle::to_vec(&uuid)?;
/// assert_eq!(serde_pickle::from_slice::<Uuid>(&bytes)?, uuid);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Source: `UUID.__getstate__` in Python's `Lib/uuid.py`; before 3.8 the instance's `__dict__`.
/// `is_safe` is not kept: it says how the UUID was generated and is not part of its value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uuid(pub u128);

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Groups::of(self.0).fmt(f)
    }
}

impl FromStr for Uuid {
    type Err = Error;

    /// # Errors
    /// Text of another form is [`ErrorKind::Data`](crate::ErrorKind::Data).
    fn from_str(text: &str) -> Result<Self> {
        let hyphens = |text: &str| {
            text.len() == 36 && [8, 13, 18, 23].iter().all(|&at| text.as_bytes()[at] == b'-')
        };
        // A text of 36 bytes has all of these; without hyphens it has 32.
        let digits = if hyphens(text) { text.replace('-', "") } else { text.to_owned() };
        let plain = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        match u128::from_str_radix(&digits, 16) {
            Ok(int) if plain => Ok(Self(int)),
            _ => Err(Error::data(format!("expected a UUID, found `{}`", quoted(text)))),
        }
    }
}

impl From<u128> for Uuid {
    fn from(int: u128) -> Self {
        Self(int)
    }
}

impl TextObject for Uuid {
    const TOKEN: &'static str = token::UUID;
    const CLASS: &'static str = "uuid.UUID";

    fn is_class(module: &str, qualname: &str) -> bool {
        (module, qualname) == ("uuid", "UUID")
    }

    fn of_payload(payload: &[u8]) -> Option<Self> {
        Some(Self(u128::from_be_bytes(*payload.first_chunk()?)))
    }

    fn write<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename = "py:uuid:UUID")]
        struct Instance {
            int: u128,
        }

        Instance { int: self.0 }.serialize(serializer)
    }
}

objects!(Uuid);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_five_groups() {
        for text in ["00000000-0000-0000-0000-000000000001", "ffffffff-ffff-ffff-ffff-ffffffffffff"]
        {
            assert_eq!(text.parse::<Uuid>().unwrap().to_string(), text);
        }
        assert_eq!(
            "123456781234567812345678123456AB".parse::<Uuid>().unwrap().0,
            0x123456781234567812345678123456ab
        );
        for wrong in [
            "",
            "1234",
            "+2345678123456781234567812345678",
            "12345678-1234-5678-1234-56781234567-",
            "1-2345678123456781234567812345678",
        ] {
            assert!(wrong.parse::<Uuid>().is_err(), "{wrong}");
        }
    }
}
