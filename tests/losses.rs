//! Values that were lost or came out otherwise without an error, each by its cause; and what serde
//! itself loses, which `Value`'s documentation says.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_bytes::ByteBuf;
use serde_json::{Value as Json, json};
use serde_pickle::{Dict, ErrorKind, Value, from_slice, from_value, pickle, to_value};

/// The bytes of text as Python writes them below protocol 3: latin-1 text and the call that
/// encodes it.
fn encoded(bytes: &[u8], line: bool) -> Vec<u8> {
    let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
    if line {
        // UNICODE: a line in which what is not ASCII is a byte of latin-1.
        return [b"c_codecs\nencode\n(V", bytes, b"\nVlatin1\ntR"].concat();
    }
    let len = u32::try_from(text.len()).unwrap().to_le_bytes();
    let text = text.as_bytes();
    [b"c_codecs\nencode\nX", &len[..], text, b"X\x06\0\0\0latin1\x86R"].concat()
}

/// All spellings of bytes by a pickler, the opcode first; and then those of a bytearray and of
/// Python 2's str, which are read as bytes are.
fn spellings(bytes: &[u8]) -> Vec<Vec<u8>> {
    let short = |opcode: u8| [&[opcode, u8::try_from(bytes.len()).unwrap()], bytes].concat();
    let long = |opcode: u8| {
        [&[opcode][..], &u32::try_from(bytes.len()).unwrap().to_le_bytes(), bytes].concat()
    };
    let call = |class: &[u8], of: &[u8]| [b"c__builtin__\n", class, b"\n", of, b"\x85R"].concat();
    let latin1: String = bytes.iter().map(|&byte| char::from(byte)).collect();
    let text =
        [&[b'X'][..], &u32::try_from(latin1.len()).unwrap().to_le_bytes(), latin1.as_bytes()]
            .concat();
    let by_text = [b"c__builtin__\nbytearray\n", &text[..], b"X\x07\0\0\0latin-1\x86R"].concat();
    let mut all = vec![
        short(b'C'),
        long(b'B'),
        encoded(bytes, false),
        encoded(bytes, true),
        call(b"bytes", &short(b'C')),
        call(b"bytes", &encoded(bytes, false)),
        call(b"bytearray", &short(b'C')),
        call(b"bytearray", &encoded(bytes, false)),
        by_text,
    ];
    if bytes.is_empty() {
        all.push(b"c__builtin__\nbytes\n)R".to_vec());
        all.push(b"c__builtin__\nbytearray\n)R".to_vec());
    }
    all
}

/// Every spelling of the bytes, within `around`, is the same to a type, directly and by a `Value`.
#[track_caller]
fn same<T: DeserializeOwned + Debug>(bytes: &[u8], [front, back]: [&[u8]; 2]) {
    let show = |result: Result<T, serde_pickle::Error>| match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{:?}", error.kind()),
    };
    let pickles: Vec<Vec<u8>> =
        spellings(bytes).iter().map(|it| [front, it, back, b"."].concat()).collect();
    let first = show(from_slice(&pickles[0]));
    for pickle in &pickles {
        let what = (std::any::type_name::<T>(), pickle.escape_ascii().to_string());
        assert_eq!(show(from_slice(pickle)), first, "{what:?}");
        // As a key, a bytearray is an error to a Value, as it is to Python.
        if let Ok(value) = from_slice::<Value>(pickle) {
            assert_eq!(show(from_value(value)), first, "by a Value, {what:?}");
        }
    }
}

/// numpy's NaT is none to an Option, whatever the Option holds: the short way to a `Value` did not
/// know. `tests/ways` holds all ways and types together.
#[test]
fn not_a_time_is_none_to_an_option_of_a_value() {
    let nat = crate::corpus::bytes("numpy/scalars/datetime64_nat-py3.13-p4.pkl");
    assert_eq!(from_slice::<Option<Value>>(&nat).unwrap(), None);
    assert!(from_slice::<Value>(&nat).unwrap().is_object());
    // So are those of pandas, one of which is a global.
    for absent in [
        &b"cpandas._libs.missing\nNA\n."[..],
        b"cpandas._libs.tslibs.nattype\n_nat_unpickle\n(NtR.",
    ] {
        assert_eq!(from_slice::<Option<Value>>(absent).unwrap(), None);
        assert_eq!(
            from_slice::<Vec<Option<Value>>>(&[b"]", &absent[..absent.len() - 1], b"a."].concat())
                .unwrap(),
            [None]
        );
        assert!(!from_slice::<Value>(absent).unwrap().is_none());
    }
    let time = crate::corpus::bytes("numpy/scalars/datetime64_d-py3.13-p4.pkl");
    assert!(from_slice::<Option<Value>>(&time).unwrap().unwrap().is_object());
}

