//! [`audit_reader`]: the audit of a pickle that is longer than memory.
//!
//! The machine of [`audit`](super::audit()) keeps every value. All that an audit asks of one is
//! which reference it goes back to, and where the text is that may be a name; so here a value is a
//! word of eight bytes, on the stack and in the memo (`audit_operands`). Text that becomes a name
//! is read again at its place. Arguments matter in calls of a few functions of `copyreg`, and of
//! `getattr`, all of which take a class or module first: of other tuples nothing is kept.
//!
//! A fault that only the kinds of operands show, such as APPEND to an int, is not found here, and
//! the audit goes on where Python ends. So it lists whatever the other one lists, and maybe more.
//! `tests/tools/audit.rs` holds the two against each other.

use std::io::{self, Read, Seek, SeekFrom};

use foldhash::HashMap;

use super::audit::Numbers;
use super::audit_operands::{Memo, Operand, Stack, Tuple, Word};
use super::references::{References, TextId};
use super::report::{Audit, Reference, Site};
use crate::de::DeOptions;
use crate::error::{Error, Result};
use crate::instruction::{Argument, Opcode};
use crate::limits;
use crate::nodes::known::Known;
use crate::protocol::Protocol;
use crate::read::Cursor;
use crate::read::window::Window;

/// Payloads beyond this are passed over; no name is as long.
const LONGEST: u64 = 64 << 10;

/// Places of names whose text is remembered.
const REMEMBERED: usize = 1 << 14;

/// Audits a pickle that need not fit into memory; see [`audit`](super::audit()).
///
/// Memory is a constant, 8 bytes for each memo entry and for each value that waits on the stack,
/// and the names. Of the places of a [`Reference`] only the first few are listed; its counts have
/// all. The reader is read from where it stands, and is left somewhere behind STOP;
/// [`Audit::length`] says where the pickle ends.
///
/// ```
/// use std::io::Cursor;
///
/// use serde_pickle::tools;
///
/// let report = tools::audit_reader(Cursor::new(b"cos\nsystem\n(S'id'\ntR."));
/// assert!(report.is_complete());
/// assert_eq!(report.references[0].target.to_string(), "os.system");
/// assert_eq!(report.references[0].times_called, 1);
/// ```
pub fn audit_reader(reader: impl Read + Seek) -> Audit {
    DeOptions::new().audit_reader(reader)
}

impl DeOptions<'_> {
    /// Audits a pickle that need not fit into memory, and asks the
    /// [resolver](DeOptions::resolver), if there is one; see
    /// [`tools::audit_reader`](crate::tools::audit_reader).
    ///
    /// ```
    /// use std::io::Cursor;
    ///
    /// use serde_pickle::{AllowList, DeOptions};
    ///
    /// let options = DeOptions::new().resolver(AllowList::new().allow("m", "C"));
    /// let report = options.audit_reader(Cursor::new(b"cm\nC\n)Rcos\nsystem\n(S'ls'\ntR."));
    /// assert_eq!(report.refused().count(), 1);
    /// ```
    pub fn audit_reader(&self, mut reader: impl Read + Seek) -> Audit {
        let mut report = Audit::empty();
        let (base, len) = match extent(&mut reader) {
            Ok(extent) => extent,
            Err(error) => {
                report.error = Some(Error::io(error));
                return report;
            }
        };
        let mut auditor = Auditor {
            options: self,
            window: Window::new(reader).max_payload(LONGEST).of_len(len),
            base,
            stack: Stack::default(),
            memo: Memo::default(),
            report,
            references: References::new(self, self.plain.max_expansion.of(0)),
            by_place: HashMap::default(),
            tuples: Vec::new(),
            by_tuple: HashMap::default(),
            numbers: Numbers::default(),
            unknown: None,
        };
        if let Err(error) = auditor.run() {
            auditor.report.error = Some(error);
        }
        auditor.finish()
    }
}

