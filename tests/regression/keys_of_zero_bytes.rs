//! Keys of sixteen bytes of which the first eight are zero had all the same hash, so that a dict of
//! them took the square of its size. foldhash multiplies the two halves, each combined with a seed,
//! and the first half's seed was 0.

use serde_pickle::{Value, from_slice};

#[test]
fn a_dict_of_them_is_read_in_a_moment() {
    for head in [b"C\x10\0\0\0\0\0\0\0\0".as_slice(), b"\x8c\x10\0\0\0\0\0\0\0\0"] {
        let mut pickle = b"\x80\x04}(".to_vec();
        for number in 0..200_000 {
            pickle.extend_from_slice(head);
            pickle.extend_from_slice(format!("{number:08}N").as_bytes());
        }
        pickle.extend_from_slice(b"u.");
        let value: Value = from_slice(&pickle).unwrap();
        assert_eq!(value.as_dict().unwrap().len(), 200_000);
    }
}
