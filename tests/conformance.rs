//! We accept what CPython 3.13's C unpickler accepts, and refuse what it refuses.
//!
//! `fixtures/invalid` and `fixtures/odd` were assembled to find differences. Every one that is
//! meant stands in the tables here, by the file that shows it, and in docs/CONFORMANCE.md with its
//! reason.

use serde_pickle::reduce::{Args, Global, Reduce};
use serde_pickle::{ErrorKind, Value};

use crate::corpus::{Failures, Fixture, files, folder};
use crate::fixtures::resolved;

/// Refused by CPython, read by us; how.
const READ_ALL_THE_SAME: &[(&str, &str)] = &[
    // An 8-bit string that the default, UTF-8, cannot decode stays bytes in a Value.
    ("short_binstring_under_utf8.pickle", r"b'caf\xe9'"),
    ("short_binstring_surrogate_under_utf8.pickle", r"b'\xed\xa0\x80'"),
    // Python 2.2 wrote None for no arguments.
    ("type_reduce_args_none.pickle", "shapes.Point()"),
    // Only the class knows whether it has a __setstate__, which takes any state.
    ("type_build_state_int.pickle", "shapes.Empty(state=1)"),
    ("type_build_state_list.pickle", "shapes.Empty(state=[])"),
    ("type_build_state_three.pickle", "shapes.Empty(state=({}, {}, {}))"),
    ("type_build_slots_list.pickle", "shapes.Empty(state=(None, []))"),
    ("type_build_none_pair.pickle", "shapes.Empty(state=(None, None))"),
    ("type_build_dict_and_none.pickle", "shapes.Empty(state=({'a': 1}, None))"),
    ("type_build_falsy_state.pickle", "shapes.Empty(state=0)"),
];

/// Accepted by CPython; an error here, and which.
const REFUSED: &[(&str, &str)] = &[
    // The machine knows its own containers by what Picklers do with them.
    ("setitem_on_list.pickle", "expected a dict under SETITEM, found a list, at byte 8"),
    ("setitems_on_list.pickle", "expected a dict under SETITEMS, found a list, at byte 18"),
    ("append_to_bytearray.pickle", "expected a list under APPEND, found a bytearray, at byte 14"),
    ("appends_to_bytearray.pickle", "expected a list under APPENDS, found a bytearray, at byte 17"),
    (
        "setitems_on_bytearray.pickle",
        "expected a dict under SETITEMS, found a bytearray, at byte 18",
    ),
    // A Value is a tree.
    ("memo_append_itself.pickle", "a list contains itself at [0]; a Graph can hold it, at byte 0"),
    (
        "memo_appends_itself_twice.pickle",
        "a list contains itself at [0]; a Graph can hold it, at byte 0",
    ),
    (
        "memo_dict_value_itself.pickle",
        "a dict contains itself at [1]; a Graph can hold it, at byte 0",
    ),
    (
        "memo_tuple_through_list.pickle",
        "a list contains itself at [0][0]; a Graph can hold it, at byte 0",
    ),
    // Buffers and pickle do not belong together.
    ("next_buffer_extra.pickle", "2 out-of-band buffers were given, and the pickle takes 1"),
    // Only the class knows the meaning of two states.
    ("build_twice.pickle", "an object is given state twice; read it with Graph, at byte 15"),
];

