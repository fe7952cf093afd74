//! The shapes that real caches hold: each pickle that `shapes.py` writes, with its Rust types.
//!
//! A new shape is a function in `shapes.py`, its types in `types.rs` and a line here.

pub mod types;

use std::collections::{HashMap, HashSet};
use std::hint::black_box;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_bytes::ByteBuf;
use serde_pickle::python::numpy::OwnedNdArray;

use types::*;

/// One shape. The implementors are markers without values.
pub trait Shape: 'static {
    /// Its name in `shapes.py`.
    const NAME: &'static str;
    /// The type that reads it; MessagePack holds the same values.
    type Owned: Serialize + DeserializeOwned + PartialEq + 'static;
    /// The type that writes the same objects as CPython, if there is one.
    type Written: Serialize + DeserializeOwned + 'static;
    /// False if no Rust type writes the same objects.
    const ENCODES: bool = true;
    /// Other ways to read the shape, by the name that the figures have in `shapes.py`.
    const OTHERS: Others = &[];
}

/// Ways to read, each with its name.
pub type Others = &'static [(&'static str, Reads)];

/// Reads a pickle into a type, and drops the result.
pub type Reads = fn(&[u8]) -> serde_pickle::Result<()>;

fn reads<T: DeserializeOwned>(bytes: &[u8]) -> serde_pickle::Result<()> {
    serde_pickle::from_slice::<T>(bytes).map(|value| drop(black_box(value)))
}

/// Something to do with every shape.
pub trait Visit {
    /// Called once for each.
    fn visit<S: Shape>(&mut self);
}

macro_rules! shapes {
    ($(
        $marker:ident $name:literal: $owned:ty => $written:ty
        $(, $const:ident: $type:ty = $value:expr)?;
    )*) => {
        $(
            #[doc = concat!("The shape `", $name, "`.")]
            pub enum $marker {}
            impl Shape for $marker {
                const NAME: &'static str = $name;
                $(const $const: $type = $value;)?
                type Owned = $owned;
                type Written = $written;
            }
        )*

        /// Visits all shapes, in the order of the tables.
        pub fn each(visit: &mut impl Visit) {
            $(visit.visit::<$marker>();)*
        }
    };
}

shapes! {
    Datetimes "datetimes": Vec<chrono::NaiveDateTime> => Vec<Naive>, OTHERS: Others =
        &[("chrono", reads::<Vec<Naive>>), ("jiff", reads::<Vec<JiffNaive>>)];
    DatetimesTz "datetimes_tz": Vec<chrono::DateTime<chrono::Utc>> => Vec<Moment>, OTHERS: Others =
        &[("chrono", reads::<Vec<Moment>>), ("jiff", reads::<Vec<JiffMoment>>)];
    Dates "dates": Vec<chrono::NaiveDate> => Vec<Day>, OTHERS: Others =
        &[("chrono", reads::<Vec<Day>>), ("jiff", reads::<Vec<JiffDay>>)];
    Decimals "decimals": Vec<rust_decimal::Decimal> => Vec<Decimal>;
    Uuids "uuids": Vec<uuid::Uuid> => Vec<Uuid>;
    Sets "sets": Vec<HashSet<i64>> => Vec<IntSet>;
    Frozensets "frozensets": Vec<Vec<i64>> => Vec<IntFrozenSet>;
    Enums "enums": Vec<u8> => Vec<Color>;
    Namedtuples "namedtuples": Vec<(i64, String, f64)> => Vec<Triple>;
    WithSlots "slots": Vec<Slots> => Vec<SlotsObject>;
    Orders "orders": Vec<Order> => Vec<OrderObject>;
    SharedInstances "shared_instances": Vec<Item> => SharedItems;
    SharedDictsShape "shared_dicts": Vec<Entry> => SharedDicts;
    Odict "odict": Vec<Ordered> => Vec<OrderedObject>;
    Ddict "ddict": Vec<HashMap<i64, Vec<i64>>> => Vec<Lists>;
    Intkeys "intkeys": IntKeys => IntKeys;
    Tuplekeys "tuplekeys": TupleKeys => TupleKeys;
    Bools "bools": Vec<bool> => Vec<bool>;
    Nones "nones": Vec<Option<i64>> => Vec<Option<i64>>;
    Bigints "bigints": Vec<u128> => Vec<u128>;
    I64 "i64": Vec<i64> => Vec<i64>;
    BytesSmall "bytes_small": Vec<ByteBuf> => Vec<ByteBuf>;
    Bytearrays "bytearrays": Vec<ByteBuf> => Vec<ByteArray>;
    Chinese "chinese": Vec<String> => Vec<String>;
    ComplexShape "complex": Vec<(f64, f64)> => Vec<Complex>;
    LongText "long_text": Vec<String> => Vec<String>;
    NestedShape "nested": Vec<Nested> => Vec<NestedLists>;
    Sessions "sessions": Vec<Session> => Vec<SessionObject>;
    Logrecords "logrecords": Vec<LogRecord> => Vec<LogRecordObject>;
    Carbon "carbon": Vec<(String, (i64, f64))> => Vec<(String, (i64, f64))>;
    NpF64 "np_f64": Vec<f64> => OwnedNdArray;
    NpScalars "np_scalars": Vec<f64> => Vec<f64>, ENCODES: bool = false;
    NpRows "np_rows": Vec<Vec<f32>> => Vec<OwnedNdArray>;
    NpImages "np_images": Vec<Vec<u8>> => OwnedNdArray;
    Regular "regular": Vec<Reading> => Vec<Reading>;
    // The same with one odd value, which is near the end.
    Late "late": Vec<Reading> => Vec<Reading>, ENCODES: bool = false;
}
