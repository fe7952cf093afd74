//! Opcode programs that are mostly valid.
//!
//! Random bytes are hardly ever a pickle: nearly every opcode wants something on the stack. A
//! [`Program`] keeps track of what an unpickler would have there, roughly, and chooses among the
//! opcodes that can follow. It knows the opcodes from the crate's own table, so a new one comes in
//! by itself. Now and then it takes one that cannot follow: errors are of interest too.

use serde_pickle::opcode::{Argument, ArgumentKind, Opcode};

use crate::Random;
pub use crate::words::Vocabulary;
use crate::words::{FLOATS, NUMBERS, TEXTS};

/// A value on the stack, as far as the choice of opcodes depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A number, bool, bytes or `None`: can be a key.
    Scalar,
    Str,
    Bytes,
    ByteArray,
    List,
    Dict,
    Set,
    Tuple {
        hashable: bool,
    },
    /// A global, a persistent id or an instance: takes calls, items and state.
    Thing,
    Buffer,
}

impl Kind {
    fn is_hashable(self) -> bool {
        !matches!(
            self,
            Self::List | Self::Dict | Self::Set | Self::ByteArray | Self::Tuple { hashable: false }
        )
    }
}

/// A program that is being made or followed.
#[derive(Clone)]
pub struct Program {
    vocabulary: Vocabulary,
    bytes: Vec<u8>,
    stack: Vec<Kind>,
    marks: Vec<usize>,
    memo: Vec<(u64, Kind)>,
}

impl Program {
    /// Nothing yet.
    pub fn new(vocabulary: Vocabulary) -> Self {
        Self {
            vocabulary,
            bytes: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: Vec::new(),
        }
    }

    /// The bytes written so far.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Writes `steps` opcodes.
    pub fn steps(&mut self, steps: usize, random: &mut Random) {
        for _ in 0..steps {
            if random.percent(6) {
                self.idiom(random);
                continue;
            }
            let opcode = self.choose(random);
            self.emit(opcode, random);
        }
    }

    /// An opcode that can follow; sometimes any.
    fn choose(&self, random: &mut Random) -> Opcode {
        let any = *random.pick(Opcode::ALL);
        if random.percent(2) && !self.vocabulary.without.contains(&any) {
            return any;
        }
        // Half of all steps should use what is there, or programs only ever push.
        let consume = random.percent(50);
        for _ in 0..40 {
            let opcode = *random.pick(Opcode::ALL);
            if opcode != Opcode::Stop && self.can_follow(opcode) && (!consume || takes(opcode)) {
                return opcode;
            }
        }
        Opcode::None
    }

    /// The values above the topmost mark.
    fn above(&self) -> &[Kind] {
        &self.stack[self.marks.last().copied().unwrap_or(0)..]
    }

    /// The value below the topmost mark, if there is one.
    fn below_mark(&self) -> Option<Kind> {
        let (mark, lower) = self.marks.split_last()?;
        let floor = lower.last().copied().unwrap_or(0);
        self.stack[floor..*mark].last().copied()
    }

    fn can_follow(&self, opcode: Opcode) -> bool {
        if self.vocabulary.without.contains(&opcode) {
            return false;
        }
        let top = self.above();
        let keys = |step: usize| top.iter().step_by(step).all(|kind| kind.is_hashable());
        match opcode {
            Opcode::Append => matches!(top, [.., Kind::List | Kind::Thing, _]),
            Opcode::Setitem => {
                matches!(top, [.., Kind::Dict, key, _] if key.is_hashable())
                    || matches!(top, [.., Kind::Thing, _, _])
            }
            Opcode::Appends => matches!(self.below_mark(), Some(Kind::List | Kind::Thing)),
            Opcode::Setitems => {
                matches!(self.below_mark(), Some(Kind::Dict | Kind::Thing))
                    && top.len().is_multiple_of(2)
                    && keys(2)
            }
            Opcode::Additems => {
                matches!(self.below_mark(), Some(Kind::Set | Kind::Thing)) && keys(1)
            }
            Opcode::Frozenset => !self.marks.is_empty() && keys(1),
            Opcode::Dict => !self.marks.is_empty() && top.len().is_multiple_of(2) && keys(2),
            Opcode::List | Opcode::Tuple | Opcode::Inst | Opcode::PopMark => !self.marks.is_empty(),
            Opcode::Obj => !self.marks.is_empty() && top.first() == Some(&Kind::Thing),
            Opcode::Tuple1
            | Opcode::Dup
            | Opcode::Put
            | Opcode::Binput
            | Opcode::LongBinput
            | Opcode::Memoize => !top.is_empty(),
            Opcode::Binpersid | Opcode::Stop => !top.is_empty(),
            Opcode::Pop => !top.is_empty() || !self.marks.is_empty(),
            Opcode::Tuple2 => top.len() >= 2,
            Opcode::Tuple3 => top.len() >= 3,
            Opcode::Get | Opcode::Binget | Opcode::LongBinget => !self.memo.is_empty(),
            Opcode::StackGlobal => matches!(top, [.., Kind::Str, Kind::Str]),
            Opcode::Reduce | Opcode::Newobj => matches!(top, [.., Kind::Thing, Kind::Tuple { .. }]),
            Opcode::NewobjEx => matches!(top, [.., Kind::Thing, Kind::Tuple { .. }, Kind::Dict]),
            Opcode::Build => matches!(top, [.., Kind::Thing, _]),
            Opcode::ReadonlyBuffer => {
                matches!(top, [.., Kind::Bytes | Kind::ByteArray | Kind::Buffer | Kind::Thing])
            }
            _ => true,
        }
    }

