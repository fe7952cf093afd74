//! Pickles of pandas 0.24 to 3, cell by cell against its own export.

use std::collections::BTreeMap;

use crate::compare::{Read, compare};
use crate::fixtures::environments;

/// Reads every object at every protocol, and prints how many there are of what.
#[test]
fn every_object_reads_as_pandas_exports_it() {
    let mut failures = Vec::new();
    let (mut objects, mut cells) = (BTreeMap::<_, usize>::new(), 0);
    let (mut kinds, mut refusals) = (BTreeMap::<String, usize>::new(), BTreeMap::new());
    for environment in environments() {
        for case in &environment.cases {
            for &place in &case.pickles {
                let at = format!("{} {} protocol {}", environment.tag, case.name, place.0);
                let read = Read::of(&case.what, environment.pickle(place));
                if case.name.contains("refused") {
                    match read {
                        Ok(_) => failures.push(format!("{at}: read")),
                        Err(error) => *refusals.entry(error.to_string()).or_insert(0) += 1,
                    }
                    continue;
                }
                match read {
                    Ok(read) => match compare(&read, case) {
                        Ok(count) => {
                            cells += count;
                            *objects.entry(case.what.clone()).or_default() += 1;
                            for column in read.columns() {
                                *kinds.entry(kind_of(&column.dtype())).or_default() += 1;
                            }
                        }
                        Err(error) => failures.push(format!("{at}: {error}")),
                    },
                    Err(error) => failures.push(format!("{at}: {error}")),
                }
            }
        }
    }
    println!("objects: {objects:?}; {cells} cells");
    println!("columns: {kinds:?}");
    for (refusal, count) in &refusals {
        println!("refused {count} times: {refusal}");
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// A dtype without zone, fill value and the like.
fn kind_of(dtype: &str) -> String {
    match dtype.split_once('[') {
        Some((head, rest)) if rest.ends_with("[pyarrow]") || rest == "pyarrow]" => {
            format!("{head}[pyarrow]")
        }
        Some((head, _)) => head.to_owned(),
        None => dtype.to_owned(),
    }
}
