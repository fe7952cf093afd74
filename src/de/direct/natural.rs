//! Objects of Python's own classes that stand for text: times, decimals and UUIDs.
//!
//! ```text
//! datetime, date, time  ::=  class payload TUPLE1 REDUCE | class payload zone TUPLE2 REDUCE
//! zone                  ::=  class class int int int TUPLE3 REDUCE TUPLE1 REDUCE
//!                         |  class EMPTY_TUPLE REDUCE
//! Decimal               ::=  class text TUPLE1 REDUCE
//! UUID                  ::=  class EMPTY_TUPLE NEWOBJ EMPTY_DICT text int SETITEM BUILD
//! payload               ::=  SHORT_BINBYTES | class text "latin1" TUPLE2 REDUCE
//! ```
//!
//! The text is what `natural/` makes of the same object. It is made in a buffer of the reader, so
//! that nothing is allocated for it. Any other spelling and any other zone is for the machine.

use super::Outcome;
use super::class::{ClassKind, ClassNumber};
use super::made::Made;
use super::memo::{Fetched, MemoSlot};
use super::state::Direct;
use crate::de::answer::{About, Answer};
use crate::instruction::Opcode;
use crate::stdlib::calendar::{Clock, DAY, Day, Offset, SECOND, is_clock, is_day};
use crate::stdlib::uuid::Groups;

/// Bytes that a reference to a time zone stands for: its offset is made of three ints and two
/// calls, each of which a walk looks at.
const ZONE: u64 = 256;

/// Returns true for the name of a module whose classes are read here. As a value of its own such
/// text costs a look at what follows it.
#[inline(always)]
pub(super) fn is_module(text: &[u8]) -> bool {
    matches!(text, b"datetime" | b"decimal" | b"uuid")
}

/// The longest text of a Decimal that is read again where it lies.
const DIGITS: usize = 64;

impl<'de> Direct<'de> {
    /// Text, or the text that an object stands for.
    pub(super) fn text_or_object<'a, 'g>(&'a mut self) -> Outcome<Answer<'a, 'g, 'de>> {
        if !self.fetches_class() {
            if let Some(text) = self.value_text() {
                return Ok(Answer::Str(text));
            }
            self.check_going()?;
        }
        if let Some(text) = self.text_of_object()? {
            return Ok(Answer::Str(text));
        }
        self.charge(self.natural.len())?;
        Ok(Answer::Text(self.natural.as_str().into(), About::Nothing))
    }

    /// Reads an object that stands for text. Gives the text if the pickle has it, and leaves it in
    /// `natural` if not.
    #[inline(never)]
    fn text_of_object(&mut self) -> Outcome<Option<&'de str>> {
        let opcode = self.next()?;
        let begin = self.cursor.position();
        if let Some(class) = self.fetched_class() {
            return self.text_of_class(class, begin);
        }
        let class = match opcode {
            Opcode::Binget | Opcode::LongBinget => match self.fetch(opcode)? {
                Fetched::Class(class) => class,
                Fetched::Text(module) => self.stack_global(module)?,
                Fetched::Fields(begin) => return self.text_again(begin),
                _ => return self.irregular(),
            },
            opcode => self.new_class(opcode)?,
        };
        self.text_of_class(class, self.begin_of(class, begin))
    }

