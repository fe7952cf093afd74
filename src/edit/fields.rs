//! Entries of dicts, and the fields of other values that a struct or map was read from.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use super::diff::{Change, Entries};
use super::editor::Editor;
use super::image::{image, key_text};
use crate::de::source::{Fields, fields_of};
use crate::error::{Error, Result};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::scalar;
use crate::nodes::store::RunKind;
use crate::nodes::view::{View, view};
use crate::value::Value;
use crate::walk::notes::Asked;

/// Slots of values by the texts of their keys; none for a key that is not there.
#[derive(Default)]
pub(super) struct Places {
    /// Keys that are text, by that.
    texts: HashMap<String, Option<usize>, RandomState>,
    others: HashMap<String, Option<usize>, RandomState>,
}

impl Places {
    /// Notes a key that is looked for.
    fn want(&mut self, key_text: String) {
        match key_text.strip_prefix('"') {
            Some(text) => self.texts.insert(text.to_owned(), None),
            None => self.others.insert(key_text, None),
        };
    }

    fn find(&mut self, key_text: &str) -> Option<&mut Option<usize>> {
        match key_text.strip_prefix('"') {
            Some(text) => self.texts.get_mut(text),
            None => self.others.get_mut(key_text),
        }
    }

    pub(super) fn get(&self, key: &Value) -> Option<usize> {
        let text = key_text(key);
        let found = match text.strip_prefix('"') {
            Some(text) => self.texts.get(text),
            None => self.others.get(&text),
        };
        found.copied().flatten()
    }
}

/// A part that holds entries: keys and values in turn.
pub(super) struct Source {
    owner: Owner,
    /// The slots of keys and values, in turn.
    pub(super) slots: Vec<usize>,
}

#[derive(Clone, Copy)]
pub(super) enum Owner {
    /// A dict.
    Dict(Handle),
    /// The pairs that an object was given by key.
    Pairs(Handle),
    /// A list of pairs, as Python 2 makes an OrderedDict of.
    List(Handle),
}

/// A change of entries, with the value that they were read as.
#[derive(Clone, Copy)]
pub(super) struct Whole<'c, 'v> {
    pub(super) old: &'v Value,
    pub(super) entries: &'c Entries<'v>,
    /// Their owner.
    pub(super) at: Handle,
}

impl<'v> Editor<'_, 'v, '_> {
    /// Applies changes of entries to the value that they were read from.
    pub(super) fn entries(
        &mut self,
        at: Handle,
        change: &Change<'v>,
        entries: &Entries<'v>,
    ) -> Result<Handle> {
        match at.tag() {
            Tag::Dict => {
                self.touch(at, change);
                let sources = vec![self.dict_source(at)];
                self.edit_sources(sources, Whole { old: change.old, entries, at })?;
                Ok(at)
            }
            Tag::Instance => self.fields(at, change, entries),
            Tag::List | Tag::Tuple => self.places(at, change, entries),
            _ => Err(self.no_place(at)),
        }
    }

    pub(super) fn dict_source(&self, dict: Handle) -> Source {
        Source { owner: Owner::Dict(dict), slots: self.nodes.slots(dict.number()) }
    }

    pub(super) fn pairs_source(&self, object: Handle) -> Source {
        let slots = self.nodes.slots_of(object.number(), RunKind::Pairs);
        Source { owner: Owner::Pairs(object), slots }
    }

    /// The pairs in a list.
    fn list_source(&self, list: Handle) -> Source {
        let mut slots = Vec::new();
        for slot in self.nodes.slots(list.number()) {
            let pair = self.handle(slot);
            if matches!(pair.tag(), Tag::List | Tag::Tuple) {
                slots.extend(self.nodes.slots(pair.number()).into_iter().take(2));
            }
        }
        Source { owner: Owner::List(list), slots }
    }