    /// Writes `opcode` with an argument that suits it, mostly.
    pub fn emit(&mut self, opcode: Opcode, random: &mut Random) {
        let start = self.bytes.len();
        self.bytes.push(opcode.byte());
        let index = if self.memo.is_empty() || random.percent(3) {
            random.below(300) as u64
        } else {
            self.memo[random.below(self.memo.len())].0
        };
        let fresh =
            if random.percent(80) { self.memo.len() as u64 } else { random.below(300) as u64 };
        let index = if matches!(opcode, Opcode::Put | Opcode::Binput | Opcode::LongBinput) {
            fresh
        } else {
            index
        };
        self.argument(opcode, index, random);
        let argument = match opcode.argument() {
            ArgumentKind::None => Argument::None,
            // The simulated memo has to know the index, whatever was written.
            _ => serde_pickle::opcode::instructions(&self.bytes[start..])
                .next()
                .and_then(Result::ok)
                .map_or(Argument::None, |(_, _, argument)| own(&argument)),
        };
        self.effect(opcode, &argument);
    }

    fn argument(&mut self, opcode: Opcode, index: u64, random: &mut Random) {
        let bytes = match opcode.argument() {
            ArgumentKind::None => return,
            ArgumentKind::Uint1 => vec![match opcode {
                Opcode::Proto => random.below(6) as u8,
                Opcode::Binget | Opcode::Binput => index as u8,
                _ => random.bits() as u8,
            }],
            ArgumentKind::Uint2 => (random.bits() as u16).to_le_bytes().to_vec(),
            ArgumentKind::Int4 => {
                let wide = random.bits() as i32;
                (wide >> random.below(32)).to_le_bytes().to_vec()
            }
            ArgumentKind::Uint4 => (index as u32).to_le_bytes().to_vec(),
            ArgumentKind::Uint8 => (random.below(4) as u64).to_le_bytes().to_vec(),
            ArgumentKind::DecimalShort if matches!(opcode, Opcode::Get | Opcode::Put) => {
                format!("{index}\n").into_bytes()
            }
            ArgumentKind::DecimalShort | ArgumentKind::DecimalLong => {
                format!("{}\n", random.pick(&NUMBERS[..NUMBERS.len() - 2])).into_bytes()
            }
            ArgumentKind::FloatLine => {
                format!("{}\n", random.pick(&FLOATS[..FLOATS.len() - 2])).into_bytes()
            }
            ArgumentKind::Float8 => match random.below(4) {
                0 => f64::NAN.to_be_bytes().to_vec(),
                1 => (random.below(10) as f64).to_be_bytes().to_vec(),
                _ => random.bits().to_be_bytes().to_vec(),
            },
            ArgumentKind::StringLine => {
                let text = random
                    .pick(&["a", "\\n", "\\x41", "\\101", "\\q", "\\'", "\u{e9}", "", "latin1"]);
                format!("'{text}'\n").into_bytes()
            }
            ArgumentKind::Line => format!("{}\n", random.pick(&TEXTS[..13])).into_bytes(),
            ArgumentKind::TwoLines => {
                let (module, name) = random.pick(self.vocabulary.names);
                format!("{module}\n{name}\n").into_bytes()
            }
            ArgumentKind::UnicodeLine => {
                let text = random.pick(&[
                    "a",
                    "\\u0041",
                    "\\\\u0041",
                    "\\U0001f600",
                    "\\ud83d\\ude00",
                    "\\",
                    "",
                    "k",
                ]);
                format!("{text}\n").into_bytes()
            }
            kind => {
                let payload = payload(kind, random);
                let claimed =
                    if random.percent(1) { random.bits() as usize & 0xffff } else { payload.len() };
                let mut bytes = match kind {
                    ArgumentKind::String1
                    | ArgumentKind::Unicode1
                    | ArgumentKind::Bytes1
                    | ArgumentKind::Long1 => {
                        vec![claimed as u8]
                    }
                    ArgumentKind::Unicode8 | ArgumentKind::Bytes8 | ArgumentKind::Bytearray8 => {
                        (claimed as u64).to_le_bytes().to_vec()
                    }
                    _ => (claimed as u32).to_le_bytes().to_vec(),
                };
                bytes.extend_from_slice(&payload);
                bytes
            }
        };
        self.bytes.extend_from_slice(&bytes);
    }

