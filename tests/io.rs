//! Readers and writers that do as badly as `std::io` allows: an error or the right result, never
//! half of one.

use std::io::{self, BufRead, BufReader, ErrorKind as Io, Read, Write};

use serde::de::{Deserialize, IgnoredAny};
use serde_bytes::ByteBuf;
use serde_pickle::{
    Deserializer, ErrorKind, Graph, Protocol, SerOptions, Serializer, Value, from_buf_reader,
    from_reader, from_slice, pickle, to_vec, to_writer,
};

/// The actions of a reader at each call, in turn.
#[derive(Clone, Copy, Debug)]
enum Does {
    /// Gives at most so many bytes.
    Gives(usize),
    Fails(Io),
}

/// A reader that goes through its list over and over.
struct Faulty<'b> {
    bytes: &'b [u8],
    does: Vec<Does>,
    call: usize,
}

impl Read for Faulty<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let does = self.does[self.call % self.does.len()];
        self.call += 1;
        match does {
            Does::Fails(kind) => Err(kind.into()),
            Does::Gives(most) => {
                let len = most.min(buffer.len());
                self.bytes.read(&mut buffer[..len])
            }
        }
    }
}

/// Fails once `left` bytes have been read.
struct Breaks<'b> {
    bytes: &'b [u8],
    left: usize,
    kind: Io,
}

impl Read for Breaks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(self.kind.into());
        }
        let len = self.left.min(buffer.len());
        let read = self.bytes.read(&mut buffer[..len])?;
        self.left -= read;
        Ok(read)
    }
}

/// Something of every kind, at a protocol.
fn sample(protocol: Protocol) -> (Value, Vec<u8>) {
    let value = pickle!({
        "list": [1, 70_000, (-1), 1.5, true, None],
        "tuple": ("a", "b", "c", "d"),
        "set": {1, 2, 3},
    });
    let value =
        Value::List(vec![value, Value::Bytes(vec![7; 70_000]), Value::from("é".repeat(300))]);
    let bytes = SerOptions::new().protocol(protocol).to_vec(&value).unwrap();
    (value, bytes)
}

const PROTOCOLS: [Protocol; 6] =
    [Protocol::V0, Protocol::V1, Protocol::V2, Protocol::V3, Protocol::V4, Protocol::V5];

#[test]
fn short_reads_and_interruptions_change_nothing() {
    for protocol in PROTOCOLS {
        let (value, bytes) = sample(protocol);
        for does in [
            vec![Does::Gives(1)],
            vec![Does::Gives(7)],
            vec![Does::Gives(usize::MAX), Does::Fails(Io::Interrupted)],
            vec![Does::Fails(Io::Interrupted), Does::Fails(Io::Interrupted), Does::Gives(1)],
            vec![Does::Gives(3), Does::Fails(Io::Interrupted), Does::Gives(1_000)],
        ] {
            let faulty = || Faulty { bytes: &bytes, does: does.clone(), call: 0 };
            assert_eq!(from_reader::<_, Value>(faulty()).unwrap(), value, "{protocol:?} {does:?}");
            assert_eq!(
                Graph::from_reader(faulty()).unwrap().root().to_value().unwrap(),
                value,
                "{protocol:?} {does:?}"
            );
            let mut stream = Deserializer::from_reader(faulty());
            assert_eq!(Value::deserialize(&mut stream).unwrap(), value);
            stream.end().unwrap();
        }
    }
}

#[test]
fn a_reader_that_fails_at_any_byte_is_an_error_of_its_kind() {
    for protocol in PROTOCOLS {
        let bytes = SerOptions::new()
            .protocol(protocol)
            .to_vec(&pickle!({"k": [1, (2.5), "text"]}))
            .unwrap();
        for kind in [Io::WouldBlock, Io::ConnectionReset, Io::UnexpectedEof, Io::TimedOut] {
            for left in 0..bytes.len() {
                let error =
                    from_reader::<_, Value>(Breaks { bytes: &bytes, left, kind }).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Io, "{left}: {error}");
                assert_eq!(io::Error::from(error).kind(), kind, "{left}");
                let error = Graph::from_reader(Breaks { bytes: &bytes, left, kind }).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Io, "{left}: {error}");
            }
            assert!(
                from_reader::<_, Value>(Breaks { bytes: &bytes, left: bytes.len(), kind }).is_ok()
            );
        }
        // The end of the input is no fault of the reader.
        for left in 0..bytes.len() {
            assert_eq!(
                from_reader::<_, Value>(&bytes[..left]).unwrap_err().kind(),
                ErrorKind::Eof,
                "{left}"
            );
        }
    }
}

