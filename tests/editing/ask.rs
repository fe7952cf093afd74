//! Real libraries asked about pickles that were changed, where `SERDE_PICKLE_LIBRARIES` names their
//! environments.

use std::path::Path;
use std::process::Command;

/// Runs a script of `fixtures/editing` over `changed` in each environment; gives what each prints.
/// `make` makes the pickles. Without an environment nothing is made or asked.
pub(crate) fn each_environment(script: &str, changed: &Path, make: impl FnOnce()) -> Vec<String> {
    let Some(environments) = std::env::var_os("SERDE_PICKLE_LIBRARIES") else {
        eprintln!("SERDE_PICKLE_LIBRARIES is not set, so no library is asked");
        return Vec::new();
    };
    make();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/editing").join(script);
    let ask = |environment: std::path::PathBuf| {
        let python = environment.join("bin/python");
        let output = Command::new(python).arg(&script).arg(changed).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        println!("{}\n{text}", environment.display());
        assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
        text
    };
    std::env::split_paths(&environments).map(ask).collect()
}
