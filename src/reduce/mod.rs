//! The adapter layer: Rust values as the objects that `__reduce__` describes.

pub(crate) mod token;

use crate::value::{Dict, Value};

/// A class, function or other object that a pickle names by module and qualified name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Global {
    /// The module, as in `collections`.
    pub module: String,
    /// The qualified name, as in `OrderedDict` or `Outer.Inner`.
    pub qualname: String,
}

/// How an object comes to be from its callable and arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum How {
    /// `callable(*args)`: opcode REDUCE.
    Call = 0,
    /// `cls.__new__(cls, *args)`: opcode NEWOBJ, or a call of `copyreg.__newobj__`.
    NewObj = 1,
    /// `cls.__new__(cls, *args, **kwargs)`: opcode NEWOBJ_EX.
    NewObjEx = 2,
    /// The way of Python 2's classic classes, opcodes INST and OBJ: the class is called if there are arguments,
    /// otherwise an instance is made without a call.
    Inst = 3,
}

/// What `__reduce__` returns: how an object is built again.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduce<A = Value, S = Value, L = Value, K = Value, V = Value> {
    /// How the callable is used.
    pub how: How,
    /// What is called, or the class: nearly always a [`Value::Global`].
    pub callable: Value,
    /// The positional arguments, a tuple.
    pub args: A,
    /// The keyword arguments; empty unless `how` is [`How::NewObjEx`].
    pub kwargs: Dict,
    /// What is appended to the new object.
    pub listitems: Vec<L>,
    /// What is added to the new object, as to a set.
    pub setitems: Vec<L>,
    /// What is stored in the new object by key.
    pub dictitems: Vec<(K, V)>,
    /// The state, given to `__setstate__` or merged into `__dict__`.
    pub state: Option<S>,
    /// A function that takes object and state, instead of `__setstate__`.
    pub state_setter: Option<Value>,
}

/// Stands for an object outside the pickle, by an id that the application knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PersistentId<T>(pub T);
