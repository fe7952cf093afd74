//! The private serde names, on reading: the answer for each. The names are in `reduce/token.rs`.

use std::borrow::Cow;

use super::answer::{Answer, Content};
use super::ask::Ask;
use super::element::value_answer;
use super::entries::Entries;
use super::items::Items;
use super::node::{Found, NodeDeserializer};
use super::place::{Described, Place};
use super::value_ways;
use crate::error::{Error, Result};
use crate::natural::exact_text;
use crate::nodes::handle::{Handle, Tag, TagKind};
use crate::nodes::scalar::{self, Int};
use crate::nodes::view::{ObjectView, View, global_names};
use crate::read::text::Text;
use crate::reduce::token;
use crate::value::Value;
use crate::walk::cost;
use crate::walk::given::ReduceParts;

impl<'g, 'de> NodeDeserializer<'g, 'de> {
    /// A newtype struct with one of our names.
    pub(crate) fn token_newtype(self, name: &'static str) -> Found<'g, 'de> {
        match name {
            token::VALUE => (value_ways::ways()?.node)(self),
            token::SET | token::FROZENSET if !self.is_set() => self.expected("a set"),
            token::TUPLE | token::SET | token::FROZENSET | token::BYTEARRAY | token::COMPLEX => {
                Ok(newtype(Content::Node(self.unwrapped()?)))
            }
            token::BIG_INT => self.big_int(),
            token::SURROGATES => self.surrogates(),
            token::GLOBAL => self.global_parts(),
            token::PERSISTENT_ID => match self.handle.tag() {
                Tag::Persid => {
                    let object = self.cx.nodes.object(self.handle.number());
                    let id =
                        self.cx.nodes.first(&object).first().copied().unwrap_or(Handle::VACANT);
                    Ok(newtype(Content::Node(self.inner(id)?)))
                }
                _ => self.expected("a persistent id"),
            },
            token::SHARED => {
                let identity = self.cx.nodes.identity(self.handle);
                let content = self.unwrapped()?;
                // The visitor takes it up at once, and no other does.
                crate::shared::next_object(&self.cx.scope, identity.to_bits());
                Ok(newtype(Content::Node(content)))
            }
            token::BUFFER => match self.cx.buffer_bytes(self.handle)? {
                Some(bytes) => {
                    self.cx.charge_copy(bytes.len())?;
                    Ok(newtype(Content::Buffer(bytes, self.cx.is_readonly(self.handle)?)))
                }
                None => self.expected("a buffer"),
            },
            token::NDARRAY => self.ndarray(),
            token::DTYPE => match crate::natural::numpy::dtype(self.cx, self.handle)? {
                Some(dtype) => {
                    Ok(newtype(Content::LaidOut(crate::python::numpy::fill_slot(dtype))))
                }
                None => self.expected("a dtype of numpy"),
            },
            _ if name.starts_with(token::OBJECT) => self.object(),
            _ => Ok(newtype(Content::Node(self.unwrapped()?))),
        }
    }

    /// An int, or a bool, as signed little-endian bytes.
    fn big_int(self) -> Found<'g, 'de> {
        match self.cx.int(self.handle)? {
            Some(Int::Small(value)) => Ok(newtype_bytes(value.to_le_bytes().to_vec())),
            Some(Int::Long(bytes)) => {
                self.cx.charge_memory(bytes.len())?;
                Ok(newtype(Content::Bytes(bytes.into())))
            }
            Some(Int::Big(value)) => Ok(newtype_bytes(value.to_signed_bytes_le())),
            None if self.handle.tag().kind() == TagKind::Bool => {
                Ok(newtype_bytes(vec![u8::from(self.handle.tag() == Tag::True)]))
            }
            None => self.expected("an int"),
        }
    }

    /// Text as bytes in UTF-8, in which surrogates may be encoded.
    fn surrogates(self) -> Found<'g, 'de> {
        if self.is_text() {
            self.cx.charge_text(self.handle)?;
        }
        match scalar::text(self.cx.nodes, self.cx.input, self.handle) {
            Some(Text::Surrogates(bytes)) => Ok(newtype_bytes(bytes.into_owned())),
            Some(Text::Str(text)) => Ok(newtype_bytes(text.into_owned().into_bytes())),
            None => self.expected("a string"),
        }
    }

    /// A global as its two names.
    fn global_parts(self) -> Found<'g, 'de> {
        if !self.is_global()? {
            return self.expected("a class, function or other global");
        }
        let (module, qualname) = self.global_names()?;
        self.cx.charge_copy(module.len() + qualname.len())?;
        Ok(newtype(Content::Names([module, qualname].map(Cow::into_owned))))
    }

