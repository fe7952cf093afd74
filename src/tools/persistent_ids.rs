//! [`persistent_ids`]: the objects outside of it that a pickle refers to.
//!
//! The machine runs the pickle into nodes, which are little more than its bytes; then the
//! persistent ids among the nodes become values, and nothing else does. Nodes are numbered in the
//! order in which they were made, which is that in which an Unpickler would call `persistent_load`.

use crate::de::{DeOptions, persistent_ids_of};
use crate::error::Result;
use crate::machine::{self, State};
use crate::nodes::store::Nodes;
use crate::value::Value;
use crate::walk::cx::Cx;

/// The persistent ids in a pickle, in the order in which a reader meets them; an id that comes
/// twice is there twice.
///
/// No object of the pickle is made, so this is a cheap way to find out what a pickle of any size
/// needs to be loaded, such as the storages of a PyTorch checkpoint. cPickle's `Unpickler.noload`,
/// with a list as its `persistent_load`, did the same.
///
/// ```
/// use serde_pickle::{Value, pickle, tools};
///
/// // [External('a'), External(('b', 1))], with a Pickler whose persistent_id gives the id of an
/// // External
/// let pickle = b"\x80\x04\x95\x0f\0\0\0\0\0\0\0](\x8c\x01aQ\x8c\x01bK\x01\x86Qe.";
/// assert_eq!(tools::persistent_ids(pickle)?, [Value::from("a"), pickle!(("b", 1))]);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Of several pickles in a row,
/// [`Deserializer::persistent_ids`](crate::Deserializer::persistent_ids) gives those of one after
/// another, and can keep the memo.
///
/// # Errors
/// `Eof` and `Syntax` where the bytes are not a pickle, `Limit` where ids nest too deep or expand
/// to too much.
pub fn persistent_ids(pickle: &[u8]) -> Result<Vec<Value>> {
    let options = DeOptions::new();
    let mut state = State { nodes: Nodes::with_input(pickle.len()), ..State::default() };
    let loaded = machine::load(pickle, 0, &mut state, &options.settings().config(true, None))?;
    let cx = Cx::new(&state.nodes, pickle, loaded.end, options.settings());
    persistent_ids_of(&cx, 0)
}
