//! Decides on a Rust type for each place.

use std::collections::HashMap;

use serde_pickle::reduce::Global;

use super::names::{Given, field, singular, type_name};
use super::place::{Class, Dicts, Field, Natural, Place, Range, Seq, Tuples};
use super::shape::Shapes;
use super::words::{class_doc, describe, times};
use crate::paint::grouped;
use crate::walk::is_identifier;

/// A Rust type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ty {
    Bool,
    Int(&'static str),
    F64,
    Text,
    Bytes,
    ByteArray,
    /// Anything.
    Value,
    /// A dict with any keys.
    Dict,
    Global,
    PersistentId,
    Natural(Natural),
    Option(Box<Self>),
    Vec(Box<Self>),
    Set(Box<Self>),
    FrozenSet(Box<Self>),
    Deque(Box<Self>),
    /// A tuple of any length.
    AnyTuple(Box<Self>),
    Tuple(Vec<Self>),
    Map(Box<Self>, Box<Self>),
    OrderedDict(Box<Self>, Box<Self>),
    Counter(Box<Self>),
    Box(Box<Self>),
    /// By its place in [`Model::structs`].
    Struct(usize),
    Enum(usize),
}

/// A field of a struct.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FieldDef {
    /// In Rust.
    pub(crate) name: String,
    /// In Python.
    pub(crate) key: &'static str,
    pub(crate) ty: Ty,
    /// True if it is not always there.
    pub(crate) missing: bool,
    pub(crate) doc: String,
    /// True if it cannot be read.
    pub(crate) omitted: bool,
}

/// The body of a struct.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Body {
    Named(Vec<FieldDef>),
    Tuple(Vec<Ty>),
    Unit,
}

#[derive(Clone, Debug)]
pub(crate) struct StructDef {
    pub(crate) name: String,
    /// serde's name: that of the class, or the struct's own.
    pub(crate) rename: &'static str,
    /// Names to try where that one does not read the samples: the class in other forms.
    pub(crate) others: Vec<&'static str>,
    pub(crate) is_class: bool,
    pub(crate) body: Body,
    pub(crate) doc: Vec<String>,
    /// True if objects of it can be read as values alone.
    pub(crate) opaque: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct EnumDef {
    pub(crate) name: String,
    pub(crate) static_name: &'static str,
    /// Name, class, and type of each.
    pub(crate) variants: Vec<(String, &'static str, Ty)>,
    pub(crate) doc: Vec<String>,
}

/// All types of a module.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) root: Ty,
    pub(crate) root_doc: String,
    pub(crate) structs: Vec<StructDef>,
    pub(crate) enums: Vec<EnumDef>,
}

/// serde takes names that live for ever.
pub(crate) fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

/// Decides on all types.
pub(crate) fn resolve(shapes: &Shapes, root: &str) -> Model {
    let mut resolver = Resolver {
        shapes,
        given: Given::default(),
        structs: Vec::new(),
        enums: Vec::new(),
        classes: HashMap::new(),
    };
    // The root's name is for what was pickled.
    let ty = resolver.place(&shapes.root, root);
    let mut model = Model {
        root: ty,
        root_doc: describe(&shapes.root),
        structs: resolver.structs,
        enums: resolver.enums,
    };
    model.box_cycles();
    model
}

struct Resolver<'s> {
    shapes: &'s Shapes,
    given: Given,
    structs: Vec<StructDef>,
    enums: Vec<EnumDef>,
    classes: HashMap<Global, usize>,
}