    /// Gives a type of `python` an object in four parts, or any other value as it is.
    fn object(self) -> Found<'g, 'de> {
        if self.handle.tag() == Tag::Instance
            && let View::Object(object) = self.view()?
            && let Some(names) = global_names(
                self.cx.nodes,
                self.cx.input,
                object.callable,
                self.cx.settings.fix_imports,
            )?
        {
            let node = self.unwrapped()?;
            let parts = ObjectParts { node, object, names, text: None, index: 0 };
            return Ok(Answer::Seq(Items::Object(Box::new(parts))));
        }
        Ok(newtype(Content::Node(self.unwrapped()?)))
    }

    /// A struct with one of our names: an object as `__reduce__` describes it.
    pub(crate) fn token_struct(self, name: &'static str) -> Found<'g, 'de> {
        match name {
            token::REDUCE => self.reduce(),
            _ => self.any(),
        }
    }

    pub(crate) fn expected<T>(&self, what: &str) -> Result<T> {
        use crate::nodes::store::Const;

        let found = match self
            .cx
            .nodes
            .constant(self.handle.number())
            .filter(|_| self.handle.tag() == Tag::Const)
        {
            None => crate::nodes::describe::describe(self.handle.tag()),
            Some(Const::Int(_) | Const::BigInt(_)) => "an int",
            Some(Const::Float(_)) => "a float",
            Some(Const::Str(_) | Const::Surrogates(_)) => "a string",
            Some(Const::Bytes(_) | Const::Raw { .. }) => "bytes",
        };
        Err(Error::data(format!("expected {what}, found {found}")))
    }

    fn is_set(&self) -> bool {
        match self.handle.tag() {
            Tag::Set | Tag::FrozenSet => true,
            Tag::Instance => matches!(self.view(), Ok(View::Set { .. })),
            _ => false,
        }
    }

    pub(crate) fn is_global(&self) -> Result<bool> {
        Ok(match self.handle.tag() {
            Tag::Global | Tag::Ext => true,
            Tag::Instance => matches!(self.view()?, View::Attribute),
            _ => false,
        })
    }

    fn reduce(self) -> Found<'g, 'de> {
        if self.handle.tag() != Tag::Instance {
            return self.expected("an object");
        }
        let View::Object(object) = self.view()? else { return self.expected("an object") };
        let parts = self.cx.parts(&object)?;
        self.cx.charge_memory(cost::LARGE)?;
        let fields = ReduceFields { node: self.inner(self.handle)?, parts, index: 0 };
        Ok(Answer::Map(Entries::Reduce(Box::new(fields))))
    }
}

fn newtype<'g, 'de>(content: Content<'g, 'g, 'de>) -> Answer<'g, 'g, 'de> {
    Answer::Newtype(content)
}

fn newtype_bytes<'g, 'de>(bytes: Vec<u8>) -> Answer<'g, 'g, 'de> {
    newtype(Content::Bytes(bytes.into()))
}

/// The parts of [`token::OBJECT`]: two names, arguments, the object.
pub(crate) struct ObjectParts<'g, 'de> {
    node: NodeDeserializer<'g, 'de>,
    object: ObjectView<'g>,
    names: (Cow<'g, str>, Cow<'g, str>),
    /// The text that the object stands for.
    text: Option<Cow<'g, str>>,
    index: u8,
}

impl<'g, 'de> ObjectParts<'g, 'de> {
    pub(super) fn next(&mut self) -> Result<Option<Place<'_, 'g, 'de>>> {
        self.index = self.index.saturating_add(1);
        Ok(Some(match self.index {
            1 => Place::Described(Described::Str(&self.names.0)),
            2 => Place::Described(Described::Str(&self.names.1)),
            3 => Place::Run(Run::tuple(self.node, self.object.args)),
            4 => {
                self.text = exact_text(self.node.cx, &self.object)?;
                match &self.text {
                    Some(text) => {
                        self.node.cx.charge_copy(text.len())?;
                        Place::Described(Described::Str(text))
                    }
                    None => Place::Node(self.node),
                }
            }
            _ => return Ok(None),
        }))
    }
}

/// The fields of [`token::REDUCE`] that an object has.
pub(crate) struct ReduceFields<'g, 'de> {
    node: NodeDeserializer<'g, 'de>,
    parts: ReduceParts<'g>,
    index: usize,
}

impl<'g, 'de> ReduceFields<'g, 'de> {
    fn has(&self, field: &str) -> bool {
        match field {
            "kwargs" => self.parts.kwargs.is_some(),
            "listitems" => !self.parts.items.is_empty(),
            "setitems" => !self.parts.adds.is_empty(),
            "dictitems" => !self.parts.pairs.is_empty(),
            "state" => self.parts.state.is_some(),
            "state_setter" => self.parts.setter.is_some(),
            _ => true,
        }
    }

