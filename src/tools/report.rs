//! The report of an [`audit`](super::audit()), and its text.

use std::fmt;
use std::sync::Arc;

use crate::de::DeOptions;
use crate::error::{Error, Result, quoted};
use crate::escape::OneLine;
use crate::instruction::Opcode;
use crate::protocol::Protocol;
use crate::reduce::Resolution;

/// The report of [`audit`](super::audit()).
///
/// ```
/// use serde_pickle::tools::Audit;
/// use serde_pickle::{AllowList, DeOptions};
///
/// let options = DeOptions::new().resolver(AllowList::new());
/// let report: Audit = options.audit(b"cos\nsystem\n(X\x02\0\0\0lstR.");
/// assert!(report.is_complete());
/// assert_eq!((report.instructions, report.length), (6, 22));
/// let refused = report.refused().next().unwrap();
/// assert!(refused.is_refused());
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Audit {
    /// Everything that the pickle takes from outside of itself, each once, in the order of first
    /// mention.
    pub references: Vec<Reference>,
    /// Where out-of-band buffers are taken (NEXT_BUFFER), in bytes from the start.
    pub buffers: Vec<u64>,
    /// The protocol that PROTO announces; the last one, where there are several.
    pub protocol: Option<Protocol>,
    /// The protocol that introduced the newest of its opcodes, which may be higher than the
    /// announced one.
    pub needed: Protocol,
    /// The number of instructions, up to STOP or the error.
    pub instructions: u64,
    /// The number of bytes they take.
    pub length: u64,
    /// The reason why the audit ended before STOP, if it did.
    pub error: Option<Error>,
}

/// Something that a pickle takes from outside of itself, and the uses that it makes of it.
///
/// ```
/// use serde_pickle::tools::audit;
///
/// let report = audit(b"cos\nsystem\n(X\x02\0\0\0lstR.");
/// let system = &report.references[0];
/// assert_eq!((system.named[0].offset, system.called[0].offset), (0, 20));
/// assert!(!system.is_refused()); // there is no resolver
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Reference {
    /// The thing that is taken.
    pub target: Target,
    /// The resolver's answer about the global, if there is a resolver.
    pub resolution: Option<Result<Resolution>>,
    /// Where the pickle names it. To name a global is to import its module.
    pub named: Vec<Site>,
    /// Where it is called, or an instance of it made. Classes that `copyreg._reconstructor`,
    /// `copyreg.__newobj__` and `copyreg.__newobj_ex__` make instances of are among them.
    pub called: Vec<Site>,
    /// Where something is called that came out of a call of it.
    pub results_called: Vec<Site>,
    /// The number of times it is named. The three lists have a place for each, but those of
    /// [`audit_reader`](super::audit_reader), which have the first few.
    pub times_named: u64,
    /// The number of times it is called.
    pub times_called: u64,
    /// The number of times that what came out of its calls is called.
    pub times_results_called: u64,
    /// The number of times a state is given (BUILD) to it or to the results of its calls:
    /// `__setstate__`, or attributes set.
    pub states: u64,
}

/// The target of a [`Reference`].
///
/// ```
/// use serde_pickle::tools::{Target, audit};
///
/// let report = audit(b"cposix\nsystem\n.");
/// let target = Target::Global { module: "posix".into(), qualname: "system".into() };
/// assert_eq!(report.references[0].target, target);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Target {
    /// A global, by Python 3's names unless [`fix_imports`](DeOptions::fix_imports) is off; also
    /// one that is spelled as `getattr` of another, whose names are joined by a dot.
    Global {
        /// The module.
        module: Arc<str>,
        /// The qualified name in it.
        qualname: Arc<str>,
    },
    /// A global by an extension code that is not registered.
    Extension(u32),
    /// A global whose module or name comes out of a call: only running the pickle would tell.
    Computed,
    /// Whatever other CPythons find: older ones where a frame lies, which [`Audit::error`] tells
    /// about, or 3.15 where MEMOIZE comes behind numbers that were left out. It is named by the
    /// opcode that crosses the end of the frame, or by that MEMOIZE.
    Unknown,
    /// Objects outside of the pickle. [`persistent_ids`](super::persistent_ids) has their ids.
    PersistentId,
}

/// A place in a pickle.
///
/// ```
/// use serde_pickle::opcode::Opcode;
/// use serde_pickle::tools::audit;
///
/// let report = audit(b"K\x010cos\nsystem\n.");
/// let site = report.references[0].named[0];
/// assert_eq!((site.offset, site.opcode), (3, Opcode::Global));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Site {
    /// The byte at which the opcode lies.
    pub offset: u64,
    /// The opcode.
    pub opcode: Opcode,
}

impl Audit {
    /// Returns true if the pickle was followed up to its STOP.
    pub fn is_complete(&self) -> bool {
        self.error.is_none()
    }