/// Where a reader stands, and the number of bytes behind that.
fn extent(reader: &mut impl Seek) -> io::Result<(u64, u64)> {
    let base = reader.stream_position()?;
    let end = reader.seek(SeekFrom::End(0))?;
    reader.seek(SeekFrom::Start(base))?;
    Ok((base, end.saturating_sub(base)))
}

struct Auditor<'a, R> {
    options: &'a DeOptions<'a>,
    window: Window<R>,
    /// Where the pickle begins in the reader.
    base: u64,
    stack: Stack,
    memo: Memo,
    report: Audit,
    references: References<'a>,
    /// Texts by the place of their opcode.
    by_place: HashMap<u64, TextId>,
    tuples: Vec<Tuple>,
    by_tuple: HashMap<Tuple, u32>,
    numbers: Numbers,
    /// The first place where Pythons differ.
    unknown: Option<Site>,
}

impl<R: Read + Seek> Auditor<'_, R> {
    fn run(&mut self) -> Result<()> {
        self.window.begin(false);
        loop {
            let offset = self.window.position();
            let done = self.step(offset).map_err(|error| error.at(offset));
            if let Some(fault) = self.window.take_frame_fault() {
                let opcode = self.window.last_opcode().unwrap_or(Opcode::Frame);
                let at = fault.offset().unwrap_or(offset);
                self.unknown.get_or_insert(Site { offset: at, opcode });
                return Err(fault);
            }
            if done? {
                return Ok(());
            }
        }
    }

    /// Runs one instruction; returns true if it was STOP.
    fn step(&mut self, offset: u64) -> Result<bool> {
        let raw = self.window.next()?;
        let (opcode, passed_over) = (raw.opcode, raw.passed_over);
        // Bytes of input grant bytes of names.
        let len = raw.bytes.len() as u64 + passed_over;
        self.references.grant(len.saturating_mul(BYTE));
        if passed_over > 0 {
            self.count(opcode);
            let text = opcode_is_text(opcode);
            self.stack.push(if text { Word::new(Operand::Text(offset)) } else { Word::OTHER });
            return Ok(false);
        }
        let mut cursor = Cursor::new(raw.bytes, 0);
        let digits = self.options.plain.max_int_digits;
        let argument = cursor
            .read_opcode()
            .and_then(|opcode| cursor.read_argument(opcode.argument(), opcode, digits))
            .map_err(|error| error.in_stream(offset))?;
        let site = Site { offset, opcode };
        let names = match &argument {
            Argument::Names(module, name) => {
                let texts = &mut self.references.texts;
                Some((texts.id(module), texts.id(name)))
            }
            _ => None,
        };
        let number = match argument {
            Argument::Int(number) => Some(number),
            Argument::Bool(number) => Some(i64::from(number)),
            _ => None,
        };
        self.instruction(site, number, names)?;
        self.count(opcode);
        Ok(opcode == Opcode::Stop)
    }

    fn count(&mut self, opcode: Opcode) {
        self.report.instructions += 1;
        self.report.length = self.window.position();
        self.report.needed = self.report.needed.max(opcode.protocol());
    }

    fn instruction(
        &mut self,
        site: Site,
        number: Option<i64>,
        names: Option<(TextId, TextId)>,
    ) -> Result<()> {
        let Site { offset, opcode } = site;
        match opcode {
            Opcode::Proto => {
                self.report.protocol = number
                    .and_then(|number| u8::try_from(number).ok())
                    .and_then(|number| Protocol::try_from(number).ok());
            }
            Opcode::Frame => {}
            Opcode::Stop => drop(self.stack.pop(opcode)?),
            Opcode::Mark => self.stack.marks.push(self.stack.len),
            Opcode::Pop => self.stack.pop_any(opcode)?,
            Opcode::Dup => self.stack.push(self.stack.top(opcode)?),
            Opcode::Put | Opcode::Binput | Opcode::LongBinput => self.put(number, opcode)?,
            Opcode::Memoize => self.memoize(site)?,
            Opcode::Get | Opcode::Binget | Opcode::LongBinget => self.get(number)?,
            Opcode::Tuple | Opcode::Tuple1 | Opcode::Tuple2 | Opcode::Tuple3 => {
                self.tuple(opcode)?;
            }
            Opcode::Global => {
                let value = self.named(names, site)?;
                self.stack.push(value);
            }
            Opcode::StackGlobal => self.stack_global(site)?,
            Opcode::Ext1 | Opcode::Ext2 | Opcode::Ext4 => self.extension(number, site)?,
            Opcode::Persid => self.persistent(site),
            Opcode::Binpersid => {
                self.stack.pop(opcode)?;
                self.persistent(site);
            }
            Opcode::NextBuffer => {
                self.report.buffers.push(offset);
                self.stack.push(Word::OTHER);
            }
            Opcode::Reduce | Opcode::Newobj | Opcode::NewobjEx => self.call(site)?,
            Opcode::Inst => {
                self.stack.pop_mark(opcode)?;
                let class = self.named(names, site)?;
                self.called(class, site);
                self.push_result(class);
            }
            Opcode::Obj => self.obj(site)?,
            Opcode::Build => self.build(opcode)?,
            _ if opcode_is_text(opcode) => self.stack.push(Word::new(Operand::Text(offset))),
            _ => self.plain(opcode)?,
        }
        Ok(())
    }

    fn put(&mut self, number: Option<i64>, opcode: Opcode) -> Result<()> {
        self.numbers.put(&Argument::Int(number.unwrap_or(-1)));
        self.memo.put(index(number)?, self.stack.top(opcode)?);
        Ok(())
    }

    fn memoize(&mut self, site: Site) -> Result<()> {
        if self.numbers.memoize() {
            self.unknown.get_or_insert(site);
        }
        self.memo.put(self.memo.filled, self.stack.top(site.opcode)?);
        Ok(())
    }

    fn get(&mut self, number: Option<i64>) -> Result<()> {
        let index = index(number)?;
        let value = self.memo.get(index).ok_or_else(|| {
            Error::syntax(format!("nothing was stored in the memo under {index}"))
        })?;
        self.stack.push(value);
        Ok(())
    }

    fn obj(&mut self, site: Site) -> Result<()> {
        let ([class, _], count) = self.stack.pop_mark(site.opcode)?;
        if count == 0 {
            return Err(Error::syntax("OBJ needs a class, and there is nothing above the mark"));
        }
        self.called(class, site);
        self.push_result(class);
        Ok(())
    }

    fn build(&mut self, opcode: Opcode) -> Result<()> {
        self.stack.pop(opcode)?;
        if let Operand::Is(at) | Operand::From(at) = self.stack.top(opcode)?.operand()
            && let Some(reference) = self.references.get_mut(at)
        {
            reference.states += 1;
        }
        Ok(())
    }

    /// An opcode whose result does not matter. A container that it fills stays what it is.
    fn plain(&mut self, opcode: Opcode) -> Result<()> {
        let effect = opcode.stack_effect();
        if effect.to_mark {
            self.stack.pop_mark(opcode)?;
        }
        let mut kept = Word::OTHER;
        for _ in 0..effect.pops {
            kept = self.stack.pop(opcode)?;
        }
        let fills = matches!(
            opcode,
            Opcode::Append
                | Opcode::Appends
                | Opcode::Setitem
                | Opcode::Setitems
                | Opcode::Additems
                | Opcode::ReadonlyBuffer
        );
        for _ in 0..effect.pushes {
            self.stack.push(if fills { kept } else { Word::OTHER });
        }
        Ok(())
    }

    fn tuple(&mut self, opcode: Opcode) -> Result<()> {
        let ([first, second], len) = match opcode {
            Opcode::Tuple => self.stack.pop_mark(opcode)?,
            _ => {
                let len = opcode.stack_effect().pops;
                let mut items = [Word::OTHER; 3];
                for place in (0..usize::from(len)).rev() {
                    // The array has three places, and no opcode takes more.
                    items[place] = self.stack.pop(opcode)?;
                }
                ([items[0], items[1]], u64::from(len))
            }
        };
        let value = match first.operand() {
            Operand::Is(_) | Operand::From(_) => {
                let second = match second.operand() {
                    Operand::Text(place) if len >= 2 => Some(self.text(place)?),
                    _ => None,
                };
                let tuple = Tuple { first, second, len: len.min(3) as usize };
                let next = self.tuples.len() as u32;
                let number = *self.by_tuple.entry(tuple).or_insert(next);
                if number == next {
                    self.tuples.push(tuple);
                }
                Word::new(Operand::Tuple(number))
            }
            _ => Word::OTHER,
        };
        self.stack.push(value);
        Ok(())
    }

    /// The text of the instruction at a place.
    fn text(&mut self, place: u64) -> Result<TextId> {
        if let Some(&id) = self.by_place.get(&place) {
            return Ok(id);
        }
        let bytes = self.window.read_again(self.base, place, LONGEST as usize + 16)?;
        let mut cursor = Cursor::new(&bytes, 0);
        let argument = cursor
            .read_opcode()
            .and_then(|opcode| cursor.read_argument(opcode.argument(), opcode, 0));
        let id = match argument {
            Ok(Argument::Str(text)) => self.references.texts.id(&text),
            Ok(Argument::Bytes(bytes) | Argument::Surrogates(bytes)) => {
                self.references.texts.id(&String::from_utf8_lossy(&bytes))
            }
            _ => return Err(Error::limit("a name is longer than 64 KiB")),
        };
        if self.by_place.len() >= REMEMBERED {
            self.by_place.clear();
        }
        self.by_place.insert(place, id);
        Ok(id)
    }

    fn note_named(&mut self, at: u32, site: Site) {
        if let Some(reference) = self.references.get_mut(at) {
            reference.note_named(site);
        }
    }

    /// A global that an opcode names.
    fn named(&mut self, names: Option<(TextId, TextId)>, site: Site) -> Result<Word> {
        let (module, name) =
            names.ok_or_else(|| Error::syntax("a global's module or name is not UTF-8"))?;
        let at = self.references.global(module, name, self.is_python2());
        self.note_named(at, site);
        Ok(Word::new(Operand::Is(at)))
    }

    /// Returns true if names may be those of Python 2.
    fn is_python2(&self) -> bool {
        self.report.protocol.is_none_or(|protocol| protocol < Protocol::V3)
    }

    fn stack_global(&mut self, site: Site) -> Result<()> {
        let name = self.stack.pop(site.opcode)?;
        let module = self.stack.pop(site.opcode)?;
        let value = match (module.operand(), name.operand()) {
            (Operand::Text(module), Operand::Text(name)) => {
                let names = (self.text(module)?, self.text(name)?);
                self.named(Some(names), site)?
            }
            _ => {
                let at = self.references.computed();
                self.note_named(at, site);
                Word::new(Operand::Is(at))
            }
        };
        self.stack.push(value);
        Ok(())
    }

    fn extension(&mut self, number: Option<i64>, site: Site) -> Result<()> {
        let code = number.and_then(|code| u32::try_from(code).ok()).filter(|&code| code > 0);
        let code = code.ok_or_else(|| Error::syntax("an extension code is not positive"))?;
        let at = self.references.extension(code, self.is_python2());
        self.note_named(at, site);
        self.stack.push(Word::new(Operand::Is(at)));
        Ok(())
    }

    fn persistent(&mut self, site: Site) {
        let at = self.references.persistent();
        self.note_named(at, site);
        self.stack.push(Word::new(Operand::Is(at)));
    }

    /// Notes that something is called.
    fn called(&mut self, callee: Word, site: Site) {
        let (Operand::Is(at) | Operand::From(at)) = callee.operand() else { return };
        if let Some(reference) = self.references.get_mut(at) {
            match callee.operand() {
                Operand::Is(_) => reference.note_called(site),
                _ => reference.note_result_called(site),
            }
        }
    }

    fn push_result(&mut self, callee: Word) {
        self.stack.push(match callee.operand() {
            Operand::Is(at) | Operand::From(at) => Word::new(Operand::From(at)),
            _ => Word::OTHER,
        });
    }

    fn call(&mut self, site: Site) -> Result<()> {
        let opcode = site.opcode;
        if opcode == Opcode::NewobjEx {
            self.stack.pop(opcode)?;
        }
        let arguments = self.stack.pop(opcode)?;
        let callee = self.stack.pop(opcode)?;
        self.called(callee, site);
        let tuple = match arguments.operand() {
            Operand::Tuple(number) => self.tuples.get(number as usize).copied(),
            _ => None,
        };
        let known = match (opcode, callee.operand()) {
            (Opcode::Reduce, Operand::Is(at)) => self.references.known(at),
            _ => Known::Nothing,
        };
        match (known, tuple) {
            (Known::GetAttr, Some(Tuple { first, second: Some(name), len: 2 })) => {
                if let Operand::Is(owner) = first.operand()
                    && let Some(at) = self.references.attribute(owner, name)?
                {
                    self.note_named(at, site);
                    self.stack.push(Word::new(Operand::Is(at)));
                    return Ok(());
                }
                self.push_result(callee);
            }
            (Known::Reconstructor | Known::NewObj | Known::NewObjEx, Some(tuple)) => {
                self.called(tuple.first, site);
                self.push_result(tuple.first);
            }
            _ => self.push_result(callee),
        }
        Ok(())
    }

    fn finish(mut self) -> Audit {
        self.report.references = self.references.into_list();
        self.report.resolve(self.options);
        if let Some(site) = self.unknown {
            self.report.references.push(Reference::unknown(Some(site)));
        }
        self.report
    }
}

