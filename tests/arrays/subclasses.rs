//! Masked arrays, and arrays of classes that derive from `numpy.ndarray`: read with all that they
//! have, and written as they were.

use serde::Deserialize;
use serde_json::Value as Json;
use serde_pickle::python::numpy::{MaskedArray, NdArray, Order, OwnState, Subclass};
use serde_pickle::reduce::Global;
use serde_pickle::{ErrorKind, Value, from_slice, to_vec};

#[derive(Deserialize)]
struct Entry {
    file: String,
    case: String,
    #[serde(default)]
    values: Json,
}

#[derive(Deserialize)]
struct Manifest {
    entries: Vec<Entry>,
}

fn bytes(file: &str) -> Vec<u8> {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
    std::fs::read(format!("{fixtures}/{file}")).unwrap()
}

/// The entries of a folder of fixtures whose case begins so.
fn entries(folder: &str, case: &str) -> Vec<Entry> {
    let manifest: Manifest =
        serde_json::from_slice(&bytes(&format!("{folder}/manifest.json"))).unwrap();
    let found: Vec<Entry> = manifest
        .entries
        .into_iter()
        .filter(|entry| entry.case.starts_with(case))
        .map(|entry| Entry { file: format!("{folder}/{}", entry.file), ..entry })
        .collect();
    assert!(!found.is_empty(), "{folder}/{case}");
    found
}

/// A value in words that do not depend on the version of numpy: where its functions are, and bools
/// that were ints.
fn words(bytes: &[u8]) -> String {
    let value: Value = from_slice(bytes).unwrap();
    value
        .to_string()
        .replace("numpy._core", "numpy.core")
        .replace("numpy.core.records", "numpy.rec")
        .replace("numpy.rec.record'", "numpy.record'")
        .replace(", 0, 1, state=(3,", ", False, True, state=(3,")
}

#[test]
fn a_subclass_is_written_with_its_class_and_state() {
    for entry in entries("libraries", "numpy-subclasses/") {
        let bytes = bytes(&entry.file);
        let masked = entry.case.ends_with("masked");
        let again = match masked {
            true => to_vec(&from_slice::<MaskedArray>(&bytes).unwrap()).unwrap(),
            false => {
                let array: NdArray = from_slice(&bytes).unwrap();
                assert!(array.subclass().is_some(), "{}", entry.file);
                to_vec(&array).unwrap()
            }
        };
        // Python 2 spells text and bytes alike; what it wrote is compared by what it is read as.
        if entry.file.contains("py2.7") {
            match masked {
                true => assert_eq!(
                    from_slice::<MaskedArray>(&again).unwrap().to_vec::<f64>().unwrap(),
                    [Some(1.5), None]
                ),
                false => assert_eq!(
                    from_slice::<NdArray>(&again).unwrap().subclass(),
                    from_slice::<NdArray>(&bytes).unwrap().subclass()
                ),
            }
            continue;
        }
        assert_eq!(words(&again), words(&bytes), "{}", entry.file);
    }
}

#[test]
fn the_state_of_a_subclass_is_where_its_author_put_it() {
    let state = |case: &str| {
        let entry = entries("libraries", case).remove(0);
        let bytes = bytes(&entry.file);
        let array: NdArray = from_slice(&bytes).unwrap();
        let subclass = array.subclass().unwrap().clone();
        (subclass.class().to_string(), subclass.state().clone())
    };
    let (class, own) = state("numpy-subclasses/infoarray");
    assert_eq!(class, "recipe.InfoArray");
    assert!(
        matches!(&own, OwnState::Behind(own) if own.len() == 1 && own[0]["unit"] == "m"),
        "{own:?}"
    );
    let (class, own) = state("numpy-subclasses/quantity");
    assert_eq!(class, "astropy.units.quantity.Quantity");
    assert!(matches!(&own, OwnState::Beside(Value::Dict(_))), "{own:?}");
    assert_eq!(state("numpy-subclasses/matrix").1, OwnState::Nothing);

    // As unyt has it.
    let class = Global::new("unyt.array", "unyt_array");
    let own = OwnState::Before(Value::Tuple(vec!["m".into(), Value::None]));
    let array = NdArray::from_vec(vec![1.0], &[1]).unwrap();
    let array = array.with_subclass(Subclass::new(class).with_state(own));
    let bytes = to_vec(&array).unwrap();
    assert_eq!(from_slice::<NdArray>(&bytes).unwrap(), array);
}

/// The values of an array with a mask, hidden ones being null, as the manifest has them.
fn seen(data: &Json, mask: &Json) -> Json {
    match (data, mask) {
        (Json::Array(data), Json::Array(mask)) => {
            data.iter().zip(mask).map(|(data, mask)| seen(data, mask)).collect()
        }
        (_, Json::Bool(true)) => Json::Null,
        _ => data.clone(),
    }
}