const ALONE: [&[u8]; 2] = [b"", b""];
const ITEM: [&[u8]; 2] = [b"]", b"a"];
const FIELD: [&[u8]; 2] = [b"}X\x01\0\0\0a", b"s"];

/// `pickle.dumps({b'k': 1}, 2)` was no key of JSON, and `b'2020-01-02'` no date.
#[test]
fn bytes_are_the_same_however_they_are_spelled() {
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Key {
        A,
        K,
    }
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Named<'a> {
        #[serde(borrow)]
        a: Cow<'a, str>,
    }
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Newtype(u8);

    for bytes in [&b""[..], b"a", b"k", b"7", b"2020-01-02", b"\xc3\xa9", b"\xe9\xff", b"A\0z"] {
        same::<String>(bytes, ALONE);
        same::<char>(bytes, ALONE);
        same::<Box<str>>(bytes, ALONE);
        same::<std::path::PathBuf>(bytes, ALONE);
        same::<chrono::NaiveDate>(bytes, ALONE);
        same::<uuid::Uuid>(bytes, ALONE);
        same::<Option<String>>(bytes, ALONE);
        same::<ByteBuf>(bytes, ALONE);
        same::<Vec<u8>>(bytes, ALONE);
        same::<Vec<Option<u8>>>(bytes, ALONE);
        same::<Vec<Newtype>>(bytes, ALONE);
        same::<Vec<char>>(bytes, ITEM);
        same::<(u8, u8)>(bytes, ALONE);
        same::<u8>(bytes, ALONE);
        same::<f64>(bytes, ALONE);
        same::<bool>(bytes, ALONE);
        same::<()>(bytes, ALONE);
        same::<Key>(bytes, ALONE);
        same::<Json>(bytes, ALONE);
        same::<BTreeMap<String, String>>(bytes, FIELD);
        for pickle in spellings(bytes) {
            let pickle = [FIELD[0], &pickle, FIELD[1], b"."].concat();
            let text = std::str::from_utf8(bytes).ok();
            assert_eq!(from_slice::<Named<'_>>(&pickle).ok().map(|it| it.a), text.map(Into::into));
        }
        // As keys: those that can be keys.
        for spelling in &spellings(bytes)[..6] {
            let pickle = [b"}", &spelling[..], b"K\x01s."].concat();
            let what = pickle.escape_ascii().to_string();
            match std::str::from_utf8(bytes) {
                Ok(text) => {
                    assert_eq!(from_slice::<Json>(&pickle).unwrap(), json!({ text: 1 }), "{what}");
                    let map: BTreeMap<Cow<'_, str>, u8> = from_slice(&pickle).unwrap();
                    assert_eq!(map, BTreeMap::from([(text.into(), 1)]), "{what}");
                }
                Err(_) => assert!(from_slice::<Json>(&pickle).is_err(), "{what}"),
            }
        }
    }
}

/// Where the text of the call is ASCII, its bytes lie in the pickle.
#[test]
fn bytes_in_ascii_that_are_spelled_as_a_call_are_borrowed() {
    for spelling in spellings(b"ab") {
        let pickle = [&spelling[..], b"."].concat();
        let what = pickle.escape_ascii().to_string();
        assert_eq!(from_slice::<&[u8]>(&pickle).unwrap(), b"ab", "{what}");
        assert_eq!(from_slice::<&str>(&pickle).unwrap(), "ab", "{what}");
    }
}

