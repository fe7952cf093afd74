//! Times, zones, missing values and arrays of common libraries, in new and old versions.
//!
//! `fixtures/libraries` has for each pickle what a reader of no particular type gives, and of
//! datetimes what the library itself says: `isoformat()`, and the moment. `docs/MAPPING.md` names
//! these tests.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use jiff::{SignedDuration, Timestamp, Zoned, civil};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};
use serde_pickle::python::numpy::{NdArray, OwnedNdArray};
use serde_pickle::reduce::{Global, Reduce, Renames};
use serde_pickle::{DeOptions, ErrorKind, Graph, Value, from_slice, from_value};

#[derive(Deserialize)]
struct Entry {
    file: String,
    case: String,
    #[serde(default)]
    json: Json,
    iso: Option<String>,
    utc: Option<Timestamp>,
}

impl Entry {
    fn bytes(&self) -> Vec<u8> {
        std::fs::read(folder().join(&self.file)).unwrap()
    }

    fn read<T: DeserializeOwned>(&self) -> T {
        from_slice(&self.bytes()).unwrap_or_else(|error| panic!("{}: {error}", self.file))
    }

    /// The text of a datetime.
    fn text(&self) -> Option<&str> {
        self.json.as_str().filter(|text| text.as_bytes().get(10) == Some(&b'T'))
    }

    fn is_plain(&self) -> bool {
        self.json != "not plain"
    }
}

fn folder() -> PathBuf {
    crate::corpus::folder().join("libraries")
}

fn entries() -> Vec<Entry> {
    crate::corpus::described("libraries")
}

/// All pickles of a case, by whatever library in whatever version.
fn case(name: &str) -> Vec<Entry> {
    let entries: Vec<Entry> = entries().into_iter().filter(|entry| entry.case == name).collect();
    assert!(!entries.is_empty(), "no case {name}");
    entries
}

/// Every pickle of a case reads as `expected`.
#[track_caller]
fn reads<T: DeserializeOwned + PartialEq + std::fmt::Debug>(name: &str, expected: &T) {
    for entry in case(name) {
        assert_eq!(entry.read::<T>(), *expected, "{}", entry.file);
    }
}

#[test]
fn every_value_is_json_and_a_value_in_between_changes_nothing() {
    for entry in entries().into_iter().filter(Entry::is_plain) {
        assert_eq!(entry.read::<Json>(), entry.json, "{}", entry.file);
        match from_slice::<Value>(&entry.bytes()) {
            Ok(value) => {
                assert_eq!(from_value::<Json>(value).unwrap(), entry.json, "{}", entry.file);
            }
            // Zones of pendulum 1 contain themselves, and pendulum 2 pickles each transition of a
            // zone within the next one.
            Err(error) => {
                assert!(
                    matches!(error.kind(), ErrorKind::Data | ErrorKind::Limit),
                    "{}: {error}",
                    entry.file
                );
                assert!(entry.file.starts_with("pendulum-values/"), "{}", entry.file);
            }
        }
        let bytes = entry.bytes();
        let graph = Graph::from_slice(&bytes).unwrap();
        assert_eq!(Json::deserialize(graph.root()).unwrap(), entry.json, "{}", entry.file);
    }
}

#[test]
fn text_is_local_time_and_offset_as_the_library_prints_them() {
    let mut compared = 0;
    for entry in entries() {
        let (Some(text), Some(iso)) = (entry.text(), &entry.iso) else { continue };
        let local = text.split('[').next().unwrap();
        match local.strip_suffix('Z') {
            // A moment, of which the library knows the local time too.
            Some(_) => assert!(entry.utc.is_some()),
            // A key without an offset; the library has a database.
            None if !iso.starts_with(local) => panic!("{}: {local}, not {iso}", entry.file),
            None if text.contains('[') && !local[10..].contains(['+', '-']) => {}
            None => assert_eq!(local, iso, "{}", entry.file),
        }
        compared += 1;
    }
    assert!(compared > 300, "{compared}");
}

