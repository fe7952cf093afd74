//! The `pickle!` macro.
//!
//! A container whose keys and items are single tokens or groups (literals, names, nested
//! containers) is taken in one step, however long it is. Any other is taken apart by the rules
//! `@list`, `@dict` and `@key`, each of which takes one item and calls itself for the rest, plain
//! ones eight or four at a time: Rust stops macros at 128 such calls, so that a list of ints with a
//! few expressions in it may have hundreds of items.
//!
//! Tokens behind a `$x:expr` must be able to follow an expression, and once such a rule is tried, a
//! syntax error in the expression is final. So rules with `expr` come behind the rules for syntax
//! that is Python's and not Rust's.

use super::{Dict, Set, Value};

/// Functions that the expansion of `pickle!` calls.
impl Dict {
    #[doc(hidden)]
    #[track_caller]
    #[expect(
        clippy::panic,
        reason = "the macro has no other way to say it, and its documentation does"
    )]
    pub fn __put(&mut self, key: Value, value: Value) {
        if let Err(error) = self.try_insert(key, value) {
            panic!("pickle!: {error}");
        }
    }
}

/// Functions that the expansion of `pickle!` calls.
impl Set {
    #[doc(hidden)]
    #[track_caller]
    #[expect(
        clippy::panic,
        reason = "the macro has no other way to say it, and its documentation does"
    )]
    pub fn __of(elements: Vec<Value>) -> Self {
        match Self::try_from_iter(elements) {
            Ok(set) => set,
            Err(error) => panic!("pickle!: {error}"),
        }
    }
}

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
///     "raw": b"\x00a",                    // bytes
///     "sum": 40 + 2,
/// });
/// assert_eq!(value["langs"].to_string(), "['Python', 'Rust']");
/// assert_eq!(value[1].to_string(), "[None, True, False, -2.5]");
/// assert_eq!(value[pickle!(("x", 0))].to_string(), "(1,)");
/// assert_eq!(value["tags"].to_string(), "{'a', 'b'}");
/// assert_eq!(value["raw"].to_string(), r"b'\x00a'");
/// assert_eq!(value["sum"], 42);
/// ```
///
/// - `None`, `True`, `False` and `null`, `true`, `false` are Python's constants. (A Rust `None` has
///   no type here; write an expression such as `None::<i32>`.)
/// - `(…)` follows Python: `()` is the empty tuple, `(x,)` a tuple of one, `(x)` just `x`.
/// - `{}` is the empty dict, as in Python. An empty set is `Set::new()`.
/// - Anything else is a Rust expression that is `Into<Value>`: `i64::MAX`, `format!("…")`,
///   `vec![1, 2]`, another `Value`. As the key of a dict, an expression with a comma or colon of
///   its own goes into parentheses.
///
/// # Panics
/// If a key is not hashable, or two keys are objects that look alike: where they come from data,
/// use [`Dict::try_insert`](crate::Dict::try_insert).
#[macro_export]
macro_rules! pickle {
    // Python's constants.
    (None) => { $crate::Value::None };
    (null) => { $crate::Value::None };
    (True) => { $crate::Value::Bool(true) };
    (true) => { $crate::Value::Bool(true) };
    (False) => { $crate::Value::Bool(false) };
    (false) => { $crate::Value::Bool(false) };

    // Containers.
    ([]) => { $crate::Value::List(::std::vec::Vec::new()) };
    ([ $($items:tt)+ ]) => { $crate::Value::List($crate::pickle!(@list [] $($items)+)) };
    (()) => { $crate::Value::Tuple(::std::vec::Vec::new()) };
    (( $item:tt )) => { $crate::pickle!($item) };
    (( $($items:tt)+ )) => { $crate::pickle!(@paren [] $($items)+) };
    ({}) => { $crate::Value::Dict($crate::Dict::new()) };
    ({ $($key:tt : $value:tt),+ $(,)? }) => {{
        let mut dict = $crate::Dict::new();
        $($crate::Dict::__put(&mut dict, $crate::pickle!($key), $crate::pickle!($value));)+
        $crate::Value::Dict(dict)
    }};
    ({ $($items:tt)+ }) => { $crate::pickle!(@brace [] $($items)+) };

    // The items of a list, tuple or set, as a Vec: those that are done, then the rest.
    (@list [] $($item:tt),+ $(,)?) => { ::std::vec![$($crate::pickle!($item)),+] };
    (@list [$($done:expr,)*]) => { ::std::vec![$($done),*] };
    (@list [$($done:expr,)*]
        $a:tt, $b:tt, $c:tt, $d:tt, $e:tt, $f:tt, $g:tt, $h:tt, $($rest:tt)*) => {
        $crate::pickle!(@list [$($done,)*
            $crate::pickle!($a), $crate::pickle!($b), $crate::pickle!($c), $crate::pickle!($d),
            $crate::pickle!($e), $crate::pickle!($f), $crate::pickle!($g), $crate::pickle!($h),
        ] $($rest)*)
    };
    (@list [$($done:expr,)*] $item:tt, $($rest:tt)*) => {
        $crate::pickle!(@list [$($done,)* $crate::pickle!($item),] $($rest)*)
    };
    (@list [$($done:expr,)*] $item:tt) => { ::std::vec![$($done,)* $crate::pickle!($item)] };
    (@list [$($done:expr,)*] $item:expr, $($rest:tt)*) => {
        $crate::pickle!(@list [$($done,)* $crate::Value::from($item),] $($rest)*)
    };
    (@list [$($done:expr,)*] $item:expr) => { ::std::vec![$($done,)* $crate::Value::from($item)] };

    // Content of parentheses: a tuple if there is a comma, else one expression.
    (@paren [$($seen:tt)*] , $($rest:tt)*) => {
        $crate::Value::Tuple($crate::pickle!(@list [] $($seen)* , $($rest)*))
    };
    (@paren [$($seen:tt)*] $next:tt $($rest:tt)*) => {
        $crate::pickle!(@paren [$($seen)* $next] $($rest)*)
    };
    (@paren [$($seen:tt)*]) => { $crate::Value::from($($seen)*) };

    // Content of braces: a dict if a colon comes first, a set if a comma or the end does.
    (@brace [$($seen:tt)+] : $($rest:tt)+) => {{
        let mut dict = $crate::Dict::new();
        $crate::pickle!(@dict dict $($seen)+ : $($rest)+);
        $crate::Value::Dict(dict)
    }};
    (@brace [$($seen:tt)+] , $($rest:tt)*) => {
        $crate::Value::Set($crate::Set::__of($crate::pickle!(@list [] $($seen)+ , $($rest)*)))
    };
    (@brace [$($seen:tt)*] $next:tt $($rest:tt)*) => {
        $crate::pickle!(@brace [$($seen)* $next] $($rest)*)
    };
    (@brace [$($seen:tt)+]) => {
        $crate::Value::Set($crate::Set::__of($crate::pickle!(@list [] $($seen)+)))
    };

    // The entries of a dict, one or several at a time.
    (@dict $dict:ident) => {};
    (
        @dict $dict:ident $ka:tt : $va:tt, $kb:tt : $vb:tt, $kc:tt : $vc:tt, $kd:tt : $vd:tt,
        $($rest:tt)*
    ) => {
        $crate::Dict::__put(&mut $dict, $crate::pickle!($ka), $crate::pickle!($va));
        $crate::Dict::__put(&mut $dict, $crate::pickle!($kb), $crate::pickle!($vb));
        $crate::Dict::__put(&mut $dict, $crate::pickle!($kc), $crate::pickle!($vc));
        $crate::Dict::__put(&mut $dict, $crate::pickle!($kd), $crate::pickle!($vd));
        $crate::pickle!(@dict $dict $($rest)*);
    };
    (@dict $dict:ident $($rest:tt)+) => { $crate::pickle!(@key $dict [] $($rest)+); };

    // The tokens of a key up to the colon, then the value.
    (@key $dict:ident [$($key:tt)+] : $value:tt) => {
        $crate::Dict::__put(&mut $dict, $crate::pickle!($($key)+), $crate::pickle!($value));
    };
    (@key $dict:ident [$($key:tt)+] : $value:tt, $($rest:tt)*) => {
        $crate::Dict::__put(&mut $dict, $crate::pickle!($($key)+), $crate::pickle!($value));
        $crate::pickle!(@dict $dict $($rest)*);
    };
    (@key $dict:ident [$($key:tt)+] : $value:expr, $($rest:tt)*) => {
        $crate::Dict::__put(&mut $dict, $crate::pickle!($($key)+), $crate::Value::from($value));
        $crate::pickle!(@dict $dict $($rest)*);
    };
    (@key $dict:ident [$($key:tt)+] : $value:expr) => {
        $crate::Dict::__put(&mut $dict, $crate::pickle!($($key)+), $crate::Value::from($value));
    };
    (@key $dict:ident [$($key:tt)*] $next:tt $($rest:tt)*) => {
        $crate::pickle!(@key $dict [$($key)* $next] $($rest)*);
    };

    // Rust.
    ($value:expr) => { $crate::Value::from($value) };
}

