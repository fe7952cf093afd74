//! The table of formats, with the conditions on their first bytes.
//!
//! Advice to the next editor: a row's test has to be strict enough for bytes that no Pickler
//! writes. The special rows come before the general ones (PyTorch's archive before zip). Each row
//! has a file in `fixtures/foreign/`, made by the real tool.

use super::{NotPickle, find};
use crate::packed::{Packed, packed};

/// The words of each row, and the conditions: what a program holds of [`ROWS`].
pub(super) static WORDS: Packed<2> = packed!(&NAMES; 2);
pub(super) static TABLE: [Test; ROWS.len()] = {
    let mut tests = [ROWS[0].condition(); ROWS.len()];
    let mut place = 0;
    while place < tests.len() {
        tests[place] = ROWS[place].condition();
        place += 1;
    }
    let (mut row, mut start) = (0, 0);
    while row < tests.len() {
        tests[row].first = start as u8;
        start += ROWS[row].starts.len();
        tests[row].behind = start as u8;
        row += 1;
    }
    assert!(start <= u8::MAX as usize);
    tests
};

/// The beginnings of all rows, and where each ends.
static STARTS: ([u8; size().0], [u16; size().1]) = {
    let (mut bytes, mut ends) = ([0; size().0], [0; size().1]);
    let (mut at, mut number, mut row) = (0, 0, 0);
    while row < ROWS.len() {
        let mut start = 0;
        while start < ROWS[row].starts.len() {
            let mut byte = 0;
            while byte < ROWS[row].starts[start].len() {
                bytes[at] = ROWS[row].starts[start][byte];
                at += 1;
                byte += 1;
            }
            ends[number] = at as u16;
            number += 1;
            start += 1;
        }
        row += 1;
    }
    (bytes, ends)
};

/// The bytes of all beginnings, and their number.
const fn size() -> (usize, usize) {
    let (mut bytes, mut number, mut row) = (0, 0, 0);
    while row < ROWS.len() {
        let mut start = 0;
        while start < ROWS[row].starts.len() {
            bytes += ROWS[row].starts[start].len();
            number += 1;
            start += 1;
        }
        row += 1;
    }
    (bytes, number)
}

const NAMES: [[&str; 2]; ROWS.len()] = {
    let mut names = [[""; 2]; ROWS.len()];
    let mut place = 0;
    while place < names.len() {
        names[place] = [ROWS[place].name, ROWS[place].advice];
        place += 1;
    }
    names
};

/// The condition of a row.
#[derive(Clone, Copy)]
pub(super) struct Test {
    pub(super) format: NotPickle,
    /// The numbers of its beginnings.
    first: u8,
    behind: u8,
    pub(super) telling: bool,
    pub(super) test: Option<fn(&[u8]) -> bool>,
}

impl Test {
    /// The beginnings, of which the bytes have one.
    pub(super) fn starts(&self) -> impl Iterator<Item = &'static [u8]> {
        let (bytes, ends) = &STARTS;
        let end = |number: usize| ends.get(number).copied().map_or(0, usize::from);
        (usize::from(self.first)..usize::from(self.behind)).map(move |number| {
            let start = number.checked_sub(1).map_or(0, end);
            bytes.get(start..end(number)).unwrap_or_default()
        })
    }
}

/// One format.
pub(super) struct Row {
    pub(super) format: NotPickle,
    pub(super) name: &'static str,
    pub(super) advice: &'static str,
    /// One of these is the beginning.
    pub(super) starts: &'static [&'static [u8]],
    /// True if a byte or two of it are enough for a guess.
    pub(super) telling: bool,
    /// A further condition on the first [`PREFIX`] bytes.
    pub(super) test: Option<fn(&[u8]) -> bool>,
}

const fn row(
    format: NotPickle,
    name: &'static str,
    advice: &'static str,
    starts: &'static [&'static [u8]],
) -> Row {
    Row { format, name, advice, starts, telling: false, test: None }
}

impl Row {
    const fn condition(&self) -> Test {
        let Self { format, telling, test, .. } = *self;
        Test { format, first: 0, behind: 0, telling, test }
    }

    const fn telling(mut self) -> Self {
        self.telling = true;
        self
    }

