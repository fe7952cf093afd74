//! The tensors in the objects of a checkpoint, each by the way to it.

use serde_pickle::graph::{NodeId, NodeKind};
use serde_pickle::{Graph, Node};

use super::info::TensorInfo;
use super::storage::NoTensor;
use crate::error::{Error, Result};

pub(super) struct Named {
    pub(super) name: String,
    /// The length of the first part of the name.
    pub(super) first: usize,
    pub(super) info: TensorInfo,
}

/// Steps of the walk, beyond those that the size of the pickle allows. An object is gone through
/// once for each way to it, as a state dict has a tensor that is tied to another one twice.
const STEPS: usize = 1_000_000;

/// A step: to look at an object, or to go on behind it.
enum Step<'g> {
    Look { node: Node<'g>, name: String, first: usize },
    Leave(NodeId),
}

/// The tensors of a checkpoint.
#[derive(Default)]
pub(super) struct Found {
    pub(super) tensors: Vec<Named>,
    /// Those of kinds that are not read, each with its error.
    pub(super) unread: Vec<(String, Error)>,
}

pub(super) fn named_tensors(graph: &Graph<'_>) -> Result<Found> {
    let found = Found::default();
    let mut walk = Walk { steps: Vec::new(), around: Vec::new(), found, left: STEPS };
    walk.steps.push(Step::Look { node: graph.root(), name: String::new(), first: 0 });
    walk.run()?;
    Ok(walk.found)
}

struct Walk<'g> {
    steps: Vec<Step<'g>>,
    /// The objects around the current one: none is looked for within itself.
    around: Vec<NodeId>,
    found: Found,
    left: usize,
}

impl<'g> Walk<'g> {
    fn run(&mut self) -> Result<()> {
        while let Some(step) = self.steps.pop() {
            match step {
                Step::Leave(id) => {
                    if self.around.last() == Some(&id) {
                        self.around.pop();
                    }
                }
                Step::Look { node, name, first } => self.look(node, name, first)?,
            }
        }
        Ok(())
    }

    /// Names grow with each level, so a step costs their length.
    fn charge(&mut self, name: &str) -> Result<()> {
        let cost = 1 + name.len() / 64 + self.around.len() / 64;
        match self.left.checked_sub(cost) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(Error::limit(
                "the objects of the checkpoint come to more than a million places for tensors",
            )),
        }
    }

    fn look(&mut self, node: Node<'g>, name: String, first: usize) -> Result<()> {
        self.charge(&name)?;
        match node.kind() {
            NodeKind::Object => {
                if self.is_tensor(node, &name, first)? {
                    return Ok(());
                }
            }
            NodeKind::Dict | NodeKind::List | NodeKind::Tuple => {}
            _ => return Ok(()),
        }
        if self.around.contains(&node.id()) {
            return Ok(());
        }
        self.around.push(node.id());
        self.steps.push(Step::Leave(node.id()));
        let from = self.steps.len();
        match node.kind() {
            NodeKind::Dict => self.entries(node, &name, first)?,
            NodeKind::Object => self.object(node, &name, first)?,
            _ => self.items(node, &name, first)?,
        }
        // The last one is taken first.
        if let Some(steps) = self.steps.get_mut(from..) {
            steps.reverse();
        }
        Ok(())
    }

    fn is_tensor(&mut self, node: Node<'g>, name: &str, first: usize) -> Result<bool> {
        let function = node.object().and_then(|object| object.callable.global());
        if !function.is_some_and(|function| {
            matches!(&*function.module, "torch._utils" | "torch._tensor" | "torch.tensor")
                && function.qualname.starts_with("_rebuild")
        }) {
            return Ok(false);
        }
        let value = node.to_value()?;
        let shown = if name.is_empty() { "the tensor" } else { name };
        match TensorInfo::of(&value) {
            Ok(info) => self.found.tensors.push(Named { name: name.to_owned(), first, info }),
            Err(NoTensor::Unsupported(what)) => {
                let error = Error::unsupported(format!("{what} are not read")).within(shown);
                self.found.unread.push((name.to_owned(), error));
            }
            Err(NoTensor::Malformed(what)) => return Err(Error::format(what).within(shown)),
            Err(NoTensor::Other) => return Err(Error::format("malformed tensor").within(shown)),
        }
        Ok(true)
    }

    fn push(&mut self, node: Node<'g>, name: &str, first: usize, part: &str) {
        let mut child = String::with_capacity(name.len() + part.len() + 1);
        child.push_str(name);
        if !name.is_empty() {
            child.push('.');
        }
        child.push_str(part);
        let first = if first == 0 { child.len() } else { first };
        self.steps.push(Step::Look { node, name: child, first });
    }

    /// The entries whose keys are text or ints.
    fn entries(&mut self, node: Node<'g>, name: &str, first: usize) -> Result<()> {
        for (key, value) in node.entries() {
            self.entry(key, value, name, first)?;
        }
        Ok(())
    }

    fn entry(&mut self, key: Node<'g>, value: Node<'g>, name: &str, first: usize) -> Result<()> {
        self.charge(name)?;
        match (key.as_str(), key.as_i64()) {
            (Some(key), _) => self.push(value, name, first, &key),
            (None, Some(key)) => self.push(value, name, first, &key.to_string()),
            _ => {}
        }
        Ok(())
    }

    fn items(&mut self, node: Node<'g>, name: &str, first: usize) -> Result<()> {
        for (at, item) in node.items().enumerate() {
            self.charge(name)?;
            self.push(item, name, first, &at.to_string());
        }
        Ok(())
    }

    /// The entries of an OrderedDict, the items of a subclass of list, the arguments, of a named
    /// tuple for instance, and the attributes. Those in which a module keeps its parts are not in
    /// the names of a state dict.
    fn object(&mut self, node: Node<'g>, name: &str, first: usize) -> Result<()> {
        self.entries(node, name, first)?;
        let Some(object) = node.object() else { return Ok(()) };
        let class = object.callable.global();
        // Python 2 has the pairs as an argument.
        if class.is_some_and(|class| class.is("collections", "OrderedDict")) {
            for pair in object.args.iter().flat_map(|pairs| pairs.items()) {
                let mut parts = pair.items();
                if let (Some(key), Some(value)) = (parts.next(), parts.next()) {
                    self.entry(key, value, name, first)?;
                }
            }
        } else {
            for (at, argument) in object.args.iter().enumerate() {
                self.charge(name)?;
                self.push(*argument, name, first, &at.to_string());
            }
        }
        for (at, item) in node.appended_items().enumerate() {
            self.charge(name)?;
            self.push(item, name, first, &at.to_string());
        }
        for (_, state) in &object.states {
            for (key, value) in state.entries() {
                let key_text = key.as_str();
                let transparent = key_text
                    .as_deref()
                    .is_some_and(|key| matches!(key, "_parameters" | "_buffers" | "_modules"));
                // A recurrent layer has its parameters a second time there.
                if key_text.as_deref() == Some("_flat_weights") {
                    continue;
                }
                if transparent {
                    self.charge(name)?;
                    self.steps.push(Step::Look { node: value, name: name.to_owned(), first });
                } else {
                    self.entry(key, value, name, first)?;
                }
            }
        }
        Ok(())
    }
}
