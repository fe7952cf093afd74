//! One pickle, all ways to read it: they agree, on the value as on the error.

use std::io::{self, Read};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value as Json;
use serde_pickle::opcode::{self, Argument, Opcode};
use serde_pickle::{DeOptions, DecodeErrors, Deserializer, Encoding, Error, ErrorKind, Value};

use crate::corpus::{Failures, Fixture, all};

/// Gives at most so many bytes at a time, and counts them.
struct Counting<'a> {
    bytes: &'a [u8],
    given: usize,
    at_a_time: usize,
}

impl<'a> Counting<'a> {
    fn new(bytes: &'a [u8], at_a_time: usize) -> Self {
        Self { bytes, given: 0, at_a_time }
    }
}

impl Read for Counting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.bytes[self.given..];
        let count = rest.len().min(buffer.len()).min(self.at_a_time);
        buffer[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}

/// The result of reading, in a form that can be compared: values by their `repr`, for a NaN equals
/// nothing.
#[derive(PartialEq, Debug)]
enum Outcome {
    Value(String),
    Error(ErrorKind, Option<u64>, Option<String>, String),
}

impl From<Result<Value, Error>> for Outcome {
    fn from(result: Result<Value, Error>) -> Self {
        match result {
            Ok(value) => Self::Value(value.to_string()),
            Err(error) => Self::Error(error.kind(), error.offset(), error.path(), message(&error)),
        }
    }
}

/// The message without what the input is taken for: of a reader, fewer bytes are there to tell by.
fn message(error: &Error) -> String {
    let mut text = error.to_string();
    if error.not_pickle().is_some()
        && let Some(end) = text.find("; this ").or_else(|| text.find("; the input is empty"))
    {
        text.truncate(end);
    }
    text
}

impl Outcome {
    fn short(&self) -> String {
        format!("{self:.300?}").chars().take(300).collect()
    }
}

/// The end of the pickle, and the end of what a reader may have been asked for: a frame is read
/// whole, as CPython does.
fn ends(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut instructions = opcode::instructions(bytes);
    let mut frames = 0;
    for item in &mut instructions {
        if let (at, Opcode::Frame, Argument::Int(len)) = item.ok()? {
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            frames = frames.max((at as usize + 9).saturating_add(len));
        }
    }
    let end = instructions.position() as usize;
    Some((end, frames.max(end)))
}

fn variants(fixture: &Fixture) -> Vec<DeOptions<'_>> {
    let own = fixture.options();
    let mut options = vec![own.clone()];
    // Other settings matter where there are 8-bit strings of Python 2, or surrogates.
    let chars = matches!(fixture.set, "odd" | "invalid")
        || fixture.text("python").starts_with('2')
        || fixture.text("case").contains("surrogate");
    if chars && fixture.bytes.len() < 4_096 {
        options.push(DeOptions::new());
        options.push(own.clone().encoding(Encoding::Bytes));
        options.push(own.encoding(Encoding::Ascii).errors(DecodeErrors::Replace));
    }
    options
}

#[test]
fn slice_and_reader_and_their_streams_agree_on_every_fixture() {
    let mut failures = Failures::default();
    for fixture in all() {
        // A stream does not know that no later pickle will take a buffer, so that it cannot refuse
        // one too many.
        if fixture.file == "next_buffer_extra.pickle" {
            continue;
        }
        for options in variants(&fixture) {
            let bytes = &*fixture.bytes;
            let slice = Outcome::from(options.from_slice::<Value>(bytes));
            let mut check = |driver: &str, outcome: Outcome| {
                failures.check(outcome == slice, || {
                    format!(
                        "{} by {driver}: {}\n  slice: {}",
                        fixture.name(),
                        outcome.short(),
                        slice.short()
                    )
                });
            };
            for at_a_time in [usize::MAX, 1] {
                if at_a_time == 1 && bytes.len() > 20_000 {
                    continue;
                }
                check(
                    "reader",
                    options.from_reader::<_, Value>(Counting::new(bytes, at_a_time)).into(),
                );
            }
            let graph = options.graph_from_slice(bytes).and_then(|graph| graph.root().to_value());
            check("graph", graph.into());
            // The rest would show nothing new of the large ones, and takes most of the time.
            if bytes.len() > 20_000 {
                continue;
            }
            let graph =
                options.graph_from_slice(bytes).and_then(|graph| graph.deserialize::<Value>());
            check("graph through serde", graph.into());
            let graph = options.graph_from_reader(bytes).and_then(|graph| graph.root().to_value());
            check("graph by reader", graph.into());
            let mut stream = Deserializer::from_slice(bytes).with_options(options.clone());
            check("slice stream", Value::deserialize(&mut stream).into());
            let mut stream = Deserializer::from_reader(bytes).with_options(options.clone());
            check("reader stream", Value::deserialize(&mut stream).into());
            let mut stream =
                Deserializer::from_slice(bytes).keep_memo(true).with_options(options.clone());
            check("slice stream with memo", Value::deserialize(&mut stream).into());
            let mut stream =
                Deserializer::from_reader(bytes).keep_memo(true).with_options(options.clone());
            check("reader stream with memo", Value::deserialize(&mut stream).into());
        }
    }
    failures.finish(30_000);
}

