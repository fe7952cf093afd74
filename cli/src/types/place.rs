//! The knowledge of a place: all that was seen there, merged over samples.

use indexmap::IndexMap;
use serde_pickle::reduce::Global;

/// Keys of a dict beyond which it is a map.
pub(super) const FIELDS: usize = 300;

/// Smallest and greatest, and how many there were.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Range<T> {
    pub(crate) count: u64,
    pub(crate) least: T,
    pub(crate) most: T,
}

impl<T: Copy + PartialOrd> Range<T> {
    pub(super) fn add(range: &mut Option<Self>, value: T, count: u64) {
        match range {
            None => *range = Some(Self { count, least: value, most: value }),
            Some(range) => {
                range.count += count;
                if value < range.least {
                    range.least = value;
                }
                if value > range.most {
                    range.most = value;
                }
            }
        }
    }

    fn merge(range: &mut Option<Self>, other: Option<Self>) {
        if let Some(other) = other {
            Self::add(range, other.least, other.count);
            Self::add(range, other.most, 0);
        }
    }
}

/// Objects that have a form of their own in the crate or in others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Natural {
    Date,
    Time,
    /// Without a zone.
    DateTime,
    /// With an offset.
    Moment,
    /// With a zone by name.
    Zoned,
    TimeDelta,
    TimeZone,
    Decimal,
    Fraction,
    Uuid,
    Path,
    IpAddress,
    Complex,
    Array,
    Range,
}

/// A sequence: its length, and what is in it.
#[derive(Clone, Debug)]
pub(crate) struct Seq {
    pub(crate) len: Range<usize>,
    pub(crate) item: Box<Place>,
}

/// Tuples: each item by its place, and all of them.
#[derive(Clone, Debug)]
pub(crate) struct Tuples {
    pub(crate) len: Range<usize>,
    pub(crate) items: Vec<Place>,
}

/// A field, and how often it was there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Field {
    pub(crate) count: u64,
    pub(crate) place: Place,
}

/// Dicts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dicts {
    pub(crate) count: u64,
    pub(crate) entries: u64,
    /// By key, as long as all keys are text and there are not too many.
    pub(crate) fields: IndexMap<String, Field>,
    pub(crate) is_map: bool,
    pub(crate) key: Box<Place>,
    /// The values that are in no field.
    pub(crate) value: Box<Place>,
}

/// All that was seen at a place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    pub(crate) seen: u64,
    pub(crate) none: u64,
    pub(crate) bools: u64,
    pub(crate) ints: Option<Range<i128>>,
    /// Ints beyond 128 bits.
    pub(crate) big_ints: u64,
    pub(crate) floats: Option<Range<f64>>,
    /// The numbers of characters.
    pub(crate) texts: Option<Range<usize>>,
    pub(crate) bytes: Option<Range<usize>>,
    pub(crate) byte_arrays: u64,
    pub(crate) lists: Option<Seq>,
    pub(crate) sets: Option<Seq>,
    pub(crate) frozen_sets: Option<Seq>,
    pub(crate) deques: Option<Seq>,
    pub(crate) tuples: Option<Tuples>,
    pub(crate) dicts: Option<Box<Dicts>>,
    pub(crate) ordered: Option<Box<Dicts>>,
    pub(crate) defaults: Option<Box<Dicts>>,
    pub(crate) counters: Option<Box<Dicts>>,
    pub(crate) naturals: IndexMap<Natural, u64>,
    /// Text or numbers of a class of a library: read as such, written plain.
    pub(crate) plain_classes: IndexMap<String, u64>,
    pub(crate) classes: IndexMap<Global, u64>,
    pub(crate) globals: u64,
    pub(crate) persistent: u64,
    /// Everything else, in words.
    pub(crate) others: IndexMap<&'static str, u64>,
}

pub(super) fn add_seq(into: &mut Option<Seq>, len: usize) -> &mut Place {
    let seq = into.get_or_insert_with(|| Seq {
        len: Range { count: 0, least: len, most: len },
        item: Box::default(),
    });
    let mut range = Some(seq.len);
    Range::add(&mut range, len, 1);
    seq.len = range.unwrap_or(seq.len);
    &mut seq.item
}

fn merge_seq(into: &mut Option<Seq>, other: Option<&Seq>) {
    let Some(other) = other else { return };
    match into {
        None => *into = Some(other.clone()),
        Some(seq) => {
            let mut range = Some(seq.len);
            Range::merge(&mut range, Some(other.len));
            seq.len = range.unwrap_or(seq.len);
            seq.item.merge(&other.item);
        }
    }
}

