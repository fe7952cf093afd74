//! Dates, times and zones, read by chrono and jiff with their own serde support.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use jiff::civil;
use jiff::{SignedDuration, Span, Timestamp, Zoned};
use serde_json::Value as Json;
use serde_pickle::{DeOptions, Encoding, ErrorKind, from_slice};

use super::{bytes, case, newest, read, reads, reads_from_all, refusal};

#[test]
fn a_naive_datetime_is_what_has_no_zone() {
    let day = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
    reads_from_all("datetime/naive", true, day.and_hms_opt(12, 30, 45).unwrap());
    reads_from_all("datetime/naive", true, civil::date(2024, 2, 29).at(12, 30, 45, 0));
    reads_from_all("datetime/naive", true, "2024-02-29T12:30:45".to_owned());
    // Every byte of this one is beyond ASCII, which is how Python 2's payload fails in Python
    // itself.
    let late = NaiveDate::from_ymd_opt(2047, 12, 31)
        .unwrap()
        .and_hms_micro_opt(23, 59, 59, 999_999)
        .unwrap();
    reads_from_all("datetime/high_bytes", true, late);
    reads("datetime/micros_1", civil::date(2024, 2, 29).at(12, 30, 45, 1_000));
    reads("datetime/min", NaiveDate::from_ymd_opt(1, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap());
    reads("datetime/max", civil::date(9999, 12, 31).at(23, 59, 59, 999_999_000));
}

#[test]
fn the_encoding_of_python_2_text_does_not_touch_payloads() {
    for encoding in [Encoding::Utf8, Encoding::Ascii, Encoding::Latin1, Encoding::Bytes] {
        let options = DeOptions::new().encoding(encoding);
        let read: NaiveDateTime =
            options.from_slice(&bytes("datetime/high_bytes-py2.7-p2.pkl")).unwrap();
        assert_eq!(read.to_string(), "2047-12-31 23:59:59.999999");
    }
}

#[test]
fn fold_is_no_part_of_the_month_or_hour() {
    reads("datetime/fold", civil::date(2024, 10, 27).at(2, 30, 0, 0));
    reads("time/fold", civil::time(2, 30, 0, 0));
    reads("datetime/fold_utc", "2024-10-27T02:30:00Z".parse::<Timestamp>().unwrap());
}

#[test]
fn a_datetime_with_an_offset_is_a_moment() {
    let moment = "2024-02-29T12:30:45Z";
    reads_from_all("datetime/utc", false, moment.parse::<DateTime<Utc>>().unwrap());
    reads_from_all("datetime/utc", false, moment.parse::<DateTime<FixedOffset>>().unwrap());
    reads_from_all("datetime/utc", false, moment.parse::<Timestamp>().unwrap());
    let moment = "2024-02-29T12:30:45.5-03:30";
    reads_from_all("datetime/offset_minus", false, moment.parse::<DateTime<Utc>>().unwrap());
    reads_from_all(
        "datetime/offset_minus",
        false,
        moment.parse::<DateTime<FixedOffset>>().unwrap(),
    );
    reads_from_all("datetime/offset_minus", false, moment.parse::<Timestamp>().unwrap());
    let moments: Vec<DateTime<Utc>> = read("datetime/shared_zone").unwrap();
    assert_eq!(moments.len(), 2);
}

#[test]
fn utc_by_any_name_is_an_offset() {
    let moment: DateTime<Utc> = "2024-02-29T12:00:00Z".parse().unwrap();
    reads("zones/zoneinfo_utc", moment);
    reads("zones/pytz_utc_datetime", moment);
    reads("zones/dateutil_utc", moment);
    reads("zones/zoneinfo_utc", "2024-02-29T12:00:00Z".parse::<Timestamp>().unwrap());
}

#[test]
fn a_key_alone_needs_a_time_zone_database() {
    let berlin: Zoned = "2024-07-01T12:00:00+02:00[Europe/Berlin]".parse().unwrap();
    reads("zones/zoneinfo_datetime", berlin.clone());
    reads("zones/dateutil_file", berlin.clone());
    reads("zones/pytz_static", "2024-07-01T12:00:00-05:00[Etc/GMT+5]".parse::<Zoned>().unwrap());
    let bundled: Zoned = read("zones/dateutil_bundled").unwrap();
    assert_eq!(bundled.timestamp(), berlin.timestamp());
    // Types without a database say so.
    assert!(
        read::<DateTime<Utc>>("zones/zoneinfo_datetime").unwrap_err().kind() == ErrorKind::Data
    );
    assert!(read::<DateTime<Utc>>("zones/dateutil_file").is_err());
    assert!(read::<Timestamp>("zones/zoneinfo_datetime").is_err());
}

#[test]
fn a_localized_datetime_has_offset_and_key() {
    let summer: Zoned = "2024-07-01T12:00:00+02:00[Europe/Berlin]".parse().unwrap();
    reads_from_all("zones/pytz_summer", true, summer.clone());
    reads_from_all("zones/pytz_summer", true, summer.timestamp());
    reads(
        "zones/pytz_winter",
        "2024-01-01T12:00:00.000007+01:00[Europe/Berlin]".parse::<Zoned>().unwrap(),
    );
    // chrono knows no keys in brackets.
    assert!(read::<DateTime<FixedOffset>>("zones/pytz_summer").is_err());
}

#[test]
fn fixed_offsets_of_libraries_are_offsets() {
    reads(
        "zones/pytz_fixed",
        "2024-07-01T12:00:00+01:30".parse::<DateTime<FixedOffset>>().unwrap(),
    );
    reads_from_all(
        "zones/dateutil_offset",
        true,
        "2024-02-29T12:00:00+01:30".parse::<DateTime<Utc>>().unwrap(),
    );
    reads("datetime/offset_named", "2024-01-01T00:00:00+01:00".parse::<Timestamp>().unwrap());
    reads("datetime/offset_seconds", "1900-01-01T00:00:00+00:19:32".parse::<Timestamp>().unwrap());
}

#[test]
fn the_second_of_two_equal_readings_is_not_taken_for_the_first() {
    // Text can't tell them apart without an offset; by itself the datetime is shown as `isoformat`
    // shows it without zone.
    let refused = refusal::<Zoned>("zones/zoneinfo_datetime_fold");
    assert_eq!(
        refused,
        "2024-10-27T02:30:00 is meant for the second time in Europe/Berlin, and its offset is not \
         in the pickle; read the object as Reduce"
    );
    assert_eq!(
        read::<Json>("zones/zoneinfo_datetime_fold").unwrap(),
        "2024-10-27T02:30:00[Europe/Berlin]"
    );
}

#[test]
fn an_unknown_time_zone_is_an_error_that_names_it() {
    for entry in case("datetime/own_tzinfo") {
        let error = from_slice::<DateTime<Utc>>(&entry.bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(
            error.to_string().starts_with(
                "a datetime in a time zone of the class zoo2.FixedZone, whose offset only Python"
            ),
            "{error}"
        );
    }
    // To whom any form will do it is data: the payload and the zone.
    let (payload, _): (serde_bytes::ByteBuf, serde::de::IgnoredAny) =
        read("datetime/own_tzinfo").unwrap();
    assert_eq!(payload.len(), 10);
}

#[test]
fn zones_by_themselves_are_their_keys_or_offsets() {
    reads_from_all("zones/timezone_plus", false, "+05:30".to_owned());
    reads("zones/timezone_utc", "+00:00".to_owned());
    reads_from_all("zones/zoneinfo", false, "Europe/Berlin".to_owned());
    reads("zones/zoneinfo_no_cache", "Europe/Berlin".to_owned());
    reads_from_all("zones/pytz_utc", true, "UTC".to_owned());
    reads("zones/pytz_zone", "Europe/Berlin".to_owned());
}

#[test]
fn dates_and_times() {
    reads_from_all("date/plain", true, NaiveDate::from_ymd_opt(2024, 2, 29).unwrap());
    reads_from_all("date/plain", true, civil::date(2024, 2, 29));
    reads("date/min", civil::date(1, 1, 1));
    reads_from_all("time/naive", true, NaiveTime::from_hms_opt(12, 30, 45).unwrap());
    reads_from_all("time/naive", true, civil::time(12, 30, 45, 0));
    reads("time/micros", civil::time(23, 59, 59, 999_999_000));
    reads_from_all("time/offset", false, "12:30:00.000005-08:00".to_owned());
    reads("zones/zoneinfo_time", "12:00:00[Europe/Berlin]".to_owned());
}

#[test]
fn a_timedelta_is_a_duration_in_seconds() {
    reads_from_all("timedelta/mixed", true, "PT86403.5S".to_owned());
    reads_from_all("timedelta/mixed", true, SignedDuration::from_millis(86_403_500));
    reads_from_all("timedelta/negative_mixed", true, SignedDuration::from_millis(-172_805_250));
    let span: Span = read("timedelta/mixed").unwrap();
    assert_eq!(span.total(jiff::Unit::Second).unwrap(), 86_403.5);
    reads("timedelta/micros", SignedDuration::from_micros(1));
    reads("timedelta/max", SignedDuration::new(86_399_999_999_999, 999_999_000));
    reads("timedelta/min", SignedDuration::new(-86_399_999_913_600, 0));
    // chrono writes a TimeDelta as two numbers, and reads nothing else.
    assert!(read::<TimeDelta>("timedelta/mixed").is_err());
}

#[test]
fn a_type_of_its_own_gets_what_the_pickle_has() {
    let (payload,): (serde_bytes::ByteBuf,) = read("datetime/naive").unwrap();
    assert_eq!(*payload, [0x07, 0xe8, 2, 29, 12, 30, 45, 0, 0, 0]);
    let numbers: (i64, i64, i64) = read("timedelta/negative_micros").unwrap();
    assert_eq!(numbers, (-1, 86_399, 999_999));
}

#[test]
fn what_is_no_date_is_an_error() {
    // The month is the fourth byte of the payload.
    let mut month_13 = newest("datetime/naive");
    let payload = month_13.windows(4).position(|window| window == [0x07, 0xe8, 2, 29]).unwrap();
    month_13[payload + 2] = 13;
    let error = from_slice::<NaiveDateTime>(&month_13).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    assert!(
        error.to_string().starts_with("not a valid datetime: year 2024, month 13, day 29, at byte"),
        "{error}"
    );
    month_13[payload + 2] = 2;
    month_13[payload + 3] = 30;
    assert!(from_slice::<String>(&month_13).is_err());
}
