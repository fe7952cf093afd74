//! `audit` lists what Python would be asked for: every global that reaches `find_class`, every
//! persistent id, in order.

use std::collections::BTreeMap;

use serde_pickle::opcode::Opcode;
use serde_pickle::reduce::{ExtensionRegistry, Renames, Resolution};
use serde_pickle::tools::{Audit, Reference, Target, audit, audit_reader};
use serde_pickle::{AllowList, DeOptions, ErrorKind, Protocol, Resolver};

use super::{ask, described, programs};
use crate::corpus::Failures;

fn targets(report: &Audit) -> Vec<String> {
    report.references.iter().map(|reference| reference.target.to_string()).collect()
}

/// Offsets and opcodes of one kind of sites.
fn sites(sites: &[serde_pickle::tools::Site]) -> Vec<(u64, Opcode)> {
    sites.iter().map(|site| (site.offset, site.opcode)).collect()
}

#[test]
fn every_way_to_name_a_global_is_listed() {
    for (pickle, named) in [
        (&b"cos\nsystem\n."[..], (0, Opcode::Global)),
        (b"\x8c\x02os\x8c\x06system\x93.", (12, Opcode::StackGlobal)),
        (b"(ios\nsystem\n.", (1, Opcode::Inst)),
        // The names from the memo, in the wrong order on the way, and one of them from a tuple's
        // side.
        (b"\x8c\x06system\x94\x8c\x02os\x940h\x010h\x01h\x00\x93.", (22, Opcode::StackGlobal)),
        // Escaped, and in 8-bit strings, which Python decodes.
        (b"Vo\\u0073\nU\x06system\x93.", (17, Opcode::StackGlobal)),
        (b"S'o\\x73'\nT\x06\0\0\0system\x93.", (20, Opcode::StackGlobal)),
        (b"X\x02\0\0\0os\x8d\x06\0\0\0\0\0\0\0system\x93.", (22, Opcode::StackGlobal)),
    ] {
        let report = audit(pickle);
        assert!(report.is_complete(), "{}: {report}", pickle.escape_ascii());
        assert_eq!(targets(&report), ["os.system"], "{}", pickle.escape_ascii());
        assert_eq!(sites(&report.references[0].named), [named], "{}", pickle.escape_ascii());
    }
}

#[test]
fn every_way_to_call_is_listed() {
    for (pickle, called) in [
        (&b"cos\nsystem\n(S'ls'\ntR."[..], (19, Opcode::Reduce)),
        (b"cos\nsystem\n)\x81.", (12, Opcode::Newobj)),
        (b"cos\nsystem\n)}\x92.", (13, Opcode::NewobjEx)),
        (b"(cos\nsystem\nS'ls'\no.", (18, Opcode::Obj)),
        (b"(S'ls'\nios\nsystem\n.", (7, Opcode::Inst)),
        // Arguments that a call returns.
        (b"cos\nsystem\ncbuiltins\ntuple\n(]tRR.", (31, Opcode::Reduce)),
        // A callable from the memo, its result popped.
        (b"cos\nsystem\nq\x000h\x00)R0N.", (17, Opcode::Reduce)),
    ] {
        let report = audit(pickle);
        assert!(report.is_complete(), "{}: {report}", pickle.escape_ascii());
        let system =
            report.references.iter().find(|it| it.target.to_string() == "os.system").unwrap();
        assert_eq!(sites(&system.called), [called], "{}", pickle.escape_ascii());
    }
}

#[test]
fn classes_and_what_is_done_with_their_instances() {
    // copyreg._reconstructor(shop.Order, object, None), its state set, then a method of the result
    // called.
    let pickle =
        b"ccopy_reg\n_reconstructor\n(cshop\nOrder\nc__builtin__\nobject\nNtRp0\n(dbg0\n(tR.";
    let report = audit(pickle);
    assert!(report.is_complete());
    assert_eq!(targets(&report), ["copyreg._reconstructor", "shop.Order", "builtins.object"]);
    let order = &report.references[1];
    assert_eq!((order.called.len(), order.states, order.results_called.len()), (1, 1, 1));
    assert_eq!(
        order.to_string(),
        "shop.Order: named at byte 26 (GLOBAL); called at byte 60 (REDUCE); what it returns called \
         at byte 72 (REDUCE); state set once"
    );
    // BUILD on a class itself.
    assert_eq!(audit(b"cshop\nOrder\n(S'a'\nNdb.").references[0].states, 1);
}

