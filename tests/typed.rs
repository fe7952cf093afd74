//! Derived types: every method of serde's `Deserializer`, from real pickles and built ones.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;

use serde::de::{Deserialize, DeserializeOwned, IgnoredAny};
use serde_bytes::{ByteBuf, Bytes};
use serde_derive::Deserialize;
use serde_pickle::{DeOptions, DecodeErrors, Encoding, ErrorKind, from_reader, from_slice};

use crate::corpus::bytes;

/// Reads from slice and reader, and sees that both agree.
pub(crate) fn read<T: DeserializeOwned + PartialEq + Debug>(pickle: &[u8]) -> T {
    let value: T = from_slice(pickle).unwrap();
    assert_eq!(from_reader::<_, T>(pickle).unwrap(), value);
    value
}

/// The error, as people see it.
pub(crate) fn error<T: DeserializeOwned + Debug>(pickle: &[u8]) -> String {
    let error = from_slice::<T>(pickle).unwrap_err();
    let other = from_reader::<_, T>(pickle).unwrap_err();
    assert_eq!(error.to_string(), other.to_string());
    assert_eq!(
        (error.kind(), error.offset(), error.path()),
        (other.kind(), other.offset(), other.path())
    );
    error.to_string()
}

/// `SHORT_BINUNICODE`.
fn text(text: &str) -> Vec<u8> {
    [&[0x8c, text.len() as u8], text.as_bytes()].concat()
}

/// Joins the parts and puts STOP behind them.
fn pickle(parts: &[&[u8]]) -> Vec<u8> {
    [&parts.concat(), b".".as_slice()].concat()
}

/// A dict of text keys.
fn dict(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = b"}(".to_vec();
    for (key, value) in entries {
        out.extend(text(key));
        out.extend_from_slice(value);
    }
    out.push(b'u');
    out
}

#[test]
fn units_bools_and_options() {
    read::<()>(b"N.");
    assert_eq!(
        [
            read::<bool>(b"\x88."),
            read::<bool>(b"\x89."),
            read::<bool>(b"I01\n."),
            read::<bool>(b"I00\n.")
        ],
        [true, false, true, false]
    );
    assert_eq!(read::<Option<u8>>(b"N."), None);
    assert_eq!(read::<Option<u8>>(b"K\x07."), Some(7));
    assert_eq!(read::<Option<Option<u8>>>(b"K\x07."), Some(Some(7)));
    assert_eq!(read::<Option<Option<u8>>>(b"N."), None);
    assert_eq!(read::<Option<()>>(b"N."), None);

    #[derive(Deserialize, PartialEq, Debug)]
    struct Nothing;
    assert_eq!(read::<Nothing>(b"N."), Nothing);
    assert!(error::<bool>(b"K\x01.").starts_with("invalid type: integer `1`, expected a boolean"));
    assert!(error::<()>(b"K\x01.").starts_with("invalid type: integer `1`, expected unit"));
}

/// All spellings of one int.
fn spellings(value: i64) -> Vec<Vec<u8>> {
    let long = num_bigint::BigInt::from(value).to_signed_bytes_le();
    let mut all = vec![
        format!("I{value}\n.").into_bytes(),
        format!("L{value}L\n.").into_bytes(),
        pickle(&[&[0x8a, long.len() as u8], &long]),
        pickle(&[&[0x8b], &(long.len() as u32).to_le_bytes(), &long]),
    ];
    if let Ok(value) = u8::try_from(value) {
        all.push(pickle(&[b"K", &[value]]));
    }
    if let Ok(value) = u16::try_from(value) {
        all.push(pickle(&[b"M", &value.to_le_bytes()]));
    }
    if let Ok(value) = i32::try_from(value) {
        all.push(pickle(&[b"J", &value.to_le_bytes()]));
    }
    all
}

