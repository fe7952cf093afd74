//! Files of joblib: pickles with the bytes of arrays between their instructions.
//!
//! Those in `fixtures/wild/joblib` are by joblib itself, and its manifest says what is in them.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{self, Read};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value as Json;
use serde_pickle::python::numpy::{NdArray, Order};
use serde_pickle::{
    AllowList, DeOptions, Deserializer, ErrorKind, Value, from_reader, from_slice, from_value,
    pickle, to_vec,
};

fn file(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/wild/joblib").join(name);
    std::fs::read(path).unwrap()
}

fn manifest() -> Vec<Json> {
    let manifest: Json = serde_json::from_slice(&file("manifest.json")).unwrap();
    manifest["entries"].as_array().unwrap().clone()
}

fn options() -> DeOptions<'static> {
    DeOptions::new().joblib(true)
}

#[derive(Debug, Deserialize, PartialEq)]
struct Owned {
    name: String,
    steps: Vec<u8>,
    w: Vec<[f64; 3]>,
    b: Vec<i32>,
    f: Vec<[i16; 3]>,
}

fn owned() -> Owned {
    Owned {
        name: "model".into(),
        steps: vec![1, 2, 3],
        w: vec![[0.5, 1.5, -2.25], [1e10, 3.125, 7.75]],
        b: vec![258, 516, 774, 1032, 1290],
        f: vec![[1000, 1001, 1002], [1003, 1004, 1005]],
    }
}

/// A reader that gives a byte at a time, and counts them.
struct Slow<'a> {
    bytes: &'a [u8],
    given: usize,
}

impl Read for Slow<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let (Some(out), Some(&byte)) = (out.first_mut(), self.bytes.get(self.given)) else {
            return Ok(0);
        };
        *out = byte;
        self.given += 1;
        Ok(1)
    }
}

#[test]
fn arrays_lie_where_joblib_put_them_and_are_borrowed_from_there() {
    let mut seen = 0;
    for entry in manifest() {
        let (Some(arrays), Json::Null) = (entry["arrays"].as_array(), &entry["compress"]) else {
            continue;
        };
        let bytes = file(entry["file"].as_str().unwrap());
        for array in arrays {
            let name = array["name"].as_str().unwrap();
            let graph = options().graph_from_slice(&bytes).unwrap();
            let root = graph.root();
            let node = match name {
                "" => root,
                name => root.get(name).or_else(|| root.attr(name)).unwrap(),
            };
            let read = NdArray::deserialize(node).unwrap();
            let start = array["start"].as_u64().unwrap() as usize;
            assert_eq!(read.data().as_ptr(), bytes[start..].as_ptr(), "{}", entry["file"]);
            assert_eq!(read.data().len() as u64, array["length"].as_u64().unwrap());
            assert_eq!(read.dtype().to_string(), array["dtype"].as_str().unwrap());
            let fortran = name == "f";
            assert_eq!(read.order() == Order::Fortran, fortran, "{name}");
            let values = Json::deserialize(node).unwrap();
            assert_eq!(values, array["values"]);
            seen += 1;
        }
    }
    assert!(seen >= 10, "{seen}");
}

#[test]
fn every_way_to_read_gives_the_same() {
    for name in ["joblib-1.6.0-dict.bin", "joblib-1.1.1-dict.bin"] {
        let bytes = file(name);
        assert_eq!(options().from_slice::<Owned>(&bytes).unwrap(), owned(), "{name}");
        assert_eq!(options().from_reader::<_, Owned>(&*bytes).unwrap(), owned(), "{name}");
        let graph = options().graph_from_reader(&*bytes).unwrap();
        assert_eq!(Owned::deserialize(graph.root()).unwrap(), owned(), "{name}");
        let value: Value = options().from_slice(&bytes).unwrap();
        assert_eq!(value, options().from_reader::<_, Value>(&*bytes).unwrap());
        assert_eq!(value, graph.root().to_value().unwrap());
        assert_eq!(from_value::<Owned>(value).unwrap(), owned(), "{name}");
    }
}

