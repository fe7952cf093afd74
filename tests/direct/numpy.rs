//! Arrays of numpy, and bytes that calls make.

use std::fmt::Debug;

use serde::de::{Deserialize, IgnoredAny};
use serde_bytes::ByteBuf;
use serde_derive::Deserialize;
use serde_pickle::opcode::instructions;
use serde_pickle::{DeOptions, Value};

use super::{compare, is_direct};

#[derive(Debug, PartialEq, Deserialize)]
struct Meters<T>(T);

#[derive(Debug, PartialEq, Deserialize)]
struct Sides {
    a: f64,
    b: f64,
}

#[derive(Debug, PartialEq, Deserialize)]
enum Variant {
    #[serde(rename = "1")]
    One,
    Other,
}

/// Reads a sequence, takes one item of it, and makes do with an error.
#[derive(Debug, PartialEq)]
struct First(Option<u8>);

impl<'de> Deserialize<'de> for First {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = First;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a sequence")
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut seq: A,
            ) -> Result<First, A::Error> {
                let first = seq.next_element().unwrap_or(None);
                for _ in 0..9 {
                    drop(seq.next_element::<u8>());
                }
                Ok(First(first))
            }
        }
        deserializer.deserialize_seq(Visitor)
    }
}

/// `pickle.dumps` of CPython 3.13 with numpy 2:
///
/// ```python
/// f4 = [np.arange(3, dtype="f4"), np.array([0.5, -2], dtype="f4"), np.zeros(0, dtype="f4")]
/// i8 = [np.array([1, -1, 2**40], dtype="i8"), np.array([7], dtype="i8")]
/// u1 = [np.array([1, 200, 255], dtype="u1"), np.array([0], dtype="u1")]
/// b1 = [np.array([True, False]), np.array([True])]
/// f8 = [np.array([0.5, -0.0]), np.array([1e300, 200.0])]
/// bytes = [b"ab\xff", b"\x80" * 70 + b"z", b"c", b""]
/// bytearrays = [bytearray(b"ab\xff"), bytearray(b"\xc3" * 70)]
/// ```
#[rustfmt::skip]
const PICKLES: &[(&str, &[u8])] = &[
    // protocol 2
    ("f4",
        b"\x80\x02]q\0(cnumpy._core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\0\x85\
        q\x03c_codecs\nencode\nq\x04X\x01\0\0\0bq\x05X\x06\0\0\0latin1q\x06\x86q\x07Rq\
        \x08\x87q\tRq\n(K\x01K\x03\x85q\x0bcnumpy\ndtype\nq\x0cX\x02\0\0\0f4q\r\x89\x88\
        \x87q\x0eRq\x0f(K\x03X\x01\0\0\0<q\x10NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tq\
        \x11b\x89h\x04X\r\0\0\0\0\0\0\0\0\0\xc2\x80?\0\0\0@q\x12h\x06\x86q\x13Rq\x14tq\
        \x15bh\x01h\x02K\0\x85q\x16h\x08\x87q\x17Rq\x18(K\x01K\x02\x85q\x19h\x0f\x89h\
        \x04X\t\0\0\0\0\0\0?\0\0\0\xc3\x80q\x1ah\x06\x86q\x1bRq\x1ctq\x1dbh\x01h\x02K\0\
        \x85q\x1eh\x08\x87q\x1fRq (K\x01K\0\x85q!h\x0f\x89c__builtin__\nbytes\nq\")Rq#tq\
        $be."),
    // protocol 4
    ("f4",
        b"\x80\x04\x95\xdd\0\0\0\0\0\0\0]\x94(\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconst\
        ruct\x94\x93\x94\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\0\x85\x94C\x01b\
        \x94\x87\x94R\x94(K\x01K\x03\x85\x94h\x04\x8c\x05dtype\x94\x93\x94\x8c\x02f4\x94\
        \x89\x88\x87\x94R\x94(K\x03\x8c\x01<\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0\
        t\x94b\x89C\x0c\0\0\0\0\0\0\x80?\0\0\0@\x94t\x94bh\x03h\x06K\0\x85\x94h\x08\x87\
        \x94R\x94(K\x01K\x02\x85\x94h\x10\x89C\x08\0\0\0?\0\0\0\xc0\x94t\x94bh\x03h\x06K\
        \0\x85\x94h\x08\x87\x94R\x94(K\x01K\0\x85\x94h\x10\x89C\0\x94t\x94be."),
    // protocol 5
    ("f4",
        b"\x80\x05\x95\xbe\0\0\0\0\0\0\0]\x94(\x8c\x13numpy._core.numeric\x94\x8c\x0b_frombuffer\
        \x94\x93\x94(\x96\x0c\0\0\0\0\0\0\0\0\0\0\0\0\0\x80?\0\0\0@\x94\x8c\x05numpy\x94\
        \x8c\x05dtype\x94\x93\x94\x8c\x02f4\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01<\x94N\
        NNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t\x94bK\x03\x85\x94\x8c\x01C\x94t\x94R\
        \x94h\x03(\x96\x08\0\0\0\0\0\0\0\0\0\0?\0\0\0\xc0\x94h\nK\x02\x85\x94h\x0et\x94R\
        \x94h\x03(\x96\0\0\0\0\0\0\0\0\x94h\nK\0\x85\x94h\x0et\x94R\x94e."),
    // protocol 2
    ("i8",
        b"\x80\x02]q\0(cnumpy._core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\0\x85\
        q\x03c_codecs\nencode\nq\x04X\x01\0\0\0bq\x05X\x06\0\0\0latin1q\x06\x86q\x07Rq\
        \x08\x87q\tRq\n(K\x01K\x03\x85q\x0bcnumpy\ndtype\nq\x0cX\x02\0\0\0i8q\r\x89\x88\
        \x87q\x0eRq\x0f(K\x03X\x01\0\0\0<q\x10NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tq\
        \x11b\x89h\x04X \0\0\0\x01\0\0\0\0\0\0\0\xc3\xbf\xc3\xbf\xc3\xbf\xc3\xbf\xc3\xbf\
        \xc3\xbf\xc3\xbf\xc3\xbf\0\0\0\0\0\x01\0\0q\x12h\x06\x86q\x13Rq\x14tq\x15bh\x01h\
        \x02K\0\x85q\x16h\x08\x87q\x17Rq\x18(K\x01K\x01\x85q\x19h\x0f\x89h\x04X\x08\0\0\
        \0\x07\0\0\0\0\0\0\0q\x1ah\x06\x86q\x1bRq\x1ctq\x1dbe."),
    // protocol 4
    ("i8",
        b"\x80\x04\x95\xcb\0\0\0\0\0\0\0]\x94(\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconst\
        ruct\x94\x93\x94\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\0\x85\x94C\x01b\
        \x94\x87\x94R\x94(K\x01K\x03\x85\x94h\x04\x8c\x05dtype\x94\x93\x94\x8c\x02i8\x94\
        \x89\x88\x87\x94R\x94(K\x03\x8c\x01<\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0\
        t\x94b\x89C\x18\x01\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\x01\
        \0\0\x94t\x94bh\x03h\x06K\0\x85\x94h\x08\x87\x94R\x94(K\x01K\x01\x85\x94h\x10\
        \x89C\x08\x07\0\0\0\0\0\0\0\x94t\x94be."),
    // protocol 2
    ("u1",
        b"\x80\x02]q\0(cnumpy._core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\0\x85\
        q\x03c_codecs\nencode\nq\x04X\x01\0\0\0bq\x05X\x06\0\0\0latin1q\x06\x86q\x07Rq\
        \x08\x87q\tRq\n(K\x01K\x03\x85q\x0bcnumpy\ndtype\nq\x0cX\x02\0\0\0u1q\r\x89\x88\
        \x87q\x0eRq\x0f(K\x03X\x01\0\0\0|q\x10NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tq\
        \x11b\x89h\x04X\x05\0\0\0\x01\xc3\x88\xc3\xbfq\x12h\x06\x86q\x13Rq\x14tq\x15bh\
        \x01h\x02K\0\x85q\x16h\x08\x87q\x17Rq\x18(K\x01K\x01\x85q\x19h\x0f\x89h\x04X\x01\
        \0\0\0\0q\x1ah\x06\x86q\x1bRq\x1ctq\x1dbe."),
    // protocol 4
    ("u1",
        b"\x80\x04\x95\xaf\0\0\0\0\0\0\0]\x94(\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconst\
        ruct\x94\x93\x94\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\0\x85\x94C\x01b\
        \x94\x87\x94R\x94(K\x01K\x03\x85\x94h\x04\x8c\x05dtype\x94\x93\x94\x8c\x02u1\x94\
        \x89\x88\x87\x94R\x94(K\x03\x8c\x01|\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0\
        t\x94b\x89C\x03\x01\xc8\xff\x94t\x94bh\x03h\x06K\0\x85\x94h\x08\x87\x94R\x94(K\
        \x01K\x01\x85\x94h\x10\x89C\x01\0\x94t\x94be."),
    // protocol 5
    ("u1",
        b"\x80\x05\x95\x95\0\0\0\0\0\0\0]\x94(\x8c\x13numpy._core.numeric\x94\x8c\x0b_frombuffer\
        \x94\x93\x94(\x96\x03\0\0\0\0\0\0\0\x01\xc8\xff\x94\x8c\x05numpy\x94\x8c\x05dtyp\
        e\x94\x93\x94\x8c\x02u1\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01|\x94NNNJ\xff\xff\
        \xff\xffJ\xff\xff\xff\xffK\0t\x94bK\x03\x85\x94\x8c\x01C\x94t\x94R\x94h\x03(\x96\
        \x01\0\0\0\0\0\0\0\0\x94h\nK\x01\x85\x94h\x0et\x94R\x94e."),
    // protocol 2
    ("b1",
        b"\x80\x02]q\0(cnumpy._core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\0\x85\
        q\x03c_codecs\nencode\nq\x04X\x01\0\0\0bq\x05X\x06\0\0\0latin1q\x06\x86q\x07Rq\
        \x08\x87q\tRq\n(K\x01K\x02\x85q\x0bcnumpy\ndtype\nq\x0cX\x02\0\0\0b1q\r\x89\x88\
        \x87q\x0eRq\x0f(K\x03X\x01\0\0\0|q\x10NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tq\
        \x11b\x89h\x04X\x02\0\0\0\x01\0q\x12h\x06\x86q\x13Rq\x14tq\x15bh\x01h\x02K\0\x85\
        q\x16h\x08\x87q\x17Rq\x18(K\x01K\x01\x85q\x19h\x0f\x89h\x04X\x01\0\0\0\x01q\x1ah\
        \x06\x86q\x1bRq\x1ctq\x1dbe."),
    // protocol 5
    ("b1",
        b"\x80\x05\x95\x94\0\0\0\0\0\0\0]\x94(\x8c\x13numpy._core.numeric\x94\x8c\x0b_frombuffer\
        \x94\x93\x94(\x96\x02\0\0\0\0\0\0\0\x01\0\x94\x8c\x05numpy\x94\x8c\x05dtype\x94\
        \x93\x94\x8c\x02b1\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01|\x94NNNJ\xff\xff\xff\
        \xffJ\xff\xff\xff\xffK\0t\x94bK\x02\x85\x94\x8c\x01C\x94t\x94R\x94h\x03(\x96\x01\
        \0\0\0\0\0\0\0\x01\x94h\nK\x01\x85\x94h\x0et\x94R\x94e."),
    // protocol 2
    ("f8",
        b"\x80\x02]q\0(cnumpy._core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\0\x85\
        q\x03c_codecs\nencode\nq\x04X\x01\0\0\0bq\x05X\x06\0\0\0latin1q\x06\x86q\x07Rq\
        \x08\x87q\tRq\n(K\x01K\x02\x85q\x0bcnumpy\ndtype\nq\x0cX\x02\0\0\0f8q\r\x89\x88\
        \x87q\x0eRq\x0f(K\x03X\x01\0\0\0<q\x10NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tq\
        \x11b\x89h\x04X\x12\0\0\0\0\0\0\0\0\0\xc3\xa0?\0\0\0\0\0\0\0\xc2\x80q\x12h\x06\
        \x86q\x13Rq\x14tq\x15bh\x01h\x02K\0\x85q\x16h\x08\x87q\x17Rq\x18(K\x01K\x02\x85q\
        \x19h\x0f\x89h\x04X\x13\0\0\0\xc2\x9cu\0\xc2\x88<\xc3\xa47~\0\0\0\0\0\0i@q\x1ah\
        \x06\x86q\x1bRq\x1ctq\x1dbe."),
    // protocol 4
    ("f8",
        b"\x80\x04\x95\xcb\0\0\0\0\0\0\0]\x94(\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconst\
        ruct\x94\x93\x94\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\0\x85\x94C\x01b\
        \x94\x87\x94R\x94(K\x01K\x02\x85\x94h\x04\x8c\x05dtype\x94\x93\x94\x8c\x02f8\x94\
        \x89\x88\x87\x94R\x94(K\x03\x8c\x01<\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0\
        t\x94b\x89C\x10\0\0\0\0\0\0\xe0?\0\0\0\0\0\0\0\x80\x94t\x94bh\x03h\x06K\0\x85\
        \x94h\x08\x87\x94R\x94(K\x01K\x02\x85\x94h\x10\x89C\x10\x9cu\0\x88<\xe47~\0\0\0\
        \0\0\0i@\x94t\x94be."),
    // protocol 2
    ("bytes",
        b"\x80\x02]q\0(c_codecs\nencode\nq\x01X\x04\0\0\0ab\xc3\xbfq\x02X\x06\0\0\0latin1q\x03\
        \x86q\x04Rq\x05h\x01X\x8d\0\0\0\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\
        \xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\
        \xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\
        \xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\
        \xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\
        \xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\
        \xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\
        \xc2\x80\xc2\x80\xc2\x80\xc2\x80zq\x06h\x03\x86q\x07Rq\x08h\x01X\x01\0\0\0cq\th\
        \x03\x86q\nRq\x0bc__builtin__\nbytes\nq\x0c)Rq\re."),
    // protocol 2
    ("bytearrays",
        b"\x80\x02]q\0(c__builtin__\nbytearray\nq\x01c_codecs\nencode\nq\x02X\x04\0\0\0ab\xc3\
        \xbfq\x03X\x06\0\0\0latin1q\x04\x86q\x05Rq\x06\x85q\x07Rq\x08h\x01h\x02X\x8c\0\0\
        \0\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\
        \x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\
        \x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\
        \x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\
        \x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\
        \x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\
        \x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\x83\xc3\
        \x83q\th\x04\x86q\nRq\x0b\x85q\x0cRq\re."),
];

