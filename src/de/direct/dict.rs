//! Dicts, as maps, structs and enums. Their ends are found in `contents`.

use std::mem::ManuallyDrop;

use super::contents::{Contents, Phase};
use super::kinds::DictKind;
use super::made::End;
use super::state::Direct;
use super::value::is_ours;
use super::{Irregular, Outcome};
use crate::de::answer::Answer;
use crate::de::ask::Ask;
use crate::de::entries::Entries;
use crate::de::place::Place;
use crate::de::variant::Variant;
use crate::error::Result;
use crate::instruction::Opcode;

/// A dict, or the attributes of an instance.
pub(crate) struct Dict<'a, 'de> {
    direct: &'a mut Direct<'de>,
    contents: Contents<DictKind>,
    reading: Reading,
    /// The opcodes that follow it.
    end: End,
    /// True if it was fetched from the memo, and is read again.
    is_again: bool,
}

/// The part of an entry that is being read, and where it begins.
#[derive(Clone, Copy)]
enum Reading {
    Key(usize),
    Value(usize),
}

impl Reading {
    /// Between entries.
    const NOTHING: Self = Self::Value(usize::MAX);
}

impl<'de> Direct<'de> {
    /// A dict as a map or struct.
    #[inline]
    pub(in crate::de) fn map(&mut self) -> Outcome<Dict<'_, 'de>> {
        self.check_first()?;
        self.dict_before(End::Itself)
    }

    /// An enum: a dict of one entry, or the name of a variant.
    pub(super) fn variant<'a, 'g>(&'a mut self) -> Result<Answer<'a, 'g, 'de>> {
        if !matches!(self.next()?, Opcode::EmptyDict | Opcode::Mark) {
            return Ok(self.variant_name());
        }
        let mut dict = self.map()?;
        if !dict.contents.go_on(dict.direct)? {
            return dict.direct.irregular();
        }
        Ok(Answer::Enum(Variant::entry(dict)))
    }

    pub(super) fn variant_name<'a, 'g>(&'a mut self) -> Answer<'a, 'g, 'de> {
        self.variant_at = self.cursor.position();
        Answer::Enum(Variant::name(self))
    }

    /// A dict, where it and what follows are parts of an object.
    #[inline]
    pub(super) fn dict_before(&mut self, end: End) -> Outcome<Dict<'_, 'de>> {
        match Contents::open_stored(DictKind, Opcode::EmptyDict, self) {
            Some(contents) => Ok(Dict::new(self, contents, end)),
            None => self.rare_dict(end),
        }
    }

    /// The entries of the dict that is next, as a map.
    pub(in crate::de) fn map_ahead<'g>(&mut self) -> Option<ManuallyDrop<Entries<'_, 'g, 'de>>> {
        if !self.is_first() {
            return None;
        }
        // In the place where it is returned: copying what was just written would wait for that.
        let dict = match Contents::open_stored(DictKind, Opcode::EmptyDict, self) {
            Some(contents) => Dict::new(self, contents, End::Itself),
            None => self.rare_dict(End::Itself).ok()?,
        };
        Some(ManuallyDrop::new(Entries::Dict(dict)))
    }

    /// The entries of the dict or instance that is next, as a struct.
    pub(in crate::de) fn fields_ahead<'g>(
        &mut self,
        name: &'static str,
        fields: &'static [&'static str],
    ) -> Option<ManuallyDrop<Entries<'_, 'g, 'de>>> {
        self.names = fields;
        let nodes = self.nodes;
        let entered = if is_ours(name) { None } else { self.enter_dict() };
        let Some(phase) = entered else { return self.other_fields_ahead(name, fields) };
        let contents = Contents::entered(DictKind, phase, nodes, self);
        Some(ManuallyDrop::new(Entries::Dict(Dict::new(self, contents, End::Itself))))
    }

    /// The same of any struct.
    #[inline(never)]
    fn other_fields_ahead<'g>(
        &mut self,
        name: &'static str,
        fields: &'static [&'static str],
    ) -> Option<ManuallyDrop<Entries<'_, 'g, 'de>>> {
        if self.is_at(Opcode::Binget)
            && let Some(contents) = self.object_ahead(name, fields)
        {
            let dict = Dict::new(self, contents, End::State);
            return Some(ManuallyDrop::new(Entries::Dict(dict)));
        }
        let nodes = self.nodes;
        if self.is_at(Opcode::EmptyDict)
            && !is_ours(name)
            && let Some(phase) = self.enter_only_entry()
        {
            let contents = Contents::entered(DictKind, phase, nodes, self);
            let dict = Dict::new(self, contents, End::Itself);
            return Some(ManuallyDrop::new(Entries::Dict(dict)));
        }
        let dict = match Contents::open_stored(DictKind, Opcode::EmptyDict, self) {
            Some(_) if is_ours(name) => return self.irregular::<_, Irregular>().ok(),
            Some(contents) => Dict::new(self, contents, End::Itself),
            None => self.structure(name, fields).ok()?,
        };
        Some(ManuallyDrop::new(Entries::Dict(dict)))
    }

    /// The entries that an object was given.
    pub(super) fn entries(&mut self, contents: Contents<DictKind>) -> Dict<'_, 'de> {
        Dict::new(self, contents, End::Itself)
    }

    #[inline(never)]
    fn rare_dict(&mut self, end: End) -> Outcome<Dict<'_, 'de>> {
        if end == End::Itself && self.calls_ahead()? {
            let opcode = self.next()?;
            let class = self.class(opcode)?;
            return self.items_of_object(class);
        }
        let opcode = self.next()?;
        self.cursor.read_peeked_opcode();
        self.enter()?;
        let contents = match opcode {
            Opcode::EmptyDict => Contents::open(DictKind, self)?,
            Opcode::Mark => {
                self.marked = true;
                Contents::new(DictKind, Phase::Marked, self)
            }
            _ => return self.irregular(),
        };
        Ok(Dict::new(self, contents, end))
    }
}

