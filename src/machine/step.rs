//! What each opcode does, one small function a group. The order of checks is CPython's
//! (`Modules/_pickle.c`).

use super::{Machine, no_index};
use crate::error::{Error, Result};
use crate::instruction::Opcode;
use crate::limits;
use crate::nodes::describe::{describe, unhashable};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::known::{self, Known, may_be_called};
use crate::nodes::scalar;
use crate::nodes::spelling::Spelling;
use crate::nodes::store::{Flags, Nodes, RunKind};
use crate::read::text::{self, Decimal, Text};

impl Machine<'_, '_> {
    /// The opcodes that are too rare to be in the main loop.
    #[inline(never)]
    pub(super) fn step(&mut self, opcode: Opcode) -> Result<()> {
        match opcode {
            Opcode::Int | Opcode::Long => self.decimal(opcode),
            Opcode::Float => self.decimal_float(),
            Opcode::Long4 => self.cursor.read_long4().map(|_| self.push(Tag::Long4, 0)),
            Opcode::Unicode => self.unicode_line(),
            Opcode::Binunicode8 => self.long_text(),
            Opcode::String => self.string_line(),
            Opcode::Binstring => self.counted4(Tag::Chars4),
            Opcode::ShortBinstring => self.counted1(Tag::Chars1),
            Opcode::ShortBinbytes => self.counted1(Tag::Bytes1),
            Opcode::Binbytes => self.counted4(Tag::Bytes4),
            Opcode::Binbytes8 => {
                self.cursor.read_counted8()?;
                let handle = self.here(Tag::Bytes8, 0);
                self.push_memoized(handle)
            }
            Opcode::Bytearray8 => {
                self.cursor.read_counted8()?;
                let payload = self.here(Tag::Bytes8, 0);
                let handle = self.object(Tag::ByteArray, Flags::default(), &[payload])?;
                self.push_memoized(handle)
            }
            Opcode::EmptyTuple => {
                self.push(Tag::EmptyTuple, 0);
                Ok(())
            }
            Opcode::EmptySet => self.push_new(Tag::Set),
            Opcode::Append => self.append(opcode),
            Opcode::Setitem => self.set_item(opcode),
            Opcode::Additems => self.add_items(opcode),
            Opcode::List | Opcode::Dict | Opcode::Tuple | Opcode::Frozenset => self.collect(opcode),
            Opcode::Pop => self.pop(opcode),
            Opcode::PopMark => {
                let mark = self.stack.pop_mark(opcode)?;
                self.stack.truncate(mark);
                Ok(())
            }
            Opcode::Dup => {
                let top = self.stack.top(opcode)?;
                self.state.nodes.note_fetched(top);
                self.stack.push(top);
                Ok(())
            }
            Opcode::Get => match self.cursor.read_memo_index()? {
                Some(index) => self.get(index),
                None => Err(no_index()),
            },
            Opcode::Put => self.put_line(opcode),
            Opcode::Global => self.global(),
            Opcode::StackGlobal => self.stack_global(opcode),
            Opcode::Ext1 => {
                self.cursor.read_uint1().and_then(|code| self.extension(i64::from(code)))
            }
            Opcode::Ext2 => {
                self.cursor.read_uint2().and_then(|code| self.extension(i64::from(code)))
            }
            Opcode::Ext4 => {
                self.cursor.read_int4().and_then(|code| self.extension(i64::from(code)))
            }
            Opcode::NewobjEx => self.new_object_ex(opcode),
            Opcode::Inst => self.inst(opcode),
            Opcode::Obj => self.obj(opcode),
            Opcode::Persid => self.persistent_line(),
            Opcode::Binpersid => self.persistent_object(opcode),
            Opcode::NextBuffer => self.next_buffer(),
            Opcode::ReadonlyBuffer => self.readonly_buffer(opcode),
            Opcode::Proto => {
                self.protocol = self.cursor.read_protocol()?;
                Ok(())
            }
            Opcode::Frame => self.cursor.read_frame().map(|_| ()),
            // All others have an arm in the main loop.
            _ => Ok(()),
        }
    }

