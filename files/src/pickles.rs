//! The pickles in a file, one by one.

use std::borrow::Cow;
use std::fmt;

use memchr::memmem;
use serde::de::Deserialize;
use serde_pickle::{DeOptions, Graph, Scanner};

use crate::archive::Member;
use crate::error::{Error, Result};
use crate::joblib::SideFiles;
use crate::kind::{Kind, names_joblib};
use crate::npy;
use crate::opened::Opened;
use crate::source::Source;

/// A pickle in a file.
///
/// ```
/// let file = serde_pickle_files::from_slice(b"K\x01.K\x02.")?;
/// let second = file.pickles().nth(1).unwrap()?;
/// assert_eq!((second.number(), second.offset(), second.bytes()), (1, 3, &b"K\x02."[..]));
/// assert_eq!((second.member(), second.is_joblib()), (None, false));
/// assert_eq!((second.get::<u8>()?, second.graph()?.root().as_i64()), (2, Some(2)));
/// let options = second.options().max_nodes(10);
/// assert_eq!(second.get_with::<u8>(&options)?, 2);
/// # Ok::<(), serde_pickle_files::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pickle<'a> {
    member: Option<&'a str>,
    number: usize,
    offset: u64,
    bytes: Cow<'a, [u8]>,
    joblib: bool,
    side: Option<SideFiles>,
}

impl Pickle<'_> {
    /// Returns the name of the member that it is in, of an archive.
    pub fn member(&self) -> Option<&str> {
        self.member
    }

    /// Returns the number of pickles that stand before it in the same member or file.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Returns the byte at which it begins: of the decompressed file, or of the member.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns its bytes, STOP included. Where they are no pickle, or one that is cut short, it is
    /// all that is left of the file: whoever reads it gets the error.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns true if raw arrays of joblib lie between its instructions.
    pub fn is_joblib(&self) -> bool {
        self.joblib
    }

    /// Reads a value from it. Arrays that joblib before 0.10 wrote to files beside it are read,
    /// too, if the file was opened by its path.
    ///
    /// # Errors
    /// [`ErrorKind::Pickle`](crate::ErrorKind::Pickle), with the member's name and the byte.
    pub fn get<'de, T: Deserialize<'de>>(&'de self) -> Result<T> {
        self.get_with(&self.options())
    }

    /// Reads a value from it with options; the option `joblib` of [`DeOptions`] is set as the file
    /// needs it.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn get_with<'de, T: Deserialize<'de>>(&'de self, options: &DeOptions<'de>) -> Result<T> {
        let options = options.clone().joblib(self.joblib);
        options.from_slice(&self.bytes).map_err(|error| self.locate(error))
    }

    /// Reads it into a [`Graph`].
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn graph(&self) -> Result<Graph<'_>> {
        self.options().graph_from_slice(&self.bytes).map_err(|error| self.locate(error))
    }

    /// Returns the options by which [`get`](Self::get) reads it, to be changed or to be given to
    /// another function of the core.
    pub fn options(&self) -> DeOptions<'static> {
        let options = DeOptions::new().joblib(self.joblib);
        match &self.side {
            Some(side) => options.resolver(side.clone()),
            None => options,
        }
    }

    fn locate(&self, error: serde_pickle::Error) -> Error {
        let error = Error::from(error).at(self.offset);
        match self.member {
            Some(name) => error.within(name),
            None => error,
        }
    }
}

/// The iterator of [`Opened::pickles`].
///
/// ```
/// let file = serde_pickle_files::from_slice(b"K\x01.K\x02.")?;
/// let mut pickles: serde_pickle_files::Pickles<'_> = file.pickles();
/// assert_eq!(pickles.next().unwrap()?.get::<u8>()?, 1);
/// # Ok::<(), serde_pickle_files::Error>(())
/// ```
pub struct Pickles<'a> {
    file: &'a Opened<'a>,
    /// Those that were not looked at.
    members: &'a [Member],
    row: Option<Result<Row<'a>>>,
}

impl fmt::Debug for Pickles<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pickles").field("members", &self.members.len()).finish_non_exhaustive()
    }
}

impl<'a> Pickles<'a> {
    pub(crate) fn new(file: &'a Opened<'_>) -> Self {
        let kind = file.kind();
        let bytes = match file.source().slice() {
            Some(bytes) => Ok(Cow::Borrowed(bytes)),
            None if kind == Kind::TorchLegacy => legacy_pickles(file.source()).map(Cow::Owned),
            // Archives, whose members have them.
            None => Ok(Cow::default()),
        };
        let row = bytes.and_then(|bytes| Row::of(kind, bytes, None, file.side_files()));
        Self { file, members: file.members(), row: row.transpose() }
    }

