//! Natural forms: what an object of Python's own classes is to a reader that does not know them.
//!
//! A datetime is ten bytes and a time zone in a pickle; asked for text it is ISO 8601, so that the
//! types of chrono and jiff read it by their own serde support. [`TABLE`] says which classes have
//! such a form, under the names they have in Python 3, and by which function. What comes out is a
//! [`Natural`]: text, or the handles of the values that the object stands for. `de` hands it to
//! serde; nothing here does, and nothing is ever called or expanded.
//!
//! The table is searched once for each class in a graph, not for each object.
//!
//! Advice to the next editor: a class's row takes every spelling that a Python or library has
//! written for it. A function gives `None` for arguments of another shape, which are then data like
//! those of any call; an error is for what has the shape and is wrong. `docs/MAPPING.md` has a row
//! for each form.

mod array;
mod builtin;
mod number;
pub(crate) mod numpy;
mod pandas;
mod path;
mod time;
mod transitions;
mod zone;

use std::borrow::Cow;

pub(crate) use array::Array;
pub(crate) use builtin::is_exception;

use crate::error::{Error, Result};
use crate::limits;
use crate::meter;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::scalar::{self, Int};
use crate::nodes::view::{ObjectView, View, global_names, spelled, tuple_items};
use crate::packed::{Packed, packed};
use crate::read::text::Text;
use crate::walk::cx::Cx;
use numpy::Numpy;
use zone::Zone;

