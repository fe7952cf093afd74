//! The types of a tensor's elements, by the names that PyTorch has for them.

use std::fmt;

macro_rules! dtypes {
    ($($(#[$doc:meta])* $name:ident $torch:literal $size:literal $storage:literal,)*) => {
        /// The type of a tensor's elements.
        ///
        /// ```
        /// use serde_pickle_files::torch::DType;
        ///
        /// assert_eq!((DType::BF16.name(), DType::BF16.itemsize()), ("bfloat16", 2));
        /// assert!(!DType::BF16.is_complex());
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum DType {
            $($(#[$doc])* $name,)*
        }

        impl DType {
            /// Each with PyTorch's name, the bytes of an element, and the class of its storage.
            const ALL: &[(Self, &'static str, usize, &'static str)] =
                &[$((Self::$name, $torch, $size, $storage),)*];
        }
    };
}

dtypes! {
    /// `torch.float64`.
    F64 "float64" 8 "DoubleStorage",
    /// `torch.float32`.
    F32 "float32" 4 "FloatStorage",
    /// `torch.float16`.
    F16 "float16" 2 "HalfStorage",
    /// `torch.bfloat16`: the upper half of a `float32`.
    BF16 "bfloat16" 2 "BFloat16Storage",
    /// `torch.float8_e4m3fn`: a sign, 4 bits of exponent, 3 of mantissa; no infinities.
    F8E4M3 "float8_e4m3fn" 1 "",
    /// `torch.float8_e5m2`.
    F8E5M2 "float8_e5m2" 1 "",
    /// `torch.float8_e4m3fnuz`: no negative zero, no infinities.
    F8E4M3Fnuz "float8_e4m3fnuz" 1 "",
    /// `torch.float8_e5m2fnuz`.
    F8E5M2Fnuz "float8_e5m2fnuz" 1 "",
    /// `torch.float8_e8m0fnu`: an exponent alone.
    F8E8M0 "float8_e8m0fnu" 1 "",
    /// `torch.float4_e2m1fn_x2`: two floats of 4 bits in a byte, the first in the lower half.
    F4E2M1x2 "float4_e2m1fn_x2" 1 "",
    /// `torch.int64`.
    I64 "int64" 8 "LongStorage",
    /// `torch.int32`.
    I32 "int32" 4 "IntStorage",
    /// `torch.int16`.
    I16 "int16" 2 "ShortStorage",
    /// `torch.int8`.
    I8 "int8" 1 "CharStorage",
    /// `torch.uint8`.
    U8 "uint8" 1 "ByteStorage",
    /// `torch.uint16`.
    U16 "uint16" 2 "",
    /// `torch.uint32`.
    U32 "uint32" 4 "",
    /// `torch.uint64`.
    U64 "uint64" 8 "",
    /// `torch.bool`: a byte, 0 or 1.
    Bool "bool" 1 "BoolStorage",
    /// `torch.complex32`: two `float16`.
    C32 "complex32" 4 "",
    /// `torch.complex64`: two `float32`.
    C64 "complex64" 8 "ComplexFloatStorage",
    /// `torch.complex128`: two `float64`.
    C128 "complex128" 16 "ComplexDoubleStorage",
    /// `torch.qint8`.
    QInt8 "qint8" 1 "QInt8Storage",
    /// `torch.quint8`.
    QUInt8 "quint8" 1 "QUInt8Storage",
    /// `torch.qint32`.
    QInt32 "qint32" 4 "QInt32Storage",
}

impl DType {
    /// Returns PyTorch's name, without `torch.`.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Returns the bytes of an element.
    pub fn itemsize(self) -> usize {
        self.row().2
    }

    /// Returns true for complex numbers.
    pub fn is_complex(self) -> bool {
        matches!(self, Self::C32 | Self::C64 | Self::C128)
    }

    /// The bytes that a machine of the other byte order would swap: those of one number.
    pub(crate) fn swapped(self) -> usize {
        if self.is_complex() { self.itemsize() / 2 } else { self.itemsize() }
    }

    /// The class of its storages in `torch`, if it has one of its own.
    pub(crate) fn storage_class(self) -> Option<&'static str> {
        Some(self.row().3).filter(|class| !class.is_empty())
    }

    pub(crate) fn of_storage(class: &str) -> Option<Self> {
        Self::ALL.iter().find(|row| row.3 == class && !class.is_empty()).map(|row| row.0)
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        // Older names of the same.
        let name = match name {
            "half" => "float16",
            "float" => "float32",
            "double" => "float64",
            "short" => "int16",
            "int" => "int32",
            "long" => "int64",
            "cfloat" => "complex64",
            "cdouble" => "complex128",
            name => name,
        };
        Self::ALL.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    fn row(self) -> &'static (Self, &'static str, usize, &'static str) {
        // Each has a row: the macro makes both.
        Self::ALL.iter().find(|row| row.0 == self).unwrap_or(&Self::ALL[0])
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "torch.{}", self.name())
    }
}
