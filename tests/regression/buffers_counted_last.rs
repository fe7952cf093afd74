//! Of a pickle that is wrong in two ways, a slice told of the buffers that are left over and a
//! reader of the value that does not fit: one counted them before the value was made, the other
//! behind it.

use serde_pickle::{DeOptions, ErrorKind};

#[test]
fn slice_and_reader_tell_of_the_same_fault() {
    let buffers: Vec<Vec<u8>> = vec![b"left over".to_vec()];
    let options = DeOptions::new().buffers(&buffers);
    let of_slice = options.from_slice::<u8>(b"].").unwrap_err();
    let of_reader = options.from_reader::<_, u8>(&b"]."[..]).unwrap_err();
    assert_eq!(of_slice.to_string(), of_reader.to_string());
    assert_eq!(of_slice.offset(), Some(0));
    // Where the value fits, the buffers are what is wrong.
    let error = options.from_slice::<Vec<u8>>(b"].").unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Data, None));
}
