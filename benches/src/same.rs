//! Compares two results, owned or borrowed.
//!
//! Every contender's result is compared with the truth before anything is timed. Floats are
//! compared by their bits; `ulps` allows for `serde_json`, whose default float parser is off in the
//! last place at times.

use std::collections::HashMap;

use crate::types::*;

/// Compares with the same data held otherwise.
pub trait Same<Other: ?Sized = Self> {
    /// True if both hold the same data, floats within `ulps` units in the last place.
    fn same(&self, other: &Other, ulps: u64) -> bool;
}

macro_rules! same_by_eq {
    ($($a:ty, $b:ty);* $(;)?) => {$(
        impl Same<$b> for $a {
            fn same(&self, other: &$b, _: u64) -> bool {
                *self == *other
            }
        }
    )*};
}
same_by_eq!(i64, i64; bool, bool; String, String; &str, String);

impl Same for f64 {
    fn same(&self, other: &f64, ulps: u64) -> bool {
        // Neighbouring floats of one sign have neighbouring bits.
        self.to_bits() == other.to_bits()
            || (self.is_sign_positive() == other.is_sign_positive()
                && self.to_bits().abs_diff(other.to_bits()) <= ulps)
    }
}

impl<A: Same<B>, B> Same<Vec<B>> for Vec<A> {
    fn same(&self, other: &Vec<B>, ulps: u64) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(a, b)| a.same(b, ulps))
    }
}

macro_rules! same_tuple {
    ($($a:ident $b:ident $index:tt),*) => {
        impl<$($a: Same<$b>, $b),*> Same<($($b,)*)> for ($($a,)*) {
            fn same(&self, other: &($($b,)*), ulps: u64) -> bool {
                $(self.$index.same(&other.$index, ulps))&&*
            }
        }
    };
}
same_tuple!(A X 0, B Y 1);
same_tuple!(A X 0, B Y 1, C Z 2);

impl Same for HashMap<String, i64> {
    fn same(&self, other: &Self, _: u64) -> bool {
        self == other
    }
}

impl Same<HashMap<String, i64>> for HashMap<&str, i64> {
    fn same(&self, other: &HashMap<String, i64>, _: u64) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get(*key) == Some(value))
    }
}

macro_rules! same_fields {
    ($($a:ty, $b:ty: [$($field:tt)*];)*) => {$(
        impl Same<$b> for $a {
            fn same(&self, other: &$b, ulps: u64) -> bool {
                $(self.$field.same(&other.$field, ulps))&&*
            }
        }
    )*};
}
same_fields! {
    Record, Record: [id name email score active tags address];
    RecordRef<'_>, Record: [id name email score active tags address];
    Address, Address: [street city zip];
    AddressRef<'_>, Address: [street city zip];
    Particle, Particle: [ident label x y alive];
    ParticleRef<'_>, Particle: [ident label x y alive];
    Branch, Branch: [name value children];
    BranchRef<'_>, Branch: [name value children];
    Entries, Entries: [0];
    EntriesRef<'_>, Entries: [0];
}

impl Same for Blob {
    fn same(&self, other: &Blob, _: u64) -> bool {
        self.0 == other.0
    }
}

impl Same<Blob> for BlobRef<'_> {
    fn same(&self, other: &Blob, _: u64) -> bool {
        self.0 == other.0
    }
}