/// A number out of an array, a complex or bytes went to its type past Options and newtypes.
#[test]
fn numbers_that_are_made_go_through_the_same_step_as_opcodes() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Newtype(f64);

    let array = b"carray\n_array_reconstructor\n(carray\narray\nX\x01\0\0\0bK\x01C\x02\x01\xfftR.";
    assert_eq!(from_slice::<Vec<Option<i8>>>(array).unwrap(), [Some(1), Some(-1)]);
    assert_eq!(from_slice::<Vec<Newtype>>(array).unwrap(), [Newtype(1.0), Newtype(-1.0)]);
    let complex = b"cbuiltins\ncomplex\nG\x3f\xf8\0\0\0\0\0\0K\x02\x86R.";
    assert_eq!(from_slice::<(Newtype, Option<f64>)>(complex).unwrap(), (Newtype(1.5), Some(2.0)));
    assert_eq!(from_slice::<[Option<u8>; 2]>(b"C\x02\x01\x02.").unwrap(), [Some(1), Some(2)]);
}

#[derive(Debug, PartialEq, Deserialize)]
struct Import {
    name: String,
}

/// Made by Python 3.13: `ValueError('x')` with a note, at protocols 0 and 4; and an ImportError,
/// whose attributes Python sets.
const NOTED: [&[u8]; 2] = [
    b"cexceptions\nValueError\np0\n(Vx\np1\ntp2\nRp3\n(dp4\nV__notes__\np5\n(lp6\nVn\np7\nasb.",
    b"\x80\x04\x95:\0\0\0\0\0\0\0\x8c\x08builtins\x94\x8c\nValueError\x94\x93\x94\x8c\x01x\x94\x85\
      \x94R\x94}\x94\x8c\t__notes__\x94]\x94\x8c\x01n\x94asb.",
];
const NOT_FOUND: &[u8] =
    b"\x80\x04\x95W\0\0\0\0\0\0\0\x8c\x08builtins\x94\x8c\x13ModuleNotFoundError\x94\x93\x94\
    \x8c\x18No module named 'nosuch'\x94\x85\x94R\x94}\x94\x8c\x04name\x94\x8c\x06nosuch\x94sb.";

/// By itself such an exception was its attributes, and its message was gone.
#[test]
fn an_exception_with_a_note_or_attributes_is_its_arguments() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Noted {
        __notes__: Vec<String>,
    }

    for pickle in NOTED {
        assert_eq!(from_slice::<Json>(pickle).unwrap(), json!("x"));
        assert_eq!(from_slice::<String>(pickle).unwrap(), "x");
        let noted: Noted = from_slice(pickle).unwrap();
        assert_eq!(noted, Noted { __notes__: vec!["n".to_owned()] });
        let value: Value = from_slice(pickle).unwrap();
        assert_eq!(from_value::<Json>(value).unwrap(), json!("x"));
    }
    assert_eq!(from_slice::<Json>(NOT_FOUND).unwrap(), json!("No module named 'nosuch'"));
    assert_eq!(from_slice::<Import>(NOT_FOUND).unwrap(), Import { name: "nosuch".to_owned() });
    // A class of any name is known by its note; one that is no exception is its state.
    let own = b"cm\nOops\n(K\x01K\x02tR}X\x09\0\0\0__notes__]sb.";
    assert_eq!(from_slice::<Json>(own).unwrap(), json!([1, 2]));
    let tree = b"cm\nTree\n(K\x01K\x02tR}X\x05\0\0\0nodes]sb.";
    assert_eq!(from_slice::<Json>(tree).unwrap(), json!({"nodes": []}));
}

/// The value of a subclass of a builtin was lost to its attributes from protocol 2 on.
#[test]
fn a_subclass_of_a_builtin_with_attributes_is_its_value() {
    for (folder, expected) in [
        ("int_attrs", json!(5)),
        ("str_attrs", json!("text")),
        ("float_attrs", json!(2.5)),
        ("tuple_attrs", json!([1, 2])),
        ("set_attrs", json!([1])),
    ] {
        for protocol in [0, 2, 4] {
            let pickle =
                crate::corpus::bytes(&format!("types/subclasses/{folder}-py3.13-p{protocol}.pkl"));
            assert_eq!(from_slice::<Json>(&pickle).unwrap(), expected, "{folder} {protocol}");
        }
    }
}