#[track_caller]
fn reads<'de, T: Deserialize<'de> + Debug + PartialEq>(pickle: &'de [u8], expected: &[T]) {
    assert!(is_direct::<Vec<T>>(pickle), "{}", pickle.escape_ascii());
    assert_eq!(serde_pickle::from_slice::<Vec<T>>(pickle).unwrap(), expected);
}

/// Reads a pickle as types that fit some of them, also where little is allowed.
#[track_caller]
fn compare_all(pickle: &[u8], limits: bool) {
    fn all<'de, T: Deserialize<'de> + Debug + PartialEq>(pickle: &'de [u8], limits: bool) {
        compare::<Vec<T>>(pickle, &DeOptions::new(), "arrays");
        if !limits {
            return;
        }
        // The options change from call to call.
        for _ in 0..10 {
            compare::<Vec<T>>(pickle, &DeOptions::new(), "arrays");
        }
        for depth in 0..4 {
            compare::<Vec<T>>(pickle, &DeOptions::new().max_depth(depth), "arrays");
        }
        for nodes in 0..40 {
            compare::<Vec<T>>(pickle, &DeOptions::new().max_nodes(nodes), "arrays");
        }
        for bytes in [0, 8, 40, 200] {
            compare::<Vec<T>>(pickle, &DeOptions::new().max_expansion(bytes), "arrays");
            compare::<Vec<T>>(pickle, &DeOptions::new().max_memory(bytes), "arrays");
        }
    }
    compare::<Value>(pickle, &DeOptions::new(), "arrays");
    all::<Vec<f64>>(pickle, limits);
    all::<Vec<f32>>(pickle, limits);
    all::<ByteBuf>(pickle, limits);
    all::<[f64; 3]>(pickle, limits);
    all::<First>(pickle, limits);
    all::<Option<Vec<u8>>>(pickle, limits);
    if !limits {
        return;
    }
    all::<Vec<i64>>(pickle, limits);
    all::<Vec<u8>>(pickle, limits);
    all::<Vec<bool>>(pickle, limits);
    all::<Vec<Option<u8>>>(pickle, limits);
    all::<Vec<Meters<i32>>>(pickle, limits);
    all::<Vec<Variant>>(pickle, limits);
    all::<Vec<String>>(pickle, limits);
    all::<Option<Vec<f64>>>(pickle, limits);
    all::<Meters<Vec<f64>>>(pickle, limits);
    all::<(f64, f64)>(pickle, limits);
    all::<Sides>(pickle, limits);
    all::<Option<First>>(pickle, limits);
    all::<serde_json::Value>(pickle, limits);
    all::<IgnoredAny>(pickle, limits);
}

