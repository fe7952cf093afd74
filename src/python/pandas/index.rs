//! [`Index`]: the labels of an axis.

use super::column::Column;
use super::extension::check_codes;
use crate::error::{Error, Result};
use crate::value::Value;

/// The labels of the rows or of the columns of a frame, and their name.
///
/// ```
/// use serde_pickle::python::pandas::{Index, Labels};
///
/// let index = Index::new(vec!["x", "y"]).with_name("axis");
/// assert_eq!((index.name().as_str(), index.len(), index.is_empty()), (Some("axis"), 2, false));
/// assert_eq!((index.value(1), index.place_of("y")), (Some("y".into()), Some(1)));
/// assert!(matches!(index.labels(), Labels::Plain(_)));
///
/// let every_other = Index::range(0, 6, 2)?;
/// assert_eq!(every_other.values().last(), Some(4.into()));
/// assert_eq!(Index::of_len(3).value(2), Some(2.into()));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    labels: Labels,
    name: Value,
}

/// The labels of an [`Index`].
///
/// ```
/// use serde_pickle::python::pandas::{Index, Labels};
///
/// let labels = Index::of_len(3).labels().clone();
/// assert_eq!(labels, Labels::Range { start: 0, stop: 3, step: 1 });
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Labels {
    /// A `RangeIndex`: the numbers from `start`, each `step` further, before `stop`.
    Range {
        /// The first.
        start: i64,
        /// Beyond the last.
        stop: i64,
        /// From one to the next; not 0.
        step: i64,
    },
    /// An index of one array: `Index`, `DatetimeIndex`, `CategoricalIndex` and so on.
    Plain(Column),
    /// A `MultiIndex`.
    Multi(Levels),
}

/// The levels of a `MultiIndex`.
///
/// ```
/// use serde_pickle::pickle;
/// use serde_pickle::python::pandas::{Index, Levels};
///
/// let cities = Index::new(vec!["Oslo", "Rome"]).with_name("city");
/// let years = Index::new(vec![2024_i64, 2025]).with_name("year");
/// let levels = Levels::new(vec![cities, years], vec![vec![0, 1], vec![1, 1]])?;
/// assert_eq!((levels.levels().len(), &levels.codes()[1]), (2, &vec![1, 1]));
/// assert_eq!(Index::multi(levels).value(0), Some(pickle!(("Oslo", 2025))));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Levels {
    levels: Vec<Index>,
    codes: Vec<Vec<i64>>,
    len: usize,
}

impl Levels {
    /// Levels, each with a name of its own, and for each the place of every row's label in it, or
    /// -1.
    ///
    /// # Errors
    /// Codes of different lengths, or of other places than the level has; no level at all.
    pub fn new(levels: Vec<Index>, codes: Vec<Vec<i64>>) -> Result<Self> {
        if levels.is_empty() || levels.len() != codes.len() {
            return Err(Error::data(format!(
                "{} levels of a MultiIndex with {} lists of codes",
                levels.len(),
                codes.len()
            )));
        }
        let len = codes.first().map_or(0, Vec::len);
        for (level, codes) in levels.iter().zip(&codes) {
            if matches!(level.labels, Labels::Multi(_)) {
                return Err(Error::data("a level of a MultiIndex is one itself"));
            }
            if codes.len() != len {
                return Err(Error::data("the levels of a MultiIndex have different lengths"));
            }
            check_codes(codes, level.len())?;
        }
        Ok(Self { levels, codes, len })
    }

    /// The labels of each level, and its name.
    pub fn levels(&self) -> &[Index] {
        &self.levels
    }

    /// For each level the place of every row's label in it, or -1.
    pub fn codes(&self) -> &[Vec<i64>] {
        &self.codes
    }
}

impl Index {
    /// Labels out of an array.
    pub fn new(labels: impl Into<Column>) -> Self {
        Self { labels: Labels::Plain(labels.into()), name: Value::None }
    }

    /// The numbers from 0 on, which pandas gives rows that are given no labels.
    pub fn of_len(len: usize) -> Self {
        let stop = i64::try_from(len).unwrap_or(i64::MAX);
        Self { labels: Labels::Range { start: 0, stop, step: 1 }, name: Value::None }
    }

