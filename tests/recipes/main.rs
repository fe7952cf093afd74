//! The recipes of docs/RECIPES.md, each on bytes that the real library has written.
//!
//! The guide shows these functions as they are here; the last test sees to that.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_pickle::{Deserializer, Error, Graph, from_slice, to_vec, update};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(fixtures().join(name)).unwrap()
}

/// The text of a graph of these bytes.
fn shown(bytes: &[u8]) -> String {
    Graph::from_slice(bytes).unwrap().root().to_string()
}

/// Checks that changing one text for another in the print of the one is the print of the other.
#[track_caller]
fn only(before: &[u8], after: &[u8], was: &str, is: &str) {
    let (before, after) = (shown(before), shown(after));
    assert_eq!(before.matches(was).count(), 1, "{was} in {before}");
    assert_eq!(before.replace(was, is), after);
}

mod django_model {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Customer {
        balance: String, // a DecimalField
    }

    fn pay(bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let mut customer: Customer = from_slice(bytes)?;
        customer.balance = "12.50".to_owned();
        update(bytes, &customer)
    }

    #[test]
    fn changes_the_balance() {
        for version in ["5.2", "3.2"] {
            let before = file(&format!("editing/django-{version}/django.pkl"));
            only(&before, &pay(&before).unwrap(), "('10.00')", "('12.50')");
        }
    }
}

mod django_session {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Session {
        seen: String, // a date, and a date again
    }

    fn visit(bytes: &[u8], today: &str) -> Result<Vec<u8>, Error> {
        let mut session: Session = from_slice(bytes)?;
        session.seen = today.to_owned();
        update(bytes, &session)
    }

    #[test]
    fn changes_a_date() {
        let before = file("editing/django-5.2/session.pkl");
        let after = visit(&before, "2024-06-01").unwrap();
        assert_eq!(from_slice::<Session>(&after).unwrap().seen, "2024-06-01");
        assert!(shown(&after).contains("[('tea', 2), ('jam', 1)]"));
    }
}

mod django_response {
    use serde_bytes::ByteBuf;

    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Response {
        #[serde(rename = "_container")]
        body: Vec<ByteBuf>,
    }

    fn rewrite(bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let mut response: Response = from_slice(bytes)?;
        response.body[0] = ByteBuf::from("<h1>5 items</h1>");
        update(bytes, &response)
    }

    #[test]
    fn changes_the_body() {
        for version in ["5.2", "3.2"] {
            let before = file(&format!("editing/django-{version}/response.pkl"));
            only(&before, &rewrite(&before).unwrap(), "4 items", "5 items");
        }
    }
}

mod sqlalchemy {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Customer {
        orders: Vec<Order>, // each refers back to the customer
    }

    #[derive(Serialize, Deserialize)]
    struct Order {
        total: f64,
    }

    fn charge(bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let mut customer: Customer = from_slice(bytes)?;
        customer.orders[1].total += 1.25;
        update(bytes, &customer)
    }

    #[test]
    fn changes_an_order() {
        for version in ["2.0", "1.4"] {
            let before = file(&format!("editing/sqlalchemy-{version}/sqlalchemy.pkl"));
            let after = charge(&before).unwrap();
            assert_eq!(from_slice::<Customer>(&after).unwrap().orders[1].total, 10.25);
        }
    }
}

mod pydantic {
    use super::*;

    /// A model, of pydantic 1 or 2: its fields are in the `__dict__` of its state.
    #[derive(Serialize, Deserialize)]
    struct Model<T> {
        #[serde(rename = "__dict__")]
        fields: T,
    }

    #[derive(Serialize, Deserialize)]
    struct Customer {
        home: Model<Address>,
    }

    #[derive(Serialize, Deserialize)]
    struct Address {
        city: String,
    }

    fn relocate(bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let mut customer: Model<Customer> = from_slice(bytes)?;
        customer.fields.home.fields.city = "Paris".to_owned();
        update(bytes, &customer)
    }

    #[test]
    fn changes_a_city() {
        for version in ["2.10", "1.10"] {
            let before = file(&format!("editing/pydantic-{version}/pydantic.pkl"));
            only(&before, &relocate(&before).unwrap(), "'London'", "'Paris'");
        }
    }
}

mod attrs {
    use super::*;

    /// A class with slots. Up to attrs 22.1 their state is a tuple, in the order of the fields.
    #[derive(Serialize, Deserialize)]
    struct Item {
        name: String,
        tags: Vec<String>,
    }

    fn rename(bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let mut item: Item = from_slice(bytes)?;
        item.name = "coffee".to_owned();
        update(bytes, &item)
    }