#[cfg(test)]
mod tests {
    #[test]
    fn braces_are_dicts_or_sets() {
        let key = "k";
        assert_eq!(pickle!({}).to_string(), "{}");
        assert_eq!(pickle!({"a": 1}).to_string(), "{'a': 1}");
        assert_eq!(
            pickle!({key: -1, -1: key, 1 + 1: [], "e": 1 + 1,}).to_string(),
            "{'k': -1, -1: 'k', 2: [], 'e': 2}"
        );
        assert_eq!(pickle!({i64::MAX: None::<i32>}).to_string(), "{9223372036854775807: None}");
        assert_eq!(pickle!({ 1 }).to_string(), "{1}");
        assert_eq!(pickle!({-1, key,}).to_string(), "{-1, 'k'}");
        assert_eq!(
            pickle!({None: {}, True: (), "l": [{1: 2}, {3}]}).to_string(),
            "{None: {}, True: (), 'l': [{1: 2}, {3}]}"
        );
        assert_eq!(pickle!({key.len(): 1, (key, [7].len()): 2}).to_string(), "{1: 1, ('k', 1): 2}");
    }

    #[test]
    fn parentheses_are_pythons() {
        let x = 2;
        assert_eq!(pickle!(()).to_string(), "()");
        assert_eq!(pickle!((1)).to_string(), "1");
        assert_eq!(pickle!((1,)).to_string(), "(1,)");
        assert_eq!(pickle!((x + 1,)).to_string(), "(3,)");
        assert_eq!(pickle!((x + 1)).to_string(), "3");
        assert_eq!(pickle!((x + 1) * 2).to_string(), "6");
        assert_eq!(pickle!([(x + 1) * 2, (1, None)]).to_string(), "[6, (1, None)]");
        assert_eq!(pickle!((-1, (x), "a", True)).to_string(), "(-1, 2, 'a', True)");
        assert_eq!(pickle!((None, None,)).to_string(), "(None, None)");
    }

    #[test]
    fn long_literals_compile() {
        let plain = pickle!([
            1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6, 7, 8,
            9, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6,
            7, 8, 9, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4,
            5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2,
            3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
        ]);
        assert_eq!(plain.as_list().unwrap().len(), 140);
        let mixed = pickle!([
            -1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6, 7, 8,
            9, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6,
            7, 8, 9, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4,
            5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2,
            3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, -10
        ]);
        assert_eq!(mixed.as_list().unwrap().len(), 140);
    }

    #[test]
    #[should_panic(expected = "pickle!: unhashable key: a tuple that contains a list")]
    fn an_unhashable_key_panics() {
        pickle!({(1, []): 2});
    }
}