    /// The rough effect of `opcode` on the stack; for one that cannot follow, as much of it as
    /// there is.
    pub fn effect(&mut self, opcode: Opcode, argument: &Argument<'_>) {
        match opcode {
            Opcode::Mark => self.marks.push(self.stack.len()),
            Opcode::Append => self.drop(1),
            Opcode::Setitem => self.drop(2),
            Opcode::Appends | Opcode::Setitems | Opcode::Additems | Opcode::PopMark => {
                drop(self.take_mark())
            }
            Opcode::List => self.collect(Kind::List),
            Opcode::Dict => self.collect(Kind::Dict),
            Opcode::Frozenset => self.collect(Kind::Scalar),
            Opcode::Inst | Opcode::Obj => self.collect(Kind::Thing),
            Opcode::Tuple => {
                let items = self.take_mark();
                self.stack
                    .push(Kind::Tuple { hashable: items.iter().all(|kind| kind.is_hashable()) });
            }
            Opcode::EmptyTuple => self.stack.push(Kind::Tuple { hashable: true }),
            Opcode::Tuple1 => self.tuple(1),
            Opcode::Tuple2 => self.tuple(2),
            Opcode::Tuple3 => self.tuple(3),
            Opcode::Pop => {
                if self.marks.last() == Some(&self.stack.len()) {
                    self.marks.pop();
                } else {
                    self.drop(1);
                }
            }
            Opcode::Dup => self.stack.extend(self.stack.last().copied()),
            Opcode::Put | Opcode::Binput | Opcode::LongBinput => self.store(index(argument)),
            Opcode::Memoize => self.store(self.memo.len() as u64),
            Opcode::Get | Opcode::Binget | Opcode::LongBinget => {
                let wanted = index(argument);
                let found = self.memo.iter().rev().find(|(index, _)| *index == wanted);
                self.stack.push(found.map_or(Kind::Scalar, |(_, kind)| *kind));
            }
            Opcode::StackGlobal | Opcode::Reduce | Opcode::Newobj => self.replace(2),
            Opcode::NewobjEx => self.replace(3),
            Opcode::Binpersid => self.replace(1),
            Opcode::Build => self.drop(1),
            Opcode::ReadonlyBuffer | Opcode::Proto | Opcode::Frame | Opcode::Stop => {}
            Opcode::Global | Opcode::Persid | Opcode::Ext1 | Opcode::Ext2 | Opcode::Ext4 => {
                self.stack.push(Kind::Thing);
            }
            Opcode::NextBuffer => self.stack.push(Kind::Buffer),
            Opcode::EmptyList => self.stack.push(Kind::List),
            Opcode::EmptyDict => self.stack.push(Kind::Dict),
            Opcode::EmptySet => self.stack.push(Kind::Set),
            Opcode::Bytearray8 => self.stack.push(Kind::ByteArray),
            Opcode::Unicode
            | Opcode::Binunicode
            | Opcode::Binunicode8
            | Opcode::ShortBinunicode => {
                self.stack.push(Kind::Str);
            }
            Opcode::Binbytes | Opcode::Binbytes8 | Opcode::ShortBinbytes => {
                self.stack.push(Kind::Bytes)
            }
            _ => self.stack.push(Kind::Scalar),
        }
        // An opcode that could not follow may have taken what lay below a mark.
        let len = self.stack.len();
        self.marks.iter_mut().for_each(|mark| *mark = len.min(*mark));
    }