#[test]
fn arrays_and_bytes_need_no_machine() {
    for (name, pickle) in PICKLES {
        match *name {
            "f4" => {
                reads::<Vec<f32>>(pickle, &[vec![0.0, 1.0, 2.0], vec![0.5, -2.0], vec![]]);
                reads::<Vec<f64>>(pickle, &[vec![0.0, 1.0, 2.0], vec![0.5, -2.0], vec![]]);
                reads::<Vec<Option<f32>>>(
                    pickle,
                    &[vec![Some(0.0), Some(1.0), Some(2.0)], vec![Some(0.5), Some(-2.0)], vec![]],
                );
            }
            "i8" => {
                reads::<Vec<i64>>(pickle, &[vec![1, -1, 1 << 40], vec![7]]);
                reads::<Vec<i128>>(pickle, &[vec![1, -1, 1 << 40], vec![7]]);
            }
            "u1" => {
                reads::<Vec<u8>>(pickle, &[vec![1, 200, 255], vec![0]]);
                reads::<Vec<u16>>(pickle, &[vec![1, 200, 255], vec![0]]);
                reads::<ByteBuf>(pickle, &[ByteBuf::from([1, 200, 255]), ByteBuf::from([0])]);
            }
            "b1" => reads::<Vec<bool>>(pickle, &[vec![true, false], vec![true]]),
            "f8" => {
                reads::<Vec<f64>>(pickle, &[vec![0.5, -0.0], vec![1e300, 200.0]]);
                reads::<[f64; 2]>(pickle, &[[0.5, -0.0], [1e300, 200.0]]);
            }
            "bytes" => {
                let long = [&[0x80; 70][..], b"z"].concat();
                let expected = [&b"ab\xff"[..], &long, b"c", b""].map(ByteBuf::from);
                reads::<ByteBuf>(pickle, &expected);
                assert!(is_direct::<Value>(pickle));
            }
            _ => reads::<ByteBuf>(pickle, &[&b"ab\xff"[..], &[0xc3; 70]].map(ByteBuf::from)),
        }
        compare_all(pickle, true);
    }
}

