//! Times, timedeltas, Decimals and UUIDs as the types of `python`, and those that go by way of
//! them.

use std::fmt::Debug;

use serde::de::Deserialize;
use serde_derive::Deserialize;
use serde_pickle::python::{AsPython, Date, DateTime, Decimal, Time, TimeDelta, TimeZone, Uuid};
use serde_pickle::{AllowList, DeOptions, ErrorKind};

use super::made::changes;
use super::natural::{PICKLES, with_limits};
use super::{compare, is_direct};

/// `pickle.dumps` of CPython 3.13, at protocols 2 and 4.
#[rustfmt::skip]
const MORE: &[(&str, &[u8])] = &[
    // [timedelta(1, 2, 3), timedelta(-1, 86399, 999999), timedelta(999999999)], the first again
    ("deltas", b"\x80\x02]q\0(cdatetime\ntimedelta\nq\x01K\x01K\x02K\x03\x87q\x02Rq\x03h\x01J\xff\
        \xff\xff\xffJ\x7fQ\x01\0J?B\x0f\0\x87q\x04Rq\x05h\x01J\xff\xc9\x9a;K\0K\0\x87q\x06Rq\x07h\
        \x03e."),
    ("deltas", b"\x80\x04\x95N\0\0\0\0\0\0\0]\x94(\x8c\x08datetime\x94\x8c\ttimedelta\x94\x93\x94K\
        \x01K\x02K\x03\x87\x94R\x94h\x03J\xff\xff\xff\xffJ\x7fQ\x01\0J?B\x0f\0\x87\x94R\x94h\x03J\
        \xff\xc9\x9a;K\0K\0\x87\x94R\x94h\x05e."),
    // a = datetime(2024, 10, 27, 2, 30, fold=1); [a, a in timezone(timedelta(hours=1)), a]
    ("folds", b"\x80\x04\x95q\0\0\0\0\0\0\0]\x94(\x8c\x08datetime\x94\x8c\x08datetime\x94\x93\x94C\
        \n\x07\xe8\x8a\x1b\x02\x1e\0\0\0\0\x94\x85\x94R\x94h\x03C\n\x07\xe8\x8a\x1b\x02\x1e\0\0\0\
        \0\x94h\x01\x8c\x08timezone\x94\x93\x94h\x01\x8c\ttimedelta\x94\x93\x94K\0M\x10\x0eK\0\x87\
        \x94R\x94\x85\x94R\x94\x86\x94R\x94h\x06e."),
    // [time(2, 30, fold=1), the same in timezone.utc]
    ("foldtimes", b"\x80\x04\x95b\0\0\0\0\0\0\0]\x94(\x8c\x08datetime\x94\x8c\x04time\x94\x93\x94C\
        \x06\x82\x1e\0\0\0\0\x94\x85\x94R\x94h\x03C\x06\x82\x1e\0\0\0\0\x94h\x01\x8c\x08timezone\
        \x94\x93\x94h\x01\x8c\ttimedelta\x94\x93\x94K\0K\0K\0\x87\x94R\x94\x85\x94R\x94\x86\x94R\
        \x94e."),
];

/// Neither a zone with a name nor one with a key is an offset alone.
#[rustfmt::skip]
const OTHERS: &[&[u8]] = &[
    // [datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=1), 'X'))] by CPython
    b"\x80\x04\x95_\0\0\0\0\0\0\0]\x94\x8c\x08datetime\x94\x8c\x08datetime\x94\x93\x94C\n\x07\xe8\
        \x01\x01\0\0\0\0\0\0\x94h\x01\x8c\x08timezone\x94\x93\x94h\x01\x8c\ttimedelta\x94\x93\x94K\
        \0M\x10\x0eK\0\x87\x94R\x94\x8c\x01X\x94\x86\x94R\x94\x86\x94R\x94a.",
    // [datetime(2024, 1, 1, tzinfo=pytz.utc)]
    b"\x80\x04]\x8c\x08datetime\x8c\x08datetime\x93C\n\x07\xe8\x01\x01\0\0\0\0\0\0\x8c\x04pytz\x8c\
        \x04_UTC\x93)R\x86Ra.",
    // [timedelta(1000000000)], which is none
    b"\x80\x04]\x8c\x08datetime\x8c\ttimedelta\x93J\0\xca\x9a;K\0K\0\x87Ra.",
];

fn each() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    PICKLES.iter().chain(MORE).copied()
}

#[track_caller]
fn compare_types(pickle: &[u8], options: &DeOptions<'static>) {
    fn read<'de, T: Deserialize<'de> + Debug + PartialEq>(
        pickle: &'de [u8],
        options: &DeOptions<'static>,
    ) {
        compare::<Vec<T>>(pickle, options, "objects");
    }
    read::<DateTime>(pickle, options);
    read::<Date>(pickle, options);
    read::<Time>(pickle, options);
    read::<TimeZone>(pickle, options);
    read::<Option<TimeDelta>>(pickle, options);
    read::<Decimal>(pickle, options);
    read::<Uuid>(pickle, options);
    read::<Moment>(pickle, options);
    compare::<(DateTime, DateTime, DateTime)>(pickle, options, "objects");
}