    const fn where_(mut self, test: fn(&[u8]) -> bool) -> Self {
        self.test = Some(test);
        self
    }
}

const DECOMPRESS: &str = "decompress it first";
const ANY: &[&[u8]] = &[b""];

const ZEROS: Row = row(
    NotPickle::Zeros,
    "nothing but zeros",
    "the file was never written, or only in part",
    &[b"\0\0\0\0\0\0\0\0"],
)
.where_(|bytes| bytes.iter().all(|&byte| byte == 0));

/// All formats; the first row that matches counts.
pub(super) const ROWS: &[Row] = &[
    row(
        NotPickle::Empty,
        "an empty input",
        "see that it was written and flushed, and not read before",
        ANY,
    )
    .where_(<[u8]>::is_empty),
    Row { test: ZEROS.test, ..row(NotPickle::Zeros, ZEROS.name, ZEROS.advice, ZEROS.starts) },
    row(NotPickle::Gzip, "gzip data", DECOMPRESS, &[b"\x1f\x8b"]).telling(),
    row(
        NotPickle::Zlib,
        "zlib data",
        DECOMPRESS,
        &[b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"],
    )
    .telling(),
    row(NotPickle::Bzip2, "bzip2 data", DECOMPRESS, &[b"BZh"]).where_(is_bzip2),
    row(NotPickle::Xz, "xz data", DECOMPRESS, &[b"\xfd7zXZ\0"]).telling(),
    row(NotPickle::Lzma, "LZMA data", DECOMPRESS, &[b"\x5d\0\0"]).telling().where_(is_lzma),
    row(NotPickle::Zstd, "Zstandard data", DECOMPRESS, &[b"\x28\xb5\x2f\xfd"]).telling(),
    row(NotPickle::Lz4, "LZ4 data", DECOMPRESS, &[b"\x04\x22\x4d\x18"]).telling(),
    row(NotPickle::Snappy, "Snappy data", DECOMPRESS, &[b"\xff\x06\0\0sNaPpY"]),
    row(
        NotPickle::TorchZip,
        "a zip archive of torch.save",
        "the pickle is its entry data.pkl, and the tensors are raw bytes in the entries data/…",
        &[b"PK\x03\x04"],
    )
    .where_(|bytes| {
        let name = zip_entry(bytes);
        [&b"/data.pkl"[..], b"/version", b"/.format_version", b"/byteorder"]
            .iter()
            .any(|end| name.ends_with(end))
    }),
    row(
        NotPickle::Npz,
        "an .npz archive of numpy",
        "it is a zip archive of .npy arrays; numpy.load reads it",
        &[b"PK\x03\x04"],
    )
    .where_(|bytes| zip_entry(bytes).ends_with(b".npy")),
    row(
        NotPickle::Keras,
        "a model of Keras",
        "it is a zip archive of JSON and HDF5; keras.models.load_model reads it",
        &[b"PK\x03\x04"],
    )
    .where_(|bytes| matches!(zip_entry(bytes), b"metadata.json")),
    row(
        NotPickle::Zip,
        "a zip archive",
        "unpack it, and read the pickle in it",
        &[b"PK\x03\x04", b"PK\x05\x06"],
    ),
    row(NotPickle::Tar, "a tar archive", "unpack it, and read the pickle in it", ANY)
        .where_(|bytes| bytes.get(257..262) == Some(b"ustar")),
    row(
        NotPickle::Npy,
        "an .npy array of numpy",
        "it holds raw bytes behind a header; numpy.load reads it",
        &[b"\x93NUMPY"],
    ),
    row(
        NotPickle::Joblib,
        "a file of joblib",
        "arrays lie between its instructions; DeOptions::joblib reads it, compressed or with files \
         beside it serde_pickle_files",
        &[b"ZF0x"],
    ),
    row(
        NotPickle::Hdf5,
        "an HDF5 file",
        "read it with h5py, Keras or pandas.read_hdf",
        &[b"\x89HDF\r\n\x1a\n"],
    )
    .telling(),
    row(NotPickle::Parquet, "a Parquet file", "pandas.read_parquet reads it", &[b"PAR1"]),
    row(
        NotPickle::Arrow,
        "an Arrow or Feather file",
        "pandas.read_feather reads it",
        &[b"ARROW1\0\0", b"FEA1"],
    ),
    row(
        NotPickle::Sqlite,
        "an SQLite database",
        "the pickles are in the columns of its tables",
        &[b"SQLite format 3\0"],
    ),
    row(
        NotPickle::Safetensors,
        "a safetensors file",
        "it holds raw tensors behind a JSON header",
        ANY,
    )
    .where_(is_safetensors),
    row(NotPickle::Gguf, "a GGUF model", "llama.cpp reads it", &[b"GGUF"]),
    row(
        NotPickle::Onnx,
        "an ONNX model",
        "it is a protobuf message; onnx.load reads it",
        &[b"\x08"],
    )
        .where_(is_onnx),
    row(
        NotPickle::Pyc,
        "a compiled Python module",
        "it holds marshalled code and no pickle",
        ANY,
    )
    .where_(|bytes| {
        matches!(bytes, [_, 0x0c..=0x0f, b'\r', b'\n', flags, 0, 0, 0, ..] if *flags < 4)
    }),
    row(
        NotPickle::GitLfs,
        "a pointer of Git LFS",
        "the file itself was not fetched: git lfs pull",
        &[b"version https://git-lfs"],
    ),
    row(
        NotPickle::Dogpile,
        "an entry of dogpile.cache",
        "the pickle begins behind the first '|'",
        &[b"{\"", b"{ \""],
    )
    .where_(|bytes| find(bytes, b"}|\x80").is_some()),
    row(
        NotPickle::CachelibMark,
        "a value of cachelib",
        "the pickle begins behind the '!'",
        &[b"!\x80"],
    )
    .where_(|bytes| begins_pickle(bytes, 1)),
    row(
        NotPickle::CachelibExpiry,
        "a file of cachelib",
        "the pickle begins at byte 4, behind the time when it expires",
        ANY,
    )
    .where_(|bytes| {
        begins_pickle(bytes, 4)
            && little_endian(bytes, 4).is_some_and(|time| time == 0 || time > 1_000_000_000)
            && big_endian(bytes, 4).is_some_and(|len| len == 0 || len > 1 << 24)
    }),
    row(
        NotPickle::LengthPrefix,
        "a pickle behind its length",
        "skip the 4 or 8 bytes before the 0x80 of PROTO",
        ANY,
    )
    .where_(is_length_prefixed),
    row(
        NotPickle::RedisReply,
        "a reply of Redis",
        "the pickle begins behind the first CR LF",
        &[b"$"],
    )
    .where_(is_redis_reply),
    row(
        NotPickle::MemcachedReply,
        "a reply of memcached",
        "the pickle begins behind the first CR LF",
        &[b"VALUE "],
    )
    .where_(|bytes| find(bytes, b"\r\n").is_some()),
    row(
        NotPickle::HttpResponse,
        "a response of HTTP",
        "the pickle begins behind the empty line that ends the headers",
        &[b"HTTP/"],
    ),
    row(
        NotPickle::DjangoSigned,
        "a value signed by Django",
        "verify it, and decode the part before the first ':' as base64 (and zlib behind a '.')",
        ANY,
    )
    .where_(is_django_signed),
    row(
        NotPickle::Fernet,
        "a Fernet token",
        "it is encrypted; decrypt it first",
        &[b"gAAAA"],
    )
    .where_(is_base64),
    row(
        NotPickle::Base64,
        "base64 text",
        "decode it, and decompress what comes out if it is compressed",
        // PROTO 2 to 5; zlib; gzip; protocol 0's dict, list, and object.
        &[
            b"gAI", b"gAJ", b"gAK", b"gAL", b"gAM", b"gAN", b"gAO", b"gAP", b"gAQ", b"gAR", b"gAS",
            b"gAT", b"gAU", b"gAV", b"gAW", b"gAX", b"eJw", b"eJx", b"eNo", b"eAE", b"H4sI",
            b"KGRw", b"KGxw", b"Y2NvcHlfcmVn",
        ],
    )
    .where_(is_base64),
    row(
        NotPickle::Hex,
        "hexadecimal text",
        "decode it first",
        &[b"8002", b"8003", b"8004", b"8005", b"0x80", b"\\x80"],
    )
    .where_(is_hex),
    row(
        NotPickle::PythonRepr,
        "the repr of Python's bytes",
        "write the bytes themselves, not str(bytes); ast.literal_eval gives them back",
        &[b"b'", b"b\"", b"bytearray(b'", b"bytearray(b\""],
    ),
    row(
        NotPickle::Utf8Damaged,
        "bytes that were decoded as UTF-8",
        "they are lost: write the pickle in binary mode, and store it as bytes or base64",
        // PROTO, replaced.
        &[
            b"\xef\xbf\xbd\x02", b"\xef\xbf\xbd\x03", b"\xef\xbf\xbd\x04", b"\xef\xbf\xbd\x05",
            b"?\x02", b"?\x03", b"?\x04?", b"?\x05?",
        ],
    )
    .telling(),
    row(
        NotPickle::Latin1AsUtf8,
        "bytes that were encoded as UTF-8",
        "decode them as UTF-8, and encode the text as latin-1",
        &[b"\xc2\x80\x02", b"\xc2\x80\x03", b"\xc2\x80\x04", b"\xc2\x80\x05"],
    ),
    row(
        NotPickle::CrlfDamaged,
        "a pickle whose newlines became CR LF",
        "replace each CR LF by LF, and write pickles in binary mode",
        &[b"(", b"c", b"I", b"F", b"L", b"V", b"S"],
    )
    .where_(is_crlf),
    row(
        NotPickle::Utf16,
        "text in UTF-16",
        "decode it, and write pickles in binary mode",
        &[b"\xff\xfe", b"\xfe\xff"],
    ),
    row(
        NotPickle::Json,
        "JSON",
        "read it with serde_json",
        &[b"{", b"[", b"\xef\xbb\xbf", b" ", b"\n"],
    )
    .telling()
    .where_(is_json),
    row(
        NotPickle::Html,
        "an HTML page",
        "a server answered with a page in place of the file; see what the page says",
        &[b"<", b"\xef\xbb\xbf", b" ", b"\n", b"\r\n"],
    )
    .telling()
    .where_(|bytes| {
        let text = trimmed(bytes);
        ["<!doctype html", "<html", "<head", "<body"].iter().any(|start| {
            text.get(..start.len()).is_some_and(|text| text.eq_ignore_ascii_case(start.as_bytes()))
        })
    }),
    row(
        NotPickle::Xml,
        "XML",
        "read it with an XML parser",
        &[b"<", b"\xef\xbb\xbf", b" ", b"\n", b"\r\n"],
    )
    .where_(|bytes| match trimmed(bytes) {
        [b'<', b'?', b'x', b'm', b'l', ..] => true,
        [b'<', first, ..] => first.is_ascii_alphabetic() || *first == b'!',
        _ => false,
    }),
];

/// Without a byte order mark and white space at the start.
fn trimmed(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start()
}

fn little_endian(bytes: &[u8], width: usize) -> Option<u64> {
    let bytes = bytes.get(..width)?;
    Some(bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte)))
}