/// Bytes changed, and instructions left out or doubled: most are no pickle any more, and some are
/// another value, such as an array of other numbers or of more dimensions.
#[test]
fn arrays_and_bytes_with_a_change_are_read_the_same_both_ways() {
    for (_, pickle) in PICKLES {
        let begins: Vec<usize> = instructions(pickle).map(|it| it.unwrap().0 as usize).collect();
        for pair in begins.windows(2) {
            let (front, rest) = pickle.split_at(pair[0]);
            let (one, behind) = rest.split_at(pair[1] - pair[0]);
            // Frames would have to grow.
            let unframed = |bytes: Vec<u8>| match bytes.get(2) {
                Some(0x95) => [&bytes[..2], &bytes[11..]].concat(),
                _ => bytes,
            };
            if one[0] == 0x95 || pair[0] == 0 {
                continue;
            }
            compare_all(&unframed([front, behind].concat()), false);
            compare_all(&unframed([front, one, one, behind].concat()), false);
            compare_all(&unframed([front, one, b"K\x02\x86", behind].concat()), false);
            for at in 0..one.len().min(6) {
                for flip in [1, 0x80] {
                    let mut changed = one.to_vec();
                    changed[at] ^= flip;
                    compare_all(&[front, &changed, behind].concat(), false);
                }
            }
        }
    }
}
