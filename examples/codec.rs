//! A codec for `tokio_util`: pickles one after another over a connection, in both directions.
//!
//! The scanner says when a pickle is whole; nothing is looked at twice however small the pieces
//! are. With tokio this goes around a socket: `Framed::new(socket, Pickles::new(1 << 20))` is a
//! stream and a sink of messages. Here the pieces are cut by hand:
//!
//! ```sh
//! cargo run --example codec
//! ```

use std::marker::PhantomData;

use bytes::BytesMut;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_pickle::{Error, Scanner};
use tokio_util::codec::{Decoder, Encoder};

/// Messages of type `T`, each a pickle of at most so many bytes.
struct Pickles<T> {
    scanner: Scanner,
    message: PhantomData<T>,
}

impl<T> Pickles<T> {
    fn new(max_len: u64) -> Self {
        Self { scanner: Scanner::new().max_len(max_len), message: PhantomData }
    }
}

impl<T: DeserializeOwned> Decoder for Pickles<T> {
    type Item = T;
    type Error = Error;

    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<T>, Error> {
        // The bytes that were here last time have been looked at.
        let new = buffer.get(self.scanner.position() as usize..).unwrap_or_default();
        if self.scanner.push(new)?.is_none() {
            // A length is only announced: no more room than a chunk is made for it.
            buffer.reserve(self.scanner.needed().min(64 << 10) as usize);
            return Ok(None);
        }
        let pickle = buffer.split_to(self.scanner.position() as usize);
        self.scanner.reset();
        serde_pickle::from_slice(&pickle).map(Some)
    }
}

impl<T: Serialize> Encoder<T> for Pickles<T> {
    type Error = Error;

    fn encode(&mut self, message: T, buffer: &mut BytesMut) -> Result<(), Error> {
        buffer.extend_from_slice(&serde_pickle::to_vec(&message)?);
        Ok(())
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Job {
    id: u32,
    name: String,
}

fn main() -> Result<(), Error> {
    let mut codec = Pickles::new(1 << 20);
    let mut sent = BytesMut::new();
    for id in 0..3 {
        codec.encode(Job { id, name: format!("job {id}") }, &mut sent)?;
    }
    let (mut received, mut jobs) = (BytesMut::new(), Vec::new());
    for piece in sent.chunks(7) {
        received.extend_from_slice(piece);
        while let Some(job) = codec.decode(&mut received)? {
            println!("{job:?}");
            jobs.push(job);
        }
    }
    assert_eq!((jobs.len(), received.len()), (3, 0));
    Ok(())
}