fn big_endian(bytes: &[u8], width: usize) -> Option<u64> {
    let bytes = bytes.get(..width)?;
    Some(bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
}

/// Returns true if PROTO of a protocol from 2 on is at byte `at`.
fn begins_pickle(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at..), Some([0x80, 2..=5, _, ..]))
}

fn is_length_prefixed(bytes: &[u8]) -> bool {
    // Four printable bytes, which may be instructions, are a larger number.
    [(4, 1 << 28), (8, 1 << 40)].into_iter().any(|(width, limit)| {
        let plausible = |len: Option<u64>| len.is_some_and(|len| (3..limit).contains(&len));
        begins_pickle(bytes, width)
            && (plausible(little_endian(bytes, width)) || plausible(big_endian(bytes, width)))
    })
}

fn is_bzip2(bytes: &[u8]) -> bool {
    matches!(bytes.get(3), Some(b'1'..=b'9'))
        && matches!(
            bytes.get(4..10),
            Some(b"\x31\x41\x59\x26\x53\x59" | b"\x17\x72\x45\x38\x50\x90")
        )
}

/// The announced size of the content must be unknown, or below 2⁴⁰.
fn is_lzma(bytes: &[u8]) -> bool {
    match bytes.get(5..13) {
        Some(size) => size == [0xff; 8] || size.get(5..) == Some(&[0; 3]),
        None => false,
    }
}

