//! Generated programs: values spelled as picklers do, in all their dialects and in ones that nobody
//! speaks, whole and damaged, read by made-up types that fit and by some that do not.

use serde_pickle::DeOptions;

use super::ask::{Ask, STRUCTS, Told, VARIANTS};
use super::{Random, Tally, compare, programs};

/// A Python value to spell.
#[derive(Clone, Debug)]
enum Item {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Item>),
    Tuple(Vec<Item>),
    Set(Vec<Item>),
    Dict(Vec<(Item, Item)>),
    Object(&'static str, Vec<(Item, Item)>),
}

const TEXTS: [&str; 12] = [
    "a",
    "b",
    "c",
    "x",
    "name",
    "",
    "ünï",
    "EmptyU",
    "WrapN",
    "a longer text, of a line",
    "7",
    "py",
];

fn text(random: &mut Random) -> Item {
    if random.once_in(40) {
        return Item::Text("long ".repeat(random.one_of(&[60, 200, 14_000])));
    }
    Item::Text(random.one_of(&TEXTS).to_owned())
}

fn int(random: &mut Random) -> Item {
    let bits = random.below(64);
    let value = (random.next() as i64) >> bits;
    Item::Int(if random.once_in(3) { random.below(300) as i64 } else { value })
}

/// A number of items: few, and now and then so many that they come in batches.
fn count(random: &mut Random, mut ask: &Ask) -> usize {
    while let Ask::Option(inner) | Ask::Newtype(inner) = ask {
        ask = inner;
    }
    let small = matches!(ask, Ask::I64 | Ask::Str | Ask::F64 | Ask::Narrow | Ask::Ignored);
    if small && random.once_in(60) {
        return random.one_of(&[999, 1000, 1001, 1002, 2000, 2001, 3000]);
    }
    random.one_of(&[0, 0, 1, 1, 1, 2, 2, 3, 5])
}

fn any(random: &mut Random, depth: usize) -> Item {
    match random.below(if depth == 0 { 7 } else { 12 }) {
        0 => Item::None,
        1 => Item::Bool(random.once_in(2)),
        2 | 3 => int(random),
        4 => Item::Float(random.one_of(&[0.0, -0.0, 1.5, f64::NAN, f64::INFINITY, 1e300])),
        5 => text(random),
        6 => Item::Bytes(vec![7; random.below(5)]),
        n => {
            let len = random.below(4);
            let inner = Ask::random(random, depth - 1);
            let items = |random: &mut Random| {
                (0..len).map(|_| fitting(random, &inner, depth - 1)).collect::<Vec<_>>()
            };
            match n {
                7 | 8 => Item::List(items(random)),
                9 => Item::Tuple(items(random)),
                10 => Item::Set((0..len).map(|_| text(random)).collect()),
                _ => {
                    Item::Dict(items(random).into_iter().map(|item| (text(random), item)).collect())
                }
            }
        }
    }
}

/// A value that mostly is what is asked for.
fn fitting(random: &mut Random, ask: &Ask, depth: usize) -> Item {
    if random.once_in(150) {
        return any(random, depth);
    }
    match ask {
        Ask::Bool => Item::Bool(random.once_in(2)),
        Ask::I8 | Ask::I64 | Ask::I128 | Ask::U8 | Ask::U64 => int(random),
        Ask::Narrow => Item::Int(random.below(260) as i64),
        Ask::F32 | Ask::F64 if random.once_in(4) => int(random),
        Ask::F32 | Ask::F64 => Item::Float(random.below(1_000) as f64 / 8.0),
        Ask::Char | Ask::Str | Ask::String | Ask::Identifier => text(random),
        Ask::Bytes | Ask::ByteBuf => Item::Bytes(vec![b'K'; random.below(300)]),
        Ask::Unit | Ask::UnitStruct => Item::None,
        Ask::Any | Ask::Ignored | Ask::Nothing => any(random, depth.min(2)),
        Ask::Swallow(inner) if random.once_in(2) => fitting(random, inner, depth),
        Ask::Swallow(_) => any(random, depth.min(2)),
        Ask::Option(_) if random.once_in(3) => Item::None,
        Ask::Option(inner) | Ask::Newtype(inner) => fitting(random, inner, depth),
        Ask::Seq(inner) | Ask::Few(_, inner) => {
            let len = count(random, inner);
            let items = (0..len).map(|_| fitting(random, inner, depth)).collect();
            match random.below(8) {
                0 => Item::Tuple(items),
                1 => Item::Set(items),
                _ => Item::List(items),
            }
        }
        Ask::Tuple(asks) => {
            let items = asks.iter().map(|ask| fitting(random, ask, depth)).collect();
            if random.once_in(8) { Item::List(items) } else { Item::Tuple(items) }
        }
        Ask::Map(key, value) => {
            let len = count(random, value);
            Item::Dict(
                (0..len)
                    .map(|_| (fitting(random, key, depth), fitting(random, value, depth)))
                    .collect(),
            )
        }
        Ask::Struct(name, inner) => {
            let len = random.below(4);
            let fields = (0..len).map(|_| (text(random), fitting(random, inner, depth))).collect();
            let class = if random.once_in(10) { random.one_of(&STRUCTS) } else { name };
            let plain = !class.starts_with("py:");
            if plain && !random.once_in(3) {
                Item::Dict(fields)
            } else {
                Item::Object(class, fields)
            }
        }
        Ask::Enum(inner) => {
            let variant = random.one_of(&VARIANTS);
            let mut data = || fitting(random, inner, depth);
            let data = match variant.chars().last() {
                Some('U') => Item::None,
                Some('T') => Item::Tuple(vec![data(), data()]),
                Some('S') => Item::Dict(vec![
                    (Item::Text("a".to_owned()), data()),
                    (Item::Text("b".to_owned()), data()),
                ]),
                _ => data(),
            };
            let variant_is_all = matches!(data, Item::None) && !random.once_in(3);
            let variant = Item::Text(variant.to_owned());
            if variant_is_all { variant } else { Item::Dict(vec![(variant, data)]) }
        }
    }
}

