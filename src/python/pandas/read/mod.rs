//! Frames, series and indexes out of the objects that pandas pickles.
//!
//! [`Value`] shows an object by what its `__reduce__` returned, and the classes and functions that
//! spell one change with the version of pandas; each file here knows some of them: `manager.rs`
//! blocks and their places, `index.rs` indexes, `array.rs` extension arrays, `numpy.rs` numpy's,
//! `arrow.rs` pyarrow's, `calls.rs` the constructors that `write.rs` calls. Nothing here is
//! generic.
//!
//! Advice to the next editor: a class that is not known is an error that names it, also where its
//! state looks familiar: pandas keeps codes, ordinals and UTC in plain arrays of numbers, and those
//! taken for the data would be wrong without a sign of it. Every length, place and code comes from
//! an untrusted pickle; the constructors of `extension.rs` and `index.rs` compare them.

mod array;
mod arrow;
mod budget;
mod calls;
mod index;
mod manager;
mod numpy;

use super::column::Column;
use super::frame::{Frame, Series};
use super::index::Index;
use crate::error::{Error, Result, quoted};
use crate::reduce::{Global, Reduce};
use crate::value::{Dict, Value};

/// The frame that an object is.
pub(super) fn frame(value: &Value) -> Result<Frame> {
    budget::within(value, || frame_of(value))
}

fn frame_of(value: &Value) -> Result<Frame> {
    if let Some(call) = calls::Call::of(value) {
        return calls::frame(&call);
    }
    let object = Object::of(value, "a DataFrame of pandas")?;
    match object.class() {
        "DataFrame" => manager::frame(object.attribute("_mgr").or(object.attribute("_data"))),
        _ => Err(object.unexpected("a DataFrame of pandas")),
    }
}

/// The series that an object is.
pub(super) fn series(value: &Value) -> Result<Series> {
    budget::within(value, || series_of(value))
}

fn series_of(value: &Value) -> Result<Series> {
    if let Some(call) = calls::Call::of(value) {
        return calls::series(&call);
    }
    let object = Object::of(value, "a Series of pandas")?;
    match object.class() {
        "Series" => {
            let manager = object.attribute("_mgr").or(object.attribute("_data"));
            let name = object.attribute("_name").or(object.attribute("name"));
            let name = name.cloned().unwrap_or_default();
            let (values, index) =
                manager::series(manager).map_err(|error| match name.as_str() {
                    Some(name) => error.under_key(name),
                    None => error,
                })?;
            Series::new(values, index).map(|series| series.with_name(name))
        }
        _ => Err(object.unexpected("a Series of pandas")),
    }
}

/// The index that an object is.
pub(super) fn index(value: &Value) -> Result<Index> {
    budget::within(value, || index_of(value))
}

fn index_of(value: &Value) -> Result<Index> {
    index::index(value)
}

/// The one column that an array of one dimension is.
fn column(value: &Value) -> Result<Column> {
    match array::rows(value)? {
        Rows::One(column) => Ok(column),
        Rows::Many(mut columns, _) => match (columns.pop(), columns.is_empty()) {
            (Some(column), true) => Ok(column),
            _ => Err(Error::data("an array of two dimensions where one was expected")),
        },
    }
}

/// An array, as columns.
enum Rows {
    /// Of one dimension.
    One(Column),
    /// Of two: its rows, and the length of each.
    Many(Vec<Column>, usize),
}

impl Rows {
    /// Makes another column of each.
    fn map(self, mut change: impl FnMut(Column) -> Result<Column>) -> Result<Self> {
        Ok(match self {
            Self::One(column) => Self::One(change(column)?),
            Self::Many(columns, len) => {
                Self::Many(columns.into_iter().map(change).collect::<Result<_>>()?, len)
            }
        })
    }
}

/// An object of pandas, pyarrow or numpy: how it was made, and its parts.
#[derive(Clone, Copy)]
struct Object<'v> {
    reduce: &'v Reduce,
    global: &'v Global,
}

impl<'v> Object<'v> {
    /// # Errors
    /// A value that is no object made by a class or function.
    fn of(value: &'v Value, expected: &str) -> Result<Self> {
        let object = match value {
            Value::Object(reduce) => reduce.class().map(|global| Self { reduce, global }),
            _ => None,
        };
        object.ok_or_else(|| {
            Error::data(format!("expected {expected}, found {}", quoted(&describe(value))))
        })
    }

    /// The package that it belongs to: the first part of the name of its module.
    fn package(self) -> &'v str {
        self.global.module.split('.').next().unwrap_or_default()
    }

    /// The class or function by its last name, if it is one of pandas.
    fn class(self) -> &'v str {
        if self.package() == "pandas" { self.global.name() } else { "" }
    }

    fn args(self) -> &'v [Value] {
        &self.reduce.args
    }

    fn state(self) -> Option<&'v Value> {
        self.reduce.state.as_deref()
    }

    fn attribute(self, name: &str) -> Option<&'v Value> {
        self.reduce.attribute(name)
    }

    /// # Errors
    /// There is none of the name.
    fn needed(self, name: &str) -> Result<&'v Value> {
        self.attribute(name)
            .ok_or_else(|| Error::data(format!("an object of {} without `{name}`", self.global)))
    }

    #[cold]
    fn unexpected(self, expected: &str) -> Error {
        let class = match self.args().first() {
            // A function that makes an instance of its first argument.
            Some(Value::Global(class)) if self.global.name().starts_with('_') => class,
            _ => self.global,
        };
        Error::unsupported(format!("expected {expected}, found an object of {class}"))
    }
}

/// A value in few words.
fn describe(value: &Value) -> String {
    match value {
        Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) => value.to_string(),
        Value::Str(text) => format!("the text `{}`", quoted(text)),
        Value::Bytes(_) | Value::ByteArray(_) | Value::Buffer(_) => "bytes".to_owned(),
        Value::List(_) => "a list".to_owned(),
        Value::Tuple(_) => "a tuple".to_owned(),
        Value::Dict(_) => "a dict".to_owned(),
        Value::Global(global) => format!("the class {global}"),
        Value::Object(object) => match object.class() {
            Some(class) => format!("an object of {class}"),
            None => "an object".to_owned(),
        },
        _ => "something else".to_owned(),
    }
}

/// The items of a list or tuple.
fn items<'v>(value: &'v Value, what: &str) -> Result<&'v [Value]> {
    match value {
        Value::Tuple(items) | Value::List(items) => Ok(items),
        other => match other.as_object().and_then(|object| {
            // `FrozenList` of pandas: `FrozenList((items,))`, or a list made anew.
            if object.class()?.name() != "FrozenList" {
                return None;
            }
            match object.args.first() {
                Some(Value::List(items) | Value::Tuple(items)) => Some(&items[..]),
                None => Some(&object.listitems[..]),
                _ => None,
            }
        }) {
            Some(items) => Ok(items),
            None => Err(Error::data(format!("{what} are {}", describe(other)))),
        },
    }
}

/// An entry of a dict by its key.
fn entry<'v>(dict: &'v Dict, key: &str) -> Option<&'v Value> {
    dict.get(key)
}

/// A number that counts something.
fn count(value: &Value, what: &str) -> Result<usize> {
    value
        .as_i64()
        .and_then(|number| usize::try_from(number).ok())
        .ok_or_else(|| Error::data(format!("{what} is {}", describe(value))))
}
