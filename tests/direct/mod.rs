//! Regular pickles are read straight from the opcodes, all others by the machine: both ways give
//! the same.
//!
//! Nothing public says which way a pickle was read. But what the direct way gives up is read again
//! by the machine, and then the type's `Deserialize` runs twice: [`Counted`] counts. And buffers,
//! even none, are for the machine alone, so [`DeOptions::buffers`] gives what it would have read.

mod again;
mod ask;
mod fields;
mod hints;
mod hostile;
mod kept;
mod made;
mod natural;
mod numbers;
mod numpy;
mod objects;
mod options;
mod programs;
mod rows;
mod types;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::de::Deserialize;
use serde_pickle::opcode::{Opcode, instructions};
use serde_pickle::{DeOptions, Error, Protocol, Value, from_slice};

thread_local! {
    static RUNS: Cell<u32> = const { Cell::new(0) };
}

/// A `T` that counts how often one is read.
#[derive(Debug, PartialEq)]
struct Counted<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Counted<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RUNS.set(RUNS.get() + 1);
        T::deserialize(deserializer).map(Self)
    }
}

/// The results of comparisons.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    made: u32,
    /// Both ways gave a value.
    read: u32,
    /// And no machine was needed for one of them.
    direct: u32,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.made += other.made;
        self.read += other.read;
        self.direct += other.direct;
    }
}

/// What the machine alone reads.
fn by_machine<'de, T: Deserialize<'de>>(
    bytes: &'de [u8],
    options: &DeOptions<'static>,
) -> Result<T, Error> {
    let mut opcodes = instructions(bytes).map_while(Result::ok).map(|(_, opcode, _)| opcode);
    if opcodes.any(|opcode| opcode == Opcode::NextBuffer) {
        // A buffer that is not given is another error then; the machine reads this anyway.
        return options.from_slice(bytes);
    }
    let none: [&'static [u8]; 0] = [];
    options.clone().buffers(none).from_slice(bytes)
}

/// Checks that both ways gave the same, errors to the letter.
#[track_caller]
fn check_same<T: Debug + PartialEq>(
    found: &Result<T, Error>,
    expected: &Result<T, Error>,
    bytes: &[u8],
    what: &str,
) {
    let same = match (found, expected) {
        // Values with a NaN in them print equal.
        (Ok(found), Ok(expected)) => {
            found == expected || format!("{found:?}") == format!("{expected:?}")
        }
        (Err(found), Err(expected)) => {
            (found.to_string(), found.kind(), found.offset())
                == (expected.to_string(), expected.kind(), expected.offset())
        }
        _ => false,
    };
    assert!(
        same,
        "{what} as {}:\n  found {found:.600?}\n  the machine {expected:.600?}\n  {:.3000}",
        std::any::type_name::<T>(),
        bytes.escape_ascii().to_string()
    );
}

/// Reads `bytes` both ways, and again with a resolver or a limit on nodes.
#[track_caller]
fn compare<'de, T: Deserialize<'de> + Debug + PartialEq>(
    bytes: &'de [u8],
    options: &DeOptions<'static>,
    what: &str,
) -> Tally {
    RUNS.set(0);
    let found = options.from_slice::<Counted<T>>(bytes);
    let runs = RUNS.get();
    check_same(&found, &by_machine(bytes, options), bytes, what);
    options::compare_with_options::<T>(bytes, options, what);
    let read = found.is_ok();
    Tally { made: 1, read: read.into(), direct: (read && runs == 1).into() }
}

/// Returns true if `bytes` are read as a `T` without the machine.
fn is_direct<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> bool {
    RUNS.set(0);
    from_slice::<Counted<T>>(bytes).is_ok() && RUNS.get() == 1
}

/// Numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 33) as usize % end.max(1)
    }

    /// True once in `of` times.
    fn once_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}

