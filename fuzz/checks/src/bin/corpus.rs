//! The corpora: `seed` them from the fixtures, `pack` what `cargo fuzz cmin` left (or another
//! folder), `unpack` what is committed.
//!
//! A corpus is a folder of thousands of tiny files, `fuzz/corpus/<target>/`, which is not
//! committed. What is, is `fuzz/packed/<target>.bin`: the same inputs in one file, see
//! `serde_pickle_checks::packed`.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use serde_pickle_checks::{Random, decode, packed, program};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// The targets whose inputs are pickles, each with the number of bytes before the pickle.
const PICKLES: [(&str, usize); 3] =
    [("decode", decode::HEADER), ("differential", 0), ("disassemble", 0)];
const TARGETS: [&str; 4] = ["decode", "differential", "disassemble", "roundtrip"];

/// Fixtures beyond this make every run slow and show nothing that a smaller one does not.
const LONGEST_SEED: u64 = 4_000;

fn fuzz_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All files below `folder`.
fn files(folder: &Path, found: &mut Vec<PathBuf>) -> Outcome {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files(&path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

/// Every fixture as an input of every target that takes pickles; programs of the generator; random
/// bytes for `roundtrip`.
fn seed() -> Outcome {
    let mut paths = Vec::new();
    files(&fuzz_folder().join("../fixtures"), &mut paths)?;
    paths.sort();
    let mut pickles = Vec::new();
    for path in
        paths.iter().filter(|path| path.extension().is_some_and(|it| it == "pickle" || it == "pkl"))
    {
        if fs::metadata(path)?.len() <= LONGEST_SEED {
            pickles.push(fs::read(path)?);
        }
    }
    let mut random = Random::new(1);
    pickles.extend((0..2_000).map(|_| {
        let steps = 1 + random.below(40);
        program::program(program::Vocabulary::ALL, steps, &mut random)
    }));
    pickles.sort();
    pickles.dedup();
    for (target, header) in PICKLES {
        let folder = fuzz_folder().join("corpus").join(target);
        fs::create_dir_all(&folder)?;
        for (number, pickle) in pickles.iter().enumerate() {
            // The options: the defaults for every second seed, any for the others.
            let mut input: Vec<u8> = (0..header).map(|_| random.bits() as u8).collect();
            if number % 2 == 0 {
                input[..header.min(3)].fill(0);
            }
            input.extend_from_slice(pickle);
            fs::write(folder.join(format!("seed-{number:05}")), input)?;
        }
    }
    let folder = fuzz_folder().join("corpus/roundtrip");
    fs::create_dir_all(&folder)?;
    for number in 0..500 {
        let input: Vec<u8> = (0..1 + random.below(600)).map(|_| random.bits() as u8).collect();
        fs::write(folder.join(format!("seed-{number:05}")), input)?;
    }
    println!("{} pickles for each of {} targets", pickles.len(), PICKLES.len());
    Ok(())
}

fn pack(corpora: &Path) -> Outcome {
    for target in TARGETS {
        let folder = corpora.join(target);
        let mut paths = Vec::new();
        files(&folder, &mut paths)?;
        let mut inputs = paths.iter().map(fs::read).collect::<Result<Vec<_>, _>>()?;
        inputs.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
        inputs.dedup();
        let bytes = packed::pack(&inputs);
        println!("{target}: {} inputs, {} bytes", inputs.len(), bytes.len());
        fs::create_dir_all(fuzz_folder().join("packed"))?;
        fs::write(fuzz_folder().join("packed").join(target).with_extension("bin"), bytes)?;
    }
    Ok(())
}

fn unpack() -> Outcome {
    for target in TARGETS {
        let bytes = fs::read(fuzz_folder().join("packed").join(target).with_extension("bin"))?;
        let folder = fuzz_folder().join("corpus").join(target);
        fs::create_dir_all(&folder)?;
        for (number, input) in packed::unpack(&bytes).enumerate() {
            fs::write(folder.join(format!("packed-{number:05}")), input)?;
        }
    }
    Ok(())
}

fn main() -> Outcome {
    match std::env::args().nth(1).as_deref() {
        Some("seed") => seed(),
        Some("pack") => {
            pack(&std::env::args_os().nth(2).map_or(fuzz_folder().join("corpus"), PathBuf::from))
        }
        Some("unpack") => unpack(),
        _ => Err("usage: corpus seed | pack [folder] | unpack".into()),
    }
}