/// `type(None)` was null.
#[test]
fn the_types_of_singletons_are_dotted_names() {
    for (of, name) in [
        (&b"N"[..], "builtins.NoneType"),
        (b"cbuiltins\nEllipsis\n", "builtins.ellipsis"),
        (b"c__builtin__\nNotImplemented\n", "builtins.NotImplementedType"),
    ] {
        for front in [&b"c__builtin__\ntype\n"[..], b"\x80\x04\x8c\x08builtins\x8c\x04type\x93"] {
            let pickle = [front, of, b"\x85R."].concat();
            assert_eq!(from_slice::<Json>(&pickle).unwrap(), json!(name));
            assert_eq!(from_slice::<Option<String>>(&pickle).unwrap().as_deref(), Some(name));
            let value: Value = from_slice(&pickle).unwrap();
            assert_eq!(from_value::<String>(value).unwrap(), name);
        }
    }
    // Of what is no singleton it is a call like any other.
    assert_eq!(from_slice::<Json>(b"cbuiltins\ntype\nK\x01\x85R.").unwrap(), json!(1));
}

/// `{np.int64(1): 'a', np.str_('k'): 2, np.float64(1.5): 3, np.bytes_(b'z'): 4, np.bool_(False):
/// 5}` by numpy 2.4, at protocols 2 and 4.
const SCALARS: [&[u8]; 2] = [
    b"\x80\x02}q\0(cnumpy._core.multiarray\nscalar\nq\x01cnumpy\ndtype\nq\x02X\x02\0\0\0i8q\x03\x89\
      \x88\x87q\x04Rq\x05(K\x03X\x01\0\0\0<q\x06NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tq\x07\
      bc_codecs\nencode\nq\x08X\x08\0\0\0\x01\0\0\0\0\0\0\0q\tX\x06\0\0\0latin1q\n\x86q\x0bRq\x0c\
      \x86q\rRq\x0eX\x01\0\0\0aq\x0fh\x01h\x02X\x02\0\0\0U1q\x10\x89\x88\x87q\x11Rq\x12(K\x03h\x06\
      NNNK\x04K\x04K\x08tq\x13bh\x08X\x04\0\0\0k\0\0\0q\x14h\n\x86q\x15Rq\x16\x86q\x17Rq\x18K\x02\
      h\x01h\x02X\x02\0\0\0f8q\x19\x89\x88\x87q\x1aRq\x1b(K\x03h\x06NNNJ\xff\xff\xff\xffJ\xff\xff\
      \xff\xffK\0tq\x1cbh\x08X\t\0\0\0\0\0\0\0\0\0\xc3\xb8?q\x1dh\n\x86q\x1eRq\x1f\x86q Rq!K\x03\
      h\x01h\x02X\x02\0\0\0S1q\"\x89\x88\x87q#Rq$(K\x03X\x01\0\0\0|q%NNNK\x01K\x01K\0tq&bh\x08\
      X\x01\0\0\0zq'h\n\x86q(Rq)\x86q*Rq+K\x04h\x01h\x02X\x02\0\0\0b1q,\x89\x88\x87q-Rq.(K\x03\
      h%NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tq/bh\x08X\x01\0\0\0\0q0h\n\x86q1Rq2\x86q3Rq4K\x05\
      u.",
    b"\x80\x04\x952\x01\0\0\0\0\0\0}\x94(\x8c\x16numpy._core.multiarray\x94\x8c\x06scalar\x94\x93\
      \x94\x8c\x05numpy\x94\x8c\x05dtype\x94\x93\x94\x8c\x02i8\x94\x89\x88\x87\x94R\x94(K\x03\x8c\
      \x01<\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t\x94bC\x08\x01\0\0\0\0\0\0\0\x94\x86\x94\
      R\x94\x8c\x01a\x94h\x03h\x06\x8c\x02U1\x94\x89\x88\x87\x94R\x94(K\x03h\nNNNK\x04K\x04K\x08\
      t\x94bC\x04k\0\0\0\x94\x86\x94R\x94K\x02h\x03h\x06\x8c\x02f8\x94\x89\x88\x87\x94R\x94(K\x03\
      h\nNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t\x94bC\x08\0\0\0\0\0\0\xf8?\x94\x86\x94R\x94\
      K\x03h\x03h\x06\x8c\x02S1\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01|\x94NNNK\x01K\x01K\0t\x94\
      bC\x01z\x94\x86\x94R\x94K\x04h\x03h\x06\x8c\x02b1\x94\x89\x88\x87\x94R\x94(K\x03h!NNNJ\xff\
      \xff\xff\xffJ\xff\xff\xff\xffK\0t\x94bC\x01\0\x94\x86\x94R\x94K\x05u.",
];