/// The number of programs to generate: enough for every run, or `SERDE_PICKLE_PROGRAMS` where that
/// is more, so that what is asserted of their number holds with fewer too.
fn programs(enough: usize) -> usize {
    std::env::var("SERDE_PICKLE_PROGRAMS")
        .map_or(enough, |count| enough.max(count.parse().unwrap()))
}

/// Returns true if all pairs of a fixture and a type are to be read: from a million programs on.
fn takes_all() -> bool {
    programs(0) >= 1_000_000
}

#[test]
fn the_count_tells_the_ways_apart() {
    // pickle.dumps([1, 2], 4)
    let list = b"\x80\x04\x95\x0b\0\0\0\0\0\0\0]\x94(K\x01K\x02e.\0\0";
    assert!(is_direct::<Vec<u8>>(list));
    // The same with a DUP and a POP, which no pickler writes.
    assert!(!is_direct::<Vec<u8>>(b"\x80\x04](K\x0120K\x02e."));
}

/// Every 64 KiB a frame ends, before whatever comes next. An int behind one was no int, so that no
/// `Value` of more than 64 KiB was read the short way.
#[test]
fn a_frame_before_any_instruction_is_regular() {
    let all = serde_pickle::pickle!([
        1, 300, 70_000, (-5), (1_i64 << 40), 1.5, "a", "a", None, true, false, (1, "b"),
        (1, 2.5, 3), (1, 2, 3, 4), (), [], {},
        { "a": 1, 2: [1, "c"], "b": { "a": (1, 2) } }, [[1, 2], [3]],
    ]);
    let frame = [&[Opcode::Frame.byte()][..], &[0; 8]].concat();
    let options = DeOptions::new();
    for protocol in [Protocol::V4, Protocol::V5] {
        let graph =
            serde_pickle::SerOptions::new().protocol(protocol).memoize_strings(true).framing(false);
        let pickle = graph.to_vec(&all).unwrap();
        assert!(is_direct::<Value>(&pickle));
        for instruction in instructions(&pickle) {
            let (offset, opcode, _) = instruction.unwrap();
            if matches!(opcode, Opcode::Proto | Opcode::Memoize) {
                continue;
            }
            let (front, back) = pickle.split_at(offset as usize);
            let framed = [front, &frame[..], back].concat();
            assert!(
                is_direct::<Value>(&framed),
                "{} at {offset}: {}",
                opcode.name(),
                framed.escape_ascii()
            );
            compare::<Value>(&framed, &options, "framed");
        }
    }
    // The same of a type, in frames as they come.
    let rows: Vec<(i64, String, f64, Option<bool>)> = (0..20_000)
        .map(|n| (n, format!("row {n}"), n as f64, (n % 3 == 0).then_some(n % 2 == 0)))
        .collect();
    let pickle = serde_pickle::to_vec(&rows).unwrap();
    assert!(pickle.len() > 4 << 16, "{}", pickle.len());
    assert!(is_direct::<Vec<(i64, String, f64, Option<bool>)>>(&pickle));
    assert!(is_direct::<Value>(&pickle));
}

/// Our own output is regular: `MARK … LIST` for the first thousand items, and batches behind that.
/// Such a list was not gone on with, so that each of more than a thousand items was read by the
/// machine.
#[test]
fn what_we_write_is_regular_whatever_its_length() {
    for len in [0, 1, 2, 999, 1_000, 1_001, 1_999, 2_000, 2_001, 5_000] {
        let ints: Vec<i64> = (0..len).collect();
        let nested: Vec<Vec<i64>> = vec![vec![1], ints.clone(), vec![], ints.clone()];
        let map: BTreeMap<i64, Vec<i64>> =
            ints.iter().map(|&n| (n, vec![n; n as usize % 3])).collect();
        for protocol in [Protocol::V2, Protocol::V4, Protocol::V5] {
            let write = serde_pickle::SerOptions::new().protocol(protocol);
            let options = DeOptions::new();
            let pickle = write.to_vec(&ints).unwrap();
            assert!(is_direct::<Vec<i64>>(&pickle) && is_direct::<Value>(&pickle), "{len} ints");
            compare::<Vec<i64>>(&pickle, &options, "ints");
            let pickle = write.to_vec(&nested).unwrap();
            assert!(
                is_direct::<Vec<Vec<i64>>>(&pickle) && is_direct::<Value>(&pickle),
                "{len} nested ints"
            );
            compare::<Vec<Vec<i64>>>(&pickle, &options, "nested ints");
            let pickle = write.to_vec(&map).unwrap();
            assert!(
                is_direct::<BTreeMap<i64, Vec<i64>>>(&pickle) && is_direct::<Value>(&pickle),
                "{len} entries"
            );
            compare::<BTreeMap<i64, Vec<i64>>>(&pickle, &options, "entries");
        }
    }
}

