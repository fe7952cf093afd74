//! An open file: its kind, its members, and the pickles in it.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_pickle::python::numpy::NdArray;

use crate::archive::{self, Member};
use crate::compress::Compression;
use crate::error::{Error, Result};
use crate::joblib::SideFiles;
use crate::kind::Kind;
use crate::npy;
use crate::options::OpenOptions;
use crate::pickles::{Pickle, Pickles};
use crate::source::Source;

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
    source: Source<'a>,
    compression: Vec<Compression>,
    kind: Kind,
    members: Vec<Member>,
    options: OpenOptions,
    /// Where the file lies, if it was opened by its path.
    folder: Option<PathBuf>,
}

impl fmt::Debug for Opened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened")
            .field("kind", &self.kind)
            .field("compression", &self.compression)
            .field("size", &self.source.len())
            .field("members", &self.members.len())
            .finish_non_exhaustive()
    }
}

impl<'a> Opened<'a> {
    pub(crate) fn new(
        source: Source<'a>,
        mut kind: Kind,
        compression: Vec<Compression>,
        options: OpenOptions,
    ) -> Result<Self> {
        let max = options.allowed(source.len());
        let members = match kind {
            Kind::Torch | Kind::Zip | Kind::Npz => archive::zip_members(&source, max)?,
            #[cfg(feature = "tar")]
            Kind::Tar | Kind::TorchTar => archive::tar_members(&source)?,
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
        Ok(Self { source, compression, kind, members, options, folder: None })
    }

    pub(crate) fn in_folder(mut self, folder: Option<&Path>) -> Self {
        self.folder = folder.map(Path::to_path_buf);
        self
    }

    /// The files of joblib beside this one.
    pub(crate) fn side_files(&self) -> Option<SideFiles> {
        let side = SideFiles::new(self.folder.as_ref()?);
        Some(side.with_options(self.options.clone()))
    }

    /// Returns the kind of the file, decompressed.
    ///
    /// ```
    /// use serde_pickle_files::{Kind, from_slice};
    ///
    /// let file = from_slice(b"K\x07.")?;
    /// assert_eq!((file.kind(), file.compression(), file.size()), (Kind::Pickle, &[][..], 3));
    /// assert_eq!((&*file.bytes()?, file.pickle()?.get::<u8>()?), (&b"K\x07."[..], 7));
    /// # Ok::<(), serde_pickle_files::Error>(())
    /// ```
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the layers of compression that were around it, the outermost first.
    pub fn compression(&self) -> &[Compression] {
        &self.compression
    }

    /// Returns the number of its bytes, decompressed.
    pub fn size(&self) -> u64 {
        self.source.len()
    }

    /// Returns the bytes of the file, decompressed: borrowed where they are in memory or mapped,
    /// and read where it is an archive that is still on the disk.
    ///
    /// # Errors
    /// `Io`, or `Format` where the file is shorter than it was.
    pub fn bytes(&self) -> Result<Cow<'_, [u8]>> {
        self.source.read(0..self.source.len())
    }

    pub(crate) fn source(&self) -> &Source<'a> {
        &self.source
    }

    /// Gives the bytes away, borrowed where they are.
    pub(crate) fn into_bytes(self) -> Result<Cow<'a, [u8]>> {
        self.source.into_bytes()
    }

    /// Bytes that what is taken out of it may come to.
    pub(crate) fn allowed(&self) -> u64 {
        self.options.allowed(self.source.len())
    }

    /// Returns the members of an archive, in its order; none where it is no archive.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Finds the member of this name: the last one, as archives are appended to.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().rev().find(|member| member.name() == name)
    }

    /// Reads the bytes of a member of this archive, borrowed where they are stored as they are and
    /// the archive is in memory or mapped.
    ///
    /// ```
    /// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/foreign/npz.bin");
    /// let archive = serde_pickle_files::open(path)?;
    /// let name = archive.members()[0].name();
    /// let member = archive.member(name).unwrap();
    /// assert!(archive.read_member(member)?.starts_with(b"\x93NUMPY"));
    /// # Ok::<(), serde_pickle_files::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Format` where they are damaged, `Unsupported` where they are encrypted or compressed by a
    /// method that is not read.
    pub fn read_member(&self, member: &Member) -> Result<Cow<'_, [u8]>> {
        member.read(&self.source)
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

    /// Returns the one pickle of the file, to read from it what borrows.
    ///
    /// # Errors
    /// `Unsupported` where there is none, or where there are several.
    pub fn pickle(&self) -> Result<Pickle<'_>> {
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
        Ok(pickle)
    }

    /// Reads a value from the one pickle of the file.
    ///
    /// # Errors
    /// As [`pickle`](Self::pickle), and [`Pickle::get`].
    pub fn get<T: DeserializeOwned>(&self) -> Result<T> {
        self.pickle()?.get()
    }

    /// Reads the array of an `.npy` file, borrowed where its elements are no objects.
    ///
    /// # Errors
    /// `Format` where the file is another or its header is malformed; `Pickle` from an array of
    /// objects.
    ///
    /// ```
    /// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/foreign/npz.bin");
    /// let archive = serde_pickle_files::open(path)?;
    /// for member in archive.members() {
    ///     let file = archive.open_member(member)?;
    ///     println!("{} {:?}", member.name(), file.array()?.shape());
    /// }
    /// # Ok::<(), serde_pickle_files::Error>(())
    /// ```
    pub fn array(&self) -> Result<NdArray<'_>> {
        match self.source.slice() {
            Some(bytes) => npy::array(bytes),
            None => Err(Error::format(format!("{} is no .npy array", self.kind))),
        }
    }
}
