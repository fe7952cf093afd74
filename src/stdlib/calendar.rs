//! The calendar and the clock of `datetime`: which days and times there are, and their text.
//!
//! The text is ISO 8601 as Python's `isoformat` writes it.

use super::uuid::Groups;

/// Microseconds in a second.
pub(crate) const SECOND: i64 = 1_000_000;
/// Microseconds in a day.
pub(crate) const DAY: i64 = 86_400 * SECOND;

/// The bit of a datetime's month, or of a time's hour, that is the fold where they are pickled.
pub(crate) const FOLD: u8 = 0x80;

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

/// Returns true for the microseconds of a `timedelta`, which has less than a billion days.
pub(crate) fn is_delta(micros: i128) -> bool {
    micros.div_euclid(DAY.into()).unsigned_abs() < 1_000_000_000
}

/// A number of `width` digits.
#[inline(never)]
pub(crate) fn push_number(text: &mut String, value: u32, width: usize) {
    let mut place = 10_u32.pow(width as u32 - 1);
    while place > 0 {
        // A remainder by ten is one digit.
        text.push(char::from(b'0' + (value / place % 10) as u8));
        place /= 10;
    }
}

/// ISO 8601 text of a day, a time and an offset, or that of a UUID, which needs no memory but its
/// own.
#[derive(Clone, Copy)]
pub(crate) struct ShortText {
    // First, so that the bytes are aligned, which checking them takes half as long for.
    len: usize,
    bytes: [u8; Self::ROOM],
}

/// An offset, and its text.
#[derive(Clone, Copy)]
pub(crate) struct Offset {
    /// In microseconds, and shorter than a day.
    pub(crate) micros: i64,
    /// True for one of a zone that has a key, `UTC`.
    pub(crate) has_key: bool,
    len: u8,
    bytes: [u8; Self::ROOM],
}

impl ShortText {
    /// A day, `T`, a clock of 15 bytes, and an offset.
    const ROOM: usize = 26 + Offset::ROOM;

    pub(crate) const fn new() -> Self {
        Self { len: 0, bytes: [0; Self::ROOM] }
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds a part. There is room for one of each.
    #[inline(always)]
    fn add<const N: usize>(&mut self, part: [u8; N]) {
        let rest = self.bytes.get_mut(self.len..).and_then(<[u8]>::first_chunk_mut::<N>);
        if let Some(place) = rest {
            *place = part;
            self.len += N;
        }
    }

    /// `2024-02-29`
    #[inline]
    pub(crate) fn day(&mut self, (year, month, day): Day) {
        // Years have four digits.
        let ([a, b], [c, d]) = (pair((year / 100) as u8), pair((year % 100) as u8));
        let ([m, n], [e, f]) = (pair(month), pair(day));
        self.add([a, b, c, d, b'-', m, n, b'-', e, f]);
    }

    /// `T`
    #[inline]
    pub(crate) fn between(&mut self) {
        self.add([b'T']);
    }

    /// `12:30:00`, with microseconds where they are not 0.
    #[inline]
    pub(crate) fn clock(&mut self, (hour, minute, second, micro): Clock) {
        let ([a, b], [c, d], [e, f]) = (pair(hour), pair(minute), pair(second));
        self.add([a, b, b':', c, d, b':', e, f]);
        if micro != 0 {
            self.add(fraction(micro));
        }
    }

    /// Adds an offset.
    #[inline]
    pub(crate) fn offset(&mut self, offset: Offset) {
        self.add(offset.bytes);
        self.len -= Offset::ROOM - usize::from(offset.len);
    }

    /// Makes it these bytes, which are no text and for which there is room.
    pub(crate) fn packed(&mut self, parts: &[&[u8]]) {
        self.clear();
        for part in parts {
            if let Some(place) = self.bytes.get_mut(self.len..self.len + part.len()) {
                place.copy_from_slice(part);
                self.len += part.len();
            }
        }
    }

    /// Makes it the text of a UUID.
    pub(crate) fn uuid(&mut self, uuid: Groups) {
        self.clear();
        self.add(uuid.bytes());
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

impl Offset {
    const ROOM: usize = 16;

    /// That of a zone with the key `UTC`.
    pub(crate) fn utc() -> Self {
        Self { has_key: true, ..Self::of(0) }
    }

    /// `+05:30`, with seconds and microseconds where they are not 0.
    ///
    /// The offset is in microseconds and shorter than a day.
    pub(crate) fn of(offset: i64) -> Self {
        let micros = (offset.unsigned_abs() % SECOND as u64) as u32;
        let seconds = (offset.unsigned_abs() / SECOND as u64) as u32;
        let [a, b] = pair((seconds / 3_600) as u8);
        let [c, d] = pair((seconds / 60 % 60) as u8);
        let [e, f] = pair((seconds % 60) as u8);
        let [g, h, i, j, k, l, m] = fraction(micros);
        let sign = if offset < 0 { b'-' } else { b'+' };
        let len = match (seconds % 60, micros) {
            (0, 0) => 6,
            (_, 0) => 9,
            _ => 16,
        };
        Self {
            micros: offset,
            has_key: false,
            len,
            bytes: [sign, a, b, b':', c, d, b':', e, f, g, h, i, j, k, l, m],
        }
    }

    fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.len.into()).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

/// `.000250`
fn fraction(micro: u32) -> [u8; 7] {
    let two = |place: u32| pair((micro / place % 100) as u8);
    let ([a, b], [c, d], [e, f]) = (two(10_000), two(100), two(1));
    [b'.', a, b, c, d, e, f]
}

/// The two digits of a number below 100.
#[inline(always)]
fn pair(number: u8) -> [u8; 2] {
    [b'0' + number / 10, b'0' + number % 10]
}

/// `2024-02-29`
pub(crate) fn push_day(text: &mut String, day: Day) {
    let mut iso = ShortText::new();
    iso.day(day);
    text.push_str(iso.as_str());
}

/// `12:30:00`, with microseconds where they are not 0.
pub(crate) fn push_clock(text: &mut String, clock: Clock) {
    let mut iso = ShortText::new();
    iso.clock(clock);
    text.push_str(iso.as_str());
}

/// Adds the text of an offset in microseconds, which is shorter than a day.
pub(crate) fn push_offset(text: &mut String, offset: i64) {
    text.push_str(Offset::of(offset).as_str());
}