/// Accepted by both. CPython calls what it finds; here it is data, and prints as what it is made
/// of.
const NOT_CALLED: &[(&str, &str)] = &[
    (
        "global_renamed.pickle",
        "(<global 'builtins.str'>, <global 'builtins.range'>, <global 'builtins.int'>)",
    ),
    ("global_renamed_late.pickle", "(<global 'builtins.set'>, <global 'builtins.set'>)"),
    ("global_renamed_again.pickle", "(<global 'builtins.set'>, <global 'builtins.set'>)"),
    ("global_python3_name_in_protocol_2.pickle", "<global 'builtins.int'>"),
    ("global_dotted_protocol_4.pickle", "<global 'shapes.Outer.Inner'>"),
    ("global_dotted_after_late_proto.pickle", "<global 'shapes.Outer.Inner.Innermost'>"),
    ("stack_global_dotted.pickle", "<global 'shapes.Outer.Inner'>"),
    (
        "stack_global_from_memo.pickle",
        "('shapes', <global 'shapes.Point'>, <global 'shapes.Empty'>)",
    ),
    ("stack_global_in_protocol_0.pickle", "<global 'builtins.set'>"),
    ("ext1.pickle", "<global 'builtins.complex'>"),
    (
        "ext_three_widths.pickle",
        "(<global 'builtins.complex'>, <global 'builtins.complex'>, <global 'builtins.complex'>)",
    ),
    ("reduce_getattr.pickle", "<global 'shapes.Outer.Inner'>"),
    // Calls that no Pickler writes for the value they make stay calls.
    ("newobj_range.pickle", "builtins.range(1, 5)"),
    ("newobj_complex.pickle", "builtins.complex(1, 2)"),
    ("newobj_ex_kwargs.pickle", "builtins.complex(real=1, imag=2)"),
    ("newobj_ex_both.pickle", "builtins.complex(1, imag=2)"),
    ("newobj_ex_neither.pickle", "builtins.list()"),
    ("newobj_list_then_appends.pickle", "builtins.list(listitems=[1, 2])"),
    ("newobj_dict_then_setitems.pickle", "builtins.dict(dictitems=[(1, 2)])"),
    ("obj_with_arguments.pickle", "builtins.complex(1, 2)"),
    ("obj_below_item.pickle", "(7, builtins.complex(1))"),
    ("inst_with_arguments.pickle", "builtins.complex(1, 2)"),
    ("reduce_list.pickle", "builtins.list(listitems=[1])"),
    ("reduce_dict.pickle", "builtins.dict(dictitems=[(1, 2)])"),
    ("reduce_bytes_of_int.pickle", "builtins.bytes(3)"),
    ("reduce_bytearray_of_int.pickle", "builtins.bytearray(3)"),
    ("reduce_int_of_text.pickle", "builtins.int('42')"),
    ("reduce_ordered_dict.pickle", "collections.OrderedDict(dictitems=[(1, 2), (3, 4)])"),
    ("reduce_ordered_dict_of_pairs.pickle", "collections.OrderedDict([[1, 2], [3, 4]])"),
    (
        "reconstructor_with_base.pickle",
        "copyreg._reconstructor(<global 'shapes.IntWithAttributes'>, <global 'builtins.int'>, 5)",
    ),
    // Instances.
    ("obj_without_arguments.pickle", "shapes.Empty()"),
    ("inst_without_arguments.pickle", "shapes.Empty()"),
    ("reconstructor.pickle", "shapes.Empty()"),
    ("inst_then_build.pickle", "shapes.Empty(state={'a': 1})"),
    ("build_empty_dict.pickle", "shapes.Empty(state={})"),
    ("build_none_and_slots.pickle", "shapes.Empty(state=(None, {'a': 1}))"),
    ("build_dict_and_slots.pickle", "shapes.Empty(state=({'a': 1}, {'b': 2}))"),
    ("build_int_key.pickle", "shapes.Empty(state={1: 2})"),
    ("build_then_get.pickle", "(shapes.Empty(state={'a': 1}), shapes.Empty(state={'a': 1}))"),
    ("build_setstate_none.pickle", "shapes.StateAny(state=None)"),
    ("instance_of_point.pickle", "shapes.Point(state={'x': 1, 'y': 2})"),
    // CPython's default BUILD copies the dict at once; __setstate__ may keep it. The state is what
    // the dict becomes.
    ("build_state_grows_later.pickle", "shapes.Empty(state={'a': 1, 'b': 2})"),
    ("readonly_buffer_of_bytearray.pickle", "PickleBuffer(b'abc', readonly=True)"),
];

