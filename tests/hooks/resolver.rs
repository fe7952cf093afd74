//! Resolvers: `find_class` at every opcode that names a global, and constructors.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde::Deserialize;
use serde_pickle::reduce::{
    Constructors, DenyList, ExtensionRegistry, FindClass, Global, Renames, Resolution,
};
use serde_pickle::{AllowList, DeOptions, ErrorKind, Resolver, Value};

/// One global, `shop.Order.Line` or `shop.Order`, in each way that a pickle can name it; all by
/// CPython but the last.
const SPELLINGS: &[(&str, &[u8], &str)] = &[
    ("GLOBAL", b"\x80\x02cshop\nOrder\nq\x00.", "Order"),
    (
        "STACK_GLOBAL",
        b"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x04shop\x94\x8c\x05Order\x94\x93\x94.",
        "Order",
    ),
    (
        "STACK_GLOBAL, nested",
        b"\x80\x04\x95\x15\0\0\0\0\0\0\0\x8c\x04shop\x94\x8c\x0aOrder.Line\x94\x93\x94.",
        "Order.Line",
    ),
    (
        "getattr",
        b"\x80\x02c__builtin__\ngetattr\nq\x00cshop\nOrder\nq\x01X\x04\x00\x00\x00Lineq\x02\x86\
          q\x03Rq\x04.",
        "Order.Line",
    ),
    ("INST", b"(ishop\nOrder\np0\n(dp1\nb.", "Order"),
    ("OBJ", b"(cshop\nOrder\nq\x00oq\x01}q\x02b.", "Order"),
    ("NEWOBJ", b"\x80\x02cshop\nOrder\nq\x00)\x81q\x01.", "Order"),
    ("EXT1", b"\x80\x02\x82\xf0.", "Order"),
    ("EXT2", b"\x80\x02\x83\x00\x01.", "Order.Line"),
    ("EXT4", b"\x80\x02\x84\x00\x00\x01\x00.", "Order"),
];

fn extensions() -> ExtensionRegistry {
    let mut extensions = ExtensionRegistry::new();
    extensions.add("shop", "Order", 0xf0).unwrap();
    extensions.add("shop", "Order.Line", 0x100).unwrap();
    let mut other = ExtensionRegistry::new();
    other.add("shop", "Order", 0x1_0000).unwrap();
    extensions
}

fn options_for(name: &str) -> DeOptions<'static> {
    let mut extensions = extensions();
    if name == "EXT4" {
        extensions.remove("shop", "Order", 0xf0).unwrap();
        extensions.add("shop", "Order", 0x1_0000).unwrap();
    }
    DeOptions::new().extensions(extensions)
}

#[test]
fn every_way_to_name_a_global_is_refused_with_the_name() {
    for (name, bytes, qualname) in SPELLINGS {
        let list = AllowList::new().allow("builtins", "getattr");
        let list = if *name == "getattr" { list.allow("shop", "Order") } else { list };
        let options = options_for(name).resolver(list);
        let error = options.from_slice::<Value>(bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied, "{name}: {error}");
        assert!(
            error
                .to_string()
                .starts_with(&format!("shop.{qualname} is not allowed here, at byte ")),
            "{name}: {error}"
        );
    }
}

#[test]
fn every_way_to_name_a_global_is_renamed() {
    let renames = Renames::new()
        .rename(Global::new("shop", "Order"), Global::new("market", "Purchase"))
        .rename(Global::new("shop", "Order.Line"), Global::new("market", "Purchase.Row"))
        .rename(Global::new("market", "Purchase.Line"), Global::new("market", "Purchase.Row"));
    for (name, bytes, qualname) in SPELLINGS {
        let value: Value = options_for(name).resolver(renames.clone()).from_slice(bytes).unwrap();
        let class = match &value {
            Value::Global(class) => (**class).clone(),
            Value::Object(object) => object.class().unwrap().clone(),
            _ => panic!("{name}: {value}"),
        };
        let expected = if *qualname == "Order" { "Purchase" } else { "Purchase.Row" };
        assert_eq!(class, Global::new("market", expected), "{name}");
    }
}

