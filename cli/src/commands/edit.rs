//! `pickle set` and `pickle del`: one value changed, everything else as it was.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use serde_pickle::edit::NodeMut;
use serde_pickle::graph::NodeKind;
use serde_pickle::{Graph, Node, Value, python};

use super::Context;
use crate::error::{Error, Named, OK, Result};
use crate::input::Input;
use crate::literal;
use crate::output::write_bytes;
use crate::path::{self, Segment};
use crate::walk;

/// Changes the value at a path, and leaves everything else as it is.
///
/// Shared objects stay shared, classes keep their spelling, and what Python cannot change (text, a
/// number, a tuple) is replaced where it stands. The new value must be of the type of the old one
/// unless --force is given. A date, decimal, UUID, path or address is given as text.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pickle set session.pkl user.email '\"ada@example.org\"'
  pickle set session.pkl user.email --text ada@example.org
  pickle set config.pkl 'limits[\"rows\"]' 500 -o changed.pkl
  pickle set row.pkl created --text 2024-07-01T12:00:00

VALUE is a literal of Python or JSON. The file is replaced at once, by a new one that is renamed \
onto it.")]
pub(crate) struct SetArguments {
    /// The file.
    #[arg(value_name = "FILE")]
    file: String,
    /// The path to the value.
    #[arg(value_name = "PATH", allow_hyphen_values = true)]
    path: String,
    /// The new value.
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    value: String,
    /// VALUE is text, without quotes.
    #[arg(short, long)]
    text: bool,
    /// Let the value have another type than the old one, and let there be none before.
    #[arg(short, long)]
    force: bool,
    /// Where to write; FILE itself unless given.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Removes the attribute, entry or item at a path, and leaves everything else as it is.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pickle del session.pkl user.password
  pickle del rows.pkl '[0]' -o rest.pkl")]
pub(crate) struct DelArguments {
    /// The file.
    #[arg(value_name = "FILE")]
    file: String,
    /// The path to what is to go.
    #[arg(value_name = "PATH", allow_hyphen_values = true)]
    path: String,
    /// Where to write; FILE itself unless given.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn set(arguments: &SetArguments, context: Context) -> Result<u8> {
    let value = if arguments.text {
        Value::from(arguments.value.as_str())
    } else {
        literal::parse(&arguments.value)
            .map_err(|error| Error::new(format!("the value: {error}")))?
    };
    let way = path::parse(&arguments.path)?;
    change(&arguments.file, arguments.output.as_deref(), context, "set", |graph| {
        assign(graph, &way, &value, arguments.force)
    })
}

pub(crate) fn del(arguments: &DelArguments, context: Context) -> Result<u8> {
    let way = path::parse(&arguments.path)?;
    change(&arguments.file, arguments.output.as_deref(), context, "del", |graph| {
        remove(graph, &way)
    })
}

/// Reads a file, changes its graph, and writes it.
fn change(
    file: &str,
    output: Option<&Path>,
    context: Context,
    command: &str,
    work: impl FnOnce(&mut Graph<'static>) -> Result<()>,
) -> Result<u8> {
    let mut input = Input::open(file)?;
    if let (Some(container), None) = (input.container(), output) {
        let error = format!("is in a container ({container}): write the pickle elsewhere by -o");
        return Err(Error::new(error).of(file));
    }
    let pickles = input.pickles(context.read)?;
    if pickles.joblib && output.is_none() {
        let error = "has raw arrays of joblib, which would be written as numpy's own: write it \
                     elsewhere by -o";
        return Err(Error::new(error).of(file));
    }
    let (mut graph, behind) = pickles.only(command)?;
    work(&mut graph).of(file)?;
    let mut bytes = graph.to_vec().of(file)?;
    // The bytes behind STOP belong to somebody else.
    bytes.extend(behind);
    let to = match (output, file) {
        (Some(output), _) => Some(output),
        (None, "-") => None,
        (None, file) => Some(Path::new(file)),
    };
    write_bytes(&bytes, to)?;
    Ok(OK)
}

/// `path = value`.
fn assign(graph: &mut Graph<'static>, way: &[Segment], value: &Value, force: bool) -> Result<()> {
    let Some((last, before)) = way.split_last() else {
        let root = graph.root();
        let new = fitting(root, value, force, ".")?;
        let id = root.id();
        return Ok(graph.replace(id, &new)?);
    };
    let parent = path::find(graph.root(), before)?;
    let place = spelled(way);
    let old = path::step(parent, last);
    let new = match old {
        Some(old) => fitting(old, value, force, &place)?,
        None if force => value.clone(),
        None => {
            path::find(graph.root(), way)?;
            return Err(Error::no(format!("there is no {place}")));
        }
    };
    let (kind, id) = (parent.kind(), parent.id());
    match (kind, last) {
        (NodeKind::Tuple, Segment::Key(Value::Int(index))) => {
            // An object that nothing else refers to can be replaced as such.
            if let Some(only) = old.filter(|old| is_only(graph, *old)).map(Node::id) {
                return Ok(graph.replace(only, &new)?);
            }
            let index = path::place(*index, parent.len()).unwrap_or(usize::MAX);
            let tuple = with_item(parent, index, &new, &place)?;
            if is_only(graph, parent) {
                return Ok(graph.replace(id, &tuple)?);
            }
            // The tuple is itself a value that is replaced where it stands.
            replace(graph, before, &tuple, &place)
        }
        (NodeKind::FrozenSet | NodeKind::Set, _) => Err(Error::new(format!(
            "{place} is an item of a set: remove it by `del`, for a set has no places"
        ))),
        _ => {
            let mut target = graph.node_mut(id);
            put(&mut target, kind, last, &new)
        }
    }
}

/// Returns true for an object that is referred to once.
fn is_only(graph: &Graph<'_>, node: Node<'_>) -> bool {
    // Python has one of each of these.
    let single = matches!(node.kind(), NodeKind::None | NodeKind::Bool)
        || node.kind() == NodeKind::Tuple && node.is_empty();
    let id = node.id();
    let mut times = graph.roots().filter(|root| root.id() == id).count();
    let (mut seen, mut left) = (HashSet::new(), graph.roots().collect::<Vec<_>>());
    while let Some(node) = left.pop() {
        if seen.insert(node.id()) {
            let children = walk::children(node);
            times += children.iter().filter(|child| child.id() == id).count();
            left.extend(children);
        }
    }
    !single && times == 1
}

/// Puts a value into an object.
fn put(target: &mut NodeMut<'_, '_>, kind: NodeKind, last: &Segment, new: &Value) -> Result<()> {
    let len = target.as_node().items().count();
    let is_entry = |key: &Value| {
        let node = target.as_node();
        node.entries().any(|(it, _)| it.to_value().is_ok_and(|it| it.python_eq(key)))
    };
    match (kind, last) {
        (NodeKind::Dict, Segment::Name(name)) => target.insert(name, new)?,
        (NodeKind::Dict, Segment::Key(key)) => target.insert(key, new)?,
        (_, Segment::Key(key)) if is_entry(key) => target.insert(key, new)?,
        (_, Segment::Name(name)) if is_entry(&Value::from(name.as_str())) => {
            target.insert(name, new)?;
        }
        (_, Segment::Key(Value::Int(index))) => match path::place(*index, len) {
            Some(index) if index == len => target.push(new)?,
            Some(index) => target.set_item(index, new)?,
            None => target.set_item(usize::MAX, new)?,
        },
        (_, Segment::Key(Value::Str(name)) | Segment::Name(name)) => target.set_attr(name, new)?,
        (_, Segment::Key(key)) => target.insert(key, new)?,
        (_, Segment::Arg(index)) => target.set_arg(*index, new)?,
        (_, Segment::State) => target.set_state(new)?,
        (_, segment @ (Segment::Kwargs | Segment::Class | Segment::Id)) => {
            return Err(Error::new(format!("{} cannot be set as a whole", segment.spelled())));
        }
    }
    Ok(())
}

/// A tuple with another item, as a value of its own.
fn with_item(tuple: Node<'_>, index: usize, new: &Value, place: &str) -> Result<Value> {
    let mut items = Vec::new();
    for (at, item) in tuple.items().enumerate() {
        if at != index && !walk::is_scalar(item) && item.kind() != NodeKind::Global {
            return Err(Error::new(format!(
                "{place} is in a tuple with other objects, which would be copied: set the whole \
                 tuple"
            )));
        }
        items.push(if at == index { new.clone() } else { item.to_value()? });
    }
    Ok(Value::Tuple(items))
}

/// Puts a new tuple in the place of an old one.
fn replace(graph: &mut Graph<'static>, way: &[Segment], new: &Value, place: &str) -> Result<()> {
    let Some((last, before)) = way.split_last() else {
        let id = graph.root().id();
        return Ok(graph.replace(id, new)?);
    };
    let parent = path::find(graph.root(), before)?;
    let (kind, id) = (parent.kind(), parent.id());
    match (kind, last) {
        (NodeKind::Tuple, Segment::Key(Value::Int(index))) => {
            let index = path::place(*index, parent.len()).unwrap_or(usize::MAX);
            let tuple = with_item(parent, index, new, place)?;
            replace(graph, before, &tuple, place)
        }
        (NodeKind::FrozenSet | NodeKind::Set, _) => {
            Err(Error::new(format!("{place} is within an item of a set")))
        }
        _ => {
            let mut target = graph.node_mut(id);
            put(&mut target, kind, last, new)
        }
    }
}

/// `del path`.
fn remove(graph: &mut Graph<'static>, way: &[Segment]) -> Result<()> {
    let Some((last, before)) = way.split_last() else {
        return Err(Error::new("the whole cannot be removed"));
    };
    path::find(graph.root(), way)?;
    let parent = path::find(graph.root(), before)?;
    let (kind, id, len) = (parent.kind(), parent.id(), parent.items().count());
    let mut target = graph.node_mut(id);
    let removed = match (kind, last) {
        (NodeKind::Dict, Segment::Name(name)) => target.remove(name)?,
        (NodeKind::Dict, Segment::Key(key)) => target.remove(key)?,
        (NodeKind::List | NodeKind::Object, Segment::Key(Value::Int(index))) => {
            match target.remove(index) {
                Ok(true) => true,
                _ => {
                    target.remove_item(path::place(*index, len).unwrap_or(usize::MAX))?;
                    true
                }
            }
        }
        (NodeKind::Set, Segment::Key(Value::Int(index))) => {
            let gone = path::place(*index, len);
            let mut at = 0;
            target.retain_items(|_| {
                at += 1;
                Some(at - 1) != gone
            })?;
            true
        }
        (_, Segment::Name(name) | Segment::Key(Value::Str(name))) => {
            match target.remove_attr(name) {
                Ok(true) => true,
                _ => target.remove(name)?,
            }
        }
        (_, Segment::Key(key)) => target.remove(key)?,
        (_, segment) => {
            return Err(Error::new(format!("{} cannot be removed", segment.spelled())));
        }
    };
    match removed {
        true => Ok(()),
        false => Err(Error::no(format!("there is no {}", spelled(way)))),
    }
}

fn spelled(way: &[Segment]) -> String {
    let path: String = way.iter().map(Segment::spelled).collect();
    if path.is_empty() { ".".to_owned() } else { path.trim_start_matches('.').to_owned() }
}

/// The value in the type of the old one.
fn fitting(old: Node<'_>, value: &Value, force: bool, place: &str) -> Result<Value> {
    if let (NodeKind::Object, Value::Str(text)) = (old.kind(), value)
        && let Some(class) = walk::class_of(old)
        && let Some(made) = natural(&class.module, &class.qualname, text)
    {
        return made.map_err(|error| Error::new(format!("{place}: {error}")));
    }
    match (old.kind(), value) {
        _ if force => Ok(value.clone()),
        (NodeKind::Float, Value::Int(int)) => Ok(Value::from(*int as f64)),
        (NodeKind::Bytes, Value::Str(text)) => Ok(Value::Bytes(text.clone().into_bytes())),
        (NodeKind::ByteArray, Value::Str(text)) => Ok(Value::ByteArray(text.clone().into_bytes())),
        (NodeKind::ByteArray, Value::Bytes(bytes)) => Ok(Value::ByteArray(bytes.clone())),
        (NodeKind::Tuple, Value::List(items)) => Ok(Value::Tuple(items.clone())),
        (NodeKind::FrozenSet, Value::Set(items)) => Ok(Value::FrozenSet(items.clone())),
        (kind, value) if kind_of(value) == Some(kind) => Ok(value.clone()),
        (kind, value) => {
            let was = match walk::class_of(old) {
                Some(class) => walk::dotted(&class),
                None => format!("{kind:?}").to_lowercase(),
            };
            let is =
                kind_of(value).map_or("other".to_owned(), |it| format!("{it:?}").to_lowercase());
            Err(Error::new(format!(
                "{place} is of type {was}, and the new value of type {is}; --force sets it all the \
                 same"
            )))
        }
    }
}

fn kind_of(value: &Value) -> Option<NodeKind> {
    Some(match value {
        Value::None => NodeKind::None,
        Value::Bool(_) => NodeKind::Bool,
        Value::Int(_) | Value::BigInt(_) => NodeKind::Int,
        Value::Float(_) => NodeKind::Float,
        Value::Complex(_) => NodeKind::Complex,
        Value::Str(_) | Value::Surrogates(_) => NodeKind::Str,
        Value::Bytes(_) => NodeKind::Bytes,
        Value::ByteArray(_) => NodeKind::ByteArray,
        Value::Tuple(_) => NodeKind::Tuple,
        Value::List(_) => NodeKind::List,
        Value::Dict(_) => NodeKind::Dict,
        Value::Set(_) => NodeKind::Set,
        Value::FrozenSet(_) => NodeKind::FrozenSet,
        _ => return None,
    })
}

/// An object of a class of the standard library, of its text.
fn natural(module: &str, qualname: &str, text: &str) -> Option<Result<Value, String>> {
    fn made<T: std::str::FromStr<Err = E> + Serialize, E: ToString>(
        text: &str,
    ) -> Result<Value, String> {
        let made: T = text.parse().map_err(|error: E| error.to_string())?;
        serde_pickle::to_value(&made).map_err(|error| error.to_string())
    }
    Some(match (module, qualname) {
        ("datetime", "datetime") => made::<python::DateTime, _>(text),
        ("datetime", "date") => made::<python::Date, _>(text),
        ("datetime", "time") => made::<python::Time, _>(text),
        ("datetime", "timedelta") => made::<python::TimeDelta, _>(text),
        ("decimal" | "_decimal" | "_pydecimal", "Decimal") => made::<python::Decimal, _>(text),
        ("fractions", "Fraction") => made::<python::Fraction, _>(text),
        ("uuid", "UUID") => made::<python::Uuid, _>(text),
        _ => return None,
    })
}
