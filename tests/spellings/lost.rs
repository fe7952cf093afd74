//! Objects in another spelling than a type's name says: each is an error that names the spelling,
//! and is read by a name that ends in `?`.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_pickle::{ErrorKind, Value, from_slice, to_vec};

use super::pickles;

/// Checks that a type does not read a case, and that the error gives this advice.
#[track_caller]
fn lost<T: DeserializeOwned + Debug>(case: &str, advice: &str) {
    for (protocol, bytes) in pickles(case).into_iter().filter(|(protocol, _)| *protocol >= 2) {
        let error = from_slice::<T>(&bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{case} at protocol {protocol}: {error}");
        assert!(error.to_string().contains(advice), "{case} at protocol {protocol}: {error}");
    }
}

macro_rules! structs {
    ($($name:ident $class:literal { $($field:ident: $type:ty),* })*) => {$(
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(rename = $class)]
        struct $name { $($field: $type),* }
    )*};
}

macro_rules! tuples {
    ($($name:ident $class:literal ($($type:ty),*))*) => {$(
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(rename = $class)]
        struct $name($($type),*);
    )*};
}

structs! {
    FrozenSlotted "py:catalogue:FrozenSlotted" { a: i64, b: String }
    Slotted "py:catalogue:Slotted" { a: i64, b: String }
    SlottedByList "py:catalogue:Slotted/list" { a: i64, b: String }
    TupleState "py:catalogue:TupleState" { x: i64, y: String }
    Temperature "py:catalogue:Temperature" { celsius: f64 }
    Pair "py:catalogue:Pair" { first: i64, second: String }
    Ordered "py:collections:OrderedDict" { a: i64, b: i64 }
    OrderedNew "py:collections:OrderedDict/dictitems" { a: i64, b: i64 }
    Code "py:builtins:ValueError" { code: i64 }
    ErrorArgs "py:builtins:ValueError/call/args" { message: String }
    Both "py:catalogue:SlotsAndDict" { a: i64, b: String, c: f64 }
    Keyword "py:catalogue:Keyword" { unit: String, factor: f64 }
    Measured "py:catalogue:Measured" { seen: i64 }
    Called "py:catalogue:Called" { a: i64 }
    Plain "py:catalogue:Plain/slots" { a: i64, b: String }
    ListAttrs "py:catalogue:MyList" { owner: String }
    SetAttrs "py:catalogue:MySet" { owner: String }
}

tuples! {
    MyTuple "py:catalogue:MyTuple" (i64, String)
    PlainTuple "py:catalogue:Plain" (i64, String)
    PairNew "py:catalogue:signature/args" (Value)
    OrderedMap "py:collections:OrderedDict" (BTreeMap<String, i64>)
    MyList "py:catalogue:MyList" (Vec<i64>)
    MyDict "py:catalogue:MyDict" (BTreeMap<String, i64>)
    MyIntAttrs "py:catalogue:MyInt" (i64)
    MySetAttrs "py:catalogue:MySet" (Vec<i64>)
    Message "py:builtins:ValueError" (String)
    SignatureMap "py:catalogue:signature" (BTreeMap<String, Value>)
    SignatureValue "py:catalogue:signature" (Value)
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename = "py:catalogue:Empty")]
struct EmptyUnit;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename = "py:catalogue:Empty")]
struct EmptyFields {}

#[test]
fn what_a_struct_would_not_write_back_is_an_error() {
    lost::<FrozenSlotted>("frozen_slotted", "name it `py:catalogue:FrozenSlotted/list`");
    lost::<Slotted>("slotted", "name it `py:catalogue:Slotted/slots`");
    lost::<SlottedByList>("slotted", "name it `py:catalogue:Slotted/slots`");
    lost::<TupleState>("tuple_state", "name it `py:catalogue:TupleState/tuple`");
    lost::<Temperature>("temperature", "name it `py:catalogue:Temperature/tuple`");
    lost::<Pair>("pair", "name it `py:catalogue:Pair/args`");
    lost::<Ordered>("ordered", "name it `py:collections:OrderedDict/call/dictitems`");
    lost::<OrderedNew>("ordered", "name it `py:collections:OrderedDict/call/dictitems`");
    lost::<Code>(
        "error_attrs",
        "name it `py:builtins:ValueError/call`, with fields named `py:args:…` or `py:args`",
    );
    lost::<ErrorArgs>("error_attrs", "name it `py:builtins:ValueError/call`, with fields");
    lost::<Both>(
        "slots_and_dict",
        "name it `py:catalogue:SlotsAndDict/new`, with fields named `py:slots:…`",
    );
    lost::<Keyword>("keyword", "name it `py:catalogue:Keyword/kwargs`");
    lost::<Measured>(
        "measured",
        "name it `py:catalogue:Measured/kwargs`, with fields named `py:dict:…`",
    );
    lost::<Called>("called", "name it `py:catalogue:Called/call`");
    lost::<Plain>("plain", "name it `py:catalogue:Plain`;");
    lost::<ListAttrs>("my_list_attrs", "with fields named `py:listitems`");
    lost::<SetAttrs>("my_set_attrs", "with fields named `py:args:…` or `py:args`");
}