    // Numbers and text

    fn decimal(&mut self, opcode: Opcode) -> Result<()> {
        let value = match self.cursor.read_decimal_line(opcode) {
            Some(value) => Decimal::Int(value),
            None => {
                let line = self.cursor.read_filled_line()?;
                let digits = self.config.max_int_digits;
                self.cursor.checked(match opcode {
                    Opcode::Int => text::decode_int(line, digits),
                    _ => text::decode_long(line, digits),
                })?
            }
        };
        let tag = if opcode == Opcode::Int { Tag::IntLine } else { Tag::LongLine };
        // Between the opcode and the newline.
        let len = self.cursor.position() - self.cursor.opcode_position() - 2;
        let long = u16::try_from(len).unwrap_or(Handle::LONG);
        let (tag, detail) = match value {
            Decimal::Bool(value) => (if value { Tag::True } else { Tag::False }, 0),
            Decimal::Int(value) => match u16::try_from(value) {
                Ok(small) => (Tag::Small, small),
                Err(_) => (tag, long),
            },
            Decimal::Big(_) => (tag, long),
        };
        self.push_appended(self.here(tag, detail))
    }

    /// Pushes a number, or appends it at once if that is what the next opcode asks: protocol 0
    /// appends one by one.
    #[inline]
    fn push_appended(&mut self, handle: Handle) -> Result<()> {
        if let Ok(list) = self.stack.top(Opcode::Append)
            && list.tag() == Tag::List
            && self.cursor.skip_opcode(Opcode::Append)
        {
            let at = self.cursor.opcode_position();
            return self.state.nodes.extend(list.number(), RunKind::Items, &[handle], at);
        }
        self.stack.push(handle);
        Ok(())
    }

    fn decimal_float(&mut self) -> Result<()> {
        let line = self.cursor.read_filled_line()?;
        self.cursor.checked(text::decode_float(line))?;
        self.push_appended(self.here(Tag::FloatLine, Handle::line_detail(line)))
    }

    fn unicode_line(&mut self) -> Result<()> {
        let line = self.cursor.read_line()?;
        let handle = if line.is_ascii() && memchr::memchr(b'\\', line).is_none() {
            self.here(Tag::StrLine, Handle::line_detail(line))
        } else {
            let text = self.cursor.checked(text::decode_raw_unicode_escape(line))?;
            self.here(Tag::StrEscaped, u16::from(matches!(text, Text::Surrogates(_))))
        };
        self.stack.push(handle);
        Ok(())
    }

    fn long_text(&mut self) -> Result<()> {
        let payload = self.cursor.read_counted8()?;
        let handle = if super::is_utf8(payload) {
            self.here(Tag::Str8, 0)
        } else {
            self.surrogates(payload)?
        };
        self.push_memoized(handle)
    }

    fn string_line(&mut self) -> Result<()> {
        let line = self.cursor.read_filled_line()?;
        self.cursor.checked(text::decode_string(line))?;
        self.push(Tag::CharsLine, 0);
        Ok(())
    }

    fn counted1(&mut self, tag: Tag) -> Result<()> {
        let payload = self.cursor.read_counted1()?;
        let handle = self.here(tag, payload.len() as u16);
        self.push_memoized(handle)
    }

    fn counted4(&mut self, tag: Tag) -> Result<()> {
        self.cursor.read_counted4()?;
        let handle = self.here(tag, 0);
        self.push_memoized(handle)
    }

    // Containers

    #[inline]
    pub(super) fn tuple<const N: usize>(&mut self, opcode: Opcode) -> Result<()> {
        let items = self.stack.topmost::<N>(opcode)?;
        let handle = self.tuple_of(&items)?;
        self.stack.drop_topmost(N);
        self.push_memoized(handle)
    }

    #[inline]
    fn tuple_of(&mut self, items: &[Handle]) -> Result<Handle> {
        let hashable = items.iter().all(|&item| self.state.nodes.is_hashable(item));
        self.object(Tag::Tuple, Flags::default().with(Flags::UNHASHABLE, !hashable), items)
    }

