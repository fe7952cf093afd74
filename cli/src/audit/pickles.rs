//! The verdict on the pickles in a row, on those in their text and bytes, and on those of joblib.

use std::io::{self, Read, Seek, SeekFrom};

use serde_pickle::opcode::{Argument, InstructionReader};
use serde_pickle::tools::{self, NotPickle, Target};
use serde_pickle::{DeOptions, ErrorKind};

use super::rules::{Verdict, verdict};
use super::scan::{DEEPEST, Place, Scanner};
use super::{Audited, Finding, Rule, Severity};
use crate::input::{Seekable, is_torch};
use crate::stream::{Arrays, At, arrays, arrays_of};

/// Bytes of a payload that is looked at as a pickle of its own.
const NESTED: u64 = 16 << 20;

/// Digits of an int: Pythons before 3.11 read any number of them, and go on behind it.
const DIGITS: usize = 64 << 10;

impl Scanner {
    /// Pickles one after another. What is none, and was not said to be any, is left out.
    ///
    /// Where joblib put raw arrays between the instructions, `joblib.load` and `pickle.load` find
    /// different ones behind the first array. Whoever wrote the file knows which of the two reads
    /// it, so both are followed.
    pub(super) fn pickles(
        &self,
        source: &Seekable<'_>,
        place: &Place<'_>,
        format: Option<NotPickle>,
        found: &mut Vec<Audited>,
    ) {
        let before = found.len();
        let arrays = arrays(source);
        if arrays.gaps().is_empty() && arrays.fault.is_none() {
            // A name in which letters are escaped is not found by a look at the bytes.
            if self.row(source, place, format, found) {
                let arrays = arrays_of(source);
                if !arrays.gaps().is_empty() || arrays.fault.is_some() {
                    found.truncate(before);
                    self.joblib(source, &arrays, place, found);
                }
            }
            return;
        }
        self.joblib(source, &arrays, place, found);
    }

    /// A file of joblib: as joblib reads it, and then what pickle itself would find otherwise.
    fn joblib(
        &self,
        source: &Seekable<'_>,
        arrays: &Arrays,
        place: &Place<'_>,
        found: &mut Vec<Audited>,
    ) {
        let before = found.len();
        let instructions = Seekable::Instructions(source, arrays);
        self.row(&instructions, place, Some(NotPickle::Joblib), found);
        for gap in arrays.gaps().iter().filter(|gap| gap.is_pickle) {
            let inner = place.within(&format!("array at {}", gap.start));
            let inner = Place { named: true, ..inner };
            self.row(&Seekable::Part(source, gap.start, gap.len), &inner, None, found);
        }
        let mut otherwise = Vec::new();
        self.row(source, place, Some(NotPickle::Joblib), &mut otherwise);
        if found.len() == before {
            found.push(place.audited());
        }
        let Some(audited) = found.get_mut(before) else { return };
        let confused = arrays.gaps().iter().any(|gap| gap.is_pickle);
        for mut finding in otherwise.into_iter().flat_map(|it| it.findings) {
            let known = audited.findings.iter().any(|known| known.target == finding.target);
            if finding.target.is_none() || known {
                continue;
            }
            // The pickle of an array of objects fetches what the memo of the outer one holds.
            if confused && !matches!(finding.rule, Rule::DangerousGlobal | Rule::DeniedGlobal) {
                finding.severity = Severity::Low;
            }
            finding.message.push_str(", where pickle reads on into an array of joblib");
            audited.add(finding);
        }
        if let Some((at, reason)) = &arrays.fault {
            let text = format!("an array of joblib follows that cannot be told: {reason}");
            audited.incomplete(text, Some(*at));
        }
    }