/// Spells values as opcodes.
struct Speller<'r> {
    random: &'r mut Random,
    protocol: u8,
    out: Vec<u8>,
    /// Entries of the memo so far, and the texts and names among them.
    entries: usize,
    texts: Vec<(String, usize)>,
    classes: Vec<(String, usize)>,
    /// Of ten values, the number that are memoized.
    memoized: usize,
    /// One in so many choices is none of a pickler.
    odd: usize,
    frames: bool,
    /// Where frames begin or end.
    cuts: Vec<usize>,
}

impl<'r> Speller<'r> {
    fn new(random: &'r mut Random) -> Self {
        let protocol = random.one_of(&[0, 1, 2, 2, 3, 4, 4, 4, 5]);
        let memoized = random.one_of(&[0, 5, 10, 10]);
        let odd = random.one_of(&[usize::MAX, usize::MAX, 30, 6]);
        // Python 2's cPickle numbers from one.
        let entries = usize::from(protocol <= 2 && random.once_in(3));
        let frames = protocol >= 4 && random.once_in(3);
        Self {
            random,
            protocol,
            out: Vec::new(),
            entries,
            texts: Vec::new(),
            classes: Vec::new(),
            memoized,
            odd,
            frames,
            cuts: Vec::new(),
        }
    }

    fn odd(&mut self) -> bool {
        self.odd != usize::MAX && self.random.once_in(self.odd)
    }

