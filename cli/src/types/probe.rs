//! Reads samples by types that were decided on, with the calls that derived code makes.
//!
//! What cannot be read so is found here and not by whoever compiles the module: the innermost field
//! at fault becomes a `Value`, and is left out if it is one already, as what leads back to its own
//! object. [`Seed`] is `Deserialize` for a [`Ty`].

use std::cell::Cell;
use std::fmt;

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IgnoredAny, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde::{Deserialize, de::Error as _};
use serde_pickle::python::numpy::OwnedNdArray;
use serde_pickle::reduce::{Global, PersistentId};
use serde_pickle::{Dict, Node, Value, python};

use super::emit::Dates;
use super::place::Natural;
use super::resolve::{Body, FieldDef, Model, StructDef, Ty};

/// A part of the model that can be decided otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Spot {
    Root,
    Field(usize, usize),
    Item(usize, usize),
    Variant(usize, usize),
    /// A struct as a whole: the class, or the form that its name asks for.
    Struct(usize),
}

/// The outcome of reading a sample.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// Decisions that were changed, in words.
    pub(crate) changes: Vec<String>,
    /// Why it cannot be read whatever is decided.
    pub(crate) error: Option<String>,
}

/// Reads a sample; changes the model where that fails, until it does not.
pub(crate) fn settle(model: &mut Model, root: Node<'_>, dates: Dates) -> Settled {
    let mut settled = Settled::default();
    loop {
        let fault = Cell::new(None);
        let seed = Seed { model, ty: &model.root, dates, fault: &fault };
        let Err(error) = seed.deserialize(root) else { return settled };
        let spot = fault.get().unwrap_or(Spot::Root);
        if !model.give_up(spot, &error.to_string(), &mut settled.changes) {
            settled.error = Some(error.to_string());
            return settled;
        }
    }
}

impl Model {
    /// Decides for less at a spot; false where there is no less.
    fn give_up(&mut self, spot: Spot, error: &str, changes: &mut Vec<String>) -> bool {
        match spot {
            Spot::Root => less(&mut self.root),
            Spot::Field(at, number) => {
                let Some(it) = self.structs.get_mut(at) else { return false };
                let name = it.name.clone();
                let Body::Named(fields) = &mut it.body else { return false };
                let Some(field) = fields.get_mut(number) else { return false };
                let missing = field.missing;
                if less(&mut field.ty) {
                    if missing {
                        field.ty = Ty::Option(Box::new(Ty::Value));
                    }
                    changes.push(format!("{name}.{} is a Value: {error}", field.key));
                } else {
                    field.omitted = true;
                    changes.push(format!("{name}.{} is left out: {error}", field.key));
                }
                true
            }
            Spot::Item(at, number) => {
                let Some(it) = self.structs.get_mut(at).filter(|it| !it.opaque) else {
                    return false;
                };
                let Body::Tuple(items) = &mut it.body else { return false };
                let Some(item) = items.get_mut(number) else { return false };
                if !less(item) {
                    it.opaque = true;
                }
                changes.push(format!("{} holds a Value: {error}", it.name));
                true
            }
            Spot::Struct(at) => {
                let Some(it) = self.structs.get_mut(at).filter(|it| !it.opaque) else {
                    return false;
                };
                if it.others.is_empty() {
                    it.opaque = true;
                    changes.push(format!("{} is a Value: {error}", it.name));
                } else {
                    it.rename = it.others.remove(0);
                }
                true
            }
            Spot::Variant(at, number) => {
                let Some(it) = self.enums.get_mut(at) else { return false };
                let name = it.name.clone();
                let Some((variant, _, ty)) = it.variants.get_mut(number) else { return false };
                changes.push(format!("{name}::{variant} is a Value: {error}"));
                less(ty)
            }
        }
    }
}

/// Makes a `Value` of a type; false where it is one.
fn less(ty: &mut Ty) -> bool {
    match ty {
        Ty::Value => false,
        Ty::Option(inner) if **inner == Ty::Value => false,
        _ => {
            *ty = Ty::Value;
            true
        }
    }
}

#[derive(Clone, Copy)]
struct Seed<'m> {
    model: &'m Model,
    ty: &'m Ty,
    dates: Dates,
    /// The innermost spot at fault.
    fault: &'m Cell<Option<Spot>>,
}

impl<'m> Seed<'m> {
    fn of(self, ty: &'m Ty) -> Self {
        Self { ty, ..self }
    }

    /// Notes where an error comes from.
    fn noting<T, E>(self, spot: Spot, result: Result<T, E>) -> Result<T, E> {
        if result.is_err() && self.fault.get().is_none() {
            self.fault.set(Some(spot));
        }
        result
    }
}

