//! The content of a [`Node`], by type: names, ids and codes, numbers, text, bytes.

use std::borrow::Cow;

use num_bigint::BigInt;

use super::node::{Node, NodeKind};
use crate::nodes::handle::Tag;
use crate::nodes::known::Known;
use crate::nodes::scalar::{self, Int};
use crate::nodes::spelling::Spelling;
use crate::nodes::store::Flags;
use crate::nodes::view::{View, global_names};
use crate::read::text::Text;
use crate::reduce::Global;
use crate::value::{Complex, SurrogateString};

impl<'g> Node<'g> {
    /// The names of a [`Global`](NodeKind::Global).
    ///
    /// A nested class of an older protocol, spelled by `getattr`, has its dotted name; Python 2's
    /// names are Python 3's, unless [`DeOptions::fix_imports`](crate::DeOptions::fix_imports) says
    /// otherwise.
    pub fn global(self) -> Option<Global> {
        let names = global_names(
            &self.graph.nodes,
            self.input(),
            self.handle,
            self.graph.settings.fix_imports,
        );
        let (module, qualname) = names.ok().flatten()?;
        Some(Global::new(module, qualname))
    }

    /// The code of an [`Extension`](NodeKind::Extension).
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// assert_eq!(Graph::from_slice(b"\x80\x02\x82\xf0.")?.root().extension_code(), Some(240));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn extension_code(self) -> Option<u32> {
        match self.handle.tag() {
            Tag::Ext => scalar::extension_code(
                self.input(),
                self.graph.nodes.object(self.handle.number()).offset(),
            ),
            _ => None,
        }
    }

    /// The id of a [`PersistentId`](NodeKind::PersistentId).
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// let graph = Graph::from_slice(b"X\x03\0\0\0db1Q.")?;
    /// let id = graph.root().persistent_id().and_then(|id| id.as_str());
    /// assert_eq!(id.as_deref(), Some("db1"));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn persistent_id(self) -> Option<Node<'g>> {
        let nodes = &self.graph.nodes;
        match self.handle.tag() {
            Tag::Persid => {
                nodes.first(&nodes.object(self.handle.number())).first().map(|&id| self.at(id))
            }
            _ => None,
        }
    }

    /// Returns true for `None`.
    pub fn is_none(self) -> bool {
        self.kind() == NodeKind::None
    }

    /// The value of a bool.
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// // (True, 2**64, 1.5, b'ab')
    /// let pickle = b"(\x88\x8a\x09\0\0\0\0\0\0\0\0\x01G\x3f\xf8\0\0\0\0\0\0C\x02abt.";
    /// let graph = Graph::from_slice(pickle)?;
    /// let at = |index| graph.root().get(index).unwrap();
    /// assert_eq!((at(0).as_bool(), at(1).as_bool()), (Some(true), None));
    /// assert_eq!(at(1).as_big_int().unwrap().to_string(), "18446744073709551616");
    /// assert_eq!((at(2).as_f64(), at(3).as_bytes().as_deref()), (Some(1.5), Some(&b"ab"[..])));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn as_bool(self) -> Option<bool> {
        match self.handle.tag() {
            Tag::True => Some(true),
            Tag::False => Some(false),
            _ => None,
        }
    }

    /// The value of an int, if it has 64 bits.
    pub fn as_i64(self) -> Option<i64> {
        match self.decoded_int()? {
            Int::Small(value) => Some(value),
            Int::Long(bytes) => BigInt::from_signed_bytes_le(bytes).try_into().ok(),
            Int::Big(value) => i64::try_from(&*value).ok(),
        }
    }

    /// The value of an int of any size.
    pub fn as_big_int(self) -> Option<BigInt> {
        Some(match self.decoded_int()? {
            Int::Small(value) => value.into(),
            Int::Long(bytes) => BigInt::from_signed_bytes_le(bytes),
            Int::Big(value) => value.into_owned(),
        })
    }

    /// The value of a float; `None` for an int.
    pub fn as_f64(self) -> Option<f64> {
        self.decoded_float()
    }

    /// The value of a complex.
    ///
    /// ```
    /// use serde_pickle::value::Complex;
    /// use serde_pickle::Graph;
    ///
    /// // pickle.dumps(1j, 2)
    /// let pickle =
    ///     b"\x80\x02c__builtin__\ncomplex\nG\0\0\0\0\0\0\0\0G\x3f\xf0\0\0\0\0\0\0\x86R.";
    /// let graph = Graph::from_slice(pickle)?;
    /// assert_eq!(graph.root().as_complex(), Some(Complex { re: 0.0, im: 1.0 }));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn as_complex(self) -> Option<Complex> {
        let is_complex = self.handle.tag() == Tag::Instance
            && Spelling::known(self.graph.nodes.object(self.handle.number()).flags())
                == Known::Complex;
        let view = if is_complex { self.view() } else { None };
        let Some(View::Complex { real, imaginary }) = view else { return None };
        let part = |handle| Self { handle, ..self }.decoded_number();
        Some(Complex { re: part(real)?, im: imaginary.map_or(Some(0.0), part)? })
    }

    /// The text of a str without lone surrogates, borrowed where it is in the pickle as it is.
    pub fn as_str(self) -> Option<Cow<'g, str>> {
        self.decoded_text()
    }

    /// The text of a str that has lone surrogates, of which [`as_str`](Self::as_str) gives nothing.
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// // pickle.dumps('\udc80', 4), without the frame
    /// let graph = Graph::from_slice(b"\x80\x04\x8c\x03\xed\xb2\x80\x94.")?;
    /// let text = graph.root().as_surrogates().expect("it has one");
    /// assert_eq!((text.fs_encode(), graph.root().as_str()), (Some(vec![0x80]), None));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn as_surrogates(self) -> Option<SurrogateString> {
        match scalar::text(&self.graph.nodes, self.input(), self.handle)? {
            Text::Surrogates(bytes) => SurrogateString::from_bytes(bytes.into_owned()).ok(),
            Text::Str(_) => None,
        }
    }

    /// The content of bytes, a bytearray, a buffer, or an 8-bit string of Python 2; borrowed where
    /// it is in the pickle as it is.
    pub fn as_bytes(self) -> Option<Cow<'g, [u8]>> {
        self.decoded_bytes()
    }

    /// The place of a buffer among the [out-of-band buffers](crate::DeOptions::buffers), counted
    /// from 0; `None` also for a view of what is in the pickle.
    ///
    /// ```
    /// use serde_pickle::Graph;
    ///
    /// // NEXT_BUFFER, READONLY_BUFFER
    /// let graph = Graph::from_slice(b"\x80\x05\x97\x98.")?;
    /// let root = graph.root();
    /// assert_eq!((root.buffer_number(), root.is_readonly_buffer()), (Some(0), Some(true)));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn buffer_number(self) -> Option<usize> {
        (self.handle.tag() == Tag::Buffer).then(|| self.handle.number() as usize)
    }

    /// Returns true if a [`Buffer`](NodeKind::Buffer) is read-only, by READONLY_BUFFER; `None` for
    /// any other kind.
    pub fn is_readonly_buffer(self) -> Option<bool> {
        match self.handle.tag() {
            Tag::Buffer => Some(self.handle.detail() != 0),
            Tag::View => {
                let flags = self.graph.nodes.object(self.handle.number()).flags();
                Some(!flags.has(Flags::WRITABLE))
            }
            _ => None,
        }
    }
}
