//! The opcodes, one after another. What they do to containers and objects is in `objects.rs`.

use std::collections::HashMap;

use num_bigint::BigInt;

use super::{How, Id, Thing, World, lines};

/// Why a pickle is refused.
type Refused = &'static str;
pub(super) type Outcome<T = ()> = Result<T, Refused>;

pub(super) const NONE: Id = 0;
const FALSE: Id = 1;
const TRUE: Id = 2;
const EMPTY_TUPLE: Id = 3;

pub(super) struct Unpickler<'a> {
    pub(super) rest: &'a [u8],
    /// The number of bytes of `rest` that belong to the current frame.
    framed: usize,
    pub(super) world: World,
    /// The values above the topmost mark.
    pub(super) stack: Vec<Id>,
    /// The values below it, and below each other mark.
    below: Vec<Vec<Id>>,
    memo: HashMap<u64, Id>,
    buffers: usize,
    pub(super) readonly: HashMap<usize, Id>,
}

/// Reads the pickle that `bytes` begin with.
///
/// # Errors
/// Why it is refused.
pub fn run(bytes: &[u8]) -> Result<World, &'static str> {
    let mut world = World::default();
    for singleton in [Thing::None, Thing::Bool(false), Thing::Bool(true), Thing::Tuple(Vec::new())]
    {
        world.add(singleton);
    }
    let mut unpickler = Unpickler {
        rest: bytes,
        framed: 0,
        world,
        stack: Vec::new(),
        below: Vec::new(),
        memo: HashMap::new(),
        buffers: 0,
        readonly: HashMap::new(),
    };
    loop {
        let opcode = unpickler.take(1)?[0];
        if opcode == b'.' {
            unpickler.world.root = unpickler.pop()?;
            return Ok(unpickler.world);
        }
        unpickler.step(opcode)?;
    }
}

impl<'a> Unpickler<'a> {
    // Reading arguments

