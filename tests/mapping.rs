//! The tables of `docs/MAPPING.md` are made here: what each Python object gives each method of
//! serde, and what the types of other crates make of each kind of time zone. The document is
//! checked to have them as they come out.

use std::fmt;
use std::path::Path;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde_pickle::{DeOptions, Error, Value, from_slice};

/// The type that is asked for.
#[derive(Clone, Copy, PartialEq)]
enum Ask {
    Any,
    Int,
    Float,
    Str,
    Bytes,
    Option,
    Seq,
    Map,
    Struct,
    Enum,
    Name,
}

const COLUMNS: [(&str, Ask); 10] = [
    ("any", Ask::Any),
    ("bool, ints", Ask::Int),
    ("f32, f64", Ask::Float),
    ("str, char", Ask::Str),
    ("bytes", Ask::Bytes),
    ("option", Ask::Option),
    ("seq, tuple", Ask::Seq),
    ("map", Ask::Map),
    ("struct", Ask::Struct),
    ("enum", Ask::Enum),
];

/// Asks for something and says in short what came.
#[derive(Clone, Copy)]
struct Probe(Ask);

impl<'de> DeserializeSeed<'de> for Probe {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        match self.0 {
            Ask::Any => deserializer.deserialize_any(self),
            Ask::Int => deserializer.deserialize_i64(self),
            Ask::Float => deserializer.deserialize_f64(self),
            Ask::Str => deserializer.deserialize_str(self),
            Ask::Bytes => deserializer.deserialize_bytes(self),
            Ask::Option => deserializer.deserialize_option(self),
            Ask::Seq => deserializer.deserialize_seq(self),
            Ask::Map => deserializer.deserialize_map(self),
            Ask::Struct => deserializer.deserialize_struct("Plain", &["x", "y"], self),
            Ask::Enum => deserializer.deserialize_enum("Plain", &["A"], self),
            Ask::Name => deserializer.deserialize_identifier(self),
        }
    }
}

/// A name without its quotes.
fn bare(text: &str) -> String {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).to_owned()
}

const ANY: Probe = Probe(Ask::Any);

impl<'de> Visitor<'de> for Probe {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<String, E> {
        Ok("unit".to_owned())
    }

    fn visit_none<E>(self) -> Result<String, E> {
        Ok("None".to_owned())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        Ok(format!("Some({})", ANY.deserialize(deserializer)?))
    }

    fn visit_bool<E>(self, value: bool) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_i64<E>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_u64<E>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_i128<E>(self, value: i128) -> Result<String, E> {
        Ok(format!("{value} (i128)"))
    }

    fn visit_f64<E>(self, value: f64) -> Result<String, E> {
        Ok(format!("{value:?}"))
    }

