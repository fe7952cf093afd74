//! Decimal floats in text, to the nearest `f64`: what `str::parse` gives.
//!
//! The standard library's way has a table of ten kilobytes, which every program would be linked
//! with for an opcode of protocol 0. Here numbers of up to nineteen digits and near exponents take
//! a multiplication or a division, and all others a long division bit by bit.

/// Significant digits that decide: no float lies between two numbers that agree in so many, but for
/// what follows.
const DIGITS: usize = 800;

/// Places before the point from which on all is infinite, and behind it from which on all is zero.
const FAR: (i64, i64) = (310, 330);

/// The float that all of `text` says; `None` for other text.
pub(super) fn parse(text: &[u8]) -> Option<f64> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let value = match rest {
        rest if rest.eq_ignore_ascii_case(b"inf") => f64::INFINITY,
        rest if rest.eq_ignore_ascii_case(b"infinity") => f64::INFINITY,
        rest if rest.eq_ignore_ascii_case(b"nan") => f64::NAN,
        rest => decimal(rest)?,
    };
    Some(if negative { -value } else { value })
}

fn decimal(text: &[u8]) -> Option<f64> {
    let mut digits = Vec::new();
    // The value is that of the digits times ten to this.
    let mut exponent = 0_i64;
    let (mut any, mut point, mut more) = (false, false, false);
    let mut rest = text;
    while let [byte, behind @ ..] = rest {
        match byte {
            b'0'..=b'9' => {
                any = true;
                exponent -= i64::from(point);
                if digits.len() == DIGITS {
                    more |= *byte != b'0';
                    exponent += 1;
                } else if *byte != b'0' || !digits.is_empty() {
                    digits.push(byte - b'0');
                }
            }
            b'.' if !point => point = true,
            _ => break,
        }
        rest = behind;
    }
    if !any {
        return None;
    }
    if let [b'e' | b'E', behind @ ..] = rest {
        exponent = exponent.saturating_add(power(behind)?);
    } else if !rest.is_empty() {
        return None;
    }
    if more {
        // Beyond these digits it matters only that there is something.
        digits.push(1);
        exponent -= 1;
    }
    while digits.last() == Some(&0) {
        digits.pop();
        exponent += 1;
    }
    Some(nearest(&digits, exponent))
}

/// The exponent behind an `e`.
fn power(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // As far as it goes: a float is far away from there.
    let power = digits.iter().fold(0_i64, |power, digit| {
        power.saturating_mul(10).saturating_add(i64::from(digit - b'0'))
    });
    Some(if negative { -power } else { power })
}

fn nearest(digits: &[u8], exponent: i64) -> f64 {
    if digits.is_empty() {
        return 0.0;
    }
    let places = exponent.saturating_add(digits.len() as i64);
    if places < -FAR.1 {
        return 0.0;
    }
    if places > FAR.0 {
        return f64::INFINITY;
    }
    let number = |digits: &[u8]| digits.iter().fold(0, |all, &digit| all * 10 + u64::from(digit));
    if digits.len() <= 19 {
        let value = number(digits);
        let small = exponent.unsigned_abs() as u32;
        // Both are exact, and so one operation rounds once.
        if value < 1 << 53 && small <= 22 {
            let power = (0..small).fold(1.0, |power, _| power * 10.0);
            return if exponent < 0 { value as f64 / power } else { value as f64 * power };
        }
        if exponent < 0 && small <= 19 {
            let power = 10_u128.pow(small);
            // The quotient has 64 bits and more.
            let shift = value.leading_zeros() + 64;
            let scaled = u128::from(value) << shift;
            let (quotient, remainder) = (scaled / power, scaled % power);
            return rounded(quotient, remainder != 0, -(shift as i64));
        }
    }
    let mut above = Big(vec![0]);
    for &digit in digits {
        above.multiply(10, digit.into());
    }
    let mut below = Big(vec![1]);
    let scaled = if exponent < 0 { &mut below } else { &mut above };
    let mut tens = exponent.unsigned_abs() as u32;
    while tens > 0 {
        let some = tens.min(19);
        scaled.multiply(10_u64.pow(some), 0);
        tens -= some;
    }
    // So that the quotient has 65 or 66 bits.
    let shift = above.bits() as i64 - below.bits() as i64 - 65;
    if shift > 0 {
        below.shift(shift as usize);
    } else {
        above.shift(-shift as usize);
    }
    let (quotient, some) = above.divided(&mut below);
    rounded(quotient, some, shift)
}