#[test]
fn attributes_are_listed_by_their_whole_name() {
    // getattr(getattr(shop.Order, 'Line'), 'make')()
    let pickle =
        b"cbuiltins\ngetattr\nq\x00h\x00cshop\nOrder\nX\x04\0\0\0Line\x86RX\x04\0\0\0make\x86R)R.";
    let report = audit(pickle);
    assert!(report.is_complete());
    assert_eq!(
        targets(&report),
        ["builtins.getattr", "shop.Order", "shop.Order.Line", "shop.Order.Line.make"]
    );
    assert_eq!(report.references[3].called.len(), 1);
}

#[test]
fn a_name_that_only_running_tells_is_said_to_be_computed() {
    // ''.join is not looked into, nor is what a persistent id stands for.
    let report = audit(b"cm\nf\n)R\x8c\x06system\x93)RPid\n\x8c\x01x\x93\x86.");
    assert!(report.is_complete(), "{report}");
    assert_eq!(targets(&report), ["m.f", "a global whose name is computed", "persistent ids"]);
    let computed = &report.references[1];
    assert_eq!((computed.named.len(), computed.called.len()), (2, 1));
}

#[test]
fn python2_names_are_those_that_python3_takes_them_for() {
    let pickle = b"c__builtin__\neval\n.";
    assert_eq!(targets(&audit(pickle)), ["builtins.eval"]);
    assert_eq!(targets(&DeOptions::new().fix_imports(false).audit(pickle)), ["__builtin__.eval"]);
    // From protocol 3 on names are Python 3's.
    assert_eq!(targets(&audit(b"\x80\x03c__builtin__\neval\n.")), ["__builtin__.eval"]);
}

#[test]
fn what_else_lies_outside_is_listed() {
    let pickle = b"\x80\x05\x82\xf0\x83\x01\x02\x82\xf0Pid\nK\x01Q\x97\x98.";
    let report = audit(pickle);
    assert_eq!(targets(&report), ["extension code 240", "extension code 513", "persistent ids"]);
    assert_eq!(report.references[0].named.len(), 2);
    assert_eq!(sites(&report.references[2].named), [(9, Opcode::Persid), (15, Opcode::Binpersid)]);
    assert_eq!(report.buffers, [16]);
    assert_eq!((report.protocol, report.needed), (Some(Protocol::V5), Protocol::V5));
    assert_eq!((report.instructions, report.length), (10, pickle.len() as u64));

    let mut extensions = ExtensionRegistry::new();
    extensions.add("shop", "Order", 240).unwrap();
    let report = DeOptions::new().extensions(extensions).audit(pickle);
    assert_eq!(targets(&report), ["shop.Order", "extension code 513", "persistent ids"]);
    assert_eq!(sites(&report.references[0].named), [(2, Opcode::Ext1), (7, Opcode::Ext1)]);
}

#[test]
fn the_protocol_that_is_needed_may_be_higher_than_announced() {
    let report = audit(b"\x80\x02\x8c\x01a.");
    assert_eq!((report.protocol, report.needed), (Some(Protocol::V2), Protocol::V4));
    assert_eq!(audit(b"N.").protocol, None);
}

#[test]
fn what_comes_before_a_fault_is_listed() {
    for (pickle, kind) in [
        (&b"cos\nsystem\n(S'ls'\ntR\xff"[..], ErrorKind::Syntax),
        (b"cos\nsystem\n(S'ls'\ntR", ErrorKind::Eof),
        (b"cos\nsystem\n(S'ls'\ntRNK\x01a.", ErrorKind::Syntax),
        (b"cos\nsystem\n(S'ls'\ntRNN\x93.", ErrorKind::Syntax),
    ] {
        let report = audit(pickle);
        let error = report.error.as_ref().unwrap();
        assert_eq!(error.kind(), kind, "{}", pickle.escape_ascii());
        assert!(!report.is_complete() && report.length <= error.offset().unwrap());
        assert_eq!(sites(&report.references[0].called), [(19, Opcode::Reduce)]);
        assert!(report.to_string().ends_with(&format!("not followed to its end: {error}\n")));
    }
}