    fn drop(&mut self, count: usize) {
        self.stack.truncate(self.stack.len().saturating_sub(count));
    }

    fn take_mark(&mut self) -> Vec<Kind> {
        let mark = self.marks.pop().unwrap_or(self.stack.len());
        self.stack.split_off(mark)
    }

    fn collect(&mut self, kind: Kind) {
        self.take_mark();
        self.stack.push(kind);
    }

    fn tuple(&mut self, count: usize) {
        let items = self.stack.split_off(self.stack.len().saturating_sub(count));
        self.stack.push(Kind::Tuple { hashable: items.iter().all(|kind| kind.is_hashable()) });
    }

    fn replace(&mut self, count: usize) {
        self.drop(count);
        self.stack.push(Kind::Thing);
    }

    fn store(&mut self, index: u64) {
        if let Some(kind) = self.stack.last().copied() {
            self.memo.retain(|(other, _)| *other != index);
            self.memo.push((index, kind));
        }
    }

    /// A few opcodes that only together are what a Pickler writes.
    fn idiom(&mut self, random: &mut Random) {
        match random.below(8) {
            // A call that spells a builtin: set([…]).
            0 => {
                self.named(&["set", "frozenset", "list"], random);
                self.all(&[Opcode::EmptyList, Opcode::Mark], random);
                self.scalars(random);
                self.all(&[Opcode::Appends, Opcode::Tuple1, Opcode::Reduce], random);
            }
            // Bytes of text.
            1 => {
                self.named(&["encode", "bytearray", "bytes"], random);
                let end = *random.pick(&[Opcode::Tuple1, Opcode::Tuple2]);
                if end == Opcode::Tuple2 {
                    self.all(&[Opcode::ShortBinunicode], random);
                }
                self.all(
                    &[
                        *random.pick(&[Opcode::ShortBinunicode, Opcode::ShortBinbytes]),
                        end,
                        Opcode::Reduce,
                    ],
                    random,
                );
            }
            2 => {
                self.named(&["complex"], random);
                let number = *random.pick(&[Opcode::Binfloat, Opcode::Binint1, Opcode::Float]);
                self.all(&[Opcode::Binfloat, number, Opcode::Tuple2, Opcode::Reduce], random);
            }
            // An attribute of a class.
            3 => {
                self.named(&["getattr"], random);
                let owner = *random.pick(&[Opcode::Global, Opcode::Global, Opcode::Persid]);
                self.all(&[owner, Opcode::ShortBinunicode, Opcode::Tuple2, Opcode::Reduce], random);
            }
            // An instance with a state.
            4 => {
                self.all(
                    &[
                        Opcode::Global,
                        Opcode::EmptyTuple,
                        Opcode::Newobj,
                        Opcode::Memoize,
                        Opcode::EmptyDict,
                    ],
                    random,
                );
                self.all(
                    &[Opcode::ShortBinunicode, Opcode::Binint1, Opcode::Setitem, Opcode::Build],
                    random,
                );
            }
            // A state setter: a call of it with object and state, whose result is dropped.
            5 => {
                self.all(
                    &[
                        Opcode::Global,
                        Opcode::EmptyTuple,
                        Opcode::Newobj,
                        Opcode::Memoize,
                        Opcode::Global,
                    ],
                    random,
                );
                let index = self.memo.last().map_or(0, |(index, _)| *index);
                self.bytes.extend_from_slice(&[Opcode::Binget.byte(), index as u8]);
                self.effect(Opcode::Binget, &Argument::Int(index as i64));
                self.all(&[Opcode::EmptyDict, Opcode::Tuple2, Opcode::Reduce, Opcode::Pop], random);
            }
            6 => {
                self.named(&["_reconstructor", "__newobj__", "__newobj_ex__"], random);
                let second = *random.pick(&[Opcode::Global, Opcode::EmptyTuple]);
                let third = *random.pick(&[Opcode::None, Opcode::EmptyDict]);
                self.all(&[Opcode::Global, second, third, Opcode::Tuple3, Opcode::Reduce], random);
            }
            // Something that contains itself.
            _ => {
                let container = *random.pick(&[Opcode::EmptyList, Opcode::Global]);
                self.all(&[container, Opcode::Memoize], random);
                let index = self.memo.last().map_or(0, |(index, _)| *index);
                self.bytes.extend_from_slice(&[Opcode::Binget.byte(), index as u8]);
                self.effect(Opcode::Binget, &Argument::Int(index as i64));
                let wrap = *random.pick(&[Opcode::Tuple1, Opcode::Tuple1, Opcode::Dup]);
                self.all(&[wrap, Opcode::Append], random);
            }
        }
    }