#[test]
fn every_spelling_of_an_int_reads_as_every_type_that_it_fits() {
    fn check<T: DeserializeOwned + TryFrom<i64> + PartialEq + Debug>(value: i64, pickle: &[u8]) {
        match T::try_from(value) {
            Ok(expected) => assert_eq!(read::<T>(pickle), expected, "{pickle:?}"),
            Err(_) => {
                let message = error::<T>(pickle);
                assert!(
                    message.contains(&value.to_string()) && message.ends_with(", at byte 0"),
                    "{message}"
                );
            }
        }
    }
    let edges = [
        0,
        1,
        127,
        128,
        255,
        256,
        32767,
        32768,
        65535,
        65536,
        (1 << 31) - 1,
        1 << 31,
        u32::MAX.into(),
        1 << 32,
    ];
    for value in
        edges.into_iter().flat_map(|value| [value, -value, -value - 1]).chain([i64::MAX, i64::MIN])
    {
        for pickle in spellings(value) {
            check::<i8>(value, &pickle);
            check::<i16>(value, &pickle);
            check::<i32>(value, &pickle);
            check::<i64>(value, &pickle);
            check::<i128>(value, &pickle);
            check::<u8>(value, &pickle);
            check::<u16>(value, &pickle);
            check::<u32>(value, &pickle);
            check::<u64>(value, &pickle);
            check::<u128>(value, &pickle);
            assert_eq!(read::<f64>(&pickle), value as f64);
            assert_eq!(read::<f32>(&pickle), value as f32);
        }
    }
}

#[test]
fn ints_beyond_64_bits() {
    for value in [
        i128::MAX,
        i128::MIN,
        i128::from(u64::MAX),
        i128::from(u64::MAX) + 1,
        i128::from(i64::MIN) - 1,
    ] {
        let long = num_bigint::BigInt::from(value).to_signed_bytes_le();
        for pickle in [
            format!("I{value}\n.").into_bytes(),
            format!("L{value}L\n.").into_bytes(),
            pickle(&[&[0x8a, long.len() as u8], &long]),
        ] {
            assert_eq!(read::<i128>(&pickle), value);
            assert_eq!(u64::try_from(value).ok(), from_slice(&pickle).ok());
            assert_eq!(u128::try_from(value).ok(), from_slice(&pickle).ok());
            assert_eq!(read::<f64>(&pickle), value as f64);
        }
    }
    assert_eq!(read::<u128>(format!("L{}L\n.", u128::MAX).as_bytes()), u128::MAX);
    let message = error::<u128>(format!("L{}0L\n.", u128::MAX).as_bytes());
    assert_eq!(message, "invalid type: an int of 132 bits, expected u128, at byte 0");
    assert_eq!(
        error::<i128>(format!("L{}L\n.", u128::MAX).as_bytes())
            .find("340282366920938463463374607431768211455"),
        None
    );
    // Beyond what serde can carry, but not beyond a float.
    assert_eq!(read::<f64>(format!("L1{}L\n.", "0".repeat(60)).as_bytes()), 1e60);
    assert!(
        error::<f64>(format!("L1{}L\n.", "0".repeat(400)).as_bytes())
            .contains("an int of 1329 bits")
    );
}

#[test]
fn floats() {
    assert_eq!(read::<f64>(b"G?\xb9\x99\x99\x99\x99\x99\x9a."), 0.1);
    assert_eq!(read::<f64>(b"F0.1\n."), 0.1);
    assert_eq!(read::<f32>(b"F0.1\n."), 0.1);
    assert!(read::<f64>(b"F-0.0\n.").is_sign_negative());
    assert_eq!(read::<f64>(b"F-inf\n."), f64::NEG_INFINITY);
    assert!(from_slice::<f64>(b"Fnan\n.").unwrap().is_nan());
    assert_eq!(read::<f64>(b"K\x07."), 7.0);
    // An int is asked for: a float is not rounded silently.
    assert!(error::<u8>(b"F7.0\n.").starts_with("invalid type: floating point `7.0`, expected u8"));
}