#[test]
fn what_a_tuple_struct_would_not_write_back_is_an_error() {
    lost::<MyTuple>("my_tuple", "a newtype around a tuple");
    lost::<PlainTuple>("plain", "a struct whose fields have places");
}

#[test]
fn what_a_newtype_would_not_write_back_is_an_error() {
    lost::<OrderedMap>("ordered", "name it `py:collections:OrderedDict/call/dictitems`");
    lost::<MyList>("my_list", "name it `py:catalogue:MyList/listitems`");
    lost::<MyDict>("my_dict", "name it `py:catalogue:MyDict/dictitems`");
    lost::<MyIntAttrs>("my_int_attrs", "a struct whose fields have places");
    lost::<MySetAttrs>("my_set_attrs", "a struct whose fields have places");
    lost::<Message>("error_attrs", "a struct whose fields have places");
    lost::<SignatureMap>("signature", "name it `py:catalogue:signature/call/args`");
    lost::<SignatureValue>("signature", "name it `py:catalogue:signature/call/args`");
    lost::<PairNew>("signature", "name it `py:catalogue:signature/call/args`");
}

#[test]
fn a_unit_is_the_class_and_no_object_of_it() {
    lost::<EmptyUnit>("empty", "name it `py:catalogue:Empty/new`");
    for (_, bytes) in pickles("empty_class") {
        let error = from_slice::<EmptyFields>(&bytes).unwrap_err().to_string();
        assert!(error.contains("a unit struct `py:catalogue:Empty` is the class"), "{error}");
    }
}

#[test]
fn a_variant_is_held_to_its_name_as_a_type_is() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    enum Struct {
        #[serde(rename = "py:catalogue:Pair")]
        Pair { first: i64, second: String },
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    enum Newtype {
        #[serde(rename = "py:collections:OrderedDict")]
        Ordered(BTreeMap<String, i64>),
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    enum Tuple {
        #[serde(rename = "py:catalogue:MyTuple")]
        Two(i64, String),
    }
    #[derive(Debug, Deserialize)]
    enum Unit {
        #[serde(rename = "py:catalogue:Empty")]
        Empty,
    }
    #[derive(Debug, Deserialize)]
    #[serde(rename = "py:catalogue:MyInt")]
    enum Member {
        #[serde(rename = "5")]
        Five,
    }

    lost::<Struct>("pair", "name it `py:catalogue:Pair/args`");
    lost::<Newtype>("ordered", "name it `py:collections:OrderedDict/call/dictitems`");
    lost::<Tuple>("my_tuple", "a newtype around a tuple");
    lost::<Unit>("empty", "name it `py:catalogue:Empty/new`");
    lost::<Member>("my_int_attrs", "which `py:catalogue:MyInt` would not write back");
    let (_, plain) = pickles("my_int").pop().unwrap();
    assert!(matches!(from_slice(&plain), Ok(Member::Five)));
}

#[test]
fn a_name_that_ends_in_a_question_mark_reads_any_spelling() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename = "py:catalogue:Pair?|catalogue:FrozenSlotted")]
    struct Lenient {
        #[serde(alias = "a")]
        first: i64,
        #[serde(alias = "b")]
        second: String,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename = "py:catalogue:Pair|catalogue:FrozenSlotted")]
    struct Alias {
        first: i64,
        second: String,
    }

    let expected = Lenient { first: 1, second: "b".to_owned() };
    for case in ["pair", "frozen_slotted"] {
        for (_, bytes) in pickles(case) {
            assert_eq!(from_slice::<Lenient>(&bytes).unwrap(), expected);
        }
    }
    // An alias is for what older programs wrote, in whatever spelling.
    for (_, bytes) in pickles("frozen_slotted") {
        let read: Alias = from_slice(&bytes).unwrap();
        assert_eq!((read.first, read.second.as_str()), (1, "b"));
    }
    lost::<Alias>("pair", "name it `py:catalogue:Pair/args|catalogue:FrozenSlotted`");
}

