//! Numbers, UUIDs, paths and addresses, read by std and by the crates that have such types.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::str::FromStr;

use num_complex::Complex64;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{read, reads, reads_from_all};

#[test]
fn decimals() {
    reads_from_all("decimal/fraction", true, Decimal::from_str("1.50").unwrap());
    reads_from_all("decimal/fraction", true, "1.50".to_owned());
    reads("decimal/negative", Decimal::from_str("-123.456").unwrap());
    reads("decimal/exponent", Decimal::from_scientific("1E+10").unwrap());
    reads("decimal/fifty_digits", "12345678901234567890123456789012345678901234567890".to_owned());
    // A value that the type cannot hold is the type's own error.
    for beyond in ["decimal/nan", "decimal/infinity", "decimal/fifty_digits"] {
        assert!(read::<Decimal>(beyond).is_err(), "{beyond}");
    }
}

#[test]
fn the_text_of_a_decimal_is_borrowed() {
    let bytes = super::newest("decimal/fraction");
    assert_eq!(serde_pickle::from_slice::<&str>(&bytes).unwrap(), "1.50");
}

#[test]
fn fractions() {
    reads_from_all("fraction/third", true, "1/3".to_owned());
    reads("fraction/negative", "-22/7".to_owned());
    reads("fraction/whole", "3".to_owned());
    reads("fraction/big", "1000000000000000000000000000000/3".to_owned());
    assert_eq!(read::<(i64, i64)>("fraction/negative").unwrap(), (-22, 7));
}

#[test]
fn uuids() {
    let expected = Uuid::from_str("12345678-1234-4678-9234-567812345678").unwrap();
    reads_from_all("uuid/v4", true, expected);
    reads("uuid/safe", Uuid::from_str("12345678-1234-1678-9234-567812345678").unwrap());
    reads("uuid/nil", Uuid::nil());
    reads("uuid/max", Uuid::max());
    reads("uuid/list", vec![Uuid::from_u128(1), Uuid::from_u128(2)]);
}

#[test]
fn complex_numbers() {
    reads_from_all("complex/plain", true, Complex64::new(1.5, -2.0));
    reads_from_all("complex/plain", true, (1.5, -2.0));
    reads("complex/imaginary", Complex64::new(0.0, 1.0));
    let minus_zero: Complex64 = read("complex/minus_zero").unwrap();
    assert!(minus_zero.re.is_sign_negative() && minus_zero.im.is_sign_negative());
    reads("subclasses/complex", Complex64::new(1.0, 2.0));
}

#[test]
fn paths() {
    reads_from_all("paths/pure_posix", false, PathBuf::from("/usr/lib/x.py"));
    reads_from_all("paths/posix", false, PathBuf::from("/etc/hosts"));
    reads_from_all("paths/pure_windows", false, r"C:\Users\x\y.txt".to_owned());
    reads("paths/pure_windows_unc", r"\\server\share\dir".to_owned());
    reads("paths/pure_posix_parts", PathBuf::from("a/b/c"));
    reads("paths/posix_dot", PathBuf::from("."));
    reads("paths/posix_root", PathBuf::from("/"));
    reads("paths/unicode", "/tmp/ä中".to_owned());
}

#[test]
fn addresses() {
    let v4 = Ipv4Addr::new(192, 168, 0, 1);
    reads_from_all("ipaddress/v4", false, v4);
    reads_from_all("ipaddress/v4", false, IpAddr::V4(v4));
    let v6 = Ipv6Addr::from_str("2001:db8::1").unwrap();
    reads_from_all("ipaddress/v6", false, v6);
    reads_from_all("ipaddress/v6", false, IpAddr::V6(v6));
    reads_from_all("ipaddress/v4_network", false, "10.0.0.0/8".to_owned());
    reads_from_all("ipaddress/v4_interface", false, "192.168.0.1/24".to_owned());
    reads("ipaddress/v6_network", "2001:db8::/32".to_owned());
    reads("ipaddress/v6_interface", "2001:db8::1/64".to_owned());
    // The number, as the pickle has it.
    assert_eq!(read::<(u32,)>("ipaddress/v4").unwrap(), (u32::from(v4),));
}
