//! Names of time zones.

use std::fmt::Write as _;

/// `[_name=…]`: the name of an offset, as a suffix in the form of RFC 9557.
pub(crate) fn push_name(text: &mut String, name: &str) {
    text.push_str("[_name=");
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => text.push(char::from(byte)),
            // Writing to a String does not fail.
            _ => drop(write!(text, "%{byte:02X}")),
        }
    }
    text.push(']');
}

/// The names of UTC in the IANA database, and those of GMT, which never differs.
pub(crate) fn is_utc(key: &str) -> bool {
    let key = key.strip_prefix("Etc/").unwrap_or(key);
    matches!(
        key,
        "UTC" | "UCT" | "Universal" | "Zulu" | "GMT" | "GMT0" | "GMT+0" | "GMT-0" | "Greenwich"
    )
}
