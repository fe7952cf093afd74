//! Time zones: of the standard library, of pytz, dateutil, pendulum and others.
//!
//! A zone in a pickle is an offset, a key of the IANA database, or both. With a key alone the
//! offset of a moment is unknown here, for there is no time zone database; the exceptions are UTC
//! under all its names, and zones that have their transitions with them (see `transitions`).
//!
//! Sources: `timezone.__getinitargs__` in Python's `Lib/_pydatetime.py`; `ZoneInfo.__reduce__` in
//! `Lib/zoneinfo/_zoneinfo.py`; `__reduce__` in pytz's `tzinfo.py` and `__init__.py`; dateutil's
//! `tz/tz.py`; `__getinitargs__` in psycopg2's `tz.py`, bson's `tz_util.py` and pendulum's
//! `tz/timezone.py`; `LocalTimezone` in celery's `utils/time.py`; `FixedOffset` in Django 1.11's
//! `utils/timezone.py`; `__reduce__` in pytz_deprecation_shim's `_impl.py`.

use std::borrow::Cow;

use super::time::offset_of;
use super::{At, Call, Form, form, malformed, transitions};
use crate::error::{Error, Result};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::view::global_names;
use crate::stdlib::calendar::{DAY, SECOND, push_offset};
use crate::stdlib::zone::{is_utc, push_escaped, push_name};

/// A time zone as a pickle describes it.
#[derive(Default)]
pub(super) struct Zone<'g> {
    /// Microseconds east of UTC, less than a day.
    pub(super) offset: Option<i64>,
    /// The key in the IANA database.
    pub(super) key: Option<Cow<'g, str>>,
    /// Python's own name of an offset.
    pub(super) name: Option<Cow<'g, str>>,
    /// The class of a zone that is not known here: it has nothing else.
    pub(super) class: Option<String>,
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

    /// Returns true if it is UTC by name: then the offset alone says everything, in a form that
    /// more readers know.
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
        Ok(Self { offset: is_utc(&key).then_some(0), key: Some(key), ..Self::default() })
    }
}

/// The class of an unknown zone, in brackets, cut where an error would cut it.
pub(super) fn push_class(text: &mut String, class: &str) {
    text.push('[');
    push_escaped(text, &crate::error::quoted(class), b"-_.");
    text.push(']');
}

/// The zone `handle` of an object of the class `class`, at a time.
///
/// # Errors
/// Its class is not known here, so that its offset is not known either, and text that says all is
/// asked for. Otherwise the class takes the place of the zone.
pub(super) fn of<'g>(
    call: &Call<'_, 'g, '_>,
    handle: Handle,
    class: &str,
    at: Option<At>,
) -> Result<Zone<'g>> {
    if let Some(zone) = known(call, handle, at)? {
        return Ok(zone);
    }
    let zone = call.class_name(handle);
    if !call.strict && !call.exact {
        return Ok(Zone { class: Some(zone), ..Zone::default() });
    }
    let zone = crate::error::quoted(&zone);
    Err(Error::unsupported(format!(
        "a {class} in a time zone of the class {zone}, whose offset only Python can tell; \
         read the object as Reduce, or, if {zone} has the arguments of datetime.timezone or the \
         attributes of another known zone, give it that name by Renames"
    )))
}

/// The zone `handle`, if its class is known here and tells its offset or key.
pub(super) fn known<'g>(
    call: &Call<'_, 'g, '_>,
    handle: Handle,
    at: Option<At>,
) -> Result<Option<Zone<'g>>> {
    match call.call_of(handle)? {
        Some(object) if object.callable.tag() != Tag::Ext => {
            match form(call.cx, object.callable)? {
                Some(Form::Zone(form)) => form(&Call { object: &object, at, ..*call }),
                _ => Ok(None),
            }
        }
        _ => Ok(None),
    }
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
    let utc = Zone { offset: Some(0), key: Some(Cow::Borrowed("UTC")), ..Zone::default() };
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
    match *call.args() {
        [minutes] => of_number(call, minutes, 60),
        _ => Ok(None),
    }
}

