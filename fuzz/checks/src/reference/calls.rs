//! The calls by which older protocols spell a builtin: which they are, and what they come to.

use super::{Done, How, Id, Made, Thing, World};

/// Which builtin a call spells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Known {
    Set,
    FrozenSet,
    Bytes,
    ByteArray,
    /// `_codecs.encode`, which gives bytes.
    Encode,
    Complex,
    Reconstructor,
    NewObj,
    NewObjEx,
    GetAttr,
}

impl Known {
    /// Returns true if it is a value of Python's own, which takes no state and, but for a set, no
    /// items.
    pub(super) fn is_value(self) -> bool {
        !matches!(self, Self::Reconstructor | Self::NewObj | Self::NewObjEx | Self::GetAttr)
    }
}

/// An object, as it is seen through the way it is spelled.
#[derive(Debug, PartialEq)]
pub enum Seen {
    Set {
        frozen: bool,
        items: Vec<Id>,
    },
    /// `None` for a buffer that is not in the pickle, and for text in an unknown encoding.
    Bytes {
        array: bool,
        content: Option<Vec<u8>>,
    },
    Complex,
    /// Module and dotted name.
    Global(String, String),
    Object {
        how: How,
        callable: Id,
        args: Vec<Id>,
        kwargs: Option<Id>,
    },
}

impl World {
    /// Text that can be a name: no surrogates.
    fn text(&self, id: Id) -> Option<String> {
        match &self.things[id] {
            Thing::Str(bytes) => String::from_utf8(bytes.clone()).ok(),
            _ => None,
        }
    }

    /// The same, or an 8-bit string.
    fn is_any_text(&self, id: Id) -> bool {
        self.text(id).is_some() || matches!(self.things[id], Thing::Chars(_))
    }

    /// Returns true if it is named, or made by a call of what may be anything.
    pub(super) fn may_be_called(&self, id: Id) -> bool {
        match &self.things[id] {
            Thing::Made(made) => !made.known.is_some_and(Known::is_value),
            _ => self.is_object(id),
        }
    }

    fn is_object_class(&self, id: Id) -> bool {
        matches!(&self.things[id], Thing::Global { module, name }
            if name == "object" && matches!(module.as_str(), "builtins" | "__builtin__"))
    }

    fn is_number(&self, id: Id) -> bool {
        matches!(self.things[id], Thing::Int(_) | Thing::Float(_) | Thing::Bool(_))
    }

    fn is_bytes(&self, id: Id) -> bool {
        match &self.things[id] {
            Thing::Bytes(_) | Thing::ByteArray(_) | Thing::Chars(_) | Thing::Buffer { .. } => true,
            Thing::Made(made) => matches!(made.known, Some(Known::Bytes | Known::Encode)),
            _ => false,
        }
    }

