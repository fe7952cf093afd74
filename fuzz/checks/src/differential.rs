//! Any bytes, by the crate's `Graph` and by [`reference`](crate::reference): both accept or both
//! refuse, and what is accepted is the same graph, identities included.

use std::collections::HashMap;

use serde_pickle::graph::{NodeId, NodeKind};
use serde_pickle::{DeOptions, ErrorKind, Node, Value};

use crate::reference::{self, Done, How, Id, Seen, Thing, World};

/// The input is the pickle from its first byte.
pub const HEADER: usize = 0;

/// Panics where the two differ.
pub fn check(pickle: &[u8]) {
    // The names as they are in the pickle: what Python 2's are called today is no matter of
    // opcodes.
    let ours = DeOptions::new().fix_imports(false).graph_from_slice(pickle);
    let theirs = reference::run(pickle);
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => {
            Comparison { theirs: &theirs, ids: HashMap::new(), nodes: HashMap::new() }
                .run(ours.root())
        }
        (Err(_), Err(_)) => {}
        // The reference has no limit but that of digits.
        (Err(error), Ok(_)) if error.kind() == ErrorKind::Limit => {}
        (Err(error), Ok(_)) => {
            panic!("refused, but not by the reference: {error}\n{}", pickle.escape_ascii())
        }
        (Ok(_), Err(why)) => {
            panic!("accepted, but not by the reference: {why}\n{}", pickle.escape_ascii())
        }
    }
}

/// Pairs of one node and one thing that are to be the same, and have been found to be.
struct Comparison<'w> {
    theirs: &'w World,
    ids: HashMap<NodeId, Id>,
    nodes: HashMap<Id, NodeId>,
}

impl Comparison<'_> {
    fn run(&mut self, root: Node<'_>) {
        let mut pending = vec![(root, self.theirs.root)];
        while let Some((node, id)) = pending.pop() {
            // One node is one thing, and the other way round.
            let (known, node_known) =
                (self.ids.insert(node.id(), id), self.nodes.insert(id, node.id()));
            assert!(
                known.is_none_or(|known| known == id),
                "one object is two: {node} and {:?}",
                self.theirs.things[id]
            );
            assert!(
                node_known.is_none_or(|known| known == node.id()),
                "two objects are one: {node}"
            );
            if known.is_none() {
                self.pair(node, id, &mut pending);
            }
        }
    }

    fn pair<'g>(&self, node: Node<'g>, id: Id, pending: &mut Vec<(Node<'g>, Id)>) {
        let thing = &self.theirs.things[id];
        let expect = |kind: NodeKind| assert_eq!(node.kind(), kind, "{node} instead of {thing:?}");
        let mut items: Vec<Id> = Vec::new();
        let mut entries: Vec<(Id, Id)> = Vec::new();
        match thing {
            Thing::None => expect(NodeKind::None),
            Thing::Bool(value) => assert_eq!(node.as_bool(), Some(*value)),
            Thing::Int(value) => {
                expect(NodeKind::Int);
                assert_eq!(node.as_big_int().as_ref(), Some(value));
                assert_eq!(node.as_i64(), i64::try_from(value).ok());
            }
            Thing::Float(bits) => {
                let value = node.as_f64().map(f64::to_bits);
                // The sign and payload of a NaN in decimal are nobody's business.
                let nan = f64::from_bits(*bits).is_nan() && node.as_f64().is_some_and(f64::is_nan);
                assert!(nan || value == Some(*bits), "{node} instead of {thing:?}");
            }
            Thing::Str(text) => {
                expect(NodeKind::Str);
                let found = match node.to_value() {
                    Ok(Value::Str(text)) => text.into_bytes(),
                    Ok(Value::Surrogates(text)) => text.into_bytes(),
                    other => panic!("{other:?} instead of text"),
                };
                assert_eq!(found, *text);
                assert_eq!(node.as_str().as_deref(), std::str::from_utf8(text).ok());
            }
            Thing::Chars(bytes) => {
                assert_eq!(node.as_bytes().as_deref(), Some(bytes.as_slice()));
                expect(if std::str::from_utf8(bytes).is_ok() {
                    NodeKind::Str
                } else {
                    NodeKind::Bytes
                });
            }
            Thing::Bytes(bytes) => {
                expect(NodeKind::Bytes);
                assert_eq!(node.as_bytes().as_deref(), Some(bytes.as_slice()));
            }
            Thing::ByteArray(bytes) => {
                expect(NodeKind::ByteArray);
                assert_eq!(node.as_bytes().as_deref(), Some(bytes.as_slice()));
            }
            Thing::List(content) => {
                expect(NodeKind::List);
                items.clone_from(content);
            }
            Thing::Tuple(content) => {
                expect(NodeKind::Tuple);
                items.clone_from(content);
            }
            Thing::Set(content) => {
                expect(NodeKind::Set);
                items.clone_from(content);
            }
            Thing::FrozenSet(content) => {
                expect(NodeKind::FrozenSet);
                items.clone_from(content);
            }
            Thing::Dict(content) => {
                expect(NodeKind::Dict);
                entries.clone_from(content);
            }
            Thing::Global { module, name } => {
                expect(NodeKind::Global);
                assert!(
                    node.global().is_some_and(|global| global.is(module, name)),
                    "{node} instead of {thing:?}"
                );
                self.done(id, &mut items, &mut entries);
            }
            Thing::Extension(code) => {
                expect(NodeKind::Extension);
                assert_eq!(node.extension_code(), Some(*code));
                self.done(id, &mut items, &mut entries);
            }
            Thing::PersistentId(of) => {
                expect(NodeKind::PersistentId);
                pending.push((node.persistent_id().expect("it has an id"), *of));
                self.done(id, &mut items, &mut entries);
            }
            Thing::Buffer { .. } | Thing::View(_) => expect(NodeKind::Buffer),
            Thing::Made(_) => self.object(node, id, &mut items, &mut entries, pending),
        }
        let found: Vec<Node<'g>> = node.items().collect();
        assert_eq!(found.len(), items.len(), "{node} has as many items as {thing:?}");
        let pairs: Vec<_> = node.entries().collect();
        assert_eq!(pairs.len(), entries.len(), "{node} has as many entries as {thing:?}");
        assert_eq!(node.len(), items.len() + entries.len());
        pending.extend(found.into_iter().zip(items));
        for ((key, value), (their_key, their_value)) in pairs.into_iter().zip(entries) {
            pending.extend([(key, their_key), (value, their_value)]);
        }
    }

    /// The contents that an object was given.
    fn done(&self, id: Id, items: &mut Vec<Id>, entries: &mut Vec<(Id, Id)>) {
        for done in &self.theirs.done[id] {
            match *done {
                Done::Append(item) | Done::Add(item) => items.push(item),
                Done::Store(key, value) => entries.push((key, value)),
                Done::State(..) => {}
            }
        }
    }

    fn object<'g>(
        &self,
        node: Node<'g>,
        id: Id,
        items: &mut Vec<Id>,
        entries: &mut Vec<(Id, Id)>,
        pending: &mut Vec<(Node<'g>, Id)>,
    ) {
        match self.theirs.see(id) {
            Seen::Set { frozen, items: content } => {
                assert_eq!(node.kind(), if frozen { NodeKind::FrozenSet } else { NodeKind::Set });
                *items = content;
            }
            Seen::Bytes { array, content } => {
                assert_eq!(node.kind(), if array { NodeKind::ByteArray } else { NodeKind::Bytes });
                assert_eq!(node.as_bytes().as_deref(), content.as_deref());
            }
            Seen::Complex => assert_eq!(node.kind(), NodeKind::Complex),
            Seen::Global(module, name) => {
                assert_eq!(node.kind(), NodeKind::Global);
                assert!(
                    node.global().is_some_and(|global| global.is(&module, &name)),
                    "{node} is {module} {name}"
                );
                self.done(id, items, entries);
            }
            Seen::Object { how, callable, args, kwargs } => {
                let parts = node.object().unwrap_or_else(|| panic!("{node} is an object"));
                let same = match how {
                    How::Reduce => serde_pickle::reduce::How::Call,
                    How::NewObj => serde_pickle::reduce::How::NewObj,
                    How::NewObjEx => serde_pickle::reduce::How::NewObjEx,
                    How::Inst => serde_pickle::reduce::How::Inst,
                };
                assert_eq!(parts.how, same, "{node}");
                assert_eq!(parts.args.len(), args.len(), "{node} has as many arguments");
                assert_eq!(parts.kwargs.is_some(), kwargs.is_some(), "{node}");
                pending.push((parts.callable, callable));
                pending.extend(parts.args.into_iter().zip(args));
                pending.extend(parts.kwargs.zip(kwargs));
                let states: Vec<_> = self.theirs.done[id]
                    .iter()
                    .filter_map(|done| match done {
                        Done::State(setter, state) => Some((*setter, *state)),
                        _ => None,
                    })
                    .collect();
                assert_eq!(parts.states.len(), states.len(), "{node} has as many states");
                for ((setter, state), (their_setter, their_state)) in
                    parts.states.into_iter().zip(states)
                {
                    assert_eq!(setter.is_some(), their_setter.is_some());
                    pending.extend(setter.zip(their_setter));
                    pending.push((state, their_state));
                }
                self.done(id, items, entries);
            }
        }
    }
}

