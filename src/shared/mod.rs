//! [`Rc`] and [`Arc`] as shared objects: one object in the pickle for one allocation, one
//! allocation for one object.
//!
//! ```
//! use std::rc::Rc;
//! use serde_pickle::shared::Shared;
//!
//! let name = Shared(Rc::new("Ada".to_owned()));
//! let bytes = serde_pickle::to_vec(&(name.clone(), name))?;
//! let (a, b): (Shared<Rc<String>>, Shared<Rc<String>>) = serde_pickle::from_slice(&bytes)?;
//! assert!(Rc::ptr_eq(&a.0, &b.0));
//! # Ok::<(), serde_pickle::Error>(())
//! ```

// serde has no notion of identity, so both directions pass it beside serde, on the thread. The
// pointer comes as a newtype under a private name (`token::SHARED`), which any other format passes
// through. Its identity is offered on the thread for that call, together with the address of the
// newtype's content: our serializer, when it meets the name with that content, takes it. Where
// something stands between, it asks the content instead, which leaves the answer on the thread and
// writes nothing. If that allocation has been written, a reference to it follows; if not, the
// content is asked for a clone of the pointer, serialized and memoized. Our deserializer leaves the
// number of the object that comes next; the visitor checks if it has made a pointer of its type
// from that object.
//
// An address is an identity only while the allocation lives: a temporary's address is used again at
// once. So the clone is kept for as long as its entry, which is one dump. Clones are of any type
// and may not leave their thread, so they are kept in a table of the thread, under the number of
// the dump; what has been written is in the dump's own scope, and forgotten where that goes on on
// another thread. On reading, the table is that of one walk, and holds weak pointers.
//
// Values of our own types that are one object in Python if they are equal, such as the dtypes of
// numpy, pass the same way: see `serialize_equal`.
//
// A table is dropped where its dump or walk ends, also by an error (`Ended`): the owner may be
// dropped on another thread, which cannot reach the table. A walk that moves to another thread
// halfway leaves its table behind; the next table that the first thread makes removes it.
//
// A value that contains itself cannot be made this way: its content would need the pointer before
// there is one. The entry of an allocation says so while it is being written or read, and meeting
// it again is an error.

use std::any::{Any, TypeId};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::rc::{self, Rc};
use std::sync::{self, Arc};

use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::reduce::token;
use crate::slot::{self, Slot};

mod offer;
mod scope;
mod written;

use offer::Offered;
pub(crate) use offer::{offered, offers};
pub(crate) use scope::{Ended, Kept, Key, Plan, Scope};
use scope::{Identity, READ, ScopeTable, make_table};

/// The error text for a value that contains itself.
pub(crate) const CYCLE: &str = "a shared value contains itself; a Graph can hold it";

/// Serializes shared values; for `#[serde(with = "serde_pickle::shared")]`.
///
/// For a field of type [`Rc`] or [`Arc`], and for an `Option` or a `Vec` of them; [`Shared`] does
/// the same anywhere else. The content may not borrow anything.
///
/// ```
/// use std::rc::Rc;
/// use serde_derive::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Team {
///     #[serde(with = "serde_pickle::shared")]
///     lead: Rc<String>,
///     #[serde(with = "serde_pickle::shared")]
///     members: Vec<Rc<String>>,
/// }
///
/// let ada = Rc::new("Ada".to_owned());
/// let bytes = serde_pickle::to_vec(&Team { lead: ada.clone(), members: vec![ada] })?;
/// let team: Team = serde_pickle::from_slice(&bytes)?;
/// assert!(Rc::ptr_eq(&team.lead, &team.members[0]));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// In Python the two are one object as well. Other formats write the content each time.
///
/// # Errors
/// `Data`, where a value contains itself, as through a `RefCell`; a [`Graph`](crate::Graph) can
/// hold it.
pub fn serialize<P: SerializeShared + ?Sized, S: Serializer>(
    value: &P,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    value.serialize_shared(serializer)
}

