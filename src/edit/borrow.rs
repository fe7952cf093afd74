//! New text and bytes for types that borrow theirs from the input.
//!
//! A field `&'de str` is read from the pickle, and text that an update puts there is nowhere in the
//! pickle. So that the change can be checked, the type is read with other text in its place: what
//! was there before, or a text of the program.

use std::borrow::Cow;

use foldhash::HashMap;

use crate::convert::of_own_pickle;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::nodes::edit::Journal;
use crate::nodes::handle::Handle;
use crate::nodes::scalar;
use crate::nodes::store::Const;
use crate::value::{Dict, Value};
use crate::walk::notes::{Notes, StandIn};

/// Texts for what is new: another length each time.
static NAMES: [u8; 4096] = [b'_'; 4096];

/// The length of the shortest of them.
const SHORTEST: usize = 64;

/// Reads a type once more, where new text cannot be borrowed. Gives its image, and pairs of new
/// values and the old ones that stood in for them.
///
/// # Errors
/// `error`, if no text is new or the type cannot be read in this way either.
pub(super) fn read<'de>(
    graph: &Graph<'de>,
    journal: &Journal,
    leaves: &[(Handle, Handle)],
    error: Error,
    read: &dyn Fn(&Graph<'de>, &Notes<'de>) -> Result<Vec<u8>>,
) -> Result<(Value, Vec<(Value, Value)>)> {
    let Cow::Borrowed(input) = graph.input else { return Err(error) };
    let before: HashMap<Handle, Handle> = leaves.iter().copied().collect();
    let (mut stand_ins, mut values) = (HashMap::default(), HashMap::default());
    let mut names: HashMap<usize, Value> = HashMap::default();
    for (number, (handle, new)) in graph.nodes.new_consts(journal).enumerate() {
        let was = before.get(&handle).copied();
        let given = match new {
            Const::Str(text) => Value::from(text.as_ref()),
            Const::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
            _ => continue,
        };
        let old = was.and_then(|was| match new {
            Const::Str(_) => scalar::borrowed_text(&graph.nodes, input, was).map(StandIn::Text),
            _ => scalar::bytes(&graph.nodes, input, was).map(StandIn::Bytes),
        });
        let Some(stand_in) = old.or_else(|| name(SHORTEST + number, new)) else { continue };
        stand_ins.insert(handle, stand_in);
        let stands = match stand_in {
            StandIn::Text(text) => Value::from(text),
            StandIn::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
        };
        match old {
            Some(_) => drop(values.insert(handle, (given, stands))),
            None => drop(names.insert(SHORTEST + number, given)),
        }
    }
    if stand_ins.is_empty() {
        return Err(error);
    }
    let notes = Notes::with(stand_ins);
    let Ok(image) = read(graph, &notes) else { return Err(error) };
    let used = notes.used();
    let image = restored(of_own_pickle(&image)?, &names);
    Ok((image, used.iter().filter_map(|handle| values.remove(handle)).collect()))
}

fn name(len: usize, new: &Const<'_>) -> Option<StandIn<'static>> {
    let name = NAMES.get(..len)?;
    match new {
        Const::Str(_) => std::str::from_utf8(name).ok().map(StandIn::Text),
        _ => Some(StandIn::Bytes(name)),
    }
}

/// An image with what the names stood in for, by their lengths.
fn restored(value: Value, names: &HashMap<usize, Value>) -> Value {
    let all = |items: Vec<Value>| items.into_iter().map(|item| restored(item, names)).collect();
    let given = |name: &[u8]| {
        let is_name = name.len() >= SHORTEST && name.iter().all(|byte| *byte == NAMES[0]);
        names.get(&name.len()).filter(|_| is_name).cloned()
    };
    match value {
        Value::Str(text) => given(text.as_bytes()).unwrap_or(Value::Str(text)),
        Value::Bytes(bytes) => given(&bytes).unwrap_or(Value::Bytes(bytes)),
        Value::List(items) => Value::List(all(items)),
        Value::Tuple(items) => Value::Tuple(all(items)),
        Value::Dict(dict) => {
            let mut now = Dict::new();
            for (key, value) in dict {
                // A key that cannot be one stays as it is.
                let _ = now.try_insert(restored(key, names), restored(value, names));
            }
            Value::Dict(now)
        }
        other => other,
    }
}
