//! The store of a graph's values: a few flat vectors, without the input itself.
//!
//! Scalars are handles whose payload is in the input. Objects are numbered; an [`Object`] is 24
//! bytes, and its contents are runs of handles in one shared vector. A container is mostly filled
//! once, so its first run is in the object; one that grows again (protocol 0 appends item by item,
//! lists come in batches of 1,000) either prolongs its last run, when that ends where the vector
//! ends, or links a further [`Run`]. An instance has its callable and arguments as its first run,
//! and what was done to it afterwards (items, state) as further ones, in order.
//!
//! Together with the handle on the machine's stack a value costs at most about 70 bytes for the one
//! byte of input that a hostile pickle spends on it, and 8 to 16 bytes a value in ordinary ones.
//!
//! Everything here is addressed by number. A number only ever comes out of `Nodes` itself, yet no
//! lookup panics: a number that is not there reads as empty.

use std::borrow::Cow;

use num_bigint::BigInt;

use super::edit::Lens;
use super::handle::{Handle, Tag};
pub(crate) use super::object::{Flags, Object, RunKind};
use super::object::{NONE, Run};
pub(crate) use super::runs::{Contents, MoreRuns};
use crate::error::{Error, Result};
use crate::limits;
use crate::meter;

/// The values that a machine has built.
#[derive(Clone, Default)]
pub(crate) struct Nodes<'de> {
    pub(super) handles: Vec<Handle>,
    objects: Vec<Object>,
    pub(super) runs: Vec<Run>,
    shared: Vec<SharedText<'de>>,
    /// Constants of the lowest numbers, which borrow nothing: those of earlier pickles.
    kept: Vec<Const<'static>>,
    /// The others.
    consts: Vec<Const<'de>>,
    /// True if contents were replaced, so that some handles are out of use.
    edited: bool,
}

/// Text that was fetched from the memo at least once. It is checked and cut out once, because it is
/// likely a dict's key.
#[derive(Clone, Copy)]
pub(crate) struct SharedText<'de> {
    pub(crate) text: &'de str,
    /// The handle it was stored under: its identity and its place in the input.
    pub(crate) origin: Handle,
}