/// A graph owns the bytes of a reader, and an array is a part of them: there is no copy of it.
#[test]
fn an_array_from_a_reader_is_held_once() {
    let bytes = file("joblib-1.6.0-dict.bin");
    let graph = options().graph_from_reader(&bytes[..]).unwrap();
    let first = NdArray::deserialize(graph.root().get("w").unwrap()).unwrap();
    let again = NdArray::deserialize(graph.root().get("w").unwrap()).unwrap();
    assert!(first.is_borrowed());
    assert_eq!(first.data().as_ptr(), again.data().as_ptr());
    assert_eq!(first.to_vec::<f64>().unwrap(), [0.5, 1.5, -2.25, 1e10, 3.125, 7.75]);
}

#[test]
fn arrays_of_objects_are_the_pickle_that_follows() {
    for name in ["joblib-1.6.0-object_array.bin", "joblib-1.1.1-object_array.bin"] {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Objects {
            o: Vec<Json>,
            end: bool,
        }

        let bytes = file(name);
        let expected = Objects { o: vec!["a".into(), 1.into(), Json::Null], end: true };
        assert_eq!(options().from_slice::<Objects>(&bytes).unwrap(), expected, "{name}");
        assert_eq!(options().from_reader::<_, Objects>(&*bytes).unwrap(), expected, "{name}");
    }
}

#[test]
fn a_reader_is_read_to_stop_and_no_further() {
    let files =
        ["joblib-1.6.0-dict.bin", "joblib-1.1.1-object_array.bin", "joblib-1.6.0-scaler.bin"];
    let bytes: Vec<Vec<u8>> = files.iter().map(|name| file(name)).collect();
    for bytes in &bytes {
        let whole = [&bytes[..], b"K\x01."].concat();
        let mut reader = Slow { bytes: &whole, given: 0 };
        options().from_reader::<_, Value>(&mut reader).unwrap();
        assert_eq!(reader.given, bytes.len());
        assert_eq!(from_reader::<_, u8>(&mut reader).unwrap(), 1);
    }
    let row = bytes.concat();
    let stream = Deserializer::from_reader(Slow { bytes: &row, given: 0 }).with_options(options());
    let read: Vec<Value> = stream.into_iter().collect::<Result<_, _>>().unwrap();
    let stream = Deserializer::from_slice(&row).with_options(options());
    let sliced: Vec<Value> = stream.into_iter().collect::<Result<_, _>>().unwrap();
    assert_eq!((read.len(), &read), (3, &sliced));
}

#[test]
fn a_kept_memo_is_known_to_whoever_looks_for_the_arrays() {
    let array = [wrapper("(I2\nt", "i2", -1), b"\x01\0\x02\0.".to_vec()].concat();
    let class = b"cnumpy\nndarray\n";
    let at = array.windows(class.len()).position(|window| window == class).unwrap();
    let row = [
        b"\x80\x02cnumpy\nndarray\nq\0.",
        &array[..at],
        b"h\0",
        &array[at + class.len()..],
        b"\x80\x02K\x05.",
    ]
    .concat();
    let mut stream = Deserializer::from_reader(Slow { bytes: &row, given: 0 })
        .with_options(options())
        .keep_memo(true);
    Value::deserialize(&mut stream).unwrap();
    assert_eq!(Vec::<i16>::deserialize(&mut stream).unwrap(), [1, 2]);
    assert_eq!(u8::deserialize(&mut stream).unwrap(), 5);
}

#[test]
fn pickles_without_arrays_are_read_as_ever() {
    let value = pickle!({"a": [1, 2.5, null], "b": "text"});
    let bytes = to_vec(&value).unwrap();
    assert_eq!(options().from_slice::<Value>(&bytes).unwrap(), value);
    assert_eq!(options().from_reader::<_, Value>(&*bytes).unwrap(), value);
    let bytes = file("joblib-1.6.0-no_array.bin");
    assert_eq!(options().from_slice::<Value>(&bytes).unwrap(), pickle!({"a": [1, "x"]}));
    let bytes = file("sklearn-scaler.pkl");
    assert_eq!(
        options().from_slice::<Value>(&bytes).unwrap(),
        from_slice::<Value>(&bytes).unwrap()
    );
}