fn read<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    T::deserialize(deserializer).map(drop)
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, de: D) -> Result<(), D::Error> {
        match self.ty {
            Ty::Bool => read::<bool, D>(de),
            Ty::Int("u8") => read::<u8, D>(de),
            Ty::Int("u16") => read::<u16, D>(de),
            Ty::Int("u32") => read::<u32, D>(de),
            Ty::Int("u64") => read::<u64, D>(de),
            Ty::Int("u128") => read::<u128, D>(de),
            Ty::Int("i8") => read::<i8, D>(de),
            Ty::Int("i16") => read::<i16, D>(de),
            Ty::Int("i32") => read::<i32, D>(de),
            Ty::Int("i64") => read::<i64, D>(de),
            Ty::Int(_) => read::<i128, D>(de),
            Ty::F64 => read::<f64, D>(de),
            Ty::Text => read::<String, D>(de),
            Ty::Bytes => de.deserialize_byte_buf(AnyBytes),
            Ty::ByteArray => read::<python::ByteArray, D>(de),
            Ty::Value => read::<Value, D>(de),
            Ty::Dict => read::<Dict, D>(de),
            Ty::Global => read::<Global, D>(de),
            Ty::PersistentId => read::<PersistentId<Value>, D>(de),
            Ty::Natural(natural) => natural_form(*natural, self.dates, de),
            Ty::Option(inner) => de.deserialize_option(Inner(self.of(inner))),
            Ty::Box(inner) => self.of(inner).deserialize(de),
            Ty::Vec(item)
            | Ty::Set(item)
            | Ty::FrozenSet(item)
            | Ty::Deque(item)
            | Ty::AnyTuple(item) => de.deserialize_seq(Items(self.of(item))),
            Ty::Tuple(items) => de.deserialize_tuple(items.len(), Positional(self, items, None)),
            Ty::Map(key, value) | Ty::OrderedDict(key, value) => {
                de.deserialize_map(Entries(self.of(key), self.of(value)))
            }
            Ty::Counter(key) => de.deserialize_map(Entries(self.of(key), self.of(&Ty::Int("i64")))),
            Ty::Struct(at) => match self.model.structs.get(*at) {
                Some(it) => self.structure(*at, it, de),
                None => Err(D::Error::custom("no such struct")),
            },
            Ty::Enum(at) => match self.model.enums.get(*at) {
                Some(it) => {
                    let names: Vec<&'static str> =
                        it.variants.iter().map(|(_, name, _)| *name).collect();
                    // As long as the program runs; there are few.
                    let names: &'static [&'static str] = Box::leak(names.into_boxed_slice());
                    de.deserialize_enum(it.static_name, names, OneOf(self, *at))
                }
                None => Err(D::Error::custom("no such enum")),
            },
        }
    }
}

impl Seed<'_> {
    fn structure<'de, D: Deserializer<'de>>(
        self,
        at: usize,
        it: &StructDef,
        de: D,
    ) -> Result<(), D::Error> {
        if it.opaque {
            return read::<Value, D>(de);
        }
        let read = self.body(at, it, de);
        if it.is_class { self.noting(Spot::Struct(at), read) } else { read }
    }

    fn body<'de, D: Deserializer<'de>>(
        self,
        at: usize,
        it: &StructDef,
        de: D,
    ) -> Result<(), D::Error> {
        match &it.body {
            Body::Unit => de.deserialize_unit_struct(it.rename, Nothing),
            Body::Tuple(items) => match &items[..] {
                [item] => de.deserialize_newtype_struct(it.rename, Newtype(self, item, at)),
                items => {
                    let positional = Positional(self, items, Some(at));
                    de.deserialize_tuple_struct(it.rename, items.len(), positional)
                }
            },
            Body::Named(fields) => {
                let keys: Vec<&'static str> =
                    fields.iter().filter(|it| !it.omitted).map(|it| it.key).collect();
                let keys: &'static [&'static str] = Box::leak(keys.into_boxed_slice());
                de.deserialize_struct(it.rename, keys, Named(self, fields, at))
            }
        }
    }
}

/// The types of Python's own classes, as [`Dates`] has them.
fn natural_form<'de, D: Deserializer<'de>>(
    natural: Natural,
    dates: Dates,
    de: D,
) -> Result<(), D::Error> {
    let is_time = matches!(
        natural,
        Natural::Date | Natural::Time | Natural::DateTime | Natural::Moment | Natural::Zoned
    );
    match natural {
        // Their own reading of the text is that of the crate's types.
        _ if is_time && dates == Dates::Text => read::<String, D>(de),
        Natural::Date => read::<python::Date, D>(de),
        Natural::Time => read::<python::Time, D>(de),
        Natural::DateTime | Natural::Moment | Natural::Zoned => read::<python::DateTime, D>(de),
        Natural::TimeDelta => read::<python::TimeDelta, D>(de),
        Natural::TimeZone => read::<python::TimeZone, D>(de),
        Natural::Decimal => read::<python::Decimal, D>(de),
        Natural::Fraction => read::<python::Fraction, D>(de),
        Natural::Uuid => read::<python::Uuid, D>(de),
        Natural::Path => read::<python::Path, D>(de),
        Natural::IpAddress => read::<python::IpAddress, D>(de),
        Natural::Complex => read::<serde_pickle::value::Complex, D>(de),
        Natural::Array => read::<OwnedNdArray, D>(de),
        Natural::Range => read::<python::Range, D>(de),
    }
}

