//! The observations at each place, over all samples.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_pickle::Node;
use serde_pickle::graph::{NodeId, NodeKind};
use serde_pickle::python::numpy::NdArray;
use serde_pickle::reduce::{Global, How};

use crate::walk::{attributes_of, class_of};

/// Levels of nesting that are looked at.
const DEEPEST: usize = 60;

/// Keys of a dict beyond which it is a map.
pub(crate) const FIELDS: usize = 300;

/// Smallest and greatest, and how many there were.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Range<T> {
    pub(crate) count: u64,
    pub(crate) least: T,
    pub(crate) most: T,
}

impl<T: Copy + PartialOrd> Range<T> {
    fn add(range: &mut Option<Self>, value: T, count: u64) {
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

fn add_seq(into: &mut Option<Seq>, len: usize) -> &mut Place {
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
    fn make_map(&mut self) {
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

/// The observations of all samples.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    pub(crate) root: Place,
    pub(crate) classes: IndexMap<Global, Class>,
    pub(crate) samples: u64,
}

impl Shapes {
    /// Adds a sample.
    pub(crate) fn add(&mut self, root: Node<'_>) {
        self.samples += 1;
        let mut place = std::mem::take(&mut self.root);
        let mut observer =
            Observer { shapes: self, done: Default::default(), open: Vec::new(), left: VALUES };
        observer.observe(&mut place, root);
        self.root = place;
    }
}

struct Observer<'s> {
    shapes: &'s mut Shapes,
    /// Objects of classes whose attributes have been looked at: one look at each is enough.
    done: std::collections::HashSet<NodeId>,
    /// The objects around the one that is looked at.
    open: Vec<NodeId>,
    /// Values that may still be looked at: a small pickle can stand for a huge tree.
    left: u64,
}

/// Values of one sample that are looked at.
const VALUES: u64 = 20_000_000;

impl Observer<'_> {
    fn observe(&mut self, place: &mut Place, node: Node<'_>) {
        if self.left == 0 {
            *place.others.entry("more than is looked at").or_default() += 1;
            return;
        }
        self.left -= 1;
        place.seen += 1;
        match node.kind() {
            NodeKind::None => place.none += 1,
            NodeKind::Bool => place.bools += 1,
            NodeKind::Int => self.int(place, node),
            NodeKind::Float => match node.as_f64() {
                Some(value) if value.is_nan() => {
                    // Any float; nan is less than none.
                    let least = place.floats.map_or(0.0, |it| it.least);
                    Range::add(&mut place.floats, least, 1);
                }
                Some(value) => Range::add(&mut place.floats, value, 1),
                None => *place.others.entry("float").or_default() += 1,
            },
            NodeKind::Str => match node.as_str() {
                Some(text) => {
                    self.charge(text.len());
                    Range::add(&mut place.texts, text.chars().count(), 1);
                }
                None => *place.others.entry("text with lone surrogates").or_default() += 1,
            },
            NodeKind::Bytes => {
                Range::add(&mut place.bytes, node.as_bytes().map_or(0, |bytes| bytes.len()), 1);
            }
            NodeKind::ByteArray => place.byte_arrays += 1,
            NodeKind::Complex => *place.naturals.entry(Natural::Complex).or_default() += 1,
            NodeKind::Global => place.globals += 1,
            NodeKind::PersistentId => place.persistent += 1,
            NodeKind::Extension => *place.others.entry("extension code").or_default() += 1,
            NodeKind::Buffer => *place.others.entry("buffer").or_default() += 1,
            _ => self.container(place, node),
        }
    }

    /// Counts long text as several values: it may come again and again.
    fn charge(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes as u64 / 16);
    }

    fn int(&mut self, place: &mut Place, node: Node<'_>) {
        match node.as_i64().map(i128::from) {
            Some(value) => Range::add(&mut place.ints, value, 1),
            None => match node.as_big_int().and_then(|value| i128::try_from(value).ok()) {
                Some(value) => Range::add(&mut place.ints, value, 1),
                None => place.big_ints += 1,
            },
        }
    }

    fn container(&mut self, place: &mut Place, node: Node<'_>) {
        if self.open.len() >= DEEPEST || self.open.contains(&node.id()) {
            let why =
                if self.open.len() >= DEEPEST { "deep nesting" } else { "an object within itself" };
            // Classes are told by their name, whatever they hold.
            match class_of(node) {
                Some(class) if self.shapes.classes.contains_key(&class) => {
                    *place.classes.entry(class).or_default() += 1;
                }
                _ => *place.others.entry(why).or_default() += 1,
            }
            return;
        }
        self.open.push(node.id());
        match node.kind() {
            NodeKind::List => self.items(add_seq(&mut place.lists, node.len()), node.items()),
            NodeKind::Set => self.items(add_seq(&mut place.sets, node.len()), node.items()),
            NodeKind::FrozenSet => {
                self.items(add_seq(&mut place.frozen_sets, node.len()), node.items());
            }
            NodeKind::Tuple => {
                let items: Vec<Node<'_>> = node.items().collect();
                self.tuple(&mut place.tuples, &items);
            }
            NodeKind::Dict => {
                let dicts = place.dicts.get_or_insert_with(Box::default);
                self.dict(dicts, &node.entries().collect::<Vec<_>>());
            }
            NodeKind::Object => self.object(place, node),
            _ => *place.others.entry("object").or_default() += 1,
        }
        self.open.pop();
    }

