//! Finds the pickles in files, folders and archives, and audits each.

use std::fmt;
use std::fs;
use std::io::{Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde_pickle::tools::{self, NotPickle, PREFIX, recognize};
use serde_pickle_files::OpenOptions;

use super::rules::Patterns;
use super::zip;
use super::{Audited, Finding, Rule, Severity};
use crate::input::{Input, Seekable};
use crate::stream::At;
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

/// The settings of a scan.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scanner {
    pub(crate) allow: Patterns,
    pub(crate) deny: Patterns,
    /// Bytes to which a compressed file may grow.
    pub(crate) max_size: u64,
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
    /// Audits a file. `asked` is true for one that the user named, which must be a pickle or hold
    /// some.
    pub(crate) fn file(&self, path: &Path, asked: bool, found: &mut Vec<Audited>) {
        let name = path.display().to_string();
        let named = asked || has_suffix(&name, SURE);
        let place = Place { file: &name, member: None, named, depth: 0 };
        let before = found.len();
        match fs::File::open(path).and_then(|file| Ok((file.metadata()?.len(), file))) {
            Ok((len, file)) => self.data(&Seekable::File(&file, len), &place, found),
            Err(error) => {
                let mut audited = place.audited();
                audited.incomplete(format!("cannot open: {error}"), None);
                found.push(audited);
            }
        }
        if asked && found.len() == before {
            let mut audited = place.audited();
            audited.incomplete("holds no pickle", None);
            found.push(audited);
        }
    }

    /// Audits the standard input.
    pub(crate) fn pipe(&self, found: &mut Vec<Audited>) {
        let place = Place { file: "standard input", member: None, named: true, depth: 0 };
        let audited = Input::open("-").and_then(|mut input| {
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
            let mut audited = place.audited();
            audited.incomplete(error.to_string(), None);
            found.push(audited);
        }
    }

    /// Audits whatever this is.
    fn data(&self, source: &Seekable<'_>, place: &Place<'_>, found: &mut Vec<Audited>) {
        if place.depth > DEEPEST {
            let mut audited = place.audited();
            audited.incomplete("is nested too deep", None);
            found.push(audited);
            return;
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
        if let Some(members) = zip::members(source) {
            self.zip(source, &members, place, found);
            if is_zip {
                return;
            }
        } else if is_zip {
            let mut audited = place.audited();
            audited.incomplete("begins as a zip archive and has no directory", None);
            found.push(audited);
            return;
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
        members: &[zip::Member],
        place: &Place<'_>,
        found: &mut Vec<Audited>,
    ) {
        for member in members {
            let inner = place.within(&member.name);
            let before = found.len();
            match member.stored_at() {
                // As it lies in the file, which may be long.
                Some((start, len)) if start + len <= source.len() => {
                    let part = Part { source, start, len };
                    match part.bytes_if_short() {
                        Some(bytes) => self.data(&Seekable::Bytes(&bytes), &inner, found),
                        None => self.long_member(&part, &inner, found),
                    }
                }
                _ => match member.read(source, member.size().min(self.max_size)) {
                    Ok(bytes) => self.data(&Seekable::Bytes(&bytes), &inner, found),
                    Err(error) => unread(&inner, &error, found),
                },
            }
            let lies = member.lies.iter().map(|lie| (Rule::ArchiveLies, lie.clone()));
            let hidden = (!member.listed)
                .then(|| (Rule::HiddenMember, "is not in the archive's directory".to_owned()));
            let lies: Vec<_> = lies.chain(hidden).collect();
            if lies.is_empty() {
                continue;
            }
            if found.len() == before {
                found.push(inner.audited());
            }
            if let Some(audited) = found.get_mut(before) {
                audited.findings.extend(lies.into_iter().map(|(rule, message)| Finding {
                    severity: Severity::Medium,
                    rule,
                    target: None,
                    message,
                    offset: None,
                }));
            }
        }
    }

    /// A member that is too long to be copied: a tensor, mostly. A pickle is followed where it
    /// lies.
    pub(super) fn long_member(&self, part: &Part<'_>, place: &Place<'_>, found: &mut Vec<Audited>) {
        let mut audited = place.audited();
        let mut at = At::new(part.source, 0);
        if at.seek(SeekFrom::Start(part.start)).is_err() {
            return;
        }
        let report = tools::audit_reader(at);
        let whole = report.is_complete() && report.length <= part.len;
        if !whole && report.references.is_empty() && !place.named {
            return;
        }
        self.judge(&report, &Seekable::Bytes(&[]), 0, &mut audited);
        found.push(audited);
    }

    /// Audits what is compressed, or in another archive.
    fn container(
        &self,
        source: &Seekable<'_>,
        format: NotPickle,
        place: &Place<'_>,
        found: &mut Vec<Audited>,
    ) {
        let options = OpenOptions::new().max_size(self.max_size);
        let bytes = match source.all() {
            Ok(bytes) => bytes,
            Err(error) => {
                let mut audited = place.audited();
                audited.incomplete(format!("cannot read: {error}"), None);
                found.push(audited);
                return;
            }
        };
        let opened = match options.from_vec(bytes) {
            Ok(opened) => opened,
            Err(error) => {
                // It may only look like something else, and be a pickle of protocol 0.
                let before = found.len();
                self.pickles(source, place, Some(format), found);
                if found.len() == before && place.named {
                    let mut audited = place.audited();
                    audited.incomplete(error.to_string(), None);
                    found.push(audited);
                }
                return;
            }
        };
        if !opened.compression().is_empty() {
            let inner = Place { depth: place.depth + 1, ..place.clone() };
            return match opened.bytes() {
                Ok(bytes) => self.data(&Seekable::Bytes(&bytes), &inner, found),
                Err(error) => unread(&inner, &error, found),
            };
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

/// A stretch of a file.
pub(super) struct Part<'s> {
    pub(super) source: &'s Seekable<'s>,
    pub(super) start: u64,
    pub(super) len: u64,
}

impl Part<'_> {
    /// The bytes, unless they are many.
    pub(super) fn bytes_if_short(&self) -> Option<Vec<u8>> {
        const SHORT: u64 = 16 << 20;
        if self.len > SHORT {
            return None;
        }
        let mut bytes = vec![0; self.len as usize];
        self.source.read_at(self.start, &mut bytes).ok()?;
        Some(bytes)
    }
}
