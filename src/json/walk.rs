//! Serializes a graph with the kinds of values that JSON has.
//!
//! A [`Walker`] is one serialization: the options, the rest of the budget, the open containers and
//! the current path. [`Item`] is one node of it. serde recurses once for each level, up to
//! `max_depth`; an object that is open already is a cycle, so the walk ends. Everything is charged
//! before it is looked at: text by its length, each time.

use std::borrow::Cow;
use std::cell::RefCell;

use foldhash::HashMap;
use num_bigint::BigInt;
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};

use super::object::{Part, PartItem};
use super::text::{Segment, base64, digits, hex, latin1, pointer};
use super::{
    JsonBigInts, JsonBytes, JsonCycles, JsonGlobals, JsonKeys, JsonNonFinite, JsonOptions,
    JsonPersistentIds, JsonShared, JsonSurrogates,
};
use crate::error::{Error, Result};
use crate::graph::{Node, NodeKind};
use crate::nodes::handle::Tag;
use crate::nodes::scalar;
use crate::read::text::Text;
use crate::stdlib::surrogates::{Piece, pieces};
use crate::value::Value;
use crate::walk::cx::Cx;

/// Serializes `root` and all below it.
pub(super) fn serialize<S: Serializer>(
    options: &JsonOptions,
    root: Node<'_>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    root.walk(|node| {
        let walker = Walker::new(options, node.cx, root);
        Item { walker: &walker, node: root }.serialize(serializer)
    })
}

/// One serialization.
pub(super) struct Walker<'c, 'g> {
    pub(super) options: &'c JsonOptions,
    pub(super) cx: &'c Cx<'c, 'g>,
    state: RefCell<State>,
}

struct State {
    /// Values that may still be written.
    left: u64,
    /// The objects that are open, outermost first, each with the length of the path to it.
    open: Vec<(u32, usize)>,
    path: Vec<Segment>,
    /// The places of objects that were written, for references to them.
    places: HashMap<u32, String>,
}

/// The decision on writing an object.
enum Entered {
    Open,
    /// It was written already, at this place.
    Before(String),
    /// It is open, at this place.
    Within(String),
    TooDeep,
}

impl<'c, 'g> Walker<'c, 'g> {
    fn new(options: &'c JsonOptions, cx: &'c Cx<'c, 'g>, root: Node<'g>) -> Self {
        let own = 16 * (root.graph.input.len() as u64).max(cx.nodes.handle_count() as u64);
        let state = State {
            left: options.max_values.saturating_add(own),
            open: Vec::new(),
            path: Vec::new(),
            places: HashMap::default(),
        };
        Self { options, cx, state: RefCell::new(state) }
    }

    /// Counts a value, and `bytes` bytes of text that it has.
    pub(super) fn charge(&self, bytes: usize) -> Result<()> {
        let mut state = self.state.borrow_mut();
        match state.left.checked_sub(1 + bytes as u64 / 16) {
            Some(left) => {
                state.left = left;
                Ok(())
            }
            None => {
                state.left = 0;
                drop(state);
                Err(self.located(Error::limit(
                    "shared references expand to more values than JsonOptions::max_values; \
                     JsonShared::Reference keeps them shared",
                )))
            }
        }
    }

    /// The error for a value that the options refuse.
    #[cold]
    pub(super) fn refused(&self, what: &str, option: &str) -> Error {
        self.located(Error::data(format!("{what} has no form in JSON; see JsonOptions::{option}")))
    }

    #[cold]
    fn located(&self, error: Error) -> Error {
        self.state.borrow().path.iter().rev().fold(error, |error, segment| match segment {
            Segment::Key(key) => error.under_key(key),
            Segment::Index(index) => error.under_index(*index),
        })
    }

    fn within<T>(&self, segment: Segment, write: impl FnOnce() -> T) -> T {
        self.state.borrow_mut().path.push(segment);
        let written = write();
        self.state.borrow_mut().path.pop();
        written
    }

