//! Fuzzes `serde_pickle_checks::disassemble`.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use serde_pickle_checks::{disassemble, mutate};

fuzz_target!(|input: &[u8]| disassemble::check(input));

fuzz_mutator!(|input: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::mutate(disassemble::HEADER, input, size, max_size, seed, fuzzer_mutate)
});