    fn visit_str<E>(self, value: &str) -> Result<String, E> {
        Ok(format!("{value:?}"))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<String, E> {
        Ok(format!("{value:?}"))
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<String, E> {
        Ok(format!("b\"{}\"", value.escape_ascii()))
    }

    fn visit_borrowed_bytes<E>(self, value: &'de [u8]) -> Result<String, E> {
        Ok(format!("b\"{}\"", value.escape_ascii()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<String, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(ANY)? {
            items.push(item);
        }
        Ok(format!("[{}]", items.join(", ")))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<String, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key_seed(ANY)? {
            entries.push(format!("{}: {}", bare(&key), map.next_value_seed(ANY)?));
        }
        Ok(format!("{{{}}}", entries.join(", ")))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<String, A::Error> {
        let (variant, content) = data.variant_seed(Probe(Ask::Name))?;
        let variant = bare(&variant);
        match content.newtype_variant_seed(ANY) {
            Ok(content) => Ok(format!("{variant}({content})")),
            Err(_) => Ok(variant),
        }
    }
}

fn types(file: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/types").join(file)).unwrap()
}

fn libraries(file: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/libraries").join(file))
        .unwrap()
}

/// The Pythons' pickles of the objects of the first table; without a fixture, `pickle.dumps` of
/// 3.13 or 2.7 as it is.
fn objects() -> Vec<(&'static str, Vec<u8>)> {
    let newest = |name: &str| types(&format!("{name}-py3.13-p4.pkl"));
    vec![
        ("`None`", b"\x80\x04N.".to_vec()),
        ("`True`", b"\x80\x04\x88.".to_vec()),
        ("`7`", b"\x80\x04K\x07.".to_vec()),
        ("`2**70`", b"\x80\x04\x8a\t\0\0\0\0\0\0\0\0@.".to_vec()),
        ("`1.5`", b"\x80\x04G?\xf8\0\0\0\0\0\0.".to_vec()),
        ("`'text'`", b"\x80\x04\x8c\x04text\x94.".to_vec()),
        ("`'a\\ud800'`", b"\x80\x04\x8c\x04a\xed\xa0\x80\x94.".to_vec()),
        ("`b'ab'`, `bytearray(b'ab')`", b"\x80\x04C\x02ab\x94.".to_vec()),
        ("`b'\\xff'`", b"\x80\x04C\x01\xff\x94.".to_vec()),
        ("`PickleBuffer(b'ab')`, out of band", b"\x80\x05\x97\x98.".to_vec()),
        ("`'text'` of Python 2", b"\x80\x02U\x04textq\x01.".to_vec()),
        ("`'\\xff'` of Python 2", b"\x80\x02U\x01\xffq\x01.".to_vec()),
        ("`(1, 2)`", b"\x80\x04K\x01K\x02\x86\x94.".to_vec()),
        ("`[1, 2]`", b"\x80\x04]\x94(K\x01K\x02e.".to_vec()),
        ("`{'a': 1}`", b"\x80\x04}\x94\x8c\x01a\x94K\x01s.".to_vec()),
        ("`{1}`, `frozenset({1})`", b"\x80\x04\x8f\x94(K\x01\x90.".to_vec()),
        ("`1.5-2j`", newest("complex/plain")),
        ("a class or function", newest("globals/function")),
        ("a bound method", newest("globals/bound_method")),
        ("an instance", newest("instances/point")),
        ("an instance with `__slots__` and `__dict__`", newest("instances/slots_and_dict")),
        ("a class with a `__reduce__`", newest("instances/reduce")),
        ("a subclass of int", newest("subclasses/int")),
        ("a subclass of int, with attributes", newest("subclasses/int_attrs")),
        ("a subclass of list, with attributes", newest("subclasses/list_attrs")),
        ("a subclass of dict, with attributes", newest("subclasses/dict_attrs")),
        ("a named tuple", newest("namedtuples/pair")),
        ("an Enum member by value", newest("enums/color")),
        ("an Enum member by name", newest("enums/by_name")),
        ("`OrderedDict`, `defaultdict`, `Counter`", newest("collections/ordereddict")),
        ("`deque([1, 2, 3], 5)`", newest("collections/deque_maxlen")),
        ("`UserList([1, 2])`", newest("collections/userlist")),
        ("`array('h', …)`", newest("array/lower_h")),
        ("`date(2024, 2, 29)`", newest("date/plain")),
        ("`Decimal('1.50')`", newest("decimal/fraction")),
        ("`UUID(int=1)`", {
            let list = newest("uuid/list");
            // The list without the list: everything from the class on is the first of its items.
            let value: Value = from_slice(&list).unwrap();
            serde_pickle::to_vec(&value.as_list().unwrap()[0]).unwrap()
        }),
        ("`range(2, 10, 3)`", newest("calls/range")),
        ("`ValueError('x')`", newest("exceptions/valueerror")),
    ]
}

fn cell(result: Result<String, Error>) -> String {
    match result {
        Ok(text) => format!("`{}`", text.replace('|', "\\|")),
        Err(_) => "error".to_owned(),
    }
}

fn ask(bytes: &[u8], ask: Ask) -> Result<String, Error> {
    let buffers: [&[u8]; 1] = [b"ab"];
    let mut options = DeOptions::new();
    if bytes.contains(&0x97) && bytes.len() == 5 {
        options = options.buffers(buffers);
    }
    let mut deserializer = serde_pickle::Deserializer::from_slice(bytes).with_options(options);
    Probe(ask).deserialize(&mut deserializer)
}

fn object_table() -> String {
    let mut table =
        format!("| Python |{}\n|---|", COLUMNS.map(|(name, _)| format!(" {name} |")).concat());
    table.push_str(&"---|".repeat(COLUMNS.len()));
    for (name, bytes) in objects() {
        let by_itself = cell(ask(&bytes, Ask::Any));
        table.push_str(&format!("\n| {name} | {by_itself} |"));
        for (_, asked) in &COLUMNS[1..] {
            let found = cell(ask(&bytes, *asked));
            // The form without a hint is listed once.
            table.push_str(
                if found == by_itself { " = |".to_owned() } else { format!(" {found} |") }.as_str(),
            );
        }
    }
    table.push('\n');
    table
}

/// The value as the type prints it, or that it has none for it.
fn reads<T: DeserializeOwned + fmt::Display>(bytes: &[u8]) -> String {
    match from_slice::<T>(bytes) {
        Ok(value) => format!(" `{value}` |"),
        Err(_) => " error |".to_owned(),
    }
}

fn zone_table() -> String {
    let zones = [
        ("none", "datetime/naive"),
        ("`timezone.utc`", "datetime/utc"),
        ("`timezone(timedelta(…))`", "datetime/offset_minus"),
        ("`timezone`, seconds in the offset", "datetime/offset_seconds"),
        ("`zoneinfo`, UTC", "zones/zoneinfo_utc"),
        ("`zoneinfo`, a place", "zones/zoneinfo_datetime"),
        ("`zoneinfo`, a place, `fold=1`", "zones/zoneinfo_datetime_fold"),
        ("pytz, UTC", "zones/pytz_utc_datetime"),
        ("pytz, a place, localized", "zones/pytz_summer"),
        ("pytz, a zone without changes", "zones/pytz_static"),
        ("pytz, an offset", "zones/pytz_fixed"),
        ("dateutil, UTC", "zones/dateutil_utc"),
        ("dateutil, an offset", "zones/dateutil_offset"),
        ("dateutil, a place", "zones/dateutil_file"),
        ("a class of one's own", "datetime/own_tzinfo"),
    ]
    .map(|(zone, name)| (zone, types(&format!("{name}-py3.13-p4.pkl"))));
    // Of libraries: the zone, and a datetime in it.
    let of_libraries = [
        ("dateutil, an offset", "zones/dateutil_tzoffset-py3.13-p4"),
        ("dateutil 4, an offset", "zones/dateutil_tzoffset-py3.12-p4"),
        ("dateutil, `tzlocal` without daylight saving", "zones/dateutil_tzlocal-py3.13-p4"),
        ("dateutil, `tzlocal` with it", "zones/dateutil_tzlocal_dst-py3.13-p4"),
        ("dateutil, `tzrange`, `tzstr` without it", "zones/dateutil_tzstr-py3.13-p4"),
        ("dateutil, a file of a place", "zones/dateutil_tzfile_summer-py3.13-p4"),
        ("dateutil 4, a file of a place", "zones/dateutil_tzfile_summer-py3.12-p4"),
        ("dateutil, a file without a key", "zones/dateutil_tzfile_no_key-py3.13-p4"),
        ("dateutil, a file, after its transitions", "zones/dateutil_tzfile_future-py3.13-p4"),
        ("psycopg2 `FixedOffsetTimezone`", "zones/psycopg2_fixed-py3.13-p4"),
        ("bson `FixedOffset`", "zones/bson_fixed-py3.13-p4"),
        ("Django `get_fixed_timezone`", "zones/django_fixed-py3.13-p4"),
        ("Django 1.11, 2.2 `FixedOffset`", "zones/django_fixedoffset-py3.7-p4"),
        ("celery `LocalTimezone` without daylight saving", "zones/celery_local-py3.13-p4"),
        ("pytz_deprecation_shim, a place", "zones/shim_named-py3.13-p4"),
        ("pytz_deprecation_shim, an offset", "zones/shim_fixed-py3.13-p4"),
        ("pandas, none", "pandas-values/timestamp-py3.13-p4"),
        ("pandas, an offset", "pandas-values/timestamp_offset-py3.13-p4"),
        ("pandas, a place", "pandas-values/timestamp_named-py3.13-p4"),
        ("pandas before 3, a place", "pandas-values/timestamp_named-py3.11-p4"),
        ("pandas, a class of one's own", "pandas-values/timestamp_unknown-py3.13-p4"),
        ("pendulum 3, a place", "pendulum-values/datetime-py3.13-p4"),
        ("pendulum 2, a place", "pendulum-values/datetime-py3.9-p4"),
        ("pendulum 1, a place", "pendulum-values/datetime-py2.7-p2"),
        ("pendulum, an offset", "pendulum-values/datetime_offset-py3.13-p4"),
        ("arrow, an offset", "arrow-values/offset-py3.13-p4"),
    ]
    .map(|(zone, name)| (zone, libraries(&format!("{name}.pkl"))));
    let mut table = "| zone | text | `chrono::NaiveDateTime` | `chrono::DateTime<Utc>` | \
        `chrono::DateTime<FixedOffset>` | `jiff::civil::DateTime` | `jiff::Timestamp` | \
        `jiff::Zoned` |\n|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for (zone, bytes) in zones.into_iter().chain(of_libraries) {
        table.push_str(&format!("| {zone} |"));
        table.push_str(&reads::<String>(&bytes));
        table.push_str(&reads::<chrono::NaiveDateTime>(&bytes));
        table.push_str(&reads::<chrono::DateTime<chrono::Utc>>(&bytes));
        table.push_str(&reads::<chrono::DateTime<chrono::FixedOffset>>(&bytes));
        table.push_str(&reads::<jiff::civil::DateTime>(&bytes));
        table.push_str(&reads::<jiff::Timestamp>(&bytes));
        table.push_str(&reads::<jiff::Zoned>(&bytes));
        table.push('\n');
    }
    table
}

#[track_caller]
fn assert_documented(table: &str) {
    let document =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/MAPPING.md"))
            .unwrap();
    assert!(document.contains(table), "docs/MAPPING.md should have this table:\n\n{table}");
}

#[test]
fn the_table_of_objects_is_what_happens() {
    assert_documented(&object_table());
}

#[test]
fn the_table_of_zones_is_what_happens() {
    assert_documented(&zone_table());
}

/// The document names tests as `module::what_it_shows`, or by the last part alone where the module
/// was just named.
#[test]
fn the_tests_that_the_document_names_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let document = document("docs/MAPPING.md") + &document("docs/PYTHON_API.md");
    let (mut folders, mut sources) =
        (vec![root.join("tests"), root.join("src/reduce")], String::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources += &std::fs::read_to_string(path).unwrap();
            }
        }
    }
    // Every other piece between backquotes is code; a test has a sentence for a name.
    let code = document.split('`').skip(1).step_by(2);
    let names: Vec<&str> = code
        .map(|code| code.rsplit("::").next().unwrap())
        .filter(|name| {
            name.matches('_').count() >= 3
                && !name.starts_with('_')
                && !name.contains(['.', '('])
                && *name != "to_vec_with_buffers"
        })
        .collect();
    let missing: Vec<_> =
        names.iter().filter(|name| !sources.contains(&format!("fn {name}("))).collect();
    assert!(names.len() > 40, "{}", names.len());
    assert!(missing.is_empty(), "no such tests: {missing:?}");
}
