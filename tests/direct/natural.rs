//! Objects that stand for text: times, decimals and UUIDs.

use std::collections::BTreeMap;
use std::fmt::Debug;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use rust_decimal::Decimal;
use serde::de::{Deserialize, IgnoredAny};
use serde_pickle::{AllowList, DeOptions, ErrorKind, Value};
use uuid::Uuid;

use super::made::changes;
use super::{compare, is_direct};

/// `pickle.dumps` of CPython 3.13, at protocols 2 and 4.
#[rustfmt::skip]
pub(super) const PICKLES: &[(&str, &[u8])] = &[
    // [a, b, a]: a = datetime(2024, 2, 29, 12, 30, 1, 250), b = datetime(1999, 12, 31, 23, 59, 59)
    ("datetimes", b"\x80\x02]q\0(cdatetime\ndatetime\nq\x01c_codecs\nencode\nq\x02X\x0c\0\0\0\x07\
        \xc3\xa8\x02\x1d\x0c\x1e\x01\0\0\xc3\xbaq\x03X\x06\0\0\0latin1q\x04\x86q\x05Rq\x06\x85q\
        \x07Rq\x08h\x01h\x02X\x0b\0\0\0\x07\xc3\x8f\x0c\x1f\x17;;\0\0\0q\th\x04\x86q\nRq\x0b\x85q\
        \x0cRq\rh\x08e."),
    ("datetimes", b"\x80\x04\x95C\0\0\0\0\0\0\0]\x94(\x8c\x08datetime\x94\x8c\x08datetime\x94\x93\
        \x94C\n\x07\xe8\x02\x1d\x0c\x1e\x01\0\0\xfa\x94\x85\x94R\x94h\x03C\n\x07\xcf\x0c\x1f\x17;;\
        \0\0\0\x94\x85\x94R\x94h\x06e."),
    // The same with timezone.utc, timezone(timedelta(hours=5, minutes=30)), and a again
    ("aware", b"\x80\x02]q\0(cdatetime\ndatetime\nq\x01c_codecs\nencode\nq\x02X\x0c\0\0\0\x07\xc3\
        \xa8\x02\x1d\x0c\x1e\x01\0\0\xc3\xbaq\x03X\x06\0\0\0latin1q\x04\x86q\x05Rq\x06cdatetime\nt\
        imezone\nq\x07cdatetime\ntimedelta\nq\x08K\0K\0K\0\x87q\tRq\n\x85q\x0bRq\x0c\x86q\rRq\x0eh\
        \x01h\x02X\x0b\0\0\0\x07\xc3\x8f\x0c\x1f\x17;;\0\0\0q\x0fh\x04\x86q\x10Rq\x11h\x07h\x08K\0\
        MXMK\0\x87q\x12Rq\x13\x85q\x14Rq\x15\x86q\x16Rq\x17h\x01h\x02X\x0b\0\0\0\x07\xc3\x8f\x0c\
        \x1f\x17;;\0\0\0q\x18h\x04\x86q\x19Rq\x1ah\x15\x86q\x1bRq\x1ch\x01h\x02X\x0b\0\0\0\x07\xc3\
        \x8f\x0c\x1f\x17;;\0\0\0q\x1dh\x04\x86q\x1eRq\x1fh\x0c\x86q Rq!h\x0ee."),
    ("aware", b"\x80\x04\x95\xad\0\0\0\0\0\0\0]\x94(\x8c\x08datetime\x94\x8c\x08datetime\x94\x93\
        \x94C\n\x07\xe8\x02\x1d\x0c\x1e\x01\0\0\xfa\x94h\x01\x8c\x08timezone\x94\x93\x94h\x01\x8c\
        \ttimedelta\x94\x93\x94K\0K\0K\0\x87\x94R\x94\x85\x94R\x94\x86\x94R\x94h\x03C\n\x07\xcf\
        \x0c\x1f\x17;;\0\0\0\x94h\x06h\x08K\0MXMK\0\x87\x94R\x94\x85\x94R\x94\x86\x94R\x94h\x03C\n\
        \x07\xcf\x0c\x1f\x17;;\0\0\0\x94h\x13\x86\x94R\x94h\x03C\n\x07\xcf\x0c\x1f\x17;;\0\0\0\x94\
        h\x0c\x86\x94R\x94h\x0ee."),
    // [date(2024, 2, 29), date(1, 1, 1)], and the first again
    ("dates", b"\x80\x02]q\0(cdatetime\ndate\nq\x01c_codecs\nencode\nq\x02X\x05\0\0\0\x07\xc3\xa8\
        \x02\x1dq\x03X\x06\0\0\0latin1q\x04\x86q\x05Rq\x06\x85q\x07Rq\x08h\x01h\x02X\x04\0\0\0\0\
        \x01\x01\x01q\th\x04\x86q\nRq\x0b\x85q\x0cRq\rh\x08e."),
    ("dates", b"\x80\x04\x953\0\0\0\0\0\0\0]\x94(\x8c\x08datetime\x94\x8c\x04date\x94\x93\x94C\x04\
        \x07\xe8\x02\x1d\x94\x85\x94R\x94h\x03C\x04\0\x01\x01\x01\x94\x85\x94R\x94h\x06e."),
    // [time(1, 2, 3), time(4, 5, 6, 7, timezone.utc)]
    ("times", b"\x80\x02]q\0(cdatetime\ntime\nq\x01c_codecs\nencode\nq\x02X\x06\0\0\0\x01\x02\x03\
        \0\0\0q\x03X\x06\0\0\0latin1q\x04\x86q\x05Rq\x06\x85q\x07Rq\x08h\x01h\x02X\x06\0\0\0\x04\
        \x05\x06\0\0\x07q\th\x04\x86q\nRq\x0bcdatetime\ntimezone\nq\x0ccdatetime\ntimedelta\nq\rK\
        \0K\0K\0\x87q\x0eRq\x0f\x85q\x10Rq\x11\x86q\x12Rq\x13e."),
    ("times", b"\x80\x04\x95b\0\0\0\0\0\0\0]\x94(\x8c\x08datetime\x94\x8c\x04time\x94\x93\x94C\x06\
        \x01\x02\x03\0\0\0\x94\x85\x94R\x94h\x03C\x06\x04\x05\x06\0\0\x07\x94h\x01\x8c\x08timezone\
        \x94\x93\x94h\x01\x8c\ttimedelta\x94\x93\x94K\0K\0K\0\x87\x94R\x94\x85\x94R\x94\x86\x94R\
        \x94e."),
    // [Decimal('1.50'), Decimal('-2'), Decimal('1.50')], the last the first
    ("decimals", b"\x80\x02]q\0(cdecimal\nDecimal\nq\x01X\x04\0\0\x001.50q\x02\x85q\x03Rq\x04h\x01X\
        \x02\0\0\0-2q\x05\x85q\x06Rq\x07h\x04e."),
    ("decimals", b"\x80\x04\x953\0\0\0\0\0\0\0]\x94(\x8c\x07decimal\x94\x8c\x07Decimal\x94\x93\x94\
        \x8c\x041.50\x94\x85\x94R\x94h\x03\x8c\x02-2\x94\x85\x94R\x94h\x06e."),
    // [UUID(int=0x0123...), UUID(int=5), UUID(int=2**128 - 1)], and the first again
    ("uuids", b"\x80\x02]q\0(cuuid\nUUID\nq\x01)\x81q\x02}q\x03X\x03\0\0\0intq\x04\x8a\x10\xef\xcd\
        \xab\x89gE#\x01\xef\xcd\xab\x89gE#\x01sbh\x01)\x81q\x05}q\x06h\x04K\x05sbh\x01)\x81q\x07}q\
        \x08h\x04\x8a\x11\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0sbh\x02\
        e."),
    ("uuids", b"\x80\x04\x95a\0\0\0\0\0\0\0]\x94(\x8c\x04uuid\x94\x8c\x04UUID\x94\x93\x94)\x81\x94\
        }\x94\x8c\x03int\x94\x8a\x10\xef\xcd\xab\x89gE#\x01\xef\xcd\xab\x89gE#\x01sbh\x03)\x81\x94\
        }\x94h\x06K\x05sbh\x03)\x81\x94}\x94h\x06\x8a\x11\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
        \xff\xff\xff\xff\xff\xff\0sbh\x04e."),
    // {date(2024, 2, 29): 1, date(2024, 3, 1): 2}
    ("keys", b"\x80\x02}q\0(cdatetime\ndate\nq\x01c_codecs\nencode\nq\x02X\x05\0\0\0\x07\xc3\xa8\
        \x02\x1dq\x03X\x06\0\0\0latin1q\x04\x86q\x05Rq\x06\x85q\x07Rq\x08K\x01h\x01h\x02X\x05\0\0\
        \0\x07\xc3\xa8\x03\x01q\th\x04\x86q\nRq\x0b\x85q\x0cRq\rK\x02u."),
    ("keys", b"\x80\x04\x955\0\0\0\0\0\0\0}\x94(\x8c\x08datetime\x94\x8c\x04date\x94\x93\x94C\x04\
        \x07\xe8\x02\x1d\x94\x85\x94R\x94K\x01h\x03C\x04\x07\xe8\x03\x01\x94\x85\x94R\x94K\x02u."),
    // ['datetime', 'datetime', 'uuid', 'decimal']
    ("texts", b"\x80\x02]q\0(X\x08\0\0\0datetimeq\x01h\x01X\x04\0\0\0uuidq\x02X\x07\0\0\0decimalq\
        \x03h\x01e."),
    ("texts", b"\x80\x04\x95%\0\0\0\0\0\0\0]\x94(\x8c\x08datetime\x94h\x01\x8c\x04uuid\x94\x8c\x07\
        decimal\x94h\x01e."),
];

/// Reads a pickle as types of which some fit.
#[track_caller]
fn compare_types(pickle: &[u8], options: &DeOptions<'static>) {
    fn read<'de, T: Deserialize<'de> + Debug + PartialEq>(
        pickle: &'de [u8],
        options: &DeOptions<'static>,
    ) {
        compare::<T>(pickle, options, "natural");
    }
    read::<Vec<String>>(pickle, options);
    read::<Vec<&str>>(pickle, options);
    read::<Vec<Option<NaiveDateTime>>>(pickle, options);
    read::<Vec<DateTime<Utc>>>(pickle, options);
    read::<Vec<DateTime<FixedOffset>>>(pickle, options);
    read::<Vec<NaiveDate>>(pickle, options);
    read::<Vec<NaiveTime>>(pickle, options);
    read::<Vec<Decimal>>(pickle, options);
    read::<Vec<Uuid>>(pickle, options);
    read::<Vec<f64>>(pickle, options);
    read::<Vec<serde_json::Value>>(pickle, options);
    read::<(String, String, String)>(pickle, options);
    read::<BTreeMap<NaiveDate, i64>>(pickle, options);
    read::<BTreeMap<String, i64>>(pickle, options);
    read::<IgnoredAny>(pickle, options);
    read::<Value>(pickle, options);
}

/// Compares with default options, which change from call to call, and with low limits.
pub(super) fn with_limits(compare: impl Fn(&DeOptions<'static>)) {
    for _ in 0..4 {
        compare(&DeOptions::new());
    }
    for depth in 0..4 {
        compare(&DeOptions::new().max_depth(depth));
    }
    for bytes in [0, 8, 30, 100, 300, 1_000] {
        compare(&DeOptions::new().max_expansion(bytes));
        compare(&DeOptions::new().max_memory(bytes));
        compare(&DeOptions::new().max_nodes(bytes / 30));
    }
}

#[test]
fn times_decimals_and_uuids_need_no_machine() {
    #[track_caller]
    fn texts<'de, T: Deserialize<'de> + Debug + PartialEq>(pickle: &'de [u8], wanted: &[&str]) {
        assert!(is_direct::<Vec<T>>(pickle), "{}", pickle.escape_ascii());
        assert!(is_direct::<Vec<String>>(pickle), "{}", pickle.escape_ascii());
        assert!(is_direct::<Vec<serde_json::Value>>(pickle), "{}", pickle.escape_ascii());
        assert!(is_direct::<IgnoredAny>(pickle), "{}", pickle.escape_ascii());
        assert_eq!(serde_pickle::from_slice::<Vec<String>>(pickle).unwrap(), wanted);
    }
    const DATETIMES: [&str; 2] = ["2024-02-29T12:30:01.000250", "1999-12-31T23:59:59"];
    for (name, pickle) in PICKLES {
        match *name {
            "datetimes" => {
                let [a, b] = DATETIMES;
                texts::<NaiveDateTime>(pickle, &[a, b, a]);
            }
            "aware" => {
                let [a, b] = DATETIMES;
                let (a, offset) = (format!("{a}+00:00"), format!("{b}+05:30"));
                let b = format!("{b}+00:00");
                texts::<DateTime<Utc>>(pickle, &[&a, &offset, &offset, &b, &a]);
                assert!(is_direct::<Vec<DateTime<FixedOffset>>>(pickle));
            }
            "dates" => texts::<NaiveDate>(pickle, &["2024-02-29", "0001-01-01", "2024-02-29"]),
            "times" => texts::<String>(pickle, &["01:02:03", "04:05:06.000007+00:00"]),
            "decimals" => {
                texts::<Decimal>(pickle, &["1.50", "-2", "1.50"]);
                assert!(is_direct::<Vec<&str>>(pickle));
            }
            "uuids" => {
                let first = "01234567-89ab-cdef-0123-456789abcdef";
                texts::<Uuid>(
                    pickle,
                    &[
                        first,
                        "00000000-0000-0000-0000-000000000005",
                        "ffffffff-ffff-ffff-ffff-ffffffffffff",
                        first,
                    ],
                );
            }
            "keys" => {
                assert!(is_direct::<BTreeMap<NaiveDate, i64>>(pickle));
                let read: BTreeMap<String, i64> = serde_pickle::from_slice(pickle).unwrap();
                assert_eq!(
                    read.into_iter().collect::<Vec<_>>(),
                    [("2024-02-29".to_owned(), 1), ("2024-03-01".to_owned(), 2)]
                );
            }
            _ => texts::<&str>(pickle, &["datetime", "datetime", "uuid", "decimal", "datetime"]),
        }
    }
}

#[test]
fn they_are_read_the_same_both_ways() {
    for (name, pickle) in PICKLES {
        // An object as a key of a `Value` is for the machine.
        assert!(is_direct::<Value>(pickle) || *name == "keys", "{name}");
        with_limits(|options| compare_types(pickle, options));
    }
}

/// Each instruction left out, doubled, or followed by another.
#[test]
fn they_are_read_the_same_both_ways_with_a_change() {
    let others: [&[u8]; 6] = [b"N", b"\x85", b"}b", b"0", b"h\x01", b"C\x04\x07\xe8\x0d\x01"];
    for (_, pickle) in PICKLES {
        for bytes in changes(pickle, &others) {
            let options = DeOptions::new();
            compare::<Vec<String>>(&bytes, &options, "changed");
            compare::<Vec<DateTime<Utc>>>(&bytes, &options, "changed");
            compare::<Vec<Option<NaiveDate>>>(&bytes, &options, "changed");
            compare::<Vec<Decimal>>(&bytes, &options, "changed");
            compare::<BTreeMap<NaiveDate, i64>>(&bytes, &options, "changed");
            compare::<IgnoredAny>(&bytes, &options, "changed");
            compare::<Value>(&bytes, &options, "changed");
        }
    }
}

/// A byte of the payload that is no day or time is the machine's error.
#[test]
fn payloads_that_are_no_time_are_errors_of_the_machine() {
    for (_, pickle) in PICKLES {
        for place in 0..pickle.len() {
            for byte in [0, 0x0d, 0x80, 0xff] {
                let mut changed = pickle.to_vec();
                changed[place] = byte;
                compare::<Vec<String>>(&changed, &DeOptions::new(), "a byte");
            }
        }
    }
    let error = serde_pickle::from_slice::<Vec<NaiveDate>>(
        b"\x80\x04](\x8c\x08datetime\x8c\x04date\x93C\x04\x07\xe8\x02\x1e\x85Re.",
    );
    assert!(
        error.unwrap_err().to_string().contains("not a valid date: year 2024, month 2, day 30")
    );
}

/// A date as the first item of a tuple is no named tuple.
#[test]
fn times_in_tuples_need_no_machine() {
    // [(date(2024, 2, 29), 0.5), (date(2024, 3, 1), 1.5)] by CPython
    #[rustfmt::skip]
    let pickles: [&[u8]; 2] = [
        b"\x80\x02]q\0(cdatetime\ndate\nq\x01c_codecs\nencode\nq\x02X\x05\0\0\0\x07\xc3\xa8\x02\
            \x1dq\x03X\x06\0\0\0latin1q\x04\x86q\x05Rq\x06\x85q\x07Rq\x08G?\xe0\0\0\0\0\0\0\x86q\
            \th\x01h\x02X\x05\0\0\0\x07\xc3\xa8\x03\x01q\nh\x04\x86q\x0bRq\x0c\x85q\rRq\x0eG?\
            \xf8\0\0\0\0\0\0\x86q\x0fe.",
        b"\x80\x04\x95G\0\0\0\0\0\0\0]\x94(\x8c\x08datetime\x94\x8c\x04date\x94\x93\x94C\x04\x07\
            \xe8\x02\x1d\x94\x85\x94R\x94G?\xe0\0\0\0\0\0\0\x86\x94h\x03C\x04\x07\xe8\x03\x01\
            \x94\x85\x94R\x94G?\xf8\0\0\0\0\0\0\x86\x94e.",
    ];
    for pickle in pickles {
        let read: Vec<(NaiveDate, f64)> = serde_pickle::from_slice(pickle).unwrap();
        assert_eq!(read[1], ("2024-03-01".parse().unwrap(), 1.5));
        assert!(is_direct::<Vec<(NaiveDate, f64)>>(pickle));
        compare::<Vec<(NaiveDate, f64)>>(pickle, &DeOptions::new(), "tuples");
        compare::<Vec<(String, String)>>(pickle, &DeOptions::new(), "tuples");
        compare::<Vec<Vec<f64>>>(pickle, &DeOptions::new(), "tuples");
    }
}

/// The bytes or the tuple of a date are fetched, or a date that is an argument itself.
#[test]
fn parts_of_times_that_are_fetched_are_read_the_same_both_ways() {
    let date =
        b"\x8c\x08datetime\x94\x8c\x04date\x94\x93\x94C\x04\x07\xe8\x02\x1d\x94\x85\x94R\x94";
    let time = b"h\x03C\x04\x07\xe8\x03\x01\x94\x85\x94R\x94";
    for index in 0..=9 {
        for behind in [&b"e."[..], b"0e.", b"Rh\x09e.", b"}be.", b"h\x09\x86h\x09\x85e."] {
            let pickle = [b"\x80\x04]\x94(", &date[..], time, &[b'h', index], behind].concat();
            compare::<Value>(&pickle, &DeOptions::new(), "parts");
            compare::<Vec<String>>(&pickle, &DeOptions::new(), "parts");
        }
    }
}

/// A frame ends every 64 KiB, before whatever comes next.
#[test]
fn times_in_frames_need_no_machine() {
    let date =
        b"\x8c\x08datetime\x94\x8c\x04date\x94\x93\x94C\x04\x07\xe8\x02\x1d\x94\x85\x94R\x94";
    let frame = b"\x95\0\0\0\0\0\0\0\0";
    for end in 0..=date.len() {
        let (front, back) = date.split_at(end);
        let pickle = [
            b"\x80\x04]\x94(",
            front,
            frame,
            back,
            b"h\x03",
            frame,
            b"C\x04\x07\xe8\x02\x1d\x85R",
            frame,
            b"h\x03C\x04\x07\xe8\x02\x1d\x85Re.",
        ]
        .concat();
        compare::<Vec<NaiveDate>>(&pickle, &DeOptions::new(), "framed");
        // Picklers end no frame before a MEMOIZE, nor between the names of a class and its opcode.
        let ends = [0, 20, 27, 29, 31].contains(&end);
        assert!(!ends || is_direct::<Vec<NaiveDate>>(&pickle), "{end}");
    }
}

#[test]
fn their_classes_are_asked_about() {
    for (name, pickle) in PICKLES.iter().filter(|(name, _)| *name != "texts") {
        let none = DeOptions::new().resolver(AllowList::new());
        let error = none.from_slice::<IgnoredAny>(pickle).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied, "{name}");
    }
}

/// Half of the pickle is one zone and one datetime, and half refers to them.
#[test]
fn references_to_times_are_charged() {
    let times = |count: usize| {
        let begin = b"\x80\x02](cdatetime\ndatetime\nq\0C\x0a\x07\xe8\x02\x1d\x0c\x1e\x01\0\0\
            \xfa\x85Rq\x01";
        [&begin[..], &b"h\x01".repeat(count), b"e."].concat()
    };
    let few = times(10);
    assert!(is_direct::<Vec<String>>(&few));
    for bytes in [0, 100, 500, 1_000, 2_000, 4_000] {
        compare::<Vec<String>>(&few, &DeOptions::new().max_expansion(bytes), "references");
    }
    let error = DeOptions::new().max_expansion(10_000).from_slice::<Vec<String>>(&times(10_000));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Limit);
}
