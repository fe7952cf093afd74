//! Ints and their digits, of the length that an int in text may have.
//!
//! num-bigint converts ints of any length, in less than quadratic time, and brings its
//! multiplication and division into every program for that. Up to [`limits::INT_DIGITS`] digits,
//! one loop within another is as fast. Longer ones are converted only where the caller has raised
//! the limit: that is what [`bind`] is for.

use num_bigint::{BigInt, BigUint, Sign};

use crate::late::Late;
use crate::limits;

/// Decimal digits that a word of 64 bits holds.
const CHUNK: usize = 19;
const CHUNK_BASE: u64 = 10_u64.pow(CHUNK as u32);

/// More bits than an int of [`limits::INT_DIGITS`] digits has: a digit is 3.33 bits.
const BITS: u64 = limits::INT_DIGITS as u64 * 10 / 3;

/// num-bigint's conversions, in programs that raise the limit of digits.
static LONG: Late<Long> = Late::new();

struct Long {
    parse: fn(&[u8]) -> Option<BigUint>,
    decimal: fn(&BigUint) -> String,
}

/// To be called where a limit of more than [`limits::INT_DIGITS`] digits is set.
pub(crate) fn bind() {
    LONG.bind(Long {
        parse: |digits| BigUint::parse_bytes(digits, 10),
        decimal: BigUint::to_string,
    });
}

/// The decimal digits of an int, with its sign if it is negative.
pub(crate) fn decimal(int: &BigInt) -> String {
    let sign = if int.sign() == Sign::Minus { "-" } else { "" };
    let digits = match LONG.get() {
        Some(long) if int.bits() > BITS => (long.decimal)(int.magnitude()),
        _ => short_decimal(int.magnitude()),
    };
    format!("{sign}{digits}")
}

fn short_decimal(int: &BigUint) -> String {
    let mut words = int.to_u64_digits();
    let mut chunks = Vec::with_capacity(words.len() + words.len() / 32 + 1);
    while !words.is_empty() {
        let mut rest = 0;
        for word in words.iter_mut().rev() {
            let whole = u128::from(rest) << 64 | u128::from(*word);
            // The rest is below the divisor, so the quotient is of one word.
            *word = (whole / u128::from(CHUNK_BASE)) as u64;
            rest = (whole % u128::from(CHUNK_BASE)) as u64;
        }
        chunks.push(rest);
        while words.last() == Some(&0) {
            words.pop();
        }
    }
    let mut digits = chunks.pop().unwrap_or(0).to_string();
    for chunk in chunks.iter().rev() {
        digits.push_str(&format!("{chunk:0width$}", width = CHUNK));
    }
    digits
}

/// The int of these digits, in base 2, 8, 10 or 16; `None` if one is none.
pub(crate) fn parse(digits: &[u8], radix: u32) -> Option<BigUint> {
    match (radix, LONG.get()) {
        (10, Some(long)) if digits.len() > limits::INT_DIGITS => (long.parse)(digits),
        (10, _) => of_decimal(digits),
        _ => of_bits(digits, radix),
    }
}

fn of_decimal(digits: &[u8]) -> Option<BigUint> {
    let mut words: Vec<u64> = Vec::with_capacity(digits.len() / CHUNK + 1);
    for chunk in digits.chunks(CHUNK) {
        let mut carry = number(chunk, 10)?;
        let base = 10_u64.pow(chunk.len() as u32);
        for word in &mut words {
            let whole = u128::from(*word) * u128::from(base) + u128::from(carry);
            *word = whole as u64;
            carry = (whole >> 64) as u64;
        }
        if carry != 0 {
            words.push(carry);
        }
    }
    Some(of_words(&words))
}

/// Digits that are bits, in linear time.
fn of_bits(digits: &[u8], radix: u32) -> Option<BigUint> {
    // Of base 8, the first digits of a word would be cut: 60 bits are whole digits in all three.
    let bits = radix.ilog2() as usize;
    let mut words = Vec::with_capacity(digits.len() * bits / 60 + 2);
    let (mut word, mut filled) = (0_u128, 0);
    for chunk in digits.rchunks(60 / bits) {
        word |= u128::from(number(chunk, radix)?) << filled;
        filled += 60;
        if filled >= 64 {
            words.push(word as u64);
            word >>= 64;
            filled -= 64;
        }
    }
    words.push(word as u64);
    Some(of_words(&words))
}

/// A few digits.
fn number(digits: &[u8], radix: u32) -> Option<u64> {
    digits.iter().try_fold(0_u64, |number, &digit| {
        let digit = char::from(digit).to_digit(radix)?;
        Some(number * u64::from(radix) + u64::from(digit))
    })
}

fn of_words(words: &[u64]) -> BigUint {
    let mut bytes = Vec::with_capacity(8 * words.len());
    for word in words {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    BigUint::from_bytes_le(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ints around the ends of words and chunks, and of the length of the limit.
    fn ints() -> impl Iterator<Item = BigUint> {
        let lens = (0..140_u32).chain([500, 4_000, 14_000]);
        lens.flat_map(|bits| {
            let power = BigUint::from(1_u8) << bits;
            [&power - 1_u8, power.clone(), &power * 7_u8 / 3_u8]
        })
        .chain((0..50_u32).map(|digits| BigUint::from(10_u8).pow(digits)))
    }

    #[test]
    fn digits_are_those_of_num_bigint() {
        for int in ints() {
            assert_eq!(short_decimal(&int), int.to_string());
            let negative = -BigInt::from(int);
            assert_eq!(decimal(&negative), negative.to_string());
        }
    }

    #[test]
    fn ints_are_parsed_in_all_bases() {
        for int in ints() {
            for radix in [2, 8, 10, 16] {
                let digits = int.to_str_radix(radix);
                assert_eq!(parse(digits.as_bytes(), radix).as_ref(), Some(&int), "{digits}");
                let zeros = format!("000000000000000000000000{digits}");
                assert_eq!(parse(zeros.as_bytes(), radix).as_ref(), Some(&int));
            }
        }
        assert_eq!(parse(b"12a", 10), None);
        assert_eq!(parse(b"8", 8), None);
    }
}
