//! Writing typed. Filter with `cargo bench -p serde_pickle_benches --bench encode -- FILTER`.

mod settings;

use serde_pickle_benches::case::Task;

fn main() {
    settings::run(&[Task::Encode]);
}