    /// LIST, DICT, TUPLE, FROZENSET: one container of everything above the mark.
    fn collect(&mut self, opcode: Opcode) -> Result<()> {
        let mark = self.stack.pop_mark(opcode)?;
        let count = self.stack.above(mark).len();
        let tag = match opcode {
            Opcode::List => Tag::List,
            Opcode::Dict => {
                if !count.is_multiple_of(2) {
                    return Err(odd(opcode));
                }
                self.check_keys(mark, 2, "a dict")?;
                Tag::Dict
            }
            Opcode::Frozenset => {
                self.check_keys(mark, 1, "a frozenset")?;
                Tag::FrozenSet
            }
            _ => Tag::Tuple,
        };
        let handle = if tag == Tag::Tuple && count == 0 {
            self.here(Tag::EmptyTuple, 0)
        } else {
            let nodes = &mut self.state.nodes;
            let items = self.stack.above(mark);
            let unhashable =
                tag == Tag::Tuple && !items.iter().all(|&item| nodes.is_hashable(item));
            if nodes.object_count() >= self.config.max_nodes {
                return Err(self.too_many_nodes());
            }
            let flags = Flags::default().with(Flags::UNHASHABLE, unhashable);
            nodes.push_object(tag, flags, self.cursor.opcode_position(), items)?
        };
        self.stack.truncate(mark);
        self.push_memoized(handle)
    }

    /// Every `step`th operand from `mark` on is to be hashed.
    #[inline]
    fn check_keys(&self, mark: usize, step: usize, what: &'static str) -> Result<()> {
        let nodes = &self.state.nodes;
        match self.stack.above(mark).iter().step_by(step).find(|&&key| !nodes.is_hashable(key)) {
            None => Ok(()),
            Some(&key) => Err(unhashable(key, what)),
        }
    }

    fn append(&mut self, opcode: Opcode) -> Result<()> {
        let [list, item] = self.stack.topmost::<2>(opcode)?;
        self.check_grows(list, RunKind::Items, opcode)?;
        self.state.nodes.extend(
            list.number(),
            RunKind::Items,
            &[item],
            self.cursor.opcode_position(),
        )?;
        self.stack.drop_topmost(1);
        Ok(())
    }

    #[inline]
    pub(super) fn append_items(&mut self, opcode: Opcode) -> Result<()> {
        self.grow(RunKind::Items, opcode)
    }

    fn add_items(&mut self, opcode: Opcode) -> Result<()> {
        self.grow(RunKind::Adds, opcode)
    }

    #[inline]
    pub(super) fn set_items(&mut self, opcode: Opcode) -> Result<()> {
        self.grow(RunKind::Pairs, opcode)
    }

    fn set_item(&mut self, opcode: Opcode) -> Result<()> {
        let [dict, key, value] = self.stack.topmost::<3>(opcode)?;
        self.check_grows(dict, RunKind::Pairs, opcode)?;
        if dict.tag() == Tag::Dict && !self.state.nodes.is_hashable(key) {
            return Err(unhashable(key, "a dict"));
        }
        self.state.nodes.extend(
            dict.number(),
            RunKind::Pairs,
            &[key, value],
            self.cursor.opcode_position(),
        )?;
        self.stack.drop_topmost(2);
        Ok(())
    }

    /// APPENDS, SETITEMS, ADDITEMS: everything above the mark goes into what lies below it.
    #[inline]
    fn grow(&mut self, kind: RunKind, opcode: Opcode) -> Result<()> {
        let mark = self.stack.pop_mark(opcode)?;
        let container = self.stack.below(mark, opcode)?;
        let items = self.stack.above(mark);
        // With nothing to add, CPython does not look at what it would be added to.
        if items.is_empty() {
            return Ok(());
        }
        if kind == RunKind::Pairs && !items.len().is_multiple_of(2) {
            return Err(odd(opcode));
        }
        self.check_grows(container, kind, opcode)?;
        match container.tag() {
            Tag::Dict => self.check_keys(mark, 2, "a dict")?,
            Tag::Set => self.check_keys(mark, 1, "a set")?,
            // Older than the opcode for a set, and a set all the same.
            Tag::Instance if self.spells(container, Known::Set) => {
                self.check_keys(mark, 1, "a set")?;
            }
            _ => {}
        }
        let items = self.stack.above(mark);
        self.state.nodes.extend(container.number(), kind, items, self.cursor.opcode_position())?;
        self.stack.truncate(mark);
        Ok(())
    }

