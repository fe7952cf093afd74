//! [`Number`]: the Rust types that are elements of an array.

use super::dtype::{ByteOrder, Dtype, Kind};
use super::scalar::Scalar;
use crate::stdlib::numpy::bits;
use crate::value::Complex;

mod sealed {
    pub trait Sealed {}
}

/// A number that numpy has a dtype for: `bool`, `i8` to `i64`, `u8` to `u64`, `f32`, `f64` and
/// [`Complex`]; with the feature `half` also `half::f16`.
///
/// It is implemented for these alone.
///
/// ```
/// use serde_pickle::python::numpy::Number;
///
/// assert_eq!(f32::dtype().to_string(), "<f4");
/// ```
pub trait Number: Copy + sealed::Sealed + 'static {
    /// Its dtype, little-endian.
    fn dtype() -> Dtype;

    /// Bytes of one.
    #[doc(hidden)]
    const SIZE: usize;

    #[doc(hidden)]
    fn push_to(self, bytes: &mut Vec<u8>);

    /// Returns true if the dtype is the number's own, in either byte order.
    #[doc(hidden)]
    fn is(dtype: &Dtype) -> bool {
        let own = Self::dtype();
        (dtype.kind, dtype.itemsize) == (own.kind, own.itemsize)
    }

    #[doc(hidden)]
    fn read_all(bytes: &[u8], big: bool) -> Vec<Self>;

    #[doc(hidden)]
    #[allow(private_interfaces, reason = "the trait is sealed, and nobody else calls this")]
    fn of(scalar: &Scalar<'_>) -> Option<Self>;
}

macro_rules! number {
    ($type:ty, $kind:ident, |$scalar:ident| $of:expr) => {
        impl sealed::Sealed for $type {}

        impl Number for $type {
            const SIZE: usize = size_of::<$type>();

            fn dtype() -> Dtype {
                Dtype::plain(Kind::$kind, ByteOrder::Little, Self::SIZE)
            }

            fn push_to(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }

            fn read_all(bytes: &[u8], big: bool) -> Vec<Self> {
                let (chunks, _) = bytes.as_chunks();
                match big {
                    true => chunks.iter().map(|chunk| Self::from_be_bytes(*chunk)).collect(),
                    false => chunks.iter().map(|chunk| Self::from_le_bytes(*chunk)).collect(),
                }
            }

            #[allow(private_interfaces, reason = "as in the trait")]
            fn of($scalar: &Scalar<'_>) -> Option<Self> {
                $of
            }
        }
    };
}

macro_rules! ints {
    ($($type:ty, $kind:ident;)*) => {
        $(number!($type, $kind, |scalar| match *scalar {
            Scalar::Int(value) | Scalar::Time(_, value, _) => Self::try_from(value).ok(),
            Scalar::Uint(value) => Self::try_from(value).ok(),
            Scalar::Bool(value) => Some(Self::from(value)),
            _ => None,
        });)*
    };
}

ints! {
    i8, Int;
    i16, Int;
    i32, Int;
    i64, Int;
    u8, Uint;
    u16, Uint;
    u32, Uint;
    u64, Uint;
}

number!(f64, Float, |scalar| match *scalar {
    Scalar::Float(value) => Some(value),
    // Converting back shows if it was rounded; the largest floats of the type saturate on the way
    // back.
    Scalar::Int(value) =>
        Some(value as f64).filter(|&float| float < i64::MAX as f64 && float as i64 == value),
    Scalar::Uint(value) =>
        Some(value as f64).filter(|&float| float < u64::MAX as f64 && float as u64 == value),
    Scalar::Bool(value) => Some(f64::from(u8::from(value))),
    _ => None,
});

number!(f32, Float, |scalar| {
    let value = f64::of(scalar)?;
    Some(value as f32).filter(|&narrow| f64::from(narrow) == value || value.is_nan())
});

#[cfg(feature = "half")]
number!(half::f16, Float, |scalar| {
    let value = f64::of(scalar)?;
    Some(Self::from_f64(value)).filter(|narrow| narrow.to_f64() == value || value.is_nan())
});

impl sealed::Sealed for bool {}

impl Number for bool {
    const SIZE: usize = 1;

    fn dtype() -> Dtype {
        Dtype::plain(Kind::Bool, ByteOrder::None, 1)
    }

    fn push_to(self, bytes: &mut Vec<u8>) {
        bytes.push(u8::from(self));
    }

    fn read_all(bytes: &[u8], _big: bool) -> Vec<Self> {
        bytes.iter().map(|&byte| byte != 0).collect()
    }

    #[allow(private_interfaces, reason = "as in the trait")]
    fn of(scalar: &Scalar<'_>) -> Option<Self> {
        match *scalar {
            Scalar::Bool(value) => Some(value),
            _ => None,
        }
    }
}

/// `complex128`; any other number is one without an imaginary part.
impl Number for Complex {
    const SIZE: usize = 16;

    fn dtype() -> Dtype {
        Dtype::plain(Kind::Complex, ByteOrder::Little, 16)
    }

    fn push_to(self, bytes: &mut Vec<u8>) {
        self.re.push_to(bytes);
        self.im.push_to(bytes);
    }

    fn read_all(bytes: &[u8], big: bool) -> Vec<Self> {
        // A pair has 16 bytes.
        let (pairs, _) = bytes.as_chunks::<16>();
        let part = |bytes: &[u8]| f64::from_bits(bits(bytes, big));
        pairs.iter().map(|pair| Self::new(part(&pair[..8]), part(&pair[8..]))).collect()
    }

    #[allow(private_interfaces, reason = "as in the trait")]
    fn of(scalar: &Scalar<'_>) -> Option<Self> {
        match *scalar {
            Scalar::Complex(re, im) => Some(Self::new(re, im)),
            _ => f64::of(scalar).map(Self::from),
        }
    }
}

impl sealed::Sealed for Complex {}