#[test]
fn text_of_every_spelling() {
    let spellings: [&[u8]; 8] = [
        b"V\\xe9\n.",
        b"V\xe9\n.",
        b"X\x02\0\0\0\xc3\xa9.",
        b"\x8c\x02\xc3\xa9.",
        b"\x8d\x02\0\0\0\0\0\0\0\xc3\xa9.",
        b"U\x02\xc3\xa9.",
        b"T\x02\0\0\0\xc3\xa9.",
        b"S'\\xc3\\xa9'\n.",
    ];
    for pickle in &spellings[1..] {
        assert_eq!(read::<String>(pickle), "é", "{pickle:?}");
        assert_eq!(read::<char>(pickle), 'é', "{pickle:?}");
        assert_eq!(read::<Cow<'static, str>>(pickle), "é", "{pickle:?}");
        assert_eq!(read::<Box<str>>(pickle).as_ref(), "é", "{pickle:?}");
    }
    // UNICODE has no escape \x.
    assert_eq!(read::<String>(spellings[0]), "\\xe9");
    assert!(error::<char>(b"\x8c\x02ab.").contains("expected a character"));
    assert_eq!(read::<String>(b"\x80\x03C\x02\xc3\xa9."), "é");
    assert!(
        error::<String>(b"\x80\x03C\x01\xff.")
            .starts_with("invalid value: 1 byte, expected a string")
    );
}

#[test]
fn text_and_bytes_borrow_from_a_slice() {
    fn within(part: &[u8], whole: &[u8]) -> bool {
        whole.as_ptr_range().contains(&part.as_ptr())
    }
    for pickle in [
        &b"Vabc\n."[..],
        b"X\x03\0\0\0abc.",
        b"\x8c\x03abc.",
        b"U\x03abc.",
        b"S'abc'\n.",
        b"\x80\x03C\x03abc.",
    ] {
        let text: &str = from_slice(pickle).unwrap();
        assert!(text == "abc" && within(text.as_bytes(), pickle), "{pickle:?}");
    }
    for pickle in
        [&b"\x80\x03C\x03abc."[..], b"B\x03\0\0\0abc.", b"\x96\x03\0\0\0\0\0\0\0abc.", b"U\x03abc."]
    {
        let found: &[u8] = from_slice(pickle).unwrap();
        assert!(found == b"abc" && within(found, pickle), "{pickle:?}");
        let found: &Bytes = from_slice(pickle).unwrap();
        assert!(within(found, pickle), "{pickle:?}");
    }
    // Fetched from the memo it is borrowed too, each time from the same place.
    let fetched = b"\x80\x04\x8c\x03abc\x94h\x00h\x00\x87.";
    let [a, b, c]: [&str; 3] = from_slice(fetched).unwrap();
    assert!(
        [a, b, c]
            .iter()
            .all(|text| text.as_ptr() == a.as_ptr() && within(text.as_bytes(), fetched))
    );
    // Text that has to be decoded cannot be borrowed, and the error says so.
    let error = from_slice::<&str>(b"V\\u00e9\n.").unwrap_err().to_string();
    assert_eq!(error, "invalid type: string \"é\", expected a borrowed string, at byte 0");

    #[derive(Deserialize)]
    struct Record<'a> {
        name: &'a str,
        #[serde(with = "serde_bytes")]
        data: &'a [u8],
        #[serde(borrow)]
        note: Cow<'a, str>,
    }
    let pickle = pickle(&[&dict(&[
        ("name", b"\x8c\x03Ada"),
        ("data", b"C\x02\x00\xff"),
        ("note", b"\x8c\x01!"),
    ])]);
    let record: Record<'_> = from_slice(&pickle).unwrap();
    assert_eq!((record.name, record.data), ("Ada", &b"\x00\xff"[..]));
    assert!(matches!(record.note, Cow::Borrowed("!")));
}