impl Resolver<'_> {
    /// The type of a place; `hint` is a name for what has none.
    fn place(&mut self, place: &Place, hint: &str) -> Ty {
        let ty = self.present(place, hint);
        if place.none > 0 && ty != Ty::Value { Ty::Option(Box::new(ty)) } else { ty }
    }

    /// The type of what is not None.
    fn present(&mut self, place: &Place, hint: &str) -> Ty {
        let kinds = Kinds::of(place);
        match &kinds.0[..] {
            [] => Ty::Value,
            [kind] => self.kind(*kind, place, hint),
            // Numbers of both kinds are floats, as long as a float can hold the ints.
            [Kind::Int, Kind::Float] => match place.ints {
                Some(ints) if ints.least >= -(1 << 53) && ints.most <= 1 << 53 => Ty::F64,
                _ => Ty::Value,
            },
            [Kind::List, Kind::Tuple] => {
                let mut all = Place::default();
                all.merge(&Place { lists: place.lists.clone(), ..Place::default() });
                let tuples = place.tuples.iter().flat_map(|it| &it.items);
                let mut seq = all.lists.take();
                if let Some(seq) = &mut seq {
                    tuples.for_each(|item| seq.item.merge(item));
                }
                self.seq(seq.as_ref(), hint, Ty::Vec)
            }
            kinds if kinds.iter().all(|kind| *kind == Kind::Natural) => self.naturals(place),
            _ => Ty::Value,
        }
    }

    fn kind(&mut self, kind: Kind, place: &Place, hint: &str) -> Ty {
        match kind {
            Kind::Bool => Ty::Bool,
            Kind::Int => place.ints.map_or(Ty::Value, int),
            Kind::Float => Ty::F64,
            Kind::Text => Ty::Text,
            Kind::Bytes => Ty::Bytes,
            Kind::ByteArray => Ty::ByteArray,
            Kind::Global => Ty::Global,
            Kind::Persistent => Ty::PersistentId,
            Kind::List => self.seq(place.lists.as_ref(), hint, Ty::Vec),
            Kind::Set => self.seq(place.sets.as_ref(), hint, Ty::Set),
            Kind::FrozenSet => self.seq(place.frozen_sets.as_ref(), hint, Ty::FrozenSet),
            Kind::Deque => self.seq(place.deques.as_ref(), hint, Ty::Deque),
            Kind::Tuple => place.tuples.as_ref().map_or(Ty::Value, |it| self.tuple(it, hint)),
            Kind::Dict => place.dicts.as_ref().map_or(Ty::Value, |it| self.dict(it, hint)),
            Kind::Ordered => self.map(place.ordered.as_deref(), hint, Ty::OrderedDict),
            Kind::Default => self.map(place.defaults.as_deref(), hint, Ty::Map),
            Kind::Counter => self.map(place.counters.as_deref(), hint, |key, value| match *value {
                Ty::Int(_) => Ty::Counter(key),
                _ => Ty::Map(key, value),
            }),
            Kind::Natural => self.naturals(place),
            Kind::Class => self.classes(place, hint),
            Kind::Other => Ty::Value,
        }
    }

    fn seq(&mut self, seq: Option<&Seq>, hint: &str, make: impl Fn(Box<Ty>) -> Ty) -> Ty {
        match seq {
            Some(seq) => make(Box::new(self.place(&seq.item, &singular(hint)))),
            None => Ty::Value,
        }
    }

    fn tuple(&mut self, tuples: &Tuples, hint: &str) -> Ty {
        // serde has tuples of up to 16.
        if tuples.len.least == tuples.len.most && (1..=12).contains(&tuples.len.most) {
            let items = tuples.items.iter().enumerate();
            return Ty::Tuple(
                items.map(|(at, item)| self.place(item, &format!("{hint}_{at}"))).collect(),
            );
        }
        let mut all = Place::default();
        tuples.items.iter().for_each(|item| all.merge(item));
        Ty::AnyTuple(Box::new(self.place(&all, &singular(hint))))
    }

    fn map(
        &mut self,
        dicts: Option<&Dicts>,
        hint: &str,
        make: impl Fn(Box<Ty>, Box<Ty>) -> Ty,
    ) -> Ty {
        let Some(dicts) = dicts else { return Ty::Value };
        let map = dicts.as_map();
        let key = self.place(&map.key, &format!("{hint}_key"));
        let key = if map.key.seen == 0 { Ty::Text } else { key };
        if !is_key(&key) {
            return Ty::Dict;
        }
        let value = self.place(&map.value, &singular(hint));
        make(Box::new(key), Box::new(value))
    }

    fn dict(&mut self, dicts: &Dicts, hint: &str) -> Ty {
        if !is_struct(dicts) {
            return self.map(Some(dicts), hint, Ty::Map);
        }
        let fields = self.fields(&dicts.fields, dicts.count);
        let body = Body::Named(fields);
        // Dicts with the same keys and types are one type, wherever they are.
        let known = self.structs.iter().position(|it| !it.is_class && same(&it.body, &body));
        if let Some(known) = known {
            return Ty::Struct(known);
        }
        let name = self.given.unique(&type_name(hint));
        self.structs.push(StructDef {
            rename: leak(&name),
            others: Vec::new(),
            name,
            is_class: false,
            body,
            doc: vec![format!("A dict, {}.", times(dicts.count))],
            opaque: false,
        });
        Ty::Struct(self.structs.len() - 1)
    }

    fn fields(&mut self, fields: &indexmap::IndexMap<String, Field>, owners: u64) -> Vec<FieldDef> {
        let mut names = Given::default();
        let mut made = Vec::new();
        for (key, it) in fields {
            let raw = field(key);
            let name = names.unique(&raw);
            let missing = it.count < owners;
            let mut ty = self.place(&it.place, key);
            if missing && !matches!(ty, Ty::Option(_)) {
                ty = Ty::Option(Box::new(ty));
            }
            let mut doc = describe(&it.place);
            if missing {
                let count = grouped(owners.saturating_sub(it.count));
                doc.push_str(&format!("; missing in {count} of {}", grouped(owners)));
            }
            made.push(FieldDef { name, key: leak(key), ty, missing, doc, omitted: false });
        }
        made
    }

    fn naturals(&mut self, place: &Place) -> Ty {
        let kinds: Vec<Natural> = place.naturals.keys().copied().collect();
        match kinds[..] {
            [only] => Ty::Natural(only),
            // The crate's own type holds any.
            _ if kinds
                .iter()
                .all(|it| matches!(it, Natural::DateTime | Natural::Moment | Natural::Zoned)) =>
            {
                Ty::Natural(Natural::Zoned)
            }
            _ => Ty::Value,
        }
    }

    /// One class is a struct, several are an enum.
    fn classes(&mut self, place: &Place, hint: &str) -> Ty {
        let classes: Vec<Global> = place.classes.keys().cloned().collect();
        if let [class] = &classes[..] {
            return self.class(class);
        }
        if classes.len() > 100 {
            return Ty::Value;
        }
        let mut names = Given::default();
        let mut variants = Vec::new();
        for class in &classes {
            let Some(rename) = serde_name(class) else { return Ty::Value };
            let name = names.unique(&type_name(last(&class.qualname)));
            variants.push((name, leak(&rename), self.class(class)));
        }
        variants.sort_by_key(|(_, class, _)| *class);
        let same = |it: &EnumDef| {
            it.variants.len() == variants.len()
                && it.variants.iter().zip(&variants).all(|(it, own)| it.1 == own.1)
        };
        if let Some(known) = self.enums.iter().position(same) {
            return Ty::Enum(known);
        }
        let name = self.given.unique(&type_name(hint));
        let doc = vec![format!("An object of one of {} classes.", classes.len())];
        self.enums.push(EnumDef { static_name: leak(&name), name, variants, doc });
        Ty::Enum(self.enums.len() - 1)
    }

    fn class(&mut self, global: &Global) -> Ty {
        if let Some(&known) = self.classes.get(global) {
            return Ty::Struct(known);
        }
        let (Some(shape), Some(rename)) = (self.shapes.classes.get(global), serde_name(global))
        else {
            return Ty::Value;
        };
        let at = self.structs.len();
        self.classes.insert(global.clone(), at);
        self.structs.push(StructDef {
            name: self.given.unique(&type_name(last(&global.qualname))),
            rename: leak(&rename),
            others: Vec::new(),
            is_class: true,
            body: Body::Unit,
            doc: class_doc(global, shape),
            opaque: false,
        });
        let body = self.body(shape, last(&global.qualname));
        if let Some(own) = self.structs.get_mut(at) {
            match body {
                Some(body) => {
                    let form = form(shape, &body);
                    let names = [
                        format!("{rename}{form}"),
                        format!("{rename}{form}?"),
                        format!("{rename}?"),
                        rename.clone(),
                    ];
                    own.others = names.iter().map(|name| leak(name)).collect();
                    own.others.dedup();
                    own.rename = own.others.remove(0);
                    own.body = body;
                }
                None => own.opaque = true,
            }
        }
        Ty::Struct(at)
    }

    /// The body of a class's struct; `None` where only a value holds it.
    fn body(&mut self, shape: &Class, hint: &str) -> Option<Body> {
        if shape.spellings.setter > 0 {
            return None;
        }
        match (&shape.items, &shape.entries) {
            (Some(items), None) if shape.fields.is_empty() && shape.args.is_none() => {
                return Some(Body::Tuple(vec![self.seq(Some(items), hint, Ty::Vec)]));
            }
            (None, Some(entries)) if shape.fields.is_empty() && shape.args.is_none() => {
                return Some(Body::Tuple(vec![self.map(Some(entries), hint, Ty::Map)]));
            }
            (None, None) => {}
            _ => return None,
        }
        if shape.spellings.nameless > 0 {
            let tuples = shape.state.tuples.as_ref().filter(|it| it.len.least == it.len.most)?;
            if !shape.fields.is_empty() || Kinds::of(&shape.state).0 != [Kind::Tuple] {
                return None;
            }
            let fields = tuples.items.iter().enumerate().map(|(at, item)| {
                let key = format!("state_{at}");
                let ty = self.place(item, &key);
                let doc = describe(item);
                FieldDef {
                    name: key.clone(),
                    key: leak(&key),
                    ty,
                    missing: false,
                    doc,
                    omitted: false,
                }
            });
            return Some(Body::Named(fields.collect()));
        }
        if !shape.fields.is_empty() {
            return Some(Body::Named(self.fields(&shape.fields, shape.count)));
        }
        if !shape.kwargs.is_empty() && shape.args.is_none() {
            return Some(Body::Named(self.fields(&shape.kwargs, shape.count)));
        }
        let Some(args) = &shape.args else { return Some(Body::Unit) };
        let fixed = args.len.least == args.len.most && args.len.most <= 16;
        if !fixed || shape.with_args < shape.count || !shape.kwargs.is_empty() {
            return None;
        }
        let items = args.items.iter().enumerate();
        let items = items.map(|(at, item)| self.place(item, &format!("{hint}_{at}")));
        Some(Body::Tuple(items.collect()))
    }
}

