//! Python classes by serde name: what Python makes of them, at every protocol.

use serde_derive::Serialize;
use serde_pickle::{Protocol, SerOptions};

use crate::interpreters::{assert_loads, text};

/// The classes that the pickles below name, in modules that are made up on the spot.
const SETUP: &str = r#"
import types
module = types.ModuleType('geometry')
sys.modules['geometry'] = module
exec('''
import sys
class Point(object):
    pass
class Pair(object):
    def __init__(self, *args):
        self.args = args
class Outer(object):
    class Inner(object):
        class Deep(object):
            pass
class Color(object):
    made = []
    def __new__(cls, value):
        self = object.__new__(cls)
        self.value = value
        cls.made.append(value)
        return self
class Circle(Point): pass
class Square(Point): pass
for nested in (Outer, Outer.Inner, Outer.Inner.Deep):
    nested.__module__ = 'geometry'
if sys.version_info[0] == 2:
    Outer.Inner.__qualname__ = 'Outer.Inner'
''', module.__dict__)
"#;

fn cases<T: serde::Serialize>(
    name: &str,
    value: &T,
    expected: &str,
) -> Vec<(String, Protocol, Vec<u8>, String)> {
    let case = |protocol| {
        let bytes = SerOptions::new().protocol(protocol).to_vec(value).unwrap();
        (name.to_owned(), protocol, bytes, expected.to_owned())
    };
    Protocol::ALL.into_iter().map(case).collect()
}

#[derive(Serialize)]
#[serde(rename = "py:geometry:Point")]
struct Point {
    x: f64,
    y: f64,
}

#[derive(Serialize)]
#[serde(rename = "py:geometry:Pair")]
struct Pair(u8, &'static str);

#[derive(Serialize)]
#[serde(rename = "py:geometry:Pair|old.geometry:Pair")]
struct One<T>(T);

#[derive(Serialize)]
#[serde(rename = "py:geometry:Point")]
struct Wrapped<T>(T);

#[derive(Serialize)]
struct PlainState {
    x: u8,
}

#[derive(Serialize)]
#[serde(rename = "py:geometry:Point")]
struct Bare {}

#[derive(Serialize)]
#[serde(rename = "py:geometry:Outer.Inner")]
struct TheClass;

#[derive(Serialize)]
#[serde(rename = "py:geometry:Outer.Inner.Deep")]
struct Deep {
    depth: u8,
}

#[derive(Serialize)]
enum Shape {
    #[serde(rename = "py:geometry:Circle")]
    Circle { r: u8 },
    #[serde(rename = "py:geometry:Square")]
    Square(PlainState),
    #[serde(rename = "py:geometry:Pair")]
    Pair(u8, u8),
    #[serde(rename = "py:geometry:Outer")]
    Outer,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename = "py:geometry:Color")]
enum Color {
    #[serde(rename = "1")]
    Red,
    #[serde(rename = "-20000000000")]
    Blue,
    #[serde(rename = "007")]
    Bond,
}

fn float(value: f64) -> String {
    format!("float({})", crate::interpreters::hex(&value.to_be_bytes()))
}

#[test]
fn a_struct_is_an_instance() {
    let point =
        |x: f64| format!("Point {{{}: {}, {}: {}}}", text("x"), float(x), text("y"), float(0.5));
    let value = vec![Point { x: 1.0, y: 0.5 }, Point { x: 2.0, y: 0.5 }];
    let mut all = cases("instances", &value, &format!("[{}, {}]", point(1.0), point(2.0)));
    all.extend(cases("an empty instance", &vec![Bare {}, Bare {}], "[Point {}, Point {}]"));
    all.extend(cases(
        "a nested class",
        &Deep { depth: 3 },
        &format!("Deep {{{}: int(3)}}", text("depth")),
    ));
    assert_loads(SETUP, &all);
}

