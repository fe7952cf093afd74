//! Applies a difference between two images to the nodes that the first image was read from.
//!
//! Each function takes the handle of the value that is there and gives the handle of the new one:
//! the same handle if nothing changes or an object changes in place, another one if a value is
//! replaced. The caller puts it where the first one was. Errors come before the journal is dropped,
//! and [`Graph::update`](crate::Graph::update) then takes everything back.
//!
//! A field goes where the reader found it: the editor asks [`NodeDeserializer`] in which dict, run
//! or sequence the fields of an object lie.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::diff::{Change, What, same};
use super::inverse;
use crate::de::node::NodeDeserializer;
use crate::error::{Error, Result, quoted};
use crate::nodes::describe::describe;
use crate::nodes::edit::Journal;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::import::import;
use crate::nodes::store::Nodes;
use crate::nodes::view::{global_names, spelled};
use crate::settings::Plain;
use crate::value::{Buffer, Value};
use crate::walk::cx::Cx;
use crate::walk::notes::Asked;

/// The nodes that are changed, and facts about them.
pub(super) struct Editor<'e, 'v, 'de> {
    pub(super) nodes: &'e mut Nodes<'de>,
    pub(super) input: &'e [u8],
    pub(super) settings: Plain,
    pub(super) buffers: &'e [Buffer<'de>],
    pub(super) root: Handle,
    pub(super) journal: &'e mut Journal,
    /// True if the graph is as it was read, and notes which objects may have several references.
    as_read: bool,
    /// References to each object, two standing for more; counted when they are first asked for.
    references: Option<Vec<u8>>,
    /// The sets that were made of each list, found when they are first asked for.
    pub(super) sets_of_lists: Option<HashMap<Handle, Vec<Handle>, RandomState>>,
    /// Shared objects that were changed in place, by number.
    touched: HashMap<u32, Touched<'v>, RandomState>,
    path: Vec<Step<'v>>,
    /// The number of shared objects on the path.
    shared_above: usize,
    pub(super) extent: Extent,
    /// The types that objects were read as, once that was asked for.
    pub(super) types: Option<HashMap<Handle, Asked, RandomState>>,
    /// True if the change cannot be made without the types.
    pub(super) wants_types: bool,
    /// True if a field that is not there has no other name.
    pub(super) only_adds: bool,
    /// Text and bytes that were replaced where they stand: what is there now, and was.
    pub(super) leaves: Vec<(Handle, Handle)>,
    /// Text that was given for an object, and is read from it in another form: `a//b`, `a/b`.
    pub(super) reworded: Vec<(Value, Value)>,
}

/// The part of what a type writes that the values of a change have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    Whole,
    /// A part that is left out has a value in its place.
    Pruned,
    /// One scalar, with what it is in.
    Single,
}

/// A shared object that was changed, with the path and the new value.
struct Touched<'v> {
    path: String,
    old: &'v Value,
    new: &'v Value,
}

#[derive(Clone, Copy)]
enum Step<'v> {
    Key(&'v Value),
    Index(usize),
}