#[test]
fn bytes_of_every_spelling() {
    let spellings: [&[u8]; 12] = [
        b"\x80\x03C\x02\x00\xff.",
        b"\x80\x03B\x02\0\0\0\x00\xff.",
        b"\x80\x04\x8e\x02\0\0\0\0\0\0\0\x00\xff.",
        b"\x80\x05\x96\x02\0\0\0\0\0\0\0\x00\xff.",
        b"\x80\x05\x96\x02\0\0\0\0\0\0\0\x00\xff\x98.",
        b"U\x02\x00\xff.",
        b"T\x02\0\0\0\x00\xff.",
        b"S'\\x00\\xff'\n.",
        b"c_codecs\nencode\n(X\x03\0\0\0\x00\xc3\xbfX\x06\0\0\0latin1tR.",
        b"cbuiltins\nbytearray\n(C\x02\x00\xfftR.",
        b"c__builtin__\nbytearray\n(X\x03\0\0\0\x00\xc3\xbfX\x07\0\0\0latin-1tR.",
        b"c__builtin__\nbytearray\n(c_codecs\nencode\n(X\x03\0\0\0\x00\xc3\xbfX\x06\0\0\0\
          latin1tRtR.",
    ];
    for pickle in spellings {
        assert_eq!(read::<ByteBuf>(pickle), ByteBuf::from([0, 255]), "{pickle:?}");
        assert_eq!(read::<Vec<u8>>(pickle), [0, 255], "{pickle:?}");
        assert_eq!(read::<[u8; 2]>(pickle), [0, 255], "{pickle:?}");
        assert_eq!(read::<Vec<u16>>(pickle), [0, 255], "{pickle:?}");
    }
    for pickle in [
        &b"cbuiltins\nbytes\n)R."[..],
        b"c__builtin__\nbytearray\n)R.",
        b"\x80\x03C\x00.",
        b"S''\n.",
    ] {
        assert_eq!(read::<ByteBuf>(pickle), ByteBuf::new(), "{pickle:?}");
        assert_eq!(read::<Vec<u8>>(pickle), [0; 0], "{pickle:?}");
    }
    // A list of ints is no bytes object, yet a Vec<u8> reads either.
    assert_eq!(read::<Vec<u8>>(b"](K\x00K\xffe."), [0, 255]);
    assert_eq!(read::<ByteBuf>(b"](K\x00K\xffe."), ByteBuf::from([0, 255]));
}

#[test]
fn text_of_python_2_follows_the_encoding() {
    let latin1 = b"U\x04caf\xe9.";
    let by = |encoding, errors| {
        let result =
            DeOptions::new().encoding(encoding).errors(errors).from_slice::<String>(latin1);
        result.map_err(|error| error.to_string())
    };
    assert_eq!(by(Encoding::Latin1, DecodeErrors::Strict).unwrap(), "café");
    assert_eq!(by(Encoding::Utf8, DecodeErrors::Replace).unwrap(), "caf\u{fffd}");
    assert_eq!(by(Encoding::Ascii, DecodeErrors::Replace).unwrap(), "caf\u{fffd}");
    assert_eq!(by(Encoding::Utf8, DecodeErrors::Ignore).unwrap(), "caf");
    let mut shown = Vec::new();
    shown.push(by(Encoding::Utf8, DecodeErrors::Strict).unwrap_err());
    shown.push(by(Encoding::Ascii, DecodeErrors::Strict).unwrap_err());
    shown.push(by(Encoding::Bytes, DecodeErrors::Strict).unwrap_err());
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn lone_surrogates_are_an_error_unless_asked_for() {
    let pickle = b"X\x05\0\0\0a\xed\xa0\xbdb.";
    let by = |errors| DeOptions::new().errors(errors).from_slice::<String>(pickle);
    assert_eq!(by(DecodeErrors::Strict).unwrap_err().kind(), ErrorKind::Data);
    assert_eq!(by(DecodeErrors::Replace).unwrap(), "a\u{fffd}b");
    assert_eq!(by(DecodeErrors::Ignore).unwrap(), "ab");
}

#[test]
fn sequences_from_every_container() {
    let containers: [&[u8]; 8] = [
        b"](K\x01K\x02K\x03e.",
        b"(K\x01K\x02K\x03l.",
        b"K\x01K\x02K\x03\x87.",
        b"(K\x01K\x02K\x03t.",
        b"\x80\x04\x8f(K\x01K\x02K\x03\x90.",
        b"\x80\x04(K\x01K\x02K\x03\x91.",
        b"c__builtin__\nset\n(](K\x01K\x02K\x03etR.",
        b"ccollections\ndeque\n)R(K\x01K\x02K\x03e.",
    ];
    for pickle in containers {
        assert_eq!(read::<Vec<u8>>(pickle), [1, 2, 3], "{pickle:?}");
        assert_eq!(read::<[u8; 3]>(pickle), [1, 2, 3], "{pickle:?}");
        assert_eq!(read::<(u8, u16, f64)>(pickle), (1, 2, 3.0), "{pickle:?}");
        assert_eq!(read::<BTreeSet<u8>>(pickle), BTreeSet::from([1, 2, 3]), "{pickle:?}");
        read_ignored(pickle);
    }
    assert_eq!(read::<Vec<u8>>(b")."), [0; 0]);
    assert_eq!(read::<Vec<Vec<u8>>>(b"]]a."), [[0; 0]]);
}

fn read_ignored(pickle: &[u8]) {
    from_slice::<IgnoredAny>(pickle).unwrap();
    from_reader::<_, IgnoredAny>(pickle).unwrap();
}

#[test]
fn items_left_over_or_missing_are_errors() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct Pair(u8, u8);

    let three = b"K\x01K\x02K\x03\x87.";
    let mut shown = Vec::new();
    shown.push(error::<(u8, u8)>(three));
    shown.push(error::<Pair>(three));
    shown.push(error::<[u8; 2]>(three));
    shown.push(error::<(u8, u8, u8, u8)>(three));
    shown.push(error::<(u8, u8)>(b"](K\x01K\x02K\x03e."));
    shown.push(error::<[u8; 2]>(b"\x80\x03C\x03abc."));
    insta::assert_snapshot!(shown.join("\n"));
    assert_eq!(read::<Pair>(b"K\x01K\x02\x86."), Pair(1, 2));
}

