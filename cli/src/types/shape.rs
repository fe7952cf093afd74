//! The observations at each place, over all samples.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_pickle::Node;
use serde_pickle::graph::{NodeId, NodeKind};
use serde_pickle::python::numpy::NdArray;
use serde_pickle::reduce::{Global, How};

use super::place::{Class, Dicts, FIELDS, Field, Natural, Place, Range, Tuples, add_seq};
use crate::walk::{attributes_of, class_of};

/// Levels of nesting that are looked at.
const DEEPEST: usize = 60;

/// Bytes of a key beyond which a dict is a map.
const NAME: usize = 200;

/// The observations of all samples.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    pub(crate) root: Place,
    pub(crate) classes: IndexMap<Global, Class>,
    pub(crate) samples: u64,
}

impl Shapes {
    /// Adds a sample out of a file of so many bytes.
    pub(crate) fn add(&mut self, root: Node<'_>, size: u64) {
        self.samples += 1;
        let mut place = std::mem::take(&mut self.root);
        let left = VALUES.saturating_add(size.saturating_mul(4));
        let mut observer =
            Observer { shapes: self, done: Default::default(), open: Vec::new(), left };
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

/// Values of one sample that are looked at, beyond four for each byte.
const VALUES: u64 = 1_000_000;

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
        // No field has a name of that length.
        let fits = entries.iter().all(|(key, _)| {
            key.kind() == NodeKind::Str && key.as_str().is_some_and(|name| name.len() <= NAME)
        });
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
            self.field(&mut dicts.fields, key.as_str().unwrap_or_default(), *value);
            if dicts.fields.len() > FIELDS {
                dicts.make_map();
            }
        }
    }

    /// A field of a struct, or what may be one.
    fn field(&mut self, fields: &mut IndexMap<String, Field>, name: Cow<'_, str>, value: Node<'_>) {
        self.charge(name.len());
        if self.left == 0 {
            return;
        }
        let field = fields.entry(name.into_owned()).or_default();
        field.count += 1;
        self.observe(&mut field.place, value);
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
                self.field(&mut shape.kwargs, key.as_str().unwrap_or_default(), value);
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
                        self.field(&mut shape.fields, name, value);
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
