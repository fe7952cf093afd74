//! The arrays that joblib before 0.10 wrote to files beside the pickle, put in where it names them.
//!
//! `serde_pickle_files` reads them, and only files in the folder of the pickle. A name that leads
//! elsewhere, a file that is not there, and one that is none stay the references that they are.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_pickle::graph::{NodeId, NodeKind};
use serde_pickle::reduce::{Global, Reduce};
use serde_pickle::{Graph, Resolver, Value};
use serde_pickle_files::joblib::SideFiles;

use crate::walk::{children, class_of};

/// The end of the names of joblib's stand-ins for arrays in other files.
pub(crate) const WRAPPER: &[u8] = b"NDArrayWrapper";

/// The folder of a pickle.
pub(crate) struct Beside {
    folder: PathBuf,
    files: SideFiles,
}

impl Beside {
    /// Files beside this one.
    pub(crate) fn of(path: &Path) -> Self {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_path_buf();
        Self { files: SideFiles::new(&folder), folder }
    }

    /// Puts arrays in the places of the objects that stand for them.
    pub(crate) fn put_in(&self, graph: &mut Graph<'static>) {
        let mut names = HashSet::new();
        for (id, class, object) in self.wrappers(graph) {
            let Value::Object(object) = object else { continue };
            // joblib writes a file for each array, and a pipe is read for ever.
            let Some(name) = file_name(&object) else { continue };
            let is_file = fs::metadata(self.folder.join(&name)).is_ok_and(|it| it.is_file());
            if !is_file || !names.insert(name) {
                continue;
            }
            if let Ok(Some(array)) = self.files.construct(&class, &object) {
                // A key cannot be an array, and stays.
                drop(graph.replace(id, &array));
            }
        }
    }

    /// Objects that stand for arrays, each with its class.
    fn wrappers(&self, graph: &Graph<'static>) -> Vec<(NodeId, Global, Value)> {
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        let mut left: Vec<_> = graph.roots().collect();
        while let Some(node) = left.pop() {
            let known = matches!(node.kind(), NodeKind::Str | NodeKind::Int | NodeKind::Float);
            if known || !seen.insert(node.id()) {
                continue;
            }
            match class_of(node).filter(|class| self.files.constructs(class)) {
                Some(class) => found.extend(node.to_value().map(|it| (node.id(), class, it))),
                None => left.extend(children(node)),
            }
        }
        found
    }
}

/// The name in the state of joblib's stand-in for an array.
fn file_name(object: &Reduce) -> Option<String> {
    let Some(Value::Dict(state)) = object.state.as_deref() else { return None };
    match state.get("filename")? {
        Value::Str(name) => Some(name.to_string()),
        Value::Bytes(name) => String::from_utf8(name.to_vec()).ok(),
        _ => None,
    }
}
