//! Where two graphs differ.

use std::collections::HashMap;

use serde_pickle::Node;
use serde_pickle::graph::NodeKind;

/// The values in a node, however it keeps them.
fn parts(node: Node<'_>) -> Vec<(String, Node<'_>)> {
    let mut parts = Vec::new();
    if let Some(object) = node.object() {
        parts.push(("callable".to_owned(), object.callable));
        parts.extend(object.args.iter().enumerate().map(|(n, arg)| (format!("arg {n}"), *arg)));
        parts.extend(object.kwargs.map(|kwargs| ("kwargs".to_owned(), kwargs)));
        for (setter, state) in &object.states {
            parts.extend(setter.map(|setter| ("setter".to_owned(), setter)));
            parts.push(("state".to_owned(), *state));
        }
    }
    let mut items: Vec<_> = node.items().collect();
    if matches!(node.kind(), NodeKind::Set | NodeKind::FrozenSet) {
        items.sort_by_cached_key(ToString::to_string);
    }
    parts.extend(items.into_iter().enumerate().map(|(n, item)| (format!("[{n}]"), item)));
    for (key, value) in node.entries() {
        let name = key.to_string();
        parts.push((format!("key {name}"), key));
        parts.push((name, value));
    }
    // Of equal keys each is a part.
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (name, _) in &mut parts {
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            name.push_str(&format!(" #{count}"));
        }
    }
    parts
}

/// The paths at which two graphs differ. An object before is one object after.
pub(crate) fn differences(before: Node<'_>, after: Node<'_>) -> Vec<String> {
    let (mut found, mut there, mut back) = (Vec::new(), HashMap::new(), HashMap::new());
    let mut left = vec![(String::new(), before, after)];
    while let Some((path, before, after)) = left.pop() {
        let is_leaf = !matches!(
            before.kind(),
            NodeKind::List
                | NodeKind::Tuple
                | NodeKind::Dict
                | NodeKind::Set
                | NodeKind::FrozenSet
                | NodeKind::Object
        );
        if before.kind() != after.kind() || is_leaf && leaf(before) != leaf(after) {
            found.push(path);
            continue;
        }
        if is_leaf {
            continue;
        }
        let known = (there.insert(before.id(), after.id()), back.insert(after.id(), before.id()));
        match known {
            (None, None) => {}
            (Some(other), Some(origin)) if (other, origin) == (after.id(), before.id()) => continue,
            _ => {
                found.push(format!("{path} (identity)"));
                continue;
            }
        }
        let (before, after) = (parts(before), parts(after));
        if before.len() != after.len() {
            found.push(format!("{path} (length)"));
        }
        let after: HashMap<String, Node<'_>> = after.into_iter().collect();
        for (name, before) in before {
            match after.get(&name) {
                Some(after) => left.push((format!("{path}/{name}"), before, *after)),
                None => found.push(format!("{path}/{name} (gone)")),
            }
        }
    }
    found
}

/// A leaf with all that is in it.
fn leaf(node: Node<'_>) -> (String, Option<String>, Option<Vec<u8>>) {
    let bytes = node.as_bytes().map(|bytes| bytes.into_owned());
    (node.to_string(), node.as_str().map(|text| text.into_owned()), bytes)
}
