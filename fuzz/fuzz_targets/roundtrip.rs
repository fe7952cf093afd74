//! Fuzzes `serde_pickle_checks::roundtrip`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_pickle_checks::roundtrip;

fuzz_target!(|input: &[u8]| roundtrip::check(input));
