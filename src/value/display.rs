//! `Display`: Python's `repr`.
//!
//! Exact for Python's builtin types. The `repr` of other objects cannot be known without running
//! code, so they get a form of their own that shows all their parts:
//!
//! - a class or function: `<global 'collections.OrderedDict'>`;
//! - an object: the call that makes it, then what is put into it:
//!   `geometry.Point(1, 2, listitems=[…], setitems=[…], dictitems=[(key, value), …], state={…},
//!   state_setter=…)`;
//! - a persistent id: `<persistent id 'key'>`; a buffer: `PickleBuffer(b'…', readonly=True)`;
//! - an int of more digits than are converted: `<int of 1000000 bits>`.
//!
//! The alternate form `{:#}` puts each item on a line of its own, with Python's trailing comma. The
//! indentation stops growing at 256 columns, because the text of a deep value would otherwise be
//! quadratic.
//!
//! `Debug` is the same within the name of the Rust type, because nothing shows data of Python
//! shorter or more exactly; it adds the way in which an object is made
//! (`<NewObj> geometry.Point(1, 2)`). A derived `Debug` takes cubic time for a deep value in its
//! alternate form, as each level passes its text through all levels above.

use std::fmt::{self, Display, Formatter, Write};

use super::repr::{decimal, write_bytearray, write_bytes, write_complex, write_float, write_str};
use super::{Dict, PickleBuffer, Set, SurrogateString, Value};
use crate::error::quoted;
use crate::limits;
use crate::reduce::{Args, Global, How, Reduce};
use crate::stdlib::surrogates::Piece;

macro_rules! print_as_python {
    ($($type:ty: $method:ident, $name:literal;)*) => {$(
        impl Display for $type {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                Printer { pretty: f.alternate(), debug: false, indent: 0, out: f }.$method(self)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($name, "("))?;
                Printer { pretty: f.alternate(), debug: true, indent: 0, out: f }.$method(self)?;
                f.write_str(")")
            }
        }
    )*};
}
print_as_python! {
    Value: value, "Value";
    Args: tuple, "Args";
    Dict: dict, "Dict";
    Set: set, "Set";
    SurrogateString: surrogates, "SurrogateString";
}

impl Display for super::Complex {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_complex(f, *self)
    }
}

/// A Python `repr` in progress.
struct Printer<'a> {
    out: &'a mut dyn Write,
    /// Each item on a line of its own.
    pretty: bool,
    /// Also prints distinctions that `repr` hides.
    debug: bool,
    indent: usize,
}

