//! The questions that the machine puts to its caller: which globals may appear, what an extension
//! code names, what stands for a persistent id.
//!
//! Each question is asked at the opcode that raises it and before anything behind it is read, so
//! that a refusal names the byte and nothing happens after it. Answers become nodes at once: a
//! renamed global gets its new names as constants, the object of a persistent id is imported from
//! its `Value`. What follows therefore sees no difference between the pickle's own and the
//! caller's. `de/hooks.rs` has the answers.
//!
//! Turning an id into a `Value` costs what the id expands to, each time. All ids of one pickle
//! share one expansion budget, to which the caller's values are charged as well.

use super::{Handle, Machine, Tag};
use crate::error::{Error, Result};
use crate::late::Late;
use crate::nodes::import::{Imported, import};
use crate::nodes::known::Known;
use crate::nodes::store::{Const, Flags, Nodes};
use crate::reduce::Global;
use crate::value::Value;

/// The caller's answers.
pub(crate) trait Hooks {
    /// The new name of a global that the pickle spells out, if it gets one.
    fn find_class(&self, module: &str, name: &str, protocol: u8) -> Result<Option<Global>>;

    /// The global that an extension code stands for, and whether that is what the registry says.
    ///
    /// # Errors
    /// It is not registered.
    fn extension(&self, code: i64, protocol: u8) -> Result<(Global, bool)>;

    /// The new name of the nested class that the call of `getattr` at `attribute` names, if it gets
    /// one.
    fn find_attribute(
        &self,
        nodes: &Nodes<'_>,
        input: &[u8],
        attribute: Handle,
    ) -> Result<Option<Global>>;

    /// Bytes to which the ids and the objects of one pickle may expand beyond its own length, once
    /// `consumed` bytes of it have been read.
    fn max_expansion(&self, consumed: usize) -> u64;

    /// The object of a persistent id, if there is one for it. The id may expand to `budget` bytes;
    /// what is left of them comes back too.
    fn persistent_load(
        &self,
        nodes: &Nodes<'_>,
        input: &[u8],
        consumed: usize,
        id: Handle,
        budget: u64,
    ) -> Result<(Option<Value>, u64)>;
}

/// [`Machine::load`], in programs that have a resolver.
static LOAD: Late<Load> = Late::new();

type Load = for<'m, 'n, 'h, 'de> fn(
    &'m mut Machine<'h, 'de>,
    &'n (dyn Hooks + 'n),
    Handle,
) -> Result<Option<Handle>>;

/// To be called before a machine runs with hooks that load persistent ids.
pub(crate) fn bind_hooks() {
    LOAD.bind(|machine, hooks, id| machine.load(hooks, id));
}

impl Machine<'_, '_> {
    /// The node of a global whose names are the caller's.
    pub(super) fn renamed_global(&mut self, global: Global) -> Result<Handle> {
        let known = Known::of_global(&global.module, &global.qualname);
        let nodes = &mut self.state.nodes;
        let module = nodes.push_const(Const::Str(global.module.into()))?;
        let qualname = nodes.push_const(Const::Str(global.qualname.into()))?;
        self.rare_object(
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
        if let Some(hooks) = self.config.hooks
            && let Some(renamed) = hooks.find_attribute(&self.state.nodes, self.input, attribute)?
        {
            handle = self.renamed_global(renamed)?;
        }
        self.stack.drop_topmost(2);
        self.push_memoized(handle)
    }

    /// The node of a persistent id: what the caller has for it, or the id.
    pub(super) fn persistent(&mut self, id: Handle) -> Result<Handle> {
        if let Some(hooks) = self.config.hooks
            && let Some(load) = LOAD.get()
            && let Some(loaded) = load(self, hooks, id)?
        {
            return Ok(loaded);
        }
        self.rare_object(Tag::Persid, Flags::default(), &[id])
    }

    /// The node of what the caller has for a persistent id.
    fn load(&mut self, hooks: &dyn Hooks, id: Handle) -> Result<Option<Handle>> {
        // Input that lies ahead does not count: a reader does not even have it.
        let consumed = self.consumed();
        let allowed = hooks.max_expansion(consumed).saturating_add(consumed as u64);
        let budget = allowed.saturating_sub(self.expanded);
        let nodes = &self.state.nodes;
        let (value, left) = hooks.persistent_load(nodes, self.input, consumed, id, budget)?;
        self.expanded = allowed - left;
        match value {
            Some(value) => self.import(value, allowed).map(Some),
            None => Ok(None),
        }
    }

    /// The node of a caller's object; all of them together may expand to `allowed` bytes.
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
