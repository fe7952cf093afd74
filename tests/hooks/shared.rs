//! Shared values: `serde_pickle::shared` and Python's `is`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_pickle::shared::Shared;
use serde_pickle::{
    Deserializer, Error, ErrorKind, Protocol, SerOptions, Serializer, Value, pickle,
};

use super::writing::{ALL, assert_python};

#[derive(Serialize, Deserialize, Debug)]
struct Team {
    #[serde(with = "serde_pickle::shared")]
    lead: Rc<Person>,
    #[serde(with = "serde_pickle::shared")]
    members: Vec<Rc<Person>>,
    #[serde(with = "serde_pickle::shared")]
    absent: Option<Rc<Person>>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Person {
    name: String,
}

fn team() -> Team {
    let [ada, bob] = ["Ada", "Bob"].map(|name| Rc::new(Person { name: name.to_owned() }));
    Team { lead: ada.clone(), members: vec![bob.clone(), ada], absent: Some(bob) }
}

#[test]
fn one_allocation_is_one_object_and_one_object_is_one_allocation() {
    for protocol in ALL {
        let team = team();
        let bytes = SerOptions::new().protocol(protocol).to_vec(&team).unwrap();
        assert_python(
            "t = pickle.loads(pickles[0])\nprint(t['members'][1] is t['lead'], t['absent'] is \
             t['members'][0], t['lead'] is t['absent'], t)",
            &[&bytes],
            "True True False {'lead': {'name': 'Ada'}, 'members': [{'name': 'Bob'}, {'name': \
             'Ada'}], 'absent': {'name': 'Bob'}}",
        );
        let read: Team = serde_pickle::from_slice(&bytes).unwrap();
        assert!(Rc::ptr_eq(&read.lead, &read.members[1]));
        assert!(Rc::ptr_eq(read.absent.as_ref().unwrap(), &read.members[0]));
        assert_eq!(*read.lead, Person { name: "Ada".to_owned() });
        // Nothing is kept: of each allocation there are as many pointers as before.
        assert_eq!(Rc::strong_count(&team.lead), 2);
        assert_eq!((Rc::strong_count(&read.lead), Rc::weak_count(&read.lead)), (2, 0));
    }
}

#[test]
fn what_cpython_shared_is_shared() {
    // x = ['a']; pickle.dumps([x, ['a'], x], 4)
    let bytes = b"\x80\x04\x95\x13\0\0\0\0\0\0\0]\x94(]\x94\x8c\x01a\x94a]\x94h\x02ah\x01e.";
    type List = Shared<Arc<Vec<Shared<Arc<String>>>>>;
    let lists: Vec<List> = serde_pickle::from_slice(bytes).unwrap();
    assert!(Arc::ptr_eq(&lists[0].0, &lists[2].0));
    assert!(!Arc::ptr_eq(&lists[0].0, &lists[1].0), "equal is not the same");
    assert!(Arc::ptr_eq(&lists[0][0].0, &lists[1][0].0), "the text itself was shared");
    // A memo that is kept shares over several dumps, but each is a value of its own in Rust.
    let bytes = super::case("streams/shared_kept", 4).bytes();
    let mut pickles = Deserializer::from_slice(&bytes).keep_memo(true);
    let first: Shared<Rc<Vec<String>>> = Deserialize::deserialize(&mut pickles).unwrap();
    assert_eq!(**first, ["inner"]);
    let _: Value = Deserialize::deserialize(&mut pickles).unwrap();
    let third: Vec<Shared<Rc<Vec<String>>>> = Deserialize::deserialize(&mut pickles).unwrap();
    assert!(Rc::ptr_eq(&third[0].0, &third[1].0));
}

#[test]
fn text_slices_and_maps_are_shared_too() {
    let text: Rc<str> = "a text".into();
    let slice: Arc<[u8]> = [1, 2].into();
    let value = (
        BTreeMap::from([("x", Shared(text.clone())), ("y", Shared(text))]),
        [Shared(slice.clone()), Shared(slice)],
    );
    let bytes = serde_pickle::to_vec(&value).unwrap();
    assert_python(
        "d, t = pickle.loads(pickles[0])\nprint(d['x'] is d['y'], t[0] is t[1], d, t)",
        &[&bytes],
        "True True {'x': 'a text', 'y': 'a text'} ([1, 2], [1, 2])",
    );
}

#[test]
fn class_named_types_are_shared_instances() {
    #[derive(Serialize)]
    #[serde(rename = "py:objects:Tagged")]
    struct Tagged {
        value: u8,
    }
    let one = Shared(Rc::new(Tagged { value: 7 }));
    for protocol in ALL {
        let bytes = SerOptions::new().protocol(protocol).to_vec(&(&one, &one)).unwrap();
        assert_python(
            "a, b = pickle.loads(pickles[0])\nprint(a is b, a)",
            &[&bytes],
            "True Tagged(7)",
        );
    }
}

#[test]
fn an_address_that_is_used_again_is_another_object() {
    /// Makes an allocation for each element, and drops it before the next.
    struct Temporaries;
    impl Serialize for Temporaries {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq((0..100).map(|number: u64| Shared(Rc::new([number; 4]))))
        }
    }
    let read: Vec<[u64; 4]> =
        serde_pickle::from_slice(&serde_pickle::to_vec(&Temporaries).unwrap()).unwrap();
    assert_eq!(read, (0..100).map(|number| [number; 4]).collect::<Vec<_>>());
}

