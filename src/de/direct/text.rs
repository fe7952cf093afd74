//! Text and bytes: how they are read, and what of them is stored in the memo.

use super::Outcome;
use super::memo::{Fetched, MemoSlot, Stored};
use super::natural::is_module;
use super::state::{Direct, FRAMED};
use crate::instruction::Opcode;

impl<'de> Direct<'de> {
    /// Reads text, where an object that stands for it may be in its place. `None` where anything
    /// else is next, and where reading gives up.
    #[inline(never)]
    pub(in crate::de) fn value_text(&mut self) -> Option<&'de str> {
        match self.cursor.read_short_text() {
            Some(payload) if is_module(payload) => {
                self.cursor.unread();
                self.other_value_text()
            }
            Some(payload) => self.behind_short_text(payload).ok(),
            None if self.fetches_class() => None,
            None => match self.cursor.read_medium_text(FRAMED) {
                Some(payload) => self.behind_medium_text(payload).ok(),
                None => self.other_value_text(),
            },
        }
    }

    fn other_value_text(&mut self) -> Option<&'de str> {
        match self.next().ok()? {
            Opcode::Binget | Opcode::LongBinget => {
                let (index, len) = self.cursor.peek_get_whole()?;
                match self.memo.known_text(index) {
                    Some(text) if !is_module(text.as_bytes()) => {
                        self.cursor.read_peeked(len);
                        self.again(text).ok()
                    }
                    _ if self.fetches_next() == Stored::Text && !self.is_class_ahead() => {
                        self.next_text().ok()
                    }
                    _ => None,
                }
            }
            Opcode::Global => None,
            Opcode::ShortBinunicode if self.is_class_ahead() => None,
            _ => self.next_text().ok(),
        }
    }

    /// Reads a key, most likely one that was fetched before. The rest is a call of its own, so that
    /// this one saves no registers.
    #[inline(never)]
    pub(in crate::de) fn next_name(&mut self) -> Outcome<&'de str> {
        if let Some(index) = self.cursor.peek_binget()
            && let Some(text) = self.memo.short_text(index)
        {
            self.cursor.read_peeked_binget();
            return self.again(text);
        }
        self.written_name()
    }

    /// Reads a key, most likely the name of the field that comes next. Then it is text, and need
    /// not be checked.
    #[inline(never)]
    fn written_name(&mut self) -> Outcome<&'de str> {
        if let [name, names @ ..] = self.names
            && self.cursor.read_this_text(name.as_bytes())
        {
            self.names = names;
            let slot = MemoSlot::text(self.cursor.opcode_position());
            if self.memo.has_room() && self.cursor.absorb_opcode(Opcode::Memoize) {
                self.memo.push(slot);
                return Ok(name);
            }
            return self.name_behind(slot, name);
        }
        self.next_text()
    }

    /// The name that was just read, with its memo entry.
    #[inline(never)]
    fn name_behind(&mut self, slot: MemoSlot, name: &'static str) -> Outcome<&'de str> {
        self.memoize(slot).map(|()| name)
    }

    /// Reads text, written out or fetched.
    #[inline(never)]
    pub(in crate::de) fn next_text(&mut self) -> Outcome<&'de str> {
        if let Some(payload) = self.cursor.read_short_text() {
            return self.behind_short_text(payload);
        }
        // Most keys are fetched, and by the first indexes.
        if let Some(index) = self.cursor.peek_binget()
            && let Some(text) = self.memo.short_text(index)
        {
            self.cursor.read_peeked_binget();
            return self.again(text);
        }
        if let Some(payload) = self.cursor.read_medium_text(FRAMED) {
            return self.behind_medium_text(payload);
        }
        let opcode = self.next()?;
        self.text(opcode)
    }

    /// Checks the payload of a text of medium length that was just read.
    #[inline(always)]
    fn behind_medium_text(&mut self, payload: &'de [u8]) -> Outcome<&'de str> {
        let at = self.cursor.opcode_position();
        let Ok(text) = std::str::from_utf8(payload) else { return self.irregular() };
        self.memoize(MemoSlot::text(at)).map(|()| text)
    }

    /// Checks the payload of a short text that was just read.
    #[inline(always)]
    fn behind_short_text(&mut self, payload: &'de [u8]) -> Outcome<&'de str> {
        let at = self.cursor.opcode_position();
        match std::str::from_utf8(payload) {
            Ok(text) if self.cursor.absorb_opcode(Opcode::Memoize) => {
                if self.memo.push(MemoSlot::text(at)) { Ok(text) } else { self.irregular() }
            }
            Ok(text) => self.memoize_put(MemoSlot::text(at)).map(|()| text),
            Err(_) => self.irregular(),
        }
    }

    /// The same, where `opcode` is next.
    pub(super) fn text(&mut self, opcode: Opcode) -> Outcome<&'de str> {
        match opcode {
            Opcode::Binget | Opcode::LongBinget | Opcode::Get => match self.fetch(opcode)? {
                Fetched::Text(text) => Ok(text),
                _ => self.irregular(),
            },
            Opcode::ShortBinunicode => {
                self.cursor.read_peeked_opcode();
                self.short_text()
            }
            Opcode::Binunicode => {
                self.cursor.read_peeked_opcode();
                let at = self.cursor.opcode_position();
                let payload = self.cursor.read_counted4();
                let payload = self.checked(payload)?;
                let Ok(text) = std::str::from_utf8(payload) else { return self.irregular() };
                self.memoize_payload(MemoSlot::text(at), payload.len())?;
                Ok(text)
            }
            _ => self.rare_text(opcode),
        }
    }

    /// Text behind SHORT_BINUNICODE.
    fn short_text(&mut self) -> Outcome<&'de str> {
        let at = self.cursor.opcode_position();
        let Ok(payload) = self.cursor.read_counted1() else { return self.irregular() };
        let Ok(text) = std::str::from_utf8(payload) else { return self.irregular() };
        self.memoize(MemoSlot::text(at))?;
        Ok(text)
    }

    fn rare_text(&mut self, opcode: Opcode) -> Outcome<&'de str> {
        self.cursor.read_peeked_opcode();
        let at = self.cursor.opcode_position();
        let payload = match opcode {
            Opcode::Binunicode8 => {
                let payload = self.cursor.read_counted8();
                self.checked(payload)?
            }
            Opcode::Unicode => {
                let line = self.cursor.read_line();
                let line = self.checked(line)?;
                if !line.is_ascii() || line.contains(&b'\\') {
                    return self.irregular();
                }
                line
            }
            _ => return self.irregular(),
        };
        let Ok(text) = std::str::from_utf8(payload) else { return self.irregular() };
        self.memoize_payload(MemoSlot::text(at), payload.len())?;
        Ok(text)
    }

    /// Reads bytes in the commonest spelling.
    #[inline(never)]
    pub(in crate::de) fn short_bytes(&mut self) -> Option<&'de [u8]> {
        if !self.memo.is_from_zero() {
            return None;
        }
        let bytes = self.cursor.read_memoized_bytes()?;
        self.memo.push(MemoSlot::OTHER);
        Some(bytes)
    }

    /// Reads bytes. Those that are fetched again are for the machine.
    pub(super) fn bytes(&mut self, opcode: Opcode) -> Outcome<&'de [u8]> {
        self.cursor.read_peeked_opcode();
        let payload = match opcode {
            Opcode::ShortBinbytes => self.cursor.read_counted1(),
            Opcode::Binbytes => self.cursor.read_counted4(),
            Opcode::Binbytes8 => self.cursor.read_counted8(),
            _ => return self.irregular(),
        };
        let payload = self.checked(payload)?;
        self.memoize_payload(MemoSlot::OTHER, payload.len())?;
        Ok(payload)
    }
}
