//! Reading typed: owned and borrowed. Filter with
//! `cargo bench -p serde_pickle_benches --bench decode -- FILTER`.

mod settings;

use serde_pickle_benches::case::Task;

fn main() {
    settings::run(&[Task::Decode, Task::Borrow]);
}