#[test]
fn a_key_and_a_value_are_two_forms_of_one_allocation() {
    let list = Shared(Rc::new(vec![1, 2]));
    let bytes = serde_pickle::to_vec(&(BTreeMap::from([(&list, 0)]), &list, &list)).unwrap();
    let read: Value = serde_pickle::from_slice(&bytes).unwrap();
    assert_eq!(read, pickle!(({(1, 2): 0}, [1, 2], [1, 2])));
}

#[test]
fn one_object_read_as_two_types_is_two_allocations() {
    let bytes = b"](K\x01\x85q\x00h\x00h\x00e.";
    #[derive(Deserialize)]
    struct Three(Shared<Rc<Vec<u8>>>, Shared<Rc<(u64,)>>, Shared<Rc<Vec<u8>>>);
    let read: Three = serde_pickle::from_slice(bytes).unwrap();
    assert!(Rc::ptr_eq(&read.0.0, &read.2.0));
    assert_eq!(read.1.0.0, 1);
}

#[derive(Serialize, Deserialize, Default)]
struct Knot {
    #[serde(with = "serde_pickle::shared")]
    next: Option<Rc<RefCell<Knot>>>,
}

#[test]
fn what_contains_itself_is_an_error_that_points_to_graph() {
    let knot = Rc::new(RefCell::new(Knot::default()));
    knot.borrow_mut().next = Some(knot.clone());
    let error = serde_pickle::to_vec(&Shared(knot.clone())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    assert!(
        error.to_string().contains("a shared value contains itself; a Graph can hold it"),
        "{error}"
    );
    assert_eq!(Rc::strong_count(&knot), 2, "a dump that fails keeps nothing");
    knot.borrow_mut().next = None;
    // d = {}; d['next'] = d
    let error =
        serde_pickle::from_slice::<Shared<Rc<RefCell<Knot>>>>(b"}q\x00X\x04\0\0\0nexth\x00s.")
            .map(drop)
            .unwrap_err();
    assert!(
        error.to_string().contains("a shared value contains itself; a Graph can hold it"),
        "{error}"
    );
    let chain: Shared<Rc<RefCell<Knot>>> =
        serde_pickle::from_slice(b"}X\x04\0\0\0next}X\x04\0\0\0nextNss.").unwrap();
    assert!(chain.borrow().next.as_ref().unwrap().borrow().next.is_none());
}

#[test]
fn each_dump_of_a_pickler_stands_by_itself() {
    let one = Shared(Rc::new(vec![1]));
    let mut pickler = Serializer::new(Vec::new());
    (&one, &one).serialize(&mut pickler).unwrap();
    let first = pickler.into_inner();
    let mut pickler =
        Serializer::with_options(Vec::new(), &SerOptions::new().protocol(Protocol::V2));
    one.serialize(&mut pickler).unwrap();
    one.serialize(&mut pickler).unwrap();
    let all: Result<Vec<Vec<u8>>, Error> =
        Deserializer::from_slice(&pickler.into_inner()).into_iter().collect();
    assert_eq!(all.unwrap(), [[1], [1]]);
    assert_eq!(serde_pickle::from_slice::<Value>(&first).unwrap(), pickle!(([1], [1])));
    assert_eq!(Rc::strong_count(&one), 1);
}

#[test]
fn elements_do_not_keep_what_has_been_dropped() {
    let bytes = b"](](K\x01eq\x00h\x00h\x00e.";
    let mut pickles = Deserializer::from_slice(bytes);
    let mut elements = pickles.elements::<Shared<Rc<Vec<u8>>>>().unwrap();
    let first = elements.next().unwrap().unwrap();
    let second = elements.next().unwrap().unwrap();
    assert!(Rc::ptr_eq(&first.0, &second.0));
    drop(first);
    assert_eq!(Rc::strong_count(&second), 1);
    drop(second);
    assert_eq!(**elements.next().unwrap().unwrap(), [1]);
}

#[test]
fn other_formats_see_the_content() {
    let json = serde_json::to_string(&team()).unwrap();
    assert_eq!(
        json,
        concat!(
            r#"{"lead":{"name":"Ada"},"members":[{"name":"Bob"},{"name":"Ada"}],"#,
            r#""absent":{"name":"Bob"}}"#
        )
    );
    let team: Team = serde_json::from_str(&json).unwrap();
    assert_eq!(team.lead.name, "Ada");
    assert!(!Rc::ptr_eq(&team.lead, &team.members[1]));
    assert_eq!(serde_pickle::to_value(&team).unwrap()["lead"], pickle!({"name": "Ada"}));
}

/// Passes everything on, and a newtype's content as a value of its own.
struct Through<S>(S);

struct Inner<'a, T: ?Sized>(&'a T);