macro_rules! expecting {
    ($text:literal) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str($text)
        }
    };
}

/// Bytes, as `serde_bytes::ByteBuf` takes them.
struct AnyBytes;

impl<'de> Visitor<'de> for AnyBytes {
    type Value = ();

    expecting!("bytes");

    fn visit_bytes<E: de::Error>(self, _: &[u8]) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<u8>()?.is_some() {}
        Ok(())
    }
}

struct Nothing;

impl Visitor<'_> for Nothing {
    type Value = ();

    expecting!("a unit struct");

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }
}

/// An `Option`.
struct Inner<'m>(Seed<'m>);

impl<'de> Visitor<'de> for Inner<'_> {
    type Value = ();

    expecting!("an option");

    fn visit_none<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, de: D) -> Result<(), D::Error> {
        self.0.deserialize(de)
    }
}

struct Items<'m>(Seed<'m>);

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    expecting!("a sequence");

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(self.0)?.is_some() {}
        Ok(())
    }
}

struct Entries<'m>(Seed<'m>, Seed<'m>);

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = ();

    expecting!("a map");

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key_seed(self.0)?.is_some() {
            map.next_value_seed(self.1)?;
        }
        Ok(())
    }
}

/// A tuple, or a tuple struct at its place in the model.
struct Positional<'m>(Seed<'m>, &'m [Ty], Option<usize>);

impl<'de> Visitor<'de> for Positional<'_> {
    type Value = ();

    expecting!("a tuple");

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        for (number, ty) in self.1.iter().enumerate() {
            let seed = self.0.of(ty);
            let read = seq.next_element_seed(seed);
            let read = match self.2 {
                Some(at) => seed.noting(Spot::Item(at, number), read)?,
                None => read?,
            };
            if read.is_none() {
                return Err(A::Error::invalid_length(number, &"a tuple with more items"));
            }
        }
        Ok(())
    }
}

struct Newtype<'m>(Seed<'m>, &'m Ty, usize);

impl<'de> Visitor<'de> for Newtype<'_> {
    type Value = ();

    expecting!("a newtype struct");

    fn visit_newtype_struct<D: Deserializer<'de>>(self, de: D) -> Result<(), D::Error> {
        let seed = self.0.of(self.1);
        seed.noting(Spot::Item(self.2, 0), seed.deserialize(de))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let seed = self.0.of(self.1);
        let read = seed.noting(Spot::Item(self.2, 0), seq.next_element_seed(seed))?;
        read.ok_or_else(|| A::Error::invalid_length(0, &"a newtype struct"))
    }
}

/// A name: of a field, or of a variant.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, de: D) -> Result<String, D::Error> {
        de.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Key {
    type Value = String;

    expecting!("a name");

    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<String, E> {
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }
}

struct Named<'m>(Seed<'m>, &'m [FieldDef], usize);

impl<'de> Visitor<'de> for Named<'_> {
    type Value = ();

    expecting!("a struct");

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self(seed, fields, at) = self;
        let mut there = vec![false; fields.len()];
        while let Some(key) = map.next_key_seed(Key)? {
            let found = fields.iter().position(|it| it.key == key && !it.omitted);
            let Some(number) = found else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if std::mem::replace(&mut there[number], true) {
                return Err(A::Error::custom(format!("duplicate field `{key}`")));
            }
            let read = map.next_value_seed(seed.of(&fields[number].ty));
            seed.noting(Spot::Field(at, number), read)?;
        }
        for (number, field) in fields.iter().enumerate() {
            if !there[number] && !field.omitted && !matches!(field.ty, Ty::Option(_)) {
                let error = A::Error::custom(format!("missing field `{}`", field.key));
                return seed.noting(Spot::Field(at, number), Err(error));
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Self(seed, fields, at) = self;
        for (number, field) in fields.iter().enumerate().filter(|(_, it)| !it.omitted) {
            let read = seq.next_element_seed(seed.of(&field.ty));
            if seed.noting(Spot::Field(at, number), read)?.is_none() {
                return Err(A::Error::invalid_length(number, &"a struct with more fields"));
            }
        }
        Ok(())
    }
}

struct OneOf<'m>(Seed<'m>, usize);

impl<'de> Visitor<'de> for OneOf<'_> {
    type Value = ();

    expecting!("an enum");

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<(), A::Error> {
        let (name, content) = access.variant_seed(Key)?;
        let variants = self.0.model.enums.get(self.1).map_or(&[][..], |it| &it.variants[..]);
        let Some(number) = variants.iter().position(|(_, own, _)| *own == name) else {
            return Err(A::Error::custom(format!("unknown variant `{name}`")));
        };
        let seed = self.0.of(&variants[number].2);
        seed.noting(Spot::Variant(self.1, number), content.newtype_variant_seed(seed))
    }
}
