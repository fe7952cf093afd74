//! [`IpAddress`], the addresses of Python's `ipaddress`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::ser::{Serialize, Serializer};
use serde_derive::Serialize;

use super::object::{TextObject, objects};
use crate::error::{Error, Result, quoted};

/// An IP address: Python's `ipaddress.IPv4Address` or `ipaddress.IPv6Address`.
///
/// The types of `std::net` read these classes by themselves, as they read any address as text; they
/// are written as text. This type, or [`python::ip_addr`](crate::python::ip_addr) on a field of
/// theirs, writes the class.
///
/// ```
/// use std::net::Ipv4Addr;
/// use serde_pickle::python::IpAddress;
///
/// let address = IpAddress(Ipv4Addr::LOCALHOST.into());
/// let bytes = serde_pickle::to_vec(&address)?; // ipaddress.IPv4Address(2130706433)
/// assert_eq!(serde_pickle::from_slice::<IpAddress>(&bytes)?, address);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Source: `__reduce__` of the classes in Python's `Lib/ipaddress.py`, which is there from 3.3 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IpAddress(pub IpAddr);

impl fmt::Display for IpAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for IpAddress {
    type Err = Error;

    /// # Errors
    /// Text that is not an address is [`ErrorKind::Data`](crate::ErrorKind::Data); so is a scope
    /// id, which `IpAddr` cannot hold.
    fn from_str(text: &str) -> Result<Self> {
        match text.parse() {
            Ok(address) => Ok(Self(address)),
            Err(_) => Err(Error::data(format!("expected an IP address, found `{}`", quoted(text)))),
        }
    }
}

impl<T: Into<IpAddr>> From<T> for IpAddress {
    fn from(address: T) -> Self {
        Self(address.into())
    }
}

impl TextObject for IpAddress {
    const CLASS: &'static str = "ipaddress.IPv4Address or ipaddress.IPv6Address";

    fn is_class(module: &str, qualname: &str) -> bool {
        module == "ipaddress" && matches!(qualname, "IPv4Address" | "IPv6Address")
    }

    fn write<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename = "py:ipaddress:IPv4Address")]
        struct V4(u32);

        #[derive(Serialize)]
        #[serde(rename = "py:ipaddress:IPv6Address")]
        struct V6(String);

        match self.0 {
            IpAddr::V4(address) => V4(address.into()).serialize(serializer),
            IpAddr::V6(address) => V6(address.to_string()).serialize(serializer),
        }
    }
}

objects!(IpAddress);
