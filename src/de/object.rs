//! Instances as serde sees them: by their class where it has a natural form, otherwise by their
//! shape alone.
//!
//! Most classes are names, so what an object "is" comes from how it was pickled: its state, the
//! items it was given, its arguments. Which of these answers depends on what is asked for:
//!
//! - a struct: the state, `(dict, slots)` merged, and the dict items; without either, the arguments
//!   in order;
//! - a map: the dict items, else the state;
//! - a sequence: the list items, else the value of a builtin base class, else the arguments;
//! - text, a number, bytes: a builtin base class's value, else a single argument;
//! - anything: the items, else the state, else a single argument, else the arguments; the arguments
//!   first where the state is only what the object carries, as with an exception's note.
//!
//! A subclass of OrderedDict by Python 2.7 is a call with a list of pairs: a map or struct takes it
//! for the dict that it was.
//!
//! An empty dict as a state, which Python up to 3.10 gives to subclasses of builtins, says nothing
//! about an object that has arguments.

use std::borrow::Cow;

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::access::Pairs;
use super::node::NodeDeserializer;
use super::source::{FieldSource, Part, SequenceSource};
use super::spelled::{NamedObject, PartKind};
use crate::error::{Error, ErrorKind, Result};
use crate::natural::{Array, ArrayItem, Natural, natural};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::store::{Contents, Nodes, RunKind};
use crate::nodes::view::{ObjectView, Payload, View, global_names, tuple_items};
use crate::python::numpy::scalar::{Scalar, floats};
use crate::reduce::How;
use crate::walk::cost;
use crate::walk::cx::Cx;