    fn items<'g>(&mut self, place: &mut Place, items: impl Iterator<Item = Node<'g>>) {
        for item in items {
            self.observe(place, item);
        }
    }

    fn tuple(&mut self, tuples: &mut Option<Tuples>, items: &[Node<'_>]) {
        let len = items.len();
        let tuples = tuples.get_or_insert_with(|| Tuples {
            len: Range { count: 0, least: len, most: len },
            items: Vec::new(),
        });
        let mut range = Some(tuples.len);
        Range::add(&mut range, len, 1);
        tuples.len = range.unwrap_or(tuples.len);
        /// Places that are told apart; a longer tuple is a sequence.
        const PLACES: usize = 16;
        for (at, item) in items.iter().enumerate() {
            let at = at.min(PLACES);
            if at >= tuples.items.len() {
                tuples.items.push(Place::default());
            }
            if let Some(place) = tuples.items.get_mut(at) {
                self.observe(place, *item);
            }
        }
    }

    fn dict(&mut self, dicts: &mut Dicts, entries: &[(Node<'_>, Node<'_>)]) {
        dicts.count += 1;
        dicts.entries += entries.len() as u64;
        let fits =
            entries.iter().all(|(key, _)| key.kind() == NodeKind::Str && key.as_str().is_some());
        if !fits {
            dicts.make_map();
        }
        for (key, value) in entries {
            if dicts.is_map {
                let mut place = std::mem::take(&mut *dicts.key);
                self.observe(&mut place, *key);
                *dicts.key = place;
                self.observe(&mut dicts.value, *value);
                continue;
            }
            let name = key.as_str().unwrap_or_default();
            self.charge(name.len());
            if self.left == 0 {
                break;
            }
            let field = dicts.fields.entry(name.into_owned()).or_default();
            field.count += 1;
            self.observe(&mut field.place, *value);
            if dicts.fields.len() > FIELDS {
                dicts.make_map();
            }
        }
    }

    fn object(&mut self, place: &mut Place, node: Node<'_>) {
        let Some(class) = class_of(node) else {
            *place.others.entry("an object of a computed class").or_default() += 1;
            return;
        };
        if let Some(natural) = natural(node, &class) {
            *place.naturals.entry(natural).or_default() += 1;
            return;
        }
        if self.collection(place, node, &class) || plain(place, node, &class) {
            return;
        }
        *place.classes.entry(class.clone()).or_default() += 1;
        if self.done.insert(node.id()) {
            let mut shape = self.shapes.classes.shift_remove(&class).unwrap_or_default();
            // There while its objects are looked at, so that those within are known.
            self.shapes.classes.insert(class.clone(), Class::default());
            self.parts(&mut shape, node);
            if let Some(inner) = self.shapes.classes.get_mut(&class) {
                let within = std::mem::take(inner);
                shape.merge(&within);
                *inner = shape;
            }
        }
    }

    fn parts(&mut self, shape: &mut Class, node: Node<'_>) {
        let Some(object) = node.object() else { return };
        shape.count += 1;
        match object.how {
            How::NewObj => shape.spellings.new_obj += 1,
            How::Call => shape.spellings.call += 1,
            _ => shape.spellings.other += 1,
        }
        if !object.args.is_empty() {
            shape.with_args += 1;
            self.tuple(&mut shape.args, &object.args);
        }
        if let Some(kwargs) = object.kwargs {
            for (key, value) in kwargs.entries() {
                let field =
                    shape.kwargs.entry(key.as_str().unwrap_or_default().into_owned()).or_default();
                field.count += 1;
                self.observe(&mut field.place, value);
            }
        }
        let mut states = 0;
        for (setter, state) in node.states() {
            states += 1;
            shape.spellings.setter += u64::from(setter.is_some());
            match attributes_of(state) {
                Some(attributes) => {
                    match state.items().next().map(|half| half.kind()) {
                        Some(NodeKind::None) => shape.spellings.slots += 1,
                        Some(_) => shape.spellings.dict_and_slots += 1,
                        None => shape.spellings.dict += 1,
                    }
                    for (name, value) in attributes {
                        let field = shape.fields.entry(name.into_owned()).or_default();
                        field.count += 1;
                        self.observe(&mut field.place, value);
                    }
                }
                None => {
                    shape.spellings.nameless += 1;
                    let mut place = std::mem::take(&mut shape.state);
                    self.observe(&mut place, state);
                    shape.state = place;
                }
            }
        }
        shape.spellings.stateless += u64::from(states == 0);
        let items: Vec<Node<'_>> = node.items().collect();
        if !items.is_empty() {
            self.items(add_seq(&mut shape.items, items.len()), items.into_iter());
        }
        let entries: Vec<_> = node.entries().collect();
        if !entries.is_empty() {
            let mut dicts = shape.entries.take().unwrap_or_default();
            self.dict(&mut dicts, &entries);
            shape.entries = Some(dicts);
        }
    }

    /// The collections of Python's own module.
    fn collection(&mut self, place: &mut Place, node: Node<'_>, class: &Global) -> bool {
        if class.module != "collections" || node.states().any(|(_, state)| !state.is_empty()) {
            return false;
        }
        let Some(object) = node.object() else { return false };
        let dicts = match class.qualname.as_str() {
            "OrderedDict" => &mut place.ordered,
            "defaultdict" => &mut place.defaults,
            "Counter" => &mut place.counters,
            "deque" => {
                let first = object.args.first().filter(|first| first.kind() == NodeKind::List);
                let mut items: Vec<Node<'_>> =
                    first.map_or(Vec::new(), |list| list.items().collect());
                items.extend(node.items());
                self.items(add_seq(&mut place.deques, items.len()), items.into_iter());
                return true;
            }
            _ => return false,
        };
        let mut entries = Vec::new();
        for arg in &object.args {
            match arg.kind() {
                NodeKind::Dict => entries.extend(arg.entries()),
                // Python 2 has a list of pairs.
                NodeKind::List => {
                    for pair in arg.items() {
                        let mut pair = pair.items();
                        entries.extend(pair.next().zip(pair.next()));
                    }
                }
                _ => {}
            }
        }
        entries.extend(node.entries());
        let mut own = dicts.take().unwrap_or_default();
        // These are maps, whatever their keys.
        own.make_map();
        self.dict(&mut own, &entries);
        *dicts = Some(own);
        true
    }
}

