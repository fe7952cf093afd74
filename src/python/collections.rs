//! The classes of Python's `collections`: [`OrderedDict`], [`DefaultDict`], [`Counter`], [`Deque`];
//! and [`FrozenDict`].
//!
//! The dicts keep their entries in a `Vec`, in order, so that keys need no traits. Another map that
//! keeps its order is written as an OrderedDict by `python::ordered_dict`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_derive::Serialize;

use super::object::{self, ArgsAndContent, ObjectType, ReadObject, generic_object};
use crate::reduce::{Global, Reduce};

/// The traits of a collection that holds its items in `$items`.
macro_rules! collection {
    ($name:ident<$($parameter:ident),*>, $item:ty, $items:tt, $new:expr) => {
        generic_object!($name<$($parameter),*>);

        impl<$($parameter),*> FromIterator<$item> for $name<$($parameter),*> {
            fn from_iter<It: IntoIterator<Item = $item>>(items: It) -> Self {
                ($new)(items.into_iter().collect())
            }
        }

        impl<$($parameter),*> IntoIterator for $name<$($parameter),*> {
            type Item = $item;
            type IntoIter = std::vec::IntoIter<$item>;

            fn into_iter(self) -> Self::IntoIter {
                self.$items.into_iter()
            }
        }

        impl<'a, $($parameter),*> IntoIterator for &'a $name<$($parameter),*> {
            type Item = &'a $item;
            type IntoIter = std::slice::Iter<'a, $item>;

            fn into_iter(self) -> Self::IntoIter {
                self.$items.iter()
            }
        }
    };
}

/// A class that is nothing but its entries: its names, and the way in which it is written.
macro_rules! dict_class {
    ($name:ident<$key:ident, $value:ident>, $class:literal, $names:pat,
     |$entries:ident, $serializer:ident| $write:expr) => {
        collection!($name<$key, $value>, ($key, $value), 0, Self);

        impl<$key, $value> Default for $name<$key, $value> {
            fn default() -> Self {
                Self(Vec::new())
            }
        }

        impl<$key: Serialize, $value: Serialize> ObjectType for $name<$key, $value> {
            fn write<S: Serializer>(&self, $serializer: S) -> Result<S::Ok, S::Error> {
                let $entries = &self.0;
                $write
            }

            fn write_plain<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                write_map(&self.0, serializer)
            }
        }

        impl<'de, $key: Deserialize<'de>, $value: Deserialize<'de>> ReadObject<'de>
            for $name<$key, $value>
        {
            const CLASS: &'static str = $class;

            fn is_class(module: &str, qualname: &str) -> bool {
                matches!((module, qualname), $names)
            }

            fn read<A: SeqAccess<'de>>(
                _: String,
                _: String,
                parts: ArgsAndContent<A>,
            ) -> Result<Self, A::Error> {
                parts.content().map(|Entries(entries)| Self(entries))
            }

            fn read_plain<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Entries::deserialize(deserializer).map(|Entries(entries)| Self(entries))
            }
        }
    };
}

/// The entries of a dict.
struct Entries<K, V>(Vec<(K, V)>);

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Entries<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor<K, V>(PhantomData<(K, V)>);

        impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for EntriesVisitor<K, V> {
            type Value = Entries<K, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a dict")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

fn write_map<K: Serialize, V: Serialize, S: Serializer>(
    entries: &[(K, V)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(entries.len()))?;
    for (key, value) in entries {
        map.serialize_entry(key, value)?;
    }
    map.end()
}

/// Entries as a dict, an argument of a class.
struct AsDict<'a, K, V>(&'a [(K, V)]);

impl<K: Serialize, V: Serialize> Serialize for AsDict<'_, K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_map(self.0, serializer)
    }
}

fn collections(name: &str) -> Global {
    Global::new("collections", name)
}

/// Entries as an OrderedDict, for a pickle.
fn write_ordered<K: Serialize, V: Serialize, S: Serializer>(
    entries: &[(K, V)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    #[serde(rename = "py:collections:OrderedDict/call")]
    struct Ordered<E> {
        #[serde(rename = "py:dictitems")]
        entries: E,
    }

    Ordered { entries: AsDict(entries) }.serialize(serializer)
}

/// Any map, written as an OrderedDict.
pub(super) struct MapAsOrdered<'a, M, K, V>(&'a M, PhantomData<(K, V)>);

impl<'a, M, K, V> MapAsOrdered<'a, M, K, V> {
    pub(super) fn new(map: &'a M) -> Self {
        Self(map, PhantomData)
    }
}

impl<'m, M: Serialize, K: Serialize, V: Serialize> ObjectType for MapAsOrdered<'m, M, K, V>
where
    for<'a> &'a M: IntoIterator<Item = (&'a K, &'a V)>,
{
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entries: Vec<(&K, &V)> = self.0.into_iter().collect();
        write_ordered(&entries, serializer)
    }

    fn write_plain<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// A Python `collections.OrderedDict`: entries in their order.