impl<'g, 'de> NodeDeserializer<'g, 'de> {
    pub(crate) fn view(&self) -> Result<View<'g>> {
        match self.handle.tag() {
            Tag::Part => self.spelled().map(View::Object),
            _ => self.cx.view(self.handle),
        }
    }

    /// The same walk at another value, of the same depth.
    pub(crate) fn of(self, handle: Handle) -> Self {
        Self::new(self.cx, handle, self.depth)
    }

    /// The same walk at a value one level further in: what an object is made of.
    pub(crate) fn inner(self, handle: Handle) -> Result<Self> {
        Ok(Self::new(self.cx, handle, self.deeper()?))
    }

    /// An instance as whatever it is by itself.
    pub(crate) fn visit_instance<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let object = match self.view()? {
            View::Set { items, taken, .. } => return self.visit_set(items, taken, visitor),
            View::Bytes { of, .. } => {
                return self.visit_payload(self.cx.payload(self.handle, of)?, visitor);
            }
            View::Complex { real, imaginary } => {
                return self.visit_complex(real, imaginary, visitor);
            }
            View::Attribute => return self.visit_global(visitor),
            View::Object(object) => object,
        };
        match self.part_kind() {
            None => {}
            Some(PartKind::DictItems) => return self.visit_dict_items(&object, visitor),
            Some(PartKind::Items) => return self.visit_list_items(&object, visitor),
            Some(PartKind::Args) => return self.visit_run(object.args, visitor),
        }
        match natural(self.cx, &object, false) {
            Ok(None) => {}
            // By itself a wrapper is what its state says.
            Ok(Some(Natural::Wraps(_))) => {
                if let Some(state) = self.telling_state_of(&object)? {
                    return self.visit_state(state, &object, false, visitor);
                }
            }
            Ok(Some(natural)) => return self.visit_natural(natural, &object, Ask::Any, visitor),
            // An object without a text form is still data.
            Err(error) if error.kind() == ErrorKind::Unsupported => {}
            Err(error) => return Err(error),
        }
        if let Some((_, base)) = object.base {
            return self.inner(base)?.any(visitor);
        }
        let nodes = self.cx.nodes;
        match object
            .more(nodes)
            .map(|(kind, _)| kind)
            .find(|kind| !matches!(kind, RunKind::Setter | RunKind::State))
        {
            Some(RunKind::Pairs) => self.visit_dict_items(&object, visitor),
            Some(RunKind::Items | RunKind::Adds) => self.visit_list_items(&object, visitor),
            _ => match (self.telling_state_of(&object)?, object.args) {
                (Some(state), _) if !self.is_its_arguments(&object, state)? => {
                    self.visit_state(state, &object, false, visitor)
                }
                (_, &[single]) => self.inner(single)?.any(visitor),
                (_, args) => self.visit_run(args, visitor),
            },
        }
    }

    /// A natural form. Text, numbers and what a wrapper holds answer as `ask` says.
    fn visit_natural<V: Visitor<'de>>(
        self,
        natural: Natural<'g>,
        object: &ObjectView<'g>,
        ask: Ask,
        visitor: V,
    ) -> Result<V::Value> {
        match natural {
            Natural::Text(text) => {
                self.cx.charge_copy(text.len())?;
                match text {
                    Cow::Borrowed(text) => visitor.visit_str(text),
                    Cow::Owned(text) => visitor.visit_string(text),
                }
                .map_err(|error| self.about_text(object, error))
            }
            Natural::Absent => visitor.visit_unit(),
            Natural::Same(value) | Natural::Is(value) | Natural::Wraps(value) => {
                ask.of(self.inner(value)?, visitor)
            }
            Natural::Pairs(sources) => self.visit_merged(sources, object, false, visitor),
            Natural::Items(items) => self.visit_items_and_runs(items, object, visitor),
            Natural::Array(array) => match array.as_bytes().filter(|_| matches!(ask, Ask::Bytes)) {
                Some(bytes) => {
                    self.cx.charge_copy(bytes.len())?;
                    visitor.visit_bytes(bytes)
                }
                None => self.visit_array(&array, visitor),
            },
            Natural::Numpy(array) => {
                let array = self.numpy(&array)?;
                match ask {
                    Ask::Any => array.deserialize_any(visitor),
                    Ask::Int => array.deserialize_i64(visitor),
                    Ask::Str => array.deserialize_str(visitor),
                    Ask::Bytes => array.deserialize_bytes(visitor),
                    Ask::Float => array.deserialize_f64(visitor),
                    Ask::Identifier => array.deserialize_identifier(visitor),
                }
            }
        }
    }

    /// The error of a visitor that was given the text of an object.
    #[cold]
    fn about_text(&self, object: &ObjectView<'g>, error: Error) -> Error {
        match natural(self.cx, object, false) {
            Ok(Some(Natural::Text(text))) => error.about_text(&text),
            _ => error,
        }
    }

    fn visit_array<V: Visitor<'de>>(self, array: &Array<'g>, visitor: V) -> Result<V::Value> {
        let len = array.len();
        let (size, payload) = array.payload();
        self.cx.charge_payload(payload, size, len)?;
        self.deeper()?;
        let mut items = Numbers { cx: self.cx, items: array.items(), len, left: len };
        let value = visitor.visit_seq(&mut items)?;
        match items.left {
            0 => Ok(value),
            left => Err(super::node::too_long(len, len - left)),
        }
    }

    /// The items of a list or tuple and then the list items of an object.
    fn visit_items_and_runs<V: Visitor<'de>>(
        self,
        items: Option<Handle>,
        object: &ObjectView<'g>,
        visitor: V,
    ) -> Result<V::Value> {
        let nodes = self.cx.nodes;
        let has_runs =
            object.more(nodes).any(|(kind, _)| matches!(kind, RunKind::Items | RunKind::Adds));
        match items {
            None => self.visit_list_items(object, visitor),
            Some(items) if !has_runs => self.inner(items)?.visit_items(visitor),
            Some(items) => {
                let of_arguments = nodes.object(items.number());
                self.cx.charge_contents(&of_arguments)?;
                let mut handles: Vec<Handle> = nodes.contents(&of_arguments).collect();
                handles.extend(list_items(object, nodes));
                self.visit_handles(&handles, visitor)
            }
        }
    }

    /// An instance where text, a number, bytes or a name is asked for.
    pub(crate) fn scalar_of_instance<V: Visitor<'de>>(
        self,
        ask: Ask,
        visitor: V,
    ) -> Result<V::Value> {
        if self.cx.settings.resolver.is_some()
            && let Some(made) = self.construct()?
        {
            return made.read(|node| ask.of(node, visitor));
        }
        let object = match self.view()? {
            View::Object(object) => object,
            View::Bytes { of, .. } if matches!(ask, Ask::Str) => {
                return self.visit_bytes_as_text(
                    self.cx.payload_bytes(self.cx.payload(self.handle, of)?)?,
                    visitor,
                );
            }
            _ => return self.visit_instance(visitor),
        };
        match natural(self.cx, &object, matches!(ask, Ask::Str)) {
            Ok(None) => {}
            Ok(Some(natural)) => return self.visit_natural(natural, &object, ask, visitor),
            // A type that asks for text gets the reason why there is none.
            Err(error) if error.kind() == ErrorKind::Unsupported && !matches!(ask, Ask::Str) => {}
            Err(error) => return Err(error),
        }
        if let Some((_, base)) = object.base {
            return ask.of(self.inner(base)?, visitor);
        }
        let has_items = object
            .more(self.cx.nodes)
            .any(|(kind, _)| !matches!(kind, RunKind::State | RunKind::Setter));
        match *object.args {
            [single] if !has_items && !is_container(single) => ask.of(self.inner(single)?, visitor),
            // A subclass of bytearray below protocol 3.
            [text, encoding]
                if matches!(ask, Ask::Bytes | Ask::Str)
                    && self.of(text).is_text()
                    && !encoding.is_object() =>
            {
                match (self.cx.payload(self.handle, object.args), ask) {
                    (Ok(bytes), Ask::Str) => {
                        self.visit_bytes_as_text(self.cx.payload_bytes(bytes)?, visitor)
                    }
                    (Ok(bytes), _) => self.visit_payload(bytes, visitor),
                    (Err(_), _) => self.visit_instance(visitor),
                }
            }
            _ => self.visit_instance(visitor),
        }
    }

    /// Returns true if an instance may stand for a name: it is text, a number or bytes by itself,
    /// or made of one.
    pub(super) fn is_scalar(&self) -> Result<bool> {
        let object = match self.view()? {
            View::Object(object) => object,
            View::Bytes { .. } | View::Attribute => return Ok(true),
            View::Set { .. } | View::Complex { .. } => return Ok(false),
        };
        match natural(self.cx, &object, false) {
            Ok(None) => {}
            Ok(Some(Natural::Same(value) | Natural::Is(value) | Natural::Wraps(value))) => {
                return Ok(!is_container(value));
            }
            Ok(Some(Natural::Pairs(_) | Natural::Items(_) | Natural::Array(_))) => {
                return Ok(false);
            }
            Ok(Some(Natural::Text(_) | Natural::Absent | Natural::Numpy(_))) => return Ok(true),
            Err(error) if error.kind() == ErrorKind::Unsupported => {}
            Err(error) => return Err(error),
        }
        if let Some((_, base)) = object.base {
            return Ok(!is_container(base));
        }
        let has_items = object
            .more(self.cx.nodes)
            .any(|(kind, _)| !matches!(kind, RunKind::State | RunKind::Setter));
        Ok(matches!(*object.args, [single] if !has_items && !is_container(single)))
    }

    /// The state that an object was given, by BUILD or by a setter.
    pub(crate) fn state_of(&self, object: &ObjectView<'g>) -> Result<Option<Handle>> {
        Ok(match object.state(self.cx.nodes)? {
            Some(state) => Some(state),
            None => object.setter(self.cx.nodes).map(|(_, state)| state),
        })
    }

    /// The same, unless it is an empty dict beside arguments.
    pub(super) fn telling_state_of(&self, object: &ObjectView<'g>) -> Result<Option<Handle>> {
        let made_of_something = object.base.is_some() || !object.args.is_empty();
        Ok(self.state_of(object)?.filter(|state| !made_of_something || !self.is_empty_dict(*state)))
    }

    /// Returns true if an object's value is its arguments, and its state is an extra.
    ///
    /// So it is with subclasses of builtins: their value is the one argument of `__new__`, or the
    /// list that a set is made of. So it is with exceptions, which may have a note or attributes.
    /// Several arguments of `__new__` are those of any class with `__getnewargs__`.
    fn is_its_arguments(&self, object: &ObjectView<'g>, state: Handle) -> Result<bool> {
        let carries = object.base.is_none() && object.kwargs.is_none() && !object.args.is_empty();
        if !carries || self.attribute_dicts(state).is_none() {
            return Ok(false);
        }
        match (object.how, object.args) {
            (How::NewObj, &[value]) => self.is_value_of_builtin(value),
            (How::Call, [list]) if list.tag() == Tag::List => Ok(true),
            (How::Call, _) => Ok(self.is_exception(object.callable)?
                || crate::natural::has_attribute(self.cx, object, "__notes__")?),
            _ => Ok(false),
        }
    }

    /// Text, a number, bytes or a tuple: what the builtin classes with a `__getnewargs__` hold.
    fn is_value_of_builtin(&self, value: Handle) -> Result<bool> {
        Ok(match value.tag() {
            Tag::None | Tag::Global | Tag::Ext | Tag::Persid | Tag::Vacant => false,
            Tag::Instance => {
                matches!(self.of(value).view()?, View::Bytes { .. } | View::Complex { .. })
            }
            Tag::Tuple | Tag::EmptyTuple => true,
            _ => !is_container(value),
        })
    }

    fn is_exception(&self, class: Handle) -> Result<bool> {
        let (cx, fix_imports) = (self.cx, self.cx.settings.fix_imports);
        let names = global_names(cx.nodes, cx.input, class, fix_imports)?;
        Ok(names.is_some_and(|(module, name)| crate::natural::is_exception(&module, &name)))
    }

    pub(super) fn is_empty_dict(&self, handle: Handle) -> bool {
        handle.tag() == Tag::Dict && self.cx.nodes.is_empty(handle.number())
    }

    /// An instance as a struct.
    pub(crate) fn struct_of_instance<V: Visitor<'de>>(
        self,
        fields: &[&str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.view()? {
            View::Object(object) => self.struct_of_object(&object, fields, visitor),
            _ => self.any(visitor),
        }
    }

    pub(crate) fn struct_of_object<V: Visitor<'de>>(
        self,
        object: &ObjectView<'g>,
        fields: &[&str],
        visitor: V,
    ) -> Result<V::Value> {
        let source = self.struct_source(object, Some(fields))?;
        self.visit_struct(source, object, visitor)
    }

    /// An instance of the class that a struct names.
    pub(super) fn visit_named<V: Visitor<'de>>(
        self,
        named: &NamedObject<'g>,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let source = self.named_fields(named, fields)?;
        self.visit_struct(source, &named.object, visitor)
    }

    fn visit_struct<V: Visitor<'de>>(
        self,
        source: FieldSource<'g>,
        object: &ObjectView<'g>,
        visitor: V,
    ) -> Result<V::Value> {
        match source {
            FieldSource::Within(Part::Base, base) => {
                Deserializer::deserialize_struct(self.inner(base)?, "", &[], visitor)
            }
            source => self.visit_fields(source, object, true, visitor),
        }
    }

    fn visit_fields<V: Visitor<'de>>(
        self,
        source: FieldSource<'g>,
        object: &ObjectView<'g>,
        is_struct: bool,
        visitor: V,
    ) -> Result<V::Value> {
        match source {
            FieldSource::Merged(dicts) => self.visit_merged(dicts, object, is_struct, visitor),
            FieldSource::Loose(entries) => self.visit_loose(entries, visitor),
            FieldSource::Pairs => self.visit_dict_items(object, visitor),
            FieldSource::Numpy(array) if is_struct => {
                self.numpy(&array)?.deserialize_struct("", &[], visitor)
            }
            FieldSource::Numpy(array) => self.numpy(&array)?.deserialize_map(visitor),
            FieldSource::Within(Part::State, state) => {
                Deserializer::deserialize_any(self.inner(state)?, visitor)
            }
            FieldSource::Within(_, inner) => {
                Deserializer::deserialize_map(self.inner(inner)?, visitor)
            }
            FieldSource::Items(_, items) => self.inner(items)?.visit_items(visitor),
            FieldSource::Args(args) => self.visit_run(args, visitor),
            FieldSource::Other => self.visit_instance(visitor),
        }
    }

    /// An instance as a map.
    pub(crate) fn map_of_instance<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let object = match self.view()? {
            View::Object(object) => object,
            _ => return self.any(visitor),
        };
        self.visit_fields(self.map_source(&object)?, &object, false, visitor)
    }

    /// An instance as a sequence.
    pub(crate) fn seq_of_instance<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let object = match self.view()? {
            View::Object(object) => object,
            View::Bytes { .. } => {
                let bytes = self.cx.buffer_bytes(self.handle)?.unwrap_or_default();
                return self.visit_byte_seq(&bytes, visitor);
            }
            _ => return self.visit_instance(visitor),
        };
        match self.sequence_source(&object)? {
            SequenceSource::Natural(Natural::Numpy(array)) => {
                self.numpy(&array)?.deserialize_seq(visitor)
            }
            SequenceSource::Natural(natural) => {
                self.visit_natural(natural, &object, Ask::Any, visitor)
            }
            SequenceSource::Runs => self.visit_list_items(&object, visitor),
            SequenceSource::Within(_, inner) => {
                Deserializer::deserialize_seq(self.inner(inner)?, visitor)
            }
            SequenceSource::Args(args) => self.visit_run(args, visitor),
            SequenceSource::Other => self.visit_instance(visitor),
        }
    }

    /// The state as a map of attributes where it is one, else as itself.
    fn visit_state<V: Visitor<'de>>(
        self,
        state: Handle,
        object: &ObjectView<'g>,
        is_struct: bool,
        visitor: V,
    ) -> Result<V::Value> {
        match state.tag() {
            Tag::Dict => self.of(state).visit_dict(is_struct, visitor),
            _ => match self.attribute_dicts(state) {
                Some(dicts) => self.visit_merged(dicts, object, is_struct, visitor),
                None => Deserializer::deserialize_any(self.inner(state)?, visitor),
            },
        }
    }

    /// The dicts of a state that is one, or that is `(dict, slots)` with either left out.
    pub(crate) fn attribute_dicts(&self, state: Handle) -> Option<Vec<Handle>> {
        match state.tag() {
            Tag::Dict => Some(vec![state]),
            Tag::Tuple => match *tuple_items(self.cx.nodes, state) {
                [dict, slots]
                    if matches!(dict.tag(), Tag::None | Tag::Dict) && slots.tag() == Tag::Dict =>
                {
                    Some([dict, slots].into_iter().filter(|part| part.tag() == Tag::Dict).collect())
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Several dicts, and then the dict items of an object, as one map.
    fn visit_merged<V: Visitor<'de>>(
        self,
        dicts: Vec<Handle>,
        object: &ObjectView<'g>,
        is_struct: bool,
        visitor: V,
    ) -> Result<V::Value> {
        let nodes = self.cx.nodes;
        let of_dict = |dict: Handle| nodes.contents(&nodes.object(dict.number()));
        let of_run = |run| Contents::of(nodes, run);
        let items = object
            .more(nodes)
            .filter(|(kind, _)| *kind == RunKind::Pairs)
            .map(|(_, run)| of_run(run));
        let sources: Vec<_> = dicts.into_iter().map(of_dict).chain(items).collect();
        self.visit_sources(sources, is_struct, visitor)
    }

    fn visit_sources<V: Visitor<'de>>(
        self,
        mut sources: Vec<Contents<'g, 'de>>,
        is_struct: bool,
        visitor: V,
    ) -> Result<V::Value> {
        let len: usize = sources.iter().map(|source| source.clone().count()).sum();
        self.cx.charge_values(len)?;
        sources.reverse();
        let first = sources.pop().unwrap_or_else(|| Contents::of(self.cx.nodes, &[]));
        let mut pairs =
            Pairs::new(self.cx, first, len / 2, self.deeper()?, is_struct).followed_by(sources);
        let value = visitor.visit_map(&mut pairs)?;
        match pairs.left() {
            0 => Ok(value),
            left => Err(super::node::too_long(len / 2, len / 2 - left)),
        }
    }

    /// Entries that lie in no run of the graph, as fields.
    fn visit_loose<V: Visitor<'de>>(
        self,
        mut entries: Vec<Handle>,
        visitor: V,
    ) -> Result<V::Value> {
        self.cx.charge_values(entries.len())?;
        entries.reverse();
        let (none, len) = (Contents::of(self.cx.nodes, &[]), entries.len() / 2);
        let pairs = Pairs::new(self.cx, none, len, self.deeper()?, true);
        visitor.visit_map(&mut pairs.with_loose(entries))
    }

    fn visit_dict_items<V: Visitor<'de>>(
        self,
        object: &ObjectView<'g>,
        visitor: V,
    ) -> Result<V::Value> {
        self.visit_merged(Vec::new(), object, false, visitor)
    }

    fn visit_list_items<V: Visitor<'de>>(
        self,
        object: &ObjectView<'g>,
        visitor: V,
    ) -> Result<V::Value> {
        let items: Vec<Handle> = list_items(object, self.cx.nodes).collect();
        self.visit_handles(&items, visitor)
    }

    /// Hands out handles that lie in no run of the graph.
    pub(crate) fn visit_handles<V: Visitor<'de>>(
        self,
        handles: &[Handle],
        visitor: V,
    ) -> Result<V::Value> {
        self.cx.charge_values(handles.len())?;
        let depth = self.deeper()?;
        let mut items = super::access::Loose::new(self.cx, handles, depth);
        let value = visitor.visit_seq(&mut items)?;
        match items.left() {
            0 => Ok(value),
            left => Err(super::node::too_long(handles.len(), handles.len() - left)),
        }
    }

    /// A set made by a call: what the list had then, and what was added since.
    fn visit_set<V: Visitor<'de>>(
        self,
        items: Option<Handle>,
        taken: usize,
        visitor: V,
    ) -> Result<V::Value> {
        let handles = self.set_items(items, taken)?;
        self.visit_handles(&handles, visitor)
    }

    pub(crate) fn set_items(&self, items: Option<Handle>, taken: usize) -> Result<Vec<Handle>> {
        self.cx.check_unspent()?;
        Ok(crate::nodes::view::set_items(self.cx.nodes, self.handle.number(), items, taken))
    }

    fn visit_complex<V: Visitor<'de>>(
        self,
        real: Handle,
        imaginary: Option<Handle>,
        visitor: V,
    ) -> Result<V::Value> {
        let (re, im) = self.complex_parts(real, imaginary)?;
        visitor.visit_seq(floats([re, im]))
    }

    pub(crate) fn complex_parts(
        &self,
        real: Handle,
        imaginary: Option<Handle>,
    ) -> Result<(f64, f64)> {
        let part = |handle: Handle| -> Result<f64> {
            match self.cx.float(handle)? {
                Some(value) => Ok(value),
                None => serde::Deserialize::deserialize(self.of(handle)),
            }
        };
        Ok((part(real)?, imaginary.map(part).transpose()?.unwrap_or(0.0)))
    }

    fn visit_payload<V: Visitor<'de>>(self, payload: Payload, visitor: V) -> Result<V::Value> {
        self.visit_byte_cow(self.cx.payload_bytes(payload)?, visitor)
    }

    /// A global as its dotted name.
    pub(crate) fn visit_global<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let (module, qualname) = self.global_names()?;
        self.cx.charge_copy(module.len() + 1 + qualname.len())?;
        visitor.visit_string(format!("{module}.{qualname}"))
    }

    /// Module and qualified name of a global.
    ///
    /// # Errors
    /// An extension code, which has a name only in a registry.
    pub(crate) fn global_names(&self) -> Result<(Cow<'g, str>, Cow<'g, str>)> {
        self.cx.check_unspent()?;
        let names =
            global_names(self.cx.nodes, self.cx.input, self.handle, self.cx.settings.fix_imports)?;
        names.ok_or_else(|| match self.handle.tag() {
            Tag::Ext => Error::unsupported(
                "an extension code names a global in a registry; \
                 give it with DeOptions::extensions",
            ),
            _ => self.cx.unreadable(self.handle),
        })
    }
}

