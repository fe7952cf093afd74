//! A constructor may turn the class of an object into a value that is no class, as may whoever puts
//! a `Reduce` together: what was written of such an object nothing could read. It is an error of
//! writing, in a graph as well, where only calls that spell a builtin were missed.

use serde_pickle::graph::GraphBuilder;
use serde_pickle::reduce::{Args, Constructors, Global, How, Reduce};
use serde_pickle::{DeOptions, ErrorKind, Protocol, SerOptions, Value, to_vec};

#[test]
fn an_object_of_what_is_no_class_is_not_written() {
    let constructors =
        Constructors::new().with(Global::new("m", "C"), |object| Ok(object.args.clone().into()));
    let pickle = b"(cm\nC\n)\x81X\x01\0\0\0ko.";
    let value: Value = DeOptions::new().resolver(constructors).from_slice(pickle).unwrap();
    let Value::Object(object) = &value else { panic!("{value}") };
    assert_eq!((object.how(), &*object.callable), (How::Inst, &Value::Tuple(vec![])));
    let mut of_setter = Reduce::new_obj(Global::new("m", "C"), Args::default());
    of_setter.state = Some(Box::new(Value::from(1)));
    of_setter.state_setter = Some(Value::from("text"));
    for value in [value, Value::from(of_setter)] {
        for protocol in Protocol::ALL {
            let error = SerOptions::new().protocol(protocol).to_vec(&value).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Data, "{error}");
            assert!(error.to_string().contains("not a class or function"), "{error}");
        }
        let mut builder = GraphBuilder::new();
        let root = builder.value(value);
        assert_eq!(builder.finish(root).map(drop).unwrap_err().kind(), ErrorKind::Data);
    }
}

#[test]
fn what_may_be_called_is_written_as_before() {
    let no_arguments = Args::default;
    let call = Value::from(Reduce::call(Global::new("m", "make"), no_arguments()));
    for callable in [Value::global("m", "C"), call] {
        let value = Value::from(
            Reduce::call(Global::new("m", "f"), no_arguments()).with_callable(callable),
        );
        assert_eq!(serde_pickle::from_slice::<Value>(&to_vec(&value).unwrap()).unwrap(), value);
    }
}

#[test]
fn a_set_that_is_spelled_as_a_call_is_no_class_of_a_graph() {
    let mut builder = GraphBuilder::new();
    let class = builder.global("builtins", "set");
    let args = builder.tuple([]);
    let set = builder.object(How::Call, class, args, None);
    let object = builder.object(How::NewObj, set, args, None);
    assert_eq!(builder.finish(object).map(drop).unwrap_err().kind(), ErrorKind::Data);
}