/// Bytes of names for each byte of input, as the default of `max_expansion` has it.
const BYTE: u64 = limits::EXPANSION.per_byte;

fn index(number: Option<i64>) -> Result<u64> {
    number
        .and_then(|number| u64::try_from(number).ok())
        .ok_or_else(|| Error::syntax("a memo index is negative or beyond 64 bits"))
}

/// Returns true for opcodes that push text, 8-bit text of Python 2 included.
fn opcode_is_text(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::Unicode
            | Opcode::ShortBinunicode
            | Opcode::Binunicode
            | Opcode::Binunicode8
            | Opcode::String
            | Opcode::Binstring
            | Opcode::ShortBinstring
    )
}

impl<R: Read + Seek> Window<R> {
    /// Reads bytes that have been passed; fewer at the end of the input.
    fn read_again(&mut self, base: u64, offset: u64, len: usize) -> Result<Vec<u8>> {
        if let Some(there) = self.there(offset, len) {
            return Ok(there.to_vec());
        }
        let failed = |error| Error::io(error).at(offset);
        let reader = self.reader();
        let before = reader.stream_position().map_err(failed)?;
        reader.seek(SeekFrom::Start(base + offset)).map_err(failed)?;
        let mut bytes = Vec::new();
        // Most names are short: the first bytes say how long this one is.
        reader.by_ref().take(64.min(len as u64)).read_to_end(&mut bytes).map_err(failed)?;
        let mut cursor = Cursor::new(&bytes, 0);
        let whole = cursor.read_opcode().and_then(|opcode| cursor.skip_argument(opcode)).is_ok();
        if !whole {
            reader.by_ref().take(len as u64).read_to_end(&mut bytes).map_err(failed)?;
        }
        reader.seek(SeekFrom::Start(before)).map_err(failed)?;
        Ok(bytes)
    }
}
