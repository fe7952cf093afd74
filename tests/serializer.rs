//! The Serializer as a Pickler, and what a pickle looks like inside: memo, frames, and writers that
//! fail.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use serde::Serialize;
use serde_bytes::Bytes;
use serde_pickle::opcode::{Argument, Opcode, instructions};
use serde_pickle::reduce::Global;
use serde_pickle::{ErrorKind, Protocol, SerOptions, Serializer, Value};

use crate::python_reads::forms::Announced;

#[derive(Serialize)]
struct Row {
    title: &'static str,
    length: u32,
}

fn rows(count: u32) -> Vec<Row> {
    (0..count).map(|length| Row { title: "t", length }).collect()
}

fn count(bytes: &[u8], text: &[u8]) -> usize {
    bytes.windows(text.len()).filter(|window| *window == text).count()
}

#[test]
fn a_list_of_records_writes_each_name_once_at_every_protocol() {
    for protocol in Protocol::ALL {
        let bytes = SerOptions::new().protocol(protocol).to_vec(&rows(500)).unwrap();
        assert_eq!((count(&bytes, b"title"), count(&bytes, b"length")), (1, 1), "{protocol:?}");
    }
}

#[test]
fn a_record_alone_has_no_memo() {
    let bytes = serde_pickle::to_vec(&Row { title: "t", length: 1 }).unwrap();
    assert_eq!(
        bytes,
        b"\x80\x04\x95\x17\0\0\0\0\0\0\0(\x8c\x05title\x8c\x01t\x8c\x06lengthK\x01d."
    );
}

#[test]
fn a_second_dump_refers_to_the_first_until_the_memo_is_cleared() {
    let mut pickler = Serializer::with_options(Vec::new(), &SerOptions::new().framing(false));
    for clear in [false, false, true] {
        if clear {
            pickler.clear_memo();
        }
        rows(1).serialize(&mut pickler).unwrap();
    }
    let first = b"\x80\x04((\x8c\x05title\x94\x8c\x01t\x8c\x06length\x94K\0dl.".as_slice();
    let second = b"\x80\x04((h\0\x8c\x01th\x01K\0dl.".as_slice();
    assert_eq!(pickler.into_inner(), [first, second, first].concat());
}

/// Where each frame begins and ends, from the FRAME opcodes.
fn frames(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut frames = Vec::new();
    for instruction in instructions(bytes) {
        let instruction = instruction.unwrap();
        if let (Opcode::Frame, Argument::Int(len)) = (instruction.1, &instruction.2) {
            let start = instruction.0 as usize + 9;
            frames.push(start..start + *len as usize);
        }
    }
    frames
}

#[test]
fn frames_end_between_instructions_soon_after_64_kib() {
    let bytes = serde_pickle::to_vec(&(0..100_000).collect::<Vec<u32>>()).unwrap();
    let frames = frames(&bytes);
    assert!(frames.len() > 3, "{}", frames.len());
    let starts: Vec<usize> =
        instructions(&bytes).map(|instruction| instruction.unwrap().0 as usize).collect();
    let mut end = 2;
    for (number, frame) in frames.iter().enumerate() {
        assert_eq!(frame.start, end + 9, "a frame follows a frame");
        end = frame.end;
        assert!(frame.end == bytes.len() || starts.binary_search(&frame.end).is_ok());
        if number + 1 < frames.len() {
            assert!((65_536..65_546).contains(&frame.len()), "{}", frame.len());
        }
    }
    assert_eq!(end, bytes.len());
}

#[test]
fn a_payload_of_64_kib_is_outside_of_frames_and_a_smaller_one_is_not() {
    for (len, outside) in [(65_535, false), (65_536, true)] {
        let payload = vec![1; len];
        let bytes = serde_pickle::to_vec(&("before", Bytes::new(&payload), "after")).unwrap();
        let at = bytes.windows(100).position(|window| window == [1; 100]).unwrap();
        let within = frames(&bytes).iter().any(|frame| frame.contains(&at));
        assert_eq!(within, !outside, "{len}");
    }
}

#[test]
fn the_shortest_pickles_have_no_frame() {
    assert_eq!(serde_pickle::to_vec(&()).unwrap(), b"\x80\x04N.");
    assert_eq!(serde_pickle::to_vec(&7).unwrap(), b"\x80\x04K\x07.");
    assert_eq!(serde_pickle::to_vec(&700).unwrap(), b"\x80\x04\x95\x04\0\0\0\0\0\0\0M\xbc\x02.");
}

