//! Both sides of every limit: the default and one that was set; and that the default depths are
//! safe in a small thread.

use std::collections::{BTreeMap, HashMap};

use serde::de::{Deserialize, IgnoredAny};
use serde_derive::Deserialize;
use serde_pickle::python::numpy::NdArray;
use serde_pickle::{
    DeOptions, Deserializer, Error, ErrorKind, Graph, Value, from_reader, from_slice, from_value,
    to_vec,
};

use crate::skipping::Skipping;

/// Runs it in a thread of seven eighths of the stack that Rust gives threads by default: a debug
/// build's frames differ from one compilation to the next.
fn in_a_small_thread(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(7 << 18).spawn(work).unwrap().join().unwrap();
}

/// `levels` lists in each other, the innermost empty.
fn nested_lists(levels: usize) -> Vec<u8> {
    [vec![b']'; levels], vec![b'a'; levels - 1], b".".to_vec()].concat()
}

/// The same of tuples, the innermost with one None.
fn nested_tuples(levels: usize) -> Vec<u8> {
    [b"N".to_vec(), vec![0x85; levels], b".".to_vec()].concat()
}

/// The same of dicts, under the key 0.
fn nested_dicts(levels: usize) -> Vec<u8> {
    [b"}K\0".repeat(levels - 1), b"}".to_vec(), vec![b's'; levels - 1], b".".to_vec()].concat()
}

#[derive(Deserialize, Debug)]
struct Lists(Vec<Lists>);

#[derive(Deserialize, Debug)]
#[allow(dead_code)]
struct Dicts(BTreeMap<u8, Dicts>);

impl Lists {
    fn levels(&self) -> usize {
        1 + self.0.first().map_or(0, Self::levels)
    }
}

#[track_caller]
fn assert_limit<T: std::fmt::Debug>(result: Result<T, Error>, text: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    assert!(error.to_string().contains(text), "{error}");
}

#[test]
fn types_nest_100_levels_by_default() {
    assert_eq!(from_slice::<Lists>(&nested_lists(100)).unwrap().levels(), 100);
    assert_eq!(from_reader::<_, Lists>(&*nested_lists(100)).unwrap().levels(), 100);
    from_slice::<Dicts>(&nested_dicts(100)).unwrap();
    let error = from_slice::<Lists>(&nested_lists(101)).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Limit, Some(100)));
    assert!(error.to_string().contains("nested more than 100 levels deep"), "{error}");
    assert_limit(from_reader::<_, Lists>(&*nested_lists(101)), "100 levels");
    assert_limit(from_slice::<Dicts>(&nested_dicts(101)), "100 levels");
    assert_limit(from_slice::<serde_json::Value>(&nested_tuples(101)), "100 levels");
}

#[test]
fn values_nest_1000_levels_by_default() {
    for nested in [nested_lists, nested_tuples, nested_dicts] {
        from_slice::<Value>(&nested(1_000)).unwrap();
        from_reader::<_, Value>(&*nested(1_000)).unwrap();
        assert_limit(from_slice::<Value>(&nested(1_001)), "nested more than 1000 levels deep");
        assert_limit(from_reader::<_, Value>(&*nested(1_001)), "1000 levels");
    }
}

#[test]
fn a_depth_that_was_set_holds_for_both() {
    let options = DeOptions::new().max_depth(7);
    for (levels, fits) in [(7, true), (8, false)] {
        assert_eq!(options.from_slice::<Lists>(&nested_lists(levels)).is_ok(), fits);
        assert_eq!(options.from_slice::<Value>(&nested_lists(levels)).is_ok(), fits);
        assert_eq!(options.from_reader::<_, Value>(&*nested_tuples(levels)).is_ok(), fits);
        let mut stream = Deserializer::from_slice(b"").with_options(options.clone());
        assert!(stream.end().is_ok());
    }
    assert_limit(DeOptions::new().max_depth(0).from_slice::<Value>(b"]."), "0 levels");
    assert_eq!(
        DeOptions::new().max_depth(0).from_slice::<Value>(b"K\x01.").unwrap(),
        Value::Int(1)
    );
}

#[test]
fn nothing_is_too_deep_for_the_machine() {
    for nested in [nested_lists, nested_tuples, nested_dicts] {
        from_slice::<IgnoredAny>(&nested(100_000)).unwrap();
        assert_limit(from_slice::<Value>(&nested(100_000)), "1000 levels");
    }
    assert_limit(from_slice::<Lists>(&nested_lists(100_000)), "100 levels");
    // Objects: states in each other.
    let states = [
        b"cm\nC\nq\x00)\x81".to_vec(),
        b"h\x00)\x81".repeat(99_999),
        vec![b'b'; 99_999],
        b".".to_vec(),
    ]
    .concat();
    from_slice::<IgnoredAny>(&states).unwrap();
    assert_limit(from_slice::<Value>(&states), "1000 levels");
}

