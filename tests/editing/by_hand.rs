//! Changes by hand, one assignment each.

use serde_pickle::Graph;
use serde_pickle::graph::{GraphBuilder, NodeKind};

/// `[a, a]`, with a an instance of m.C by the call that `make` says.
fn twice(make: impl FnOnce(&mut GraphBuilder) -> serde_pickle::graph::NodeId) -> Graph<'static> {
    let mut builder = GraphBuilder::new();
    let object = make(&mut builder);
    let root = builder.list([object, object]);
    builder.finish(root).unwrap()
}

fn plain(builder: &mut GraphBuilder) -> serde_pickle::graph::NodeId {
    let class = builder.global("m", "C");
    let object = builder.instance(class);
    let (name, value) = (builder.str("x"), builder.int(1));
    let state = builder.dict([(name, value)]);
    builder.set_state(object, state);
    object
}

#[test]
fn an_attribute_changes_for_all_who_refer_to_the_object() {
    let mut graph = twice(plain);
    let mut object = graph.root_mut().get_mut(0).unwrap();
    object.set_attr("x", &2).unwrap();
    object.set_attr("y", "new").unwrap();
    assert_eq!(graph.root().get(1).unwrap().attr("x").unwrap().as_i64(), Some(2));
    assert_eq!(graph.root().get(1).unwrap().attr("y").unwrap().as_str().unwrap(), "new");
    let mut object = graph.root_mut().get_mut(1).unwrap();
    assert!(object.remove_attr("x").unwrap());
    assert!(!object.remove_attr("x").unwrap());
    assert!(graph.root().get(0).unwrap().attr("x").is_none());
}

#[test]
fn attributes_are_found_in_slots_and_beside_a_dict() {
    let mut graph = twice(|builder| {
        let class = builder.global("m", "C");
        let object = builder.instance(class);
        let (a, b) = (builder.str("a"), builder.str("b"));
        let (one, two) = (builder.int(1), builder.int(2));
        let (dict, slots) = (builder.dict([(a, one)]), builder.dict([(b, two)]));
        let state = builder.tuple([dict, slots]);
        builder.set_state(object, state);
        object
    });
    let mut object = graph.root_mut().get_mut(0).unwrap();
    object.set_attr("b", &20).unwrap();
    object.set_attr("c", &30).unwrap();
    let state = graph.root().get(0).unwrap().object().unwrap().state().unwrap();
    assert_eq!(state.to_string(), "({'a': 1, 'c': 30}, {'b': 20})");
}

#[test]
fn a_state_dict_that_somebody_else_has_is_copied_first() {
    let mut builder = GraphBuilder::new();
    let class = builder.global("m", "C");
    let (name, value) = (builder.str("x"), builder.int(1));
    let state = builder.dict([(name, value)]);
    let objects = [builder.instance(class), builder.instance(class)];
    objects.iter().for_each(|&object| builder.set_state(object, state));
    let root = builder.list(objects);
    let mut graph = builder.finish(root).unwrap();
    graph.root_mut().get_mut(0).unwrap().set_attr("x", &2).unwrap();
    let x = |index: i32| graph.root().get(index).unwrap().attr("x").unwrap().as_i64();
    assert_eq!((x(0), x(1)), (Some(2), Some(1)));
}

#[test]
fn an_object_without_a_state_gets_one() {
    let mut graph = twice(|builder| {
        let class = builder.global("m", "C");
        builder.instance(class)
    });
    graph.root_mut().get_mut(0).unwrap().set_attr("x", &vec![1, 2]).unwrap();
    assert_eq!(graph.root().get(1).unwrap().attr("x").unwrap().to_string(), "[1, 2]");
    let again = graph.to_vec().unwrap();
    assert_eq!(Graph::from_slice(&again).unwrap().root().to_string(), graph.root().to_string());
}

#[test]
fn items_come_go_and_move() {
    let mut graph = Graph::from_slice(b"\x80\x04](K\x01K\x02K\x03e.").unwrap();
    let mut root = graph.root_mut();
    root.push(&4).unwrap();
    root.insert_item(0, &0).unwrap();
    root.set_item(1, "one").unwrap();
    root.remove_item(2).unwrap();
    root.extend([&5, &6]).unwrap();
    root.retain_items(|item| item.as_i64() != Some(5)).unwrap();
    assert!(root.set_item(9, &1).is_err());
    assert!(root.insert_item(9, &1).is_err());
    let id = root.id();
    root.push(id).unwrap();
    assert_eq!(graph.root().to_string(), "[0, 'one', 3, 4, 6, [...]]");
}

#[test]
fn entries_come_and_go_and_the_last_of_equal_keys_counts() {
    // {'a': 1, 'a': 2}
    let mut graph = Graph::from_slice(b"\x80\x04}(\x8c\x01aK\x01\x8c\x01aK\x02u.").unwrap();
    let mut root = graph.root_mut();
    root.insert("a", &3).unwrap();
    root.insert(7, "seven").unwrap();
    assert_eq!(root.to_string(), "{'a': 1, 'a': 3, 7: 'seven'}");
    assert!(root.insert(vec![1], &1).is_err());
    assert!(root.remove("a").unwrap());
    assert!(!root.remove("b").unwrap());
    root.insert("c", &1).unwrap();
    root.retain_entries(|key, _| key.kind() == NodeKind::Int).unwrap();
    assert_eq!(graph.root().to_string(), "{7: 'seven'}");
}

#[test]
fn a_tuple_is_replaced_and_not_changed() {
    let mut graph = Graph::from_slice(b"\x80\x02]q\x00(K\x01K\x02\x86q\x01h\x01e.").unwrap();
    let mut tuple = graph.root_mut().get_mut(0).unwrap();
    assert!(tuple.push(&1).is_err());
    assert!(tuple.set_attr("x", &1).is_err());
    graph.root_mut().set_item(0, &(5, 6)).unwrap();
    assert_eq!(graph.root().to_string(), "[(5, 6), (1, 2)]");
    let id = graph.root().id();
    graph.replace(id, "all of it").unwrap();
    assert_eq!(graph.root().to_string(), "'all of it'");
}

#[test]
fn an_error_leaves_the_graph_as_it_was() {
    let bytes = b"\x80\x04\x8f(K\x01K\x02\x90.";
    let mut graph = Graph::from_slice(bytes).unwrap();
    assert!(graph.root_mut().push(&vec![1]).is_err());
    assert_eq!(graph.root().to_string(), "{1, 2}");
    assert_eq!(graph.root().len(), 2);
    graph.root_mut().push(&3).unwrap();
    assert_eq!(graph.root().to_string(), "{1, 2, 3}");
}
