//! Every way to read a pickle gives the same: no option that only changes the way, no entry point
//! and no container around it changes what a type makes of a pickle.
//!
//! [`types`] lists the types: those of serde's data model and the attributes of serde_derive, those
//! of other crates with serde support of their own, and the crate's. A pair of a type and a pickle
//! is read by every way that there is; the value, as `Debug` prints it, or the kind of the error
//! must be that of `from_slice`.
//!
//! An ordinary run takes a sample of the fixtures, and of fixtures with damage, for each type.
//! `SERDE_PICKLE_PROGRAMS` takes that many damaged or generated pickles, and from a million on all
//! of the fixtures:
//!
//! ```sh
//! SERDE_PICKLE_PROGRAMS=1000000 cargo test --test ways -- --nocapture
//! ```
#![allow(missing_docs, dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../corpus.rs"]
mod corpus;
mod types;

use std::collections::HashSet;
use std::fmt::Debug;
use std::io::{BufReader, Read};

use serde::de::{Deserialize, DeserializeOwned, IgnoredAny};
use serde_pickle::opcode::{Opcode, instructions};
use serde_pickle::reduce::{ExtensionRegistry, Resolution};
use serde_pickle::{DeOptions, Deserializer, Error, ErrorKind, Resolver, Value};
use serde_pickle_checks::Random;
use serde_pickle_checks::program::{Vocabulary, program};

/// The result of a reading, in a form that all types share.
type Found = Result<String, ErrorKind>;

fn found<T: Debug>(result: Result<T, Error>) -> Found {
    match result {
        Ok(value) => Ok(format!("{value:?}")),
        Err(error) => Err(error.kind()),
    }
}

/// One byte at a time.
struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match (self.0.split_first(), buffer.first_mut()) {
            (Some((byte, rest)), Some(slot)) => {
                (*slot, self.0) = (*byte, rest);
                Ok(1)
            }
            _ => Ok(0),
        }
    }
}

struct AllowsAll;

impl Resolver for AllowsAll {
    fn find_class(&self, _: &str, _: &str) -> Result<Resolution, Error> {
        Ok(Resolution::Allow)
    }
}

/// A pickle that is read in all ways.
struct Case {
    name: String,
    bytes: Vec<u8>,
    /// The same as the one item of a list, unless it leaves more than one thing on the stack; and
    /// of a tuple.
    list: Option<Vec<u8>>,
    tuple: Vec<u8>,
    /// True if extension codes are in it: with a registry each must be known.
    extensions: bool,
    /// True if there are persistent ids, which a resolver is asked about.
    persistent: bool,
    buffers: bool,
    /// The value, unless keys or objects of the pickle are lost in it.
    value: Option<Value>,
}

impl Case {
    fn new(name: String, bytes: &[u8], by_pickler: bool) -> Self {
        let all: Vec<_> = instructions(bytes).map_while(Result::ok).collect();
        let has = |opcodes: &[Opcode]| all.iter().any(|(_, opcode, _)| opcodes.contains(opcode));
        // Bytes behind STOP are not part of it.
        let bytes = match all.last() {
            Some((offset, Opcode::Stop, _)) => bytes[..=*offset as usize].to_vec(),
            _ => bytes.to_vec(),
        };
        let body = bytes.strip_suffix(b".").unwrap_or(&bytes);
        // An 8-bit string of Python 2 is a str to a Value, or bytes, and no more both.
        let both = has(&[Opcode::String, Opcode::Binstring, Opcode::ShortBinstring]);
        let value = (by_pickler && !both).then(|| serde_pickle::from_slice(&bytes).ok()).flatten();
        let list = [b"(", body, b"l."].concat();
        let items = serde_pickle::from_slice::<Vec<IgnoredAny>>(&list).map_or(0, |it| it.len());
        Self {
            name,
            list: (items == 1).then_some(list),
            tuple: [body, b"\x85."].concat(),
            extensions: has(&[Opcode::Ext1, Opcode::Ext2, Opcode::Ext4]),
            persistent: has(&[Opcode::Persid, Opcode::Binpersid]),
            buffers: has(&[Opcode::NextBuffer]),
            value,
            bytes,
        }
    }
}

/// The number of readings, and of those that gave a value.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    pairs: u32,
    read: u32,
    ways: u32,
}

struct Compared<'a> {
    case: &'a Case,
    name: &'static str,
    first: Found,
    tally: Tally,
}

impl Compared<'_> {
    #[track_caller]
    fn same(&mut self, way: &str, other: Found) {
        self.tally.ways += 1;
        assert_eq!(
            other,
            self.first,
            "{} as {}, {way}, against from_slice:\n{:.3000}",
            self.case.name,
            self.name,
            self.case.bytes.escape_ascii().to_string()
        );
    }
}

impl Compared<'_> {
    /// The same value in a container, unless that makes it nest too deep.
    #[track_caller]
    fn within(&mut self, container: &str, expected: String, found: Found) {
        self.tally.ways += 1;
        let fine = found.as_ref() == Ok(&expected) || found == Err(ErrorKind::Limit);
        assert!(
            fine,
            "{} as {}, {container}: {found:.600?}, not {expected:.600}\n{:.3000}",
            self.case.name,
            self.name,
            self.case.bytes.escape_ascii().to_string()
        );
    }
}

/// The ways that borrow from the pickle.
fn borrowed<'c, T: Deserialize<'c> + Debug>(case: &'c Case) -> Tally {
    compared::<T>(case).tally
}

/// All ways, for a type and for an `Option` of it.
fn only_read<T: DeserializeOwned + Debug>(case: &Case) -> Tally {
    let mut tally = owned::<T>(case);
    tally += owned::<Option<T>>(case);
    tally
}

