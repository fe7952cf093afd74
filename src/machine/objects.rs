//! Globals, instances, and what lies outside of the pickle: the opcodes that name a class, make an
//! object of it, or ask for a persistent id or a buffer.

use super::Machine;
use super::step::expected;
use crate::error::{Error, Result};
use crate::instruction::Opcode;
use crate::limits;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::known::{self, Known, may_be_called};
use crate::nodes::scalar;
use crate::nodes::spelling::Spelling;
use crate::nodes::store::{Flags, RunKind};
use crate::read::text::Text;

impl Machine<'_, '_> {
    pub(super) fn global_flags(&self) -> Flags {
        Flags::default()
            .with(Flags::PYTHON2, self.protocol < 3)
            .with(Flags::DOTTED, self.protocol >= 4)
    }

    /// Makes the node of a global that the pickle names, unless the caller has another name for it.
    pub(super) fn name_global(
        &mut self,
        names: [Handle; 2],
        module: &str,
        name: &str,
    ) -> Result<Handle> {
        if let Some(hooks) = self.config.hooks
            && let Some(renamed) = hooks.find_class(module, name, self.protocol)?
        {
            return self.renamed_global(renamed);
        }
        let known = Known::of_global(module, name);
        let flags = Flags::with_low(known as u8);
        let place = self.global_flags();
        let flags = flags
            .with(Flags::PYTHON2, place.has(Flags::PYTHON2))
            .with(Flags::DOTTED, place.has(Flags::DOTTED));
        self.rare_object(Tag::Global, flags, &names)
    }

    /// Reads two lines, module and name, and makes the global they name.
    pub(super) fn read_global(&mut self) -> Result<Handle> {
        let at = self.cursor.position();
        let (module, name) = self.cursor.read_names()?;
        known::check_name(module.len().max(name.len()))?;
        let line = |at: usize, text: &str| {
            Handle::new(Tag::Name, Handle::line_detail(text.as_bytes()), at)
        };
        let names = [line(at, module), line(at + module.len() + 1, name)];
        self.name_global(names, module, name)
    }

    pub(super) fn global(&mut self) -> Result<()> {
        let handle = self.read_global()?;
        self.push_rare(handle)
    }

    pub(super) fn stack_global(&mut self, opcode: Opcode) -> Result<()> {
        let [module, name] = self.stack.topmost::<2>(opcode)?;
        // Looked at before they are decoded: the next instruction may name them again.
        for text in [module, name] {
            if text.tag() == Tag::StrEscaped {
                self.charge_names(scalar::text_len(&self.state.nodes, self.input, text))?;
            }
            known::check_name(scalar::name_len(&self.state.nodes, self.input, text))?;
        }
        let nodes = &self.state.nodes;
        let (Some(module_text), Some(name_text)) = (
            scalar::plain_text(nodes, self.input, module),
            scalar::plain_text(nodes, self.input, name),
        ) else {
            return self.unusual_name(module, name);
        };
        let (module_text, name_text) = (module_text.into_owned(), name_text.into_owned());
        self.charge_names(module_text.len() + name_text.len())?;
        let handle = self.name_global([module, name], &module_text, &name_text)?;
        self.stack.drop_topmost(2);
        self.push_rare(handle)
    }

    /// STACK_GLOBAL with names that are no text. Python makes text of 8-bit strings, and what a
    /// call returns may be text: an audit has to go on there.
    #[cold]
    pub(super) fn unusual_name(&mut self, module: Handle, name: Handle) -> Result<()> {
        let len = |handle: Handle| match scalar::chars(self.input, handle) {
            Some(chars) => Some(chars.len()),
            None => match scalar::text(&self.state.nodes, self.input, handle) {
                Some(Text::Str(text)) => Some(text.len()),
                Some(Text::Surrogates(bytes)) => Some(bytes.len()),
                None => self.might_be_anything(handle).then_some(0),
            },
        };
        let (true, Some(module_len), Some(name_len)) =
            (self.config.any_operands, len(module), len(name))
        else {
            return Err(Error::syntax("STACK_GLOBAL needs two strings, module and name"));
        };
        self.charge_names(module_len + name_len)?;
        let handle = self.rare_object(Tag::Global, self.global_flags(), &[module, name])?;
        self.stack.drop_topmost(2);
        self.push_rare(handle)
    }

    /// Returns true if only running the pickle would tell what this is, and the caller allows that.
    #[cold]
    pub(super) fn might_be_anything(&self, handle: Handle) -> bool {
        self.config.any_operands && handle.tag().is_opaque()
    }