/// A scalar was no number, and `{np.int64(1): 'a'}` had no key 1, though Python has one.
#[test]
fn a_scalar_of_numpy_is_one_key_with_the_plain_value() {
    for pickle in SCALARS {
        let value: Value = from_slice(pickle).unwrap();
        let dict = value.as_dict().unwrap();
        assert_eq!(dict.len(), 5);
        assert_eq!(dict.get(&1), Some(&pickle!("a")));
        assert_eq!(dict.get(&true), Some(&pickle!("a")));
        assert_eq!(dict.get(&1.0), Some(&pickle!("a")));
        assert_eq!(dict.get("k"), Some(&pickle!(2)));
        assert_eq!(dict.get(&1.5), Some(&pickle!(3)));
        assert_eq!(dict.get(b"z"), Some(&pickle!(4)));
        assert_eq!(dict.get(&0), Some(&pickle!(5)));
        assert_eq!((dict.get(&2), dict.get("z"), dict.get(b"k")), (None, None, None));
        let keys: Vec<&Value> = dict.keys().collect();
        assert_eq!(
            (keys[0].as_i64(), keys[0].as_f64(), keys[0].as_u64()),
            (Some(1), Some(1.0), Some(1))
        );
        assert_eq!(keys[1].numpy_scalar(), Some(pickle!("k")));
        assert_eq!((keys[2].as_f64(), keys[2].as_i64()), (Some(1.5), None));
        assert_eq!((keys[3].as_bytes(), keys[4].as_bool()), (Some(&b"z"[..]), Some(false)));
        // Python's equality looks through it, that of Rust does not.
        assert!(keys[0].python_eq(&pickle!(1)) && pickle!(1.0).python_eq(keys[0]));
        assert!(!keys[0].python_eq(&pickle!(2)) && *keys[0] != pickle!(1) && *keys[0] != 1);
        assert!(pickle!({1: 'a'}).python_eq(&pickle!({1.0: 'a'})));
        // A later equal key replaces the value, and leaves the key.
        let mut dict = dict.clone();
        dict.insert(1, "b");
        assert_eq!((dict.len(), dict[&1].as_str()), (5, Some("b")));
        assert!(dict.keys().next().unwrap().is_object());
        // And nothing is lost on the way back.
        let again: Value = from_slice(&serde_pickle::to_vec(&value).unwrap()).unwrap();
        assert_eq!(again, value);
    }
}

/// Every scalar of the fixtures; times equal no number, in any hash table of Python.
#[test]
fn every_scalar_of_numpy_says_what_it_equals() {
    let mut plain = 0;
    for fixture in crate::corpus::files("numpy") {
        if !fixture.file.starts_with("scalars/") {
            continue;
        }
        let value: Value = from_slice(&fixture.bytes).unwrap();
        let Some(scalar) = value.numpy_scalar() else {
            assert!(
                ["time", "long", "void", "record"].iter().any(|kind| fixture.file.contains(kind)),
                "{}",
                fixture.file
            );
            continue;
        };
        plain += 1;
        let nan = scalar.as_f64().is_some_and(f64::is_nan);
        assert_eq!(value.python_eq(&scalar), !nan, "{}", fixture.file);
        let dict: Dict = [(value.clone(), Value::None)]
            .into_iter()
            .try_fold(Dict::new(), |mut dict, (key, value)| {
                dict.try_insert(key, value).map(|_| dict)
            })
            .unwrap();
        assert_eq!(dict.contains_key(&scalar), !nan, "{}", fixture.file);
    }
    assert!(plain > 20, "{plain}");
}

#[derive(Debug, PartialEq, Deserialize)]
struct Entries {
    b: i64,
    a: Vec<i64>,
}

/// `class D2(OrderedDict)` by Python 2.7 at protocols 0 to 2: `D2([['b', 1], ['a', [2]]])`.
const D2: [&[u8]; 3] = [
    b"czoo2\nD2\np0\n((lp1\n(lp2\nS'b'\np3\naI1\naa(lp4\nS'a'\np5\na(lp6\nI2\naaatp7\nRp8\n.",
    b"czoo2\nD2\nq\0(]q\x01(]q\x02(U\x01bq\x03K\x01e]q\x04(U\x01aq\x05]q\x06K\x02aeetq\x07Rq\x08.",
    b"\x80\x02czoo2\nD2\nq\0]q\x01(]q\x02(U\x01bq\x03K\x01e]q\x04(U\x01aq\x05]q\x06K\x02aee\x85\
      q\x07Rq\x08.",
];

