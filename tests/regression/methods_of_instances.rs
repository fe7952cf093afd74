//! A bound method is pickled as `getattr(instance, 'name')`. Every `getattr` was taken for a nested
//! class below protocol 4, and a value with a bound method in it could not be read: "an object has
//! no content in this pickle".

use serde_pickle::{Value, from_slice};

use crate::corpus::bytes;

#[test]
fn a_bound_method_is_a_call_and_a_nested_class_a_global() {
    let expected = "[<global 'shapes.Outer.make'>, builtins.getattr(shapes.Outer(), 'method'), \
        <global 'builtins.dict.fromkeys'>, builtins.getattr([], 'append'), builtins.getattr('a', \
        'join')]";
    for file in ["p0.py313", "p2.py313", "p3.py313", "p4.py313"] {
        let value: Value =
            from_slice(&bytes(&format!("valid/globals/methods.{file}.pickle"))).unwrap();
        assert_eq!(value.to_string(), expected, "{file}");
    }
}