/// The natural form of an object.
pub(crate) enum Natural<'g> {
    /// Text.
    Text(Cow<'g, str>),
    /// None: a missing value of numpy or pandas.
    Absent,
    /// The text that this value is.
    Same(Handle),
    /// This value, whatever is asked for.
    Is(Handle),
    /// A mapping: the entries of these, each a dict or a list of a key and a value, and then the
    /// object's dict items.
    Pairs(Vec<Handle>),
    /// A sequence: the items of this list or tuple, and then the object's list items.
    Items(Option<Handle>),
    /// A wrapper around this value. By itself it is an instance with a state; asked for what it
    /// wraps, it is that.
    Wraps(Handle),
    /// Numbers.
    Array(Array<'g>),
    /// An array or scalar of numpy.
    Numpy(Box<Numpy<'g>>),
}

/// The function that makes the natural form of a class's objects.
#[derive(Clone, Copy)]
enum Form {
    Text(for<'g> fn(&Call<'_, 'g, '_>) -> Result<Option<Cow<'g, str>>>),
    Zone(for<'g> fn(&Call<'_, 'g, '_>) -> Result<Option<Zone<'g>>>),
    Other(for<'g> fn(&Call<'_, 'g, '_>) -> Result<Option<Natural<'g>>>),
    /// The name itself, or a call of it, stands for a missing value.
    Absent,
}

/// Module, qualified name, form; in order of the names, because it is searched by halves.
const TABLE: &[(&str, &str, Form)] = &[
    ("array", "_array_reconstructor", Form::Other(array::from_bytes)),
    ("array", "array", Form::Other(array::from_list)),
    ("arrow.arrow", "Arrow", Form::Other(arrow)),
    ("backports.zoneinfo", "ZoneInfo._unpickle", Form::Zone(zone::zoneinfo)),
    ("bson.tz_util", "FixedOffset", Form::Zone(zone::fixed_minutes)),
    ("builtins", "frozendict", Form::Other(pairs)),
    ("builtins", "type", Form::Text(builtin::type_of)),
    ("celery.utils.time", "LocalTimezone", Form::Zone(zone::local)),
    ("collections", "Counter", Form::Other(pairs)),
    ("collections", "OrderedDict", Form::Other(pairs)),
    ("collections", "UserDict", Form::Other(wraps)),
    ("collections", "UserList", Form::Other(wraps)),
    ("collections", "UserString", Form::Other(wraps)),
    ("collections", "defaultdict", Form::Other(defaultdict)),
    ("collections", "deque", Form::Other(deque)),
    ("datetime", "date", Form::Text(time::date)),
    ("datetime", "datetime", Form::Text(time::datetime)),
    ("datetime", "time", Form::Text(time::time)),
    ("datetime", "timedelta", Form::Text(time::timedelta)),
    ("datetime", "timezone", Form::Zone(zone::timezone)),
    ("dateutil.tz._tzfile", "_unpickle", Form::Zone(zone::dateutil_unpickled)),
    ("dateutil.tz.tz", "tzfile", Form::Zone(zone::dateutil_file)),
    ("dateutil.tz.tz", "tzlocal", Form::Zone(zone::dateutil_local)),
    ("dateutil.tz.tz", "tzoffset", Form::Zone(zone::dateutil_offset)),
    ("dateutil.tz.tz", "tzrange", Form::Zone(zone::dateutil_range)),
    ("dateutil.tz.tz", "tzstr", Form::Zone(zone::dateutil_range)),
    ("dateutil.tz.tz", "tzutc", Form::Zone(zone::utc)),
    ("dateutil.zoneinfo", "tzfile", Form::Zone(zone::dateutil_file)),
    ("decimal", "Decimal", Form::Other(number::decimal)),
    ("django.utils.timezone", "FixedOffset", Form::Zone(zone::fixed_minutes)),
    ("fractions", "Fraction", Form::Text(number::fraction)),
    ("frozendict", "frozendict", Form::Other(pairs)),
    ("immutabledict", "immutabledict", Form::Other(pairs)),
    ("ipaddress", "IPv4Address", Form::Text(number::ipv4)),
    ("ipaddress", "IPv4Interface", Form::Text(number::network)),
    ("ipaddress", "IPv4Network", Form::Text(number::network)),
    ("ipaddress", "IPv6Address", Form::Text(number::ipv6)),
    ("ipaddress", "IPv6Interface", Form::Text(number::network)),
    ("ipaddress", "IPv6Network", Form::Text(number::network)),
    ("numpy", "dtype", Form::Text(numpy::dtype_text)),
    ("numpy", "ndarray", Form::Other(numpy::natural)),
    ("numpy._core.multiarray", "_reconstruct", Form::Other(numpy::natural)),
    ("numpy._core.multiarray", "scalar", Form::Other(numpy::natural)),
    ("numpy._core.numeric", "_frombuffer", Form::Other(numpy::natural)),
    ("numpy.core.multiarray", "_reconstruct", Form::Other(numpy::natural)),
    ("numpy.core.multiarray", "scalar", Form::Other(numpy::natural)),
    ("numpy.core.numeric", "_frombuffer", Form::Other(numpy::natural)),
    ("numpy.ma.core", "MaskedConstant", Form::Absent),
    ("numpy.ma.core", "_mareconstruct", Form::Other(numpy::natural)),
    ("pandas", "NA", Form::Absent),
    ("pandas", "Period", Form::Text(pandas::period)),
    ("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked", Form::Other(pandas::backed)),
    ("pandas._libs.missing", "NA", Form::Absent),
    ("pandas._libs.tslibs.nattype", "__nat_unpickle", Form::Absent),
    ("pandas._libs.tslibs.nattype", "_nat_unpickle", Form::Absent),
    ("pandas._libs.tslibs.period", "Period", Form::Text(pandas::period)),
    ("pandas._libs.tslibs.timedeltas", "Timedelta", Form::Text(pandas::timedelta)),
    ("pandas._libs.tslibs.timedeltas", "_timedelta_unpickle", Form::Text(pandas::timedelta)),
    ("pandas._libs.tslibs.timestamps", "Timestamp", Form::Text(pandas::timestamp)),
    ("pandas._libs.tslibs.timestamps", "_unpickle_timestamp", Form::Text(pandas::timestamp)),
    ("pandas.core.arrays.datetimes", "DatetimeArray", Form::Other(pandas::array_of_state)),
    ("pandas.core.arrays.timedeltas", "TimedeltaArray", Form::Other(pandas::array_of_state)),
    ("pandas.core.indexes.base", "_new_Index", Form::Other(pandas::index)),
    ("pandas.core.indexes.datetimes", "_new_DatetimeIndex", Form::Other(pandas::index)),
    ("pandas.core.indexes.interval", "_new_IntervalIndex", Form::Other(pandas::index)),
    ("pandas.core.indexes.timedeltas", "_new_TimedeltaIndex", Form::Other(pandas::index)),
    ("pathlib", "PosixPath", Form::Text(path::posix)),
    ("pathlib", "PurePosixPath", Form::Text(path::posix)),
    ("pathlib", "PureWindowsPath", Form::Text(path::windows)),
    ("pathlib", "WindowsPath", Form::Text(path::windows)),
    ("pathlib._local", "PosixPath", Form::Text(path::posix)),
    ("pathlib._local", "PurePosixPath", Form::Text(path::posix)),
    ("pathlib._local", "PureWindowsPath", Form::Text(path::windows)),
    ("pathlib._local", "WindowsPath", Form::Text(path::windows)),
    ("pendulum.date", "Date", Form::Text(time::date)),
    ("pendulum.datetime", "DateTime", Form::Text(time::datetime)),
    ("pendulum.duration", "Duration", Form::Text(time::timedelta)),
    ("pendulum.interval", "Interval", Form::Text(time::timedelta)),
    ("pendulum.pendulum", "Pendulum", Form::Text(time::datetime)),
    ("pendulum.time", "Time", Form::Text(time::time)),
    ("pendulum.tz.timezone", "FixedTimezone", Form::Zone(zone::pendulum_fixed)),
    ("pendulum.tz.timezone", "Timezone", Form::Zone(zone::pendulum_named)),
    ("pendulum.tz.timezone", "Timezone._unpickle", Form::Zone(zone::zoneinfo)),
    ("pendulum.tz.timezone_info", "TimezoneInfo", Form::Zone(zone::pendulum_info)),
    ("pendulum.tz.timezone_info", "_UTC", Form::Zone(zone::utc)),
    ("psycopg2.tz", "FixedOffsetTimezone", Form::Zone(zone::fixed_minutes)),
    ("pytz", "FixedOffset", Form::Zone(zone::pytz_fixed)),
    ("pytz", "_FixedOffset", Form::Zone(zone::pytz_fixed)),
    ("pytz", "_UTC", Form::Zone(zone::utc)),
    ("pytz", "_p", Form::Zone(zone::pytz)),
    ("pytz_deprecation_shim._impl", "wrap_zone", Form::Zone(zone::shim)),
    ("uuid", "UUID", Form::Text(number::uuid)),
    ("zoneinfo", "ZoneInfo._unpickle", Form::Zone(zone::zoneinfo)),
];

/// The names in [`TABLE`], and its forms: what a program holds of it.
static NAMES: Packed<2> = packed!(&ROWS; 2);
static FORMS: [Form; TABLE.len()] = {
    let mut forms = [Form::Absent; TABLE.len()];
    let mut place = 0;
    while place < forms.len() {
        forms[place] = TABLE[place].2;
        place += 1;
    }
    forms
};

const ROWS: [[&str; 2]; TABLE.len()] = {
    let mut rows = [[""; 2]; TABLE.len()];
    let mut place = 0;
    while place < rows.len() {
        rows[place] = [TABLE[place].0, TABLE[place].1];
        place += 1;
    }
    rows
};

/// The place of a class in [`TABLE`].
fn find(module: &str, qualname: &str) -> Option<usize> {
    NAMES.place([module, qualname])
}

/// Returns true if the objects of a class may have a natural form.
pub(crate) fn has_form(module: &str, qualname: &str) -> bool {
    find(module, qualname).is_some()
}

/// The form of the objects of a class, if they have one.
fn form(cx: &Cx<'_, '_>, class: Handle) -> Result<Option<Form>> {
    let place = cx.forms.get(class, || {
        let names = global_names(cx.nodes, cx.input, class, cx.settings.fix_imports)?;
        let place = names.and_then(|(module, qualname)| find(&module, &qualname));
        Ok(place.and_then(|place| u8::try_from(place).ok()))
    })?;
    Ok(place.and_then(|place| FORMS.get(usize::from(place))).copied())
}

/// The natural form of an object, where it has one.
///
/// # Errors
/// `Data` where its parts are not what its class writes; `Unsupported` where the form can't be told
/// from the pickle, as with an unknown kind of time zone. With `strict`, where text is asked for
/// and nothing else, text that would lose something is an error too.
pub(crate) fn natural<'g>(
    cx: &'g Cx<'g, '_>,
    object: &ObjectView<'g>,
    strict: bool,
) -> Result<Option<Natural<'g>>> {
    // A class by extension code has no name here; its objects are data.
    if object.callable.tag() == Tag::Ext {
        return Ok(None);
    }
    let Some(form) = form(cx, object.callable)? else { return Ok(None) };
    let call = Call { cx, object, strict, exact: false, at: None };
    match form {
        Form::Text(text) => Ok(text(&call)?.map(Natural::Text)),
        Form::Zone(zone) => Ok(zone(&call)?.map(|zone| Natural::Text(zone.name()))),
        Form::Other(form) => form(&call),
        Form::Absent => Ok(Some(Natural::Absent)),
    }
}

