//! Measures the shapes that real caches hold.
//!
//!     shapes --json FILE.pkl NAME PROTOCOL      seconds of one shape, for shapes.py --run
//!     shapes --once TASK FILE.pkl NAME PROTOCOL one run of a task, for callgrind
//!     shapes --array FILE.pkl [file]            seconds and memory of an array from a reader, or
//!                                               of the file into a `Vec`
//!     shapes --peak FILE.pkl NAME PROTOCOL      bytes of memory that reading a `Value` adds to the
//!                                               highest that the process had, of Linux
//!     shapes --write OUT DIR [NAME...]          writes what the types that write make of DIR/NAME
//!
//! Seconds are medians; contenders run in turns, and results are dropped outside of the time.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::BufReader;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::{Map, json};
use serde_pickle::python::numpy::OwnedNdArray;
use serde_pickle::{AllowList, DeOptions, Protocol, SerOptions, Value};

use serde_pickle_benches::lex::lex;
use serde_pickle_benches::measure::median;
use serde_pickle_benches::shapes::{Shape, Visit, each};

type Failure = Box<dyn std::error::Error>;

/// Rounds are made until this has been spent, or until there are [`MOST`] of them.
const BUDGET: Duration = Duration::from_millis(400);
const FEWEST: usize = 3;
const MOST: usize = 9;

/// Objects that are read a call each, within one measurement. `shapes.py` makes as many.
const CALLS: usize = 1_000;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (name, task) = match args[..] {
        ["--json", path, name, protocol] => (name, Task::Json { path, protocol }),
        ["--peak", path, name, _] => (name, Task::Peak { path }),
        ["--once", what, path, name, protocol] => (name, Task::Once { what, path, protocol }),
        ["--array", path, ref of_file @ ..] => return array(path, !of_file.is_empty()),
        ["--write", out, data, ref names @ ..] => ("", Task::Write { out, data, names }),
        _ => {
            eprintln!(
                "shapes --json FILE NAME PROTOCOL | --once TASK FILE NAME PROTOCOL | \
                 --array FILE [file] | --peak FILE NAME PROTOCOL | --write OUT DIR [NAME...]"
            );
            return ExitCode::FAILURE;
        }
    };
    let mut runner = Runner { name, task, found: false, result: Ok(()) };
    each(&mut runner);
    exit(match runner.result {
        Ok(()) if !runner.found => Err(format!("no shape is named {name}").into()),
        result => result,
    })
}

fn exit(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

enum Task<'a> {
    Json { path: &'a str, protocol: &'a str },
    Peak { path: &'a str },
    Once { what: &'a str, path: &'a str, protocol: &'a str },
    Write { out: &'a str, data: &'a str, names: &'a [&'a str] },
}

struct Runner<'a> {
    name: &'a str,
    task: Task<'a>,
    found: bool,
    result: Result<(), Failure>,
}

impl Visit for Runner<'_> {
    fn visit<S: Shape>(&mut self) {
        let wanted = match self.task {
            Task::Write { names, .. } => names.is_empty() || names.contains(&S::NAME),
            _ => S::NAME == self.name,
        };
        if self.result.is_err() || !wanted {
            return;
        }
        self.found = true;
        let result = match self.task {
            Task::Json { path, protocol } => json::<S>(path, protocol),
            Task::Peak { path } => peak(path),
            Task::Once { what, path, protocol } => once::<S>(what, path, protocol),
            Task::Write { out, data, .. } => write::<S>(out, data),
        };
        self.result = result.map_err(|error| format!("{}: {error}", S::NAME).into());
    }
}

fn protocol(text: &str) -> Result<Protocol, Failure> {
    match text {
        "2" => Ok(Protocol::V2),
        "4" => Ok(Protocol::V4),
        "5" => Ok(Protocol::V5),
        _ => Err(format!("protocol {text}: 2, 4 or 5 is expected").into()),
    }
}

/// The names that the shapes use, and no others.
fn allowed() -> DeOptions<'static> {
    let list = ["shop", "datetime", "decimal", "uuid", "collections", "numpy", "_codecs"]
        .into_iter()
        .fold(AllowList::builtins(), |list, package| list.allow_package(package));
    DeOptions::new().resolver(list)
}

/// Does the work once; gives the time without that of dropping the result.
type Timed<'a> = Box<dyn Fn() -> Result<Duration, Failure> + 'a>;

/// Work by name, measured in turns.
struct Contenders<'a>(Vec<(&'static str, Timed<'a>)>);

