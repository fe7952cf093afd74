//! The length hints for visitors: none, or the true length.

use std::cell::RefCell;
use std::collections::HashMap;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{batches, is_direct, marked};

thread_local! {
    /// The announced and the true length of each container.
    static HINTS: RefCell<Vec<(Option<usize>, usize)>> = const { RefCell::new(Vec::new()) };
}

/// A container that notes what it is told: a dict with text for keys, or a list.
struct Told<T, const DICT: bool>(PhantomData<T>);
type Seq<T> = Told<T, false>;
type Map<T> = Told<T, true>;

impl<T, const DICT: bool> Told<T, DICT> {
    fn note(self, hint: Option<usize>, items: usize) -> Self {
        HINTS.with_borrow_mut(|hints| hints.push((hint, items)));
        self
    }
}

impl<'de, T: Deserialize<'de>, const DICT: bool> Deserialize<'de> for Told<T, DICT> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = Self(PhantomData);
        if DICT {
            deserializer.deserialize_map(visitor)
        } else {
            deserializer.deserialize_seq(visitor)
        }
    }
}

impl<'de, T: Deserialize<'de>, const DICT: bool> Visitor<'de> for Told<T, DICT> {
    type Value = Self;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a container")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self, A::Error> {
        let (hint, mut items) = (seq.size_hint(), 0);
        while seq.next_element::<T>()?.is_some() {
            items += 1;
        }
        Ok(self.note(hint, items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let (hint, mut entries) = (map.size_hint(), 0);
        while map.next_entry::<String, T>()?.is_some() {
            entries += 1;
        }
        Ok(self.note(hint, entries))
    }
}

/// The hints, and the lengths, of the containers of a pickle that is read the short way. Inner
/// containers come first.
#[track_caller]
fn hints<'de, T: Deserialize<'de>>(pickle: &'de [u8]) -> Vec<(Option<usize>, usize)> {
    HINTS.take();
    assert!(is_direct::<T>(pickle));
    HINTS.take()
}

/// Lists that grew as they were read cost time and memory, so that the items of those that hold
/// nothing but scalars are counted.
#[test]
fn lengths_of_lists_of_scalars_are_told() {
    let lens = [7, 1, 0, 30, 5, 2, 999, 1_000, 1_001, 2_500];
    let scalars: [&[u8]; 12] = [
        b"K\x01",
        b"M\x01\x01",
        b"J\0\0\x01\0",
        b"\x8a\x05\0\0\0\0\x01",
        b"G\x3f\xf0\0\0\0\0\0\0",
        b"\x8c\x05e.)tl\x94",
        b"\x8c\0",
        b"h\0",
        b"j\0\0\0\0",
        b"N",
        b"\x88",
        b"\x89",
    ];
    let styles: [(&str, fn(&[Vec<u8>]) -> Vec<u8>); 3] = [
        ("CPython", |items| batches(items, b"\x94")),
        ("optimized", |items| batches(items, b"")),
        ("ours", marked),
    ];
    for (style, list) in styles {
        let items = |len: usize| -> Vec<Vec<u8>> {
            scalars.iter().cycle().take(len).map(|item| item.to_vec()).collect()
        };
        let lists: Vec<Vec<u8>> = lens.iter().map(|&len| list(&items(len))).collect();
        // Fetched text is stored before everything else, in the first of the lists.
        let lists = [&[b"]\x8c\x01a\x94a".to_vec()], &*lists].concat();
        let hints =
            hints::<Seq<Seq<IgnoredAny>>>(&[b"\x80\x04", &*batches(&lists, b""), b"."].concat());
        let expected = lens.map(|len| match (len, style) {
            // Nothing is above a mark.
            (0, _) | (1, "CPython" | "optimized") => (None, len),
            // More may follow a full batch.
            _ => (Some(len.min(1_000)), len),
        });
        assert_eq!(hints[1..=lens.len()], expected, "{style}");
        // Its items are containers.
        assert_eq!(hints.last(), Some(&(None, lens.len() + 1)), "{style}");
    }
}

/// Floats are counted in rows.
#[test]
fn lengths_of_lists_of_floats_are_told() {
    let float = b"G\x3f\xf0\0\0\0\0\0\0".as_slice();
    let list = |items: &[u8]| [b"\x80\x04(", items, b"l."].concat();
    for len in [1, 2, 20, 999, 1_000, 1_001, 1_999, 2_000] {
        assert_eq!(hints::<Seq<f64>>(&list(&float.repeat(len))), [(Some(len), len)]);
        let mixed = [&float.repeat(len - 1), b"K\x01".as_slice()].concat();
        assert_eq!(hints::<Seq<f64>>(&list(&mixed)), [(Some(len), len)]);
        let mixed = [b"K\x01", &*float.repeat(len - 1)].concat();
        assert_eq!(hints::<Seq<f64>>(&list(&mixed)), [(Some(len), len)]);
    }
    // More than that is no batch.
    assert_eq!(hints::<Seq<f64>>(&list(&float.repeat(4_000))), [(None, 4_000)]);
    for cut in 1..float.len() {
        let pickle = [b"\x80\x04(", &*float.repeat(2), &float[..cut]].concat();
        assert!(!is_direct::<Seq<f64>>(&pickle), "cut after {cut} bytes");
    }
}

/// A frame ends in the midst of some list every 64 KiB, and that list grew.
#[test]
fn a_frame_in_a_list_is_no_item() {
    let pickle = b"\x80\x04](K\x01\x95\0\0\0\0\0\0\0\0K\x02\x95\0\0\0\0\0\0\0\0e.";
    assert_eq!(hints::<Seq<u8>>(pickle), [(Some(2), 2)]);
}

#[test]
fn entries_of_maps_of_scalars_are_told() {
    let maps: Vec<HashMap<String, u8>> =
        (0..20).map(|n| (0..n).map(|k| (k.to_string(), k)).collect()).collect();
    let of_list = hints::<Seq<Map<u8>>>(&serde_pickle::to_vec(&maps).unwrap());
    for len in [999, 1_000, 1_001] {
        let map: HashMap<String, u8> = (0..len).map(|n| (n.to_string(), 1)).collect();
        let pickle = serde_pickle::to_vec(&map).unwrap();
        assert_eq!(hints::<Map<u8>>(&pickle), [(Some(len.min(1_000)), len)]);
    }
    let told: Vec<_> = (1..20).map(|len| (Some(len), len)).collect();
    assert_eq!((of_list[0], &of_list[1..20], of_list[20]), ((None, 0), &*told, (None, 20)));
}

/// A dict's value that is a list of one dict: no key can be a dict, so that it must be the list's.
#[test]
fn the_only_item_is_told() {
    // pickle.dumps({'a': [{}]}, 4)
    let pickle = b"\x80\x04\x95\x0d\0\0\0\0\0\0\0}\x94\x8c\x01a\x94]\x94}\x94as.";
    assert_eq!(hints::<Map<Seq<Map<u8>>>>(pickle), [(None, 0), (Some(1), 1), (None, 1)]);
}
