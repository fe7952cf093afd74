//! The private serde names, on reading: what each hands to its visitor. The names are in
//! `reduce/token.rs`.

use std::borrow::Cow;

use serde::de::value::{BytesDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess, Visitor};

use super::node::NodeDeserializer;
use crate::error::{Error, Result};
use crate::natural::exact_text;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::scalar::{self, Int};
use crate::nodes::view::{ObjectView, ReduceParts, View, global_names};
use crate::read::text::Text;
use crate::reduce::token;
use crate::value::Value;
use crate::walk::cost;

impl<'g, 'de> NodeDeserializer<'g, 'de> {
    /// A newtype struct with one of our names.
    pub(crate) fn token_newtype<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        match name {
            token::VALUE => {
                let value = crate::de::value::build(self.cx, self.handle)?;
                crate::value::hand_over(value, visitor)
            }
            token::SET | token::FROZENSET if !self.is_set() => self.expected("a set"),
            token::TUPLE | token::SET | token::FROZENSET | token::BYTEARRAY | token::COMPLEX => {
                visitor.visit_newtype_struct(self.unwrapped()?)
            }
            token::BIG_INT => match self.cx.int(self.handle)? {
                Some(Int::Small(value)) => visit_bytes(&value.to_le_bytes(), visitor),
                Some(Int::Long(bytes)) => {
                    self.cx.charge_memory(bytes.len())?;
                    visit_bytes(bytes, visitor)
                }
                Some(Int::Big(value)) => visit_bytes(&value.to_signed_bytes_le(), visitor),
                None if matches!(self.handle.tag(), Tag::True | Tag::False) => {
                    visit_bytes(&[u8::from(self.handle.tag() == Tag::True)], visitor)
                }
                None => self.expected("an int"),
            },
            token::SURROGATES => {
                if self.is_text() {
                    self.cx.charge_text(self.handle)?;
                }
                match scalar::text(self.cx.nodes, self.cx.input, self.handle) {
                    Some(Text::Surrogates(bytes)) => visit_bytes(&bytes, visitor),
                    Some(Text::Str(text)) => visit_bytes(text.as_bytes(), visitor),
                    None => self.expected("a string"),
                }
            }
            token::GLOBAL => match self.handle.tag() {
                Tag::Global | Tag::Ext | Tag::Instance if self.is_global()? => {
                    let (module, qualname) = self.global_names()?;
                    self.cx.charge_copy(module.len() + qualname.len())?;
                    let names = [module, qualname].map(Cow::into_owned);
                    visitor
                        .visit_newtype_struct(SeqDeserializer::<_, Error>::new(names.into_iter()))
                }
                _ => self.expected("a class, function or other global"),
            },
            token::PERSISTENT_ID => match self.handle.tag() {
                Tag::Persid => {
                    let object = self.cx.nodes.object(self.handle.number());
                    let id =
                        self.cx.nodes.first(&object).first().copied().unwrap_or(Handle::VACANT);
                    visitor.visit_newtype_struct(self.inner(id)?)
                }
                _ => self.expected("a persistent id"),
            },
            token::SHARED => {
                let identity = self.cx.nodes.identity(self.handle);
                let content = self.unwrapped()?;
                // The visitor takes it up at once, and no other does.
                crate::shared::next_object(&self.cx.scope, identity.to_bits());
                visitor.visit_newtype_struct(content)
            }
            token::BUFFER => match self.cx.buffer_bytes(self.handle)? {
                Some(bytes) => {
                    self.cx.charge_copy(bytes.len())?;
                    visitor.visit_newtype_struct(BufferParts {
                        bytes: &bytes,
                        readonly: self.cx.is_readonly(self.handle)?,
                    })
                }
                None => self.expected("a buffer"),
            },
            token::NDARRAY => self.visit_ndarray(visitor),
            token::DTYPE => match crate::natural::numpy::dtype(self.cx, self.handle)? {
                Some(dtype) => crate::python::numpy::hand_over(dtype, visitor),
                None => self.expected("a dtype of numpy"),
            },
            token::OBJECT => self.visit_object(visitor),
            _ => visitor.visit_newtype_struct(self.unwrapped()?),
        }
    }

    /// Gives a type of `python` an object in four parts, or any other value as it is.
    fn visit_object<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.handle.tag() == Tag::Instance
            && let View::Object(object) = self.view()?
            && let Some(names) = global_names(
                self.cx.nodes,
                self.cx.input,
                object.callable,
                self.cx.settings.fix_imports,
            )?
        {
            return visitor.visit_seq(ObjectSeq {
                node: self.unwrapped()?,
                object: &object,
                names,
                index: 0,
            });
        }
        visitor.visit_newtype_struct(self.unwrapped()?)
    }

    /// A struct with one of our names: an object as `__reduce__` describes it.
    pub(crate) fn token_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        match name {
            token::REDUCE => self.visit_reduce(visitor),
            _ => self.any(visitor),
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
            Some(Const::Bytes(_)) => "bytes",
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

    fn visit_reduce<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.handle.tag() != Tag::Instance {
            return self.expected("an object");
        }
        let View::Object(object) = self.view()? else { return self.expected("an object") };
        let parts = object.parts(self.cx.nodes)?;
        self.cx.charge_memory(cost::LARGE)?;
        let mut access = ReduceAccess { node: self.inner(self.handle)?, parts, index: 0 };
        visitor.visit_map(&mut access)
    }
}

fn visit_bytes<'de, V: Visitor<'de>>(bytes: &[u8], visitor: V) -> Result<V::Value> {
    visitor.visit_newtype_struct(BytesDeserializer::<Error>::new(bytes))
}

