//! A second unpickler, slow and obvious, to compare the crate with.
//!
//! It is written from the descriptions of the opcodes in Python's `pickletools` and from what
//! CPython's C unpickler does, not from the crate's own machine, and it shares nothing with it:
//! bytes are matched as they are, every value is an entry of one vector, the stack is a vector of
//! vectors as in `pickle.py`. Like the crate it calls nothing: a global is a name, a call is data,
//! except for the few calls by which older protocols spell a builtin, in [`calls`].
//!
//! Where the crate differs from CPython on purpose (docs/CONFORMANCE.md), so does this, and says
//! so.

mod calls;
mod lines;
mod machine;
mod objects;

use std::collections::HashSet;

use num_bigint::BigInt;

pub use calls::{Known, Seen};
pub use machine::run;

/// The number of a value: its identity.
pub type Id = usize;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub enum Thing {
    None,
    Bool(bool),
    Int(BigInt),
    /// By its bits, so that NaNs can be compared.
    Float(u64),
    /// In UTF-8 in which surrogates may stand.
    Str(Vec<u8>),
    /// An 8-bit string of Python 2.
    Chars(Vec<u8>),
    Bytes(Vec<u8>),
    ByteArray(Vec<u8>),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Set(Vec<Id>),
    FrozenSet(Vec<Id>),
    Global {
        module: String,
        name: String,
    },
    Extension(u32),
    PersistentId(Id),
    Buffer {
        number: usize,
        readonly: bool,
    },
    /// A read-only view of a bytearray, or of an object that may be a buffer.
    View(Id),
    /// A call or an instance.
    Made(Made),
}

/// The way in which an object is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum How {
    Reduce,
    NewObj,
    NewObjEx,
    /// INST and OBJ.
    Inst,
}

/// A call or an instance, as it is spelled.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    pub how: How,
    pub callable: Id,
    pub args: Vec<Id>,
    pub kwargs: Option<Id>,
    /// Which builtin the call spells.
    pub known: Option<Known>,
    /// For a call of `set` or `frozenset`: the items that its argument had at the time.
    pub taken: Vec<Id>,
}

/// The operations on an object after it was made, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    Append(Id),
    Add(Id),
    Store(Id, Id),
    /// A state, and the function that sets it if that is not the class's own.
    State(Option<Id>, Id),
}

/// All values of a pickle.
#[derive(Debug, Default)]
pub struct World {
    pub things: Vec<Thing>,
    /// By object: what was done to it.
    pub done: Vec<Vec<Done>>,
    pub root: Id,
}

impl World {
    fn add(&mut self, thing: Thing) -> Id {
        self.things.push(thing);
        self.done.push(Vec::new());
        self.things.len() - 1
    }

    /// Returns true if its name is all that is known of a value, so that it may be or do anything.
    fn is_object(&self, id: Id) -> bool {
        matches!(
            self.things[id],
            Thing::Global { .. } | Thing::Extension(_) | Thing::PersistentId(_) | Thing::Made(_)
        )
    }

    /// Returns true if Python can hash it.
    fn is_hashable(&self, id: Id) -> bool {
        self.is_hashable_beside(id, &mut HashSet::new())
    }

    /// The same, where `seen` are known to be: a tuple of one tuple twice, and so on, is looked at
    /// once a level.
    fn is_hashable_beside(&self, id: Id, seen: &mut HashSet<Id>) -> bool {
        if !seen.insert(id) {
            return true;
        }
        match &self.things[id] {
            Thing::List(_) | Thing::Dict(_) | Thing::Set(_) | Thing::ByteArray(_) => false,
            // Taken for a bytearray, unlike in CPython, where it is whatever the reader of the
            // pickle gives.
            Thing::Buffer { readonly, .. } => *readonly,
            // An object can contain itself as a tuple does not: it is hashable whatever is in it,
            // so this comes to an end.
            Thing::Tuple(items) => items.iter().all(|&item| self.is_hashable_beside(item, seen)),
            Thing::View(viewed) => self.is_hashable_beside(*viewed, seen),
            Thing::Made(made) => !matches!(made.known, Some(Known::Set | Known::ByteArray)),
            _ => true,
        }
    }
}
