//! The classes of Python's `collections`: [`OrderedDict`], [`DefaultDict`], [`Counter`], [`Deque`];
//! and [`FrozenDict`], [`Member`] of an Enum and [`SimpleNamespace`].
//!
//! The dicts keep their entries in a `Vec`, in order, so that keys need no traits. Another map that
//! keeps its order is written as an OrderedDict by `python::ordered_dict`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::object::{self, ArgsAndContent, ObjectType, ReadObject};
use crate::error::quoted;
use crate::reduce::{Global, Reduce};

/// `Serialize` and `Deserialize` of a type with parameters that has the traits of `object`.
macro_rules! generic_object {
    ($name:ident<$($parameter:ident),*>) => {
        impl<$($parameter: Serialize),*> Serialize for $name<$($parameter),*> {
            fn serialize<Ser: Serializer>(&self, serializer: Ser) -> Result<Ser::Ok, Ser::Error> {
                object::serialize(self, serializer)
            }
        }

        impl<'de, $($parameter: Deserialize<'de>),*> Deserialize<'de> for $name<$($parameter),*> {
            fn deserialize<De: Deserializer<'de>>(deserializer: De) -> Result<Self, De::Error> {
                object::deserialize(deserializer)
            }
        }
    };
}

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

/// Reads a class of `collections` that is nothing but its entries.
macro_rules! dict_class {
    ($type:ident, $name:literal) => {
        impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> ReadObject<'de> for $type<K, V> {
            const CLASS: &'static str = concat!("collections.", $name);

            fn is_class(module: &str, qualname: &str) -> bool {
                (module, qualname) == ("collections", $name)
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

/// A map or a sequence of pairs as the entries of a dict.
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
fn write_ordered<'a, K: Serialize + 'a, V: Serialize + 'a, S: Serializer>(
    entries: impl Iterator<Item = (&'a K, &'a V)>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    Reduce::call(collections("OrderedDict"), ()).with_dictitems(entries).serialize(serializer)
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
        write_ordered(self.0.into_iter(), serializer)
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

collection!(OrderedDict<K, V>, (K, V), 0, Self);

impl<K, V> Default for OrderedDict<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Serialize, V: Serialize> ObjectType for OrderedDict<K, V> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_ordered(self.0.iter().map(|(key, value)| (key, value)), serializer)
    }

    fn write_plain<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_map(&self.0, serializer)
    }
}

dict_class!(OrderedDict, "OrderedDict");

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

collection!(Counter<K, N>, (K, N), 0, Self);

impl<K, N> Default for Counter<K, N> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Serialize, N: Serialize> ObjectType for Counter<K, N> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Reduce::call(collections("Counter"), (AsDict(&self.0),)).serialize(serializer)
    }

    fn write_plain<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_map(&self.0, serializer)
    }
}

dict_class!(Counter, "Counter");

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

collection!(FrozenDict<K, V>, (K, V), 0, Self);