#[test]
fn an_offset_in_the_pickle_is_a_moment() {
    let mut compared = 0;
    for entry in entries() {
        let (Some(text), Some(utc)) = (entry.text(), entry.utc) else { continue };
        let (local, key) = text.split_once('[').map_or((text, None), |(t, key)| (t, Some(key)));
        if !local[10..].contains(['+', '-', 'Z']) {
            continue;
        }
        assert_eq!(entry.read::<Timestamp>(), utc, "{}", entry.file);
        // The types of chrono know no keys; a class in brackets is not given to them.
        if key.is_none_or(|key| key.contains("unknown")) && !local.contains(":28") {
            let utc = utc.to_string().parse::<DateTime<Utc>>().unwrap();
            assert_eq!(entry.read::<DateTime<Utc>>(), utc, "{}", entry.file);
            let found: DateTime<FixedOffset> = entry.read();
            assert_eq!(found, utc, "{}", entry.file);
            if !local.ends_with('Z') {
                assert_eq!(found, local.parse::<DateTime<FixedOffset>>().unwrap(), "{text}");
            }
        }
        compared += 1;
    }
    assert!(compared > 200, "{compared}");
}

#[test]
fn a_key_in_the_pickle_is_a_place() {
    let mut compared = 0;
    for entry in entries() {
        let (Some(text), Some(utc)) = (entry.text(), entry.utc) else { continue };
        if !text.ends_with("[Europe/Berlin]") {
            continue;
        }
        let zoned: Zoned = entry.read();
        assert_eq!(zoned.timestamp(), utc, "{}", entry.file);
        assert_eq!(zoned.time_zone().iana_name(), Some("Europe/Berlin"));
        compared += 1;
    }
    assert!(compared > 60, "{compared}");
}

#[test]
fn what_has_no_zone_is_naive() {
    let mut compared = 0;
    for entry in entries() {
        let Some(text) = entry.text().filter(|text| !text[10..].contains(['[', '+', '-', 'Z']))
        else {
            continue;
        };
        let expected: NaiveDateTime = text.parse().unwrap();
        assert_eq!(entry.read::<NaiveDateTime>(), expected, "{}", entry.file);
        let expected: civil::DateTime = text.parse().unwrap();
        assert_eq!(entry.read::<civil::DateTime>(), expected, "{}", entry.file);
        assert_eq!(entry.read::<String>(), text);
        compared += 1;
    }
    assert!(compared > 60, "{compared}");
}

#[test]
fn days_times_and_durations_of_libraries() {
    reads("pendulum-values/date", &NaiveDate::from_ymd_opt(2024, 7, 1).unwrap());
    reads("pendulum-values/date", &civil::date(2024, 7, 1));
    reads("pendulum-values/time", &NaiveTime::from_hms_micro_opt(12, 1, 2, 3).unwrap());
    reads("pendulum-values/time", &civil::time(12, 1, 2, 3_000));
    reads("pendulum-values/duration", &SignedDuration::from_micros(93_600_000_003));
    reads("pendulum-values/duration_negative", &SignedDuration::from_hours(-72));
    reads("pandas-values/timedelta", &SignedDuration::from_nanos(86_402_000_000_003));
    reads("pandas-values/timedelta_negative", &SignedDuration::from_nanos(-1));
    reads("pandas-values/period_day", &NaiveDate::from_ymd_opt(1969, 12, 31).unwrap());
    reads("pandas-values/period_business_day", &civil::date(2024, 7, 1));
    reads("pandas-values/period_hours", &civil::date(2024, 7, 1).at(12, 0, 0, 0));
    reads("pandas-values/period_quarter", &"2024Q3".to_owned());
    for unit in ["s", "ms", "us", "ns"] {
        reads(&format!("pandas-values/timedelta_{unit}"), &SignedDuration::from_secs(-2));
    }
}

#[test]
fn intervals_are_their_ends() {
    reads("pandas-values/interval", &(0, 1, "right".to_owned()));
    let start: Timestamp = "2024-07-01T12:00:00Z".parse().unwrap();
    let end: Timestamp = "2024-07-03T12:00:00Z".parse().unwrap();
    reads("pendulum-values/interval", &(start, end, false));
    let (start, end) =
        (civil::date(2024, 1, 1).at(0, 0, 0, 0), civil::date(2025, 1, 1).at(0, 0, 0, 0));
    reads("pandas-values/interval_times", &(start, end, "left".to_owned()));
}

#[test]
fn zones_by_themselves() {
    reads("pendulum-values/zone_named", &"Europe/Berlin".to_owned());
    reads("pendulum-values/zone_fixed", &"-01:30".to_owned());
    reads("pendulum-values/zone_utc", &"UTC".to_owned());
}