    /// The fields of an object: named ones wherever the reader found them, others by their place.
    fn fields(&mut self, at: Handle, change: &Change<'v>, entries: &Entries<'v>) -> Result<Handle> {
        let View::Object(_) = view(self.nodes, self.input, at.number())? else {
            return Err(self.no_place(at));
        };
        let names = match self.types.as_ref().and_then(|types| types.get(&at)) {
            Some(Asked::Struct(names)) => Some(*names),
            _ => None,
        };
        let mut candidates = Vec::new();
        for as_map in [false, true] {
            candidates.push(self.walk(at, |node| fields_of(node, as_map, names))?);
        }
        if entries.len > 0 || entries.added.is_empty() {
            // A struct and a map may see different fields; take the view that has all the keys.
            for fields in &candidates {
                if let Fields::Named { dicts, pairs } = fields {
                    for pairs_alone in [true, false] {
                        let dicts = if pairs_alone { &[][..] } else { dicts };
                        let sources = self.sources(at, dicts, *pairs);
                        if self.has_all(&sources, entries)? {
                            return self.edit_object(at, change, dicts, *pairs, entries);
                        }
                    }
                }
            }
        }
        // A call may have a dict as its last argument, and as many arguments as that has entries.
        let within = candidates.iter().any(|fields| {
            matches!(fields, Fields::Within(part) if self.part(at, *part).tag() == Tag::Dict)
        });
        for fields in candidates {
            match fields {
                Fields::Named { dicts, pairs } => {
                    return self.edit_object(at, change, &dicts, pairs, entries);
                }
                Fields::Within(part) => {
                    let inner = self.part(at, part);
                    if let Some(types) = &mut self.types
                        && let Some(asked) = types.get(&at).copied()
                    {
                        types.entry(inner).or_insert(asked);
                    }
                    let now = self.entries(inner, change, entries)?;
                    return self.set_part(at, change, part, inner, now);
                }
                Fields::Args if within && names.is_none() => {}
                Fields::Args => return self.args_by_place(at, change, entries),
                Fields::Other => {}
            }
        }
        if let Some(now) = self.numpy(at, change)? {
            return Ok(now);
        }
        // A struct with these names may have fields there.
        self.asked(at)?;
        Err(self.no_place(at))
    }

    pub(super) fn sources(&self, at: Handle, dicts: &[Handle], pairs: bool) -> Vec<Source> {
        let is_dict = |dict: &&Handle| dict.tag() == Tag::Dict;
        let mut sources: Vec<Source> =
            dicts.iter().filter(is_dict).map(|&dict| self.dict_source(dict)).collect();
        // The others are pairs, in the list that is the one argument.
        if dicts.iter().any(|dict| !is_dict(&dict))
            && let Some(&list) = self.args(at).unwrap_or_default().last()
        {
            sources.push(self.list_source(list));
        }
        if pairs {
            sources.push(self.pairs_source(at));
        }
        sources
    }

    /// Returns true if every entry that differs is in one of the sources.
    fn has_all(&self, sources: &[Source], entries: &Entries<'v>) -> Result<bool> {
        if sources.is_empty() {
            return Ok(false);
        }
        let places = self.slots_by_key(sources, entries)?;
        let changed = entries.changed.iter().map(|(_, key, _)| *key);
        let mut keys = changed.chain(entries.removed.iter().copied());
        Ok(keys.all(|key| places.get(key).is_some()))
    }

    /// The slots of the values that change or leave, by the text of their keys; of equal keys the
    /// last one counts.
    fn slots_by_key(&self, sources: &[Source], entries: &Entries<'v>) -> Result<Places> {
        let changed = entries.changed.iter().map(|(_, key, _)| *key);
        let added = entries.added.iter().map(|(key, _)| *key);
        let keys = changed.chain(entries.removed.iter().copied()).chain(added);
        let mut places = Places::default();
        for key in keys {
            places.want(key_text(key));
        }
        for source in sources {
            for pair in source.slots.chunks_exact(2) {
                let key = self.handle(pair[0]);
                let found = match scalar::borrowed_text(self.nodes, self.input, key) {
                    Some(text) => places.texts.get_mut(text),
                    None => places.find(&key_text(&self.walk(key, image)?)),
                };
                if let Some(found) = found {
                    *found = Some(pair[1]);
                }
            }
        }
        Ok(places)
    }

