//! [`Reduce`]: the tuple that Python's `__reduce__` returns, as a type.
//!
//! The constructors make a `Reduce` whose other parts are absent and of the dynamic type [`Value`];
//! each `with_` method that gives a part also gives its type. That is why inference needs no help
//! in `Reduce::new_obj(class, ())`, and why a new part with a type of its own must not be added as
//! a parameter without a default.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, DerefMut};

use super::{Args, Callable, Global};
use crate::error::{Error, Result, quoted};
use crate::value::{Dict, Value};

/// The way in which an object is made from its callable and arguments.
///
/// ```
/// use serde_pickle::reduce::How;
/// use serde_pickle::{Value, from_slice};
///
/// let how = |pickle| from_slice::<Value>(pickle).map(|value| value.as_object().unwrap().how());
/// assert_eq!(how(b"cm\nC\n(K\x01tR.")?, How::Call);
/// assert_eq!(how(b"\x80\x02cm\nC\n)\x81.")?, How::NewObj);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum How {
    /// `callable(*args)`: opcode REDUCE.
    #[default]
    Call = 0,
    /// `cls.__new__(cls, *args)`: opcode NEWOBJ, or a call of `copyreg.__newobj__`.
    NewObj = 1,
    /// `cls.__new__(cls, *args, **kwargs)`: opcode NEWOBJ_EX.
    NewObjEx = 2,
    /// The way of Python 2's classic classes, opcodes INST and OBJ: the class is called if there
    /// are arguments, otherwise an instance is made without a call.
    Inst = 3,
}

impl From<How> for u8 {
    /// The number that other formats have for it.
    fn from(how: How) -> Self {
        how as Self
    }
}

impl TryFrom<u8> for How {
    type Error = Error;

    /// # Errors
    /// A number above 3 is [`ErrorKind::Data`](crate::ErrorKind::Data).
    fn try_from(number: u8) -> Result<Self> {
        Ok(match number {
            0 => Self::Call,
            1 => Self::NewObj,
            2 => Self::NewObjEx,
            3 => Self::Inst,
            _ => {
                return Err(Error::data(format!(
                    "{number} is not a way to make an object; the ways are 0 to 3"
                )));
            }
        })
    }
}

/// A recipe for building an object again: the result of `__reduce__`, in Rust types.
///
/// In Python that is a tuple of two to six items: a callable, its arguments, and optionally the
/// state, an iterator of list items, one of dict items, and a function that sets the state. An
/// absent item and `None` are the same. Here the callable is nearly always a [`Global`]: nothing is
/// called, in either direction.
///
/// With all parameters left out it holds any object, its parts being [`Value`]s; this is what
/// `Value::Object` holds. With types given, it is the typed form of one class, which serde's own
/// `into` and `try_from` connect with a Rust type. This is for classes that define `__reduce__`,
/// `__setstate__`, `__getnewargs_ex__` or `__slots__`:
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use serde_pickle::reduce::{Global, Reduce};
///
/// // class Temperature:
/// //     def __getstate__(self): return (1, self.celsius)     # a version, and the number
/// //     def __setstate__(self, state): version, self.celsius = state
/// type AsPython = Reduce<(), (u32, f64)>;
///
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// #[serde(into = "AsPython", try_from = "AsPython")]
/// struct Temperature {
///     celsius: f64,
/// }
///
/// impl From<Temperature> for AsPython {
///     fn from(it: Temperature) -> Self {
///         Reduce::new_obj(Global::new("weather", "Temperature"), ()).with_state((1, it.celsius))
///     }
/// }
///
/// impl TryFrom<AsPython> for Temperature {
///     type Error = serde_pickle::Error;
///
///     fn try_from(object: AsPython) -> Result<Self, Self::Error> {
///         object.expect_class("weather", "Temperature")?;
///         let (_version, celsius) = object.state.unwrap_or((1, 0.0));
///         Ok(Self { celsius })
///     }
/// }
/// ```
///
/// # The type parameters
/// `A` is a tuple, array or tuple struct of the arguments; `()` for none. `S` is the type of the
/// state. `L` is the type of list and of set items, `K` and `V` that of dict items.
///
/// CPython does not write a state that is `None`, and neither does this crate; a `__setstate__` is
/// then not called. So `state: None` is the class's own default. (At protocols 0 and 1 `copyreg`
/// leaves out every state that is false; a class with a `__reduce__` of its own decides for itself,
/// and so does a `Reduce`.)
///
/// Source: "Pickling Class Instances" in the documentation of Python's `pickle`; PEP 307;
/// `save_reduce` in `Lib/pickle.py`.
#[derive(Clone)]
pub struct Reduce<A = Args, S = Box<Value>, L = Value, K = Value, V = Value> {
    /// The class or function: nearly always a [`Value::Global`], to which this derefs. It has the
    /// way in which it is used with it, [`how`](Self::how).
    pub callable: Callable,
    /// The positional arguments, a tuple.
    pub args: A,
    /// The state, given to `__setstate__` or merged into `__dict__`. Where it is any value it is
    /// in a box: most objects have none.
    pub state: Option<S>,
    /// The parts that few objects have, if this one has any: see [`MoreParts`].
    pub more: Option<Box<MoreParts<L, K, V>>>,
}

