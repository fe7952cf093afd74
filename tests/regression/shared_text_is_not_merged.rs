//! Two allocations with equal text were one object where text is memoized, and so one allocation
//! when read: a change through one pointer showed through the other. The content of an Rc or Arc is
//! an object of its own.

use std::cell::RefCell;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_pickle::shared::Shared;
use serde_pickle::{Protocol, SerOptions, from_slice};

type Cells<T> = Vec<Shared<Rc<RefCell<T>>>>;

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
enum Colour {
    Red,
}

fn assert_apart<
    T: Serialize + for<'a> Deserialize<'a> + Clone + PartialEq + std::fmt::Debug + 'static,
>(
    content: T,
) {
    let cells: Cells<T> =
        (0..500).map(|_| Shared(Rc::new(RefCell::new(content.clone())))).collect();
    for protocol in [Protocol::V0, Protocol::V1, Protocol::V2, Protocol::V4, Protocol::V5] {
        for memoize in [false, true] {
            let options = SerOptions::new().protocol(protocol).memoize_strings(memoize);
            let read: Cells<T> = from_slice(&options.to_vec(&cells).unwrap()).unwrap();
            assert_eq!(read, cells);
            for (one, next) in read.iter().zip(&read[1..]) {
                assert!(!Rc::ptr_eq(&one.0, &next.0), "{protocol:?}");
            }
        }
    }
}

#[test]
fn equal_content_is_not_one_allocation() {
    assert_apart("some text".to_owned());
    assert_apart('x');
    assert_apart(Colour::Red);
    assert_apart(Some("some text".to_owned()));
}