    /// Changes the named fields of an object, in place.
    pub(super) fn edit_object(
        &mut self,
        at: Handle,
        change: &Change<'v>,
        dicts: &[Handle],
        pairs: bool,
        entries: &Entries<'v>,
    ) -> Result<Handle> {
        self.touch(at, change);
        let mut own = Vec::with_capacity(dicts.len());
        for &dict in dicts {
            own.push(if dict.tag() == Tag::Dict { self.own_dict(at, dict)? } else { dict });
        }
        let sources = self.sources(at, &own, pairs);
        self.edit_sources(sources, Whole { old: change.old, entries, at })?;
        Ok(at)
    }

    /// A dict that belongs to an object: a copy of it, where something else refers to it too.
    pub(super) fn own_dict(&mut self, at: Handle, dict: Handle) -> Result<Handle> {
        if !self.is_shared(dict) {
            return Ok(dict);
        }
        let contents: Vec<Handle> =
            self.nodes.slots(dict.number()).into_iter().map(|slot| self.handle(slot)).collect();
        let object = self.nodes.object(dict.number());
        let copy =
            self.nodes.push_object(dict.tag(), object.flags(), object.offset(), &contents)?;
        self.exchange(at, dict, copy)?;
        Ok(copy)
    }

    /// Puts `now` in the place of a part of an object, in its own parts or in the tuple that is its
    /// state.
    fn exchange(&mut self, at: Handle, was: Handle, now: Handle) -> Result<()> {
        for slot in self.nodes.slots(at.number()) {
            let part = self.handle(slot);
            if part == was {
                self.nodes.replace(self.journal, slot, now);
                return Ok(());
            }
            if part.tag() == Tag::Tuple {
                let mut items = self.nodes.contents_of(part.number()).first;
                if let Some(place) = items.iter().position(|item| *item == was) {
                    items[place] = now;
                    let tuple = self.nodes.push_tuple(&items, self.offset(part))?;
                    self.nodes.replace(self.journal, slot, tuple);
                    return Ok(());
                }
            }
        }
        Err(self.no_place(at))
    }

    /// The text by which the key in a slot is known.
    pub(super) fn key(&self, slot: usize) -> Result<String> {
        let mut text = String::new();
        self.read_key(slot, &mut text)?;
        Ok(text)
    }

    /// The same, in the place of what `text` was.
    fn read_key(&self, slot: usize, text: &mut String) -> Result<()> {
        let key = self.handle(slot);
        text.clear();
        match scalar::borrowed_text(self.nodes, self.input, key) {
            Some(name) => text.extend(["\"", name]),
            None => text.push_str(&key_text(&self.walk(key, image)?)),
        }
        Ok(())
    }

    /// The value under a key of a dict.
    pub(super) fn entry(&self, dict: Handle, key: &Value) -> Result<Option<Handle>> {
        let wanted = key_text(key);
        for pair in self.nodes.slots(dict.number()).chunks_exact(2).rev() {
            if self.key(pair[0])? == wanted {
                return Ok(Some(self.handle(pair[1])));
            }
        }
        Ok(None)
    }

