//! The modules of the features, for types of other crates.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use jiff::{SignedDuration, Timestamp, Zoned, civil};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_pickle::{from_slice, python, to_vec};

use super::Cases;
use crate::natural::{reads, refusal};

/// Anything by its module.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "T: python::AsPython")]
struct By<T>(#[serde(with = "python::chrono")] T);

fn chrono<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> By<T> {
    By(text.parse().unwrap())
}

const EVERY: (u32, u32) = (2, 7);
const PYTHON3: (u32, u32) = (3, 7);
const ZONEINFO: (u32, u32) = (3, 9);

#[test]
fn python_loads_the_types_of_chrono() {
    let mut cases = Cases::default();
    let moment = || chrono::<DateTime<Utc>>("2024-02-29T12:30:45.123456Z");
    cases.add(PYTHON3, "DT(2024, 2, 29, 12, 30, 45, 123456, tzinfo=timezone.utc)", moment());
    cases.add(
        PYTHON3,
        "DT(2024, 2, 29, 12, 30, tzinfo=timezone(timedelta(seconds=19800)))",
        chrono::<DateTime<FixedOffset>>("2024-02-29T12:30:00+05:30"),
    );
    cases.add(EVERY, "DT(2024, 2, 29, 12, 30)", chrono::<NaiveDateTime>("2024-02-29T12:30:00"));
    cases.add(EVERY, "date(1, 1, 1)", chrono::<NaiveDate>("0001-01-01"));
    cases.add(EVERY, "time(23, 59, 59, 999999)", chrono::<NaiveTime>("23:59:59.999999"));
    cases.add(EVERY, "timedelta(microseconds=-1)", By(chrono::TimeDelta::microseconds(-1)));
    cases.add(
        EVERY,
        "timedelta(-3, 5)",
        By(chrono::TimeDelta::days(-3) + chrono::TimeDelta::seconds(5)),
    );
    cases.add(
        PYTHON3,
        "[DT(2024, 2, 29, 12, 30, 45, 123456, tzinfo=timezone.utc), None]",
        By(vec![Some(moment().0), None]),
    );
    cases.ask();
}

#[test]
fn python_loads_the_types_of_jiff() {
    let mut cases = Cases::default();
    cases.add(
        PYTHON3,
        "DT(2024, 2, 29, 12, 30, 45, 123456, tzinfo=timezone.utc)",
        chrono::<Timestamp>("2024-02-29T12:30:45.123456Z"),
    );
    for (python, text) in [
        (
            "DT(2024, 7, 1, 12, tzinfo=ZoneInfo('Europe/Berlin'))",
            "2024-07-01T12:00:00+02:00[Europe/Berlin]",
        ),
        (
            "DT(2024, 10, 27, 2, 30, tzinfo=ZoneInfo('Europe/Berlin'))",
            "2024-10-27T02:30:00+02:00[Europe/Berlin]",
        ),
        (
            "DT(2024, 10, 27, 2, 30, fold=1, tzinfo=ZoneInfo('Europe/Berlin'))",
            "2024-10-27T02:30:00+01:00[Europe/Berlin]",
        ),
        ("DT(2024, 7, 1, 12, tzinfo=timezone.utc)", "2024-07-01T12:00:00+00:00[UTC]"),
        (
            "DT(2024, 7, 1, 12, tzinfo=timezone(timedelta(hours=-3)))",
            "2024-07-01T12:00:00-03:00[-03:00]",
        ),
    ] {
        cases.add(ZONEINFO, python, chrono::<Zoned>(text));
    }
    cases.add(EVERY, "DT(2024, 2, 29, 12, 30)", chrono::<civil::DateTime>("2024-02-29T12:30:00"));
    cases.add(EVERY, "date(1, 1, 1)", chrono::<civil::Date>("0001-01-01"));
    cases.add(EVERY, "time(23, 59, 59, 999999)", chrono::<civil::Time>("23:59:59.999999"));
    cases.add(EVERY, "timedelta(microseconds=-1)", By(SignedDuration::from_micros(-1)));
    cases.ask();
}

#[test]
fn python_loads_uuids_and_decimals() {
    let mut cases = Cases::default();
    let uuid = chrono::<uuid::Uuid>("12345678-1234-4678-9234-567812345678");
    cases.add(EVERY, "UUID('12345678-1234-4678-9234-567812345678')", uuid);
    for text in ["1.50", "-0.0000000000000000000000000001", "79228162514264337593543950335"] {
        cases.add(EVERY, &format!("Decimal('{text}')"), chrono::<rust_decimal::Decimal>(text));
    }
    cases.ask();
}

#[test]
fn what_pythons_wrote_is_read() {
    fn read<T>(case: &str, text: &str)
    where
        T: std::str::FromStr<Err: std::fmt::Debug> + python::AsPython + PartialEq + std::fmt::Debug,
        By<T>: DeserializeOwned,
    {
        reads(case, chrono::<T>(text));
    }

    read::<NaiveDateTime>("datetime/micros", "2024-02-29T12:30:45.123456");
    read::<DateTime<Utc>>("datetime/offset_plus", "2024-02-29T07:00:45Z");
    read::<DateTime<FixedOffset>>("zones/pytz_summer", "2024-07-01T12:00:00+02:00");
    read::<NaiveDate>("date/plain", "2024-02-29");
    read::<NaiveTime>("time/micros", "23:59:59.999999");
    read::<Timestamp>("zones/pytz_summer", "2024-07-01T10:00:00Z");
    read::<Zoned>("zones/pytz_summer", "2024-07-01T12:00:00+02:00[Europe/Berlin]");
    read::<Zoned>("zones/zoneinfo_datetime", "2024-07-01T12:00:00+02:00[Europe/Berlin]");
    read::<Zoned>("zones/zoneinfo_datetime_fold", "2024-10-27T02:30:00+01:00[Europe/Berlin]");
    read::<civil::DateTime>("datetime/naive", "2024-02-29T12:30:45");
    read::<uuid::Uuid>("uuid/v4", "12345678-1234-4678-9234-567812345678");
    read::<rust_decimal::Decimal>("decimal/tiny", "0.0000000000000000000000000001");
    reads("timedelta/negative_mixed", By(chrono::TimeDelta::milliseconds(-172_805_250)));
    reads("timedelta/negative_mixed", By(SignedDuration::from_millis(-172_805_250)));
}

#[test]
fn what_a_type_has_no_place_for_is_an_error() {
    assert_eq!(
        refusal::<By<NaiveDateTime>>("datetime/utc"),
        "expected a datetime without a zone, found 2024-02-29T12:30:45+00:00"
    );
    assert_eq!(
        refusal::<By<DateTime<Utc>>>("zones/zoneinfo_datetime"),
        "expected a datetime with an offset in seconds, found 2024-07-01T12:00:00[Europe/Berlin]"
    );
    assert_eq!(
        refusal::<By<Timestamp>>("datetime/naive"),
        "expected a datetime with an offset, found 2024-02-29T12:30:45"
    );
    assert_eq!(
        refusal::<By<rust_decimal::Decimal>>("decimal/nan"),
        "the Decimal NaN: Invalid decimal: unknown character"
    );
    assert!(to_vec(&By(NaiveDate::MAX)).is_err());
    assert!(from_slice::<By<Zoned>>(&to_vec(&python::TimeZone::UTC).unwrap()).is_err());
}

/// PEP 495: in a gap the fold says which of the two offsets is meant.
#[test]
fn a_time_in_a_gap_is_what_python_takes_it_for() {
    let gap: python::DateTime = "2024-03-31T02:30:00[Europe/Berlin]".parse().unwrap();
    for (fold, text) in [
        (false, "2024-03-31T03:30:00+02:00[Europe/Berlin]"),
        (true, "2024-03-31T01:30:00+01:00[Europe/Berlin]"),
    ] {
        let bytes = to_vec(&gap.clone().with_fold(fold)).unwrap();
        assert_eq!(from_slice::<By<Zoned>>(&bytes).unwrap(), chrono::<Zoned>(text));
    }
}