/// Deserializes shared values; for `#[serde(with = "serde_pickle::shared")]`, see [`serialize`].
///
/// References to one object, by the memo of the pickle, become clones of one pointer, where they
/// are read as the same type.
///
/// ```
/// use std::sync::Arc;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Pair(
///     #[serde(deserialize_with = "serde_pickle::shared::deserialize")] Arc<Vec<u8>>,
///     #[serde(deserialize_with = "serde_pickle::shared::deserialize")] Arc<Vec<u8>>,
/// );
///
/// // a = [1]; (a, a)
/// let pair: Pair = serde_pickle::from_slice(b"(]q\0K\x01ah\0t.")?;
/// assert!(Arc::ptr_eq(&pair.0, &pair.1));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// # Errors
/// `Data`, where an object contains itself; a [`Graph`](crate::Graph) can hold it.
pub fn deserialize<'de, P: DeserializeShared<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<P, D::Error> {
    P::deserialize_shared(deserializer)
}

/// A shared pointer that is serialized with its identity wherever it stands; a newtype for what
/// `#[serde(with = "serde_pickle::shared")]` does not reach, such as the values of a map.
///
/// ```
/// use std::collections::BTreeMap;
/// use std::sync::Arc;
/// use serde_pickle::shared::Shared;
///
/// let one = Shared(Arc::new(vec![1, 2]));
/// let map = BTreeMap::from([("a", one.clone()), ("b", one)]);
/// let bytes = serde_pickle::to_vec(&map)?;
/// let read: BTreeMap<String, Shared<Arc<Vec<u8>>>> = serde_pickle::from_slice(&bytes)?;
/// assert!(Arc::ptr_eq(&read["a"].0, &read["b"].0));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shared<P>(pub P);

impl<P> Deref for Shared<P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.0
    }
}

impl<P: SerializeShared> Serialize for Shared<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize_shared(serializer)
    }
}

impl<'de, P: DeserializeShared<'de>> Deserialize<'de> for Shared<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        P::deserialize_shared(deserializer).map(Self)
    }
}

/// A type that [`serialize`] takes: [`Rc`], [`Arc`], and an `Option` or a `Vec` of such.
///
/// ```
/// use std::rc::Rc;
/// use serde::{Serialize, Serializer};
/// use serde_pickle::shared::SerializeShared;
///
/// /// Writes one pointer twice.
/// struct Twice<P>(P);
///
/// impl<P: SerializeShared> Serialize for Twice<P> {
///     fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
///         struct One<'a, P>(&'a P);
///         impl<P: SerializeShared> Serialize for One<'_, P> {
///             fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
///                 self.0.serialize_shared(serializer)
///             }
///         }
///         (One(&self.0), One(&self.0)).serialize(serializer)
///     }
/// }
///
/// let graph = serde_pickle::to_vec(&Twice(Rc::new(vec![1])))?;
/// let graph = serde_pickle::Graph::from_slice(&graph)?;
/// assert_eq!(graph.root().get(0), graph.root().get(1));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
pub trait SerializeShared {
    /// Serializes the value with its identity.
    ///
    /// # Errors
    /// The serializer's.
    fn serialize_shared<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

/// A type that [`deserialize`] makes: [`Rc`], [`Arc`], and an `Option` or a `Vec` of such.
///
/// ```
/// use std::rc::Rc;
/// use serde_pickle::shared::DeserializeShared;
///
/// struct Held<P>(P);
///
/// impl<'de, P: DeserializeShared<'de>> serde::Deserialize<'de> for Held<P> {
///     fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
///         P::deserialize_shared(deserializer).map(Held)
///     }
/// }
///
/// let (a, b): (Held<Rc<Vec<u8>>>, Held<Rc<Vec<u8>>>) =
///     serde_pickle::from_slice(b"(]q\0K\x01ah\0t.")?;
/// assert!(Rc::ptr_eq(&a.0, &b.0));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
pub trait DeserializeShared<'de>: Sized {
    /// Deserializes the value, or gives the one that was made of the same object.
    ///
    /// # Errors
    /// The deserializer's; an object that contains itself.
    fn deserialize_shared<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

macro_rules! pointers {
    ($($pointer:ident $weak:ty;)*) => {$(
        impl<T: Serialize + ?Sized + 'static> SerializeShared for $pointer<T> {
            fn serialize_shared<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let answer = |question| match question {
                    Question::Identity => Answer::Identity((
                        $pointer::as_ptr(self).cast::<()>().addr() as u64,
                        TypeId::of::<Self>(),
                    )),
                    Question::Clone => Answer::Clone(Kept(Box::new(Self::clone(self)))),
                };
                SharedContent { value: &**self, answer }.serialize_shared(serializer)
            }
        }

        impl<'de, T: Deserialize<'de> + 'static> DeserializeShared<'de> for $pointer<T> {
            fn deserialize_shared<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_newtype_struct(token::SHARED, PointerVisitor(PhantomData))
            }
        }