/// The name of the first entry of a zip archive.
fn zip_entry(bytes: &[u8]) -> &[u8] {
    let len = bytes.get(26..).and_then(|bytes| little_endian(bytes, 2)).unwrap_or(0);
    bytes.get(30..).and_then(|bytes| bytes.get(..len as usize)).unwrap_or_default()
}

fn is_safetensors(bytes: &[u8]) -> bool {
    little_endian(bytes, 8).is_some_and(|len| (2..100_000_000).contains(&len))
        && matches!(bytes.get(8..), Some([b'{', b'"' | b'}', ..]))
}

/// The file begins with the version of the format, then the name of the producer.
fn is_onnx(bytes: &[u8]) -> bool {
    match bytes {
        [8, 1..=0x20, 0x12, len @ 1..=100, name @ ..] => {
            let name = name.get(..usize::from(*len)).unwrap_or(name);
            !name.is_empty() && name.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ')
        }
        _ => false,
    }
}

fn is_redis_reply(bytes: &[u8]) -> bool {
    let digits = bytes.iter().skip(1).take_while(|byte| byte.is_ascii_digit()).count();
    digits > 0 && bytes.get(1 + digits..3 + digits) == Some(b"\r\n")
}

fn is_base64(bytes: &[u8]) -> bool {
    let is_digit = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=')
    };
    bytes.len() >= 4 && bytes.iter().all(|byte| is_digit(byte) || matches!(byte, b'\r' | b'\n'))
}