///
/// ```
/// use serde_pickle::{Value, python::OrderedDict};
///
/// let dict: OrderedDict<&str, u8> = [("b", 1), ("a", 2)].into_iter().collect();
/// let bytes = serde_pickle::to_vec(&dict)?;
/// assert_eq!(serde_pickle::from_slice::<OrderedDict<&str, u8>>(&bytes)?, dict);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// A plain dict is read too. Any map reads an OrderedDict; for writing a map as one, `IndexMap` or
/// another that keeps its order, use `#[serde(with = "serde_pickle::python::ordered_dict")]`.
///
/// Source: `OrderedDict.__reduce__` in Python's `Lib/collections/__init__.py`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OrderedDict<K, V>(pub Vec<(K, V)>);

dict_class! {
    OrderedDict<K, V>, "collections.OrderedDict", ("collections", "OrderedDict"),
    |entries, serializer| write_ordered(entries, serializer)
}

/// A Python `collections.Counter`: elements and their counts.
///
/// ```
/// use serde_pickle::python::Counter;
///
/// let votes: Counter<&str> = [("ann", 3), ("bob", 1)].into_iter().collect();
/// let bytes = serde_pickle::to_vec(&votes)?; // Counter({'ann': 3, 'bob': 1})
/// assert_eq!(serde_pickle::from_slice::<Counter<&str>>(&bytes)?, votes);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Counts may be negative, and another type of number is its second parameter. A plain dict is read
/// too.
///
/// Source: `Counter.__reduce__` in Python's `Lib/collections/__init__.py`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Counter<K, N = i64>(pub Vec<(K, N)>);

dict_class! {
    Counter<K, N>, "collections.Counter", ("collections", "Counter"),
    |entries, serializer| {
        Reduce::call(collections("Counter"), (AsDict(entries),)).serialize(serializer)
    }
}

/// A Python `frozendict`, which is a builtin from Python 3.15 on: entries in their order.
///
/// ```
/// use serde_pickle::python::FrozenDict;
///
/// let limits: FrozenDict<&str, u8> = [("low", 1), ("high", 9)].into_iter().collect();
/// let bytes = serde_pickle::to_vec(&limits)?; // frozendict({'low': 1, 'high': 9})
/// assert_eq!(serde_pickle::from_slice::<FrozenDict<&str, u8>>(&bytes)?, limits);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// The classes of the packages `frozendict` and `immutabledict` and a plain dict are read too; the
/// builtin is what is written, and an older Python does not know it.
///
/// Source: `frozendict_getnewargs` in CPython's `Objects/dictobject.c`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FrozenDict<K, V>(pub Vec<(K, V)>);

dict_class! {
    FrozenDict<K, V>, "builtins.frozendict",
    ("builtins" | "frozendict", "frozendict") | ("immutabledict", "immutabledict"),
    |entries, serializer| {
        let class = Global::new("builtins", "frozendict");
        Reduce::new_obj(class, (AsDict(entries),)).serialize(serializer)
    }
}

/// A Python `collections.defaultdict`: entries, and the factory of the values that are missing.
///
/// The factory is the name of a class or function, `list` or `int`: it is kept and written again,
/// and never called here. Without one it is `defaultdict(None)`. A factory that is not a global,
/// such as a `functools.partial`, is an error: read the object as [`Reduce`], or the entries alone
/// as a map.
///
/// ```
/// use serde_pickle::python::DefaultDict;
/// use serde_pickle::reduce::Global;
///
/// let groups = DefaultDict {
///     factory: Some(Global::new("builtins", "list")),
///     entries: vec![("odd", vec![1, 3]), ("even", vec![2])],
/// };
/// let bytes = serde_pickle::to_vec(&groups)?;
/// assert_eq!(serde_pickle::from_slice::<DefaultDict<&str, Vec<u8>>>(&bytes)?, groups);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// A plain dict is read as one without a factory, and so is a map of another format.
///
/// Source: `defdict_reduce` in CPython's `Modules/_collectionsmodule.c`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DefaultDict<K, V> {
    /// The callable that makes a missing value.
    pub factory: Option<Global>,
    /// The entries in their order.
    pub entries: Vec<(K, V)>,
}

collection!(DefaultDict<K, V>, (K, V), entries, |entries| Self { factory: None, entries });

impl<K, V> DefaultDict<K, V> {
    /// Gives the factory.
    ///
    /// ```
    /// use serde_pickle::python::DefaultDict;
    /// use serde_pickle::reduce::Global;
    ///
    /// let int = Global::new("builtins", "int");
    /// let groups = DefaultDict::from_iter([("odd", 1)]).with_factory(int);
    /// let bytes = serde_pickle::to_vec(&groups)?; // defaultdict(<class 'int'>, {'odd': 1})
    /// assert_eq!(serde_pickle::from_slice::<DefaultDict<&str, i32>>(&bytes)?, groups);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    #[must_use]
    pub fn with_factory(self, factory: Global) -> Self {
        Self { factory: Some(factory), ..self }
    }
}

