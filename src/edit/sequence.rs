//! Items of sequences and sets, wherever an object keeps them.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use super::diff::{Change, Items, diff, same};
use super::editor::Editor;
use super::image::{image, key_text};
use crate::de::source::{Sequence, sequence_of};
use crate::error::{Error, Result};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::store::RunKind;
use crate::nodes::view::{View, set_items, view};
use crate::value::Value;

impl<'v> Editor<'_, 'v, '_> {
    /// Applies changes of items to the value that they were read from.
    pub(super) fn items(
        &mut self,
        at: Handle,
        change: &Change<'v>,
        items: &Items<'v>,
    ) -> Result<Handle> {
        match at.tag() {
            Tag::List => {
                self.touch(at, change);
                self.part_from_sets(at)?;
                let slots = self.nodes.slots(at.number());
                match items {
                    Items::Same { changed, .. }
                        if changed.len() * 2 <= slots.len()
                            && self.are_there(
                                |place| Some(self.handle(*slots.get(place)?)),
                                changed,
                            )? =>
                    {
                        self.change_slots(at, &slots, changed)?;
                    }
                    _ => {
                        let old = slots.iter().map(|&slot| self.handle(slot)).collect();
                        let now = self.edited(at, old, items)?;
                        self.set_list(at, now)?;
                    }
                }
                Ok(at)
            }
            Tag::Tuple | Tag::EmptyTuple => {
                let old = self.tuple(at);
                let now = self.edited(at, old.clone(), items)?;
                // Items may have changed in place.
                if now == old {
                    return Ok(at);
                }
                self.nodes.push_tuple(&now, self.offset(at))
            }
            Tag::Set | Tag::FrozenSet => self.set(at, change),
            Tag::Instance => self.items_of_object(at, change, items),
            _ => self.replace(at, change.old, change.new),
        }
    }