    /// Changes, removes and adds entries.
    fn edit_sources(&mut self, sources: Vec<Source>, whole: Whole<'_, 'v>) -> Result<()> {
        let Whole { entries, at, .. } = whole;
        let places = self.slots_by_key(&sources, entries)?;
        let renamed = self.renamed(&sources, whole, &places)?;
        let place = |key: &Value| places.get(key).or_else(|| renamed.get(&key_text(key)).copied());
        let mut added = Vec::new();
        for (_, key, change) in &entries.changed {
            match place(key) {
                Some(slot) => {
                    let was = self.handle(slot);
                    let now = self.below_key(was, key, change)?;
                    if now != was {
                        self.nodes.replace(self.journal, slot, now);
                    }
                }
                // The pickle does not have it, so it is added now.
                None => added.push((*key, change.new)),
            }
        }
        let mut removed: HashSet<String, RandomState> = HashSet::default();
        for key in &entries.removed {
            let text = match (places.get(key), renamed.get(&key_text(key))) {
                (Some(_), _) => key_text(key),
                // The key stands before its value.
                (None, Some(&slot)) => self.key_before(&sources, slot)?,
                (None, None) => {
                    let error = Error::unsupported("there is no entry with this key to remove");
                    return Err(error.under_key(&super::editor::step_text(key)));
                }
            };
            removed.insert(text);
        }
        for (key, value) in &entries.added {
            match places.get(key) {
                // A field that was not written, as it is empty.
                Some(slot) => {
                    let was = self.handle(slot);
                    let now = self.in_place_of(was, value);
                    let now =
                        now.map_err(|error| error.under_key(&super::editor::step_text(key)))?;
                    self.nodes.replace(self.journal, slot, now);
                }
                None => added.push((key, value)),
            }
        }
        if added.is_empty() && removed.is_empty() {
            return Ok(());
        }
        let target = self.target(&sources, at)?;
        let fresh = self.fresh_entries(&sources, &added, at)?;
        for source in &sources {
            let fresh = if same_owner(source.owner, target) { &fresh[..] } else { &[] };
            self.rebuild(source, &removed, fresh)?;
        }
        if !sources.iter().any(|source| same_owner(source.owner, target)) {
            let source = self.pairs_or_dict(target);
            self.rebuild(&source, &removed, &fresh)?;
        }
        Ok(())
    }

