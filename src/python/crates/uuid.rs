//! The type of the crate uuid.

use crate::error::Result;
use crate::python::{AsPython, Uuid};

impl AsPython for ::uuid::Uuid {
    type Object = Uuid;

    fn to_python(&self) -> Result<Uuid> {
        Ok(Uuid(self.as_u128()))
    }

    fn from_python(Uuid(int): Uuid) -> Result<Self> {
        Ok(Self::from_u128(int))
    }
}

impl From<::uuid::Uuid> for Uuid {
    fn from(uuid: ::uuid::Uuid) -> Self {
        Self(uuid.as_u128())
    }
}

impl From<Uuid> for ::uuid::Uuid {
    fn from(Uuid(int): Uuid) -> Self {
        Self::from_u128(int)
    }
}
