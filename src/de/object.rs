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

use serde::Deserialize;

use super::answer::{About, Answer, Held};
use super::ask::Ask;
use super::entries::Entries;
use super::items::Items;
use super::node::{Found, NodeDeserializer};
use super::numbers::{Numbers, NumbersOf};
use super::numpy::HeldArray;
use super::place::Place;
use super::source::{FieldSource, Part, SequenceSource};
use super::spelled::{NamedObject, PartKind};
use crate::error::{Error, ErrorKind, Result};
use crate::natural::numpy::Numpy;
use crate::natural::{Array, Natural, natural};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::store::{Contents, RunKind};
use crate::nodes::view::{ObjectView, Payload, View, global_names, tuple_items};
use crate::reduce::How;

impl<'g, 'de> NodeDeserializer<'g, 'de> {
    pub(crate) fn view(&self) -> Result<View<'g>> {
        match self.handle.tag() {
            Tag::Part => self.spelled().map(View::Object),
            _ => self.cx.view(self.handle),
        }
    }

    /// The same walk at another value, of the same depth.
    pub(crate) fn of(self, handle: Handle) -> Self {
        Self { copies: self.copies, ..Self::new(self.cx, handle, self.depth) }
    }

    /// The same walk at a value one level further in: what an object is made of.
    pub(crate) fn inner(self, handle: Handle) -> Result<Self> {
        Ok(Self { copies: self.copies, ..Self::new(self.cx, handle, self.deeper()?) })
    }

    /// An instance as whatever it is by itself.
    pub(crate) fn instance(self) -> Found<'g, 'de> {
        let object = match self.view()? {
            View::Set { items, taken, .. } => return self.set(items, taken),
            View::Bytes { of, .. } => {
                return self.payload(self.cx.payload(self.handle, of)?);
            }
            View::Complex { real, imaginary } => {
                return self.complex(real, imaginary);
            }
            View::Attribute => return self.global(),
            View::Object(object) => object,
        };
        match self.part_kind() {
            None => {}
            Some(PartKind::DictItems) => return self.dict_items(&object),
            Some(PartKind::Items) => return self.list_items(&object),
            Some(PartKind::Args) => return self.run(object.args),
        }
        match natural(self.cx, &object, false) {
            Ok(None) => {}
            // By itself a wrapper is what its state says.
            Ok(Some(Natural::Wraps(_))) => {
                if let Some(state) = self.telling_state_of(&object)? {
                    return self.of_state(state, &object, false);
                }
            }
            Ok(Some(natural)) => return self.of_natural(natural, &object, Ask::Any),
            // An object without a text form is still data.
            Err(error) if error.kind() == ErrorKind::Unsupported => {}
            Err(error) => return Err(error),
        }
        if let Some((_, base)) = object.base {
            return self.inner(base)?.answer(Ask::Any);
        }
        match self.cx.given(&object.object)?.first() {
            Some(RunKind::Pairs) => self.dict_items(&object),
            Some(RunKind::Items | RunKind::Adds) => self.list_items(&object),
            _ => match (self.telling_state_of(&object)?, object.args) {
                (Some(state), _) if !self.is_its_arguments(&object, state)? => {
                    self.of_state(state, &object, false)
                }
                (_, &[single]) => self.inner(single)?.answer(Ask::Any),
                (_, args) => self.run(args),
            },
        }
    }

    /// A natural form. Text, numbers and what a wrapper holds answer as `ask` says.
    fn of_natural(self, natural: Natural<'g>, object: &ObjectView<'g>, ask: Ask) -> Found<'g, 'de> {
        match natural {
            Natural::Text(text) => {
                self.cx.charge_copy(text.len())?;
                Ok(Answer::Text(text, About::Object(self)))
            }
            Natural::Absent => Ok(Answer::Unit),
            Natural::Same(value) | Natural::Is(value) | Natural::Wraps(value) => {
                self.inner(value)?.answer(ask)
            }
            Natural::Pairs(sources) => self.merged(sources, object, false),
            Natural::Items(items) => self.items_and_runs(items, object),
            Natural::Array(array) if matches!(ask, Ask::Bytes) && array.is_bytes() => {
                let bytes = array.into_bytes();
                self.cx.charge_copy(bytes.len())?;
                Ok(Answer::ByteCow(bytes))
            }
            Natural::Array(array) => self.of_array(array),
            Natural::Numpy(array) => Ok(self.of_numpy(array, ask)),
        }
    }

    fn of_numpy(self, array: Box<Numpy<'g>>, ask: Ask) -> Answer<'g, 'g, 'de> {
        Answer::Held(Held::Array(HeldArray { node: self, array, ask }))
    }

    fn of_array(self, array: Array<'g>) -> Found<'g, 'de> {
        let len = array.len();
        let (size, payload) = array.payload();
        self.cx.charge_payload(payload, size, len)?;
        self.deeper()?;
        let (kind, big_endian) = array.kind();
        let bytes = array.into_bytes();
        let numbers = Numbers::new(self.cx, bytes, kind, big_endian, NumbersOf::Array);
        Ok(Answer::Seq(Items::Numbers(numbers)))
    }

    /// The items of a list or tuple and then the list items of an object.
    fn items_and_runs(self, items: Option<Handle>, object: &ObjectView<'g>) -> Found<'g, 'de> {
        let nodes = self.cx.nodes;
        match items {
            None => self.list_items(object),
            Some(items) if !self.cx.given(&object.object)?.has_items() => {
                self.inner(items)?.items()
            }
            Some(items) => {
                let of_arguments = nodes.object(items.number());
                self.cx.charge_contents(&of_arguments)?;
                let mut handles: Vec<Handle> = nodes.contents(&of_arguments).collect();
                handles.extend(self.cx.handles_given(&object.object, ITEMS)?);
                self.charged(handles)
            }
        }
    }

    /// An instance where text, a number, bytes or a name is asked for.
    pub(crate) fn scalar_of_instance(self, ask: Ask) -> Found<'g, 'de> {
        let object = match self.view()? {
            View::Object(object) => object,
            View::Bytes { of, .. } if matches!(ask, Ask::Str) => {
                let payload = self.cx.payload(self.handle, of)?;
                return self.bytes_as_text(self.cx.payload_bytes(payload)?);
            }
            _ => return self.instance(),
        };
        match natural(self.cx, &object, matches!(ask, Ask::Str)) {
            Ok(None) => {}
            Ok(Some(natural)) => return self.of_natural(natural, &object, ask),
            // A type that asks for text gets the reason why there is none.
            Err(error) if error.kind() == ErrorKind::Unsupported && !matches!(ask, Ask::Str) => {}
            Err(error) => return Err(error),
        }
        if let Some((_, base)) = object.base {
            return self.inner(base)?.answer(ask);
        }
        let has_items = self.cx.given(&object.object)?.has_contents();
        match *object.args {
            [single] if !has_items && !is_container(single) => self.inner(single)?.answer(ask),
            // A subclass of bytearray below protocol 3.
            [text, encoding]
                if matches!(ask, Ask::Bytes | Ask::Str)
                    && self.of(text).is_text()
                    && !encoding.is_object() =>
            {
                match (self.cx.payload(self.handle, object.args), ask) {
                    (Ok(bytes), Ask::Str) => self.bytes_as_text(self.cx.payload_bytes(bytes)?),
                    (Ok(bytes), _) => self.payload(bytes),
                    (Err(_), _) => self.instance(),
                }
            }
            _ => self.instance(),
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
        let has_items = self.cx.given(&object.object)?.has_contents();
        Ok(matches!(*object.args, [single] if !has_items && !is_container(single)))
    }

    /// The state that an object was given, by BUILD or by a setter.
    pub(crate) fn state_of(&self, object: &ObjectView<'g>) -> Result<Option<Handle>> {
        Ok(match self.cx.state(object)? {
            Some(state) => Some(state),
            None => self.cx.given(&object.object)?.setter().map(|(_, state)| state),
        })
    }

    /// The same, unless it is an empty dict beside arguments.
    pub(super) fn telling_state_of(&self, object: &ObjectView<'g>) -> Result<Option<Handle>> {
        let made_of_something = object.base.is_some() || !object.args.is_empty();
        Ok(self.state_of(object)?.filter(|state| !made_of_something || !self.is_empty_dict(*state)))
    }

    /// Returns true if an object's value is its arguments, and its state is an extra.
    ///
    /// That holds for subclasses of builtins, whose value is the one argument of `__new__` or the
    /// list that a set is made of, and for exceptions, which may have a note or attributes. Several
    /// arguments of `__new__` are those of any class with `__getnewargs__`.
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
    pub(crate) fn struct_of_instance(self, fields: &[&str]) -> Found<'g, 'de> {
        match self.view()? {
            View::Object(object) => self.struct_of_object(&object, fields),
            _ => self.any(),
        }
    }

    pub(crate) fn struct_of_object(
        self,
        object: &ObjectView<'g>,
        fields: &[&str],
    ) -> Found<'g, 'de> {
        let source = self.struct_source(object, Some(fields))?;
        self.of_source(source, object)
    }

    /// An instance of the class that a struct names.
    pub(super) fn struct_of_named(
        self,
        named: &NamedObject<'g>,
        fields: &'static [&'static str],
    ) -> Found<'g, 'de> {
        let source = self.named_fields(named, fields)?;
        self.of_source(source, &named.object)
    }

    fn of_source(self, source: FieldSource<'g>, object: &ObjectView<'g>) -> Found<'g, 'de> {
        match source {
            FieldSource::Within(Part::Base, base) => self.inner(base)?.answer(Ask::Struct("", &[])),
            source => self.fields(source, object, true),
        }
    }

    fn fields(
        self,
        source: FieldSource<'g>,
        object: &ObjectView<'g>,
        is_struct: bool,
    ) -> Found<'g, 'de> {
        match source {
            FieldSource::Merged(dicts) => self.merged(dicts, object, is_struct),
            FieldSource::Loose(entries) => self.loose_entries(entries),
            FieldSource::Pairs => self.dict_items(object),
            FieldSource::Numpy(array) if is_struct => {
                Ok(self.of_numpy(array, Ask::Struct("", &[])))
            }
            FieldSource::Numpy(array) => Ok(self.of_numpy(array, Ask::Map)),
            FieldSource::Within(Part::State, state) => self.inner(state)?.answer(Ask::Any),
            FieldSource::Within(_, inner) => self.inner(inner)?.answer(Ask::Map),
            FieldSource::Items(_, items) => self.inner(items)?.items(),
            FieldSource::Args(args) => self.run(args),
            FieldSource::Other => self.instance(),
        }
    }

    /// An instance as a map.
    pub(crate) fn map_of_instance(self) -> Found<'g, 'de> {
        let object = match self.view()? {
            View::Object(object) => object,
            _ => return self.any(),
        };
        self.fields(self.map_source(&object)?, &object, false)
    }

    /// An instance as a sequence.
    pub(crate) fn seq_of_instance(self) -> Found<'g, 'de> {
        let object = match self.view()? {
            View::Object(object) => object,
            View::Bytes { .. } => {
                let bytes = self.cx.buffer_bytes(self.handle)?.unwrap_or_default();
                return self.byte_seq(bytes);
            }
            _ => return self.instance(),
        };
        match self.sequence_source(&object)? {
            SequenceSource::Natural(Natural::Numpy(array)) => Ok(self.of_numpy(array, Ask::Seq)),
            SequenceSource::Natural(natural) => self.of_natural(natural, &object, Ask::Any),
            SequenceSource::Runs => self.list_items(&object),
            SequenceSource::Within(_, inner) => self.inner(inner)?.answer(Ask::Seq),
            SequenceSource::Args(args) => self.run(args),
            SequenceSource::Other => self.instance(),
        }
    }

    /// The state as a map of attributes where it is one, else as itself.
    fn of_state(self, state: Handle, object: &ObjectView<'g>, is_struct: bool) -> Found<'g, 'de> {
        match state.tag() {
            Tag::Dict => self.of(state).dict(is_struct),
            _ => match self.attribute_dicts(state) {
                Some(dicts) => self.merged(dicts, object, is_struct),
                None => self.inner(state)?.answer(Ask::Any),
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
    fn merged(
        self,
        dicts: Vec<Handle>,
        object: &ObjectView<'g>,
        is_struct: bool,
    ) -> Found<'g, 'de> {
        let (cx, nodes) = (self.cx, self.cx.nodes);
        let (mut sources, mut len) = (Vec::with_capacity(dicts.len()), 0);
        for dict in dicts {
            let dict = nodes.object(dict.number());
            len += cx.charge_contents(&dict)?;
            sources.push(nodes.contents(&dict));
        }
        if cx.given(&object.object)?.has(RunKind::Pairs) {
            cx.each_run(&object.object, |kind, run| {
                if kind == RunKind::Pairs {
                    cx.charge_values(run.len())?;
                    len += run.len();
                    sources.push(Contents::of(nodes, run));
                }
                Ok(())
            })?;
        }
        sources.reverse();
        let first = sources.pop().unwrap_or_else(|| Contents::of(nodes, &[]));
        let depth = self.deeper()?;
        Ok(Answer::Map(Entries::pairs(self.cx, first, sources, len / 2, depth, is_struct)))
    }

    /// Entries that lie in no run of the graph, as fields.
    fn loose_entries(self, mut entries: Vec<Handle>) -> Found<'g, 'de> {
        self.cx.charge_values(entries.len())?;
        entries.reverse();
        Ok(Answer::Map(Entries::loose(self.cx, entries, self.deeper()?)))
    }

    fn dict_items(self, object: &ObjectView<'g>) -> Found<'g, 'de> {
        self.merged(Vec::new(), object, false)
    }

    fn list_items(self, object: &ObjectView<'g>) -> Found<'g, 'de> {
        let items = self.cx.handles_given(&object.object, ITEMS)?;
        self.charged(items)
    }

    /// Handles that lie in no run of the graph, as a sequence.
    pub(crate) fn loose(self, handles: Vec<Handle>) -> Found<'g, 'de> {
        self.cx.charge_values(handles.len())?;
        self.charged(handles)
    }

    /// The same for handles that are charged already.
    fn charged(self, handles: Vec<Handle>) -> Found<'g, 'de> {
        Ok(Answer::Seq(Items::loose(self.cx, handles, self.deeper()?)))
    }

    /// A set made by a call: what the list had then, and what was added since.
    fn set(self, items: Option<Handle>, taken: usize) -> Found<'g, 'de> {
        let handles = self.set_items(items, taken)?;
        self.loose(handles)
    }

    /// The items of a set made by a call, which are still to be charged as values.
    pub(crate) fn set_items(&self, items: Option<Handle>, taken: usize) -> Result<Vec<Handle>> {
        let (cx, nodes) = (self.cx, self.cx.nodes);
        cx.check_unspent()?;
        let (mut handles, mut left) = (Vec::new(), taken);
        if let Some(list) = items.filter(|items| items.is_object()) {
            let list = nodes.object(list.number());
            let mut take = |run: &[Handle]| {
                let run = run.get(..left).unwrap_or(run);
                left -= run.len();
                handles.extend_from_slice(run);
                left > 0
            };
            let mut more = nodes.more(&list);
            let mut goes_on = take(nodes.first(&list));
            while goes_on && let Some((_, run)) = more.next() {
                cx.charge_values(1)?;
                goes_on = take(run);
            }
        }
        cx.each_run(&nodes.object(self.handle.number()), |kind, run| {
            if kind == RunKind::Adds {
                handles.extend_from_slice(run);
            }
            Ok(())
        })?;
        Ok(handles)
    }

    fn complex(self, real: Handle, imaginary: Option<Handle>) -> Found<'g, 'de> {
        let (re, im) = self.complex_parts(real, imaginary)?;
        Ok(Answer::Seq(Items::Complex([re, im], 0)))
    }

    pub(crate) fn complex_parts(
        &self,
        real: Handle,
        imaginary: Option<Handle>,
    ) -> Result<(f64, f64)> {
        let part = |handle: Handle| -> Result<f64> {
            match self.cx.float(handle)? {
                Some(value) => Ok(value),
                None => f64::deserialize(Place::Node(self.of(handle))),
            }
        };
        Ok((part(real)?, imaginary.map(part).transpose()?.unwrap_or(0.0)))
    }

    fn payload(self, payload: Payload) -> Found<'g, 'de> {
        self.byte_cow(self.cx.payload_bytes(payload)?)
    }

    /// A global as its dotted name.
    pub(crate) fn global(self) -> Found<'g, 'de> {
        let (module, qualname) = self.global_names()?;
        self.cx.charge_copy(module.len() + 1 + qualname.len())?;
        Ok(Answer::text(format!("{module}.{qualname}")))
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

/// The runs of the items that APPEND, APPENDS and ADDITEMS gave an object.
pub(super) const ITEMS: &[RunKind] = &[RunKind::Items, RunKind::Adds];

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
