//! Text, changed a little.

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
