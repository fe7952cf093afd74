//! Checkpoints that PyTorch wrote: archives, legacy streams, and a tar archive.
//!
//! `SERDE_PICKLE_TORCH` names a Python with torch: what is written here is then loaded by it.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use serde::Deserialize;
use serde_json::Value as Json;
use serde_pickle_files::torch::{
    Checkpoint, DType, Quantizer, Tensor, TensorInfo, Writer, save_state_dict,
};
use serde_pickle_files::{ErrorKind, Kind, OpenOptions, from_slice};

fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "fixtures", "files", "torch", name].iter().collect()
}

fn json(name: &str) -> BTreeMap<String, Json> {
    serde_json::from_slice(&std::fs::read(fixture(name)).unwrap()).unwrap()
}

fn versions() -> Vec<String> {
    let names = std::fs::read_dir(fixture("")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut versions: Vec<String> =
        names.filter_map(|name| name.strip_suffix("-all.pt").map(str::to_owned)).collect();
    versions.sort();
    assert!(!versions.is_empty());
    versions
}

fn sizes(list: &Json) -> Vec<usize> {
    list.as_array().unwrap().iter().map(|len| len.as_u64().unwrap() as usize).collect()
}

fn floats(list: &Json) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn as_floats(tensor: &Tensor<'_>) -> Vec<f64> {
    match tensor.dtype() {
        DType::C64 => {
            tensor.to_vec::<[f32; 2]>().unwrap().concat().into_iter().map(f64::from).collect()
        }
        DType::C128 => tensor.to_vec::<[f64; 2]>().unwrap().concat(),
        _ => tensor.to_f64().unwrap(),
    }
}

fn check(name: &str, tensor: &Tensor<'_>, expected: &Json) {
    assert_eq!(tensor.dtype().to_string(), expected["dtype"].as_str().unwrap(), "{name}");
    assert_eq!(tensor.shape(), sizes(&expected["shape"]), "{name}");
    if let Some(layout) = expected["layout"].as_str() {
        assert_eq!(format!("torch.{}", tensor.layout()), layout, "{name}");
        return;
    }
    assert_eq!(tensor.strides(), sizes(&expected["stride"]), "{name}");
    if expected["values"].is_null() {
        assert_eq!(tensor.bytes().unwrap_err().kind(), ErrorKind::Unsupported, "{name}");
        return;
    }
    assert_eq!(tensor.storage_offset() as u64, expected["offset"].as_u64().unwrap(), "{name}");
    assert_eq!(as_floats(tensor), floats(&expected["values"]), "{name}");
}

#[test]
fn every_kind_of_tensor_is_what_torch_says() {
    let mut seen = 0;
    for version in versions() {
        let expected = json(&format!("{version}.json"));
        for suffix in ["", "-legacy"] {
            let checkpoint =
                Checkpoint::open(fixture(&format!("{version}-all{suffix}.pt"))).unwrap();
            let kind = if suffix.is_empty() { Kind::Torch } else { Kind::TorchLegacy };
            assert_eq!(checkpoint.file().kind(), kind);
            for tensor in checkpoint.tensors() {
                let name = tensor.name().unwrap();
                check(&format!("{version}{suffix} {name}"), &tensor, &expected[name]);
                seen += 1;
            }
            let names: Vec<_> = checkpoint.tensors().filter_map(|tensor| tensor.name()).collect();
            let missing: Vec<_> =
                expected.keys().filter(|name| !names.contains(&name.as_str())).collect();
            let new = |name: &&&String| !name.starts_with("uint") && !name.starts_with("float8");
            assert_eq!(missing.iter().filter(new).count(), 0, "{missing:?}");
        }
    }
    assert!(seen >= 40, "{seen}");
}

#[test]
fn parts_of_sparse_and_quantized_tensors_are_tensors() {
    for version in versions() {
        let checkpoint = Checkpoint::open(fixture(&format!("{version}-all.pt"))).unwrap();
        let named = |name| checkpoint.named(name).unwrap();
        let parts: BTreeMap<_, _> = named("sparse").info().parts().collect();
        let part = |name| checkpoint.tensor(parts[name]);
        assert_eq!(part("indices").to_vec::<i64>().unwrap(), [0, 1, 2, 0]);
        assert_eq!(part("values").to_vec::<f32>().unwrap(), [3.0, 4.0]);
        let csr: Vec<_> = named("csr").info().parts().collect();
        let names: Vec<_> = csr.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["crow_indices", "col_indices", "values"]);
        assert_eq!(checkpoint.tensor(csr[0].1).to_vec::<i64>().unwrap(), [0, 1, 2]);
        assert!(matches!(
            named("q").quantizer(),
            Some(Quantizer::PerTensor { scale: 0.5, zero_point: 10 })
        ));
        assert!(matches!(named("qc").quantizer(), Some(Quantizer::PerChannel { axis: 0, .. })));
        assert!(named("parameter").is_parameter() && named("parameter").requires_grad());
        assert!(!named("w").is_parameter());
    }
}