    fn enter(&self, number: u32) -> Entered {
        let state = &mut *self.state.borrow_mut();
        if let Some(&(_, len)) = state.open.iter().find(|(open, _)| *open == number) {
            return Entered::Within(pointer(state.path.get(..len).unwrap_or_default()));
        }
        if self.options.shared == JsonShared::Reference
            && let Some(place) = state.places.get(&number)
        {
            return Entered::Before(place.clone());
        }
        if state.open.len() >= self.options.max_depth {
            return Entered::TooDeep;
        }
        if self.options.shared == JsonShared::Reference {
            let place = pointer(&state.path);
            // Noted places take memory as the output does.
            state.left = state.left.saturating_sub(place.len() as u64 / 16);
            state.places.insert(number, place);
        }
        state.open.push((number, state.path.len()));
        Entered::Open
    }

    fn leave(&self) {
        self.state.borrow_mut().open.pop();
    }

    /// Writes a pointer. It is as long as the keys that it goes through, so it counts as text does.
    fn reference<S: Serializer>(&self, place: &str, serializer: S) -> Result<S::Ok, S::Error> {
        self.charge(place.len()).map_err(S::Error::custom)?;
        tagged(serializer, "$ref", place)
    }

    pub(super) fn text<S: Serializer>(&self, text: &str, serializer: S) -> Result<S::Ok, S::Error> {
        self.charge(text.len()).map_err(S::Error::custom)?;
        serializer.serialize_str(text)
    }

    pub(super) fn float<S: Serializer>(
        &self,
        value: f64,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        if value.is_finite() {
            return serializer.serialize_f64(value);
        }
        match self.options.non_finite {
            JsonNonFinite::Null => serializer.serialize_unit(),
            JsonNonFinite::Text => serializer.serialize_str(&Value::Float(value).to_string()),
            JsonNonFinite::Error => {
                let error = self.refused(&Value::Float(value).to_string(), "non_finite");
                Err(S::Error::custom(error))
            }
        }
    }

    pub(super) fn wide<S: Serializer>(
        &self,
        value: i128,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match (i64::try_from(value), u64::try_from(value)) {
            (Ok(value), _) => serializer.serialize_i64(value),
            (_, Ok(value)) => serializer.serialize_u64(value),
            _ if self.options.big_ints == JsonBigInts::Number => serializer.serialize_i128(value),
            _ => serializer.serialize_str(&value.to_string()),
        }
    }

    pub(super) fn big_int<S: Serializer>(
        &self,
        value: &BigInt,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        if let Ok(value) = i128::try_from(value) {
            return self.wide(value, serializer);
        }
        match u128::try_from(value) {
            Ok(value) if self.options.big_ints == JsonBigInts::Number => {
                serializer.serialize_u128(value)
            }
            _ => serializer.serialize_str(&digits(value)),
        }
    }

    pub(super) fn bytes<S: Serializer>(
        &self,
        bytes: &[u8],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match self.bytes_text(bytes) {
            Some(text) => serializer.serialize_str(&text),
            None => {
                let mut seq = serializer.serialize_seq(Some(bytes.len()))?;
                for byte in bytes {
                    seq.serialize_element(byte)?;
                }
                seq.end()
            }
        }
    }

    /// Bytes as text, if they are written so.
    fn bytes_text(&self, bytes: &[u8]) -> Option<String> {
        Some(match self.options.bytes {
            JsonBytes::Base64 => base64(bytes),
            JsonBytes::Hex => hex(bytes),
            JsonBytes::Latin1 => latin1(bytes),
            JsonBytes::Array => return None,
        })
    }

    /// Text of UTF-8 with three bytes for a lone surrogate.
    fn repaired(&self, bytes: &[u8]) -> Result<String> {
        let mut text = String::with_capacity(bytes.len());
        for piece in pieces(bytes) {
            match (piece, self.options.surrogates) {
                (Piece::Text(plain), _) => text.push_str(plain),
                (Piece::Surrogate(unit), JsonSurrogates::Escape) => {
                    text.push_str(&format!("\\u{unit:04x}"));
                }
                (_, JsonSurrogates::Error) => {
                    return Err(self.refused("text with lone surrogates", "surrogates"));
                }
                _ => text.push('\u{fffd}'),
            }
        }
        Ok(text)
    }
}

