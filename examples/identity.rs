//! Identity kept: a list that contains itself and a dict that is shared, as CPython 3.13 pickled
//! them, read into a `Graph`, changed by way of a builder, and written back.
//!
//!     cargo run --example identity

use serde_pickle::graph::GraphBuilder;
use serde_pickle::{Graph, SerOptions, Value};

/// `r = [1]; r.append(r); pickle.dumps(r, 4)`
const RECURSIVE: &[u8] = include_bytes!("../fixtures/valid/sharing/recursive_list.p4.py313.pickle");
/// `s = {'a': 1}; pickle.dumps({'x': s, 'y': s, 'z': [s]}, 4)`
const SHARED: &[u8] = include_bytes!("../fixtures/valid/sharing/shared_dict.p4.py313.pickle");

fn main() -> serde_pickle::Result<()> {
    println!("A list that contains itself");
    let graph = Graph::from_slice(RECURSIVE)?;
    let root = graph.root();
    println!("  it prints as                 {root}");
    let inner = root.items().find(|item| item.kind() == root.kind());
    println!("  its item is the list itself  {}", inner == Some(root));
    match serde_pickle::from_slice::<Value>(RECURSIVE) {
        Ok(value) => println!("  as a tree                    {value}"),
        Err(error) => println!("  as a tree it is an error     {error}"),
    }
    println!("  written back, the same bytes {}", graph.to_vec()? == RECURSIVE);

    println!("A dict that is shared");
    let graph = Graph::from_slice(SHARED)?;
    let root = graph.root();
    println!("  it prints as                 {root}");
    let (x, y) = (root.get("x"), root.get("y"));
    println!("  x is y                       {}", x.is_some() && x == y);
    println!("  z[0] is x                    {}", root.get("z").and_then(|z| z.get(0)) == x);
    println!("  written back, the same bytes {}", graph.to_vec()? == SHARED);
    println!("  as a tree it is copied       {}", root.to_value()?);
    let copied = serde_pickle::to_vec(&root.to_value()?)?;
    let copied = Graph::from_slice(&copied)?;
    println!("  then x is y                  {}", copied.root().get("x") == copied.root().get("y"));

    println!("Two objects that refer to each other, made here");
    let mut builder = GraphBuilder::new();
    let (left, right) = (builder.list([]), builder.list([]));
    builder.push(left, right);
    builder.push(right, left);
    let graph = builder.finish(left)?;
    let bytes = SerOptions::new().framing(false).graph_to_vec(&graph)?;
    println!("  it prints as                 {}", graph.root());
    println!("  a pickle of it               {}", bytes.escape_ascii());
    let again = Graph::from_slice(&bytes)?;
    let back = again.root().get(0).and_then(|right| right.get(0));
    println!("  read again, it is the same   {}", back == Some(again.root()));
    Ok(())
}
