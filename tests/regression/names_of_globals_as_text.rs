//! A global reads as text, its dotted name, and that text was not counted: half a million
//! references to one global with a name of a megabyte would have been 500 gigabytes. Names are
//! short now, and their text counts.

use serde_pickle::reduce::Global;
use serde_pickle::{DeOptions, ErrorKind};

#[test]
fn they_count_as_text_does() {
    let name = "x".repeat(1_000);
    let pickle =
        [b"cm\n".as_slice(), name.as_bytes(), b"\nq\x000](", &b"h\0".repeat(10_000), b"e."]
            .concat();
    let options = DeOptions::new().max_expansion(1 << 20);
    assert_eq!(options.from_slice::<Vec<String>>(&pickle).unwrap_err().kind(), ErrorKind::Limit);
    assert_eq!(options.from_slice::<Vec<Global>>(&pickle).unwrap_err().kind(), ErrorKind::Limit);
    let names = DeOptions::new().from_slice::<Vec<String>>(&pickle).unwrap();
    assert!(names.iter().all(|text| text.len() == 1_002));
}