/// Returns true if a global stands for a missing value, as `pandas.NA` does.
pub(crate) fn is_absent(cx: &Cx<'_, '_>, global: Handle) -> Result<bool> {
    Ok(global.tag() == Tag::Global && matches!(form(cx, global)?, Some(Form::Absent)))
}

/// Returns true if an object stands for a missing value, as pandas' `NaT` does.
pub(crate) fn is_absent_call(cx: &Cx<'_, '_>, object: &ObjectView<'_>) -> Result<bool> {
    Ok(object.callable.tag() != Tag::Ext
        && matches!(form(cx, object.callable)?, Some(Form::Absent)))
}

/// The natural form of an object, where that is text, and with what it otherwise leaves out: the
/// types of `python` read it.
///
/// Behind a time there may be further suffixes in the form of RFC 9557: `[_fold=1]` and
/// `[_name=…]`, the name of an offset with all but letters, digits, `-` and `_` as `%` and two
/// hexadecimal digits a byte; and UTC is in brackets where it is a zone of that name.
pub(crate) fn exact_text<'g>(
    cx: &'g Cx<'g, '_>,
    object: &ObjectView<'g>,
) -> Result<Option<Cow<'g, str>>> {
    if object.callable.tag() == Tag::Ext {
        return Ok(None);
    }
    let Some(form) = form(cx, object.callable)? else { return Ok(None) };
    let call = Call { cx, object, strict: false, exact: true, at: None };
    match form {
        Form::Text(text) => text(&call),
        Form::Zone(zone) => Ok(zone(&call)?.map(Zone::exact_name)),
        Form::Other(form) => Ok(match form(&call)? {
            Some(Natural::Text(text)) => Some(text),
            Some(Natural::Same(handle)) => call.text(handle),
            _ => None,
        }),
        Form::Absent => Ok(None),
    }
}