#[test]
fn subclasses_of_ordereddict_by_python_2_are_maps_and_structs() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename = "py:zoo2:D2/call/dictitems")]
    struct Named {
        a: Vec<i64>,
        b: i64,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Tagged {
        tag: String,
        b: i64,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Rows {
        rows: Vec<(String, Json)>,
    }

    let map = BTreeMap::from([("b".to_owned(), json!(1)), ("a".to_owned(), json!([2]))]);
    for pickle in D2 {
        assert_eq!(from_slice::<BTreeMap<String, Json>>(pickle).unwrap(), map);
        assert_eq!(from_slice::<Entries>(pickle).unwrap(), Entries { b: 1, a: vec![2] });
        assert_eq!(from_slice::<Named>(pickle).unwrap(), Named { b: 1, a: vec![2] });
        let value: Value = from_slice(pickle).unwrap();
        assert_eq!(from_value::<Entries>(value).unwrap(), Entries { b: 1, a: vec![2] });
        // Where no key is a field it is the argument that it may as well be.
        assert_eq!(from_slice::<Rows>(pickle).unwrap().rows.len(), 2);
    }
    // With an attribute.
    let tagged = [D2[2].strip_suffix(b".").unwrap(), b"}U\x03tagU\x01xsb."].concat();
    assert_eq!(from_slice::<Tagged>(&tagged).unwrap(), Tagged { tag: "x".to_owned(), b: 1 });
    assert_eq!(from_slice::<BTreeMap<String, Json>>(&tagged).unwrap(), map);
    // An empty one.
    let empty: BTreeMap<String, Json> = from_slice(b"czoo2\nD2\n]\x85R.").unwrap();
    assert_eq!(empty, BTreeMap::new());
}

/// That of Python 3.15 is an object made by NEWOBJ, those of the packages are calls.
#[test]
fn frozendicts_are_maps_and_structs() {
    let dict = b"}(X\x01\0\0\0bK\x01X\x01\0\0\0a]K\x02au\x85";
    for front in [
        &b"cbuiltins\nfrozendict\n"[..],
        b"cfrozendict\nfrozendict\n",
        b"cimmutabledict\nimmutabledict\n",
    ] {
        for make in [&b"\x81"[..], b"R"] {
            let pickle = [b"\x80\x04", front, dict, make, b"."].concat();
            assert_eq!(from_slice::<Json>(&pickle).unwrap(), json!({"b": 1, "a": [2]}));
            assert_eq!(from_slice::<Entries>(&pickle).unwrap(), Entries { b: 1, a: vec![2] });
            let map: BTreeMap<String, Json> = from_slice(&pickle).unwrap();
            assert_eq!(map.len(), 2);
            let value: Value = from_slice(&pickle).unwrap();
            assert_eq!(from_value::<Entries>(value).unwrap(), Entries { b: 1, a: vec![2] });
        }
    }
}

/// The form of a value in serde's buffer, by each of the three attributes that make one.
#[track_caller]
fn buffered(body: &[u8]) -> Result<Value, serde_pickle::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Any(Value),
    }
    #[derive(Deserialize)]
    struct Flat {
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }
    #[derive(Deserialize)]
    #[serde(tag = "t")]
    enum Tagged {
        A { v: Value },
    }

    let untagged = from_slice(&[body, b"."].concat()).map(|Untagged::Any(value)| value);
    let flat = from_slice(&[b"}X\x01\0\0\0v", body, b"s."].concat())
        .map(|flat: Flat| flat.rest["v"].clone());
    let tagged = from_slice(&[b"}(X\x01\0\0\0v", body, b"X\x01\0\0\0tX\x01\0\0\0Au."].concat())
        .map(|Tagged::A { v }| v);
    assert_eq!(format!("{:?}", flat.as_ref().ok()), format!("{:?}", tagged.as_ref().ok()));
    assert_eq!(format!("{:?}", flat.as_ref().ok()), format!("{:?}", untagged.as_ref().ok()));
    untagged
}