impl<'a> Contenders<'a> {
    fn add<T>(&mut self, name: &'static str, work: impl Fn() -> Result<T, Failure> + 'a) {
        let timed = move || {
            let start = Instant::now();
            let result = black_box(work()?);
            let elapsed = start.elapsed();
            drop(result);
            Ok(elapsed)
        };
        self.0.push((name, Box::new(timed)));
    }

    /// The medians in seconds, by name.
    fn run(self) -> Result<Map<String, serde_json::Value>, Failure> {
        let mut seconds = vec![Vec::new(); self.0.len()];
        let start = Instant::now();
        for round in 0..MOST {
            if round >= FEWEST && start.elapsed() > BUDGET {
                break;
            }
            for turn in 0..self.0.len() {
                let which = (turn + round) % self.0.len();
                seconds[which].push(self.0[which].1()?.as_secs_f64());
            }
        }
        let medians = self.0.iter().zip(seconds);
        Ok(medians.map(|((name, _), times)| (name.to_string(), json!(median(times)))).collect())
    }
}

/// Seconds of each way to read and write the shape, as JSON.
fn json<S: Shape>(path: &str, protocol_text: &str) -> Result<(), Failure> {
    let protocol = protocol(protocol_text)?;
    let bytes = fs::read(path)?;
    let value: S::Owned = serde_pickle::from_slice(&bytes)?;
    let message_pack = rmp_serde::to_vec_named(&value)?;
    let (allow, nodes) = (allowed(), DeOptions::new().max_nodes(100_000_000));
    if allow.from_slice::<S::Owned>(&bytes)? != value
        || nodes.from_slice::<S::Owned>(&bytes)? != value
        || serde_pickle::from_reader::<_, S::Owned>(&bytes[..])? != value
    {
        return Err("another way to read gives another value".into());
    }
    let written: Option<S::Written> =
        if S::ENCODES { Some(serde_pickle::from_slice(&bytes)?) } else { None };
    let options = SerOptions::new().protocol(protocol);
    // The shape with one object, beside the whole one.
    let one = fs::read(Path::new(path).with_extension("one.pkl")).unwrap_or_default();
    let one_rmp = if one.is_empty() {
        Vec::new()
    } else {
        rmp_serde::to_vec_named(&serde_pickle::from_slice::<S::Owned>(&one)?)?
    };
    // Read next to the shape that has one odd value more.
    let regular =
        if S::NAME == "late" { fs::read(path.replace("late.p", "regular.p"))? } else { Vec::new() };
    let mut all = Contenders(Vec::new());
    if !one.is_empty() {
        all.add("one", || calls(|| Ok(serde_pickle::from_slice::<S::Owned>(&one)?)));
        all.add("one_rmp", || calls(|| Ok(rmp_serde::from_slice::<S::Owned>(&one_rmp)?)));
    }
    all.add("copy", || Ok(bytes.clone()));
    if !regular.is_empty() {
        all.add("regular", || Ok(serde_pickle::from_slice::<S::Owned>(&regular)?));
    }
    all.add("typed", || Ok(serde_pickle::from_slice::<S::Owned>(&bytes)?));
    all.add("rmp", || Ok(rmp_serde::from_slice::<S::Owned>(&message_pack)?));
    all.add("lex", || lex(&bytes).ok_or_else(|| "cut short".into()));
    for (name, reads) in S::OTHERS {
        all.add(name, || Ok(reads(&bytes)?));
    }
    all.add("value", || Ok(serde_pickle::from_slice::<Value>(&bytes)?));
    all.add("slice_of_file", || Ok(serde_pickle::from_slice::<S::Owned>(&fs::read(path)?)?));
    all.add("buffered", || {
        Ok(serde_pickle::from_buf_reader::<_, S::Owned>(BufReader::new(File::open(path)?))?)
    });
    all.add("read", || {
        Ok(serde_pickle::from_reader::<_, S::Owned>(BufReader::new(File::open(path)?))?)
    });
    all.add("with_list", || Ok(allow.from_slice::<S::Owned>(&bytes)?));
    all.add("with_nodes", || Ok(nodes.from_slice::<S::Owned>(&bytes)?));
    if let Some(written) = &written {
        all.add("encode", || Ok(options.to_vec(written)?));
        all.add("rmp_encode", || Ok(rmp_serde::to_vec_named(&value)?));
    }
    let mut seconds = all.run()?;
    let of = |seconds: &Map<String, serde_json::Value>, name: &str| {
        seconds.get(name).and_then(serde_json::Value::as_f64).unwrap_or(f64::NAN)
    };
    let typed = of(&seconds, "typed");
    let floor = of(&seconds, "rmp") + of(&seconds, "lex");
    // Against what each adds to, on the scale of `typed`.
    let reader = of(&seconds, "buffered") / of(&seconds, "slice_of_file") * typed;
    let read = of(&seconds, "read") / of(&seconds, "slice_of_file") * typed;
    let (list, nodes) = (of(&seconds, "with_list"), of(&seconds, "with_nodes"));
    for (name, value) in
        [("floor", floor), ("reader", reader), ("read", read), ("allow", list), ("nodes", nodes)]
    {
        seconds.insert(name.to_owned(), json!(value));
    }
    println!("{}", serde_json::Value::Object(seconds));
    Ok(())
}