impl Dicts {
    /// Gives up telling the keys apart.
    pub(super) fn make_map(&mut self) {
        self.is_map = true;
        for (name, field) in std::mem::take(&mut self.fields) {
            self.value.merge(&field.place);
            self.key.seen += field.count;
            Range::add(&mut self.key.texts, name.chars().count(), field.count);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.entries += other.entries;
        let mut other = other.clone();
        if self.is_map || other.is_map {
            self.make_map();
            other.make_map();
        }
        self.key.merge(&other.key);
        self.value.merge(&other.value);
        for (name, field) in other.fields {
            let own = self.fields.entry(name).or_default();
            own.count += field.count;
            own.place.merge(&field.place);
        }
        if self.fields.len() > FIELDS {
            self.make_map();
        }
    }

    /// The same with its keys as data.
    pub(crate) fn as_map(&self) -> Self {
        let mut map = self.clone();
        map.make_map();
        map
    }
}

fn merge_dicts(into: &mut Option<Box<Dicts>>, other: Option<&Dicts>) {
    if let Some(other) = other {
        into.get_or_insert_with(Box::default).merge(other);
    }
}

impl Place {
    /// Adds what was seen at another place.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.seen += other.seen;
        self.none += other.none;
        self.bools += other.bools;
        Range::merge(&mut self.ints, other.ints);
        self.big_ints += other.big_ints;
        Range::merge(&mut self.floats, other.floats);
        Range::merge(&mut self.texts, other.texts);
        Range::merge(&mut self.bytes, other.bytes);
        self.byte_arrays += other.byte_arrays;
        merge_seq(&mut self.lists, other.lists.as_ref());
        merge_seq(&mut self.sets, other.sets.as_ref());
        merge_seq(&mut self.frozen_sets, other.frozen_sets.as_ref());
        merge_seq(&mut self.deques, other.deques.as_ref());
        if let Some(other) = &other.tuples {
            match &mut self.tuples {
                None => self.tuples = Some(other.clone()),
                Some(own) => {
                    let mut range = Some(own.len);
                    Range::merge(&mut range, Some(other.len));
                    own.len = range.unwrap_or(own.len);
                    for (at, item) in other.items.iter().enumerate() {
                        match own.items.get_mut(at) {
                            Some(own) => own.merge(item),
                            None => own.items.push(item.clone()),
                        }
                    }
                }
            }
        }
        merge_dicts(&mut self.dicts, other.dicts.as_deref());
        merge_dicts(&mut self.ordered, other.ordered.as_deref());
        merge_dicts(&mut self.defaults, other.defaults.as_deref());
        merge_dicts(&mut self.counters, other.counters.as_deref());
        for (natural, count) in &other.naturals {
            *self.naturals.entry(*natural).or_default() += count;
        }
        for (class, count) in &other.plain_classes {
            *self.plain_classes.entry(class.clone()).or_default() += count;
        }
        for (class, count) in &other.classes {
            *self.classes.entry(class.clone()).or_default() += count;
        }
        self.globals += other.globals;
        self.persistent += other.persistent;
        for (what, count) in &other.others {
            *self.others.entry(*what).or_default() += count;
        }
    }
}

/// The ways in which objects of a class are spelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spellings {
    pub(crate) new_obj: u64,
    pub(crate) call: u64,
    pub(crate) other: u64,
    /// A state that is a dict.
    pub(crate) dict: u64,
    /// A state of slots.
    pub(crate) slots: u64,
    pub(crate) dict_and_slots: u64,
    /// A state that has no names.
    pub(crate) nameless: u64,
    pub(crate) stateless: u64,
    pub(crate) setter: u64,
}

/// A class: what its objects hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Class {
    pub(crate) count: u64,
    pub(crate) spellings: Spellings,
    /// Attributes, in the order in which they first came.
    pub(crate) fields: IndexMap<String, Field>,
    pub(crate) args: Option<Tuples>,
    /// Objects that had arguments.
    pub(crate) with_args: u64,
    pub(crate) kwargs: IndexMap<String, Field>,
    pub(crate) state: Place,
    pub(crate) items: Option<Seq>,
    pub(crate) entries: Option<Box<Dicts>>,
}

impl Class {
    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        let (own, more) = (&mut self.spellings, &other.spellings);
        for (own, more) in [
            (&mut own.new_obj, more.new_obj),
            (&mut own.call, more.call),
            (&mut own.other, more.other),
            (&mut own.dict, more.dict),
            (&mut own.slots, more.slots),
            (&mut own.dict_and_slots, more.dict_and_slots),
            (&mut own.nameless, more.nameless),
            (&mut own.stateless, more.stateless),
            (&mut own.setter, more.setter),
        ] {
            *own += more;
        }
        for (own, more) in [(&mut self.fields, &other.fields), (&mut self.kwargs, &other.kwargs)] {
            for (name, field) in more {
                let own = own.entry(name.clone()).or_default();
                own.count += field.count;
                own.place.merge(&field.place);
            }
        }
        self.with_args += other.with_args;
        let mut args = Place { tuples: self.args.take(), ..Place::default() };
        args.merge(&Place { tuples: other.args.clone(), ..Place::default() });
        self.args = args.tuples;
        self.state.merge(&other.state);
        merge_seq(&mut self.items, other.items.as_ref());
        merge_dicts(&mut self.entries, other.entries.as_deref());
    }
}
