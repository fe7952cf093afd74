//! The arguments of classes of which the text says all: dates, durations, decimals, fractions,
//! addresses and paths.

use std::net::IpAddr;

use super::editor::Editor;
use super::inverse::form;
use crate::convert::to_value;
use crate::error::{Error, Result, quoted};
use crate::nodes::handle::Handle;
use crate::python::numpy::time::{Unit, UnitCount, count_of_timedelta};
use crate::python::{Date, Decimal, Fraction, IpAddress, TimeDelta};
use crate::stdlib::path::{
    join_posix, join_windows, normal_posix, normal_windows, parts_posix, parts_windows,
};
use crate::value::Value;

/// Returns true for classes whose text is not that of a time, and is read in the form that the
/// class gives it: a path without needless separators, a fraction in lowest terms.
pub(super) fn says_all(module: &str, name: &str) -> bool {
    matches!(module, "pathlib" | "pathlib._local" | "decimal" | "fractions" | "uuid" | "ipaddress")
        || matches!(
            name,
            "timedelta" | "Duration" | "Interval" | "Timedelta" | "_timedelta_unpickle"
        )
}

/// The arguments of an object of a class whose text says all.
pub(super) fn args_of_text(module: &str, name: &str, text: &str) -> Result<Option<Vec<Value>>> {
    Ok(Some(match (module, name) {
        ("datetime", "date") | ("pendulum.date", "Date") => args_of(&text.parse::<Date>()?)?,
        ("datetime", "timedelta")
        | ("pendulum.duration", "Duration")
        | ("pendulum.interval", "Interval") => args_of(&duration(text)?)?,
        ("decimal", "Decimal") => vec![Value::from(text.parse::<Decimal>()?.to_string())],
        ("fractions", "Fraction") => args_of(&text.parse::<Fraction>()?)?,
        ("ipaddress", name) if name.starts_with("IPv") => vec![ip(name, text)?],
        _ => return Ok(None),
    }))
}

/// A duration in seconds, or of ISO 8601 with hours and minutes, as other crates write it.
fn duration(text: &str) -> Result<TimeDelta> {
    text.parse::<TimeDelta>().or_else(|error| {
        let unit = UnitCount { unit: Unit::Microsecond, count: 1 };
        let micros = count_of_timedelta(text, unit).ok_or(error)?;
        TimeDelta::from_microseconds(micros.into())
    })
}

pub(super) fn imported(
    editor: &mut Editor<'_, '_, '_>,
    at: Handle,
    values: &[Value],
) -> Result<Vec<Handle>> {
    let mut handles = Vec::with_capacity(values.len());
    for value in values {
        handles.push(editor.import(value, at)?);
    }
    Ok(handles)
}

/// The arguments of a path: its parts where it had those, as Python up to 3.12 writes them; else
/// its text. `may_be_parts`: true if the class is not the one of Python 3.13.
pub(super) fn path(
    editor: &mut Editor<'_, '_, '_>,
    at: Handle,
    may_be_parts: bool,
    is_windows: bool,
    text: &str,
) -> Result<Vec<Handle>> {
    let before = editor.args(at)?;
    if may_be_parts && before.len() != 1 {
        let mut there = Vec::with_capacity(before.len());
        for &arg in &before {
            there.push(form(editor, arg)?.into());
        }
        let [old, now] = match is_windows {
            true => [join_windows(&there), normal_windows(text)],
            false => [join_posix(&there), normal_posix(text)],
        };
        let parts = |path| if is_windows { parts_windows(path) } else { parts_posix(path) };
        let names: Vec<_> = parts(&now).into_iter().map(Into::into).collect();
        // Python loses the dot of `.\\c:name`.
        let is_whole = now == if is_windows { join_windows(&names) } else { join_posix(&names) };
        if is_whole && there == parts(&old) {
            let mut args = Vec::with_capacity(names.len());
            for (place, name) in names.iter().enumerate() {
                args.push(match before.get(place) {
                    Some(&same) if there[place] == *name => same,
                    _ => editor.import(&Value::from(name.as_ref()), at)?,
                });
            }
            return Ok(args);
        }
    }
    Ok(vec![editor.import(&Value::from(text), at)?])
}

/// The argument of a class of `ipaddress`.
///
/// # Errors
/// `Data` for text that the class would refuse.
fn ip(class: &str, text: &str) -> Result<Value> {
    let wrong = || Error::data(format!("`{}` is no ipaddress.{class}", quoted(text)));
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text, None),
    };
    // The scope of IPv6, `fe80::1%eth0`.
    let (plain, scope) = match address.split_once('%') {
        Some((plain, scope)) => (plain, Some(scope)),
        None => (address, None),
    };
    let address: IpAddr = plain.parse().map_err(|_| wrong())?;
    let most = if class.starts_with("IPv4") { 32 } else { 128 };
    if address.is_ipv4() != (most == 32) || scope.is_some() && most == 32 {
        return Err(wrong());
    }
    if class.ends_with("Address") {
        return match (bits, scope) {
            (Some(_), _) => Err(wrong()),
            (None, Some(_)) => Ok(Value::from(text)),
            (None, None) => args_of(&IpAddress::from(address))?.pop().ok_or_else(wrong),
        };
    }
    let bits = match bits {
        Some(bits) => bits.parse().ok().filter(|bits| *bits <= most).ok_or_else(wrong)?,
        None => most,
    };
    let number = match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    };
    // An interface has an address within its network; a network has none.
    let is_within = number & !u128::MAX.checked_shl(most - bits).unwrap_or(0) != 0;
    if class.ends_with("Network") && is_within {
        return Err(wrong());
    }
    let scope = scope.map(|scope| format!("%{scope}")).unwrap_or_default();
    Ok(Value::from(format!("{address}{scope}/{bits}")))
}

/// The arguments of the object that a type of `python` writes.
pub(super) fn args_of<T: serde::Serialize>(value: &T) -> Result<Vec<Value>> {
    match to_value(value)? {
        Value::Object(object) => Ok(object.args.to_vec()),
        other => Ok(vec![other]),
    }
}
