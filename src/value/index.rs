//! Reaching into a value: `get`, `value["key"]`, `pointer`, `attr`.
//!
//! `x[i]` means what it means in Python. A str, int or value is the key of a dict, or of the dict
//! items of an object (an `OrderedDict`, a `Counter`); a `usize` is the place in a list or tuple,
//! or in the list items of an object. Attributes are another thing in Python, and here:
//! [`Value::attr`].

use std::ops;
use std::sync::Arc;

use super::{Dict, Value, key};
use crate::reduce::Reduce;

/// An index of a [`Value`]: `&str` and `String`, `usize`, and `&Value`.
///
/// ```
/// use serde_pickle::{Value, pickle};
///
/// let value = pickle!({"a": [1, 2], (3, 4): 5});
/// assert_eq!(value["a"][1], Value::Int(2)); // text, and a place
/// assert_eq!(value.get(&pickle!((3, 4))), Some(&Value::Int(5))); // any value
/// ```
pub trait ValueIndex: sealed::Sealed {}

mod sealed {
    use super::Value;

    pub trait Sealed {
        fn index_into<'v>(&self, value: &'v Value) -> Option<&'v Value>;
        fn index_into_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value>;
        /// The key under which a dict gets a new entry.
        fn to_key(&self) -> Value;
    }
}

impl ValueIndex for str {}
impl sealed::Sealed for str {
    fn index_into<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        match value {
            Value::Dict(dict) => dict.get(self),
            Value::Object(reduce) => dict_item(reduce, |key| key == self),
            _ => None,
        }
    }

    fn index_into_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        match value {
            Value::Dict(dict) => dict.get_mut(self),
            Value::Object(reduce) => dict_item_mut(Arc::make_mut(reduce), |key| key == self),
            _ => None,
        }
    }

    fn to_key(&self) -> Value {
        self.into()
    }
}

impl ValueIndex for usize {}
impl sealed::Sealed for usize {
    fn index_into<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        match value {
            Value::List(items) | Value::Tuple(items) => items.get(*self),
            Value::Dict(dict) => dict.get(self),
            Value::Object(reduce) if !reduce.listitems.is_empty() => reduce.listitems.get(*self),
            Value::Object(reduce) => dict_item(reduce, |key| key.python_eq(&(*self).into())),
            _ => None,
        }
    }

    fn index_into_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        match value {
            Value::List(items) | Value::Tuple(items) => items.get_mut(*self),
            Value::Dict(dict) => dict.get_mut(self),
            Value::Object(reduce) => {
                let reduce = Arc::make_mut(reduce);
                if reduce.listitems.is_empty() {
                    dict_item_mut(reduce, |key| key.python_eq(&(*self).into()))
                } else {
                    reduce.listitems.get_mut(*self)
                }
            }
            _ => None,
        }
    }

    fn to_key(&self) -> Value {
        (*self).into()
    }
}

impl ValueIndex for Value {}
impl sealed::Sealed for Value {
    fn index_into<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        match value {
            Value::Dict(dict) => dict.get(self),
            Value::List(_) | Value::Tuple(_) => self.as_place()?.index_into(value),
            Value::Object(reduce) => match self.as_place() {
                Some(place) if !reduce.listitems.is_empty() => place.index_into(value),
                _ => dict_item(reduce, |key| key.python_eq(self)),
            },
            _ => None,
        }
    }

    fn index_into_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        match value {
            Value::Dict(dict) => dict.get_mut(self),
            Value::List(_) | Value::Tuple(_) => self.as_place()?.index_into_mut(value),
            Value::Object(reduce) => {
                let reduce = Arc::make_mut(reduce);
                match self.as_place() {
                    Some(place) if !reduce.listitems.is_empty() => reduce.listitems.get_mut(place),
                    _ => dict_item_mut(reduce, |key| key.python_eq(self)),
                }
            }
            _ => None,
        }
    }

    fn to_key(&self) -> Value {
        self.clone()
    }
}

