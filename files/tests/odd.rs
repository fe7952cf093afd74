//! Tensors and arrays that are less usual, as PyTorch and joblib write them.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value as Json;
use serde_pickle::Value;
use serde_pickle_files::torch::{Checkpoint, Tensor};
use serde_pickle_files::{ErrorKind, Kind, from_slice, open};

fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "fixtures", "files", name].iter().collect()
}

fn json(name: &str) -> Json {
    serde_json::from_slice(&std::fs::read(fixture(name)).unwrap()).unwrap()
}

fn checkpoint(name: &str) -> Checkpoint<'static> {
    let checkpoint = Checkpoint::open(fixture(&format!("torch/2.15.0-{name}.pt")));
    checkpoint.unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn floats(tensor: &Tensor<'_>) -> Vec<f64> {
    if tensor.dtype().is_complex() {
        return tensor.to_vec::<[f32; 2]>().unwrap().concat().into_iter().map(f64::from).collect();
    }
    tensor.to_f64().unwrap()
}

/// The tensors of a file by `write.py more` are those that PyTorch had.
fn check(name: &str) {
    let checkpoint = checkpoint(name);
    let all = json("torch/2.15.0-more.json");
    let expected = all[name].as_object().unwrap();
    let found: BTreeMap<_, _> =
        checkpoint.tensors().map(|tensor| (tensor.name().unwrap().to_owned(), tensor)).collect();
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{name}");
    for (key, expected) in expected {
        let tensor = &found[key];
        assert_eq!(tensor.dtype().to_string(), expected["dtype"].as_str().unwrap(), "{name} {key}");
        // As floats of 32 bits, which all of them are; the sign of a zero too.
        let values = expected["values"].as_array().unwrap().iter();
        let bits = |x: f64| (x as f32).to_bits();
        let values: Vec<u32> = values.map(|x| bits(x.as_f64().unwrap())).collect();
        let found: Vec<u32> = floats(tensor).into_iter().map(bits).collect();
        assert_eq!(found, values, "{name} {key}");
    }
}

/// `tensor.conj()` has the elements of its storage until it is used.
#[test]
fn conjugated_and_negated_views_have_their_own_elements() {
    for name in ["lazy", "lazy-legacy"] {
        check(name);
        let checkpoint = checkpoint(name);
        let lazy = |key: &str| checkpoint.named(key).unwrap().is_lazy_view();
        assert_eq!(
            ["conj", "conj_t", "imag", "negated", "resolved"].map(lazy),
            [true, true, true, true, false]
        );
    }
}

#[test]
fn legacy_files_are_of_any_pickle_protocol() {
    for protocol in [1, 3, 4, 5] {
        let name = format!("p{protocol}-legacy");
        check(&name);
        let checkpoint = checkpoint(&name);
        assert_eq!(checkpoint.file().kind(), Kind::TorchLegacy);
        assert_eq!(checkpoint.file().pickle().unwrap().number(), 3);
    }
    check("p5");
}

/// After `torch.serialization.set_crc32_options(False)`.
#[test]
fn archives_without_checksums_are_read() {
    check("nocrc");
    let file = open(fixture("torch/2.15.0-nocrc.pt")).unwrap();
    assert_eq!(file.pickles().filter(Result::is_ok).count(), 1);
    // With a checksum it is compared: a byte of the pickle is changed.
    let mut bytes = std::fs::read(fixture("torch/2.15.0-p5.pt")).unwrap();
    let at = bytes.windows(7).position(|it| it == b"storage").unwrap();
    bytes[at] ^= 1;
    let error = Checkpoint::new(from_slice(&bytes).unwrap()).unwrap_err();
    assert!(error.to_string().contains("checksum"), "{error}");
}

#[test]
fn tensors_of_kinds_that_are_not_read_are_told_and_the_others_read() {
    check("nested");
    let checkpoint = checkpoint("nested");
    let unread: Vec<_> = checkpoint.unread().collect();
    assert_eq!(unread.len(), 1);
    assert_eq!((unread[0].0, unread[0].1.kind()), ("nested", ErrorKind::Unsupported));
    let text = unread[0].1.to_string();
    assert!(text.contains("_rebuild_nested_tensor") && text.contains("nested"), "{text}");
    assert!(checkpoint.named("nested").is_none());
    #[cfg(feature = "safetensors")]
    assert_eq!(checkpoint.to_safetensors().unwrap_err().member(), Some("nested"));
}

#[test]
fn layers_sequences_and_scripts_have_the_names_of_their_parts() {
    for name in ["lstm", "packed", "script"] {
        check(name);
    }
}

#[test]
fn arrays_of_other_classes_and_in_other_places_are_read() {
    for version in ["1.1.1", "1.6.0"] {
        for suffix in ["", "-gzip"] {
            let name = format!("arrays/{version}");
            let file = open(fixture(&format!("{name}{suffix}.joblib"))).unwrap();
            let read: Json = file.get().unwrap();
            let expected = json(&format!("{name}.json"));
            for (key, expected) in expected.as_object().unwrap() {
                assert_eq!(&read[key], expected, "{name}{suffix} {key}");
            }
            // And written again.
            let value: Value = file.get().unwrap();
            let again = serde_pickle_files::joblib::to_vec(&value).unwrap();
            assert_eq!(from_slice(&again).unwrap().get::<Json>().unwrap(), read, "{name}");
        }
    }
}
