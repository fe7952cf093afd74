//! Objects outside the pickle.

use std::sync::{Arc, Mutex};

use serde::Deserialize;
use serde_pickle::reduce::PersistentId;
use serde_pickle::{DeOptions, Deserializer, ErrorKind, Resolver, Result, Value, pickle};

use super::topic;

/// Notes each id, and gives the object `External(id)` in its place.
#[derive(Default)]
struct Objects {
    asked: Mutex<Vec<Value>>,
}

impl Resolver for Objects {
    fn persistent_load(&self, id: &Value) -> Result<Option<Value>> {
        self.asked.lock().unwrap().push(id.clone());
        Ok(Some(pickle!({"external": (id.clone())})))
    }
}

fn json(value: &Value) -> serde_json::Value {
    serde_json::to_value(value).unwrap()
}

#[test]
fn persistent_load_is_asked_for_each_id_in_the_order_of_the_pickle() {
    let mut compared = 0;
    for entry in topic("persistent_ids") {
        // An id with a line feed cannot be read back; an id with an id in it has no list.
        let (Some(ids), false) = (&entry.ids, entry.case.ends_with("/newline")) else { continue };
        let objects = Arc::new(Objects::default());
        let value: Value =
            DeOptions::new().resolver(Arc::clone(&objects)).from_slice(&entry.bytes()).unwrap();
        let asked: Vec<_> = objects.asked.lock().unwrap().iter().map(json).collect();
        assert_eq!(serde_json::Value::from(asked), *ids, "{}", entry.file);
        assert!(!value.to_string().contains("persistent"), "{}: {value}", entry.file);
        compared += 1;
    }
    assert!(compared > 25, "{compared}");
}

#[test]
fn an_id_with_a_line_feed_is_an_error_as_in_python() {
    let entry = super::case("persistent_ids/newline", 0);
    assert!(serde_pickle::from_slice::<Value>(&entry.bytes()).is_err());
}

#[test]
fn an_object_stands_where_its_id_was() {
    #[derive(Deserialize, Debug, PartialEq)]
    struct External {
        external: String,
    }
    for protocol in [0, 1, 2, 4] {
        let bytes = super::case("persistent_ids/several", protocol).bytes();
        let objects = Arc::new(Objects::default());
        let value: Value =
            DeOptions::new().resolver(Arc::clone(&objects)).from_slice(&bytes).unwrap();
        assert_eq!(
            value,
            pickle!([{"external": "a"}, {"k": {"external": "b"}}, ({"external": "a"}, 1)])
        );
        type Typed = (External, std::collections::BTreeMap<String, External>, (External, u8));
        let typed: Typed =
            DeOptions::new().resolver(Arc::clone(&objects)).from_slice(&bytes).unwrap();
        assert_eq!(typed.2.0.external, "a");
        assert_eq!(typed.1["k"].external, "b");
    }
}

