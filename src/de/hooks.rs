//! The machine's questions, answered by the caller's resolver and registry.
//!
//! The short cut asks about globals as well. Where it gives up, the machine comes to the same
//! globals again, in the same order, and gets the same answers from [`Answered`]: the caller is
//! asked once for each place that spells a global out, whichever way a pickle is read.

use std::borrow::Cow;
use std::cell::Cell;

use crate::error::{Error, Result};
use crate::late::Late;
use crate::machine::Hooks;
use crate::nodes::handle::Handle;
use crate::nodes::store::Nodes;
use crate::nodes::view::global_names;
use crate::reduce::{Global, Resolution, compat, resolve};
use crate::settings::Settings;
use crate::value::Value;
use crate::walk::cx::Cx;

impl Hooks for Settings<'_> {
    fn find_class(&self, module: &str, name: &str, protocol: u8) -> Result<Option<Global>> {
        let Some(resolver) = self.resolver else { return Ok(None) };
        let (module, name) = as_python3(self, module, name, protocol);
        resolve(resolver, module, name)
    }

    /// A code that is not registered is an error even if there is only a resolver, which could not
    /// judge it.
    fn extension(&self, code: i64, protocol: u8) -> Result<(Global, bool)> {
        let registered = self.extensions.zip(u32::try_from(code).ok());
        let Some(global) = registered.and_then(|(registry, code)| registry.get(code)) else {
            return Err(Error::unsupported(match self.extensions {
                Some(_) => format!("the extension code {code} is not registered"),
                None => format!(
                    "the extension code {code} names a global in a registry; \
                     give it with DeOptions::extensions"
                ),
            }));
        };
        if let Some(renamed) = self.find_class(&global.module, &global.qualname, protocol)? {
            let is_registered = renamed.is(&global.module, &global.qualname);
            return Ok((renamed, is_registered));
        }
        let (module, qualname) = as_python3(self, &global.module, &global.qualname, protocol);
        Ok((Global::new(module, qualname), true))
    }

    fn find_attribute(
        &self,
        nodes: &Nodes<'_>,
        input: &[u8],
        attribute: Handle,
    ) -> Result<Option<Global>> {
        let Some(resolver) = self.resolver else { return Ok(None) };
        // An attribute of an instance is no global, and stays what it is: a call.
        match global_names(nodes, input, attribute, self.fix_imports)? {
            Some((module, qualname)) => resolve(resolver, &module, &qualname),
            None => Ok(None),
        }
    }

    fn max_expansion(&self, consumed: usize) -> u64 {
        self.max_expansion.of(consumed as u64)
    }

    fn persistent_load(
        &self,
        nodes: &Nodes<'_>,
        input: &[u8],
        consumed: usize,
        id: Handle,
        budget: u64,
    ) -> Result<(Option<Value>, u64)> {
        let Some(resolver) = self.resolver else { return Ok((None, budget)) };
        let Some(load) = super::construct::load() else { return Ok((None, budget)) };
        let cx = Cx::with_budget(nodes, input, consumed, *self, budget);
        let value = load(resolver, &cx, id);
        value.map(|value| (value, cx.budget()))
    }
}

/// The globals that the short cut has asked about.
#[derive(Default)]
pub(super) struct Asked<'de> {
    /// Module and qualified name of each, in the order of the pickle. All were allowed but for the
    /// last, if `answer` is there.
    pub(super) names: Vec<(Cow<'de, str>, Cow<'de, str>)>,
    pub(super) answer: Option<Result<Resolution>>,
}

/// The hooks of a pickle of which the short cut has read the beginning.
pub(super) struct Answered<'h, 'de> {
    settings: &'h Settings<'h>,
    names: &'h [(Cow<'de, str>, Cow<'de, str>)],
    /// The number of questions that have come again.
    repeated: Cell<usize>,
    /// The answer about the last of the names, if it was not allowed.
    answer: Cell<Option<Result<Resolution>>>,
}

impl<'h, 'de> Answered<'h, 'de> {
    pub(super) fn new(settings: &'h Settings<'h>, asked: &'h mut Asked<'de>) -> Self {
        let answer = Cell::new(asked.answer.take());
        Self { settings, names: &asked.names, repeated: Cell::new(0), answer }
    }

    /// The answer that was given before, if this is the question that was asked then.
    fn given(&self, module: &str, qualname: &str) -> Option<Result<Resolution>> {
        let index = self.repeated.get();
        let (known_module, known_name) = self.names.get(index)?;
        if known_module != module || known_name != qualname {
            return None;
        }
        self.repeated.set(index + 1);
        if index + 1 < self.names.len() {
            return Some(Ok(Resolution::Allow));
        }
        Some(self.answer.take().unwrap_or(Ok(Resolution::Allow)))
    }
}

impl Hooks for Answered<'_, '_> {
    fn find_class(&self, module: &str, name: &str, protocol: u8) -> Result<Option<Global>> {
        let (new_module, new_name) = as_python3(self.settings, module, name, protocol);
        match self.given(new_module, new_name) {
            Some(answer) => answer?.applied(new_module, new_name),
            None => self.settings.find_class(module, name, protocol),
        }
    }

    fn extension(&self, code: i64, protocol: u8) -> Result<(Global, bool)> {
        self.settings.extension(code, protocol)
    }

    fn find_attribute(
        &self,
        nodes: &Nodes<'_>,
        input: &[u8],
        attribute: Handle,
    ) -> Result<Option<Global>> {
        self.settings.find_attribute(nodes, input, attribute)
    }

    fn max_expansion(&self, consumed: usize) -> u64 {
        Hooks::max_expansion(self.settings, consumed)
    }

    fn persistent_load(
        &self,
        nodes: &Nodes<'_>,
        input: &[u8],
        consumed: usize,
        id: Handle,
        budget: u64,
    ) -> Result<(Option<Value>, u64)> {
        self.settings.persistent_load(nodes, input, consumed, id, budget)
    }
}

/// The hooks, in programs with a resolver or extension codes.
static HOOKS: Late<Bound> = Late::new();

struct Bound {
    settings: for<'s, 'h> fn(&'s Settings<'h>) -> &'s (dyn Hooks + 's),
    answered: for<'s, 'h, 'de> fn(&'s Answered<'h, 'de>) -> &'s (dyn Hooks + 's),
}

/// To be called before anything is read with a resolver or a registry.
pub(super) fn bind() {
    HOOKS.bind(Bound { settings: |settings| settings, answered: |answered| answered });
}

impl Settings<'_> {
    /// Those who answer the machine's questions, if there are any.
    pub(super) fn hooks(&self) -> Option<&dyn Hooks> {
        if self.resolver.is_none() && self.extensions.is_none() {
            return None;
        }
        HOOKS.get().map(|bound| (bound.settings)(self))
    }
}

impl Answered<'_, '_> {
    /// The same, where some questions have been answered.
    pub(super) fn hooks(&self) -> Option<&dyn Hooks> {
        HOOKS.get().map(|bound| (bound.answered)(self))
    }
}

/// The name of a global as Python 3 has it.
fn as_python3<'a>(
    settings: &Settings<'_>,
    module: &'a str,
    name: &'a str,
    protocol: u8,
) -> (&'a str, &'a str) {
    if settings.fix_imports && protocol < 3 {
        compat::to_python3(module, name)
    } else {
        (module, name)
    }
}
