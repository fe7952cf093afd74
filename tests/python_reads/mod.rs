//! Python loads what is written: every form that serde and this crate's own types have, put
//! to each Python that is there.

mod classes;
pub(crate) mod forms;
mod objects;
mod values;
