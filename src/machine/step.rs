//! The effects of the opcodes, one small function a group. The order of checks is CPython's
//! (`Modules/_pickle.c`).

use super::{Machine, no_index};
use crate::error::{Error, Result};
use crate::instruction::Opcode;
use crate::nodes::describe::{describe, unhashable};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::known::{self, Known};
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
                self.push_rare(handle)
            }
            Opcode::Bytearray8 => {
                self.cursor.read_counted8()?;
                let payload = self.here(Tag::Bytes8, 0);
                let handle = self.rare_object(Tag::ByteArray, Flags::default(), &[payload])?;
                self.push_rare(handle)
            }
            Opcode::EmptyTuple => {
                self.push(Tag::EmptyTuple, 0);
                Ok(())
            }
            Opcode::EmptySet => {
                let handle = self.rare_object(Tag::Set, Flags::default(), &[])?;
                self.push_rare(handle)
            }
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
            Opcode::Frame => self.cursor.read_frame(),
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
            && self.cursor.absorb_opcode(Opcode::Append)
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
        self.push_rare(handle)
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
        self.push_rare(handle)
    }

    fn counted4(&mut self, tag: Tag) -> Result<()> {
        self.cursor.read_counted4()?;
        let handle = self.here(tag, 0);
        self.push_rare(handle)
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
        self.push_rare(handle)
    }

    /// Checks that every `step`th operand from `mark` on can be hashed.
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
            // `set([…])`, which picklers wrote before there was an opcode for it.
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

    /// Returns true if an instance is a call that is understood as `known`.
    fn spells(&self, instance: Handle, known: Known) -> bool {
        Spelling::known(self.state.nodes.object(instance.number()).flags()) == known
    }

    /// Checks that an object can get items of a kind: a container only its own, an object of
    /// unknown class any.
    #[inline]
    fn check_grows(&self, handle: Handle, kind: RunKind, opcode: Opcode) -> Result<()> {
        match (handle.tag(), kind) {
            (Tag::List, RunKind::Items)
            | (Tag::Dict, RunKind::Pairs)
            | (Tag::Set, RunKind::Adds) => Ok(()),
            _ => self.check_grows_object(handle, kind, opcode),
        }
    }

    pub(super) fn check_grows_object(
        &self,
        handle: Handle,
        kind: RunKind,
        opcode: Opcode,
    ) -> Result<()> {
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
        let settable = object.tag().is_opaque();
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
}

fn is_getattr(nodes: &Nodes<'_>, callable: Handle) -> bool {
    callable.tag() == Tag::Global
        && Known::from_number(nodes.object(callable.number()).flags().low()) == Known::GetAttr
}

#[cold]
pub(super) fn expected(wanted: &str, opcode: Opcode, found: Handle) -> Error {
    Error::syntax(format!(
        "expected {wanted} under {}, found {}",
        opcode.name(),
        describe(found.tag())
    ))
}

#[cold]
fn odd(opcode: Opcode) -> Error {
    Error::syntax(format!("{} has a key without a value", opcode.name()))
}