fn listed(list: &[(&str, &'static str)], fixture: &Fixture) -> Option<&'static str> {
    list.iter().find(|(file, _)| *file == fixture.file).map(|(_, what)| *what)
}

fn expected_kind(fixture: &Fixture) -> ErrorKind {
    match fixture.text("category") {
        "eof" => ErrorKind::Eof,
        "syntax" => ErrorKind::Syntax,
        "unsupported" => ErrorKind::Unsupported,
        "data" if fixture.file.starts_with("buffer_none") || fixture.file.starts_with("ext") => {
            ErrorKind::Unsupported
        }
        "data" if fixture.file.starts_with("buffer_") => ErrorKind::Data,
        "data" if fixture.file.contains("_under_") => ErrorKind::Data,
        // To CPython these are errors of the objects; without objects, they are instructions that
        // make no sense.
        "data" => ErrorKind::Syntax,
        other => panic!("{}: what category is {other}?", fixture.name()),
    }
}

#[test]
fn what_cpython_refuses_is_refused_at_a_byte() {
    let mut failures = Failures::default();
    for fixture in files("invalid") {
        let read = fixture.options().from_slice::<Value>(&fixture.bytes);
        match (read, listed(READ_ALL_THE_SAME, &fixture)) {
            (Ok(value), Some(expected)) => {
                // Compares the printed form, not the text.
                let shown = value.to_string();
                failures.check(shown == expected, || {
                    format!("{}: {shown:.100}, not {expected}", fixture.name())
                });
            }
            (Ok(value), None) => failures.push(format!(
                "{}: {value:.100}\n   {}",
                fixture.name(),
                fixture.text("why")
            )),
            (Err(error), Some(_)) => {
                failures.push(format!("{}: refused after all: {error}", fixture.name()));
            }
            (Err(error), None) => {
                failures.check(error.kind() == expected_kind(&fixture), || {
                    format!(
                        "{}: {:?} of {}: {error}",
                        fixture.name(),
                        error.kind(),
                        fixture.entry["cpython_error"]
                    )
                });
                failures.check(
                    error.offset().is_some() || fixture.file.starts_with("buffer_none"),
                    || format!("{}: where? {error}", fixture.name()),
                );
            }
        }
    }
    failures.finish(800);
}

#[test]
fn what_cpython_accepts_is_accepted_with_the_same_value() {
    let mut failures = Failures::default();
    for fixture in files("odd") {
        let read = fixture.options().from_slice::<Value>(&fixture.bytes);
        let difference = listed(REFUSED, &fixture).or(listed(NOT_CALLED, &fixture));
        let found = match read {
            Ok(value) if difference.is_some() => value.to_string(),
            Ok(value) => resolved(value).to_string(),
            Err(error) => error.to_string(),
        };
        let expected = difference.unwrap_or(fixture.text("repr"));
        failures.check(found == expected, || {
            format!(
                "{}: {found:.200}\n   {expected:.100}\n   {}",
                fixture.name(),
                fixture.text("why")
            )
        });
    }
    failures.finish(300);
}

#[test]
fn every_meant_difference_is_in_the_document() {
    let document = std::fs::read_to_string(folder().join("../docs/CONFORMANCE.md")).unwrap();
    let mut failures = Failures::default();
    for (file, _) in READ_ALL_THE_SAME.iter().chain(REFUSED) {
        let name = file.trim_end_matches(".pickle");
        failures.check(document.contains(&format!("`{name}`")), || {
            format!("{name} is not in docs/CONFORMANCE.md")
        });
    }
    failures.finish(15);
}

#[test]
fn arguments_that_are_none_make_what_new_makes() {
    // Python 2.2 called `__basicnew__` then.
    let value: Value = serde_pickle::from_slice(b"cgeometry\nPoint\nNR.").unwrap();
    assert_eq!(
        value,
        Value::from(Reduce::new_obj(Global::new("geometry", "Point"), Args::default()))
    );
}

#[test]
fn a_carriage_return_of_a_text_file_is_named() {
    let ints: Vec<u8> = serde_pickle::from_slice(b"(lp0\r\nI1\r\naI2\r\na.").unwrap();
    assert_eq!(ints, [1, 2]);
    let error = serde_pickle::from_slice::<Value>(b"S'a'\r\np0\r\n.").unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with(
            "a line ends in CR LF: the pickle was written or copied as a text file, at byte 0; "
        ),
        "{text}"
    );
}
