//! Finds the pickles in files, folders and archives, and audits each.

use std::cell::Cell;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use serde_pickle::tools::{self, NotPickle, PREFIX, recognize};
use serde_pickle_files::{ErrorKind, OpenOptions};

use super::rules::Patterns;
use super::zip;
use super::{Audited, Finding, Rule, Severity};
use crate::input::{Input, Seekable};
use crate::walk::cut;

/// Archives within archives, and pickles within pickles.
pub(super) const DEEPEST: usize = 8;

/// Names of files that are meant to hold pickles.
const SUFFIXES: &[&str] = &[
    "pickle", "pkl", "pickled", "p", "pck", "pcl", "joblib", "dill", "pt", "pth", "ckpt", "pt2",
    "bin", "dat", "data", "npy", "npz", "model", "cache", "session", "djcache",
];

/// Suffixes that leave no doubt.
const SURE: &[&str] =
    &["pickle", "pkl", "pickled", "pck", "pcl", "joblib", "dill", "pt", "pth", "ckpt"];

/// The settings of a scan, and how far it is.
#[derive(Debug)]
pub(crate) struct Scanner {
    pub(crate) allow: Patterns,
    pub(crate) deny: Patterns,
    /// Bytes to which the content of a file may come; see [`allowed`](Self::allowed).
    pub(crate) max_size: Option<u64>,
    pub(crate) bar: ProgressBar,
    /// Bytes of the files before the one at hand.
    pub(crate) before: Cell<u64>,
    /// Bytes that may still be unpacked or looked at twice.
    pub(crate) left: Cell<u64>,
}

/// Where a piece of data is.
#[derive(Clone)]
pub(super) struct Place<'p> {
    pub(super) file: &'p str,
    pub(super) member: Option<String>,
    /// True if its name says that it is a pickle.
    pub(super) named: bool,
    pub(super) depth: usize,
}

impl Place<'_> {
    pub(super) fn within(&self, member: &str) -> Self {
        let member = tools::one_line(&cut(member, 200)).to_string();
        let path = match &self.member {
            Some(outer) => format!("{outer}!{member}"),
            None => member.clone(),
        };
        Self {
            named: has_suffix(&member, SUFFIXES),
            member: Some(path),
            depth: self.depth + 1,
            ..*self
        }
    }

    pub(super) fn audited(&self) -> Audited {
        Audited::new(self.file, self.member.clone())
    }
}

const TOO_MUCH: &str =
    "what is in it comes to more bytes than are looked at; --max-size allows more";

/// Notes a member that could not be read, whatever its name: a loader may read it.
fn unread(place: &Place<'_>, error: &dyn fmt::Display, found: &mut Vec<Audited>) {
    let mut audited = place.audited();
    audited.incomplete(error.to_string(), None);
    found.push(audited);
}

fn has_suffix(name: &str, suffixes: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    let suffix = name.rsplit_once('.').map_or("", |(_, suffix)| suffix);
    // A number of a version or a part: `model.pkl.1`, `model.pkl.gz`.
    let numbered = suffix.bytes().all(|byte| byte.is_ascii_digit())
        || matches!(suffix, "gz" | "bz2" | "xz" | "lz4" | "zst" | "zlib" | "lzma" | "z");
    suffixes.contains(&suffix)
        || numbered && name.rsplit('.').nth(1).is_some_and(|suffix| suffixes.contains(&suffix))
}