/// What was read before an error is kept. Without frames a pickle is asked for in parts, and each
/// try begins with all that is there: a small one is enough.
#[test]
fn a_reader_that_had_nothing_can_be_asked_again() {
    for (protocol, keep) in
        PROTOCOLS.into_iter().flat_map(|protocol| [(protocol, false), (protocol, true)])
    {
        let (value, bytes) = if protocol < Protocol::V4 {
            let value =
                pickle!([{"list": [1, 70_000, (-1), 1.5, true, None]}, ("a", "bc"), b"\x80"]);
            let bytes = SerOptions::new().protocol(protocol).to_vec(&value).unwrap();
            (value, bytes)
        } else {
            sample(protocol)
        };
        let twice = bytes.repeat(2);
        // Every third call blocks, so that there are many tries for each pickle.
        let does = vec![Does::Gives(5_000), Does::Gives(11), Does::Fails(Io::WouldBlock)];
        let mut stream =
            Deserializer::from_reader(Faulty { bytes: &twice, does, call: 0 }).keep_memo(keep);
        let mut read = Vec::new();
        let mut blocked = 0;
        while read.len() < 2 {
            match Value::deserialize(&mut stream) {
                Ok(value) => read.push(value),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
                    blocked += 1;
                }
            }
        }
        assert!(blocked > 10, "{protocol:?}: {blocked}");
        assert_eq!(stream.byte_offset(), twice.len() as u64, "{protocol:?}");
        assert!(read.iter().all(|read| *read == value), "{protocol:?}");
    }
}

/// A reader with a buffer gives what one without does, and keeps what is behind the pickle: at any
/// size of the buffer, and behind what is no pickle of the type.
#[test]
fn a_reader_with_a_buffer_keeps_what_is_behind_the_pickle() {
    let behind = b"K\x07.and more".repeat(300);
    for protocol in PROTOCOLS {
        let (value, bytes) = sample(protocol);
        let all = [&bytes[..], &behind].concat();
        for capacity in [1, 2, 7, 100, 8 << 10, 1 << 20] {
            let mut buffer = BufReader::with_capacity(capacity, &all[..]);
            assert_eq!(from_buf_reader::<_, Value>(&mut buffer).unwrap(), value, "{protocol:?}");
            assert_eq!(from_buf_reader::<_, u8>(&mut buffer).unwrap(), 7);
            let mut rest = Vec::new();
            buffer.read_to_end(&mut rest).unwrap();
            assert_eq!(rest, &behind[3..], "{protocol:?}, {capacity}");
            // The pickle is none of the type, and has been taken all the same.
            let mut buffer = BufReader::with_capacity(capacity, &all[..]);
            assert_eq!(
                from_buf_reader::<_, u8>(&mut buffer).unwrap_err().to_string(),
                from_reader::<_, u8>(&all[..]).unwrap_err().to_string()
            );
            assert_eq!(from_buf_reader::<_, u8>(&mut buffer).unwrap(), 7);
        }
        let mut slice = &all[..];
        assert_eq!(from_buf_reader::<_, Value>(&mut slice).unwrap(), value);
        assert_eq!(slice.len(), behind.len());
        for does in [
            vec![Does::Gives(1)],
            vec![Does::Gives(usize::MAX), Does::Fails(Io::Interrupted)],
            vec![Does::Gives(3), Does::Fails(Io::Interrupted), Does::Gives(1_000)],
        ] {
            let faulty = Faulty { bytes: &all, does, call: 0 };
            let mut buffer = BufReader::with_capacity(50, faulty);
            assert_eq!(from_buf_reader::<_, Value>(&mut buffer).unwrap(), value);
            assert_eq!(from_buf_reader::<_, u8>(&mut buffer).unwrap(), 7);
        }
        for left in [0, 1, 10, 400, bytes.len() - 1] {
            let breaks = Breaks { bytes: &bytes, left, kind: Io::ConnectionReset };
            let error = from_buf_reader::<_, Value>(BufReader::new(breaks)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Io, "{left}: {error}");
            let (cut, other) = (&bytes[..left], &bytes[..left]);
            let error = from_buf_reader::<_, Value>(cut).unwrap_err();
            let expected = from_reader::<_, Value>(other).unwrap_err();
            assert_eq!(error.to_string(), expected.to_string());
        }
    }
    // STOP before the end of its frame, which belongs to the pickle whole.
    let framed = [b"\x80\x04\x95\x08\0\0\0\0\0\0\0K\x01.", &[0; 5][..], b"K\x07."].concat();
    for capacity in [1, 100] {
        let mut buffer = BufReader::with_capacity(capacity, &framed[..]);
        assert_eq!(from_buf_reader::<_, u8>(&mut buffer).unwrap(), 1);
        assert_eq!(from_buf_reader::<_, u8>(&mut buffer).unwrap(), 7);
    }
}