#[test]
fn a_resolver_is_asked_and_ends_nothing() {
    let resolver =
        Renames::new().rename_module("models", "shop").and(AllowList::new().allow_module("shop"));
    let pickle = b"cmodels\nOrder\ncos\nsystem\ncshop\nLine\n.";
    let report = DeOptions::new().resolver(resolver).audit(pickle);
    assert!(report.is_complete());
    let resolutions: Vec<_> = report
        .references
        .iter()
        .map(|it| it.resolution.as_ref().unwrap().as_ref().unwrap())
        .collect();
    assert!(matches!(
        resolutions[..],
        [Resolution::Rename(_), Resolution::Deny, Resolution::Allow]
    ));
    assert_eq!(report.refused().count(), 1);
    let text = report.to_string();
    assert!(
        text.contains("\nrenamed: models.Order:") && text.contains("\nrefused: os.system:"),
        "{text}"
    );
    assert!(audit(pickle).references.iter().all(|it| it.resolution.is_none()));
}

#[test]
fn names_cannot_forge_the_report() {
    let name = format!("a\nallowed: b\u{202e}{}", "x".repeat(900));
    let pickle =
        [b"\x8c\x02osX", &(name.len() as u32).to_le_bytes()[..], name.as_bytes(), b"\x93."]
            .concat();
    let text = audit(&pickle).to_string();
    assert_eq!(text.lines().count(), 2);
    assert!(text.contains("os.a\\nallowed: b\\u202exx") && text.len() < 300, "{text}");
}

#[test]
fn a_thousand_names_in_a_thousand_modules_cost_no_more_than_their_places() {
    // Each module and each name is long, and comes once; the pairs are five bytes each.
    let (count, long) = (300_u32, 400);
    let mut pickle = Vec::new();
    for number in 0..2 * count {
        let text = format!("{number:0long$}");
        pickle.push(b'X');
        pickle.extend_from_slice(&(long as u32).to_le_bytes());
        pickle.extend_from_slice(text.as_bytes());
        pickle.extend_from_slice(b"\x940");
    }
    for module in 0..count {
        for name in count..2 * count {
            for index in [module, name] {
                pickle.push(b'j');
                pickle.extend_from_slice(&index.to_le_bytes());
            }
            pickle.extend_from_slice(b"\x930");
        }
    }
    pickle.extend_from_slice(b"N.");
    let report = audit(&pickle);
    assert!(report.is_complete());
    assert_eq!(report.references.len(), (count * count) as usize);
    let mut texts = BTreeMap::new();
    for reference in &report.references {
        let Target::Global { module, qualname } = &reference.target else { panic!("{reference}") };
        texts.insert(module.as_ptr(), module.len());
        texts.insert(qualname.as_ptr(), qualname.len());
    }
    assert_eq!(texts.values().sum::<usize>(), 2 * count as usize * long);
}

#[test]
fn names_put_together_by_getattr_are_charged() {
    // x = getattr(x, <900 bytes>), ten thousand times: the names come to 45 gigabytes.
    let mut pickle = b"cbuiltins\ngetattr\nq\x000X\x84\x03\0\0".to_vec();
    pickle.extend_from_slice(&[b'n'; 900]);
    pickle.extend_from_slice(b"q\x010cm\nC\nq\x020");
    for _ in 0..10_000 {
        pickle.extend_from_slice(b"h\x00h\x02h\x01\x86Rq\x020");
    }
    pickle.extend_from_slice(b"N.");
    let report = audit(&pickle);
    assert_eq!(report.error.as_ref().map(serde_pickle::Error::kind), Some(ErrorKind::Limit));
    let held: usize = report.references.iter().map(|it| it.target.to_string().len()).sum();
    assert!(held < 1 << 20 && report.references.len() > 100);
    assert!(
        DeOptions::new()
            .max_expansion(0)
            .audit(b"cbuiltins\ngetattr\n(cm\nC\nX\x01\0\0\0atR.")
            .is_complete()
    );
}

/// The calls of Python's unpickler: `find_class` with the names, `persistent_load`.
const TRACE: &str = r"
import io, json, pickle, re, sys, warnings
warnings.simplefilter('ignore')
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
except ImportError:
    pass
asked = []

class Meta(type):
    def append(cls, item): pass
    def extend(cls, items): list(items)
    def add(cls, item): pass
    def __setitem__(cls, key, value): pass
    def __call__(cls, *args, **kwargs):
        asked.append('called ' + cls.target)
        return cls.__new__(cls)

