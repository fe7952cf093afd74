//! Newlines, escape sequences and characters that turn the writing direction around, in names, keys
//! and texts of a pickle, went into errors, reports and what people log as they were.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Error as _, Unexpected};
use serde_pickle::graph::GraphBuilder;
use serde_pickle::reduce::{Global, Reduce};
use serde_pickle::{AllowList, DeOptions, Error, Graph, Value, python, tools};

/// A forged line, a command to the terminal, a right-to-left override, a line separator, a NEL.
const HOSTILE: &str = "a\nERROR b\r\x1b[2J\u{202e}c\u{2028}\u{85}\u{200b}\0d";

#[track_caller]
fn assert_harmless(text: &str) {
    let harmful =
        |c: char| c.is_control() || matches!(c, '\u{202e}' | '\u{2028}' | '\u{200b}' | '\u{feff}');
    assert!(!text.contains(harmful), "{text:?}");
}

#[track_caller]
fn assert_error(error: &Error) {
    assert_harmless(&error.to_string());
    assert_harmless(&format!("{error:?}"));
    assert_harmless(&format!("{error:#?}"));
    assert_harmless(error.path().as_deref().unwrap_or_default());
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = vec![b'X'];
    bytes.extend((text.len() as u32).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes
}

/// A pickle of protocol 4 that names `m` and `n`, and does `rest`.
fn named(module: &str, name: &str, rest: &[u8]) -> Vec<u8> {
    [b"\x80\x04".to_vec(), text(module), text(name), b"\x93".to_vec(), rest.to_vec()].concat()
}

#[test]
fn every_error_is_one_line() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        #[allow(dead_code)]
        known: u8,
    }
    #[derive(Debug, Deserialize)]
    enum Choice {
        Known,
    }
    #[derive(Debug, Deserialize)]
    #[serde(rename = "py:m:C")]
    struct Class {
        #[allow(dead_code)]
        known: u8,
    }
    fn fails<T: DeserializeOwned>(pickle: &[u8]) -> Error {
        let error = serde_pickle::from_slice::<T>(pickle).err().expect("an error");
        assert_error(&serde_pickle::from_reader::<_, T>(pickle).err().expect("an error"));
        error
    }
    let string = [text(HOSTILE), b".".to_vec()].concat();
    let dict = [b"}".to_vec(), text(HOSTILE), text("value"), b"s.".to_vec()].concat();
    let instance = named(HOSTILE, HOSTILE, b")\x81}b.");
    let global = named(HOSTILE, HOSTILE, b".");
    let key = [b"}".to_vec(), text(HOSTILE), b"\x80\x04\x8c\x01xs.".to_vec()].concat();
    for error in [
        fails::<u8>(&string),
        fails::<Choice>(&string),
        fails::<char>(&string),
        fails::<Strict>(&dict),
        fails::<std::collections::HashMap<String, u8>>(&key),
        fails::<Class>(&instance),
        fails::<u8>(&instance),
        fails::<u8>(&global),
        fails::<python::Date>(&string),
        fails::<python::DateTime>(&string),
        fails::<python::Time>(&string),
        fails::<python::TimeDelta>(&string),
        fails::<python::TimeZone>(&string),
        fails::<python::Decimal>(&string),
        fails::<python::Fraction>(&string),
        fails::<python::Uuid>(&string),
        fails::<python::IpAddress>(&string),
        fails::<python::Date>(&instance),
        fails::<python::numpy::Dtype>(&string),
        fails::<Global>(&string),
        DeOptions::new().resolver(AllowList::new()).from_slice::<Value>(&global).unwrap_err(),
        HOSTILE.parse::<Global>().unwrap_err(),
        Error::custom(HOSTILE),
        Error::invalid_type(Unexpected::Other(HOSTILE), &HOSTILE),
        Error::invalid_value(Unexpected::Str(HOSTILE), &HOSTILE),
        Error::unknown_field(HOSTILE, &["a"]),
        Error::unknown_variant(HOSTILE, &[]),
        Error::missing_field("a\nb"),
        Error::from(std::io::Error::other(HOSTILE)),
    ] {
        assert_error(&error);
    }
    let error = fails::<u8>(&string);
    assert!(error.to_string().contains(r"a\nERROR b\r\u{1b}[2J\u{202e}c\u{2028}"), "{error}");
}

#[test]
fn what_people_log_of_a_pickle_is_one_line_each() {
    let instance = named(HOSTILE, HOSTILE, b")\x81}b.");
    let graph = Graph::from_slice(&instance).unwrap();
    let object = graph.root().object().unwrap();
    let value: Value = serde_pickle::from_slice(&instance).unwrap();
    let reduce = Reduce::call(Global::new(HOSTILE, HOSTILE), (HOSTILE,));
    let mut builder = GraphBuilder::new();
    let odd = builder.global(HOSTILE, HOSTILE);
    let built = builder.finish(odd).unwrap();
    let path = python::Path::new(python::PathKind::Posix, HOSTILE);
    for text in [
        graph.root().to_string(),
        format!("{graph:?}"),
        format!("{object:?}"),
        format!("{built:?} {}", built.root()),
        value.to_string(),
        format!("{value:?}"),
        format!("{reduce:?}"),
        format!("{:?}", reduce.callable),
        Global::new(HOSTILE, HOSTILE).to_string(),
        format!("{:?}", Global::new(HOSTILE, HOSTILE)),
        path.to_string(),
        format!("{path:?}"),
        format!("{:?}", AllowList::new().allow(HOSTILE, HOSTILE)),
    ] {
        assert_harmless(&text);
    }
    // Text formats get the path as it is.
    assert_eq!(serde_json::to_value(&path).unwrap(), HOSTILE);
}

#[test]
fn a_report_has_a_line_a_reference_whatever_the_names_are() {
    let refusing = AllowList::new();
    let pickle = named(HOSTILE, HOSTILE, b")R.");
    let cut = named(HOSTILE, HOSTILE, b")R");
    for pickle in [&pickle, &cut] {
        let report = DeOptions::new().resolver(refusing.clone()).audit(pickle);
        let text = report.to_string();
        assert_eq!(text.lines().count(), 2 + usize::from(!report.is_complete()), "{text}");
        text.lines().for_each(assert_harmless);
        for reference in &report.references {
            assert_harmless(&reference.to_string());
            assert_harmless(&reference.target.to_string());
            assert_harmless(&format!("{reference:?}"));
        }
    }
    let disassembly = tools::disassemble(&pickle).unwrap();
    assert_eq!(disassembly.lines().count(), 8, "{disassembly}");
    disassembly.lines().for_each(assert_harmless);
}
