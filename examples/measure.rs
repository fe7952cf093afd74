//! Measures.
#![allow(missing_docs, clippy::all)]
use serde_pickle::*;
fn nest(n: usize, wrap: impl Fn(Value) -> Value) -> Value {
    (0..1000 / n).fold(Value::Int(1), |v, _| wrap(v))
}
fn object(state: Value) -> Value {
    let mut r = Reduce::new_obj(Global::new("m", "C"), Value::Tuple(vec![]));
    r.state = Some(state);
    r.into()
}
fn make(kind: &str) -> Value {
    match kind {
        "tuple" => nest(1, |v| Value::Tuple(vec![v])),
        "list" => nest(1, |v| Value::List(vec![v])),
        "frozenset" => nest(1, |v| Value::FrozenSet(Set::try_from_iter([v]).unwrap())),
        "dict" => nest(1, |v| Dict::from([("k", v)]).into()),
        "state" => nest(1, object),
        "statedict" => nest(2, |v| object(Dict::from([("x", v)]).into())),
        "args" => nest(1, |v| Reduce::call(Global::new("m", "f"), Value::Tuple(vec![v])).into()),
        "persid" => nest(1, |v| Value::PersistentId(Box::new(v))),
        "keyobj" => nest(3, |v| object(Dict::try_from_iter([(Value::Tuple(vec![v]), 1)]).unwrap().into())),
        "mixed" => nest(3, |v| pickle!([{"k":(v,)}])),
        "listitems" => nest(1, |v| {
            let mut r = Reduce::new_obj(Global::new("m", "C"), Value::Tuple(vec![]));
            r.listitems.push(v);
            r.into()
        }),
        "items" => nest(1, |v| {
            let mut r = Reduce::new_obj(Global::new("m", "C"), Value::Tuple(vec![]));
            r.dictitems.push((1.into(), v));
            r.into()
        }),
        _ => panic!(),
    }
}
fn op(op: &str, v: Value) {
    let c;
    match op {
        "drop" => {
            drop(v);
            return;
        }
        "clone" => {
            c = v.clone();
            std::mem::forget(c);
        }
        "eq" => {
            c = big(make2);
            let _ = c == v;
            std::mem::forget(c);
        }
        "pyeq" => {
            c = big(make2);
            let _ = c.python_eq(&v);
            std::mem::forget(c);
        }
        "hash" => {
            let _ = v.is_hashable();
        }
        "display" => {
            let _ = v.to_string();
        }
        "pretty" => {
            let _ = format!("{v:#}");
        }
        "debug" => {
            let _ = format!("{v:?}");
        }
        "json" => {
            let _ = serde_json::to_vec(&v);
        }
        "pickle" => {
            let _ = to_vec(&v);
        }
        "pickle0" => {
            let _ = SerOptions::new().protocol(Protocol::V0).to_vec(&v);
        }
        _ => panic!(),
    };
    std::mem::forget(v)
}
fn make2() -> Value {
    make(&std::env::args().nth(1).unwrap())
}
fn big<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(256 << 20).spawn(f).unwrap().join().unwrap()
}
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let kb: usize = a[3].parse().unwrap();
    let v = big(make2);
    let o = a[2].clone();
    std::thread::Builder::new().stack_size(kb << 10).spawn(move || op(&o, v)).unwrap().join().unwrap();
    std::process::exit(0)
}
