//! Writing what `joblib.load` reads.
//!
//! joblib wants the bytes of an array right behind the BUILD of a wrapper. The pickle is written
//! first, by the core, with such a wrapper in the place of each array; its last field, the
//! alignment, is for now a number that stands for the array. Those numbers begin at random, so that
//! nothing in the value can be taken for one. Then the instructions are gone through: the number is
//! replaced, and behind the BUILD the array goes in. Protocol 4 without frames, for the bytes of an
//! array may not lie in one.

use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_pickle::opcode::{Argument, Opcode, instructions};
use serde_pickle::reduce::{Args, Global, Reduce};
use serde_pickle::{Dict, Protocol, SerOptions, Value};

use crate::compress::{Compression, compressed};
use crate::error::Result;

/// The alignment of an array in the file: `NUMPY_ARRAY_ALIGNMENT_BYTES` of joblib.
const ALIGNMENT: u8 = 16;

/// Writes `value` as `joblib.dump` does, not compressed.
///
/// Each [`NdArray`](serde_pickle::python::numpy::NdArray) in it, and each array in a [`Value`], is
/// written in joblib's own form, which `joblib.load(path, mmap_mode='r')` maps.
///
/// ```
/// use serde_pickle::python::numpy::NdArray;
/// use serde_pickle_files::joblib;
///
/// let weights = NdArray::from_vec(vec![0.5, -1.5], &[2])?;
/// let mut file = Vec::new();
/// joblib::to_writer(&mut file, &("linear", &weights))?;
///
/// let file = serde_pickle_files::from_slice(&file)?;
/// assert_eq!(file.kind(), serde_pickle_files::Kind::Joblib);
/// let pickle = file.pickle()?;
/// let (name, again): (&str, NdArray) = pickle.get()?;
/// assert_eq!((name, again), ("linear", weights));
/// # Ok::<(), serde_pickle_files::Error>(())
/// ```
///
/// # Errors
/// As [`serde_pickle::to_writer`].
pub fn to_writer<W: Write, T: Serialize + ?Sized>(writer: W, value: &T) -> Result<()> {
    WriteOptions::new().to_writer(writer, value)
}

/// Writes `value` as `joblib.dump` does, into memory.
///
/// ```
/// let file = serde_pickle_files::joblib::to_vec(&[1, 2])?;
/// assert_eq!(serde_pickle_files::from_slice(&file)?.get::<[u8; 2]>()?, [1, 2]);
/// # Ok::<(), serde_pickle_files::Error>(())
/// ```
///
/// # Errors
/// As [`to_writer`].
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    WriteOptions::new().to_vec(value)
}

/// The options for writing a file of joblib.
///
/// ```
/// use serde_pickle_files::Compression;
/// use serde_pickle_files::joblib::WriteOptions;
///
/// let options = WriteOptions::new().compression(Compression::Zlib).level(9).aligned(false);
/// let mut file = Vec::new();
/// options.to_writer(&mut file, &[1, 2])?; // joblib.load(file) is (1, 2)
/// assert_eq!(serde_pickle_files::from_slice(&file)?.get::<[u8; 2]>()?, [1, 2]);
/// assert_eq!(options.to_vec(&[1, 2])?, file);
/// # Ok::<(), serde_pickle_files::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct WriteOptions {
    compression: Option<Compression>,
    level: u32,
    aligned: bool,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl WriteOptions {
    /// The defaults, which are those of [`to_writer`].
    pub fn new() -> Self {
        Self { compression: None, level: 3, aligned: true }
    }

    /// Compresses the file. Default: it is not compressed, so that its arrays can be mapped.
    ///
    /// joblib reads all formats but [`Compression::Zstd`] and [`Compression::JoblibZlib`].
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = Some(compression);
        self
    }

    /// The level of compression, 0 to 9; LZ4 has only one. Default: 3, as in joblib.
    pub fn level(mut self, level: u32) -> Self {
        self.level = level.min(9);
        self
    }

    /// Begins arrays at multiples of 16 bytes, as joblib 1.2 and later do. Default: true.
    ///
    /// Files without are read by all versions from 0.10 on; an array that is mapped out of them may
    /// lie at an odd address.
    pub fn aligned(mut self, aligned: bool) -> Self {
        self.aligned = aligned;
        self
    }

    /// Writes `value`; see [`to_writer`].
    ///
    /// # Errors
    /// As [`to_writer`]; `Unsupported` for a compression that joblib does not read, or whose
    /// feature is off.
    pub fn to_writer<W: Write, T: Serialize + ?Sized>(&self, writer: W, value: &T) -> Result<()> {
        let (pickle, arrays) = wrapped(value)?;
        let mut splice = |writer: &mut dyn Write| -> Result<()> {
            let mut out = Counted { writer, at: 0 };
            splice(&pickle, &arrays, self.aligned, &mut out)
        };
        let mut writer = writer;
        match self.compression {
            None => splice(&mut writer)?,
            Some(compression) => compressed(compression, self.level, &mut writer, &mut splice)?,
        }
        Ok(writer.flush()?)
    }

    /// Writes `value` into memory; see [`to_writer`].
    ///
    /// # Errors
    /// As [`to_writer`](Self::to_writer).
    pub fn to_vec<T: Serialize + ?Sized>(&self, value: &T) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.to_writer(&mut bytes, value)?;
        Ok(bytes)
    }
}

