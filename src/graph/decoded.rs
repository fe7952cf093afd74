//! Results that the accessors of a [`Node`] decode, each long piece once.
//!
//! A payload stays in the input as it is spelled there. Escaped text, an 8-bit string of Python 2,
//! a number in a line and bytes that a call makes are decoded when they are looked at. Half a
//! pickle may be one such payload and the other half references to it, and going through the
//! references would then take the square of the input. So a payload of [`LONG`] bytes or more has a
//! slot here, found by its handle, and is decoded into it at the second look; a shorter one is
//! decoded each time, which is bounded. The slots are laid out by one pass over all references,
//! when the first long payload is asked for.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use foldhash::fast::RandomState;
use num_bigint::BigInt;
use num_traits::ToPrimitive;

use super::Graph;
use super::given::Given;
use super::node::Node;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::known::Known;
use crate::nodes::scalar::{self, Int};
use crate::nodes::spelling::Spelling;
use crate::nodes::store::Const;
use crate::nodes::view::{Payload, bytes_of, tuple_items};

/// Up to this many entries of a dict are compared one by one at each lookup, and up to this many
/// runs of an object are gone through.
pub(super) const FEW: usize = 16;

/// A payload of fewer bytes is decoded again at each look.
const LONG: usize = 256;

/// The slots of a graph, once they are needed.
#[derive(Default)]
pub(super) struct Decoded {
    slots: OnceLock<Slots>,
    /// The text keys of a dict, from the second lookup on, by the dict's number and the number of
    /// references that the graph had.
    texts: Mutex<HashMap<Place, Option<Arc<TextKeys>>, RandomState>>,
    /// The same for what an object was given by many runs.
    pub(super) given: Mutex<HashMap<Place, Option<Arc<Given>>, RandomState>>,
}

/// The clone of a graph begins without any, and decodes again.
impl Clone for Decoded {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// The number of an object, and how many references its graph had.
pub(super) type Place = (u32, usize);

/// The entries of a dict under text, by the hash of that: the last of equal keys.
pub(super) type TextKeys = HashMap<u64, (Handle, Handle), RandomState>;

#[derive(Default)]
struct Slots {
    /// By the handle of the payload; by that of the instance for bytes that a call makes.
    slots: HashMap<Handle, PayloadSlot, RandomState>,
    /// The innermost value of `bytes(bytes(…))`, by the number of each call around it.
    innermost: HashMap<u32, Handle, RandomState>,
    /// The number of references in the graph.
    references: usize,
}

/// A long payload, decoded.
#[derive(Default)]
struct PayloadSlot {
    /// True once a first look has been taken.
    seen: AtomicBool,
    text: OnceLock<Option<Box<str>>>,
    bytes: OnceLock<Option<Box<[u8]>>>,
    int: OnceLock<Option<BigInt>>,
    float: OnceLock<Option<f64>>,
}

impl Slots {
    fn of(graph: &Graph<'_>) -> Self {
        let mut slots = Self { references: graph.nodes.handle_count(), ..Self::default() };
        for handle in graph.nodes.handles().iter().copied().chain(graph.root_handles()) {
            if !handle.is_object() && is_long(graph, handle) {
                slots.slots.entry(handle).or_default();
            }
        }
        // The argument of a call has a lower number than the call.
        for (number, _) in graph.nodes.numbered_objects() {
            match bytes_arguments(graph, number) {
                Some(&[value]) if value.tag() == Tag::Instance => {
                    let innermost = slots.innermost.get(&value.number()).copied().unwrap_or(value);
                    slots.innermost.insert(number, innermost);
                }
                Some(&[text, _]) if text_is_long(graph, text) => {
                    slots.slots.entry(Handle::numbered(Tag::Instance, number)).or_default();
                }
                _ => {}
            }
        }
        slots
    }
}

/// The arguments of a call that makes bytes or a bytearray.
pub(super) fn bytes_arguments<'g>(graph: &'g Graph<'_>, number: u32) -> Option<&'g [Handle]> {
    let object = graph.nodes.object(number);
    let known = Spelling::known(object.flags());
    let is_call = object.tag() == Tag::Instance && Spelling::of(object.flags()) == Spelling::Reduce;
    if !is_call || !matches!(known, Known::Bytes | Known::ByteArray | Known::Encode) {
        return None;
    }
    let &[_, arguments] = graph.nodes.first(&object) else { return None };
    Some(tuple_items(&graph.nodes, arguments))
}

/// Returns true if a scalar takes long to decode.
fn is_long(graph: &Graph<'_>, handle: Handle) -> bool {
    match handle.tag() {
        Tag::StrLine | Tag::IntLine | Tag::LongLine | Tag::FloatLine => {
            usize::from(handle.detail()) > LONG
        }
        Tag::Str4 | Tag::Str8 | Tag::Chars4 | Tag::Long4 => {
            scalar::payload(&graph.input, handle).is_some_and(|payload| payload.len() > LONG)
        }
        // The search for the end of the line stops early: there may be as many references as the
        // line has bytes.
        Tag::StrEscaped | Tag::CharsLine => {
            let line = graph.input.get(handle.offset() + 1..).unwrap_or_default();
            memchr::memchr(b'\n', line.get(..LONG).unwrap_or(line)).is_none()
        }
        _ => false,
    }
}

fn text_is_long(graph: &Graph<'_>, text: Handle) -> bool {
    is_long(graph, text)
        || match text.tag() {
            Tag::Shared => graph.nodes.shared(text.number()).text.len() > LONG,
            Tag::Const => match graph.nodes.constant(text.number()) {
                Some(Const::Str(text)) => text.len() > LONG,
                _ => false,
            },
            _ => false,
        }
}

impl<'g> Node<'g> {
    fn slots(self) -> &'g Slots {
        self.graph.decoded.slots.get_or_init(|| Slots::of(self.graph))
    }

