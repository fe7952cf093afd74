//! Objects of Python's own classes that stand for text or numbers: times, decimals and UUIDs.
//!
//! ```text
//! datetime, date, time  ::=  class payload TUPLE1 REDUCE | class payload zone TUPLE2 REDUCE
//! zone                  ::=  class timedelta TUPLE1 REDUCE
//!                         |  class EMPTY_TUPLE REDUCE
//! timedelta             ::=  class int int int TUPLE3 REDUCE
//! Decimal               ::=  class text TUPLE1 REDUCE
//! UUID                  ::=  class EMPTY_TUPLE NEWOBJ EMPTY_DICT text int SETITEM BUILD
//! payload               ::=  SHORT_BINBYTES | class text "latin1" TUPLE2 REDUCE
//! ```
//!
//! The text is what `natural/` makes of the same object. It is made in a buffer of the reader, so
//! that nothing is allocated for it. A type of [`python`](crate::python) asks for its class by a
//! name of its own, and gets the numbers themselves. Any other spelling and any other zone is for
//! the machine.

use super::Outcome;
use super::class::{ClassKind, ClassNumber};
use super::made::Made;
use super::memo::{Fetched, MemoSlot};
use super::state::Direct;
use crate::de::answer::{About, Answer};
use crate::error::Result;
use crate::instruction::Opcode;
use crate::reduce::token;
use crate::stdlib::calendar::{Clock, DAY, Day, FOLD, Offset, SECOND, is_clock, is_day, is_delta};
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

/// What an object stands for.
enum Object<'de> {
    Time {
        day: Option<Day>,
        clock: Option<Clock>,
        zone: Option<Offset>,
        fold: bool,
    },
    /// In microseconds.
    TimeDelta(i128),
    Decimal(&'de str),
    Uuid(u128),
}

impl<'de> Direct<'de> {
    /// Text, or the text that an object stands for.
    pub(super) fn text_or_object<'a, 'g>(&'a mut self) -> Outcome<Answer<'a, 'g, 'de>> {
        if !self.fetches_class() {
            if let Some(text) = self.value_text() {
                return Ok(Answer::Str(text));
            }
            self.check_going()?;
        }
        match self.object()? {
            Object::Time { day, clock, zone, .. } => self.time_text(day, clock, zone),
            Object::Decimal(text) => return Ok(Answer::Str(text)),
            Object::Uuid(int) => self.natural.uuid(Groups::of(int)),
            Object::TimeDelta(_) => return self.irregular(),
        }
        self.charge(self.natural.len())?;
        Ok(Answer::Text(self.natural.as_str().into(), About::Nothing))
    }

    /// An object of the class that one of our own names asks for, as what it stands for: text, or
    /// bytes that are left in `natural`.
    ///
    /// Linked into programs that have types with such names.
    pub(in crate::de) fn object_named(&mut self, name: &'static str) -> Result<Option<&'de str>> {
        match (name, self.object()?) {
            (token::DECIMAL, Object::Decimal(text)) => return Ok(Some(text)),
            (token::UUID, Object::Uuid(int)) => self.natural.packed(&[&int.to_be_bytes()]),
            (token::TIMEDELTA, Object::TimeDelta(micros)) if is_delta(micros) => {
                self.natural.packed(&[&micros.to_be_bytes()]);
            }
            (name, Object::Time { day, clock, zone, fold }) => {
                if self.pack_time(name, day, clock, zone, fold).is_none() {
                    return self.irregular();
                }
            }
            _ => return self.irregular(),
        }
        self.charge(self.natural.len())?;
        Ok(None)
    }

    /// The bytes of a time, if it is one of the class.
    fn pack_time(
        &mut self,
        name: &'static str,
        day: Option<Day>,
        clock: Option<Clock>,
        zone: Option<Offset>,
        fold: bool,
    ) -> Option<()> {
        let fold = if fold { FOLD } else { 0 };
        let zone = match zone {
            // The key is no part of the bytes.
            Some(zone) if zone.has_key => return None,
            Some(zone) => &zone.micros.to_be_bytes()[..],
            None => &[],
        };
        let day = day.map(|(year, month, day)| (year.to_be_bytes(), month, day));
        let clock = clock.map(|(hour, minute, second, micro)| {
            let [_, m2, m1, m0] = micro.to_be_bytes();
            [hour, minute, second, m2, m1, m0]
        });
        match (name, day, clock) {
            (token::DATE, Some(([y1, y0], month, day)), None) => {
                self.natural.packed(&[&[y1, y0, month, day]]);
            }
            (token::TIME, None, Some([hour, rest @ ..])) => {
                self.natural.packed(&[&[hour | fold], &rest, zone]);
            }
            (token::DATETIME, Some(([y1, y0], month, day)), Some(clock)) => {
                self.natural.packed(&[&[y1, y0, month | fold, day], &clock, zone]);
            }
            _ => return None,
        }
        Some(())
    }

    /// Reads an object that stands for text.
    #[inline(never)]
    fn object(&mut self) -> Outcome<Object<'de>> {
        let opcode = self.next()?;
        let begin = self.cursor.position();
        if let Some(class) = self.fetched_class() {
            return self.object_of_class(class, begin);
        }
        let class = match opcode {
            Opcode::Binget | Opcode::LongBinget => match self.fetch(opcode)? {
                Fetched::Class(class) => class,
                Fetched::Text(module) => self.stack_global(module)?,
                Fetched::Fields(begin) => return self.object_again(begin),
                _ => return self.irregular(),
            },
            opcode => self.new_class(opcode)?,
        };
        self.object_of_class(class, self.begin_of(class, begin))
    }

    /// The same for an object that begins at `begin` and is fetched.
    fn object_again(&mut self, begin: usize) -> Outcome<Object<'de>> {
        self.go_to(begin);
        let class = self.class_again()?;
        let object = self.object_of_class(class, begin)?;
        self.go_back(0)?;
        Ok(object)
    }