impl<T: Serialize + ?Sized> Serialize for Inner<'_, T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

macro_rules! passed_on {
    ($($method:ident($($name:ident: $type:ty),*) -> $answer:ident;)*) => {$(
        fn $method(self, $($name: $type),*) -> Result<S::$answer, S::Error> {
            self.0.$method($($name),*)
        }
    )*};
}

impl<S: serde::Serializer> serde::Serializer for Through<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = S::SerializeSeq;
    type SerializeTuple = S::SerializeTuple;
    type SerializeTupleStruct = S::SerializeTupleStruct;
    type SerializeTupleVariant = S::SerializeTupleVariant;
    type SerializeMap = S::SerializeMap;
    type SerializeStruct = S::SerializeStruct;
    type SerializeStructVariant = S::SerializeStructVariant;

    passed_on! {
        serialize_bool(value: bool) -> Ok;
        serialize_i8(value: i8) -> Ok;
        serialize_i16(value: i16) -> Ok;
        serialize_i32(value: i32) -> Ok;
        serialize_i64(value: i64) -> Ok;
        serialize_u8(value: u8) -> Ok;
        serialize_u16(value: u16) -> Ok;
        serialize_u32(value: u32) -> Ok;
        serialize_u64(value: u64) -> Ok;
        serialize_f32(value: f32) -> Ok;
        serialize_f64(value: f64) -> Ok;
        serialize_char(value: char) -> Ok;
        serialize_str(value: &str) -> Ok;
        serialize_bytes(value: &[u8]) -> Ok;
        serialize_none() -> Ok;
        serialize_unit() -> Ok;
        serialize_unit_struct(name: &'static str) -> Ok;
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str) -> Ok;
        serialize_seq(len: Option<usize>) -> SerializeSeq;
        serialize_tuple(len: usize) -> SerializeTuple;
        serialize_tuple_struct(name: &'static str, len: usize) -> SerializeTupleStruct;
        serialize_tuple_variant(
            name: &'static str, index: u32, variant: &'static str, len: usize
        ) -> SerializeTupleVariant;
        serialize_map(len: Option<usize>) -> SerializeMap;
        serialize_struct(name: &'static str, len: usize) -> SerializeStruct;
        serialize_struct_variant(
            name: &'static str, index: u32, variant: &'static str, len: usize
        ) -> SerializeStructVariant;
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.0.serialize_some(value)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_newtype_struct(name, &Inner(value))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_newtype_variant(name, index, variant, value)
    }
}

#[test]
fn a_serializer_in_between_changes_nothing() {
    struct Wrapped(Shared<Rc<Vec<u8>>>);
    impl Serialize for Wrapped {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.serialize(Through(serializer))
        }
    }

    for protocol in ALL {
        let options = SerOptions::new().protocol(protocol);
        let [a, b] = [1, 2].map(|number| Shared(Rc::new(vec![number])));
        let order = [&a, &b, &a, &a, &b];
        let plain = options.to_vec(&order.map(Clone::clone)).unwrap();
        assert_eq!(options.to_vec(&order.map(|it| Wrapped(it.clone()))).unwrap(), plain);
        // Beside pointers that come straight.
        let both = (Wrapped(a.clone()), &b, &a, Wrapped(a.clone()), Wrapped(b.clone()));
        let read: [Shared<Rc<Vec<u8>>>; 5] =
            serde_pickle::from_slice(&options.to_vec(&both).unwrap()).unwrap();
        assert!(Rc::ptr_eq(&read[0].0, &read[2].0) && Rc::ptr_eq(&read[0].0, &read[3].0));
        assert!(Rc::ptr_eq(&read[1].0, &read[4].0) && !Rc::ptr_eq(&read[0].0, &read[1].0));
    }
}

