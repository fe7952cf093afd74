//! The calendar and the clock of `datetime`: which days and times there are, and their text.
//!
//! The text is ISO 8601 as Python's `isoformat` writes it.

/// Microseconds in a second.
pub(crate) const SECOND: i64 = 1_000_000;
/// Microseconds in a day.
pub(crate) const DAY: i64 = 86_400 * SECOND;

/// Year, month, day.
pub(crate) type Day = (u16, u8, u8);
/// Hour, minute, second, microsecond.
pub(crate) type Clock = (u8, u8, u8, u32);

/// Returns true for a day of the years 1 to 9999.
pub(crate) fn is_day((year, month, day): Day) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u8::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=9999).contains(&year) && (1..=days).contains(&day)
}

/// Returns true for a time of day. There are no leap seconds in Python.
pub(crate) fn is_clock((hour, minute, second, micro): Clock) -> bool {
    hour < 24 && minute < 60 && second < 60 && i64::from(micro) < SECOND
}

/// A number of `width` digits.
pub(crate) fn push_number(text: &mut String, value: u32, width: usize) {
    let mut place = 10_u32.pow(width as u32 - 1);
    while place > 0 {
        // A remainder by ten is one digit.
        text.push(char::from(b'0' + (value / place % 10) as u8));
        place /= 10;
    }
}

/// `2024-02-29`
pub(crate) fn push_day(text: &mut String, (year, month, day): Day) {
    push_number(text, year.into(), 4);
    text.push('-');
    push_number(text, month.into(), 2);
    text.push('-');
    push_number(text, day.into(), 2);
}

/// `12:30:00`, with microseconds where they are not 0.
pub(crate) fn push_clock(text: &mut String, (hour, minute, second, micro): Clock) {
    push_number(text, hour.into(), 2);
    text.push(':');
    push_number(text, minute.into(), 2);
    text.push(':');
    push_number(text, second.into(), 2);
    if micro != 0 {
        text.push('.');
        push_number(text, micro, 6);
    }
}

/// `+05:30`, with seconds and microseconds where they are not 0.
///
/// The offset is in microseconds and shorter than a day.
pub(crate) fn push_offset(text: &mut String, offset: i64) {
    text.push(if offset < 0 { '-' } else { '+' });
    let (seconds, micros) =
        (offset.unsigned_abs() / SECOND as u64, (offset.unsigned_abs() % SECOND as u64) as u32);
    let (hours, minutes, seconds) =
        ((seconds / 3_600) as u32, (seconds / 60 % 60) as u32, (seconds % 60) as u32);
    push_number(text, hours, 2);
    text.push(':');
    push_number(text, minutes, 2);
    if seconds != 0 || micros != 0 {
        text.push(':');
        push_number(text, seconds, 2);
    }
    if micros != 0 {
        text.push('.');
        push_number(text, micros, 6);
    }
}