/// Calls of `work`, each for one object.
fn calls<T>(work: impl Fn() -> Result<T, Failure>) -> Result<(), Failure> {
    for _ in 0..CALLS {
        black_box(work()?);
    }
    Ok(())
}

/// Prints the seconds that an array takes from a reader, or its file into a `Vec`, and by how many
/// bytes that raises the highest memory of this process.
fn array(path: &str, of_file: bool) -> ExitCode {
    exit((|| {
        let before = highest()?;
        let start = Instant::now();
        let len = if of_file {
            fs::read(path)?.len()
        } else {
            let array: OwnedNdArray = serde_pickle::from_reader(File::open(path)?)?;
            array.0.data().len()
        };
        let elapsed = start.elapsed().as_secs_f64();
        println!("{}", json!({ "seconds": elapsed, "peak": highest()? - before, "bytes": len }));
        Ok(())
    })())
}

/// Prints the bytes by which reading a `Value` raises the highest memory of this process.
fn peak(path: &str) -> Result<(), Failure> {
    let bytes = fs::read(path)?;
    // The pages of the code, a megabyte of them, come with the first read.
    if let Ok(one) = fs::read(Path::new(path).with_extension("one.pkl")) {
        drop(black_box(serde_pickle::from_slice::<Value>(&one)?));
    }
    let before = highest()?;
    let value: Value = serde_pickle::from_slice(&bytes)?;
    println!("{}", highest()? - before);
    drop(black_box(value));
    Ok(())
}

fn highest() -> Result<u64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")).ok_or("no VmHWM")?;
    Ok(kib.trim().parse::<u64>()? << 10)
}

/// One run of one task, so that a profiler sees little else.
fn once<S: Shape>(what: &str, path: &str, protocol_text: &str) -> Result<(), Failure> {
    let bytes = fs::read(path)?;
    match what {
        "typed" => drop(black_box(serde_pickle::from_slice::<S::Owned>(&bytes)?)),
        "value" => drop(black_box(serde_pickle::from_slice::<Value>(&bytes)?)),
        "reader" => {
            let file = BufReader::new(File::open(path)?);
            drop(black_box(serde_pickle::from_buf_reader::<_, S::Owned>(file)?));
        }
        "read" => {
            let file = BufReader::new(File::open(path)?);
            drop(black_box(serde_pickle::from_reader::<_, S::Owned>(file)?));
        }
        "nodes" => {
            let options = DeOptions::new().max_nodes(bytes.len());
            drop(black_box(options.from_slice::<S::Owned>(&bytes)?));
        }
        "allow" => drop(black_box(allowed().from_slice::<S::Owned>(&bytes)?)),
        // Reading what is written counts as well; `--once written` is that alone.
        "written" => drop(black_box(serde_pickle::from_slice::<S::Written>(&bytes)?)),
        "encode" => {
            let options = SerOptions::new().protocol(protocol(protocol_text)?);
            let written: S::Written = serde_pickle::from_slice(&bytes)?;
            drop(black_box(options.to_vec(&written)?));
        }
        _ => return Err(format!("no task is named {what}").into()),
    }
    Ok(())
}

/// Writes the shape by the type that writes, at both protocols.
fn write<S: Shape>(out: &str, data: &str) -> Result<(), Failure> {
    fs::create_dir_all(out)?;
    for number in ["2", "4"] {
        let file = format!("{}.p{number}.pkl", S::NAME);
        let path = Path::new(data).join(&file);
        if S::ENCODES && path.exists() {
            let written: S::Written = serde_pickle::from_slice(&fs::read(path)?)?;
            let options = SerOptions::new().protocol(protocol(number)?);
            fs::write(Path::new(out).join(file), options.to_vec(&written)?)?;
        }
    }
    Ok(())
}
