//! The peers: other crates that read pickles, and other formats with the same values.
//!
//! Each is used as its documentation's first example does, with the options a pickle of the
//! workloads needs.

use crate::contender::{Borrow, Dynamic, DynamicWrite, Format};
use crate::data::Input;
use crate::workload::Workload;

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// serde-pickle 1.2 of the registry. It writes protocols 2 and 3.
pub enum SerdePickle12 {}

fn sp12_ser(protocol: u8) -> sp12::SerOptions {
    let options = sp12::SerOptions::new();
    if protocol == 2 { options.proto_v2() } else { options }
}

impl Format for SerdePickle12 {
    const NAME: &'static str = "serde-pickle 1.2";
    const INPUT: Input = Input::Pickle;

    fn decode<W: Workload>(bytes: &[u8]) -> Result<W::Owned, String> {
        sp12::from_slice(bytes, sp12::DeOptions::new()).map_err(text)
    }

    fn encode<W: Workload>(value: &W::Owned) -> Result<Vec<u8>, String> {
        sp12::to_vec(value, sp12_ser(W::PROTOCOL)).map_err(text)
    }
}

/// The value of serde-pickle 1.2.
pub enum SerdePickle12Value {}

impl Dynamic for SerdePickle12Value {
    const NAME: &'static str = SerdePickle12::NAME;
    const INPUT: Input = Input::Pickle;
    type Value<'a> = sp12::Value;

    fn read(bytes: &[u8]) -> Result<sp12::Value, String> {
        sp12::value_from_slice(bytes, sp12::DeOptions::new()).map_err(text)
    }

    fn typed<W: Workload>(value: sp12::Value) -> Result<W::Owned, String> {
        sp12::from_value(value).map_err(text)
    }
}

impl DynamicWrite for SerdePickle12Value {
    fn write(value: &sp12::Value) -> Result<Vec<u8>, String> {
        sp12::value_to_vec(value, sp12::SerOptions::new()).map_err(text)
    }
}

/// pickled, a fork of serde-pickle whose values are counted references.
pub enum Pickled {}

fn pickled_ser(protocol: u8) -> pickled::SerOptions {
    let options = pickled::SerOptions::new();
    if protocol == 2 { options.proto_v2() } else { options }
}

impl Format for Pickled {
    const NAME: &'static str = "pickled";
    const INPUT: Input = Input::Pickle;

    fn decode<W: Workload>(bytes: &[u8]) -> Result<W::Owned, String> {
        pickled::from_slice(bytes, pickled::DeOptions::new()).map_err(text)
    }

    fn encode<W: Workload>(value: &W::Owned) -> Result<Vec<u8>, String> {
        pickled::to_vec(value, pickled_ser(W::PROTOCOL)).map_err(text)
    }
}

/// The value of pickled.
pub enum PickledValue {}

impl Dynamic for PickledValue {
    const NAME: &'static str = Pickled::NAME;
    const INPUT: Input = Input::Pickle;
    type Value<'a> = pickled::Value;

    fn read(bytes: &[u8]) -> Result<pickled::Value, String> {
        pickled::value_from_slice(bytes, pickled::DeOptions::new()).map_err(text)
    }

    fn typed<W: Workload>(value: pickled::Value) -> Result<W::Owned, String> {
        pickled::from_value(value).map_err(text)
    }
}

impl DynamicWrite for PickledValue {
    fn write(value: &pickled::Value) -> Result<Vec<u8>, String> {
        pickled::value_to_vec(value, pickled::SerOptions::new()).map_err(text)
    }
}

/// deser-pickle, which has its own traits in place of serde's.
pub enum DeserPickle {}

fn deser_config() -> deser_pickle::DeserializerConfig {
    // Its default bound on shared values is below what `records` and `refs` share.
    deser_pickle::DeserializerConfig::builder().max_shared_events(usize::MAX).build()
}

impl Format for DeserPickle {
    const NAME: &'static str = "deser-pickle";
    const INPUT: Input = Input::Pickle;

    fn decode<W: Workload>(bytes: &[u8]) -> Result<W::Owned, String> {
        deser_config().from_slice(bytes).map_err(text)
    }

    fn encode<W: Workload>(value: &W::Owned) -> Result<Vec<u8>, String> {
        let mut config = deser_pickle::SerializerConfig::new();
        config.set_protocol(W::PROTOCOL);
        config.to_vec(value).map_err(text)
    }
}

impl Borrow for DeserPickle {
    fn borrow<'a, W: Workload>(bytes: &'a [u8]) -> Result<W::Borrowed<'a>, String> {
        deser_config().from_slice(bytes).map_err(text)
    }
}

/// The value of deser, read from a pickle.
pub enum DeserPickleValue {}

impl Dynamic for DeserPickleValue {
    const NAME: &'static str = DeserPickle::NAME;
    const INPUT: Input = Input::Pickle;
    type Value<'a> = deser_value::Value;

    fn read(bytes: &[u8]) -> Result<deser_value::Value, String> {
        deser_config().from_slice(bytes).map_err(text)
    }