    /// A `RangeIndex`.
    ///
    /// # Errors
    /// A step of 0; more labels than memory has addresses.
    pub fn range(start: i64, stop: i64, step: i64) -> Result<Self> {
        if step == 0 {
            return Err(Error::data("a RangeIndex with the step 0"));
        }
        let index = Self { labels: Labels::Range { start, stop, step }, name: Value::None };
        match usize::try_from(range_len(start, stop, step)) {
            Ok(_) => Ok(index),
            Err(_) => Err(Error::data("a RangeIndex of more labels than memory has addresses")),
        }
    }

    /// A `MultiIndex`.
    ///
    /// ```
    /// use serde_pickle::pickle;
    /// use serde_pickle::python::pandas::{Index, Levels};
    ///
    /// let cities = Index::new(vec!["Oslo", "Rome"]);
    /// let index = Index::multi(Levels::new(vec![cities], vec![vec![1]])?);
    /// assert_eq!(index.value(0), Some(pickle!(("Rome",))));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn multi(levels: Levels) -> Self {
        Self { labels: Labels::Multi(levels), name: Value::None }
    }

    /// Gives it a name: text, or anything that is hashable.
    #[must_use]
    pub fn with_name(self, name: impl Into<Value>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// The labels.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Its name, or `None`. The levels of a `MultiIndex` have names of their own.
    pub fn name(&self) -> &Value {
        &self.name
    }

    /// The number of labels.
    pub fn len(&self) -> usize {
        match &self.labels {
            Labels::Range { start, stop, step } => {
                usize::try_from(range_len(*start, *stop, *step)).unwrap_or(usize::MAX)
            }
            Labels::Plain(column) => column.len(),
            Labels::Multi(levels) => levels.len,
        }
    }

    /// Returns true if there are no labels.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The label at a place, as [`Column::value`] gives it; of a `MultiIndex` a tuple.
    pub fn value(&self, index: usize) -> Option<Value> {
        match &self.labels {
            Labels::Range { start, step, .. } => {
                if index >= self.len() {
                    return None;
                }
                // The label is between start and stop.
                let label = i128::from(*start) + i128::from(*step) * index as i128;
                i64::try_from(label).ok().map(Value::Int)
            }
            Labels::Plain(column) => column.value(index),
            Labels::Multi(levels) => {
                let label = |(level, codes): (&Self, &Vec<i64>)| {
                    let code = *codes.get(index)?;
                    Some(usize::try_from(code).ok().and_then(|code| level.value(code)))
                };
                let labels = levels.levels.iter().zip(&levels.codes).map(label);
                let labels: Option<Vec<_>> = labels.collect();
                Some(Value::Tuple(labels?.into_iter().map(Option::unwrap_or_default).collect()))
            }
        }
    }

    /// The labels, as [`value`](Self::value) gives them.
    pub fn values(&self) -> impl Iterator<Item = Value> + '_ {
        (0..self.len()).map_while(|index| self.value(index))
    }

    /// The place of the first label that is this text.
    pub fn place_of(&self, label: &str) -> Option<usize> {
        match &self.labels {
            Labels::Plain(Column::Text(texts)) => {
                texts.values().iter().position(|text| text.as_deref() == Some(label))
            }
            Labels::Plain(Column::Object(labels)) => {
                labels.iter().position(|value| value.as_str() == Some(label))
            }
            Labels::Plain(Column::Categorical(categorical)) => {
                let code = i64::try_from(categorical.categories().place_of(label)?).ok()?;
                categorical.codes().iter().position(|&found| found == code)
            }
            _ => None,
        }
    }
}

impl<T: Into<Column>> From<T> for Index {
    fn from(labels: T) -> Self {
        Self::new(labels)
    }
}

/// The number of labels of a range, whose step is not 0.
fn range_len(start: i64, stop: i64, step: i64) -> i128 {
    let (span, step) = (i128::from(stop) - i128::from(start), i128::from(step));
    if span.signum() == step.signum() { (span.abs() - 1) / step.abs() + 1 } else { 0 }
}

impl Index {
    /// Its labels as one array; `None` for a `MultiIndex` and for a range, which is none.
    pub(super) fn into_column(self) -> Option<Column> {
        match self.labels {
            Labels::Plain(column) => Some(column),
            Labels::Range { .. } | Labels::Multi(_) => None,
        }
    }
}