/// One node.
pub(super) struct Item<'w, 'c, 'g> {
    pub(super) walker: &'w Walker<'c, 'g>,
    pub(super) node: Node<'g>,
}

impl<'g> Item<'_, '_, 'g> {
    pub(super) fn at(&self, node: Node<'g>) -> Self {
        Self { walker: self.walker, node }
    }
}

impl Serialize for Item<'_, '_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.walker.charge(0).map_err(S::Error::custom)?;
        let handle = self.node.handle;
        let holds_others = matches!(
            handle.tag(),
            Tag::List
                | Tag::Tuple
                | Tag::Dict
                | Tag::Set
                | Tag::FrozenSet
                | Tag::Instance
                | Tag::Persid
        );
        if !holds_others {
            return self.leaf(serializer);
        }
        let options = self.walker.options;
        match self.walker.enter(handle.number()) {
            Entered::Open => {
                let written = self.container(serializer);
                self.walker.leave();
                written
            }
            Entered::Before(place) => self.walker.reference(&place, serializer),
            Entered::Within(place) => match options.cycles {
                JsonCycles::Reference => self.walker.reference(&place, serializer),
                JsonCycles::Null => serializer.serialize_unit(),
                JsonCycles::Error => {
                    let error = self.walker.refused("an object within itself", "cycles");
                    Err(S::Error::custom(error))
                }
            },
            Entered::TooDeep => {
                let why = format!("nested more than {} levels deep", options.max_depth);
                tagged(serializer, "$omitted", &why)
            }
        }
    }
}

/// An object with one entry.
fn tagged<S: Serializer>(
    serializer: S,
    tag: &str,
    value: &(impl Serialize + ?Sized),
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(tag, value)?;
    map.end()
}

/// Values that hold no others.
impl<'g> Item<'_, '_, 'g> {
    fn leaf<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (walker, node) = (self.walker, self.node);
        match node.kind() {
            NodeKind::None => serializer.serialize_unit(),
            NodeKind::Bool => serializer.serialize_bool(node.as_bool().unwrap_or_default()),
            NodeKind::Int => match self.int().map_err(S::Error::custom)? {
                Ok(value) => serializer.serialize_i64(value),
                Err(value) => walker.big_int(&value, serializer),
            },
            NodeKind::Float => walker.float(node.as_f64().unwrap_or_default(), serializer),
            NodeKind::Str => match self.str().map_err(S::Error::custom)? {
                Some(text) => serializer.serialize_str(&text),
                None => serializer.serialize_unit(),
            },
            NodeKind::List | NodeKind::Tuple | NodeKind::Set | NodeKind::FrozenSet => {
                serializer.serialize_seq(Some(0))?.end()
            }
            NodeKind::Global | NodeKind::Extension => self.global(serializer),
            _ => self.bytes(serializer),
        }
    }

    fn int(&self) -> Result<Result<i64, BigInt>> {
        if self.node.handle.tag() == Tag::Int
            && let Some(value) = scalar::short_int(self.walker.cx.input, self.node.handle)
        {
            return Ok(Ok(value));
        }
        let len = scalar::number_len(self.walker.cx.nodes, self.walker.cx.input, self.node.handle);
        self.walker.charge(len)?;
        let value = self.node.as_big_int().unwrap_or_default();
        Ok(i64::try_from(&value).map_err(|_| value))
    }

    /// Text, its length charged.
    pub(super) fn str(&self) -> Result<Option<Cow<'g, str>>> {
        let (walker, node) = (self.walker, self.node);
        if let Some(text) = node.as_str() {
            walker.charge(text.len())?;
            return Ok(Some(text));
        }
        match scalar::text(&node.graph.nodes, &node.graph.input, node.handle) {
            Some(Text::Surrogates(bytes)) => {
                walker.charge(bytes.len())?;
                walker.repaired(&bytes).map(|text| Some(text.into()))
            }
            _ => Ok(None),
        }
    }

    fn bytes<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.node.as_bytes() {
            Some(bytes) => {
                self.walker.charge(bytes.len()).map_err(S::Error::custom)?;
                self.walker.bytes(&bytes, serializer)
            }
            None => tagged(serializer, "$omitted", "a buffer that was not given"),
        }
    }

    fn global<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.walker.options.globals == JsonGlobals::Error {
            return Err(S::Error::custom(self.walker.refused("a global", "globals")));
        }
        let Some(name) = self.name().map_err(S::Error::custom)? else {
            return tagged(serializer, "$extension", &self.node.extension_code());
        };
        match self.walker.options.globals {
            JsonGlobals::Tagged => tagged(serializer, "$global", &name),
            _ => serializer.serialize_str(&name),
        }
    }

    /// The dotted name of a global, its length charged.
    pub(super) fn name(&self) -> Result<Option<String>> {
        let Some(global) = self.node.global() else { return Ok(None) };
        let name = format!("{}.{}", global.module, global.qualname);
        self.walker.charge(name.len())?;
        Ok(Some(name))
    }
}