/// The natural form of an object, where that is a container or a wrapper and not text.
pub(crate) fn structure<'g>(
    cx: &'g Cx<'g, '_>,
    object: &ObjectView<'g>,
) -> Result<Option<Natural<'g>>> {
    if object.callable.tag() == Tag::Ext {
        return Ok(None);
    }
    match form(cx, object.callable)? {
        Some(Form::Other(form)) => {
            form(&Call { cx, object, strict: false, exact: false, at: None })
        }
        _ => Ok(None),
    }
}

/// Returns true if the state of an object has the attribute `name`.
pub(crate) fn has_attribute(cx: &Cx<'_, '_>, object: &ObjectView<'_>, name: &str) -> Result<bool> {
    Ok(Call { cx, object, strict: false, exact: false, at: None }.attribute(name)?.is_some())
}

/// An object as the functions of the table see it.
pub(crate) struct Call<'c, 'g, 'de> {
    cx: &'g Cx<'g, 'de>,
    object: &'c ObjectView<'g>,
    /// True if text is asked for, and no other form will do.
    strict: bool,
    /// True if the text must leave nothing out.
    exact: bool,
    /// For a time zone: the time that its offset is asked for.
    at: Option<At>,
}

/// A time in seconds since the start of 1970.
#[derive(Clone, Copy)]
enum At {
    /// The reading of a clock in the zone, and whether it is the second of two equal ones.
    Wall(i64, bool),
    /// A moment.
    Moment(i64),
}