    fn all(&mut self, opcodes: &[Opcode], random: &mut Random) {
        for &opcode in opcodes {
            self.emit(opcode, random);
            if random.percent(10) && self.can_follow(Opcode::Memoize) {
                self.emit(Opcode::Memoize, random);
            }
        }
    }

    fn scalars(&mut self, random: &mut Random) {
        for _ in 0..random.below(4) {
            let opcode = *random.pick(&[
                Opcode::Binint1,
                Opcode::ShortBinunicode,
                Opcode::None,
                Opcode::EmptyTuple,
            ]);
            self.emit(opcode, random);
        }
    }

    /// A global whose name is one of `names`, of a module that it is known in.
    fn named(&mut self, names: &[&str], random: &mut Random) {
        let known = self.vocabulary.names;
        let fitting: Vec<_> = known.iter().filter(|(_, name)| names.contains(name)).collect();
        let (module, name) =
            if fitting.is_empty() { random.pick(known) } else { *random.pick(&fitting) };
        self.bytes.push(Opcode::Global.byte());
        self.bytes.extend_from_slice(format!("{module}\n{name}\n").as_bytes());
        self.effect(Opcode::Global, &Argument::None);
    }

    /// Ends the program so that it can be read.
    pub fn finish(&mut self, random: &mut Random) {
        if self.above().is_empty() {
            self.emit(
                if self.stack.is_empty() { Opcode::None } else { Opcode::EmptyTuple },
                random,
            );
        }
        // Everything into one value, at times, so that nothing is left behind unseen.
        if random.percent(60) {
            while self.stack.len() > 1 || !self.marks.is_empty() {
                let end = if self.marks.is_empty() { Opcode::Tuple2 } else { Opcode::Tuple };
                self.emit(end, random);
            }
        }
        self.bytes.push(Opcode::Stop.byte());
    }
}

/// A whole program of about `steps` opcodes.
pub fn program(vocabulary: Vocabulary, steps: usize, random: &mut Random) -> Vec<u8> {
    let mut program = Program::new(vocabulary);
    if random.percent(70) {
        program.emit(Opcode::Proto, random);
    }
    program.steps(steps, random);
    program.finish(random);
    program.into_bytes()
}

/// Returns true if an opcode takes something off the stack.
fn takes(opcode: Opcode) -> bool {
    use Opcode as O;
    matches!(
        opcode,
        O::Append
            | O::Setitem
            | O::Appends
            | O::Setitems
            | O::Additems
            | O::Frozenset
            | O::Dict
            | O::List
            | O::Tuple
    ) || matches!(
        opcode,
        O::Tuple1 | O::Tuple2 | O::Tuple3 | O::Pop | O::PopMark | O::Inst | O::Obj | O::Binpersid
    ) || matches!(
        opcode,
        O::StackGlobal | O::Reduce | O::Newobj | O::NewobjEx | O::Build | O::ReadonlyBuffer
    )
}

fn index(argument: &Argument<'_>) -> u64 {
    match argument {
        Argument::Int(index) => *index as u64,
        _ => 0,
    }
}

/// All of an argument that [`Program::effect`] looks at.
fn own(argument: &Argument<'_>) -> Argument<'static> {
    match argument {
        Argument::Int(index) => Argument::Int(*index),
        _ => Argument::None,
    }
}

fn payload(kind: ArgumentKind, random: &mut Random) -> Vec<u8> {
    let text =
        matches!(kind, ArgumentKind::Unicode1 | ArgumentKind::Unicode4 | ArgumentKind::Unicode8);
    if text {
        return match random.below(20) {
            0 => b"\xed\xa0\x80".to_vec(),
            1 => b"\xff".to_vec(),
            _ => random.pick(TEXTS).as_bytes().to_vec(),
        };
    }
    let long = matches!(kind, ArgumentKind::Long1 | ArgumentKind::Long4);
    let len =
        if random.percent(10) { random.below(30) } else { random.below(if long { 10 } else { 3 }) };
    (0..len).map(|_| random.bits() as u8).collect()
}
