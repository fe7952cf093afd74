//! Checkpoints whose members are compressed, as an archiver leaves them, and lies about their
//! sizes.

#![allow(clippy::unwrap_used, clippy::panic)]
#![cfg(feature = "gzip")]

use std::io::Write;
use std::path::PathBuf;

use serde_pickle_files::torch::Checkpoint;
use serde_pickle_files::{ErrorKind, OpenOptions, from_slice, open};

fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "fixtures", "files", "torch", name].iter().collect()
}

/// A member as it is written, right or wrong.
struct Member {
    name: String,
    data: Vec<u8>,
    packed: Vec<u8>,
    /// The size that the archive says.
    size: u32,
    method: u16,
    flags: u16,
}

impl Member {
    fn deflated(name: &str, data: &[u8]) -> Self {
        let level = flate2::Compression::new(6);
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), level);
        encoder.write_all(data).unwrap();
        let (name, data, packed) = (name.to_owned(), data.to_vec(), encoder.finish().unwrap());
        Self { name, size: data.len() as u32, data, packed, method: 8, flags: 0 }
    }

    fn fields(&self) -> Vec<u8> {
        let mut crc = flate2::Crc::new();
        crc.update(&self.data);
        let mut fields = vec![20, 0];
        fields.extend(self.flags.to_le_bytes());
        fields.extend(self.method.to_le_bytes());
        fields.extend([0, 0, 0x21, 0]);
        for number in [crc.sum(), self.packed.len() as u32, self.size] {
            fields.extend(number.to_le_bytes());
        }
        fields.extend((self.name.len() as u16).to_le_bytes());
        fields.extend([0, 0]);
        fields
    }
}

fn zip(members: &[Member]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        let at = bytes.len() as u32;
        bytes.extend(b"PK\x03\x04");
        bytes.extend(member.fields());
        bytes.extend(member.name.bytes());
        bytes.extend(&member.packed);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(member.fields());
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(member.name.bytes());
    }
    let start = bytes.len() as u32;
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend((members.len() as u16).to_le_bytes());
    bytes.extend((members.len() as u16).to_le_bytes());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// The members of a file by `torch.save`, compressed.
fn deflated(name: &str) -> Vec<Member> {
    let file = open(fixture(name)).unwrap();
    let members = file.members().iter();
    members.map(|it| Member::deflated(it.name(), &file.read_member(it).unwrap())).collect()
}

/// A change to the member of a storage.
type Change = fn(&mut Member);

fn storage(members: &mut [Member]) -> &mut Member {
    members.iter_mut().find(|member| member.name.ends_with("/data/0")).unwrap()
}

#[test]
fn storages_that_are_compressed_hold_the_same() {
    for name in ["2.15.0-all.pt", "2.15.0-module.pt", "1.13.0a0-training.pt", "2.15.0-lazy.pt"] {
        let bytes = zip(&deflated(name));
        let packed = Checkpoint::new(from_slice(&bytes).unwrap()).unwrap();
        let plain = Checkpoint::open(fixture(name)).unwrap();
        assert_eq!(packed.tensors().len(), plain.tensors().len());
        let mut buffer = vec![1, 2, 3];
        for (packed, plain) in packed.tensors().zip(plain.tensors()) {
            assert_eq!(packed.name(), plain.name());
            assert_eq!(packed.bytes().ok(), plain.bytes().ok(), "{name} {:?}", plain.name());
            assert_eq!(packed.to_f64().ok(), plain.to_f64().ok(), "{name} {:?}", plain.name());
            if packed.read_into(&mut buffer).is_ok() {
                assert_eq!(buffer, *plain.bytes().unwrap());
            }
        }
    }
}

#[test]
fn a_storage_that_lies_about_its_size_is_an_error_that_names_the_tensor() {
    let read = |change: Change| {
        let mut members = deflated("2.15.0-nocrc.pt");
        change(storage(&mut members));
        let bytes = zip(&members);
        let checkpoint = Checkpoint::new(from_slice(&bytes).unwrap()).unwrap();
        let tensor = checkpoint.named("w").unwrap();
        tensor.bytes().map(|bytes| bytes.into_owned())
    };
    assert_eq!(read(|_| ()).unwrap().len(), 16);
    fn bomb(member: &mut Member) {
        *member = Member { size: 16, ..Member::deflated(&member.name, &[0; 1 << 20]) };
    }
    let lies: [(Change, ErrorKind, &str); 7] = [
        // More than is said, and less; fewer bytes than the pickle says.
        (bomb, ErrorKind::Format, "more than the 16 bytes"),
        (|it| it.size = 1 << 20, ErrorKind::Format, "says 1048576"),
        (|it| it.size = 12, ErrorKind::Format, "has only 12 bytes"),
        // Damaged, cut short, and by methods that are not read.
        (|it| it.packed[0] = 0xff, ErrorKind::Format, "damaged"),
        (|it| it.packed.truncate(3), ErrorKind::Format, "deflated data"),
        (|it| it.method = 12, ErrorKind::Unsupported, "method 12"),
        (|it| it.flags = 1, ErrorKind::Unsupported, "encrypted"),
    ];
    for (change, kind, what) in lies {
        let error = read(change).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(what), "{error}");
        assert!(error.member().unwrap().starts_with('w'), "{error}");
    }
    assert!(read(|it| it.data[0] ^= 1).unwrap_err().to_string().contains("checksum"));
}

/// Sizes are added up before anything is decompressed.
#[test]
fn members_that_come_to_more_than_is_allowed_are_not_begun() {
    let mut members = deflated("2.15.0-nocrc.pt");
    let bomb = vec![0; 1 << 20];
    members.push(Member::deflated("nocrc/data/9", &bomb));
    let bytes = zip(&members);
    assert!(bytes.len() < 10_000);
    assert!(from_slice(&bytes).is_ok());
    let error = OpenOptions::new().max_size(1 << 20).from_slice(&bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
}
