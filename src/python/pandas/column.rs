//! [`Column`]: the values of a column, a series or an index, typed as pandas keeps them.
//!
//! There is one variant for each kind of array. Arrays that are more than a vector are types of
//! their own, in `extension`.

use super::extension::{
    Backing, Binaries, Categorical, Datetimes, Masked, Periods, Sparse, TextKind, Texts, Timedeltas,
};
use super::interval::Intervals;
use crate::python::TimeZone;
use crate::value::{Complex, Value};

/// The values of a column, a series or an index, typed as pandas keeps them.
///
/// The plain variants are numpy's dtypes. [`value`](Self::value) gives any element as a
/// [`Value`], [`dtype`](Self::dtype) the name that pandas prints.
///
/// ```
/// use serde_pickle::Value;
/// use serde_pickle::python::pandas::Column;
///
/// let column = Column::from(vec![1_i64, 2]);
/// assert_eq!((column.dtype().as_str(), column.len()), ("int64", 2));
/// assert_eq!(column.value(1), Some(Value::Int(2)));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Column {
    /// `bool`
    Bool(Vec<bool>),
    /// `int8`
    Int8(Vec<i8>),
    /// `int16`
    Int16(Vec<i16>),
    /// `int32`
    Int32(Vec<i32>),
    /// `int64`
    Int64(Vec<i64>),
    /// `uint8`
    UInt8(Vec<u8>),
    /// `uint16`
    UInt16(Vec<u16>),
    /// `uint32`
    UInt32(Vec<u32>),
    /// `uint64`
    UInt64(Vec<u64>),
    /// `float16`, each widened.
    Float16(Vec<f32>),
    /// `float32`
    Float32(Vec<f32>),
    /// `float64`
    Float64(Vec<f64>),
    /// `complex64`, each widened.
    Complex64(Vec<Complex>),
    /// `complex128`
    Complex128(Vec<Complex>),
    /// `object`: any Python objects.
    Object(Vec<Value>),
    /// `datetime64[ns]`, `datetime64[us, Europe/Berlin]`
    Datetime(Datetimes),
    /// `timedelta64[ns]`
    Timedelta(Timedeltas),
    /// `string`, `str`, `string[pyarrow]`: text, as an extension array.
    Text(Texts),
    /// `binary[pyarrow]`, `large_binary[pyarrow]`: bytes.
    Binary(Binaries),
    /// `Int64`, `Float32`, `boolean`, `int64[pyarrow]`: values, some of which may be missing.
    Masked(Masked),
    /// `category`
    Categorical(Categorical),
    /// `period[M]`
    Period(Periods),
    /// `interval[int64, right]`
    Interval(Intervals),
    /// `Sparse[float64, nan]`
    Sparse(Sparse),
}

macro_rules! plain {
    ($($variant:ident $type:ty;)*) => {$(
        impl From<Vec<$type>> for Column {
            fn from(values: Vec<$type>) -> Self {
                Self::$variant(values)
            }
        }
    )*};
}

plain! {
    Bool bool; Int8 i8; Int16 i16; Int32 i32; Int64 i64; UInt8 u8; UInt16 u16; UInt32 u32;
    UInt64 u64; Float32 f32; Float64 f64; Complex128 Complex; Object Value;
}

impl From<Vec<String>> for Column {
    /// Text of the kind [`TextKind::Str`].
    fn from(values: Vec<String>) -> Self {
        Self::Text(Texts::new(values.into_iter().map(Some), TextKind::Str))
    }
}

impl From<Vec<Option<String>>> for Column {
    /// Text of the kind [`TextKind::Str`].
    fn from(values: Vec<Option<String>>) -> Self {
        Self::Text(Texts::new(values, TextKind::Str))
    }
}

impl From<Vec<&str>> for Column {
    /// Text of the kind [`TextKind::Str`].
    fn from(values: Vec<&str>) -> Self {
        Self::Text(Texts::new(values.into_iter().map(|text| Some(text.to_owned())), TextKind::Str))
    }
}

impl From<Vec<Option<i64>>> for Column {
    /// The masked dtype `Int64`.
    fn from(values: Vec<Option<i64>>) -> Self {
        let missing = values.iter().map(Option::is_none).collect();
        let values = values.into_iter().map(Option::unwrap_or_default).collect();
        Self::Masked(Masked {
            values: Box::new(Self::Int64(values)),
            missing,
            backing: Backing::Numpy,
        })
    }
}

