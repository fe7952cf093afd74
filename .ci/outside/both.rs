//! Two libraries of one name in one program: what either writes the other reads.

use std::collections::BTreeMap;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let value = BTreeMap::from([("a".to_owned(), vec![1, 2]), ("b".to_owned(), vec![])]);
    let ours = serde_pickle::to_vec(&value)?;
    let theirs = old_pickle::to_vec(&value, old_pickle::SerOptions::new())?;
    let read: BTreeMap<String, Vec<i64>> = serde_pickle::from_slice(&theirs)?;
    assert_eq!(read, value);
    let read: BTreeMap<String, Vec<i64>> =
        old_pickle::from_slice(&ours, old_pickle::DeOptions::new())?;
    assert_eq!(read, value);
    println!("serde_pickle and serde-pickle in one program: each reads what the other writes");
    Ok(())
}
