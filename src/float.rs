//! Floats in decimal, as Python's `repr` writes them: in `Display` of values and in the FLOAT
//! opcode.
//!
//! Both Python and Rust give the fewest digits that are read back as the same float. They differ in
//! two things. Where two decimals of that length are equally near, Python takes the even one, as in
//! `2**-25`; and Python has exponents from `1e+16` on and below `1e-4`, with a sign and two digits.
//! Source: `float_repr_style` 'short', `PyOS_double_to_string` with format `r`.

/// Python's `repr(float)`.
pub(crate) fn repr(float: f64) -> String {
    if float.is_nan() {
        return "nan".to_owned();
    }
    let sign = if float.is_sign_negative() { "-" } else { "" };
    let size = float.abs();
    if size.is_infinite() {
        return format!("{sign}inf");
    }
    let (digits, exponent) = shortest(size);
    let (first, rest) = digits.split_at_checked(1).unwrap_or((&digits, ""));
    match exponent {
        -4..0 => {
            format!("{sign}0.{:0>zeros$}{digits}", "", zeros = exponent.unsigned_abs() as usize - 1)
        }
        0..16 => {
            let point = exponent.unsigned_abs() as usize + 1;
            match digits.split_at_checked(point) {
                Some((whole, "")) => format!("{sign}{whole}.0"),
                Some((whole, fraction)) => format!("{sign}{whole}.{fraction}"),
                None => format!("{sign}{digits:0<point$}.0"),
            }
        }
        _ => {
            let point = if rest.is_empty() { "" } else { "." };
            let exponent_sign = if exponent < 0 { '-' } else { '+' };
            format!("{sign}{first}{point}{rest}e{exponent_sign}{:02}", exponent.unsigned_abs())
        }
    }
}

/// The digits of a finite, unsigned float, and the power of ten of the first one.
fn shortest(size: f64) -> (String, i32) {
    /// Decimals of fewer digits are so far apart that no float lies midway between two that read
    /// back as it.
    const TIES: usize = 15;
    let (digits, exponent) = parts(&format!("{size:e}"));
    if digits.len() >= TIES {
        // With a number of digits given, Rust rounds to the nearest decimal, and in the middle to
        // the even one. That decimal may not be read as the same float, where the gap to the next
        // smaller one is half as wide.
        let nearest = format!("{size:.*e}", digits.len() - 1);
        if nearest.parse() == Ok(size) {
            return parts(&nearest);
        }
    }
    (digits, exponent)
}

/// Digits and exponent of Rust's `{:e}`, which has always one `e` and an exponent of at most three
/// digits.
fn parts(text: &str) -> (String, i32) {
    let (digits, exponent) = text.split_once('e').unwrap_or((text, "0"));
    (digits.replace('.', ""), exponent.parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_begin_where_pythons_do() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-1.5, "-1.5"),
            (100.0, "100.0"),
            (123.456, "123.456"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e15, "1000000000000000.0"),
            (9999999999999998.0, "9999999999999998.0"),
            (1e16, "1e+16"),
            (1.5e100, "1.5e+100"),
            (0.0001, "0.0001"),
            (0.00123, "0.00123"),
            (0.00001, "1e-05"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::NEG_INFINITY, "-inf"),
            (-f64::NAN, "nan"),
        ] {
            assert_eq!(repr(value), text);
        }
    }

    #[test]
    #[allow(
        clippy::excessive_precision,
        reason = "the floats themselves lie between two decimals of that length"
    )]
    fn between_two_decimals_the_even_one_is_taken() {
        assert_eq!(repr(2_f64.powi(-25)), "2.9802322387695312e-08");
        let two_to_50 = 1_125_899_906_842_624.0;
        assert_eq!(repr(two_to_50 + 0.25), "1125899906842624.2");
        assert_eq!(repr(two_to_50 + 0.75), "1125899906842624.8");
    }
}