impl ValueIndex for String {}
impl sealed::Sealed for String {
    fn index_into<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.as_str().index_into(value)
    }

    fn index_into_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        self.as_str().index_into_mut(value)
    }

    fn to_key(&self) -> Value {
        self.as_str().into()
    }
}

impl<I: ValueIndex + ?Sized> ValueIndex for &I {}
impl<I: ValueIndex + ?Sized> sealed::Sealed for &I {
    fn index_into<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        (**self).index_into(value)
    }

    fn index_into_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        (**self).index_into_mut(value)
    }

    fn to_key(&self) -> Value {
        (**self).to_key()
    }
}

impl Value {
    /// The item under a key or at a place, as `x[i]` in Python.
    ///
    /// ```
    /// use serde_pickle::{Value, pickle};
    /// let value = pickle!({"a": [10, 20], (1, 2): "pair"});
    /// assert_eq!(value.get("a").and_then(|list| list.get(1)), Some(&Value::from(20)));
    /// assert_eq!(value.get(pickle!((1, 2))), Some(&Value::from("pair")));
    /// assert_eq!(value.get("b"), None);
    /// ```
    pub fn get<I: ValueIndex>(&self, index: I) -> Option<&Self> {
        index.index_into(self)
    }

    /// The item under a key or at a place, to be changed.
    ///
    /// ```
    /// use serde_pickle::pickle;
    ///
    /// let mut value = pickle!({"user": {"age": 36}});
    /// *value.get_mut("user").and_then(|user| user.get_mut("age")).unwrap() = 37.into();
    /// assert_eq!(value["user"]["age"].as_i64(), Some(37));
    /// ```
    pub fn get_mut<I: ValueIndex>(&mut self, index: I) -> Option<&mut Self> {
        index.index_into_mut(self)
    }

    /// An attribute of an object, from its state; see [`Reduce::attribute`].
    ///
    /// ```
    /// use serde_pickle::reduce::{Args, Global, Reduce};
    /// use serde_pickle::{Value, pickle};
    /// let class = Global::new("geometry", "Point");
    /// let point = Reduce::new_obj(class, Args::default()).with_state(pickle!({"x": 1.5}));
    /// let point = Value::from(point);
    /// assert_eq!(point.attr("x"), Some(&Value::from(1.5)));
    /// ```
    pub fn attr(&self, name: &str) -> Option<&Self> {
        self.as_object()?.attribute(name)
    }

