//! [`Pickles`]: the pickles of a file, one after another, of which one is in memory at a time.

use std::collections::VecDeque;
use std::path::Path;

use memchr::memmem;
use serde_pickle::{DeOptions, Deserializer, Error as PickleError, Graph, Scanner};

use crate::error::{Error, Named, Result};
use crate::input::{ReadArgs, Section};
use crate::side::{Beside, WRAPPER};
use crate::stream::{located, shares_memo};

/// The pickles of a file.
pub(crate) struct Pickles {
    /// As the user gave it.
    name: String,
    read: ReadArgs,
    sections: VecDeque<Section>,
    row: Option<Row>,
    /// Bytes of all of them.
    pub(crate) size: u64,
    /// True if raw arrays of joblib lie in any.
    pub(crate) joblib: bool,
    /// Bytes behind the last pickle that are none; there at the end.
    pub(crate) behind: Vec<u8>,
    /// Why those are no pickle.
    pub(crate) fault: Option<Error>,
    /// Where arrays of old joblib lie, if they are to be put in.
    beside: Option<Beside>,
}

impl Pickles {
    pub(crate) fn new(name: &str, read: ReadArgs, sections: Vec<Section>) -> Self {
        Self {
            name: name.to_owned(),
            read,
            size: sections.iter().map(|section| section.bytes.len() as u64).sum(),
            joblib: sections.iter().any(|section| section.joblib),
            sections: sections.into(),
            row: None,
            behind: Vec::new(),
            fault: None,
            beside: None,
        }
    }

    /// Puts in the arrays that joblib before 0.10 wrote beside the file.
    pub(crate) fn with_side_files(mut self) -> Self {
        self.beside = Some(Path::new(&self.name)).filter(|path| path.is_file()).map(Beside::of);
        self
    }

    /// The next one, and the member of the container that it is in; one graph of all those of a
    /// file that share a memo. After the last, [`fault`](Self::fault) says whether bytes were left.
    ///
    /// # Errors
    /// That of the first pickle of a file or member.
    pub(crate) fn next(&mut self) -> Result<Option<(Graph<'static>, Option<String>)>> {
        loop {
            if self.row.is_none() {
                let Some(section) = self.sections.pop_front() else { return Ok(None) };
                self.row = Some(Row::new(section, self.read));
            }
            let Some(row) = &mut self.row else { continue };
            let member = row.section.member.clone();
            match row.next() {
                Some(Ok(mut graph)) => {
                    if let Some(beside) = self.beside.as_ref().filter(|_| row.names_side_files) {
                        beside.put_in(&mut graph);
                    }
                    return Ok(Some((graph, member)));
                }
                Some(Err(error)) if row.at == 0 => {
                    let of = match member {
                        Some(member) => format!("{}, {member}", self.name),
                        None => self.name.clone(),
                    };
                    return Err(error).of(&of);
                }
                Some(Err(error)) => {
                    self.fault.get_or_insert(located(&error, row.at as u64));
                    self.behind = row.section.bytes.split_off(row.at);
                    self.row = None;
                }
                None => self.row = None,
            }
        }
    }

    /// All of them, in memory.
    pub(crate) fn all(&mut self) -> Result<Vec<Graph<'static>>> {
        let mut graphs = Vec::new();
        while let Some((graph, _)) = self.next()? {
            graphs.push(graph);
        }
        Ok(graphs)
    }

    /// The only pickle of a file, and the bytes behind it.
    pub(crate) fn only(mut self, command: &str) -> Result<(Graph<'static>, Vec<u8>)> {
        let first = self.next()?;
        let second = self.next()?;
        match (first, second) {
            (Some((graph, _)), None) if graph.roots().nth(1).is_none() => Ok((graph, self.behind)),
            _ => {
                let error = format!("holds several pickles, and `{command}` takes one");
                Err(Error::new(error).of(&self.name))
            }
        }
    }
}

/// Pickles in a row.
struct Row {
    section: Section,
    options: DeOptions<'static>,
    /// Where the next one begins.
    at: usize,
    /// True if joblib's stand-in for a file is named somewhere.
    names_side_files: bool,
}

impl Row {
    fn new(section: Section, read: ReadArgs) -> Self {
        let options = read.options().joblib(section.joblib);
        let names_side_files = memmem::find(&section.bytes, WRAPPER).is_some();
        Self { section, options, at: 0, names_side_files }
    }

    fn next(&mut self) -> Option<Result<Graph<'static>, PickleError>> {
        let bytes = self.section.bytes.get(self.at..).unwrap_or_default();
        if bytes.is_empty() && self.at > 0 {
            return None;
        }
        if self.section.joblib {
            // Raw arrays are no instructions, and joblib writes one pickle.
            let graph = self.options.graph_from_reader(&mut &*bytes);
            self.at += if graph.is_ok() { bytes.len() } else { 0 };
            return Some(graph);
        }
        let len = Scanner::new().push(bytes).ok().flatten();
        if self.at == 0
            && len.is_some_and(|len| len < bytes.len())
            && shares_memo(bytes)
            && let Ok(graph) = Deserializer::from_reader(bytes)
                .keep_memo(true)
                .with_options(self.options.clone())
                .into_graph()
        {
            self.at = bytes.len();
            return Some(Ok(graph));
        }
        let graph = self.options.graph_from_reader(&mut &*bytes);
        if graph.is_ok() {
            self.at += len.unwrap_or(bytes.len()).max(1);
        }
        Some(graph)
    }
}