impl Printer<'_> {
    fn value(&mut self, value: &Value) -> fmt::Result {
        match value {
            Value::Tuple(items) => self.tuple(items),
            Value::List(items) => self.list(items),
            Value::Dict(dict) => self.dict(dict),
            Value::Set(set) => self.set(set),
            Value::FrozenSet(set) => self.frozenset(set),
            Value::Object(reduce) => self.object(reduce),
            Value::PersistentId(id) => self.persistent_id(id),
            _ => self.leaf(value),
        }
    }

    /// A value that holds no others.
    #[cfg_attr(debug_assertions, inline(never))]
    fn leaf(&mut self, value: &Value) -> fmt::Result {
        match value {
            Value::Bool(true) => self.out.write_str("True"),
            Value::Bool(false) => self.out.write_str("False"),
            Value::Int(int) => write!(self.out, "{int}"),
            Value::BigInt(int) => match decimal(int) {
                Some(text) => self.out.write_str(&text),
                None => write!(self.out, "<int of {} bits>", int.bits()),
            },
            Value::Float(float) => write_float(self.out, *float),
            Value::Complex(complex) => write_complex(self.out, *complex),
            Value::Str(text) => write_str(self.out, [Piece::Text(text)].into_iter()),
            Value::Surrogates(text) => self.surrogates(text),
            Value::Bytes(bytes) => write_bytes(self.out, bytes),
            Value::ByteArray(bytes) => write_bytearray(self.out, bytes),
            Value::Global(global) => self.global(global),
            Value::Buffer(buffer) => self.buffer(buffer),
            // `None`. Containers do not get here.
            _ => self.out.write_str("None"),
        }
    }

    fn surrogates(&mut self, text: &SurrogateString) -> fmt::Result {
        write_str(self.out, text.pieces())
    }

    fn global(&mut self, global: &Global) -> fmt::Result {
        let name = format!("{}.{}", global.module, global.qualname);
        self.out.write_str("<global ")?;
        write_str(self.out, [Piece::Text(&name)].into_iter())?;
        self.out.write_char('>')
    }

    fn buffer(&mut self, buffer: &PickleBuffer) -> fmt::Result {
        self.out.write_str("PickleBuffer(")?;
        write_bytes(self.out, &buffer.data)?;
        self.out.write_str(if buffer.readonly { ", readonly=True)" } else { ")" })
    }

    #[cfg_attr(debug_assertions, inline(never))]
    fn persistent_id(&mut self, id: &Value) -> fmt::Result {
        self.out.write_str("<persistent id ")?;
        self.value(id)?;
        self.out.write_char('>')
    }

    #[cfg_attr(debug_assertions, inline(never))]
    fn list(&mut self, items: &[Value]) -> fmt::Result {
        self.out.write_char('[')?;
        self.items(items.iter())?;
        self.out.write_char(']')
    }

    #[cfg_attr(debug_assertions, inline(never))]
    fn tuple(&mut self, items: &[Value]) -> fmt::Result {
        self.out.write_char('(')?;
        self.items(items.iter())?;
        // The comma that makes a tuple of one; over lines there is one behind every item.
        self.out.write_str(if items.len() == 1 && !self.pretty { ",)" } else { ")" })
    }

    #[cfg_attr(debug_assertions, inline(never))]
    fn set(&mut self, set: &Set) -> fmt::Result {
        if set.is_empty() {
            return self.out.write_str("set()");
        }
        self.out.write_char('{')?;
        self.items(set.iter())?;
        self.out.write_char('}')
    }

    #[cfg_attr(debug_assertions, inline(never))]
    fn frozenset(&mut self, set: &Set) -> fmt::Result {
        self.out.write_str("frozenset(")?;
        if !set.is_empty() {
            self.set(set)?;
        }
        self.out.write_char(')')
    }

    #[cfg_attr(debug_assertions, inline(never))]
    fn dict(&mut self, dict: &Dict) -> fmt::Result {
        self.out.write_char('{')?;
        let mut first = true;
        for (key, value) in dict {
            self.separate(&mut first)?;
            self.value(key)?;
            self.out.write_str(": ")?;
            self.value(value)?;
        }
        self.close(first)?;
        self.out.write_char('}')
    }

    #[cfg_attr(debug_assertions, inline(never))]
    fn object(&mut self, reduce: &Reduce) -> fmt::Result {
        if self.debug {
            write!(self.out, "<{:?}> ", reduce.how())?;
        }
        match &*reduce.callable {
            Value::Global(global) => {
                write!(self.out, "{}.{}", name(&global.module), name(&global.qualname))?;
            }
            callable => self.value(callable)?,
        }
        self.out.write_char('(')?;
        let mut first = true;
        self.arguments(reduce, &mut first)?;
        self.argument(
            &mut first,
            "listitems",
            (!reduce.listitems.is_empty()).then_some(&*reduce.listitems),
            Self::list,
        )?;
        self.argument(
            &mut first,
            "setitems",
            (!reduce.setitems.is_empty()).then_some(&*reduce.setitems),
            Self::list,
        )?;
        self.argument(
            &mut first,
            "dictitems",
            (!reduce.dictitems.is_empty()).then_some(&*reduce.dictitems),
            Self::pairs,
        )?;
        self.argument(&mut first, "state", reduce.state.as_deref(), Self::value)?;
        self.argument(&mut first, "state_setter", reduce.state_setter.as_ref(), Self::value)?;
        self.close(first)?;
        self.out.write_char(')')
    }

    /// The positional arguments and the keyword arguments of a call.
    #[cfg_attr(debug_assertions, inline(never))]
    fn arguments(&mut self, reduce: &Reduce, first: &mut bool) -> fmt::Result {
        for item in &reduce.args {
            self.separate(first)?;
            self.value(item)?;
        }
        if reduce.how() == How::NewObjEx || !reduce.kwargs.is_empty() {
            for (key, value) in &reduce.kwargs {
                self.separate(first)?;
                match key {
                    Value::Str(name) => self.out.write_str(&self::name(name))?,
                    key => self.value(key)?,
                }
                self.out.write_char('=')?;
                self.value(value)?;
            }
        }
        Ok(())
    }

    fn argument<T: ?Sized>(
        &mut self,
        first: &mut bool,
        name: &str,
        value: Option<&T>,
        print: fn(&mut Self, &T) -> fmt::Result,
    ) -> fmt::Result {
        let Some(value) = value else { return Ok(()) };
        self.separate(first)?;
        write!(self.out, "{name}=")?;
        print(self, value)
    }

    #[cfg_attr(debug_assertions, inline(never))]
    fn pairs(&mut self, pairs: &[(Value, Value)]) -> fmt::Result {
        self.out.write_char('[')?;
        let mut first = true;
        for (key, value) in pairs {
            self.separate(&mut first)?;
            self.out.write_char('(')?;
            self.value(key)?;
            self.out.write_str(", ")?;
            self.value(value)?;
            self.out.write_char(')')?;
        }
        self.close(first)?;
        self.out.write_char(']')
    }

    fn items<'v>(&mut self, items: impl Iterator<Item = &'v Value>) -> fmt::Result {
        let mut first = true;
        for item in items {
            self.separate(&mut first)?;
            self.value(item)?;
        }
        self.close(first)
    }

    /// Writes the separator before an item, or the start before the first.
    fn separate(&mut self, first: &mut bool) -> fmt::Result {
        let first = std::mem::replace(first, false);
        if self.pretty {
            self.indent += usize::from(first);
            self.out.write_str(if first { "" } else { "," })?;
            self.line()
        } else {
            self.out.write_str(if first { "" } else { ", " })
        }
    }

    /// Writes the end behind the last item, if there is any.
    fn close(&mut self, empty: bool) -> fmt::Result {
        if empty || !self.pretty {
            return Ok(());
        }
        self.indent -= 1;
        self.out.write_char(',')?;
        self.line()
    }

    fn line(&mut self) -> fmt::Result {
        self.out.write_char('\n')?;
        let columns = (4 * self.indent).min(limits::INDENT);
        write!(self.out, "{:columns$}", "")
    }
}

