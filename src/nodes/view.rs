//! Instances in the graph, seen through their spellings.
//!
//! The machine notes how an instance was made and the known meaning of its call; here that becomes
//! one [`View`] for all readers: serde, `Value` and the public `Graph`.

use std::borrow::Cow;

use super::codec::Codec;
use super::handle::{Handle, Tag};
use super::known::{Known, is_object_class, may_be_called};
use super::scalar;
use super::spelling::Spelling;
use super::store::{Flags, MoreRuns, Nodes, Object, RunKind};
use crate::error::{Error, Result};
use crate::limits;
use crate::meter;
use crate::reduce::How;

/// An instance, seen through its spelling.
pub(crate) enum View<'g> {
    /// A set or frozenset made by a call: the list or tuple it was made of, if any, and the number
    /// of items taken from that.
    Set { frozen: bool, items: Option<Handle>, taken: usize },
    /// Bytes or a bytearray made by a call of these arguments; [`bytes_of`] gives the bytes.
    Bytes { array: bool, of: &'g [Handle] },
    /// A complex made by a call: the handles of its parts.
    Complex { real: Handle, imaginary: Option<Handle> },
    /// An attribute of a class, as protocols below 4 name nested classes; [`global_names`] gives
    /// both names.
    Attribute,
    /// Anything else.
    Object(ObjectView<'g>),
}

/// The bytes that a call makes.
pub(crate) enum Payload {
    /// Those of this value: bytes, an 8-bit string, or text in UTF-8.
    Of(Handle),
    /// Encoded from text.
    Encoded(Vec<u8>),
}

/// An object by what `__reduce__` would have returned for it.
#[derive(Clone, Copy)]
pub(crate) struct ObjectView<'g> {
    pub(crate) how: How,
    pub(crate) callable: Handle,
    pub(crate) args: &'g [Handle],
    /// A dict.
    pub(crate) kwargs: Option<Handle>,
    /// For `copyreg._reconstructor`: the base class and its value, unless that is `object` and
    /// `None`.
    pub(crate) base: Option<(Handle, Handle)>,
    pub(crate) object: Object,
}

impl<'g> ObjectView<'g> {
    /// The runs that were given to the object after it was made, in order.
    pub(crate) fn more<'de>(&self, nodes: &'g Nodes<'de>) -> MoreRuns<'g, 'de> {
        nodes.more(&self.object)
    }

    /// The state that BUILD gave it; looks at all runs, so one that may be asked again and again
    /// asks the walk's `Cx::state`.
    ///
    /// # Errors
    /// Several states: only the class knows their meaning.
    pub(crate) fn state(&self, nodes: &'g Nodes<'_>) -> Result<Option<Handle>> {
        let mut states = self.more(nodes).filter(|(kind, _)| *kind == RunKind::State);
        let state = states.next().and_then(|(_, run)| run.first().copied());
        match states.next() {
            None => Ok(state),
            Some(_) => Err(self.several_states()),
        }
    }

    /// The error of an object that is given state twice.
    #[cold]
    pub(crate) fn several_states(&self) -> Error {
        Error::unsupported("an object is given state twice; read it with Graph")
            .at(self.object.offset() as u64)
    }
}

/// The items of a tuple; nothing for anything else.
pub(crate) fn tuple_items<'g>(nodes: &'g Nodes<'_>, tuple: Handle) -> &'g [Handle] {
    match tuple.tag() {
        Tag::Tuple => nodes.first(&nodes.object(tuple.number())),
        _ => &[],
    }
}

/// The items of a set made by a call: those that the list or tuple had then, and those added to the
/// set since.
pub(crate) fn set_items(
    nodes: &Nodes<'_>,
    set: u32,
    items: Option<Handle>,
    taken: usize,
) -> Vec<Handle> {
    let mut handles = Vec::new();
    if let Some(items) = items.filter(|items| items.is_object()) {
        handles.extend(nodes.contents(&nodes.object(items.number())).take(taken));
    }
    let added = nodes.more(&nodes.object(set)).filter(|(kind, _)| *kind == RunKind::Adds);
    handles.extend(added.flat_map(|(_, run)| run.iter().copied()));
    handles
}

