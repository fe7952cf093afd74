//! Bytes below protocol 3 are a call that encodes text. Looking at such a call encodes all of the
//! text, and a call costs five bytes of input however long the text is that it shares; an `Option`
//! looked, too, whether the call is a time.

use serde::de::IgnoredAny;
use serde_pickle::{ErrorKind, from_slice};

fn text() -> Vec<u8> {
    [b"c_codecs\nencode\nq\x000V".to_vec(), b"x".repeat(100_000), b"\nVlatin1\n\x86q\x010".to_vec()]
        .concat()
}

#[test]
fn calls_that_share_a_text_are_limited() {
    let pickle = |calls: usize| {
        [text(), b"](".to_vec(), b"h\0h\x01R".repeat(calls), b"e.".to_vec()].concat()
    };
    assert_eq!(from_slice::<Vec<&[u8]>>(&pickle(0)).unwrap().len(), 0);
    assert_eq!(from_slice::<Vec<serde_bytes::ByteBuf>>(&pickle(4)).unwrap().len(), 4);
    assert_eq!(from_slice::<IgnoredAny>(&pickle(100_000)).unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn an_option_of_ignored_bytes_does_not_encode_them() {
    let pickle =
        [text(), b"h\0h\x01Rq\x020](".to_vec(), b"h\x02".repeat(200_000), b"e.".to_vec()].concat();
    assert_eq!(from_slice::<Vec<Option<IgnoredAny>>>(&pickle).unwrap().len(), 200_000);
}
