//! [`Callable`]: the class or function of an object, and the way in which it is used.
//!
//! Objects come in thousands of one class. So both are behind one pointer that all of them share:
//! an object is smaller by a value, and making one costs a count.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::{Global, How};
use crate::value::Value;

/// The class or function that an object is made by, nearly always a [`Value::Global`], and the way
/// in which it is used.
///
/// Clones refer to the same one, as do the objects of a class that one reading of a [`Value`]
/// makes. It derefs to the value; the first write through one of several copies it.
///
/// ```
/// use serde_pickle::Value;
/// use serde_pickle::reduce::{Callable, Global, How, Reduce};
///
/// // Made once, for all objects.
/// let decimal = Callable::new(How::Call, Global::new("decimal", "Decimal"));
/// let price = |text: &str| Reduce::new(decimal.clone(), (text.to_owned(),));
/// let prices = [price("9.95"), price("1.50")];
/// assert!(prices[1].is("decimal", "Decimal"));
/// assert_eq!(*prices[0].callable, Value::global("decimal", "Decimal"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Callable(Arc<Made>);

#[derive(Clone, PartialEq, Eq, Hash)]
struct Made {
    how: How,
    callable: Value,
}

impl Callable {
    /// A class or function, and how it is used.
    pub fn new(how: How, callable: impl Into<Value>) -> Self {
        Self::of(how, callable.into())
    }

    pub(crate) fn of(how: How, callable: Value) -> Self {
        Self(Arc::new(Made { how, callable }))
    }

    /// The way in which it is used.
    ///
    /// ```
    /// use serde_pickle::reduce::{Callable, Global, How};
    ///
    /// let class = Callable::new(How::NewObj, Global::new("m", "C"));
    /// assert_eq!(class.how(), How::NewObj);
    /// ```
    pub fn how(&self) -> How {
        self.0.how
    }

    /// The class or function, if it is a global.
    pub(crate) fn class(&self) -> Option<&Global> {
        match &self.0.callable {
            Value::Global(global) => Some(global),
            _ => None,
        }
    }
}

/// The class or function.
impl From<Callable> for Value {
    fn from(callable: Callable) -> Self {
        match Arc::try_unwrap(callable.0) {
            Ok(made) => made.callable,
            Err(shared) => shared.callable.clone(),
        }
    }
}

impl Deref for Callable {
    type Target = Value;

    #[inline]
    fn deref(&self) -> &Value {
        &self.0.callable
    }
}

impl DerefMut for Callable {
    fn deref_mut(&mut self) -> &mut Value {
        &mut Arc::make_mut(&mut self.0).callable
    }
}

/// As the value: the way in which it is used is for [`Reduce`](super::Reduce) to say.
impl fmt::Debug for Callable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.callable.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_leaves_what_others_share() {
        let first = Callable::new(How::NewObj, Global::new("m", "C"));
        let mut second = first.clone();
        *second = Value::global("m", "D");
        assert!(first.class().is_some_and(|class| class.is("m", "C")));
        assert!(second.class().is_some_and(|class| class.is("m", "D")));
        assert_eq!(second.how(), How::NewObj);
        assert_eq!(format!("{second:?}"), format!("{:?}", Value::from(second.clone())));
    }

    #[test]
    fn the_way_in_which_it_is_used_tells_two_apart() {
        let class = || Value::global("m", "C");
        assert_eq!(Callable::new(How::Call, class()), Callable::new(How::Call, class()));
        assert_ne!(Callable::new(How::Call, class()), Callable::new(How::NewObj, class()));
    }
}