/// Takes so many bytes, and fails then.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        if taken == 0 { Err(io::Error::from(io::ErrorKind::StorageFull)) } else { Ok(taken) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_writer_that_fails_is_an_error_at_every_byte_and_for_ever_after() {
    let value = rows(3);
    let whole = serde_pickle::to_vec(&value).unwrap().len();
    for room in 0..whole {
        let mut pickler = Serializer::new(Full(room));
        let error = value.serialize(&mut pickler).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{room}");
        assert!(().serialize(&mut pickler).is_err(), "{room}");
    }
    assert!(serde_pickle::to_writer(Full(whole), &value).is_ok());
    let large = vec![Bytes::new(&[0; 70_000]); 3];
    assert_eq!(serde_pickle::to_writer(Full(100_000), &large).unwrap_err().kind(), ErrorKind::Io);
}

/// Notes the largest piece that is written at once, and all of it.
#[derive(Default)]
struct Pieces {
    largest: usize,
    all: Vec<u8>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.largest = self.largest.max(bytes.len());
        self.all.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes many of a value, and holds that they leave frame by frame, at each protocol.
fn leave_in_pieces<T: Serialize + Clone>(what: &str, value: T) {
    let many = vec![value; 30_000];
    for protocol in 0..=5 {
        let options = SerOptions::new().protocol(Protocol::try_from(protocol).unwrap());
        let mut pieces = Pieces::default();
        options.to_writer(&mut pieces, &many).unwrap();
        assert!(pieces.all == options.to_vec(&many).unwrap(), "{what} at protocol {protocol}");
        // An item of a frame is small here, and one more frame may wait for the next scalar.
        assert!(
            pieces.largest < 140_000,
            "{what} at protocol {protocol}: {} bytes at once",
            pieces.largest
        );
    }
}

#[test]
fn values_of_every_kind_leave_in_pieces() {
    #[derive(Serialize, Clone)]
    #[serde(rename = "py:shop:Color")]
    enum Color {
        #[serde(rename = "1")]
        Red,
    }
    #[derive(Serialize, Clone)]
    #[serde(rename = "py:shop:Point")]
    struct Point {
        x: Vec<()>,
    }
    #[derive(Serialize, Clone)]
    struct Empty {}
    leave_in_pieces("int", 1_000_000);
    leave_in_pieces("bool", true);
    leave_in_pieces("float", 0.5);
    leave_in_pieces("text", "some text that comes again");
    leave_in_pieces("none", ());
    leave_in_pieces("bytes", Bytes::new(b"some bytes that come again"));
    leave_in_pieces("list", Vec::<u8>::new());
    leave_in_pieces("lists", vec![Vec::<u8>::new(); 5]);
    leave_in_pieces("dict", HashMap::<u8, u8>::new());
    leave_in_pieces("struct", Empty {});
    leave_in_pieces("member", Color::Red);
    leave_in_pieces("instance", Point { x: Vec::new() });
    leave_in_pieces("set", Value::Set([1].into_iter().collect()));
    leave_in_pieces("value", Value::from(u128::MAX));
    leave_in_pieces("global", Value::from(Global::new("m", "C")));
}

#[test]
fn after_a_value_that_failed_nothing_more_is_written() {
    struct Fails;
    impl Serialize for Fails {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no"))
        }
    }
    let mut pickler = Serializer::new(Vec::new());
    1.serialize(&mut pickler).unwrap();
    let error = vec![("first", Ok(1)), ("second", Err(Fails))].serialize(&mut pickler).unwrap_err();
    assert_eq!(error.to_string(), "[1][1].Err: no");
    assert_eq!(2.serialize(&mut pickler).unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(pickler.into_inner(), b"\x80\x04K\x01.");
}

#[test]
fn a_tuple_of_another_length_than_announced_is_an_error_where_the_opcode_counts() {
    struct Lies(usize, usize);
    impl Serialize for Lies {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeTuple;
            let mut tuple = serializer.serialize_tuple(self.0)?;
            (0..self.1).try_for_each(|item| tuple.serialize_element(&item))?;
            tuple.end()
        }
    }
    for (announced, written) in [(0, 1), (1, 0), (2, 3), (3, 2)] {
        let error = serde_pickle::to_vec(&Lies(announced, written)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("a tuple of {announced} items was announced, and {written} came")
        );
        // Below protocol 2 a mark counts.
        assert!(SerOptions::new().protocol(Protocol::V0).to_vec(&Lies(announced, written)).is_ok());
    }
    assert!(serde_pickle::to_vec(&Lies(4, 2)).is_ok());
}