#[test]
fn each_place_that_names_a_global_is_asked_once_and_references_are_not() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let names = Arc::clone(&asked);
    let resolver = FindClass::new(move |module, qualname| {
        names.lock().unwrap().push(format!("{module}.{qualname}"));
        Ok(Resolution::Allow)
    });
    // pickle.dumps([Outer.Inner, Outer.Inner, Outer], 2), the class in a module `m`
    let bytes = b"\x80\x02]q\x00(c__builtin__\ngetattr\nq\x01cm\nOuter\nq\x02X\x05\x00\x00\x00\
        Innerq\x03\x86q\x04Rq\x05h\x05h\x02e.";
    let value: Value = DeOptions::new().resolver(resolver).from_slice(bytes).unwrap();
    assert_eq!(value[0], Value::global("m", "Outer.Inner"));
    assert_eq!(*asked.lock().unwrap(), ["builtins.getattr", "m.Outer", "m.Outer.Inner"]);
}

#[test]
fn a_denial_comes_before_what_follows_is_looked_at() {
    // After the global there are bytes that are no opcode at all.
    let error = DeOptions::new()
        .resolver(AllowList::new())
        .from_slice::<Value>(b"]cos\nsystem\n\xff\xff")
        .unwrap_err();
    assert_eq!(error.to_string(), "os.system is not allowed here, at byte 1");
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Denied, Some(1)));
}

#[test]
fn the_resolver_sees_python3_names_of_old_pickles() {
    let list = DenyList::new().deny_module("builtins");
    // Python 2: pickle.dumps(eval, 2)
    let bytes = b"\x80\x02c__builtin__\neval\nq\x00.";
    let options = DeOptions::new().resolver(list);
    let error = options.from_slice::<Value>(bytes).unwrap_err();
    assert!(error.to_string().starts_with("builtins.eval is not allowed"), "{error}");
    // Without fix_imports it sees what is written; and from protocol 3 on nothing is mapped.
    let value: Value = options.clone().fix_imports(false).from_slice(bytes).unwrap();
    assert_eq!(value, Value::global("__builtin__", "eval"));
    let value: Value = options.from_slice(b"\x80\x03c__builtin__\neval\nq\x00.").unwrap();
    assert_eq!(value, Value::global("__builtin__", "eval"));
}

#[test]
fn a_typed_read_is_refused_too() {
    let result: Result<BTreeMap<String, u8>, _> = DeOptions::new()
        .resolver(AllowList::new())
        .from_slice(b"\x80\x02cshop\nOrder\nq\x00)\x81q\x01}X\x01\x00\x00\x00nK\x01sb.");
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Denied);
}

#[test]
fn a_local_resolver_does_not_shorten_what_is_borrowed() {
    fn name(bytes: &[u8]) -> &str {
        DeOptions::new().resolver(AllowList::new()).from_slice(bytes).unwrap()
    }
    assert_eq!(name(b"\x8c\x03Ada."), "Ada");
}

#[test]
fn a_call_is_known_by_its_new_name() {
    let renames = Renames::new().rename(Global::new("sets", "Set"), Global::new("builtins", "set"));
    let value: Value =
        DeOptions::new().resolver(renames).from_slice(b"csets\nSet\n(](K\x01K\x02etR.").unwrap();
    assert_eq!(value.to_string(), "{1, 2}");
}

/// [Fraction('3/4'), Fraction('1/2')] as Python 3.13 writes it at protocol 2, and a Point with a
/// state.
const FRACTIONS: &[u8] = b"\x80\x02]q\x00(cfractions\nFraction\nq\x01X\x03\x00\x00\x003/4q\x02\x85\
    q\x03Rq\x04h\x01X\x03\x00\x00\x001/2q\x05\x85q\x06Rq\x07e.";
