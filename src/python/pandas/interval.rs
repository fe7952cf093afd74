//! [`Intervals`]: a column of intervals, by their ends.

use super::column::Column;
use crate::error::{Error, Result};

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
