//! Round trips by Python: for every type and protocol, what it loads is equal and of the same type.

use std::collections::{BTreeMap, BTreeSet};

use serde_pickle::Value;
use serde_pickle::python::{
    ByteArray, Counter, Date, DateTime, Decimal, DefaultDict, Deque, Fraction, FrozenDict,
    FrozenSet, IpAddress, Member, OrderedDict, Path, PathKind, Range, Set, SimpleNamespace, Slice,
    Time, TimeDelta, TimeZone, Tuple, Uuid,
};
use serde_pickle::reduce::Global;
use serde_pickle::value::Complex;

use super::Cases;

const EVERY: (u32, u32) = (2, 7);
const PYTHON3: (u32, u32) = (3, 6);
const ZONEINFO: (u32, u32) = (3, 9);
const FROZENDICT: (u32, u32) = (3, 15);

fn datetime(text: &str) -> DateTime {
    text.parse().unwrap()
}

fn seconds(seconds: i64) -> TimeDelta {
    TimeDelta::new(0, seconds, 0).unwrap()
}

#[test]
fn dates_and_times() {
    let mut cases = Cases::default();
    for (python, text) in [
        ("DT(2024, 2, 29, 12, 30, 45)", "2024-02-29T12:30:45"),
        ("DT(1, 1, 1)", "0001-01-01T00:00:00"),
        ("DT(9999, 12, 31, 23, 59, 59, 999999)", "9999-12-31T23:59:59.999999"),
        ("DT(2047, 12, 31, 10, 13, 10, 1)", "2047-12-31T10:13:10.000001"),
    ] {
        cases.add(EVERY, python, datetime(text));
    }
    for (python, text) in [
        ("DT(2024, 2, 29, 12, 30, 45, tzinfo=timezone.utc)", "2024-02-29T12:30:45+00:00"),
        ("DT(2024, 2, 29, tzinfo=timezone(timedelta(seconds=19800)))", "2024-02-29T00:00:00+05:30"),
        (
            "DT(1900, 1, 1, tzinfo=timezone(-timedelta(seconds=1172)))",
            "1900-01-01T00:00:00-00:19:32",
        ),
        (
            "DT(1900, 1, 1, tzinfo=timezone(timedelta(microseconds=1500001)))",
            "1900-01-01T00:00:00+00:00:01.500001",
        ),
    ] {
        // Before 3.7 an offset was of whole minutes.
        cases.add((3, 7), python, datetime(text));
    }
    cases.add(
        PYTHON3,
        "DT(2024, 10, 27, 2, 30, fold=1)",
        datetime("2024-10-27T02:30:00").with_fold(true),
    );
    let berlin = datetime("2024-10-27T02:30:00[Europe/Berlin]");
    cases.add(
        ZONEINFO,
        "DT(2024, 10, 27, 2, 30, tzinfo=ZoneInfo('Europe/Berlin'))",
        berlin.clone(),
    );
    cases.add(
        ZONEINFO,
        "DT(2024, 10, 27, 2, 30, fold=1, tzinfo=ZoneInfo('Europe/Berlin'))",
        berlin.with_fold(true),
    );
    let named = TimeZone::fixed(seconds(3_600)).unwrap().with_name("Straße ½");
    cases.add(
        PYTHON3,
        "DT(2024, 1, 1, tzinfo=timezone(timedelta(hours=1), 'Stra\\xdfe \\xbd'))",
        datetime("2024-01-01T00:00:00").with_zone(named.clone()),
    );

    cases.add(EVERY, "date(2024, 2, 29)", Date::new(2024, 2, 29).unwrap());
    cases.add(EVERY, "date(2570, 10, 13)", Date::new(2_570, 10, 13).unwrap());
    let time: Time = "23:13:10.000010".parse().unwrap();
    cases.add(EVERY, "time(23, 13, 10, 10)", time.clone());
    cases.add(EVERY, "time(0)", Time::MIDNIGHT);
    cases.add(PYTHON3, "time(23, 13, 10, 10, fold=1)", time.clone().with_fold(true));
    cases.add(
        PYTHON3,
        "time(23, 13, 10, 10, tzinfo=timezone.utc)",
        time.clone().with_zone(TimeZone::UTC),
    );
    cases.add(
        ZONEINFO,
        "time(23, 13, 10, 10, tzinfo=ZoneInfo('UTC'))",
        time.with_zone(TimeZone::named("UTC").unwrap()),
    );

    for (python, days, micros) in [
        ("timedelta(0)", 0, 0),
        ("timedelta(1, 3, 500000)", 1, 3_500_000),
        ("timedelta(microseconds=-1)", 0, -1),
        ("timedelta(-999999999)", -999_999_999, 0),
        ("timedelta.max", 999_999_999, 86_399_999_999),
    ] {
        cases.add(EVERY, python, TimeDelta::new(days, 0, micros).unwrap());
    }

    cases.add(PYTHON3, "timezone.utc", TimeZone::UTC);
    cases.add(PYTHON3, "timezone(timedelta(hours=-3))", TimeZone::fixed(seconds(-10_800)).unwrap());
    cases.add(PYTHON3, "timezone(timedelta(hours=1), 'Stra\\xdfe \\xbd')", named);
    cases.add(
        ZONEINFO,
        "ZoneInfo('America/New_York')",
        TimeZone::named("America/New_York").unwrap(),
    );
    cases.ask();
}

