//! `Value`: what users of the crate see of it.

mod deep;
mod keys;
mod repr;
mod through_pickle;
mod through_serde;
