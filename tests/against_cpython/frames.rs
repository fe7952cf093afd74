//! Frames that lie, as `loads`, `load` of a `BytesIO` and `load` of a file take them.
//!
//! CPython checks frames since 3.13.18, 3.14.10 and 3.15. Older ones read a program whose frames
//! lie, and not all ways alike; what they make of it is not compared, only that of programs whose
//! frames are in order.

use std::sync::Mutex;

use serde_pickle::{DeOptions, Encoding, Error, Value};

use super::compare::{Verdict, compare};
use super::{BATCH, Tally, asked, in_parallel, programs, run_by};
use crate::interpreters::{Python, hex, pythons};

const FRAMES: &str =
    concat!(include_str!("canon.py"), include_str!("stand_ins.py"), include_str!("frames.py"));

const WAYS: [&str; 3] = ["loads", "load(BytesIO)", "load(open)"];

/// A Python's answer for each program, by the way it was asked.
fn ask(python: &Python, programs: &[Vec<u8>]) -> Vec<[String; 3]> {
    let folder = std::env::temp_dir();
    let lines = programs.iter().map(|program| hex(program) + "\n").collect();
    let answers = run_by(python.program(), FRAMES, &[folder.to_str().unwrap()], lines);
    let (answers, rest) = answers.as_chunks::<3>();
    assert!(rest.is_empty() && answers.len() == programs.len());
    answers.to_vec()
}

/// Returns true if a Python refuses the argument of a BININT2 that crosses the end of a frame.
fn checks_frames(python: &Python) -> bool {
    let lie = b"\x95\x02\0\0\0\0\0\0\0M\x01\x02.".to_vec();
    ask(python, &[lie])[0].iter().all(|answer| answer.ends_with("exhausted before end of frame"))
}

fn is_about_frames(error: &Error) -> bool {
    let text = error.to_string();
    ["crosses the end of a frame", "before the one around it ends", "is announced"]
        .iter()
        .any(|part| text.contains(part))
}

#[test]
fn frames_that_lie_are_refused_where_cpython_refuses_them() {
    let count = asked();
    for python in pythons().iter().filter(|python| python.version.0 == 3) {
        let checks = checks_frames(python);
        let version = (python.version.1, python.patch);
        let known = match version {
            (13, 18..) | (14, 10..) | (15.., _) => Some(true),
            (..13, _) | (13, 0) => Some(false),
            _ => None,
        };
        assert!(known.is_none_or(|known| known == checks), "{version:?} {checks}");
        let tally = Mutex::new(Tally::default());
        let lies = Mutex::new(0);
        in_parallel(count.div_ceil(BATCH), |number| {
            let programs = programs::framed(BATCH.min(count - number * BATCH), number as u64);
            for (program, answers) in programs.iter().zip(ask(python, &programs)) {
                let options = DeOptions::new().encoding(Encoding::Latin1);
                let slice = options.from_slice::<Value>(program);
                let reader = options.from_reader::<_, Value>(&program[..]);
                let lying = slice.as_ref().is_err_and(is_about_frames);
                *lies.lock().unwrap() += usize::from(lying);
                let mut tally = tally.lock().unwrap();
                for ((way, answer), ours) in
                    WAYS.iter().zip(&answers).zip([&slice, &reader, &reader])
                {
                    tally.note(match compare(program, ours, answer, python.version) {
                        Verdict::Disagree(_) if lying && !checks => Verdict::Meant,
                        // A frame that begins within an argument may make one of its bytes.
                        Verdict::Disagree(_) if answer.contains("no persistent_load function") => {
                            Verdict::Meant
                        }
                        Verdict::Disagree(what) => Verdict::Disagree(format!("{way}: {what}")),
                        verdict => verdict,
                    });
                }
            }
        });
        let what = format!("frames by Python 3.{}.{}", version.0, version.1);
        tally.into_inner().unwrap().finish(&what, 3 * count);
        let lies = lies.into_inner().unwrap();
        println!("{what}: in {lies} of {count} programs a frame lies");
        assert!(lies * 10 > count && lies < count, "{lies}");
    }
}