/// The parts of a [`Reduce`] that few objects have.
///
/// A `Reduce` derefs to them, so that they are read and changed like its own fields; what is not
/// there is empty. An object without any of them is half as large.
///
/// ```
/// use serde_pickle::Value;
/// use serde_pickle::reduce::{Args, Global, Reduce};
///
/// let mut stack = Reduce::<Args>::new_obj(Global::new("m", "Stack"), ().into());
/// assert!(stack.listitems.is_empty() && stack.more.is_none());
/// stack.listitems.push(Value::from(1));
/// assert_eq!(stack.listitems, [Value::from(1)]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MoreParts<L = Value, K = Value, V = Value> {
    /// The keyword arguments; empty unless `how` is [`How::NewObjEx`].
    pub kwargs: Dict,
    /// Items that are appended to the new object.
    pub listitems: Vec<L>,
    /// Items that are added to the new object, as to a set.
    ///
    /// Below protocol 4, which has no opcode for it, each is written as a call of the object's
    /// `add`. Python makes that call; this crate calls nothing, so it does not find the items
    /// again.
    pub setitems: Vec<L>,
    /// Entries that are stored in the new object by key.
    pub dictitems: Vec<(K, V)>,
    /// A function that takes object and state, instead of `__setstate__`.
    pub state_setter: Option<Value>,
}

impl<L, K, V> MoreParts<L, K, V> {
    const NONE: Self = Self {
        kwargs: Dict::new(),
        listitems: Vec::new(),
        setitems: Vec::new(),
        dictitems: Vec::new(),
        state_setter: None,
    };

    /// These parts for an object, which has none if all are empty.
    pub(crate) fn some(self) -> Option<Box<Self>> {
        let is_empty = self.kwargs.is_empty()
            && self.listitems.is_empty()
            && self.setitems.is_empty()
            && self.dictitems.is_empty()
            && self.state_setter.is_none();
        (!is_empty).then(|| Box::new(self))
    }
}

impl<L, K, V> Default for MoreParts<L, K, V> {
    fn default() -> Self {
        Self::NONE
    }
}

/// An object with a state, as `Value::Object` holds it.
///
/// ```
/// use serde_pickle::reduce::{Args, Global, Reduce};
/// use serde_pickle::{Value, pickle};
///
/// let point = Reduce::new_obj(Global::new("geometry", "Point"), Args::default())
///     .with_state(pickle!({"x": 1}));
/// let object: Reduce = point.into();
/// assert_eq!(Value::from(object).attr("x"), Some(&Value::from(1)));
/// ```
impl<A, L, K, V> From<Reduce<A, Value, L, K, V>> for Reduce<A, Box<Value>, L, K, V> {
    fn from(object: Reduce<A, Value, L, K, V>) -> Self {
        let Reduce { callable, args, state, more } = object;
        Self { callable, args, state: state.map(Box::new), more }
    }
}

impl<A, S, L, K, V> Deref for Reduce<A, S, L, K, V> {
    type Target = MoreParts<L, K, V>;