class Thing(metaclass=Meta):
    target = 'nothing'
    def __new__(cls, *args, **kwargs):
        return object.__new__(cls)
    def __getattr__(self, name):
        if name in ('append', 'add', '__setstate__'): return lambda item: None
        if name == 'extend': return list
        raise AttributeError(name)
    def __setitem__(self, key, value): pass
    def __call__(self, *args, **kwargs): return Thing.__new__(Thing)

class Reader(pickle.Unpickler):
    def find_class(self, module, name):
        target = re.sub('[\ud800-\udfff]', '\ufffd' * 3, '%s.%s' % (module, name))
        asked.append('named ' + target)
        return Meta('Thing', (Thing,), {'target': target})
    def persistent_load(self, pid):
        asked.append('persistent')
        return Thing.__new__(Thing)

for line in sys.stdin:
    del asked[:]
    data = bytes.fromhex(line.strip())
    complete = True
    try:
        Reader(io.BytesIO(data), encoding='utf-8').load()
    except Exception as error:
        complete = False
    print(json.dumps([complete, asked]))
";

/// The report as the same lines: what is named and called, in any order.
fn lines(report: &Audit) -> BTreeMap<String, usize> {
    let mut lines = BTreeMap::new();
    let mut add = |line: String, times: usize| {
        if times > 0 {
            *lines.entry(line).or_default() += times;
        }
    };
    for reference in &report.references {
        match &reference.target {
            Target::Global { module, qualname } => {
                add(format!("named {module}.{qualname}"), reference.named.len());
                // NEWOBJ is `__new__`, not a call of the class.
                let calls = reference
                    .called
                    .iter()
                    .filter(|site| !matches!(site.opcode, Opcode::Newobj | Opcode::NewobjEx));
                add(format!("called {module}.{qualname}"), calls.count());
            }
            Target::PersistentId => add("persistent".to_owned(), reference.named.len()),
            Target::Computed => add("named by a result".to_owned(), reference.named.len()),
            _ => {}
        }
    }
    lines
}

#[test]
fn python_is_asked_for_nothing_that_is_not_listed() {
    let mut pickles: Vec<Vec<u8>> = programs();
    pickles.extend(described().map(|(_, pickle, _)| pickle).filter(|pickle| pickle.len() < 5_000));
    let Some(answers) = ask(TRACE, &pickles) else { return };
    let mut failures = Failures::default();
    let mut complete_on_both_sides = 0;
    for (pickle, answer) in pickles.iter().zip(answers) {
        let (complete, asked): (bool, Vec<String>) = serde_json::from_str(&answer).unwrap();
        // A subclass of Unpickler sees the names before they are translated.
        let report = DeOptions::new().fix_imports(false).audit(pickle);
        let ours = lines(&report);
        let mut theirs = BTreeMap::new();
        for line in asked {
            *theirs.entry(line).or_insert(0_usize) += 1;
        }
        complete_on_both_sides += usize::from(complete && report.is_complete());
        // Where Python stops because a stand-in is not what the class would be, more is listed
        // here.
        let all_listed =
            theirs.iter().all(|(line, times)| ours.get(line).is_some_and(|ours| ours >= times));
        // A builtin is a stand-in there too, and takes items or a call that a set or a complex does
        // not take here.
        let of_builtin =
            report.error.as_ref().is_some_and(|error| error.kind() == ErrorKind::Syntax)
                && pickle.windows(7).any(|part| part == b"builtin");
        // Nobody can list what an older Python finds behind a frame that is wrong.
        let unknown = report.error.is_some()
            && report.references.iter().any(|it| it.target == Target::Unknown);
        failures.check(all_listed || of_builtin || unknown, || {
            format!(
                "{}\n  ours: {ours:?} {:?}\n  theirs: {theirs:?}",
                pickle.escape_ascii(),
                report.error
            )
        });
    }
    failures.finish(10_000);
    assert!(complete_on_both_sides > 3_000, "{complete_on_both_sides}");
}

