//! Decimal ints as picklers write them, which is most of reading ints of protocol 0.
//!
//! Only the one usual way to write an int is understood here, and only if it fits 64 bits. Every
//! other line is for `text.rs`, which knows what C makes of it.
//!
//! A processor cannot predict the number of digits or the sign, and a wrong prediction costs more
//! than the digits. So there is no loop over digits: eight are taken at a time.

use std::hint::select_unpredictable;

/// The int at `at`, if it is a whole line of the form that picklers write: an optional minus,
/// digits without a leading zero that fit 64 bits, and an optional `L` if it is `long`. Gives the
/// length of the line with its newline.
pub(crate) fn decimal_line(input: &[u8], at: usize, long: bool) -> Option<(i64, usize)> {
    if let Some(window) = at.checked_sub(16).and_then(|start| input.get(start..)?.first_chunk())
        && let Some(found) = short_line(window, long)
    {
        return Some(found);
    }
    let text = input.get(at..)?;
    let (value, len) = signed_digits(text)?;
    match text.get(len..)? {
        [b'\n', ..] => Some((value, len + 1)),
        [b'L', b'\n', ..] if long => Some((value, len + 2)),
        _ => None,
    }
}

/// Reads the plain form of nearly all ints: digits that fit 64 bits, no sign but a minus, no
/// leading zero.
#[inline]
pub(super) fn plain_decimal(line: &[u8]) -> Option<i64> {
    let (value, len) = signed_digits(line)?;
    (len == line.len()).then_some(value)
}

/// [`decimal_line`] for a line of up to 15 bytes, with an `L` where it is `long`, that begins in
/// the middle of `window`; `None` for any other.
///
/// The newline is found first. Then the sixteen bytes that end with the digits are loaded, and
/// those before the digits are masked. Only two addresses depend on the int.
#[inline(always)]
fn short_line(window: &[u8; 32], long: bool) -> Option<(i64, usize)> {
    // Of the eight bytes from `start` on, which is less than 25; the mask says so to the compiler.
    let word = |start: usize| {
        window[start & 31..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word))
    };
    let (first, second) = (newlines(word(16)), newlines(word(24)));
    if first | second == 0 {
        return None;
    }
    let at = |newlines: u64| newlines.trailing_zeros() as usize / 8;
    let line = select_unpredictable(first != 0, at(first), 8 + at(second));
    let negative = window[16] == b'-';
    let digits_at = 16 + usize::from(negative);
    // Where the digits end, counted from the start of the line.
    let end = line.checked_sub(usize::from(long))?;
    let count = end.checked_sub(usize::from(negative))?;
    let zero = window[digits_at] == b'0' && end > 1;
    if zero || count == 0 || long && window[(16 + end) & 31] != b'L' {
        return None;
    }
    // The mask says to the compiler that the table has the place: `count` is at most 15.
    let [keep_low, keep_high] = LAST[count & 15];
    let low = (word(end) ^ ZEROS) & keep_low;
    let high = (word(end + 8) ^ ZEROS) & keep_high;
    if not_digits(low) | not_digits(high) != 0 {
        return None;
    }
    // Less than 10 to the power of 15.
    let value = (joined(low) * 100_000_000 + joined(high)).cast_signed();
    Some((select_unpredictable(negative, -value, value), line + 1))
}

/// Masks of the last bytes of sixteen, by their number.
const LAST: [[u64; 2]; 16] = {
    let mut masks = [[0; 2]; 16];
    let mut count = 1;
    while count < 16 {
        let mask = u128::MAX << (8 * (16 - count));
        masks[count] = [mask as u64, (mask >> 64) as u64];
        count += 1;
    }
    masks
};

/// The digit `0`, eight times.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// Marks newlines among eight bytes: the highest bit of the first newline is set, and no bit below.
#[inline(always)]
fn newlines(word: u64) -> u64 {
    let zeros = word ^ 0x0a0a_0a0a_0a0a_0a0a;
    zeros.wrapping_sub(0x0101_0101_0101_0101) & !zeros & 0x8080_8080_8080_8080
}

/// An int of up to 64 bits at the start of `text`, and its length in bytes: digits without a
/// leading zero, behind an optional minus.
#[inline]
fn signed_digits(text: &[u8]) -> Option<(i64, usize)> {
    let negative = text.first() == Some(&b'-');
    let digits = text.get(usize::from(negative)..)?;
    let (value, count) = leading_digits(digits);
    // Leading zeros and `-0` are left to `text.rs`, which knows the bools.
    let zero = digits.first() == Some(&b'0') && (negative || count > 1);
    if count == 0 || count > 19 || zero {
        return None;
    }
    let value = i64::try_from(value).ok()?;
    Some((if negative { -value } else { value }, usize::from(negative) + count))
}