impl<'g> Call<'_, 'g, '_> {
    fn args(&self) -> &'g [Handle] {
        self.object.args
    }

    /// An int. Its digits are counted, and as with text, where the budget does not allow it there
    /// is none.
    fn int(&self, handle: Handle) -> Option<Int<'g>> {
        self.cx.int(handle).ok()?
    }

    fn small(&self, handle: Handle) -> Option<i64> {
        match self.int(handle)? {
            Int::Small(value) => Some(value),
            _ => None,
        }
    }

    fn unsigned(&self, handle: Handle) -> Option<u128> {
        match self.int(handle)? {
            Int::Small(value) => u128::try_from(value).ok(),
            Int::Long(bytes) => u128::try_from(long(bytes)?).ok(),
            Int::Big(value) => u128::try_from(&*value).ok(),
        }
    }

    /// Counts values that are about to be looked at one by one, of which the input may have as many
    /// as it likes. What an ordinary object has is free.
    fn charge_scan(&self, count: usize) -> Result<()> {
        meter::looked_at(count);
        self.cx.charge_values(count.saturating_sub(limits::SCANNED_FREE))
    }

    /// Text, also where Python 2 wrote it as an 8-bit string: such text is ASCII, or a name in the
    /// encoding of files.
    ///
    /// Looking at text takes time, so it is counted. Where the budget does not allow it there is no
    /// text here; the error comes with the attempt to hand the object out as data.
    fn text(&self, handle: Handle) -> Option<Cow<'g, str>> {
        self.cx.charge_look(handle).ok()?;
        match scalar::chars(self.cx.input, handle) {
            Some(Cow::Borrowed(chars)) => std::str::from_utf8(chars).ok().map(Cow::Borrowed),
            Some(Cow::Owned(chars)) => String::from_utf8(chars).ok().map(Cow::Owned),
            None => scalar::plain_text(self.cx.nodes, self.cx.input, handle),
        }
    }

    /// The `len` bytes of a payload, in all the spellings of bytes: opcodes of their own, a call
    /// that encodes text, an 8-bit string of Python 2, and what becomes of that where it was taken
    /// for text.
    fn payload(&self, handle: Handle, len: usize) -> Result<Option<Cow<'g, [u8]>>> {
        if let Some(chars) = self.cx.chars(handle)? {
            return Ok(Some(chars));
        }
        if let Some(text) = self.text(handle) {
            let latin1: Option<Vec<u8>> =
                text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
            return Ok(match latin1.filter(|bytes| bytes.len() == len) {
                Some(bytes) => Some(Cow::Owned(bytes)),
                None => Some(text.into_owned().into_bytes().into()),
            });
        }
        self.bytes(handle)
    }

    fn bytes(&self, handle: Handle) -> Result<Option<Cow<'g, [u8]>>> {
        self.cx.buffer_bytes(handle)
    }

    /// The attribute `name` in the state.
    fn attribute(&self, name: &str) -> Result<Option<Handle>> {
        self.attributes([name]).map(|[found]| found)
    }

    /// Several attributes in the state, by one walk over it.
    #[inline]
    fn attributes<const N: usize>(&self, names: [&str; N]) -> Result<[Option<Handle>; N]> {
        let mut found = [None; N];
        self.find_attributes(&names, &mut found)?;
        Ok(found)
    }

    /// The same, for any number of them.
    #[inline(never)]
    fn find_attributes(&self, names: &[&str], found: &mut [Option<Handle>]) -> Result<()> {
        let Some(state) = self.cx.state(self.object)? else { return Ok(()) };
        let halves = match state.tag() {
            Tag::Dict => &[state][..],
            _ => tuple_items(self.cx.nodes, state),
        };
        for &half in halves {
            self.entries(half, names, found)?;
        }
        Ok(())
    }

    /// The values of a dict for some keys; each keeps the first that was found.
    #[inline(never)]
    fn entries(&self, dict: Handle, names: &[&str], found: &mut [Option<Handle>]) -> Result<()> {
        if dict.tag() != Tag::Dict {
            return Ok(());
        }
        let nodes = self.cx.nodes;
        let dict = nodes.object(dict.number());
        self.cx.charge_contents(&dict)?;
        let mut contents = nodes.contents(&dict);
        while let (Some(key), Some(value)) = (contents.next(), contents.next()) {
            let key = self.text(key);
            let place = key.and_then(|key| names.iter().position(|&name| name == key));
            if let Some(found) = place.and_then(|place| found.get_mut(place)) {
                found.get_or_insert(value);
            }
            if found.iter().all(Option::is_some) {
                break;
            }
        }
        Ok(())
    }

    /// The call that makes the object `handle`, if it is one.
    fn call_of(&self, handle: Handle) -> Result<Option<ObjectView<'g>>> {
        match handle.tag() {
            Tag::Instance => match self.cx.view(handle)? {
                View::Object(object) => Ok(Some(object)),
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// The dotted name of the class of `handle`, for messages.
    fn class_name(&self, handle: Handle) -> String {
        let names = match handle.tag() {
            Tag::Instance => {
                spelled(self.cx.nodes, self.cx.input, handle.number()).and_then(|object| {
                    global_names(
                        self.cx.nodes,
                        self.cx.input,
                        object.callable,
                        self.cx.settings.fix_imports,
                    )
                })
            }
            _ => Ok(None),
        };
        match names {
            Ok(Some((module, qualname))) => format!("{module}.{qualname}"),
            _ => crate::nodes::describe::describe(handle.tag()).to_owned(),
        }
    }

    /// Text that may hold surrogates, by the settings.
    fn setting_text(&self, handle: Handle) -> Result<Option<Cow<'g, str>>> {
        self.cx.charge_look(handle)?;
        match scalar::text(self.cx.nodes, self.cx.input, handle) {
            Some(Text::Str(text)) => Ok(Some(text)),
            Some(Text::Surrogates(_)) => Ok(self.cx.owned_text(handle)?.map(Cow::Owned)),
            None => Ok(self.text(handle)),
        }
    }
}