/// Each row of the table in `Value`'s documentation.
#[test]
fn a_value_in_a_buffer_of_serde_is_what_the_documentation_says() {
    for (what, body, expected) in [
        ("None", &b"N"[..], pickle!(None)),
        ("bool", b"\x88", pickle!(True)),
        ("int", b"K\x07", pickle!(7)),
        ("int of 64 bits", b"\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\0", u64::MAX.into()),
        ("float", b"G\x3f\xf8\0\0\0\0\0\0", pickle!(1.5)),
        ("str", b"X\x01\0\0\0a", pickle!("a")),
        ("bytes", b"C\x01a", pickle!(b"a")),
        ("bytes by a call", b"c_codecs\nencode\nX\x01\0\0\0aX\x06\0\0\0latin1\x86R", pickle!(b"a")),
        ("list", b"]K\x01a", pickle!([1])),
        ("dict", b"}K\x01K\x02s", pickle!({1: 2})),
        ("tuple", b"K\x01\x85", pickle!([1])),
        ("set", b"\x8f(K\x01\x90", pickle!([1])),
        ("set by a call", b"cbuiltins\nset\n]K\x01a\x85R", pickle!([1])),
        ("frozenset", b"(K\x01\x91", pickle!([1])),
        ("bytearray", b"\x96\x01\0\0\0\0\0\0\0a", pickle!(b"a")),
        ("complex", b"cbuiltins\ncomplex\nK\x01K\x02\x86R", pickle!([1.0, 2.0])),
        ("date", b"cdatetime\ndate\nC\x04\x07\xe8\x02\x1d\x85R", pickle!("2024-02-29")),
        ("Decimal", b"cdecimal\nDecimal\nX\x04\0\0\x001.50\x85R", pickle!("1.50")),
        ("class", b"cm\nC\n", pickle!("m.C")),
        ("instance", b"cm\nC\n)\x81}X\x01\0\0\0xK\x01sb", pickle!({"x": 1})),
        ("call", b"cm\nC\nK\x01\x85R", pickle!(1)),
        ("call with two arguments", b"cm\nC\nK\x01K\x02\x86R", pickle!([1, 2])),
        ("OrderedDict", b"ccollections\nOrderedDict\n)RK\x01K\x02s", pickle!({1: 2})),
    ] {
        assert_eq!(buffered(body).unwrap(), expected, "{what}");
    }
    for (what, body) in [
        ("int of more than 64 bits", &b"\x8a\x09\0\0\0\0\0\0\0\0\x01"[..]),
        ("text with lone surrogates", b"X\x03\0\0\0\xed\xa0\x80"),
        ("persistent id", b"K\x01Q"),
        ("tuple as a key", b"}K\x01\x85K\x02s"),
    ] {
        assert!(buffered(body).is_err(), "{what}: {:?}", buffered(body));
    }
}

/// Types that tell a class or an object by a private name of serde's cannot do so behind a buffer.
#[test]
fn classes_and_objects_in_a_buffer_of_serde_are_not_looked_at() {
    use serde_pickle::reduce::{Global, Reduce};

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename = "py:shapes:Circle")]
    struct Circle {
        x: i64,
    }
    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    enum Buffered<T> {
        It(T),
    }

    // The class is another one, or none.
    let point = b"cgeometry\nPoint\n)\x81}X\x01\0\0\0xK\x01sb.";
    let Buffered::It(circle) = from_slice::<Buffered<Circle>>(point).unwrap();
    assert_eq!(circle, Circle { x: 1 });
    assert_eq!(from_slice::<Circle>(point).unwrap_err().kind(), ErrorKind::Data);
    assert!(from_slice::<Buffered<Reduce>>(point).is_err());
    assert!(from_slice::<Buffered<Global>>(b"cm\nC\n.").is_err());
    // And the error knows no byte within the value.
    let error = from_slice::<Buffered<Vec<u8>>>(b"]X\x01\0\0\0aa.").unwrap_err();
    assert_eq!(error.offset(), Some(0));
}

