//! Entries that a type reads under other keys than it writes.
//!
//! A field may have an alias, or a name for reading and another one for writing; a map may take the
//! int 1 for the text `1`. Such an entry is the one that the type's own keys leave over.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use super::editor::{Editor, step_text};
use super::fields::{Places, Source, Whole};
use super::image::{image, key_text};
use crate::error::{Error, Result};
use crate::value::Value;
use crate::walk::notes::Asked;

/// The slots of values by the text of the key that the type writes for each.
pub(super) type Renamed = HashMap<String, usize, RandomState>;

impl<'v> Editor<'_, 'v, '_> {
    /// The slots of entries that change or leave and whose keys are not there.
    ///
    /// # Errors
    /// There are several that it may be, or the type has to be known first.
    pub(super) fn renamed(
        &mut self,
        sources: &[Source],
        whole: Whole<'_, 'v>,
        places: &Places,
    ) -> Result<Renamed> {
        let changed = whole.entries.changed.iter().map(|(_, key, _)| *key);
        let keys = changed.chain(whole.entries.removed.iter().copied());
        let missing: Vec<&'v Value> = keys.filter(|key| places.get(key).is_none()).collect();
        let Value::Dict(old) = whole.old else { return Ok(Renamed::default()) };
        if missing.is_empty() {
            return Ok(Renamed::default());
        }
        let asked = self.asked(whole.at)?;
        let written: Vec<String> = old.iter().map(|(key, _)| key_text(key)).collect();
        let own: HashSet<&str, RandomState> = written.iter().map(String::as_str).collect();
        let (mut others, mut there, mut count) = (Vec::new(), HashSet::new(), 0);
        for pair in sources.iter().flat_map(|source| source.slots.chunks_exact(2)) {
            let key = self.key(pair[0])?;
            count += 1;
            if !own.contains(key.as_str()) {
                others.push((key.clone(), pair[1]));
            }
            there.insert(key);
        }
        let unread: Vec<&str> =
            written.iter().map(String::as_str).filter(|key| !there.contains(*key)).collect();
        match asked {
            Some(Asked::Struct(_)) if self.only_adds => Ok(Renamed::default()),
            Some(Asked::Struct(names)) => Ok(by_names(names, &written, &unread, &others)),
            // The one entry of an enum is its variant.
            Some(Asked::Enum) if count == 1 && written.len() == 1 => Ok(pair_up(&unread, &others)),
            Some(_) => Ok(Renamed::default()),
            None => self.by_values(whole, &missing, &others),
        }
    }

    /// Pairs the keys of a map that are not there with the entries that have their values. A map
    /// may also be a struct that serde flattens, whose fields may be nowhere.
    fn by_values(
        &self,
        whole: Whole<'_, 'v>,
        missing: &[&'v Value],
        others: &[(String, usize)],
    ) -> Result<Renamed> {
        let Value::Dict(old) = whole.old else { return Ok(Renamed::default()) };
        let mut values: HashMap<String, Vec<usize>, RandomState> = HashMap::default();
        for (_, slot) in others {
            let text = key_text(&self.walk(self.handle(*slot), image)?);
            values.entry(text).or_default().push(*slot);
        }
        let mut found = Renamed::default();
        for &key in missing {
            let value = old.get(key).filter(|value| **value != Value::None);
            match value.and_then(|value| values.get(&key_text(value))).map(Vec::as_slice) {
                None => {}
                Some(&[slot]) => drop(found.insert(key_text(key), slot)),
                Some(_) => return Err(ambiguous().under_key(&step_text(key))),
            }
        }
        Ok(found)
    }

    /// The text of the key whose value is in a slot.
    pub(super) fn key_before(&self, sources: &[Source], slot: usize) -> Result<String> {
        let mut pairs = sources.iter().flat_map(|source| source.slots.chunks_exact(2));
        match pairs.find(|pair| pair[1] == slot) {
            Some(pair) => self.key(pair[0]),
            None => Err(ambiguous()),
        }
    }
}

fn pair_up(unread: &[&str], others: &[(String, usize)]) -> Renamed {
    let pairs = unread.iter().zip(others);
    pairs.map(|(key, (_, slot))| ((*key).to_owned(), *slot)).collect()
}

/// Pairs the fields that are not there with entries that have another of a field's names. `names`
/// has those of all fields in order, the aliases of each beside one another.
fn by_names(
    names: &[&str],
    written: &[String],
    unread: &[&str],
    others: &[(String, usize)],
) -> Renamed {
    let place_of = |key: &str| {
        let name = key.strip_prefix('"')?;
        names.iter().position(|other| *other == name)
    };
    // The places of the names that the type writes, where it also reads them.
    let known: Vec<Option<usize>> = written.iter().map(|key| place_of(key)).collect();
    let mut named: Vec<(usize, &(String, usize))> =
        others.iter().filter_map(|other| Some((place_of(&other.0)?, other))).collect();
    named.sort_by_key(|(place, _)| *place);
    if named.len() == unread.len() {
        let pairs = unread.iter().zip(named);
        return pairs.map(|(key, (_, (_, slot)))| ((*key).to_owned(), *slot)).collect();
    }
    // First those beside the field's own name, then those of fields that are read by another one.
    let mut taken: Vec<Option<usize>> = known.clone();
    let mut found = Renamed::default();
    for beside in [true, false] {
        for key in unread {
            let Some(field) = written.iter().position(|other| other == key) else { continue };
            let own = known.get(field).copied().flatten();
            if own.is_some() != beside {
                continue;
            }
            // Between the fields before and behind.
            let after = taken.iter().take(field).rev().find_map(|place| *place);
            let before = taken.iter().skip(field + 1).find_map(|place| *place);
            // serde_derive sorts the names of a field.
            let candidates = named.iter().filter(|(place, (other, _))| {
                after.is_none_or(|after| *place > after)
                    && before.is_none_or(|before| *place < before)
                    && own.is_none_or(|own| *place > own || other.as_str() < *key)
            });
            let distance = |place: usize| own.map_or(0, |own| own.abs_diff(place));
            let mut candidates: Vec<_> = candidates.collect();
            candidates.sort_by_key(|(place, _)| distance(*place));
            let nearest = match candidates[..] {
                [] => continue,
                [nearest] => nearest,
                [nearest, next, ..] if distance(nearest.0) < distance(next.0) => nearest,
                _ => continue,
            };
            found.insert((*key).to_owned(), nearest.1.1);
            // The names of a field stand together.
            if let Some(taken) = taken.get_mut(field) {
                *taken = Some(own.map_or(nearest.0, |own| own.max(nearest.0)));
            }
        }
    }
    found
}

#[cold]
fn ambiguous() -> Error {
    Error::unsupported("the type writes this key in another form than it was read in")
}
