//! Verdicts on what pickles name and call.
//!
//! The core lists what a pickle would reach for ([`serde_pickle::tools::audit_reader`]); here are
//! the verdicts ([`rules`], [`pickles`]), the files in which pickles are found, whatever they are
//! wrapped in ([`scan`], [`zip`]), and the forms of a report ([`report`]).

pub(crate) mod pickles;
pub(crate) mod report;
pub(crate) mod rules;
pub(crate) mod scan;
pub(crate) mod zip;

use std::collections::{BTreeSet, HashSet};

use serde::Serialize;

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Worth a look.
    Low,
    /// Code that nobody has vouched for would run.
    Medium,
    /// Code that does harm, or that hides, would run.
    High,
}

/// The kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Rule {
    DangerousGlobal,
    DeniedGlobal,
    UnknownCall,
    UnknownGlobal,
    ComputedGlobal,
    DependsOnPython,
    ExtensionCode,
    PersistentIds,
    ArchiveLies,
    HiddenMember,
    BytesBehind,
    Incomplete,
}

impl Rule {
    pub(crate) const ALL: [Self; 12] = [
        Self::DangerousGlobal,
        Self::DeniedGlobal,
        Self::UnknownCall,
        Self::UnknownGlobal,
        Self::ComputedGlobal,
        Self::DependsOnPython,
        Self::ExtensionCode,
        Self::PersistentIds,
        Self::ArchiveLies,
        Self::HiddenMember,
        Self::BytesBehind,
        Self::Incomplete,
    ];

    /// The rule's name in reports.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::DangerousGlobal => "dangerous-global",
            Self::DeniedGlobal => "denied-global",
            Self::UnknownCall => "unknown-call",
            Self::UnknownGlobal => "unknown-global",
            Self::ComputedGlobal => "computed-global",
            Self::DependsOnPython => "depends-on-python",
            Self::ExtensionCode => "extension-code",
            Self::PersistentIds => "persistent-ids",
            Self::ArchiveLies => "archive-lies",
            Self::HiddenMember => "hidden-member",
            Self::BytesBehind => "bytes-behind",
            Self::Incomplete => "incomplete",
        }
    }

    /// The rule in a sentence.
    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::DangerousGlobal => {
                "The pickle names something that runs code or reaches the system."
            }
            Self::DeniedGlobal => "The pickle names something that is on the deny list.",
            Self::UnknownCall => "The pickle calls something that is on no list.",
            Self::UnknownGlobal => "The pickle imports something that is on no list.",
            Self::ComputedGlobal => {
                "The pickle names something by a name that only running it tells."
            }
            Self::DependsOnPython => {
                "The pickle means one thing to some Pythons and another to others."
            }
            Self::ExtensionCode => "The pickle names something by an extension code.",
            Self::PersistentIds => "The pickle refers to objects outside of it.",
            Self::ArchiveLies => "The archive's directory and its members contradict each other.",
            Self::HiddenMember => "The archive has a member that its directory does not list.",
            Self::BytesBehind => "Bytes that are no pickle follow the pickle.",
            Self::Incomplete => "The pickle could not be followed to its end.",
        }
    }
}

/// Something that was found.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    pub(crate) rule: Rule,
    /// The name that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<String>,
    pub(crate) message: String,
    /// The byte of the pickle where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) offset: Option<u64>,
}

/// A file, or a member of an archive.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Audited {
    pub(crate) file: String,
    /// The members within one another that lead to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) member: Option<String>,
    pub(crate) pickles: usize,
    pub(crate) findings: Vec<Finding>,
    /// The names that are known to be harmless.
    pub(crate) harmless: BTreeSet<String>,
    /// Why it could not be followed to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) incomplete: Option<String>,
    /// Findings there are, each by its rule and what it is about: pickles in a row repeat them.
    #[serde(skip)]
    known: HashSet<(Rule, String)>,
}

impl Audited {
    pub(crate) fn new(file: &str, member: Option<String>) -> Self {
        Self {
            file: file.to_owned(),
            member,
            pickles: 0,
            findings: Vec::new(),
            harmless: BTreeSet::new(),
            incomplete: None,
            known: HashSet::new(),
        }
    }

    /// Adds a finding, unless there is one of its rule about the same.
    pub(crate) fn add(&mut self, finding: Finding) {
        let about = finding.target.as_ref().unwrap_or(&finding.message).clone();
        if self.known.insert((finding.rule, about)) {
            self.findings.push(finding);
        }
    }

    /// The worst finding.
    pub(crate) fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }

    /// Notes why it could not be followed; the first reason stays.
    pub(crate) fn incomplete(&mut self, why: impl Into<String>, offset: Option<u64>) {
        let why = why.into();
        self.add(Finding {
            severity: Severity::Medium,
            rule: Rule::Incomplete,
            target: None,
            message: why.clone(),
            offset,
        });
        self.incomplete.get_or_insert(why);
    }
}