    /// The slots, if they were made for the graph as it is: an edited graph may have another object
    /// under a number.
    fn calls(self) -> Option<&'g Slots> {
        let slots = self.slots();
        let nodes = &self.graph.nodes;
        (!nodes.is_edited() && nodes.handle_count() == slots.references).then_some(slots)
    }

    /// The slot of the scalar, if it is long and was looked at before.
    fn slot(self) -> Option<&'g PayloadSlot> {
        if !is_long(self.graph, self.handle) {
            return None;
        }
        self.slots().slots.get(&self.handle).filter(|slot| slot.seen.swap(true, Ordering::Relaxed))
    }

    /// The text of a str without lone surrogates, and of an 8-bit string that the encoding decodes.
    pub(super) fn decoded_text(self) -> Option<Cow<'g, str>> {
        let decode = || match self.handle.tag() {
            Tag::Chars1 | Tag::Chars4 | Tag::CharsLine => self.decode_chars(),
            _ => scalar::plain_text(&self.graph.nodes, &self.graph.input, self.handle),
        };
        match self.slot() {
            None => decode(),
            Some(slot) => slot
                .text
                .get_or_init(|| decode().map(|text| text.into_owned().into_boxed_str()))
                .as_deref()
                .map(Cow::Borrowed),
        }
    }

    fn decode_chars(self) -> Option<Cow<'g, str>> {
        let chars = scalar::chars(&self.graph.input, self.handle)?;
        self.walk(|node| match chars {
            Cow::Borrowed(chars) => node.cx.decode_chars(chars).ok().flatten(),
            Cow::Owned(chars) => {
                let text = node.cx.decode_chars(&chars).ok().flatten();
                text.map(|text| Cow::Owned(text.into_owned()))
            }
        })
    }

    /// The value of an int.
    pub(super) fn decoded_int(self) -> Option<Int<'g>> {
        let decode = || scalar::int(&self.graph.nodes, &self.graph.input, self.handle);
        match self.slot() {
            None => decode(),
            Some(slot) => slot
                .int
                .get_or_init(|| {
                    Some(match decode()? {
                        Int::Small(value) => value.into(),
                        Int::Long(bytes) => BigInt::from_signed_bytes_le(bytes),
                        Int::Big(value) => value.into_owned(),
                    })
                })
                .as_ref()
                .map(|value| Int::Big(Cow::Borrowed(value))),
        }
    }

    /// The value of a float.
    pub(super) fn decoded_float(self) -> Option<f64> {
        let decode = || scalar::float(&self.graph.nodes, &self.graph.input, self.handle);
        match self.slot() {
            None => decode(),
            Some(slot) => *slot.float.get_or_init(decode),
        }
    }

    /// A number as a float: a part of a complex.
    pub(super) fn decoded_number(self) -> Option<f64> {
        if let Some(float) = self.decoded_float() {
            return Some(float);
        }
        // A larger one is no finite float, and takes long to look at.
        let round = |int: &BigInt| {
            let is_small = int.bits() <= f64::MAX_EXP as u64;
            if is_small { int.to_f64().filter(|float| float.is_finite()) } else { None }
        };
        match self.decoded_int() {
            Some(Int::Small(value)) => Some(value as f64),
            Some(Int::Big(value)) => round(&value),
            Some(Int::Long(bytes)) if bytes.len() > LONG => None,
            Some(Int::Long(bytes)) => round(&BigInt::from_signed_bytes_le(bytes)),
            None => serde::Deserialize::deserialize(self).ok(),
        }
    }

    /// The content of bytes, a bytearray, a buffer or an 8-bit string.
    pub(super) fn decoded_bytes(self) -> Option<Cow<'g, [u8]>> {
        let (nodes, input) = (&self.graph.nodes, &*self.graph.input);
        let mut handle = self.handle;
        // A view of a call's bytearray made of bytes: no more steps than that.
        for _ in 0..4 {
            handle = match handle.tag() {
                Tag::Buffer => {
                    let buffer = self.graph.buffers.get(handle.number() as usize)?;
                    return Some(Cow::Borrowed(buffer.bytes));
                }
                Tag::ByteArray | Tag::View => {
                    *nodes.first(&nodes.object(handle.number())).first()?
                }
                Tag::Const => {
                    return match nodes.constant(handle.number())? {
                        Const::Bytes(bytes) => Some(Cow::Borrowed(bytes)),
                        _ => scalar::bytes(nodes, input, handle).map(Cow::Borrowed),
                    };
                }
                Tag::CharsLine => return Self { handle, ..self }.unescaped(),
                Tag::Chars1 | Tag::Chars4 => return scalar::chars(input, handle),
                Tag::Instance => match bytes_arguments(self.graph, handle.number())? {
                    &[value] if value.tag() == Tag::Instance => {
                        let innermost =
                            self.calls().and_then(|slots| slots.innermost.get(&handle.number()));
                        innermost.copied().unwrap_or(value)
                    }
                    &[value] => value,
                    args => return Self { handle, ..self }.encoded(args),
                },
                _ => return scalar::bytes(nodes, input, handle).map(Cow::Borrowed),
            };
        }
        None
    }

    /// The place of what is remembered about an object, unless it may change.
    pub(super) fn place(self) -> Option<Place> {
        let nodes = &self.graph.nodes;
        (!nodes.is_edited()).then(|| (self.handle.number(), nodes.handle_count()))
    }

    /// The value under a text in a dict that was looked into before. Half a million objects may
    /// share one dict of half the pickle as their state. `None` where the entries have to be
    /// compared one by one.
    pub(super) fn under_text(self, text: &str) -> Option<Option<Node<'g>>> {
        let nodes = &self.graph.nodes;
        let is_many = self.handle.tag() == Tag::Dict
            && nodes.is_longer_than(2 * FEW, &nodes.object(self.handle.number()));
        if !is_many {
            return None;
        }
        let place = self.place()?;
        let index = {
            let mut dicts = self.graph.decoded.texts.lock().unwrap_or_else(PoisonError::into_inner);
            match dicts.get_mut(&place) {
                None => {
                    dicts.insert(place, None);
                    return None;
                }
                Some(index) => Arc::clone(index.get_or_insert_with(|| self.text_keys())),
            }
        };
        let hasher: &RandomState = index.hasher();
        let Some(&(key, value)) = index.get(&hasher.hash_one(text)) else { return Some(None) };
        let key = Self { handle: key, ..self };
        // Of two texts with one hash, only one is in the table.
        (key.as_str()? == text).then_some(Some(Self { handle: value, ..self }))
    }

    fn text_keys(self) -> Arc<TextKeys> {
        let mut index = TextKeys::default();
        for (key, value) in self.entries() {
            if let Some(text) = key.decoded_text() {
                let hash = index.hasher().hash_one(&*text);
                index.insert(hash, (key.handle, value.handle));
            }
        }
        Arc::new(index)
    }

    fn unescaped(self) -> Option<Cow<'g, [u8]>> {
        let decode = || scalar::chars(&self.graph.input, self.handle);
        match self.slot() {
            None => decode(),
            Some(slot) => slot.keep_bytes(decode),
        }
    }

    /// The bytes of a call with text and encoding, or without arguments.
    fn encoded(self, args: &'g [Handle]) -> Option<Cow<'g, [u8]>> {
        let (nodes, input) = (&self.graph.nodes, &*self.graph.input);
        let encode = || match bytes_of(nodes, input, args).ok()? {
            Payload::Encoded(bytes) => Some(Cow::Owned(bytes)),
            // The text has the bytes.
            Payload::Of(text) => match scalar::chars(input, text) {
                Some(chars) => Some(chars),
                None => match scalar::plain_text(nodes, input, text)? {
                    Cow::Borrowed(text) => Some(Cow::Borrowed(text.as_bytes())),
                    Cow::Owned(text) => Some(Cow::Owned(text.into_bytes())),
                },
            },
        };
        let is_long = args.first().is_some_and(|&text| text_is_long(self.graph, text));
        let slots = if is_long { self.calls() } else { None };
        let slot = slots.and_then(|slots| slots.slots.get(&self.handle));
        match slot.filter(|slot| slot.seen.swap(true, Ordering::Relaxed)) {
            None => encode(),
            Some(slot) => slot.keep_bytes(encode),
        }
    }
}

