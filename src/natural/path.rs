//! Paths of `pathlib` as text.
//!
//! Up to Python 3.12 a path is pickled as its parts, from 3.13 on as the texts it was made of. Both
//! are arguments of the class, which joins and normalises them.

use std::borrow::Cow;

use super::Call;
use crate::error::Result;
use crate::stdlib::path::{join_posix, join_windows};

/// The texts that a path is made of.
fn segments<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Vec<Cow<'g, str>>>> {
    call.charge_scan(call.args().len())?;
    call.args().iter().map(|&segment| call.setting_text(segment)).collect()
}

pub(super) fn posix<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Cow<'g, str>>> {
    let Some(segments) = segments(call)? else { return Ok(None) };
    charge(call, &segments)?;
    Ok(Some(join_posix(&segments).into()))
}

pub(super) fn windows<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Cow<'g, str>>> {
    let Some(segments) = segments(call)? else { return Ok(None) };
    charge(call, &segments)?;
    Ok(Some(join_windows(&segments).into()))
}

/// Charges the parts of a path: an input may repeat one text in any number of them.
fn charge(call: &Call<'_, '_, '_>, segments: &[Cow<'_, str>]) -> Result<()> {
    segments.iter().try_for_each(|segment| call.cx.charge(segment.len() + 1))
}
