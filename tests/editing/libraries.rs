//! Objects of real libraries: one field is changed by a type that names little more than it, and
//! nothing else of the pickle changes.
//!
//! The pickles are by the libraries themselves, which `fixtures/editing/make.py` asks. Here their
//! graphs are compared, value by value. With `SERDE_PICKLE_LIBRARIES`, folders of virtual
//! environments separated as paths are, the libraries load both and `check.py` compares the
//! objects.

use std::fmt::Debug;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_pickle::Graph;

use super::ask::each_environment;
use super::differences::differences;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/editing")
}

/// Where the changed pickles go.
fn changed() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("editing")
}

/// The pickles of a case, by every version that has it, each with its folder.
fn pickles(library: &str, case: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.split_once('-').is_some_and(|(start, _)| start == library)
            && let Ok(bytes) = std::fs::read(path.join(format!("{case}.pkl")))
        {
            found.push((name, bytes));
        }
    }
    assert!(!found.is_empty(), "no {case} by {library}");
    found
}

/// Changes a field of each pickle of a case, and sees to it that one value of the graph differs.
#[track_caller]
fn edit<T>(library: &str, case: &str, change: impl Fn(&mut T))
where
    T: Serialize + DeserializeOwned + Debug,
{
    for (version, bytes) in pickles(library, case) {
        let graph = Graph::from_slice(&bytes).unwrap();
        let mut value: T = match graph.deserialize() {
            Ok(value) => value,
            Err(error) => panic!("{version}/{case}: {error}"),
        };
        let unchanged = serde_pickle::update(&bytes, &value).unwrap();
        assert_eq!(unchanged, graph.to_vec().unwrap(), "{version}/{case}");
        change(&mut value);
        let now = match serde_pickle::update(&bytes, &value) {
            Ok(now) => now,
            Err(error) => panic!("{version}/{case}: {error}"),
        };
        assert_ne!(now, unchanged, "{version}/{case}: nothing has changed");
        let edited = Graph::from_slice(&now).unwrap();
        let differences = differences(graph.root(), edited.root());
        assert_eq!(differences.len(), 1, "{version}/{case}: {differences:?}");
        let folder = changed().join(&version);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{case}.pkl")), now).unwrap();
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Named {
    name: String,
}

/// The fields of an item in order, for places without names.
#[derive(Debug, Serialize, Deserialize)]
struct Item {
    name: String,
    price: String,
    tags: Vec<String>,
}

#[test]
fn dataclasses_of_four_kinds() {
    edit("python", "dataclass", |item: &mut Named| item.name = "coffee".to_owned());
    edit("python", "dataclass_frozen", |item: &mut Named| item.name = "coffee".to_owned());
    edit("python", "dataclass_slots", |item: &mut Item| item.name = "coffee".to_owned());
    edit("python", "dataclass_frozen_slots", |item: &mut Item| item.name = "coffee".to_owned());
}

#[test]
fn named_tuples_exceptions_and_ordered_dicts() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Until {
        until: String,
    }

    edit("python", "namedtuple", |row: &mut Item| row.name = "coffee".to_owned());
    edit("python", "exception", |error: &mut Until| error.until = "2024-06-01".to_owned());
    edit("python", "ordered_dict", |item: &mut Named| item.name = "coffee".to_owned());
}

#[test]
fn attrs_with_slots_and_without() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Item {
        name: String,
        tags: Vec<String>,
    }

    for case in ["attrs", "attrs_slots", "attrs_frozen_slots"] {
        edit("attrs", case, |item: &mut Item| item.name = "coffee".to_owned());
    }
}

#[test]
fn pydantic_models_within_models() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Model<T> {
        #[serde(rename = "__dict__")]
        fields: T,
    }
    #[derive(Debug, Serialize, Deserialize)]
    struct Customer {
        home: Model<Address>,
    }
    #[derive(Debug, Serialize, Deserialize)]
    struct Address {
        city: String,
    }

    edit("pydantic", "pydantic", |customer: &mut Model<Customer>| {
        customer.fields.home.fields.city = "Paris".to_owned();
    });
}

#[test]
fn rows_of_sqlalchemy_that_refer_to_one_another() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Customer {
        orders: Vec<Order>,
    }
    #[derive(Debug, Serialize, Deserialize)]
    struct Order {
        total: f64,
    }

    edit("sqlalchemy", "sqlalchemy", |customer: &mut Named| customer.name = "Grace".to_owned());
    edit("sqlalchemy", "sqlalchemy_order", |customer: &mut Customer| {
        customer.orders[1].total = 10.25;
    });
}

#[test]
fn models_of_django_whose_files_refer_to_them() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Customer {
        balance: String,
    }

    edit("django", "django", |customer: &mut Customer| customer.balance = "12.50".to_owned());
}

#[test]
fn sessions_responses_jobs_and_messages() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Session {
        seen: String,
    }
    #[derive(Debug, Serialize, Deserialize)]
    struct Response {
        _container: Vec<serde_bytes::ByteBuf>,
    }
    #[derive(Debug, Serialize, Deserialize)]
    struct Job {
        misfire_grace_time: Option<u32>,
    }
    #[derive(Debug, Serialize, Deserialize)]
    struct Record {
        levelno: u32,
    }

    edit("django", "session", |session: &mut Session| session.seen = "2024-06-01".to_owned());
    edit("django", "response", |response: &mut Response| {
        response._container[0] = serde_bytes::ByteBuf::from("<h1>5 items</h1>");
    });
    edit("apscheduler", "apscheduler", |job: &mut Job| job.misfire_grace_time = Some(60));
    edit("python", "log_record", |record: &mut Record| record.levelno = 40);
    edit("python", "carbon", |metrics: &mut Vec<(String, (f64, f64))>| metrics[1].1.1 = 22.5);
}

/// The libraries load both pickles and compare the objects, where they are installed.
#[test]
fn the_libraries_see_one_difference() {
    let texts = each_environment("check.py", &changed(), || {
        dataclasses_of_four_kinds();
        named_tuples_exceptions_and_ordered_dicts();
        attrs_with_slots_and_without();
        pydantic_models_within_models();
        rows_of_sqlalchemy_that_refer_to_one_another();
        models_of_django_whose_files_refer_to_them();
        sessions_responses_jobs_and_messages();
    });
    for text in texts {
        assert!(text.contains("differs at"), "{text}");
    }
}
