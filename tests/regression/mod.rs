//! Bugs that were found once, each by its name. A file is `<topic>_<what>.rs`; its head says what went wrong and why.

mod counts_beyond_every_input;
mod frame_beyond_every_input;
mod graph_prints_recursive_tuples;
mod inst_names;
mod int_of_nothing;
mod keys_by_identity;
mod methods_of_instances;
mod recursion_told_by_its_cause;
mod stack_global_of_long_names;
