//! [`Frame`] and [`Series`]: columns, and the labels of their rows.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::column::Column;
use super::index::Index;
use super::{read, write};
use crate::error::{Error, Result};
use crate::value::Value;

/// A `DataFrame` of pandas: columns of one length, and the labels of both axes.
///
/// ```
/// use serde_pickle::python::pandas::{Column, Frame};
///
/// let frame = Frame::new([
///     ("city", Column::from(vec!["Oslo", "Rome"])),
///     ("degrees", Column::from(vec![-3.5, 14.0])),
/// ])?;
/// let bytes = serde_pickle::to_vec(&frame)?; // what pandas.read_pickle makes a DataFrame of
///
/// let again: Frame = serde_pickle::from_slice(&bytes)?;
/// assert_eq!(again.column("degrees").and_then(Column::to_f64), Some(vec![-3.5, 14.0]));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// # Reading
/// Pickles of pandas 0.14.1 to 3, whatever protocol. What a frame has beside its data (`attrs`,
/// flags, the frequency of a `DatetimeIndex`) is not read. A class that is not known, a
/// subclass of `DataFrame` among them, is an error that names it.
///
/// # Writing
/// Calls of pandas' public constructors, which every pandas from 1.4 on loads. Text of the kind
/// [`TextKind::Str`](super::TextKind::Str) is `object` before pandas 3, which has no such dtype;
/// what a version does not know at all (arrays of Arrow before pandas 2) it cannot load.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    labels: Index,
    columns: Vec<Column>,
    index: Index,
}

impl Frame {
    /// A frame of these columns, whose rows have the numbers from 0 on for labels.
    ///
    /// # Errors
    /// Columns of different lengths.
    pub fn new<'a>(columns: impl IntoIterator<Item = (&'a str, Column)>) -> Result<Self> {
        let (labels, columns): (Vec<String>, Vec<Column>) =
            columns.into_iter().map(|(label, column)| (label.to_owned(), column)).unzip();
        let index = Index::of_len(columns.first().map_or(0, Column::len));
        Self::from_parts(Index::new(labels), columns, index)
    }

    /// A frame of columns and the labels of both axes.
    ///
    /// ```
    /// use serde_pickle::python::pandas::{Column, Frame, Index};
    ///
    /// let (labels, rows) = (Index::new(vec!["n"]), Index::new(vec!["x", "y"]));
    /// let frame = Frame::from_parts(labels, vec![Column::from(vec![1_i64, 2])], rows)?;
    /// assert_eq!((frame.len(), frame.is_empty(), frame.columns().len()), (2, false, 1));
    /// let (labels, columns, index) = frame.into_parts();
    /// assert_eq!((labels.place_of("n"), index.place_of("y")), (Some(0), Some(1)));
    /// assert_eq!(columns[0].len(), 2);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// Columns of other lengths than the index, or of another number than the labels.
    pub fn from_parts(labels: Index, columns: Vec<Column>, index: Index) -> Result<Self> {
        if labels.len() != columns.len() {
            return Err(Error::data(format!(
                "{} labels for {} columns",
                labels.len(),
                columns.len()
            )));
        }
        for (place, column) in columns.iter().enumerate() {
            if column.len() != index.len() {
                let label = labels.value(place).unwrap_or_default();
                let label = crate::error::quoted(&label.to_string()).into_owned();
                return Err(Error::data(format!(
                    "{} values in the column {label} of a frame with {} rows",
                    column.len(),
                    index.len()
                )));
            }
        }
        Ok(Self { labels, columns, index })
    }

    /// Gives the rows labels.
    ///
    /// ```
    /// use serde_pickle::python::pandas::{Column, Frame, Index};
    ///
    /// let frame = Frame::new([("n", Column::from(vec![1_i64, 2]))])?;
    /// let frame = frame.with_index(Index::range(10, 30, 10)?)?;
    /// assert_eq!(frame.index().value(1), Some(20.into()));
    /// assert_eq!(frame.labels().value(0), Some("n".into()));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// More or less labels than rows.
    pub fn with_index(self, index: impl Into<Index>) -> Result<Self> {
        Self::from_parts(self.labels, self.columns, index.into())
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Returns true if there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The columns, in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The labels of the columns.
    pub fn labels(&self) -> &Index {
        &self.labels
    }

    /// The labels of the rows.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The first column whose label is this text.
    pub fn column(&self, label: &str) -> Option<&Column> {
        self.columns.get(self.labels.place_of(label)?)
    }

    /// Takes it apart: the labels of the columns, the columns, the labels of the rows.
    pub fn into_parts(self) -> (Index, Vec<Column>, Index) {
        (self.labels, self.columns, self.index)
    }
}

/// A `Series` of pandas: one column with a name.
///
/// ```
/// use serde_pickle::python::pandas::{Column, Index, Series};
///
/// let series = Series::new(vec![1.5, 2.0], Index::of_len(2))?.with_name("degrees");
/// let bytes = serde_pickle::to_vec(&series)?; // what pandas.read_pickle makes a Series of
///
/// let again: Series = serde_pickle::from_slice(&bytes)?;
/// assert_eq!((again.name().as_str(), again.index().len()), (Some("degrees"), 2));
/// assert_eq!(again.values().to_f64(), Some(vec![1.5, 2.0]));
/// let (name, values, _) = again.into_parts();
/// assert_eq!((name.as_str(), values.len()), (Some("degrees"), 2));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    name: Value,
    values: Column,
    index: Index,
}

impl Series {
    /// Values and their labels.
    ///
    /// # Errors
    /// More or less labels than values.
    pub fn new(values: impl Into<Column>, index: impl Into<Index>) -> Result<Self> {
        let (values, index) = (values.into(), index.into());
        if values.len() != index.len() {
            return Err(Error::data(format!("{} labels for {} values", index.len(), values.len())));
        }
        Ok(Self { name: Value::None, values, index })
    }

    /// Gives it a name: text, or anything that is hashable.
    #[must_use]
    pub fn with_name(self, name: impl Into<Value>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// Its name, or `None`.
    pub fn name(&self) -> &Value {
        &self.name
    }

    /// The values.
    pub fn values(&self) -> &Column {
        &self.values
    }

    /// Their labels.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Takes it apart: name, values, labels.
    pub fn into_parts(self) -> (Value, Column, Index) {
        (self.name, self.values, self.index)
    }
}

/// Column by column: the label, the dtype, the number of values.
impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows", self.len())?;
        for (place, column) in self.columns.iter().enumerate() {
            let label = self.labels.value(place).unwrap_or_default();
            write!(f, "\n{label}: {}", column.dtype())?;
        }
        Ok(())
    }
}

macro_rules! objects {
    ($($type:ident $function:ident;)*) => {$(
        impl TryFrom<&Value> for $type {
            type Error = Error;

            /// # Errors
            /// Another object, or one of a version that is not known; the kind
            /// [`Unsupported`](crate::ErrorKind::Unsupported) where a class is not known.
            fn try_from(value: &Value) -> Result<Self> {
                read::$function(value)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = Value::deserialize(deserializer)?;
                read::$function(&value).map_err(de::Error::custom)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                write::$function(self).serialize(serializer)
            }
        }
    )*};
}

objects! {
    Frame frame;
    Series series;
    Index index;
}
