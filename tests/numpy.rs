//! numpy: what `fixtures/numpy` holds, read as nested sequences, as `NdArray` and as `Dtype`; and
//! what is written, loaded by numpy itself where a Python has it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::{self, DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde_json::{Value as Json, json};
use serde_pickle::python::numpy::{Dtype, NdArray, Order};
use serde_pickle::{DeOptions, ErrorKind, Protocol, SerOptions, Value, from_slice, from_value};

#[derive(Deserialize)]
struct Entry {
    file: String,
    case: String,
    #[serde(default)]
    dtype: Json,
    #[serde(default)]
    descr: Json,
    #[serde(default)]
    shape: Option<Vec<usize>>,
    #[serde(default)]
    order: String,
    #[serde(default)]
    values: Json,
    #[serde(default)]
    buffers: Vec<BufferFile>,
}

#[derive(Deserialize)]
struct BufferFile {
    file: String,
    readonly: bool,
}

fn folder() -> PathBuf {
    crate::corpus::folder().join("numpy")
}

fn entries() -> Vec<Entry> {
    crate::corpus::described("numpy")
}

fn bytes(file: &str) -> Vec<u8> {
    std::fs::read(folder().join(file)).unwrap()
}

/// The pickle of a case by the newest Python and numpy, at protocol 4 where it has one.
fn case(name: &str) -> Vec<u8> {
    for protocol in [4, 5] {
        let file = folder().join(format!("{name}-py3.13-p{protocol}.pkl"));
        if file.exists() {
            return std::fs::read(file).unwrap();
        }
    }
    panic!("no pickle of {name}");
}

