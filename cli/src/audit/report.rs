//! A report as text, as JSON, and as SARIF.

use serde::Serialize;
use serde_json::{Value, json};
use serde_pickle::tools::one_line;

use super::{Audited, Rule, Severity};
use crate::error::{Error, Result};
use crate::output::Output;
use crate::paint::{BAD, FAINT, GOOD, NUMBER, STRONG, grouped, styled};

/// Counts of a whole run.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Summary {
    pub(crate) files: usize,
    pub(crate) pickles: usize,
    pub(crate) high: usize,
    pub(crate) medium: usize,
    pub(crate) low: usize,
    pub(crate) incomplete: usize,
}

impl Summary {
    pub(crate) fn of(files: usize, all: &[Audited]) -> Self {
        let count = |severity: Severity| {
            let findings = all.iter().flat_map(|it| &it.findings);
            findings.filter(|it| it.severity == severity && it.rule != Rule::Incomplete).count()
        };
        Self {
            files,
            pickles: all.iter().map(|it| it.pickles).sum(),
            high: count(Severity::High),
            medium: count(Severity::Medium),
            low: count(Severity::Low),
            incomplete: all.iter().filter(|it| it.incomplete.is_some()).count(),
        }
    }
}

/// Lines for people.
pub(crate) fn text(
    all: &[Audited],
    summary: Summary,
    verbose: bool,
    out: &mut Output,
) -> Result<()> {
    for audited in all {
        if audited.findings.is_empty() && !verbose {
            continue;
        }
        let name = one_line(&audited.file).to_string();
        let name = match &audited.member {
            Some(member) => format!("{name}!{member}"),
            None => name,
        };
        let state = match (audited.worst(), &audited.incomplete) {
            (Some(Severity::High), _) => styled(BAD, "dangerous"),
            (_, Some(_)) => styled(NUMBER, "incomplete"),
            (Some(_), _) => styled(NUMBER, "unknown"),
            (None, _) => styled(GOOD, "clean"),
        };
        out.folded(&format!("{}: {state}", styled(STRONG, &name)), 4)?;
        let mut findings: Vec<_> = audited.findings.iter().collect();
        findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.offset));
        for finding in findings {
            let style = match finding.severity {
                Severity::High => BAD,
                Severity::Medium => NUMBER,
                Severity::Low => FAINT,
            };
            let severity = format!("{:?}", finding.severity).to_lowercase();
            let target = finding.target.as_ref().map_or(String::new(), |it| format!("{it} "));
            let place =
                finding.offset.map_or(String::new(), |at| format!(" (byte {})", grouped(at)));
            let message = one_line(&finding.message);
            let severity = styled(style, &format!("{severity:<6}"));
            let place = styled(FAINT, &place);
            out.folded(&format!("  {severity} {target}{message}{place}"), 9)?;
        }
        if verbose {
            for name in &audited.harmless {
                out.folded(&format!("  {} {name}", styled(GOOD, "ok    ")), 9)?;
            }
        }
    }
    let Summary { files, pickles, high, medium, low, incomplete } = summary;
    let counts = format!("{high} high, {medium} medium, {low} low, {incomplete} incomplete");
    out.folded(&format!("{files} files, {pickles} pickles: {counts}"), 2)
}

/// One document of JSON.
pub(crate) fn as_json(all: &[Audited], summary: Summary, out: &mut Output) -> Result<()> {
    let document = json!({ "summary": summary, "files": all });
    write(&document, out)
}

/// SARIF 2.1.0, which code scanning of several hosts takes.
pub(crate) fn sarif(all: &[Audited], out: &mut Output) -> Result<()> {
    let rules: Vec<Value> = Rule::ALL
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id(),
                "shortDescription": { "text": rule.description() },
            })
        })
        .collect();
    let mut results = Vec::new();
    for audited in all {
        for finding in &audited.findings {
            let level = match finding.severity {
                Severity::High => "error",
                Severity::Medium => "warning",
                Severity::Low => "note",
            };
            let target = finding.target.as_ref().map_or(String::new(), |it| format!("{it} "));
            let mut text = format!("{target}{}", finding.message);
            if let Some(member) = &audited.member {
                text = format!("{member}: {text}");
            }
            let mut physical = json!({ "artifactLocation": { "uri": uri(&audited.file) } });
            if let Some(offset) = finding.offset {
                physical["region"] = json!({ "byteOffset": offset, "byteLength": 1 });
            }
            results.push(json!({
                "ruleId": finding.rule.id(),
                "level": level,
                "message": { "text": one_line(&text).to_string() },
                "locations": [{ "physicalLocation": physical }],
            }));
        }
    }
    let incomplete = all.iter().any(|it| it.incomplete.is_some());
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "pickle audit",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "invocations": [{ "executionSuccessful": !incomplete }],
            "results": results,
        }],
    });
    write(&document, out)
}

/// A path as SARIF wants it.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.replace('\\', "/").bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn write(document: &Value, out: &mut Output) -> Result<()> {
    let text = serde_json::to_string_pretty(document)
        .map_err(|error| Error::new(format!("cannot make JSON: {error}")))?;
    out.line(&text)
}
