//! `Scanner`: finds the end of every pickle that a reader accepts, however it is cut, and looks at
//! no byte twice.

use serde_pickle::tools::NotPickle;
use serde_pickle::{ErrorKind, Graph, Scanner};

use crate::corpus::{all, files};

/// Where a pickle ends, pushed in pieces of so many bytes, each once.
fn end(bytes: &[u8], piece: usize) -> serde_pickle::Result<Option<u64>> {
    let mut scanner = Scanner::new();
    for (index, chunk) in bytes.chunks(piece).enumerate() {
        let before = scanner.position();
        assert_eq!(before, (index * piece) as u64);
        if let Some(len) = scanner.push(chunk)? {
            assert_eq!(scanner.position(), before + len as u64);
            assert_eq!(scanner.needed(), 0);
            return Ok(Some(scanner.position()));
        }
        assert!(scanner.needed() > 0);
    }
    Ok(None)
}

#[test]
fn the_end_of_every_fixture_is_found_in_pieces_of_any_size() {
    let mut found = 0;
    for fixture in all() {
        let audit = serde_pickle::tools::audit(&fixture.bytes);
        if !audit.is_complete() {
            continue;
        }
        let sizes = if fixture.bytes.len() > 50_000 { &[4_096][..] } else { &[1, 2, 7, 4_096] };
        for &piece in sizes {
            let end = end(&fixture.bytes, piece);
            let end = match end {
                Ok(end) => end,
                // Frames that lie, which are no pickles by the rule.
                Err(error)
                    if fixture.name().starts_with("odd/frame_")
                        && error.to_string().contains("frame") =>
                {
                    continue;
                }
                Err(error) => panic!("{}: {error}", fixture.name()),
            };
            assert_eq!(end, Some(audit.length), "{} by {piece}", fixture.name());
        }
        found += 1;
    }
    assert!(found > 2_000, "{found}");
}

#[test]
fn what_is_cut_short_is_never_whole_and_no_more_is_needed_than_there_is() {
    for fixture in files("valid").iter().filter(|fixture| fixture.bytes.len() < 600).step_by(7) {
        let Ok(Some(len)) = end(&fixture.bytes, 4_096) else { continue };
        let bytes = &fixture.bytes[..len as usize];
        for cut in 0..bytes.len() {
            let mut scanner = Scanner::new();
            assert_eq!(scanner.push(&bytes[..cut]).unwrap(), None, "{}", fixture.name());
            assert!(scanner.needed() <= (bytes.len() - cut) as u64, "{} at {cut}", fixture.name());
            assert_eq!(scanner.push(&bytes[cut..]).unwrap(), Some(bytes.len() - cut));
        }
    }
}

#[test]
fn each_pickle_of_a_stream_ends_where_the_next_begins() {
    let stream = b"\x80\x04K\x01.I5\n.(lp0\nI1\na.\x8c\x03a.b.";
    let (mut scanner, mut ends, mut rest) = (Scanner::new(), Vec::new(), &stream[..]);
    while let Some(len) = scanner.push(rest).unwrap() {
        ends.push(len);
        rest = &rest[len..];
        scanner.reset();
        if rest.is_empty() {
            break;
        }
    }
    assert_eq!(ends, [5, 4, 10, 6]);
}

#[test]
fn limits_hold_before_the_bytes_are_there() {
    let mut scanner = Scanner::new().max_len(1_000);
    // BINBYTES of 2 GiB: five bytes.
    let error = scanner.push(b"B\xff\xff\xff\x7f").unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Limit, Some(0)));
    // A failed scanner stays so until it is reset.
    assert!(scanner.push(b".").is_err());
    scanner.reset();
    assert_eq!(scanner.push(b"K\x01.").unwrap(), Some(3));
    scanner.reset();
    let line = [b"V".as_slice(), &[b'x'; 2_000]].concat();
    assert_eq!(scanner.push(&line).unwrap_err().kind(), ErrorKind::Limit);
    scanner.reset();
    let frame = b"\x80\x04\x95\0\0\x01\0\0\0\0\0";
    assert_eq!(scanner.push(frame).unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn frames_hold_their_rule_however_the_input_is_cut() {
    // FRAME of so many bytes before: SHORT_BINUNICODE 'ab', STOP; UNICODE 'ab', STOP.
    let framed =
        |len: u8, rest: &[u8]| [&b"\x80\x04\x95"[..], &[len, 0, 0, 0, 0, 0, 0, 0], rest].concat();
    let text = b"\x8c\x02ab.";
    let line = b"Vab\n.";
    for (bytes, fine) in [
        (framed(5, text), true),
        (framed(4, text), true),
        (framed(3, text), false),
        (framed(2, text), true),
        (framed(1, text), true),
        (framed(0, text), true),
        (framed(3, line), false),
        (framed(2, line), false),
        (framed(1, line), true),
        (framed(4, line), true),
        // A frame within a frame, and one right behind another.
        (framed(11, &framed(2, b"N.")[2..]), false),
        (framed(9, &framed(2, b"N.")[2..]), true),
    ] {
        for piece in [1, 3, 100] {
            let found = end(&bytes, piece);
            assert_eq!(found.is_ok(), fine, "{bytes:?} by {piece}: {found:?}");
        }
    }
}

#[test]
fn what_is_no_pickle_is_named() {
    let error = Scanner::new().push(b"\x1f\x8b\x08\0").unwrap_err();
    assert_eq!(error.not_pickle(), Some(NotPickle::Gzip));
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Syntax, Some(0)));
    // Where it ends is no promise that it reads.
    assert_eq!(Scanner::new().push(b"a.").unwrap(), Some(2));
    assert!(Graph::from_slice(b"a.").is_err());
}
