//! A node as serde's `Deserializer`: the walk of `de/node.rs`, begun anywhere in a graph.

use serde::de::IntoDeserializer;

use super::node::Node;
use crate::de::place::Place;
use crate::error::Error;
use crate::forward::forward_deserialize;

macro_rules! through_walk {
    ($self:ident, |$node:ident| $call:expr) => {
        $self.walk(|node| {
            let $node = Place::Node(node);
            let result = $call;
            node.cx.settle(result, node.handle).map_err(|error| $self.locate(error))
        })
    };
}

impl<'g> serde::Deserializer<'g> for Node<'g> {
    type Error = Error;

    forward_deserialize!('g, through_walk);
}

impl<'g> IntoDeserializer<'g, Error> for Node<'g> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