impl<'a, 'de> Dict<'a, 'de> {
    #[inline(always)]
    fn new(direct: &'a mut Direct<'de>, contents: Contents<DictKind>, end: End) -> Self {
        Self { direct, contents, reading: Reading::NOTHING, end, is_again: false }
    }

    /// The next key, if a batch is open and another one is in it.
    #[inline]
    pub(in crate::de) fn next_key_in_batch(&mut self) -> Option<&mut Direct<'de>> {
        let at = self.direct.cursor.position();
        match self.reading {
            Reading::Value(begin) if begin != at && self.contents.is_in_batch(self.direct) => {
                self.contents.count_in_batch();
                self.reading = Reading::Key(at);
                Some(self.direct)
            }
            _ => None,
        }
    }

    /// The value of the key that was read, if no frame begins or ends before it.
    #[inline]
    pub(in crate::de) fn next_value_in_frame(&mut self) -> Option<&mut Direct<'de>> {
        let at = self.direct.cursor.position();
        match self.reading {
            Reading::Key(begin) if begin != at && !self.direct.is_at_frame() => {
                self.reading = Reading::Value(at);
                self.direct.sole = true;
                Some(self.direct)
            }
            _ => None,
        }
    }

    /// Reads the end of the dict, and returns true, if the next opcode alone shows that it is the
    /// end.
    pub(in crate::de) fn is_through(&mut self) -> bool {
        self.is_between() && self.contents.ends_batch(self.direct)
    }

    /// The next key.
    #[inline]
    pub(in crate::de) fn next_key<'g>(&mut self) -> Result<Option<Place<'_, 'g, 'de>>> {
        if !self.go_on()? {
            return Ok(None);
        }
        self.variant_name().map(Some)
    }

    /// The key of the one entry that is an enum.
    pub(in crate::de) fn variant_name<'g>(&mut self) -> Result<Place<'_, 'g, 'de>> {
        self.reading = Reading::Key(self.direct.cursor.position());
        Ok(Place::Key(self.direct))
    }

    /// The value of the key that was read.
    #[inline]
    pub(in crate::de) fn next_value<'g>(&mut self) -> Result<Place<'_, 'g, 'de>> {
        self.key_was_read()?;
        // Frames are entered first, so that a changed position means that the value was read.
        self.direct.next()?;
        self.reading = Reading::Value(self.direct.cursor.position());
        self.direct.sole = true;
        Ok(Place::Ahead(self.direct))
    }

    /// Returns true between entries: the value that was handed out last has been read.
    #[inline]
    fn is_between(&self) -> bool {
        matches!(self.reading, Reading::Value(begin) if begin != self.direct.cursor.position())
    }

    #[inline]
    fn key_was_read(&mut self) -> Outcome<()> {
        match self.reading {
            Reading::Key(at) => self.direct.check_moved_from(at),
            _ => self.direct.irregular(),
        }
    }

    /// Ends the entry before; returns true if another follows.
    #[inline(always)]
    fn go_on(&mut self) -> Outcome<bool> {
        let is_between = self.is_between();
        self.reading = Reading::NOTHING;
        self.contents.go_on_behind(is_between, self.direct)
    }

    /// The data of a variant without any.
    pub(in crate::de) fn no_data(&mut self) -> Outcome<()> {
        self.key_was_read()?;
        match self.direct.next()? {
            Opcode::None | Opcode::EmptyTuple => {
                self.direct.cursor.read_peeked_opcode();
                self.value_was_read();
                Ok(())
            }
            _ => self.direct.irregular(),
        }
    }

    /// The data of a variant with several fields.
    pub(in crate::de) fn variant_data<'g>(&mut self, ask: Ask) -> Result<Answer<'_, 'g, 'de>> {
        self.key_was_read()?;
        self.value_was_read();
        match ask {
            Ask::Tuple(len) => Ok(Answer::Seq(self.direct.tuple(len)?)),
            _ => Ok(Answer::dict(self.direct.map()?)),
        }
    }

    fn value_was_read(&mut self) {
        self.reading = Reading::NOTHING;
    }

    /// Comes to an end where reading has given up.
    #[cold]
    pub(in crate::de) fn stop(&mut self) {
        self.contents.stop_behind_failure(self.direct);
    }

    /// Checks that the visitor took all entries, and reads the end.
    pub(in crate::de) fn finish(&mut self) -> Outcome<()> {
        let is_done = self.contents.is_done() && self.is_between();
        if !is_done && self.go_on()? {
            return self.direct.irregular();
        }
        self.direct.leave();
        self.direct.end_object(self.end)?;
        if self.is_again { self.direct.go_back(self.contents.count()) } else { Ok(()) }
    }

    /// The same dict, which is read again.
    pub(super) fn again(self) -> Self {
        Self { is_again: true, ..self }
    }

    #[cold]
    pub(in crate::de) fn give_up(&mut self) {
        self.direct.give_up();
    }

    pub(in crate::de) fn size_hint(&self) -> Option<usize> {
        self.contents.values(self.direct).map(|values| values / 2)
    }
}