/// Panics where two graphs are not the same, identities included.
pub fn same_graph(one: Node<'_>, other: Node<'_>) {
    let mut pairs = HashMap::new();
    let mut back = HashMap::new();
    let mut pending = vec![(one, other)];
    while let Some((one, other)) = pending.pop() {
        let (known, known_back) =
            (pairs.insert(one.id(), other.id()), back.insert(other.id(), one.id()));
        assert!(
            known.is_none_or(|known| known == other.id()),
            "one object is two: {one} and {other}"
        );
        assert!(
            known_back.is_none_or(|known| known == one.id()),
            "two objects are one: {one} and {other}"
        );
        if known.is_some() {
            continue;
        }
        assert_eq!(one.kind(), other.kind(), "{one} and {other}");
        assert_eq!(one.as_bytes(), other.as_bytes());
        assert_eq!(one.global(), other.global());
        assert_eq!(one.extension_code(), other.extension_code());
        if matches!(one.kind(), NodeKind::Bool | NodeKind::Int | NodeKind::Float | NodeKind::Str) {
            assert_eq!(one.to_string(), other.to_string());
        }
        assert_eq!(one.len(), other.len(), "{one} and {other}");
        pending.extend(one.items().zip(other.items()));
        pending.extend(
            one.entries()
                .zip(other.entries())
                .flat_map(|(one, other)| [(one.0, other.0), (one.1, other.1)]),
        );
        pending.extend(one.persistent_id().zip(other.persistent_id()));
        let (Some(one), Some(other)) = (one.object(), other.object()) else { continue };
        assert_eq!(one.how, other.how);
        assert_eq!(one.args.len(), other.args.len());
        assert_eq!(one.states.len(), other.states.len());
        pending.push((one.callable, other.callable));
        pending.extend(one.args.into_iter().zip(other.args));
        pending.extend(one.kwargs.zip(other.kwargs));
        for ((setter, state), (other_setter, other_state)) in
            one.states.into_iter().zip(other.states)
        {
            pending.extend(setter.zip(other_setter));
            pending.push((state, other_state));
        }
    }
}