#[test]
fn a_masked_array_is_data_and_mask() {
    for entry in entries("numpy", "subclasses/masked") {
        if entry.case.ends_with("constant") {
            continue;
        }
        let bytes = bytes(&entry.file);
        let array: MaskedArray = from_slice(&bytes).unwrap();
        let (data, mask) = (array.data(), array.mask().unwrap());
        assert_eq!(data.shape(), mask.shape(), "{}", entry.file);
        let parts =
            |array: &NdArray| -> Json { from_slice::<Json>(&to_vec(array).unwrap()).unwrap() };
        assert_eq!(records(parts(data)), entry.values["data"], "{}", entry.file);
        assert_eq!(records(parts(mask)), entry.values["mask"], "{}", entry.file);
        // All of it again after it was written.
        let written = to_vec(&array).unwrap();
        assert_eq!(from_slice::<MaskedArray>(&written).unwrap(), array, "{}", entry.file);
        if !entry.case.contains("record") {
            let nested: Json = from_slice(&bytes).unwrap();
            assert_eq!(
                nested,
                seen(&entry.values["data"], &entry.values["mask"]),
                "{}",
                entry.file
            );
        }
    }
}

/// A record as a list, as the manifest has it.
fn records(value: Json) -> Json {
    match value {
        Json::Array(items) => items.into_iter().map(records).collect(),
        Json::Object(fields) => fields.into_iter().map(|(_, field)| records(field)).collect(),
        value => value,
    }
}

#[test]
fn objects_in_fortran_order_are_hidden_where_numpy_hides_them() {
    let bytes = bytes("numpy/subclasses/masked_objects_fortran-py3.13-p4.pkl");
    let nested: Vec<[Value; 3]> = from_slice(&bytes).unwrap();
    assert_eq!(nested[0], [Value::Int(1), Value::None, Value::None]);
    assert_eq!(nested[1], [Value::Int(2), "b".into(), Value::None]);
    let array: MaskedArray = from_slice(&bytes).unwrap();
    assert_eq!(
        array.mask().unwrap().to_vec::<bool>().unwrap(),
        [false, true, false, false, false, true]
    );
}

#[test]
fn an_array_without_a_mask_is_read_and_written_as_it_was() {
    let plain = NdArray::from_vec(vec![1_i32, 2], &[2]).unwrap();
    let bytes = to_vec(&plain).unwrap();
    let array: MaskedArray = from_slice(&bytes).unwrap();
    assert!(array.mask().is_none());
    assert_eq!(array.to_vec::<i32>().unwrap(), [Some(1), Some(2)]);
    assert_eq!(to_vec(&array).unwrap(), bytes);
}

#[test]
fn a_mask_has_a_place_in_a_masked_array_alone() {
    let bytes = bytes("numpy/subclasses/masked-py3.13-p4.pkl");
    let error = from_slice::<NdArray>(&bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    assert!(error.to_string().contains("read a masked array as a MaskedArray"), "{error}");
    let records = self::bytes("numpy/subclasses/masked_records-py3.13-p4.pkl");
    let error = from_slice::<Json>(&records).unwrap_err().to_string();
    assert!(error.contains("a masked array of records; read it as a MaskedArray"), "{error}");
}

#[test]
fn the_masked_constant_is_a_missing_value() {
    let bytes = bytes("numpy/subclasses/masked_constant-py3.13-p4.pkl");
    assert_eq!(from_slice::<Option<f64>>(&bytes).unwrap(), None);
    assert_eq!(from_slice::<Json>(&bytes).unwrap(), Json::Null);
}

#[test]
fn a_mask_that_does_not_fit_is_refused() {
    let data = || NdArray::from_vec(vec![1_i32, 2, 3, 4], &[2, 2]).unwrap();
    let mask =
        |shape: &[usize]| NdArray::from_vec(vec![true; shape.iter().product()], shape).unwrap();
    assert!(MaskedArray::new(data(), mask(&[2, 2])).is_ok());
    let error = MaskedArray::new(data(), mask(&[4])).unwrap_err().to_string();
    assert!(error.contains("of the dtype |b1 and shape [4]"), "{error}");
    assert!(MaskedArray::new(data(), data()).is_err());
    let fortran =
        NdArray::new(mask(&[1]).dtype().clone(), &[2, 2], Order::Fortran, vec![1; 4]).unwrap();
    assert!(MaskedArray::new(data(), fortran).is_err());
}

#[test]
fn a_subclass_is_not_made_from_a_buffer() {
    let class = Subclass::new(Global::new("numpy", "matrix"));
    let array = NdArray::from_vec(vec![1.0], &[1, 1]).unwrap().with_subclass(class);
    let error = to_vec(&array.in_buffer()).unwrap_err().to_string();
    assert!(
        error.contains("an array of the class numpy.matrix cannot be made from a buffer"),
        "{error}"
    );
}
