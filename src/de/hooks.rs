//! The machine's questions, answered by the caller's resolver and registry.

use crate::error::{Error, Result};
use crate::machine::Hooks;
use crate::nodes::handle::Handle;
use crate::nodes::store::Nodes;
use crate::nodes::view::global_names;
use crate::reduce::{Global, compat, resolve};
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
        let Some(build) = super::construct::build() else { return Ok((None, budget)) };
        let cx = Cx::with_budget(nodes, input, consumed, *self, budget);
        let id = build(&cx, id)?;
        Ok((resolver.persistent_load(&id)?, cx.budget()))
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
