//! Rust types for what samples hold.
//!
//! [`shape`] walks over the samples and gathers what was seen at each [`place`]. [`resolve`]
//! decides on a type for each, with a comment ([`words`]) and a `Box` where it would hold itself
//! ([`boxes`]). [`probe`] reads every sample by these types, as derived code would, and where that
//! fails the field becomes a `Value`, or is left out. [`emit`] writes the module.

pub(crate) mod boxes;
pub(crate) mod emit;
pub(crate) mod names;
pub(crate) mod place;
pub(crate) mod probe;
pub(crate) mod resolve;
pub(crate) mod shape;
pub(crate) mod words;