/// The bytes of these are not handed from buffer to buffer, and those behind the pickle stay.
#[test]
fn frames_and_long_payloads_are_read_past_the_buffer() {
    /// Counts the times that it is asked.
    struct Counting<'b>(&'b [u8], usize);
    impl Read for Counting<'_> {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            self.1 += 1;
            self.0.read(bytes)
        }
    }
    let ints = Value::from_iter((0..100_000).map(|int| 1_000_000_000_i64 << (int % 20)));
    let long = Value::from_iter([20_000, 9_000, 1 << 20].map(|len| Value::Bytes(vec![b'.'; len])));
    for (value, protocol) in [(&ints, Protocol::V4), (&long, Protocol::V4), (&long, Protocol::V3)] {
        let bytes = SerOptions::new().protocol(protocol).to_vec(value).unwrap();
        let all = [&bytes[..], b"K\x07.and more"].concat();
        for capacity in [1, 100, 8 << 10, 1 << 20] {
            let mut counting = Counting(&all, 0);
            let mut buffer = BufReader::with_capacity(capacity, &mut counting);
            assert_eq!(&from_buf_reader::<_, Value>(&mut buffer).unwrap(), value);
            assert_eq!(from_buf_reader::<_, u8>(&mut buffer).unwrap(), 7);
            let mut rest = Vec::new();
            buffer.read_to_end(&mut rest).unwrap();
            assert_eq!(rest, b"and more");
            if capacity == 8 << 10 {
                assert!(counting.1 < bytes.len() / capacity * 2 / 3, "{} reads", counting.1);
            }
        }
        for cut in [9_000, bytes.len() - 1] {
            let error = from_buf_reader::<_, Value>(BufReader::new(&bytes[..cut])).unwrap_err();
            let expected = from_slice::<Value>(&bytes[..cut]).unwrap_err();
            assert_eq!(error.to_string(), expected.to_string());
        }
    }
}

/// A slice is a buffer of all pickles that follow, of which the first does not pay for the rest.
#[test]
fn one_pickle_of_many_is_read_at_its_own_price() {
    /// Counts the bytes that are looked at and not taken.
    struct Counting<'b>(&'b [u8], usize);
    impl Read for Counting<'_> {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("it has a buffer");
        }
    }
    impl BufRead for Counting<'_> {
        fn fill_buf(&mut self) -> io::Result<&[u8]> {
            self.1 += 1;
            Ok(self.0)
        }
        fn consume(&mut self, len: usize) {
            self.0 = &self.0[len..];
        }
    }
    let (value, bytes) = sample(Protocol::V2);
    let all = bytes.repeat(5);
    let mut reader = Counting(&all, 0);
    for left in (0..5).rev() {
        reader.1 = 0;
        assert_eq!(from_buf_reader::<_, Value>(&mut reader).unwrap(), value);
        assert_eq!(reader.0.len(), left * bytes.len());
        assert!(reader.1 < 12, "{}", reader.1);
    }
}

#[test]
fn a_stream_ends_at_its_first_error() {
    let bytes = [to_vec(&1).unwrap(), to_vec(&2).unwrap()].concat();
    for left in 0..bytes.len() {
        let stream = Deserializer::from_reader(Breaks { bytes: &bytes, left, kind: Io::Other });
        let items: Vec<_> = stream.into_iter::<u8>().collect();
        let (last, before) = items.split_last().unwrap();
        assert_eq!(last.as_ref().unwrap_err().kind(), ErrorKind::Io);
        assert!(before.iter().all(Result::is_ok));
        assert_eq!(before.len(), left / (bytes.len() / 2));
    }
}

#[test]
fn a_reader_is_not_asked_for_more_than_the_pickle() {
    /// Panics where it is read beyond its bytes.
    struct Exact<'b>(&'b [u8]);
    impl Read for Exact<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            assert!(!self.0.is_empty(), "asked for {} bytes too many", buffer.len());
            self.0.read(buffer)
        }
    }
    for protocol in PROTOCOLS {
        let (value, bytes) = sample(protocol);
        assert_eq!(from_reader::<_, Value>(Exact(&bytes)).unwrap(), value, "{protocol:?}");
    }
    // The last thing before STOP: of no bytes, of one, with a length, with a mark below.
    for bytes in [
        &b"N."[..],
        b"\x80\x02N.",
        b"K\x01.",
        b"\x8a\x00.",
        b"\x8a\x01\x05.",
        b"\x8c\x00.",
        b"X\0\0\0\0.",
        b"G\0\0\0\0\0\0\0\0.",
        b"](K\x01e.",
        b"(N.",
        b"((](NNN.",
    ] {
        let expected = from_slice::<Value>(bytes).map_err(|error| error.to_string());
        let found = from_reader::<_, Value>(Exact(bytes)).map_err(|error| error.to_string());
        assert_eq!(found, expected, "{}", bytes.escape_ascii());
    }
}