/// The content of [`token::BUFFER`]: bytes, and whether they are read-only.
struct BufferParts<'a> {
    bytes: &'a [u8],
    readonly: bool,
}

impl<'de> de::Deserializer<'de> for BufferParts<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_seq(BufferSeq { parts: self, index: 0 })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        option unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

struct BufferSeq<'a> {
    parts: BufferParts<'a>,
    index: u8,
}

impl<'de> de::SeqAccess<'de> for BufferSeq<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        self.index += 1;
        match self.index {
            1 => seed.deserialize(BytesDeserializer::new(self.parts.bytes)).map(Some),
            2 => seed.deserialize(self.parts.readonly.into_deserializer()).map(Some),
            _ => Ok(None),
        }
    }
}

/// The parts of [`token::OBJECT`]: two names, arguments, the object.
struct ObjectSeq<'o, 'g, 'de> {
    node: NodeDeserializer<'g, 'de>,
    object: &'o ObjectView<'g>,
    names: (Cow<'g, str>, Cow<'g, str>),
    index: u8,
}

impl<'de> de::SeqAccess<'de> for ObjectSeq<'_, '_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        self.index = self.index.saturating_add(1);
        match self.index {
            1 => seed.deserialize((&*self.names.0).into_deserializer()),
            2 => seed.deserialize((&*self.names.1).into_deserializer()),
            3 => {
                let handles = self.object.args;
                seed.deserialize(RunDeserializer {
                    node: self.node,
                    handles,
                    kind: RunKindSeen::Tuple,
                })
            }
            4 => match exact_text(self.node.cx, self.object)? {
                Some(text) => {
                    self.node.cx.charge_copy(text.len())?;
                    seed.deserialize((&*text).into_deserializer())
                }
                None => seed.deserialize(self.node),
            },
            _ => return Ok(None),
        }
        .map(Some)
    }
}

/// The fields of [`token::REDUCE`] that an object has.
struct ReduceAccess<'g, 'de> {
    node: NodeDeserializer<'g, 'de>,
    parts: ReduceParts<'g>,
    index: usize,
}

impl ReduceAccess<'_, '_> {
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
}

impl<'de> MapAccess<'de> for ReduceAccess<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        while let Some(field) = token::REDUCE_FIELDS.get(self.index) {
            self.index += 1;
            if self.has(field) {
                return seed.deserialize((*field).into_deserializer()).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        let field =
            token::REDUCE_FIELDS.get(self.index.wrapping_sub(1)).copied().unwrap_or_default();
        let node = self.node;
        let of = |handle: Option<Handle>| node.of(handle.unwrap_or(Handle::VACANT));
        let run = |handles, kind| RunDeserializer { node, handles, kind };
        let result = match field {
            "how" => return seed.deserialize((self.parts.how as u8).into_deserializer()),
            "callable" => seed.deserialize(of(Some(self.parts.callable))),
            "args" => seed.deserialize(run(self.parts.args, RunKindSeen::Tuple)),
            "kwargs" => seed.deserialize(of(self.parts.kwargs)),
            "listitems" => seed.deserialize(run(&self.parts.items, RunKindSeen::List)),
            "setitems" => seed.deserialize(run(&self.parts.adds, RunKindSeen::List)),
            "dictitems" => seed.deserialize(run(&self.parts.pairs, RunKindSeen::Pairs)),
            "state" => seed.deserialize(of(self.parts.state)),
            _ => seed.deserialize(of(self.parts.setter)),
        };
        result.map_err(|error| error.under_key(field))
    }
}

#[derive(Clone, Copy, PartialEq)]
enum RunKindSeen {
    Tuple,
    List,
    /// Keys and values in turn, seen as a sequence of pairs.
    Pairs,
}

/// Handles that are no container of the graph, as a tuple, list or sequence of pairs.
#[derive(Clone, Copy)]
struct RunDeserializer<'h, 'g, 'de> {
    node: NodeDeserializer<'g, 'de>,
    handles: &'h [Handle],
    kind: RunKindSeen,
}

impl<'de> de::Deserializer<'de> for RunDeserializer<'_, '_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.kind {
            RunKindSeen::Pairs => visitor.visit_seq(PairSeq { run: self, index: 0 }),
            _ => self.node.visit_handles(self.handles, visitor),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        // No arguments are `()`.
        if self.handles.is_empty() { visitor.visit_unit() } else { self.deserialize_any(visitor) }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(Self { node: self.node.unwrapped()?, ..self })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        if name != token::VALUE {
            return visitor.visit_newtype_struct(Self { node: self.node.unwrapped()?, ..self });
        }
        let cx = self.node.cx;
        cx.charge_values(self.handles.len())?;
        cx.charge_memory(cost::items::<Value>(self.handles.len()))?;
        let values: Result<Vec<Value>> = self
            .handles
            .iter()
            .map(|&handle| crate::de::value::build(self.node.cx, handle))
            .collect();
        crate::value::hand_over(Value::Tuple(values?), visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct PairSeq<'h, 'g, 'de> {
    run: RunDeserializer<'h, 'g, 'de>,
    index: usize,
}

impl<'de> de::SeqAccess<'de> for PairSeq<'_, '_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let at = 2 * self.index;
        if at == 0 {
            let cx = self.run.node.cx;
            cx.charge_memory(cost::items::<T::Value>(self.run.handles.len() / 2))?;
        }
        let Some(pair) = self.run.handles.get(at..at + 2) else { return Ok(None) };
        let pair = RunDeserializer { handles: pair, kind: RunKindSeen::Tuple, ..self.run };
        match seed.deserialize(pair) {
            Ok(value) => {
                self.index += 1;
                Ok(Some(value))
            }
            Err(error) => Err(error.under_index(self.index)),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.run.handles.len() / 2 - self.index)
    }
}
