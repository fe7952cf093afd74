//! Where the fields and the items of an object lie: one answer for the reader and the editor.
//!
//! Nothing here is generic, so it is compiled once. The reader (`object`) hands the source to a
//! visitor; the editor (`edit/`) changes it.

use super::node::NodeDeserializer;
use super::object::{is_container, is_items, is_sequence};
use super::spelled::PartKind;
use crate::error::{ErrorKind, Result};
use crate::natural::numpy::Numpy;
use crate::natural::{Natural, natural, structure};
use crate::nodes::handle::{Handle, Tag, TagKind};
use crate::nodes::scalar;
use crate::nodes::store::RunKind;
use crate::nodes::view::{ObjectView, View};
use crate::reduce::How;

/// A part of an object that holds what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A positional argument.
    Arg(usize),
    /// The value of the builtin class that the object's class is derived from.
    Base,
    /// The state.
    State,
    /// The value of an attribute.
    Attribute(Handle),
}

/// Where the entries of a struct or map lie.
pub(crate) enum FieldSource<'g> {
    /// In these dicts, or lists of pairs, and then in the dict items.
    Merged(Vec<Handle>),
    /// Keys and values in turn, from wherever.
    Loose(Vec<Handle>),
    /// In the dict items alone.
    Pairs,
    /// In an array of numpy, as a record.
    Numpy(Box<Numpy<'g>>),
    /// In another value: a dict, or whatever the state is.
    Within(Part, Handle),
    /// In the items of a tuple that is the one argument.
    Items(Part, Handle),
    /// In the arguments, in order.
    Args(&'g [Handle]),
    /// It has no fields.
    Other,
}

/// Where the items of a sequence lie.
pub(crate) enum SequenceSource<'g> {
    /// In what was appended or added to the object.
    Runs,
    /// In another sequence.
    Within(Part, Handle),
    /// In the arguments.
    Args(&'g [Handle]),
    /// In a natural form.
    Natural(Natural<'g>),
    /// It has no items.
    Other,
}

impl<'g> NodeDeserializer<'g, '_> {
    /// Where the fields of an object lie for a struct with fields of these names. Where those are
    /// not known, what depends on them counts as no fields.
    pub(super) fn struct_source(
        &self,
        object: &ObjectView<'g>,
        fields: Option<&[&str]>,
    ) -> Result<FieldSource<'g>> {
        match structure(self.cx, object)? {
            Some(Natural::Pairs(sources)) => return Ok(FieldSource::Merged(sources)),
            Some(Natural::Numpy(array)) => return Ok(FieldSource::Numpy(array)),
            _ => {}
        }
        let state = self.telling_state_of(object)?;
        let has_pairs = self.cx.given(&object.object)?.has(RunKind::Pairs);
        if let Some(pairs) = self.pairs_of_call(object, fields)? {
            if fields.is_none() {
                return Ok(FieldSource::Other);
            }
            let mut sources =
                state.and_then(|state| self.attribute_dicts(state)).unwrap_or_default();
            sources.extend(pairs);
            return Ok(FieldSource::Merged(sources));
        }
        Ok(match (state, has_pairs) {
            (Some(state), has_pairs) => match self.attribute_dicts(state) {
                Some(dicts) => FieldSource::Merged(dicts),
                None if has_pairs => FieldSource::Merged(Vec::new()),
                None => FieldSource::Within(Part::State, state),
            },
            (None, true) => FieldSource::Merged(Vec::new()),
            (None, false) => match (object.base, object.args) {
                (Some((_, base)), _) => FieldSource::Within(Part::Base, base),
                (None, []) => FieldSource::Merged(Vec::new()),
                // A tuple subclass without attributes has its items in one argument.
                (None, &[items]) if items.tag() == Tag::Tuple => {
                    FieldSource::Items(Part::Arg(0), items)
                }
                (None, args) => FieldSource::Args(args),
            },
        })
    }

    /// Where the entries of an object lie for a map.
    pub(super) fn map_source(&self, object: &ObjectView<'g>) -> Result<FieldSource<'g>> {
        match self.part_kind() {
            None => {}
            Some(PartKind::DictItems) => return Ok(FieldSource::Pairs),
            Some(_) => return Ok(FieldSource::Other),
        }
        match structure(self.cx, object)? {
            Some(Natural::Pairs(sources)) => return Ok(FieldSource::Merged(sources)),
            Some(Natural::Numpy(array)) => return Ok(FieldSource::Numpy(array)),
            Some(Natural::Wraps(data) | Natural::Is(data)) => {
                return Ok(FieldSource::Within(Part::Attribute(data), data));
            }
            _ => {}
        }
        if self.cx.given(&object.object)?.has(RunKind::Pairs) {
            return Ok(FieldSource::Pairs);
        }
        if let Some(pairs) = self.pairs_of_call(object, None)? {
            return Ok(FieldSource::Merged(pairs));
        }
        Ok(match (self.telling_state_of(object)?, object.base, object.args) {
            (_, Some((_, base)), _) if base.tag() == Tag::Dict => {
                FieldSource::Within(Part::Base, base)
            }
            (_, _, &[.., dict]) if dict.tag() == Tag::Dict => {
                FieldSource::Within(Part::Arg(object.args.len() - 1), dict)
            }
            (Some(state), ..) => match self.attribute_dicts(state) {
                Some(dicts) => FieldSource::Merged(dicts),
                None => FieldSource::Within(Part::State, state),
            },
            (None, None, []) => FieldSource::Merged(Vec::new()),
            // Something with content that is no map: better an error than an empty one.
            _ => FieldSource::Other,
        })
    }

    /// The entries of a subclass of OrderedDict by Python 2.7, `D([[key, value], …])`: its class
    /// does not say that it is one.
    ///
    /// Such a list is no less the argument of any other class. A struct takes it for entries where
    /// a key is one of its fields; a map, unless the object has a state and other keys than text.
    fn pairs_of_call(
        &self,
        object: &ObjectView<'g>,
        fields: Option<&[&str]>,
    ) -> Result<Option<Vec<Handle>>> {
        let nodes = self.cx.nodes;
        let (How::Call, &[list]) = (object.how, object.args) else { return Ok(None) };
        if list.tag() != Tag::List || fields.is_some_and(<[_]>::is_empty) {
            return Ok(None);
        }
        // Lists of other things are told by their first item.
        let mut items = nodes.contents(&nodes.object(list.number()));
        if items.next().is_some_and(|first| first.tag() != Tag::List) {
            return Ok(None);
        }
        let Some(pairs) = crate::natural::pairs_in(self.cx, list)? else { return Ok(None) };
        let mut keys = pairs.iter().map(|pair| {
            let pair = nodes.object(pair.number());
            nodes.contents(&pair).next().unwrap_or(Handle::VACANT)
        });
        let told = match fields {
            Some(fields) => {
                let mut found = false;
                for key in keys {
                    found = found || self.is_one_of(key, fields)?;
                }
                found
            }
            None => {
                self.state_of(object)?.is_none()
                    || keys.all(|key| self.of(key).is_text() || key.tag().kind() == TagKind::Chars)
            }
        };
        Ok(told.then_some(pairs))
    }

    /// Returns true if a key is text that is one of `names`.
    pub(super) fn is_one_of(&self, key: Handle, names: &[&str]) -> Result<bool> {
        self.cx.charge_look(key)?;
        Ok(match scalar::chars(self.cx.input, key) {
            Some(chars) => names.iter().any(|name| name.as_bytes() == &*chars),
            None => scalar::plain_text(self.cx.nodes, self.cx.input, key)
                .is_some_and(|key| names.contains(&&*key)),
        })
    }

    /// Where the items of an object lie for a sequence.
    pub(super) fn sequence_source(&self, object: &ObjectView<'g>) -> Result<SequenceSource<'g>> {
        match self.part_kind() {
            None => {}
            Some(PartKind::Args) => return Ok(SequenceSource::Args(object.args)),
            Some(PartKind::Items) => return Ok(SequenceSource::Runs),
            Some(PartKind::DictItems) => return Ok(SequenceSource::Other),
        }
        match structure(self.cx, object)? {
            Some(natural @ (Natural::Items(_) | Natural::Array(_) | Natural::Numpy(_))) => {
                return Ok(SequenceSource::Natural(natural));
            }
            Some(Natural::Wraps(data) | Natural::Is(data)) => {
                return Ok(SequenceSource::Within(Part::Attribute(data), data));
            }
            _ => {}
        }
        let given = self.cx.given(&object.object)?;
        if given.has_items() {
            return Ok(SequenceSource::Runs);
        }
        if let Some((_, base)) = object.base {
            return Ok(SequenceSource::Within(Part::Base, base));
        }
        Ok(match object.args {
            &[items] if is_items(object, items) => SequenceSource::Within(Part::Arg(0), items),
            [] => match self.telling_state_of(object)? {
                Some(state) if is_sequence(state) && self.attribute_dicts(state).is_none() => {
                    SequenceSource::Within(Part::State, state)
                }
                // A map is no sequence, and attributes are no items.
                Some(state) if !self.is_empty_dict(state) => SequenceSource::Other,
                _ if given.has(RunKind::Pairs) => SequenceSource::Other,
                _ if matches!(structure(self.cx, object)?, Some(Natural::Pairs(_))) => {
                    SequenceSource::Other
                }
                _ => SequenceSource::Args(&[]),
            },
            args => SequenceSource::Args(args),
        })
    }

    /// The part that an object is to a type that asks for text, a number or bytes, where it is read
    /// through the object.
    pub(crate) fn scalar_part(self) -> Result<Option<Part>> {
        let View::Object(object) = self.view()? else { return Ok(None) };
        match natural(self.cx, &object, false) {
            Ok(Some(Natural::Wraps(data) | Natural::Is(data))) => {
                return Ok(Some(Part::Attribute(data)));
            }
            Ok(Some(Natural::Same(value))) => {
                let arg = object.args.iter().position(|arg| *arg == value);
                return Ok(Some(arg.map_or(Part::Attribute(value), Part::Arg)));
            }
            Ok(Some(_)) => return Ok(None),
            Ok(None) => {}
            Err(error) if error.kind() == ErrorKind::Unsupported => {}
            Err(error) => return Err(error),
        }
        if object.base.is_some() {
            return Ok(Some(Part::Base));
        }
        let has_contents = self.cx.given(&object.object)?.has_contents();
        Ok(match *object.args {
            [single] if !has_contents && !is_container(single) => Some(Part::Arg(0)),
            _ => None,
        })
    }
}

/// The fields of an object, as an editor needs them.
pub(crate) enum Fields {
    /// They have names: in these dicts, and in the dict items if it says so.
    Named { dicts: Vec<Handle>, pairs: bool },
    /// They are those of this part.
    Within(Part),
    /// They are the arguments.
    Args,
    /// There are none, or none that can be changed.
    Other,
}

/// Where the fields of an object lie for a map, or for a struct, the names of whose fields may be
/// known.
pub(crate) fn fields_of(
    node: NodeDeserializer<'_, '_>,
    as_map: bool,
    fields: Option<&[&str]>,
) -> Result<Fields> {
    let View::Object(object) = node.view()? else { return Ok(Fields::Other) };
    let source =
        if as_map { node.map_source(&object)? } else { node.struct_source(&object, fields)? };
    let pairs = node.cx.given(&object.object)?.has(RunKind::Pairs);
    Ok(match source {
        FieldSource::Merged(dicts) => Fields::Named { dicts, pairs },
        FieldSource::Pairs => Fields::Named { dicts: Vec::new(), pairs: true },
        FieldSource::Within(part, _) | FieldSource::Items(part, _) => Fields::Within(part),
        FieldSource::Args(_) => Fields::Args,
        FieldSource::Numpy(_) | FieldSource::Loose(_) | FieldSource::Other => Fields::Other,
    })
}

/// The items of an object, as an editor needs them.
pub(crate) enum Sequence {
    /// The items that were appended or added to it.
    Runs,
    /// Those of this part.
    Within(Part),
    /// The arguments.
    Args,
    /// There are none, or none that can be changed one by one.
    Other,
}

/// Where the items of an object lie.
pub(crate) fn sequence_of(node: NodeDeserializer<'_, '_>) -> Result<Sequence> {
    let View::Object(object) = node.view()? else { return Ok(Sequence::Other) };
    let has_runs = node.cx.given(&object.object)?.has_items();
    Ok(match node.sequence_source(&object)? {
        SequenceSource::Runs => Sequence::Runs,
        SequenceSource::Within(part, _) => Sequence::Within(part),
        SequenceSource::Args(_) => Sequence::Args,
        SequenceSource::Natural(Natural::Items(items)) => match items {
            Some(items) if !has_runs && items.tag() != Tag::EmptyTuple => {
                let arg = object.args.iter().position(|arg| *arg == items);
                arg.map_or(Sequence::Other, |arg| Sequence::Within(Part::Arg(arg)))
            }
            _ => Sequence::Runs,
        },
        SequenceSource::Natural(_) | SequenceSource::Other => Sequence::Other,
    })
}
