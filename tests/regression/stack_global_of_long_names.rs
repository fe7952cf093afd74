//! STACK_GLOBAL went through both names each time: a megabyte of name and four bytes for each
//! further use of it (DUP, DUP, STACK_GLOBAL, POP) took half a minute for every 20,000 of them.
//! Long names are charged now.

use serde_pickle::{ErrorKind, Graph, tools};

fn pickle(name: usize, uses: usize) -> Vec<u8> {
    let mut pickle = vec![b'X'];
    pickle.extend_from_slice(&(name as u32).to_le_bytes());
    pickle.extend(vec![b'n'; name]);
    pickle.extend(b"22\x930".repeat(uses));
    pickle.push(b'.');
    pickle
}

#[test]
fn a_long_name_is_named_a_few_times_and_a_short_one_always() {
    assert!(Graph::from_slice(&pickle(1_000, 2)).is_ok());
    // One that no module or class has is refused at once.
    assert_eq!(Graph::from_slice(&pickle(1 << 20, 1)).unwrap_err().kind(), ErrorKind::Limit);
    assert_eq!(Graph::from_slice(&pickle(1_000, 200_000)).unwrap_err().kind(), ErrorKind::Limit);
    let often = pickle(1 << 20, 200_000);
    assert_eq!(Graph::from_slice(&often).unwrap_err().kind(), ErrorKind::Limit);
    assert_eq!(tools::audit(&often).error.map(|error| error.kind()), Some(ErrorKind::Limit));
    assert!(Graph::from_slice(&pickle(500, 10_000)).is_ok());
}