#[test]
fn maps() {
    let pickle = b"}(\x8c\x01bK\x01\x8c\x01aK\x02u.";
    assert_eq!(
        read::<HashMap<String, u8>>(pickle),
        HashMap::from([("b".into(), 1), ("a".into(), 2)])
    );
    assert_eq!(
        read::<BTreeMap<String, u8>>(pickle),
        BTreeMap::from([("b".into(), 1), ("a".into(), 2)])
    );
    assert_eq!(
        read::<BTreeMap<u8, u8>>(b"}(K\x01K\x02K\x03K\x04u."),
        BTreeMap::from([(1, 2), (3, 4)])
    );
    assert_eq!(
        read::<BTreeMap<(u8, bool), u8>>(b"}K\x01\x88\x86K\x02s."),
        BTreeMap::from([((1, true), 2)])
    );
    assert_eq!(read::<BTreeMap<Option<u8>, u8>>(b"}NK\x02s."), BTreeMap::from([(None, 2)]));
    // A key that comes again replaces, as in Python.
    assert_eq!(read::<BTreeMap<u8, u8>>(b"}(K\x01K\x02K\x01K\x03u."), BTreeMap::from([(1, 3)]));
    assert!(
        error::<BTreeMap<u8, u8>>(b"](K\x01K\x02e.")
            .contains("invalid type: sequence, expected a map")
    );
}

#[derive(Deserialize, PartialEq, Debug)]
struct Point {
    x: f64,
    y: f64,
}

#[test]
fn structs_from_dicts_instances_and_tuples() {
    let expected = Point { x: 1.0, y: 2.5 };
    for protocol in 0..=5 {
        let path = format!("valid/objects/plain.p{protocol}.py313.pickle");
        if let Ok(pickle) = std::fs::read(crate::corpus::folder().join(path)) {
            assert_eq!(read::<Point>(&pickle), expected);
            assert_eq!(
                read::<BTreeMap<String, f64>>(&pickle),
                BTreeMap::from([("x".into(), 1.0), ("y".into(), 2.5)])
            );
        }
    }
    assert_eq!(read::<Point>(&bytes("valid/objects/plain.p0.py27.pickle")), expected);
    assert_eq!(read::<Point>(b"}(\x8c\x01yF2.5\n\x8c\x01xK\x01u."), expected);
    assert_eq!(read::<Point>(b"K\x01F2.5\n\x86."), expected);
    assert_eq!(read::<Point>(b"](K\x01F2.5\ne."), expected);
    // An 8-bit str of Python 2 is a name too, and so is bytes.
    assert_eq!(read::<Point>(b"}(U\x01yF2.5\nS'x'\nK\x01u."), expected);
    assert_eq!(read::<Point>(b"\x80\x03}(C\x01yF2.5\nC\x01xK\x01u."), expected);
    // A named tuple.
    assert_eq!(read::<Point>(b"\x80\x02cgeometry\nPoint\nK\x01F2.5\n\x86\x81."), expected);
    assert_eq!(
        read::<Point>(b"\x80\x02cgeometry\nPoint\n)\x81N}(U\x01xK\x01U\x01yF2.5\nu\x86b."),
        expected
    );
}

