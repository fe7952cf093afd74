//! Arrays of numpy as those of ndarray.

use ndarray::{Array, ArrayD, IxDyn, array};
use serde::Deserialize;
use serde_pickle::python::numpy::{NdArray, Order};
use serde_pickle::{DeOptions, Protocol, SerOptions};

/// Bytes that begin at a multiple of 8, or one behind it.
struct Aligned {
    words: Vec<u64>,
    len: usize,
}

impl Aligned {
    fn new(bytes: &[u8], skip: usize) -> Self {
        let mut padded = vec![0; skip];
        padded.extend_from_slice(bytes);
        let len = padded.len();
        padded.resize(len.next_multiple_of(8), 0);
        let words = padded.as_chunks::<8>().0;
        Self { words: words.iter().map(|word| u64::from_ne_bytes(*word)).collect(), len }
    }

    fn bytes(&self, skip: usize) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[skip..self.len]
    }
}

#[test]
fn an_aligned_array_is_borrowed_and_another_copied() {
    let array = NdArray::from_vec(vec![1.5_f64, -2.0, 3.0, 4.0, 5.0, 6.0], &[2, 3]).unwrap();
    let data: Vec<u8> = array.data().to_vec();
    let mut borrowed = 0;
    for skip in 0..8 {
        let memory = Aligned::new(&data, skip);
        let bytes = memory.bytes(skip);
        let array = NdArray::new("<f8".parse().unwrap(), &[2, 3], Order::C, bytes).unwrap();
        let copy = array.to_ndarray::<f64>().unwrap();
        assert_eq!(copy, array![[1.5, -2.0, 3.0], [4.0, 5.0, 6.0]].into_dyn());
        match array.view::<f64>() {
            Ok(view) => {
                assert_eq!(view.as_ptr().cast::<u8>(), bytes.as_ptr());
                assert!(copy.is_view());
                borrowed += 1;
            }
            Err(error) => {
                assert!(error.to_string().contains("not aligned"), "{error}");
                assert!(!copy.is_view());
            }
        }
    }
    assert_eq!(borrowed, 1);
}

/// A buffer out of band is the caller's memory.
#[test]
fn a_buffer_out_of_band_is_borrowed() {
    let array = NdArray::from_vec((0..100_i64).collect(), &[10, 10]).unwrap();
    let options = SerOptions::new().protocol(Protocol::V5);
    let (pickle, buffers) = options.to_vec_with_buffers(&array.in_buffer()).unwrap();
    let buffers: Vec<Aligned> =
        buffers.iter().map(|buffer| Aligned::new(&buffer.data, 0)).collect();
    let slices: Vec<&[u8]> = buffers.iter().map(|memory| memory.bytes(0)).collect();
    let array: NdArray =
        DeOptions::new().buffers(slices.iter().copied()).from_slice(&pickle).unwrap();
    let view = array.view::<i64>().unwrap();
    assert_eq!(view.as_ptr().cast::<u8>(), slices[0].as_ptr());
    assert_eq!(view[[3, 4]], 34);
}

#[test]
fn orders_and_byte_orders() {
    let bytes: Vec<u8> = [1_i16, 2, 3, 4, 5, 6].iter().flat_map(|n| n.to_be_bytes()).collect();
    let big = NdArray::new(">i2".parse().unwrap(), &[2, 3], Order::Fortran, &bytes[..]).unwrap();
    let expected = array![[1_i16, 3, 5], [2, 4, 6]].into_dyn();
    assert_eq!(big.to_ndarray::<i16>().unwrap(), expected);
    assert!(big.view::<i16>().unwrap_err().to_string().contains("byte order"));
    assert!(big.view::<i32>().unwrap_err().to_string().contains("dtype"));
    // Wider numbers are made of them.
    assert_eq!(big.to_ndarray::<f64>().unwrap(), expected.mapv(f64::from));
    let little: Vec<u8> = [1_i16, 2, 3, 4, 5, 6].iter().flat_map(|n| n.to_le_bytes()).collect();
    let memory = Aligned::new(&little, 0);
    let fortran =
        NdArray::new("<i2".parse().unwrap(), &[2, 3], Order::Fortran, memory.bytes(0)).unwrap();
    assert_eq!(fortran.view::<i16>().unwrap(), expected);
    // Without dimensions, and without elements.
    let scalar = NdArray::from_vec(vec![7_u8], &[]).unwrap();
    assert_eq!(scalar.view::<u8>().unwrap()[IxDyn(&[])], 7);
    let empty = NdArray::from_vec(Vec::<u8>::new(), &[0, 5]).unwrap();
    assert_eq!(empty.to_ndarray::<u8>().unwrap().shape(), [0, 5]);
}

#[test]
fn arrays_of_ndarray_are_written() {
    let matrix = Array::from_shape_fn((3, 4, 2), |(i, j, k)| (i * 100 + j * 10 + k) as f64);
    let swapped = matrix.view().permuted_axes((2, 0, 1));
    let bytes = serde_pickle::to_vec(&NdArray::from_ndarray(&swapped).unwrap()).unwrap();
    let again: NdArray = serde_pickle::from_slice(&bytes).unwrap();
    assert_eq!(again.to_ndarray::<f64>().unwrap(), swapped.into_dyn());
    let many = ArrayD::<u8>::zeros(IxDyn(&[1; 65]));
    assert!(NdArray::from_ndarray(&many).is_err());
}

/// As a field of a derived type, borrowed.
#[test]
fn an_array_is_a_field() {
    #[derive(Deserialize)]
    struct Model<'a> {
        #[serde(borrow)]
        weights: NdArray<'a>,
        bias: f64,
    }

    let weights = NdArray::from_vec(vec![1.0_f64, 2.0], &[2]).unwrap();
    let bytes = serde_pickle::to_vec(&std::collections::BTreeMap::from([
        ("weights", serde_pickle::to_value(&weights).unwrap()),
        ("bias", 0.5.into()),
    ]))
    .unwrap();
    let model: Model<'_> = serde_pickle::from_slice(&bytes).unwrap();
    assert!(model.weights.is_borrowed());
    assert_eq!(model.weights.to_ndarray::<f64>().unwrap().sum() + model.bias, 3.5);
}