#[test]
fn views_share_a_storage_and_contiguous_ones_are_borrowed() {
    for version in versions() {
        for suffix in ["", "-legacy"] {
            let name = format!("{version}-all{suffix}.pt");
            let bytes = std::fs::read(fixture(&name)).unwrap();
            let checkpoint = Checkpoint::new(from_slice(&bytes).unwrap()).unwrap();
            let named = |name| checkpoint.named(name).unwrap();
            for view in ["row", "t", "column", "wide"] {
                assert_eq!(named(view).storage_key(), named("w").storage_key(), "{name} {view}");
            }
            let range = bytes.as_ptr_range();
            for (view, borrowed) in [("w", true), ("row", true), ("t", false), ("wide", false)] {
                let bytes = named(view).bytes().unwrap();
                assert_eq!(range.contains(&bytes.as_ptr()), borrowed, "{name} {view}");
                assert_eq!(named(view).is_contiguous(), borrowed, "{name} {view}");
            }
            assert_eq!(named("w").to_vec::<i32>().unwrap_err().kind(), ErrorKind::Unsupported);
        }
    }
}

#[test]
fn modules_have_the_names_of_their_state_dicts() {
    for version in versions() {
        let expected = json(&format!("{version}-module.json"));
        for suffix in ["", "-legacy"] {
            let path = fixture(&format!("{version}-module{suffix}.pt"));
            let checkpoint = Checkpoint::open(path).unwrap();
            let mut names: Vec<_> = checkpoint.tensors().filter_map(|t| t.name()).collect();
            names.sort_unstable();
            assert_eq!(names, expected.keys().collect::<Vec<_>>(), "{version}{suffix}");
            for tensor in checkpoint.tensors() {
                check(version.as_str(), &tensor, &expected[tensor.name().unwrap()]);
            }
        }
    }
}

#[derive(Deserialize)]
struct Training {
    epoch: u32,
    loss: Vec<f64>,
    model_state_dict: BTreeMap<String, TensorInfo>,
    optimizer_state_dict: Optimizer,
}

#[derive(Deserialize)]
struct Optimizer {
    param_groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    lr: f64,
    params: Vec<u32>,
}

#[test]
fn what_is_no_tensor_is_read_by_serde() {
    for version in versions() {
        let expected = json(&format!("{version}-module.json"));
        for suffix in ["", "-legacy"] {
            let path = fixture(&format!("{version}-training{suffix}.pt"));
            let checkpoint = Checkpoint::open(path).unwrap();
            let training: Training = checkpoint.get().unwrap();
            assert_eq!((training.epoch, &training.loss[..]), (7, &[0.5, 0.25][..]));
            let group = &training.optimizer_state_dict.param_groups[0];
            assert_eq!((group.lr, group.params.len()), (0.1, 6));
            assert_eq!(training.model_state_dict.len(), expected.len());
            for (name, info) in &training.model_state_dict {
                check(name, &checkpoint.tensor(info), &expected[name]);
            }
            let under: Vec<_> = checkpoint.under("model_state_dict").collect();
            assert_eq!(under.len(), expected.len());
            for (name, tensor) in under {
                check(name, &tensor, &expected[name]);
                assert_eq!(tensor.name(), Some(&*format!("model_state_dict.{name}")));
            }
            assert_eq!(checkpoint.under("model").count(), 0);
        }
    }
}