#[test]
fn names_of_fields_that_give_no_place_are_errors_of_the_type() {
    #[derive(Debug, Serialize, Deserialize)]
    #[serde(rename = "py:catalogue:Plain/new")]
    struct Nowhere {
        #[serde(rename = "py:nowhere:a")]
        a: i64,
    }
    #[derive(Debug, Serialize, Deserialize)]
    #[serde(rename = "py:catalogue:Plain")]
    struct Formless {
        #[serde(rename = "py:args:a")]
        a: i64,
    }
    #[derive(Debug, Serialize, Deserialize)]
    #[serde(rename = "py:catalogue:Plain/new")]
    struct TooLate {
        b: String,
        #[serde(rename = "py:args:a")]
        a: i64,
    }
    #[derive(Debug, Serialize, Deserialize)]
    #[serde(rename = "py:catalogue:Plain/new")]
    struct Twice {
        #[serde(rename = "py:args")]
        args: Vec<i64>,
        #[serde(rename = "py:args:a")]
        a: i64,
    }
    #[derive(Debug, Serialize, Deserialize)]
    #[serde(rename = "py:catalogue:Plain/new")]
    struct Keywords {
        #[serde(rename = "py:kwargs:a")]
        a: i64,
    }

    fn check<T: Serialize + DeserializeOwned + Debug>(value: &T, text: &str) {
        let (_, bytes) = pickles("plain").pop().unwrap();
        for error in [to_vec(value).unwrap_err(), from_slice::<T>(&bytes).unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert!(error.to_string().contains(text), "{error}");
        }
    }
    check(&Nowhere { a: 1 }, "`py:nowhere:a` gives a field no place");
    check(&Formless { a: 1 }, "the class's name needs a form");
    check(&TooLate { a: 1, b: String::new() }, "`py:args:a` stands behind fields");
    check(&Twice { args: vec![], a: 1 }, "another field is all of");
    check(&Keywords { a: 1 }, "need `/kwargs`");
}

#[test]
fn fields_told_by_their_order_may_be_left_out_at_the_end_alone() {
    #[derive(Serialize)]
    #[serde(rename = "py:catalogue:Pair/args")]
    struct Pair {
        #[serde(skip_serializing_if = "Option::is_none")]
        first: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        second: Option<i64>,
    }

    assert!(to_vec(&Pair { first: Some(1), second: None }).is_ok());
    let error = to_vec(&Pair { first: None, second: Some(1) }).unwrap_err().to_string();
    assert!(error.contains("a field before `second` was left out"), "{error}");
}

mod catch_all {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Item {
        #[serde(rename = "py:catalogue:Plain")]
        Plain {
            a: i64,
            b: String,
        },
        #[serde(rename = "py:catalogue:Pair/args")]
        Pair {
            first: i64,
            second: String,
        },
        Text(String),
        #[serde(rename = "py:*")]
        Other(Value),
    }

    #[test]
    fn whatever_no_variant_is_named_as_is_kept_whole() {
        let plain: Item = from_slice(&pickles("plain").pop().unwrap().1).unwrap();
        assert_eq!(plain, Item::Plain { a: 1, b: "b".to_owned() });
        for case in ["slots", "my_list_attrs", "ordered", "empty", "empty_class", "error_attrs"] {
            for (protocol, bytes) in pickles(case) {
                let value: Value = from_slice(&bytes).unwrap();
                let read: Item = from_slice(&bytes).unwrap();
                assert_eq!(read, Item::Other(value.clone()), "{case} at protocol {protocol}");
                assert_eq!(to_vec(&read).unwrap(), to_vec(&value).unwrap());
            }
        }
        for value in [Value::Int(1), Value::from("x"), serde_pickle::pickle!({"a": 1, "b": 2})] {
            let read: Item = from_slice(&to_vec(&value).unwrap()).unwrap();
            assert_eq!(read, Item::Other(value));
        }
        let text = Item::Text("x".to_owned());
        assert_eq!(from_slice::<Item>(&to_vec(&text).unwrap()).unwrap(), text);
    }

    #[test]
    fn a_class_that_is_named_is_still_held_to_its_spelling() {
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only read")]
        enum Item {
            #[serde(rename = "py:catalogue:Pair")]
            Pair { first: i64, second: String },
            #[serde(rename = "py:*")]
            Other(Value),
        }
        lost::<Item>("pair", "name it `py:catalogue:Pair/args`");
    }

    #[test]
    fn members_of_a_python_enum_that_no_variant_is_are_kept_whole() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename = "py:catalogue:MyInt")]
        enum Level {
            #[serde(rename = "5")]
            Five,
            #[serde(rename = "py:*")]
            Other(Value),
        }
        let five = pickles("my_int").pop().unwrap().1;
        assert_eq!(from_slice::<Level>(&five).unwrap(), Level::Five);
        let six = b"\x80\x02ccatalogue\nMyInt\nK\x06\x85\x81.";
        let value: Value = from_slice(six).unwrap();
        assert_eq!(from_slice::<Level>(six).unwrap(), Level::Other(value));
    }
}
