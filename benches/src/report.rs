//! Tables in Markdown, and JSON.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::cli::is_base;
use crate::measure::median;

/// The measurements of one case.
pub struct Row {
    pub workload: &'static str,
    pub task: &'static str,
    pub contender: String,
    /// The size of what is read or written; 0 if it was not checked.
    pub bytes: usize,
    /// One time a round.
    pub nanos: Vec<f64>,
    /// Page faults, one number a round; empty unless each round was a process.
    pub faults: Vec<f64>,
}

impl Row {
    pub fn min(&self) -> f64 {
        self.nanos.iter().copied().fold(f64::INFINITY, f64::min)
    }

    pub fn median(&self) -> f64 {
        median(self.nanos.clone())
    }

    /// The median over the rounds of the ratio to `base` within the round: what drifts from round
    /// to round cancels.
    pub fn ratio(&self, base: &Row) -> f64 {
        median(self.nanos.iter().zip(&base.nanos).map(|(ours, theirs)| ours / theirs).collect())
    }
}

/// A duration in the unit that suits it.
pub fn time(nanos: f64) -> String {
    match nanos {
        n if n >= 1e6 => format!("{} ms", digits(n / 1e6)),
        n if n >= 1e3 => format!("{} µs", digits(n / 1e3)),
        n => format!("{} ns", digits(n)),
    }
}

/// Three digits that matter.
pub fn digits(number: f64) -> String {
    match number.abs() {
        n if n >= 100.0 => format!("{number:.0}"),
        n if n >= 10.0 => format!("{number:.1}"),
        n if n >= 0.0995 || n == 0.0 => format!("{number:.2}"),
        n if n >= 0.001 => format!("{number:.3}"),
        _ => format!("{number:.0e}"),
    }
}

fn base_of<'r>(rows: &[&'r Row], base: &str) -> Option<&'r Row> {
    rows.iter()
        .copied()
        .find(|row| row.contender == base)
        .or_else(|| rows.iter().copied().find(|row| is_base(&row.contender, base)))
}

/// One table for a workload: a line per task and contender.
pub fn workload_table(workload: &str, rows: &[Row], base: &str) -> String {
    let faults = rows.iter().any(|row| !row.faults.is_empty());
    let mut out = format!(
        "\n### {workload}\n\n| task | contender | bytes | median | min | ratio | ratio of minima |"
    );
    let _ = writeln!(out, "{}", if faults { " page faults |" } else { "" });
    let _ = writeln!(out, "|---|---|--:|--:|--:|--:|--:|{}", if faults { "--:|" } else { "" });
    let mut tasks: Vec<&str> = rows.iter().map(|row| row.task).collect();
    tasks.dedup();
    for task in tasks {
        let rows: Vec<&Row> = rows.iter().filter(|row| row.task == task).collect();
        let base = base_of(&rows, base);
        for row in &rows {
            let (ratio, minima) = match base {
                Some(base) => (digits(row.ratio(base)), digits(row.min() / base.min())),
                None => Default::default(),
            };
            let bytes = if row.bytes == 0 { String::new() } else { row.bytes.to_string() };
            let _ = write!(
                out,
                "| {task} | {} | {bytes} | {} | {} | {ratio} | {minima} |",
                row.contender,
                time(row.median()),
                time(row.min()),
            );
            let _ = if faults {
                writeln!(out, " {:.0} |", median(row.faults.clone()))
            } else {
                writeln!(out)
            };
        }
    }
    out
}

/// One table per task: the ratios, a line per contender and a column per workload.
pub fn summary(rows: &[Row], base: &str) -> String {
    let mut out = String::new();
    for task in crate::case::Task::ALL {
        let rows: Vec<&Row> = rows.iter().filter(|row| row.task == task.name()).collect();
        let mut workloads: Vec<&str> = rows.iter().map(|row| row.workload).collect();
        workloads.dedup();
        let mut contenders: Vec<&str> = Vec::new();
        let mut cells: BTreeMap<(&str, &str), &Row> = BTreeMap::new();
        for row in &rows {
            if !contenders.contains(&row.contender.as_str()) {
                contenders.push(&row.contender);
            }
            cells.insert((&row.contender, row.workload), row);
        }
        if contenders.is_empty() {
            continue;
        }
        let _ = write!(out, "\n### {}: time / base\n\n| |", task.name());
        workloads.iter().for_each(|name| out.push_str(&format!(" {name} |")));
        out.push_str("\n|---|");
        workloads.iter().for_each(|_| out.push_str("--:|"));
        out.push('\n');
        for contender in contenders {
            let _ = write!(out, "| {contender} |");
            for &workload in &workloads {
                let here: Vec<&Row> =
                    rows.iter().copied().filter(|row| row.workload == workload).collect();
                let cell = match (cells.get(&(contender, workload)), base_of(&here, base)) {
                    (Some(row), Some(base)) if row.contender == base.contender => {
                        time(row.median())
                    }
                    (Some(row), Some(base)) => digits(row.ratio(base)),
                    (Some(row), None) => time(row.median()),
                    (None, _) => "–".to_owned(),
                };
                let _ = write!(out, " {cell} |");
            }
            out.push('\n');
        }
    }
    out
}

/// Writes JSON to `path`: `{"rows": [...], ...head}`.
pub fn write_json(path: &Path, head: Value, rows: Vec<Value>) -> Result<(), String> {
    let mut whole = head;
    whole["rows"] = Value::Array(rows);
    let text = serde_json::to_string_pretty(&whole).map_err(|e| e.to_string())?;
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}

/// A row of times as JSON.
pub fn row_json(row: &Row) -> Value {
    json!({
        "workload": row.workload,
        "task": row.task,
        "contender": row.contender,
        "bytes": row.bytes,
        "nanos": row.nanos,
        "faults": row.faults,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(contender: &str, nanos: &[f64]) -> Row {
        Row {
            workload: "ints",
            task: "decode",
            contender: contender.to_owned(),
            bytes: 0,
            nanos: nanos.to_vec(),
            faults: Vec::new(),
        }
    }

    #[test]
    fn the_ratio_is_taken_within_each_round() {
        // The machine is twice as slow in the second round: the ratio is 3 in every one.
        let (ours, base) = (row("a", &[30.0, 60.0, 33.0]), row("b", &[10.0, 20.0, 11.0]));
        assert_eq!(ours.ratio(&base), 3.0);
    }

    #[test]
    fn numbers_have_three_digits_that_matter() {
        assert_eq!(digits(123.4), "123");
        assert_eq!(digits(12.34), "12.3");
        assert_eq!(digits(1.234), "1.23");
        assert_eq!(digits(0.0123), "0.012");
        assert_eq!(digits(0.00005), "5e-5");
        assert_eq!(time(1_234_567.0), "1.23 ms");
    }
}
