//! Objects in JSON: their natural forms, or their class and parts.

use serde::de::DeserializeSeed;
use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};

use super::transcode::{Check, transcode};
use super::walk::Item;
use super::{JsonDecimals, JsonObjects};
use crate::de::node::NodeDeserializer;
use crate::de::place::Place;
use crate::error::Result;
use crate::graph::{Node, NodeKind, ObjectParts};
use crate::natural::{Natural, natural};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::view::{View, view};

impl<'g> Item<'_, '_, 'g> {
    pub(super) fn object<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.walker.options.natural
            && let Some(View::Object(object)) =
                view(self.walker.cx.nodes, self.walker.cx.input, self.node.handle.number()).ok()
        {
            // An object whose content its class would not write has no natural form.
            match natural(self.walker.cx, &object, false) {
                Ok(Some(Natural::Text(text))) => return self.natural_str(&text, serializer),
                Ok(Some(Natural::Same(handle))) => {
                    if let Ok(Some(text)) = self.at(self.node_of(handle)).str() {
                        return self.natural_str(&text, serializer);
                    }
                }
                Ok(Some(Natural::Pairs(sources))) => {
                    let entries = sources.into_iter().flat_map(|source| {
                        let source = self.node_of(source);
                        let pair = source.kind() != NodeKind::Dict;
                        let mut items = pair.then(|| source.items()).into_iter().flatten();
                        let pair = items.next().zip(items.next());
                        source.entries().chain(pair)
                    });
                    return self.map(serializer, Vec::new(), entries.chain(self.node.entries()));
                }
                Ok(Some(Natural::Items(source))) => {
                    let items = source.map(|source| self.node_of(source).items());
                    let items = items.into_iter().flatten().chain(self.node.items());
                    return self.seq(serializer, items);
                }
                Ok(Some(Natural::Absent)) => return serializer.serialize_none(),
                Ok(Some(Natural::Wraps(handle) | Natural::Is(handle))) => {
                    return self.at(self.node_of(handle)).serialize(serializer);
                }
                Ok(Some(Natural::Array(_) | Natural::Numpy(_))) => {
                    let depth = self.walker.options.max_depth as u32;
                    let node = NodeDeserializer::new(self.walker.cx, self.node.handle, depth);
                    if Check(self.walker).deserialize(Place::Node(node)).is_ok() {
                        return transcode(self.walker, Place::Node(node), serializer);
                    }
                }
                Ok(None) | Err(_) => {}
            }
        }
        self.plain_object(serializer)
    }

    fn node_of(&self, handle: Handle) -> Node<'g> {
        Node { graph: self.node.graph, handle }
    }

    /// The text that an object stands for.
    pub(super) fn natural_text(&self) -> Result<Option<String>> {
        if !self.walker.options.natural || self.node.handle.tag() != Tag::Instance {
            return Ok(None);
        }
        let cx = self.walker.cx;
        let Ok(View::Object(object)) = view(cx.nodes, cx.input, self.node.handle.number()) else {
            return Ok(None);
        };
        let text = match natural(cx, &object, false) {
            Ok(Some(Natural::Text(text))) => text.into_owned(),
            Ok(Some(Natural::Same(handle))) => match self.at(self.node_of(handle)).str()? {
                Some(text) => text.into_owned(),
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        self.walker.charge(text.len())?;
        Ok(Some(text))
    }

    fn natural_str<S: Serializer>(&self, text: &str, serializer: S) -> Result<S::Ok, S::Error> {
        let number = match self.walker.options.decimals {
            JsonDecimals::Number => text.parse::<f64>().ok().filter(|number| number.is_finite()),
            JsonDecimals::Text => None,
        };
        if let Some(number) = number
            && let Some(parts) = self.node.object()
            && parts.callable.global().is_some_and(|class| class.is("decimal", "Decimal"))
        {
            return serializer.serialize_f64(number);
        }
        self.walker.text(text, serializer)
    }

    fn plain_object<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(parts) = self.node.object() else { return serializer.serialize_unit() };
        self.walker
            .charge(16 * (parts.args.len() + parts.states.len()))
            .map_err(S::Error::custom)?;
        let (attributes, state) = split_state(&parts);
        match self.walker.options.objects {
            JsonObjects::Tagged => self.tagged_object(serializer, parts, attributes, state),
            JsonObjects::Attributes => {
                self.bare_object(serializer, &parts, attributes, state.first().copied())
            }
            JsonObjects::Error => {
                Err(S::Error::custom(self.walker.refused("an object", "objects")))
            }
        }
    }

    fn tagged_object<S: Serializer>(
        &self,
        serializer: S,
        parts: ObjectParts<'g>,
        attributes: Vec<Node<'g>>,
        state: Vec<Node<'g>>,
    ) -> Result<S::Ok, S::Error> {
        let class = self.at(parts.callable).name().map_err(S::Error::custom)?;
        let mut shown = vec![(
            "$class",
            match class {
                Some(name) => Part::Text(name),
                None => Part::Node(parts.callable),
            },
        )];
        if !parts.args.is_empty() {
            shown.push(("$args", Part::Nodes(parts.args)));
        }
        if let Some(kwargs) = parts.kwargs.filter(|kwargs| !kwargs.is_empty()) {
            shown.push(("$kwargs", Part::Node(kwargs)));
        }
        if self.node.items().next().is_some() {
            shown.push(("$items", Part::Items));
        }
        if self.node.entries().next().is_some() {
            shown.push(("$entries", Part::Entries));
        }
        match *state.as_slice() {
            [] => {}
            [state] => shown.push(("$state", Part::Node(state))),
            _ => shown.push(("$state", Part::Nodes(state))),
        }
        let attributes = attributes.into_iter().flat_map(|dict| dict.entries());
        self.map(serializer, shown, attributes)
    }

    fn bare_object<S: Serializer>(
        &self,
        serializer: S,
        parts: &ObjectParts<'g>,
        attributes: Vec<Node<'g>>,
        state: Option<Node<'g>>,
    ) -> Result<S::Ok, S::Error> {
        if !attributes.is_empty() {
            let attributes = attributes.into_iter().flat_map(|dict| dict.entries());
            return self.map(serializer, Vec::new(), attributes);
        }
        if self.node.entries().next().is_some() {
            return self.map(serializer, Vec::new(), self.node.entries());
        }
        if self.node.items().next().is_some() {
            return self.seq(serializer, self.node.items());
        }
        match (state, &*parts.args) {
            (Some(state), _) => self.at(state).serialize(serializer),
            (None, []) => serializer.serialize_map(Some(0))?.end(),
            (None, &[argument]) => self.at(argument).serialize(serializer),
            (None, arguments) => self.seq(serializer, arguments.iter().copied()),
        }
    }
}

