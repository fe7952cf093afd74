//! The types of `serde_pickle::python`: what Python loads, what comes back, and what Pythons wrote.

#[cfg(all(feature = "chrono", feature = "jiff", feature = "uuid", feature = "rust_decimal"))]
mod crates;
mod example;
mod fixtures;
mod load;
mod other_formats;
mod with;

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_pickle::{Protocol, SerOptions, from_slice};

use crate::interpreters::pythons;

/// Says of a pair of an expression and a value whether they are one thing: equal, of one type, and
/// printed alike, which for a datetime tells zone and fold.
const SETUP: &str = r#"
import datetime, decimal, fractions, uuid, collections
from datetime import datetime as DT, date, time, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID
from collections import OrderedDict, defaultdict, Counter, deque
if sys.version_info[0] >= 3:
    import enum, ipaddress, pathlib, types
    from datetime import timezone
    from types import SimpleNamespace
    class Color(enum.Enum):
        RED = 1
        BLUE = 'b'
    Color.__module__ = 'colors'
    colors = types.ModuleType('colors')
    colors.Color = Color
    sys.modules['colors'] = colors
if sys.version_info >= (3, 9):
    from zoneinfo import ZoneInfo
def types_of(x):
    if isinstance(x, dict):
        items = [(types_of(k), types_of(x[k])) for k in x]
        return [type(x), getattr(x, 'default_factory', 0), items]
    if isinstance(x, (list, tuple, collections.deque)):
        return [type(x), getattr(x, 'maxlen', 0), [types_of(y) for y in x]]
    if isinstance(x, (set, frozenset)):
        return [type(x), sorted(repr(types_of(y)) for y in x)]
    if isinstance(x, (DT, time)):
        return [type(x), type(x.tzinfo), getattr(x, 'fold', 0)]
    return type(x)
def canon(pair):
    text, value = pair
    expected = eval(text)
    try:
        equal = value == expected or (value != value and expected != expected)
    except decimal.InvalidOperation:
        equal = repr(value) == repr(expected)
    if types_of(value) == types_of(expected) and equal and (
            sys.version_info[0] == 2 or isinstance(value, (set, frozenset))
            or repr(value) == repr(expected)):
        return 'the same'
    return '%r, not %r' % (value, expected)
"#;

/// Values with what they are in Python, and the first Python that has the type.
#[derive(Default)]
struct Cases(Vec<(String, (u32, u32), Protocol, Vec<u8>)>);

impl Cases {
    /// Writes a value at every protocol, and reads it back.
    #[track_caller]
    fn add<T: Serialize + DeserializeOwned + PartialEq + Debug>(
        &mut self,
        since: (u32, u32),
        python: &str,
        value: T,
    ) {
        for protocol in Protocol::ALL {
            let options = SerOptions::new().protocol(protocol);
            let bytes = options.to_vec(&value).unwrap();
            match from_slice::<T>(&bytes) {
                Ok(back) => assert_eq!(back, value, "{python} at protocol {protocol:?}"),
                Err(error) => {
                    panic!("{python} at protocol {protocol:?}: {error}: {}", bytes.escape_ascii())
                }
            }
            let pair = options.to_vec(&(python, &value)).unwrap();
            self.0.push((python.to_owned(), since, protocol, pair));
        }
    }

    /// Asks every Python what it loads.
    fn ask(self) {
        assert!(!self.0.is_empty());
        for python in pythons() {
            let there = |case: &&(_, (u32, u32), Protocol, _)| {
                // Classes added in 3.0 are not in 2.7.
                case.1 <= python.version && python.reads(case.2)
            };
            let cases: Vec<_> = self.0.iter().filter(there).collect();
            let pickles: Vec<Vec<u8>> = cases.iter().map(|case| case.3.clone()).collect();
            let answers = python.loads(SETUP, &pickles);
            assert_eq!(answers.len(), cases.len(), "one answer a pickle");
            for ((name, _, protocol, pickle), answer) in cases.into_iter().zip(answers) {
                let (number, version) = (protocol.number(), python.version);
                assert_eq!(
                    answer,
                    "the same",
                    "{name} at protocol {number} in Python {version:?}: {}",
                    pickle.escape_ascii()
                );
            }
        }
    }
}