#[test]
fn without_an_object_the_id_is_read_typed() {
    for protocol in [1, 2, 4] {
        let id: PersistentId<(String, String, u32)> =
            serde_pickle::from_slice(&super::case("persistent_ids/tuple", protocol).bytes())
                .unwrap();
        assert_eq!(id.0, ("storage".to_owned(), "key".to_owned(), 258));
    }
    let id: PersistentId<&str> = serde_pickle::from_slice(b"Pobj-1\n.").unwrap();
    assert_eq!(id.0, "obj-1");
    let error = serde_pickle::from_slice::<String>(b"Pobj-1\n.").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn an_id_within_an_id_is_loaded_first() {
    let objects = Arc::new(Objects::default());
    let bytes = super::case("persistent_ids/nested_id", 2).bytes();
    DeOptions::new().resolver(Arc::clone(&objects)).from_slice::<Value>(&bytes).unwrap();
    let asked: Vec<_> = objects.asked.lock().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(asked, ["'inner'", "('outer', {'external': 'inner'})"]);
}

#[test]
fn an_object_may_be_of_any_kind() {
    struct Kinds(Value);
    impl Resolver for Kinds {
        fn persistent_load(&self, _: &Value) -> Result<Option<Value>> {
            Ok(Some(self.0.clone()))
        }
    }
    let object = serde_pickle::reduce::Reduce::new_obj(
        serde_pickle::reduce::Global::new("m", "C"),
        (1, "a"),
    )
    .with_state(pickle!({"x": [1, (2, 3)]}));
    let kinds = pickle!([
        None, True, (-1), (u64::MAX), 1.5, "text", b"bytes", (), (1,), [1, [2]],
        {"k": {1: 2}}, {1, 2}
    ]);
    let Value::List(mut kinds) = kinds else { panic!() };
    kinds.extend([
        Value::ByteArray(vec![1, 2]),
        Value::global("m", "C.D"),
        Value::Complex(serde_pickle::value::Complex::new(1.0, -2.0)),
        Value::PersistentId(Box::new(Value::from("other"))),
        Value::text(b"\xed\xb3\xa9".to_vec()).unwrap(),
        serde_pickle::from_slice(&serde_pickle::to_vec(&object).unwrap()).unwrap(),
        serde_pickle::from_slice(b"cm\nf\n(K\x01tR(K\x01K\x02e(K\x03K\x04u.").unwrap(),
    ]);
    for kind in kinds {
        let read: Value =
            DeOptions::new().resolver(Kinds(kind.clone())).from_slice(b"Pid\n\x85.").unwrap();
        assert_eq!(read, Value::Tuple(vec![kind]));
    }
}

#[test]
fn ids_share_one_budget() {
    // A tuple of 1,000 ints, and 2,000 ids that are this tuple: 32 MB of values if each counts.
    let mut bytes = b"\x80\x02(".to_vec();
    bytes.extend(b"K\x01".repeat(1_000));
    bytes.extend(b"tq\x000(");
    bytes.extend(b"h\x00Q".repeat(2_000));
    bytes.extend(b"t.");
    struct Nothing;
    impl Resolver for Nothing {}
    let error = DeOptions::new()
        .max_expansion(1 << 20)
        .resolver(Nothing)
        .from_slice::<Value>(&bytes)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(error.offset().unwrap() < bytes.len() as u64 / 2, "{error}");
}

#[test]
fn the_storages_of_a_torch_checkpoint() {
    let folder = crate::corpus::folder().join("wild/torch");
    let bytes = std::fs::read(folder.join("tensors/data.pkl")).unwrap();
    struct Storages(std::path::PathBuf);
    impl Resolver for Storages {
        fn persistent_load(&self, id: &Value) -> Result<Option<Value>> {
            assert_eq!((&id[0], &id[3]), (&pickle!("storage"), &pickle!("cpu")));
            let (Value::Global(class), Some(key)) = (&id[1], id[2].as_str()) else {
                panic!("{id}")
            };
            assert_eq!(class.module, "torch");
            let data = std::fs::read(self.0.join(format!("tensors/data-{key}.bin"))).unwrap();
            Ok(Some(pickle!({"class": (class.qualname.clone()), "data": (Value::Bytes(data))})))
        }
    }
    let value: Value = DeOptions::new().resolver(Storages(folder)).from_slice(&bytes).unwrap();
    // torch._utils._rebuild_tensor_v2(storage, offset, size, stride, …)
    let Value::Object(tensor) = &value["row"] else { panic!("{value}") };
    assert_eq!(tensor.args[0]["class"], "FloatStorage");
    assert_eq!((&tensor.args[1], &tensor.args[2]), (&pickle!(3), &pickle!((3,))));
    let Value::Bytes(data) = &tensor.args[0]["data"] else { panic!() };
    let row: Vec<f32> = data
        .chunks_exact(4)
        .skip(3)
        .take(3)
        .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
        .collect();
    assert_eq!(row, [0.75, 1.0, 1.25]);
}

#[test]
fn the_pickles_of_a_legacy_torch_checkpoint() {
    let bytes =
        std::fs::read(crate::corpus::folder().join("wild/torch/legacy-linear_state_dict.bin"))
            .unwrap();
    let mut pickles = Deserializer::from_slice(&bytes);
    // torch.serialization.MAGIC_NUMBER, PROTOCOL_VERSION, and what machine it was.
    assert_eq!(u128::deserialize(&mut pickles).unwrap(), 0x1950_a86a_20f9_469c_fc6c);
    assert_eq!(u16::deserialize(&mut pickles).unwrap(), 1001);
    assert_eq!(Value::deserialize(&mut pickles).unwrap()["little_endian"], true);
    let start = usize::try_from(pickles.byte_offset()).unwrap();
    let objects = Arc::new(Objects::default());
    let mut pickles = Deserializer::from_slice(&bytes[start..])
        .with_options(DeOptions::new().resolver(Arc::clone(&objects)));
    let state = Value::deserialize(&mut pickles).unwrap();
    assert!(state.to_string().contains("_rebuild_tensor_v2"), "{state}");
    assert_eq!(objects.asked.lock().unwrap().len(), 2);
    // Then the keys of the storages, sorted, and their bytes.
    let keys = Vec::<String>::deserialize(&mut pickles).unwrap();
    let mut asked: Vec<_> =
        objects.asked.lock().unwrap().iter().map(|id| id[2].as_str().unwrap().to_owned()).collect();
    asked.sort();
    assert_eq!(keys, asked);
    assert!(pickles.end().is_err());
}

#[test]
fn ids_are_sniffed_without_loading() {
    let mut compared = 0;
    for entry in topic("persistent_ids") {
        let (Some(ids), false) = (&entry.ids, entry.case.ends_with("/newline")) else { continue };
        let found = serde_pickle::tools::persistent_ids(&entry.bytes()).unwrap();
        assert_eq!(serde_json::Value::from_iter(found.iter().map(json)), *ids, "{}", entry.file);
        compared += 1;
    }
    assert!(compared > 25, "{compared}");
    let nested =
        serde_pickle::tools::persistent_ids(&super::case("persistent_ids/nested_id", 4).bytes())
            .unwrap();
    let inner = Value::PersistentId(Box::new(Value::from("inner")));
    assert_eq!(nested, [Value::from("inner"), Value::Tuple(vec![Value::from("outer"), inner])]);
}

#[test]
fn the_storages_that_a_checkpoint_needs_are_sniffed() {
    let bytes = std::fs::read(crate::corpus::folder().join("wild/torch/tensors/data.pkl")).unwrap();
    let ids = serde_pickle::tools::persistent_ids(&bytes).unwrap();
    let mut keys: Vec<_> = ids.iter().map(|id| id[2].as_str().unwrap().to_owned()).collect();
    // Three tensors share a storage, and name it each time.
    assert_eq!(keys.len(), 8);
    keys.sort();
    keys.dedup();
    assert_eq!(keys, ["0", "1", "2", "3", "4", "5"]);
    assert!(ids.iter().all(|id| id[0] == "storage" && id[3] == "cpu"));
}

#[test]
fn what_is_no_pickle_has_no_ids() {
    assert_eq!(serde_pickle::tools::persistent_ids(b"Pid\n").unwrap_err().kind(), ErrorKind::Eof);
    assert_eq!(serde_pickle::tools::persistent_ids(b"Pid\n.").unwrap(), [Value::from("id")]);
    assert!(serde_pickle::tools::persistent_ids(b"N.").unwrap().is_empty());
}
