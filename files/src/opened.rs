//! An open file: its kind, its members, and the pickles in it.

use std::borrow::Cow;
use std::fmt;

use serde::de::DeserializeOwned;

use crate::archive::{self, Member};
use crate::bytes::Bytes;
use crate::compress::Compression;
use crate::error::{Error, Result};
use crate::kind::Kind;
use crate::options::OpenOptions;
use crate::pickles::Pickles;

/// A file that is open: decompressed, and its kind known.
///
/// ```
/// // Three pickles in a row.
/// let file = serde_pickle_files::from_slice(b"K\x01.K\x02.K\x03.")?;
/// let numbers: Result<Vec<u8>, _> = file.pickles().map(|pickle| pickle?.get()).collect();
/// assert_eq!(numbers?, [1, 2, 3]);
/// # Ok::<(), serde_pickle_files::Error>(())
/// ```
pub struct Opened<'a> {
    bytes: Bytes<'a>,
    compression: Vec<Compression>,
    kind: Kind,
    members: Vec<Member>,
    options: OpenOptions,
}

impl fmt::Debug for Opened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened")
            .field("kind", &self.kind)
            .field("compression", &self.compression)
            .field("bytes", &self.bytes.len())
            .field("members", &self.members.len())
            .finish_non_exhaustive()
    }
}

impl<'a> Opened<'a> {
    pub(crate) fn new(
        bytes: Bytes<'a>,
        compression: Vec<Compression>,
        options: OpenOptions,
    ) -> Result<Self> {
        let mut kind = Kind::of(&bytes);
        let max = options.allowed(bytes.len() as u64);
        let members = match kind {
            Kind::Torch | Kind::Zip | Kind::Npz => archive::zip_members(&bytes, max)?,
            #[cfg(feature = "tar")]
            Kind::Tar | Kind::TorchTar => archive::tar_members(&bytes)?,
            #[cfg(not(feature = "tar"))]
            Kind::Tar | Kind::TorchTar => {
                return Err(Error::unsupported(
                    "tar archives are read with the feature tar of serde_pickle_files",
                ));
            }
            _ => Vec::new(),
        };
        let has = |name: &str| members.iter().any(|member| member.name() == name);
        if kind == Kind::Tar && has("pickle") && has("storages") && has("tensors") {
            kind = Kind::TorchTar;
        }
        // Its first entry may be any.
        if kind == Kind::Zip && members.iter().any(|member| member.name().ends_with("/data.pkl")) {
            kind = Kind::Torch;
        }
        Ok(Self { bytes, compression, kind, members, options })
    }

    /// Returns the kind of the file, decompressed.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the layers of compression that were around it, the outermost first.
    pub fn compression(&self) -> &[Compression] {
        &self.compression
    }

    /// Returns the bytes of the file, decompressed.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Gives the bytes away, borrowed where they are.
    pub(crate) fn into_bytes(self) -> Cow<'a, [u8]> {
        self.bytes.into_cow()
    }

    /// Returns the members of an archive, in its order; none where it is no archive.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Finds the member of this name: the last one, as archives are appended to.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().rev().find(|member| member.name() == name)
    }

    /// Reads the bytes of a member of this archive, borrowed where they are stored as they are.
    ///
    /// # Errors
    /// `Format` where they are damaged, `Unsupported` where they are encrypted or compressed by a
    /// method that is not read.
    pub fn read_member(&self, member: &Member) -> Result<Cow<'_, [u8]>> {
        member.read(&self.bytes)
    }

    /// Opens a member as a file of its own, with the options of this one.
    ///
    /// # Errors
    /// As [`open`](crate::open), with the member's name.
    pub fn open_member(&self, member: &Member) -> Result<Opened<'_>> {
        let opened = match self.read_member(member)? {
            Cow::Borrowed(bytes) => self.options.from_slice(bytes),
            Cow::Owned(bytes) => self.options.from_vec(bytes),
        };
        opened.map_err(|error| error.within(member.name()))
    }

    /// Iterates over the pickles in the file: those in a row, those that are members of an archive
    /// (compressed or not), and arrays of objects. Archives within archives are left out:
    /// [`open_member`](Self::open_member) opens them. Of a file by `torch.save` it is the pickle of
    /// the object, whose tensors are persistent ids.
    pub fn pickles(&self) -> Pickles<'_> {
        Pickles::new(self)
    }

    /// Reads a value from the one pickle of the file.
    ///
    /// # Errors
    /// `Unsupported` where there is none, or where there are several; and as
    /// [`Pickle::get`](crate::Pickle::get).
    pub fn get<T: DeserializeOwned>(&self) -> Result<T> {
        let mut pickles = self.pickles();
        let Some(pickle) = pickles.next().transpose()? else {
            return Err(Error::unsupported(format!("{} holds no pickle to be read", self.kind)));
        };
        // Bytes behind the pickle that are not one are ignored, as by `pickle.load`.
        if let Some(Ok(_)) = pickles.next() {
            return Err(Error::unsupported(
                "the file holds several pickles; Opened::pickles has them one by one",
            ));
        }
        pickle.get()
    }
}
