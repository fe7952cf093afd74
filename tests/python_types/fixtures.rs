//! The types read what Pythons 2.7 and 3.6 to 3.15 wrote, by the pickles of `fixtures/types`.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde_pickle::python::{
    Counter, Date, DateTime, Decimal, DefaultDict, Deque, Fraction, FrozenDict, IpAddress, Member,
    OrderedDict, Path, PathKind, SimpleNamespace, Time, TimeDelta, TimeZone, Uuid,
};
use serde_pickle::reduce::Global;
use serde_pickle::value::Complex;
use serde_pickle::{Value, pickle};

use crate::natural::{reads, refusal};

fn parsed<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

/// Each case reads as what the text says.
#[track_caller]
fn read_as<T: FromStr<Err: Debug> + DeserializeOwned + PartialEq + Debug>(cases: &[(&str, &str)]) {
    for (case, text) in cases {
        reads::<T>(case, parsed(text));
    }
}

#[test]
fn datetimes() {
    read_as::<DateTime>(&[
        ("datetime/naive", "2024-02-29T12:30:45"),
        ("datetime/micros", "2024-02-29T12:30:45.123456"),
        ("datetime/midnight", "1999-12-31T00:00:00"),
        ("datetime/high_bytes", "2047-12-31T23:59:59.999999"),
        ("datetime/min", "0001-01-01T00:00:00"),
        ("datetime/max", "9999-12-31T23:59:59.999999"),
        ("datetime/utc", "2024-02-29T12:30:45+00:00"),
        ("datetime/offset_plus", "2024-02-29T12:30:45+05:30"),
        ("datetime/offset_seconds", "1900-01-01T00:00:00+00:19:32"),
        ("zones/zoneinfo_datetime", "2024-07-01T12:00:00[Europe/Berlin]"),
        ("zones/zoneinfo_utc", "2024-02-29T12:00:00+00:00[UTC]"),
        ("zones/pytz_utc_datetime", "2024-02-29T12:00:00+00:00[UTC]"),
        ("zones/pytz_summer", "2024-07-01T12:00:00+02:00[Europe/Berlin]"),
        ("zones/pytz_winter", "2024-01-01T12:00:00.000007+01:00[Europe/Berlin]"),
        ("zones/pytz_fixed", "2024-07-01T12:00:00+01:30"),
        ("zones/dateutil_utc", "2024-02-29T12:00:00+00:00[UTC]"),
        ("zones/dateutil_offset", "2024-02-29T12:00:00+01:30"),
        ("zones/dateutil_file", "2024-07-01T12:00:00+02:00[Europe/Berlin]"),
    ]);
    let hour = TimeDelta::new(0, 3_600, 0).unwrap();
    let cet = TimeZone::fixed(hour).unwrap().with_name("CET");
    reads(
        "datetime/offset_named",
        parsed::<DateTime>("2024-01-01T00:00:00").with_zone(cet.clone()),
    );
    reads(
        "datetime/shared_zone",
        [1, 2].map(|day| parsed::<DateTime>(&format!("2024-01-0{day}T00:00:00+00:00"))),
    );
    let second = parsed::<DateTime>("2024-10-27T02:30:00").with_fold(true);
    reads("datetime/fold_utc", second.clone().with_zone(TimeZone::UTC));
    let berlin = TimeZone::named("Europe/Berlin").unwrap();
    reads("zones/zoneinfo_datetime_fold", second.with_zone(berlin.clone()));
    for case in ["zones/zoneinfo", "zones/zoneinfo_no_cache"] {
        reads(case, berlin.clone());
    }
    reads("zones/timezone_named", cet);
    read_as::<TimeZone>(&[
        ("zones/timezone_utc", "+00:00"),
        ("zones/timezone_plus", "+05:30"),
        ("zones/pytz_zone", "Europe/Berlin"),
    ]);
}

#[test]
fn a_fold_is_kept_where_python_wrote_it() {
    // From protocol 4 on.
    for entry in crate::natural::case("datetime/fold") {
        let datetime: DateTime = serde_pickle::from_slice(&entry.bytes()).unwrap();
        assert_eq!(
            datetime,
            parsed::<DateTime>("2024-10-27T02:30:00").with_fold(entry.protocol >= 4),
            "{}",
            entry.file
        );
    }
}

#[test]
fn dates_times_and_durations() {
    read_as::<Date>(&[
        ("date/plain", "2024-02-29"),
        ("date/min", "0001-01-01"),
        ("date/max", "9999-12-31"),
    ]);
    read_as::<Time>(&[
        ("time/naive", "12:30:45"),
        ("time/micros", "23:59:59.999999"),
        ("time/midnight", "00:00:00"),
        ("time/utc", "12:30:00+00:00"),
        ("time/offset", "12:30:00.000005-08:00"),
        ("zones/zoneinfo_time", "12:00:00[Europe/Berlin]"),
    ]);
    read_as::<TimeDelta>(&[
        ("timedelta/zero", "PT0S"),
        ("timedelta/one_day", "PT86400S"),
        ("timedelta/mixed", "PT86403.5S"),
        ("timedelta/negative_micros", "-PT0.000001S"),
        ("timedelta/negative_mixed", "-PT172805.25S"),
    ]);
    reads("timedelta/min", TimeDelta::new(-999_999_999, 0, 0).unwrap());
    reads("timedelta/max", TimeDelta::new(999_999_999, 86_399, 999_999).unwrap());
}