/// Twenty-five fields of text, and one that nests: about the largest frames that a derived type
/// has.
#[derive(Deserialize, Debug, Default)]
#[allow(dead_code)]
#[serde(default)]
struct Wide {
    a: Option<String>,
    b: Option<String>,
    c: Option<String>,
    d: Option<String>,
    e: Option<String>,
    f: Option<String>,
    g: Option<String>,
    h: Option<String>,
    i: Option<String>,
    j: Option<String>,
    k: Option<String>,
    l: Option<String>,
    m: Option<String>,
    n: Option<String>,
    o: Option<String>,
    p: Option<String>,
    q: Option<String>,
    r: Option<String>,
    s: Option<String>,
    t: Option<String>,
    u: Option<String>,
    v: Option<String>,
    w: Option<String>,
    x: Option<String>,
    y: Option<String>,
    next: Option<Box<Wide>>,
}

#[test]
fn the_default_depth_of_types_is_safe_in_a_small_thread() {
    in_a_small_thread(|| {
        let mut pickle = b"}\x8c\x01aV1\ns\x8c\x04next".repeat(99);
        pickle.extend_from_slice(b"}");
        pickle.extend_from_slice(&b"s".repeat(99));
        pickle.push(b'.');
        let wide: Wide = from_slice(&pickle).unwrap();
        let levels = std::iter::successors(Some(&wide), |wide| wide.next.as_deref()).count();
        assert_eq!((levels, wide.a.as_deref()), (100, Some("1")));
        from_reader::<_, Wide>(&*pickle).unwrap();
        let deeper = [b"}\x8c\x04next".as_slice(), &pickle[..pickle.len() - 1], b"s."].concat();
        assert_limit(from_slice::<Wide>(&deeper), "100 levels");
    });
}

#[test]
fn the_default_depth_of_values_is_safe_in_a_small_thread() {
    for nested in [nested_lists, nested_tuples, nested_dicts] {
        in_a_small_thread(move || {
            let value: Value = from_slice(&nested(1_000)).unwrap();
            let clone = value.clone();
            assert!(value == clone);
            assert!(value.to_string().len() >= 2_000);
            assert!(format!("{value:?}").len() > 2_000);
            let written = to_vec(&value).unwrap();
            assert!(from_slice::<Value>(&written).unwrap() == value);
            drop(clone);
        });
    }
    // Frozensets in frozensets, which are hashed as well.
    in_a_small_thread(|| {
        let pickle =
            [b"\x80\x04".to_vec(), vec![b'('; 1_000], vec![0x91; 1_000], b".".to_vec()].concat();
        let value: Value = from_slice(&pickle).unwrap();
        assert!(value == value.clone());
    });
}

#[test]
fn wrappers_around_one_value_are_counted_too() {
    #[derive(Deserialize, Debug)]
    #[allow(dead_code)]
    struct Endless(Option<Box<Endless>>);

    in_a_small_thread(|| {
        let error = from_slice::<Endless>(b"K\x01.").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
        from_slice::<Endless>(b"N.").unwrap();
    });
}

/// A list of two references to the one before, so many times: 2ⁿ leaves.
fn laughs(levels: usize) -> Vec<u8> {
    let mut pickle = b"\x80\x04]\x94V1\na".to_vec();
    for level in 0..levels {
        pickle.extend_from_slice(b"0](");
        for _ in 0..2 {
            pickle.push(b'j');
            pickle.extend_from_slice(&(level as u32).to_le_bytes());
        }
        pickle.extend_from_slice(b"e\x94");
    }
    pickle.push(b'.');
    pickle
}

