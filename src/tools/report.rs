//! The report of an [`audit`](super::audit()) as text.

use std::fmt;

use super::audit::{Audit, Reference, Site, Target};
use crate::error::quoted;
use crate::escape::OneLine;
use crate::reduce::Resolution;

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