/// Values that hold others.
impl<'g> Item<'_, '_, 'g> {
    fn container<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let node = self.node;
        match node.kind() {
            NodeKind::Dict => self.map(serializer, Vec::new(), node.entries()),
            NodeKind::PersistentId => self.persistent_id(serializer),
            // Its parts may be long text, which is decoded once.
            NodeKind::Complex => match node.as_complex() {
                Some(complex) => {
                    let mut seq = serializer.serialize_seq(Some(2))?;
                    for part in [complex.re, complex.im] {
                        seq.serialize_element(&FloatItem(self.walker, part))?;
                    }
                    seq.end()
                }
                None => self.object(serializer),
            },
            NodeKind::Object => self.object(serializer),
            NodeKind::Global => self.global(serializer),
            NodeKind::Bytes | NodeKind::ByteArray => self.bytes(serializer),
            _ => self.seq(serializer, node.items()),
        }
    }

    pub(super) fn seq<S: Serializer>(
        &self,
        serializer: S,
        items: impl Iterator<Item = Node<'g>>,
    ) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(None)?;
        for (index, item) in items.enumerate() {
            self.walker.within(Segment::Index(index), || seq.serialize_element(&self.at(item)))?;
        }
        seq.end()
    }

    fn persistent_id<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(id) = self.node.persistent_id() else { return serializer.serialize_unit() };
        let id = self.at(id);
        match self.walker.options.persistent_ids {
            JsonPersistentIds::Tagged => {
                self.walker.within(Segment::Key("$persistent_id".to_owned()), || {
                    tagged(serializer, "$persistent_id", &id)
                })
            }
            JsonPersistentIds::Id => id.serialize(serializer),
            JsonPersistentIds::Null => serializer.serialize_unit(),
            JsonPersistentIds::Error => {
                let error = self.walker.refused("a persistent id", "persistent_ids");
                Err(S::Error::custom(error))
            }
        }
    }

    /// The entries of a dict, behind parts that are not in it.
    pub(super) fn map<S: Serializer>(
        &self,
        serializer: S,
        parts: Vec<(&'static str, Part<'g>)>,
        entries: impl Iterator<Item = (Node<'g>, Node<'g>)>,
    ) -> Result<S::Ok, S::Error> {
        let (keyed, pairs) = self.keyed(entries).map_err(S::Error::custom)?;
        if !pairs.is_empty() && parts.is_empty() {
            return self.pairs(serializer, pairs);
        }
        let len = parts.len() + keyed.len() + usize::from(!pairs.is_empty());
        let mut map = serializer.serialize_map(Some(len))?;
        for (key, part) in parts {
            let part = PartItem { item: self, part };
            self.walker.within(Segment::Key(key.to_owned()), || map.serialize_entry(key, &part))?;
        }
        for (key, value) in keyed {
            map.serialize_key(&key)?;
            self.walker.within(Segment::Key(key), || map.serialize_value(&self.at(value)))?;
        }
        if !pairs.is_empty() {
            let part = PartItem { item: self, part: Part::Pairs(pairs) };
            self.walker.within(Segment::Key("$entries".to_owned()), || {
                map.serialize_entry("$entries", &part)
            })?;
        }
        map.end()
    }

    /// The entries by text, each key once; or all of them as they are, if they have to be pairs.
    #[allow(clippy::type_complexity, reason = "two lists of entries")]
    fn keyed(
        &self,
        entries: impl Iterator<Item = (Node<'g>, Node<'g>)>,
    ) -> Result<(Vec<(String, Node<'g>)>, Vec<(Node<'g>, Node<'g>)>)> {
        let as_pairs = self.walker.options.keys == JsonKeys::Pairs;
        let mut keyed: Vec<(String, Node<'g>)> = Vec::new();
        let mut all = Vec::new();
        let mut only_text = true;
        // A key that comes again has the place of the first and the value of the last.
        let mut places: HashMap<(NodeKind, String), usize> = HashMap::default();
        for (key, value) in entries {
            if as_pairs {
                all.push((key, value));
            }
            let kind = key.kind();
            if kind != NodeKind::Str {
                only_text = false;
                if as_pairs {
                    self.walker.charge(0)?;
                    continue;
                }
            }
            let (text, exact) = self.at(key).key(kind)?;
            if exact {
                match places.entry((kind, text.clone())) {
                    std::collections::hash_map::Entry::Occupied(place) => {
                        if let Some((_, old)) = keyed.get_mut(*place.get()) {
                            *old = value;
                        }
                        continue;
                    }
                    std::collections::hash_map::Entry::Vacant(place) => {
                        place.insert(keyed.len());
                    }
                }
            }
            keyed.push((text, value));
        }
        Ok(if as_pairs && !only_text { (Vec::new(), all) } else { (keyed, Vec::new()) })
    }

    /// A key as text; the bool is true if equal text means an equal key.
    fn key(&self, kind: NodeKind) -> Result<(String, bool)> {
        let node = self.node;
        self.walker.charge(0)?;
        if kind == NodeKind::Str {
            return Ok((self.str()?.unwrap_or_default().into_owned(), true));
        }
        if self.walker.options.keys == JsonKeys::Error {
            return Err(self.walker.refused("a key that is not text", "keys"));
        }
        Ok(match kind {
            NodeKind::None => ("null".to_owned(), true),
            NodeKind::Bool => {
                (if node.as_bool() == Some(true) { "true" } else { "false" }.to_owned(), true)
            }
            NodeKind::Int => match self.int()? {
                Ok(value) => (value.to_string(), true),
                Err(value) => (digits(&value), true),
            },
            NodeKind::Float => (Value::Float(node.as_f64().unwrap_or_default()).to_string(), true),
            NodeKind::Bytes => {
                let bytes = node.as_bytes().unwrap_or_default();
                self.walker.charge(bytes.len())?;
                (self.walker.bytes_text(&bytes).unwrap_or_else(|| latin1(&bytes)), true)
            }
            NodeKind::Global => match self.name()? {
                Some(name) => (name, true),
                None => (node.to_string(), false),
            },
            NodeKind::Object => match self.natural_text()? {
                Some(text) => (text, false),
                None => self.shown()?,
            },
            _ => self.shown()?,
        })
    }

    /// A key as its bounded `repr`.
    fn shown(&self) -> Result<(String, bool)> {
        let shown = self.node.to_string();
        self.walker.charge(shown.len())?;
        Ok((shown, false))
    }

    pub(super) fn pairs<S: Serializer>(
        &self,
        serializer: S,
        pairs: Vec<(Node<'g>, Node<'g>)>,
    ) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(pairs.len()))?;
        for (index, (key, value)) in pairs.into_iter().enumerate() {
            let pair = PartItem { item: self, part: Part::Nodes(vec![key, value]) };
            self.walker.within(Segment::Index(index), || seq.serialize_element(&pair))?;
        }
        seq.end()
    }
}

/// A float by the options.
struct FloatItem<'w, 'c, 'g>(&'w Walker<'c, 'g>, f64);

impl Serialize for FloatItem<'_, '_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.float(self.1, serializer)
    }
}