fn read<T: DeserializeOwned>(name: &str) -> T {
    from_slice(&case(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

impl Entry {
    /// Reads it, with its out-of-band buffers.
    fn read<T: DeserializeOwned>(&self) -> serde_pickle::Result<T> {
        let buffers: Vec<Vec<u8>> = self.buffers.iter().map(|buffer| bytes(&buffer.file)).collect();
        DeOptions::new()
            .buffers(buffers.iter().map(|buffer| &buffer[..]))
            .from_slice(&bytes(&self.file))
    }

    /// A case that is an array or a scalar, or holds such.
    /// Masked records are read as a `MaskedArray` alone; see `tests/arrays/subclasses.rs`.
    fn has_values(&self) -> bool {
        !self.case.starts_with("dtypes/")
            && !self.case.starts_with("pandas/")
            && !self.case.starts_with("subclasses/masked_record")
    }

    fn counts_time(&self) -> bool {
        self.dtype.as_str().is_some_and(|dtype| dtype.contains("m8"))
    }

    /// The values as the manifest says them, those of a masked array that are hidden being null.
    fn expected(&self) -> Json {
        match &self.values {
            Json::Object(parts) if parts.contains_key("mask") => {
                masked(&parts["data"], &parts["mask"])
            }
            values => values.clone(),
        }
    }
}

fn masked(data: &Json, mask: &Json) -> Json {
    match (data, mask) {
        (Json::Array(data), Json::Array(mask)) => {
            data.iter().zip(mask).map(|(data, mask)| masked(data, mask)).collect()
        }
        (_, Json::Bool(true)) => Json::Null,
        _ => data.clone(),
    }
}

/// Whatever is there, in the words of the manifest: bytes as latin-1 text, infinities as text, NaN
/// null, a record as a list.
struct Plain(Json);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PlainVisitor;

        impl<'de> Visitor<'de> for PlainVisitor {
            type Value = Plain;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Plain, E> {
                Ok(Plain(value.into()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Plain, E> {
                Ok(Plain(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Plain, E> {
                Ok(Plain(value.into()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Plain, E> {
                Ok(Plain(match value.is_infinite() {
                    true => json!(value.to_string()),
                    false => json!(value),
                }))
            }

            fn visit_str<E>(self, value: &str) -> Result<Plain, E> {
                Ok(Plain(value.into()))
            }

            fn visit_bytes<E>(self, value: &[u8]) -> Result<Plain, E> {
                Ok(Plain(value.iter().map(|&byte| char::from(byte)).collect::<String>().into()))
            }

            fn visit_unit<E>(self) -> Result<Plain, E> {
                Ok(Plain(Json::Null))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Plain, A::Error> {
                let mut items = Vec::new();
                while let Some(Plain(item)) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Plain(items.into()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Plain, A::Error> {
                let mut items = Vec::new();
                while let Some((_, Plain(item))) = map.next_entry::<String, Plain>()? {
                    items.push(item);
                }
                Ok(Plain(items.into()))
            }
        }

        deserializer.deserialize_any(PlainVisitor)
    }
}

/// Objects as lists of their values, as `Plain` reads records.
fn flat(json: &Json) -> Json {
    match json {
        Json::Array(items) => items.iter().map(flat).collect(),
        Json::Object(items) => items.values().map(flat).collect(),
        other => other.clone(),
    }
}

/// Equal; floats but for the last digit, which serde_json rounds.
fn assert_same(found: &Json, expected: &Json, file: &str) {
    match (found, expected) {
        (Json::Array(found), Json::Array(expected)) => {
            assert_eq!(found.len(), expected.len(), "{file}");
            for (found, expected) in found.iter().zip(expected) {
                assert_same(found, expected, file);
            }
        }
        (Json::Number(a), Json::Number(b)) if a.is_f64() && b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            assert!((a - b).abs() <= a.abs() * 1e-15, "{file}: {a} {b}");
        }
        _ => assert_eq!(found, expected, "{file}"),
    }
}

#[test]
fn every_array_and_scalar_reads_as_what_numpy_says_it_is() {
    let mut read = 0;
    for entry in entries().iter().filter(|entry| entry.has_values() && !entry.counts_time()) {
        let Plain(found) = entry.read().unwrap_or_else(|error| panic!("{}: {error}", entry.file));
        assert_same(&found, &flat(&entry.expected()), &entry.file);
        read += 1;
    }
    assert!(read > 200, "only {read} entries");
}

/// By way of `Value`, which keeps an array as the object that it is.
#[test]
fn every_array_reads_out_of_a_value() {
    for entry in entries().iter().filter(|entry| entry.has_values() && !entry.counts_time()) {
        let value: Value = entry.read().unwrap_or_else(|error| panic!("{}: {error}", entry.file));
        let Plain(found) =
            from_value(value).unwrap_or_else(|error| panic!("{}: {error}", entry.file));
        assert_same(&found, &flat(&entry.expected()), &entry.file);
    }
}

/// Nested or not, into any type that takes the numbers.
#[test]
fn arrays_read_into_vectors_tuples_and_arrays() {
    for file in [
        "py3.13-p2",
        "py3.13-p3",
        "py3.13-p4",
        "py3.13-p5",
        "py3.11-p4",
        "py3.7-p2",
        "py2.7-p0",
        "py2.7-p2",
    ] {
        let bytes = bytes(&format!("arrays/int32_2d-{file}.pkl"));
        assert_eq!(
            from_slice::<Vec<Vec<f64>>>(&bytes).unwrap(),
            [[0.0, 258.0, 516.0], [774.0, 1032.0, 1290.0]]
        );
        assert_eq!(
            from_slice::<[(u16, i64, f32); 2]>(&bytes).unwrap(),
            [(0, 258, 516.0), (774, 1032, 1290.0)]
        );
        assert_eq!(from_slice::<Vec<Vec<Value>>>(&bytes).unwrap()[1][2], Value::Int(1290));
        assert!(from_slice::<Vec<Vec<u8>>>(&bytes).is_err());
        assert!(from_slice::<Vec<[i32; 2]>>(&bytes).is_err());
    }
    assert_eq!(
        read::<[[[i64; 2]; 3]; 2]>("arrays/int64_3d_fortran"),
        [[[0, 1], [2, 3], [4, 5]], [[6, 7], [8, 9], [10, 11]]]
    );
    assert_eq!(read::<Vec<Option<f64>>>("arrays/float16"), [Some(0.5), Some(-2.0), Some(65504.0)]);
    assert_eq!(read::<Vec<(f64, f64)>>("arrays/complex64"), [(1.0, 2.0), (-0.0, -0.5)]);
    assert_eq!(
        read::<Vec<num_complex::Complex<f64>>>("arrays/complex64")[0],
        num_complex::Complex::new(1.0, 2.0)
    );
    assert_eq!(read::<Vec<[bool; 2]>>("arrays/bool"), [[true, false], [false, true]]);
}

#[test]
fn text_reads_as_strings_and_bytes_as_either() {
    assert_eq!(read::<Vec<String>>("arrays/unicode_u5"), ["abc", "中😀", "abcde", ""]);
    assert_eq!(read::<Vec<String>>("arrays/unicode_big_endian"), ["ab", "中"]);
    let bytes = read::<Vec<serde_bytes::ByteBuf>>("arrays/bytes_s5");
    assert_eq!(bytes, [&b"abc"[..], b"abcde", b"\xff\x00\x01", b""]);
    let error = from_slice::<Vec<String>>(&case("arrays/bytes_s5")).unwrap_err();
    assert_eq!((error.kind(), error.path().as_deref()), (ErrorKind::Data, Some("[2]")));
}

#[test]
fn times_read_as_text_counts_and_options() {
    use chrono::{NaiveDate, NaiveDateTime};

    let second = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap().and_hms_opt(12, 30, 45).unwrap();
    let times = read::<Vec<Option<NaiveDateTime>>>("arrays/datetime64_s");
    assert_eq!(times[..2], [Some(second), None]);
    assert_eq!(read::<Vec<i64>>("arrays/datetime64_s")[1..], [i64::MIN, -1]);
    assert_eq!(
        read::<Vec<jiff::civil::DateTime>>("arrays/datetime64_ns")[0].subsec_nanosecond(),
        123_456_789
    );
    assert_eq!(read::<Vec<NaiveDate>>("arrays/datetime64_d")[0], second.date());
    let spans = read::<Vec<Option<jiff::SignedDuration>>>("arrays/timedelta64_ms");
    assert_eq!(spans[0], Some(jiff::SignedDuration::from_millis(1500)));
    assert_eq!(spans[2], None);
    for entry in entries().iter().filter(|entry| entry.has_values() && entry.counts_time()) {
        let found = match entry.values {
            Json::Array(_) => json!(entry.read::<Vec<Option<i64>>>().unwrap()),
            _ => json!(entry.read::<Option<i64>>().unwrap()),
        };
        assert_eq!(found, entry.values, "{}", entry.file);
    }
}

#[test]
fn records_read_as_structs_maps_and_tuples() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Row {
        id: u32,
        w: f64,
        tag: String,
    }

    for file in ["py3.13-p4", "py3.13-p5", "py3.7-p3", "py2.7-p2", "py2.7-p0"] {
        let bytes = bytes(&format!("arrays/structured-{file}.pkl"));
        let rows: Vec<Row> = from_slice(&bytes).unwrap();
        assert_eq!(rows[1], Row { id: 258, w: -1.0, tag: "xyz".to_owned() });
        assert_eq!(
            from_slice::<Vec<(i32, f32, String)>>(&bytes).unwrap()[0],
            (1, 2.5, "ab".to_owned())
        );
        let maps: Vec<BTreeMap<String, Value>> = from_slice(&bytes).unwrap();
        assert_eq!(maps[0]["id"], Value::Int(1));
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Nested {
        pos: Position,
        v: [f32; 2],
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Position {
        x: i16,
        y: i16,
    }
    let nested = read::<Vec<Nested>>("arrays/structured_nested");
    assert_eq!(nested, [Nested { pos: Position { x: 1, y: 2 }, v: [1.5, 2.5] }]);
    let json: Json = read("arrays/structured_object");
    assert_eq!(json, json!([{"a": 1, "o": "x"}]));
    #[derive(Deserialize)]
    struct Void {
        a: i32,
        b: f64,
    }
    let void = read::<Void>("scalars/void");
    assert_eq!((void.a, void.b), (1, 2.5));
}

#[test]
fn objects_in_an_array_are_what_they_are() {
    let json: Json = read("arrays/object");
    assert_eq!(json, json!([1, "two", null, 2.5, [3]]));
    assert_eq!(
        read::<Vec<(String, u8)>>("arrays/object_2d_fortran"),
        [("a".to_owned(), 1), ("b".to_owned(), 2)]
    );
    let error = from_slice::<Vec<i64>>(&case("arrays/object")).unwrap_err();
    assert_eq!(error.path().as_deref(), Some("[1]"));
    assert!(error.offset().is_some());
}

#[test]
fn scalars_read_as_numbers_and_text() {
    assert_eq!(read::<u64>("scalars/uint64"), u64::MAX);
    assert_eq!(read::<i64>("scalars/int64"), i64::MIN);
    assert_eq!(read::<f32>("scalars/float32"), 0.1);
    assert!(read::<bool>("scalars/bool"));
    assert_eq!(read::<String>("scalars/str"), "a中");
    assert_eq!(read::<serde_bytes::ByteBuf>("scalars/bytes"), b"ab\xff");
    assert_eq!(read::<(f64, f64)>("scalars/complex128"), (1.0, -2.0));
    assert_eq!(read::<i64>("scalars/datetime64_d"), 19_782);
    assert_eq!(read::<chrono::NaiveDate>("scalars/datetime64_d").to_string(), "2024-02-29");
    assert_eq!(read::<Option<String>>("scalars/datetime64_nat"), None);
    assert_eq!(read::<jiff::SignedDuration>("scalars/timedelta64_s").as_secs(), 90);
    assert_eq!(read::<[[[f64; 1]; 1]; 1]>("arrays/one"), [[[1.5]]]);
}

/// The text of a descr as Python prints it.
fn python_text(descr: &Json) -> String {
    let tuple = |items: &[Json]| {
        let parts: Vec<String> = items.iter().map(python_text).collect();
        if parts.len() == 1 {
            format!("({},)", parts[0])
        } else {
            format!("({})", parts.join(", "))
        }
    };
    match descr {
        Json::String(text) => format!("'{text}'"),
        // Fields are tuples in a list; names with titles and shapes are tuples.
        Json::Array(items) if items.first().is_some_and(Json::is_array) => {
            let fields =
                items.iter().map(|field| tuple(field.as_array().unwrap())).collect::<Vec<_>>();
            format!("[{}]", fields.join(", "))
        }
        Json::Array(items) => tuple(items),
        other => other.to_string(),
    }
}

#[test]
fn dtypes_read_as_the_text_of_their_descr() {
    for entry in entries().iter().filter(|entry| entry.case.starts_with("dtypes/")) {
        let expected = match &*entry.case {
            "dtypes/scalar_type" => "numpy.float32".to_owned(),
            "dtypes/subarray" => "('<i4', (2, 3))".to_owned(),
            _ => match entry.descr[0][0].as_str() {
                Some("") => entry.dtype.as_str().unwrap().to_owned(),
                _ => python_text(&entry.descr),
            },
        };
        assert_eq!(entry.read::<String>().unwrap(), expected, "{}", entry.file);
    }
}

/// A pickle of an array by hand: `shape` and `dtype` as opcodes.
fn array(shape: &[u8], dtype: &[u8], data: &[u8]) -> Vec<u8> {
    let data = [b"B", &(data.len() as u32).to_le_bytes()[..], data].concat();
    let head =
        b"\x80\x04cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR(K\x01";
    [head, shape, dtype, b"\x89", &data, b"tb."].concat()
}

/// The opcodes of a plain dtype.
fn dtype(text: &str, size: i8) -> Vec<u8> {
    let size = if size < 0 { b"J\xff\xff\xff\xff".to_vec() } else { vec![b'K', size as u8] };
    let text = [b"\x8c", &[text.len() as u8][..], text.as_bytes()].concat();
    [
        b"cnumpy\ndtype\n",
        &text[..],
        b"\x89\x88\x87R(K\x03\x8c\x01<NNN",
        &size,
        b"J\xff\xff\xff\xffK\x00tb",
    ]
    .concat()
}

/// More elements than there are bytes anywhere: 10¹², or 10⁹ where an address has 32 bits.
const TERA: &[u8] = if usize::BITS > 32 {
    b"\x8a\x06\x00\x10\xa5\xd4\xe8\x00"
} else {
    b"\x8a\x04\x00\xca\x9a\x3b"
};

#[test]
fn a_shape_that_the_payload_does_not_back_is_an_error_with_its_byte() {
    let f8 = dtype("f8", -1);
    for (shape, data) in [
        (&b"K\x02\x85"[..], &[0; 15][..]),
        (b"K\x02\x85", &[0; 24]),
        (b"K\x02K\x02\x86", &[0; 16]),
        (b")", b""),
    ] {
        let error = from_slice::<Json>(&array(shape, &f8, data)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data);
        assert!(error.offset().is_some(), "{error}");
    }
    let huge = [TERA, TERA, b"\x86"].concat();
    assert_eq!(from_slice::<Json>(&array(&huge, &f8, &[])).unwrap_err().kind(), ErrorKind::Data);
    let negative = b"J\xff\xff\xff\xff\x85";
    assert_eq!(from_slice::<Json>(&array(negative, &f8, &[])).unwrap_err().kind(), ErrorKind::Data);
    let deep = [b"(", &b"K\x01".repeat(65)[..], b"t"].concat();
    assert_eq!(
        from_slice::<Json>(&array(&deep, &f8, &[0; 8])).unwrap_err().kind(),
        ErrorKind::Data
    );
}

#[test]
fn elements_that_take_no_bytes_are_charged() {
    let empty = dtype("V0", 0);
    let shape = [TERA, b"\x85"].concat();
    let error = from_slice::<Vec<serde_bytes::ByteBuf>>(&array(&shape, &empty, &[])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    // Sequences without elements, and around single ones.
    let rows = [TERA, b"K\x00\x86"].concat();
    let error = from_slice::<Vec<Vec<f64>>>(&array(&rows, &dtype("f8", -1), &[])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    let none = [b"K\x00", TERA, b"\x86"].concat();
    assert_eq!(from_slice::<Vec<Vec<f64>>>(&array(&none, &dtype("f8", -1), &[])).unwrap().len(), 0);
    let overflow = [TERA, TERA, b"K\x00\x87"].concat();
    let error = from_slice::<Json>(&array(&overflow, &dtype("f8", -1), &[])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    let few = b"K\x03K\x00\x86";
    assert_eq!(
        from_slice::<Vec<Vec<f64>>>(&array(few, &dtype("f8", -1), &[])).unwrap(),
        [[0.0; 0]; 3]
    );
}

#[test]
fn a_dtype_that_contradicts_itself_is_an_error() {
    for (text, size) in [("f8", 4), ("U2", 7), ("i3", -1), ("x", -1), ("", -1), ("M8[s", -1)] {
        let error = from_slice::<Json>(&array(b"K\x00\x85", &dtype(text, size), &[])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data, "{text}: {error}");
    }
    // A field behind the end of its record.
    let field = [
        b"K\x03\x8c\x01|N\x8c\x01a\x85}\x8c\x01a",
        &dtype("i4", -1)[..],
        b"K\x02\x86sK\x04K\x01K\x10tb",
    ]
    .concat();
    let record = [b"cnumpy\ndtype\n\x8c\x02V4\x89\x88\x87R(", &field[..]].concat();
    let error = from_slice::<Json>(&array(b"K\x01\x85", &record, &[0; 4])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data, "{error}");
    assert!(error.to_string().contains("field a"), "{error}");
}

impl Entry {
    fn is_array(&self) -> bool {
        self.has_values() && self.shape.is_some() && !self.values.is_object()
    }

    /// `Display` of its dtype.
    fn dtype_text(&self) -> String {
        match (&*self.case, self.descr[0][0].as_str()) {
            ("arrays/string_dtype", _) => "|T16".to_owned(),
            (_, Some("")) if self.descr.as_array().is_some_and(|fields| fields.len() == 1) => {
                self.dtype.as_str().unwrap().to_owned()
            }
            _ => python_text(&self.descr),
        }
    }
}

#[test]
fn every_array_reads_as_an_ndarray_with_its_data_borrowed() {
    let mut read = 0;
    for entry in entries().iter().filter(|entry| entry.is_array()) {
        let input = bytes(&entry.file);
        let buffers: Vec<Vec<u8>> =
            entry.buffers.iter().map(|buffer| bytes(&buffer.file)).collect();
        let options = DeOptions::new().buffers(buffers.iter().map(|buffer| &buffer[..]));
        let array: NdArray =
            options.from_slice(&input).unwrap_or_else(|error| panic!("{}: {error}", entry.file));
        assert_eq!(array.shape(), entry.shape.as_deref().unwrap(), "{}", entry.file);
        assert_eq!(array.order() == Order::Fortran, entry.order == "F", "{}", entry.file);
        assert_eq!(array.dtype().to_string(), entry.dtype_text(), "{}", entry.file);
        match array.dtype().has_objects() {
            true => assert_eq!(array.objects().len(), array.len()),
            false => assert_eq!(
                array.data().len(),
                array.len() * array.dtype().itemsize(),
                "{}",
                entry.file
            ),
        }
        let by_call = entry.file.contains("py3")
            && (entry.file.contains("-p2") || entry.file.contains("-p0"));
        let escaped = entry.file.contains("-p0");
        assert!(array.is_borrowed() || by_call || escaped, "{}", entry.file);
        if let [buffer] = &entry.buffers[..] {
            assert_eq!(array.is_readonly(), buffer.readonly, "{}", entry.file);
        }
        read += 1;
    }
    assert!(read > 100, "only {read} arrays");
}

#[test]
fn numbers_of_any_order_and_width_convert() {
    let read = |name: &str| from_slice::<NdArray>(&case(name)).unwrap().into_owned();
    assert_eq!(
        read("arrays/int64_3d_fortran").to_vec::<i64>().unwrap(),
        (0..12).collect::<Vec<_>>()
    );
    assert_eq!(
        read("arrays/int32_2d_fortran").to_vec::<u16>().unwrap(),
        [0, 258, 516, 774, 1032, 1290]
    );
    assert_eq!(read("arrays/big_endian_int32").to_vec::<i32>().unwrap(), [1, 258, -2]);
    assert_eq!(read("arrays/big_endian_int32").to_vec::<f64>().unwrap(), [1.0, 258.0, -2.0]);
    assert_eq!(read("arrays/float16").to_vec::<f32>().unwrap(), [0.5, -2.0, 65504.0]);
    assert_eq!(read("arrays/bool").to_vec::<bool>().unwrap(), [true, false, false, true]);
    assert_eq!(read("arrays/datetime64_d").to_vec::<i64>().unwrap()[0], 19_782);
    assert_eq!(read("arrays/zero_dim").to_vec::<i32>().unwrap(), [258]);
    let error = read("arrays/big_endian_int32").to_vec::<u32>().unwrap_err();
    assert_eq!((error.kind(), error.path().as_deref()), (ErrorKind::Data, Some("[2]")));
    assert!(read("arrays/uint64").to_vec::<f64>().is_err());
    assert!(read("arrays/structured").to_vec::<f64>().is_err());
    assert!(read("arrays/unicode_u5").to_vec::<f64>().is_err());
    assert!(NdArray::from_vec(vec![1, 2, 3], &[2]).is_err());
    assert!(NdArray::new("<i4".parse().unwrap(), &[2], Order::C, vec![0; 7]).is_err());
}

/// Arrays written again at every protocol are read as they were.
#[test]
fn every_array_is_written_and_read_again() {
    for entry in entries().iter().filter(|entry| entry.is_array()) {
        let array: NdArray = entry.read_array();
        for protocol in 0..=5 {
            let protocol = Protocol::try_from(protocol).unwrap();
            let bytes = SerOptions::new().protocol(protocol).to_vec(&array).unwrap();
            let again: NdArray =
                from_slice(&bytes).unwrap_or_else(|error| panic!("{}: {error}", entry.file));
            assert_eq!(again.dtype().to_string(), array.dtype().to_string(), "{}", entry.file);
            assert_eq!(
                (again.shape(), again.data(), again.order()),
                (array.shape(), array.data(), array.order())
            );
            assert_eq!(again.objects(), array.objects());
        }
        if !array.dtype().has_objects() && array.subclass().is_none() {
            let bytes =
                SerOptions::new().protocol(Protocol::V5).to_vec(&array.in_buffer()).unwrap();
            let again: NdArray = from_slice(&bytes).unwrap();
            assert_eq!(
                (again.shape(), again.data(), again.order()),
                (array.shape(), array.data(), array.order())
            );
            assert!(SerOptions::new().protocol(Protocol::V4).to_vec(&array.in_buffer()).is_err());
        }
    }
}

impl Entry {
    fn read_array(&self) -> NdArray<'static> {
        let input = bytes(&self.file);
        let buffers: Vec<Vec<u8>> = self.buffers.iter().map(|buffer| bytes(&buffer.file)).collect();
        let options = DeOptions::new().buffers(buffers.iter().map(|buffer| &buffer[..]));
        options
            .from_slice::<NdArray>(&input)
            .unwrap_or_else(|error| panic!("{}: {error}", self.file))
            .into_owned()
    }
}

#[test]
fn dtypes_are_read_and_written() {
    for entry in
        entries().iter().filter(|entry| entry.case.starts_with("dtypes/") && !entry.descr.is_null())
    {
        let dtype: Dtype = entry.read().unwrap_or_else(|error| panic!("{}: {error}", entry.file));
        let again: Dtype = from_slice(&serde_pickle::to_vec(&dtype).unwrap()).unwrap();
        assert_eq!(again, dtype, "{}", entry.file);
    }
    let error = from_slice::<Dtype>(b"K\x01.").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
}

/// A Python that has numpy: the one that the environment names, or `python3`.
fn python() -> Option<String> {
    let python =
        std::env::var("SERDE_PICKLE_NUMPY_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = std::process::Command::new(&python).args(["-c", "import numpy"]).output();
    found.is_ok_and(|output| output.status.success()).then_some(python)
}

/// numpy loads what is written, and finds it equal to what it wrote itself: dtype, shape, order and
/// values.
#[test]
fn numpy_loads_what_is_written() {
    let Some(python) = python() else {
        eprintln!("skipped: no Python with numpy; SERDE_PICKLE_NUMPY_PYTHON may name one");
        return;
    };
    let folder = std::env::temp_dir().join(format!("serde_pickle-numpy-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut list = Vec::new();
    for entry in entries().iter().filter(|entry| {
        // StringDType is numpy 2's; a matrix and a record array are written as plain arrays.
        entry.is_array()
            && entry.buffers.is_empty()
            && entry.case.starts_with("arrays/")
            && entry.case != "arrays/string_dtype"
    }) {
        let array = entry.read_array();
        let original = crate::numpy::folder().join(&entry.file);
        for protocol in 0..=6 {
            let options = SerOptions::new().protocol(Protocol::try_from(protocol.min(5)).unwrap());
            let bytes = match protocol {
                6 if array.dtype().has_objects() => continue,
                6 => options.to_vec(&array.in_buffer()).unwrap(),
                _ => options.to_vec(&array).unwrap(),
            };
            let file = folder.join(format!("{}.pkl", list.len()));
            std::fs::write(&file, bytes).unwrap();
            list.push(json!([original, file]));
        }
    }
    std::fs::write(folder.join("list.json"), Json::from(list).to_string()).unwrap();
    let script = "
import json, pickle, sys, warnings
warnings.simplefilter('error')
warnings.simplefilter('ignore', ResourceWarning)
import numpy as np
def load(file, **kw):
    with open(file, 'rb') as f: return pickle.load(f, **kw)
count = 0
for original, written in json.loads(open(sys.argv[1]).read()):
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        try: want = load(original, encoding='latin1')
        except Exception:
            # numpy 1 does not load all that numpy 2 writes.
            if int(np.__version__.split('.')[0]) >= 2: raise
            continue
    got = load(written)
    assert type(got) is np.ndarray, original
    if got.dtype != want.dtype:
        # With a state, and not with a buffer, numpy turns the bytes into the order of the machine.
        types = got.dtype.newbyteorder('='), want.dtype.newbyteorder('=')
        assert types[0] == types[1], (original, got.dtype, want.dtype)
        got = got.astype(want.dtype)
    assert got.shape == want.shape, (original, got.shape)
    assert got.flags.f_contiguous == want.flags.f_contiguous, original
    if want.dtype.hasobject: assert repr(got) == repr(want), (original, got)
    else: assert got.tobytes('A') == want.tobytes('A'), original
    count += 1
print(count)
";
    let output = std::process::Command::new(&python)
        .args(["-c", script])
        .arg(folder.join("list.json"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(output.status.success(), "{errors}");
    assert!(String::from_utf8_lossy(&output.stdout).trim().parse::<usize>().unwrap() > 100);
}

#[test]
fn an_element_that_is_no_number_of_the_type_is_shown_with_its_dtype() {
    let refused = |name: &str| {
        let bytes = case(name);
        let array: NdArray<'_> = from_slice(&bytes).unwrap();
        array.to_vec::<f32>().unwrap_err().to_string()
    };
    let complex = refused("arrays/complex128");
    assert!(
        complex.contains("expected a number of the dtype <f4, found the complex number "),
        "{complex}"
    );
    assert!(complex.ends_with(" in an array of the dtype <c16"), "{complex}");
    let text = refused("arrays/bytes_s5");
    assert!(text.ends_with("found bytes in an array of the dtype |S5"), "{text}");
}