impl<K, V> Default for DefaultDict<K, V> {
    fn default() -> Self {
        Self { factory: None, entries: Vec::new() }
    }
}

impl<K: Serialize, V: Serialize> ObjectType for DefaultDict<K, V> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename = "py:collections:defaultdict/call")]
        struct Default<A, E> {
            #[serde(rename = "py:args")]
            args: A,
            #[serde(rename = "py:dictitems")]
            entries: E,
        }

        let entries = AsDict(&self.entries);
        match &self.factory {
            Some(factory) => Default { args: (factory,), entries }.serialize(serializer),
            None => Default { args: (), entries }.serialize(serializer),
        }
    }

    fn write_plain<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_map(&self.entries, serializer)
    }
}

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> ReadObject<'de> for DefaultDict<K, V> {
    const CLASS: &'static str = "collections.defaultdict";

    fn is_class(module: &str, qualname: &str) -> bool {
        (module, qualname) == ("collections", "defaultdict")
    }

    fn read<A: SeqAccess<'de>>(
        _: String,
        _: String,
        parts: ArgsAndContent<A>,
    ) -> Result<Self, A::Error> {
        let (Arguments((factory, _)), Entries(entries)) =
            parts.both::<Arguments<Option<Global>, IgnoredAny>, _>()?;
        Ok(Self { factory: factory.flatten(), entries })
    }

    fn read_plain<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Entries::deserialize(deserializer).map(|Entries(entries)| Self { factory: None, entries })
    }
}

/// Up to two arguments.
struct Arguments<X, Y>((Option<X>, Option<Y>));

impl<'de, X: Deserialize<'de>, Y: Deserialize<'de>> Deserialize<'de> for Arguments<X, Y> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ArgumentsVisitor<X, Y>(PhantomData<(X, Y)>);

        impl<'de, X, Y> Visitor<'de> for ArgumentsVisitor<X, Y>
        where
            X: Deserialize<'de>,
            Y: Deserialize<'de>,
        {
            type Value = Arguments<X, Y>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("up to two arguments")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                Ok(Arguments((seq.next_element()?, seq.next_element()?)))
            }
        }

        deserializer.deserialize_seq(ArgumentsVisitor(PhantomData))
    }
}

/// A Python `collections.deque`: items, and the most that it holds.
///
/// ```
/// use serde_pickle::python::Deque;
///
/// let recent = Deque { maxlen: Some(3), items: vec![1, 2, 3] };
/// let bytes = serde_pickle::to_vec(&recent)?; // deque([1, 2, 3], maxlen=3)
/// assert_eq!(serde_pickle::from_slice::<Deque<u8>>(&bytes)?, recent);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Writing more items than `maxlen` is not an error: Python keeps the last ones. Any sequence is
/// read, as a deque without a limit; and any sequence, a `VecDeque` for instance, reads a deque.
///
/// Source: `deque_reduce` in CPython's `Modules/_collectionsmodule.c`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Deque<T> {
    /// The greatest number of items that it holds.
    pub maxlen: Option<usize>,
    /// The items.
    pub items: Vec<T>,
}

collection!(Deque<T>, T, items, |items| Self { maxlen: None, items });

impl<T> Deque<T> {
    /// Gives the greatest length.
    ///
    /// ```
    /// use serde_pickle::python::Deque;
    ///
    /// let last = Deque::from_iter([1, 2, 3]).with_maxlen(3);
    /// let bytes = serde_pickle::to_vec(&last)?; // deque([1, 2, 3], maxlen=3)
    /// assert_eq!(serde_pickle::from_slice::<Deque<i32>>(&bytes)?.maxlen, Some(3));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    #[must_use]
    pub fn with_maxlen(self, maxlen: usize) -> Self {
        Self { maxlen: Some(maxlen), ..self }
    }
}

impl<T> Default for Deque<T> {
    fn default() -> Self {
        Self { maxlen: None, items: Vec::new() }
    }
}

impl<T: Serialize> ObjectType for Deque<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let class = collections("deque");
        match self.maxlen {
            // An array of no items is the empty tuple, which `()` is not.
            Some(maxlen) => Reduce::call(class, ([(); 0], maxlen))
                .with_listitems(&self.items)
                .serialize(serializer),
            None => Reduce::call(class, ()).with_listitems(&self.items).serialize(serializer),
        }
    }

    fn write_plain<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.items.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> ReadObject<'de> for Deque<T> {
    const CLASS: &'static str = "collections.deque";

    fn is_class(module: &str, qualname: &str) -> bool {
        (module, qualname) == ("collections", "deque")
    }

    fn read<A: SeqAccess<'de>>(
        _: String,
        _: String,
        parts: ArgsAndContent<A>,
    ) -> Result<Self, A::Error> {
        let (Arguments((_, maxlen)), items) =
            parts.both::<Arguments<IgnoredAny, Option<usize>>, _>()?;
        Ok(Self { maxlen: maxlen.flatten(), items })
    }

    fn read_plain<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(|items| Self { maxlen: None, items })
    }
}