    #[test]
    fn changes_a_name() {
        for version in ["24.3", "21.4"] {
            for case in ["attrs", "attrs_slots", "attrs_frozen_slots"] {
                let before = file(&format!("editing/attrs-{version}/{case}.pkl"));
                only(&before, &rename(&before).unwrap(), "'tea'", "'coffee'");
            }
        }
    }
}

mod dataclasses {
    use super::*;

    /// `@dataclass`, and with `frozen=True`.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename = "py:catalogue:Plain")]
    struct Plain {
        a: i64,
        b: String,
    }

    /// `@dataclass(slots=True)`
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename = "py:catalogue:Slotted/slots")]
    struct Slotted {
        a: i64,
        b: String,
    }

    /// `@dataclass(frozen=True, slots=True)`
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename = "py:catalogue:FrozenSlotted/list")]
    struct FrozenSlotted {
        a: i64,
        b: String,
    }

    fn all_of(plain: &Plain) -> Result<Vec<u8>, Error> {
        let Plain { a, b } = plain.clone();
        to_vec(&(plain, Slotted { a, b: b.clone() }, FrozenSlotted { a, b }))
    }

    #[test]
    fn are_written_as_python_writes_them() {
        let plain: Plain = from_slice(&file("spellings/plain-p4.pkl")).unwrap();
        let value: (serde_pickle::Value, serde_pickle::Value, serde_pickle::Value) =
            from_slice(&all_of(&plain).unwrap()).unwrap();
        let python = |name: &str| {
            from_slice::<serde_pickle::Value>(&file(&format!("spellings/{name}-p4.pkl"))).unwrap()
        };
        assert_eq!(value, (python("plain"), python("slotted"), python("frozen_slotted")));
    }
}

mod named_tuples {
    use super::*;

    /// A `NamedTuple`, or one of `collections.namedtuple`.
    #[derive(Serialize, Deserialize)]
    #[serde(rename = "py:catalogue:Pair/args")]
    struct Pair {
        first: i64,
        second: String,
    }

    fn count(bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let mut pair: Pair = from_slice(bytes)?;
        pair.first += 1;
        to_vec(&pair)
    }

    #[test]
    fn are_made_of_arguments() {
        let before = file("spellings/pair-p4.pkl");
        only(&before, &count(&before).unwrap(), "(1, 'b')", "(2, 'b')");
    }
}

mod exceptions {
    use super::*;

    /// Arguments, and an attribute beside them.
    #[derive(Serialize, Deserialize)]
    #[serde(rename = "py:builtins:ValueError/call")]
    struct ValueError {
        #[serde(rename = "py:args:message")]
        message: String,
        code: i64,
    }

    fn recode(bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let mut error: ValueError = from_slice(bytes)?;
        error.code = 6;
        to_vec(&error)
    }

    #[test]
    fn have_arguments_and_attributes() {
        let before = file("spellings/error_attrs-p4.pkl");
        only(&before, &recode(&before).unwrap(), "5", "6");
    }
}

mod celery {
    use super::*;

    /// The body of a message: positional and keyword arguments, and what is to be done afterwards.
    #[derive(Serialize, Deserialize)]
    struct Task((i64, i64), Keywords, serde_pickle::Value);

    #[derive(Serialize, Deserialize)]
    struct Keywords {
        when: String,
    }

    fn postpone(body: &[u8]) -> Result<Vec<u8>, Error> {
        let mut task: Task = from_slice(body)?;
        task.1.when = "2024-03-01T12:30:00+00:00".to_owned();
        update(body, &task)
    }

    #[test]
    fn changes_an_argument() {
        let after = postpone(&file("wild/celery/task_body.pkl")).unwrap();
        let task: Task = from_slice(&after).unwrap();
        assert_eq!((task.0, task.1.when.as_str()), ((2, 3), "2024-03-01T12:30:00+00:00"));
    }
}

mod rq {
    use flate2::Compression;
    use flate2::read::ZlibDecoder;
    use flate2::write::ZlibEncoder;

    use super::*;

    /// The field `data` of a job, zlib around it: function, instance, arguments.
    #[derive(Serialize, Deserialize)]
    struct Job(String, Option<()>, (i64, i64), serde_pickle::Value);

    fn reschedule(data: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let mut pickle = Vec::new();
        ZlibDecoder::new(data).read_to_end(&mut pickle)?;
        let mut job: Job = from_slice(&pickle)?;
        job.2.1 = 4;
        let mut compressed = ZlibEncoder::new(Vec::new(), Compression::default());
        compressed.write_all(&update(&pickle, &job)?)?;
        Ok(compressed.finish()?)
    }

    #[test]
    fn changes_an_argument() {
        let after = reschedule(&file("wild/rq/job_data.bin")).unwrap();
        let mut pickle = Vec::new();
        ZlibDecoder::new(&after[..]).read_to_end(&mut pickle).unwrap();
        let job: Job = from_slice(&pickle).unwrap();
        assert_eq!((job.0.as_str(), job.2), ("tasks.add", (2, 4)));
    }
}

