//! Options and hooks in a program with threads: one options value for all of them, as in the state
//! of a server.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;

use serde::{Deserialize, Serialize};
use serde_pickle::reduce::{Args, Constructors, ExtensionRegistry, Global};
use serde_pickle::shared::Shared;
use serde_pickle::value::PickleBuffer;
use serde_pickle::{
    AllowList, DeOptions, Deserializer, ErrorKind, Protocol, Resolver, Result, SerOptions,
    Serializer, Value, pickle,
};

/// Finds the objects of persistent ids, and counts how many it was asked for.
#[derive(Default)]
struct Store {
    asked: AtomicUsize,
}

impl Resolver for Store {
    fn persistent_load(&self, id: &Value) -> Result<Option<Value>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(Some(pickle!({"of": (id.clone())})))
    }
}

fn registry() -> ExtensionRegistry {
    let mut registry = ExtensionRegistry::new();
    registry.add("shop", "Order", 240).unwrap();
    registry
}

static READ: LazyLock<DeOptions<'static>> = LazyLock::new(|| {
    let names = AllowList::new().allow("shop", "Order").allow("fractions", "Fraction");
    let built = Constructors::new().with(Global::new("fractions", "Fraction"), |object| {
        Ok(Value::from(format!("fraction {}", object.args)))
    });
    DeOptions::new().resolver(names.and(built).and(Store::default())).extensions(registry())
});

static WRITE: LazyLock<SerOptions> = LazyLock::new(|| {
    SerOptions::new()
        .protocol(Protocol::V5)
        .extensions(registry())
        .persistent_id(|value| {
            Ok(value.as_str().is_some_and(|text| text.starts_with("ref:")).then(|| value.clone()))
        })
        .dispatch(Global::new("shop", "Draft"), |mut object| {
            *object.callable = Value::global("shop", "Order");
            Ok(object)
        })
        // Buffers above 64 bytes are dropped, as if they were sent beside the pickle.
        .buffer_callback(|buffer| (buffer.data.len() < 64).then_some(buffer))
});

#[derive(Serialize)]
#[serde(rename = "py:shop:Draft")]
struct Draft {
    number: usize,
}

#[derive(Serialize)]
struct Sent {
    number: usize,
    reference: Value,
    draft: Draft,
    small: PickleBuffer,
    fraction: serde_pickle::reduce::Reduce,
}

#[derive(Deserialize, PartialEq, Debug)]
struct Order {
    number: usize,
}

#[derive(Deserialize, PartialEq, Debug)]
struct Received {
    number: usize,
    reference: BTreeMap<String, String>,
    draft: Order,
    #[serde(with = "serde_bytes")]
    small: Vec<u8>,
    fraction: String,
}

/// One request: a value with something for each hook, written and read back.
fn request(number: usize) -> (Vec<u8>, Received) {
    let sent = Sent {
        number,
        reference: Value::from(format!("ref:{}", number % 7)),
        draft: Draft { number: number % 5 },
        small: PickleBuffer { data: vec![number as u8; number % 60], readonly: true },
        fraction: serde_pickle::reduce::Reduce::call(
            Global::new("fractions", "Fraction"),
            Args::from((number % 11, 12)),
        ),
    };
    let bytes = WRITE.to_vec(&sent).unwrap();
    let received = READ.from_slice(&bytes).unwrap();
    (bytes, received)
}

#[test]
fn sixteen_threads_use_one_value_of_options_with_every_hook() {
    const PICKLES: usize = if cfg!(debug_assertions) { 500 } else { 10_000 };
    let expected: Vec<_> = (0..1_000.min(PICKLES)).map(request).collect();
    let first = &expected[13].1;
    assert_eq!(first.reference, BTreeMap::from([("of".to_owned(), "ref:6".to_owned())]));
    assert_eq!((first.draft.number, first.small.len()), (3, 13));
    assert_eq!(first.fraction, "fraction (2, 12)");
    assert!(expected[13].0.windows(2).any(|pair| pair == [0x82, 240]), "written by its code");
    thread::scope(|scope| {
        for thread in 0..16 {
            let expected = &expected;
            scope.spawn(move || {
                for index in 0..PICKLES {
                    let number = (index * 17 + thread * 31) % expected.len();
                    assert_eq!(request(number), expected[number], "{number}");
                }
            });
        }
    });
}