/// The kind of value that a type asks of an object that stands for a scalar.
#[derive(Clone, Copy)]
pub(crate) enum Ask {
    Any,
    Int,
    Str,
    Bytes,
    Float,
    Identifier,
}

impl Ask {
    fn of<'de, V: Visitor<'de>>(
        self,
        node: NodeDeserializer<'_, 'de>,
        visitor: V,
    ) -> Result<V::Value> {
        match self {
            Self::Any => node.any(visitor),
            Self::Int => node.deserialize_i64(visitor),
            Self::Str => node.deserialize_str(visitor),
            Self::Bytes => node.deserialize_bytes(visitor),
            Self::Float => node.deserialize_f64(visitor),
            Self::Identifier => node.deserialize_identifier(visitor),
        }
    }
}

/// The numbers of an array.
struct Numbers<'c, 'g, 'de, I> {
    cx: &'c Cx<'g, 'de>,
    items: I,
    len: usize,
    left: usize,
}

impl<'de, I: Iterator<Item = ArrayItem>> SeqAccess<'de> for Numbers<'_, '_, '_, I> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.left == self.len {
            self.cx.charge_memory(cost::items::<T::Value>(self.len))?;
        }
        let Some(item) = self.items.next() else { return Ok(None) };
        self.left = self.left.saturating_sub(1);
        seed.deserialize(match item {
            ArrayItem::Unsigned(value) => Scalar::Uint(value),
            ArrayItem::Signed(value) => Scalar::Int(value),
            ArrayItem::Float(value) => Scalar::Float(value),
        })
        .map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// The items that APPEND, APPENDS and ADDITEMS gave an object.
fn list_items<'g>(
    object: &ObjectView<'g>,
    nodes: &'g Nodes<'_>,
) -> impl Iterator<Item = Handle> + 'g {
    let runs =
        object.more(nodes).filter(|(kind, _)| matches!(kind, RunKind::Items | RunKind::Adds));
    runs.flat_map(|(_, run)| run.iter().copied())
}

/// Returns true if a single argument is the items of a subclass: of tuple by NEWOBJ, of set by a
/// call. A list by NEWOBJ is the one field of a named tuple.
pub(super) fn is_items(object: &ObjectView<'_>, argument: Handle) -> bool {
    match object.how {
        How::NewObj | How::NewObjEx => argument.tag().is_tuple(),
        _ => is_sequence(argument),
    }
}

pub(super) fn is_container(handle: Handle) -> bool {
    matches!(handle.tag(), Tag::Dict) || is_sequence(handle)
}

pub(crate) fn is_sequence(handle: Handle) -> bool {
    matches!(handle.tag(), Tag::List | Tag::Tuple | Tag::EmptyTuple | Tag::Set | Tag::FrozenSet)
}