#[test]
fn shared_references_expand_within_the_limit() {
    let count = |value: &Value| {
        let mut leaves = 0;
        let mut pending = vec![value];
        while let Some(value) = pending.pop() {
            match value {
                Value::List(items) => pending.extend(items),
                _ => leaves += 1,
            }
        }
        leaves
    };
    assert_eq!(count(&from_slice(&laughs(10)).unwrap()), 1024);
    let options = DeOptions::new().max_expansion(1 << 20);
    // Every reference is 16 bytes: 2¹⁵ leaves in their lists, and as many references above them.
    assert_eq!(count(&options.from_slice(&laughs(14)).unwrap()), 1 << 14);
    assert_limit(options.from_slice::<Value>(&laughs(40)), "expand to more than 1048576 bytes");
    assert_limit(
        options.from_slice::<serde_json::Value>(&laughs(40)),
        "expand to more than 1048576 bytes",
    );
    assert_limit(
        options.from_reader::<_, Value>(&*laughs(40)),
        "expand to more than 1048576 bytes",
    );
    from_slice::<IgnoredAny>(&laughs(200)).unwrap();
}

#[test]
fn the_expansion_is_64_mib_and_256_for_each_byte_by_default() {
    // A list of a thousand values, in a list again and again: 16,016 bytes each time.
    let fetched = |padding: usize, times: usize| {
        let len = u32::try_from(padding).unwrap().to_le_bytes();
        let unused = [b"\x80\x04B".as_slice(), &len, &vec![7; padding], b"0"].concat();
        let list = [unused, b"](".to_vec(), b"N".repeat(1_000), b"e\x940](".to_vec()].concat();
        [list, b"h\0".repeat(times), b"e.".to_vec()].concat()
    };
    let count = |pickle: &[u8]| from_slice::<Vec<Vec<()>>>(pickle).map(|lists| lists.len());
    assert_eq!(count(&fetched(0, 4_300)).unwrap(), 4_300);
    assert_limit(count(&fetched(0, 4_400)), "see DeOptions::max_expansion");
    from_slice::<IgnoredAny>(&fetched(0, 4_400)).unwrap();
    // A longer input pays for more.
    assert_eq!(count(&fetched(1 << 20, 4_400)).unwrap(), 4_400);
}

#[test]
fn the_memory_is_48_mib_and_240_for_each_byte_by_default() {
    // One array of 64 KiB in a list again and again: JSON values of each byte.
    let array = python_array(65_536);
    let fetched = |times: usize| {
        [b"\x80\x04](".to_vec(), array.clone(), b"h\0".repeat(times), b"e.".to_vec()].concat()
    };
    assert_eq!(from_slice::<Vec<Vec<u8>>>(&fetched(50)).unwrap().len(), 51);
    assert!(from_slice::<serde_json::Value>(&fetched(0)).is_ok());
    assert_limit(from_slice::<serde_json::Value>(&fetched(4_096)), "see DeOptions::max_memory");
    let raised = DeOptions::new().max_memory(1 << 30).from_slice::<serde_json::Value>(&fetched(8));
    assert_eq!(raised.unwrap().as_array().unwrap().len(), 9);
    // Less than the pickle itself takes is an error, whatever way it is read.
    let options = DeOptions::new().max_memory(1_000);
    assert_limit(
        options.from_slice::<Vec<u64>>(&to_vec(&vec![1_u64; 1_000]).unwrap()),
        "1000 bytes",
    );
    assert!(options.from_slice::<Vec<u64>>(&to_vec(&vec![1_u64; 40]).unwrap()).is_ok());
}

/// `array.array('B', bytes(len))`, memoized as 0.
fn python_array(len: u32) -> Vec<u8> {
    let mut pickle = b"carray\n_array_reconstructor\n(carray\narray\nX\x01\0\0\0BK\0B".to_vec();
    pickle.extend_from_slice(&len.to_le_bytes());
    pickle.resize(pickle.len() + len as usize, 7);
    pickle.extend_from_slice(b"tRq\0");
    pickle
}

#[test]
fn what_is_not_shared_is_no_expansion() {
    // array.array('b', bytes(20_000_000)), where not a byte may be shared.
    let options = DeOptions::new().max_expansion(0);
    let pickle = [b"\x80\x04".to_vec(), python_array(20_000_000), b".".to_vec()].concat();
    assert_eq!(options.from_slice::<Vec<u8>>(&pickle).unwrap().len(), 20_000_000);
    assert_eq!(from_slice::<Vec<i8>>(&pickle).unwrap().len(), 20_000_000);
    // Twice it is.
    let pickle = [b"\x80\x04](".to_vec(), python_array(20_000), b"h\0e.".to_vec()].concat();
    assert_limit(options.from_slice::<Vec<Vec<u8>>>(&pickle), "expand to more than 0 bytes");
    assert!(from_slice::<Vec<Vec<u8>>>(&pickle).is_ok());
}

