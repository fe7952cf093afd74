//! The workloads: each pickle that `data.py` writes, with the Rust type it is read into.

use std::collections::HashMap;

use crate::same::Same;
use crate::types::*;

/// One workload. The implementors are markers without values.
pub trait Workload: 'static {
    /// Its name in tables and filters.
    const NAME: &'static str;
    /// The pickle's name in the data folder, without `.pkl`.
    const FILE: &'static str = Self::NAME;
    /// The file that holds the same values as [`Workload::FILE`] in a form `serde-pickle` 1.2 can
    /// read: it is read once, into the truth that all results are compared with.
    const TRUTH: &'static str = Self::FILE;
    /// The protocol that pickles are encoded at where the contender lets one choose; what CPython's
    /// own is at is the file's matter.
    const PROTOCOL: u8 = 4;
    /// True if [`Workload::Borrowed`] borrows anything.
    const BORROWS: bool = true;
    /// True if JSON has a reasonable form for it (bytes become arrays of numbers there).
    const JSON: bool = true;
    /// True if it is also encoded. Spellings of other protocols or libraries are not.
    const ENCODES: bool = true;
    /// True if dynamic values are read and written as well.
    const DYNAMIC: bool = true;

    type Owned: Clone
        + Same
        + serde::Serialize
        + serde::de::DeserializeOwned
        + deser::Serialize
        + for<'de> deser::Deserialize<'de>
        + 'static;
    /// [`Workload::Owned`], or what holds the same in the order of the pickle: what the inputs of
    /// the other formats are encoded from, so that everybody reads the same order.
    type Ordered: serde::Serialize + serde::de::DeserializeOwned;
    type Borrowed<'a>: Same<Self::Owned> + serde::Deserialize<'a> + deser::Deserialize<'a>;
}

macro_rules! workload {
    (
        $(#[$doc:meta])* $marker:ident, $name:literal, $owned:ty, $borrowed:ty
        $(, $const:ident: $type:ty = $value:expr)*
    ) => {
        $(#[$doc])*
        pub enum $marker {}
        impl Workload for $marker {
            const NAME: &'static str = $name;
            $(const $const: $type = $value;)*
            type Owned = $owned;
            type Ordered = $owned;
            type Borrowed<'a> = $borrowed;
        }
    };
}

workload!(
    /// 50,000 dicts, read into structs.
    Records, "records", Vec<Record>, Vec<RecordRef<'a>>
);
workload!(
    /// The same at protocol 2.
    Records2, "records2", Vec<Record>, Vec<RecordRef<'a>>,
    TRUTH: &'static str = "records", PROTOCOL: u8 = 2, BORROWS: bool = false, DYNAMIC: bool = false
);
workload!(
    /// 16 times as many, for what grows faster than the data.
    Records16, "records16", Vec<Record>, Vec<RecordRef<'a>>,
    BORROWS: bool = false, DYNAMIC: bool = false, ENCODES: bool = false
);
workload!(
    /// One record of about 240 bytes: a message.
    One, "one", Record, RecordRef<'a>
);
workload!(
    /// A million ints of mixed sizes.
    Ints, "ints", Vec<i64>, Vec<i64>, BORROWS: bool = false
);
workload!(
    /// 200,000 ints as text, protocol 0.
    Ints0, "ints0", Vec<i64>, Vec<i64>, BORROWS: bool = false
);
workload!(
    /// A million floats.
    Floats, "floats", Vec<f64>, Vec<f64>, BORROWS: bool = false
);
workload!(
    /// 300,000 distinct strings of 10 to 60 characters, a tenth of them not ASCII.
    Strings, "strings", Vec<String>, Vec<&'a str>
);
/// A dict of 300,000 entries, read into a `HashMap`.
pub enum Dict {}
impl Workload for Dict {
    const NAME: &'static str = "dict";
    type Owned = HashMap<String, i64>;
    type Ordered = Entries;
    type Borrowed<'a> = HashMap<&'a str, i64>;
}
workload!(
    /// The same file read into pairs.
    DictEntries, "entries", Entries, EntriesRef<'a>,
    FILE: &'static str = "dict", DYNAMIC: bool = false
);
workload!(
    /// 200,000 tuples of three.
    Tuples, "tuples", Vec<(i64, String, f64)>, Vec<(i64, &'a str, f64)>
);
workload!(
    /// 50,000 lists of up to 40 floats.
    Lists, "lists", Vec<Vec<f64>>, Vec<Vec<f64>>, BORROWS: bool = false
);
workload!(
    /// 8 times 1 MiB of bytes.
    Blobs, "blobs", Vec<Blob>, Vec<BlobRef<'a>>, JSON: bool = false
);
workload!(
    /// 500,000 references to 1,000 strings.
    Refs, "refs", Vec<String>, Vec<&'a str>
);
workload!(
    /// 50,000 instances of a class.
    Instances, "instances", Vec<Particle>, Vec<ParticleRef<'a>>
);
workload!(
    /// A numpy array of a million doubles.
    Numpy, "numpy", Vec<f64>, Vec<f64>,
    TRUTH: &'static str = "floats", BORROWS: bool = false, ENCODES: bool = false,
    DYNAMIC: bool = false
);
workload!(
    /// Dicts within lists within dicts, 60 deep.
    Tree, "tree", Branch, BranchRef<'a>
);

/// Something to do with every workload.
pub trait Visit {
    /// Called once for each.
    fn visit<W: Workload>(&mut self);
}

/// Visits all workloads, in the order of the tables.
pub fn each(visit: &mut impl Visit) {
    visit.visit::<Records>();
    visit.visit::<Records2>();
    visit.visit::<Records16>();
    visit.visit::<One>();
    visit.visit::<Ints>();
    visit.visit::<Ints0>();
    visit.visit::<Floats>();
    visit.visit::<Strings>();
    visit.visit::<Dict>();
    visit.visit::<DictEntries>();
    visit.visit::<Tuples>();
    visit.visit::<Lists>();
    visit.visit::<Blobs>();
    visit.visit::<Refs>();
    visit.visit::<Instances>();
    visit.visit::<Tree>();
    visit.visit::<Numpy>();
}
