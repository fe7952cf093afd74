//! [`Notes`]: what an update asks of a reading, beside its value.
//!
//! A field may be read under another name than it is written by, and text that an update has put
//! into the graph cannot be borrowed from the input. Nobody else takes notes.

use std::sync::{Mutex, PoisonError};

use foldhash::{HashMap, HashSet};

use crate::nodes::handle::Handle;

/// The notes of one walk, which may be on several threads in turn, and what it does otherwise.
#[derive(Default)]
pub(crate) struct Notes<'de> {
    /// The structs and enums that were read, if that is asked for.
    asked: Option<Mutex<HashMap<Handle, Asked>>>,
    /// Text and bytes for constants, where a type may want to borrow them.
    stand_ins: HashMap<Handle, StandIn<'de>>,
    /// The constants that others stood in for.
    used: Mutex<HashSet<Handle>>,
}

/// A type that an object was read as.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked {
    /// A struct with fields of these names, in order, each with its aliases.
    Struct(&'static [&'static str]),
    Enum,
}

/// A value in the place of another one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StandIn<'de> {
    Text(&'de str),
    Bytes(&'de [u8]),
}

impl<'de> Notes<'de> {
    /// Notes what objects are read as.
    pub(crate) fn of_types() -> Self {
        Self { asked: Some(Mutex::default()), ..Self::default() }
    }

    /// Lets others stand in for constants.
    pub(crate) fn with(stand_ins: HashMap<Handle, StandIn<'de>>) -> Self {
        Self { stand_ins, ..Self::default() }
    }

    /// Notes that an object is read as this type.
    pub(crate) fn note(&self, handle: Handle, asked: Asked) {
        if let Some(noted) = &self.asked {
            let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
            noted.entry(handle).or_insert(asked);
        }
    }

    /// The value that stands in for a constant.
    pub(crate) fn stand_in(&self, handle: Handle) -> Option<StandIn<'de>> {
        let found = self.stand_ins.get(&handle).copied()?;
        self.used.lock().unwrap_or_else(PoisonError::into_inner).insert(handle);
        Some(found)
    }

    /// The constants that others have stood in for.
    pub(crate) fn used(self) -> HashSet<Handle> {
        self.used.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// The types that objects were read as.
    pub(crate) fn into_types(self) -> HashMap<Handle, Asked> {
        let asked = self.asked.map(Mutex::into_inner);
        asked.map(|asked| asked.unwrap_or_else(PoisonError::into_inner)).unwrap_or_default()
    }
}