/// The digits at the start of `text`: their value, which is right for up to 19 of them, and their
/// number.
///
/// Eight at a time, and sixteen without a branch on how many there are.
#[inline]
fn leading_digits(text: &[u8]) -> (u64, usize) {
    const POWERS: [u64; 9] =
        [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];
    let power = |digits: usize| POWERS.get(digits).copied().unwrap_or(1);
    if let Some(&[low, middle, high]) = text.as_chunks::<8>().0.first_chunk::<3>() {
        let (first, found) = eight_digits(u64::from_le_bytes(low));
        let (second, more) = eight_digits(u64::from_le_bytes(middle));
        let (second, more) = select_unpredictable(found == 8, (second, more), (0, 0));
        let (value, count) = (first * power(more) + second, found + more);
        if count < 16 {
            return (value, count);
        }
        // More than 19 have no value that fits.
        let (third, most) = eight_digits(u64::from_le_bytes(high));
        return (value.wrapping_mul(power(most)).wrapping_add(third), count + most);
    }
    let (mut value, mut count) = (0_u64, 0);
    for byte in text.iter().take_while(|byte| byte.is_ascii_digit()) {
        value = value.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
        count += 1;
    }
    (value, count)
}

/// The digits at the start of eight bytes, the first of which is the lowest in `word`.
#[inline(always)]
fn eight_digits(word: u64) -> (u64, usize) {
    let digits = word ^ ZEROS;
    let found = not_digits(digits).trailing_zeros() / 8;
    // Zeros in front make them eight digits.
    (joined(digits.checked_shl(64 - 8 * found).unwrap_or(0)), found as usize)
}

/// Marks bytes that are not digits among eight bytes, from which `0` has been removed by exclusive
/// or: such bytes have bits set.
#[inline(always)]
fn not_digits(digits: u64) -> u64 {
    // A byte is a digit if neither it nor it plus six has anything in its upper half.
    (digits | digits.wrapping_add(0x0606_0606_0606_0606)) & 0xf0f0_f0f0_f0f0_f0f0
}

/// The value of eight digits, the first in the lowest byte, joined to pairs, fours and one number.
#[inline(always)]
fn joined(digits: u64) -> u64 {
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a line behind any number of bytes, so that each way of reading is taken; all have to
    /// agree.
    fn read(line: &str, long: bool) -> Option<(i64, usize)> {
        let alone = decimal_line(line.as_bytes(), 0, long);
        for before in [1, 15, 16, 17, 40] {
            for behind in [
                "",
                "a",
                "aI5\n",
                "aI-1234567890123456789\naI7\n",
                "777777777777777777777777777777",
            ] {
                // Digits all around, which must not count.
                let input = format!("{}{line}{behind}", "7".repeat(before));
                let found = decimal_line(input.as_bytes(), before, long);
                // Bytes behind a line that does not end become part of it.
                if line.ends_with('\n') {
                    assert_eq!(found, alone, "{line:?} between {before} and {behind:?}");
                }
            }
        }
        alone
    }

    #[test]
    fn ints_of_every_length_are_read() {
        let mut values = vec![0, i64::MAX, -i64::MAX];
        for digits in 1..=18 {
            for value in [
                10_i64.pow(digits - 1),
                10_i64.pow(digits) - 1,
                1_234_567_890_123_456_789 % 10_i64.pow(digits),
            ] {
                values.extend([value, -value]);
            }
        }
        for value in values {
            let len = value.to_string().len();
            assert_eq!(read(&format!("{value}\n"), false), Some((value, len + 1)), "{value}");
            assert_eq!(read(&format!("{value}\n"), true), Some((value, len + 1)), "{value}");
            assert_eq!(read(&format!("{value}L\n"), true), Some((value, len + 2)), "{value}");
            assert_eq!(read(&format!("{value}L\n"), false), None, "{value}");
        }
    }

    #[test]
    fn every_other_line_is_left() {
        let odd = [
            "",
            "-",
            "\n",
            "-\n",
            "00\n",
            "01\n",
            "-0\n",
            "-01\n",
            "+1\n",
            " 1\n",
            "1 \n",
            "1_0\n",
            "1\r\n",
            "12",
            "12L",
            "L\n",
            "-L\n",
            "LL\n",
            "12LL\n",
            "0L0\n",
            "1:\n",
            "1/\n",
            "1\0\n",
            "123456789012345:\n",
            "12345678901234/\n",
        ];
        let large = [
            "9223372036854775808\n",
            "-9223372036854775808\n",
            "99999999999999999999\n",
            "18446744073709551617\n",
        ];
        let endless = format!("{}\n", "1".repeat(1_000));
        for line in odd.into_iter().chain(large).chain([endless.as_str()]) {
            assert_eq!(read(line, false), None, "{line:?}");
            assert_eq!(read(line, true), None, "{line:?}");
        }
    }
}