/// An int of minutes or seconds.
fn of_number<'g>(
    call: &Call<'_, 'g, '_>,
    number: Handle,
    seconds: i64,
) -> Result<Option<Zone<'g>>> {
    match call.small(number).map(|number| number.checked_mul(seconds * SECOND)) {
        Some(Some(offset)) => Ok(Some(Zone { offset: Some(check(offset)?), ..Zone::default() })),
        Some(None) => check(i64::MAX).map(|_| None),
        None => Ok(None),
    }
}

/// The zones of psycopg2, bson and Django 1.11: a timedelta in the state; arguments of minutes or a
/// timedelta.
pub(super) fn fixed_minutes<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Zone<'g>>> {
    let [plain, private] = call.attributes(["_offset", "_FixedOffset__offset"])?;
    match (plain.or(private), call.args()) {
        (Some(delta), _) => with_offset(call, delta),
        (None, &[offset] | &[offset, _]) => match of_number(call, offset, 60)? {
            None => with_offset(call, offset),
            zone => Ok(zone),
        },
        _ => Ok(None),
    }
}

/// pytz_deprecation_shim's `wrap_zone(zone, key)`.
pub(super) fn shim<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Zone<'g>>> {
    match *call.args() {
        // A zone is no zone of this kind again: nothing recurses.
        [zone, _] if !is_shim(call, zone)? => known(call, zone, call.at),
        _ => Ok(None),
    }
}

fn is_shim(call: &Call<'_, '_, '_>, zone: Handle) -> Result<bool> {
    let Some(object) = call.call_of(zone)? else { return Ok(false) };
    if object.callable.tag() == Tag::Ext {
        return Ok(false);
    }
    let nodes = call.cx.nodes;
    let names = global_names(nodes, call.cx.input, object.callable, call.cx.settings.fix_imports)?;
    Ok(names.is_some_and(|(module, _)| module == "pytz_deprecation_shim._impl"))
}

/// pendulum's `FixedTimezone(seconds)`, `FixedTimezone(seconds, name)`; in pendulum 1 a float.
pub(super) fn pendulum_fixed<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Zone<'g>>> {
    let (&[seconds] | &[seconds, ..]) = call.args() else { return Ok(None) };
    match call.cx.float(seconds)? {
        Some(float) if float.abs() < 86_400.0 && float.fract() == 0.0 => {
            // Less than a day, and whole.
            let offset = Some(float as i64 * SECOND);
            Ok(Some(Zone { offset, ..Zone::default() }))
        }
        Some(_) => check(i64::MAX).map(|_| None),
        None => of_number(call, seconds, 1),
    }
}

/// pendulum's `Timezone(key)`, in pendulum 1 with all transitions behind the key.
pub(super) fn pendulum_named<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Zone<'g>>> {
    let (&[key] | &[key, ..]) = call.args() else { return Ok(None) };
    call.text(key).map(Zone::of_key).transpose()
}

/// pendulum 1's `TimezoneInfo(timezone, seconds, is_dst, dst, abbreviation)`: the zone of a
/// datetime, with its offset.
pub(super) fn pendulum_info<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Zone<'g>>> {
    let &[timezone, seconds, _, _, _] = call.args() else { return Ok(None) };
    let Some(mut zone) = of_number(call, seconds, 1)? else { return Ok(None) };
    if let Some(object) = call.call_of(timezone)?
        && call.class_name(timezone) == "pendulum.tz.timezone.Timezone"
        && let Some(named) = pendulum_named(&Call { object: &object, ..*call })?
    {
        zone.key = named.key;
    }
    Ok(Some(zone))
}

/// `LocalTimezone` of celery: known where it has no daylight saving.
pub(super) fn local<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Zone<'g>>> {
    one_of_two(call, ["STDOFFSET", "DSTOFFSET"])
}

/// The same of dateutil.
pub(super) fn dateutil_local<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Zone<'g>>> {
    one_of_two(call, ["_std_offset", "_dst_offset"])
}

/// The offset, where those of winter and summer are the same.
fn one_of_two<'g>(call: &Call<'_, 'g, '_>, names: [&str; 2]) -> Result<Option<Zone<'g>>> {
    let [Some(winter), Some(summer)] = call.attributes(names)? else { return Ok(None) };
    match (offset_of(call, winter)?, offset_of(call, summer)?) {
        (Some(winter), Some(summer)) if winter == summer => {
            Ok(Some(Zone { offset: Some(winter), ..Zone::default() }))
        }
        _ => Ok(None),
    }
}

