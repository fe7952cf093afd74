//! The modules for `#[serde(with = …)]` that need no feature.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::time::Duration;

use num_bigint::BigInt;
use serde::{Deserialize, Serialize};
use serde_pickle::{from_slice, python, to_vec};

use super::Cases;

/// A newtype whose content goes through a module.
macro_rules! newtype {
    ($name:ident($type:ty), $module:literal) => {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct $name(#[serde(with = $module)] $type);
    };
}

newtype!(Length(Duration), "python::duration");
newtype!(Lengths(Vec<Option<Duration>>), "python::duration");
newtype!(Big(BigInt), "python::big_int");
newtype!(Address(IpAddr), "python::ip_addr");
newtype!(Four(Ipv4Addr), "python::ip_addr");
newtype!(Six(Option<Ipv6Addr>), "python::ip_addr");
newtype!(File(PathBuf), "python::path_buf");
newtype!(AsSet(BTreeSet<u8>), "python::set");
newtype!(AsFrozenSet(Vec<u8>), "python::frozenset");
newtype!(AsTuple(Vec<(u8, u8)>), "python::tuple");
newtype!(AsByteArray(Vec<u8>), "python::bytearray");
newtype!(AsComplex((f64, f64)), "python::complex");
newtype!(Ordered(BTreeMap<u8, u8>), "python::ordered_dict");

#[test]
fn python_loads_the_object() {
    const EVERY: (u32, u32) = (2, 7);
    const PYTHON3: (u32, u32) = (3, 6);

    let mut cases = Cases::default();
    let length = Duration::from_micros(90_000_001);
    cases.add(EVERY, "timedelta(seconds=90, microseconds=1)", Length(length));
    cases.add(
        EVERY,
        "[None, timedelta(seconds=90, microseconds=1)]",
        Lengths(vec![None, Some(length)]),
    );
    for (python, int) in
        [("-(1 << 2048)", -(BigInt::from(1) << 2_048_u32)), ("1 << 64", BigInt::from(1) << 64_u32)]
    {
        cases.add(PYTHON3, python, Big(int));
    }
    cases.add(PYTHON3, "-7", Big(BigInt::from(-7)));
    cases.add(PYTHON3, "ipaddress.IPv6Address('::1')", Address(Ipv6Addr::LOCALHOST.into()));
    cases.add(PYTHON3, "ipaddress.IPv4Address('127.0.0.1')", Four(Ipv4Addr::LOCALHOST));
    cases.add(PYTHON3, "None", Six(None));
    cases.add(PYTHON3, "pathlib.Path('a/b')", File("a/b".into()));
    cases.add(EVERY, "set([1, 2])", AsSet([1, 2].into()));
    cases.add(EVERY, "frozenset([1, 2])", AsFrozenSet(vec![1, 2]));
    cases.add(EVERY, "((1, 2), (3, 4))", AsTuple(vec![(1, 2), (3, 4)]));
    cases.add(EVERY, "bytearray(b'ab')", AsByteArray(b"ab".to_vec()));
    cases.add(EVERY, "1.5j", AsComplex((0.0, 1.5)));
    cases.add(EVERY, "OrderedDict([(1, 2), (3, 4)])", Ordered([(1, 2), (3, 4)].into()));
    cases.ask();
}

#[test]
fn what_the_type_has_no_place_for_is_an_error() {
    let negative = to_vec(&python::TimeDelta::new(0, 0, -1).unwrap()).unwrap();
    let error = from_slice::<Length>(&negative).unwrap_err().to_string();
    assert!(
        error.contains("a Duration cannot be negative, and this timedelta is -PT0.000001S"),
        "{error}"
    );
    let six = to_vec(&Address(Ipv6Addr::LOCALHOST.into())).unwrap();
    let error = from_slice::<Four>(&six).unwrap_err().to_string();
    assert!(error.contains("expected an IPv4 address, found ::1"), "{error}");
    assert!(to_vec(&Length(Duration::MAX)).is_err());
    let list = to_vec(&[1, 2]).unwrap();
    assert!(from_slice::<AsSet>(&list).is_err());
    assert_eq!(from_slice::<AsTuple>(&to_vec(&[[1, 2]]).unwrap()).unwrap(), AsTuple(vec![(1, 2)]));
}

#[test]
fn any_map_is_read_as_an_ordered_dict() {
    assert_eq!(
        from_slice::<Ordered>(&to_vec(&BTreeMap::from([(1, 2)])).unwrap()).unwrap(),
        Ordered([(1, 2)].into())
    );
}