#[test]
fn what_is_written_again_is_an_ordinary_pickle() {
    let bytes = file("joblib-1.6.0-dict.bin");
    let graph = options().graph_from_slice(&bytes).unwrap();
    let value: Value = options().from_slice(&bytes).unwrap();
    for written in [graph.to_vec().unwrap(), to_vec(&value).unwrap()] {
        assert_eq!(from_slice::<Owned>(&written).unwrap(), owned());
    }
}

#[test]
fn without_the_option_the_error_names_it() {
    for name in ["joblib-1.6.0-dict.bin", "joblib-1.1.1-array.bin", "joblib-1.6.0-scaler.bin"] {
        let error = from_slice::<Value>(&file(name)).unwrap_err().to_string();
        assert!(
            error.contains("a file of joblib") && error.contains("DeOptions::joblib"),
            "{error}"
        );
    }
}

#[test]
fn a_resolver_is_asked_about_the_names_in_the_file() {
    let bytes = file("joblib-1.6.0-object_array.bin");
    let some = AllowList::new().allow("joblib.numpy_pickle", "NumpyArrayWrapper");
    let error = options().resolver(some.clone()).from_slice::<Value>(&bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    let known = some.allow_module("numpy").allow_module("numpy._core.multiarray");
    options().resolver(known.clone()).from_slice::<Value>(&bytes).unwrap();
    options().resolver(known).from_reader::<_, Value>(&*bytes).unwrap();
    // The nested pickle's names as well.
    let outer = AllowList::new()
        .allow("joblib.numpy_pickle", "NumpyArrayWrapper")
        .allow("numpy", "ndarray")
        .allow("numpy", "dtype");
    let error = options().resolver(outer).from_slice::<Value>(&bytes).unwrap_err();
    assert!(error.to_string().contains("_reconstruct"), "{error}");
}

#[test]
fn a_file_that_is_cut_short_fails_at_the_same_byte_however_it_is_read() {
    for name in ["joblib-1.6.0-dict.bin", "joblib-1.1.1-dict.bin", "joblib-1.6.0-object_array.bin"]
    {
        let bytes = file(name);
        for end in 0..bytes.len() {
            let sliced = options().from_slice::<Value>(&bytes[..end]).unwrap_err();
            let read = options().from_reader::<_, Value>(&bytes[..end]).unwrap_err();
            assert_eq!(sliced.to_string(), read.to_string(), "{name} {end}");
            assert_eq!(sliced.kind(), ErrorKind::Eof, "{name} {end}: {sliced}");
        }
    }
}

#[test]
fn a_changed_byte_gives_the_same_from_a_slice_and_from_a_reader() {
    for name in ["joblib-1.6.0-dict.bin", "joblib-1.1.1-object_array.bin"] {
        let bytes = file(name);
        for at in 0..bytes.len() {
            for change in [1, 0x80, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] ^= change;
                let sliced = options().from_slice::<Value>(&bytes);
                let read = options().from_reader::<_, Value>(&*bytes);
                match (sliced, read) {
                    (Ok(sliced), Ok(read)) => {
                        assert_eq!(format!("{sliced:?}"), format!("{read:?}"));
                    }
                    (Err(sliced), Err(read)) => {
                        assert_eq!(
                            sliced.offset(),
                            read.offset(),
                            "{name} {at}: {sliced} / {read}"
                        );
                        assert_eq!(sliced.kind(), read.kind(), "{name} {at}: {sliced} / {read}");
                    }
                    (sliced, read) => panic!("{name} {at}: {sliced:?} / {read:?}"),
                }
            }
        }
    }
}

