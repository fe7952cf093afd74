#!/usr/bin/env bash
# Installs the program out of a clean clone, as somebody would who has just found it, and runs the
# tests of its commands with what was installed:
#
#     bash cli/tests/install.sh [--debug]
#
# Arguments go to `cargo install`. CARGO_TARGET_DIR may name a folder in which its dependencies
# have been built.
set -euo pipefail
root=$(git -C "$(dirname "${BASH_SOURCE[0]}")" rev-parse --show-toplevel)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git clone --quiet "$root" "$folder/clone"
cargo install --locked --path "$folder/clone/cli" --root "$folder/installed" "$@"
"$folder/installed/bin/pickle" --version
cd "$root"
SERDE_PICKLE_CLI="$folder/installed/bin/pickle" \
    cargo test -p serde_pickle_cli --test commands --test cli --test joblib