/// A list as CPython writes it; `memo` is what is behind EMPTY_LIST.
fn batches(items: &[Vec<u8>], memo: &[u8]) -> Vec<u8> {
    let batches = items.chunks(1_000).map(|batch| match batch {
        [item] => [item, &b"a"[..]].concat(),
        _ => [b"(", &*batch.concat(), b"e"].concat(),
    });
    [b"]", memo, &*batches.collect::<Vec<_>>().concat()].concat()
}

/// A list as we write it.
fn marked(items: &[Vec<u8>]) -> Vec<u8> {
    match items {
        [] => b"]".to_vec(),
        _ => {
            let (first, rest) = items.split_at(items.len().min(1_000));
            let rest = rest.chunks(1_000).map(|batch| [b"(", &*batch.concat(), b"e"].concat());
            [b"(", &*first.concat(), b"l", &*rest.collect::<Vec<_>>().concat()].concat()
        }
    }
}

/// Lists of ones.
fn of_ones(lens: &[usize], list: impl Fn(&[Vec<u8>]) -> Vec<u8>) -> Vec<Vec<u8>> {
    lens.iter().map(|&len| list(&vec![b"K\x01".to_vec(); len])).collect()
}

/// Whoever wrote them: a MARK behind an empty list begins its items by some picklers, and its
/// neighbour by others. The latter was looked ahead at each time, and guessed wrong before any list
/// had been read.
#[test]
fn lists_of_lists_are_regular_whoever_wrote_them() {
    let sparse: Vec<usize> = (0..180).map(|n| if n % 9 == 8 { 1_000 } else { 0 }).collect();
    let shapes: [&[usize]; 8] = [
        &[0],
        &[0, 3],
        &[0, 0, 1, 2],
        &[3, 0, 4],
        &[1, 1, 0],
        &[1_000; 3],
        &[1_000, 0, 1_001, 2],
        &[2; 1_500],
    ];
    let pickle = [b"\x80\x04", &*marked(&of_ones(&sparse, marked)), b"."].concat();
    assert!(is_direct::<Vec<Vec<u8>>>(&pickle), "few lists with items by us");
    let styles: [(&str, fn(&[Vec<u8>]) -> Vec<u8>); 3] = [
        ("CPython", |items| batches(items, b"\x94")),
        ("optimized", |items| batches(items, b"")),
        ("ours", marked),
    ];
    for lens in shapes {
        for (style, list) in styles {
            let lists = of_ones(lens, list);
            let pickle = [b"\x80\x04", &*list(&lists), b"."].concat();
            let what = format!("{lens:.9?} by {style}");
            let tally = compare::<Vec<Vec<u8>>>(&pickle, &DeOptions::new(), &what);
            assert_eq!((tally.read, tally.direct), (1, 1), "{what}");
            // A neighbour of other lists, and a value in a dict.
            let pair = [b"\x80\x04", &*list(&lists), &*list(&lists), b"\x86."].concat();
            type Pair = (Vec<Vec<u8>>, Vec<Vec<u8>>);
            let tally = compare::<Pair>(&pair, &DeOptions::new(), &what);
            assert_eq!((tally.read, tally.direct), (1, 1), "two of {what}");
            let dict =
                [b"\x80\x04}(K\x01", &*list(&lists), b"K\x02", &*list(&lists), b"u."].concat();
            let tally = compare::<BTreeMap<u8, Vec<Vec<u8>>>>(&dict, &DeOptions::new(), &what);
            assert_eq!((tally.read, tally.direct), (1, 1), "{what} in a dict");
        }
    }
    // A tuple of four read as a list is no sign of lists behind marks; an empty list with a memo
    // entry may have a neighbour.
    let others: [&[u8]; 2] =
        [b"\x80\x04]((K\x01K\x02K\x03K\x04t](K\x01K\x02ee.", b"\x80\x04((K\x01l]\x94(K\x02ll."];
    for pickle in others {
        let tally = compare::<Vec<Vec<u8>>>(pickle, &DeOptions::new(), "mixed");
        assert_eq!((tally.read, tally.direct), (1, 1), "{}", pickle.escape_ascii());
    }
}