/// The form in which a class's name says how its objects are spelled; docs/REDUCE.md has them all.
fn form(shape: &Class, body: &Body) -> &'static str {
    let it = &shape.spellings;
    let call = it.call > 0 && it.new_obj == 0;
    match body {
        Body::Unit if call => "/call",
        Body::Unit => "/new",
        Body::Tuple(_) if shape.items.is_some() && call => "/call/listitems",
        Body::Tuple(_) if shape.items.is_some() => "/listitems",
        Body::Tuple(_) if shape.entries.is_some() && call => "/call/dictitems",
        Body::Tuple(_) if shape.entries.is_some() => "/dictitems",
        Body::Tuple(_) if call => "",
        Body::Tuple(_) => "/new",
        Body::Named(_) if it.nameless > 0 => {
            if call {
                "/call/tuple"
            } else {
                "/tuple"
            }
        }
        Body::Named(_) if shape.fields.is_empty() => "/kwargs",
        Body::Named(_) if it.slots > 0 && it.dict == 0 => {
            if call {
                "/call/slots"
            } else {
                "/slots"
            }
        }
        Body::Named(_) if call => "/call",
        Body::Named(_) => "",
    }
}

/// Structs of equal fields, whatever was counted.
fn same(one: &Body, other: &Body) -> bool {
    match (one, other) {
        (Body::Named(one), Body::Named(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| {
                    one.key == other.key && one.ty == other.ty && one.missing == other.missing
                })
        }
        (one, other) => one == other,
    }
}