/// The action of a writer that is full.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Full {
    Fails(Io),
    /// Says that it wrote nothing, which `write_all` makes an error of.
    WritesNothing,
}

/// Takes so many bytes; a few at a time, and interrupted before each.
struct Bounded {
    taken: Vec<u8>,
    room: usize,
    full: Full,
    interrupts: bool,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.interrupts = !self.interrupts;
        if self.interrupts {
            return Err(Io::Interrupted.into());
        }
        let len = bytes.len().min(self.room).min(7_000);
        if len == 0 && !bytes.is_empty() {
            return match self.full {
                Full::Fails(kind) => Err(kind.into()),
                Full::WritesNothing => Ok(0),
            };
        }
        self.room -= len;
        self.taken.extend_from_slice(&bytes[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        panic!("nobody asked for a flush");
    }
}

#[test]
fn a_writer_that_fails_at_any_byte_is_an_error_and_has_got_a_beginning() {
    for protocol in PROTOCOLS {
        let options = SerOptions::new().protocol(protocol);
        let value = pickle!({"k": [1, (2.5), "text"], "more": {1, 2}});
        let whole = options.to_vec(&value).unwrap();
        let graph = Graph::from_slice(&whole).unwrap();
        for full in [Full::Fails(Io::StorageFull), Full::Fails(Io::BrokenPipe), Full::WritesNothing]
        {
            for room in 0..=whole.len() {
                let bounded = || Bounded { taken: Vec::new(), room, full, interrupts: false };
                let mut writer = bounded();
                let result = options.to_writer(&mut writer, &value);
                assert_eq!(result.is_ok(), room == whole.len(), "{protocol:?} {full:?} {room}");
                assert_eq!(writer.taken, whole[..room], "{protocol:?} {full:?} {room}");
                if let Err(error) = result {
                    assert_eq!(error.kind(), ErrorKind::Io);
                    let expected = if let Full::Fails(kind) = full { kind } else { Io::WriteZero };
                    assert_eq!(io::Error::from(error).kind(), expected);
                }
                let mut writer = bounded();
                let result = options.graph_to_writer(&mut writer, &graph);
                let written = options.graph_to_vec(&graph).unwrap();
                assert_eq!(result.is_ok(), room >= written.len(), "{protocol:?} {full:?} {room}");
                assert!(written.starts_with(&writer.taken));
            }
        }
    }
}

#[test]
fn a_large_value_that_does_not_fit_is_an_error_wherever_it_ends() {
    for protocol in [Protocol::V0, Protocol::V2, Protocol::V4] {
        let (value, whole) = sample(protocol);
        for room in (0..whole.len()).step_by(997).chain([whole.len() - 1]) {
            let mut writer =
                Bounded { taken: Vec::new(), room, full: Full::WritesNothing, interrupts: false };
            let error =
                SerOptions::new().protocol(protocol).to_writer(&mut writer, &value).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Io);
            assert_eq!(writer.taken, whole[..room]);
        }
    }
    assert!(to_writer(io::sink(), &ByteBuf::from(vec![0; 100_000])).is_ok());
}

#[test]
fn a_pickler_whose_writer_failed_says_so_at_every_dump_after_it() {
    use serde::Serialize;

    let first = to_vec(&"first").unwrap();
    let second = to_vec(&"second").unwrap();
    for room in first.len()..first.len() + second.len() {
        let writer = Bounded {
            taken: Vec::new(),
            room,
            full: Full::Fails(Io::BrokenPipe),
            interrupts: false,
        };
        let mut pickler = Serializer::new(writer);
        "first".serialize(&mut pickler).unwrap();
        assert_eq!("second".serialize(&mut pickler).unwrap_err().kind(), ErrorKind::Io);
        for _ in 0..2 {
            let error = "third".serialize(&mut pickler).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            // To forget the memo does not bring the pickle back.
            pickler.clear_memo();
        }
        // The stream has the first value, and then a pickle that no reader takes for a whole one.
        let taken = pickler.into_inner().taken;
        let mut items = Deserializer::from_slice(&taken).into_iter::<IgnoredAny>();
        assert!(items.next().unwrap().is_ok());
        assert!(items.all(|item| item.is_err()));
    }
}

#[test]
fn a_list_of_unit_variants_reaches_the_writer_in_pieces() {
    // A known variant is two bytes that were no opcode boundary, so all of the list was one frame
    // and stayed in memory.
    #[derive(serde::Serialize)]
    enum Color {
        Red,
    }
    #[derive(Default)]
    struct Pieces(Vec<usize>);
    impl Write for Pieces {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(bytes.len());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let colors: Vec<Color> = (0..200_000).map(|_| Color::Red).collect();
    let mut pieces = Pieces::default();
    to_writer(&mut pieces, &colors).unwrap();
    assert!(pieces.0.iter().all(|&len| len < 70_000), "{:?}", pieces.0);
}