const POINT: &[u8] =
    b"\x80\x02cgeometry\nPoint\nq\x00)\x81q\x01}q\x02(X\x01\x00\x00\x00xq\x03K\x01X\x01\x00\x00\x00\
      yq\x04K\x02ub.";

fn fractions() -> Constructors {
    Constructors::new().with(Global::new("fractions", "Fraction"), |object| {
        let (numerator, denominator) = object.args[0].as_str().unwrap().split_once('/').unwrap();
        Ok(Value::Float(numerator.parse::<f64>().unwrap() / denominator.parse::<f64>().unwrap()))
    })
}

#[test]
fn constructors_make_values_in_values_and_in_types() {
    let options = DeOptions::new().resolver(fractions());
    assert_eq!(options.from_slice::<Value>(FRACTIONS).unwrap().to_string(), "[0.75, 0.5]");
    assert_eq!(options.from_slice::<Vec<f32>>(FRACTIONS).unwrap(), [0.75, 0.5]);
    assert_eq!(options.from_slice::<Vec<Option<f64>>>(FRACTIONS).unwrap(), [Some(0.75), Some(0.5)]);
}

#[test]
fn a_constructor_sees_the_whole_object() {
    let constructors = Constructors::new().with(Global::new("geometry", "Point"), |object| {
        let state = object.state.as_ref().unwrap();
        let sum = state["x"].as_i64().unwrap() + state["y"].as_i64().unwrap();
        Ok(serde_pickle::pickle!({ "sum": sum }))
    });
    #[derive(Deserialize)]
    struct Sum {
        sum: u8,
    }
    let options = DeOptions::new().resolver(constructors);
    assert_eq!(options.from_slice::<Sum>(POINT).unwrap().sum, 3);
    assert_eq!(
        options.from_slice::<BTreeMap<String, u8>>(POINT).unwrap(),
        [("sum".to_owned(), 3)].into()
    );
    // Objects of other classes stay what they are.
    let other = DeOptions::new().resolver(fractions());
    let state: BTreeMap<String, u8> = other.from_slice(POINT).unwrap();
    assert_eq!(state.len(), 2);
}

#[test]
fn an_object_within_is_constructed_first() {
    struct Both;
    impl Resolver for Both {
        fn constructs(&self, class: &Global) -> bool {
            class.module == "m"
        }
        fn construct(
            &self,
            class: &Global,
            object: &serde_pickle::reduce::Reduce,
        ) -> serde_pickle::Result<Option<Value>> {
            Ok(Some(Value::from(format!("{}{}", class.qualname, object.args))))
        }
    }
    // m.A(m.B(1))
    let value: Value =
        DeOptions::new().resolver(Both).from_slice(b"cm\nA\n(cm\nB\n(K\x01tRtR.").unwrap();
    assert_eq!(value, Value::from("A('B(1,)',)"));
    let text: String =
        DeOptions::new().resolver(Both).from_slice(b"cm\nA\n(cm\nB\n(K\x01tRtR.").unwrap();
    assert_eq!(text, "A('B(1,)',)");
}

#[test]
fn the_error_of_a_constructor_ends_the_reading_at_its_object() {
    let constructors = Constructors::new().with(Global::new("fractions", "Fraction"), |_| {
        Err(serde::de::Error::custom("no fractions"))
    });
    let options = DeOptions::new().resolver(constructors);
    let error = options.from_slice::<Vec<f64>>(FRACTIONS).unwrap_err();
    assert_eq!(error.to_string(), "[0]: no fractions, at byte 41");
    let error = options.from_slice::<Value>(FRACTIONS).unwrap_err();
    assert_eq!(error.path().as_deref(), Some("[0]"));
    assert!(error.to_string().starts_with("[0]: no fractions"), "{error}");
}