    /// Whether an instance is a call that is understood as one of `known`.
    fn spells(&self, instance: Handle, known: Known) -> bool {
        Spelling::known(self.state.nodes.object(instance.number()).flags()) == known
    }

    /// Whether a thing can get items of a kind: a container its own, any object of an unknown class
    /// whatever it is given.
    #[inline]
    fn check_grows(&self, handle: Handle, kind: RunKind, opcode: Opcode) -> Result<()> {
        match (handle.tag(), kind) {
            (Tag::List, RunKind::Items)
            | (Tag::Dict, RunKind::Pairs)
            | (Tag::Set, RunKind::Adds) => Ok(()),
            _ => self.check_grows_object(handle, kind, opcode),
        }
    }

    fn check_grows_object(&self, handle: Handle, kind: RunKind, opcode: Opcode) -> Result<()> {
        let fine = match handle.tag() {
            Tag::Instance => known::may_get(
                Spelling::known(self.state.nodes.object(handle.number()).flags()),
                kind,
            ),
            Tag::Global | Tag::Ext | Tag::Persid => true,
            // Items by index, and ints for a bytearray: no pickler writes them and no type here has
            // them, but CPython goes on.
            Tag::List | Tag::ByteArray => {
                self.config.any_operands && matches!(kind, RunKind::Items | RunKind::Pairs)
            }
            _ => false,
        };
        let wanted = match kind {
            RunKind::Items => "a list",
            RunKind::Pairs => "a dict",
            RunKind::Adds => "a set",
            _ => "an object",
        };
        if fine { Ok(()) } else { Err(expected(wanted, opcode, handle)) }
    }

    fn pop(&mut self, opcode: Opcode) -> Result<()> {
        if self.stack.pop_top_mark() {
            return Ok(());
        }
        let popped = self.stack.pop(opcode)?;
        self.note_setter(popped, opcode)
    }

    /// A call whose result is dropped, of something with an object and a state, is how a pickler
    /// writes the state setter of a six-item reduce value. It belongs to the object, which lies
    /// just below.
    fn note_setter(&mut self, popped: Handle, opcode: Opcode) -> Result<()> {
        let Ok(object) = self.stack.top(opcode) else { return Ok(()) };
        let settable = matches!(object.tag(), Tag::Instance | Tag::Global | Tag::Ext | Tag::Persid);
        if popped.tag() != Tag::Instance || !settable {
            return Ok(());
        }
        let nodes = &mut self.state.nodes;
        let call = nodes.object(popped.number());
        let setter = match (Spelling::of(call.flags()), nodes.first(&call)) {
            (Spelling::Reduce, &[setter, arguments]) if arguments.tag() == Tag::Tuple => {
                match nodes.first(&nodes.object(arguments.number())) {
                    // `getattr` sets nothing: a method of the object is popped once it is in the
                    // memo.
                    &[target, state] if target == object && !is_getattr(nodes, setter) => {
                        [setter, state]
                    }
                    _ => return Ok(()),
                }
            }
            _ => return Ok(()),
        };
        nodes.extend(object.number(), RunKind::Setter, &setter, self.cursor.opcode_position())
    }

    fn put_line(&mut self, opcode: Opcode) -> Result<()> {
        // The index is read before the stack is looked at, and a negative one is an error of its
        // own.
        match self.cursor.read_memo_index()? {
            Some(index) => self.put(opcode, index),
            None => Err(no_index()),
        }
    }

    // Globals and instances

    fn global_flags(&self) -> Flags {
        Flags::default()
            .with(Flags::PYTHON2, self.protocol < 3)
            .with(Flags::DOTTED, self.protocol >= 4)
    }