    /// The pickles of the next member that has some.
    fn next_row(&mut self) -> Option<Result<Row<'a>>> {
        loop {
            let (member, rest) = self.members.split_first()?;
            self.members = rest;
            let wanted = match self.file.kind() {
                Kind::Torch => member.name().ends_with("/data.pkl"),
                Kind::TorchTar => member.name() == "pickle",
                _ => true,
            };
            if wanted && let Some(row) = self.row_of(member).transpose() {
                return Some(row);
            }
        }
    }

    fn row_of(&self, member: &'a Member) -> Result<Option<Row<'a>>> {
        let opened = self.file.open_member(member)?;
        let kind = opened.kind();
        Row::of(kind, opened.into_bytes()?, Some(member.name()), None)
            .map_err(|error| error.within(member.name()))
    }
}

impl<'a> Iterator for Pickles<'a> {
    type Item = Result<Pickle<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.row.take() {
                Some(Ok(mut row)) => {
                    if let Some(pickle) = row.next() {
                        self.row = Some(Ok(row));
                        return Some(pickle);
                    }
                }
                Some(Err(error)) => return Some(Err(error)),
                None => {}
            }
            self.row = Some(self.next_row()?);
        }
    }
}

/// Pickles in a row, in the file or in one member.
struct Row<'a> {
    bytes: Cow<'a, [u8]>,
    member: Option<&'a str>,
    joblib: bool,
    at: usize,
    number: usize,
    /// The one that is wanted, of a legacy file of PyTorch.
    only: Option<usize>,
    /// Where joblib 0.9 put arrays.
    side: Option<SideFiles>,
}

/// Where the object stands in a legacy file of PyTorch: behind the magic number, the protocol, and
/// facts about the machine.
const LEGACY_OBJECT: usize = 3;

/// The pickles before the raw storages of a legacy file, as far as the object.
fn legacy_pickles(source: &Source<'_>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for _ in 0..=LEGACY_OBJECT {
        let at = bytes.len() as u64;
        bytes.extend_from_slice(&source.pickle(at..source.len(), at)?);
    }
    Ok(bytes)
}

impl<'a> Row<'a> {
    fn of(
        kind: Kind,
        bytes: Cow<'a, [u8]>,
        member: Option<&'a str>,
        side: Option<SideFiles>,
    ) -> Result<Option<Self>> {
        let (at, only) = match kind {
            Kind::Pickle | Kind::Joblib => (0, None),
            Kind::TorchLegacy => (0, Some(LEGACY_OBJECT)),
            Kind::Npy => match npy::header(&bytes)? {
                header if header.holds_objects() => (header.data, None),
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        Ok(Some(Self { bytes, member, joblib: kind == Kind::Joblib, at, number: 0, only, side }))
    }

    fn next(&mut self) -> Option<Result<Pickle<'a>>> {
        loop {
            // Raw storages follow.
            if self.only.is_some_and(|only| self.number > only) {
                return None;
            }
            let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
            let scanned = match self.joblib {
                true => None,
                false => Scanner::new().push(rest).ok().flatten(),
            };
            if scanned.is_none() && names_joblib(rest) {
                self.joblib = true;
            } else if scanned.is_none() && self.number > 0 {
                let at = self.at as u64;
                self.at = self.bytes.len();
                let error = Error::format("the bytes behind the pickle are no pickle").at(at);
                return Some(Err(match self.member {
                    Some(name) => error.within(name),
                    None => error,
                }));
            }
            let len = scanned.unwrap_or(rest.len());
            let (start, number) = (self.at, self.number);
            self.at += len;
            self.number += 1;
            if self.only.is_none_or(|only| only == number) {
                return Some(Ok(self.pickle(start, number)));
            }
        }
    }

    fn pickle(&mut self, start: usize, number: usize) -> Pickle<'a> {
        let bytes = match &mut self.bytes {
            Cow::Borrowed(bytes) => Cow::Borrowed(bytes.get(start..self.at).unwrap_or_default()),
            // Nothing else is in it, as mostly.
            Cow::Owned(bytes) if start == 0 && self.at == bytes.len() => {
                Cow::Owned(std::mem::take(bytes))
            }
            Cow::Owned(bytes) => Cow::Owned(bytes.get(start..self.at).unwrap_or_default().to_vec()),
        };
        let (member, joblib) = (self.member, self.joblib);
        // A resolver costs time, so only those pickles get one that need it. Those with arrays
        // inside have none beside them, and are not looked through: they may be mapped.
        let side = match joblib || memmem::find(&bytes, b"NDArrayWrapper").is_none() {
            true => None,
            false => self.side.clone(),
        };
        Pickle { member, number, offset: start as u64, bytes, joblib, side }
    }
}
