//! Decimal, Fraction, UUID and the classes of `ipaddress` as text.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Call, Natural, malformed};
use crate::error::{Error, Result};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::scalar::Int;
use crate::shown::shown;
use crate::stdlib::uuid::Groups;

/// `Decimal(text)`.
pub(super) fn decimal<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Natural<'g>>> {
    let &[text] = call.args() else { return Ok(None) };
    // The tag decides: the text itself is looked at, and charged, when it is asked for.
    if matches!(text.tag(), Tag::Shared | Tag::Str1 | Tag::Str4 | Tag::Str8 | Tag::StrLine) {
        return Ok(Some(Natural::Same(text)));
    }
    match call.text(text) {
        Some(text) => Ok(Some(Natural::Text(text))),
        None => Ok(digits(call, text)?.map(Natural::Text)),
    }
}

/// `Fraction(numerator, denominator)`; up to Python 3.10 `Fraction(text)`.
pub(super) fn fraction<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Cow<'g, str>>> {
    match *call.args() {
        [text] => match call.text(text) {
            Some(text) => Ok(Some(text)),
            None => digits(call, text),
        },
        [numerator, denominator] => {
            let (Some(numerator), Some(denominator)) =
                (digits(call, numerator)?, digits(call, denominator)?)
            else {
                return Ok(None);
            };
            if denominator == "1" {
                Ok(Some(numerator))
            } else {
                Ok(Some(format!("{numerator}/{denominator}").into()))
            }
        }
        _ => Ok(None),
    }
}

/// The decimal digits of an int.
fn digits<'g>(call: &Call<'_, 'g, '_>, handle: Handle) -> Result<Option<Cow<'g, str>>> {
    // A decimal digit is more than three bits; turning bits into digits takes time that is not
    // linear.
    let limit = call.cx.settings.max_int_digits;
    let check = |bits: u64| match bits / 4 > limit as u64 {
        true => {
            Err(Error::limit(format!("an int of {bits} bits has more than {limit} decimal digits")))
        }
        false => Ok(()),
    };
    Ok(Some(match call.int(handle) {
        Some(Int::Small(value)) => value.to_string().into(),
        Some(Int::Long(bytes)) => {
            check(8 * bytes.len() as u64)?;
            crate::digits::decimal(&num_bigint::BigInt::from_signed_bytes_le(bytes)).into()
        }
        Some(Int::Big(value)) => {
            check(value.bits())?;
            crate::digits::decimal(&value).into()
        }
        None => return Ok(None),
    }))
}

/// A UUID is made without arguments; its state has the 128-bit int.
pub(super) fn uuid<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Cow<'g, str>>> {
    let Some(int) = call.attribute("int")? else { return Ok(None) };
    let Some(int) = call.unsigned(int) else {
        return Err(malformed("UUID", "its int does not fit 128 bits"));
    };
    Ok(Some(shown(&Groups::of(int)).into()))
}

/// `IPv4Address(int)`, or text.
pub(super) fn ipv4<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Cow<'g, str>>> {
    let &[address] = call.args() else { return Ok(None) };
    if let Some(text) = call.text(address) {
        return Ok(Some(text));
    }
    if call.int(address).is_none() {
        return packed(call, address);
    }
    match call.unsigned(address).and_then(|address| u32::try_from(address).ok()) {
        Some(address) => Ok(Some(shown(&Ipv4Addr::from(address)).into())),
        None => Err(malformed("IPv4Address", "its int does not fit 32 bits")),
    }
}

/// `IPv6Address(text)`; up to Python 3.9 `IPv6Address(int)`.
pub(super) fn ipv6<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Cow<'g, str>>> {
    let &[address] = call.args() else { return Ok(None) };
    if let Some(text) = call.text(address) {
        return Ok(Some(text));
    }
    if call.int(address).is_none() {
        return packed(call, address);
    }
    match call.unsigned(address) {
        Some(address) => Ok(Some(shown(&Ipv6Addr::from(address)).into())),
        None => Err(malformed("IPv6Address", "its int does not fit 128 bits")),
    }
}

/// The packed form of an address, as `IPv4Address(b'\x7f\0\0\1')` takes it.
fn packed<'g>(call: &Call<'_, 'g, '_>, handle: Handle) -> Result<Option<Cow<'g, str>>> {
    if handle.is_object() && handle.tag() != Tag::Instance {
        return Ok(None);
    }
    let Some(bytes) = call.bytes(handle)? else { return Ok(None) };
    Ok(match (<[u8; 4]>::try_from(&*bytes), <[u8; 16]>::try_from(&*bytes)) {
        (Ok(v4), _) => Some(shown(&Ipv4Addr::from(v4)).into()),
        (_, Ok(v6)) => Some(shown(&Ipv6Addr::from(v6)).into()),
        _ => None,
    })
}

/// A network or interface: its text.
pub(super) fn network<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Cow<'g, str>>> {
    match *call.args() {
        [text] => Ok(call.text(text)),
        _ => Ok(None),
    }
}
