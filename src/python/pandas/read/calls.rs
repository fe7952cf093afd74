use super::{Object, Rows};
use crate::error::{Error, Result};
use crate::python::pandas::frame::{Frame, Series};
use crate::python::pandas::index::Index;
use crate::value::Value;
pub(super) struct Call;
impl Call { pub(super) fn of(_: &Value) -> Option<Self> { None } }
pub(super) fn frame(_: &Call) -> Result<Frame> { Err(Error::data("")) }
pub(super) fn series(_: &Call) -> Result<Series> { Err(Error::data("")) }
pub(super) fn index(_: &Call) -> Result<Option<Index>> { Ok(None) }
pub(super) fn array(object: Object<'_>) -> Result<Rows> { Err(object.unexpected("an array of pandas")) }