    /// Makes the node of a global. Here, and nowhere else, a global enters a graph.
    fn name_global(&mut self, names: [Handle; 2], module: &str, name: &str) -> Result<Handle> {
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
        self.object(Tag::Global, flags, &names)
    }

    /// Reads two lines, module and name, and makes the global they name.
    fn read_global(&mut self) -> Result<Handle> {
        let at = self.cursor.position();
        let (module, name) = self.cursor.read_names()?;
        known::check_name(module.len().max(name.len()))?;
        let line = |at: usize, text: &str| {
            Handle::new(Tag::Name, Handle::line_detail(text.as_bytes()), at)
        };
        let names = [line(at, module), line(at + module.len() + 1, name)];
        self.name_global(names, module, name)
    }

    fn global(&mut self) -> Result<()> {
        let handle = self.read_global()?;
        self.push_memoized(handle)
    }

    fn stack_global(&mut self, opcode: Opcode) -> Result<()> {
        let [module, name] = self.stack.topmost::<2>(opcode)?;
        // Looked at before they are decoded: the next instruction may name them again.
        for text in [module, name] {
            let len = scalar::text_len(&self.state.nodes, self.input, text);
            known::check_name(len)?;
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
        self.push_memoized(handle)
    }

    /// STACK_GLOBAL with names that are no text. Python makes text of 8-bit strings, and what a
    /// call returns may be text: an audit has to go on there.
    #[cold]
    fn unusual_name(&mut self, module: Handle, name: Handle) -> Result<()> {
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
        let handle = self.object(Tag::Global, self.global_flags(), &[module, name])?;
        self.stack.drop_topmost(2);
        self.push_memoized(handle)
    }

    /// Whether only running the pickle would tell what this is, and nobody minds.
    #[cold]
    fn might_be_anything(&self, handle: Handle) -> bool {
        self.config.any_operands
            && matches!(handle.tag(), Tag::Instance | Tag::Global | Tag::Ext | Tag::Persid)
    }

    fn extension(&mut self, code: i64) -> Result<()> {
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
            return self.push_memoized(handle);
        }
        // The code is read again from the input: it is the argument at the object's offset.
        let handle = self.object(Tag::Ext, self.global_flags(), &[])?;
        self.push_memoized(handle)
    }