    pub(super) fn extension(&mut self, code: i64) -> Result<()> {
        if code <= 0 {
            return Err(Error::syntax(format!("the extension code {code} is not positive")));
        }
        if let Some(hooks) = self.config.hooks {
            let (global, is_registered) = hooks.extension(code, self.protocol)?;
            let handle = self.renamed_global(global)?;
            if is_registered {
                let flags = self.state.nodes.object(handle.number()).flags();
                self.state.nodes.set_flags(handle.number(), flags.with(Flags::CODED, true));
            }
            return self.push_rare(handle);
        }
        // The code is read again from the input: it is the argument at the object's offset.
        let handle = self.rare_object(Tag::Ext, self.global_flags(), &[])?;
        self.push_rare(handle)
    }

    #[inline]
    pub(super) fn reduce(&mut self, opcode: Opcode) -> Result<()> {
        let [callable, arguments] = self.stack.topmost::<2>(opcode)?;
        if !arguments.tag().is_tuple() {
            return self.reduce_none(callable, arguments, opcode);
        }
        self.check_class(callable, opcode)?;
        let handle =
            self.object(Tag::Instance, Spelling::Reduce.flags(), &[callable, arguments])?;
        if callable.tag() == Tag::Global {
            let known =
                Known::from_number(self.state.nodes.object(callable.number()).flags().low());
            if known != Known::Nothing {
                let nodes = &mut self.state.nodes;
                let scanned =
                    known::understand(nodes, self.input, handle.number(), known, arguments)?;
                self.charge_scan(
                    scanned as u64,
                    "the pickle makes sets or bytes of the same contents too often",
                )?;
                if known == Known::GetAttr && self.config.hooks.is_some() {
                    return self.name_attribute(handle);
                }
            }
        }
        self.stack.drop_topmost(2);
        self.push_memoized(handle)
    }

    /// Python 2.2 had `None` for arguments: a call of `__basicnew__`, which made what `__new__`
    /// makes.
    #[cold]
    pub(super) fn reduce_none(
        &mut self,
        callable: Handle,
        arguments: Handle,
        opcode: Opcode,
    ) -> Result<()> {
        let (spelling, arguments) = match arguments.tag() {
            Tag::None => (Spelling::NewObj, self.here(Tag::EmptyTuple, 0)),
            _ if self.might_be_anything(arguments) => (Spelling::Reduce, arguments),
            _ => return Err(expected("a tuple of arguments", opcode, arguments)),
        };
        self.check_class(callable, opcode)?;
        let handle = self.object(Tag::Instance, spelling.flags(), &[callable, arguments])?;
        self.stack.drop_topmost(2);
        self.push_memoized(handle)
    }

    /// Names are gone through each time, and four bytes of a pickle can name the same megabytes
    /// again.
    #[inline]
    pub(super) fn charge_names(&mut self, len: usize) -> Result<()> {
        if len <= limits::LONG_NAMES {
            return Ok(());
        }
        self.charge_scan(len as u64, "the pickle refers to long names too often")
    }

    pub(super) fn charge_scan(&mut self, items: u64, what: &'static str) -> Result<()> {
        self.scanned += items;
        if self.scanned <= 4 * self.consumed() as u64 + 1_000 {
            return Ok(());
        }
        Err(Error::limit(what))
    }

    #[inline]
    pub(super) fn new_object(&mut self, opcode: Opcode) -> Result<()> {
        let [class, arguments] = self.stack.topmost::<2>(opcode)?;
        self.check_class(class, opcode)?;
        if !arguments.tag().is_tuple() && !self.might_be_anything(arguments) {
            return Err(expected("a tuple of arguments", opcode, arguments));
        }
        let handle = self.object(Tag::Instance, Spelling::NewObj.flags(), &[class, arguments])?;
        self.stack.drop_topmost(2);
        self.push_memoized(handle)
    }

    pub(super) fn new_object_ex(&mut self, opcode: Opcode) -> Result<()> {
        let parts @ [class, arguments, keywords] = self.stack.topmost::<3>(opcode)?;
        self.check_class(class, opcode)?;
        if !arguments.tag().is_tuple() && !self.might_be_anything(arguments) {
            return Err(expected("a tuple of arguments", opcode, arguments));
        }
        if keywords.tag() != Tag::Dict && !self.might_be_anything(keywords) {
            return Err(expected("a dict of keyword arguments", opcode, keywords));
        }
        let handle = self.rare_object(Tag::Instance, Spelling::NewObjEx.flags(), &parts)?;
        self.stack.drop_topmost(3);
        self.push_rare(handle)
    }

