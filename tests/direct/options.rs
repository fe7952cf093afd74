//! Resolvers and limits on nodes: both ways ask the same questions, each once, in the same order,
//! and come to the same end.

use std::cell::Cell;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use serde::de::{Deserialize, IgnoredAny};
use serde_pickle::reduce::{Global, Reduce, Resolution};
use serde_pickle::{AllowList, DeOptions, Error, ErrorKind, Resolver, Value};

use super::{by_machine, check_same, is_direct};

/// The answer to the question with the number of a [`Policy`]; all others are allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Answer {
    Allow,
    Deny,
    Rename,
    Fail,
    /// Allows, and makes text of the objects of every class.
    Construct,
}

#[derive(Clone, Copy, Debug)]
struct Policy {
    answer: Answer,
    number: usize,
}

/// A resolver that notes all that it is asked.
struct Asked {
    policy: Policy,
    questions: Mutex<Vec<String>>,
}

impl Asked {
    fn new(policy: Policy) -> Arc<Self> {
        Arc::new(Self { policy, questions: Mutex::new(Vec::new()) })
    }

    fn questions(&self) -> Vec<String> {
        self.questions.lock().unwrap().clone()
    }
}

impl Resolver for Asked {
    fn find_class(&self, module: &str, qualname: &str) -> Result<Resolution, Error> {
        let mut questions = self.questions.lock().unwrap();
        questions.push(format!("{module} {qualname}"));
        if questions.len() != self.policy.number + 1 {
            return Ok(Resolution::Allow);
        }
        match self.policy.answer {
            Answer::Allow | Answer::Construct => Ok(Resolution::Allow),
            Answer::Deny => Ok(Resolution::Deny),
            Answer::Rename => Ok(Resolution::Rename(Global::new("geometry", "Point"))),
            Answer::Fail => Err(serde::de::Error::custom("no names today")),
        }
    }

    fn persistent_load(&self, id: &Value) -> Result<Option<Value>, Error> {
        self.questions.lock().unwrap().push(format!("id {id}"));
        Ok(None)
    }

    fn constructs(&self, _: &Global) -> bool {
        self.policy.answer == Answer::Construct
    }

    fn construct(&self, class: &Global, _: &Reduce) -> Result<Option<Value>, Error> {
        Ok(Some(Value::from(class.qualname.clone())))
    }
}

/// Compares both ways under a policy: what they give, and what they ask.
#[track_caller]
fn compare_asking<'de, T: Deserialize<'de> + Debug + PartialEq>(
    bytes: &'de [u8],
    options: &DeOptions<'static>,
    policy: Policy,
    what: &str,
) -> Vec<String> {
    let (first, second) = (Asked::new(policy), Asked::new(policy));
    let found = options.clone().resolver(Arc::clone(&first)).from_slice::<T>(bytes);
    let expected = by_machine::<T>(bytes, &options.clone().resolver(Arc::clone(&second)));
    check_same(&found, &expected, bytes, what);
    assert_eq!(first.questions(), second.questions(), "{what}: {}", bytes.escape_ascii());
    first.questions()
}

thread_local! {
    static COMPARED: Cell<usize> = const { Cell::new(0) };
}

/// The same reading under other options, which change from call to call.
#[track_caller]
pub(super) fn compare_with_options<'de, T: Deserialize<'de> + Debug + PartialEq>(
    bytes: &'de [u8],
    options: &DeOptions<'static>,
    what: &str,
) {
    let turn = COMPARED.get();
    COMPARED.set(turn + 1);
    let answer = match turn % 10 {
        0 | 1 => Answer::Allow,
        2 | 3 => Answer::Deny,
        4 => Answer::Rename,
        5 => Answer::Fail,
        6 => Answer::Construct,
        _ => {
            let nodes = [0, 1, 2, 3, 5, 8, 13, 40][turn / 10 % 8];
            let options = options.clone().max_nodes(nodes);
            let found = options.from_slice::<T>(bytes);
            let what = format!("{what}, {nodes} nodes");
            check_same(&found, &by_machine(bytes, &options), bytes, &what);
            return;
        }
    };
    let policy = Policy { answer, number: turn / 10 % 3 };
    compare_asking::<T>(bytes, options, policy, &format!("{what}, {policy:?}"));
}

/// pickle.dumps of a list of objects `shop.A`, `shop.B`, `shop.A` …, by protocol.
fn objects(protocol: u8, count: usize) -> Vec<u8> {
    let class = |name: &str| match protocol {
        4.. => format!("\u{8c}\u{4}shop\u{8c}\u{1}{name}"),
        _ => format!("cshop\n{name}\n"),
    };
    let mut bytes = vec![0x80, protocol];
    bytes.extend(b"](");
    for number in 0..count {
        let name = ["A", "B"][number % 2];
        bytes.extend(class(name).chars().map(|letter| letter as u8));
        bytes.extend(if protocol >= 4 { &b"\x93"[..] } else { b"" });
        bytes.extend(b")\x81}(X\x01\0\0\0xK\x01X\x01\0\0\0yK\x02ub");
    }
    bytes.extend(b"e.");
    bytes
}

#[derive(Debug, PartialEq, serde::Deserialize)]
struct Point {
    x: i64,
    y: i64,
}