#[test]
fn what_is_borrowed_is_no_expansion() {
    // {'a': x, 'b': x}, and the same with bytes and text.
    let bytes = [b"B\0\0\x10\0".to_vec(), vec![7; 1 << 20]].concat();
    let text = [b"X\0\0\x10\0".to_vec(), vec![b'x'; 1 << 20]].concat();
    let twice = |value: &[u8]| {
        [b"\x80\x04}(X\x01\0\0\0a".as_slice(), value, b"q\0X\x01\0\0\0bh\0u."].concat()
    };
    let options = DeOptions::new().max_expansion(0);
    let pickle = twice(&bytes);
    assert_eq!(options.from_slice::<HashMap<&str, &[u8]>>(&pickle).unwrap().len(), 2);
    assert_limit(options.from_slice::<HashMap<&str, serde_bytes::ByteBuf>>(&pickle), "more than 0");
    let pickle = twice(&text);
    assert_eq!(options.from_slice::<HashMap<&str, &str>>(&pickle).unwrap().len(), 2);
    assert_limit(options.from_slice::<HashMap<&str, String>>(&pickle), "more than 0 bytes");
    // numpy.frombuffer(bytes, 'u1')
    let array = [
        b"cnumpy._core.numeric\n_frombuffer\n(".as_slice(),
        &bytes,
        b"cnumpy\ndtype\nX\x02\0\0\0u1\x89\x88\x87RJ\0\0\x10\0\x85X\x01\0\0\0CtR",
    ]
    .concat();
    let pickle = twice(&array);
    let weights: HashMap<&str, NdArray<'_>> = options.from_slice(&pickle).unwrap();
    assert_eq!(weights["a"].data(), weights["b"].data());
}

#[test]
fn a_spent_budget_stays_spent_where_a_type_swallows_the_error() {
    // Escaped text, Python 2's strings and two objects of many states, each fetched again and
    // again.
    let states = [b"cm\nC\n)\x81".to_vec(), b"}b".repeat(10_000)].concat();
    let things: [(Vec<u8>, Vec<u8>); 3] = [
        (
            [b"V".to_vec(), b"\\u0041".repeat(10_000), b"\n".to_vec()].concat(),
            b"h\0".repeat(50_000),
        ),
        (
            [b"S'".to_vec(), b"\\x41".repeat(10_000), b"'\n".to_vec()].concat(),
            b"h\0".repeat(50_000),
        ),
        ([states.clone(), b"q\x01".to_vec(), states].concat(), b"h\0h\x01".repeat(25_000)),
    ];
    for (thing, references) in things {
        let pickle = [b"](".to_vec(), thing, b"q\0".to_vec(), references, b"e.".to_vec()];
        let pickle = pickle.concat();
        let options = DeOptions::new().max_expansion(1 << 20);
        let before = serde_pickle::__units();
        let result = options.from_slice::<Skipping<String>>(&pickle);
        let units = serde_pickle::__units() - before;
        assert_eq!(result.map(|_| ()).unwrap_err().kind(), ErrorKind::Limit);
        // Each item may be asked for once more; none is decoded again.
        assert!(units < 3_000_000, "{units} units");
        let mut stream = Deserializer::from_slice(&pickle).with_options(options);
        let items: Vec<_> = stream.elements::<String>().unwrap().collect();
        assert_eq!(items.last().unwrap().as_ref().unwrap_err().kind(), ErrorKind::Limit);
    }
}

/// A pickle within bytes within a pickle, which is read where the field is.
struct Nested;

thread_local! {
    static RUNS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

impl<'de> Deserialize<'de> for Nested {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RUNS.set(RUNS.get() + 1);
        let _: (Inner, IgnoredAny) = Deserialize::deserialize(deserializer)?;
        Ok(Self)
    }
}

/// The field with the bytes.
struct Inner;

impl<'de> Deserialize<'de> for Inner {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes: serde_bytes::ByteBuf = Deserialize::deserialize(deserializer)?;
        if !bytes.is_empty() {
            from_slice::<Nested>(&bytes).map_err(serde::de::Error::custom)?;
        }
        Ok(Self)
    }
}

#[test]
fn pickles_within_pickles_are_read_in_proportion_to_their_depth() {
    let runs = |levels: u32, tail: &[u8]| {
        // (bytes, x), with an x for which the short way gives up behind the bytes.
        let mut pickle = [b"C\0".as_slice(), tail, b"\x86."].concat();
        for _ in 1..levels {
            let len = u32::try_from(pickle.len()).unwrap().to_le_bytes();
            pickle = [b"B".as_slice(), &len, &pickle, tail, b"\x86."].concat();
        }
        let before = RUNS.get();
        from_slice::<Nested>(&pickle).unwrap();
        RUNS.get() - before
    };
    assert_eq!(runs(30, b"N"), 30);
    assert!(runs(30, b"cm\nC\n)\x81") <= 5 * 30);
    assert!(runs(60, b"cm\nC\n)\x81") <= 5 * 60);
}