/// Each such list is two bytes that are no place to end a frame, and a writer that is handed frames
/// got nothing before the end.
#[test]
fn lists_that_turn_out_empty_end_frames_too() {
    let pickle =
        serde_pickle::to_vec(&vec![Announced(Some(1), Vec::<u8>::new()); 200_000]).unwrap();
    let frames: Vec<i64> = instructions(&pickle)
        .filter_map(|instruction| match instruction.unwrap() {
            (_, Opcode::Frame, Argument::Int(len)) => Some(len),
            _ => None,
        })
        .collect();
    assert!(frames.len() > 3 && frames.iter().all(|&len| len < (64 << 10) + 8), "{frames:?}");
    assert_eq!(
        serde_pickle::from_slice::<Vec<Vec<u8>>>(&pickle).unwrap(),
        vec![Vec::<u8>::new(); 200_000]
    );
}

/// The buffer of a list or dict is made for what is to come of it, so that a pickle that is kept
/// takes little more memory than its bytes. A buffer that doubles takes up to twice as much.
#[test]
fn the_pickle_of_a_long_list_or_dict_has_little_room_left() {
    let floats: Vec<f64> = (0..300_000).map(f64::from).collect();
    let dict: BTreeMap<String, u32> =
        (0..100_000).map(|key| (format!("the key {key}"), key)).collect();
    for (what, pickle) in [
        ("floats", serde_pickle::to_vec(&floats).unwrap()),
        ("dict", serde_pickle::to_vec(&dict).unwrap()),
        ("records", serde_pickle::to_vec(&rows(100_000)).unwrap()),
        ("a list in a list", serde_pickle::to_vec(&(&floats[..10], &floats)).unwrap()),
    ] {
        assert!(
            pickle.capacity() < pickle.len() + pickle.len() / 8,
            "{what}: {} of {}",
            pickle.len(),
            pickle.capacity()
        );
    }
}

/// An announced length is not believed further than what has come bears out.
#[test]
fn a_length_that_is_announced_falsely_takes_no_memory() {
    for announced in [usize::MAX, usize::MAX >> 6] {
        let pickle = serde_pickle::to_vec(&Announced(Some(announced), vec![1.5; 5_000])).unwrap();
        assert!(pickle.capacity() < 16 * pickle.len(), "{} of {}", pickle.len(), pickle.capacity());
    }
    // Far more than announced, and items that grow.
    let more = Announced(Some(2_500), (0..20_000).map(|len| "x".repeat(len / 100)).collect());
    let pickle = serde_pickle::to_vec(&more).unwrap();
    assert_eq!(serde_pickle::from_slice::<Vec<String>>(&pickle).unwrap(), more.1);
    assert!(pickle.capacity() < 2 * pickle.len() + 256);
}

/// Whatever length was announced, and whether as a list or as a key, which is a tuple.
#[test]
fn an_error_says_which_item_it_is_about() {
    fn path<T: Serialize>(value: &T) -> String {
        serde_pickle::to_vec(value).unwrap_err().path().unwrap()
    }
    for announced in [None, Some(0), Some(1), Some(5_000)] {
        for at in [0, 1, 999, 1_000, 1_001, 2_000] {
            let items =
                || Announced(announced, (0..3_000).map(|index| Item(index == at)).collect());
            assert_eq!(path(&items()), format!("[{at}]"), "{announced:?}");
            assert_eq!(
                path(&[BTreeMap::from([(items(), 0)])]),
                format!("[0][{at}]"),
                "{announced:?} as a key"
            );
        }
    }
}

/// An item that may be one that cannot be written.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Item(bool);

impl Serialize for Item {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 {
            Err(serde::ser::Error::custom("it cannot be written"))
        } else {
            serializer.serialize_u8(1)
        }
    }
}
