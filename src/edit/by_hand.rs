//! Single attributes, entries and states of an object, changed by hand.

use super::editor::Editor;
use super::fields::Source;
use super::image::key_text;
use super::node::{BY_HAND, is_instance};
use crate::de::source::{Fields, fields_of};
use crate::error::Result;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::store::RunKind;
use crate::nodes::view::{View, view};
use crate::value::Value;

impl Editor<'_, '_, '_> {
    /// The places of an object's attributes: dicts of its state, and its keyword arguments.
    fn attribute_sources(&mut self, at: Handle) -> Result<Vec<Source>> {
        if !is_instance(at) {
            return Err(self.no_place(at));
        }
        let View::Object(object) = view(self.nodes, self.input, at.number())? else {
            return Err(self.no_place(at));
        };
        let kwargs = object.kwargs;
        let (dicts, pairs) = match self.walk(at, |node| fields_of(node, false, None))? {
            Fields::Named { dicts, pairs } => (dicts, pairs),
            _ => (Vec::new(), false),
        };
        let mut own = Vec::with_capacity(dicts.len());
        for dict in dicts {
            own.push(self.own_dict(at, dict)?);
        }
        let mut sources = self.sources(at, &own, pairs);
        sources.extend(kwargs.map(|kwargs| self.dict_source(kwargs)));
        Ok(sources)
    }

    fn entry_sources(&self, at: Handle) -> Result<Vec<Source>> {
        match at.tag() {
            Tag::Dict => Ok(vec![self.dict_source(at)]),
            Tag::Instance => Ok(vec![self.pairs_source(at)]),
            _ => Err(self.no_place(at)),
        }
    }

    /// The slot of the value under a key: the last one.
    fn slot(&self, sources: &[Source], key: &Value) -> Result<Option<usize>> {
        let wanted = key_text(key);
        for source in sources.iter().rev() {
            for pair in source.slots.chunks_exact(2).rev() {
                if self.key(pair[0])? == wanted {
                    return Ok(Some(pair[1]));
                }
            }
        }
        Ok(None)
    }

    fn put(&mut self, at: Handle, sources: &[Source], key: &Value, now: Handle) -> Result<()> {
        if let Some(slot) = self.slot(sources, key)? {
            self.nodes.replace(self.journal, slot, now);
            return Ok(());
        }
        let key = self.import(key, at)?;
        let target = self.target(sources, at)?;
        let source = self.pairs_or_dict(target);
        self.rebuild(&source, &Default::default(), &[key, now])
    }

    fn take(&mut self, sources: &[Source], key: &Value) -> Result<bool> {
        if self.slot(sources, key)?.is_none() {
            return Ok(false);
        }
        let removed = std::iter::once(key_text(key)).collect();
        for source in sources {
            self.rebuild(source, &removed, &[])?;
        }
        Ok(true)
    }

    pub(super) fn set_attribute(&mut self, at: Handle, name: &Value, now: Handle) -> Result<()> {
        let sources = self.attribute_sources(at)?;
        if sources.is_empty() && !self.part(at, crate::de::source::Part::State).is_vacant() {
            // The state has no names.
            return Err(self.no_place(at));
        }
        self.put(at, &sources, name, now)
    }

    pub(super) fn remove_attribute(&mut self, at: Handle, name: &Value) -> Result<bool> {
        let sources = self.attribute_sources(at)?;
        self.take(&sources, name)
    }

    pub(super) fn set_entry(&mut self, at: Handle, key: &Value, now: Handle) -> Result<()> {
        let sources = self.entry_sources(at)?;
        self.put(at, &sources, key, now)
    }

    pub(super) fn remove_entry(&mut self, at: Handle, key: &Value) -> Result<bool> {
        let sources = self.entry_sources(at)?;
        self.take(&sources, key)
    }

    /// Gives a dict, or an object, these keys and values in turn.
    pub(super) fn set_entries(&mut self, at: Handle, entries: Vec<Handle>) -> Result<()> {
        let mut contents = self.nodes.contents_of(at.number());
        match at.tag() {
            Tag::Dict => {
                contents.first = entries;
                contents.more.clear();
            }
            Tag::Instance => {
                contents.more.retain(|(kind, ..)| *kind != RunKind::Pairs);
                contents.more.insert(0, (RunKind::Pairs, entries, 0));
            }
            _ => return Err(self.no_place(at)),
        }
        self.nodes.set_contents(self.journal, at.number(), &contents)
    }

    /// Gives an object these list items.
    pub(super) fn set_runs(&mut self, at: Handle, items: Vec<Handle>) -> Result<()> {
        let listed = |kind: &RunKind| matches!(kind, RunKind::Items | RunKind::Adds);
        let mut contents = self.nodes.contents_of(at.number());
        let place = contents.more.iter().position(|(kind, ..)| listed(kind));
        let kind = place.map_or(RunKind::Items, |place| contents.more[place].0);
        contents.more.retain(|(kind, ..)| !listed(kind));
        contents.more.insert(place.unwrap_or(0).min(contents.more.len()), (kind, items, 0));
        self.nodes.set_contents(self.journal, at.number(), &contents)
    }

    /// Gives an object other positional arguments; it keeps its identity.
    pub(super) fn set_args_in_place(&mut self, at: Handle, args: Vec<Handle>) -> Result<()> {
        if !is_instance(at) {
            return Err(self.no_place(at));
        }
        let made = self.set_args(at, &BY_HAND, args)?;
        if made != at {
            let contents = self.nodes.contents_of(made.number());
            self.nodes.set_contents(self.journal, at.number(), &contents)?;
        }
        Ok(())
    }

    pub(super) fn set_state(&mut self, at: Handle, now: Handle) -> Result<()> {
        if !is_instance(at) {
            return Err(self.no_place(at));
        }
        let mut contents = self.nodes.contents_of(at.number());
        let setter = contents.more.iter_mut().find(|(kind, ..)| *kind == RunKind::Setter);
        if let Some((_, run, _)) = setter
            && let Some(state) = run.get_mut(1)
        {
            *state = now;
        } else {
            contents.more.retain(|(kind, ..)| *kind != RunKind::State);
            contents.more.push((RunKind::State, vec![now], 0));
        }
        self.nodes.set_contents(self.journal, at.number(), &contents)
    }
}
