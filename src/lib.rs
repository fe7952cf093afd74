//! Python's pickle as a serde data format.
#![forbid(unsafe_code)]