#[test]
fn a_value_shares_what_its_pickle_shares() {
    // 60 levels of dicts, each twice the one before, as 17 levels and as all of them.
    let doubled = |levels: u8| {
        let mut pickle = b"\x80\x04}K\0Ns\x94".to_vec();
        for level in 0..levels {
            pickle.extend_from_slice(&[b'0', b'}', b'(', b'K', 0, b'h', level]);
            pickle.extend_from_slice(&[b'K', 1, b'h', level, b'u', 0x94]);
        }
        [pickle, b".".to_vec()].concat()
    };
    let mut value: Value = from_slice(&doubled(17)).unwrap();
    let before = value.clone();
    assert_eq!(value, before);
    // The first write changes the one that is written to.
    value[0][1][0] = Value::from("changed");
    assert_eq!(value[0][1][0], "changed");
    assert_eq!(value[1], before[1]);
    assert_ne!(value[0], value[1]);
    // A tree for all who walk over it, so that its size is limited all the same.
    assert_limit(from_slice::<Value>(&doubled(60)), "expand to more than");
    assert_eq!(from_value::<Value>(before.clone()).unwrap(), before);
}

#[test]
fn small_pickles_that_stand_for_much_are_refused_by_default() {
    let dup = [b"]".to_vec(), b"2\x86".repeat(24), b".".to_vec()].concat();
    let mut calls = b"\x80\x04cm\nC\n\x940h\0(NtR\x94".to_vec();
    for level in 1..60_u8 {
        calls.extend_from_slice(&[b'0', b'h', 0, b'(', b'h', level, b'h', level, b't', b'R', 0x94]);
    }
    calls.push(b'.');
    for pickle in [laughs(60), dup, calls] {
        assert_eq!(from_slice::<Value>(&pickle).unwrap_err().kind(), ErrorKind::Limit);
        assert_eq!(from_slice::<serde_json::Value>(&pickle).unwrap_err().kind(), ErrorKind::Limit);
        assert!(Graph::from_slice(&pickle).is_ok());
    }
}

#[test]
fn an_expansion_that_was_set_is_kept_on_both_sides() {
    // 1 list of 1,000 references to one text of 1,000 bytes: each reference is 16 bytes and its
    // text.
    let text = "x".repeat(1_000);
    let mut pickle = [b"\x80\x04X\xe8\x03\0\0".as_slice(), text.as_bytes(), b"\x940]("].concat();
    pickle.extend_from_slice(&b"h\0".repeat(1_000));
    pickle.extend_from_slice(b"e.");
    let reads = |bytes| {
        let options = DeOptions::new().max_expansion(bytes);
        let value = options.from_slice::<Value>(&pickle);
        let typed = options.from_slice::<Vec<String>>(&pickle);
        let reader = options.from_reader::<_, Vec<String>>(&*pickle);
        assert_eq!(value.is_ok(), typed.is_ok());
        assert_eq!(value.is_ok(), reader.is_ok());
        if let Err(error) = &value {
            assert_eq!(error.kind(), ErrorKind::Limit);
        }
        value.is_ok()
    };
    assert!(reads(1_000_000));
    assert!(!reads(990_000));
    assert!(!reads(0));
    // Data that is not shared is free.
    assert!(DeOptions::new().max_expansion(0).from_slice::<Value>(&nested_lists(900)).is_ok());
    let plain: Vec<String> = (0..500).map(|number| format!("text {number}")).collect();
    let plain = to_vec(&plain).unwrap();
    assert!(DeOptions::new().max_expansion(0).from_slice::<Vec<String>>(&plain).is_ok());
    // Text that comes again is shared when it is written, beyond the first KiB.
    let shared = to_vec(&vec!["some text"; 500]).unwrap();
    assert!(DeOptions::new().max_expansion(0).from_slice::<Vec<String>>(&shared).is_err());
    assert!(DeOptions::new().from_slice::<Vec<String>>(&shared).is_ok());
}

