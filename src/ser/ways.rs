//! The ways to write what has a class's name (`py:…`), a private one or one of serde_json's; linked
//! into programs that have such types.
//!
//! Names are constants of generated code, and [`meet`] is inlined into the methods that get them.
//! Each [`Role`](super::special::Role) but `Plain`, and each part of an object, comes from a name
//! that has been met, so whoever finds one asks for its way here, and nothing else names what is
//! bound. `de/ways.rs` is the same for reading.

use super::class::{NameKind, kind};
use super::compound::{Fields, Map, Tuple};
use super::dump::Dump;
use super::items::RoleItems;
use super::newtype::Opening;
use super::reduce::Progress;
use super::special::Scalar;
use crate::error::{Error, Result};
use crate::late::Late;
use crate::write::{Recipe, Sink};

static WAYS: Late<Ways> = Late::new();

type Target<'w> = Dump<dyn Sink + 'w>;
type Name = &'static str;

pub(super) struct Ways {
    /// Content in a role.
    pub(super) scalar: for<'d, 'w, 's> fn(&'d mut Target<'w>, Scalar<'s>) -> Result<()>,
    pub(super) some: for<'d, 'w> fn(&'d mut Target<'w>) -> Result<bool>,
    pub(super) argument: for<'d, 'w, 's> fn(&'d mut Target<'w>, &'s str) -> Result<()>,
    pub(super) fields:
        for<'d, 'w> fn(&'d mut Target<'w>, Name, NameKind, usize) -> Result<Fields<'d, 'w>>,
    pub(super) map: for<'d, 'w> fn(&'d mut Target<'w>, Option<usize>) -> Result<Map<'d, 'w>>,
    pub(super) close_kwargs: for<'d, 'w> fn(&'d mut Target<'w>, Recipe) -> Result<()>,
    /// The items of such content.
    pub(super) items: for<'d, 'w> fn(&'d mut Target<'w>, Option<usize>) -> Result<MaybeItems>,
    pub(super) next_run: for<'i, 'd, 'w> fn(&'i mut RoleItems, &'d mut Target<'w>) -> Result<u32>,
    pub(super) next_item: for<'i, 'd, 'w> fn(&'i mut RoleItems, &'d mut Target<'w>) -> Result<()>,
    pub(super) close_items: for<'d, 'w> fn(Box<RoleItems>, &'d mut Target<'w>, u32) -> Result<()>,
    /// The containers under the name of a class.
    pub(super) class_unit: for<'d, 'w> fn(&'d mut Target<'w>, Name) -> Result<()>,
    pub(super) member: for<'d, 'w> fn(&'d mut Target<'w>, Name, Name) -> Result<()>,
    pub(super) class_tuple:
        for<'d, 'w> fn(&'d mut Target<'w>, Name, usize) -> Result<Tuple<'d, 'w>>,
    pub(super) class_fields:
        for<'d, 'w> fn(&'d mut Target<'w>, Name, usize) -> Result<Fields<'d, 'w>>,
    pub(super) open_class: for<'d, 'w> fn(&'d mut Target<'w>, Name) -> Result<Opening>,
    pub(super) close_newtype: for<'d, 'w, 'o> fn(&'d mut Target<'w>, &'o mut Opening) -> Result<()>,
    /// The parts of an object.
    pub(super) open_part:
        for<'p, 'd, 'w> fn(&'p mut Progress, &'d mut Target<'w>, Name) -> Result<()>,
    pub(super) end_part: for<'p, 'd, 'w> fn(&'p mut Progress, &'d mut Target<'w>) -> Result<()>,
    pub(super) skip_part: for<'p> fn(&'p mut Progress, Name) -> Result<()>,
    pub(super) end_parts: for<'p, 'd, 'w> fn(&'p mut Progress, &'d mut Target<'w>) -> Result<()>,
}

type MaybeItems = Option<Box<RoleItems>>;

/// To be called with each name that serde hands over, before anything is written by it.
#[inline(always)]
pub(super) fn meet(names: &[&'static str]) {
    for name in names {
        if kind(name) != NameKind::Plain {
            bind();
        }
    }
}

#[inline]
fn bind() {
    WAYS.bind_by(|| Ways {
        scalar: |dump, scalar| dump.content(scalar),
        some: |dump| dump.open_some(),
        argument: |dump, found| dump.open_argument(found),
        fields: |dump, name, kind, len| dump.content_fields(name, kind, len),
        map: |dump, len| dump.class_map(len),
        close_kwargs: |dump, recipe| dump.close_formed_kwargs(recipe),
        items: |dump, len| RoleItems::of_content(dump, len),
        next_run: |items, dump| items.next_run(dump),
        next_item: |items, dump| items.next(dump),
        close_items: |items, dump, left| items.close(dump, left),
        class_unit: |dump, name| dump.class_unit(name),
        member: |dump, name, variant| dump.member(name, variant),
        class_tuple: |dump, name, len| dump.class_tuple(name, len),
        class_fields: |dump, name, len| dump.class_fields(name, len),
        open_class: |dump, name| dump.open_class(name),
        close_newtype: |dump, opening| dump.close_newtype(opening),
        open_part: |parts, dump, key| parts.open(dump, key),
        end_part: |parts, dump| parts.after(dump),
        skip_part: |parts, key| parts.skip(key),
        end_parts: |parts, dump| parts.end(dump),
    });
}

/// The ways, where a role or a name asks for them.
#[inline(always)]
pub(super) fn ways() -> Result<&'static Ways> {
    match WAYS.get() {
        Some(ways) => Ok(ways),
        None => Err(unbound()),
    }
}

#[cold]
#[inline(never)]
fn unbound() -> Error {
    Error::unsupported("content of a private type without the type")
}

// Out of line for code that is compiled for each type.

/// [`RoleItems::of_content`].
#[inline(never)]
pub(super) fn of_content(dump: &mut Target<'_>, len: Option<usize>) -> Result<MaybeItems> {
    (ways()?.items)(dump, len)
}

/// [`RoleItems::next_run`].
#[cold]
#[inline(never)]
pub(super) fn next_run(items: &mut RoleItems, dump: &mut Target<'_>) -> Result<u32> {
    (ways()?.next_run)(items, dump)
}

/// [`RoleItems::next`].
#[inline(never)]
pub(super) fn next_item(items: &mut RoleItems, dump: &mut Target<'_>) -> Result<()> {
    (ways()?.next_item)(items, dump)
}

/// [`Progress::skip`].
#[inline(never)]
pub(super) fn skip_part(parts: &mut Progress, key: Name) -> Result<()> {
    (ways()?.skip_part)(parts, key)
}

/// [`Dump::open_some`].
#[inline(never)]
pub(super) fn open_some(dump: &mut Target<'_>) -> Result<bool> {
    (ways()?.some)(dump)
}