#[test]
fn no_byte_behind_stop_is_taken_from_a_reader() {
    let mut failures = Failures::default();
    for fixture in all() {
        let options = fixture.options();
        let Some((end, frames)) = ends(&fixture.bytes) else { continue };
        let alone = Outcome::from(options.from_slice::<Value>(&fixture.bytes));
        let mut bytes = fixture.bytes[..end.max(frames.min(fixture.bytes.len()))].to_vec();
        bytes.extend_from_slice(b"what follows a pickle belongs to somebody else\n.");
        let slice = Outcome::from(options.from_slice::<Value>(&bytes));
        for at_a_time in [usize::MAX, 3] {
            let mut reader = Counting::new(&bytes, at_a_time);
            let outcome = Outcome::from(options.from_reader::<_, Value>(&mut reader));
            failures.check(outcome == slice, || {
                format!("{}: {} and {}", fixture.name(), outcome.short(), slice.short())
            });
            let expected = frames.min(bytes.len());
            if matches!(alone, Outcome::Value(_)) {
                failures.check(outcome == alone && reader.given == expected, || {
                    format!("{}: {} bytes were read, not {expected}", fixture.name(), reader.given)
                });
            } else {
                failures.check(reader.given <= expected, || {
                    format!(
                        "{}: {} bytes were read, more than {expected}",
                        fixture.name(),
                        reader.given
                    )
                });
            }
        }
    }
    failures.finish(5_000);
}

#[test]
fn streams_stand_behind_stop_when_a_pickle_is_read() {
    let mut failures = Failures::default();
    for fixture in all() {
        let Some((end, frames)) = ends(&fixture.bytes) else { continue };
        let options = fixture.options();
        let mut slice = Deserializer::from_slice(&fixture.bytes).with_options(options.clone());
        if IgnoredAny::deserialize(&mut slice).is_err() {
            continue;
        }
        failures.check(slice.byte_offset() == end as u64, || {
            format!("{}: {}", fixture.name(), slice.byte_offset())
        });
        let mut reader = Deserializer::from_reader(&*fixture.bytes).with_options(options);
        IgnoredAny::deserialize(&mut reader).unwrap();
        failures.check(reader.byte_offset() == end as u64, || {
            format!("{}: {}", fixture.name(), reader.byte_offset())
        });
        let (rest, ahead) = reader.into_inner();
        let given_back = [ahead, rest.to_vec()].concat();
        failures.check(given_back == fixture.bytes[end..], || {
            format!("{}: the rest is lost", fixture.name())
        });
        failures.check(rest.len() == fixture.bytes.len() - frames, || {
            format!("{}: {}", fixture.name(), rest.len())
        });
    }
    failures.finish(5_000);
}

#[test]
fn what_is_ignored_is_still_checked_to_be_a_pickle() {
    let mut failures = Failures::default();
    for fixture in all() {
        let options = fixture.options();
        let slice = options.from_slice::<IgnoredAny>(&fixture.bytes);
        let reader = options.from_reader::<_, IgnoredAny>(&*fixture.bytes);
        let shown = |result: &Result<IgnoredAny, Error>| result.as_ref().map(drop).map_err(message);
        failures.check(shown(&slice) == shown(&reader), || {
            format!("{}: {:?} and {:?}", fixture.name(), shown(&slice), shown(&reader))
        });
        // Only what a value needs beyond the pickle itself (no recursion, a buffer, text in its
        // encoding) may fail later.
        if let (Err(error), value) = (&slice, options.from_slice::<Value>(&fixture.bytes)) {
            let same = value.as_ref().is_err_and(|other| other.to_string() == error.to_string());
            failures.check(same, || {
                format!("{}: ignored: {error}; a value: {value:?}", fixture.name())
            });
        }
    }
    failures.finish(2_000);
}

/// The same as JSON, where JSON can say it all and nothing is lost or added.
fn as_json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::None => Json::Null,
        Value::Bool(value) => Json::from(*value),
        Value::Int(value) => Json::from(*value),
        Value::Float(value) if value.is_finite() => Json::from(*value),
        Value::Str(text) => Json::from(&**text),
        Value::List(items) | Value::Tuple(items) => {
            Json::Array(items.iter().map(as_json).collect::<Option<_>>()?)
        }
        Value::Dict(dict) => {
            let entry =
                |(key, value): (&Value, &Value)| Some((key.as_str()?.to_owned(), as_json(value)?));
            let object: serde_json::Map<String, Json> =
                dict.iter().map(entry).collect::<Option<_>>()?;
            if object.len() != dict.len() {
                return None;
            }
            Json::Object(object)
        }
        _ => return None,
    })
}

#[test]
fn a_type_that_asks_for_anything_sees_what_value_sees() {
    let mut failures = Failures::default();
    for fixture in all() {
        let options = fixture.options();
        let Ok(value) = options.from_slice::<Value>(&fixture.bytes) else { continue };
        let Some(expected) = as_json(&value) else { continue };
        // Values may nest deeper than types.
        let options = options.max_depth(1_000);
        for (driver, json) in [
            ("slice", options.from_slice::<Json>(&fixture.bytes)),
            ("reader", options.from_reader::<_, Json>(&*fixture.bytes)),
            ("graph", options.graph_from_slice(&fixture.bytes).unwrap().deserialize::<Json>()),
        ] {
            match json {
                Ok(json) => failures.check(json == expected, || {
                    format!(
                        "{} by {driver}: {:.200}\n  value: {:.200}",
                        fixture.name(),
                        json.to_string(),
                        expected.to_string()
                    )
                }),
                Err(error) => failures.push(format!("{} by {driver}: {error}", fixture.name())),
            }
        }
    }
    failures.finish(1_000);
}
