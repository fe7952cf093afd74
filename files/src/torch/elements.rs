//! Elements as Rust values.

use super::dtype::DType;

mod sealed {
    pub trait Sealed {}
}

/// A Rust type that the elements of a tensor are: of the same dtype, never converted.
///
/// Numbers of Rust, `bool`, and complex numbers as `[f32; 2]` and `[f64; 2]`.
///
/// ```
/// use serde_pickle_files::torch::{DType, Element};
///
/// assert_eq!(f32::DTYPE, DType::F32);
/// ```
pub trait Element: sealed::Sealed + Copy {
    /// The dtype of such elements.
    const DTYPE: DType;

    /// From the bytes of one element, little-endian.
    #[doc(hidden)]
    fn read(bytes: &[u8]) -> Self;
}

macro_rules! elements {
    ($($type:ty: $dtype:ident,)*) => {
        $(
            impl sealed::Sealed for $type {}

            impl Element for $type {
                const DTYPE: DType = DType::$dtype;

                fn read(bytes: &[u8]) -> Self {
                    // Elements are cut to their size before.
                    Self::from_le_bytes(bytes.try_into().unwrap_or_default())
                }
            }
        )*
    };
}

elements! {
    f64: F64,
    f32: F32,
    i64: I64,
    i32: I32,
    i16: I16,
    i8: I8,
    u64: U64,
    u32: U32,
    u16: U16,
    u8: U8,
}

impl sealed::Sealed for bool {}

impl Element for bool {
    const DTYPE: DType = DType::Bool;

    fn read(bytes: &[u8]) -> Self {
        bytes.first().is_some_and(|&byte| byte != 0)
    }
}

macro_rules! complex {
    ($($type:ty: $dtype:ident,)*) => {
        $(
            impl sealed::Sealed for [$type; 2] {}

            impl Element for [$type; 2] {
                const DTYPE: DType = DType::$dtype;

                fn read(bytes: &[u8]) -> Self {
                    let (re, im) = bytes.split_at(bytes.len() / 2);
                    [<$type>::read(re), <$type>::read(im)]
                }
            }
        )*
    };
}

complex! {
    f32: C64,
    f64: C128,
}

/// A real number of any dtype as `f64`; `None` for complex ones, and those in pairs. Quantized ones
/// are as they are stored.
pub(super) fn as_f64(dtype: DType, bytes: &[u8]) -> Option<f64> {
    let bits = || bytes.iter().rev().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte));
    Some(match dtype {
        DType::F64 => f64::read(bytes),
        DType::F32 => f32::read(bytes).into(),
        DType::F16 => Small { exponent: 5, mantissa: 10, special: Special::Ieee }.decode(bits()),
        DType::BF16 => f32::from_bits(bits() << 16).into(),
        DType::F8E4M3 => {
            Small { exponent: 4, mantissa: 3, special: Special::Finite }.decode(bits())
        }
        DType::F8E5M2 => Small { exponent: 5, mantissa: 2, special: Special::Ieee }.decode(bits()),
        DType::F8E4M3Fnuz => {
            Small { exponent: 4, mantissa: 3, special: Special::OneZero }.decode(bits())
        }
        DType::F8E5M2Fnuz => {
            Small { exponent: 5, mantissa: 2, special: Special::OneZero }.decode(bits())
        }
        DType::F8E8M0 => match bits() {
            0xff => f64::NAN,
            exponent => (f64::from(exponent) - 127.0).exp2(),
        },
        DType::I64 => i64::read(bytes) as f64,
        DType::I32 | DType::QInt32 => i32::read(bytes).into(),
        DType::I16 => i16::read(bytes).into(),
        DType::I8 | DType::QInt8 => i8::read(bytes).into(),
        DType::U64 => u64::read(bytes) as f64,
        DType::U32 => u32::read(bytes).into(),
        DType::U16 => u16::read(bytes).into(),
        DType::U8 | DType::QUInt8 => u8::read(bytes).into(),
        DType::Bool => f64::from(u8::from(bool::read(bytes))),
        // Of two numbers, or with two of them in an element.
        DType::C32 | DType::C64 | DType::C128 | DType::F4E2M1x2 => return None,
    })
}