/// All of it takes more than the memory that is granted whatever the input, but no more than the
/// share of the references.
#[test]
fn much_short_text_that_is_fetched_needs_no_machine() {
    let pickle =
        [b"\x80\x04](\x8c\x64".as_slice(), &[b'a'; 100], b"\x94", &b"h\0".repeat(520_000), b"e."]
            .concat();
    assert!(is_direct::<Vec<String>>(&pickle));
    assert_eq!(serde_pickle::from_slice::<Vec<String>>(&pickle).unwrap().len(), 520_001);
    assert!(is_direct::<Value>(&pickle));
    let few = DeOptions::new().max_expansion(1 << 20);
    assert_eq!(few.from_slice::<Vec<String>>(&pickle).unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn a_resolver_that_allows_and_a_limit_that_holds_need_no_machine() {
    for protocol in [2, 4] {
        let pickle = objects(protocol, 4);
        assert!(is_direct::<Vec<Point>>(&pickle) && is_direct::<Value>(&pickle));
        let nodes = 1 + 4 * 3;
        let list = AllowList::new().allow_module("shop");
        let options = DeOptions::new().resolver(list).max_nodes(nodes);
        super::RUNS.set(0);
        options.from_slice::<super::Counted<Vec<Point>>>(&pickle).unwrap();
        assert_eq!(super::RUNS.get(), 1);
        options.from_slice::<super::Counted<Value>>(&pickle).unwrap();
        assert_eq!(super::RUNS.get(), 2);
        let error = options.clone().max_nodes(nodes - 1).from_slice::<Value>(&pickle).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit);
    }
}

#[test]
fn each_global_is_asked_about_once_whichever_way_gives_up_where() {
    for protocol in [2, 4] {
        for count in 1..5 {
            let pickle = objects(protocol, count);
            // What comes last is for the machine, or does not fit the type.
            let others: [&[u8]; 3] = [b"K\x0120e.", b"Ne.", b"cshop\nC\n0K\x01e."];
            for end in [&b"e."[..]].into_iter().chain(others) {
                let pickle = [&pickle[..pickle.len() - 2], end].concat();
                for number in 0..=count {
                    for answer in [
                        Answer::Allow,
                        Answer::Deny,
                        Answer::Rename,
                        Answer::Fail,
                        Answer::Construct,
                    ] {
                        let policy = Policy { answer, number };
                        let options = DeOptions::new();
                        let what = format!("{policy:?} of {count}");
                        let asked = compare_asking::<Vec<Point>>(&pickle, &options, policy, &what);
                        compare_asking::<Value>(&pickle, &options, policy, &what);
                        let ends = matches!(answer, Answer::Deny | Answer::Fail);
                        let more = usize::from(end.starts_with(b"c"));
                        let expected =
                            if ends { (number + 1).min(count + more) } else { count + more };
                        assert_eq!(asked.len(), expected, "{what}: {asked:?}");
                    }
                }
            }
        }
    }
}

/// A refused global is refused wherever it stands, whatever the type makes of it.
#[test]
fn nothing_behind_a_refused_global_is_read() {
    let globals: [(&str, &[u8]); 4] = [
        ("GLOBAL", b"cos\nsystem\n"),
        ("STACK_GLOBAL", b"\x8c\x02os\x8c\x06system\x93"),
        ("STACK_GLOBAL with memo", b"\x8c\x02os\x94\x8c\x06system\x94\x93\x94"),
        ("UNICODE and STACK_GLOBAL", b"Vos\nVsystem\n\x93"),
    ];
    let around: [(&[u8], &[u8]); 9] = [
        (b"", b""),
        (b"", b")\x81"),
        (b"", b")\x81}X\x01\0\0\0xK\x01sb"),
        (b"", b"X\x02\0\0\0ls\x85R"),
        (b"](K\x01", b"e"),
        (b"](", b")\x81}bK\x02e"),
        (b"}(X\x01\0\0\0a", b"u"),
        (b"}X\x01\0\0\0aK\x01X\x01\0\0\0b", b"\x86s"),
        (b"(K\x01", b"K\x02t"),
    ];
    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(untagged)]
    enum Loose {
        Fields { x: i64 },
        List(Vec<Loose>),
        Other(Skipped),
    }
    /// Takes nothing for an error.
    #[derive(Debug, PartialEq)]
    struct Skipped;
    impl<'de> Deserialize<'de> for Skipped {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let _ = IgnoredAny::deserialize(deserializer);
            Ok(Self)
        }
    }
    fn denied<'de, T: Deserialize<'de> + Debug>(pickle: &'de [u8]) {
        let options = DeOptions::new().resolver(AllowList::builtins().allow_module("shop"));
        let error = options.from_slice::<T>(pickle).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied, "{}", pickle.escape_ascii());
        assert!(error.to_string().starts_with("os.system is not allowed"), "{error}");
    }
    for (name, global) in globals {
        for (before, behind) in around {
            // What follows is no pickle, and is not looked at.
            for end in [&b"."[..], b"\xff\xff"] {
                let pickle = [b"\x80\x04", before, global, behind, end].concat();
                denied::<Value>(&pickle);
                denied::<Loose>(&pickle);
                denied::<Skipped>(&pickle);
                denied::<Point>(&pickle);
                denied::<Vec<Skipped>>(&pickle);
                denied::<Option<Point>>(&pickle);
                denied::<std::collections::BTreeMap<String, Skipped>>(&pickle);
                denied::<IgnoredAny>(&pickle);
                denied::<Global>(&pickle);
                let mut reader = &pickle[..];
                let options = DeOptions::new().resolver(AllowList::new());
                let error = options.from_reader::<_, Value>(&mut reader).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Denied, "{name}");
            }
        }
    }
}
