//! Dynamic values: reading and writing them. Filter with
//! `cargo bench -p serde_pickle_benches --bench dynamic -- FILTER`.

mod settings;

use serde_pickle_benches::case::Task;

fn main() {
    settings::run(&[Task::Value, Task::EncodeValue]);
}