    fn put(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn frame(&mut self) {
        if self.frames && self.random.once_in(6) {
            self.cuts.push(self.out.len());
        }
    }

    fn memoize(&mut self) -> Option<usize> {
        if self.random.below(10) >= self.memoized {
            return None;
        }
        let index = self.entries;
        match (self.protocol, index) {
            (4.., _) if !self.odd() => self.put(b"\x94"),
            (0, _) => self.put(format!("p{index}\n").as_bytes()),
            (_, 0..256) => self.put(&[b'q', index as u8]),
            _ => self.put(&[&b"r"[..], &(index as u32).to_le_bytes()].concat()),
        }
        self.entries += 1;
        Some(index)
    }

    fn get(&mut self, index: usize) {
        match (self.protocol, index) {
            (0, _) => self.put(format!("g{index}\n").as_bytes()),
            (_, 0..256) => self.put(&[b'h', index as u8]),
            _ => self.put(&[&b"j"[..], &(index as u32).to_le_bytes()].concat()),
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(&(_, index)) = self.texts.iter().find(|(known, _)| known == text)
            && !self.random.once_in(10)
        {
            return self.get(index);
        }
        let odd = self.odd();
        match self.protocol {
            0 if !text.is_ascii() => self.put(b"Vescaped\\u00fc\n"),
            0 => self.put(format!("V{text}\n").as_bytes()),
            4.. if text.len() < 256 => {
                self.put(&[&[0x8c, text.len() as u8], text.as_bytes()].concat());
            }
            4.. if odd => self
                .put(&[&[0x8d], &(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()),
            _ => {
                self.put(&[b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat());
            }
        }
        if text.len() >= 64 << 10 {
            self.frame();
        }
        if let Some(index) = self.memoize() {
            self.texts.push((text.to_owned(), index));
        }
    }

    fn int(&mut self, value: i64) {
        let odd = self.odd();
        let long = i32::try_from(value).is_err();
        match (self.protocol, value) {
            (0 | 1, _) if long => self.put(format!("L{value}L\n").as_bytes()),
            (0, _) => self.put(format!("I{value}\n").as_bytes()),
            (2.., 0) if odd => self.put(b"\x8a\0"),
            (2.., _) if long || odd => {
                self.put(&[&[0x8a, 8], &value.to_le_bytes()[..]].concat());
            }
            (_, 0..256) => self.put(&[b'K', value as u8]),
            (_, 0..65536) => self.put(&[&b"M"[..], &(value as u16).to_le_bytes()].concat()),
            _ => self.put(&[&b"J"[..], &(value as i32).to_le_bytes()].concat()),
        }
    }

    fn item(&mut self, item: &Item) {
        self.frame();
        match item {
            Item::None => self.put(b"N"),
            Item::Bool(value) => self.put(match (self.protocol, value) {
                (0 | 1, true) => b"I01\n",
                (0 | 1, false) => b"I00\n",
                (_, true) => b"\x88",
                (_, false) => b"\x89",
            }),
            Item::Int(value) => self.int(*value),
            Item::Float(value) if self.protocol == 0 => {
                self.put(format!("F{value:?}\n").as_bytes());
            }
            Item::Float(value) => self.put(&[&b"G"[..], &value.to_be_bytes()].concat()),
            Item::Text(text) => self.text(text),
            Item::Bytes(bytes) => {
                match bytes.len() {
                    0..256 => self.put(&[&[b'C', bytes.len() as u8], &bytes[..]].concat()),
                    len => self.put(&[b"B", &(len as u32).to_le_bytes()[..], bytes].concat()),
                }
                self.memoize();
            }
            Item::List(items) => self.list(items),
            Item::Tuple(items) => self.tuple(items),
            Item::Set(items) => self.set(items),
            Item::Dict(entries) => self.dict(entries),
            Item::Object(class, fields) => self.object(class, fields),
        }
    }

    fn items(&mut self, items: &[Item]) {
        items.iter().for_each(|item| self.item(item));
    }

    fn entries(&mut self, entries: &[(Item, Item)]) {
        for (key, value) in entries {
            self.item(key);
            self.item(value);
        }
    }

    /// The size of the next batch, by habit or by chance.
    fn batch(&mut self, left: usize) -> usize {
        if self.odd() { self.random.below(left + 1) } else { left.min(1_000) }
    }

    fn list(&mut self, mut items: &[Item]) {
        if self.protocol == 0 || self.odd() {
            self.put(b"(");
            let most = if self.odd() { items.len() } else { 0 };
            let (inside, behind) = items.split_at(most);
            self.items(inside);
            self.put(b"l");
            self.memoize();
            for item in behind {
                self.item(item);
                self.put(b"a");
            }
            return;
        }
        if self.protocol == 1 && self.random.once_in(4) {
            // serde_pickle's own way.
            self.put(b"(");
            self.items(items);
            self.put(b"l");
            return;
        }
        self.put(b"]");
        self.memoize();
        while !items.is_empty() || self.odd() {
            let batch = self.batch(items.len());
            let (now, later) = items.split_at(batch);
            if batch == 1 && !self.odd() {
                self.items(now);
                self.put(b"a");
            } else {
                self.put(b"(");
                self.items(now);
                self.put(b"e");
            }
            items = later;
        }
        // Some picklers end a full batch by an empty one.
        if self.odd() {
            self.put(b"(e");
        }
    }

    fn tuple(&mut self, items: &[Item]) {
        match items.len() {
            0 if self.protocol > 0 => self.put(b")"),
            len @ 1..4 if self.protocol >= 2 && !self.odd() => {
                self.items(items);
                self.put(&[0x84 + len as u8]);
                self.memoize();
            }
            _ => {
                self.put(b"(");
                self.items(items);
                self.put(b"t");
                self.memoize();
            }
        }
    }

    fn set(&mut self, mut items: &[Item]) {
        self.put(b"\x8f");
        self.memoize();
        while !items.is_empty() {
            let batch = self.batch(items.len());
            let (now, later) = items.split_at(batch);
            self.put(b"(");
            self.items(now);
            self.put(b"\x90");
            items = later;
        }
    }

    fn dict(&mut self, mut entries: &[(Item, Item)]) {
        if self.protocol == 0 || self.odd() {
            self.put(b"(");
            let most = if self.odd() { entries.len() } else { 0 };
            let (inside, behind) = entries.split_at(most);
            self.entries(inside);
            self.put(b"d");
            self.memoize();
            for (key, value) in behind {
                self.item(key);
                self.item(value);
                self.put(b"s");
            }
            return;
        }
        self.put(b"}");
        self.memoize();
        while !entries.is_empty() {
            let batch = self.batch(entries.len());
            let (now, later) = entries.split_at(batch);
            if batch == 1 && !self.odd() {
                self.entries(now);
                self.put(b"s");
            } else {
                self.put(b"(");
                self.entries(now);
                self.put(b"u");
            }
            entries = later;
        }
    }

    fn object(&mut self, class: &str, fields: &[(Item, Item)]) {
        let (module, name) = match class {
            "py:geometry:Point" => ("geometry", "Point"),
            // Python 2's name of `queue`.
            "py:queue:Queue" => (
                ["Queue", "queue"][usize::from(self.protocol >= 3 || self.random.once_in(3))],
                "Queue",
            ),
            _ => self.random.one_of(&[
                ("geometry", "Point"),
                ("collections", "OrderedDict"),
                ("builtins", "set"),
                ("a", "B.C"),
            ]),
        };
        let known = format!("{module} {name}");
        match self.classes.iter().find(|(class, _)| *class == known) {
            Some(&(_, index)) if !self.random.once_in(10) => self.get(index),
            _ => {
                if self.protocol >= 4 {
                    self.text(module);
                    self.text(name);
                    self.put(b"\x93");
                } else {
                    self.put(format!("c{module}\n{name}\n").as_bytes());
                }
                if let Some(index) = self.memoize() {
                    self.classes.push((known, index));
                }
            }
        }
        let arguments = if self.odd() { &b"(t\x81"[..] } else { b")\x81" };
        self.put(arguments);
        self.memoize();
        self.dict(fields);
        let end = if self.odd() { b"Nb" } else { &b"b"[..] };
        self.put(end);
    }

    fn whole(mut self, item: &Item) -> Vec<u8> {
        if self.protocol >= 2 {
            self.put(&[0x80, self.protocol]);
        }
        let begin = self.out.len();
        self.item(item);
        self.frame();
        self.put(b".");
        if self.protocol < 4 || !self.random.once_in(2) {
            return self.out;
        }
        self.cuts.insert(0, begin);
        self.cuts.push(self.out.len());
        let mut framed = self.out[..begin].to_vec();
        for part in self.cuts.windows(2).map(|cut| &self.out[cut[0]..cut[1]]) {
            // Some parts lie outside of frames, and a few frames lie.
            if !self.random.once_in(5) {
                let lie = if self.random.once_in(60) { 1 + self.random.below(4) } else { 0 };
                framed.push(0x95);
                framed.extend((part.len().abs_diff(lie) as u64).to_le_bytes());
            }
            framed.extend_from_slice(part);
        }
        framed
    }
}

/// Changes a few bytes.
pub(super) fn damage(random: &mut Random, bytes: &mut Vec<u8>) {
    const OPCODES: &[u8] =
        b"(]})NK.aesubtlhq02\x81\x85\x86\x87\x88\x8f\x90\x93\x94\x95\x8c\x8ag\np";
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len());
        let end = (at + 1 + random.below(8)).min(bytes.len());
        match random.below(6) {
            0 => bytes[at] = random.next() as u8,
            1 => bytes[at] = random.one_of(OPCODES),
            2 => bytes.insert(at, random.one_of(OPCODES)),
            3 if bytes.len() > end => drop(bytes.drain(at..end)),
            4 => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            _ => {
                let other = random.below(bytes.len());
                bytes.swap(at, other);
            }
        }
    }
}

/// Options as they are, and with limits that are met now and then.
fn options(random: &mut Random) -> DeOptions<'static> {
    let options = DeOptions::new();
    match random.below(12) {
        0 => options.max_depth(random.below(5)),
        1 => options.max_expansion(random.below(30)),
        2 => options.max_int_digits(random.below(6)),
        3 => options.fix_imports(false),
        _ => options,
    }
}

#[test]
fn generated_programs_read_the_same_both_ways() {
    let mut random = Random(0x5eed_0001);
    let (mut whole, mut damaged) = (Tally::default(), Tally::default());
    for number in 0..programs(12_000) {
        let depth = 1 + random.below(4);
        let ask = Ask::random(&mut random, depth);
        let item = fitting(&mut random, &ask, 3);
        let mut bytes = Speller::new(&mut random).whole(&item);
        Told::by(ask.clone());
        let options = options(&mut random);
        let what = format!("program {number}, {ask:.600?}, {options:?},");
        whole += compare::<Told>(&bytes, &options, &what);
        if random.once_in(2) {
            damage(&mut random, &mut bytes);
            damaged += compare::<Told>(&bytes, &options, &what);
        }
        if random.once_in(10) {
            Told::by(Ask::random(&mut random, 3));
            damaged += compare::<Told>(&bytes, &options, &what);
        }
    }
    println!("whole: {whole:?}; damaged or asked for something else: {damaged:?}");
    assert!(whole.direct * 3 > whole.made, "too few are read directly: {whole:?}");
    assert!(damaged.direct * 20 > damaged.made, "too few are read directly: {damaged:?}");
}