#[test]
fn numbers() {
    let mut cases = Cases::default();
    for text in [
        "0",
        "-0",
        "1.50",
        "1E+10",
        "12345678901234567890123456789012345678901234567890",
        "NaN",
        "-Infinity",
    ] {
        cases.add(EVERY, &format!("Decimal('{text}')"), text.parse::<Decimal>().unwrap());
    }
    cases.add(PYTHON3, "Decimal('sNaN12')", "sNaN12".parse::<Decimal>().unwrap());
    cases.add(EVERY, "Fraction(-3, 4)", Fraction::new(6, -8).unwrap());
    cases.add(EVERY, "Fraction(3)", Fraction::new(3, 1).unwrap());
    cases.add(EVERY, "Fraction(10 ** 30, 3)", Fraction::new(10_i128.pow(30), 3).unwrap());
    cases.add(EVERY, "1.5-2j", Complex::new(1.5, -2.0));
    cases.add(EVERY, "complex('-inf+0j')", Complex::new(f64::NEG_INFINITY, 0.0));
    cases.ask();
}

#[test]
fn identifiers_paths_and_addresses() {
    let mut cases = Cases::default();
    for int in [0, 7, u128::MAX, 0x12345678_1234_4678_9234_567812345678] {
        cases.add(EVERY, &format!("UUID(int={int})"), Uuid(int));
    }
    for (kind, class) in
        [(PathKind::PurePosix, "PurePosixPath"), (PathKind::PureWindows, "PureWindowsPath")]
    {
        for text in
            ["/usr/lib/x.py", "a//b/./c", "", "C:/Users/x", "//server/share/dir", "/tmp/ä中", "\\a"]
        {
            let python = format!("pathlib.{class}({})", escaped(text));
            cases.add(PYTHON3, &python, Path::new(kind, text));
        }
    }
    // Python makes these on their own system alone.
    let (kind, class) = if cfg!(windows) {
        (PathKind::Windows, "WindowsPath")
    } else {
        (PathKind::Posix, "PosixPath")
    };
    cases.add(PYTHON3, &format!("pathlib.{class}('a/b')"), Path::new(kind, "a/b"));
    for text in ["127.0.0.1", "255.255.255.255", "0.0.0.0", "::1", "2001:db8::1"] {
        let address: IpAddress = text.parse().unwrap();
        cases.add(PYTHON3, &format!("ipaddress.ip_address('{text}')"), address);
    }
    cases.ask();
}

/// Text as an expression in any Python 3.
fn escaped(text: &str) -> String {
    let escaped: String = text.chars().map(|c| format!("\\U{:08x}", u32::from(c))).collect();
    format!("'{escaped}'")
}