/// dateutil's `tzrange` and `tzstr`, where they have no daylight saving.
pub(super) fn dateutil_range<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Zone<'g>>> {
    match call.attributes(["_std_offset", "hasdst"])? {
        [Some(delta), Some(no)] if no.tag() == Tag::False || call.small(no) == Some(0) => {
            with_offset(call, delta)
        }
        _ => Ok(None),
    }
}

fn check(offset: i64) -> Result<i64> {
    match offset.unsigned_abs() < (DAY).unsigned_abs() {
        true => Ok(offset),
        false => Err(malformed("time zone", "an offset of a day or more")),
    }
}

/// dateutil's `tzoffset`: its offset is in its state; in dateutil 4 it is the second argument.
pub(super) fn dateutil_offset<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Zone<'g>>> {
    match (call.attribute("_offset")?, call.args()) {
        (Some(delta), _) => with_offset(call, delta),
        (None, &[_, delta]) => match of_number(call, delta, 1)? {
            None => with_offset(call, delta),
            zone => Ok(zone),
        },
        _ => Ok(None),
    }
}

/// dateutil's `tzfile(None, name)`: the name of a file of the system says the key,
/// `/usr/share/zoneinfo/Europe/Berlin`; that of a file which comes with dateutil is the key. Its
/// state has the transitions.
pub(super) fn dateutil_file<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Zone<'g>>> {
    let &[_, file] = call.args() else { return Ok(None) };
    let zone = call.text(file).map(of_file).transpose()?.flatten();
    let found = match call.at {
        Some(at) => transitions::of_attributes(call, file_attributes(call)?, at)?,
        None => None,
    };
    Ok(with_transitions(zone, found))
}

/// The attributes of a file's zone: datetimes share zones, and a walk over them for each would cost
/// more than the datetime.
fn file_attributes(
    call: &Call<'_, '_, '_>,
) -> Result<[Option<Handle>; transitions::ATTRIBUTES.len()]> {
    let state = call.cx.state(call.object)?.unwrap_or(Handle::VACANT);
    let found = call.cx.zone.get(state, || call.attributes(transitions::ATTRIBUTES).map(Some))?;
    Ok(found.map(|found| *found).unwrap_or_default())
}

/// dateutil 3 and 4: `_unpickle(class, key, file, data)`.
pub(super) fn dateutil_unpickled<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Zone<'g>>> {
    let &[_, key, file, data] = call.args() else { return Ok(None) };
    let zone = match call.text(key) {
        Some(key) => Some(Zone::of_key(key)?),
        None => call.text(file).map(of_file).transpose()?.flatten(),
    };
    let found = match call.at {
        Some(at) => transitions::of_file(call, data, at)?,
        None => None,
    };
    Ok(with_transitions(zone, found))
}

/// The key in the name of a file, if it has one.
fn of_file(file: Cow<'_, str>) -> Result<Option<Zone<'_>>> {
    const FOLDER: &[u8] = b"/zoneinfo/";
    // `rsplit_once` would bring a searcher along that is a kilobyte and more.
    let place = file.as_bytes().windows(FOLDER.len()).rposition(|part| part == FOLDER);
    let key = match place.and_then(|at| file.get(at + FOLDER.len()..)) {
        Some(key) => Cow::Owned(key.to_owned()),
        // Of an open file without a name it is the repr.
        None if file.starts_with(['/', '<']) => return Ok(None),
        None => file,
    };
    Zone::of_key(key).map(Some)
}

/// A zone by its key, with what its transitions say of a time; without a key they say all. Where
/// they end and a rule goes on, the key says more than they do.
fn with_transitions<'g>(
    zone: Option<Zone<'g>>,
    found: Option<transitions::Found>,
) -> Option<Zone<'g>> {
    match (zone, found) {
        (Some(zone), Some((offset, false))) => {
            Some(Zone { offset: zone.offset.or(Some(offset)), ..zone })
        }
        (Some(zone), _) => Some(zone),
        (None, Some((offset, false))) => Some(Zone { offset: Some(offset), ..Zone::default() }),
        (None, _) => None,
    }
}
