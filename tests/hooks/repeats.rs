//! Short text that comes again is referred to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_pickle::{Deserializer, Protocol, SerOptions, Serializer, from_slice};

use super::writing::{ALL, assert_python};

/// Dicts whose keys and values come again, among text that does not.
fn rows(count: usize) -> Vec<BTreeMap<String, String>> {
    let row = |number: usize| {
        [
            ("town", format!("town {}", number % 60)),
            ("kind", format!("k{}", number % 7)),
            ("number", format!("{number:x}")),
        ]
    };
    (0..count)
        .map(|number| row(number).into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
        .collect()
}

/// Records with a field of unique text, one of text that comes again, and one of both.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Person {
    name: String,
    town: String,
    nicknames: Vec<String>,
}

fn people(count: usize) -> Vec<Person> {
    let person = |number: usize| Person {
        name: format!("name {number}"),
        town: format!("town {}", number % 9),
        nicknames: (0..150).map(|nickname| format!("{number:05} {nickname}")).collect(),
    };
    (0..count).map(person).collect()
}

fn repeats<T: Serialize>(value: &T, protocol: Protocol) -> Vec<u8> {
    SerOptions::new().protocol(protocol).to_vec(value).unwrap()
}

#[test]
fn python_reads_them_and_shares_them() {
    let rows = rows(600);
    for protocol in ALL {
        let bytes = repeats(&rows, protocol);
        let last = if protocol >= Protocol::V2 { "True" } else { "False" };
        assert_python(
            "rows = pickle.loads(pickles[0])\n\
             want = [{'kind': f'k{n % 7}', 'number': f'{n:x}', 'town': f'town {n % 60}'} for n in \
             range(600)]\n\
             print(rows == want, rows[-1]['town'] is rows[-61]['town'])",
            &[&bytes],
            &format!("True {last}"),
        );
        assert_eq!(from_slice::<Vec<BTreeMap<String, String>>>(&bytes).unwrap(), rows);
    }
}

#[test]
fn the_sink_makes_no_difference_and_neither_does_the_run() {
    // Some frames of them.
    let rows = rows(5_000);
    for protocol in ALL {
        for framing in [false, true] {
            let options = SerOptions::new().protocol(protocol).framing(framing);
            let bytes = options.to_vec(&rows).unwrap();
            let mut written = Vec::new();
            options.to_writer(&mut written, &rows).unwrap();
            assert!(written == bytes, "{protocol:?}");
            assert!(options.to_vec(&rows).unwrap() == bytes);
            assert!(from_slice::<Vec<BTreeMap<String, String>>>(&bytes).unwrap() == rows);
            let people = people(300);
            let bytes = options.to_vec(&people).unwrap();
            let mut written = Vec::new();
            options.to_writer(&mut written, &people).unwrap();
            assert!(written == bytes, "{protocol:?}");
        }
    }
}

#[test]
fn columns_of_the_outermost_struct_are_looked_up_each_for_itself() {
    #[derive(Serialize)]
    struct Table {
        names: Vec<String>,
        towns: Vec<String>,
    }
    let names = (0..1_000).map(|number| format!("name {number}")).collect();
    let towns = (0..1_000).map(|number| format!("town {}", number % 9)).collect();
    let bytes = repeats(&Table { names, towns }, Protocol::V4);
    assert_eq!(bytes.windows(6).filter(|window| *window == b"town 7").count(), 2);
}

#[test]
fn a_stream_of_small_records_shares_what_comes_again() {
    // Each more than the first KiB, in which nothing is looked up.
    for protocol in ALL {
        let people = people(400);
        let options = SerOptions::new().protocol(protocol);
        let (mut pickler, mut again) = (Serializer::with_options(Vec::new(), &options), Vec::new());
        for person in &people {
            person.serialize(&mut pickler).unwrap();
        }
        let bytes = pickler.into_inner();
        let mut reader = Deserializer::from_slice(&bytes).keep_memo(true);
        for _ in &people {
            again.push(Person::deserialize(&mut reader).unwrap());
        }
        assert_eq!(again, people);
        let towns = bytes.windows(6).filter(|window| *window == b"town 7").count();
        assert!(
            if protocol >= Protocol::V2 { towns == 2 } else { towns > 40 },
            "{protocol:?}: {towns}"
        );
    }
}

#[test]
fn unique_text_costs_no_byte() {
    let texts: Vec<String> = (0..50_000).map(|number| format!("text {number}")).collect();
    let content: usize = texts.iter().map(|text| text.len() + 2).sum();
    // PROTO, STOP, a mark and an opcode each thousand texts, and nine bytes a frame.
    let frames = content / (64 << 10) + 1;
    assert!(repeats(&texts, Protocol::V4).len() <= content + 3 + 2 * 50 + 9 * frames);
}

#[test]
fn a_field_of_unique_text_does_not_keep_another_from_being_shared() {
    let people = people(500);
    for protocol in ALL.into_iter().filter(|&protocol| protocol >= Protocol::V2) {
        let bytes = repeats(&people, protocol);
        // Once to be noted and once with its memo entry, after the first KiB, which one person
        // fills.
        let towns = bytes.windows(6).filter(|window| *window == b"town 7").count();
        assert_eq!(towns, 2, "{protocol:?}");
        assert_eq!(from_slice::<Vec<Person>>(&bytes).unwrap(), people);
    }
}

#[test]
fn a_stream_refers_to_earlier_dumps_until_its_memo_is_cleared() {
    let rows = rows(500);
    for protocol in ALL {
        let mut pickler =
            Serializer::with_options(Vec::new(), &SerOptions::new().protocol(protocol));
        rows.serialize(&mut pickler).unwrap();
        rows.serialize(&mut pickler).unwrap();
        let bytes = pickler.into_inner();
        assert_python(
            "reader = pickle.Unpickler(io.BytesIO(pickles[0]))\nprint(reader.load() == \
             reader.load())",
            &[&bytes],
            "True",
        );
        let mut pickler =
            Serializer::with_options(Vec::new(), &SerOptions::new().protocol(protocol));
        rows.serialize(&mut pickler).unwrap();
        pickler.clear_memo();
        rows.serialize(&mut pickler).unwrap();
        let alone = repeats(&rows, protocol);
        assert!(pickler.into_inner() == [&alone[..], &alone].concat(), "{protocol:?}");
    }
}

#[test]
fn memoized_text_is_found_however_many_there_are() {
    let text = |number: usize| format!("{}{}", "é".repeat(number % 20), number % 600);
    for protocol in ALL {
        let options = SerOptions::new().protocol(protocol).memoize_strings(true);
        let texts: Vec<String> = (0..1500).map(text).collect();
        let bytes = options.to_vec(&texts).unwrap();
        assert_python(
            "texts = pickle.loads(pickles[0])\n\
             print(texts == ['é' * (n % 20) + str(n % 600) for n in range(1500)], texts[59] is \
             texts[659])",
            &[&bytes],
            "True True",
        );
        let texts: Vec<String> =
            (0..30_000).map(|number| text(number % 9000)).chain([String::new()]).collect();
        assert!(from_slice::<Vec<String>>(&options.to_vec(&texts).unwrap()).unwrap() == texts);
    }
}
