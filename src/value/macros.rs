//! The `pickle!` macro.
//!
//! One rule (`@list`, `@brace`) for each container takes its tokens one by one until a comma or colon, so that a key or an
//! item can be any Rust expression. Items are handed over as `$crate::pickle!(…)` again; expressions end up in
//! `Value::from`. Rust limits the recursion of macros to 128 levels, and taking tokens one by one uses a level each:
//! what is found often (a literal, a name, something in brackets, followed by a comma) is therefore taken in one step,
//! several at a time.

/// Builds a [`Value`](crate::Value) from something like a Python literal.
///
/// ```
/// use serde_pickle::{Value, pickle};
///
/// let name = "Ada";
/// let langs = vec!["Python", "Rust"];
/// let value = pickle!({
///     "name": name,
///     "langs": langs,                     // any expression that is Into<Value>
///     1: [None, True, false, -2.5],       // keys of any kind
///     ("x", 0): (1,),                     // tuples
///     "tags": {"a", "b"},                 // a set, because there are no colons
///     "raw": b"\x00\xff",                 // bytes
///     "sum": 40 + 2,
/// });
/// assert_eq!(
///     value.to_string(),
///     r"{'name': 'Ada', 'langs': ['Python', 'Rust'], 1: [None, True, False, -2.5], ('x', 0): (1,), \
///        'tags': {'a', 'b'}, 'raw': b'\x00\xff', 'sum': 42}".replace("\\\n       ", ""),
/// );
/// ```
///
/// - `None`, `True`, `False` and `null`, `true`, `false` are Python's constants. (A Rust `None` has no type here; write
///   an expression such as `None::<i32>`.)
/// - `(…)` follows Python: `()` is the empty tuple, `(x,)` a tuple of one, `(x)` just `x`.
/// - `{}` is the empty dict, as in Python. An empty set is `Set::new()`.
/// - Anything else is a Rust expression that is `Into<Value>`: `i64::MAX`, `format!("…")`, `vec![1, 2]`, another `Value`.
///
/// # Panics
/// If a key is not hashable, or two keys are objects that look alike: where they come from data, use
/// [`Dict::try_insert`](crate::Dict::try_insert).
#[macro_export]
macro_rules! pickle {
    // A list: done items in brackets, then what is left.
    (@list [$($done:expr,)*]) => { ::std::vec![$($done,)*] };
    (@list [$($done:expr,)*] $item:tt , $($rest:tt)*) => {
        $crate::pickle!(@list [$($done,)* $crate::pickle!($item),] $($rest)*)
    };
    (@list [$($done:expr,)*] $item:tt) => { ::std::vec![$($done,)* $crate::pickle!($item),] };
}
