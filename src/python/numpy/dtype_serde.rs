//! Serializing and deserializing a [`Dtype`].
//!
//! Our deserializer makes the whole dtype beside serde and hands it over in a slot of the thread,
//! as `value/de.rs` does with a `Value` and for the same reasons. It is written as numpy's own
//! reduce value.

use std::any::TypeId;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use super::dtype::{ByteOrder, Dtype, Field, Kind};
use crate::reduce::{Args, Global, Reduce, token};
use crate::shared::serialize_equal;
use crate::slot::{self, LaidOut, Slot};
use crate::value::{Dict, Value};

thread_local! {
    static SLOT: Slot<Dtype> = const { Slot::new() };
}

/// Lays a dtype out for the visitor that comes with `token::DTYPE`.
pub(crate) fn fill_slot(dtype: Dtype) -> LaidOut {
    slot::lay_out(&SLOT, dtype, |before| slot::restore(&SLOT, before))
}

/// From a pickled dtype. Other formats have none.
impl<'de> Deserialize<'de> for Dtype {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DtypeVisitor;

        impl<'de> Visitor<'de> for DtypeVisitor {
            type Value = Dtype;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a dtype of numpy")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(self, _: D) -> Result<Dtype, D::Error> {
                slot::take(&SLOT).ok_or_else(|| {
                    de::Error::custom("a dtype of numpy can be read only from a pickle")
                })
            }
        }

        deserializer.deserialize_newtype_struct(token::DTYPE, DtypeVisitor)
    }
}

/// As numpy's own dtype, also within other formats.
impl Serialize for Dtype {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// The object, made where it is written.
        struct Content<'a>(&'a Dtype);

        impl Serialize for Content<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.to_object().serialize(serializer)
            }
        }

        match self.number() {
            Some(number) => {
                serialize_equal(&Content(self), TypeId::of::<Self>(), number, serializer)
            }
            None => Content(self).serialize(serializer),
        }
    }
}

impl Dtype {
    /// A number that no other dtype has, of those that are one object each in numpy: plain ones,
    /// in the order of the machine.
    fn number(&self) -> Option<u64> {
        use Kind::{Bool, Complex, Float, Int, Object, Uint};

        let size = u32::try_from(self.itemsize).ok()?;
        let one = matches!(self.kind, Bool | Int | Uint | Float | Complex | Object)
            && self.order != ByteOrder::Big
            && self.fields.is_empty()
            && self.subarray.is_none()
            && !self.record
            && self.alignment == -1;
        let flags = u8::try_from(self.flags).ok()?;
        let bytes = [self.kind as u8, self.order as u8, flags, 0];
        one.then_some(u64::from(size) << 32 | u64::from(u32::from_le_bytes(bytes)))
    }

    /// `numpy.dtype(text, False, True)` and its state.
    pub(in crate::python) fn to_object(&self) -> Value {
        if self.kind == Kind::Text {
            let function = Global::new("numpy._core._internal", "_convert_to_stringdtype_kwargs");
            return Value::from(Reduce::<Args>::call(function, [1].into()));
        }
        let text = match self.record {
            true => Value::from(Global::new("numpy", "record")),
            false => Value::Str(self.type_text(false)),
        };
        let args = Args::from((text, false, true));
        let int = |value: usize| Value::from(value as u64);
        let flexible = matches!(self.kind, Kind::Bytes | Kind::Str | Kind::Void);
        let subarray = self.subarray.as_ref().map(|subarray| {
            let shape = subarray.shape.iter().map(|&len| int(len)).collect();
            Value::Tuple(vec![subarray.base.to_object(), Value::Tuple(shape)])
        });
        let names: Vec<Value> =
            self.fields.iter().map(|field| Value::from(field.name.as_str())).collect();
        let (names, fields) = match names.is_empty() {
            true => (Value::None, Value::None),
            false => (Value::Tuple(names), Value::Dict(self.fields_dict())),
        };
        let times = matches!(self.kind, Kind::Datetime | Kind::Timedelta);
        let mut state = vec![
            Value::Int(if times { 4 } else { 3 }),
            Value::from(self.order.text()),
            subarray.unwrap_or(Value::None),
            names,
            fields,
            if flexible { int(self.itemsize) } else { Value::Int(-1) },
            // numpy says 1 for text and bytes, 4 for characters.
            match (flexible, self.alignment) {
                (true, -1) => Value::Int(if self.kind == Kind::Str { 4 } else { 1 }),
                (_, alignment) => Value::Int(alignment),
            },
            Value::Int(if self.kind == Kind::Str && self.flags == 0 { 8 } else { self.flags }),
        ];
        if times {
            let unit = Value::Bytes(self.unit.unit.name().as_bytes().to_vec());
            let unit =
                vec![unit, Value::from(u64::from(self.unit.count)), Value::Int(1), Value::Int(1)];
            state.push(Value::Tuple(vec![Value::Dict(Dict::new()), Value::Tuple(unit)]));
        }
        Value::from(
            Reduce::<Args>::call(Global::new("numpy", "dtype"), args)
                .with_state(Value::Tuple(state)),
        )
    }

    /// Fields by their names, and again by their titles.
    fn fields_dict(&self) -> Dict {
        let mut dict = Dict::new();
        for Field { name, title, dtype, offset } in &self.fields {
            let mut field = vec![dtype.to_object(), Value::from(*offset as u64)];
            if let Some(title) = title {
                field.push(Value::from(title.as_str()));
                dict.insert(title.as_str(), Value::Tuple(field.clone()));
            }
            dict.insert(name.as_str(), Value::Tuple(field));
        }
        dict
    }
}