    pub(super) fn name(&mut self) -> Option<Place<'_, 'g, 'de>> {
        while let Some(&field) = token::REDUCE_FIELDS.get(self.index) {
            self.index += 1;
            if self.has(field) {
                return Some(Place::Described(Described::Str(field)));
            }
        }
        None
    }

    fn field(&self) -> &'static str {
        token::REDUCE_FIELDS.get(self.index.wrapping_sub(1)).copied().unwrap_or_default()
    }

    pub(super) fn value(&self) -> Place<'_, 'g, 'de> {
        let (node, parts) = (self.node, &self.parts);
        let of = |handle: Option<Handle>| Place::Node(node.of(handle.unwrap_or(Handle::VACANT)));
        match self.field() {
            "how" => Place::Described(Described::Uint((parts.how as u8).into())),
            "callable" => of(Some(parts.callable)),
            "args" => Place::Run(Run::tuple(node, parts.args)),
            "kwargs" => of(parts.kwargs),
            "listitems" => Place::Run(Run::list(node, &parts.items)),
            "setitems" => Place::Run(Run::list(node, &parts.adds)),
            "dictitems" => Place::Run(Run { kind: RunOf::Pairs, ..Run::list(node, &parts.pairs) }),
            "state" => of(parts.state),
            _ => of(parts.setter),
        }
    }

    #[cold]
    pub(super) fn locate(&self, error: Error) -> Error {
        match self.field() {
            "how" => error,
            field => error.under_key(field),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum RunOf {
    Tuple,
    List,
    /// Keys and values in turn, seen as a sequence of pairs.
    Pairs,
}

/// Handles that are no container of the graph, as a tuple, list or sequence of pairs.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a, 'g, 'de> {
    pub(super) node: NodeDeserializer<'g, 'de>,
    handles: &'a [Handle],
    kind: RunOf,
}

impl<'a, 'g, 'de> Run<'a, 'g, 'de> {
    pub(super) fn tuple(node: NodeDeserializer<'g, 'de>, handles: &'a [Handle]) -> Self {
        Self { node, handles, kind: RunOf::Tuple }
    }

    pub(super) fn list(node: NodeDeserializer<'g, 'de>, handles: &'a [Handle]) -> Self {
        Self { node, handles, kind: RunOf::List }
    }

    pub(super) fn answer(self, ask: Ask) -> Result<Answer<'a, 'g, 'de>> {
        // No arguments are `()`.
        if matches!(ask, Ask::Unit) && self.handles.is_empty() {
            return Ok(Answer::Unit);
        }
        if self.kind == RunOf::Pairs {
            return Ok(Answer::Seq(Items::Pairs(PairSeq { run: self, index: 0 })));
        }
        self.node.cx.charge_values(self.handles.len())?;
        Ok(Answer::Seq(Items::loose(self.node.cx, self.handles, self.node.deeper()?)))
    }

    /// The handles as a tuple that is a `Value`.
    pub(super) fn value(self) -> Result<Answer<'a, 'g, 'de>> {
        (value_ways::ways()?.run)(self)
    }

    pub(super) fn build(self) -> Result<Answer<'a, 'g, 'de>> {
        let cx = self.node.cx;
        cx.charge_values(self.handles.len())?;
        cx.charge_memory(cost::items(size_of::<Value>(), self.handles.len()))?;
        let values: Result<Vec<Value>> =
            self.handles.iter().map(|&handle| crate::de::value::build(cx, handle)).collect();
        Ok(value_answer(Value::Tuple(values?)))
    }
}

/// A sequence of pairs.
pub(crate) struct PairSeq<'a, 'g, 'de> {
    run: Run<'a, 'g, 'de>,
    index: usize,
}

impl<'a, 'g, 'de> PairSeq<'a, 'g, 'de> {
    pub(super) fn next(&mut self, size: usize) -> Result<Option<Place<'_, 'g, 'de>>> {
        let at = 2 * self.index;
        if at == 0 {
            let cx = self.run.node.cx;
            cx.charge_memory(cost::items(size, self.run.handles.len() / 2))?;
        }
        let Some(pair) = self.run.handles.get(at..at + 2) else { return Ok(None) };
        self.index += 1;
        Ok(Some(Place::Run(Run::tuple(self.run.node, pair))))
    }

    #[cold]
    pub(super) fn locate(&self, error: Error) -> Error {
        error.under_index(self.index.saturating_sub(1))
    }

    /// The number of pairs not yet asked for.
    pub(super) fn left(&self) -> usize {
        self.run.handles.len() / 2 - self.index
    }
}