/// Kinds of what may be at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Bool,
    Int,
    Float,
    Text,
    Bytes,
    ByteArray,
    List,
    Tuple,
    Set,
    FrozenSet,
    Deque,
    Dict,
    Ordered,
    Default,
    Counter,
    Natural,
    Class,
    Global,
    Persistent,
    Other,
}

struct Kinds(Vec<Kind>);

impl Kinds {
    fn of(place: &Place) -> Self {
        let there = [
            (place.bools > 0, Kind::Bool),
            (place.ints.is_some(), Kind::Int),
            (place.floats.is_some(), Kind::Float),
            (place.texts.is_some(), Kind::Text),
            (place.bytes.is_some(), Kind::Bytes),
            (place.byte_arrays > 0, Kind::ByteArray),
            (place.lists.is_some(), Kind::List),
            (place.tuples.is_some(), Kind::Tuple),
            (place.sets.is_some(), Kind::Set),
            (place.frozen_sets.is_some(), Kind::FrozenSet),
            (place.deques.is_some(), Kind::Deque),
            (place.dicts.is_some(), Kind::Dict),
            (place.ordered.is_some(), Kind::Ordered),
            (place.defaults.is_some(), Kind::Default),
            (place.counters.is_some(), Kind::Counter),
            (!place.naturals.is_empty(), Kind::Natural),
            (!place.classes.is_empty(), Kind::Class),
            (place.globals > 0, Kind::Global),
            (place.persistent > 0, Kind::Persistent),
            (!place.others.is_empty() || place.big_ints > 0, Kind::Other),
        ];
        Self(there.into_iter().filter(|(there, _)| *there).map(|(_, kind)| kind).collect())
    }
}