fn compared<'c, T: Deserialize<'c> + Debug>(case: &'c Case) -> Compared<'c> {
    let bytes = case.bytes.as_slice();
    let registry = ExtensionRegistry::new();
    let options = DeOptions::new();
    let first = found(options.from_slice::<T>(bytes));
    let read = first.is_ok().into();
    let tally = Tally { pairs: 1, read, ways: 0 };
    let mut c = Compared { case, name: std::any::type_name::<T>(), first, tally };
    let many = options.clone().max_nodes(4_000_000_000);
    c.same("with max_nodes", found(many.from_slice::<T>(bytes)));
    if !case.extensions && !case.persistent {
        let resolving = options.clone().resolver(AllowsAll);
        c.same("with a resolver", found(resolving.from_slice::<T>(bytes)));
    }
    if !case.extensions {
        let coded = options.clone().extensions(registry.clone());
        c.same("with a registry", found(coded.from_slice::<T>(bytes)));
    }
    if !case.buffers {
        let none: [&[u8]; 0] = [];
        c.same("with no buffers", found(options.clone().buffers(none).from_slice::<T>(bytes)));
    }
    c.same("by a Deserializer", found(T::deserialize(&mut Deserializer::from_slice(bytes))));
    let mut kept = Deserializer::from_slice(bytes).keep_memo(true);
    c.same("with the memo kept", found(T::deserialize(&mut kept)));
    if let Ok(first) = &c.first {
        let (list, tuple) = (format!("[{first}]"), format!("({first},)"));
        c.within("in a tuple", tuple, found(options.from_slice::<(T,)>(&case.tuple)));
        if let Some(bytes) = &case.list {
            c.within("in a list", list, found(options.from_slice::<Vec<T>>(bytes)));
        }
    }
    c
}

/// And those that do not.
fn owned<T: DeserializeOwned + Debug>(case: &Case) -> Tally {
    let bytes = case.bytes.as_slice();
    let mut c = compared::<T>(case);
    c.same("from a reader", found(serde_pickle::from_reader::<_, T>(bytes)));
    c.same("from a slow reader", found(serde_pickle::from_reader::<_, T>(Slow(bytes))));
    let mut small = BufReader::with_capacity(3, bytes);
    c.same("from a small buffer", found(serde_pickle::from_buf_reader::<_, T>(&mut small)));
    c.same("from a buffer", found(serde_pickle::from_buf_reader::<_, T>(bytes)));
    let mut stream = Deserializer::from_reader(bytes);
    c.same("from a stream", found(T::deserialize(&mut stream)));
    let mut kept = Deserializer::from_reader(Slow(bytes)).keep_memo(true);
    c.same("from a stream with the memo kept", found(T::deserialize(&mut kept)));
    let graph = serde_pickle::Graph::from_slice(bytes);
    c.same("from a graph", found(graph.and_then(|graph| graph.deserialize::<T>())));
    if let Some(value) = &case.value {
        // Its errors may be of another kind: what it cannot hold was refused before.
        let other = found(T::deserialize(value));
        let both_err = other.is_err() && c.first.is_err();
        c.same("from a Value", if both_err { c.first.clone() } else { other });
    }
    c.tally
}

/// Reads a pickle as one type in all ways.
type Check = fn(&Case) -> Tally;

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.pairs += other.pairs;
        self.read += other.read;
        self.ways += other.ways;
    }
}

/// The number of generated pickles: enough for every run, or as many as are asked for.
fn programs() -> usize {
    std::env::var("SERDE_PICKLE_PROGRAMS").map_or(2_000, |count| count.parse().unwrap()).max(2_000)
}

/// The fixtures that picklers wrote, and the others; equal ones once, and no long ones.
fn cases() -> Vec<Case> {
    let mut seen = HashSet::new();
    corpus::all()
        .into_iter()
        .filter(|fixture| fixture.bytes.len() <= 20_000 && seen.insert(fixture.bytes.clone()))
        .map(|fixture| {
            let by_pickler = matches!(fixture.set, "valid" | "types" | "numpy" | "hooks");
            Case::new(fixture.name(), &fixture.bytes, by_pickler)
        })
        .collect()
}

#[test]
fn every_fixture_is_the_same_to_every_type_by_every_way() {
    let mut random = Random::new(0x5eed_0010);
    let mut tally = Tally::default();
    let all = programs() >= 1_000_000;
    for case in cases() {
        for check in types::CHECKS.iter().chain(types::ONLY_READ) {
            if all || random.below(40) == 0 {
                tally += check(&case);
            }
        }
    }
    println!("{tally:?}");
    assert!(tally.pairs > 5_000 && tally.read > 500, "{tally:?}");
}

#[test]
fn damaged_and_generated_pickles_are_the_same_by_every_way() {
    let mut random = Random::new(0x5eed_0011);
    let mut tally = Tally::default();
    let small = |case: &Case| (1..2_000).contains(&case.bytes.len());
    let fixtures: Vec<Case> = cases().into_iter().filter(small).collect();
    for number in 0..programs() {
        let bytes = if number % 2 == 0 {
            program(Vocabulary::ALL, 30, &mut random)
        } else {
            let mut bytes = random.pick(&fixtures).bytes.clone();
            for _ in 0..=random.below(3) {
                if bytes.is_empty() {
                    break;
                }
                let at = random.below(bytes.len());
                match random.below(3) {
                    0 => bytes[at] = random.bits() as u8,
                    1 => drop(bytes.remove(at)),
                    _ => bytes.insert(at, random.bits() as u8),
                }
            }
            bytes
        };
        let case = Case::new(format!("number {number}"), &bytes, false);
        for _ in 0..3 {
            tally += random.pick(types::CHECKS)(&case);
        }
    }
    println!("{tally:?}");
    assert!(tally.read > 50, "{tally:?}");
}
