//! The arrays of a [`Column`] that are more than a vector: times, text, values that may be missing,
//! categories, periods, intervals, sparse arrays.
//!
//! Each has private fields, and its `new` checks what must hold among them: two vectors have one
//! length, codes lie within the categories. So an array that exists needs no further checks.

use super::column::Column;
use super::index::Index;
use super::period::Frequency;
use crate::error::{Error, Result};
use crate::python::TimeZone;
use crate::python::numpy::Unit;
use crate::python::numpy::time::NAT;
use crate::value::Value;

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
    /// A unit that pandas does not have: it has seconds, milli-, micro- and nanoseconds.
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
    pub(super) fn dtype(self) -> &'static str {
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

    /// The dtype.
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

/// The library in whose memory the values of a [`Masked`] are.
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

    /// The library in whose memory they are.
    pub fn backing(&self) -> Backing {
        self.backing
    }

    pub(super) fn dtype(&self) -> String {
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
fn arrow_name(values: &Column, plain: String) -> String {
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
        // A window has two places.
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
