//! Elements of numpy's dtypes, and of Python's `array.array`, decoded from their bytes.

/// A number that is an element of an array.
#[derive(Clone, Copy)]
pub(crate) enum Num {
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
}

/// The form of the numbers in the bytes of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumKind {
    Bool,
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
    F32,
    F64,
}

impl NumKind {
    /// Bytes of a number.
    #[inline]
    pub(crate) fn width(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// The number that `bytes` begin with, if they are as many.
    pub(crate) fn number(self, bytes: &[u8], big_endian: bool) -> Option<Num> {
        macro_rules! one {
            ($int:ty, $number:expr) => {{
                let number: fn($int) -> Num = $number;
                let bytes = *bytes.first_chunk()?;
                number(match big_endian {
                    true => <$int>::from_be_bytes(bytes),
                    false => <$int>::from_le_bytes(bytes),
                })
            }};
        }
        Some(match self {
            Self::Bool => one!(u8, |value| Num::Bool(value != 0)),
            Self::U8 => one!(u8, |value| Num::Uint(value.into())),
            Self::U16 => one!(u16, |value| Num::Uint(value.into())),
            Self::U32 => one!(u32, |value| Num::Uint(value.into())),
            Self::U64 => one!(u64, Num::Uint),
            Self::I8 => one!(i8, |value| Num::Int(value.into())),
            Self::I16 => one!(i16, |value| Num::Int(value.into())),
            Self::I32 => one!(i32, |value| Num::Int(value.into())),
            Self::I64 => one!(i64, Num::Int),
            Self::F32 => one!(u32, |bits| Num::Float(f32::from_bits(bits).into())),
            Self::F64 => one!(u64, |bits| Num::Float(f64::from_bits(bits))),
        })
    }
}

/// The bytes of `S`, without the zeros at the end.
pub(crate) fn chars(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    bytes.get(..end).unwrap_or_default()
}

/// Up to eight bytes as an int.
pub(crate) fn bits(bytes: &[u8], big: bool) -> u64 {
    let fold = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
    if big { bytes.iter().fold(0, fold) } else { bytes.iter().rev().fold(0, fold) }
}

/// The same, signed.
pub(crate) fn signed(bytes: &[u8], big: bool) -> i64 {
    let unused = 64_u32.saturating_sub(8 * bytes.len() as u32);
    match unused {
        64.. => 0,
        unused => (bits(bytes, big) << unused) as i64 >> unused,
    }
}

/// A float of 16, 32 or 64 bits, or of the 80 of x86, which lie in 12 or 16 bytes.
pub(crate) fn float(bytes: &[u8], big: bool) -> Option<f64> {
    if let (Some((value, padding)), false) = (bytes.split_at_checked(10), big)
        && matches!(padding.len(), 2 | 6)
    {
        // Sixteen bytes may also be a float of 128 bits, whose sign and exponent are in the last
        // two. The rest of the padding may be anything: numpy leaves what was in the memory.
        let padded = padding.len() == 2 || padding.ends_with(&[0, 0]);
        return if padded { extended(value) } else { None };
    }
    let bits = bits(bytes, big);
    match bytes.len() {
        2 => Some(half(bits as u16)),
        4 => Some(f32::from_bits(bits as u32).into()),
        8 => Some(f64::from_bits(bits)),
        _ => None,
    }
}

/// A float of 80 bits, rounded to 64: a fraction of 64 bits, the first of which is there, 15 bits
/// of exponent, a sign. `None` for the forms that no processor since the 80387 makes.
///
/// Source: "x87 FPU Instruction Set", double extended precision, in Intel's manual.
fn extended(bytes: &[u8]) -> Option<f64> {
    let (fraction, head) = bytes.split_at_checked(8)?;
    let (fraction, head) = (bits(fraction, false), bits(head, false));
    let (sign, exponent) = (if head >> 15 == 1 { -1.0 } else { 1.0 }, (head & 0x7fff) as i32);
    let first = fraction >> 63 == 1;
    let magnitude = match exponent {
        // Far below the smallest float of 64 bits.
        0 if !first => 0.0,
        0x7fff if fraction << 1 == 0 && first => f64::INFINITY,
        0x7fff if first => f64::NAN,
        _ if !first => return None,
        _ => scaled(fraction, exponent - 16_383 - 63),
    };
    Some(sign * magnitude)
}

/// The reverse, which loses nothing: the ten bytes of a float of 80 bits.
pub(crate) fn to_extended(value: f64) -> [u8; 10] {
    let bits = value.to_bits();
    let (exponent, fraction) = ((bits >> 52 & 0x7ff) as u16, bits & ((1 << 52) - 1));
    let (exponent, fraction) = match exponent {
        0 if fraction == 0 => (0, 0),
        // Subnormal: a multiple of 2⁻¹⁰⁷⁴, whose highest bit comes first there.
        0 => {
            let unused = fraction.leading_zeros();
            (16_383 - 1_074 + 63 - unused as u16, fraction << unused)
        }
        0x7ff => (0x7fff, 1 << 63 | fraction << 11),
        _ => (exponent + (16_383 - 1_023), 1 << 63 | fraction << 11),
    };
    let mut bytes = [0; 10];
    let (low, head) = bytes.split_at_mut(8);
    low.copy_from_slice(&fraction.to_le_bytes());
    head.copy_from_slice(&(exponent | (bits >> 63 << 15) as u16).to_le_bytes());
    bytes
}

/// A fraction with its highest bit, times a power of two, to the nearest float, ties to even.
fn scaled(fraction: u64, power: i32) -> f64 {
    // Of the fraction as many bits as the float has: fewer where it is subnormal.
    let exponent = power + 63;
    let kept = if exponent >= -1_022 { 53 } else { 53 - (-1_022 - exponent) };
    if kept < 0 {
        return 0.0;
    }
    let dropped = (64 - kept) as u32;
    let whole = fraction.checked_shr(dropped).unwrap_or(0);
    let rest = u128::from(fraction) & ((1_u128 << dropped) - 1);
    let half = 1_u128 << (dropped - 1);
    let up = rest > half || (rest == half && whole & 1 == 1);
    let whole = (whole + u64::from(up)) as f64;
    // Two steps, for neither power is out of range then.
    let power = power + dropped as i32;
    let first = power.clamp(-1_000, 1_000);
    whole * f64::from(first).exp2() * f64::from(power - first).exp2()
}

/// A float of 16 bits: a sign, 5 bits of exponent, 10 of fraction. Source: IEEE 754, binary16.
fn half(bits: u16) -> f64 {
    let sign = u64::from(bits >> 15) << 63;
    let exponent = u64::from(bits >> 10 & 0x1f);
    let fraction = u64::from(bits & 0x3ff);
    let magnitude = match exponent {
        // Subnormal: a multiple of 2⁻²⁴.
        0 => (fraction as f64 / f64::from(1 << 24)).to_bits(),
        0x1f => 0x7ff << 52 | fraction << 42,
        _ => (exponent + 1_023 - 15) << 52 | fraction << 42,
    };
    f64::from_bits(sign | magnitude)
}

/// The bits of the float of 16 bits that is nearest, ties to even.
pub(crate) fn to_half(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = (bits >> 16 & 0x8000) as u16;
    let magnitude = f64::from(value.abs());
    if value.is_nan() {
        return sign | 0x7e00;
    }
    // Halfway between the greatest finite one and the next power of two.
    if magnitude >= 65_520.0 {
        return sign | 0x7c00;
    }
    // The distance of neighbours: 2⁻²⁴ for subnormal ones, else by the exponent.
    let exponent = i32::from((bits >> 23 & 0xff) as u8) - 127;
    let step = exponent.max(-14) - 10;
    let steps = (magnitude / f64::from(step).exp2()).round_ties_even() as u16;
    // One step beyond a power of two carries into the exponent.
    let biased = (exponent.max(-14) + 14) as u16;
    sign | ((biased << 10) + steps)
}

/// Characters of four bytes, without the zeros at the end; `None` if one is not a character.
pub(crate) fn text(bytes: &[u8], big: bool) -> Option<String> {
    let (units, _) = bytes.as_chunks::<4>();
    let unit =
        |four: &[u8; 4]| if big { u32::from_be_bytes(*four) } else { u32::from_le_bytes(*four) };
    let end = units.iter().rposition(|four| unit(four) != 0).map_or(0, |last| last + 1);
    let chars = units.iter().take(end).map(|four| char::from_u32(unit(four)));
    chars.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes are those of `np.array(text, 'longdouble').tobytes()`, the values those of Python.
    #[test]
    fn long_doubles_of_x86() {
        let of = |head: u16, fraction: u64| {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&fraction.to_le_bytes());
            bytes[8..10].copy_from_slice(&head.to_le_bytes());
            bytes
        };
        for (head, fraction, value) in [
            (0x3fff, 1 << 63, 1.0),
            (0x3ffe, 1 << 63, 0.5),
            (0xc000, 1 << 63, -2.0),
            (0, 0, 0.0),
            // 0.1, and the number next to 1 that is nearer to 1 than any float of 64 bits.
            (0x3ffb, 0xcccc_cccc_cccc_cccd, 0.1),
            (0x3fff, (1 << 63) | 1, 1.0),
            (0x3fff, u64::MAX, 2.0),
            (0x43fe, 0xffff_ffff_ffff_f800, f64::MAX),
            (0x43ff, 1 << 63, f64::INFINITY),
            (0x7fff, 1 << 63, f64::INFINITY),
            (0x3c01, 1 << 63, f64::MIN_POSITIVE),
            (0x3bcd, 1 << 63, 5e-324),
            (0x3bcc, 1 << 63, 0.0),
            (0x3bcc, (1 << 63) | 1, 5e-324),
            (0x0001, 1 << 63, 0.0),
        ] {
            assert_eq!(float(&of(head, fraction), false), Some(value), "{head:#x} {fraction:#x}");
            assert_eq!(float(&of(head, fraction)[..12], false), Some(value));
        }
        assert!(float(&of(0x7fff, 3 << 62), false).unwrap().is_nan());
        // One of 128 bits; one whose first bit is not there; another byte order.
        let quad = 1.0_f64.to_bits();
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&(quad >> 4).to_le_bytes());
        assert_eq!(float(&bytes, false), None);
        assert_eq!(float(&of(0x3fff, 1), false), None);
        assert_eq!(float(&of(0x3fff, 1 << 63), true), None);
        // By numpy, with what was in the memory behind the ten bytes.
        let mut bytes = of(0x3fff, 3 << 62);
        bytes[10..14].copy_from_slice(&[0x34, 0x96, 0x76, 0x7f]);
        assert_eq!(float(&bytes, false), Some(1.5));
        bytes[15] = 0x3f;
        assert_eq!(float(&bytes, false), None);
    }

    #[test]
    fn long_doubles_of_x86_come_back() {
        for value in [0.0, -0.0, 1.0, 0.1, -2.5, f64::MAX, f64::MIN_POSITIVE, 5e-324, 1e-310] {
            assert_eq!(extended(&to_extended(value)).map(f64::to_bits), Some(value.to_bits()));
        }
        assert_eq!(extended(&to_extended(f64::NEG_INFINITY)), Some(f64::NEG_INFINITY));
        assert!(extended(&to_extended(f64::NAN)).unwrap().is_nan());
    }

    #[test]
    fn halves_of_every_kind() {
        for (bits, value) in [
            (0x0000, 0.0),
            (0x8000, -0.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x03ff, 6.097_555_160_522_461e-5),
            (0x0400, 6.103_515_625e-5),
            (0x3555, 0.333_251_953_125),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65_504.0),
            (0x7c00, f64::INFINITY),
            (0xfc00, f64::NEG_INFINITY),
        ] {
            assert_eq!(half(bits).to_bits(), f64::to_bits(value), "{bits:#x}");
        }
        assert!(half(0x7e00).is_nan());
        for bits in 0..=u16::MAX {
            let back = to_half(half(bits) as f32);
            assert!(back == bits || half(bits).is_nan(), "{bits:#x} {back:#x}");
        }
        for (value, bits) in [
            (65_519.0, 0x7bff),
            (65_520.0, 0x7c00),
            (2.0_f32.powi(-25), 0),
            (1.000_488_3, 0x3c00),
            (1e-9, 0),
        ] {
            assert_eq!(to_half(value), bits, "{value}");
        }
    }

    #[test]
    fn ints_of_every_width_and_order() {
        assert_eq!(signed(&[0xfe, 0xff], false), -2);
        assert_eq!(signed(&[0xff, 0xfe], true), -2);
        assert_eq!(signed(&[0x80, 0, 0, 0, 0, 0, 0, 0], true), i64::MIN);
        assert_eq!(signed(&[], true), 0);
        assert_eq!(bits(&[1, 2], false), 0x201);
    }

    #[test]
    fn text_ends_where_only_zeros_follow() {
        let text = |bytes: &[u8]| text(bytes, false);
        assert_eq!(text(&[0x61, 0, 0, 0, 0, 0, 0, 0, 0x62, 0, 0, 0, 0, 0, 0, 0]).unwrap(), "a\0b");
        assert_eq!(text(&[]).unwrap(), "");
        assert!(text(&[0, 0xd8, 0, 0]).is_none());
    }
}
