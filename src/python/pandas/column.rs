//! [`Column`]: the values of a column, a series or an index, by what pandas keeps them as.
//!
//! One variant a kind of array. What has an invariant of its own (two vectors of one length, codes
//! within categories) is a type with private fields, whose `new` checks; so whatever has been made,
//! read or built, needs no further checks.

use super::index::Index;
use super::period::Frequency;
use crate::error::{Error, Result};
use crate::python::TimeZone;
use crate::python::numpy::Unit;
use crate::python::numpy::time::NAT;
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

/// Points in time, counted in a unit since the start of 1970: of UTC where there is a zone, else of
/// an unknown place's local time.
///
/// ```
/// use serde_pickle::python::TimeZone;
/// use serde_pickle::python::numpy::Unit;
/// use serde_pickle::python::pandas::{Column, Datetimes};
///
/// let times = Datetimes::new(vec![0, Datetimes::NAT], Unit::Second, Some(TimeZone::UTC))?;
/// assert_eq!((times.counts()[0], times.unit()), (0, Unit::Second));
/// assert_eq!(times.zone(), Some(&TimeZone::UTC));
/// let column = Column::Datetime(times);
/// assert_eq!(column.value(0).unwrap().as_str(), Some("1970-01-01T00:00:00Z"));
/// assert!(column.is_missing(1));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datetimes {
    pub(super) counts: Vec<i64>,
    pub(super) unit: Unit,
    pub(super) zone: Option<TimeZone>,
}

impl Datetimes {
    /// Points in time; [`NAT`](Self::NAT) is a missing one.
    ///
    /// # Errors
    /// A unit of which pandas has none: it knows seconds, milli-, micro- and nanoseconds.
    pub fn new(counts: Vec<i64>, unit: Unit, zone: Option<TimeZone>) -> Result<Self> {
        check_unit(unit)?;
        Ok(Self { counts, unit, zone })
    }

    /// The count of what is missing, in Python `NaT`.
    pub const NAT: i64 = NAT;

    /// The counts.
    pub fn counts(&self) -> &[i64] {
        &self.counts
    }

    /// The unit of the counts. Of a `date32` of Arrow it is the day.
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// The zone in which pandas shows them.
    pub fn zone(&self) -> Option<&TimeZone> {
        self.zone.as_ref()
    }
}

/// Lengths of time, in a unit.
///
/// ```
/// use serde_pickle::python::numpy::Unit;
/// use serde_pickle::python::pandas::{Column, Timedeltas};
///
/// let lengths = Timedeltas::new(vec![90], Unit::Second)?;
/// assert_eq!((lengths.counts(), lengths.unit()), (&[90][..], Unit::Second));
/// assert_eq!(Column::Timedelta(lengths).dtype(), "timedelta64[s]");
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timedeltas {
    pub(super) counts: Vec<i64>,
    pub(super) unit: Unit,
}

impl Timedeltas {
    /// Lengths of time; [`Datetimes::NAT`] is a missing one.
    ///
    /// # Errors
    /// As [`Datetimes::new`].
    pub fn new(counts: Vec<i64>, unit: Unit) -> Result<Self> {
        check_unit(unit)?;
        Ok(Self { counts, unit })
    }

    /// The counts.
    pub fn counts(&self) -> &[i64] {
        &self.counts
    }

    /// The unit of the counts.
    pub fn unit(&self) -> Unit {
        self.unit
    }
}

fn check_unit(unit: Unit) -> Result<()> {
    match unit {
        Unit::Second | Unit::Millisecond | Unit::Microsecond | Unit::Nanosecond => Ok(()),
        _ => Err(Error::data(format!("pandas has no times in the unit {}", unit.name()))),
    }
}

/// The dtypes of text.
///
/// ```
/// use serde_pickle::python::pandas::{Column, TextKind, Texts};
///
/// let texts = Texts::new([Some("a".to_owned())], TextKind::Arrow);
/// assert_eq!(Column::Text(texts).dtype(), "string[pyarrow]");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TextKind {
    /// `str`, the default of pandas 3. Older versions have it as `object`.
    Str,
    /// `string`: `StringDtype()`, with `pandas.NA` for what is missing.
    String,
    /// `string[pyarrow]` of `pandas.ArrowDtype(pyarrow.string())`.
    Arrow,
    /// `large_string[pyarrow]`.
    ArrowLarge,
}

impl TextKind {
    fn dtype(self) -> &'static str {
        match self {
            Self::Str => "str",
            Self::String => "string",
            Self::Arrow => "string[pyarrow]",
            Self::ArrowLarge => "large_string[pyarrow]",
        }
    }
}

