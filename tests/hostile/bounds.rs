//! How much reading may take: the numbers that docs/SECURITY.md promises.
//!
//! Each is a constant times the input and a constant. What shared references expand to is bounded
//! by `max_expansion`, which all paths here set to [`EXPANSION`], so that the bounds are narrow
//! enough to show something.

/// What the paths set as `max_expansion`, in bytes.
pub(crate) const EXPANSION: usize = 1 << 20;

/// Bytes allocated for each byte of input, at the most at any time, by reading and by using what
/// was read.
const PEAK_PER_BYTE: u64 = 300;
/// The same by writing a graph, where every level of nesting is something to come back to. An
/// opcode of one byte may be written as a call.
const PEAK_PER_BYTE_WRITTEN: u64 = 500;
/// Bytes allocated for each byte of `max_expansion`: an element of an array of bytes counts one,
/// and may become a JSON value of 72.
const PEAK_PER_EXPANSION: u64 = 80;
/// Bytes allocated whatever the input.
const PEAK_FIXED: u64 = 1 << 20;

/// Values handed out for each byte of input. An instruction is a byte and makes at most one value;
/// one that is shared is a value each time.
const STEPS_PER_BYTE: u64 = 2;
/// The smallest value counts so many bytes against `max_expansion`.
const EXPANSION_PER_STEP: u64 = 16;
const STEPS_FIXED: u64 = 100;

/// Bytes written for each byte of input, when what was read is written again in whatever form.
const WRITTEN_PER_BYTE: u64 = 500;
/// The same for each byte of `max_expansion`.
const WRITTEN_PER_EXPANSION: u64 = 16;
const WRITTEN_FIXED: u64 = 1 << 20;

/// What an input of some length may take.
pub(crate) struct Bounds {
    pub(crate) peak: u64,
    /// The same where a graph is written.
    pub(crate) peak_written: u64,
    pub(crate) steps: u64,
    pub(crate) written: u64,
}

impl Bounds {
    pub(crate) fn of(input: usize) -> Self {
        let (input, expansion) = (input as u64, EXPANSION as u64);
        let fixed = PEAK_PER_EXPANSION * expansion + PEAK_FIXED;
        Self {
            peak: PEAK_PER_BYTE * input + fixed,
            peak_written: PEAK_PER_BYTE_WRITTEN * input + fixed,
            steps: STEPS_PER_BYTE * input + expansion / EXPANSION_PER_STEP + STEPS_FIXED,
            written: WRITTEN_PER_BYTE * input + WRITTEN_PER_EXPANSION * expansion + WRITTEN_FIXED,
        }
    }
}

/// The bounds in words.
pub(crate) fn explain() -> String {
    format!(
        "bounds, with max_expansion = {EXPANSION}:\n  \
         bytes allocated <= {PEAK_PER_BYTE} * input + {PEAK_PER_EXPANSION} * max_expansion + {PEAK_FIXED}, \
         and {PEAK_PER_BYTE_WRITTEN} * input where a graph is written\n  \
         values handed out <= {STEPS_PER_BYTE} * input + max_expansion / {EXPANSION_PER_STEP} + {STEPS_FIXED}\n  \
         bytes written <= {WRITTEN_PER_BYTE} * input + {WRITTEN_PER_EXPANSION} * max_expansion + {WRITTEN_FIXED}\n"
    )
}