#[test]
fn an_identity_that_nobody_took_is_not_that_of_another_value() {
    // serde itself unwraps the newtype within a tagged enum, so that the offer stays.
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    #[serde(tag = "kind")]
    enum Tagged {
        Held(Shared<Rc<Holder>>),
    }
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Holder {
        value: Shared<Rc<Vec<u8>>>,
    }

    let value = Shared(Rc::new(vec![1]));
    let holder = Shared(Rc::new(Holder { value: value.clone() }));
    let all = (Tagged::Held(holder.clone()), value, Tagged::Held(holder.clone()), holder);
    for protocol in ALL {
        let bytes = SerOptions::new().protocol(protocol).to_vec(&all).unwrap();
        let read =
            serde_pickle::from_slice::<(Tagged, Shared<Rc<Vec<u8>>>, Tagged, Shared<Rc<Holder>>)>(
                &bytes,
            );
        assert_eq!(read.unwrap(), all);
    }
}

#[test]
fn what_is_one_object_in_python_by_its_value_is_written_once() {
    use serde_pickle::python::DateTime;
    use serde_pickle::python::numpy::NdArray;

    let arrays = || vec![1, 2].into_iter().map(|n| NdArray::from_vec(vec![f64::from(n)], &[1]));
    let arrays: Vec<NdArray<'_>> = arrays().map(Result::unwrap).collect();
    let bytes = [1_u8, 2].map(|number| NdArray::from_vec(vec![number], &[1]).unwrap());
    let at = |text: &str| text.parse::<DateTime>().unwrap();
    let times = ["00:00", "01:00", "00:00"].map(|zone| at(&format!("2024-01-01T00:00:00+{zone}")));
    for protocol in ALL {
        let count = |pickle: &[u8], text: &str| {
            pickle.windows(text.len()).filter(|at| *at == text.as_bytes()).count()
        };
        let pickle = SerOptions::new().protocol(protocol).to_vec(&(&arrays, &bytes)).unwrap();
        // One of each dtype.
        assert_eq!((count(&pickle, "f8"), count(&pickle, "u1")), (1, 1), "{protocol:?}");
        let read: (Vec<NdArray<'_>>, Vec<NdArray<'_>>) = serde_pickle::from_slice(&pickle).unwrap();
        assert_eq!(read, (arrays.clone(), bytes.to_vec()));

        let pickle = SerOptions::new().protocol(protocol).to_vec(&times).unwrap();
        assert_python(
            "t = pickle.loads(pickles[0])\nprint(t[0].tzinfo is t[2].tzinfo, t[0].tzinfo is \
             t[1].tzinfo, t[1].isoformat())",
            &[&pickle],
            "True False 2024-01-01T00:00:00+01:00",
        );
        assert_eq!(serde_pickle::from_slice::<Vec<DateTime>>(&pickle).unwrap(), times);
    }
}