    /// See [`pickles`](Self::pickles); says whether joblib's stand-in for an array is named.
    fn row(
        &self,
        source: &Seekable<'_>,
        place: &Place<'_>,
        format: Option<NotPickle>,
        found: &mut Vec<Audited>,
    ) -> bool {
        let mut audited = place.audited();
        let (mut named, mut legacy, mut start) = (false, false, 0);
        while start < source.len() {
            let report = self.report(source, start, place);
            named |= report.references.iter().any(|it| match &it.target {
                Target::Global { qualname, .. } => qualname.ends_with("NumpyArrayWrapper"),
                _ => false,
            });
            if is_none(&report) {
                if start > 0 {
                    // Torch's older files have raw data behind their pickles.
                    if !legacy {
                        audited.add(bytes_behind(source, start));
                    }
                    break;
                }
                // Data of any kind may begin with the byte of an opcode.
                let by_chance = report.instructions < 3 || format.is_some() || !begins(source);
                if !place.named && by_chance {
                    return named;
                }
            }
            legacy |= start == 0 && report.length <= TORCH_MAGIC && begins_as_torch(source);
            self.judge(&report, source, start, &mut audited);
            self.nested(source, start, place, found);
            audited.pickles += 1;
            if let Some(error) = &report.error {
                let at = error.offset().map(|at| source.place(start + at));
                audited.incomplete(error.to_string(), at);
                break;
            }
            start += report.length.max(1);
        }
        if audited.pickles > 0 {
            found.push(audited);
        } else if place.named && source.len() > 0 {
            audited.incomplete("is no pickle", None);
            found.push(audited);
        }
        named
    }

    /// The names and calls of the pickle at a byte.
    fn report(&self, source: &Seekable<'_>, start: u64, place: &Place<'_>) -> tools::Audit {
        let told = Told { at: At::new(source, start), scanner: self, place };
        options().audit_reader(told)
    }

    /// Adds the verdict on each reference.
    fn judge(
        &self,
        report: &tools::Audit,
        source: &Seekable<'_>,
        start: u64,
        audited: &mut Audited,
    ) {
        // A file that was cut within a frame is incomplete, and that is said.
        let cut = report.error.as_ref().is_some_and(|error| error.kind() == ErrorKind::Eof);
        for reference in &report.references {
            if cut && reference.target == Target::Unknown {
                continue;
            }
            let target = reference.target.to_string();
            let offset = reference.named.first().map(|site| source.place(start + site.offset));
            let used = reference.times_called + reference.times_results_called + reference.states;
            let (severity, rule, message) = match &reference.target {
                Target::Global { module, qualname } => match self.named(module, qualname, used) {
                    Some(verdict) => verdict,
                    None => {
                        audited.harmless.insert(target);
                        continue;
                    }
                },
                Target::Extension(_) => {
                    (Severity::Medium, Rule::ExtensionCode, "stands for a name of a registry")
                }
                Target::Computed => {
                    (Severity::High, Rule::ComputedGlobal, "is known only by running the pickle")
                }
                Target::PersistentId => {
                    (Severity::Low, Rule::PersistentIds, "refer to objects outside of the pickle")
                }
                _ => (Severity::High, Rule::DependsOnPython, "differs between Pythons"),
            };
            audited.add(Finding {
                severity,
                rule,
                target: Some(target),
                message: message.to_owned(),
                offset,
            });
        }
    }

    /// The verdict on a name that is used so many times; none on one that is harmless.
    fn named(
        &self,
        module: &str,
        qualname: &str,
        used: u64,
    ) -> Option<(Severity, Rule, &'static str)> {
        let name = format!("{module}.{qualname}");
        if self.deny.contain(&name) {
            return Some((Severity::High, Rule::DeniedGlobal, "is on the deny list"));
        }
        if self.allow.contain(&name) {
            return None;
        }
        Some(match (verdict(module, qualname), used > 0) {
            (Verdict::Harmless, _) => return None,
            (Verdict::Dangerous, true) => {
                (Severity::High, Rule::DangerousGlobal, "runs code, and is called")
            }
            (Verdict::Dangerous, false) => (Severity::High, Rule::DangerousGlobal, "runs code"),
            (Verdict::Unknown, true) => {
                (Severity::Medium, Rule::UnknownCall, "is called, and on no list")
            }
            (Verdict::Unknown, false) => {
                (Severity::Low, Rule::UnknownGlobal, "is imported, and on no list")
            }
        })
    }