#[test]
fn builtins() {
    let mut cases = Cases::default();
    for len in [0, 1, 2, 5, 1_001] {
        let items = || 0..len;
        cases.add(EVERY, &format!("set(range({len}))"), items().collect::<Set<BTreeSet<i32>>>());
        cases.add(
            EVERY,
            &format!("frozenset(range({len}))"),
            items().collect::<FrozenSet<Vec<i32>>>(),
        );
        cases.add(EVERY, &format!("tuple(range({len}))"), items().collect::<Tuple<Vec<i32>>>());
        cases.add(
            EVERY,
            &format!("bytearray(b'x' * {len})"),
            ByteArray(items().map(|_| b'x').collect()),
        );
    }
    let nested: FrozenSet<Vec<FrozenSet<Vec<(u8, Option<u8>)>>>> =
        FrozenSet(vec![FrozenSet(vec![(1, None)])]);
    cases.add(EVERY, "frozenset([frozenset([(1, None)])])", nested);
    let keys: BTreeMap<Tuple<Vec<u8>>, FrozenSet<Vec<u8>>> = BTreeMap::from([
        (Tuple(vec![1, 2]), FrozenSet(vec![])),
        (Tuple(vec![]), FrozenSet(vec![3])),
    ]);
    cases.add(EVERY, "{(): frozenset([3]), (1, 2): frozenset()}", keys);
    cases.add(PYTHON3, "range(0, 10, 2)", Range { start: 0, stop: 10, step: 2 });
    cases.add(PYTHON3, "range(5, -5, -1)", Range { start: 5, stop: -5, step: -1 });
    cases.add(EVERY, "slice(None, 10, None)", Slice { start: None, stop: Some(10), step: None });
    cases.add(
        PYTHON3,
        "slice('a', 'b')",
        Slice { start: Some("a".to_owned()), stop: Some("b".to_owned()), step: None },
    );
    let attributes = BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]);
    cases.add(PYTHON3, "SimpleNamespace(a=1, b=2)", SimpleNamespace(attributes));
    cases.add(PYTHON3, "SimpleNamespace()", SimpleNamespace(BTreeMap::<String, u8>::new()));
    cases.ask();
}

#[test]
fn collections() {
    let mut cases = Cases::default();
    let entries = || [("b".to_owned(), 1), ("a".to_owned(), 2)];
    cases.add(PYTHON3, "OrderedDict([('b', 1), ('a', 2)])", OrderedDict(entries().to_vec()));
    cases.add(EVERY, "OrderedDict()", OrderedDict::<u8, u8>::default());
    cases.add(
        EVERY,
        "OrderedDict((x, -x) for x in range(1001))",
        (0..1_001).map(|x| (x, -x)).collect::<OrderedDict<i32, i32>>(),
    );
    cases.add(
        PYTHON3,
        "Counter({'b': 1, 'a': 2})",
        Counter(entries().map(|(k, n)| (k, n as i64)).to_vec()),
    );
    cases.add(EVERY, "Counter()", Counter::<u8>::default());
    cases.add(EVERY, "Counter({1: -3, 2: 0})", Counter(vec![(1, -3), (2, 0)]));

    let dict = || entries().into_iter().collect::<DefaultDict<String, i32>>();
    let builtin = |name: &str| Global::new("builtins", name);
    cases.add(PYTHON3, "defaultdict(None, {'b': 1, 'a': 2})", dict());
    cases.add(PYTHON3, "defaultdict(list, {'b': 1, 'a': 2})", dict().with_factory(builtin("list")));
    // In a pickle for Python 2 an int is a long.
    cases.add(
        PYTHON3,
        "defaultdict(int)",
        DefaultDict::<u8, u8>::default().with_factory(builtin("int")),
    );
    cases.add(
        EVERY,
        "defaultdict(OrderedDict, {1: OrderedDict([(2, 3)])})",
        DefaultDict::from_iter([(1, OrderedDict(vec![(2, 3)]))])
            .with_factory(Global::new("collections", "OrderedDict")),
    );

    cases.add(FROZENDICT, "frozendict({'b': 1, 'a': 2})", FrozenDict(entries().to_vec()));
    cases.add(FROZENDICT, "frozendict()", FrozenDict::<u8, u8>::default());

    cases.add(EVERY, "deque([1, 2, 3])", [1, 2, 3].into_iter().collect::<Deque<i32>>());
    cases.add(
        EVERY,
        "deque([1, 2, 3], 5)",
        [1, 2, 3].into_iter().collect::<Deque<i32>>().with_maxlen(5),
    );
    cases.add(EVERY, "deque([], 0)", Deque::<u8>::default().with_maxlen(0));
    cases.add(EVERY, "deque(range(1001))", (0..1_001).collect::<Deque<i32>>());
    cases.ask();
}

#[test]
fn members_of_enums() {
    let mut cases = Cases::default();
    let class = || Global::new("colors", "Color");
    cases.add(PYTHON3, "Color.RED", Member::ByValue { class: class(), value: 1 });
    cases.add(PYTHON3, "Color.BLUE", Member::ByValue { class: class(), value: Value::from("b") });
    cases.add(
        PYTHON3,
        "Color.BLUE",
        Member::<u8>::ByName { class: class(), name: "BLUE".to_owned() },
    );
    cases.ask();
}