impl Class {
    fn merge(&mut self, other: &Self) {
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

/// The natural form that an object has.
fn natural(node: Node<'_>, class: &Global) -> Option<Natural> {
    let text = || String::deserialize(node).ok();
    Some(match (class.module.as_str(), class.qualname.as_str()) {
        ("datetime", "date") => text().map(|_| Natural::Date)?,
        ("datetime", "time") => text().map(|_| Natural::Time)?,
        ("datetime", "timedelta") => text().map(|_| Natural::TimeDelta)?,
        ("datetime", "datetime") => {
            let text = text()?;
            let time = text.split_once('T').map_or("", |(_, time)| time);
            if time.contains('[') {
                Natural::Zoned
            } else if time.contains(['+', '-', 'Z']) {
                Natural::Moment
            } else {
                Natural::DateTime
            }
        }
        ("datetime", "timezone") | ("zoneinfo", "ZoneInfo" | "ZoneInfo._unpickle") => {
            text().map(|_| Natural::TimeZone)?
        }
        ("decimal" | "_decimal", "Decimal") => text().map(|_| Natural::Decimal)?,
        ("fractions", "Fraction") => text().map(|_| Natural::Fraction)?,
        ("uuid", "UUID") => text().map(|_| Natural::Uuid)?,
        (module, name) if module.starts_with("pathlib") && name.ends_with("Path") => {
            text().map(|_| Natural::Path)?
        }
        ("ipaddress", "IPv4Address" | "IPv6Address") => text().map(|_| Natural::IpAddress)?,
        ("builtins", "range" | "xrange") => Natural::Range,
        (module, _) if module.starts_with("numpy") => {
            NdArray::deserialize(node).ok().map(|_| Natural::Array)?
        }
        _ => return None,
    })
}

/// Text and numbers of libraries: scalars of numpy, timestamps of pandas.
fn plain(place: &mut Place, node: Node<'_>, class: &Global) -> bool {
    let module = class.module.split('.').next().unwrap_or_default();
    if !matches!(
        module,
        "numpy" | "pandas" | "pendulum" | "arrow" | "ipaddress" | "pytz" | "dateutil"
    ) {
        return false;
    }
    let name = format!("{}.{}", class.module, class.qualname);
    if let Ok(value) = bool::deserialize(node) {
        let _ = value;
        place.bools += 1;
    } else if let Ok(value) = i128::deserialize(node) {
        Range::add(&mut place.ints, value, 1);
    } else if let Ok(value) = f64::deserialize(node) {
        Range::add(&mut place.floats, value, 1);
    } else if let Ok(text) = String::deserialize(node) {
        Range::add(&mut place.texts, text.chars().count(), 1);
    } else {
        return false;
    }
    *place.plain_classes.entry(name).or_default() += 1;
    true
}