/// Text.
///
/// ```
/// use serde_pickle::python::pandas::{Column, TextKind, Texts};
///
/// let texts = Texts::new([Some("a".to_owned()), None], TextKind::Str);
/// assert_eq!((texts.values().len(), texts.kind()), (2, TextKind::Str));
/// assert!(Column::Text(texts).is_missing(1));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    pub(super) values: Vec<Option<String>>,
    pub(super) kind: TextKind,
}

impl Texts {
    /// Text of a dtype; `None` is what is missing.
    pub fn new(values: impl IntoIterator<Item = Option<String>>, kind: TextKind) -> Self {
        Self { values: values.into_iter().collect(), kind }
    }

    /// The elements.
    pub fn values(&self) -> &[Option<String>] {
        &self.values
    }

    /// Which dtype it is.
    pub fn kind(&self) -> TextKind {
        self.kind
    }
}

/// Bytes in Arrow's memory.
///
/// ```
/// use serde_pickle::python::pandas::{Binaries, Column};
///
/// let bytes = Binaries::new(vec![Some(vec![1, 2]), None], false);
/// assert_eq!((bytes.values()[0].as_deref(), bytes.is_large()), (Some(&[1, 2][..]), false));
/// assert_eq!(Column::Binary(bytes).dtype(), "binary[pyarrow]");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    pub(super) values: Vec<Option<Vec<u8>>>,
    pub(super) large: bool,
}

impl Binaries {
    /// Bytes; `None` is what is missing. `large` is Arrow's type with offsets of 64 bits.
    pub fn new(values: Vec<Option<Vec<u8>>>, large: bool) -> Self {
        Self { values, large }
    }

    /// The elements.
    pub fn values(&self) -> &[Option<Vec<u8>>] {
        &self.values
    }

    /// Returns true for `large_binary`.
    pub fn is_large(&self) -> bool {
        self.large
    }
}

/// Whose memory the values of a [`Masked`] are in.
///
/// ```
/// use serde_pickle::python::pandas::{Backing, Column, Masked};
///
/// let of = |backing| Masked::new(vec![1_i64], vec![false], backing);
/// assert_eq!(Column::Masked(of(Backing::Numpy)?).dtype(), "Int64");
/// assert_eq!(Column::Masked(of(Backing::Arrow)?).dtype(), "int64[pyarrow]");
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backing {
    /// pandas' own masked arrays: `Int64`, `boolean`.
    Numpy,
    /// Arrow: `int64[pyarrow]`.
    Arrow,
}

/// Values of which some may be missing.
///
/// ```
/// use serde_pickle::python::pandas::{Backing, Column, Masked};
///
/// let ints = Masked::new(vec![1_i64, 0], vec![false, true], Backing::Numpy)?;
/// assert_eq!(ints.values().to_i64(), Some(vec![1, 0]));
/// assert_eq!((ints.missing(), ints.backing()), (&[false, true][..], Backing::Numpy));
/// assert_eq!(Column::Masked(ints).dtype(), "Int64");
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Masked {
    pub(super) values: Box<Column>,
    pub(super) missing: Vec<bool>,
    pub(super) backing: Backing,
}

impl Masked {
    /// Values, and for each if it is missing.
    ///
    /// # Errors
    /// Two lengths; values that are no bools, ints or floats of 32 or 64 bits. Those of Arrow may
    /// also be times.
    pub fn new(values: impl Into<Column>, missing: Vec<bool>, backing: Backing) -> Result<Self> {
        let values = values.into();
        let fits = match &values {
            Column::Bool(_)
            | Column::Int8(_)
            | Column::Int16(_)
            | Column::Int32(_)
            | Column::Int64(_)
            | Column::UInt8(_)
            | Column::UInt16(_)
            | Column::UInt32(_)
            | Column::UInt64(_)
            | Column::Float32(_)
            | Column::Float64(_) => true,
            Column::Datetime(_) | Column::Timedelta(_) => backing == Backing::Arrow,
            _ => false,
        };
        if !fits {
            return Err(Error::data(format!("no masked array of the dtype {}", values.dtype())));
        }
        if values.len() != missing.len() {
            return Err(Error::data(format!(
                "a mask of {} for {} values",
                missing.len(),
                values.len()
            )));
        }
        Ok(Self { values: Box::new(values), missing, backing })
    }

    /// Values that are plain, and as many flags.
    pub(crate) fn of_parts(values: Column, missing: Vec<bool>) -> Self {
        Self { values: Box::new(values), missing, backing: Backing::Numpy }
    }

    /// The values; at the places of missing ones there is anything.
    pub fn values(&self) -> &Column {
        &self.values
    }

    /// Tells for each value if it is missing.
    pub fn missing(&self) -> &[bool] {
        &self.missing
    }

    /// Whose memory they are in.
    pub fn backing(&self) -> Backing {
        self.backing
    }