impl PayloadSlot {
    fn keep_bytes<'g>(
        &'g self,
        decode: impl FnOnce() -> Option<Cow<'g, [u8]>>,
    ) -> Option<Cow<'g, [u8]>> {
        self.bytes
            .get_or_init(|| decode().map(|bytes| bytes.into_owned().into_boxed_slice()))
            .as_deref()
            .map(Cow::Borrowed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use super::*;

    /// Half the input is one payload, half are references to it: the second look and all later
    /// ones are at the same decoded copy.
    #[test]
    fn a_long_payload_is_decoded_once_however_often_it_is_looked_at() {
        let digits = "7".repeat(600);
        for (payload, what) in [
            (format!("V{}\n", "\\u00e9".repeat(200)), "text"),
            (format!("S'{}'\n", "\\x61".repeat(200)), "text"),
            (format!("I0x{digits}\n"), "int"),
            (format!("F1.{digits}\n"), "float"),
            (format!("c_codecs\nencode\n(V{}\nVlatin1\ntR", "\\u00e9".repeat(200)), "bytes"),
        ] {
            let pickle = format!("]({payload}{}e.", "2".repeat(100));
            let graph = Graph::from_slice(pickle.as_bytes()).unwrap();
            let nodes: Vec<Node<'_>> = graph.root().items().collect();
            assert_eq!(nodes.len(), 101);
            for node in &nodes {
                match what {
                    "text" => assert_eq!(node.as_str().unwrap().chars().count(), 200),
                    "int" => assert!(node.as_i64().is_none()),
                    "float" => assert!(node.as_f64().unwrap() > 1.7),
                    _ => assert_eq!(node.as_bytes().unwrap().len(), 200),
                }
            }
            let slot = &nodes[0].slots().slots[&nodes[0].handle];
            let kept = (slot.text.get().is_some(), slot.int.get().is_some());
            let kept = (kept.0, kept.1, slot.float.get().is_some(), slot.bytes.get().is_some());
            let wanted = (what == "text", what == "int", what == "float", what == "bytes");
            assert_eq!(kept, wanted, "{what}");
            let addresses = |node: &Node<'_>| match what {
                "text" => node.as_str().map(|text| text.as_ptr()),
                "bytes" => node.as_bytes().map(|bytes| bytes.as_ptr()),
                _ => None,
            };
            assert!(nodes.iter().all(|node| addresses(node) == addresses(&nodes[0])), "{what}");
        }
    }

    /// A part of a complex was decoded for each look at it.
    #[test]
    fn a_long_part_of_a_complex_is_decoded_once() {
        let (digits, looks) = (100_000, 100);
        let line = format!("F0.{}1\n", "0".repeat(digits));
        let pickle = format!("]q\x000(cbuiltins\ncomplex\n({line}K\x02tR{}l.", "2".repeat(looks));
        let graph = Graph::from_slice(pickle.as_bytes()).unwrap();
        let before = crate::meter::units();
        for complex in graph.root().items() {
            assert_eq!(complex.as_complex().map(|complex| complex.im), Some(2.0));
        }
        let units = (crate::meter::units() - before) as usize;
        assert!(units < digits, "{units}");
        // An int beyond every float, and the largest that is none.
        let part = |int: &str| {
            let pickle = format!("cbuiltins\ncomplex\n(L{int}L\nK\x00tR.");
            let graph = Graph::from_slice(pickle.as_bytes()).unwrap();
            graph.root().as_complex().map(|complex| complex.re)
        };
        assert_eq!(part(&"9".repeat(600)), None);
        assert_eq!(part(&format!("1{}", "0".repeat(308))), Some(1e308));
        assert_eq!(part(&format!("-1{}", "0".repeat(309))), None);
    }

    /// Half the input is one dict, half are objects that have it for their state. The dict's length
    /// was taken by a look at all of it.
    #[test]
    fn a_dict_that_many_objects_share_is_looked_through_once() {
        let count = 1_000;
        let keys: String = (0..count).map(|number| format!("Vk{number}\nN")).collect();
        let pickle = [
            format!("}}({keys}uq\x000cm\nC\nq\x010](").into_bytes(),
            b"h\x01)\x81h\x00b".repeat(count),
            b"e.".to_vec(),
        ]
        .concat();
        let graph = Graph::from_slice(&pickle).unwrap();
        let objects: Vec<Node<'_>> = graph.root().items().collect();
        assert_eq!(objects.len(), count);
        let before = crate::meter::units();
        assert!(objects.iter().all(|object| object.attr("k999").is_some_and(Node::is_none)));
        assert!(objects.iter().all(|object| object.attr("x").is_none()));
        let units = (crate::meter::units() - before) as usize;
        assert!(units < 20 * count, "{units}");
    }

    #[test]
    fn bytes_within_calls_of_bytes_are_found_in_one_step() {
        let depth = 2_000;
        let pickle = [
            b"cbuiltins\nbytes\nq\x000(".to_vec(),
            b"h\x00".repeat(depth),
            b"C\x01x".to_vec(),
            b"\x85R2q\x010".repeat(0),
            b"\x85R".repeat(depth),
            b"l.".to_vec(),
        ]
        .concat();
        let graph = Graph::from_slice(&pickle).unwrap();
        let root = graph.root().get(0).unwrap();
        assert_eq!((root.kind(), root.as_bytes().as_deref()), (NodeKind::Bytes, Some(&b"x"[..])));
        let innermost = &root.slots().innermost;
        assert_eq!(innermost.len(), depth - 1);
        let first = innermost.values().next().unwrap();
        assert!(innermost.values().all(|handle| handle == first));
    }
}