    /// The same for an object that begins at `begin` and is fetched.
    fn text_again(&mut self, begin: usize) -> Outcome<Option<&'de str>> {
        self.go_to(begin);
        let class = self.class_again()?;
        let text = self.text_of_class(class, begin)?;
        self.go_back(0)?;
        Ok(text)
    }

    /// The same for an object whose class was read.
    fn text_of_class(&mut self, class: ClassNumber, begin: usize) -> Outcome<Option<&'de str>> {
        let slot = MemoSlot::fields(begin);
        self.enter()?;
        let mut text = None;
        let slot = match self.kind_of(class) {
            ClassKind::DateTime => self.datetime().map(|()| slot),
            ClassKind::Date => self.date().map(|()| slot),
            ClassKind::Time => self.time().map(|()| slot),
            ClassKind::Decimal => {
                let digits = self.next_text()?;
                self.only_argument()?;
                text = Some(digits);
                Ok(if digits.len() <= DIGITS { slot } else { MemoSlot::OTHER })
            }
            ClassKind::Uuid => return self.uuid(slot).map(|()| None),
            _ => self.irregular(),
        }?;
        self.expect(Opcode::Reduce)?;
        self.memoize(slot)?;
        self.leave();
        Ok(text)
    }

    fn datetime(&mut self) -> Outcome<()> {
        let mut room = [0; 10];
        let &[y1, y0, month, day, hour, minute, second, m2, m1, m0] = self.payload(&mut room)?
        else {
            return self.irregular();
        };
        // Bit 7 of the month is the fold, which text with an offset does without.
        let day = (u16::from_be_bytes([y1, y0]), month & 0x7f, day);
        let clock = (hour, minute, second, u32::from_be_bytes([0, m2, m1, m0]));
        let zone = self.zone_behind()?;
        self.time_text(Some(day), Some(clock), zone)
    }

    fn date(&mut self) -> Outcome<()> {
        let mut room = [0; 4];
        let &[y1, y0, month, day] = self.payload(&mut room)? else { return self.irregular() };
        self.only_argument()?;
        self.time_text(Some((u16::from_be_bytes([y1, y0]), month, day)), None, None)
    }

    fn time(&mut self) -> Outcome<()> {
        let mut room = [0; 6];
        let &[hour, minute, second, m2, m1, m0] = self.payload(&mut room)? else {
            return self.irregular();
        };
        // Bit 7 of the hour is the fold.
        let clock = (hour & 0x7f, minute, second, u32::from_be_bytes([0, m2, m1, m0]));
        let zone = self.zone_behind()?;
        self.time_text(None, Some(clock), zone)
    }

    #[inline(always)]
    fn time_text(
        &mut self,
        day: Option<Day>,
        clock: Option<Clock>,
        zone: Option<Offset>,
    ) -> Outcome<()> {
        if !day.is_none_or(is_day) || !clock.is_none_or(is_clock) {
            return self.irregular();
        }
        let text = &mut self.natural;
        text.clear();
        if let Some(day) = day {
            text.day(day);
        }
        if let Some(clock) = clock {
            if day.is_some() {
                text.between();
            }
            text.clock(clock);
        }
        if let Some(offset) = zone {
            text.offset(offset);
        }
        Ok(())
    }

    /// Reads the zone behind a payload, if there is one, and the tuple around both.
    fn zone_behind(&mut self) -> Outcome<Option<Offset>> {
        if self.next()? == Opcode::Tuple1 {
            return self.only_argument().map(|()| None);
        }
        let offset = self.zone()?;
        self.expect(Opcode::Tuple2)?;
        self.count_node()?;
        self.memoize_other()?;
        Ok(Some(offset))
    }

    /// The offset of a zone.
    fn zone(&mut self) -> Outcome<Offset> {
        let opcode = self.next()?;
        if let Some((Made::Zone(offset), len)) = self.peek_made() {
            self.cursor.read_peeked(len);
            self.charge_expansion(ZONE)?;
            return Ok(offset);
        }
        if !self.is_first() {
            self.charge_expansion(ZONE)?;
        }
        let class = self.class(opcode)?;
        self.enter()?;
        let offset = match self.kind_of(class) {
            ClassKind::Utc => {
                self.expect(Opcode::EmptyTuple)?;
                Offset::of(0)
            }
            ClassKind::TimeZone => {
                let offset = self.timedelta()?;
                self.only_argument()?;
                Offset::of(offset)
            }
            _ => return self.irregular(),
        };
        self.expect(Opcode::Reduce)?;
        let slot = if self.is_first() { self.keep(Made::Zone(offset)) } else { MemoSlot::OTHER };
        self.memoize(slot)?;
        self.leave();
        Ok(offset)
    }

    /// A timedelta of less than a day, in microseconds.
    fn timedelta(&mut self) -> Outcome<i64> {
        let opcode = self.next()?;
        let class = self.class(opcode)?;
        if self.kind_of(class) != ClassKind::TimeDelta {
            return self.irregular();
        }
        self.enter()?;
        let mut micros = 0;
        for unit in [DAY, SECOND, 1] {
            self.next()?;
            let Some(count) = self.cursor.read_short_int() else { return self.irregular() };
            micros += i128::from(count) * i128::from(unit);
        }
        self.expect(Opcode::Tuple3)?;
        self.count_node()?;
        self.memoize_other()?;
        self.expect(Opcode::Reduce)?;
        self.memoize_other()?;
        self.leave();
        match i64::try_from(micros) {
            Ok(micros) if micros.unsigned_abs() < DAY.unsigned_abs() => Ok(micros),
            _ => self.irregular(),
        }
    }

    /// A UUID without its class, with its state.
    fn uuid(&mut self, slot: MemoSlot) -> Outcome<()> {
        self.expect(Opcode::EmptyTuple)?;
        self.expect(Opcode::Newobj)?;
        self.memoize(slot)?;
        self.expect(Opcode::EmptyDict)?;
        self.enter()?;
        self.memoize_other()?;
        if self.next_text()? != "int" {
            return self.irregular();
        }
        self.next()?;
        let int = match self.cursor.read_short_int() {
            Some(int) => u128::try_from(int).ok(),
            None => {
                self.expect(Opcode::Long1)?;
                let payload = self.cursor.read_counted1();
                unsigned(self.checked(payload)?)
            }
        };
        let Some(int) = int else { return self.irregular() };
        self.expect(Opcode::Setitem)?;
        self.expect(Opcode::Build)?;
        self.leave();
        self.leave();
        self.natural.uuid(Groups::of(int));
        Ok(())
    }
}

/// An int of up to 128 bits in little-endian bytes with a sign, unless it is below zero.
fn unsigned(bytes: &[u8]) -> Option<u128> {
    let bytes = match bytes.split_last()? {
        (0, rest) => rest,
        (0x80.., _) => return None,
        _ => bytes,
    };
    let mut wide = [0; 16];
    wide.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(u128::from_le_bytes(wide))
}
