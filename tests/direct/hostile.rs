//! Long, deep or costly pickles: as safe, as fast and as limited read directly as by the machine.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::de::{Deserialize, IgnoredAny};
use serde_derive::Deserialize;
use serde_pickle::{DeOptions, ErrorKind};

use super::types::CHECKS;
use super::{compare, is_direct};

#[derive(Debug, PartialEq, Deserialize)]
struct Lists(Vec<Lists>);

#[derive(Debug, PartialEq, Deserialize)]
struct Dicts(BTreeMap<u8, Dicts>);

#[derive(Debug, PartialEq, Deserialize)]
struct Wrapped(Option<Box<Wrapped>>);

/// Wraps as often as a value may be wrapped, in every list.
#[derive(Debug, PartialEq, Deserialize)]
struct Deep(Option<Option<Option<Option<Option<Option<Vec<Deep>>>>>>>);

#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum Any {
    Text(String),
    List(Vec<Any>),
    Dict(BTreeMap<String, Any>),
}

#[derive(Debug, PartialEq, Default, Deserialize)]
#[serde(default)]
struct Large {
    a: Option<String>,
    b: Option<String>,
    c: Option<String>,
    d: Option<String>,
    e: Option<String>,
    f: Option<String>,
    g: Option<String>,
    h: Option<String>,
    next: Option<Box<Large>>,
}

fn nested(begin: &[u8], inner: &[u8], end: &[u8], levels: usize) -> Vec<u8> {
    [&begin.repeat(levels), inner, &end.repeat(levels), &b"."[..]].concat()
}

#[track_caller]
fn both<'de, T: Deserialize<'de> + Debug + PartialEq>(bytes: &'de [u8]) {
    compare::<T>(bytes, &DeOptions::new(), "a hostile pickle");
}

#[test]
fn depth_fits_a_small_thread() {
    let work = || {
        for levels in [99, 100, 101, 100_000] {
            let lists = nested(b"]", b"]", b"a", levels);
            both::<Lists>(&lists);
            both::<Any>(&lists);
            both::<Deep>(&lists);
            both::<IgnoredAny>(&lists);
            both::<Lists>(&nested(b"](", b"]", b"e", levels));
            both::<Lists>(&nested(b"(", b"", b"t", levels));
            both::<Lists>(&nested(b"(", b"", b"l", levels));
            both::<Dicts>(&nested(b"}K\0", b"}", b"s", levels));
            both::<Dicts>(&nested(b"(K\0", b"}", b"d", levels));
            both::<Large>(&nested(b"}(X\x04\0\0\0next", b"}", b"u", levels));
            both::<Deep>(&nested(b"](", b"]", b"e", levels));
            both::<Any>(&nested(b"](", b"]", b"e", levels));
            both::<Any>(&nested(b"}X\x01\0\0\0a", b"}", b"s", levels));
            both::<Large>(&nested(b"}X\x04\0\0\0next", b"}", b"s", levels));
            both::<IgnoredAny>(&nested(b"}N", b"}", b"s", levels));
        }
        both::<Wrapped>(b"K\x01.");
        both::<Wrapped>(b"N.");
        // Deep and direct: containers whose contents are behind a mark need no look ahead.
        assert!(is_direct::<Lists>(&nested(b"](", b"]", b"e", 99)));
        assert!(is_direct::<Deep>(&nested(b"](", b"]", b"e", 99)));
        assert!(is_direct::<Any>(&nested(b"](", b"]", b"e", 99)));
        assert!(is_direct::<IgnoredAny>(&nested(b"](", b"]", b"e", 99)));
        assert!(is_direct::<Large>(&nested(b"}(X\x04\0\0\0next", b"}", b"u", 99)));
    };
    std::thread::Builder::new().stack_size(7 << 18).spawn(work).unwrap().join().unwrap();
}

/// The lookahead is spent within the pickle, whatever type asks.
#[test]
fn short_programs_as_every_type() {
    let shapes: [&[u8]; 12] = [
        b".",
        b"\x80\x04.",
        b"\x80\x04\x95\0\0\0\0\0\0\0\0.",
        b"(.",
        b"].",
        b"(e.",
        b"](e(e(e.",
        b"N.",
        b"](]]]e.",
        b"]]a.",
        b"}]s.",
        b"N\x85\x85\x85.",
    ];
    for shape in shapes {
        for check in CHECKS {
            check(shape, &DeOptions::new(), "a short program");
        }
    }
}

/// Text that is fetched over and over counts as what it comes to.
#[test]
fn fetched_text_meets_the_limit_of_expansion() {
    let text = "x".repeat(1 << 20);
    let mut bytes = b"\x80\x04](X\0\0\x10\0".to_vec();
    bytes.extend_from_slice(text.as_bytes());
    bytes.push(0x94);
    bytes.extend_from_slice(&b"h\0".repeat(300));
    bytes.extend_from_slice(b"e.");
    let options = DeOptions::new().max_expansion(64 << 20);
    let error = options.from_slice::<Vec<String>>(&bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    // Borrowed text is not copied.
    assert_eq!(options.from_slice::<Vec<&str>>(&bytes).unwrap().len(), 301);
    both::<Vec<&str>>(&bytes);
    for limit in [0, 1 << 20, 298 << 20, 299 << 20, (300 << 20) - 1, 300 << 20] {
        compare::<Vec<String>>(&bytes, &DeOptions::new().max_expansion(limit), "fetched text");
        compare::<Vec<IgnoredAny>>(&bytes, &DeOptions::new().max_expansion(limit), "fetched text");
    }
}