/// As a type of chrono or jiff, by way of one of `python`.
#[derive(Debug, PartialEq)]
struct Minutes(u8, Option<TimeZone>);

impl AsPython for Minutes {
    type Object = DateTime;

    fn to_python(&self) -> serde_pickle::Result<DateTime> {
        unreachable!()
    }

    fn from_python(datetime: DateTime) -> serde_pickle::Result<Self> {
        Ok(Self(datetime.time().minute(), datetime.zone().cloned()))
    }
}

#[derive(Debug, Deserialize, PartialEq)]
struct Moment(#[serde(deserialize_with = "serde_pickle::python::duration::deserialize")] Minutes);

#[test]
fn types_of_python_need_no_machine() {
    #[track_caller]
    fn objects<T: for<'de> Deserialize<'de> + ToString>(pickle: &[u8], wanted: &[&str]) {
        assert!(is_direct::<Vec<T>>(pickle), "{}", pickle.escape_ascii());
        let read: Vec<T> = serde_pickle::from_slice(pickle).unwrap();
        assert_eq!(read.iter().map(T::to_string).collect::<Vec<_>>(), wanted);
    }
    for (name, pickle) in each() {
        match name {
            "datetimes" => {
                let [a, b] = ["2024-02-29T12:30:01.000250", "1999-12-31T23:59:59"];
                objects::<DateTime>(pickle, &[a, b, a]);
            }
            "aware" => {
                assert!(is_direct::<Vec<DateTime>>(pickle));
                assert!(is_direct::<Vec<Moment>>(pickle));
                let read: Vec<DateTime> = serde_pickle::from_slice(pickle).unwrap();
                assert_eq!(read[1].to_string(), "1999-12-31T23:59:59+05:30");
                let read: Vec<Moment> = serde_pickle::from_slice(pickle).unwrap();
                assert_eq!(read[1].0, Minutes(59, Some("+05:30".parse().unwrap())));
            }
            "dates" => objects::<Date>(pickle, &["2024-02-29", "0001-01-01", "2024-02-29"]),
            "times" => objects::<Time>(pickle, &["01:02:03", "04:05:06.000007+00:00"]),
            "decimals" => objects::<Decimal>(pickle, &["1.50", "-2", "1.50"]),
            "uuids" => assert!(is_direct::<Vec<Uuid>>(pickle)),
            "deltas" => {
                let last = "PT86399999913600S";
                let first = "PT86402.000003S";
                objects::<TimeDelta>(pickle, &[first, "-PT0.000001S", last, first]);
            }
            "folds" => {
                assert!(is_direct::<Vec<DateTime>>(pickle));
                let read: Vec<DateTime> = serde_pickle::from_slice(pickle).unwrap();
                assert!(read.iter().all(|datetime| datetime.time().fold()));
                assert_eq!(read[1].to_string(), "2024-10-27T02:30:00+01:00");
            }
            "foldtimes" => {
                assert!(is_direct::<Vec<Time>>(pickle));
                let read: Vec<Time> = serde_pickle::from_slice(pickle).unwrap();
                assert!(read.iter().all(Time::fold));
            }
            _ => {}
        }
    }
}

#[test]
fn types_of_python_are_read_the_same_both_ways() {
    for pickle in each().map(|(_, pickle)| pickle).chain(OTHERS.iter().copied()) {
        with_limits(|options| compare_types(pickle, options));
    }
    assert!(OTHERS.iter().all(|pickle| !is_direct::<Vec<DateTime>>(pickle)));
}

/// Each instruction left out, doubled, or followed by another; each byte changed.
#[test]
fn types_of_python_are_read_the_same_both_ways_with_a_change() {
    let others: [&[u8]; 6] = [b"N", b"\x85", b"}b", b"0", b"h\x01", b"C\x04\x07\xe8\x0d\x01"];
    for (_, pickle) in each() {
        for bytes in changes(pickle, &others) {
            compare_types(&bytes, &DeOptions::new());
        }
    }
    for (_, pickle) in MORE {
        for place in 0..pickle.len() {
            for byte in [0, 0x0d, 0x80, 0xff] {
                let mut changed = pickle.to_vec();
                changed[place] = byte;
                compare_types(&changed, &DeOptions::new());
            }
        }
    }
}

#[test]
fn the_classes_of_types_of_python_are_asked_about() {
    for (_, pickle) in MORE {
        let none = DeOptions::new().resolver(AllowList::new());
        let error = none.from_slice::<Vec<TimeDelta>>(pickle).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied);
    }
}