    /// A value in the place of one that the type read and did not write.
    fn in_place_of(&mut self, was: Handle, value: &'v Value) -> Result<Handle> {
        let is_empty = || self.nodes.slots(was.number()).is_empty();
        match (was.tag(), value) {
            (Tag::None, _) => self.import(value, was),
            (Tag::List, Value::List(items)) if is_empty() => {
                let siblings = self.siblings(&[]);
                let mut fresh = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    let item = self.fresh(item, siblings, was);
                    fresh.push(item.map_err(|error| error.under_index(index))?);
                }
                self.set_list(was, fresh)?;
                Ok(was)
            }
            (Tag::Dict, Value::Dict(items)) if is_empty() => {
                let added: Vec<(&Value, &Value)> = items.iter().collect();
                let source = self.dict_source(was);
                let fresh = self.fresh_entries(&[], &added, was)?;
                self.rebuild(&source, &HashSet::default(), &fresh)?;
                Ok(was)
            }
            _ => self.replace(was, value, value),
        }
    }

    pub(super) fn pairs_or_dict(&self, owner: Owner) -> Source {
        match owner {
            Owner::Dict(dict) => self.dict_source(dict),
            Owner::Pairs(object) => self.pairs_source(object),
            Owner::List(list) => self.list_source(list),
        }
    }

    /// Chooses the owner of new entries: the first dict of a state, as that is `__dict__`; else the
    /// entries of the object; without either, a new state.
    pub(super) fn target(&mut self, sources: &[Source], at: Handle) -> Result<Owner> {
        if let Some(source) = sources.first() {
            return Ok(source.owner);
        }
        let dict = self.nodes.push_object(Tag::Dict, Default::default(), self.offset(at), &[])?;
        let mut contents = self.nodes.contents_of(at.number());
        contents.more.push((RunKind::State, vec![dict], 0));
        self.nodes.set_contents(self.journal, at.number(), &contents)?;
        Ok(Owner::Dict(dict))
    }

    /// New entries as handles, each value in the spelling of its new siblings.
    fn fresh_entries(
        &mut self,
        sources: &[Source],
        added: &[(&'v Value, &'v Value)],
        at: Handle,
    ) -> Result<Vec<Handle>> {
        let is_map = at.tag() == Tag::Dict;
        let of = |editor: &Self, from: usize| -> Vec<Handle> {
            let slots = sources.iter().flat_map(|source| source.slots.iter().skip(from).step_by(2));
            slots.map(|&slot| editor.handle(slot)).collect()
        };
        // The fields of an object are not siblings.
        let values = if is_map { of(self, 1) } else { Vec::new() };
        let (keys, values) = (self.siblings(&of(self, 0)), self.siblings(&values));
        let mut fresh = Vec::with_capacity(2 * added.len());
        for (key, value) in added {
            let named = |error: Error| error.under_key(&super::editor::step_text(key));
            fresh.push(self.fresh(key, keys, at).map_err(named)?);
            fresh.push(self.fresh(value, values, at).map_err(named)?);
        }
        Ok(fresh)
    }

    /// Gives an owner its entries anew: without those removed, and with fresh ones at the end.
    pub(super) fn rebuild(
        &mut self,
        source: &Source,
        removed: &HashSet<String, RandomState>,
        fresh: &[Handle],
    ) -> Result<()> {
        let mut kept = Vec::with_capacity(source.slots.len() + fresh.len());
        let mut text = String::new();
        for pair in source.slots.chunks_exact(2) {
            if !removed.is_empty() {
                self.read_key(pair[0], &mut text)?;
            }
            if removed.is_empty() || !removed.contains(&text) {
                kept.extend([self.handle(pair[0]), self.handle(pair[1])]);
            }
        }
        if kept.len() == source.slots.len() && fresh.is_empty() {
            return Ok(());
        }
        kept.extend_from_slice(fresh);
        let number = match source.owner {
            Owner::Dict(object) | Owner::Pairs(object) | Owner::List(object) => object.number(),
        };
        let mut contents = self.nodes.contents_of(number);
        match source.owner {
            Owner::Dict(_) => {
                contents.first = kept;
                contents.more.clear();
            }
            Owner::Pairs(_) => {
                let place = contents.more.iter().position(|(kind, ..)| *kind == RunKind::Pairs);
                contents.more.retain(|(kind, ..)| *kind != RunKind::Pairs);
                let place = place.unwrap_or(0).min(contents.more.len());
                contents.more.insert(place, (RunKind::Pairs, kept, 0));
            }
            Owner::List(list) => {
                let offset = self.offset(list);
                let mut pairs = Vec::with_capacity(kept.len() / 2);
                for pair in kept.chunks_exact(2) {
                    pairs.push(self.nodes.push_object(
                        Tag::List,
                        Default::default(),
                        offset,
                        pair,
                    )?);
                }
                contents.first = pairs;
                contents.more.clear();
            }
        }
        self.nodes.set_contents(self.journal, number, &contents)
    }

    /// Fields by their place: a struct that was read from a list or tuple, or an enum from a tuple
    /// of its variant and content.
    fn places(&mut self, at: Handle, change: &Change<'v>, entries: &Entries<'v>) -> Result<Handle> {
        let slots = self.nodes.slots(at.number());
        let mut items: Vec<Handle> = slots.iter().map(|&slot| self.handle(slot)).collect();
        let old = items.clone();
        if let ([(_, key, content)], &[name, data]) = (&entries.changed[..], &items[..])
            && entries.len == 1
            && entries.added.is_empty()
            && self.key(slots[0])? == key_text(key)
        {
            items = vec![name, self.below_key(data, key, content)?];
        } else {
            self.change_places(at, entries, &mut items)?;
        }
        if items == old { Ok(at) } else { self.with_items(at, change, items) }
    }

    /// Changes fields by their place among the fields that the type declares.
    pub(super) fn change_places(
        &mut self,
        at: Handle,
        entries: &Entries<'v>,
        items: &mut [Handle],
    ) -> Result<()> {
        if !entries.added.is_empty() || !entries.removed.is_empty() || entries.len != items.len() {
            return Err(Error::unsupported(format!(
                "the type has {} fields and the object {} values without names; give the type one \
                 for each",
                entries.len + entries.added.len() - entries.removed.len(),
                items.len()
            )));
        }
        for (place, key, change) in &entries.changed {
            let item = items.get(*place).copied().ok_or_else(|| self.no_place(at))?;
            items[*place] = self.below_key(item, key, change)?;
        }
        Ok(())
    }
}

fn same_owner(a: Owner, b: Owner) -> bool {
    match (a, b) {
        (Owner::Dict(a), Owner::Dict(b))
        | (Owner::Pairs(a), Owner::Pairs(b))
        | (Owner::List(a), Owner::List(b)) => a == b,
        _ => false,
    }
}