    /// The meaning of a call of `callable` with `args`; an error where Python would refuse it.
    pub(super) fn understand(
        &self,
        callable: Id,
        args: &[Id],
    ) -> Result<Option<Known>, &'static str> {
        let Thing::Global { module, name } = &self.things[callable] else { return Ok(None) };
        let known = match (module.as_str(), name.as_str()) {
            ("builtins" | "__builtin__", "set") => Known::Set,
            ("builtins" | "__builtin__", "frozenset") => Known::FrozenSet,
            ("builtins" | "__builtin__", "bytes") => Known::Bytes,
            ("builtins" | "__builtin__", "bytearray") => Known::ByteArray,
            ("builtins" | "__builtin__", "complex") => Known::Complex,
            ("builtins" | "__builtin__", "getattr") => Known::GetAttr,
            ("_codecs", "encode") => Known::Encode,
            ("copyreg" | "copy_reg", "_reconstructor") => Known::Reconstructor,
            ("copyreg" | "copy_reg", "__newobj__") => Known::NewObj,
            ("copyreg" | "copy_reg", "__newobj_ex__") => Known::NewObjEx,
            _ => return Ok(None),
        };
        let fits = match (known, args) {
            (Known::Set | Known::FrozenSet, []) => true,
            (Known::Set | Known::FrozenSet, &[items]) => match &self.things[items] {
                Thing::List(items) | Thing::Tuple(items) => {
                    if !items.iter().all(|&item| self.is_hashable(item)) {
                        return Err("a set of something unhashable");
                    }
                    true
                }
                _ => false,
            },
            (Known::Bytes | Known::ByteArray, []) => true,
            (Known::Bytes | Known::ByteArray, &[bytes]) => self.is_bytes(bytes),
            (Known::Bytes | Known::ByteArray | Known::Encode, &[text, encoding]) => {
                self.is_any_text(text) && self.is_any_text(encoding) && self.encoded(args).is_ok()
            }
            (Known::Complex, [_] | [_, _]) => args.iter().all(|&part| self.is_number(part)),
            (Known::Reconstructor, &[class, _, _]) | (Known::NewObj, &[class, ..]) => {
                self.may_be_called(class)
            }
            (Known::NewObjEx, &[class, args, kwargs]) => {
                self.may_be_called(class)
                    && matches!(self.things[args], Thing::Tuple(_))
                    && matches!(self.things[kwargs], Thing::Dict(_))
            }
            (Known::GetAttr, &[owner, name]) => {
                let named = match &self.things[owner] {
                    Thing::Global { .. } => true,
                    Thing::Made(made) => made.known == Some(Known::GetAttr),
                    _ => false,
                };
                let dotted = match &self.things[name] {
                    Thing::Chars(bytes) => bytes.contains(&b'.'),
                    _ => self.text(name).is_some_and(|name| name.contains('.')),
                };
                named && self.is_any_text(name) && !dotted
            }
            _ => false,
        };
        Ok(fits.then_some(known))
    }

    /// The object as it is seen.
    pub fn see(&self, id: Id) -> Seen {
        let Thing::Made(made) = &self.things[id] else { panic!("only objects are made") };
        let args = made.args.clone();
        let call = |how| Seen::Object {
            how,
            callable: made.callable,
            args: args.clone(),
            kwargs: made.kwargs,
        };
        match (made.known, args.as_slice()) {
            (Some(known @ (Known::Set | Known::FrozenSet)), _) => {
                let added = self.done[id].iter().filter_map(|done| match done {
                    Done::Add(item) => Some(*item),
                    _ => None,
                });
                Seen::Set {
                    frozen: known == Known::FrozenSet,
                    items: made.taken.iter().copied().chain(added).collect(),
                }
            }
            (Some(known @ (Known::Bytes | Known::ByteArray | Known::Encode)), _) => {
                match self.encoded(&args) {
                    // A call that cannot be encoded stays a call.
                    Err(()) => call(made.how),
                    Ok(content) => Seen::Bytes { array: known == Known::ByteArray, content },
                }
            }
            (Some(Known::Complex), _) => Seen::Complex,
            (Some(Known::GetAttr), _) => match self.dotted(id) {
                Some((module, name)) => Seen::Global(module, name),
                None => call(made.how),
            },
            (Some(Known::NewObj), [class, args @ ..]) => Seen::Object {
                how: How::NewObj,
                callable: *class,
                args: args.to_vec(),
                kwargs: None,
            },
            (Some(Known::NewObjEx), &[class, args, kwargs]) => {
                let Thing::Tuple(args) = &self.things[args] else {
                    panic!("the arguments are a tuple")
                };
                Seen::Object {
                    how: How::NewObjEx,
                    callable: class,
                    args: args.clone(),
                    kwargs: Some(kwargs),
                }
            }
            // With the value of another base class than `object` it stays the call.
            (Some(Known::Reconstructor), &[class, base, value])
                if self.things[value] == Thing::None && self.is_object_class(base) =>
            {
                Seen::Object { how: How::NewObj, callable: class, args: Vec::new(), kwargs: None }
            }
            (None, []) if made.how == How::Reduce => {
                self.partial(made.callable).unwrap_or_else(|| call(made.how))
            }
            _ => call(made.how),
        }
    }

    /// `functools.partial(class.__new__, class, *args, **kwargs)()`: NEWOBJ_EX before protocol 4.
    fn partial(&self, callable: Id) -> Option<Seen> {
        let Thing::Made(Made { how: How::Reduce, callable: function, .. }) = &self.things[callable]
        else {
            return None;
        };
        let Thing::Global { module, name } = &self.things[*function] else { return None };
        if (module.as_str(), name.as_str()) != ("functools", "partial") {
            return None;
        }
        let &[Done::State(None, state)] = self.done[callable].as_slice() else { return None };
        let Thing::Tuple(state) = &self.things[state] else { return None };
        let &[new, args, kwargs, attributes] = state.as_slice() else { return None };
        let Thing::Made(Made { known: Some(Known::GetAttr), args: named, .. }) = &self.things[new]
        else {
            return None;
        };
        if self.text(named[1]).as_deref() != Some("__new__")
            || self.things[attributes] != Thing::None
        {
            return None;
        }
        let Thing::Tuple(args) = &self.things[args] else { return None };
        let (&class, args) = args.split_first().filter(|(class, _)| self.may_be_called(**class))?;
        let kwargs = match &self.things[kwargs] {
            Thing::None => None,
            Thing::Dict(_) => Some(kwargs),
            _ => return None,
        };
        Some(Seen::Object { how: How::NewObjEx, callable: class, args: args.to_vec(), kwargs })
    }

    /// Module and dotted name of a global, or of an attribute of one.
    fn dotted(&self, id: Id) -> Option<(String, String)> {
        match &self.things[id] {
            Thing::Global { module, name } => Some((module.clone(), name.clone())),
            Thing::Made(Made { known: Some(Known::GetAttr), args, .. }) => {
                let (module, owner) = self.dotted(args[0])?;
                let name = match &self.things[args[1]] {
                    Thing::Chars(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                    _ => self.text(args[1])?,
                };
                Some((module, format!("{owner}.{name}")))
            }
            _ => None,
        }
    }

    /// The bytes that a call makes.
    fn encoded(&self, args: &[Id]) -> Result<Option<Vec<u8>>, ()> {
        match *args {
            [] => Ok(Some(Vec::new())),
            [value] => match &self.things[value] {
                Thing::Bytes(bytes) | Thing::ByteArray(bytes) | Thing::Chars(bytes) => {
                    Ok(Some(bytes.clone()))
                }
                // A bytearray of bytes whose encoding is unknown: a bytearray, of unknown content.
                Thing::Made(made) => Ok(self.encoded(&made.args).unwrap_or(None)),
                _ => Ok(None),
            },
            [text, encoding, ..] => {
                let encoding = match &self.things[encoding] {
                    Thing::Chars(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                    _ => self.text(encoding).ok_or(())?,
                };
                let encoding = encoding.to_ascii_lowercase().replace(['_', ' '], "-");
                let highest = match encoding.as_str() {
                    "latin1" | "latin-1" | "latin" | "iso-8859-1" | "iso8859-1" | "8859"
                    | "cp819" | "l1" => 0xff,
                    "ascii" | "us-ascii" | "646" => 0x7f,
                    "utf8" | "utf-8" | "u8" => u32::MAX,
                    _ => return Err(()),
                };
                if let Thing::Chars(bytes) = &self.things[text] {
                    return Ok(Some(bytes.clone()));
                }
                let text = self.text(text).ok_or(())?;
                if highest == u32::MAX {
                    return Ok(Some(text.into_bytes()));
                }
                let bytes = text
                    .chars()
                    .map(|c| u8::try_from(c as u32).ok().filter(|_| c as u32 <= highest));
                bytes.collect::<Option<Vec<u8>>>().map(Some).ok_or(())
            }
        }
    }
}