/// The value in the input that the bytes of `payload` come from. Payloads with the same source are
/// the same.
pub(crate) fn payload_identity(nodes: &Nodes<'_>, payload: Handle) -> Handle {
    let mut handle = payload;
    // Bytes by a call, of a bytearray, of a view, of bytes by a call: no pickler nests deeper.
    for _ in 0..4 {
        let object = nodes.object(handle.number());
        let inner = match handle.tag() {
            Tag::ByteArray | Tag::View => nodes.first(&object).first().copied(),
            Tag::Instance if Spelling::known(object.flags()).is_builtin_value() => {
                let arguments = nodes.first(&object).get(1).copied().unwrap_or(Handle::VACANT);
                tuple_items(nodes, arguments).first().copied()
            }
            _ => None,
        };
        match inner {
            Some(inner) => handle = inner,
            None => break,
        }
    }
    nodes.identity(handle)
}

/// Returns the meaning of the instance `number`, whatever its spelling.
///
/// # Errors
/// None for nodes that the machine made: a call that it does not understand is an object.
pub(crate) fn view<'g>(nodes: &'g Nodes<'_>, input: &'g [u8], number: u32) -> Result<View<'g>> {
    let object = nodes.object(number);
    let parts = nodes.first(&object);
    let callable = parts.first().copied().unwrap_or(Handle::VACANT);
    let view = |how, callable, args, kwargs| {
        View::Object(ObjectView { how, callable, args, kwargs, base: None, object })
    };
    let spelling = Spelling::of(object.flags());
    let arguments = parts.get(1).copied().unwrap_or(Handle::VACANT);
    let args = tuple_items(nodes, arguments);
    Ok(match spelling {
        Spelling::NewObj => view(How::NewObj, callable, args, None),
        Spelling::NewObjEx => view(How::NewObjEx, callable, args, parts.get(2).copied()),
        Spelling::Inst | Spelling::Obj => {
            view(How::Inst, callable, parts.get(1..).unwrap_or_default(), None)
        }
        Spelling::Reduce => match (Spelling::known(object.flags()), args) {
            (known @ (Known::Set | Known::FrozenSet), items) => View::Set {
                frozen: known == Known::FrozenSet,
                items: items.first().copied(),
                taken: nodes.more(&object).taken().unwrap_or(0),
            },
            (known @ (Known::Bytes | Known::ByteArray | Known::Encode), of) => {
                View::Bytes { array: known == Known::ByteArray, of }
            }
            (Known::Complex, &[real]) => View::Complex { real, imaginary: None },
            (Known::Complex, &[real, imaginary]) => {
                View::Complex { real, imaginary: Some(imaginary) }
            }
            (Known::GetAttr, &[owner, _]) if leads_to_global(nodes, owner) => View::Attribute,
            (Known::NewObj, [class, args @ ..]) => view(How::NewObj, *class, args, None),
            (Known::NewObjEx, &[class, args, kwargs]) => {
                view(How::NewObjEx, class, tuple_items(nodes, args), Some(kwargs))
            }
            (Known::Reconstructor, &[class, base, value]) => View::Object(ObjectView {
                how: How::NewObj,
                callable: class,
                args: &[],
                kwargs: None,
                base: (value.tag() != Tag::None || !is_object_class(nodes, base))
                    .then_some((base, value)),
                object,
            }),
            (_, []) if callable.tag() == Tag::Instance => match partial_new(nodes, input, callable)
            {
                Some((class, args, kwargs)) => view(How::NewObjEx, class, args, kwargs),
                None => view(How::Call, callable, args, None),
            },
            _ => view(How::Call, callable, args, None),
        },
    })
}

