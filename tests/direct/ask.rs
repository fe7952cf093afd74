//! The questions of a type, as data: a type made up at run time, which records every call of its
//! visitor.
//!
//! Two ways that call a visitor alike give every type the same, so what is compared is the record,
//! in full: by which method an int came, whether text was borrowed. The types of
//! [`types`](super::types) are those that people write; these ask whatever can be asked, and in
//! places nothing at all.

use std::cell::RefCell;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};

use super::Random;

#[derive(Clone, Debug)]
pub(super) enum Ask {
    Any,
    Bool,
    I8,
    I64,
    I128,
    U8,
    U64,
    F32,
    F64,
    Char,
    Str,
    String,
    Bytes,
    ByteBuf,
    Unit,
    Identifier,
    Ignored,
    UnitStruct,
    /// A `u8`, which does not take every int.
    Narrow,
    /// Does not touch its deserializer.
    Nothing,
    /// Makes do with any error.
    Swallow(Box<Ask>),
    Option(Box<Ask>),
    Newtype(Box<Ask>),
    Seq(Box<Ask>),
    /// A sequence of which no more than so many are asked for.
    Few(usize, Box<Ask>),
    Tuple(Vec<Ask>),
    Map(Box<Ask>, Box<Ask>),
    /// The name is that of a class, or any.
    Struct(&'static str, Box<Ask>),
    /// The last letter of a variant's name says how its data is read.
    Enum(Box<Ask>),
}

/// Names of structs: a plain one, two that are classes.
pub(super) const STRUCTS: [&str; 3] = ["Point", "py:geometry:Point", "py:queue:Queue"];

/// Names of variants: without data, around one value, two, with fields.
pub(super) const VARIANTS: [&str; 4] = ["EmptyU", "WrapN", "PairT", "FieldsS"];

impl Ask {
    pub(super) fn random(random: &mut Random, depth: usize) -> Self {
        use Ask::*;
        let scalars = [
            Any, Bool, I8, I64, I64, I64, I128, U8, U64, U64, F32, F64, F64, Char, Str, Str,
            String, String, Bytes, ByteBuf, Unit, Identifier, Ignored, UnitStruct, Narrow, Nothing,
        ];
        if depth == 0 || random.once_in(4) {
            return match random.below(scalars.len() + 12) {
                n if n < scalars.len() && (n != scalars.len() - 1 || random.once_in(3)) => {
                    scalars[n].clone()
                }
                n if n % 2 == 0 => I64,
                _ => Str,
            };
        }
        let inner = |random: &mut Random| Box::new(Self::random(random, depth - 1));
        match random.below(26) {
            0..=2 => Option(inner(random)),
            3 => Newtype(inner(random)),
            4..=9 => Seq(inner(random)),
            10 => Few(random.below(4), inner(random)),
            11..=15 => {
                let len = 1 + random.below(4);
                Tuple((0..len).map(|_| *inner(random)).collect())
            }
            16..=19 => {
                let key = random.one_of(&[0, 0, 0, 1, 2, 3, 4]);
                let key = [Str, I64, Any, Bool, Option(Box::new(Str))][key].clone();
                Map(Box::new(key), inner(random))
            }
            20..=22 => Struct(random.one_of(&STRUCTS), inner(random)),
            23 | 24 => Enum(inner(random)),
            _ => Swallow(inner(random)),
        }
    }