mod apscheduler {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Job {
        misfire_grace_time: Option<u32>,
    }

    fn forgive(state: &[u8]) -> Result<Vec<u8>, Error> {
        let mut job: Job = from_slice(state)?;
        job.misfire_grace_time = Some(60);
        update(state, &job)
    }

    #[test]
    fn changes_a_setting() {
        let before = file("editing/apscheduler-3.10/apscheduler.pkl");
        let time = "'misfire_grace_time': ";
        let (was, is) = (format!("{time}30"), format!("{time}60"));
        only(&before, &forgive(&before).unwrap(), &was, &is);
    }
}

mod zodb {
    use super::*;

    /// A record is two dumps of one Pickler: the class, and the state, in which other objects are
    /// persistent ids.
    fn add(record: &[u8]) -> Result<Vec<u8>, Error> {
        let mut graph = Deserializer::from_slice(record).into_graph()?;
        let state = graph.roots().nth(1).and_then(|state| state.get("data"));
        let Some(data) = state.map(|data| data.id()) else { return Ok(record.to_vec()) };
        graph.node_mut(data).insert("count", &3)?;
        graph.to_vec()
    }

    #[test]
    fn adds_an_entry() {
        let after = add(&file("wild/zodb/record.pickle")).unwrap();
        let graph = Deserializer::from_slice(&after).into_graph().unwrap();
        let data = graph.roots().nth(1).unwrap().get("data").unwrap();
        assert_eq!((data.len(), data.get("count").unwrap().as_i64()), (4, Some(3)));
        assert!(data.get("ada").unwrap().persistent_id().is_some());
    }
}

mod frames {
    use super::*;

    /// The pickle behind four bytes of length, as carbon takes it on its pickle port and
    /// `logging.handlers.SocketHandler` sends it.
    fn pickle(frame: &[u8]) -> Option<&[u8]> {
        let (len, rest) = frame.split_first_chunk::<4>()?;
        rest.get(..u32::from_be_bytes(*len) as usize)
    }

    fn frame(pickle: &[u8]) -> Vec<u8> {
        [&(pickle.len() as u32).to_be_bytes(), pickle].concat()
    }

    type Metrics<'a> = Vec<(&'a str, (f64, f64))>;

    #[derive(Serialize, Deserialize)]
    struct Record<'a> {
        msg: &'a str,
        levelno: u32,
    }

    fn alarm(received: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let Some(bytes) = pickle(received) else { return Ok(None) };
        let mut record: Record<'_> = from_slice(bytes)?;
        record.levelno = 40; // logging.ERROR
        Ok(Some(frame(&update(bytes, &record)?)))
    }

    #[test]
    fn carry_metrics_and_records() {
        let metrics = frame(&file("editing/python-3.13/carbon.pkl"));
        let metrics: Metrics<'_> = from_slice(pickle(&metrics).unwrap()).unwrap();
        assert_eq!(metrics[1], ("shop.temperature", (1_714_521_600.0, 21.5)));
        let before = file("editing/python-3.13/log_record.pkl");
        let after = alarm(&frame(&before)).unwrap().unwrap();
        only(&before, pickle(&after).unwrap(), "'levelno': 20", "'levelno': 40");
        assert_eq!(from_slice::<Record<'_>>(&before).unwrap().msg, "sold tea");
    }
}

mod json {
    use serde_pickle::json::{JsonOptions, JsonShared};

    use super::*;

    fn as_json(bytes: &[u8]) -> Result<serde_json::Value, Box<dyn std::error::Error>> {
        let graph = Graph::from_slice(bytes)?;
        let options = JsonOptions::new().shared(JsonShared::Reference);
        Ok(serde_json::to_value(options.graph(&graph))?)
    }

    #[test]
    fn takes_any_pickle() {
        let json = as_json(&file("editing/sqlalchemy-2.0/sqlalchemy.pkl")).unwrap();
        assert!(json.to_string().contains("\"name\":\"Ada\""), "{json}");
    }
}

/// The code blocks of the guide are in this file, but for the first, which names what all use.
#[test]
fn the_guide_shows_what_is_tested() {
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    // Each module begins with the names that all of them share.
    let source = flat(&include_str!("main.rs").replace("use super::*;", ""));
    let guide = include_str!("../../docs/RECIPES.md");
    let blocks: Vec<&str> =
        guide.split("```rust").skip(2).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() >= 15, "{}", blocks.len());
    for block in blocks {
        let code = block.strip_prefix(",ignore").unwrap_or(block);
        assert!(source.contains(&flat(code)), "{code}");
    }
}
