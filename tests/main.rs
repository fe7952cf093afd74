//! The integration tests, one binary; one module a topic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod classes_load;
mod python;
mod python_loads;
