//! Out-of-band buffers (PEP 574).

use serde::Deserialize;
use serde_bytes::Bytes;
use serde_pickle::value::{Buffer, PickleBuffer};
use serde_pickle::{DeOptions, Deserializer, ErrorKind, Value};

use super::{Entry, case, read, topic};

/// The buffers of a pickle, with what Python said of them.
fn buffers(entry: &Entry) -> Vec<(Vec<u8>, bool)> {
    entry.buffers.iter().flatten().map(|buffer| (read(&buffer.file), buffer.readonly)).collect()
}

fn given(buffers: &[(Vec<u8>, bool)]) -> impl Iterator<Item = Buffer<'_>> {
    buffers.iter().map(
        |(bytes, readonly)| if *readonly { Buffer::read_only(bytes) } else { Buffer::new(bytes) },
    )
}

/// Buffers as the bytes that Python's `loads` shows for them.
fn plain(value: Value) -> Value {
    match value {
        Value::Buffer(buffer) if buffer.readonly => Value::Bytes(buffer.data),
        Value::Buffer(buffer) => Value::ByteArray(buffer.data),
        Value::List(items) => Value::List(items.into_iter().map(plain).collect()),
        Value::Dict(dict) => {
            let entries = dict
                .into_iter()
                .map(|(key, value)| (key.as_str().unwrap().to_owned(), plain(value)));
            Value::Dict(entries.collect())
        }
        other => other,
    }
}

#[test]
fn every_pickle_is_read_with_its_buffers() {
    for entry in topic("buffers") {
        let buffers = buffers(&entry);
        let value: Value =
            DeOptions::new().buffers(given(&buffers)).from_slice(&entry.bytes()).unwrap();
        assert_eq!(Some(plain(value).to_string()), entry.repr, "{}", entry.file);
        let value: Value =
            DeOptions::new().buffers(given(&buffers)).from_reader(&entry.bytes()[..]).unwrap();
        assert_eq!(Some(plain(value).to_string()), entry.repr, "{} from a reader", entry.file);
    }
}

#[test]
fn bytes_borrow_from_the_buffer() {
    #[derive(Deserialize)]
    struct Both<'a> {
        #[serde(borrow)]
        a: &'a Bytes,
        #[serde(borrow)]
        b: (&'a Bytes, u8),
    }
    let entry = case("buffers/several_out", 5);
    let (pickle, buffers) = (entry.bytes(), buffers(&entry));
    let both: Both<'_> = DeOptions::new()
        .buffers(buffers.iter().map(|(bytes, _)| bytes))
        .from_slice(&pickle)
        .unwrap();
    assert_eq!(both.a.as_ptr(), buffers[0].0.as_ptr());
    assert_eq!(both.b.0.as_ptr(), buffers[1].0.as_ptr());
    assert_eq!((&both.b.0[..], both.b.1), (&b"two"[..], 3));
}

#[test]
fn read_only_is_what_the_pickle_or_the_buffer_says() {
    let readonly = |name: &str, buffer: Buffer<'_>| {
        let bytes = case(name, 5).bytes();
        let read: PickleBuffer = DeOptions::new().buffers([buffer]).from_slice(&bytes).unwrap();
        read.readonly
    };
    assert!(
        readonly("buffers/readonly_out", Buffer::new(b"x")),
        "READONLY_BUFFER is in the pickle"
    );
    assert!(!readonly("buffers/writable_out", Buffer::new(b"x")));
    assert!(
        readonly("buffers/writable_out", Buffer::read_only(b"x")),
        "bytes given to Python's loads are bytes"
    );
}

#[test]
fn a_buffer_that_was_written_twice_is_given_twice() {
    let entry = case("buffers/same_twice_out", 5);
    let value: Value =
        DeOptions::new().buffers([b"shared", b"shared"]).from_slice(&entry.bytes()).unwrap();
    assert_eq!(plain(value).to_string(), "[b'shared', b'shared']");
}

#[test]
fn too_few_buffers_are_an_error_where_one_is_missing() {
    let bytes = case("buffers/several_out", 5).bytes();
    let error =
        DeOptions::new().buffers([b"one"]).from_slice::<serde::de::IgnoredAny>(&bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    assert_eq!(
        error.to_string(),
        "the pickle asks for out-of-band buffer number 2, and the number given is 1, at byte 27"
    );
    assert_eq!(bytes[27], 0x97, "NEXT_BUFFER");
}

#[test]
fn too_many_buffers_are_an_error() {
    let bytes = case("buffers/readonly_out", 5).bytes();
    let options = || DeOptions::new().buffers([b"one", b"two"]);
    for error in [
        options().from_slice::<Value>(&bytes).unwrap_err(),
        options().from_reader::<_, Value>(&bytes[..]).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Data);
        assert_eq!(error.to_string(), "2 out-of-band buffers were given, and the pickle takes 1");
    }
}

#[test]
fn without_buffers_only_their_use_is_an_error() {
    #[derive(Deserialize)]
    struct Rest {
        b: (serde::de::IgnoredAny, u8),
    }
    let bytes = case("buffers/several_out", 5).bytes();
    let rest: Rest = serde_pickle::from_slice(&bytes).unwrap();
    assert_eq!(rest.b.1, 3);
    let error = serde_pickle::from_slice::<Value>(&bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("DeOptions::buffers"), "{error}");
}

#[test]
fn the_pickles_of_a_stream_take_from_one_row_of_buffers() {
    let one = case("buffers/readonly_out", 5).bytes();
    let stream = [one.clone(), one].concat();
    let options = || DeOptions::new().buffers([b"first".as_slice(), b"second"]);
    let mut pickles = Deserializer::from_slice(&stream).with_options(options());
    assert_eq!(<&[u8]>::deserialize(&mut pickles).unwrap(), b"first");
    assert!(Deserializer::from_slice(&stream[..0]).with_options(options()).end().is_err());
    assert_eq!(<&[u8]>::deserialize(&mut pickles).unwrap(), b"second");
    pickles.end().unwrap();
    let mut pickles = Deserializer::from_reader(&stream[..]).with_options(options());
    assert_eq!(serde_bytes::ByteBuf::deserialize(&mut pickles).unwrap(), b"first");
    assert_eq!(serde_bytes::ByteBuf::deserialize(&mut pickles).unwrap(), b"second");
    pickles.end().unwrap();
}