    fn inner(&self) -> &Self {
        match self {
            Self::Swallow(inner)
            | Self::Option(inner)
            | Self::Newtype(inner)
            | Self::Seq(inner)
            | Self::Few(_, inner)
            | Self::Map(_, inner)
            | Self::Struct(_, inner)
            | Self::Enum(inner) => inner,
            _ => &Self::Any,
        }
    }
}

impl<'de> DeserializeSeed<'de> for &Ask {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<String, D::Error> {
        match self {
            Ask::Any => d.deserialize_any(self),
            Ask::Bool => d.deserialize_bool(self),
            Ask::I8 => d.deserialize_i8(self),
            Ask::I64 => d.deserialize_i64(self),
            Ask::I128 => d.deserialize_i128(self),
            Ask::U8 => d.deserialize_u8(self),
            Ask::U64 => d.deserialize_u64(self),
            Ask::F32 => d.deserialize_f32(self),
            Ask::F64 => d.deserialize_f64(self),
            Ask::Char => d.deserialize_char(self),
            Ask::Str => d.deserialize_str(self),
            Ask::String => d.deserialize_string(self),
            Ask::Bytes => d.deserialize_bytes(self),
            Ask::ByteBuf => d.deserialize_byte_buf(self),
            Ask::Unit => d.deserialize_unit(self),
            Ask::Identifier => d.deserialize_identifier(self),
            Ask::Ignored => d.deserialize_ignored_any(self),
            Ask::UnitStruct => d.deserialize_unit_struct("Marker", self),
            Ask::Narrow => u8::deserialize(d).map(|value| format!("narrow {value}")),
            Ask::Nothing => Ok("untouched".to_owned()),
            Ask::Swallow(inner) => {
                Ok(inner.deserialize(d).unwrap_or_else(|_| "swallowed".to_owned()))
            }
            Ask::Option(_) => d.deserialize_option(self),
            Ask::Newtype(_) => d.deserialize_newtype_struct("Wrapper", self),
            Ask::Seq(_) | Ask::Few(..) => d.deserialize_seq(self),
            Ask::Tuple(items) => d.deserialize_tuple(items.len(), self),
            Ask::Map(..) => d.deserialize_map(self),
            Ask::Struct(name, _) => d.deserialize_struct(name, &["a", "b", "c"], self),
            Ask::Enum(_) => d.deserialize_enum("Kind", &VARIANTS, self),
        }
    }
}

macro_rules! visits {
    ($($method:ident($type:ty))*) => {$(
        fn $method<E>(self, value: $type) -> Result<String, E> {
            Ok(format!("{} {value:?}", &stringify!($method)[6..]))
        }
    )*};
}

impl<'de> Visitor<'de> for &Ask {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }

    visits! {
        visit_bool(bool) visit_i64(i64) visit_i128(i128) visit_u64(u64) visit_u128(u128)
        visit_char(char) visit_str(&str) visit_borrowed_str(&'de str) visit_string(String)
        visit_bytes(&[u8]) visit_borrowed_bytes(&'de [u8]) visit_byte_buf(Vec<u8>)
    }

    fn visit_f64<E>(self, value: f64) -> Result<String, E> {
        Ok(format!("f64 {:x}", value.to_bits()))
    }

    fn visit_none<E>(self) -> Result<String, E> {
        Ok("none".to_owned())
    }

    fn visit_unit<E>(self) -> Result<String, E> {
        Ok("unit".to_owned())
    }

    fn visit_some<D: Deserializer<'de>>(self, d: D) -> Result<String, D::Error> {
        Ok(format!("some {}", self.inner().deserialize(d)?))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, d: D) -> Result<String, D::Error> {
        Ok(format!("newtype {}", self.inner().deserialize(d)?))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<String, A::Error> {
        let mut items = Vec::new();
        match self {
            Ask::Tuple(asks) => {
                for ask in asks {
                    match seq.next_element_seed(ask)? {
                        Some(item) => items.push(item),
                        None => return Err(serde::de::Error::invalid_length(items.len(), &self)),
                    }
                }
            }
            _ => {
                let most = if let Ask::Few(most, _) = self { *most } else { usize::MAX };
                while items.len() < most {
                    let Some(item) = seq.next_element_seed(self.inner())? else { break };
                    items.push(item);
                }
            }
        }
        Ok(format!("[{}]", items.join(", ")))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<String, A::Error> {
        let key = match self {
            Ask::Map(key, _) => key,
            Ask::Struct(..) => &Ask::Identifier,
            _ => &Ask::Any,
        };
        let mut entries = Vec::new();
        while let Some(key) = map.next_key_seed(key)? {
            entries.push(format!("{key}: {}", map.next_value_seed(self.inner())?));
        }
        Ok(format!("{{{}}}", entries.join(", ")))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<String, A::Error> {
        let (name, variant) = access.variant_seed(&Ask::Identifier)?;
        let inner = self.inner();
        let data = match name.trim_end_matches('"').chars().last() {
            Some('U') => variant.unit_variant().map(|()| String::new())?,
            Some('T') => {
                variant.tuple_variant(2, &Ask::Tuple(vec![inner.clone(), inner.clone()]))?
            }
            Some('S') => {
                variant.struct_variant(&["a", "b"], &Ask::Struct("", Box::new(inner.clone())))?
            }
            _ => variant.newtype_variant_seed(inner)?,
        };
        Ok(format!("{name}({data})"))
    }
}

thread_local! {
    static ASKED: RefCell<Ask> = const { RefCell::new(Ask::Any) };
}

/// The calls that the visitors of this thread's [`Ask`] got.
#[derive(Debug, PartialEq)]
pub(super) struct Told(String);

impl Told {
    /// Sets what is asked from now on.
    pub(super) fn by(ask: Ask) {
        ASKED.replace(ask);
    }
}

impl<'de> Deserialize<'de> for Told {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ask = ASKED.with_borrow(Ask::clone);
        ask.deserialize(deserializer).map(Self)
    }
}
