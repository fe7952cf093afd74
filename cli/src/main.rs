//! `pickle`: the command. Everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    serde_pickle_cli::main()
}