/// Upper bound on the classes that a global may be nested in: chains of `getattr` are as long.
const NESTING: usize = 100;

/// Returns true if an attribute of `owner` is a global, nested in a class, and not a bound method.
///
/// A chain that is too long for a global counts as one: asking for its name gives the error.
fn leads_to_global(nodes: &Nodes<'_>, mut owner: Handle) -> bool {
    for _ in 0..=NESTING {
        match owner.tag() {
            Tag::Global | Tag::Ext => return true,
            Tag::Instance => match attribute_of(nodes, owner) {
                Some((next, _)) => owner = next,
                None => return false,
            },
            _ => return false,
        }
    }
    true
}

/// Owner and name, where the instance `handle` is made by `getattr`.
fn attribute_of(nodes: &Nodes<'_>, handle: Handle) -> Option<(Handle, Handle)> {
    let object = nodes.object(handle.number());
    let known = (Spelling::of(object.flags()), Spelling::known(object.flags()));
    match (known, nodes.first(&object)) {
        ((Spelling::Reduce, Known::GetAttr), &[_, arguments]) => {
            match *tuple_items(nodes, arguments) {
                [owner, name] => Some((owner, name)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Class, positional and keyword arguments, where `callable` is what protocols 2 and 3 write for
/// NEWOBJ_EX: `functools.partial(cls.__new__, cls, *args, **kwargs)`, which is then called without
/// arguments.
fn partial_new<'g>(
    nodes: &'g Nodes<'_>,
    input: &'g [u8],
    callable: Handle,
) -> Option<(Handle, &'g [Handle], Option<Handle>)> {
    let partial = nodes.object(callable.number());
    let &[function, _] = nodes.first(&partial) else { return None };
    if Spelling::of(partial.flags()) != Spelling::Reduce || function.tag() != Tag::Global {
        return None;
    }
    let names = global_names(nodes, input, function, false).ok()??;
    if names != ("functools".into(), "partial".into()) {
        return None;
    }
    // The state of a partial: function, positional and keyword arguments, attributes.
    let mut more = nodes.more(&partial);
    let (Some((RunKind::State, &[state])), None) = (more.next(), more.next()) else { return None };
    let &[new, args, kwargs, attributes] = tuple_items(nodes, state) else { return None };
    let (_, name) = attribute_of(nodes, new)?;
    let (class, args) = tuple_items(nodes, args).split_first()?;
    let is_new = scalar::plain_text(nodes, input, name).is_some_and(|name| name == "__new__");
    let plain = attributes.tag() == Tag::None && matches!(kwargs.tag(), Tag::None | Tag::Dict);
    (is_new && plain && may_be_called(nodes, *class)).then_some((
        *class,
        args,
        Some(kwargs).filter(|kwargs| kwargs.tag() == Tag::Dict),
    ))
}

/// The instance `number` as the call or object that it is spelled as, also where that stands for a
/// builtin value.
pub(crate) fn spelled<'g>(
    nodes: &'g Nodes<'_>,
    input: &'g [u8],
    number: u32,
) -> Result<ObjectView<'g>> {
    if let View::Object(object) = view(nodes, input, number)? {
        return Ok(object);
    }
    let object = nodes.object(number);
    let (callable, args) = match *nodes.first(&object) {
        [callable, arguments] => (callable, tuple_items(nodes, arguments)),
        _ => (Handle::VACANT, &[][..]),
    };
    Ok(ObjectView { how: How::Call, callable, args, kwargs: None, base: None, object })
}

#[cold]
fn unreadable() -> Error {
    Error::data("a call that makes bytes has lost its arguments")
}

/// The bytes of `bytes()`, `bytes(b)`, `bytearray(text, encoding)` or
/// `_codecs.encode(text, encoding)`.
pub(crate) fn bytes_of(nodes: &Nodes<'_>, input: &[u8], args: &[Handle]) -> Result<Payload> {
    match *args {
        [] => Ok(Payload::Encoded(Vec::new())),
        [value] => Ok(Payload::Of(value)),
        [text, encoding, ..] => {
            // Python 2 may write an 8-bit string where it means its bytes.
            if matches!(text.tag(), Tag::Chars1 | Tag::Chars4 | Tag::CharsLine) {
                return Ok(Payload::Of(text));
            }
            // `understand` has looked at both.
            meter::decoded(scalar::text_len(nodes, input, text));
            let codec = Codec::named(nodes, input, encoding).ok_or_else(unreadable)?;
            let plain = scalar::plain_bytes(nodes, input, text).ok_or_else(unreadable)?;
            if codec == Codec::Utf8 || plain.is_ascii() {
                // The bytes are those of the text.
                return Ok(Payload::Of(text));
            }
            codec.encode(&plain).map(Payload::Encoded).ok_or_else(unreadable)
        }
    }
}

/// Module and name of a global that is not nested.
fn plain_names<'g>(
    nodes: &'g Nodes<'_>,
    input: &'g [u8],
    global: Handle,
    fix_imports: bool,
) -> Option<(Cow<'g, str>, Cow<'g, str>)> {
    let object = nodes.object(global.number());
    let [module, name] = *nodes.first(&object) else { return None };
    let module = scalar::plain_text(nodes, input, module)?;
    let name = scalar::plain_text(nodes, input, name)?;
    if fix_imports && object.flags().has(Flags::PYTHON2) {
        let names = crate::reduce::compat::to_python3(&module, &name);
        if names != (&*module, &*name) {
            return Some((Cow::Owned(names.0.to_owned()), Cow::Owned(names.1.to_owned())));
        }
    }
    Some((module, name))
}

/// Module and qualified name of a global, or of a nested one by `getattr`. `None` if it is not a
/// global, or has no name in the pickle (an extension code).
///
/// `fix_imports`: true if Python 2's names become Python 3's.
///
/// # Errors
/// A chain of `getattr` that is longer than any class is nested.
pub(crate) fn global_names<'g>(
    nodes: &'g Nodes<'_>,
    input: &'g [u8],
    handle: Handle,
    fix_imports: bool,
) -> Result<Option<(Cow<'g, str>, Cow<'g, str>)>> {
    let mut attributes: Vec<Cow<'g, str>> = Vec::new();
    let mut owner = handle;
    let (module, name) = loop {
        match owner.tag() {
            Tag::Global => match plain_names(nodes, input, owner, fix_imports) {
                Some(names) => break names,
                None => return Ok(None),
            },
            Tag::Instance => {
                let Some((next, name)) = attribute_of(nodes, owner) else { return Ok(None) };
                if attributes.len() == NESTING {
                    return Err(Error::limit("a global is nested more than 100 classes deep")
                        .at(nodes.offset(handle).unwrap_or(0)));
                }
                let name = match scalar::chars(input, name) {
                    Some(chars) => String::from_utf8_lossy(&chars).into_owned().into(),
                    None => scalar::plain_text(nodes, input, name).unwrap_or_default(),
                };
                attributes.push(name);
                owner = next;
            }
            _ => return Ok(None),
        }
    };
    if attributes.is_empty() {
        return Ok(Some((module, name)));
    }
    let mut qualname = name.into_owned();
    if qualname.len() + attributes.iter().map(|attribute| attribute.len() + 1).sum::<usize>()
        > limits::NAME
    {
        return Err(Error::limit(format!(
            "the name of a nested global has more than {} bytes",
            limits::NAME
        ))
        .at(nodes.offset(handle).unwrap_or(0)));
    }
    for attribute in attributes.iter().rev() {
        qualname.push('.');
        qualname.push_str(attribute);
    }
    Ok(Some((module, Cow::Owned(qualname))))
}
