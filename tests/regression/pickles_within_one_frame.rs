//! A frame may announce more than its pickle, and then a reader has all of it at once. Each pickle
//! that was read from it moved up all that was left, which takes the square of the frame.

use serde::de::IgnoredAny;
use serde_pickle::Deserializer;

#[test]
fn they_are_read_in_linear_time_and_with_the_right_offsets() {
    const PICKLES: usize = 500_000;
    let pickles = b"N.".repeat(PICKLES);
    let stream =
        [b"\x80\x04\x95".as_slice(), &(pickles.len() as u64).to_le_bytes(), &pickles, b"after"]
            .concat();
    let mut reader = Deserializer::from_reader(&*stream);
    let mut items = 0;
    while items < PICKLES {
        serde::Deserialize::deserialize(&mut reader).map(|_: IgnoredAny| items += 1).unwrap();
        assert_eq!(reader.byte_offset(), 11 + 2 * items as u64);
    }
    let error = reader.end().unwrap_err();
    assert_eq!(error.offset(), Some(11 + pickles.len() as u64));
    let (rest, ahead) = reader.into_inner();
    assert_eq!([&ahead, rest].concat(), b"after");
}

#[test]
fn an_error_says_its_byte_of_the_stream() {
    let stream = [b"\x80\x04\x95\x0a\0\0\0\0\0\0\0".as_slice(), b"N.N.N.N.K."].concat();
    let error =
        Deserializer::from_reader(&*stream).into_iter::<()>().find_map(Result::err).unwrap();
    assert_eq!(error.offset(), Some(21), "{error}");
}