    fn take(&mut self, count: u64) -> Outcome<&'a [u8]> {
        let count = usize::try_from(count).map_err(|_| "too long")?;
        if count > self.rest.len() {
            return Err("the input ends");
        }
        self.read(count)
    }

    /// The next `count` bytes, which are one read: all of them are in the frame, or none is.
    fn read(&mut self, count: usize) -> Outcome<&'a [u8]> {
        if self.framed > 0 {
            self.framed = self.framed.checked_sub(count).ok_or("a frame ends in an argument")?;
        }
        let (taken, rest) = self.rest.split_at(count);
        self.rest = rest;
        Ok(taken)
    }

    /// An unsigned number of `width` bytes, the lowest first.
    fn number(&mut self, width: u64) -> Outcome<u64> {
        Ok(self.take(width)?.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte)))
    }

    /// A payload behind its length of `width` bytes.
    fn counted(&mut self, width: u64) -> Outcome<Vec<u8>> {
        let count = self.number(width)?;
        if count > i64::MAX as u64 {
            return Err("longer than any input");
        }
        self.take(count).map(<[u8]>::to_vec)
    }

    /// A line without its newline.
    fn line(&mut self) -> Outcome<&'a [u8]> {
        let end = self.rest.iter().position(|&byte| byte == b'\n').ok_or("a line does not end")?;
        let line = self.read(end + 1)?;
        Ok(&line[..end])
    }

    pub(super) fn filled_line(&mut self) -> Outcome<&'a [u8]> {
        let line = self.line()?;
        if line.is_empty() { Err("an empty line") } else { Ok(line) }
    }

    // The stack

    pub(super) fn push(&mut self, thing: Thing) {
        let id = self.world.add(thing);
        self.stack.push(id);
    }

    pub(super) fn pop(&mut self) -> Outcome<Id> {
        self.stack.pop().ok_or("nothing above the mark")
    }

    pub(super) fn top(&self) -> Outcome<Id> {
        self.stack.last().copied().ok_or("nothing above the mark")
    }

    pub(super) fn pop_mark(&mut self) -> Outcome<Vec<Id>> {
        let below = self.below.pop().ok_or("no mark")?;
        Ok(std::mem::replace(&mut self.stack, below))
    }

    fn push_tuple(&mut self, items: Vec<Id>) {
        if items.is_empty() {
            self.stack.push(EMPTY_TUPLE);
        } else {
            self.push(Thing::Tuple(items));
        }
    }

    fn tuple(&mut self, count: usize) -> Outcome {
        if self.stack.len() < count {
            return Err("nothing above the mark");
        }
        let items = self.stack.split_off(self.stack.len() - count);
        self.push_tuple(items);
        Ok(())
    }

    fn push_long(&mut self, bytes: &[u8]) {
        self.push(Thing::Int(BigInt::from_signed_bytes_le(bytes)));
    }

    fn push_text(&mut self, bytes: Vec<u8>) -> Outcome {
        if !lines::is_text(&bytes) {
            return Err("text is not UTF-8");
        }
        self.push(Thing::Str(bytes));
        Ok(())
    }

    fn get(&mut self, index: u64) -> Outcome {
        let id = *self.memo.get(&index).ok_or("nothing in the memo")?;
        self.stack.push(id);
        Ok(())
    }

    fn put(&mut self, index: u64) -> Outcome {
        let top = self.top()?;
        self.memo.insert(index, top);
        Ok(())
    }

    fn step(&mut self, opcode: u8) -> Outcome {
        match opcode {
            // Numbers
            b'I' => {
                let line = self.filled_line()?;
                match lines::int(line).ok_or("no int")? {
                    lines::Int::Bool(value) => self.stack.push(if value { TRUE } else { FALSE }),
                    lines::Int::Int(value) => self.push(Thing::Int(value)),
                }
            }
            b'L' => {
                let line = self.filled_line()?;
                let value = lines::long(line).ok_or("no int")?;
                self.push(Thing::Int(value));
            }
            b'J' => {
                let value = self.number(4)? as u32 as i32;
                self.push(Thing::Int(value.into()));
            }
            b'K' => {
                let value = self.number(1)?;
                self.push(Thing::Int(value.into()));
            }
            b'M' => {
                let value = self.number(2)?;
                self.push(Thing::Int(value.into()));
            }
            0x8a => {
                let bytes = self.counted(1)?;
                self.push_long(&bytes);
            }
            0x8b => {
                let count = self.number(4)?;
                if count >= 1 << 31 {
                    return Err("a negative length");
                }
                let bytes = self.take(count)?;
                self.push_long(bytes);
            }
            b'F' => {
                let line = self.filled_line()?;
                let value = lines::float(line).ok_or("no float")?;
                self.push(Thing::Float(value.to_bits()));
            }
            b'G' => {
                let bits = self.take(8)?.iter().fold(0, |bits, &byte| bits << 8 | u64::from(byte));
                self.push(Thing::Float(bits));
            }
            b'N' => self.stack.push(NONE),
            0x88 => self.stack.push(TRUE),
            0x89 => self.stack.push(FALSE),
            // Text and bytes
            b'S' => {
                let line = self.filled_line()?;
                let bytes = lines::string(line).ok_or("no string")?;
                self.push(Thing::Chars(bytes));
            }
            b'T' => {
                let bytes = self.counted(4)?;
                self.push(Thing::Chars(bytes));
            }
            b'U' => {
                let bytes = self.counted(1)?;
                self.push(Thing::Chars(bytes));
            }
            b'B' => {
                let bytes = self.counted(4)?;
                self.push(Thing::Bytes(bytes));
            }
            b'C' => {
                let bytes = self.counted(1)?;
                self.push(Thing::Bytes(bytes));
            }
            0x8e => {
                let bytes = self.counted(8)?;
                self.push(Thing::Bytes(bytes));
            }
            0x96 => {
                let bytes = self.counted(8)?;
                self.push(Thing::ByteArray(bytes));
            }
            b'V' => {
                let line = self.line()?;
                let text = lines::unicode(line).ok_or("no text")?;
                self.push(Thing::Str(text));
            }
            b'X' => {
                let bytes = self.counted(4)?;
                self.push_text(bytes)?;
            }
            0x8c => {
                let bytes = self.counted(1)?;
                self.push_text(bytes)?;
            }
            0x8d => {
                let bytes = self.counted(8)?;
                self.push_text(bytes)?;
            }
            // Containers
            b'(' => self.below.push(std::mem::take(&mut self.stack)),
            b']' => self.push(Thing::List(Vec::new())),
            b'}' => self.push(Thing::Dict(Vec::new())),
            0x8f => self.push(Thing::Set(Vec::new())),
            b')' => self.stack.push(EMPTY_TUPLE),
            0x85 => self.tuple(1)?,
            0x86 => self.tuple(2)?,
            0x87 => self.tuple(3)?,
            b't' => {
                let items = self.pop_mark()?;
                self.push_tuple(items);
            }
            b'l' => {
                let items = self.pop_mark()?;
                self.push(Thing::List(items));
            }
            b'd' => {
                let items = self.pop_mark()?;
                let dict = self.world.add(Thing::Dict(Vec::new()));
                self.store(dict, &items)?;
                self.stack.push(dict);
            }
            0x91 => {
                let items = self.pop_mark()?;
                self.all_hashable(&items)?;
                self.push(Thing::FrozenSet(items));
            }
            b'a' => {
                let item = self.pop()?;
                let list = self.top()?;
                self.append(list, &[item])?;
            }
            b'e' => {
                let items = self.pop_mark()?;
                let list = self.top()?;
                self.append(list, &items)?;
            }
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                let dict = self.top()?;
                self.store(dict, &[key, value])?;
            }
            b'u' => {
                let items = self.pop_mark()?;
                let dict = self.top()?;
                self.store(dict, &items)?;
            }
            0x90 => {
                let items = self.pop_mark()?;
                let set = self.top()?;
                self.add(set, &items)?;
            }
            // Stack and memo
            b'0' => self.discard()?,
            b'1' => drop(self.pop_mark()?),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
            }
            b'g' => {
                let line = self.filled_line()?;
                self.get(lines::index(line).ok_or("no index")?)?;
            }
            b'h' => {
                let index = self.number(1)?;
                self.get(index)?;
            }
            b'j' => {
                let index = self.number(4)?;
                self.get(index)?;
            }
            b'p' => {
                let line = self.filled_line()?;
                self.put(lines::index(line).ok_or("no index")?)?;
            }
            b'q' => {
                let index = self.number(1)?;
                self.put(index)?;
            }
            b'r' => {
                let index = self.number(4)?;
                self.put(index)?;
            }
            // The number of entries, which after a gap is not the highest index.
            0x94 => self.put(self.memo.len() as u64)?,
            // Globals and objects
            b'c' => {
                let global = self.read_global()?;
                self.stack.push(global);
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let text = |id: Id| match &self.world.things[id] {
                    // No 8-bit strings, as CPython has it; and here no surrogates either.
                    Thing::Str(bytes) => {
                        String::from_utf8(bytes.clone()).map_err(|_| "a name with surrogates")
                    }
                    _ => Err("a name that is no str"),
                };
                let (module, name) = (text(module)?, text(name)?);
                self.push(Thing::Global { module, name });
            }
            0x82 => {
                let code = self.number(1)?;
                self.extension(code)?;
            }
            0x83 => {
                let code = self.number(2)?;
                self.extension(code)?;
            }
            0x84 => {
                let code = self.number(4)?;
                self.extension(code)?;
            }
            b'R' => {
                let (args, callable) = (self.pop()?, self.pop()?);
                self.callable(callable)?;
                match self.world.things[args].clone() {
                    Thing::Tuple(args) => self.reduce(callable, args)?,
                    // Python 2.2 meant `__basicnew__`; CPython refuses it today.
                    Thing::None => self.make(How::NewObj, callable, Vec::new(), None),
                    _ => return Err("arguments that are no tuple"),
                }
            }
            0x81 => {
                let (args, class) = (self.pop()?, self.pop()?);
                self.callable(class)?;
                let Thing::Tuple(args) = self.world.things[args].clone() else {
                    return Err("arguments that are no tuple");
                };
                self.make(How::NewObj, class, args, None);
            }
            0x92 => {
                let (kwargs, args, class) = (self.pop()?, self.pop()?, self.pop()?);
                self.callable(class)?;
                let Thing::Tuple(args) = self.world.things[args].clone() else {
                    return Err("arguments that are no tuple");
                };
                if !matches!(self.world.things[kwargs], Thing::Dict(_)) {
                    return Err("keyword arguments that are no dict");
                }
                self.make(How::NewObjEx, class, args, Some(kwargs));
            }
            b'i' => {
                let args = self.pop_mark()?;
                let before = self.rest;
                let class = self.read_global()?;
                if !before[..before.len() - self.rest.len()].is_ascii() {
                    return Err("INST names something that is not ASCII");
                }
                self.make(How::Inst, class, args, None);
            }
            b'o' => {
                let mut args = self.pop_mark()?;
                if args.is_empty() {
                    return Err("no class");
                }
                let class = args.remove(0);
                self.callable(class)?;
                self.make(How::Inst, class, args, None);
            }
            b'b' => {
                let state = self.pop()?;
                let object = self.top()?;
                self.build(object, state)?;
            }
            b'P' => {
                let line = self.line()?;
                if !line.is_ascii() {
                    return Err("a persistent id that is not ASCII");
                }
                let id = self.world.add(Thing::Str(line.to_vec()));
                self.push(Thing::PersistentId(id));
            }
            b'Q' => {
                let id = self.pop()?;
                self.push(Thing::PersistentId(id));
            }
            // Buffers
            0x97 => {
                self.push(Thing::Buffer { number: self.buffers, readonly: false });
                self.buffers += 1;
            }
            0x98 => self.make_readonly()?,
            // Framing
            0x80 => {
                if self.number(1)? > 5 {
                    return Err("an unknown protocol");
                }
            }
            0x95 => {
                let len = self.number(8)?;
                if self.framed > 0 {
                    return Err("a frame within a frame");
                }
                if len > self.rest.len() as u64 {
                    return Err("a frame that is longer than the input");
                }
                self.framed = len as usize;
            }
            _ => return Err("no opcode"),
        }
        Ok(())
    }
}
