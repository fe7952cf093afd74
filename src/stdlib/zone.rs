//! Names of time zones.

use crate::shown::append;

/// `[_name=…]`: the name of an offset, as a suffix in the form of RFC 9557.
pub(crate) fn push_name(text: &mut String, name: &str) {
    text.push_str("[_name=");
    push_escaped(text, name, b"-_");
    text.push(']');
}

/// Letters, digits and the bytes of `plain`; others as `%` and two hexadecimal digits.
pub(crate) fn push_escaped(text: &mut String, name: &str, plain: &[u8]) {
    for byte in name.bytes() {
        match byte {
            byte if byte.is_ascii_alphanumeric() || plain.contains(&byte) => {
                text.push(char::from(byte));
            }
            _ => append(text, format_args!("%{byte:02X}")),
        }
    }
}

/// The names of UTC in the IANA database, and those of GMT, which never differs.
pub(crate) fn is_utc(key: &str) -> bool {
    let key = key.strip_prefix("Etc/").unwrap_or(key);
    matches!(
        key,
        "UTC" | "UCT" | "Universal" | "Zulu" | "GMT" | "GMT0" | "GMT+0" | "GMT-0" | "Greenwich"
    )
}