    /// Audits text and bytes in a pickle that are pickles themselves.
    fn nested(
        &self,
        source: &Seekable<'_>,
        start: u64,
        place: &Place<'_>,
        found: &mut Vec<Audited>,
    ) {
        let mut reader = InstructionReader::new(At::new(source, start)).max_payload(NESTED);
        while let Ok(Some(it)) = reader.next_instruction() {
            let latin1;
            let bytes: &[u8] = match &it.argument {
                Argument::Bytes(bytes) => bytes,
                // Protocol 2 has bytes as text.
                Argument::Str(text) if text.starts_with('\u{80}') => {
                    latin1 = text
                        .chars()
                        .map_while(|c| u8::try_from(u32::from(c)).ok())
                        .collect::<Vec<u8>>();
                    &latin1
                }
                Argument::Str(text) => text.as_bytes(),
                _ => continue,
            };
            let begins =
                bytes.first().is_some_and(|byte| matches!(byte, 0x80 | b'c' | b'(' | b'}' | b']'));
            if bytes.len() < 8 || !begins || bytes.last() != Some(&b'.') {
                continue;
            }
            let report = options().audit_reader(io::Cursor::new(bytes));
            if !report.is_complete() || report.references.is_empty() {
                continue;
            }
            let inner = place.within(&format!("bytes at {}", source.place(start + it.offset)));
            let mut audited = inner.audited();
            audited.pickles = 1;
            self.judge(&report, &Seekable::Bytes(bytes), 0, &mut audited);
            if audited.findings.iter().any(|finding| finding.severity > Severity::Low) {
                found.push(audited);
            }
            if inner.depth < DEEPEST {
                self.nested(&Seekable::Bytes(bytes), 0, &inner, found);
            }
        }
    }
}

fn options() -> DeOptions<'static> {
    DeOptions::new().max_int_digits(DIGITS)
}

/// Returns true for what is no pickle as far as it goes, and names nothing up to there. Where a
/// limit of the audit ends it, or the medium does, a pickle may go on.
fn is_none(report: &tools::Audit) -> bool {
    let broken =
        |error: &serde_pickle::Error| matches!(error.kind(), ErrorKind::Eof | ErrorKind::Syntax);
    report.references.is_empty() && report.error.as_ref().is_some_and(broken)
}

fn bytes_behind(source: &Seekable<'_>, start: u64) -> Finding {
    Finding {
        severity: Severity::Low,
        rule: Rule::BytesBehind,
        target: None,
        message: format!("{} bytes behind the last pickle are none", source.len() - start),
        offset: Some(source.place(start)),
    }
}

/// A reader that tells how far a file was read.
struct Told<'s, 'p> {
    at: At<'s>,
    scanner: &'p Scanner,
    place: &'p Place<'p>,
}

impl Read for Told<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.scanner.tell(self.place, self.at.position);
        self.at.read(buffer)
    }
}

impl Seek for Told<'_, '_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at.seek(to)
    }
}

/// Bytes of the pickle that torch's older files begin with, at most: a number.
const TORCH_MAGIC: u64 = 32;

fn begins_as_torch(source: &Seekable<'_>) -> bool {
    let mut bytes = [0; TORCH_MAGIC as usize];
    source.read_at(0, &mut bytes).is_ok() && is_torch(&bytes)
}

/// Returns true for what begins with PROTO.
fn begins(source: &Seekable<'_>) -> bool {
    let mut bytes = [0; 2];
    source.read_at(0, &mut bytes).is_ok() && bytes[0] == 0x80 && (1..=5).contains(&bytes[1])
}
