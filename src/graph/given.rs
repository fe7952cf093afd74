//! Contents and states that an object was given after it was made, as a [`Node`] shows them.
//!
//! The items, entries and states of an object come run by run, in the order of the pickle. Half a
//! pickle may be runs of one object and the other half references to it, and a program that asks
//! each reference for its items or an attribute would take the square of the input. So the runs of
//! an object that has many are gathered by kind at the second look, and all later looks find them
//! there; those of any other object are gone through each time.

use std::collections::HashSet;
use std::hash::BuildHasher;
use std::sync::{Arc, OnceLock, PoisonError};

use super::decoded::{FEW, TextKeys};
use super::node::Node;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::store::{Contents, MoreRuns, RunKind};

/// The contents and states of one object, by kind.
pub(super) struct Given {
    appended: Arc<[Handle]>,
    added: Arc<[Handle]>,
    /// Both, in order.
    items: Arc<[Handle]>,
    /// Keys and values in turn.
    pairs: Arc<[Handle]>,
    /// The function that sets each, if there is one, and the state.
    states: Arc<[(Option<Handle>, Handle)]>,
    /// The attributes in all states by the hash of their names.
    attributes: OnceLock<TextKeys>,
}

/// The kinds of contents that are asked for together.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Wanted {
    Items,
    Appended,
    Added,
    Pairs,
}

impl Wanted {
    fn has(self, kind: RunKind) -> bool {
        match self {
            Self::Items => matches!(kind, RunKind::Items | RunKind::Adds),
            Self::Appended => kind == RunKind::Items,
            Self::Added => kind == RunKind::Adds,
            Self::Pairs => kind == RunKind::Pairs,
        }
    }
}

impl Given {
    fn of(runs: MoreRuns<'_, '_>) -> Self {
        let (mut items, mut appended, mut added) = (Vec::new(), Vec::new(), Vec::new());
        let (mut pairs, mut states) = (Vec::new(), Vec::new());
        for (kind, run) in runs {
            match (kind, run) {
                (RunKind::Items, run) => {
                    items.extend_from_slice(run);
                    appended.extend_from_slice(run);
                }
                (RunKind::Adds, run) => {
                    items.extend_from_slice(run);
                    added.extend_from_slice(run);
                }
                (RunKind::Pairs, run) => pairs.extend_from_slice(run),
                (kind, run) => states.extend(state_of(kind, run)),
            }
        }
        Self {
            appended: appended.into(),
            added: added.into(),
            items: items.into(),
            pairs: pairs.into(),
            states: states.into(),
            attributes: OnceLock::new(),
        }
    }

    fn contents(&self, wanted: Wanted) -> &Arc<[Handle]> {
        match wanted {
            Wanted::Items => &self.items,
            Wanted::Appended => &self.appended,
            Wanted::Added => &self.added,
            Wanted::Pairs => &self.pairs,
        }
    }
}

/// The state that a run gives, and the function that sets it.
fn state_of(kind: RunKind, run: &[Handle]) -> Option<(Option<Handle>, Handle)> {
    match (kind, run) {
        (RunKind::State, &[state]) => Some((None, state)),
        (RunKind::Setter, &[setter, state]) => Some((Some(setter), state)),
        _ => None,
    }
}

/// Where the items or entries of a node come from.
#[derive(Clone)]
pub(super) enum Source<'g> {
    /// Nowhere.
    Nothing,
    /// A container's own.
    Contents(Contents<'g, 'g>),
    /// An object's runs of some kinds, of which one has been begun.
    Runs(std::slice::Iter<'g, Handle>, MoreRuns<'g, 'g>, Wanted),
    /// A set made by a call: the items that a list had then, and the runs behind.
    Set(std::iter::Take<Contents<'g, 'g>>, MoreRuns<'g, 'g>),
    /// Those gathered from many runs, and how many have been given.
    Gathered(Arc<[Handle]>, usize),
}

impl Source<'_> {
    pub(super) fn next(&mut self) -> Option<Handle> {
        match self {
            Self::Nothing => None,
            Self::Contents(contents) => contents.next(),
            Self::Runs(run, more, wanted) => loop {
                if let Some(&handle) = run.next() {
                    return Some(handle);
                }
                *run = more.find(|(kind, _)| wanted.has(*kind))?.1.iter();
            },
            Self::Set(taken, more) => match taken.next() {
                Some(handle) => Some(handle),
                None => {
                    *self = Self::Runs([].iter(), more.clone(), Wanted::Added);
                    self.next()
                }
            },
            Self::Gathered(handles, at) => {
                let handle = handles.get(*at).copied()?;
                *at += 1;
                Some(handle)
            }
        }
    }

    /// The number of handles to come.
    pub(super) fn len(self) -> usize {
        match self {
            Self::Gathered(handles, at) => handles.len() - at.min(handles.len()),
            mut source => std::iter::from_fn(|| source.next()).count(),
        }
    }
}