/// A value that no instruction has for an argument: from a resolver, from a builder, or from a
/// [`Value`](crate::Value); and the bytes of joblib's arrays.
#[derive(Clone)]
pub(crate) enum Const<'de> {
    Int(i64),
    BigInt(Cow<'de, BigInt>),
    Float(f64),
    Str(Cow<'de, str>),
    /// UTF-8 with surrogates.
    Surrogates(Cow<'de, [u8]>),
    Bytes(Cow<'de, [u8]>),
    /// Bytes of the input, which lie between its instructions: there may be gigabytes, so a graph
    /// that owns its input has no copy of them.
    Raw {
        start: usize,
        len: usize,
    },
}

impl Const<'_> {
    fn into_owned(self) -> Const<'static> {
        #[cfg(test)]
        tests::OWNED.set(tests::OWNED.get() + 1);
        match self {
            Self::Int(value) => Const::Int(value),
            Self::BigInt(value) => Const::BigInt(Cow::Owned(value.into_owned())),
            Self::Float(value) => Const::Float(value),
            Self::Str(text) => Const::Str(Cow::Owned(text.into_owned())),
            Self::Surrogates(bytes) => Const::Surrogates(Cow::Owned(bytes.into_owned())),
            Self::Bytes(bytes) => Const::Bytes(Cow::Owned(bytes.into_owned())),
            Self::Raw { start, len } => Const::Raw { start, len },
        }
    }
}

impl<'de> Nodes<'de> {
    /// An empty store with room for what an ordinary pickle of `input` bytes holds. The room is
    /// address space; it costs memory only once it is used.
    pub(crate) fn with_input(input: usize) -> Self {
        Self {
            handles: Vec::with_capacity(input / 4 + 8),
            objects: Vec::with_capacity(input / 32 + 4),
            ..Self::default()
        }
    }

    /// The same nodes, borrowing nothing. Shared texts are borrowed, so there must be none.
    ///
    /// A stream whose memo is kept asks for this behind each pickle, so it takes work only for the
    /// constants that have come since.
    pub(crate) fn into_owned(mut self) -> Nodes<'static> {
        debug_assert!(self.shared.is_empty());
        self.kept.extend(self.consts.drain(..).map(Const::into_owned));
        Nodes {
            handles: self.handles,
            objects: self.objects,
            runs: self.runs,
            shared: Vec::new(),
            kept: self.kept,
            consts: Vec::new(),
            edited: self.edited,
        }
    }

    /// Every reference from one value to another, also those that no longer lead anywhere.
    pub(crate) fn handles(&self) -> &[Handle] {
        &self.handles
    }

    /// The number of handles, which bounds a walk that visits everything once.
    pub(crate) fn handle_count(&self) -> usize {
        self.handles.len()
    }

    /// The number of runs beyond the first of each object.
    pub(crate) fn run_count(&self) -> usize {
        self.runs.len()
    }

    pub(crate) fn object_count(&self) -> usize {
        self.objects.len()
    }

    /// All objects with their numbers, in the order in which they were made.
    pub(crate) fn numbered_objects(&self) -> impl Iterator<Item = (u32, Object)> {
        (0..).zip(self.objects.iter().copied())
    }

    /// Makes an object of the handles `contents`.
    #[inline]
    pub(crate) fn push_object(
        &mut self,
        tag: Tag,
        flags: Flags,
        offset: usize,
        contents: &[Handle],
    ) -> Result<Handle> {
        let number = self.objects.len();
        let start = self.handles.len();
        if number >= limits::OBJECTS || start + contents.len() >= limits::OBJECTS {
            return Err(too_many(offset));
        }
        self.handles.extend_from_slice(contents);
        self.objects.push(Object {
            meta: Handle::new(tag, flags.0, offset).to_bits(),
            start: start as u32,
            len: contents.len() as u32,
            more: NONE,
            last: NONE,
        });
        Ok(Handle::numbered(tag, number as u32))
    }

    /// Gives an object further contents.
    #[inline]
    pub(crate) fn extend(
        &mut self,
        number: u32,
        kind: RunKind,
        contents: &[Handle],
        offset: usize,
    ) -> Result<()> {
        let start = self.handles.len();
        if start + contents.len() >= limits::OBJECTS {
            return Err(too_many(offset));
        }
        let Some(object) = self.objects.get_mut(number as usize) else { return Ok(()) };
        // The first run of an instance is its callable and arguments, so it is never prolonged.
        let container = matches!(object.tag(), Tag::List | Tag::Dict | Tag::Set);
        let added = contents.len() as u32;
        if object.more == NONE {
            if container && object.len == 0 {
                object.start = start as u32;
                object.len = added;
                self.handles.extend_from_slice(contents);
                return Ok(());
            }
            if container && object.start as usize + object.len as usize == start {
                object.len += added;
                self.handles.extend_from_slice(contents);
                return Ok(());
            }
        } else if let Some(run) = self.runs.get_mut(object.last as usize)
            && run.kind == kind
            && run.start as usize + run.len as usize == start
            && matches!(kind, RunKind::Items | RunKind::Pairs | RunKind::Adds)
        {
            run.len += added;
            self.handles.extend_from_slice(contents);
            return Ok(());
        }
        self.handles.extend_from_slice(contents);
        self.link(number, Run { kind, start: start as u32, len: added, next: NONE })
    }

    /// Notes the number of items that a list had when a set was made of it.
    pub(crate) fn note_taken(&mut self, number: u32, items: usize) -> Result<()> {
        let items = u32::try_from(items).map_err(|_| too_many(0))?;
        self.link(number, Run { kind: RunKind::Taken, start: items, len: 0, next: NONE })
    }

    fn link(&mut self, number: u32, run: Run) -> Result<()> {
        let at = self.runs.len();
        if at >= limits::OBJECTS {
            return Err(too_many(0));
        }
        self.runs.push(run);
        let Some(object) = self.objects.get_mut(number as usize) else { return Ok(()) };
        let before = std::mem::replace(&mut object.last, at as u32);
        if object.more == NONE {
            object.more = at as u32;
        } else if let Some(before) = self.runs.get_mut(before as usize) {
            before.next = at as u32;
        }
        Ok(())
    }

    /// Notes that there may be a second reference to an object.
    #[inline]
    pub(crate) fn note_fetched(&mut self, handle: Handle) {
        if handle.is_object()
            && let Some(object) = self.objects.get_mut(handle.number() as usize)
        {
            object.set_flags(object.flags().with(Flags::FETCHED, true));
        }
    }

    /// Returns true if there may be a second reference to an object.
    #[inline]
    pub(crate) fn is_fetched(&self, handle: Handle) -> bool {
        handle.is_object() && self.object(handle.number()).flags().has(Flags::FETCHED)
    }

    // For `edit`, which keeps a journal.

    pub(super) fn lens(&self) -> Lens {
        Lens {
            handles: self.handles.len(),
            objects: self.objects.len(),
            runs: self.runs.len(),
            shared: self.shared.len(),
            consts: self.consts.len(),
        }
    }

    /// Drops everything made since the vectors had these lengths.
    pub(super) fn shrink(&mut self, lens: Lens) {
        self.handles.truncate(lens.handles);
        self.objects.truncate(lens.objects);
        self.runs.truncate(lens.runs);
        self.shared.truncate(lens.shared);
        self.consts.truncate(lens.consts);
    }

    pub(super) fn put(&mut self, slot: usize, handle: Handle) {
        if let Some(there) = self.handles.get_mut(slot) {
            *there = handle;
        }
    }

    pub(super) fn put_object(&mut self, number: u32, object: Object) {
        if let Some(there) = self.objects.get_mut(number as usize) {
            *there = object;
        }
    }

    /// Gives an object a first run of its own and no other.
    pub(super) fn restart(&mut self, number: u32, first: &[Handle]) -> Result<()> {
        let start = self.handles.len();
        if start + first.len() >= limits::OBJECTS {
            return Err(too_many(self.object(number).offset()));
        }
        self.handles.extend_from_slice(first);
        if let Some(object) = self.objects.get_mut(number as usize) {
            object.start = start as u32;
            object.len = first.len() as u32;
            (object.more, object.last) = (NONE, NONE);
        }
        Ok(())
    }

    /// Links a further run, whatever the object is.
    pub(super) fn append_run(
        &mut self,
        number: u32,
        kind: RunKind,
        run: &[Handle],
        offset: usize,
    ) -> Result<()> {
        let start = self.handles.len();
        if start + run.len() >= limits::OBJECTS {
            return Err(too_many(offset));
        }
        self.handles.extend_from_slice(run);
        self.link(number, Run { kind, start: start as u32, len: run.len() as u32, next: NONE })
    }

    pub(super) fn further_runs<'n>(
        &'n self,
        object: &Object,
    ) -> impl Iterator<Item = Run> + use<'n, 'de> {
        let first = self.runs.get(object.more as usize).copied();
        std::iter::successors(first, |run| self.runs.get(run.next as usize).copied())
    }

    pub(super) fn note_edited(&mut self) {
        self.edited = true;
    }

    /// Returns true if some handles may be out of use.
    pub(crate) fn is_edited(&self) -> bool {
        self.edited
    }

    /// Gives an object other flags; `FETCHED` stays if it was set.
    pub(crate) fn set_flags(&mut self, number: u32, flags: Flags) {
        if let Some(object) = self.objects.get_mut(number as usize) {
            let fetched = object.flags().has(Flags::FETCHED);
            object.set_flags(flags.with(Flags::FETCHED, fetched));
        }
    }

    #[inline]
    pub(crate) fn object(&self, number: u32) -> Object {
        const EMPTY: Object = Object { meta: 0, start: 0, len: 0, more: NONE, last: NONE };
        self.objects.get(number as usize).copied().unwrap_or(EMPTY)
    }

    /// The object's first run.
    #[inline]
    pub(crate) fn first(&self, object: &Object) -> &[Handle] {
        let start = object.start as usize;
        self.handles.get(start..start + object.len as usize).unwrap_or_default()
    }

    /// The runs behind the first one, in order.
    pub(crate) fn more(&self, object: &Object) -> MoreRuns<'_, 'de> {
        MoreRuns { nodes: self, next: object.more }
    }

    /// All of an object's contents, run by run.
    #[inline]
    pub(crate) fn contents(&self, object: &Object) -> Contents<'_, 'de> {
        meter::looked_at(object.len as usize);
        Contents { nodes: self, run: self.first(object).iter(), next: object.more }
    }

    /// Returns true if a container has no contents.
    pub(crate) fn is_empty(&self, number: u32) -> bool {
        let object = self.object(number);
        self.first(&object).is_empty() && self.more(&object).all(|(_, run)| run.is_empty())
    }

    /// Returns true if a container has two items.
    pub(crate) fn is_pair(&self, number: u32) -> bool {
        let object = self.object(number);
        self.first(&object).len() <= 2 && self.contents(&object).take(3).count() == 2
    }

    /// The number of handles that [`contents`](Self::contents) gives.
    #[inline]
    pub(crate) fn contents_len(&self, object: &Object) -> usize {
        let first = object.len as usize;
        if object.more == NONE {
            first
        } else {
            first + self.more(object).map(|(_, run)| run.len()).sum::<usize>()
        }
    }

    /// Returns true if [`contents`](Self::contents) gives more than `len` handles; looks at no more
    /// runs than it takes to tell.
    pub(crate) fn is_longer_than(&self, len: usize, object: &Object) -> bool {
        let mut left = len;
        let first = self.first(object);
        let mut runs = std::iter::once(first).chain(self.more(object).map(|(_, run)| run));
        runs.any(|run| {
            let is_longer = run.len() > left;
            left -= run.len().min(left);
            is_longer
        })
    }

    pub(crate) fn push_shared(&mut self, shared: SharedText<'de>) -> Result<Handle> {
        let number = self.shared.len();
        if number >= limits::OBJECTS {
            return Err(too_many(shared.origin.offset()));
        }
        self.shared.push(shared);
        Ok(Handle::numbered(Tag::Shared, number as u32))
    }

    #[inline]
    pub(crate) fn shared(&self, number: u32) -> SharedText<'de> {
        self.shared
            .get(number as usize)
            .copied()
            .unwrap_or(SharedText { text: "", origin: Handle::VACANT })
    }

    pub(crate) fn push_const(&mut self, value: Const<'de>) -> Result<Handle> {
        let number = self.kept.len() + self.consts.len();
        if number >= limits::OBJECTS {
            return Err(too_many(0));
        }
        self.consts.push(value);
        Ok(Handle::numbered(Tag::Const, number as u32))
    }

    /// The constants from the one at `place` on.
    pub(super) fn consts_from(&self, place: usize) -> &[Const<'de>] {
        self.consts.get(place..).unwrap_or_default()
    }

    /// The number of the constant at `place`; below the limit on objects.
    pub(super) fn first_const(&self, place: usize) -> usize {
        self.kept.len() + place
    }

    pub(crate) fn constant(&self, number: u32) -> Option<&Const<'de>> {
        let number = number as usize;
        match self.kept.get(number) {
            Some(value) => Some(value),
            None => self.consts.get(number - self.kept.len()),
        }
    }

    /// The offset in the input of the opcode that made this value, if it comes from there.
    pub(crate) fn offset(&self, handle: Handle) -> Option<u64> {
        match handle.tag() {
            Tag::Vacant | Tag::Const | Tag::Buffer => None,
            Tag::Shared => self.offset(self.shared(handle.number()).origin),
            _ if handle.is_object() => Some(self.object(handle.number()).offset() as u64),
            _ => Some(handle.offset() as u64),
        }
    }

    /// The handle that identifies the object: for fetched text, its origin.
    pub(crate) fn identity(&self, handle: Handle) -> Handle {
        match handle.tag() {
            Tag::Shared => self.shared(handle.number()).origin,
            _ => handle,
        }
    }

    /// Returns true if Python can hash this value, as far as its kind tells.
    #[inline]
    pub(crate) fn is_hashable(&self, handle: Handle) -> bool {
        if handle.is_object() {
            self.is_hashable_object(handle)
        } else {
            !is_writable_buffer(handle)
        }
    }

    fn is_hashable_object(&self, handle: Handle) -> bool {
        match handle.tag() {
            Tag::List | Tag::Dict | Tag::Set | Tag::ByteArray => false,
            Tag::Tuple | Tag::FrozenSet | Tag::Instance => {
                !self.object(handle.number()).flags().has(Flags::UNHASHABLE)
            }
            // A read-only view hashes what it views. There are no views of views.
            Tag::View => match self.first(&self.object(handle.number())) {
                &[viewed] => viewed.tag() != Tag::View && self.is_hashable(viewed),
                _ => true,
            },
            _ => true,
        }
    }
}