/// The narrowest type for a range.
fn int(range: Range<i128>) -> Ty {
    let (least, most) = (range.least, range.most);
    Ty::Int(if least >= 0 {
        match most {
            0..=0xff => "u8",
            0x100..=0xffff => "u16",
            0x1_0000..=0xffff_ffff => "u32",
            0x1_0000_0000..=0xffff_ffff_ffff_ffff => "u64",
            _ => "u128",
        }
    } else if least >= i8::MIN.into() && most <= i8::MAX.into() {
        "i8"
    } else if least >= i16::MIN.into() && most <= i16::MAX.into() {
        "i16"
    } else if least >= i32::MIN.into() && most <= i32::MAX.into() {
        "i32"
    } else if least >= i64::MIN.into() && most <= i64::MAX.into() {
        "i64"
    } else {
        "i128"
    })
}

/// Returns true for keys that an ordered map takes.
fn is_key(ty: &Ty) -> bool {
    match ty {
        Ty::Bool | Ty::Int(_) | Ty::Text | Ty::Bytes => true,
        Ty::Tuple(items) => items.iter().all(is_key),
        _ => false,
    }
}

/// Decides whether the keys of dicts are names of fields, or data.
fn is_struct(dicts: &Dicts) -> bool {
    if dicts.is_map || dicts.fields.is_empty() {
        return false;
    }
    let names = dicts.fields.len() as f64;
    let identifiers = dicts.fields.keys().filter(|key| is_identifier(key)).count() as f64;
    let full = dicts.entries as f64 / (dicts.count as f64 * names);
    let alike = {
        let kinds: Vec<Vec<Kind>> =
            dicts.fields.values().map(|it| Kinds::of(&it.place).0).collect();
        kinds.windows(2).all(|pair| pair[0] == pair[1])
    };
    match dicts.count {
        1 => identifiers >= names * 0.7 && (names <= 12.0 || !alike && names <= 80.0),
        _ => full >= 0.5 || full >= 0.2 && names <= 16.0 && !alike,
    }
}

/// The name by which serde means a class; `None` for names that would be taken apart.
fn serde_name(class: &Global) -> Option<String> {
    let plain = |text: &str| {
        !text.is_empty()
            && !text.contains([':', '|', '"', '\\', '/', '@', '('])
            && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '<' | '>'))
    };
    (plain(&class.module) && plain(&class.qualname))
        .then(|| format!("py:{}:{}", class.module, class.qualname))
}

fn last(qualname: &str) -> &str {
    qualname.rsplit('.').next().unwrap_or(qualname)
}