        impl<T: 'static> Pointer for $pointer<T> {
            type Target = T;

            fn new(value: T) -> Self {
                Self::new(value)
            }

            fn weak(&self) -> Box<dyn Any> {
                Box::new(Self::downgrade(self))
            }

            fn upgrade(weak: &dyn Any) -> Option<Self> {
                weak.downcast_ref::<$weak>()?.upgrade()
            }
        }
    )*};
}

pointers! {
    Rc rc::Weak<T>;
    Arc sync::Weak<T>;
}

impl<P: SerializeShared> SerializeShared for Option<P> {
    fn serialize_shared<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(pointer) => serializer.serialize_some(&ByShared(pointer)),
            None => serializer.serialize_none(),
        }
    }
}

impl<P: SerializeShared> SerializeShared for Vec<P> {
    fn serialize_shared<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(ByShared))
    }
}

impl<'de, P: DeserializeShared<'de>> DeserializeShared<'de> for Option<P> {
    fn deserialize_shared<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<Shared<P>>::deserialize(deserializer)?.map(|shared| shared.0))
    }
}

impl<'de, P: DeserializeShared<'de>> DeserializeShared<'de> for Vec<P> {
    fn deserialize_shared<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Shared<P>>::deserialize(deserializer)?
            .into_iter()
            .map(|shared| shared.0)
            .collect())
    }
}

struct ByShared<'a, P>(&'a P);

impl<P: SerializeShared> Serialize for ByShared<'_, P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize_shared(serializer)
    }
}

/// A question to a pointer.
#[derive(Clone, Copy)]
enum Question {
    Identity,
    Clone,
}

/// The answer to a [`Question`].
enum Answer {
    Identity(Identity),
    Clone(Kept),
}

/// The content of [`token::SHARED`].
struct SharedContent<'a, T: ?Sized, F> {
    value: &'a T,
    answer: F,
}

impl<T: Serialize + ?Sized, F: Fn(Question) -> Answer> SharedContent<'_, T, F> {
    /// Offers the identity with the newtype.
    fn serialize_shared<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Answer::Identity(identity) = (self.answer)(Question::Identity) else {
            return serializer.serialize_newtype_struct(token::SHARED, self);
        };
        let _offered = Offered::new(std::ptr::from_ref(self).addr(), identity);
        serializer.serialize_newtype_struct(token::SHARED, self)
    }
}

/// Serializes a value of which all that are equal are one object in Python; `number` tells those of
/// its type apart, which is `kind`.
pub(crate) fn serialize_equal<T: Serialize + ?Sized, S: Serializer>(
    value: &T,
    kind: TypeId,
    number: u64,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let answer = |question| match question {
        Question::Identity => Answer::Identity((number, kind)),
        Question::Clone => Answer::Clone(Kept(Box::new(()))),
    };
    SharedContent { value, answer }.serialize_shared(serializer)
}