/// The dicts that hold the attributes of an object, and the states that are not dicts.
fn split_state<'g>(parts: &ObjectParts<'g>) -> (Vec<Node<'g>>, Vec<Node<'g>>) {
    let (mut attributes, mut other) = (Vec::new(), Vec::new());
    for &(_, state) in &parts.states {
        match state.kind() {
            NodeKind::None => {}
            NodeKind::Dict => attributes.push(state),
            NodeKind::Tuple if state.len() == 2 => {
                let halves: Vec<_> = state.items().collect();
                let kinds =
                    |half: &Node<'_>| matches!(half.kind(), NodeKind::None | NodeKind::Dict);
                if halves.iter().all(kinds) {
                    attributes.extend(halves.into_iter().filter(|half| !half.is_none()));
                } else {
                    other.push(state);
                }
            }
            _ => other.push(state),
        }
    }
    (attributes, other)
}

/// A part of an object.
pub(super) enum Part<'g> {
    Text(String),
    Node(Node<'g>),
    Nodes(Vec<Node<'g>>),
    Pairs(Vec<(Node<'g>, Node<'g>)>),
    /// The items that the object was given.
    Items,
    /// The entries that the object was given.
    Entries,
}

/// A part, to be serialized.
pub(super) struct PartItem<'i, 'w, 'c, 'g> {
    pub(super) item: &'i Item<'w, 'c, 'g>,
    pub(super) part: Part<'g>,
}

impl Serialize for PartItem<'_, '_, '_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let item = self.item;
        match &self.part {
            Part::Text(text) => serializer.serialize_str(text),
            Part::Node(node) => item.at(*node).serialize(serializer),
            Part::Nodes(nodes) => item.seq(serializer, nodes.iter().copied()),
            Part::Pairs(pairs) => item.pairs(serializer, pairs.clone()),
            Part::Items => item.seq(serializer, item.node.items()),
            Part::Entries => item.map(serializer, Vec::new(), item.node.entries()),
        }
    }
}
