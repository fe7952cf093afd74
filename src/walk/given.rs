//! Contents and states that an object was given after it was made: looked through once, paid for.
//!
//! An object has a run for each opcode that gave it something, and half a pickle may be runs of one
//! object, the other half references to it. Readers ask several things of the same runs: if there
//! are items, the state, its setter. So one pass answers all of them, each step is charged before
//! it is taken, and the answers about the object met last are kept.

use super::cx::Cx;
use crate::error::Result;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::store::{Object, RunKind};
use crate::nodes::view::{ObjectView, tuple_items};
use crate::reduce::How;

/// Kinds of runs, as a set.
#[derive(Clone, Copy, Default, PartialEq)]
struct Kinds(u8);

impl Kinds {
    fn add(&mut self, kind: RunKind) {
        self.0 |= 1 << kind as u8;
    }

    fn has(self, kind: RunKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }
}

/// The answers about the runs of one object.
#[derive(Clone, Copy)]
pub(crate) struct Given {
    kinds: Kinds,
    /// The kinds of which a run is not empty.
    filled: Kinds,
    /// The kind of the first run that sets no state.
    first: Option<RunKind>,
    state: Option<Handle>,
    /// True if more than one run sets the state without a function of its own.
    state_again: bool,
    /// The function that sets the state, and the state, of the first run that has both.
    setter: Option<(Handle, Handle)>,
    /// True if all that it was given are states of `None`.
    bare: bool,
}

impl Given {
    const NOTHING: Self = Self {
        kinds: Kinds(0),
        filled: Kinds(0),
        first: None,
        state: None,
        state_again: false,
        setter: None,
        bare: true,
    };

    fn note(&mut self, kind: RunKind, run: &[Handle]) {
        match kind {
            RunKind::State if self.kinds.has(kind) => self.state_again = true,
            RunKind::State => self.state = run.first().copied(),
            RunKind::Setter => {
                if let (&[setter, state], false) = (run, self.kinds.has(kind)) {
                    self.setter = Some((setter, state));
                }
            }
            _ => self.first = self.first.or(Some(kind)),
        }
        self.kinds.add(kind);
        if !run.is_empty() {
            self.filled.add(kind);
        }
        let none = run.iter().all(|state| state.tag() == Tag::None);
        self.bare &= kind == RunKind::State && none;
    }

    /// Returns true if there is a run of the kind.
    pub(crate) fn has(&self, kind: RunKind) -> bool {
        self.kinds.has(kind)
    }

    /// Returns true if there is a run of the kind with something in it.
    pub(crate) fn has_some(&self, kind: RunKind) -> bool {
        self.filled.has(kind)
    }

    /// Returns true if it was given list or set items.
    pub(crate) fn has_items(&self) -> bool {
        self.has(RunKind::Items) || self.has(RunKind::Adds)
    }

    /// Returns true if it was given anything but states.
    pub(crate) fn has_contents(&self) -> bool {
        self.first.is_some()
    }

    /// The kind of the first run that sets no state.
    pub(crate) fn first(&self) -> Option<RunKind> {
        self.first
    }

    /// The first setter with its state.
    pub(crate) fn setter(&self) -> Option<(Handle, Handle)> {
        self.setter
    }

    /// Returns true if there is nothing but states of `None`, which are none.
    pub(crate) fn is_bare(&self) -> bool {
        self.bare
    }
}

/// The parts of an object, as in a reduce value.
pub(crate) struct ReduceParts<'g> {
    pub(crate) how: How,
    pub(crate) callable: Handle,
    pub(crate) args: &'g [Handle],
    pub(crate) kwargs: Option<Handle>,
    pub(crate) items: Vec<Handle>,
    pub(crate) adds: Vec<Handle>,
    /// Keys and values in turn.
    pub(crate) pairs: Vec<Handle>,
    pub(crate) state: Option<Handle>,
    pub(crate) setter: Option<Handle>,
}

impl<'g> Cx<'g, '_> {
    /// The answers about what an object was given.
    #[inline]
    pub(crate) fn given(&self, object: &Object) -> Result<Given> {
        match object.first_further() {
            None => Ok(Given::NOTHING),
            Some(first) => match self.last_given.get() {
                Some((last, given)) if last == first => Ok(given),
                _ => self.look_through(object, first),
            },
        }
    }

    #[inline(never)]
    fn look_through(&self, object: &Object, first: u32) -> Result<Given> {
        let mut given = Given::NOTHING;
        self.each_run(object, |kind, run| {
            given.note(kind, run);
            Ok(())
        })?;
        self.last_given.set(Some((first, given)));
        Ok(given)
    }

    /// Calls `look` with each further run of an object, each charged before it is looked at. A few
    /// runs are not free either: two small objects may be met by turns, millions of times.
    pub(crate) fn each_run(
        &self,
        object: &Object,
        mut look: impl FnMut(RunKind, &'g [Handle]) -> Result<()>,
    ) -> Result<()> {
        self.check_unspent()?;
        for (kind, run) in self.nodes.more(object) {
            self.charge_values(1)?;
            look(kind, run)?;
        }
        Ok(())
    }

    /// The handles in an object's runs of these kinds, charged as values.
    pub(crate) fn handles_given(&self, object: &Object, kinds: &[RunKind]) -> Result<Vec<Handle>> {
        let mut handles = Vec::new();
        let given = self.given(object)?;
        if kinds.iter().any(|&kind| given.has(kind)) {
            self.each_run(object, |kind, run| {
                if kinds.contains(&kind) {
                    self.charge_values(run.len())?;
                    handles.extend_from_slice(run);
                }
                Ok(())
            })?;
        }
        Ok(handles)
    }

    /// The state that BUILD gave an object.
    ///
    /// # Errors
    /// Several states: only the class knows their meaning.
    pub(crate) fn state(&self, object: &ObjectView<'_>) -> Result<Option<Handle>> {
        let given = self.given(&object.object)?;
        if given.state_again { Err(object.several_states()) } else { Ok(given.state) }
    }

    /// Takes an object apart. Its items and entries are still to be charged, as values.
    ///
    /// # Errors
    /// Several states, or a state beside a state setter.
    pub(crate) fn parts(&self, object: &ObjectView<'g>) -> Result<ReduceParts<'g>> {
        let mut parts = ReduceParts {
            how: object.how,
            callable: object.callable,
            args: object.args,
            kwargs: object.kwargs,
            items: Vec::new(),
            adds: Vec::new(),
            pairs: Vec::new(),
            state: self.state(object)?,
            setter: None,
        };
        if object.base.is_some()
            && let &[reconstructor, arguments] = self.nodes.first(&object.object)
        {
            // Only the call itself has the value of the base class.
            parts.how = How::Call;
            parts.callable = reconstructor;
            parts.args = tuple_items(self.nodes, arguments);
        }
        let mut setters = 0;
        self.each_run(&object.object, |kind, run| {
            match (kind, run) {
                (RunKind::Items, run) => parts.items.extend_from_slice(run),
                (RunKind::Adds, run) => parts.adds.extend_from_slice(run),
                (RunKind::Pairs, run) => parts.pairs.extend_from_slice(run),
                (RunKind::Setter, &[setter, state]) => {
                    setters += 1;
                    if setters > 1 || parts.state.replace(state).is_some() {
                        return Err(object.several_states());
                    }
                    parts.setter = Some(setter);
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(parts)
    }
}