/// The states of an object.
pub(super) enum States<'g> {
    Runs(Option<MoreRuns<'g, 'g>>),
    Gathered(Arc<[(Option<Handle>, Handle)]>, usize),
}

impl Iterator for States<'_> {
    type Item = (Option<Handle>, Handle);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Runs(runs) => runs.as_mut()?.find_map(|(kind, run)| state_of(kind, run)),
            Self::Gathered(states, at) => {
                let state = states.get(*at).copied()?;
                *at += 1;
                Some(state)
            }
        }
    }
}

impl<'g> Node<'g> {
    /// The runs of what may be given something: nothing for a container or a scalar.
    fn runs(self) -> Option<MoreRuns<'g, 'g>> {
        let nodes = &self.graph.nodes;
        matches!(self.handle.tag(), Tag::Instance | Tag::Global | Tag::Ext | Tag::Persid)
            .then(|| nodes.more(&nodes.object(self.handle.number())))
    }

    /// The gathered contents of an object of many runs, if it was looked at before.
    fn gathered(self, runs: &MoreRuns<'g, 'g>) -> Option<Arc<Given>> {
        runs.clone().nth(FEW)?;
        let place = self.place()?;
        let mut objects = self.graph.decoded.given.lock().unwrap_or_else(PoisonError::into_inner);
        match objects.get_mut(&place) {
            None => {
                objects.insert(place, None);
                None
            }
            Some(given) => {
                Some(Arc::clone(given.get_or_insert_with(|| Arc::new(Given::of(runs.clone())))))
            }
        }
    }

    /// The contents that an object was given; nothing for anything else.
    pub(super) fn given(self, wanted: Wanted) -> Source<'g> {
        let Some(runs) = self.runs() else { return Source::Nothing };
        match self.gathered(&runs) {
            Some(given) => Source::Gathered(Arc::clone(given.contents(wanted)), 0),
            None => Source::Runs([].iter(), runs, wanted),
        }
    }

    pub(super) fn given_states(self) -> States<'g> {
        match self.runs().map(|runs| (self.gathered(&runs), runs)) {
            Some((Some(given), _)) => States::Gathered(Arc::clone(&given.states), 0),
            Some((None, runs)) => States::Runs(Some(runs)),
            None => States::Runs(None),
        }
    }

    /// The attribute under a name in the last of the states that has it.
    pub(super) fn attribute(self, name: &str) -> Option<Node<'g>> {
        let gathered = self.runs().and_then(|runs| self.gathered(&runs));
        if let Some(given) = gathered {
            let keys = given.attributes.get_or_init(|| self.attributes_in(&given.states));
            let (key, value) = *keys.get(&keys.hasher().hash_one(name))?;
            // Of two texts with one hash, only one is in the table.
            if self.at(key).as_str().is_some_and(|key| key == name) {
                return Some(self.at(value));
            }
        }
        let dicts = self.given_states().flat_map(|(_, state)| self.at(state).attribute_dicts());
        dicts.filter_map(|dict| dict.get(name)).last()
    }

    /// The dicts of a state: itself, or those of `(dict, slots)`.
    fn attribute_dicts(self) -> impl Iterator<Item = Node<'g>> {
        let parts = match self.handle.tag() {
            Tag::Dict => [Some(self), None],
            Tag::Tuple if self.len() == 2 => {
                let mut items = self.items();
                [items.next(), items.next()]
            }
            _ => [None, None],
        };
        parts.into_iter().flatten().filter(|part| part.handle.tag() == Tag::Dict)
    }

    /// The last entry under each text in the dicts of these states. Each dict is looked through
    /// once, however many states it is.
    fn attributes_in(self, states: &[(Option<Handle>, Handle)]) -> TextKeys {
        let (mut keys, mut seen) = (TextKeys::default(), HashSet::new());
        for &(_, state) in states.iter().rev() {
            let dicts: Vec<Node<'g>> = self.at(state).attribute_dicts().collect();
            for dict in dicts.into_iter().rev().filter(|dict| seen.insert(dict.handle)) {
                let entries: Vec<_> = dict.entries().collect();
                for (key, value) in entries.into_iter().rev() {
                    if let Some(text) = key.decoded_text() {
                        let hash = keys.hasher().hash_one(&*text);
                        keys.entry(hash).or_insert((key.handle, value.handle));
                    }
                }
            }
        }
        keys
    }
}