    #[inline]
    fn deref(&self) -> &MoreParts<L, K, V> {
        match &self.more {
            Some(more) => more,
            None => const { &MoreParts::NONE },
        }
    }
}

impl<A, S, L, K, V> DerefMut for Reduce<A, S, L, K, V> {
    fn deref_mut(&mut self) -> &mut MoreParts<L, K, V> {
        self.more.get_or_insert_default()
    }
}

impl<A, S, L, K, V> PartialEq for Reduce<A, S, L, K, V>
where
    A: PartialEq,
    S: PartialEq,
    L: PartialEq,
    K: PartialEq,
    V: PartialEq,
{
    fn eq(&self, other: &Self) -> bool {
        self.callable == other.callable
            && self.args == other.args
            && self.state == other.state
            && **self == **other
    }
}

impl<A: Eq, S: Eq, L: Eq, K: Eq, V: Eq> Eq for Reduce<A, S, L, K, V> {}

impl<A: Hash, S: Hash, L: Hash, K: Hash, V: Hash> Hash for Reduce<A, S, L, K, V> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.callable.hash(hasher);
        self.args.hash(hasher);
        self.state.hash(hasher);
        (**self).hash(hasher);
    }
}

impl<A, S, L, K, V> fmt::Debug for Reduce<A, S, L, K, V>
where
    A: fmt::Debug,
    S: fmt::Debug,
    L: fmt::Debug,
    K: fmt::Debug,
    V: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reduce")
            .field("how", &self.how())
            .field("callable", &self.callable)
            .field("args", &self.args)
            .field("kwargs", &self.kwargs)
            .field("listitems", &self.listitems)
            .field("setitems", &self.setitems)
            .field("dictitems", &self.dictitems)
            .field("state", &self.state)
            .field("state_setter", &self.state_setter)
            .finish()
    }
}

impl<A> Reduce<A> {
    /// `callable(*args)`, for a class or a function.
    ///
    /// ```
    /// use serde_pickle::reduce::{Global, Reduce};
    /// let price = Reduce::call(Global::new("decimal", "Decimal"), ("9.95",));
    /// assert!(price.class().is_some_and(|class| class.is("decimal", "Decimal")));
    /// ```
    pub fn call(callable: Global, args: A) -> Self {
        Self::made(How::Call, callable, args)
    }

    /// `class.__new__(class, *args)`: an instance whose `__init__` is not run, the usual way since
    /// protocol 2.
    ///
    /// The arguments are those of `__getnewargs__`, nearly always `()`.
    pub fn new_obj(class: Global, args: A) -> Self {
        Self::made(How::NewObj, class, args)
    }

    /// `class.__new__(class, *args, **kwargs)`, for a class with `__getnewargs_ex__`.
    ///
    /// ```
    /// use serde_pickle::reduce::{Global, Reduce};
    /// let money = Reduce::new_obj_ex(Global::new("shop", "Money"), (5,), [("currency", "EUR")]);
    /// assert_eq!(money.kwargs.len(), 1);
    /// ```
    pub fn new_obj_ex(class: Global, args: A, kwargs: impl Into<Dict>) -> Self {
        let kwargs = kwargs.into();
        let more = MoreParts { kwargs, ..MoreParts::NONE }.some();
        Self { more, ..Self::made(How::NewObjEx, class, args) }
    }

    /// An instance of one of Python 2's classic classes: `class(*args)` with the arguments of
    /// `__getinitargs__`, or without a call if there are none.
    ///
    /// ```
    /// use serde_pickle::reduce::{Global, How, Reduce};
    ///
    /// assert_eq!(Reduce::<_>::inst(Global::new("m", "Old"), ()).how(), How::Inst);
    /// ```
    pub fn inst(class: Global, args: A) -> Self {
        Self::made(How::Inst, class, args)
    }

    fn made(how: How, callable: Global, args: A) -> Self {
        Self::new(Callable::new(how, callable), args)
    }