    fn dtype(&self) -> String {
        let plain = self.values.dtype();
        if self.backing == Backing::Arrow {
            return format!("{}[pyarrow]", arrow_name(&self.values, plain));
        }
        match &*self.values {
            Column::Bool(_) => "boolean".to_owned(),
            // `Int64`, `UInt8`, `Float32`
            values => {
                let unsigned = matches!(
                    values,
                    Column::UInt8(_) | Column::UInt16(_) | Column::UInt32(_) | Column::UInt64(_)
                );
                let first = if unsigned { 2 } else { 1 };
                let (head, tail) = plain.split_at(first);
                head.to_uppercase() + tail
            }
        }
    }
}

/// Arrow's name of a type; most are numpy's.
pub(super) fn arrow_name(values: &Column, plain: String) -> String {
    match values {
        Column::Float32(_) => "float".to_owned(),
        Column::Float64(_) => "double".to_owned(),
        Column::Datetime(times) if times.unit == Unit::Day => "date32[day]".to_owned(),
        Column::Datetime(Datetimes { unit, zone: None, .. }) => {
            format!("timestamp[{}]", unit.name())
        }
        Column::Datetime(Datetimes { unit, zone: Some(zone), .. }) => {
            format!("timestamp[{}, tz={zone}]", unit.name())
        }
        Column::Timedelta(times) => format!("duration[{}]", times.unit.name()),
        _ => plain,
    }
}

/// Values out of a few categories.
///
/// ```
/// use serde_pickle::python::pandas::{Categorical, Column, Index};
///
/// let sizes = Categorical::new(vec![1, 0, -1], Index::new(vec!["S", "M"]), true)?;
/// assert_eq!((sizes.codes(), sizes.is_ordered()), (&[1, 0, -1][..], true));
/// assert_eq!(sizes.categories().len(), 2);
/// let column = Column::Categorical(sizes);
/// assert_eq!(column.to_text(), Some(vec![Some("M"), Some("S"), None]));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Categorical {
    pub(super) codes: Vec<i64>,
    pub(super) categories: Box<Index>,
    pub(super) ordered: bool,
}

impl Categorical {
    /// The place of each value among the categories; -1 is what is missing.
    ///
    /// # Errors
    /// A code that is neither -1 nor a place among the categories.
    pub fn new(codes: Vec<i64>, categories: impl Into<Index>, ordered: bool) -> Result<Self> {
        let categories = categories.into();
        check_codes(&codes, categories.len())?;
        Ok(Self { codes, categories: Box::new(categories), ordered })
    }

    /// The place of each value among the categories, or -1.
    pub fn codes(&self) -> &[i64] {
        &self.codes
    }

    /// The categories.
    pub fn categories(&self) -> &Index {
        &self.categories
    }

    /// Returns true if the categories have an order.
    pub fn is_ordered(&self) -> bool {
        self.ordered
    }
}

/// # Errors
/// A code that is neither -1 nor below `len`.
pub(super) fn check_codes(codes: &[i64], len: usize) -> Result<()> {
    let fits = |code: i64| code == -1 || usize::try_from(code).is_ok_and(|code| code < len);
    match codes.iter().position(|&code| !fits(code)) {
        Some(at) => Err(Error::data(format!(
            "the code {} at place {at} for {len} categories",
            codes.get(at).copied().unwrap_or_default()
        ))),
        None => Ok(()),
    }
}

/// Spans of the calendar: months, quarters, days.
///
/// ```
/// use serde_pickle::python::pandas::{Column, Frequency, Periods, Span};
///
/// let months = Periods::new(vec![602], Frequency::new(Span::Month)?);
/// assert_eq!((months.ordinals(), months.frequency().span()), (&[602][..], Span::Month));
/// assert_eq!(Column::Period(months).value(0).unwrap().as_str(), Some("2020-03"));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Periods {
    pub(super) ordinals: Vec<i64>,
    pub(super) frequency: Frequency,
}

impl Periods {
    /// The number of each span since that of 1970; [`Datetimes::NAT`] is a missing one.
    pub fn new(ordinals: Vec<i64>, frequency: Frequency) -> Self {
        Self { ordinals, frequency }
    }

    /// The number of each span since that of 1970.
    pub fn ordinals(&self) -> &[i64] {
        &self.ordinals
    }

    /// The length of a span.
    pub fn frequency(&self) -> Frequency {
        self.frequency
    }
}

/// Which of its ends belong to an interval.
///
/// ```
/// use serde_pickle::python::pandas::Closed;
///
/// assert_eq!(Closed::Both.name(), "both");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Closed {
    /// The left one.
    Left,
    /// The right one.
    Right,
    /// Both.
    Both,
    /// Neither.
    Neither,
}