impl From<Vec<Option<bool>>> for Column {
    /// The masked dtype `boolean`.
    fn from(values: Vec<Option<bool>>) -> Self {
        let missing = values.iter().map(Option::is_none).collect();
        let values = values.into_iter().map(Option::unwrap_or_default).collect();
        Self::Masked(Masked {
            values: Box::new(Self::Bool(values)),
            missing,
            backing: Backing::Numpy,
        })
    }
}

impl From<Vec<Option<f64>>> for Column {
    /// `float64`, in which NaN is what is missing.
    fn from(values: Vec<Option<f64>>) -> Self {
        Self::Float64(values.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect())
    }
}

impl Column {
    /// The number of elements.
    pub fn len(&self) -> usize {
        match self {
            Self::Bool(values) => values.len(),
            Self::Int8(values) => values.len(),
            Self::Int16(values) => values.len(),
            Self::Int32(values) => values.len(),
            Self::Int64(values) => values.len(),
            Self::UInt8(values) => values.len(),
            Self::UInt16(values) => values.len(),
            Self::UInt32(values) => values.len(),
            Self::UInt64(values) => values.len(),
            Self::Float16(values) | Self::Float32(values) => values.len(),
            Self::Float64(values) => values.len(),
            Self::Complex64(values) | Self::Complex128(values) => values.len(),
            Self::Object(values) => values.len(),
            Self::Datetime(times) => times.counts.len(),
            Self::Timedelta(times) => times.counts.len(),
            Self::Text(texts) => texts.values.len(),
            Self::Binary(binaries) => binaries.values.len(),
            Self::Masked(masked) => masked.missing.len(),
            Self::Categorical(categorical) => categorical.codes.len(),
            Self::Period(periods) => periods.ordinals.len(),
            Self::Interval(intervals) => intervals.left.len(),
            Self::Sparse(sparse) => sparse.len,
        }
    }

    /// Returns true if there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name that pandas prints for the dtype.
    ///
    /// The newest pandas, where versions differ: an interval names its closed side, a year is `Y`.
    pub fn dtype(&self) -> String {
        let plain = match self {
            Self::Bool(_) => "bool",
            Self::Int8(_) => "int8",
            Self::Int16(_) => "int16",
            Self::Int32(_) => "int32",
            Self::Int64(_) => "int64",
            Self::UInt8(_) => "uint8",
            Self::UInt16(_) => "uint16",
            Self::UInt32(_) => "uint32",
            Self::UInt64(_) => "uint64",
            Self::Float16(_) => "float16",
            Self::Float32(_) => "float32",
            Self::Float64(_) => "float64",
            Self::Complex64(_) => "complex64",
            Self::Complex128(_) => "complex128",
            Self::Object(_) => "object",
            Self::Categorical(_) => "category",
            Self::Text(texts) => texts.kind.dtype(),
            Self::Binary(binaries) if binaries.large => "large_binary[pyarrow]",
            Self::Binary(_) => "binary[pyarrow]",
            Self::Datetime(times) => {
                let unit = times.unit.name();
                return match &times.zone {
                    Some(zone) => format!("datetime64[{unit}, {}]", zone_name(zone)),
                    None => format!("datetime64[{unit}]"),
                };
            }
            Self::Timedelta(times) => return format!("timedelta64[{}]", times.unit.name()),
            Self::Period(periods) => return format!("period[{}]", periods.frequency),
            Self::Interval(intervals) => {
                let closed = intervals.closed.name();
                return format!("interval[{}, {closed}]", intervals.left.dtype());
            }
            Self::Sparse(sparse) => {
                return format!("Sparse[{}, {}]", sparse.values.dtype(), sparse.fill);
            }
            Self::Masked(masked) => return masked.dtype(),
        };
        plain.to_owned()
    }

    /// The element at a place; what is missing is `None`, NaN in floats.
    ///
    /// Times are text by ISO 8601: in UTC with a `Z` where there is a zone; lengths of time are
    /// ISO durations. Periods and intervals are the text that pandas prints. `None` also where
    /// there is no element.
    pub fn value(&self, index: usize) -> Option<Value> {
        super::cell::Cell::of(self, index).map(super::cell::Cell::into_value)
    }