    pub(super) fn tuple(&self, at: Handle) -> Vec<Handle> {
        match at.tag() {
            Tag::Tuple => {
                self.nodes.slots(at.number()).iter().map(|&slot| self.handle(slot)).collect()
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn set_list(&mut self, at: Handle, items: Vec<Handle>) -> Result<()> {
        let mut contents = self.nodes.contents_of(at.number());
        contents.first = items;
        contents.more.clear();
        self.nodes.set_contents(self.journal, at.number(), &contents)
    }

    /// Gives the sets that were made of a list a copy of it, because they took its items only once.
    fn part_from_sets(&mut self, list: Handle) -> Result<()> {
        if !self.is_shared(list) {
            return Ok(());
        }
        if self.sets_of_lists.is_none() {
            self.sets_of_lists = Some(self.sets_of_lists());
        }
        let sets = self.sets_of_lists.as_mut().and_then(|sets| sets.remove(&list));
        for handle in sets.into_iter().flatten() {
            let items = self.items_of_set(handle)?;
            self.respell_set(handle, handle, &items)?;
        }
        Ok(())
    }

    /// The sets that were made by a call of a list, by that list.
    fn sets_of_lists(&self) -> HashMap<Handle, Vec<Handle>, RandomState> {
        let mut sets: HashMap<Handle, Vec<Handle>, RandomState> = HashMap::default();
        for (number, object) in self.nodes.numbered_objects() {
            if object.tag() == Tag::Instance
                && let Ok(View::Set { items: Some(items), .. }) =
                    view(self.nodes, self.input, number)
            {
                sets.entry(items).or_default().push(Handle::numbered(Tag::Instance, number));
            }
        }
        sets
    }

    /// Changes single items where they stand.
    fn change_slots(
        &mut self,
        at: Handle,
        slots: &[usize],
        changed: &[(usize, Change<'v>)],
    ) -> Result<()> {
        for (place, change) in changed {
            let &slot = slots.get(*place).ok_or_else(|| self.no_place(at))?;
            let was = self.handle(slot);
            let now = self.below_index(was, *place, change)?;
            if now != was {
                self.nodes.replace(self.journal, slot, now);
            }
        }
        Ok(())
    }

    /// The items of a sequence after the changes. Equal items at both ends stay the same objects;
    /// if the number has changed, those between are removed, and the others are new.
    pub(super) fn edited(
        &mut self,
        at: Handle,
        mut handles: Vec<Handle>,
        items: &Items<'v>,
    ) -> Result<Vec<Handle>> {
        match items {
            Items::Same { old, changed } => {
                if !self.are_there(|place| handles.get(place).copied(), changed)?
                    && let Some(now) = self.edited_by_value(&handles, old, changed)?
                {
                    return Ok(now);
                }
                for (place, change) in changed {
                    let item = handles.get(*place).copied().ok_or_else(|| self.no_place(at))?;
                    handles[*place] = self.below_index(item, *place, change)?;
                }
                Ok(handles)
            }
            &Items::Spliced { old, new } => {
                if handles.len() != old.len() {
                    return Err(self.no_place(at));
                }
                let mut before = 0;
                while before < old.len().min(new.len())
                    && self.stays(handles[before], &old[before], &new[before])
                {
                    before += 1;
                }
                let mut behind = 0;
                while behind < old.len().min(new.len()) - before
                    && self.stays(
                        handles[old.len() - 1 - behind],
                        &old[old.len() - 1 - behind],
                        &new[new.len() - 1 - behind],
                    )
                {
                    behind += 1;
                }
                let mut now = handles[..before].to_vec();
                let siblings = self.siblings_read_as(&handles, &old.iter().collect::<Vec<_>>());
                for (place, value) in new.iter().enumerate().take(new.len() - behind).skip(before) {
                    let fresh = self.fresh(value, siblings, at);
                    now.push(fresh.map_err(|error| error.under_index(place))?);
                }
                now.extend_from_slice(&handles[old.len() - behind..]);
                Ok(now)
            }
        }
    }

    /// Returns true if the items that change are, at their places, the values that the type read. A
    /// `BTreeSet` of a list has them in another order.
    fn are_there(
        &self,
        handle: impl Fn(usize) -> Option<Handle>,
        changed: &[(usize, Change<'v>)],
    ) -> Result<bool> {
        for (place, change) in changed {
            // Dicts are records, which a type may write with other keys.
            if !matches!(change.old, Value::Dict(_) | Value::Object(_))
                && let Some(handle) = handle(*place)
                && self.item_text(handle)? != key_text(change.old)
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The items of a sequence that the type has in another order, in the order that is there;
    /// `None` if the type has other values.
    fn edited_by_value(
        &mut self,
        handles: &[Handle],
        old: &'v [Value],
        changed: &[(usize, Change<'v>)],
    ) -> Result<Option<Vec<Handle>>> {
        let mut places: HashMap<String, Vec<usize>, RandomState> = HashMap::default();
        for (place, &handle) in handles.iter().enumerate() {
            places.entry(self.item_text(handle)?).or_default().push(place);
        }
        let texts: Vec<String> = old.iter().map(key_text).collect();
        let mut left: HashMap<&str, usize, RandomState> = HashMap::default();
        texts.iter().for_each(|text| *left.entry(text).or_default() += 1);
        let is_there = |(text, count): (&&str, &usize)| {
            places.get(*text).is_some_and(|places| places.len() == *count)
        };
        if !left.iter().all(is_there) {
            return Ok(None);
        }
        // Values that leave, and those that come in their places.
        let mut coming: Vec<&'v Value> = Vec::new();
        let mut leaving: HashMap<String, Vec<&'v Value>, RandomState> = HashMap::default();
        for (_, change) in changed {
            leaving.entry(key_text(change.old)).or_default().push(change.old);
        }
        for (_, change) in changed {
            match leaving.get_mut(&key_text(change.new)) {
                Some(same) if !same.is_empty() => drop(same.pop()),
                _ => coming.push(change.new),
            }
        }
        let mut now = handles.to_vec();
        let leaving = leaving
            .into_iter()
            .flat_map(|(text, old)| old.into_iter().map(move |old| (text.clone(), old)));
        let mut leaving: Vec<(String, &'v Value)> = leaving.collect();
        leaving.sort_by(|(a, _), (b, _)| a.cmp(b));
        for ((text, old), new) in leaving.into_iter().zip(coming) {
            let Some(place) = places.get_mut(&text).and_then(Vec::pop) else { return Ok(None) };
            if let Some(change) = diff(old, new) {
                now[place] = self.below_index(now[place], place, &change)?;
            }
        }
        Ok(Some(now))
    }

    /// Returns true if an item is the same in both images. The items of a set come in any order.
    fn stays(&self, at: Handle, old: &Value, new: &Value) -> bool {
        if same(old, new) {
            return true;
        }
        match (old, new) {
            (Value::List(old), Value::List(new)) if self.is_set(at) => {
                let sorted = |items: &[Value]| {
                    let mut texts: Vec<String> = items.iter().map(key_text).collect();
                    texts.sort_unstable();
                    texts
                };
                sorted(old) == sorted(new)
            }
            _ => false,
        }
    }

    pub(super) fn is_set(&self, at: Handle) -> bool {
        match at.tag() {
            Tag::Set | Tag::FrozenSet => true,
            Tag::Instance => {
                matches!(view(self.nodes, self.input, at.number()), Ok(View::Set { .. }))
            }
            _ => false,
        }
    }

    /// A sequence with other items: a list changes, a tuple is replaced.
    pub(super) fn with_items(
        &mut self,
        at: Handle,
        change: &Change<'v>,
        items: Vec<Handle>,
    ) -> Result<Handle> {
        match at.tag() {
            Tag::List => {
                self.touch(at, change);
                self.set_list(at, items)?;
                Ok(at)
            }
            _ => self.nodes.push_tuple(&items, self.offset(at)),
        }
    }

    fn items_of_object(
        &mut self,
        at: Handle,
        change: &Change<'v>,
        items: &Items<'v>,
    ) -> Result<Handle> {
        match view(self.nodes, self.input, at.number())? {
            View::Set { .. } => return self.set(at, change),
            View::Object(_) => {}
            _ => return self.replace(at, change.old, change.new),
        }
        match self.walk(at, sequence_of)? {
            Sequence::Runs => {
                self.touch(at, change);
                self.edit_runs(at, items)?;
                Ok(at)
            }
            Sequence::Within(part) => {
                let inner = self.part(at, part);
                let now = self.items(inner, change, items)?;
                self.set_part(at, change, part, inner, now)
            }
            Sequence::Args => {
                let args = self.args(at)?;
                let now = self.edited(at, args.clone(), items)?;
                if now == args { Ok(at) } else { self.set_args(at, change, now) }
            }
            Sequence::Other => match self.numpy(at, change)? {
                Some(now) => Ok(now),
                None => self.replace(at, change.old, change.new),
            },
        }
    }

    /// Changes the items that were appended to an object.
    pub(super) fn edit_runs(&mut self, at: Handle, items: &Items<'v>) -> Result<()> {
        let listed = |kind: &RunKind| matches!(kind, RunKind::Items | RunKind::Adds);
        let mut contents = self.nodes.contents_of(at.number());
        let old: Vec<Handle> = contents
            .more
            .iter()
            .filter(|(kind, ..)| listed(kind))
            .flat_map(|(_, run, _)| run.iter().copied())
            .collect();
        let now = self.edited(at, old, items)?;
        let place = contents.more.iter().position(|(kind, ..)| listed(kind));
        let kind = place.map_or(RunKind::Items, |place| contents.more[place].0);
        contents.more.retain(|(kind, ..)| !listed(kind));
        let place = place.unwrap_or(0).min(contents.more.len());
        contents.more.insert(place, (kind, now, 0));
        self.nodes.set_contents(self.journal, at.number(), &contents)
    }

    // Sets: items are identified by their value.

    fn set(&mut self, at: Handle, change: &Change<'v>) -> Result<Handle> {
        let (old, new) = match (change.old, change.new) {
            (Value::List(old) | Value::Tuple(old), Value::List(new) | Value::Tuple(new)) => {
                (old.iter().collect::<Vec<_>>(), new.iter().collect::<Vec<_>>())
            }
            (Value::Set(old) | Value::FrozenSet(old), Value::Set(new) | Value::FrozenSet(new)) => {
                (old.iter().collect(), new.iter().collect())
            }
            _ => return Err(self.no_place(at)),
        };
        let by_text = |items: &[&'v Value]| -> HashMap<String, &'v Value, RandomState> {
            items.iter().map(|item| (key_text(item), *item)).collect()
        };
        let (was, now) = (by_text(&old), by_text(&new));
        let added: Vec<&Value> =
            new.iter().copied().filter(|item| !was.contains_key(&key_text(item))).collect();
        let mut leaving: HashSet<String, RandomState> =
            was.keys().filter(|text| !now.contains_key(*text)).cloned().collect();
        if added.is_empty() && leaving.is_empty() {
            return Ok(at);
        }
        let items = self.items_of_set(at)?;
        let mut kept = Vec::with_capacity(items.len() + added.len());
        for item in &items {
            let text = if leaving.is_empty() { None } else { Some(self.item_text(*item)?) };
            if !text.is_some_and(|text| leaving.remove(&text)) {
                kept.push(*item);
            }
        }
        if !leaving.is_empty() {
            return Err(Error::unsupported("the item to remove is not in the set"));
        }
        let siblings = self.siblings_read_as(&items, &old);
        for value in added {
            kept.push(self.fresh(value, siblings, at)?);
        }
        self.with_set_items(at, change, kept)
    }

    fn item_text(&self, at: Handle) -> Result<String> {
        self.walk(at, image).map(|image| key_text(&image))
    }

    pub(super) fn items_of_set(&self, at: Handle) -> Result<Vec<Handle>> {
        if at.tag() != Tag::Instance {
            return Ok(self
                .nodes
                .slots(at.number())
                .iter()
                .map(|&slot| self.handle(slot))
                .collect());
        }
        match view(self.nodes, self.input, at.number())? {
            View::Set { items, taken, .. } => Ok(set_items(self.nodes, at.number(), items, taken)),
            _ => Err(self.no_place(at)),
        }
    }

    /// A set with other items. A set changes for all who refer to it; a frozenset is replaced.
    pub(super) fn with_set_items(
        &mut self,
        at: Handle,
        change: &Change<'v>,
        items: Vec<Handle>,
    ) -> Result<Handle> {
        if let Some(&item) = items.iter().find(|item| !self.nodes.is_hashable(**item)) {
            let error = Error::data("an item of a set must be hashable");
            return Err(match self.nodes.offset(item) {
                Some(offset) if !self.input.is_empty() => error.at(offset),
                _ => error,
            });
        }
        let offset = self.offset(at);
        let flags = self.nodes.object(at.number()).flags();
        if at.tag() == Tag::FrozenSet {
            return self.nodes.push_object(Tag::FrozenSet, flags, offset, &items);
        }
        if at.tag() == Tag::Set {
            self.touch(at, change);
            self.set_list(at, items)?;
            return Ok(at);
        }
        // A call of `set` or `frozenset`, as older protocols spell them: of a list of the items.
        let frozen =
            matches!(view(self.nodes, self.input, at.number())?, View::Set { frozen: true, .. });
        if !frozen {
            self.touch(at, change);
        }
        let target =
            if frozen { self.nodes.push_object(Tag::Instance, flags, offset, &[])? } else { at };
        self.respell_set(at, target, &items)?;
        Ok(target)
    }

    /// Makes `target` the call that makes a set of `items`, as `at` is one.
    fn respell_set(&mut self, at: Handle, target: Handle, items: &[Handle]) -> Result<()> {
        let offset = self.offset(at);
        let list = self.nodes.push_object(Tag::List, Default::default(), offset, items)?;
        let args = self.nodes.push_tuple(&[list], offset)?;
        let mut contents = self.nodes.contents_of(at.number());
        contents.first.truncate(1);
        contents.first.push(args);
        contents.more = vec![(RunKind::Taken, Vec::new(), items.len())];
        self.nodes.set_contents(self.journal, target.number(), &contents)
    }
}