#[test]
fn a_tuple_struct_is_a_call_and_a_unit_struct_the_class_itself() {
    let args = |args: &str| format!("Pair {{{}: ({args})}}", text("args"));
    let mut all = cases("a call", &Pair(1, "a"), &args(&format!("int(1), {}", text("a"))));
    all.extend(cases("one argument", &One("a"), &args(&text("a"))));
    all.extend(cases("a tuple as argument", &One((1, 2)), &args("(int(1), int(2))")));
    all.extend(cases("a list as argument", &One(vec![1]), &args("[int(1)]")));
    all.extend(cases("None as argument", &One(None::<u8>), &args("None")));
    all.extend(cases("a call as argument", &One(One(5)), &args(&args("int(5)"))));
    all.extend(cases("an instance as argument", &One(Bare {}), &args("Point {}")));
    all.extend(cases("a class", &TheClass, "geometry.Outer.Inner"));
    assert_loads(SETUP, &all);
}

#[test]
fn a_newtype_over_a_struct_or_map_is_an_instance_with_that_state() {
    let expected = format!("Point {{{}: int(7)}}", text("x"));
    let mut all = cases("struct", &Wrapped(PlainState { x: 7 }), &expected);
    all.extend(cases("some struct", &Wrapped(Some(PlainState { x: 7 })), &expected));
    all.extend(cases("map", &Wrapped(std::collections::BTreeMap::from([("x", 7)])), &expected));
    all.extend(cases(
        "empty map",
        &Wrapped(std::collections::BTreeMap::<u8, u8>::new()),
        "Point {}",
    ));
    assert_loads(SETUP, &all);
}

#[test]
fn variants_are_the_classes_of_a_hierarchy() {
    let value =
        vec![Shape::Circle { r: 1 }, Shape::Square(PlainState { x: 2 }), Shape::Circle { r: 3 }];
    let expected = format!(
        "[Circle {{{r}: int(1)}}, Square {{{x}: int(2)}}, Circle {{{r}: int(3)}}]",
        r = text("r"),
        x = text("x")
    );
    let mut all = cases("shapes", &value, &expected);
    all.extend(cases(
        "a tuple variant",
        &Shape::Pair(1, 2),
        &format!("Pair {{{}: (int(1), int(2))}}", text("args")),
    ));
    all.extend(cases("a unit variant", &Shape::Outer, "geometry.Outer"));
    assert_loads(SETUP, &all);
}

#[test]
fn an_enum_named_as_a_class_is_its_members_by_value_each_written_once() {
    let color = |value: &str| format!("Color {{{}: {value}}}", text("value"));
    let value = [Color::Red, Color::Blue, Color::Red, Color::Bond, Color::Red];
    let (red, blue, bond) = (color("int(1)"), color("int(-20000000000)"), color(&text("007")));
    let all = cases("members", &value, &format!("({red}, {blue}, {red}, {bond}, {red})"));
    assert_loads(SETUP, &all);
    for (_, _, bytes, _) in all {
        assert_eq!(bytes.windows(5).filter(|window| window == b"Color").count(), 1);
        assert!(bytes.iter().filter(|byte| **byte == b'R').count() <= 3);
    }
}

#[test]
fn a_class_is_written_once_however_it_comes() {
    let value = (Bare {}, Wrapped(PlainState { x: 1 }), vec![Point { x: 0.0, y: 0.0 }]);
    for protocol in Protocol::ALL {
        let bytes = SerOptions::new().protocol(protocol).to_vec(&value).unwrap();
        assert_eq!(
            bytes.windows(8).filter(|window| window == b"geometry").count(),
            1,
            "{}",
            bytes.escape_ascii()
        );
    }
}

#[test]
fn what_no_class_can_be_is_an_error() {
    #[derive(Serialize)]
    #[serde(rename = "py:nonsense")]
    struct Malformed;
    #[derive(Serialize)]
    #[serde(rename = "py:geometry:Color")]
    enum WithData {
        Red(u8),
    }
    let error = serde_pickle::to_vec(&Malformed).unwrap_err();
    assert_eq!(error.kind(), serde_pickle::ErrorKind::Unsupported);
    let error = serde_pickle::to_vec(&WithData::Red(1)).unwrap_err();
    assert!(error.to_string().contains("py:geometry:Color"), "{error}");
}