    /// The elements, as [`value`](Self::value) gives them.
    ///
    /// ```
    /// use serde_pickle::Value;
    /// use serde_pickle::python::pandas::Column;
    ///
    /// let column = Column::from(vec![Some(1_i64), None]);
    /// assert!(!column.is_empty() && column.is_missing(1));
    /// assert_eq!(column.values().collect::<Vec<_>>(), [Value::Int(1), Value::None]);
    /// ```
    pub fn values(&self) -> impl Iterator<Item = Value> + '_ {
        (0..self.len()).map_while(|index| self.value(index))
    }

    /// Returns true if pandas takes the element for missing: `None`, NaN, NaT or NA.
    pub fn is_missing(&self, index: usize) -> bool {
        super::cell::Cell::of(self, index).is_some_and(|cell| cell.is_missing())
    }

    /// The integers, of whatever width; `None` for another kind, or where some are missing.
    ///
    /// ```
    /// use serde_pickle::python::pandas::Column;
    ///
    /// assert_eq!(Column::from(vec![1_u8, 2]).to_i64(), Some(vec![1, 2]));
    /// ```
    pub fn to_i64(&self) -> Option<Vec<i64>> {
        fn wide<T: Copy>(values: &[T]) -> Option<Vec<i64>>
        where
            i64: TryFrom<T>,
        {
            values.iter().map(|&value| i64::try_from(value).ok()).collect()
        }
        match self {
            Self::Bool(values) => Some(values.iter().map(|&value| value.into()).collect()),
            Self::Int8(values) => wide(values),
            Self::Int16(values) => wide(values),
            Self::Int32(values) => wide(values),
            Self::Int64(values) => Some(values.clone()),
            Self::UInt8(values) => wide(values),
            Self::UInt16(values) => wide(values),
            Self::UInt32(values) => wide(values),
            Self::UInt64(values) => wide(values),
            Self::Masked(masked) if !masked.missing.contains(&true) => masked.values.to_i64(),
            _ => None,
        }
    }

    /// The numbers as floats; what is missing is NaN. `None` for what is no number.
    ///
    /// ```
    /// use serde_pickle::python::pandas::Column;
    ///
    /// assert_eq!(Column::from(vec![1_i64, 2]).to_f64(), Some(vec![1.0, 2.0]));
    /// assert_eq!(Column::from(vec!["a"]).to_f64(), None);
    /// ```
    pub fn to_f64(&self) -> Option<Vec<f64>> {
        match self {
            Self::Float64(values) => Some(values.clone()),
            Self::Float16(values) | Self::Float32(values) => {
                Some(values.iter().map(|&value| value.into()).collect())
            }
            Self::UInt64(values) => Some(values.iter().map(|&value| value as f64).collect()),
            Self::Masked(masked) => {
                let mut values = masked.values.to_f64()?;
                for (value, &missing) in values.iter_mut().zip(&masked.missing) {
                    if missing {
                        *value = f64::NAN;
                    }
                }
                Some(values)
            }
            _ => Some(self.to_i64()?.into_iter().map(|value| value as f64).collect()),
        }
    }

    /// The text of a column of text, of objects that are text, or of categories that are.
    ///
    /// ```
    /// use serde_pickle::python::pandas::Column;
    ///
    /// assert_eq!(Column::from(vec!["a", "b"]).to_text(), Some(vec![Some("a"), Some("b")]));
    /// ```
    pub fn to_text(&self) -> Option<Vec<Option<&str>>> {
        match self {
            Self::Text(texts) => Some(texts.values.iter().map(Option::as_deref).collect()),
            Self::Object(values) => values
                .iter()
                .map(|value| match value {
                    Value::Str(text) => Some(Some(&**text)),
                    _ if super::cell::is_missing(value) => Some(None),
                    _ => None,
                })
                .collect(),
            Self::Categorical(categorical) => {
                let super::index::Labels::Plain(categories) = categorical.categories.labels()
                else {
                    return None;
                };
                let texts = categories.to_text()?;
                // Codes are checked to lie within the categories.
                let text = |&code: &i64| usize::try_from(code).ok().and_then(|code| texts[code]);
                Some(categorical.codes.iter().map(text).collect())
            }
            _ => None,
        }
    }
}

/// The zone as pandas prints it: the key, or `UTC+05:30`.
fn zone_name(zone: &TimeZone) -> String {
    match (zone.key(), zone.offset()) {
        (Some(key), _) => key.to_owned(),
        (None, Some(offset)) if offset.whole_microseconds() != 0 => format!("UTC{zone}"),
        (None, _) => "UTC".to_owned(),
    }
}
