//! Text back into objects of their own classes: of pandas, pendulum, pathlib and numpy.
//!
//! The pickles are by the libraries themselves. With `SERDE_PICKLE_LIBRARIES` those load what came
//! out, and compare it with what the text says: `fixtures/editing/values.py`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_pickle::python::numpy::{MaskedArray, NdArray};
use serde_pickle::{Graph, from_slice, update};

use super::ask::each_environment;
use super::differences::differences;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The pickles of a folder whose names begin with this, each with its name.
fn pickles(folder: &str, start: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(fixtures().join(folder)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if name.split_once("-py").is_some_and(|(case, _)| case == start) {
            found.push((name, std::fs::read(path).unwrap()));
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{folder}/{start}");
    found
}

/// Where changed pickles go, for the libraries to load.
fn changed() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("editing-values")
}

fn keep(name: &str, pickle: &[u8], text: &str) {
    std::fs::create_dir_all(changed()).unwrap();
    std::fs::write(changed().join(format!("{name}.pkl")), pickle).unwrap();
    std::fs::write(changed().join(format!("{name}.txt")), text).unwrap();
}

/// Gives each pickle of a case another text; the class is the same, and `reads` is what is read.
#[track_caller]
fn becomes(folder: &str, case: &str, text: &str, reads: &str) {
    for (name, bytes) in pickles(folder, case) {
        let now = match update(&bytes, &text.to_owned()) {
            Ok(now) => now,
            Err(error) => panic!("{name}: {error}"),
        };
        assert_eq!(from_slice::<String>(&now).unwrap(), reads, "{name}");
        let class = |bytes: &[u8]| {
            let graph = Graph::from_slice(bytes).unwrap();
            graph.root().object().map(|object| object.callable.to_string())
        };
        assert_eq!(class(&now), class(&bytes), "{name}");
        keep(&format!("{name}-{}", text.len()), &now, reads);
    }
}

/// The text is refused, with an error that says this, and nothing changes.
#[track_caller]
fn is_refused(folder: &str, case: &str, text: &str, says: &str) {
    for (name, bytes) in pickles(folder, case) {
        let mut graph = Graph::from_slice(&bytes).unwrap();
        let error = graph.update(&text.to_owned()).unwrap_err().to_string();
        assert!(error.contains(says), "{name}: {error}");
        let before = Graph::from_slice(&bytes).unwrap();
        assert_eq!(differences(before.root(), graph.root()), [""; 0], "{name}");
    }
}

const PANDAS: &str = "libraries/pandas-values";
const PENDULUM: &str = "libraries/pendulum-values";

#[test]
fn timestamps_of_pandas_are_moments_in_their_unit_or_a_finer_one() {
    for case in ["timestamp", "timestamp_before_1970", "timestamp_micro", "timestamp_s"] {
        for text in ["2021-02-03T04:05:06", "2021-02-03T04:05:06.500000", "1969-12-31T23:59:59"] {
            becomes(PANDAS, case, text, text);
        }
    }
    for case in ["timestamp_ms", "timestamp_us", "timestamp_ns", "timestamp_freq"] {
        let text = "2021-02-03T04:05:06.000000007";
        becomes(PANDAS, case, text, text);
        // With fewer digits than pandas prints.
        becomes(PANDAS, case, "2021-02-03T04:05:06.5", "2021-02-03T04:05:06.500000");
    }
    is_refused(PANDAS, "timestamp_utc", "2021-02-03T04:05:06", "has no offset, `Z` or");
    is_refused(PANDAS, "timestamp", "2021-02-03", "`2021-02-03` is no Timestamp of pandas");
    is_refused(PANDAS, "timestamp", "2021-02-03T04:05:06Z", "has a time zone, and the object has");
    // Nanoseconds of 64 bits end in 2262.
    is_refused(PANDAS, "timestamp_ns", "2500-01-01T00:00:00", "is no Timestamp of pandas");
}

#[test]
fn timestamps_of_pandas_keep_their_zone() {
    let utc = "2021-02-03T04:05:06+00:00";
    becomes(PANDAS, "timestamp_utc", utc, utc);
    becomes(PANDAS, "timestamp_utc", "2021-02-03T04:05:06Z", utc);
    becomes(PANDAS, "timestamp_utc", "2021-02-03T04:05:06+02:00", "2021-02-03T04:05:06+02:00");
    for (name, bytes) in pickles(PANDAS, "timestamp_offset") {
        let old: String = from_slice(&bytes).unwrap();
        let new = format!("2021{}", &old[4..]);
        let now = update(&bytes, &new).unwrap();
        assert_eq!(from_slice::<String>(&now).unwrap(), new, "{name}");
        let zone = |bytes: &[u8]| {
            let graph = Graph::from_slice(bytes).unwrap();
            graph.root().object().unwrap().args[2].to_string()
        };
        assert_eq!(zone(&now), zone(&bytes), "{name}");
        keep(&name, &now, &new);
        // The moment, in UTC.
        let moment: jiff::Timestamp = new.parse().unwrap();
        assert_eq!(update(&bytes, &moment.to_string()).unwrap(), now, "{name}");
    }
    // A zone by its name needs no database: the pickle has the moment.
    for (name, bytes) in pickles(PANDAS, "timestamp_named") {
        let old: String = from_slice(&bytes).unwrap();
        let new = old.replacen("07-01", "07-02", 1);
        assert_ne!(old, new);
        let now = update(&bytes, &new).unwrap();
        assert_eq!(from_slice::<String>(&now).unwrap(), new, "{name}");
        keep(&name, &now, &new);
        let error = update(&bytes, &old.replace("Berlin", "Paris")).unwrap_err().to_string();
        assert!(error.contains("a moment in another time zone"), "{name}: {error}");
    }
}

#[test]
fn timedeltas_and_periods_of_pandas() {
    for case in ["timedelta", "timedelta_negative"] {
        becomes(PANDAS, case, "PT5400.000000001S", "PT5400.000000001S");
    }
    becomes(PANDAS, "timedelta", "PT1H30M", "PT5400S");
    is_refused(PANDAS, "timedelta", "90 minutes", "is no Timedelta of pandas");
    for (case, text) in [
        ("period_year", "1969"),
        ("period_quarter", "1969Q4"),
        ("period_quarter_fiscal", "2021Q2"),
        ("period_month", "1969-12"),
        ("period_week", "2021-02-01/2021-02-07"),
        ("period_week_wed", "1969-12-25/1969-12-31"),
        ("period_business_day", "1970-01-02"),
        ("period_friday", "1969-12-26"),
        ("period_day", "2021-02-03"),
        ("period_hours", "2021-02-03T04:00:00"),
        ("period_minute", "2021-02-03T04:05:00"),
        ("period_second", "2021-02-03T04:05:06"),
        ("period_milli", "2021-02-03T04:05:06.007000"),
        ("period_micro", "2021-02-03T04:05:06.000007"),
    ] {
        becomes(PANDAS, case, text, text);
    }
    is_refused(PANDAS, "period_quarter", "1969Q5", "`1969Q5` is no Period of pandas");
    is_refused(PANDAS, "period_month", "2021-02-03", "is no Period of pandas");
    // A Sunday; a week that ends on another day.
    is_refused(PANDAS, "period_business_day", "2021-02-07", "is no Period of pandas");
    is_refused(PANDAS, "period_week", "2021-02-02/2021-02-08", "is no Period of pandas");
}

#[test]
fn times_of_pendulum_keep_their_numbers() {
    let text = "2021-02-03T04:05:06.000007";
    becomes(PENDULUM, "datetime_naive", text, text);
    becomes(PENDULUM, "datetime_utc", &format!("{text}+00:00"), &format!("{text}+00:00"));
    becomes(PENDULUM, "datetime_offset", &format!("{text}-01:30"), &format!("{text}-01:30"));
    becomes(PENDULUM, "datetime_offset", "2021-02-03T01:30:00Z", "2021-02-03T00:00:00-01:30");
    is_refused(PENDULUM, "datetime_offset", &format!("{text}+03:00"), "has zones of its own");
    becomes(PENDULUM, "date", "2021-02-03", "2021-02-03");
    becomes(PENDULUM, "time", "04:05:06.000007", "04:05:06.000007");
    becomes(PENDULUM, "duration", "PT90000.5S", "PT90000.5S");
    becomes(PENDULUM, "duration_negative", "-PT1.5S", "-PT1.5S");
}

#[test]
fn times_of_other_libraries_change_through_the_types_of_python() {
    use serde_pickle::python::{DateTime, TimeDelta};

    for (folder, case) in [(PENDULUM, "datetime_naive"), (PANDAS, "timestamp_micro")] {
        for (name, bytes) in pickles(folder, case) {
            let Ok(mut time) = from_slice::<DateTime>(&bytes) else { continue };
            time = DateTime::new("2021-02-03".parse().unwrap(), time.time().clone());
            let now = update(&bytes, &time).unwrap();
            assert_eq!(from_slice::<DateTime>(&now).unwrap(), time, "{name}");
            let text = from_slice::<String>(&bytes).unwrap();
            let text = text.replace(&text[..10], "2021-02-03");
            assert_eq!(now, update(&bytes, &text).unwrap(), "{name}");
        }
    }
    for (name, bytes) in pickles(PENDULUM, "duration") {
        let Ok(_) = from_slice::<TimeDelta>(&bytes) else { continue };
        let delta = TimeDelta::new(0, 7, 0).unwrap();
        let now = update(&bytes, &delta).unwrap();
        assert_eq!(from_slice::<TimeDelta>(&now).unwrap(), delta, "{name}");
    }
}

/// Up to Python 3.12 a path is its parts; 3.13 and later write what it was made of.
#[test]
fn a_path_is_written_as_the_python_that_wrote_it_did() {
    let args = |bytes: &[u8]| -> Vec<String> {
        let graph = Graph::from_slice(bytes).unwrap();
        let object = graph.root().object().unwrap();
        object.args.iter().map(|arg| arg.as_str().unwrap().into_owned()).collect()
    };
    for (case, text, parts) in [
        ("posix", "/etc/hosts.d/x", &["/", "etc", "hosts.d", "x"][..]),
        ("pure_posix", "usr//lib/./y", &["usr", "lib", "y"]),
        ("pure_windows", r"D:\Users\z", &[r"D:\", "Users", "z"]),
        ("pure_windows", r".\c:z", &[]),
    ] {
        for (name, bytes) in pickles("types/paths", case) {
            let now = update(&bytes, &PathBuf::from(text)).unwrap();
            let expected = match args(&bytes).len() > 1 && !parts.is_empty() {
                true => parts,
                false => &[text],
            };
            assert_eq!(args(&now), expected, "{name}");
            if !text.contains("//") {
                keep(&format!("{name}-{}", text.len()), &now, text);
            }
        }
    }
    // The parts that stay are the same objects: `(p, p.parts[2])`, the latter from Python's table.
    let bytes = b"\x80\x04cpathlib\nPurePosixPath\n\x8c\x01/\x8c\x01a\x94\x8c\x01b\x87Rh\x00\x86.";
    let mut pair: (String, String) = from_slice(bytes).unwrap();
    pair.0 = "/a/c".to_owned();
    let now = update(bytes, &pair).unwrap();
    let graph = Graph::from_slice(&now).unwrap();
    assert_eq!(graph.root().to_string(), "(<pathlib.PurePosixPath('/', 'a', 'c')>, 'a')");
}

#[test]
fn masks_change_with_the_elements_and_the_rest_stays() {
    for name in ["py2.7-p2", "py3.7-p3", "py3.11-p5", "py3.13-p2", "py3.13-p4"] {
        let bytes = std::fs::read(fixtures().join(format!("numpy/subclasses/masked-{name}.pkl")));
        let bytes = bytes.unwrap();
        let mut rows: Vec<Option<i32>> = from_slice(&bytes).unwrap();
        assert_eq!(rows, [Some(1), None, Some(3)], "{name}");
        rows = vec![None, Some(20), Some(3)];
        let now = update(&bytes, &rows).unwrap();
        assert_eq!(from_slice::<Vec<Option<i32>>>(&now).unwrap(), rows, "{name}");
        // What is hidden keeps its value.
        let array: MaskedArray = from_slice(&now).unwrap();
        assert_eq!(array.data().to_vec::<i32>().unwrap(), [1, 20, 3], "{name}");
        keep(&format!("masked-{name}"), &now, "[None, 20, 3]");
        rows = vec![Some(1), Some(7), None, None, Some(3)];
        let now = update(&bytes, &rows).unwrap();
        assert_eq!(from_slice::<Vec<Option<i32>>>(&now).unwrap(), rows, "{name}");
        keep(&format!("masked-{name}-longer"), &now, "[1, 7, None, None, 3]");
        rows = vec![None];
        let now = update(&bytes, &rows).unwrap();
        assert_eq!(from_slice::<Vec<Option<i32>>>(&now).unwrap(), rows, "{name}");
    }
    // In Fortran order, in which the mask is, too: [[1, 2, 3], [4, 5, 6]] without 2 and 6.
    let bytes = std::fs::read(fixtures().join("numpy/subclasses/masked_fortran-py3.13-p4.pkl"));
    let bytes = bytes.unwrap();
    let mut rows: Vec<Vec<Option<i32>>> = from_slice(&bytes).unwrap();
    assert_eq!(rows, [[Some(1), None, Some(3)], [Some(4), Some(5), None]]);
    rows[0] = vec![Some(1), Some(20), None];
    let now = update(&bytes, &rows).unwrap();
    assert_eq!(from_slice::<Vec<Vec<Option<i32>>>>(&now).unwrap(), rows);
    keep("masked_fortran", &now, "[[1, 20, None], [4, 5, None]]");
    // With a fill value, which stays.
    let bytes = std::fs::read(fixtures().join("numpy/subclasses/masked_2d_fill-py3.13-p4.pkl"));
    let bytes = bytes.unwrap();
    let rows = vec![vec![Some(0.5), None]];
    let now = update(&bytes, &rows).unwrap();
    assert_eq!(from_slice::<Vec<Vec<Option<f64>>>>(&now).unwrap(), rows);
    let fill = |bytes: &[u8]| from_slice::<MaskedArray>(bytes).unwrap().fill_value().clone();
    assert_eq!(fill(&now), fill(&bytes));
    keep("masked_fill", &now, "[[0.5, None]]");
}

/// Masked records are read as a `MaskedArray` and not as rows, and so they change.
#[test]
fn masks_of_records_change_through_a_masked_array() {
    let bytes = std::fs::read(fixtures().join("numpy/subclasses/masked_records-py3.13-p4.pkl"));
    let bytes = bytes.unwrap();
    let error = from_slice::<Vec<(i32, f64, Vec<i32>)>>(&bytes).unwrap_err().to_string();
    assert!(error.contains("a masked array of records; read it as a MaskedArray"), "{error}");
    let array: MaskedArray = from_slice(&bytes).unwrap();
    let mask = array.mask().unwrap();
    let mut hidden = mask.data().to_vec();
    hidden[0] ^= 1;
    let mask = NdArray::new(mask.dtype().clone(), mask.shape(), mask.order(), hidden).unwrap();
    let array = MaskedArray::new(array.data().clone(), mask).unwrap();
    let now = update(&bytes, &array).unwrap();
    let read: MaskedArray = from_slice(&now).unwrap();
    assert_eq!(read.mask().unwrap().data(), array.mask().unwrap().data());
    assert_eq!(read.data().data(), array.data().data());
}

/// By numpy 2.5 on x86-64: `np.array([1.5, 0, 0.1], 'g')`, `np.longdouble(2.5)`,
/// `np.array([0, 1+2j], 'G')`, `np.array([0, 0], 'g')`. Behind the ten bytes of each number is what
/// was in the memory.
const LONG: [&[u8]; 4] = [
    b"\x80\x04\x95\xba\0\0\0\0\0\0\0\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconstruct\x94\x93\
      \x94\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\0\x85\x94C\x01b\x94\x87\x94R\x94(K\x01K\
      \x03\x85\x94h\x03\x8c\x05dtype\x94\x93\x94\x8c\x03f16\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01\
      <\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t\x94b\x89C0\0\0\0\0\0\0\0\xc0\xff?4\x96v\x7f\0\
      \0\0\0\0\0\0\0\0\0\0\x004\x96v\x7f\0\0\0\xd0\xcc\xcc\xcc\xcc\xcc\xcc\xfb?4\x96v\x7f\0\0\x94t\
      \x94b.",
    b"\x80\x04\x95s\0\0\0\0\0\0\0\x8c\x16numpy._core.multiarray\x94\x8c\x06scalar\x94\x93\x94\x8c\
      \x05numpy\x94\x8c\x05dtype\x94\x93\x94\x8c\x03f16\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01<\
      \x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t\x94bC\x10\0\0\0\0\0\0\0\xa0\0@\x80\x98v\x7f\0\
      \0\x94\x86\x94R\x94.",
    b"\x80\x04\x95\xca\0\0\0\0\0\0\0\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconstruct\x94\x93\
      \x94\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\0\x85\x94C\x01b\x94\x87\x94R\x94(K\x01K\
      \x02\x85\x94h\x03\x8c\x05dtype\x94\x93\x94\x8c\x03c32\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01\
      <\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t\x94b\x89C@\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
      \0\0\0\0\0\0\0\0\0\x12\x99v\x7f\0\0\0\0\0\0\0\0\0\x80\xff?\0\0\0\0\0\0\0\0\0\0\0\0\0\x80\0@p\
      \x98v\x7f\0\0\x94t\x94b.",
    b"\x80\x04\x95\xaa\0\0\0\0\0\0\0\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconstruct\x94\x93\
      \x94\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\0\x85\x94C\x01b\x94\x87\x94R\x94(K\x01K\
      \x02\x85\x94h\x03\x8c\x05dtype\x94\x93\x94\x8c\x03f16\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01\
      <\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t\x94b\x89C \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
      \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x94t\x94b.",
];

#[test]
fn long_doubles_of_x86_change_where_an_element_says_that_they_are() {
    let [array, scalar, complex, zeros] = LONG;
    assert_eq!(from_slice::<Vec<f64>>(array).unwrap(), [1.5, 0.0, 0.1]);
    let now = update(array, &vec![1.5, -2.25, 0.1]).unwrap();
    assert_eq!(from_slice::<Vec<f64>>(&now).unwrap(), [1.5, -2.25, 0.1]);
    // 0.1 is not the one of 64 bits, and keeps its bytes.
    assert!(now.windows(10).any(|ten| ten == b"\0\xd0\xcc\xcc\xcc\xcc\xcc\xcc\xfb?"));
    keep("long_array", &now, "[1.5, -2.25, 0.1]");
    let now = update(array, &vec![1.5, 0.1]).unwrap();
    assert_eq!(from_slice::<Vec<f64>>(&now).unwrap(), [1.5, 0.1]);
    keep("long_shorter", &now, "[1.5, 0.1]");
    let now = update(array, &vec![1.5, 0.0, 0.1, 7.5]).unwrap();
    assert_eq!(from_slice::<Vec<f64>>(&now).unwrap(), [1.5, 0.0, 0.1, 7.5]);
    keep("long_longer", &now, "[1.5, 0.0, 0.1, 7.5]");
    let now = update(scalar, &-0.5).unwrap();
    assert_eq!(from_slice::<f64>(&now).unwrap(), -0.5);
    keep("long_scalar", &now, "-0.5");
    let now = update(complex, &vec![(0.5, 0.0), (1.0, -2.0)]).unwrap();
    assert_eq!(from_slice::<Vec<(f64, f64)>>(&now).unwrap(), [(0.5, 0.0), (1.0, -2.0)]);
    keep("long_complex", &now, "[(0.5+0j), (1-2j)]");
    // Zeros are the same in every form.
    let error = update(zeros, &vec![0.0, 1.0]).unwrap_err().to_string();
    assert!(error.contains("no element of the array tells which one it was"), "{error}");
}

/// A datetime in `ZoneInfo('Europe/Berlin')`, and one of pytz.
#[test]
fn a_moment_for_a_zone_by_its_name_goes_by_the_database_of_jiff() {
    for (name, bytes) in pickles("types/zones", "zoneinfo_datetime") {
        let old: String = from_slice(&bytes).unwrap();
        let (_, key) = old.split_once('[').unwrap();
        assert_eq!(key, "Europe/Berlin]", "{name}");
        // By the clock of the zone: the text that was read has no offset.
        let winter = "2021-02-03T04:05:06[Europe/Berlin]".to_owned();
        let now = update(&bytes, &winter).unwrap();
        assert_eq!(from_slice::<String>(&now).unwrap(), winter, "{name}");
        // A moment: the feature `jiff` knows the clock.
        for moment in ["2021-02-03T03:05:06Z", "2021-02-03T04:05:06+01:00[Europe/Berlin]"] {
            let result = update(&bytes, &moment.to_owned());
            if cfg!(feature = "jiff") {
                assert_eq!(result.unwrap(), now, "{name}: {moment}");
            } else if moment.ends_with('Z') {
                let error = result.unwrap_err().to_string();
                assert!(error.contains("the feature `jiff`"), "{name}: {error}");
            }
        }
        let error = update(&bytes, &"2021-02-03T04:05:06".to_owned()).unwrap_err().to_string();
        assert!(error.contains("has no offset"), "{name}: {error}");
    }
}

/// Fields `jiff::Zoned`, plain and by `with`; the zone stays the object that it is.
#[cfg(feature = "jiff")]
#[test]
fn zoned_times_of_jiff_move_within_their_zone() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Plain {
        at: jiff::Zoned,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct With {
        #[serde(with = "serde_pickle::python::jiff")]
        at: jiff::Zoned,
    }

    /// Half a year on, in the other half of the year.
    #[track_caller]
    fn moves<T>(name: &str, bytes: &[u8], at: impl Fn(&mut T) -> &mut jiff::Zoned)
    where
        T: Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
    {
        let pickle = [&b"\x80\x04}\x8c\x02at"[..], body(bytes), b"s."].concat();
        let mut meeting: T = from_slice(&pickle).unwrap();
        let time = at(&mut meeting);
        *time = &*time + jiff::Span::new().months(6);
        let now = update(&pickle, &meeting).unwrap();
        assert_eq!(from_slice::<T>(&now).unwrap(), meeting, "{name}");
        let (before, after) =
            (Graph::from_slice(&pickle).unwrap(), Graph::from_slice(&now).unwrap());
        let found = differences(before.root(), after.root());
        // The payload of `datetime`, or the year and the month of pendulum.
        assert!(!found.is_empty() && found.len() <= 2, "{name}: {found:?}");
        let args = |graph: &Graph<'_>| {
            let root = graph.root().get("at").unwrap();
            let args = &root.object().unwrap().args;
            args.last().unwrap().to_string()
        };
        assert_eq!(args(&before), args(&after), "{name}");
    }

    let zones = pickles("types/zones", "zoneinfo_datetime");
    for (name, bytes) in &zones {
        moves(name, bytes, |meeting: &mut With| &mut meeting.at);
    }
    // The zone of pendulum 1 has one offset, which is another one in winter.
    let pendulum = pickles(PENDULUM, "datetime");
    let pendulum = pendulum.into_iter().filter(|(name, _)| !name.contains("py2.7"));
    for (name, bytes) in zones.into_iter().chain(pendulum) {
        moves(&name, &bytes, |meeting: &mut Plain| &mut meeting.at);
    }
}

/// A pickle without its protocol, frame and STOP.
#[cfg(feature = "jiff")]
fn body(pickle: &[u8]) -> &[u8] {
    let start = match pickle {
        [0x80, _, 0x95, ..] => 11,
        [0x80, ..] => 2,
        _ => 0,
    };
    &pickle[start..pickle.len() - 1]
}

/// Durations as other crates write them.
#[test]
fn a_plain_duration_of_jiff_changes_a_timedelta() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Pause {
        length: jiff::SignedDuration,
    }

    // {'length': timedelta(1, 7200, 3)}
    let bytes = b"\x80\x04}\x8c\x06lengthcdatetime\ntimedelta\nK\x01M \x1cK\x03\x87Rs.";
    let mut pause: Pause = from_slice(bytes).unwrap();
    pause.length += jiff::SignedDuration::from_mins(61);
    let now = update(bytes, &pause).unwrap();
    assert_eq!(from_slice::<Pause>(&now).unwrap(), pause);
    let graph = Graph::from_slice(&now).unwrap();
    assert_eq!(graph.root().to_string(), "{'length': <datetime.timedelta(1, 10860, 3)>}");
}

/// Python refuses such text when the pickle is loaded.
#[test]
fn text_that_a_class_would_refuse_is_an_error() {
    let object = |class: &str, text: &str| {
        let len = char::from(u8::try_from(text.len()).unwrap());
        format!("cipaddress\n{class}\nX{len}\0\0\0{text}\u{85}R.")
            .chars()
            .map(|c| c as u8)
            .collect()
    };
    for (class, old, right, wrong) in [
        ("IPv4Address", "10.0.0.1", "10.0.0.2", &["::1", "10.0.0", "10.0.0.1/8", "x"][..]),
        ("IPv6Address", "::1", "fe80::1%eth0", &["10.0.0.1", "::1/64", ""]),
        ("IPv4Network", "10.0.0.0/8", "10.1.0.0/16", &["10.0.0.1/8", "10.0.0.0/33", "::/0", "x"]),
        ("IPv6Network", "2001:db8::/32", "::/0", &["2001:db8::1/32", "::/129", "10.0.0.0/8"]),
        ("IPv4Interface", "10.0.0.1/8", "10.0.0.2/24", &["10.0.0.2/40", "10.0.0.2/"]),
        ("IPv6Interface", "::1/64", "::2/64", &["::2/64/64"]),
    ] {
        let bytes: Vec<u8> = object(class, old);
        let now = update(&bytes, &right.to_owned()).unwrap();
        assert_eq!(from_slice::<String>(&now).unwrap(), right, "{class}");
        for text in wrong {
            let error = update(&bytes, &(*text).to_owned()).unwrap_err().to_string();
            assert!(error.contains(&format!("`{text}` is no ipaddress.{class}")), "{error}");
        }
    }
}

/// Text that the class gives another form is what it says all the same.
#[test]
fn text_in_another_form_than_the_class_gives_it_is_taken() {
    for (bytes, text, reads) in [
        (&b"cfractions\nFraction\nX\x03\0\0\x001/3\x85R."[..], "4/2", "2"),
        (b"cipaddress\nIPv4Network\nX\x0a\0\0\x0010.0.0.0/8\x85R.", "10.0.0.1", "10.0.0.1/32"),
        (b"cpathlib\nPurePosixPath\nX\x01\0\0\0a\x85R.", "b//c/./", "b/c"),
        (b"cdatetime\ntimedelta\nK\0K\x01K\0\x87R.", "PT1H30M", "PT5400S"),
    ] {
        let now = update(bytes, &text.to_owned()).unwrap();
        assert_eq!(from_slice::<String>(&now).unwrap(), reads);
    }
    // What the class does not hold is an error still.
    let delta = b"cdatetime\ntimedelta\nK\0K\x01K\0\x87R.";
    assert!(update(delta, &"PT0.0000001S".to_owned()).is_err());
    assert!(update(delta, &"P1M".to_owned()).is_err());
}

/// A time of day with an offset, which is another object then.
#[test]
fn a_time_of_day_at_another_offset_has_a_zone_of_its_own() {
    for (name, bytes) in pickles("types/time", "offset") {
        let text = "12:30:00-08:01";
        let now = update(&bytes, &text.to_owned()).unwrap();
        assert_eq!(from_slice::<String>(&now).unwrap(), text, "{name}");
        let error = update(&bytes, &"12:30:00".to_owned()).unwrap_err().to_string();
        assert!(error.contains("has no offset"), "{name}: {error}");
    }
}

/// The libraries load what the other tests have written, where they are installed.
#[test]
fn the_libraries_see_what_the_text_says() {
    each_environment("values.py", &changed(), || {
        timestamps_of_pandas_are_moments_in_their_unit_or_a_finer_one();
        timestamps_of_pandas_keep_their_zone();
        timedeltas_and_periods_of_pandas();
        times_of_pendulum_keep_their_numbers();
        a_path_is_written_as_the_python_that_wrote_it_did();
        masks_change_with_the_elements_and_the_rest_stays();
        long_doubles_of_x86_change_where_an_element_says_that_they_are();
    });
}
