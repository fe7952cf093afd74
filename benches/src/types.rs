//! The Rust types of the workloads, owned and borrowed.
//!
//! They derive the traits of serde and of deser (one peer's own), with as few attributes as
//! possible: what a user would write. Equality across owned and borrowed is in `same.rs`.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;

/// A row: what most services exchange.
#[derive(
    Debug, Clone, serde::Serialize, serde::Deserialize, deser::Serialize, deser::Deserialize,
)]
pub struct Record {
    pub id: i64,
    pub name: String,
    pub email: String,
    pub score: f64,
    pub active: bool,
    pub tags: Vec<String>,
    pub address: Address,
}

/// The dict within a [`Record`].
#[derive(
    Debug, Clone, serde::Serialize, serde::Deserialize, deser::Serialize, deser::Deserialize,
)]
pub struct Address {
    pub street: String,
    pub city: String,
    pub zip: String,
}

/// A [`Record`] whose text stays in the input.
#[derive(Debug, serde::Deserialize, deser::Deserialize)]
pub struct RecordRef<'a> {
    pub id: i64,
    pub name: &'a str,
    pub email: &'a str,
    pub score: f64,
    pub active: bool,
    #[serde(borrow)]
    pub tags: Vec<&'a str>,
    #[serde(borrow)]
    pub address: AddressRef<'a>,
}

/// The dict within a [`RecordRef`].
#[derive(Debug, serde::Deserialize, deser::Deserialize)]
pub struct AddressRef<'a> {
    pub street: &'a str,
    pub city: &'a str,
    pub zip: &'a str,
}

/// An instance of the Python class `benchdata.Particle`. Contenders that know no classes see a
/// dict.
#[derive(
    Debug, Clone, serde::Serialize, serde::Deserialize, deser::Serialize, deser::Deserialize,
)]
#[serde(rename = "py:benchdata:Particle")]
pub struct Particle {
    pub ident: i64,
    pub label: String,
    pub x: f64,
    pub y: f64,
    pub alive: bool,
}

/// A [`Particle`] whose text stays in the input.
#[derive(Debug, serde::Deserialize, deser::Deserialize)]
#[serde(rename = "py:benchdata:Particle")]
pub struct ParticleRef<'a> {
    pub ident: i64,
    pub label: &'a str,
    pub x: f64,
    pub y: f64,
    pub alive: bool,
}

/// A node of the deep tree.
#[derive(
    Debug, Clone, serde::Serialize, serde::Deserialize, deser::Serialize, deser::Deserialize,
)]
pub struct Branch {
    pub name: String,
    pub value: i64,
    pub children: Vec<Branch>,
}

/// A [`Branch`] whose text stays in the input.
#[derive(Debug, serde::Deserialize, deser::Deserialize)]
pub struct BranchRef<'a> {
    pub name: &'a str,
    pub value: i64,
    #[serde(borrow)]
    pub children: Vec<BranchRef<'a>>,
}

/// Python `bytes`.
#[derive(
    Debug, Clone, serde::Serialize, serde::Deserialize, deser::Serialize, deser::Deserialize,
)]
pub struct Blob(#[serde(with = "serde_bytes")] pub Vec<u8>);

/// A [`Blob`] that stays in the input.
#[derive(Debug, serde::Deserialize, deser::Deserialize)]
pub struct BlobRef<'a>(#[serde(borrow)] pub &'a [u8]);

/// A dict read into pairs: its entries without the hashing, which is the same work for everybody.
#[derive(Debug, Clone, deser::Serialize, deser::Deserialize)]
pub struct Entries(#[deser(as = deser::adapters::PairsAsMap)] pub Vec<(String, i64)>);

/// [`Entries`] whose keys stay in the input.
#[derive(Debug, deser::Deserialize)]
pub struct EntriesRef<'a>(#[deser(as = deser::adapters::PairsAsMap)] pub Vec<(&'a str, i64)>);

/// Collects a map's pairs. The size is believed up to a bound, as serde's own collections do.
fn pairs<'de, K: serde::Deserialize<'de>, A: MapAccess<'de>>(
    mut map: A,
) -> Result<Vec<(K, i64)>, A::Error> {
    const MOST: usize = (1 << 20) / size_of::<(String, i64)>();
    let mut out = Vec::with_capacity(map.size_hint().unwrap_or(0).min(MOST));
    while let Some(pair) = map.next_entry()? {
        out.push(pair);
    }
    Ok(out)
}

impl serde::Serialize for Entries {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl<'de> serde::Deserialize<'de> for Entries {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Entries;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entries, A::Error> {
                pairs(map).map(Entries)
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

impl<'de: 'a, 'a> serde::Deserialize<'de> for EntriesRef<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Vec<(&'de str, i64)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                pairs(map)
            }
        }
        deserializer.deserialize_map(Pairs).map(EntriesRef)
    }
}