    /// The globals that the resolver refuses, and the [unknown](Target::Unknown) target.
    ///
    /// An empty result means something only if the audit [is complete](Self::is_complete).
    pub fn refused(&self) -> impl Iterator<Item = &Reference> {
        self.references.iter().filter(|reference| reference.is_refused())
    }

    pub(super) fn empty() -> Self {
        Self {
            references: Vec::new(),
            buffers: Vec::new(),
            protocol: None,
            needed: Protocol::V0,
            instructions: 0,
            length: 0,
            error: None,
        }
    }

    /// Asks the resolver, if there is one, about each global.
    pub(super) fn resolve(&mut self, options: &DeOptions<'_>) {
        let Some(resolver) = options.settings().resolver else { return };
        for reference in &mut self.references {
            if let Target::Global { module, qualname } = &reference.target {
                reference.resolution = Some(resolver.find_class(module, qualname));
            }
        }
    }
}

/// Places that are listed of each kind where a pickle is not in memory.
const LISTED: usize = 16;

fn push_first(sites: &mut Vec<Site>, site: Site) {
    if sites.len() < LISTED {
        sites.push(site);
    }
}

impl Reference {
    pub(super) fn new(target: Target) -> Self {
        Self {
            target,
            resolution: None,
            named: Vec::new(),
            called: Vec::new(),
            results_called: Vec::new(),
            times_named: 0,
            times_called: 0,
            times_results_called: 0,
            states: 0,
        }
    }

    /// Notes a place, if it is one of the first.
    pub(super) fn note_named(&mut self, site: Site) {
        self.times_named += 1;
        push_first(&mut self.named, site);
    }

    /// Notes a place, if it is one of the first.
    pub(super) fn note_called(&mut self, site: Site) {
        self.times_called += 1;
        push_first(&mut self.called, site);
    }

    /// Notes a place, if it is one of the first.
    pub(super) fn note_result_called(&mut self, site: Site) {
        self.times_results_called += 1;
        push_first(&mut self.results_called, site);
    }

    pub(super) fn unknown(site: Option<Site>) -> Self {
        let mut reference = Self::new(Target::Unknown);
        reference.resolution = Some(Ok(Resolution::Deny));
        reference.times_named = u64::from(site.is_some());
        reference.named.extend(site);
        reference
    }

    /// Returns true if the resolver refuses it. An [unknown](Target::Unknown) target is always
    /// refused.
    pub fn is_refused(&self) -> bool {
        matches!(self.resolution, Some(Ok(Resolution::Deny) | Err(_)))
    }
}

impl fmt::Display for Target {
    /// The name on one line: what is not printable is escaped, and what is long is cut.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global { module, qualname } => {
                OneLine(format_args!("{}.{}", quoted(module), quoted(qualname))).fmt(f)
            }
            Self::Extension(code) => write!(f, "extension code {code}"),
            Self::Computed => f.write_str("a global whose name is computed"),
            Self::Unknown => f.write_str("what other Pythons find there"),
            Self::PersistentId => f.write_str("persistent ids"),
        }
    }
}

/// Sites of one kind, the first few of them.
fn write_sites(f: &mut fmt::Formatter<'_>, what: &str, sites: &[Site], times: u64) -> fmt::Result {
    const SHOWN: usize = 3;
    for (number, Site { offset, opcode }) in sites.iter().take(SHOWN).enumerate() {
        let before = if number == 0 { what } else { "," };
        write!(f, "{before} at byte {offset} ({})", opcode.name())?;
    }
    match times.saturating_sub(SHOWN as u64) {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.resolution {
            None => {}
            Some(Ok(Resolution::Allow)) => f.write_str("allowed: ")?,
            Some(Ok(Resolution::Rename(_))) => f.write_str("renamed: ")?,
            Some(Ok(Resolution::Deny) | Err(_)) => f.write_str("refused: ")?,
        }
        write!(f, "{}:", self.target)?;
        write_sites(f, " named", &self.named, self.times_named)?;
        write_sites(f, "; called", &self.called, self.times_called)?;
        write_sites(
            f,
            "; what it returns called",
            &self.results_called,
            self.times_results_called,
        )?;
        match self.states {
            0 => Ok(()),
            1 => f.write_str("; state set once"),
            times => write!(f, "; state set {times} times"),
        }
    }
}

impl fmt::Display for Audit {
    /// A summary, then a line for each reference, and one for the error if there is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} instructions in {} bytes; protocol ", self.instructions, self.length)?;
        if let Some(protocol) = self.protocol {
            write!(f, "{} announced, ", protocol.number())?;
        }
        writeln!(f, "{} needed", self.needed.number())?;
        for reference in &self.references {
            writeln!(f, "{reference}")?;
        }
        if !self.buffers.is_empty() {
            writeln!(f, "out-of-band buffers: {}", self.buffers.len())?;
        }
        match &self.error {
            Some(error) => writeln!(f, "not followed to its end: {error}"),
            None => Ok(()),
        }
    }
}
