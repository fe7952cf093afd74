//! The references of an audit: each target once, found by its names, with each text kept once.

use std::sync::Arc;

use foldhash::HashMap;

use super::report::{Reference, Target};
use crate::de::DeOptions;
use crate::error::{Error, Result};
use crate::nodes::known::Known;
use crate::reduce::compat;

/// The references so far, by number.
pub(super) struct References<'a> {
    options: &'a DeOptions<'a>,
    list: Vec<Reference>,
    pub(super) texts: Interned,
    /// Globals by module and qualified name.
    by_names: HashMap<(TextId, TextId), u32>,
    by_code: HashMap<u32, u32>,
    persistent: Option<u32>,
    computed: Option<u32>,
    /// Bytes of names that may still be put together.
    budget: u64,
}

impl<'a> References<'a> {
    /// `budget` is the number of bytes of names that may be put together.
    pub(super) fn new(options: &'a DeOptions<'a>, budget: u64) -> Self {
        Self {
            options,
            list: Vec::new(),
            texts: Interned::default(),
            by_names: HashMap::default(),
            by_code: HashMap::default(),
            persistent: None,
            computed: None,
            budget,
        }
    }

    /// Adds to the bytes of names that may be put together.
    pub(super) fn grant(&mut self, bytes: u64) {
        self.budget = self.budget.saturating_add(bytes);
    }

    pub(super) fn into_list(self) -> Vec<Reference> {
        self.list
    }

    pub(super) fn get_mut(&mut self, at: u32) -> Option<&mut Reference> {
        self.list.get_mut(at as usize)
    }

    /// Module and qualified name, if the reference is a global.
    fn names(&self, at: u32) -> Option<(&Arc<str>, &Arc<str>)> {
        match self.list.get(at as usize).map(|reference| &reference.target) {
            Some(Target::Global { module, qualname }) => Some((module, qualname)),
            _ => None,
        }
    }

    /// The meaning of a call of the reference.
    pub(super) fn known(&self, at: u32) -> Known {
        self.names(at)
            .map_or(Known::Nothing, |(module, qualname)| Known::of_global(module, qualname))
    }

    /// The number of the next reference.
    fn next(&self) -> u32 {
        self.list.len() as u32
    }

    /// Makes the reference with the number `at`, unless it is there.
    fn add(&mut self, at: u32, target: Target) -> u32 {
        if at == self.next() {
            self.list.push(Reference::new(target));
        }
        at
    }

    /// The reference to a global; `python2` is true if its names may be those of Python 2.
    pub(super) fn global(&mut self, mut module: TextId, mut name: TextId, python2: bool) -> u32 {
        if python2 && self.options.plain.fix_imports {
            let old = [module, name].map(|id| self.texts.get(id));
            let new = compat::to_python3(&old[0], &old[1]);
            // A name that is not renamed is the same text, and need not be interned again.
            if !std::ptr::eq(new.0, &*old[0]) {
                module = self.texts.id(new.0);
            }
            if !std::ptr::eq(new.1, &*old[1]) {
                name = self.texts.id(new.1);
            }
        }
        let next = self.next();
        let at = *self.by_names.entry((module, name)).or_insert(next);
        if at == next {
            let (module, qualname) = (self.texts.get(module), self.texts.get(name));
            self.list.push(Reference::new(Target::Global { module, qualname }));
        }
        at
    }

    /// The reference to a global by an extension code: by its names if it is registered.
    pub(super) fn extension(&mut self, code: u32, python2: bool) -> u32 {
        let settings = self.options.settings();
        if let Some(global) = settings.extensions.and_then(|registry| registry.get(code)) {
            let (module, name) = (self.texts.id(&global.module), self.texts.id(&global.qualname));
            return self.global(module, name, python2);
        }
        let next = self.next();
        let at = *self.by_code.entry(code).or_insert(next);
        self.add(at, Target::Extension(code))
    }

    /// The reference to all objects outside of the pickle.
    pub(super) fn persistent(&mut self) -> u32 {
        let next = self.next();
        let at = *self.persistent.get_or_insert(next);
        self.add(at, Target::PersistentId)
    }

    /// The reference to all globals whose names come out of calls.
    pub(super) fn computed(&mut self) -> u32 {
        let next = self.next();
        let at = *self.computed.get_or_insert(next);
        self.add(at, Target::Computed)
    }

    /// The reference to an attribute of a global by its name; `None` if `owner` is no global.
    ///
    /// # Errors
    /// The names that the pickle has put together are longer than the budget allows.
    pub(super) fn attribute(&mut self, owner: u32, name: TextId) -> Result<Option<u32>> {
        let Some((module, qualname)) = self.names(owner) else { return Ok(None) };
        let (module, qualname, name) = (module.clone(), qualname.clone(), self.texts.get(name));
        let cost = (module.len() + qualname.len() + name.len()) as u64;
        self.budget = self.budget.checked_sub(cost).ok_or_else(|| {
            Error::limit("the names of attributes come to more than max_expansion allows")
        })?;
        let qualname = self.texts.id(&format!("{qualname}.{name}"));
        let module = self.texts.id(&module);
        Ok(Some(self.global(module, qualname, false)))
    }
}

/// The number of a text.
pub(super) type TextId = u32;

/// Every text once.
#[derive(Default)]
pub(super) struct Interned {
    texts: Vec<Arc<str>>,
    by_text: HashMap<Arc<str>, TextId>,
}

impl Interned {
    pub(super) fn get(&self, id: TextId) -> Arc<str> {
        self.texts.get(id as usize).cloned().unwrap_or_default()
    }

    pub(super) fn id(&mut self, text: &str) -> TextId {
        if let Some(&id) = self.by_text.get(text) {
            return id;
        }
        let (id, text) = (self.texts.len() as TextId, Arc::<str>::from(text));
        self.texts.push(text.clone());
        self.by_text.insert(text, id);
        id
    }
}