#[test]
fn datetimes_of_python_in_zones_of_libraries_keep_both() {
    use serde_pickle::python;

    for entry in entries().iter().filter(|entry| entry.case.starts_with("zones/")) {
        let Ok(datetime) = from_slice::<python::DateTime>(&entry.bytes()) else {
            assert!(
                entry.text().unwrap().contains("[d") || entry.text().unwrap().contains("Local")
            );
            continue;
        };
        let text = entry.text().unwrap();
        assert_eq!(
            datetime.to_string().split('[').next(),
            text.split('[').next(),
            "{}",
            entry.file
        );
        assert!(datetime.zone().is_some());
    }
}

#[test]
fn an_unknown_zone_is_told_to_whom_asks_for_a_moment_and_fails_nobody_else() {
    for entry in case("unknown-zones/office") {
        let error = from_slice::<Timestamp>(&entry.bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let error = error.to_string();
        assert!(
            error.contains("of the class unknown.Office") && error.contains("Renames"),
            "{error}"
        );
        assert!(from_slice::<NaiveDateTime>(&entry.bytes()).is_err());
        assert!(from_slice::<String>(&entry.bytes()).is_err());
        // The parts are there for whom knows the class.
        let parts: Reduce<(serde_bytes::ByteBuf, Value)> = entry.read();
        assert_eq!(parts.args.0.len(), 10);
    }
    // Inside of another value too; the others are what they are.
    for entry in case("unknown-zones/among_others") {
        let read: BTreeMap<String, Json> = entry.read();
        assert_eq!(
            read["at"],
            json!(["2024-07-01T12:00:00", "2024-07-01T12:00:00[unknown.Office]"])
        );
        let error = from_slice::<BTreeMap<String, Vec<Timestamp>>>(&entry.bytes()).unwrap_err();
        assert!(error.path().is_some(), "{error}");
    }
}

#[test]
fn renames_make_an_unknown_zone_known() {
    let renames =
        Renames::new().rename(Global::new("unknown", "Odd"), Global::new("datetime", "timezone"));
    for entry in case("unknown-zones/odd") {
        let options = DeOptions::new().resolver(renames.clone());
        let moment: Timestamp = options.from_slice(&entry.bytes()).unwrap();
        assert_eq!(moment.to_string(), "2024-07-01T09:00:00Z");
    }
}

#[test]
fn a_hostile_class_name_stays_within_its_brackets() {
    // A global `m` `a]b\n[`, called for the zone of a datetime.
    let mut pickle = b"\x80\x04cdatetime\ndatetime\nC\x0a\x07\xe8\x07\x01\x0c\0\0\0\0\0".to_vec();
    pickle.extend(b"\x8c\x01m\x8c\x05a]b\n[\x93)R\x86R.");
    assert_eq!(from_slice::<Json>(&pickle).unwrap(), "2024-07-01T12:00:00[m.a%5Db%0A%5B]");
    let long = [
        b"\x80\x04cdatetime\ndatetime\nC\x0a\x07\xe8\x07\x01\x0c\0\0\0\0\0\x8c\x01m\x8c\xff"
            .to_vec(),
        vec![b'x'; 255],
        b"\x93)R\x86R.".to_vec(),
    ]
    .concat();
    assert!(from_slice::<Json>(&long).unwrap().as_str().unwrap().len() < 150);
}

#[test]
fn missing_values_of_pandas_are_none() {
    for name in ["pandas-values/nat", "pandas-values/na"] {
        reads(name, &None::<Timestamp>);
        reads(name, &None::<NaiveDateTime>);
        reads(name, &None::<String>);
        reads(name, &None::<SignedDuration>);
        reads(name, &None::<i64>);
        reads(name, &Json::Null);
        for entry in case(name) {
            let error = from_slice::<String>(&entry.bytes()).unwrap_err();
            assert!(error.to_string().starts_with("invalid type: None"), "{error}");
        }
    }
    reads("pandas-values/nats", &vec![Some(civil::date(2024, 7, 1).at(0, 0, 0, 0)), None]);
    reads("pandas-values/nas", &vec![Some(1), None]);
    // The name itself is still to be had.
    for entry in case("pandas-values/na") {
        assert_eq!(entry.read::<Global>().qualname, "NA");
    }
}

#[test]
fn indexes_are_their_data() {
    reads("pandas-values/index", &vec![1, 2]);
    reads("pandas-values/index_float", &vec![1.5, 2.0]);
    reads("pandas-values/index_text", &vec!["a".to_owned(), "b".to_owned()]);
    reads("pandas-values/index_empty", &Vec::<String>::new());
    reads(
        "pandas-values/index_datetime",
        &vec![Some(civil::date(2024, 7, 1).at(0, 0, 0, 0)), None],
    );
    reads("pandas-values/index_timedelta", &vec![SignedDuration::from_secs(1)]);

    for entry in case("pandas-values/index_range") {
        let map: BTreeMap<String, Option<i64>> = entry.read();
        assert_eq!(map["stop"], Some(3));
    }
}

#[test]
fn codes_ordinals_and_times_of_a_zone_are_not_taken_for_values() {
    for entry in entries().iter().filter(|entry| !entry.is_plain()) {
        assert!(from_slice::<Vec<i64>>(&entry.bytes()).is_err(), "{}", entry.file);
        assert!(from_slice::<Vec<String>>(&entry.bytes()).is_err(), "{}", entry.file);
        let any: Json = entry.read();
        assert!(any.as_array().is_none_or(|items| !items[0].is_number()), "{}: {any}", entry.file);
    }
}

#[test]
fn subclasses_of_ndarray_with_a_state_of_their_own_are_arrays() {
    let numbers = vec![vec![1.5, 2.0], vec![-3.0, 0.25]];
    for name in ["infoarray", "dictarray", "pairarray", "matrix", "memmap", "quantity"] {
        let name = format!("numpy-subclasses/{name}");
        reads(&name, &numbers);
        for entry in case(&name) {
            let bytes = entry.bytes();
            let array: NdArray<'_> = from_slice(&bytes).unwrap();
            assert_eq!(array.shape(), [2, 2]);
            assert_eq!(array.to_vec::<f64>().unwrap(), [1.5, 2.0, -3.0, 0.25]);
            assert_eq!(entry.read::<OwnedNdArray>().0, array);
            // A value in between keeps the state of its own.
            let value: Value = entry.read();
            assert_eq!(from_value::<Vec<Vec<f64>>>(value).unwrap(), numbers);
        }
    }
    reads("numpy-subclasses/infomasked", &vec![Some(1.5), None]);
    reads("numpy-subclasses/recarray", &vec![(1, 2.5)]);
    // The subclass's additions are in the state.
    for entry in case("numpy-subclasses/infoarray") {
        let parts: Reduce<Value, (Value, Value, Value, Value, Value, BTreeMap<String, String>)> =
            entry.read();
        assert_eq!(parts.state.unwrap().5["unit"], "m");
    }
}

#[test]
fn a_datetime_that_is_refused_is_shown_with_what_reads_it() {
    let refused = |name: &str, error: fn(&[u8]) -> serde_pickle::Error| {
        error(&case(name)[0].bytes()).to_string()
    };
    let moment = refused("zones/timezone", |bytes| from_slice::<NaiveDateTime>(bytes).unwrap_err());
    assert!(moment.contains("`2024-07-01T12:00:00-01:30`; it has an offset"), "{moment}");
    let place =
        refused("zones/pytz_named", |bytes| from_slice::<DateTime<Utc>>(bytes).unwrap_err());
    assert!(
        place.contains("`2024-07-01T12:00:00+02:00[Europe/Berlin]`; its time zone in brackets"),
        "{place}"
    );
    let naive = refused("pandas-values/timestamp_freq", |bytes| {
        from_slice::<DateTime<Utc>>(bytes).unwrap_err()
    });
    assert!(naive.contains("`2024-07-01T00:00:00`; it has no time zone"), "{naive}");
    // Of numpy too.
    let numpy = refused("pandas-values/index_datetime", |bytes| {
        from_slice::<Vec<Option<DateTime<Utc>>>>(bytes).unwrap_err()
    });
    assert!(numpy.contains("`; it has no time zone"), "{numpy}");
    // A message that shows the text already is left alone.
    let jiff = refused("zones/timezone", |bytes| from_slice::<Zoned>(bytes).unwrap_err());
    assert_eq!(jiff.matches("2024-07-01T12:00:00-01:30").count(), 1, "{jiff}");
}