    #[inline]
    pub(super) fn reduce(&mut self, opcode: Opcode) -> Result<()> {
        let [callable, arguments] = self.stack.topmost::<2>(opcode)?;
        if !matches!(arguments.tag(), Tag::Tuple | Tag::EmptyTuple) {
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
                    "sets or bytes are made of the same contents over and over",
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
    fn reduce_none(&mut self, callable: Handle, arguments: Handle, opcode: Opcode) -> Result<()> {
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
    fn charge_names(&mut self, len: usize) -> Result<()> {
        if len <= limits::LONG_NAMES {
            return Ok(());
        }
        self.charge_scan(len as u64, "long names are named over and over")
    }

    fn charge_scan(&mut self, items: u64, what: &'static str) -> Result<()> {
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
        if !matches!(arguments.tag(), Tag::Tuple | Tag::EmptyTuple)
            && !self.might_be_anything(arguments)
        {
            return Err(expected("a tuple of arguments", opcode, arguments));
        }
        let handle = self.object(Tag::Instance, Spelling::NewObj.flags(), &[class, arguments])?;
        self.stack.drop_topmost(2);
        self.push_memoized(handle)
    }

    fn new_object_ex(&mut self, opcode: Opcode) -> Result<()> {
        let parts @ [class, arguments, keywords] = self.stack.topmost::<3>(opcode)?;
        self.check_class(class, opcode)?;
        if !matches!(arguments.tag(), Tag::Tuple | Tag::EmptyTuple)
            && !self.might_be_anything(arguments)
        {
            return Err(expected("a tuple of arguments", opcode, arguments));
        }
        if keywords.tag() != Tag::Dict && !self.might_be_anything(keywords) {
            return Err(expected("a dict of keyword arguments", opcode, keywords));
        }
        let handle = self.object(Tag::Instance, Spelling::NewObjEx.flags(), &parts)?;
        self.stack.drop_topmost(3);
        self.push_memoized(handle)
    }

    fn inst(&mut self, opcode: Opcode) -> Result<()> {
        let mark = self.stack.pop_mark(opcode)?;
        let names_at = self.cursor.position();
        let class = self.read_global()?;
        // GLOBAL takes UTF-8; INST is older and never did.
        if !self.input.get(names_at..self.cursor.position()).is_some_and(<[u8]>::is_ascii) {
            return Err(Error::syntax("a class that INST names is not ASCII"));
        }
        let mut parts = vec![class];
        parts.extend_from_slice(self.stack.above(mark));
        let handle = self.object(Tag::Instance, Spelling::Inst.flags(), &parts)?;
        self.stack.truncate(mark);
        self.push_memoized(handle)
    }

    fn obj(&mut self, opcode: Opcode) -> Result<()> {
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
        self.push_memoized(handle)
    }

    #[inline]
    fn check_class(&self, handle: Handle, opcode: Opcode) -> Result<()> {
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
        // A container or builtin value given `None` stays what it is.
        if matches!(object.tag(), Tag::Instance | Tag::Global | Tag::Ext | Tag::Persid) {
            self.state.nodes.extend(
                object.number(),
                RunKind::State,
                &[state],
                self.cursor.opcode_position(),
            )?;
        }
        self.stack.drop_topmost(1);
        Ok(())
    }

    // Outside the pickle

    fn persistent_line(&mut self) -> Result<()> {
        let at = self.cursor.position();
        let line = self.cursor.read_line()?;
        if !line.is_ascii() {
            return Err(Error::syntax("a persistent id of protocol 0 is not ASCII"));
        }
        let id = Handle::new(Tag::Name, Handle::line_detail(line), at);
        let handle = self.persistent(id)?;
        self.push_memoized(handle)
    }

    fn persistent_object(&mut self, opcode: Opcode) -> Result<()> {
        let id = self.stack.top(opcode)?;
        let handle = self.persistent(id)?;
        self.stack.drop_topmost(1);
        self.push_memoized(handle)
    }

    fn next_buffer(&mut self) -> Result<()> {
        let number = self.state.next_buffer;
        if let Some(given) = self.config.buffers
            && number as usize >= given
        {
            let wanted = u64::from(number) + 1;
            return Err(Error::data(format!(
                "the pickle asks for out-of-band buffer number {wanted}, and the number given is {given}"
            )));
        }
        // Without buffers the number only says which one is missing; there are no 2³² to count.
        self.state.next_buffer = number.saturating_add(1);
        let handle = Handle::numbered(Tag::Buffer, number);
        self.push_memoized(handle)
    }

    fn readonly_buffer(&mut self, opcode: Opcode) -> Result<()> {
        let top = self.stack.top(opcode)?;
        let view = match top.tag() {
            Tag::Bytes1 | Tag::Bytes4 | Tag::Bytes8 | Tag::View => return Ok(()),
            Tag::Buffer => Handle::new(Tag::Buffer, 1, top.offset()),
            Tag::ByteArray => self.object(Tag::View, Flags::default(), &[top])?,
            // What a call, a global or a persistent id stands for may well be a buffer.
            Tag::Instance | Tag::Global | Tag::Ext | Tag::Persid => {
                self.object(Tag::View, Flags::default(), &[top])?
            }
            _ => return Err(expected("a buffer", opcode, top)),
        };
        // The memo keeps what it has: only the stack sees the read-only view.
        self.stack.replace_top(view);
        Ok(())
    }
}

fn is_getattr(nodes: &Nodes<'_>, callable: Handle) -> bool {
    callable.tag() == Tag::Global
        && Known::from_number(nodes.object(callable.number()).flags().low()) == Known::GetAttr
}

#[cold]
fn expected(wanted: &str, opcode: Opcode, found: Handle) -> Error {
    Error::syntax(format!(
        "expected {wanted} under {}, found {}",
        opcode.name(),
        describe(found.tag())
    ))
}

#[cold]
fn odd(opcode: Opcode) -> Error {
    Error::syntax(format!("{} finds a key without a value", opcode.name()))
}