impl<K, V> Default for FrozenDict<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Serialize, V: Serialize> ObjectType for FrozenDict<K, V> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let class = Global::new("builtins", "frozendict");
        Reduce::new_obj(class, (AsDict(&self.0),)).serialize(serializer)
    }

    fn write_plain<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_map(&self.0, serializer)
    }
}

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> ReadObject<'de> for FrozenDict<K, V> {
    const CLASS: &'static str = "builtins.frozendict";

    fn is_class(module: &str, qualname: &str) -> bool {
        matches!(
            (module, qualname),
            ("builtins" | "frozendict", "frozendict") | ("immutabledict", "immutabledict")
        )
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
        let entries = self.entries.iter().map(|(key, value)| (key, value));
        let class = collections("defaultdict");
        match &self.factory {
            Some(factory) => {
                Reduce::call(class, (factory,)).with_dictitems(entries).serialize(serializer)
            }
            None => Reduce::call(class, ()).with_dictitems(entries).serialize(serializer),
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

/// A member of a Python `Enum` whose class is not known at compile time.
///
/// An `Enum` that is known is a Rust enum under the class's name, with variants named by the
/// values: `#[serde(rename = "py:colors:Color")] enum Color { #[serde(rename = "1")] Red }`.
///
/// ```
/// use serde_pickle::python::Member;
/// use serde_pickle::reduce::Global;
///
/// let red = Member::ByValue { class: Global::new("colors", "Color"), value: 1 };
/// let bytes = serde_pickle::to_vec(&red)?; // Color(1), which is Color.RED
/// assert_eq!(serde_pickle::from_slice::<Member<i32>>(&bytes)?, red);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Other formats get only the value or the name, so they cannot be read back.
///
/// Source: `Enum.__reduce_ex__` in Python's `Lib/enum.py`, and `pickle_by_enum_name` there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Member<V = crate::Value> {
    /// By a call of the class with the value, as nearly all are.
    ByValue {
        /// The class.
        class: Global,
        /// The value of the member.
        value: V,
    },
    /// By name, `getattr(Color, 'RED')`, for a class that pickles so, and for a member that is an
    /// attribute.
    ByName {
        /// The class.
        class: Global,
        /// The name of the member.
        name: String,
    },
}

generic_object!(Member<V>);

impl<V: Serialize> ObjectType for Member<V> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::ByValue { class, value } => {
                Reduce::call(class.clone(), (value,)).serialize(serializer)
            }
            Self::ByName { class, name } => {
                Global::new(&*class.module, format!("{}.{name}", class.qualname))
                    .serialize(serializer)
            }
        }
    }

    fn write_plain<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::ByValue { value, .. } => value.serialize(serializer),
            Self::ByName { name, .. } => name.serialize(serializer),
        }
    }
}

impl<'de, V: Deserialize<'de>> ReadObject<'de> for Member<V> {
    const CLASS: &'static str = "an Enum";

    fn is_class(_: &str, _: &str) -> bool {
        true
    }

    fn read<A: SeqAccess<'de>>(
        module: String,
        qualname: String,
        parts: ArgsAndContent<A>,
    ) -> Result<Self, A::Error> {
        let (value,) = parts.args()?;
        Ok(Self::ByValue { class: Global::new(module, qualname), value })
    }

    fn read_plain<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Global { module, qualname } = Global::deserialize(deserializer)?;
        match qualname.rsplit_once('.') {
            Some((class, name)) => {
                Ok(Self::ByName { class: Global::new(module, class), name: name.to_owned() })
            }
            None => Err(de::Error::custom(format_args!(
                "expected a member of an Enum, found the global {}.{}",
                quoted(&module),
                quoted(&qualname)
            ))),
        }
    }
}

/// A Python `types.SimpleNamespace`: attributes, as a struct or a map.
///
/// Written by calling the class without arguments and giving it the state, as Python does: an
/// instance that is made without a call, as a derived struct named `py:types:SimpleNamespace` is,
/// is refused by Python at protocols 0 and 1.
///
/// ```
/// use std::collections::BTreeMap;
/// use serde_pickle::python::SimpleNamespace;
///
/// let sizes = BTreeMap::from([("depth".to_owned(), 3), ("width".to_owned(), 4)]);
/// let options = SimpleNamespace(sizes);
/// let bytes = serde_pickle::to_vec(&options)?; // SimpleNamespace(depth=3, width=4)
/// let again: SimpleNamespace<BTreeMap<String, i32>> = serde_pickle::from_slice(&bytes)?;
/// assert_eq!(again, options);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Source: `SimpleNamespace.__reduce__` in `Objects/namespaceobject.c` of CPython.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SimpleNamespace<A>(pub A);

generic_object!(SimpleNamespace<A>);

impl<A: Serialize> ObjectType for SimpleNamespace<A> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Reduce::call(Global::new("types", "SimpleNamespace"), ())
            .with_state(&self.0)
            .serialize(serializer)
    }

    fn write_plain<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, A: Deserialize<'de>> ReadObject<'de> for SimpleNamespace<A> {
    const CLASS: &'static str = "types.SimpleNamespace";

    fn is_class(module: &str, qualname: &str) -> bool {
        (module, qualname) == ("types", "SimpleNamespace")
    }

    fn read<Seq: SeqAccess<'de>>(
        _: String,
        _: String,
        parts: ArgsAndContent<Seq>,
    ) -> Result<Self, Seq::Error> {
        parts.content().map(Self)
    }

    fn read_plain<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        A::deserialize(deserializer).map(Self)
    }
}