#[test]
fn text_ints_have_4300_digits_by_default() {
    let digits = |count| "7".repeat(count);
    for (open, close) in [("I", "\n."), ("L", "L\n."), ("I-", "\n."), ("L+", "\n.")] {
        let pickle = |count| format!("{open}{}{close}", digits(count)).into_bytes();
        assert!(from_slice::<Value>(&pickle(4_300)).is_ok());
        let error = from_slice::<Value>(&pickle(4_301)).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Limit, Some(0)), "{error}");
        assert_limit(from_slice::<IgnoredAny>(&pickle(4_301)), "4301 digits");
        assert_limit(from_reader::<_, f64>(&*pickle(4_301)), "4301 digits");
        let options = DeOptions::new().max_int_digits(10);
        assert!(options.from_slice::<Value>(&pickle(10)).is_ok());
        assert!(
            options
                .from_slice::<Value>(&pickle(20))
                .is_err_and(|error| error.kind() == ErrorKind::Limit)
        );
        let options = DeOptions::new().max_int_digits(10_000);
        assert!(options.from_slice::<Value>(&pickle(10_000)).is_ok());
    }
}

#[test]
fn ten_million_digits_are_refused_at_once() {
    let pickle = format!("L{}L\n.", "1".repeat(10_000_000)).into_bytes();
    assert_limit(from_slice::<Value>(&pickle), "10000000 digits");
}

#[test]
fn a_binary_int_is_read_at_any_length_and_printed_within_the_limit() {
    let mut pickle = b"\x8b\x40\x42\x0f\x00".to_vec();
    pickle.extend_from_slice(&[1; 1_000_000]);
    pickle.push(b'.');
    let value: Value = from_slice(&pickle).unwrap();
    assert!(value.to_string().len() < 100, "{:.100}", value.to_string());
    assert!(from_slice::<u64>(&pickle).unwrap_err().to_string().contains("an int of"));
    assert!(from_slice::<f64>(&pickle).is_err());
}

#[test]
fn nodes_are_unlimited_by_default_and_can_be_limited() {
    let lists = |count: usize| [b"(".to_vec(), b"]".repeat(count - 1), b"l.".to_vec()].concat();
    assert!(from_slice::<IgnoredAny>(&lists(1_000_000)).is_ok());
    let options = DeOptions::new().max_nodes(10);
    assert!(options.from_slice::<Value>(&lists(10)).is_ok());
    assert_limit(options.from_slice::<Value>(&lists(11)), "more than 10 nodes");
    assert_limit(options.from_reader::<_, Value>(&*lists(11)), "more than 10 nodes");
    // Scalars and empty tuples are no nodes.
    assert!(
        options
            .from_slice::<Value>(&[b"](".to_vec(), b"K\x01)".repeat(100), b"e.".to_vec()].concat())
            .is_ok()
    );
}

#[test]
fn claimed_lengths_cost_nothing() {
    for opcode in [b'X', b'B', b'T'] {
        let pickle = [&[opcode], &u32::MAX.to_le_bytes()[..], b"abc"].concat();
        let error = from_reader::<_, Value>(&*pickle).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Eof, Some(0)));
    }
    for opcode in [0x8d, 0x8e, 0x96, 0x95] {
        let pickle = [&[opcode], &(1u64 << 62).to_le_bytes()[..], b"abc"].concat();
        let error = from_reader::<_, Value>(&*pickle).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Eof, Some(0)));
    }
}

#[test]
fn many_marks_pops_and_scattered_puts_are_read() {
    let marks = [vec![b'('; 1_000_000], b"N.".to_vec()].concat();
    assert_eq!(from_slice::<Value>(&marks).unwrap(), Value::None);
    let pops = [b"N0".repeat(500_000), b"N.".to_vec()].concat();
    assert_eq!(from_slice::<Value>(&pops).unwrap(), Value::None);
    let mut puts = b"N".to_vec();
    for index in 0..10_000u32 {
        puts.push(b'r');
        puts.extend_from_slice(&index.wrapping_mul(429_496_729).to_le_bytes());
    }
    puts.push(b'.');
    assert_eq!(from_slice::<Value>(&puts).unwrap(), Value::None);
}

#[test]
fn sets_are_not_made_of_one_list_over_and_over() {
    // set(list) reads its list; doing so a thousand times for a list of a thousand would be
    // quadratic in the input.
    let items = b"K\x01".repeat(10_000);
    let calls = b"c__builtin__\nset\n(h\x00tR0".repeat(1_000);
    let pickle = [b"](".as_slice(), &items, b"eq\x000", &calls, b"N."].concat();
    assert_limit(from_slice::<Value>(&pickle), "too often");
}
