//! The offset of a zone whose transitions are in the pickle, as dateutil's files have them.
//!
//! dateutil 2 pickles the attributes of a `tzfile`, dateutil 3 and 4 the content of the file. The
//! offset is what the library itself would give; where it goes by a rule that follows the last
//! transition there is none here. Sources: `_find_last_transition`, `_resolve_ambiguous_time` and
//! `_get_ttinfo` in dateutil 2's `tz/tz.py`; `__reduce_ex__` and `_find_trans` in dateutil 4's
//! `tz/_tzfile.py`.
//!
//! Tuples are searched by halves where they lie: a datetime costs a few ints, not all transitions.

use std::borrow::Cow;

use super::time::offset_of;
use super::{At, Call};
use crate::error::Result;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::view::tuple_items;
use crate::stdlib::calendar::{DAY, SECOND};

/// The attributes of dateutil 2 that tell an offset.
pub(super) const ATTRIBUTES: [&str; 5] =
    ["_trans_list", "_trans_list_utc", "_trans_idx", "_ttinfo_std", "_ttinfo_before"];

/// 1 January 2037: files of version 1 go on until then where a rule goes on for ever.
const END_OF_VERSION_1: i64 = 2_114_380_800;

/// An offset in microseconds; true if it is that after the last transition, which a rule may change
/// later.
pub(super) type Found = (i64, bool);

/// By the attributes of dateutil 2.
pub(super) fn of_attributes(
    call: &Call<'_, '_, '_>,
    attributes: [Option<Handle>; 5],
    at: At,
) -> Result<Option<Found>> {
    let [local, utc, kinds, standard, before] = attributes;
    let (time, times, second) = match at {
        At::Wall(time, second) => (time, local, second),
        At::Moment(time) => (time, utc, true),
    };
    let (Some(times), Some(kinds)) = (times, kinds) else { return Ok(None) };
    let (times, kinds) = (items(call, times)?, items(call, kinds)?);
    let offset = |kind: Option<Handle>| match kind {
        Some(kind) => of_kind(call, kind),
        None => Ok(None),
    };
    let after = |index: usize| match index + 1 >= times.len() {
        true => offset(standard),
        false => offset(kinds.get(index).copied()),
    };
    let Some(passed) = passed(times.len(), time, |index| call.small(*times.get(index)?)) else {
        return Ok(None);
    };
    let Some(index) = passed.checked_sub(1) else {
        return Ok(
            offset(if times.is_empty() { standard } else { before })?.map(|offset| (offset, false))
        );
    };
    let Some(found) = after(index)? else { return Ok(None) };
    // Before the clock is put back there is a first reading of the same time.
    if let (false, Some(previous)) = (second, index.checked_sub(1))
        && let Some(earlier) = after(previous)?
        && let Some(turn) = times.get(index).and_then(|&turn| call.small(turn))
        && time < turn.saturating_add((earlier - found) / SECOND)
    {
        return Ok(Some((earlier, false)));
    }
    let last = times.last().and_then(|&last| call.small(last));
    let goes_on = passed == times.len() && last >= Some(END_OF_VERSION_1);
    Ok(Some((found, goes_on)))
}

/// By the file's content of dateutil 3 and 4: `(kinds, times, offsets, isdst, names, rule)`.
pub(super) fn of_file(call: &Call<'_, '_, '_>, data: Handle, at: At) -> Result<Option<Found>> {
    let &[kinds, times, offsets, daylight, _, rule] = tuple_items(call.cx.nodes, data) else {
        return Ok(None);
    };
    let (kinds, times) = (items(call, kinds)?, items(call, times)?);
    let (offsets, daylight) = (items(call, offsets)?, items(call, daylight)?);
    // A rule with daylight saving has commas.
    let goes_on = call.bytes(rule)?.is_none_or(|rule| rule.contains(&b','));
    let seconds = |kind: usize| call.small(*offsets.get(kind)?);
    let after = |index: usize| seconds(usize::try_from(call.small(*kinds.get(index)?)?).ok()?);
    let is_standard = |flag: &Handle| flag.tag() == Tag::False || call.small(*flag) == Some(0);
    call.charge_scan(daylight.len())?;
    let Some(before) = seconds(daylight.iter().position(is_standard).unwrap_or(0)) else {
        return Ok(None);
    };
    let edge = |index: usize| {
        let turn = call.small(*times.get(index)?)?;
        let At::Wall(_, second) = at else { return Some(turn) };
        let earlier = if index == 0 { before } else { after(index - 1)? };
        let later = after(index)?;
        turn.checked_add(if second { earlier.min(later) } else { earlier.max(later) })
    };
    let (At::Wall(time, _) | At::Moment(time)) = at;
    let Some(passed) = passed(times.len(), time, edge) else { return Ok(None) };
    let found = match passed.checked_sub(1) {
        Some(index) => after(index),
        None => Some(before),
    };
    let micros = found.and_then(|found| found.checked_mul(SECOND));
    Ok(micros
        .filter(|micros| micros.unsigned_abs() < DAY.unsigned_abs())
        .map(|micros| (micros, goes_on && passed == times.len())))
}

/// Counts those of `len` ascending times that are not after `time`.
fn passed(len: usize, time: i64, at: impl Fn(usize) -> Option<i64>) -> Option<usize> {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low.midpoint(high);
        match at(middle)? <= time {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    Some(low)
}

/// The items of a tuple where they lie, or those of a list, which is copied and so is counted.
fn items<'g>(call: &Call<'_, 'g, '_>, handle: Handle) -> Result<Cow<'g, [Handle]>> {
    let nodes = call.cx.nodes;
    match handle.tag() {
        Tag::List => {
            let object = nodes.object(handle.number());
            call.cx.charge_contents(&object)?;
            Ok(nodes.contents(&object).collect())
        }
        _ => Ok(Cow::Borrowed(tuple_items(nodes, handle))),
    }
}

/// The offset of a `_ttinfo`.
fn of_kind(call: &Call<'_, '_, '_>, kind: Handle) -> Result<Option<i64>> {
    let Some(object) = call.call_of(kind)? else { return Ok(None) };
    let kind = Call { object: &object, ..*call };
    match kind.attribute("delta")? {
        Some(delta) => offset_of(call, delta),
        None => Ok(None),
    }
}
