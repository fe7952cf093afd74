//! What the machine asks its caller: which globals may appear, what an extension code names, what a
//! persistent id stands for.
//!
//! Each question is asked at the opcode that raises it and before anything behind it is read, so
//! that a refusal names the byte and nothing happens after it. Answers become nodes at once: a
//! renamed global gets its new names as constants, the object of a persistent id is imported from
//! its `Value`. What follows therefore sees no difference between the pickle's own and the
//! caller's.
//!
//! To turn an id into a `Value` costs what the id expands to, each time; all ids of one pickle
//! share one expansion budget, and what the caller's values come to is charged to it as well.

use super::{Handle, Machine, Tag};
use crate::error::{Error, Result};
use crate::nodes::import::{Imported, import};
use crate::nodes::known::Known;
use crate::nodes::store::{Const, Flags};
use crate::nodes::view::global_names;
use crate::reduce::{Global, compat, resolve};
use crate::settings::Settings;
use crate::value::Value;
use crate::walk::cx::Cx;

/// The caller's answers, by the settings that hold them.
#[derive(Clone, Copy)]
pub(crate) struct Hooks<'c> {
    settings: &'c Settings<'c>,
}

impl<'c> Hooks<'c> {
    pub(crate) fn new(settings: &'c Settings<'c>) -> Self {
        Self { settings }
    }

    /// Asks about a global that the pickle spells out: its new name if it gets one.
    pub(super) fn find_class(
        self,
        module: &str,
        name: &str,
        protocol: u8,
    ) -> Result<Option<Global>> {
        let Some(resolver) = self.settings.resolver else { return Ok(None) };
        let (module, name) = self.as_python3(module, name, protocol);
        resolve(resolver, module, name)
    }

    /// What an extension code stands for.
    ///
    /// # Errors
    /// It is not registered. That is an error with a resolver alone too, which could not judge it.
    pub(super) fn extension(self, code: i64, protocol: u8) -> Result<Global> {
        let registered = self.settings.extensions.zip(u32::try_from(code).ok());
        let Some(global) = registered.and_then(|(registry, code)| registry.get(code)) else {
            return Err(Error::unsupported(match self.settings.extensions {
                Some(_) => format!("the extension code {code} is not registered"),
                None => format!(
                    "the extension code {code} names a global in a registry; give it with DeOptions::extensions"
                ),
            }));
        };
        if let Some(renamed) = self.find_class(&global.module, &global.qualname, protocol)? {
            return Ok(renamed);
        }
        let (module, qualname) = self.as_python3(&global.module, &global.qualname, protocol);
        Ok(Global::new(module, qualname))
    }

    fn as_python3<'a>(self, module: &'a str, name: &'a str, protocol: u8) -> (&'a str, &'a str) {
        if self.settings.fix_imports && protocol < 3 {
            compat::to_python3(module, name)
        } else {
            (module, name)
        }
    }
}

impl Machine<'_, '_> {
    /// The node of a global whose names are the caller's.
    pub(super) fn renamed_global(&mut self, global: Global) -> Result<Handle> {
        let known = Known::of_global(&global.module, &global.qualname);
        let nodes = &mut self.state.nodes;
        let module = nodes.push_const(Const::Str(global.module.into()))?;
        let qualname = nodes.push_const(Const::Str(global.qualname.into()))?;
        self.object(
            Tag::Global,
            Flags::with_low(known as u8).with(Flags::DOTTED, true),
            &[module, qualname],
        )
    }

    /// Asks about a nested class that `getattr` names, which has just been made; its callable and
    /// arguments are still on the stack.
    #[cold]
    pub(super) fn name_attribute(&mut self, attribute: Handle) -> Result<()> {
        let mut handle = attribute;
        if let Some(hooks) = self.hooks
            && let Some(resolver) = hooks.settings.resolver
            // An attribute of an instance is no global, and stays what it is: a call.
            && let Some((module, qualname)) =
                global_names(&self.state.nodes, self.input, attribute, hooks.settings.fix_imports)?
            && let Some(renamed) = resolve(resolver, &module, &qualname)?
        {
            handle = self.renamed_global(renamed)?;
        }
        self.stack.drop_topmost(2);
        self.push_memoized(handle)
    }

    /// The node of a persistent id: what the caller has for it, or the id.
    pub(super) fn persistent(&mut self, id: Handle) -> Result<Handle> {
        if let Some(hooks) = self.hooks
            && let Some(resolver) = hooks.settings.resolver
        {
            // What lies ahead in the input says nothing: a reader does not even have it.
            let consumed = self.consumed();
            let allowed = hooks.settings.max_expansion.of(consumed as u64);
            let allowed = allowed.saturating_add(consumed as u64);
            let cx = Cx::with_budget(
                &self.state.nodes,
                self.input,
                consumed,
                *hooks.settings,
                allowed.saturating_sub(self.expanded),
            );
            let value = crate::de::value::build(&cx, id)?;
            self.expanded = allowed - cx.budget();
            if let Some(value) = resolver.persistent_load(&value)? {
                return self.import(value, allowed);
            }
        }
        self.object(Tag::Persid, Flags::default(), &[id])
    }

    /// The node of a caller's object; all of them may expand to so many bytes.
    fn import(&mut self, value: Value, allowed: u64) -> Result<Handle> {
        let Imported { root: handle, unfolded, .. } =
            import(&mut self.state.nodes, value, self.cursor.opcode_position())?;
        if self.state.nodes.object_count() > self.config.max_nodes {
            return Err(self.too_many_nodes());
        }
        self.expanded = self.expanded.saturating_add(unfolded);
        if self.expanded > allowed {
            return Err(Error::limit(
                "the objects of persistent ids come to more than max_expansion allows",
            ));
        }
        Ok(handle)
    }
}