/// A lock that was tried, and not waited for, made half of the calls of four threads errors.
#[test]
fn threads_offer_buffers_to_one_callback_at_the_same_time() {
    let (inside, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let both = std::sync::Barrier::new(2);
    let seen = Arc::clone(&most);
    let options = SerOptions::new().protocol(Protocol::V5).buffer_callback(move |_| {
        seen.fetch_max(1 + inside.fetch_add(1, Ordering::SeqCst), Ordering::SeqCst);
        both.wait();
        inside.fetch_sub(1, Ordering::SeqCst);
        None
    });
    let buffer = PickleBuffer { data: vec![1], readonly: true };
    thread::scope(|scope| {
        let threads = [(); 2].map(|()| scope.spawn(|| options.to_vec(&buffer)));
        for thread in threads {
            assert_eq!(thread.join().unwrap().unwrap(), b"\x80\x05\x97\x98.");
        }
    });
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[test]
fn a_hook_may_write_with_the_options_that_it_belongs_to() {
    static OPTIONS: LazyLock<SerOptions> = LazyLock::new(|| {
        SerOptions::new().protocol(Protocol::V5).buffer_callback(|buffer| {
            if let Some((_, rest)) = buffer.data.split_first() {
                let rest = PickleBuffer { data: rest.to_vec(), readonly: true };
                assert_eq!(OPTIONS.to_vec(&rest).unwrap(), b"\x80\x05\x97\x98.");
            }
            None
        })
    });
    let buffer = PickleBuffer { data: vec![1, 2, 3], readonly: true };
    assert_eq!(OPTIONS.to_vec(&buffer).unwrap(), b"\x80\x05\x97\x98.");
}

#[test]
fn options_hold_for_values_in_memory_as_for_pickles() {
    let sent = |number| {
        pickle!([
            (number),
            (Value::PersistentId(Box::new(Value::from("ref:1")))),
            (Value::global("shop", "Order")),
            (Value::from(serde_pickle::reduce::Reduce::call(
                Global::new("fractions", "Fraction"),
                Args::from((1, 2))
            )))
        ])
    };
    let received: Value = READ.from_value(sent(1)).unwrap();
    let of_pickle: Value = READ.from_slice(&serde_pickle::to_vec(&sent(1)).unwrap()).unwrap();
    assert_eq!(received, of_pickle);
    assert_eq!(received[3], "fraction (1, 2)");
    let error = READ.from_value::<Value>(pickle!([(Value::global("os", "system"))])).unwrap_err();
    assert_eq!(error.to_string(), "os.system is not allowed here");

    let nested = pickle!([[[[1]]]]);
    type Nested = Vec<Vec<Vec<Vec<u8>>>>;
    assert!(DeOptions::new().max_depth(4).from_value::<Nested>(nested.clone()).is_ok());
    let limits = [DeOptions::new().max_depth(3), DeOptions::new().max_nodes(3)];
    for options in limits {
        let error = options.from_value::<Nested>(nested.clone()).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Limit, None), "{error}");
    }

    // Values are written through the hooks, whose buffers stay.
    let value = WRITE.to_value(&(Draft { number: 3 }, "ref:2", Value::from("ref:2"))).unwrap();
    let Value::Object(order) = &value[0] else { panic!("{value}") };
    assert_eq!(order.class(), Some(&Global::new("shop", "Order")));
    assert_eq!(value[1], "ref:2");
    assert_eq!(value[2], Value::PersistentId(Box::new(Value::from("ref:2"))));
    let buffer = PickleBuffer { data: vec![7; 100], readonly: true };
    assert_eq!(WRITE.to_value(&buffer).unwrap(), Value::Bytes(vec![7; 100]));
}

/// A value that fails after something shared has been written.
#[derive(Serialize)]
struct Failing {
    shared: Shared<Arc<String>>,
    #[serde(serialize_with = "fail")]
    fault: (),
}

fn fail<S: serde::Serializer>(_: &(), _: S) -> std::result::Result<S::Ok, S::Error> {
    Err(serde::ser::Error::custom("no"))
}

/// Only the thread that wrote it could let go of it, and that heard of nothing.
#[test]
fn what_a_failed_dump_shared_is_let_go_where_it_failed() {
    let text = Arc::new("text".to_owned());
    let failing = || Failing { shared: Shared(Arc::clone(&text)), fault: () };
    // In a container, in a newtype, and in what panics halfway.
    #[derive(Serialize)]
    struct Newtype(Failing);
    let mut pickler = Serializer::new(Vec::new());
    failing().serialize(&mut pickler).unwrap_err();
    assert_eq!(Arc::strong_count(&text), 1);
    thread::spawn(move || drop(pickler)).join().unwrap();

    let mut pickler = Serializer::new(Vec::new());
    Newtype(failing()).serialize(&mut pickler).unwrap_err();
    assert_eq!(Arc::strong_count(&text), 1);

    let mut pickler = Serializer::new(Vec::new());
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        use serde::ser::{SerializeSeq, Serializer as _};
        let mut seq = pickler.serialize_seq(None).unwrap();
        seq.serialize_element(&Shared(Arc::clone(&text))).unwrap();
        std::panic::resume_unwind(Box::new(()));
    }));
    assert!(panicked.is_err());
    assert_eq!(Arc::strong_count(&text), 1);
}

#[test]
fn a_dump_that_ends_well_keeps_nothing_either() {
    let text = Arc::new("text".to_owned());
    let mut pickler = Serializer::new(Vec::new());
    for _ in 0..2 {
        (Shared(Arc::clone(&text)), Shared(Arc::clone(&text))).serialize(&mut pickler).unwrap();
        assert_eq!(Arc::strong_count(&text), 1);
    }
    let bytes = pickler.into_inner();
    type Pair = (Shared<Rc<String>>, Shared<Rc<String>>);
    let pairs: Vec<Pair> = Deserializer::from_slice(&bytes)
        .keep_memo(true)
        .into_iter()
        .collect::<Result<_>>()
        .unwrap();
    assert!(pairs.iter().all(|(a, b)| Rc::ptr_eq(&a.0, &b.0)) && pairs.len() == 2);
}

/// An iterator of items that share something, dropped on another thread than it was begun on: what
/// the first thread noted goes with its next walk.
#[test]
fn items_that_move_to_another_thread_leave_nothing_behind() {
    // A list of one list, twice.
    let mut pickles = Deserializer::from_slice(b"\x80\x02](]q\x00K\x01ah\x00e.");
    let mut items = pickles.elements::<Shared<Arc<Vec<u8>>>>().unwrap();
    let first = items.next().unwrap().unwrap();
    assert_eq!(Arc::weak_count(&first), 1);
    let second = thread::scope(|scope| scope.spawn(move || items.next()).join().unwrap());
    assert_eq!(second.unwrap().unwrap(), first);
    serde_pickle::from_slice::<Shared<Arc<u8>>>(b"K\x01.").unwrap();
    assert_eq!(Arc::weak_count(&first), 0);
}
