//! What a pickle is: values with identity, shared and recursive references included.

mod cycle;
pub(crate) mod import;
pub(crate) mod handle;
pub(crate) mod nodes;
pub(crate) mod scalar;
pub(crate) mod view;

pub(crate) use cycle::contains_itself;
