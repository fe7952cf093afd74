//! Many small inputs in one file: each behind its length, four bytes little-endian.

/// The inputs, joined.
pub fn pack(inputs: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for input in inputs {
        let len = u32::try_from(input.len()).expect("no input has four gigabytes");
        bytes.extend_from_slice(&len.to_le_bytes());
        bytes.extend_from_slice(input);
    }
    bytes
}

/// The inputs, taken apart.
pub fn unpack(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (len, rest) = bytes.split_first_chunk()?;
        let (input, rest) = rest.split_at(u32::from_le_bytes(*len) as usize);
        bytes = rest;
        Some(input)
    })
}
