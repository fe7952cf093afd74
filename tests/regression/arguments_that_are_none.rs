//! A call with `None` for arguments, as Python 2.2 wrote it, was kept as that in a `Value`, and
//! written as one with no arguments. For `set` that spells an empty set, so what had been written
//! was refused: a set takes no state.

use serde_pickle::reduce::{Args, Global, How, Reduce};
use serde_pickle::{Graph, Protocol, SerOptions, Value, from_slice, to_value, to_vec};

#[test]
fn they_are_written_as_something_that_reads_the_same() {
    for pickle in [&b"cbuiltins\nset\nNR]b."[..], b"cgeometry\nPoint\nNR}(X\x01\0\0\0xK\x01ub."] {
        let value: Value = from_slice(pickle).unwrap();
        let graph = Graph::from_slice(pickle).unwrap();
        for protocol in Protocol::ALL {
            let options = SerOptions::new().protocol(protocol);
            for written in [options.to_vec(&value).unwrap(), options.graph_to_vec(&graph).unwrap()]
            {
                assert_eq!(from_slice::<Value>(&written).unwrap(), value, "{protocol:?}");
            }
        }
    }
}

#[test]
fn those_of_an_object_made_here_are_none_at_all() {
    let object = Reduce {
        args: Args::try_from(Value::None).unwrap(),
        ..Reduce::call(Global::new("builtins", "set"), Args::default())
    };
    let value = Value::from(object);
    assert_eq!(from_slice::<Value>(&to_vec(&value).unwrap()).unwrap(), to_value(&value).unwrap());

    // They were written as a call without keyword arguments.
    let kwargs = [("k", Value::Int(1))];
    let object = Reduce::new_obj_ex(Global::new("geometry", "Point"), Args::default(), kwargs);
    let value = Value::from(object);
    let mut builder = serde_pickle::graph::GraphBuilder::new();
    let root = builder.value(value);
    let graph = builder.finish(root).unwrap();
    let written = SerOptions::new().graph_to_vec(&graph).unwrap();
    let read: Value = from_slice(&written).unwrap();
    let object = read.as_object().unwrap();
    assert_eq!((object.how(), object.kwargs.len()), (How::NewObjEx, 1));
}