/// An int of at most 128 bits.
pub(crate) fn long(bytes: &[u8]) -> Option<num_bigint::BigInt> {
    // A byte more than 16 for the sign of an unsigned one; anything longer is not even looked at.
    (bytes.len() <= 17).then(|| num_bigint::BigInt::from_signed_bytes_le(bytes))
}

/// The error of an object whose parts are of the right kind and hold what its class never writes.
#[cold]
fn malformed(class: &str, what: impl std::fmt::Display) -> Error {
    Error::data(format!("not a valid {class}: {what}"))
}

/// A dict by class: the dict it is made of, or the list of pairs that Python 2 makes an OrderedDict
/// of.
fn pairs<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Natural<'g>>> {
    let pairs = match *call.args() {
        [] => Some(Vec::new()),
        [dict] if dict.tag() == Tag::Dict => Some(vec![dict]),
        [list] => pairs_in(call.cx, list)?,
        _ => None,
    };
    Ok(pairs.map(Natural::Pairs))
}

/// The items of a list that are all pairs.
pub(crate) fn pairs_in(cx: &Cx<'_, '_>, list: Handle) -> Result<Option<Vec<Handle>>> {
    if list.tag() != Tag::List {
        return Ok(None);
    }
    let nodes = cx.nodes;
    let object = nodes.object(list.number());
    cx.charge_contents(&object)?;
    let pairs: Vec<Handle> = nodes.contents(&object).collect();
    let is_pair = |pair: &Handle| {
        matches!(pair.tag(), Tag::List | Tag::Tuple) && nodes.is_pair(pair.number())
    };
    Ok(pairs.iter().all(is_pair).then_some(pairs))
}

/// The first argument is what makes the missing values.
fn defaultdict<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Natural<'g>>> {
    Ok(match *call.args() {
        [] | [_] => Some(Natural::Pairs(Vec::new())),
        [_, dict] if dict.tag() == Tag::Dict => Some(Natural::Pairs(vec![dict])),
        _ => None,
    })
}

/// The arguments are a list, which is empty where the items follow, and the greatest length.
fn deque<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Natural<'g>>> {
    Ok(match *call.args() {
        [] => Some(Natural::Items(None)),
        [items] | [items, _] => match items.tag() {
            Tag::EmptyTuple => Some(Natural::Items(None)),
            Tag::List | Tag::Tuple => Some(Natural::Items(Some(items))),
            _ => None,
        },
        _ => None,
    })
}

/// `Arrow` holds the datetime that it is.
fn arrow<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Natural<'g>>> {
    Ok(call.attribute("_datetime")?.map(Natural::Is))
}

/// A class of the standard library that holds its content in the attribute `data`.
fn wraps<'g>(call: &Call<'_, 'g, '_>) -> Result<Option<Natural<'g>>> {
    Ok(call.attribute("data")?.map(Natural::Wraps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order() {
        assert!(TABLE.is_sorted_by(|(m, q, _), (n, r, _)| (m, q) < (n, r)));
        assert!(TABLE.len() <= usize::from(u8::MAX));
        for (module, qualname, _) in TABLE {
            assert!(find(module, qualname).is_some());
        }
        assert_eq!(NAMES.len(), TABLE.len());
        assert_eq!(find("datetime", "tzinfo"), None);
    }
}