/// Pickles on which the two ways once differed, by the cause.
#[test]
fn the_ways_differed_in_these() {
    use ask::{Ask, Told};
    const FRAME: &[u8] = b"\x95\0\0\0\0\0\0\0\0";
    let framed = |parts: &[&[u8]]| parts.join(FRAME);
    let told = |ask: Ask, bytes: &[u8]| {
        Told::by(ask);
        compare::<Told>(bytes, &DeOptions::new(), "a regression")
    };
    // A signed int behind a frame was told as an unsigned one.
    assert_eq!(told(Ask::I64, &framed(&[b"\x80\x04", b"K\x01."])).direct, 1);
    // So was one that no pickler spells so; and the machine told a LONG1 of no bytes so.
    for pickle in [&b"I+5\n."[..], b"I 5\n.", b"L+5L\n.", b"L 5L\n.", b"\x80\x02\x8a\0."] {
        for ask in [Ask::I64, Ask::U64] {
            assert_eq!(told(ask, pickle).direct, 1, "{}", pickle.escape_ascii());
        }
    }
    // An ignored value's visitor was called.
    assert_eq!(told(Ask::Ignored, b"K\x01.").direct, 1);
    // A type that does not touch its deserializer read a pickle without a value.
    assert_eq!(told(Ask::Nothing, b".").read, 0);
    told(Ask::Nothing, &framed(&[b"\x80\x04", b"."]));
    told(Ask::Option(Box::new(Ask::Nothing)), &framed(&[b"\x80\x04", b"."]));
    // Frames hid that a value had not been read, and the next one was taken for it.
    let untouched = Ask::Map(Box::new(Ask::Any), Box::new(Ask::Option(Box::new(Ask::Nothing))));
    told(untouched, &framed(&[b"\x80\x04}(K\x01", b"K\x02K\x03K\x04", b"u."]));
    // A frame reset the count of wrappers.
    let wrap =
        |inner, wrap: fn(Box<Ask>) -> Ask| (0..40).fold(inner, |inner, _| wrap(Box::new(inner)));
    let wrapped = wrap(wrap(Ask::I64, Ask::Option), Ask::Newtype);
    assert_eq!(told(Ask::Seq(Box::new(wrapped)), &framed(&[b"\x80\x04](", b"K\x01e."])).read, 0);
    // Long names were named over and over, which the machine limits.
    let name = "n".repeat(100_000);
    let class = [&b"X\xa0\x86\x01\0"[..], name.as_bytes(), b"\x94"].concat();
    let objects = b"h\0h\0\x93)\x81}b".repeat(100);
    let point = Ask::Struct("Point", Box::new(Ask::Any));
    let bytes = [&b"\x80\x04]("[..], &class, b"h\0\x93)\x81}b", &objects, b"e."].concat();
    assert_eq!(told(Ask::Seq(Box::new(point)), &bytes).read, 0);
}
