//! The options that the runners share.

use std::path::PathBuf;
use std::str::FromStr;

use crate::case::Task;
use crate::data;

/// The help text of `ratios`; `allocs` and `sections` take the same filters.
pub const HELP: &str = "\
ratios [OPTIONS]: times the contenders in interleaved rounds and prints ratios

  --workload A,B    only these workloads (exact names)
  --task A,B        only these tasks: decode, borrow, value, encode, encode-value, scale
  --contender A,B   only contenders whose name contains one of these (the base is always in)
  --base NAME       what the ratios are to (default rmp-serde; rmpv for dynamic values)
  --rounds N        rounds (default 7); each contender runs once in each
  --fresh           a new process for each measurement, with its page faults in it
  --heap-kept       keep freed memory (glibc), so that no round pays for getting it again
  --aa              the base twice in each round: what noise is
  --alloc           count allocations in place of time (runs the program `allocs`)
  --no-check        do not compare the results with the truth first
  --json FILE       also write the single measurements
  --write DIR       write what the contenders encode to DIR, and measure nothing
  --data DIR        the data (default $SERDE_PICKLE_BENCH_DATA, else benches/data)
  --list            print the workloads, tasks and contenders, and measure nothing
";

/// The job, from the command line.
#[derive(Debug, Clone)]
pub struct Options {
    pub workloads: Vec<String>,
    pub tasks: Vec<Task>,
    pub contenders: Vec<String>,
    pub base: String,
    pub rounds: usize,
    pub fresh: bool,
    pub heap_kept: bool,
    pub twice: bool,
    pub alloc: bool,
    pub check: bool,
    pub json: Option<PathBuf>,
    pub write: Option<PathBuf>,
    pub data: PathBuf,
    pub list: bool,
    /// The one contender that a process spawned by `--fresh` runs, by its exact name.
    pub once: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            workloads: Vec::new(),
            tasks: Task::ALL.to_vec(),
            contenders: Vec::new(),
            base: "rmp-serde".to_owned(),
            rounds: 7,
            fresh: false,
            heap_kept: false,
            twice: false,
            alloc: false,
            check: true,
            json: None,
            write: None,
            data: data::folder(),
            list: false,
            once: None,
        }
    }
}

impl FromStr for Task {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Task::ALL
            .into_iter()
            .find(|task| task.name() == name)
            .ok_or_else(|| format!("no such task: {name}"))
    }
}

impl Options {
    /// Reads the arguments after the program's name. `Ok(None)` if help is asked for.
    pub fn parse(args: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut options = Options::default();
        let mut args = args;
        while let Some(flag) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{flag} needs a value"));
            match flag.as_str() {
                "--workload" => options.workloads = names(&value()?),
                "--task" => {
                    options.tasks = names(&value()?)
                        .iter()
                        .map(|name| name.parse())
                        .collect::<Result<_, _>>()?;
                }
                "--contender" => options.contenders = names(&value()?),
                "--base" => options.base = value()?,
                "--rounds" => {
                    options.rounds = match value()?.parse() {
                        Ok(rounds) if rounds > 0 => rounds,
                        _ => return Err("--rounds needs a number above 0".to_owned()),
                    };
                }
                "--fresh" => options.fresh = true,
                "--heap-kept" => options.heap_kept = true,
                "--aa" => options.twice = true,
                "--alloc" => options.alloc = true,
                "--no-check" => options.check = false,
                "--json" => options.json = Some(value()?.into()),
                "--write" => options.write = Some(value()?.into()),
                "--data" => options.data = value()?.into(),
                "--list" => options.list = true,
                "--once" => options.once = Some(value()?),
                "--help" | "-h" => return Ok(None),
                other => return Err(format!("unknown option {other}")),
            }
        }
        Ok(Some(options))
    }

    /// Returns true if this workload is asked for.
    pub fn wants_workload(&self, name: &str) -> bool {
        self.workloads.is_empty() || self.workloads.iter().any(|wanted| wanted == name)
    }

    /// Returns true if this contender is asked for, or is the base of the ratios.
    pub fn wants_contender(&self, name: &str) -> bool {
        match &self.once {
            Some(once) => once == name,
            None => {
                self.contenders.is_empty()
                    || self.contenders.iter().any(|wanted| name.contains(wanted.as_str()))
                    || (self.write.is_none() && is_base(name, &self.base))
            }
        }
    }
}

fn names(list: &str) -> Vec<String> {
    list.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Returns true if a contender is the base: by its name, the name at its beginning
/// (`rmp-serde 1x`), or because it is the dynamic value of `rmp-serde`, which is of another crate.
pub fn is_base(contender: &str, base: &str) -> bool {
    contender == base
        || contender.strip_prefix(base).is_some_and(|rest| rest == " 1x" || rest == "::Value")
        || (base == "rmp-serde" && contender == "rmpv::Value")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Options>, String> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn filters_are_lists_and_the_base_passes_every_filter() {
        let options =
            parse("--workload records,ints --task decode --contender json").unwrap().unwrap();
        assert!(options.wants_workload("ints") && !options.wants_workload("records2"));
        assert_eq!(options.tasks, [Task::Decode]);
        assert!(options.wants_contender("serde_json::Value"));
        assert!(options.wants_contender("rmp-serde") && !options.wants_contender("bincode"));
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        assert!(parse("--task decod").is_err());
        assert!(parse("--rounds 0").is_err());
        assert!(parse("--frsh").is_err());
        assert!(parse("--json").is_err());
    }
}