/// A variant that is untagged has serde buffer the whole enum, where the others look for their
/// names and find no class.
#[test]
fn a_variant_that_is_untagged_hides_those_that_are_classes() {
    #[derive(Debug, PartialEq, Deserialize)]
    enum Buffered {
        #[serde(rename = "py:shapes:Circle")]
        Circle { r: f64 },
        #[serde(untagged)]
        Other(Value),
    }

    let circle = b"cshapes\nCircle\n)\x81}X\x01\0\0\0rG@\0\0\0\0\0\0\0sb.";
    let buffered: Buffered = from_slice(circle).unwrap();
    assert_eq!(buffered, Buffered::Other(pickle!({ "r": 2.0 })));
}

/// Types that work where a buffer would lose: a `Value` that is looked at, and the types that serde
/// does not buffer.
#[test]
fn a_value_that_is_looked_at_loses_nothing() {
    #[derive(Debug, PartialEq)]
    enum Shape {
        Circle(Circle),
        Other(Value),
    }
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename = "py:shapes:Circle")]
    struct Circle {
        r: f64,
    }
    impl<'de> Deserialize<'de> for Shape {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let value = Value::deserialize(deserializer)?;
            Ok(match Circle::deserialize(&value) {
                Ok(circle) => Self::Circle(circle),
                Err(_) => Self::Other(value),
            })
        }
    }
    #[derive(Debug, Deserialize)]
    #[serde(from = "Dict")]
    struct Config {
        name: String,
        rest: Dict,
    }
    impl From<Dict> for Config {
        fn from(mut rest: Dict) -> Self {
            let name = rest.remove("name").and_then(|name| name.into_string().ok());
            Self { name: name.unwrap_or_default(), rest }
        }
    }

    let circle = b"cshapes\nCircle\n)\x81}X\x01\0\0\0rG\x3f\xf8\0\0\0\0\0\0sb";
    let shapes: Vec<Shape> =
        from_slice(&[b"](", &circle[..], b"K\x01\x85cm\nC\ne."].concat()).unwrap();
    assert_eq!(shapes[0], Shape::Circle(Circle { r: 1.5 }));
    assert_eq!(shapes[1], Shape::Other(pickle!((1,))));
    assert_eq!(shapes[2], Shape::Other(Value::global("m", "C")));
    let config: Config =
        from_slice(b"}(X\x04\0\0\0nameX\x01\0\0\0aX\x01\0\0\0bK\x01\x85u.").unwrap();
    assert_eq!((config.name.as_str(), config.rest.get("b")), ("a", Some(&pickle!((1,)))));
}

/// Numbers of serde_json with its feature `arbitrary_precision`, and its `RawValue`, are structs
/// with private names: any crate in the tree of dependencies may switch the features on. The crate
/// `tests/arbitrary_precision` has the same with serde_json itself.
mod private_names_of_serde_json {
    use serde::Serialize;
    use serde::de::value::MapDeserializer;
    use serde::ser::{SerializeStruct, Serializer};

    use super::*;

    const NUMBER: &str = "$serde_json::private::Number";

    struct Private(&'static str, &'static str);

    impl Serialize for Private {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut fields = serializer.serialize_struct(self.0, 1)?;
            fields.serialize_field(self.0, self.1)?;
            fields.end()
        }
    }

    #[test]
    fn a_number_is_written_as_what_it_is() {
        for (text, expected) in [
            ("0", pickle!(0)),
            ("-0", pickle!(0)),
            ("-17", pickle!((-17))),
            ("18446744073709551615", u64::MAX.into()),
            ("170141183460469231731687303715884105728", (1_u128 << 127).into()),
            ("1.50", pickle!(1.5)),
            ("1e2", pickle!(100.0)),
            ("-0.0", pickle!((-0.0))),
        ] {
            let value = to_value(&vec![Private(NUMBER, text)]).unwrap();
            assert_eq!(value, Value::List(vec![expected.clone()]), "{text}");
            let map =
                MapDeserializer::<_, serde::de::value::Error>::new([(NUMBER, text)].into_iter());
            assert_eq!(Value::deserialize(map).unwrap(), expected, "{text}");
        }
        for text in ["", "x", "1e999", "0x1", "--1", "nan", "inf"] {
            assert_eq!(
                to_value(&Private(NUMBER, text)).unwrap_err().kind(),
                ErrorKind::Data,
                "{text}"
            );
        }
    }

    #[test]
    fn a_raw_value_is_an_error() {
        let raw = Private("$serde_json::private::RawValue", "[1]");
        let error = to_value(&BTreeMap::from([("a", raw)])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("RawValue"), "{error}");
    }
}