    /// An attribute of an object, to be changed.
    ///
    /// ```
    /// use serde_pickle::{Value, from_slice};
    ///
    /// // class C: def __init__(self): self.x = 1
    /// let mut value: Value = from_slice(b"\x80\x02cm\nC\n)\x81}X\x01\0\0\0xK\x01sb.")?;
    /// *value.attr_mut("x").unwrap() = 2.into();
    /// assert_eq!(value.attr("x"), Some(&2.into()));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn attr_mut(&mut self, name: &str) -> Option<&mut Self> {
        match self.as_object_mut()?.state.as_deref_mut()? {
            Self::Dict(dict) => dict.get_mut(name),
            Self::Tuple(parts) if parts.len() == 2 => parts
                .iter_mut()
                .rev()
                .filter_map(Self::as_dict_mut)
                .find_map(|dict| dict.get_mut(name)),
            _ => None,
        }
    }

    /// The value at the end of a path such as `/users/0/name` (a JSON Pointer, RFC 6901: `~1` is
    /// `/`, `~0` is `~`).
    ///
    /// Each step is the place in a list or tuple; the key of a dict, a str before an int; an item
    /// of an object, or else its attribute.
    ///
    /// ```
    /// use serde_pickle::{Value, pickle};
    /// let value = pickle!({"users": [{"name": "Ada", 7: True}]});
    /// assert_eq!(value.pointer("/users/0/name"), Some(&Value::from("Ada")));
    /// assert_eq!(value.pointer("/users/0/7"), Some(&Value::Bool(true)));
    /// assert_eq!(value.pointer(""), Some(&value));
    /// ```
    pub fn pointer(&self, path: &str) -> Option<&Self> {
        steps(path)?.try_fold(self, |value, step| {
            let place = place(&step);
            let found = match value {
                Self::List(_) | Self::Tuple(_) => return value.get(place?),
                _ => value.get(&step).or_else(|| value.get(place?)),
            };
            found.or_else(|| value.attr(&step))
        })
    }

    /// The value at the end of a path, to be changed; see [`pointer`](Self::pointer).
    ///
    /// ```
    /// use serde_pickle::pickle;
    ///
    /// let mut value = pickle!({"users": [{"age": 36}]});
    /// *value.pointer_mut("/users/0/age").unwrap() = 37.into();
    /// assert_eq!(value.pointer("/users/0/age"), Some(&37.into()));
    /// ```
    pub fn pointer_mut(&mut self, path: &str) -> Option<&mut Self> {
        steps(path)?.try_fold(self, |value, step| {
            let place = place(&step);
            // Looked up twice, because a borrow that is returned lasts for the other arms too.
            if matches!(value, Self::List(_) | Self::Tuple(_)) {
                value.get_mut(place?)
            } else if value.get(&step).is_some() {
                value.get_mut(&step)
            } else if place.is_some_and(|place| value.get(place).is_some()) {
                value.get_mut(place?)
            } else {
                value.attr_mut(&step)
            }
        })
    }

    /// The place that an int names.
    fn as_place(&self) -> Option<usize> {
        usize::try_from(self.as_i64()?).ok()
    }
}

