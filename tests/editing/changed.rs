//! Text, changed a little.

use serde_pickle::python::Fraction;

/// Text that differs and is still of its kind: the last digit is another one; else there is more
/// of it.
pub(crate) fn changed_text(text: &str) -> String {
    let mut bytes = text.to_owned().into_bytes();
    match bytes.iter().rposition(u8::is_ascii_digit) {
        Some(at) if bytes.is_ascii() => {
            bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
            String::from_utf8(bytes).unwrap()
        }
        _ => format!("{text}x"),
    }
}

/// True if a text is read as what was given: a fraction in lowest terms, `2/1` as `2`; a moment by
/// the clock of the zone that it is in.
pub(crate) fn is_read_as(given: &str, read: &str) -> bool {
    let [given, read] = [given, read].map(|text| text.trim_matches(['"', '\'']));
    let moment = |text: &str| text.split('[').next()?.parse::<jiff::Timestamp>().ok();
    let fraction = |text: &str| text.parse::<Fraction>().ok();
    given == read
        || given.contains('/') && fraction(given).is_some_and(|this| Some(this) == fraction(read))
        || given.contains('[') && moment(given).is_some_and(|this| Some(this) == moment(read))
}