#[test]
fn structs_of_real_classes() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct SlotsAndDict {
        a: u8,
        extra: String,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct Slots {
        a: u8,
        b: Vec<u8>,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct Data {
        name: String,
        size: u8,
        tags: Vec<String>,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct Attached {
        label: String,
        number: u8,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct Pair(u8, String);

    for protocol in 2..=4 {
        let object = |case: &str| {
            let name = |protocol| format!("valid/objects/{case}.p{protocol}.py313.pickle");
            let fits = (0..=protocol)
                .rev()
                .map(name)
                .find(|path| crate::corpus::folder().join(path).exists());
            bytes(&fits.unwrap())
        };
        let expected = SlotsAndDict { a: 1, extra: "in the dict".into() };
        assert_eq!(read::<SlotsAndDict>(&object("slots_and_dict")), expected);
        assert_eq!(read::<Slots>(&object("slots")), Slots { a: 1, b: vec![2] });
        let expected = Data { name: "n".into(), size: 3, tags: vec!["a".into(), "b".into()] };
        assert_eq!(read::<Data>(&object("dataclass")), expected);
        let expected = Attached { label: "attached".into(), number: 7 };
        assert_eq!(read::<Attached>(&object("list_subclass")), expected);
        assert_eq!(read::<Vec<u8>>(&object("list_subclass")), [1, 2]);
        assert_eq!(read::<Vec<u8>>(&object("slots_of_list")), [1, 2]);
        assert_eq!(
            read::<BTreeMap<String, String>>(&object("dict_subclass")),
            BTreeMap::from([("k".into(), "v".into())])
        );
        let pairs: (Pair, IgnoredAny, IgnoredAny) = from_slice(&object("named_tuples")).unwrap();
        assert_eq!(pairs.0, Pair(1, "two".into()));
    }
}

#[derive(Deserialize, PartialEq, Debug)]
enum Shape {
    Empty,
    Circle(f64),
    Line(u8, u8),
    Box { w: u8, h: u8 },
}

#[test]
fn enums_in_their_three_spellings() {
    let name = |name: &str| pickle(&[&text(name)]);
    let entry = |name: &str, data: &[u8]| pickle(&[b"}", &text(name), data, b"s"]);
    let tuple = |name: &str, data: &[u8]| pickle(&[&text(name), data, b"\x86"]);
    assert_eq!(read::<Shape>(&name("Empty")), Shape::Empty);
    assert_eq!(read::<Shape>(&pickle(&[&text("Empty"), b"\x85"])), Shape::Empty);
    assert_eq!(read::<Shape>(b"U\x05Empty."), Shape::Empty);
    for spelling in [entry, tuple] {
        assert_eq!(read::<Shape>(&spelling("Empty", b"N")), Shape::Empty);
        assert_eq!(read::<Shape>(&spelling("Circle", b"K\x02")), Shape::Circle(2.0));
        assert_eq!(read::<Shape>(&spelling("Line", b"K\x02K\x03\x86")), Shape::Line(2, 3));
        assert_eq!(read::<Shape>(&spelling("Line", b"](K\x02K\x03e")), Shape::Line(2, 3));
        let fields = dict(&[("w", b"K\x02"), ("h", b"K\x03")]);
        assert_eq!(read::<Shape>(&spelling("Box", &fields)), Shape::Box { w: 2, h: 3 });
        assert_eq!(read::<Shape>(&spelling("Box", b"K\x02K\x03\x86")), Shape::Box { w: 2, h: 3 });
    }
    let mut shown = Vec::new();
    shown.push(error::<Shape>(&name("Circle")));
    shown.push(error::<Shape>(&name("Triangle")));
    shown.push(error::<Shape>(&entry("Circle", b"\x8c\x01x")));
    shown.push(error::<Shape>(&entry("Line", b"K\x01\x85")));
    shown.push(error::<Shape>(&entry("Empty", b"K\x01")));
    shown.push(error::<Shape>(b"}."));
    shown.push(error::<Shape>(b"K\x01K\x02K\x03\x87."));
    shown.push(error::<Shape>(b"F1.5\n."));
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn ints_are_names_by_their_decimal_text_and_never_indexes() {
    #[derive(Deserialize, PartialEq, Debug)]
    enum Level {
        #[serde(rename = "10")]
        High,
        #[serde(rename = "-1")]
        Low,
        #[serde(rename = "0")]
        Normal(u8),
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct Row {
        #[serde(rename = "0")]
        first: String,
        #[serde(rename = "1")]
        second: u8,
    }
    assert_eq!(read::<Level>(b"K\x0a."), Level::High);
    assert_eq!(read::<Level>(b"J\xff\xff\xff\xff."), Level::Low);
    assert_eq!(read::<Level>(b"I-1\n."), Level::Low);
    assert_eq!(read::<Level>(b"}K\x00K\x07s."), Level::Normal(7));
    assert_eq!(read::<Row>(b"}(K\x01K\x02K\x00\x8c\x01au."), Row { first: "a".into(), second: 2 });
    // The first variant is number 0, and an int 0 is not it.
    assert!(error::<Shape>(b"K\x00.").starts_with("unknown variant `0`, expected one of `Empty`"));
}

#[test]
fn newtypes_flatten_defaults_and_the_attributes_of_serde() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct Id(u32);
    #[derive(Deserialize, PartialEq, Debug)]
    struct User {
        id: Id,
        #[serde(default)]
        nick: Option<String>,
        #[serde(alias = "mail")]
        email: String,
        #[serde(flatten)]
        rest: BTreeMap<String, serde_json::Value>,
    }
    let pickle =
        pickle(&[&dict(&[("id", b"K\x07"), ("mail", b"\x8c\x01@"), ("more", b"](K\x01N\x88e")])]);
    let user = read::<User>(&pickle);
    assert_eq!((user.id, user.nick, &*user.email), (Id(7), None, "@"));
    assert_eq!(user.rest["more"], serde_json::json!([1, null, true]));

    #[derive(Deserialize, PartialEq, Debug)]
    #[serde(untagged)]
    enum Any {
        Int(i64),
        Text(String),
        Many(Vec<Any>),
    }
    assert_eq!(
        read::<Any>(b"](K\x01\x8c\x01ae."),
        Any::Many(vec![Any::Int(1), Any::Text("a".into())])
    );

    #[derive(Deserialize, PartialEq, Debug)]
    #[serde(tag = "kind")]
    enum Tagged {
        A { n: u8 },
        B,
    }
    assert_eq!(read::<Tagged>(b"}(\x8c\x01nK\x01\x8c\x04kind\x8c\x01Au."), Tagged::A { n: 1 });
    assert_eq!(read::<Tagged>(b"}\x8c\x04kind\x8c\x01Bs."), Tagged::B);

    #[derive(Deserialize, PartialEq, Debug)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Strict {
        a: u8,
    }
    let mut shown = Vec::new();
    shown.push(error::<Strict>(b"}(\x8c\x01aK\x01\x8c\x01bK\x02u."));
    shown.push(error::<Strict>(b"}."));
    shown.push(error::<Strict>(b"}(\x8c\x01aK\x01\x8c\x01aK\x02u."));
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn errors_say_where_in_the_value_and_at_which_byte() {
    #[derive(Deserialize, Debug)]
    #[allow(dead_code)]
    struct Person {
        name: String,
        age: u8,
        shape: Option<Shape>,
    }
    #[derive(Deserialize, Debug)]
    #[allow(dead_code)]
    struct File {
        users: Vec<Person>,
        by_id: BTreeMap<u32, (u8, Person)>,
    }
    let person =
        |age: &[u8], shape: &[u8]| dict(&[("name", b"\x8c\x01n"), ("age", age), ("shape", shape)]);
    let file = |bad: &[u8]| {
        let list = [b"](", &*person(b"K\x01", b"N"), bad, b"e"].concat();
        pickle(&[&dict(&[("users", &list), ("by_id", b"}")])])
    };
    let by_id = |bad: &[u8]| {
        let map = [b"}K\x07K\x01", bad, b"\x86s"].concat();
        pickle(&[&dict(&[("users", b"]"), ("by_id", &map)])])
    };
    let circle = [b"}", &*text("Circle"), b"\x8c\x01xs"].concat();
    let mut shown = Vec::new();
    shown.push(error::<File>(&file(&person(b"\x8c\x03old", b"N"))));
    shown.push(error::<File>(&file(&person(b"M\xe8\x03", b"N"))));
    shown.push(error::<File>(&file(&person(b"K\x01", &circle))));
    shown.push(error::<File>(&file(&person(b"K\x01", &text("Square")))));
    shown.push(error::<File>(&file(b"K\x01")));
    shown.push(error::<File>(&by_id(&person(b"N", b"N"))));
    shown.push(error::<File>(&by_id(b"}")));
    shown.push(error::<File>(&pickle(&[&dict(&[("users", b"]"), ("by_id", b"}\x8c\x01xNs")])])));
    shown.push(error::<File>(b"}."));
    shown.push(error::<Vec<(u8, u8)>>(b"](K\x01K\x02\x86K\x03\x85e."));
    shown.push(error::<Vec<u8>>(&pickle(&[b"](", &text(&"long ".repeat(50)), b"e"])));
    shown.push(error::<Vec<u8>>(b"](Pid\ne."));
    insta::assert_snapshot!(shown.join("\n"));
    let error = from_slice::<File>(&file(&person(b"\x8c\x03old", b"N"))).unwrap_err();
    assert_eq!((error.kind(), error.path().as_deref()), (ErrorKind::Data, Some("users[1].age")));
}

#[test]
fn what_a_deserializer_says_of_itself() {
    struct Asking(bool);
    impl<'de> Deserialize<'de> for Asking {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let human = deserializer.is_human_readable();
            IgnoredAny::deserialize(deserializer).map(|_| Self(human))
        }
    }
    assert!(from_slice::<Asking>(b"N.").unwrap().0);
    assert!(from_reader::<_, Asking>(&b"N."[..]).unwrap().0);
    assert!(from_slice::<Vec<Asking>>(b"]Na.").unwrap()[0].0);
}

#[test]
fn real_records_are_read_into_structs() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct Address {
        city: String,
        zip: String,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    struct Record {
        id: u32,
        name: String,
        email: String,
        score: f64,
        active: bool,
        tags: Vec<String>,
        address: Address,
        manager: Option<Box<Record>>,
    }
    let expected = |n: u32| Record {
        id: n,
        name: format!("user-{n}"),
        email: format!("user{n}@example.org"),
        score: f64::from(n) * 0.5,
        active: n.is_multiple_of(3),
        tags: vec![format!("tag{}", n % 5), "all".into()],
        address: Address { city: "Zürich".into(), zip: (8000 + n).to_string() },
        manager: None,
    };
    let expected: Vec<_> = (0..120).map(expected).collect();
    let mut read_ones = 0;
    for fixture in
        crate::corpus::files("valid").iter().filter(|fixture| fixture.text("case") == "records")
    {
        assert_eq!(
            fixture.options().from_slice::<Vec<Record>>(&fixture.bytes).unwrap(),
            expected,
            "{}",
            fixture.name()
        );
        assert_eq!(
            fixture.options().from_reader::<_, Vec<Record>>(&*fixture.bytes).unwrap(),
            expected
        );
        read_ones += 1;
    }
    assert!(read_ones > 5, "{read_ones}");
}
