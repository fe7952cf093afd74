//! Finding the value under a key, by Python's equality.
//!
//! A graph has no hash tables: a lookup compares one key after another, and the last of equal keys
//! is the one whose value counts. A dict that is searched for text again and again gets a table of
//! its text keys; see `decoded.rs`.

use super::node::{Node, NodeKind};

/// A key for [`Node::get`]: text, an int, or a node.
///
/// ```
/// use serde_pickle::Graph;
///
/// let graph = Graph::from_slice(b"}(X\x01\0\0\0aK\x01K\x02K\x03u.")?;
/// assert_eq!(graph.root().get("a").and_then(|node| node.as_i64()), Some(1));
/// assert_eq!(graph.root().get(2).and_then(|node| node.as_i64()), Some(3));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
pub trait GraphKey: sealed::Sealed {}

mod sealed {
    use crate::graph::Node;
    use crate::value::Value;

    /// State that one look-up keeps from key to key.
    #[derive(Default, Debug)]
    pub struct KeySearch {
        /// The node that is searched for, as a value if it can be one; `None` until it was needed.
        pub wanted: Option<Option<Value>>,
        /// The number of values to which all keys together may still expand.
        pub budget: Option<u64>,
    }

    pub trait Sealed {
        /// Returns true if a key of a dict is this one.
        fn is(&self, key: Node<'_>, search: &mut KeySearch) -> bool;

        /// The text that it is.
        fn text(&self) -> Option<&str> {
            None
        }

        /// The place in a sequence.
        fn index(&self) -> Option<usize> {
            None
        }
    }
}

impl<'g> Node<'g> {
    /// The value under `key`: `node[key]` in Python.
    ///
    /// Text, ints and nodes are keys of a dict, or of the dict items of an object; an int is also
    /// the place in a list or tuple, or in the list items of an object. A node is found by
    /// identity, or where it is equal as Python sees it. Attributes are not looked at: see
    /// [`attr`](Self::attr).
    ///
    /// Compares one entry after another, except for text in a dict that was looked into before. For
    /// many lookups, [`entries`](Self::entries) and a map of your own are faster.
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// // pickle.dumps({'a': [5, 6], 1: 'one'}, 1)
    /// let pickle = b"}(X\x01\x00\x00\x00a](K\x05K\x06eK\x01X\x03\x00\x00\x00oneu.";
    /// let graph = Graph::from_slice(pickle)?;
    /// let root = graph.root();
    /// let item = root.get("a").and_then(|list| list.get(1));
    /// assert_eq!(item.and_then(|item| item.as_i64()), Some(6));
    /// assert_eq!(root.get(1).and_then(|item| item.as_str()).as_deref(), Some("one"));
    /// assert!(root.get("b").is_none());
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn get(self, key: impl GraphKey) -> Option<Node<'g>> {
        match self.kind() {
            NodeKind::List | NodeKind::Tuple => self.items().nth(key.index()?),
            NodeKind::Dict | NodeKind::Object => {
                if let Some(found) = key.text().and_then(|text| self.under_text(text)) {
                    return found;
                }
                let mut search = sealed::KeySearch::default();
                let found =
                    self.entries().filter(|(candidate, _)| key.is(*candidate, &mut search)).last();
                match found {
                    Some((_, value)) => Some(value),
                    None if self.kind() == NodeKind::Object => self.items().nth(key.index()?),
                    None => None,
                }
            }
            _ => None,
        }
    }
}

impl GraphKey for &str {}
impl sealed::Sealed for &str {
    fn is(&self, key: Node<'_>, _: &mut sealed::KeySearch) -> bool {
        key.as_str().is_some_and(|text| text == *self)
    }

    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

impl GraphKey for &String {}
impl sealed::Sealed for &String {
    fn is(&self, key: Node<'_>, search: &mut sealed::KeySearch) -> bool {
        self.as_str().is(key, search)
    }

    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

macro_rules! ints {
    ($($int:ty)*) => {$(
        impl GraphKey for $int {}
        impl sealed::Sealed for $int {
            fn is(&self, key: Node<'_>, _: &mut sealed::KeySearch) -> bool {
                // A bool or float may equal an int; the accessors tell them apart by kind.
                match (key.as_i64(), key.as_bool(), key.as_f64()) {
                    (Some(value), ..) => <$int>::try_from(value).is_ok_and(|value| value == *self),
                    (_, Some(value), _) => <$int>::from(value) == *self,
                    (_, _, Some(value)) => {
                        // Below 2^53 floats and ints are told apart exactly.
                        value.abs() < 9e15
                            && value.fract() == 0.0
                            && <$int>::try_from(value as i64).is_ok_and(|value| value == *self)
                    }
                    _ => false,
                }
            }

            fn index(&self) -> Option<usize> {
                usize::try_from(*self).ok()
            }
        }
    )*};
}

ints!(i32 i64 u32 u64 usize);

impl GraphKey for Node<'_> {}
impl sealed::Sealed for Node<'_> {
    fn is(&self, key: Node<'_>, search: &mut sealed::KeySearch) -> bool {
        if *self == key {
            return true;
        }
        // Python compares some objects by a method of their class; here those are equal only if
        // they are one object.
        let comparable = |node: Node<'_>| {
            !matches!(
                node.kind(),
                NodeKind::Object | NodeKind::PersistentId | NodeKind::Buffer | NodeKind::Extension
            )
        };
        if !comparable(*self) || !comparable(key) {
            return false;
        }
        let wanted = search.wanted.get_or_insert_with(|| self.to_value().ok());
        match (wanted, key.tree(&mut search.budget)) {
            (Some(wanted), Ok(key)) => wanted.python_eq(&key),
            _ => false,
        }
    }

    fn index(&self) -> Option<usize> {
        self.as_i64().and_then(|index| usize::try_from(index).ok())
    }
}