    /// The same for an object whose class was read.
    fn object_of_class(&mut self, class: ClassNumber, begin: usize) -> Outcome<Object<'de>> {
        let slot = MemoSlot::fields(begin);
        self.enter()?;
        let (object, slot) = match self.kind_of(class) {
            ClassKind::DateTime => (self.datetime()?, slot),
            ClassKind::Date => (self.date()?, slot),
            ClassKind::Time => (self.time()?, slot),
            ClassKind::TimeDelta => (Object::TimeDelta(self.delta()?), slot),
            ClassKind::Decimal => {
                let digits = self.next_text()?;
                self.only_argument()?;
                let slot = if digits.len() <= DIGITS { slot } else { MemoSlot::OTHER };
                (Object::Decimal(digits), slot)
            }
            ClassKind::Uuid => return self.uuid(slot).map(Object::Uuid),
            _ => return self.irregular(),
        };
        self.expect(Opcode::Reduce)?;
        self.memoize(slot)?;
        self.leave();
        Ok(object)
    }

    #[inline(always)]
    fn datetime(&mut self) -> Outcome<Object<'de>> {
        let mut room = [0; 10];
        let &[y1, y0, month, day, hour, minute, second, m2, m1, m0] = self.payload(&mut room)?
        else {
            return self.irregular();
        };
        let day = (u16::from_be_bytes([y1, y0]), month & !FOLD, day);
        let clock = (hour, minute, second, u32::from_be_bytes([0, m2, m1, m0]));
        let zone = self.zone_behind()?;
        self.checked_time(Some(day), Some(clock), zone, month & FOLD != 0)
    }

    #[inline(always)]
    fn date(&mut self) -> Outcome<Object<'de>> {
        let mut room = [0; 4];
        let &[y1, y0, month, day] = self.payload(&mut room)? else { return self.irregular() };
        self.only_argument()?;
        self.checked_time(Some((u16::from_be_bytes([y1, y0]), month, day)), None, None, false)
    }

    #[inline(always)]
    fn time(&mut self) -> Outcome<Object<'de>> {
        let mut room = [0; 6];
        let &[hour, minute, second, m2, m1, m0] = self.payload(&mut room)? else {
            return self.irregular();
        };
        let clock = (hour & !FOLD, minute, second, u32::from_be_bytes([0, m2, m1, m0]));
        let zone = self.zone_behind()?;
        self.checked_time(None, Some(clock), zone, hour & FOLD != 0)
    }

    #[inline(always)]
    fn checked_time(
        &mut self,
        day: Option<Day>,
        clock: Option<Clock>,
        zone: Option<Offset>,
        fold: bool,
    ) -> Outcome<Object<'de>> {
        if !day.is_none_or(is_day) || !clock.is_none_or(is_clock) {
            return self.irregular();
        }
        Ok(Object::Time { day, clock, zone, fold })
    }

    /// The text of a time; the fold is no part of it.
    #[inline(always)]
    fn time_text(&mut self, day: Option<Day>, clock: Option<Clock>, zone: Option<Offset>) {
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
                Offset::utc()
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
        let micros = self.delta()?;
        self.expect(Opcode::Reduce)?;
        self.memoize_other()?;
        self.leave();
        match i64::try_from(micros) {
            Ok(micros) if micros.unsigned_abs() < DAY.unsigned_abs() => Ok(micros),
            _ => self.irregular(),
        }
    }

    /// The arguments of a timedelta, as microseconds.
    fn delta(&mut self) -> Outcome<i128> {
        let mut micros = 0;
        for unit in [DAY, SECOND, 1] {
            self.next()?;
            let Some(count) = self.cursor.read_short_int() else { return self.irregular() };
            micros += i128::from(count) * i128::from(unit);
        }
        self.expect(Opcode::Tuple3)?;
        self.count_node()?;
        self.memoize_other()?;
        Ok(micros)
    }

    /// A UUID without its class, with its state.
    fn uuid(&mut self, slot: MemoSlot) -> Outcome<u128> {
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
        Ok(int)
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