    fn typed<W: Workload>(value: deser_value::Value) -> Result<W::Owned, String> {
        deser_value::from_value(&value).map_err(text)
    }
}

impl DynamicWrite for DeserPickleValue {
    fn write(value: &deser_value::Value) -> Result<Vec<u8>, String> {
        deser_pickle::to_vec(value).map_err(text)
    }
}

/// MessagePack with field names, by rmp-serde.
pub enum RmpSerde {}

impl Format for RmpSerde {
    const NAME: &'static str = "rmp-serde";
    const INPUT: Input = Input::MessagePack;

    fn decode<W: Workload>(bytes: &[u8]) -> Result<W::Owned, String> {
        rmp_serde::from_slice(bytes).map_err(text)
    }

    fn encode<W: Workload>(value: &W::Owned) -> Result<Vec<u8>, String> {
        rmp_serde::to_vec_named(value).map_err(text)
    }
}

impl Borrow for RmpSerde {
    fn borrow<'a, W: Workload>(bytes: &'a [u8]) -> Result<W::Borrowed<'a>, String> {
        rmp_serde::from_slice(bytes).map_err(text)
    }
}

/// The owned value of rmpv.
pub enum RmpvValue {}

impl Dynamic for RmpvValue {
    const NAME: &'static str = "rmpv::Value";
    const INPUT: Input = Input::MessagePack;
    type Value<'a> = rmpv::Value;

    fn read(mut bytes: &[u8]) -> Result<rmpv::Value, String> {
        rmpv::decode::read_value(&mut bytes).map_err(text)
    }

    fn typed<W: Workload>(value: rmpv::Value) -> Result<W::Owned, String> {
        rmpv::ext::from_value(value).map_err(text)
    }
}

impl DynamicWrite for RmpvValue {
    fn write(value: &rmpv::Value) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        rmpv::encode::write_value(&mut out, value).map_err(text)?;
        Ok(out)
    }
}

/// The borrowed value of rmpv.
pub enum RmpvValueRef {}

impl Dynamic for RmpvValueRef {
    const NAME: &'static str = "rmpv::ValueRef";
    const INPUT: Input = Input::MessagePack;
    type Value<'a> = rmpv::ValueRef<'a>;

    fn read(mut bytes: &[u8]) -> Result<rmpv::ValueRef<'_>, String> {
        rmpv::decode::read_value_ref(&mut bytes).map_err(text)
    }

    fn typed<W: Workload>(value: rmpv::ValueRef<'_>) -> Result<W::Owned, String> {
        rmpv::ext::from_value(value.to_owned()).map_err(text)
    }
}

/// JSON by serde_json.
pub enum SerdeJson {}

impl Format for SerdeJson {
    const NAME: &'static str = "serde_json";
    const INPUT: Input = Input::Json;
    const ULPS: u64 = 4;

    fn decode<W: Workload>(bytes: &[u8]) -> Result<W::Owned, String> {
        serde_json::from_slice(bytes).map_err(text)
    }

    fn encode<W: Workload>(value: &W::Owned) -> Result<Vec<u8>, String> {
        serde_json::to_vec(value).map_err(text)
    }
}

impl Borrow for SerdeJson {
    fn borrow<'a, W: Workload>(bytes: &'a [u8]) -> Result<W::Borrowed<'a>, String> {
        serde_json::from_slice(bytes).map_err(text)
    }
}

/// The value of serde_json, whose objects keep their order (feature `preserve_order`).
pub enum SerdeJsonValue {}

impl Dynamic for SerdeJsonValue {
    const NAME: &'static str = "serde_json::Value";
    const INPUT: Input = Input::Json;
    const ULPS: u64 = 4;
    type Value<'a> = serde_json::Value;

    fn read(bytes: &[u8]) -> Result<serde_json::Value, String> {
        serde_json::from_slice(bytes).map_err(text)
    }

    fn typed<W: Workload>(value: serde_json::Value) -> Result<W::Owned, String> {
        serde_json::from_value(value).map_err(text)
    }
}

impl DynamicWrite for SerdeJsonValue {
    fn write(value: &serde_json::Value) -> Result<Vec<u8>, String> {
        serde_json::to_vec(value).map_err(text)
    }
}

/// bincode 1.3, which writes no names and no types: what a reader who knows everything needs.
pub enum Bincode {}

impl Format for Bincode {
    const NAME: &'static str = "bincode";
    const INPUT: Input = Input::Bincode;

    fn decode<W: Workload>(bytes: &[u8]) -> Result<W::Owned, String> {
        bincode::deserialize(bytes).map_err(text)
    }

    fn encode<W: Workload>(value: &W::Owned) -> Result<Vec<u8>, String> {
        bincode::serialize(value).map_err(text)
    }
}

impl Borrow for Bincode {
    fn borrow<'a, W: Workload>(bytes: &'a [u8]) -> Result<W::Borrowed<'a>, String> {
        bincode::deserialize(bytes).map_err(text)
    }
}