/// The files below a folder, in order; a file itself.
pub(crate) fn files(path: &str) -> Result<Vec<PathBuf>, String> {
    let metadata = fs::metadata(path).map_err(|error| format!("cannot open: {error}"))?;
    if !metadata.is_dir() {
        return Ok(vec![PathBuf::from(path)]);
    }
    let (mut found, mut left) = (Vec::new(), vec![PathBuf::from(path)]);
    while let Some(folder) = left.pop() {
        let entries = fs::read_dir(&folder)
            .map_err(|error| format!("cannot list {}: {error}", folder.display()))?;
        for entry in entries {
            let entry = entry.map_err(|error| error.to_string())?;
            // Links are not followed: they may lead around in a circle.
            let kind = entry.file_type().map_err(|error| error.to_string())?;
            if kind.is_dir() {
                left.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

impl Scanner {
    /// Bytes that the members of a file may come to: unless asked otherwise, as many as
    /// `serde_pickle_files` allows. Members may lie over one another, and small ones may unpack to
    /// much.
    fn allowed(&self, len: u64) -> u64 {
        self.max_size.unwrap_or((256_u64 << 20).saturating_add(len.saturating_mul(32)))
    }

    /// Takes bytes off what is allowed; false where that is not enough.
    fn charge(&self, bytes: u64) -> bool {
        let left = self.left.get().checked_sub(bytes);
        self.left.set(left.unwrap_or(0));
        left.is_some()
    }

    /// Says how far a file was read.
    pub(super) fn tell(&self, place: &Place<'_>, position: u64) {
        if place.depth == 0 {
            self.bar.set_position(self.before.get() + position);
        }
    }

    /// Audits a file. `asked` is true for one that the user named, which must be a pickle or hold
    /// some.
    pub(crate) fn file(&self, path: &Path, asked: bool, found: &mut Vec<Audited>) {
        let name = path.display().to_string();
        let named = asked || has_suffix(&name, SURE);
        let place = Place { file: &name, member: None, named, depth: 0 };
        let before = found.len();
        match fs::File::open(path).and_then(|file| Ok((file.metadata()?.len(), file))) {
            Ok((len, file)) => {
                self.left.set(self.allowed(len));
                self.data(&Seekable::File(&file, len), &place, found);
                self.before.set(self.before.get() + len);
            }
            Err(error) => unread(&place, &format!("cannot open: {error}"), found),
        }
        if asked && found.len() == before {
            unread(&place, &"holds no pickle", found);
        }
    }

    /// Audits the standard input.
    pub(crate) fn pipe(&self, found: &mut Vec<Audited>) {
        let place = Place { file: "standard input", member: None, named: true, depth: 0 };
        let audited = Input::open("-").and_then(|mut input| {
            self.left.set(self.allowed(input.len().unwrap_or(0)));
            if input.container().is_some() {
                for section in input.sections()? {
                    let place =
                        section.member.as_deref().map_or(place.clone(), |it| place.within(it));
                    self.data(&Seekable::Bytes(&section.bytes), &place, found);
                }
                return Ok(());
            }
            self.data(&input.seekable()?, &place, found);
            Ok(())
        });
        if let Err(error) = audited {
            unread(&place, &error, found);
        }
    }

    /// Audits whatever this is.
    fn data(&self, source: &Seekable<'_>, place: &Place<'_>, found: &mut Vec<Audited>) {
        if place.depth > DEEPEST {
            return unread(place, &"is nested too deep", found);
        }
        let mut prefix = vec![0; source.len().min(PREFIX as u64) as usize];
        if source.read_at(0, &mut prefix).is_err() {
            prefix.clear();
        }
        let format = recognize(&prefix);
        // An archive may follow anything, and loaders look for its end.
        let is_zip = matches!(
            format,
            Some(NotPickle::TorchZip | NotPickle::Npz | NotPickle::Keras | NotPickle::Zip)
        );
        if let Some(archive) = zip::archive(source) {
            self.zip(source, archive, place, found);
            if is_zip {
                return;
            }
        } else if is_zip {
            return unread(place, &"begins as a zip archive and has no directory", found);
        }
        match format {
            // joblib before 0.10 compressed files in a way of its own.
            Some(format @ NotPickle::Joblib) if prefix.starts_with(b"ZF") => {
                self.container(source, format, place, found);
            }
            None | Some(NotPickle::Joblib) => self.pickles(source, place, format, found),
            Some(NotPickle::Empty | NotPickle::Zeros) if !place.named => {}
            Some(format) => self.container(source, format, place, found),
        }
    }

    fn zip(
        &self,
        source: &Seekable<'_>,
        archive: zip::Archive,
        place: &Place<'_>,
        found: &mut Vec<Audited>,
    ) {
        if let Some(at) = archive.broken {
            unread(place, &format!("the archive's directory breaks off at byte {at}"), found);
        }
        for mut member in archive.members {
            let inner = place.within(&member.name);
            let before = found.len();
            self.tell(place, member.start);
            if !self.member(source, &mut member, &inner, found) {
                return unread(place, &TOO_MUCH, found);
            }
            if member.lies.is_empty() {
                continue;
            }
            if found.len() == before {
                found.push(inner.audited());
            }
            let rule = if member.is_listed() { Rule::ArchiveLies } else { Rule::HiddenMember };
            let Some(audited) = found.get_mut(before) else { continue };
            for message in member.lies {
                audited.add(Finding {
                    severity: Severity::Medium,
                    rule,
                    target: None,
                    message,
                    offset: None,
                });
            }
        }
    }

    /// Audits a member of a zip archive; false where that is more than is allowed.
    fn member(
        &self,
        source: &Seekable<'_>,
        member: &mut zip::Member,
        place: &Place<'_>,
        found: &mut Vec<Audited>,
    ) -> bool {
        /// Bytes of a member that is copied, so that its checksum is compared: pickles are short.
        const COPIED: u64 = 64 << 20;
        /// Bytes that a member counts for, whatever its length.
        const MEMBER: u64 = 64;

        if !self.charge(MEMBER) {
            return false;
        }
        // As it lies in the file, which may be long.
        if let Some((start, len)) = member.stored_at().filter(|(_, len)| *len > COPIED) {
            if !self.charge(len) {
                return false;
            }
            self.data(&Seekable::Part(source, start, len), place, found);
            return true;
        }
        let unpacked = member.unpack(source, self.left.get().saturating_add(1));
        if !self.charge(unpacked.bytes.len() as u64) {
            return false;
        }
        if unpacked.error.is_none() {
            member.check(&unpacked.bytes);
        }
        let before = found.len();
        self.data(&Seekable::Bytes(&unpacked.bytes), place, found);
        if let Some(error) = unpacked.error {
            match found.get_mut(before) {
                Some(audited) => audited.incomplete(error.to_string(), None),
                None => unread(place, &error, found),
            }
        }
        true
    }

    /// Audits what is compressed, or in another archive.
    fn container(
        &self,
        source: &Seekable<'_>,
        format: NotPickle,
        place: &Place<'_>,
        found: &mut Vec<Audited>,
    ) {
        let bytes = match source.all() {
            Ok(bytes) => bytes,
            Err(error) => return unread(place, &format!("cannot read: {error}"), found),
        };
        let opened = match OpenOptions::new().max_size(self.left.get()).from_slice(&bytes) {
            Ok(opened) => opened,
            Err(error) => {
                // It may only look like something else, and be a pickle of protocol 0.
                let before = found.len();
                self.pickles(source, place, Some(format), found);
                if found.len() == before && (place.named || error.kind() == ErrorKind::Limit) {
                    unread(place, &error, found);
                }
                return;
            }
        };
        if !opened.compression().is_empty() {
            let inner = Place { depth: place.depth + 1, ..place.clone() };
            let bytes = match opened.bytes() {
                Ok(bytes) => bytes,
                Err(error) => return unread(&inner, &error, found),
            };
            if !self.charge(bytes.len() as u64) {
                return unread(place, &TOO_MUCH, found);
            }
            return self.data(&Seekable::Bytes(&bytes), &inner, found);
        }
        if opened.members().is_empty() {
            let mut any = false;
            for pickle in opened.pickles().map_while(Result::ok) {
                any = true;
                self.pickles(&Seekable::Bytes(pickle.bytes()), place, None, found);
            }
            if !any {
                self.pickles(source, place, Some(format), found);
            }
            return;
        }
        for member in opened.members() {
            let inner = place.within(member.name());
            match opened.read_member(member) {
                Ok(bytes) => self.data(&Seekable::Bytes(&bytes), &inner, found),
                Err(error) => unread(&inner, &error, found),
            }
        }
    }
}