/// Returns true for a buffer beside the pickle without READONLY_BUFFER. Picklers treat it as a
/// bytearray, which cannot be hashed.
#[inline]
fn is_writable_buffer(handle: Handle) -> bool {
    handle.tag() == Tag::Buffer && handle.detail() == 0
}

#[cold]
fn too_many(offset: usize) -> Error {
    Error::limit("the pickle holds more than 4,294,967,294 objects or references").at(offset as u64)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use crate::error::Result;
    use crate::reduce::{Global, Resolution, Resolver};

    thread_local! {
        /// Constants that were made independent of the input.
        pub(super) static OWNED: Cell<u64> = const { Cell::new(0) };
    }

    /// A stream that keeps its memo hands all of it on from pickle to pickle. To go through the
    /// constants each time would take the square of their number.
    #[test]
    fn constants_are_made_independent_of_the_input_once() {
        struct Renaming;
        impl Resolver for Renaming {
            fn find_class(&self, _: &str, qualname: &str) -> Result<Resolution> {
                Ok(Resolution::Rename(Global::new("new", qualname)))
            }
        }
        let pickles = 1_000;
        let stream = b"cm\nC\np0\n0g0\n.".repeat(pickles);
        let before = OWNED.get();
        let read = crate::Deserializer::from_reader(&stream[..])
            .with_options(crate::DeOptions::new().resolver(Renaming))
            .keep_memo(true)
            .into_iter::<Global>();
        for class in read {
            assert!(class.unwrap().is("new", "C"));
        }
        assert_eq!(OWNED.get() - before, 2 * pickles as u64);
    }
}