    pub(super) fn inst(&mut self, opcode: Opcode) -> Result<()> {
        let mark = self.stack.pop_mark(opcode)?;
        let names_at = self.cursor.position();
        let class = self.read_global()?;
        // GLOBAL takes UTF-8; INST is older and never did.
        if !self.input.get(names_at..self.cursor.position()).is_some_and(<[u8]>::is_ascii) {
            return Err(Error::syntax("the class name of INST is not ASCII"));
        }
        let mut parts = vec![class];
        parts.extend_from_slice(self.stack.above(mark));
        let handle = self.rare_object(Tag::Instance, Spelling::Inst.flags(), &parts)?;
        self.stack.truncate(mark);
        self.push_rare(handle)
    }

    pub(super) fn obj(&mut self, opcode: Opcode) -> Result<()> {
        let mark = self.stack.pop_mark(opcode)?;
        match self.stack.above(mark).first() {
            Some(&class) => self.check_class(class, opcode)?,
            None => {
                return Err(Error::syntax(
                    "OBJ needs a class, and there is nothing above the mark",
                ));
            }
        }
        if self.state.nodes.object_count() >= self.config.max_nodes {
            return Err(self.too_many_nodes());
        }
        let parts = self.stack.above(mark);
        let at = self.cursor.opcode_position();
        let handle =
            self.state.nodes.push_object(Tag::Instance, Spelling::Obj.flags(), at, parts)?;
        self.stack.truncate(mark);
        self.push_rare(handle)
    }

    #[inline]
    pub(super) fn check_class(&self, handle: Handle, opcode: Opcode) -> Result<()> {
        if may_be_called(&self.state.nodes, handle) {
            Ok(())
        } else {
            Err(expected("a class or function", opcode, handle))
        }
    }

    #[inline]
    pub(super) fn build(&mut self, opcode: Opcode) -> Result<()> {
        let [object, state] = self.stack.topmost::<2>(opcode)?;
        // `None` as state does nothing to an object without `__setstate__`, whatever it is.
        let plain = object.tag() != Tag::Instance
            || Spelling::known(self.state.nodes.object(object.number()).flags()).is_builtin_value();
        if plain && state.tag() != Tag::None {
            self.check_grows_object(object, RunKind::State, opcode)?;
        }
        // Before anything changes: the bytes of the array may not be there yet.
        let mut array = None;
        if self.config.joblib
            && let Some(joblib_array) = super::joblib::ARRAY.get()
        {
            array = joblib_array(self, object, state)?;
        }
        // A container or builtin value given `None` stays what it is.
        if object.tag().is_opaque() {
            self.state.nodes.extend(
                object.number(),
                RunKind::State,
                &[state],
                self.cursor.opcode_position(),
            )?;
        }
        self.stack.drop_topmost(1);
        if let Some(array) = array {
            self.stack.replace_top(array);
        }
        Ok(())
    }

    // Outside the pickle

    pub(super) fn persistent_line(&mut self) -> Result<()> {
        let at = self.cursor.position();
        let line = self.cursor.read_line()?;
        if !line.is_ascii() {
            return Err(Error::syntax("a persistent id of protocol 0 is not ASCII"));
        }
        let id = Handle::new(Tag::Name, Handle::line_detail(line), at);
        let handle = self.persistent(id)?;
        self.push_rare(handle)
    }

    pub(super) fn persistent_object(&mut self, opcode: Opcode) -> Result<()> {
        let id = self.stack.top(opcode)?;
        let handle = self.persistent(id)?;
        self.stack.drop_topmost(1);
        self.push_rare(handle)
    }

    pub(super) fn next_buffer(&mut self) -> Result<()> {
        let number = self.state.next_buffer;
        if let Some(given) = self.config.buffers
            && number as usize >= given
        {
            let wanted = u64::from(number) + 1;
            return Err(Error::data(format!(
                "the pickle asks for out-of-band buffer number {wanted}, \
                 and the number given is {given}"
            )));
        }
        // Without buffers the number only says which one is missing; there are no 2³² to count.
        self.state.next_buffer = number.saturating_add(1);
        let handle = Handle::numbered(Tag::Buffer, number);
        self.push_rare(handle)
    }

    pub(super) fn readonly_buffer(&mut self, opcode: Opcode) -> Result<()> {
        let top = self.stack.top(opcode)?;
        let view = match top.tag() {
            Tag::Bytes1 | Tag::Bytes4 | Tag::Bytes8 | Tag::View => return Ok(()),
            Tag::Buffer => Handle::new(Tag::Buffer, 1, top.offset()),
            Tag::ByteArray => self.rare_object(Tag::View, Flags::default(), &[top])?,
            // A call, a global or a persistent id may well stand for a buffer.
            Tag::Instance | Tag::Global | Tag::Ext | Tag::Persid => {
                self.rare_object(Tag::View, Flags::default(), &[top])?
            }
            _ => return Err(expected("a buffer", opcode, top)),
        };
        // The memo keeps what it has: only the stack sees the read-only view.
        self.stack.replace_top(view);
        Ok(())
    }
}
