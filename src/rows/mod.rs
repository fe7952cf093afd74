//! Frames of pandas as rows, and rows as frames.
//!
//! Apart from `python/`, because a field that is no scalar is written by the crate's own
//! serializer, which stands above it.

mod read;
mod write;

use serde::de::DeserializeOwned;
use serde::ser::Serialize;

use crate::error::Result;
use crate::python::pandas::Frame;

impl Frame {
    /// The rows, one by one, as structs whose fields have the names of columns.
    ///
    /// An index with a name is a field, too. A type that is a tuple gets the columns in order, and
    /// no index. Cells read as [`Column::value`](crate::python::pandas::Column::value) has them,
    /// but times also as their count; a float without a fraction reads as an integer, and what
    /// pandas takes for missing, NaN among it, is `None` in an `Option`.
    ///
    /// ```
    /// use serde::Deserialize;
    /// use serde_pickle::python::pandas::{Column, Frame};
    ///
    /// #[derive(Debug, PartialEq, Deserialize)]
    /// struct Reading {
    ///     city: String,
    ///     degrees: Option<f64>,
    /// }
    ///
    /// let frame = Frame::new([
    ///     ("city", Column::from(vec!["Oslo", "Rome"])),
    ///     ("degrees", Column::from(vec![-3.5, f64::NAN])),
    /// ])?;
    /// let readings: Vec<Reading> = frame.rows().collect::<Result<_, _>>()?;
    /// assert_eq!(readings[1], Reading { city: "Rome".into(), degrees: None });
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the type, with row and column in their path; [`ErrorKind::Limit`] where categories
    /// or levels that many rows share come to far more than the frame holds.
    ///
    /// [`ErrorKind::Limit`]: crate::ErrorKind::Limit
    pub fn rows<T: DeserializeOwned>(&self) -> impl Iterator<Item = Result<T>> {
        read::Rows::new(self).map(read::Row::read)
    }

    /// A frame of structs: a column for each field, by its name.
    ///
    /// Bools, ints, floats and text make columns of their dtypes; with a `None` among them, an int
    /// or bool column is `Int64`, `UInt64` or `boolean`, and in a float column it is NaN. Anything
    /// else makes a column of objects.
    ///
    /// ```
    /// use serde::Serialize;
    /// use serde_pickle::python::pandas::Frame;
    ///
    /// #[derive(Serialize)]
    /// struct Reading {
    ///     city: &'static str,
    ///     degrees: Option<i64>,
    /// }
    ///
    /// let oslo = Reading { city: "Oslo", degrees: Some(-3) };
    /// let frame = Frame::from_rows(&[oslo, Reading { city: "Rome", degrees: None }])?;
    /// assert_eq!(frame.column("degrees").map(|column| column.dtype()).as_deref(), Some("Int64"));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// Rows that are no structs or maps with text for keys, or have different fields; those of the
    /// rows' `Serialize`.
    pub fn from_rows<T: Serialize>(rows: &[T]) -> Result<Self> {
        let mut columns = write::Columns::default();
        for row in rows {
            columns.push(row)?;
        }
        columns.finish()
    }
}
