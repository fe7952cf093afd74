//! Bounds on reading with the default options: the numbers that docs/SECURITY.md promises.
//!
//! Each is a constant times the input and a constant.

/// Bytes allocated whatever the input.
const PEAK_FIXED: u64 = 64 << 20;
/// Bytes allocated for each byte of input, at the most at any time, by reading and by using what
/// was read.
const PEAK_PER_BYTE: u64 = 300;
/// The same by writing a graph, where every level of nesting is something to come back to. An
/// opcode of one byte may be written as a call.
const PEAK_PER_BYTE_WRITTEN: u64 = 500;

/// Units of work: a value handed out, an object looked at, 16 bytes decoded or 64
/// searched for the end of a line.
const UNITS_FIXED: u64 = 10_000_000;
const UNITS_PER_BYTE: u64 = 50;

/// The bound on unfolding, in the units of `max_expansion`.
const EXPANSION_FIXED: u64 = 64 << 20;
const EXPANSION_PER_BYTE: u64 = 256;

/// Bytes written for each byte of input, when what was read is written again in whatever form.
const WRITTEN_PER_BYTE: u64 = 500;
/// The same for each byte of `max_expansion`.
const WRITTEN_PER_EXPANSION: u64 = 16;
const WRITTEN_FIXED: u64 = 1 << 20;

/// The bounds for an input of some length.
pub(crate) struct Bounds {
    pub(crate) peak: u64,
    /// The same where a graph is written.
    pub(crate) peak_written: u64,
    pub(crate) units: u64,
    pub(crate) written: u64,
}

impl Bounds {
    pub(crate) fn of(input: usize) -> Self {
        let input = input as u64;
        let expansion = EXPANSION_FIXED + EXPANSION_PER_BYTE * input;
        Self {
            peak: PEAK_FIXED + PEAK_PER_BYTE * input,
            peak_written: PEAK_FIXED + PEAK_PER_BYTE_WRITTEN * input,
            units: UNITS_FIXED + UNITS_PER_BYTE * input,
            written: WRITTEN_FIXED + WRITTEN_PER_BYTE * input + WRITTEN_PER_EXPANSION * expansion,
        }
    }
}

/// The bounds in words.
pub(crate) fn explain() -> String {
    format!(
        "bounds, with default options:\n  \
         bytes allocated <= {PEAK_FIXED} + {PEAK_PER_BYTE} * input, and \
         {PEAK_PER_BYTE_WRITTEN} * input where a graph is written\n  \
         units of work <= {UNITS_FIXED} + {UNITS_PER_BYTE} * input\n  \
         bytes written <= {WRITTEN_FIXED} + {WRITTEN_PER_BYTE} * input + {WRITTEN_PER_EXPANSION} * \
         ({EXPANSION_FIXED} + {EXPANSION_PER_BYTE} * input)\n"
    )
}