impl Closed {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Left, "left"),
        (Self::Right, "right"),
        (Self::Both, "both"),
        (Self::Neither, "neither"),
    ];

    /// Its name in pandas.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(closed, _)| *closed == self).map_or("right", |&(_, name)| name)
    }

    pub(super) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|&(closed, _)| closed)
    }

    pub(super) fn brackets(self) -> (char, char) {
        match self {
            Self::Left => ('[', ')'),
            Self::Right => ('(', ']'),
            Self::Both => ('[', ']'),
            Self::Neither => ('(', ')'),
        }
    }
}

/// Intervals of numbers or times. Where the left end is missing, the interval is.
///
/// ```
/// use serde_pickle::python::pandas::{Closed, Column, Intervals};
///
/// let bins = Intervals::new(vec![0_i64, 10], vec![10_i64, 20], Closed::Left)?;
/// assert_eq!((bins.left().len(), bins.right().len()), (2, 2));
/// assert_eq!(bins.closed(), Closed::Left);
/// assert_eq!(Column::Interval(bins).value(0).unwrap().as_str(), Some("[0, 10)"));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Intervals {
    pub(super) left: Box<Column>,
    pub(super) right: Box<Column>,
    pub(super) closed: Closed,
}

impl Intervals {
    /// Intervals by their ends.
    ///
    /// # Errors
    /// Ends of two lengths or dtypes, or of one that is no plain number and no time.
    pub fn new(left: impl Into<Column>, right: impl Into<Column>, closed: Closed) -> Result<Self> {
        let (left, right) = (left.into(), right.into());
        let plain = matches!(
            left,
            Column::Int64(_)
                | Column::UInt64(_)
                | Column::Float64(_)
                | Column::Datetime(_)
                | Column::Timedelta(_)
                | Column::Int32(_)
                | Column::UInt32(_)
                | Column::Float32(_)
                | Column::Int16(_)
                | Column::UInt16(_)
                | Column::Int8(_)
                | Column::UInt8(_)
                | Column::Float16(_)
        );
        if !plain || left.dtype() != right.dtype() {
            return Err(Error::data(format!(
                "no intervals from {} to {}",
                left.dtype(),
                right.dtype()
            )));
        }
        if left.len() != right.len() {
            return Err(Error::data(format!(
                "{} left ends of intervals for {} right ones",
                left.len(),
                right.len()
            )));
        }
        Ok(Self { left: Box::new(left), right: Box::new(right), closed })
    }

    /// The left ends.
    pub fn left(&self) -> &Column {
        &self.left
    }

    /// The right ends.
    pub fn right(&self) -> &Column {
        &self.right
    }

    /// Which ends belong to the intervals.
    pub fn closed(&self) -> Closed {
        self.closed
    }
}

/// An array of mostly one value.
///
/// ```
/// use serde_pickle::Value;
/// use serde_pickle::python::pandas::{Column, Sparse};
///
/// let mostly_zero = Sparse::new(vec![1.5], vec![2], 4, Value::Float(0.0))?;
/// assert_eq!((mostly_zero.values().len(), mostly_zero.places()), (1, &[2][..]));
/// assert_eq!(mostly_zero.fill(), &Value::Float(0.0));
/// assert_eq!(Column::Sparse(mostly_zero).value(2), Some(Value::Float(1.5)));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sparse {
    pub(super) values: Box<Column>,
    pub(super) places: Vec<usize>,
    pub(super) len: usize,
    pub(super) fill: Value,
}

impl Sparse {
    /// An array of `len` elements: `values` at ascending `places`, and `fill` at all others.
    ///
    /// # Errors
    /// Places that do not ascend or are beyond `len`, or are not as many as the values; values that
    /// are neither plain nor objects.
    pub fn new(
        values: impl Into<Column>,
        places: Vec<usize>,
        len: usize,
        fill: Value,
    ) -> Result<Self> {
        let values = values.into();
        if matches!(
            values,
            Column::Sparse(_)
                | Column::Masked(_)
                | Column::Categorical(_)
                | Column::Interval(_)
                | Column::Period(_)
                | Column::Text(_)
                | Column::Binary(_)
        ) {
            return Err(Error::data(format!("no sparse array of the dtype {}", values.dtype())));
        }
        if values.len() != places.len() {
            return Err(Error::data(format!(
                "{} places for {} values of a sparse array",
                places.len(),
                values.len()
            )));
        }
        let ascends = places.windows(2).all(|pair| pair[0] < pair[1]);
        if !ascends || places.last().is_some_and(|&last| last >= len) {
            return Err(Error::data("places of a sparse array that do not ascend within it"));
        }
        Ok(Self { values: Box::new(values), places, len, fill })
    }

    /// The values that are stored.
    pub fn values(&self) -> &Column {
        &self.values
    }

    /// Where they are.
    pub fn places(&self) -> &[usize] {
        &self.places
    }

    /// The value at all other places.
    pub fn fill(&self) -> &Value {
        &self.fill
    }
}
