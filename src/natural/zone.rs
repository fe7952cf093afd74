//! Time zones: of the standard library, of pytz and of dateutil.
//!
//! A zone in a pickle is an offset, a key of the IANA database, or both. With a key alone the
//! offset of a moment is unknown here, for there is no time zone database; the exception is UTC
//! under all its names.
//!
//! Sources: `timezone.__getinitargs__` in Python's `Lib/_pydatetime.py`; `ZoneInfo.__reduce__` in
//! `Lib/zoneinfo/_zoneinfo.py`; `__reduce__` in pytz's `tzinfo.py` and `__init__.py`; dateutil's
//! `tz/tz.py`.

use std::borrow::Cow;

use super::time::offset_of;
use super::{Call, Form, malformed};
use crate::error::{Error, Result};
use crate::nodes::handle::{Handle, Tag};
use crate::stdlib::calendar::{DAY, SECOND, push_offset};
use crate::stdlib::zone::{is_utc, push_name};

/// What a pickle says of a time zone.
#[derive(Default)]
pub(super) struct Zone<'g> {
    /// Microseconds east of UTC, less than a day.
    pub(super) offset: Option<i64>,
    /// The key in the IANA database.
    pub(super) key: Option<Cow<'g, str>>,
    /// What Python calls an offset of its own.
    pub(super) name: Option<Cow<'g, str>>,
}

impl<'g> Zone<'g> {
    /// The zone by itself: its key, else its offset.
    pub(super) fn name(self) -> Cow<'g, str> {
        match (self.key, self.offset) {
            (Some(key), _) => key,
            (None, offset) => {
                let mut text = String::with_capacity(6);
                push_offset(&mut text, offset.unwrap_or_default());
                text.into()
            }
        }
    }

    /// The same with nothing left out.
    pub(super) fn exact_name(mut self) -> Cow<'g, str> {
        match self.name.take() {
            Some(name) => {
                let mut text = self.name().into_owned();
                push_name(&mut text, &name);
                text.into()
            }
            None => self.name(),
        }
    }

    /// Whether it is UTC by name: then the offset alone says everything, in a form that more
    /// readers know.
    pub(super) fn is_utc(&self) -> bool {
        self.key.as_deref().is_some_and(is_utc)
    }

    fn of_key(key: Cow<'g, str>) -> Result<Self> {
        // The key becomes part of a text that is parsed again.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-+.".contains(&byte);
        if key.is_empty() || !key.bytes().all(plain) {
            return Err(malformed(
                "time zone",
                format_args!("the key `{}`", crate::error::quoted(&key)),
            ));
        }
        Ok(Self { offset: is_utc(&key).then_some(0), key: Some(key), name: None })
    }
}

/// The zone `handle` of an object of the class `class`.
///
/// # Errors
/// Its class is not known here, so that its offset is not known either.
pub(super) fn of<'g>(call: &Call<'_, 'g, '_>, handle: Handle, class: &str) -> Result<Zone<'g>> {
    if let Some(object) = call.call_of(handle)?
        && object.callable.tag() != Tag::Ext
        && let Some(Form::Zone(form)) = super::form(call.cx, object.callable)?
        && let Some(zone) =
            form(&Call { cx: call.cx, object: &object, strict: call.strict, exact: call.exact })?
    {
        return Ok(zone);
    }
    let zone = call.class_name(handle);
    Err(Error::unsupported(format!(
        "a {class} in a time zone of the class {zone}, whose offset only Python can tell; read the object as Reduce"
    )))
}

/// `timezone(timedelta)`, `timezone(timedelta, name)`. The name is for human readers.
pub(super) fn timezone<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Zone<'g>>> {
    match *call.args() {
        [delta] => with_offset(call, delta),
        [delta, name] => {
            let name = if call.exact { call.text(name) } else { None };
            Ok(with_offset(call, delta)?.map(|zone| Zone { name, ..zone }))
        }
        _ => Ok(None),
    }
}

fn with_offset<'g>(call: &Call<'_, 'g, '_>, delta: Handle) -> Result<Option<Zone<'g>>> {
    Ok(offset_of(call, delta)?.map(|offset| Zone { offset: Some(offset), ..Zone::default() }))
}

/// `ZoneInfo._unpickle(key, from_cache)`.
pub(super) fn zoneinfo<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Zone<'g>>> {
    match *call.args() {
        [key] | [key, _] => call.text(key).map(Zone::of_key).transpose(),
        _ => Ok(None),
    }
}

/// `pytz._UTC()`, dateutil's `tzutc()`.
pub(super) fn utc<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Zone<'g>>> {
    let utc = Zone { offset: Some(0), key: Some(Cow::Borrowed("UTC")), name: None };
    Ok(call.args().is_empty().then_some(utc))
}

/// `pytz._p(key)`, `pytz._p(key, utcoffset, dst, abbreviation)` with seconds: the latter is the
/// zone of a datetime that was localized.
pub(super) fn pytz<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Zone<'g>>> {
    let [key, rest @ ..] = call.args() else { return Ok(None) };
    let Some(mut zone) = call.text(*key).map(Zone::of_key).transpose()? else { return Ok(None) };
    if let [seconds, _, _] = *rest {
        let Some(offset) = call.small(seconds).and_then(|seconds| seconds.checked_mul(SECOND))
        else {
            return Ok(None);
        };
        zone.offset = Some(check(offset)?);
    }
    Ok(Some(zone))
}

/// `pytz.FixedOffset(minutes)`.
pub(super) fn pytz_fixed<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Zone<'g>>> {
    let &[minutes] = call.args() else { return Ok(None) };
    let Some(offset) = call.small(minutes).and_then(|minutes| minutes.checked_mul(60 * SECOND))
    else {
        return Ok(None);
    };
    Ok(Some(Zone { offset: Some(check(offset)?), ..Zone::default() }))
}

fn check(offset: i64) -> Result<i64> {
    match offset.unsigned_abs() < (DAY).unsigned_abs() {
        true => Ok(offset),
        false => Err(malformed("time zone", "an offset of a day or more")),
    }
}

/// dateutil's `tzoffset`: its offset is in its state.
pub(super) fn dateutil_offset<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Zone<'g>>> {
    match call.attribute("_offset")? {
        Some(delta) => with_offset(call, delta),
        None => Ok(None),
    }
}

/// dateutil's `tzfile(None, name)`: the name of a file of the system says the key,
/// `/usr/share/zoneinfo/Europe/Berlin`; that of a file which comes with dateutil is the key.
pub(super) fn dateutil_file<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Zone<'g>>> {
    let Some(file) = call.args().get(1).and_then(|&file| call.text(file)) else { return Ok(None) };
    match file.rsplit_once("/zoneinfo/") {
        Some((_, key)) => Zone::of_key(Cow::Owned(key.to_owned())).map(Some),
        None if file.starts_with('/') => Ok(None),
        None => Zone::of_key(file).map(Some),
    }
}