/// A name as it is, if it is one; anything else escaped.
fn name(name: &str) -> std::borrow::Cow<'_, str> {
    if name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '<' | '>')) {
        name.into()
    } else {
        quoted(name).escape_debug().to_string().into()
    }
}

#[cfg(test)]
mod tests {
    use num_bigint::BigInt;

    use super::*;
    use crate::pickle;
    use crate::reduce::{Callable, MoreParts};

    fn point() -> Reduce {
        Reduce::new_obj(Global::new("geometry", "Point"), Args::from((1, "a")))
    }

    #[test]
    fn an_object_prints_as_the_call_that_makes_it_and_what_it_holds() {
        let print = |object: Reduce| Value::from(object).to_string();
        assert_eq!(print(point()), "geometry.Point(1, 'a')");
        assert_eq!(
            print(Reduce { state: Some(Box::new(pickle!({"x": 1}))), ..point() }),
            "geometry.Point(1, 'a', state={'x': 1})"
        );
        assert_eq!(
            print(Reduce {
                callable: Callable::new(How::NewObjEx, point().callable.clone()),
                more: Some(Box::new(MoreParts {
                    kwargs: Dict::from([("z", 3)]),
                    listitems: vec![1.into()],
                    setitems: vec![2.into()],
                    dictitems: vec![("k".into(), pickle!([]))],
                    state_setter: Some(Value::global("geometry", "restore")),
                })),
                ..point()
            }),
            "geometry.Point(1, 'a', z=3, listitems=[1], setitems=[2], dictitems=[('k', [])], \
             state_setter=<global 'geometry.restore'>)"
        );
        let odd = point().with_callable(pickle!("no class"));
        assert_eq!(print(odd), "'no class'(1, 'a')");
        let odd = point().with_callable(Value::global("os\n", "x'(y"));
        assert_eq!(print(odd), r"os\n.x\'(y(1, 'a')");
    }

    #[test]
    fn what_has_no_repr_in_python_is_in_angle_brackets() {
        assert_eq!(Value::global("a.b", "C.d").to_string(), "<global 'a.b.C.d'>");
        assert_eq!(
            Value::PersistentId(Box::new(pickle!(("t", 1)))).to_string(),
            "<persistent id ('t', 1)>"
        );
        let buffer = |readonly| Value::from(PickleBuffer { data: b"a".to_vec(), readonly });
        assert_eq!(buffer(false).to_string(), "PickleBuffer(b'a')");
        assert_eq!(buffer(true).to_string(), "PickleBuffer(b'a', readonly=True)");
        assert_eq!(
            Value::from(BigInt::from(1) << 1_000_000_u32).to_string(),
            "<int of 1000001 bits>"
        );
    }

    #[test]
    fn items_go_on_lines_of_their_own() {
        let value = pickle!({"a": [1, (2,)], "empty": [[], {}, ()], "s": {3}});
        let text = "{
    'a': [
        1,
        (
            2,
        ),
    ],
    'empty': [
        [],
        {},
        (),
    ],
    's': {
        3,
    },
}";
        assert_eq!(format!("{value:#}"), text);
        assert_eq!(
            format!("{:#}", Value::from(Reduce { state: Some(Box::new(pickle!([1]))), ..point() })),
            "geometry.Point(\n    1,\n    'a',\n    state=[\n        1,\n    ],\n)"
        );
    }

    #[test]
    fn debug_says_how_an_object_is_made() {
        assert_eq!(format!("{:?}", Value::from(point())), "Value(<NewObj> geometry.Point(1, 'a'))");
        assert_eq!(format!("{:?}", pickle!([1])), "Value([1])");
        assert_eq!(format!("{:?}", Dict::from([(1, "a")])), "Dict({1: 'a'})");
    }
}