    /// An object of a callable, which many may share, and its arguments, and nothing else.
    ///
    /// ```
    /// use serde_pickle::Value;
    /// use serde_pickle::reduce::{Args, Callable, Global, How, Reduce};
    ///
    /// let class = Callable::new(How::NewObj, Global::new("m", "C"));
    /// let objects: Vec<Value> = (0..3)
    ///     .map(|n| Value::from(Reduce::new(class.clone(), Args::from([n]))))
    ///     .collect();
    /// assert_eq!(objects[2].to_string(), "m.C(2)");
    /// ```
    #[inline]
    pub fn new(callable: Callable, args: A) -> Self {
        Self { callable, args, state: None, more: None }
    }
}

impl<A, S, L, K, V> Reduce<A, S, L, K, V> {
    /// Gives the state: what `__getstate__` returns.
    ///
    /// A struct or map becomes the instance's `__dict__`, unless the class has a `__setstate__`;
    /// for a class with `__slots__` see [`SlotsState`](crate::reduce::SlotsState).
    #[must_use]
    pub fn with_state<T>(self, state: T) -> Reduce<A, T, L, K, V> {
        let Self { callable, args, state: _, more } = self;
        Reduce { callable, args, state: Some(state), more }
    }

    /// Gives the items that are appended to the object, as for a subclass of list.
    ///
    /// They replace set items, if there were any: `__reduce__` cannot return both.
    ///
    /// ```
    /// use serde_pickle::reduce::{Global, Reduce};
    /// use serde_pickle::{Value, from_slice, to_vec};
    ///
    /// // class Stack(list), class Bag(set), class Table(dict)
    /// let stack = Reduce::<_>::new_obj(Global::new("m", "Stack"), ()).with_listitems([1, 2]);
    /// let bag = Reduce::<_>::new_obj(Global::new("m", "Bag"), ()).with_setitems([1, 2]);
    /// let table = Reduce::<_>::new_obj(Global::new("m", "Table"), ()).with_dictitems([("a", 1)]);
    /// let value: Value = from_slice(&to_vec(&(stack, bag, table))?)?;
    /// let made: Vec<_> = value.as_slice().unwrap().iter().flat_map(Value::as_object).collect();
    /// assert_eq!((made[0].listitems.len(), made[1].setitems.len()), (2, 2));
    /// assert_eq!(made[2].dictitems.len(), 1);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    #[must_use]
    pub fn with_listitems<T>(self, items: impl IntoIterator<Item = T>) -> Reduce<A, S, T, K, V> {
        self.with_items(items.into_iter().collect(), Vec::new())
    }

    /// Gives the items that are added to the object, as to a set. Protocol 4 and above; Python
    /// itself has no such item in what `__reduce__` returns, but its unpickler calls `add` of any
    /// object.
    ///
    /// They replace list items, if there were any.
    #[must_use]
    pub fn with_setitems<T>(self, items: impl IntoIterator<Item = T>) -> Reduce<A, S, T, K, V> {
        self.with_items(Vec::new(), items.into_iter().collect())
    }

    fn with_items<T>(self, listitems: Vec<T>, setitems: Vec<T>) -> Reduce<A, S, T, K, V> {
        let Self { callable, args, state, more } = self;
        let MoreParts { kwargs, dictitems, state_setter, .. } =
            more.map_or(MoreParts::NONE, |more| *more);
        let more = MoreParts { kwargs, listitems, setitems, dictitems, state_setter }.some();
        Reduce { callable, args, state, more }
    }

    /// Gives the pairs that are stored in the object by key, as for a subclass of dict.
    #[must_use]
    pub fn with_dictitems<T, U>(
        self,
        items: impl IntoIterator<Item = (T, U)>,
    ) -> Reduce<A, S, L, T, U> {
        let Self { callable, args, state, more } = self;
        let MoreParts { kwargs, listitems, setitems, state_setter, .. } =
            more.map_or(MoreParts::NONE, |more| *more);
        let dictitems = items.into_iter().collect();
        let more = MoreParts { kwargs, listitems, setitems, dictitems, state_setter }.some();
        Reduce { callable, args, state, more }
    }

    /// Gives the function that is called with object and state, instead of the class's
    /// `__setstate__`. Python 3.8 added it as the sixth item.
    #[must_use]
    pub fn with_state_setter(mut self, setter: Global) -> Self {
        self.state_setter = Some(Value::from(setter));
        self
    }

