//! Bugs that were found once, each by its name. A file is `<topic>_<what>.rs`; its head says what went wrong and why.

mod frame_beyond_every_input;
