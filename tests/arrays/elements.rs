//! Elements that are no plain ints and floats: halves, complex numbers, long doubles.

use half::f16;
use serde_pickle::python::numpy::{NdArray, Order};
use serde_pickle::value::Complex;

#[test]
fn halves_are_elements() {
    let halves: Vec<f16> = [0.5, -2.0, 65_504.0].map(f16::from_f32).to_vec();
    let array = NdArray::from_vec(halves.clone(), &[3]).unwrap();
    assert_eq!(array.dtype().to_string(), "<f2");
    let bytes = serde_pickle::to_vec(&array).unwrap();
    let again: NdArray = serde_pickle::from_slice(&bytes).unwrap();
    assert_eq!(again.to_vec::<f16>().unwrap(), halves);
    assert_eq!(again.to_vec::<f64>().unwrap(), [0.5, -2.0, 65_504.0]);
    assert_eq!(again.to_ndarray::<f16>().unwrap()[[1]], f16::from_f32(-2.0));
    // One that a half cannot say.
    let wide = NdArray::from_vec(vec![0.1_f64], &[1]).unwrap();
    assert!(wide.to_vec::<f16>().is_err());
}

#[test]
fn complex_numbers_are_elements() {
    let values = vec![Complex::new(1.0, 2.0), Complex::new(0.0, -0.5)];
    let array = NdArray::from_vec(values.clone(), &[2]).unwrap();
    assert_eq!(array.dtype().to_string(), "<c16");
    let bytes = serde_pickle::to_vec(&array).unwrap();
    let again: NdArray = serde_pickle::from_slice(&bytes).unwrap();
    assert_eq!(again.to_vec::<Complex>().unwrap(), values);
    assert!(again.to_vec::<f64>().is_err());
    let narrow: Vec<u8> = [1.5_f32, -2.0].iter().flat_map(|part| part.to_be_bytes()).collect();
    let narrow = NdArray::new(">c8".parse().unwrap(), &[1], Order::C, narrow).unwrap();
    assert_eq!(narrow.to_vec::<Complex>().unwrap(), [Complex::new(1.5, -2.0)]);
    let real = NdArray::from_vec(vec![3_u8], &[1]).unwrap();
    assert_eq!(real.to_vec::<Complex>().unwrap(), [Complex::from(3.0)]);
}

/// `np.array([0.5, 0.1, -3], 'longdouble').tobytes()` on x86.
#[test]
fn long_doubles_are_floats() {
    let elements = [
        (0x3ffe_u16, 1_u64 << 63),
        (0x3ffb, 0xcccc_cccc_cccc_cccd),
        (0xc000, 0xc000_0000_0000_0000),
    ];
    let mut bytes = Vec::new();
    for (head, fraction) in elements {
        bytes.extend(fraction.to_le_bytes());
        bytes.extend(head.to_le_bytes());
        bytes.extend([0; 6]);
    }
    let array = NdArray::new("<f16".parse().unwrap(), &[3], Order::C, &bytes[..]).unwrap();
    assert_eq!(array.to_vec::<f64>().unwrap(), [0.5, 0.1, -3.0]);
    let pickle = serde_pickle::to_vec(&array).unwrap();
    assert_eq!(serde_pickle::from_slice::<Vec<f64>>(&pickle).unwrap(), [0.5, 0.1, -3.0]);
    // What may be a float of 128 bits is refused.
    bytes[15] = 0x3f;
    let array = NdArray::new("<f16".parse().unwrap(), &[3], Order::C, bytes).unwrap();
    assert!(array.to_vec::<f64>().unwrap_err().to_string().contains("long double"));
}