fn is_hex(bytes: &[u8]) -> bool {
    let digits = bytes.strip_prefix(b"0x").or(bytes.strip_prefix(b"\\x")).unwrap_or(bytes);
    let digits = digits.trim_ascii_end();
    digits.len() >= 6 && digits.iter().all(u8::is_ascii_hexdigit)
}

/// `payload:time:signature`, each in the digits of URLs; the payload a pickle or JSON, or zlib
/// behind a full stop.
fn is_django_signed(bytes: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let payload = bytes.strip_prefix(b".").unwrap_or(bytes);
    if payload.len() < bytes.len() {
        let len = payload.iter().take_while(|byte| is_digit(byte)).count();
        return payload.starts_with(b"eJ")
            && (len == payload.len() || payload.get(len) == Some(&b':'));
    }
    let mut parts = bytes.trim_ascii_end().split(|&byte| byte == b':');
    let (payload, time, signature) = (parts.next(), parts.next(), parts.next());
    payload.is_some_and(|part| part.starts_with(b"gA") || part.starts_with(b"ey"))
        && [payload, time, signature]
            .iter()
            .all(|part| part.is_some_and(|part| !part.is_empty() && part.iter().all(is_digit)))
        && parts.next().is_none()
}

/// A pickle of protocol 0 with a carriage return before the first newlines.
fn is_crlf(bytes: &[u8]) -> bool {
    let mut lines =
        bytes.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n"));
    let printable =
        |line: &[u8]| line.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    match (lines.next(), lines.next()) {
        (Some(first), Some(second)) => {
            [first, second].iter().all(|line| line.ends_with(b"\r\n") && printable(line))
                && first.len() < 80
                && matches!(
                    first,
                    [b'(', b'l' | b'd' | b'i' | b'c' | b'V' | b'S' | b'I' | b'F' | b'L', ..]
                        | [b'c' | b'I' | b'F' | b'L' | b'V' | b'S', ..]
                )
        }
        _ => false,
    }
}

fn is_json(bytes: &[u8]) -> bool {
    let text = trimmed(bytes);
    let inner = text.get(1..).map(<[u8]>::trim_ascii_start).unwrap_or_default();
    match text.first() {
        Some(b'{') => matches!(inner.first(), Some(b'"' | b'}')),
        Some(b'[') => {
            matches!(inner.first(), Some(b'{' | b'[' | b'"' | b']' | b'-' | b'0'..=b'9'))
                || ["true", "false", "null"].iter().any(|word| inner.starts_with(word.as_bytes()))
        }
        _ => false,
    }
}
