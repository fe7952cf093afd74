//! `copyreg._reconstructor(class, object, None)` and its like were understood as NEWOBJ whatever
//! stood in the place of the class, and whatever the base: a Value of `_reconstructor(None, …)` was
//! written as NEWOBJ of None, which nothing can read, and another base than `object` was lost. What
//! is no such spelling is a call like any other.

use serde_pickle::reduce::How;
use serde_pickle::{Graph, Protocol, SerOptions, Value, from_slice};

#[test]
fn what_cannot_be_a_class_stays_an_argument_of_the_call() {
    let calls: [&[u8]; 6] = [
        b"ccopy_reg\n_reconstructor\n(Nc__builtin__\nobject\nNtR.",
        b"ccopy_reg\n_reconstructor\n(c__builtin__\nset\n](K\x01e\x85Rc__builtin__\nobject\nNtR.",
        b"ccopy_reg\n__newobj__\n(K\x01tR.",
        b"ccopy_reg\n__newobj_ex__\n(K\x01)}tR.",
        b"ccopy_reg\n_reconstructor\n(cm\nC\nc__builtin__\nint\nNtR.",
        b"ccopy_reg\n_reconstructor\n(cm\nC\ncm\nobject\nNtR.",
    ];
    for call in calls {
        let value: Value = from_slice(call).unwrap();
        let Value::Object(object) = &value else { panic!("{value}") };
        assert_eq!(
            (object.how(), object.class().unwrap().module.as_str()),
            (How::Call, "copyreg"),
            "{value}"
        );
        for protocol in Protocol::ALL {
            let bytes = SerOptions::new().protocol(protocol).to_vec(&value).unwrap();
            assert_eq!(
                from_slice::<Value>(&bytes).unwrap(),
                value,
                "{protocol:?} {}",
                bytes.escape_ascii()
            );
            Graph::from_slice(&bytes).unwrap();
        }
    }
    let value: Value =
        from_slice(b"ccopy_reg\n_reconstructor\n(cm\nC\nc__builtin__\nobject\nNtR.").unwrap();
    assert_eq!(value.as_object().map(|object| object.how()), Some(How::NewObj), "{value}");
}