#[test]
fn a_tar_archive_of_2016_is_read() {
    let checkpoint = Checkpoint::open(fixture("tar.pt")).unwrap();
    assert_eq!(checkpoint.file().kind(), Kind::TorchTar);
    let expected = json("tar.json");
    assert_eq!(checkpoint.under("state").count(), 4);
    for (name, tensor) in checkpoint.under("state") {
        // A view has an offset in its own storage, and PyTorch says that in the whole one.
        assert_eq!(as_floats(&tensor), floats(&expected[name]["values"]), "{name}");
        assert_eq!(tensor.shape(), sizes(&expected[name]["shape"]), "{name}");
    }
    #[derive(Deserialize)]
    struct Top {
        epoch: u32,
    }
    assert_eq!(checkpoint.get::<Top>().unwrap().epoch, 3);
}

fn le(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A file with a tensor of each dtype that is written.
fn written() -> Vec<u8> {
    #[derive(serde::Serialize)]
    struct Top<T> {
        epoch: u32,
        tensors: Vec<T>,
        tied: T,
        parameter: T,
    }

    let mut writer = Writer::new();
    let w = writer.tensor(DType::F32, &[2, 3], le(&[0.0, 0.25, 0.5, 0.75, 1.0, 1.25])).unwrap();
    let mut tensors = vec![w.clone()];
    for (dtype, len) in [
        (DType::F64, 8),
        (DType::F16, 2),
        (DType::BF16, 2),
        (DType::F8E4M3, 1),
        (DType::F8E5M2, 1),
        (DType::I64, 8),
        (DType::I32, 4),
        (DType::I16, 2),
        (DType::I8, 1),
        (DType::U8, 1),
        (DType::U16, 2),
        (DType::U32, 4),
        (DType::U64, 8),
        (DType::Bool, 1),
        (DType::C64, 8),
        (DType::C128, 16),
    ] {
        tensors.push(writer.tensor(dtype, &[2], vec![0; 2 * len]).unwrap());
    }
    tensors.push(writer.tensor(DType::F32, &[0, 3], Vec::new()).unwrap());
    tensors.push(writer.tensor(DType::F32, &[], le(&[2.5])).unwrap());
    let top = Top { epoch: 7, tensors, tied: w.clone(), parameter: w.parameter() };
    let mut file = Vec::new();
    writer.finish(&mut file, &top).unwrap();
    file
}

#[test]
fn what_is_written_is_read_again() {
    let bytes = written();
    let checkpoint = Checkpoint::new(from_slice(&bytes).unwrap()).unwrap();
    let values = checkpoint.named("tensors.0").unwrap().to_vec::<f32>().unwrap();
    assert_eq!(values, [0.0, 0.25, 0.5, 0.75, 1.0, 1.25]);
    let tied = checkpoint.named("tied").unwrap();
    assert_eq!(tied.storage_key(), checkpoint.named("tensors.0").unwrap().storage_key());
    assert!(checkpoint.named("parameter").unwrap().is_parameter());
    assert_eq!(checkpoint.tensors().count(), 21);
    for tensor in checkpoint.tensors() {
        tensor.bytes().unwrap();
    }
    // Storages begin at multiples of 64 bytes, as PyTorch maps them.
    let at = tied.bytes().unwrap().as_ptr() as usize - bytes.as_ptr() as usize;
    assert_eq!(at % 64, 0);
    let mut writer = Writer::new();
    assert!(writer.tensor(DType::F32, &[2], vec![0; 7]).is_err());
    assert!(writer.tensor(DType::F32, &[usize::MAX, 2], vec![0; 8]).is_err());
    assert!(writer.tensor(DType::F32, &[0, usize::MAX, usize::MAX], Vec::new()).is_err());
}

#[test]
fn torch_loads_what_is_written() {
    let Some(python) = std::env::var_os("SERDE_PICKLE_TORCH") else {
        eprintln!("SERDE_PICKLE_TORCH is not set: torch is not asked");
        return;
    };
    let folder = std::env::temp_dir().join(format!("serde_pickle_torch_{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (all, state) = (folder.join("all.pt"), folder.join("state.pt"));
    std::fs::write(&all, written()).unwrap();
    let bias = le(&[0.25]);
    let mut file = Vec::new();
    let weight = le(&[0.5, -1.5]);
    let tensors = [
        ("weight", DType::F32, &[1, 2][..], &weight[..]),
        ("bias", DType::F32, &[1][..], &bias[..]),
    ];
    save_state_dict(&mut file, tensors).unwrap();
    std::fs::write(&state, file).unwrap();
    let script = "import sys, torch\n\
        all = torch.load(sys.argv[1], weights_only=True)\n\
        assert all['epoch'] == 7\n\
        assert all['tied'].tolist() == [[0.0, 0.25, 0.5], [0.75, 1.0, 1.25]]\n\
        assert all['tied'].data_ptr() == all['tensors'][0].data_ptr()\n\
        assert isinstance(all['parameter'], torch.nn.Parameter)\n\
        names = [str(t.dtype) for t in all['tensors']]\n\
        assert names[4:6] == ['torch.float8_e4m3fn', 'torch.float8_e5m2'], names\n\
        assert names[11:14] == ['torch.uint16', 'torch.uint32', 'torch.uint64'], names\n\
        assert all['tensors'][-2].shape == (0, 3) and all['tensors'][-1].item() == 2.5\n\
        state = torch.load(sys.argv[2], weights_only=True, mmap=True)\n\
        layer = torch.nn.Linear(2, 1)\n\
        layer.load_state_dict(state)\n\
        assert layer(torch.ones(1, 2)).item() == -0.75\n";
    let output = Command::new(python).arg("-c").arg(script).arg(&all).arg(&state).output().unwrap();
    let _ = std::fs::remove_dir_all(&folder);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[cfg(feature = "safetensors")]
#[test]
fn weights_become_safetensors() {
    for version in versions() {
        let checkpoint = Checkpoint::open(fixture(&format!("{version}-module.pt"))).unwrap();
        let bytes = checkpoint.to_safetensors().unwrap();
        let read = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(read.len(), checkpoint.tensors().len());
        for tensor in checkpoint.tensors() {
            let view = read.tensor(tensor.name().unwrap()).unwrap();
            assert_eq!((view.shape(), view.data()), (tensor.shape(), &*tensor.bytes().unwrap()));
        }
        let all = Checkpoint::open(fixture(&format!("{version}-all.pt"))).unwrap();
        assert_eq!(all.to_safetensors().unwrap_err().kind(), ErrorKind::Unsupported);
    }
}

#[cfg(feature = "safetensors")]
#[test]
fn a_file_of_safetensors_is_there_whole_or_as_it_was() {
    let name = format!("serde_pickle_safetensors_{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    // In the place of the checkpoint itself.
    let path = folder.join("weights");
    std::fs::copy(fixture("2.15.0-module.pt"), &path).unwrap();
    let checkpoint = Checkpoint::open(&path).unwrap();
    let expected = checkpoint.to_safetensors().unwrap();
    checkpoint.write_safetensors(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), expected);
    // An error leaves what was there, and nothing beside it.
    let all = Checkpoint::open(fixture("2.15.0-all.pt")).unwrap();
    assert_eq!(all.write_safetensors(&path).unwrap_err().kind(), ErrorKind::Unsupported);
    let bytes = std::fs::read(fixture("2.15.0-module.pt")).unwrap();
    let short = folder.join("short");
    std::fs::write(&short, &bytes).unwrap();
    let cut = Checkpoint::open(&short).unwrap();
    std::fs::OpenOptions::new().write(true).open(&short).unwrap().set_len(900).unwrap();
    assert_eq!(cut.write_safetensors(&path).unwrap_err().kind(), ErrorKind::Format);
    assert_eq!(std::fs::read(&path).unwrap(), expected);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[cfg(feature = "ndarray")]
#[test]
fn tensors_become_arrays() {
    let checkpoint = Checkpoint::open(fixture(&format!("{}-all.pt", versions()[0]))).unwrap();
    let array = checkpoint.named("t").unwrap().to_ndarray::<f32>().unwrap();
    assert_eq!(array.shape(), [3, 2]);
    assert_eq!((array[[0, 1]], array[[2, 0]]), (0.75, 0.5));
}

/// A checkpoint with one tensor of the storage `0`, 16 bytes of floats.
fn lying(tensor: &str, storage: &str) -> Vec<u8> {
    let pickle = format!(
        "\u{80}\u{2}}}U\u{1}wctorch._utils\n_rebuild_tensor_v2\n((U\u{7}storagectorch\n\
         FloatStorage\n{storage}tQ{tensor}NNtRs."
    );
    let pickle: Vec<u8> = pickle.chars().map(|c| c as u8).collect();
    let mut archive = Archive::default();
    archive.member("archive/data.pkl", &pickle);
    archive.member("archive/data/0", &le(&[1.0, 2.0, 3.0, 4.0]));
    archive.finish()
}

/// A zip archive by hand, so that it can lie.
#[derive(Default)]
struct Archive {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

impl Archive {
    fn member(&mut self, name: &str, data: &[u8]) {
        let crc = flate2_crc(data);
        let at = self.bytes.len() as u32;
        let sizes = [data.len() as u32, data.len() as u32];
        let mut fields = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        fields.extend(crc.to_le_bytes());
        fields.extend(sizes.iter().flat_map(|size| size.to_le_bytes()));
        fields.extend((name.len() as u16).to_le_bytes());
        self.bytes.extend(b"PK\x03\x04");
        self.bytes.extend(&fields);
        self.bytes.extend([0, 0]);
        self.bytes.extend(name.bytes());
        self.bytes.extend(data);
        self.directory.extend(b"PK\x01\x02\x14\0");
        self.directory.extend(&fields);
        self.directory.extend([0; 12]);
        self.directory.extend(at.to_le_bytes());
        self.directory.extend(name.bytes());
        self.count += 1;
    }

    fn finish(mut self) -> Vec<u8> {
        let start = self.bytes.len() as u32;
        self.bytes.extend(&self.directory);
        self.bytes.extend(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend(self.count.to_le_bytes());
        self.bytes.extend(self.count.to_le_bytes());
        self.bytes.extend((self.directory.len() as u32).to_le_bytes());
        self.bytes.extend(start.to_le_bytes());
        self.bytes.extend([0, 0]);
        self.bytes
    }
}

fn flate2_crc(data: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(data);
    crc.sum()
}

#[test]
fn tensors_that_lie_are_errors_that_name_them() {
    let fine = "U\u{1}0U\u{3}cpuK\u{4}";
    let open = |tensor: &str, storage: &str| {
        let bytes = lying(tensor, storage);
        let checkpoint = Checkpoint::new(from_slice(&bytes).unwrap()).unwrap();
        let tensor = checkpoint.named("w").unwrap();
        tensor.to_vec::<f32>()
    };
    assert_eq!(open("K\u{0}K\u{4}\u{85}K\u{1}\u{85}", fine).unwrap(), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(open("K\u{1}K\u{2}\u{85}K\u{2}\u{85}", fine).unwrap(), [2.0, 4.0]);
    let lies = [
        // Beyond the storage: by offset, by shape, by stride, by more than an address space.
        ("K\u{1}K\u{4}\u{85}K\u{1}\u{85}", fine, ErrorKind::Format),
        ("K\u{0}K\u{5}\u{85}K\u{1}\u{85}", fine, ErrorKind::Format),
        ("K\u{0}K\u{2}\u{85}K\u{4}\u{85}", fine, ErrorKind::Format),
        ("K\u{0}I4611686018427387904\nI8\n\u{86}K\u{1}K\u{1}\u{86}", fine, ErrorKind::Format),
        ("K\u{0}I4611686018427387904\nI8\n\u{86}K\u{0}K\u{0}\u{86}", fine, ErrorKind::Format),
        ("K\u{0}I4611686018427387904\n\u{85}K\u{0}\u{85}", fine, ErrorKind::Limit),
        ("K\u{0}I3000000000\n\u{85}K\u{0}\u{85}", fine, ErrorKind::Limit),
        // The storage: another size, not there, a name that climbs.
        ("K\u{0}K\u{4}\u{85}K\u{1}\u{85}", "U\u{1}0U\u{3}cpuK\u{5}", ErrorKind::Format),
        ("K\u{0}K\u{4}\u{85}K\u{1}\u{85}", "U\u{1}1U\u{3}cpuK\u{4}", ErrorKind::Format),
        ("K\u{0}K\u{4}\u{85}K\u{1}\u{85}", "U\u{6}../../U\u{3}cpuK\u{4}", ErrorKind::Format),
    ];
    for (tensor, storage, kind) in lies {
        let error = open(tensor, storage).unwrap_err();
        assert_eq!((error.kind(), error.member()), (kind, Some("w")), "{tensor:?}: {error}");
    }
    // A value that is no tensor at all is an error when the checkpoint is opened.
    for tensor in ["K\u{0}K\u{4}\u{85}K\u{1}K\u{1}\u{86}", "NK\u{4}\u{85}K\u{1}\u{85}", "K\u{0}NN"]
    {
        let bytes = lying(tensor, fine);
        let error = Checkpoint::new(from_slice(&bytes).unwrap()).unwrap_err();
        assert_eq!((error.kind(), error.member()), (ErrorKind::Format, Some("w")), "{error}");
    }
}

#[test]
fn archives_that_lie_are_errors() {
    let mut archive = Archive::default();
    archive.member("archive/data.pkl", b"}.");
    archive.member("../../evil", b"K\x01.");
    let good = archive.finish();
    // A name that climbs is a name.
    let file = from_slice(&good).unwrap();
    assert_eq!(file.members()[1].name(), "../../evil");
    // Every byte but those of names and times changed, and every length: errors, never a panic.
    for at in 0..good.len() {
        for change in [1, 0x80, 0xff] {
            let mut bytes = good.clone();
            bytes[at] ^= change;
            if let Ok(file) = from_slice(&bytes) {
                for pickle in file.pickles() {
                    let _ = pickle.map(|pickle| pickle.get::<serde_pickle::Value>().is_ok());
                }
                let _ = Checkpoint::new(file);
            }
        }
        let _ = from_slice(&good[..at]);
    }
    // Two members in one place.
    let mut archive = Archive::default();
    archive.member("a", &[0; 50]);
    let entry = archive.directory.clone();
    archive.directory.extend(entry);
    archive.count = 2;
    let error = from_slice(&archive.finish()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Format);
    assert!(error.to_string().contains("overlaps"), "{error}");
    // More than is allowed, in sum.
    let mut archive = Archive::default();
    archive.member("a", &[0; 50]);
    archive.member("b", &[0; 50]);
    let bytes = archive.finish();
    assert!(OpenOptions::new().max_size(100).from_slice(&bytes).is_ok());
    let error = OpenOptions::new().max_size(99).from_slice(&bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
}

/// The object is the fourth pickle of five; what follows the last is no pickle, and no error.
#[test]
fn a_legacy_file_has_one_pickle() {
    for name in ["2.15.0-all-legacy.pt", "1.13.0a0-training-legacy.pt"] {
        let file = serde_pickle_files::open(fixture(name)).unwrap();
        let pickles: Result<Vec<_>, _> = file.pickles().collect();
        let pickles = pickles.unwrap();
        assert_eq!(pickles.iter().map(|it| it.number()).collect::<Vec<_>>(), [3], "{name}");
    }
}

#[test]
fn legacy_files_that_are_cut_or_changed_are_errors() {
    for name in ["all-legacy", "training-legacy"] {
        let name = format!("{}-{name}.pt", versions()[0]);
        let bytes = std::fs::read(fixture(&name)).unwrap();
        for end in (0..bytes.len()).step_by(7) {
            if let Ok(file) = from_slice(&bytes[..end]) {
                assert!(Checkpoint::new(file).is_err(), "{name} {end}");
            }
        }
        for at in (0..bytes.len()).step_by(3) {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x81;
            let Ok(file) = from_slice(&bytes) else { continue };
            if let Ok(checkpoint) = Checkpoint::new(file) {
                for tensor in checkpoint.tensors() {
                    let _ = tensor.bytes();
                }
            }
        }
    }
}

#[test]
fn shared_and_endless_objects_end() {
    // A dict in itself, with a tensor beside: the tensor is found once.
    let bytes = lying("K\u{0}K\u{4}\u{85}K\u{1}\u{85}", "U\u{1}0U\u{3}cpuK\u{4}");
    assert_eq!(Checkpoint::new(from_slice(&bytes).unwrap()).unwrap().tensors().len(), 1);
    let mut archive = Archive::default();
    archive.member("archive/data.pkl", b"}q\0U\x01ah\0s.");
    let bytes = archive.finish();
    assert_eq!(Checkpoint::new(from_slice(&bytes).unwrap()).unwrap().tensors().len(), 0);
    // Thirty lists of two references to the one before: a thousand million places.
    let mut pickle = b"]q\0".to_vec();
    for n in 1..=30_u8 {
        pickle.extend([b'0', b']', b'q', n, b'(', b'h', n - 1, b'h', n - 1, b'e']);
    }
    pickle.push(b'.');
    let mut archive = Archive::default();
    archive.member("archive/data.pkl", &pickle);
    let bytes = archive.finish();
    let error = Checkpoint::new(from_slice(&bytes).unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
}