/// A float of 8 or 16 bits: a sign, an exponent, a mantissa.
struct Small {
    exponent: u32,
    mantissa: u32,
    special: Special,
}

/// The bit patterns that are no finite numbers.
#[derive(PartialEq)]
enum Special {
    /// The highest exponent is infinite, or no number.
    Ieee,
    /// All ones is no number; nothing is infinite.
    Finite,
    /// Negative zero is no number, nothing is infinite, and the exponent is less by one.
    OneZero,
}

impl Small {
    fn decode(&self, bits: u32) -> f64 {
        let sign = if bits >> (self.exponent + self.mantissa) & 1 == 1 { -1.0 } else { 1.0 };
        let highest = (1 << self.exponent) - 1;
        let exponent = bits >> self.mantissa & highest;
        let mantissa = bits & ((1 << self.mantissa) - 1);
        let all_ones = (1 << self.mantissa) - 1;
        match self.special {
            Special::Ieee if exponent == highest => {
                return if mantissa == 0 { sign * f64::INFINITY } else { f64::NAN };
            }
            Special::Finite if exponent == highest && mantissa == all_ones => return f64::NAN,
            Special::OneZero if sign < 0.0 && exponent == 0 && mantissa == 0 => return f64::NAN,
            _ => {}
        }
        let bias = (1 << (self.exponent - 1)) - i32::from(self.special != Special::OneZero);
        let fraction = f64::from(mantissa) / f64::from(1 << self.mantissa);
        match exponent {
            0 => sign * fraction * f64::from(1 - bias).exp2(),
            exponent => sign * (1.0 + fraction) * f64::from(exponent as i32 - bias).exp2(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_floats_are_those_of_their_formats() {
        let f16 = |bits: u16| as_f64(DType::F16, &bits.to_le_bytes()).unwrap();
        assert_eq!((f16(0x3c00), f16(0xc000), f16(0x7bff)), (1.0, -2.0, 65504.0));
        assert_eq!((f16(1), f16(0x7c00)), (2.0_f64.powi(-24), f64::INFINITY));
        assert!(f16(0x7c01).is_nan());
        let bf16 = |bits: u16| as_f64(DType::BF16, &bits.to_le_bytes()).unwrap();
        assert_eq!((bf16(0x3fc0), bf16(0xff80)), (1.5, f64::NEG_INFINITY));
        // The largest numbers, the smallest, and 1, by the tables of the OCP and of Graphcore.
        let f8 = |dtype, bits: u8| as_f64(dtype, &[bits]).unwrap();
        assert_eq!((f8(DType::F8E4M3, 0x7e), f8(DType::F8E4M3, 1)), (448.0, 2.0_f64.powi(-9)));
        assert_eq!((f8(DType::F8E4M3, 0x38), f8(DType::F8E4M3, 0xb8)), (1.0, -1.0));
        assert!(f8(DType::F8E4M3, 0x7f).is_nan() && f8(DType::F8E4M3, 0xff).is_nan());
        assert_eq!((f8(DType::F8E5M2, 0x7b), f8(DType::F8E5M2, 0x7c)), (57344.0, f64::INFINITY));
        assert_eq!((f8(DType::F8E4M3Fnuz, 0x7f), f8(DType::F8E4M3Fnuz, 0x40)), (240.0, 1.0));
        assert_eq!((f8(DType::F8E5M2Fnuz, 0x7f), f8(DType::F8E5M2Fnuz, 0x40)), (57344.0, 1.0));
        assert!(f8(DType::F8E4M3Fnuz, 0x80).is_nan() && f8(DType::F8E5M2Fnuz, 0x80).is_nan());
        assert_eq!((f8(DType::F8E8M0, 127), f8(DType::F8E8M0, 128)), (1.0, 2.0));
    }
}