impl<'e, 'v, 'de> Editor<'e, 'v, 'de> {
    pub(super) fn new(
        nodes: &'e mut Nodes<'de>,
        input: &'e [u8],
        settings: Plain,
        buffers: &'e [Buffer<'de>],
        root: Handle,
        journal: &'e mut Journal,
    ) -> Self {
        Self {
            as_read: !input.is_empty() && !nodes.is_edited(),
            nodes,
            input,
            settings,
            buffers,
            root,
            journal,
            references: None,
            sets_of_lists: None,
            touched: HashMap::default(),
            path: Vec::new(),
            shared_above: 0,
            extent: Extent::Whole,
            types: None,
            wants_types: false,
            only_adds: false,
            leaves: Vec::new(),
            reworded: Vec::new(),
        }
    }

    /// The type that an object was read as. `None`: a map, or it was not the object itself that was
    /// read.
    ///
    /// # Errors
    /// That is not known yet; the change is to be begun again with the types.
    pub(super) fn asked(&mut self, at: Handle) -> Result<Option<Asked>> {
        if self.extent != Extent::Whole {
            return Err(left_out());
        }
        match &self.types {
            Some(types) => Ok(types.get(&at).copied()),
            None => {
                self.wants_types = true;
                Err(self.no_place(at))
            }
        }
    }

    /// Applies a change to the value `at`.
    pub(super) fn apply(&mut self, at: Handle, change: &Change<'v>) -> Result<Handle> {
        if self.has_changed(at, change)? {
            return Ok(at);
        }
        // An object to which only a shared one refers is read as often as that.
        let is_shared = at.is_object() && self.is_shared(at);
        self.shared_above += usize::from(is_shared);
        let made = self.apply_to(at, change);
        self.shared_above -= usize::from(is_shared);
        made.map_err(|error| self.locate(error, at))
    }

    fn apply_to(&mut self, at: Handle, change: &Change<'v>) -> Result<Handle> {
        match &change.what {
            What::Whole => self.replace(at, change.old, change.new),
            What::Entries(entries) => self.entries(at, change, entries),
            What::Items(items) => self.items(at, change, items),
            What::Parts(parts) => match inverse::of_object(self, at, change.old, change.new)? {
                Some(made) => Ok(made),
                None => self.parts(at, change, parts),
            },
        }
    }

    /// Applies a change below a key.
    pub(super) fn below_key(
        &mut self,
        at: Handle,
        key: &'v Value,
        change: &Change<'v>,
    ) -> Result<Handle> {
        self.path.push(Step::Key(key));
        let made = self.apply(at, change);
        self.path.pop();
        made.map_err(|error| error.under_key(&step_text(key)))
    }

    pub(super) fn below_index(
        &mut self,
        at: Handle,
        index: usize,
        change: &Change<'v>,
    ) -> Result<Handle> {
        self.path.push(Step::Index(index));
        let made = self.apply(at, change);
        self.path.pop();
        made.map_err(|error| error.under_index(index))
    }

    fn locate(&self, error: Error, at: Handle) -> Error {
        match self.nodes.offset(at) {
            Some(offset) if !self.input.is_empty() => error.at(offset),
            _ => error,
        }
    }

    pub(super) fn handle(&self, slot: usize) -> Handle {
        self.nodes.handles().get(slot).copied().unwrap_or(Handle::VACANT)
    }

    pub(super) fn offset(&self, at: Handle) -> usize {
        self.nodes.offset(at).and_then(|offset| usize::try_from(offset).ok()).unwrap_or(0)
    }

    /// Begins a walk as a reader would.
    pub(super) fn walk<T>(
        &self,
        at: Handle,
        walk: impl FnOnce(NodeDeserializer<'_, '_>) -> Result<T>,
    ) -> Result<T> {
        let settings = self.settings.into();
        let cx =
            Cx::new(self.nodes, self.input, self.input.len(), settings).with_buffers(self.buffers);
        walk(NodeDeserializer::root(&cx, at))
    }

    /// Makes nodes of a value, with the offset of `at`.
    pub(super) fn import(&mut self, value: &Value, at: Handle) -> Result<Handle> {
        let is_container = matches!(value, Value::List(_) | Value::Tuple(_) | Value::Dict(_));
        if self.extent == Extent::Single && is_container {
            return Err(left_out());
        }
        let offset = self.offset(at);
        import(self.nodes, value.clone(), offset).map(|imported| imported.root)
    }

    /// Returns true if more than one reference leads to an object.
    pub(super) fn is_shared(&mut self, at: Handle) -> bool {
        if self.as_read && !self.nodes.is_fetched(at) {
            return false;
        }
        if self.references.is_none() {
            let mut references = vec![0_u8; self.nodes.object_count()];
            for handle in self.nodes.reachable(self.root) {
                if handle.is_object()
                    && let Some(count) = references.get_mut(handle.number() as usize)
                {
                    *count = count.saturating_add(1).min(2);
                }
            }
            self.references = Some(references);
        }
        let references = self.references.as_deref().unwrap_or_default();
        references.get(at.number() as usize).is_some_and(|&count| count > 1)
    }

    /// The values before and after of the shared objects that were changed.
    pub(super) fn touched(&self) -> Vec<(&'v Value, &'v Value)> {
        self.touched.values().map(|touched| (touched.old, touched.new)).collect()
    }

    /// Notes that an object changes for all who refer to it.
    pub(super) fn touch(&mut self, at: Handle, change: &Change<'v>) {
        if (self.shared_above > 0 || self.is_shared(at)) && !self.touched.contains_key(&at.number())
        {
            let touched = Touched { path: self.path_text(), old: change.old, new: change.new };
            self.touched.insert(at.number(), touched);
        }
    }

    /// Returns true if an object has changed in this way already, by another reference to it.
    ///
    /// # Errors
    /// It has changed otherwise.
    fn has_changed(&self, at: Handle, change: &Change<'v>) -> Result<bool> {
        let Some(before) = self.touched.get(&at.number()).filter(|_| at.is_object()) else {
            return Ok(false);
        };
        if same(before.old, change.old) && same(before.new, change.new) {
            return Ok(true);
        }
        Err(Error::data(format!(
            "`{}` and `{}` are one object and were changed differently",
            before.path,
            self.path_text()
        )))
    }

    fn path_text(&self) -> String {
        let mut text = String::new();
        for step in &self.path {
            match step {
                Step::Key(key) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(&step_text(key));
                }
                Step::Index(index) => text.push_str(&format!("[{index}]")),
            }
        }
        if text.is_empty() { "the root".to_owned() } else { text }
    }

    /// The error for a change that has no place in the value that was read.
    pub(super) fn no_place(&self, at: Handle) -> Error {
        let what = match at.tag() {
            Tag::Instance => self.class_text(at).map(|class| format!("an object of {class}")),
            _ => None,
        };
        let what = what.unwrap_or_else(|| describe(at.tag()).to_owned());
        Error::unsupported(format!(
            "the change cannot be put back into {what}; change the graph by hand, or replace the \
             object"
        ))
    }

    /// The dotted name of the class or callable of an instance.
    pub(super) fn class_text(&self, at: Handle) -> Option<String> {
        let (module, qualname) = self.class_names(at)?;
        Some(format!("{}.{}", quoted(&module), quoted(&qualname)))
    }

    /// Module and qualified name of the class or callable of an instance, by Python 3's names.
    pub(super) fn class_names(&self, at: Handle) -> Option<(String, String)> {
        let object = spelled(self.nodes, self.input, at.number()).ok()?;
        let fix_imports = self.settings.fix_imports;
        let names = global_names(self.nodes, self.input, object.callable, fix_imports).ok()??;
        Some((names.0.into_owned(), names.1.into_owned()))
    }
}

#[cold]
pub(super) fn left_out() -> Error {
    Error::unsupported("a part that was left out is needed")
}

pub(super) fn step_text(key: &Value) -> String {
    match key {
        Value::Str(text) => quoted(text).into_owned(),
        other => quoted(&other.to_string()).into_owned(),
    }
}