/// `value` times two to `exponent`, to the nearest float and to an even one between two. `more` is
/// true if there is something below, and `value` has more than 54 bits then.
fn rounded(value: u128, more: bool, exponent: i64) -> f64 {
    let bits = 128 - i64::from(value.leading_zeros());
    // The lowest bit that a float of this size has.
    let lowest = (bits + exponent - 53).max(-1074);
    let cut = lowest - exponent;
    if cut > 127 {
        return 0.0;
    }
    let (kept, rest, half) = if cut <= 0 {
        (value << -cut, 0, 1)
    } else {
        (value >> cut, value & ((1 << cut) - 1), 1_u128 << (cut - 1))
    };
    let up = rest > half || rest == half && (more || kept & 1 == 1);
    // At most 2^53, which a float holds.
    let mut kept = (kept as u64) + u64::from(up);
    let mut lowest = lowest;
    if kept == 1 << 53 {
        (kept, lowest) = (1 << 52, lowest + 1);
    }
    if kept < 1 << 52 {
        // Subnormal.
        return f64::from_bits(kept);
    }
    match lowest + 1075 {
        exponent @ 1..=2046 => f64::from_bits((exponent as u64) << 52 | kept & ((1 << 52) - 1)),
        _ => f64::INFINITY,
    }
}

/// A natural number, the lowest word first.
struct Big(Vec<u64>);

impl Big {
    /// Multiplies by `factor` and adds `more`.
    fn multiply(&mut self, factor: u64, more: u64) {
        let mut carry = u128::from(more);
        for word in &mut self.0 {
            carry += u128::from(*word) * u128::from(factor);
            *word = carry as u64;
            carry >>= 64;
        }
        if carry != 0 {
            self.0.push(carry as u64);
        }
    }

    fn bits(&self) -> usize {
        let top = self.0.iter().rposition(|word| *word != 0);
        top.map_or(0, |top| {
            64 * (top + 1) - self.0.get(top).map_or(0, |word| word.leading_zeros()) as usize
        })
    }

    fn shift(&mut self, bits: usize) {
        self.0.splice(..0, std::iter::repeat_n(0, bits / 64));
        self.multiply(1 << (bits % 64), 0);
    }

    fn halve(&mut self) {
        let mut carry = 0;
        for word in self.0.iter_mut().rev() {
            (*word, carry) = (*word >> 1 | carry, *word << 63);
        }
    }

    /// Subtracts a number of as many words, if it is not larger; returns true then.
    fn subtract(&mut self, other: &Self) -> bool {
        if self.0.iter().rev().lt(other.0.iter().rev()) {
            return false;
        }
        let mut borrow = false;
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            let (less, first) = word.overflowing_sub(*other);
            let (less, second) = less.overflowing_sub(u64::from(borrow));
            (*word, borrow) = (less, first || second);
        }
        true
    }

    /// The quotient, of up to 66 bits, and whether something is left.
    fn divided(mut self, by: &mut Self) -> (u128, bool) {
        by.shift(66);
        let words = self.0.len().max(by.0.len());
        self.0.resize(words, 0);
        by.0.resize(words, 0);
        let mut quotient = 0;
        for _ in 0..=66 {
            quotient = quotient << 1 | u128::from(self.subtract(by));
            by.halve();
        }
        (quotient, self.0.iter().any(|word| *word != 0))
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn same(text: &str) {
        let (ours, theirs) = (parse(text.as_bytes()), text.parse::<f64>().ok());
        let both_nan = ours.is_some_and(f64::is_nan) && theirs.is_some_and(f64::is_nan);
        assert!(both_nan || ours.map(f64::to_bits) == theirs.map(f64::to_bits), "{text}");
    }

    #[test]
    fn the_text_is_that_of_the_standard_library() {
        for text in [
            "",
            "-",
            "+",
            ".",
            "1.",
            ".5",
            "-.5e1",
            "1e",
            "1e+",
            "e5",
            "1e5x",
            "inf",
            "-Infinity",
            "NaN",
            "infx",
            "0",
            "-0",
            "00.00",
            "1_0",
            " 1",
            "1 ",
            "1..2",
            "1e5.5",
        ] {
            same(text);
        }
    }

    #[test]
    fn floats_are_the_nearest_at_the_ends_and_between_two() {
        for text in [
            "1e400",
            "1e-400",
            "4.9e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "2.2250738585072011e-308",
            "2.2250738585072014e-308",
            "1.7976931348623157e308",
            "1.7976931348623158e308",
            "1.7976931348623159e308",
            "9007199254740993",
            "9007199254740992.999999",
            "9007199254740993.000001",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "0e99999999999999999999999",
            "179769313486231580793728971405301e276",
        ] {
            same(text);
        }
        // Exactly between two floats, and a little more.
        for place in 0..60 {
            let float = f64::from_bits((900 + 3 * place) << 52 | 0x000f_1234_5678_9abc | place);
            let between = format!("{:.1100}", float + float * f64::EPSILON / 4.0);
            same(&between);
            same(&format!("{between}1"));
        }
    }

    #[test]
    fn the_texts_of_all_kinds_of_floats_are_read() {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for _ in 0..20_000 {
            let float = f64::from_bits(random());
            for text in [format!("{float:e}"), format!("{float}"), format!("{:e}", float as f32)] {
                same(&text);
            }
            let digits = random() % 1_000_000_000_000_000_000;
            same(&format!("{digits}e{}", random() as i64 % 40));
            same(&format!("{digits}{digits}e{}", random() as i64 % 340));
            same(&format!("{}", (random() % 1_000_000) as f64 / 1_000.0));
        }
    }
}