/// A wrapper by hand: its shape as instructions, the dtype's code and size.
fn wrapper(shape: &str, code: &str, size: i32) -> Vec<u8> {
    let text =
        |text: &str| [&b"X"[..], &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
    let mut bytes = b"\x80\x02cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(".to_vec();
    bytes.extend([text("subclass"), b"cnumpy\nndarray\n".to_vec()].concat());
    bytes.extend([text("shape"), shape.as_bytes().to_vec()].concat());
    bytes.extend([text("order"), text("C"), text("dtype")].concat());
    bytes.extend([b"cnumpy\ndtype\n(".to_vec(), text(code), b"I0\nI1\ntR(I3\n".to_vec()].concat());
    bytes.extend([text("<"), format!("NNNI{size}\nI-1\nI0\ntbub").into_bytes()].concat());
    bytes
}

#[test]
fn sizes_that_lie_are_errors_with_their_place() {
    let fine = [wrapper("(I2\nt", "i2", -1), b"\x01\0\x02\0.".to_vec()].concat();
    assert_eq!(options().from_slice::<Vec<i16>>(&fine).unwrap(), [1, 2]);
    assert_eq!(options().from_reader::<_, Vec<i16>>(&*fine).unwrap(), [1, 2]);

    let lies = [
        (wrapper("(I1000000000000\nt", "f8", -1), ErrorKind::Eof),
        (wrapper("(I1000000000000\nI1000000000000\nt", "f8", -1), ErrorKind::Data),
        (wrapper("(I-1\nt", "f8", -1), ErrorKind::Data),
        (wrapper("(X\x01\0\0\0at", "f8", -1), ErrorKind::Data),
        (wrapper("I3\n", "f8", -1), ErrorKind::Data),
        (wrapper("(I1\nt", "", -1), ErrorKind::Data),
        (wrapper("(I1\nt", "f", -1), ErrorKind::Data),
        (wrapper("(I1\nt", "V1", 1 << 30), ErrorKind::Eof),
    ];
    for (bytes, kind) in lies {
        let bytes = [bytes, b"\0\0\0\0\0\0\0\0.".to_vec()].concat();
        let error = options().from_slice::<Value>(&bytes).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.offset().is_some_and(|at| bytes[at as usize] == b'b'), "{error}");
        let read = options().from_reader::<_, Value>(&*bytes).unwrap_err();
        assert_eq!(read.to_string(), error.to_string());
    }
    // The size of the dtype's state and its code contradict one another: only an array says so.
    let bytes = [wrapper("(I1\nt", "f8", 4), b"\0\0\0\0.".to_vec()].concat();
    let error = options().from_slice::<NdArray>(&bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data, "{error}");
}

#[test]
fn bytes_of_an_array_are_in_no_frame() {
    let inner = wrapper("(I2\nt", "i2", -1);
    // Without PROTO, and with the array inside the frame or behind it.
    let framed =
        |len: usize| [b"\x95".as_slice(), &(len as u64).to_le_bytes(), &inner[2..]].concat();
    let raw = b"\x01\0\x02\0.".to_vec();
    let behind = [framed(inner.len() - 2), raw.clone()].concat();
    assert_eq!(options().from_slice::<Vec<i16>>(&behind).unwrap(), [1, 2]);
    assert_eq!(options().from_reader::<_, Vec<i16>>(&*behind).unwrap(), [1, 2]);
    let inside = [framed(inner.len() + 3), raw].concat();
    let error = options().from_slice::<Vec<i16>>(&inside).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Syntax, "{error}");
    assert_eq!(
        options().from_reader::<_, Vec<i16>>(&*inside).unwrap_err().offset(),
        error.offset()
    );
}

#[test]
fn a_nested_pickle_holds_no_raw_arrays() {
    // Python reads it with an Unpickler of its own, which knows no wrappers.
    let nested = [wrapper("(I2\nt", "i2", -1), b".".to_vec()].concat();
    let bytes = [wrapper("(I1\nt", "O8", -1), nested, b".".to_vec()].concat();
    let value: Value = options().from_slice(&bytes).unwrap();
    assert!(value.to_string().contains("NumpyArrayWrapper"), "{value}");
    assert_eq!(options().from_reader::<_, Value>(&*bytes).unwrap(), value);
}