/// `h\x02` fetches the 9 by `pickle.py` and CPython up to 3.14, and the 4 by the C code of 3.15.
#[test]
fn a_memoize_behind_numbers_left_out_is_unknown() {
    let site = |report: &Audit| {
        let unknown: Vec<_> =
            report.references.iter().filter(|it| it.target == Target::Unknown).collect();
        assert_eq!(report.refused().count(), unknown.len());
        assert!(unknown.len() <= 1);
        unknown.first().map(|it| it.named[0].offset)
    };
    let gap = b"\x80\x04K\x01q\x000K\x09q\xa40K\x09q\x020K\x02\x940K\x04\x940h\x02.";
    let report = audit(gap);
    assert!(report.is_complete());
    assert_eq!(site(&report), Some(19));
    assert_eq!(site(&audit(b"K\x01p164\n0K\x02\x94.")), Some(10));
    assert_eq!(site(&audit(b"K\x01p99999999999999999999\n0K\x02\x94.")), None);
    // Numbers in turn, a number given again, and PUTs alone.
    assert_eq!(site(&audit(b"K\x01q\x000K\x02q\x010K\x02q\x000K\x02\x94.")), None);
    assert_eq!(site(&audit(b"K\x01q\x010K\x02q\xa4.")), None);
    assert_eq!(site(&audit(b"K\x01\x940K\x02q\x01.")), None);
}

/// A reference without its places.
type Counts = (Target, u64, u64, u64, u64);

fn counts(report: &Audit) -> Vec<Counts> {
    let counts = |it: &Reference| {
        let called = (it.times_called, it.times_results_called);
        (it.target.clone(), it.times_named, called.0, called.1, it.states)
    };
    report.references.iter().map(counts).collect()
}

/// The audit of a reader lists what the audit of a slice lists; where Python would end because of
/// the kinds of operands, it may go on and list more.
fn agree(pickle: &[u8]) -> Result<(), String> {
    let (whole, pieces) = (audit(pickle), audit_reader(std::io::Cursor::new(pickle)));
    let (expected, found) = (counts(&whole), counts(&pieces));
    let head = |it: &Audit| (it.instructions, it.length, it.protocol, it.needed);
    let same = if whole.is_complete() {
        pieces.is_complete()
            && expected == found
            && head(&whole) == head(&pieces)
            && whole.buffers == pieces.buffers
    } else {
        // A frame whose bytes are not all there is known at once in memory, and here at its end.
        let limit = whole.error.as_ref().is_some_and(|error| error.kind() == ErrorKind::Limit);
        (pieces.instructions >= whole.instructions || limit)
            && expected.iter().all(|(target, named, called, results, states)| {
                found.iter().any(|it| {
                    it.0 == *target
                        && it.1 >= *named
                        && it.2 >= *called
                        && it.3 >= *results
                        && it.4 >= *states
                })
            })
    };
    if same { Ok(()) } else { Err(format!("{whole:?}\nand of a reader {pieces:?}")) }
}

#[test]
fn a_reader_gives_the_references_of_the_slice() {
    let mut failures = Failures::default();
    for (file, pickle, _) in described() {
        let agreed = agree(&pickle);
        failures.check(agreed.is_ok(), || format!("{file}: {agreed:?}"));
    }
    for pickle in programs() {
        let agreed = agree(&pickle);
        failures.check(agreed.is_ok(), || format!("{pickle:?}: {agreed:?}"));
    }
    failures.finish(10_000);
}

#[test]
fn a_reader_lists_the_first_places_and_counts_all() {
    let mut pickle = b"(".to_vec();
    pickle.extend(b"cm\nf\n)R".repeat(100));
    pickle.extend(b"l.");
    let report = audit_reader(std::io::Cursor::new(&pickle));
    let reference = &report.references[0];
    assert_eq!((reference.times_named, reference.times_called), (100, 100));
    assert_eq!((reference.named.len(), reference.called.len()), (16, 16));
    assert!(report.to_string().contains("and 97 more"), "{report}");
}

#[test]
fn names_far_back_are_found_again() {
    // The names are stored, megabytes follow, and then they are fetched.
    let mut pickle = b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94".to_vec();
    for _ in 0..3 {
        pickle.push(b'B');
        pickle.extend(1_000_000_u32.to_le_bytes());
        pickle.extend(vec![0; 1_000_000]);
    }
    pickle.extend(b"000h\x00h\x01\x93\x8c\x02id\x85R.");
    let report = audit_reader(std::io::Cursor::new(&pickle));
    assert!(report.is_complete(), "{:?}", report.error);
    assert_eq!(report.references[0].target.to_string(), "posix.system");
    assert_eq!(report.references[0].times_called, 1);
}