/// The arrays that were taken out, and the number that stands for the first of them.
struct Arrays {
    first: i64,
    data: Vec<Vec<u8>>,
}

/// The pickle with wrappers in the place of arrays.
fn wrapped<T: Serialize + ?Sized>(value: &T) -> Result<(Vec<u8>, Arrays)> {
    // Above 2⁶¹ and below 2⁶²: it is written as LONG1 of 8 bytes.
    let first = (RandomState::new().hash_one(0_u8) >> 3 | 1 << 61) as i64;
    let arrays = Arc::new(Mutex::new(Arrays { first, data: Vec::new() }));
    let mut options = SerOptions::new().protocol(Protocol::V4).framing(false);
    for module in ["numpy.core.multiarray", "numpy._core.multiarray"] {
        let arrays = Arc::clone(&arrays);
        options = options.dispatch(Global::new(module, "_reconstruct"), move |array| {
            let mut arrays = arrays.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(wrapper(array, &mut arrays))
        });
    }
    let pickle = options.to_vec(value)?;
    let mut arrays = arrays.lock().unwrap_or_else(PoisonError::into_inner);
    let data = std::mem::take(&mut arrays.data);
    Ok((pickle, Arrays { first, data }))
}

/// The wrapper of an array, whose bytes go to `arrays`. What is not an array with bytes stays.
fn wrapper(mut array: Reduce, arrays: &mut Arrays) -> Reduce {
    let subclass = array.args.first().cloned();
    let state = match array.state.as_deref_mut() {
        Some(Value::Tuple(state)) => &mut state[..],
        _ => &mut [],
    };
    let ([_, shape, dtype, fortran, Value::Bytes(bytes)], Some(subclass)) = (state, subclass)
    else {
        return array;
    };
    let order = if *fortran == Value::Bool(true) { "F" } else { "C" };
    let number = arrays.first + arrays.data.len() as i64;
    arrays.data.push(std::mem::take(bytes));
    let entries = [
        ("subclass", subclass),
        ("shape", std::mem::replace(shape, Value::None)),
        ("order", Value::from(order)),
        ("dtype", std::mem::replace(dtype, Value::None)),
        ("allow_mmap", Value::from(true)),
        ("numpy_array_alignment_bytes", Value::from(number)),
    ];
    let class = Global::new("joblib.numpy_pickle", "NumpyArrayWrapper");
    Reduce::new_obj(class, Args::default()).with_state(Value::from(Dict::from(entries))).into()
}

/// A writer that knows where it is.
struct Counted<'w> {
    writer: &'w mut dyn Write,
    at: u64,
}

impl Counted<'_> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at += bytes.len() as u64;
        self.writer.write_all(bytes)
    }

    /// The byte that counts the padding, and the padding.
    fn pad(&mut self) -> io::Result<()> {
        let behind = (self.at + 1) % u64::from(ALIGNMENT);
        // At most 16.
        let padding = ALIGNMENT - behind as u8;
        self.put(&[padding])?;
        self.put(&[0xff; ALIGNMENT as usize][..padding.into()])
    }
}

/// Writes the pickle with its arrays.
fn splice(pickle: &[u8], arrays: &Arrays, aligned: bool, out: &mut Counted<'_>) -> Result<()> {
    let alignment: &[u8] = match aligned {
        true => &[Opcode::Binint1.byte(), ALIGNMENT],
        false => &[Opcode::None.byte()],
    };
    // Bytes of the pickle that have been written.
    let mut written = 0;
    // The array that follows the next BUILD.
    let mut next = None;
    let mut found = instructions(pickle);
    while let Some(instruction) = found.next() {
        let (at, opcode, argument) = instruction?;
        let end = found.position() as usize;
        if let Argument::Int(number) = argument
            && let Some(data) = number.checked_sub(arrays.first)
            && let Some(data) = usize::try_from(data).ok().and_then(|at| arrays.data.get(at))
        {
            out.put(pickle.get(written..at as usize).unwrap_or_default())?;
            out.put(alignment)?;
            written = end;
            next = Some(data);
        } else if opcode == Opcode::Build
            && let Some(data) = next.take()
        {
            out.put(pickle.get(written..end).unwrap_or_default())?;
            if aligned {
                out.pad()?;
            }
            out.put(data)?;
            written = end;
        }
    }
    out.put(pickle.get(written..).unwrap_or_default())?;
    Ok(())
}