/// The steps of a JSON Pointer, unescaped.
fn steps(path: &str) -> Option<impl Iterator<Item = String>> {
    if !path.is_empty() && !path.starts_with('/') {
        return None;
    }
    Some(path.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")))
}

/// The int of a step, if it is written without a sign or leading zeros.
fn place(step: &str) -> Option<usize> {
    if step.starts_with('+') || (step.starts_with('0') && step != "0") {
        None
    } else {
        step.parse().ok()
    }
}

fn dict_item(reduce: &Reduce, is_key: impl Fn(&Value) -> bool) -> Option<&Value> {
    // Later items replace earlier ones.
    reduce.dictitems.iter().rev().find(|(key, _)| is_key(key)).map(|(_, value)| value)
}

fn dict_item_mut(reduce: &mut Reduce, is_key: impl Fn(&Value) -> bool) -> Option<&mut Value> {
    reduce.dictitems.iter_mut().rev().find(|(key, _)| is_key(key)).map(|(_, value)| value)
}

impl<I: ValueIndex> ops::Index<I> for Value {
    type Output = Self;

    /// The item, or `None` if there is none; see [`Value::get`].
    fn index(&self, index: I) -> &Self {
        static NONE: Value = Value::None;
        index.index_into(self).unwrap_or(&NONE)
    }
}

impl<I: ValueIndex> ops::IndexMut<I> for Value {
    /// The item, to be changed. In a dict, or in `None`, which becomes one, a missing entry is
    /// made.
    ///
    /// ```
    /// use serde_pickle::{Value, pickle};
    /// let mut value = Value::None;
    /// value["a"]["b"] = 1.into();
    /// value["a"][&pickle!((1, 2))] = "x".into();
    /// assert_eq!(value, pickle!({"a": {"b": 1, (1, 2): "x"}}));
    /// ```
    ///
    /// # Panics
    /// If there is no such item and none can be made: a place beyond the end of a list, an
    /// unhashable key, a value that has no items.
    #[expect(
        clippy::panic,
        reason = "indexing panics where Python raises, which the documentation says"
    )]
    fn index_mut(&mut self, index: I) -> &mut Self {
        if self.is_none() {
            *self = Self::Dict(Dict::new());
        }
        // Looked up twice, because a borrow that is returned lasts for the other arms too.
        if index.index_into(self).is_none()
            && let Self::Dict(dict) = self
        {
            match dict.entry(index.to_key()) {
                Ok(entry) => return entry.or_insert(Self::None),
                Err(error) => panic!("{error}"),
            }
        }
        let kind = key::kind_name(self);
        match index.index_into_mut(self) {
            Some(value) => value,
            None => panic!("{kind} has no item {}", index.to_key()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pickle;
    use crate::reduce::{Args, Callable, How, MoreParts};

    fn object() -> Value {
        Value::from(Reduce {
            callable: Callable::new(How::NewObj, Value::global("geometry", "Point")),
            args: Args::default(),
            state: Some(Box::new(pickle!(({"x": 1, "y": 2}, {"y": 3})))),
            more: Some(Box::new(MoreParts {
                dictitems: vec![
                    ("k".into(), 1.into()),
                    (2.into(), "two".into()),
                    ("k".into(), 3.into()),
                ],
                ..MoreParts::default()
            })),
        })
    }

    #[test]
    fn indexing_is_pythons() {
        let value = pickle!({"a": [1, (2, 3)], 0: "zero", (1, 2): "pair"});
        assert_eq!(value["a"][1][0], 2);
        assert_eq!(value[0], "zero");
        assert_eq!(value[pickle!((1.0, True))], Value::None);
        assert_eq!(value[pickle!((True, 2.0))], "pair");
        assert_eq!(value["missing"][5]["deeper"], Value::None);
        assert_eq!(value["a"].get(pickle!(0)), Some(&Value::Int(1)));
        assert_eq!(value["a"].get(pickle!(-1)), None);
    }

    #[test]
    fn objects_have_items_and_attributes() {
        let mut object = object();
        assert_eq!(object["k"], 3);
        assert_eq!(object[2], "two");
        assert_eq!(object[pickle!(2.0)], "two");
        assert_eq!(object.get("x"), None);
        assert_eq!((object.attr("x"), object.attr("y")), (Some(&1.into()), Some(&3.into())));
        assert_eq!(object.pointer("/y"), Some(&3.into()));
        *object.attr_mut("x").unwrap() = 9.into();
        *object.pointer_mut("/y").unwrap() = 8.into();
        object["k"] = 7.into();
        assert_eq!(object.pointer("/x"), Some(&9.into()));
        assert_eq!(object.pointer("/y"), Some(&8.into()));
        assert_eq!(object.pointer("/k"), Some(&7.into()));
    }

    #[test]
    fn pointers_escape_and_look_for_text_first() {
        let mut value = pickle!({"a/b": 1, "~": 2, "0": "text", 0: "int", "": 3, "l": [4]});
        for (path, found) in [
            ("/a~1b", Some(1)),
            ("/~0", Some(2)),
            ("/", Some(3)),
            ("/l/0", Some(4)),
            ("/l/00", None),
            ("/l/1", None),
            ("l", None),
        ] {
            assert_eq!(value.pointer(path).and_then(Value::as_i64), found, "{path}");
            assert_eq!(value.pointer_mut(path).and_then(|value| value.as_i64()), found, "{path}");
        }
        assert_eq!(value.pointer("/0"), Some(&"text".into()));
        *value.pointer_mut("/l/0").unwrap() = 5.into();
        assert_eq!(value["l"], pickle!([5]));
    }

    #[test]
    fn entries_are_made_by_assignment() {
        let mut value = pickle!({"a": 1});
        value["b"] = 2.into();
        value[7] = 3.into();
        value["a"] = 4.into();
        assert_eq!(value, pickle!({"a": 4, "b": 2, 7: 3}));
    }

    #[test]
    #[should_panic(expected = "a list has no item 3")]
    fn a_place_beyond_the_end_panics_on_assignment() {
        pickle!([1])[3] = 1.into();
    }

    #[test]
    #[should_panic(expected = "unhashable key: a list")]
    fn an_unhashable_key_panics_on_assignment() {
        pickle!({})[pickle!([])] = 1.into();
    }
}