impl<T: Serialize + ?Sized, F: Fn(Question) -> Answer> Serialize for SharedContent<'_, T, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(question) = slot::take(&ASKED) {
            slot::put(&ANSWER, (self.answer)(question));
            return serializer.serialize_unit();
        }
        self.value.serialize(serializer)
    }
}

thread_local! {
    static ASKED: Slot<Question> = const { Slot::new() };
    static ANSWER: Slot<Answer> = const { Slot::new() };
    /// The walk, and the object that is read next.
    static NEXT: Slot<(u64, u64)> = const { Slot::new() };
}

/// Asks the content of a [`token::SHARED`] for its identity; `serialize` serializes it. `None` if
/// it is no content of this module's.
pub(crate) fn ask_identity<E>(
    hashed: bool,
    serialize: impl FnOnce() -> Result<(), E>,
) -> Result<Option<Key>, E> {
    let result = slot::with(&ASKED, Question::Identity, serialize);
    match slot::take(&ANSWER) {
        Some(Answer::Identity(identity)) => Ok(Some(Key(identity, hashed))),
        _ => result.map(|()| None),
    }
}

/// Asks it for a clone.
pub(crate) fn ask_clone<E>(serialize: impl FnOnce() -> Result<(), E>) -> Result<Option<Kept>, E> {
    let result = slot::with(&ASKED, Question::Clone, serialize);
    match slot::take(&ANSWER) {
        Some(Answer::Clone(clone)) => Ok(Some(clone)),
        _ => result.map(|()| None),
    }
}

/// Leaves the number of the object that comes next, for the visitor of a pointer.
pub(crate) fn next_object(scope: &Scope, object: u64) {
    READ.with(|tables| make_table(tables, scope));
    slot::put(&NEXT, (scope.number(), object));
}

/// A shared pointer that can be made.
trait Pointer: Sized + 'static {
    type Target;

    fn new(value: Self::Target) -> Self;
    fn weak(&self) -> Box<dyn Any>;
    fn upgrade(weak: &dyn Any) -> Option<Self>;
}

struct PointerVisitor<P>(PhantomData<P>);

impl<'de, P: Pointer<Target: Deserialize<'de>>> Visitor<'de> for PointerVisitor<P> {
    type Value = P;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a shared value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<P, D::Error> {
        let Some((walk, object)) = slot::take(&NEXT) else {
            return P::Target::deserialize(deserializer).map(P::new);
        };
        let key = (object, TypeId::of::<P>());
        let open = READ.with_borrow_mut(|tables| {
            let Some(ScopeTable { entries: table, .. }) = tables.get_mut(&walk) else {
                return Ok(None);
            };
            let made = match table.get(&key) {
                Some(None) => return Err(()),
                Some(Some(weak)) => P::upgrade(&**weak),
                None => None,
            };
            if made.is_none() {
                // Either this is the first time, or the pointer that was made has been dropped, and
                // then nobody can tell it from a new one.
                table.insert(key, None);
            }
            Ok(made)
        });
        match open {
            Err(()) => return Err(D::Error::custom(CYCLE)),
            Ok(Some(pointer)) => return Ok(pointer),
            Ok(None) => {}
        }
        let made = P::Target::deserialize(deserializer).map(P::new);
        READ.with_borrow_mut(|tables| {
            let Some(ScopeTable { entries: table, .. }) = tables.get_mut(&walk) else { return };
            match &made {
                Ok(pointer) => drop(table.insert(key, Some(pointer.weak()))),
                Err(_) => drop(table.remove(&key)),
            }
        });
        made
    }

    // Formats that hold a newtype as a sequence of one element call this, as for a derived newtype.
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<P, A::Error> {
        match seq.next_element()? {
            Some(value) => Ok(P::new(value)),
            None => Err(A::Error::invalid_length(0, &self)),
        }
    }
}