    /// Sets a callable that is not a global, such as the result of another call.
    ///
    /// ```
    /// use serde_pickle::Value;
    /// use serde_pickle::reduce::{Args, Global, Reduce};
    ///
    /// let maker = Value::from(Reduce::<Args>::call(Global::new("m", "maker"), ().into()));
    /// let object = Reduce::<Args>::call(Global::new("m", "C"), ().into())
    ///     .with_callable(maker.clone())
    ///     .with_state_setter(Global::new("m", "set"));
    /// assert_eq!(*object.callable, maker);
    /// assert_eq!(object.state_setter, Some(Value::global("m", "set")));
    /// ```
    #[must_use]
    pub fn with_callable(self, callable: Value) -> Self {
        Self { callable: Callable::of(self.how(), callable), ..self }
    }

    /// The way in which the callable is used.
    #[inline]
    pub fn how(&self) -> How {
        self.callable.how()
    }

    /// The class or function, if the callable is a global, which it nearly always is.
    pub fn class(&self) -> Option<&Global> {
        self.callable.class()
    }

    /// Returns true if the callable is `module.qualname`.
    pub fn is(&self, module: &str, qualname: &str) -> bool {
        self.class().is_some_and(|class| class.is(module, qualname))
    }

    /// Checks that the callable is `module.qualname`, for a `try_from` that reads this class alone.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data), with both names.
    ///
    /// ```
    /// use serde_pickle::reduce::{Global, Reduce};
    /// let point = Reduce::new_obj(Global::new("geometry", "Point"), ());
    /// let error = point.expect_class("geometry", "Line").unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "expected an object of geometry.Line, found one of geometry.Point"
    /// );
    /// ```
    pub fn expect_class(&self, module: &str, qualname: &str) -> Result<()> {
        match self.class() {
            Some(class) if class.is(module, qualname) => Ok(()),
            Some(class) => Err(Error::data(format!(
                "expected an object of {module}.{qualname}, found one of {}.{}",
                quoted(&class.module),
                quoted(&class.qualname)
            ))),
            None => Err(Error::data(format!(
                "expected an object of {module}.{qualname}, found one without a class"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class() -> Global {
        Global::new("geometry", "Point")
    }

    #[test]
    fn each_way_to_make_an_object_has_its_number() {
        for number in 0..=3 {
            assert_eq!(u8::from(How::try_from(number).unwrap()), number);
        }
        assert_eq!(
            How::try_from(4).unwrap_err().to_string(),
            "4 is not a way to make an object; the ways are 0 to 3"
        );
    }

    #[test]
    fn an_object_is_small() {
        // With the two counts of an `Arc` a block of 64 bytes of glibc's.
        assert_eq!(size_of::<Reduce>(), 40);
        assert_eq!(size_of::<Args>(), 16);
        assert_eq!(size_of::<Callable>(), 8);
    }

    #[test]
    fn the_parts_keep_each_other() {
        let object = Reduce::inst(class(), (1, 2))
            .with_dictitems([("a", 1.5)])
            .with_state("state")
            .with_listitems(["x", "y"])
            .with_state_setter(Global::new("geometry", "set_state"));
        assert_eq!(object.how(), How::Inst);
        assert!(object.is("geometry", "Point"));
        assert_eq!(object.args, (1, 2));
        assert_eq!(object.dictitems, [("a", 1.5)]);
        assert_eq!(object.state, Some("state"));
        assert_eq!(object.listitems, ["x", "y"]);
        assert_eq!(object.state_setter, Some(Value::from(Global::new("geometry", "set_state"))));
        let object = object.with_setitems([1_u8]);
        assert!(object.listitems.is_empty());
        assert_eq!(object.setitems, [1]);
    }

    #[test]
    fn a_callable_that_is_no_global_has_no_class() {
        let object = Reduce::call(class(), ()).with_callable(Value::from("text"));
        assert_eq!(object.class(), None);
        assert_eq!(
            object.expect_class("a", "B").unwrap_err().to_string(),
            "expected an object of a.B, found one without a class"
        );
    }
}