#[test]
fn numbers_and_identifiers() {
    read_as::<Decimal>(&[
        ("decimal/zero", "0"),
        ("decimal/minus_zero", "-0"),
        ("decimal/fraction", "1.50"),
        ("decimal/exponent", "1E+10"),
        ("decimal/nan", "NaN"),
        ("decimal/snan", "sNaN"),
        ("decimal/minus_infinity", "-Infinity"),
        ("decimal/fifty_digits", "12345678901234567890123456789012345678901234567890"),
    ]);
    read_as::<Fraction>(&[
        ("fraction/third", "1/3"),
        ("fraction/negative", "-22/7"),
        ("fraction/whole", "3"),
        ("fraction/big", "1000000000000000000000000000000/3"),
    ]);
    reads("complex/plain", Complex::new(1.5, -2.0));
    read_as::<Uuid>(&[
        ("uuid/v4", "12345678-1234-4678-9234-567812345678"),
        ("uuid/max", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
        ("uuid/safe", "12345678-1234-1678-9234-567812345678"),
    ]);
    reads("uuid/list", [Uuid(1), Uuid(2)]);
    read_as::<IpAddress>(&[("ipaddress/v4", "192.168.0.1"), ("ipaddress/v6", "2001:db8::1")]);
}

#[test]
fn paths_keep_their_class() {
    for (case, kind, text) in [
        ("paths/pure_posix", PathKind::PurePosix, "/usr/lib/x.py"),
        ("paths/pure_posix_parts", PathKind::PurePosix, "a/b/c"),
        ("paths/posix", PathKind::Posix, "/etc/hosts"),
        ("paths/posix_dot", PathKind::Posix, "."),
        ("paths/pure_windows", PathKind::PureWindows, "C:/Users/x/y.txt"),
        ("paths/pure_windows_unc", PathKind::PureWindows, "//server/share/dir"),
        ("paths/unicode", PathKind::PurePosix, "/tmp/ä中"),
    ] {
        reads(case, Path::new(kind, text));
    }
}

#[test]
fn collections() {
    reads(
        "collections/ordereddict",
        OrderedDict(vec![("b".to_owned(), pickle!(1)), ("a".to_owned(), pickle!([2]))]),
    );
    reads("collections/ordereddict_empty", OrderedDict::<String, u8>::default());
    reads(
        "collections/frozendict",
        FrozenDict(vec![("b".to_owned(), pickle!(1)), ("a".to_owned(), pickle!([2]))]),
    );
    reads("collections/frozendict_empty", FrozenDict::<String, u8>::default());
    reads("collections/counter", Counter(vec![("a".to_owned(), 2), ("b".to_owned(), 1)]));
    reads("collections/counter_empty", Counter::<String>::default());
    let dict = |entries: Vec<(&str, Value)>| {
        entries
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect::<DefaultDict<String, Value>>()
    };
    let builtin = |name: &str| Global::new("builtins", name);
    reads(
        "collections/defaultdict_list",
        dict(vec![("k", pickle!([1]))]).with_factory(builtin("list")),
    );
    reads(
        "collections/defaultdict_int",
        dict(vec![("k", pickle!(5))]).with_factory(builtin("int")),
    );
    reads("collections/defaultdict_none", dict(vec![("k", pickle!(5))]));
    reads("collections/defaultdict_empty", dict(vec![]).with_factory(builtin("list")));
    reads("collections/deque", Deque { maxlen: None, items: vec![1, 2, 3] });
    reads("collections/deque_empty", Deque::<u8>::default());
    reads("collections/deque_maxlen", Deque { maxlen: Some(5), items: vec![1, 2, 3] });
    reads("collections/deque_maxlen_0", Deque::<u8>::default().with_maxlen(0));
    let attributes = [("a".to_owned(), pickle!(1)), ("b".to_owned(), pickle!("x"))];
    reads("collections/simplenamespace", SimpleNamespace(BTreeMap::from(attributes)));
}

#[test]
fn members_of_enums() {
    let zoo = |name: &str| Global::new("zoo", name);
    reads("enums/color", Member::ByValue { class: zoo("Color"), value: 2 });
    reads("enums/mood", Member::ByValue { class: zoo("Mood"), value: "bad".to_owned() });
    reads("enums/planet", Member::ByValue { class: zoo("Planet"), value: (6.421e23, 3_397_200.0) });
    reads("enums/flag_combined", Member::ByValue { class: zoo("Perm"), value: 6 });
    reads("enums/intenum", Member::ByValue { class: zoo("Level"), value: 20 });
    reads(
        "enums/by_name",
        Member::<Value>::ByName { class: zoo("ByName"), name: "GREEN".to_owned() },
    );
}

#[test]
fn another_class_is_an_error_that_names_both() {
    assert_eq!(
        refusal::<Date>("datetime/naive"),
        "expected an object of datetime.date, found one of datetime.datetime"
    );
    assert_eq!(
        refusal::<Uuid>("decimal/zero"),
        "expected an object of uuid.UUID, found one of decimal.Decimal"
    );
    assert_eq!(
        refusal::<OrderedDict<String, u8>>("collections/counter"),
        "expected an object of collections.OrderedDict, found one of collections.Counter"
    );
    assert!(
        refusal::<DateTime>("datetime/own_tzinfo").contains("whose offset only Python can tell")
    );
    assert!(
        refusal::<Date>("collections/userlist").contains("expected an object of datetime.date")
    );
}
