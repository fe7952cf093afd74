//! Depends on the packed crates, and reads and writes one pickle with each feature that is on.

type Done = Result<(), Box<dyn std::error::Error>>;

fn main() -> Done {
    plain()?;
    #[cfg(feature = "chrono")]
    chrono()?;
    #[cfg(feature = "jiff")]
    jiff()?;
    #[cfg(feature = "rust_decimal")]
    rust_decimal()?;
    #[cfg(feature = "uuid")]
    uuid()?;
    #[cfg(feature = "arrow")]
    arrow()?;
    #[cfg(feature = "half")]
    half()?;
    #[cfg(feature = "ndarray")]
    ndarray()?;
    #[cfg(feature = "gzip")]
    compressed(serde_pickle_files::Compression::Gzip)?;
    #[cfg(feature = "bzip2")]
    compressed(serde_pickle_files::Compression::Bzip2)?;
    #[cfg(feature = "xz")]
    compressed(serde_pickle_files::Compression::Xz)?;
    #[cfg(feature = "lz4")]
    compressed(serde_pickle_files::Compression::Lz4)?;
    #[cfg(feature = "zstd")]
    zstd()?;
    #[cfg(feature = "tar")]
    tar()?;
    #[cfg(feature = "mmap")]
    mmap()?;
    #[cfg(any(feature = "safetensors", feature = "files_ndarray"))]
    tensors()?;
    Ok(())
}

fn plain() -> Done {
    let pickle = serde_pickle::to_vec(&("from outside", [1, 2]))?;
    let (text, numbers): (String, [u8; 2]) = serde_pickle::from_slice(&pickle)?;
    assert_eq!((text.as_str(), numbers), ("from outside", [1, 2]));
    println!("plain: read and written");
    Ok(())
}

/// Writes a value of another crate's type, and reads it: what is written is the Python class.
#[allow(unused_macros)]
macro_rules! with {
    ($name:ident, $with:literal, $type:ty, $value:expr, $class:literal) => {
        #[cfg(feature = $with)]
        fn $name() -> Done {
            #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
            struct Row {
                #[serde(with = $class)]
                field: $type,
            }
            let row = Row { field: $value };
            let pickle = serde_pickle::to_vec(&row)?;
            assert_eq!(serde_pickle::from_slice::<Row>(&pickle)?, row);
            let value: serde_pickle::Value = serde_pickle::from_slice(&pickle)?;
            println!("{}: read and written, {value}", $with);
            Ok(())
        }
    };
}
with!(
    chrono, "chrono", ::chrono::NaiveDate, ::chrono::NaiveDate::default(),
    "serde_pickle::python::chrono"
);
with!(jiff, "jiff", ::jiff::Timestamp, ::jiff::Timestamp::UNIX_EPOCH, "serde_pickle::python::jiff");
with!(
    rust_decimal, "rust_decimal", ::rust_decimal::Decimal, ::rust_decimal::Decimal::new(990, 2),
    "serde_pickle::python::rust_decimal"
);
with!(uuid, "uuid", ::uuid::Uuid, ::uuid::Uuid::from_u128(7), "serde_pickle::python::uuid");

#[cfg(feature = "arrow")]
fn arrow() -> Done {
    use serde_pickle::python::pandas::{Column, Frame};

    let frame = Frame::new([("id", Column::from(vec![1_i64, 2]))])?;
    let frame: Frame = serde_pickle::from_slice(&serde_pickle::to_vec(&frame)?)?;
    assert_eq!(arrow_array::RecordBatch::try_from(frame)?.num_rows(), 2);
    println!("arrow: a frame is read and written");
    Ok(())
}

#[cfg(feature = "half")]
fn half() -> Done {
    use half::f16;
    use serde_pickle::python::numpy::NdArray;

    let array = NdArray::from_vec(vec![f16::ONE], &[1])?;
    let pickle = serde_pickle::to_vec(&array)?;
    let array: NdArray = serde_pickle::from_slice(&pickle)?;
    assert_eq!(array.to_vec::<f16>()?, [f16::ONE]);
    println!("half: an array is read and written");
    Ok(())
}

