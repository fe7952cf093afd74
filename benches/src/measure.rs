//! The measuring of a case.

use std::time::{Duration, Instant};

/// Measures the work handed to [`Probe::section`], and nothing around it.
pub trait Probe {
    /// Runs `work` once and measures it.
    fn section(&mut self, work: &mut dyn FnMut());
}

/// Wall-clock time of the last section.
#[derive(Default)]
pub struct Timer {
    pub elapsed: Duration,
}

impl Probe for Timer {
    fn section(&mut self, work: &mut dyn FnMut()) {
        let start = Instant::now();
        work();
        self.elapsed = start.elapsed();
    }
}

/// The minor page faults of this process so far. 0 where `/proc` is not there.
pub fn page_faults() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field is the command in parentheses, which may hold spaces; minflt is the eighth
    // after it.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    after_name.split_whitespace().nth(7).and_then(|field| field.parse().ok()).unwrap_or(0)
}

/// The median of some numbers, 0.0 for none.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    match numbers.len() {
        0 => 0.0,
        n if n % 2 == 1 => numbers[middle],
        _ => (numbers[middle - 1] + numbers[middle]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_count_is_between_the_middle_two() {
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
    }
}