#[cfg(feature = "ndarray")]
fn ndarray() -> Done {
    use serde_pickle::python::numpy::NdArray;

    let matrix = ndarray::array![[1_i64, 2], [3, 4]];
    let pickle = serde_pickle::to_vec(&NdArray::from_ndarray(&matrix)?)?;
    let array: NdArray = serde_pickle::from_slice(&pickle)?;
    assert_eq!(array.to_ndarray::<i64>()?, matrix.into_dyn());
    println!("ndarray: an array is read and written");
    Ok(())
}

#[cfg(any(feature = "gzip", feature = "bzip2", feature = "xz", feature = "lz4"))]
fn compressed(compression: serde_pickle_files::Compression) -> Done {
    use serde_pickle_files::joblib::WriteOptions;

    let file = WriteOptions::new().compression(compression).to_vec(&[1, 2])?;
    let opened = serde_pickle_files::from_slice(&file)?;
    assert_eq!(opened.compression(), [compression]);
    assert_eq!(opened.get::<[u8; 2]>()?, [1, 2]);
    println!("{compression:?}: read and written");
    Ok(())
}

/// Zstandard is only read. A frame of RFC 8878 with one block that is stored as it is.
#[cfg(feature = "zstd")]
fn zstd() -> Done {
    let pickle = serde_pickle::to_vec(&[1, 2])?;
    let len = u8::try_from(pickle.len())?;
    let block = (u32::from(len) << 3 | 1).to_le_bytes();
    let file = [&[0x28, 0xb5, 0x2f, 0xfd, 0x20, len], &block[..3], &pickle].concat();
    assert_eq!(serde_pickle_files::from_slice(&file)?.get::<[u8; 2]>()?, [1, 2]);
    println!("zstd: read");
    Ok(())
}

/// Archives are only read. A member of one in the format of POSIX.
#[cfg(feature = "tar")]
fn tar() -> Done {
    let pickle = serde_pickle::to_vec(&[1, 2])?;
    let mut head = [0; 512];
    let mut field =
        |at: usize, text: &str| head[at..at + text.len()].copy_from_slice(text.as_bytes());
    field(0, "a.pkl");
    field(100, "0000644");
    field(124, &format!("{:011o}", pickle.len()));
    field(136, "00000000000");
    field(148, "        ");
    field(156, "0");
    field(257, "ustar\x0000");
    let sum: u32 = head.iter().copied().map(u32::from).sum();
    head[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let file = [&head[..], &pickle, &vec![0; 512 - pickle.len()], &[0; 1024]].concat();
    let opened = serde_pickle_files::from_slice(&file)?;
    assert_eq!(opened.members().len(), 1);
    assert_eq!(opened.get::<[u8; 2]>()?, [1, 2]);
    println!("tar: read");
    Ok(())
}

#[cfg(feature = "mmap")]
fn mmap() -> Done {
    let path = std::env::temp_dir().join(format!("outside-{}.pkl", std::process::id()));
    std::fs::write(&path, serde_pickle::to_vec(&[1, 2])?)?;
    let opened = serde_pickle_files::OpenOptions::new().map(true).open(&path)?;
    assert_eq!(opened.get::<[u8; 2]>()?, [1, 2]);
    drop(opened);
    std::fs::remove_file(path)?;
    println!("mmap: read and written");
    Ok(())
}

#[cfg(any(feature = "safetensors", feature = "files_ndarray"))]
fn tensors() -> Done {
    use serde_pickle_files::torch::{Checkpoint, DType, save_state_dict};

    let bias = 0.25_f32.to_le_bytes();
    let mut file = Vec::new();
    save_state_dict(&mut file, [("bias", DType::F32, &[1][..], &bias[..])])?;
    let checkpoint = Checkpoint::new(serde_pickle_files::from_slice(&file)?)?;
    #[cfg(feature = "safetensors")]
    println!("safetensors: {} bytes of a checkpoint", checkpoint.to_safetensors()?.len());
    #[cfg(feature = "files_ndarray")]
    {
        let array = checkpoint.named("bias").ok_or("no tensor")?.to_ndarray::<f32>()?;
        assert_eq!(array.sum(), 0.25);
        println!("files' ndarray: a tensor is read and written");
    }
    Ok(())
}
