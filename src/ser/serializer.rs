//! [`Serializer`]: a Pickler.
//!
//! Each value that is serialized with it is one dump: PROTO, the value, STOP. Since serde ends a
//! container in the container's own `end`, a container at the top is wrapped in [`Top`], which ends
//! the dump after it. Below the top everything is a `Dump`'s, so that only a value's outermost code
//! is generated twice.

use std::fmt::Display;
use std::io;

use serde::ser::{self, Serialize};

use super::compound::{Fields, Map, Seq, Tuple};
use super::dump::Dump;
use super::options::SerOptions;
use crate::error::{Error, Result};
use crate::shared::Ended;
use crate::write::{Sink, Stream};

/// Writes pickles one after another into one stream, as Python's `pickle.Pickler` does.
///
/// Each value that is serialized is one dump. The memo is kept from one to the next: a name that
/// the first one wrote is a reference in the second. One `pickle.Unpickler` reads them by as many
/// calls of `load`; for pickles that are read independently, call
/// [`clear_memo`](Serializer::clear_memo) before each value, or use
/// [`to_writer`](crate::to_writer). Our own [`Deserializer`](crate::Deserializer) is such an
/// Unpickler with [`keep_memo`](crate::Deserializer::keep_memo).
///
/// ```
/// use serde::Serialize;
/// use serde_pickle::Serializer;
///
/// #[derive(Serialize)]
/// struct Point {
///     east: i32,
/// }
///
/// let mut pickler = Serializer::new(Vec::new());
/// Point { east: 3 }.serialize(&mut pickler)?;
/// Point { east: 4 }.serialize(&mut pickler)?;
/// assert_eq!(
///     pickler.into_inner(),
///     b"\x80\x04\x95\x0c\0\0\0\0\0\0\0(\x8c\x04east\x94K\x03d.\
///       \x80\x04\x95\x07\0\0\0\0\0\0\0(h\0K\x04d.",
/// );
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// When a value fails, its output is the beginning of a pickle without an end, and every further
/// value is an error: the stream cannot be continued.
pub struct Serializer<W> {
    dump: Dump<Stream<W>>,
}

impl<W: io::Write> Serializer<W> {
    /// A Pickler at the default protocol, 4.
    ///
    /// `writer` needs no buffer of its own.
    pub fn new(writer: W) -> Self {
        Self::with_options(writer, &SerOptions::new())
    }

    /// A Pickler with options.
    ///
    /// ```
    /// use serde::Serialize;
    /// use serde_pickle::{Protocol, SerOptions, Serializer};
    ///
    /// let options = SerOptions::new().protocol(Protocol::V0);
    /// let mut pickler = Serializer::with_options(Vec::new(), &options);
    /// true.serialize(&mut pickler)?;
    /// "ham".serialize(&mut pickler)?;
    /// assert_eq!(pickler.into_inner(), b"I01\n.Vham\n.");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn with_options(writer: W, options: &SerOptions) -> Self {
        Self { dump: options.start(Stream(writer)) }
    }

    /// Empties the memo, so that the next value refers to nothing before it. `Pickler.clear_memo`.
    ///
    /// ```
    /// use serde::Serialize;
    /// use serde_pickle::Serializer;
    ///
    /// let mut bytes = Vec::new();
    /// let mut dumps = Serializer::new(&mut bytes);
    /// "some text".serialize(&mut dumps)?;
    /// dumps.clear_memo();
    /// "some text".serialize(&mut dumps)?; // written again, and no reference to the first
    /// let text: String = serde_pickle::from_slice(&bytes[bytes.len() / 2..])?;
    /// assert_eq!(text, "some text");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn clear_memo(&mut self) {
        let dump: &mut Dump<dyn Sink + '_> = &mut self.dump;
        dump.emit.clear_memo();
    }

    /// The writer. Every value that was serialized without an error has been handed to it; it has
    /// not been flushed.
    pub fn into_inner(self) -> W {
        let Stream(writer) = self.dump.into_sink();
        writer
    }

    /// One dump of a value that is no container.
    fn whole(&mut self, write: impl FnOnce(&mut Dump<dyn Sink + '_>) -> Result<()>) -> Result<()> {
        let dump: &mut Dump<dyn Sink + '_> = &mut self.dump;
        dump.begin()?;
        let _ended = dump.scope.ended();
        write(dump)?;
        dump.finish()
    }

    /// One dump of a container.
    fn top<'a, C>(
        &'a mut self,
        open: impl FnOnce(&'a mut Dump<dyn Sink + 'a>) -> Result<C>,
    ) -> Result<Top<C>> {
        let dump: &'a mut Dump<dyn Sink + 'a> = &mut self.dump;
        dump.begin()?;
        let ended = dump.scope.ended();
        Ok(Top { container: open(dump)?, _ended: ended })
    }
}

/// A container at the top of a pickle.
pub struct Top<C> {
    container: C,
    /// Ends the dump when this is dropped, also in the middle of a value that failed.
    _ended: Ended,
}

macro_rules! whole {
    ($($method:ident($($name:ident: $type:ty),*);)*) => {
        $(
            fn $method(self, $($name: $type),*) -> Result<()> {
                self.whole(|dump| dump.$method($($name),*))
            }
        )*
    };
}

macro_rules! top {
    ($($method:ident($($name:ident: $type:ty),*) -> $container:ident;)*) => {
        $(
            fn $method(self, $($name: $type),*) -> Result<Top<$container<'a, 'a>>> {
                self.top(|dump| dump.$method($($name),*))
            }
        )*
    };
}

impl<'a, W: io::Write> ser::Serializer for &'a mut Serializer<W> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Top<Seq<'a, 'a>>;
    type SerializeTuple = Top<Tuple<'a, 'a>>;
    type SerializeTupleStruct = Top<Tuple<'a, 'a>>;
    type SerializeTupleVariant = Top<Tuple<'a, 'a>>;
    type SerializeMap = Top<Map<'a, 'a>>;
    type SerializeStruct = Top<Fields<'a, 'a>>;
    type SerializeStructVariant = Top<Fields<'a, 'a>>;

    fn is_human_readable(&self) -> bool {
        let dump: &Dump<dyn Sink + '_> = &self.dump;
        dump.arm();
        true
    }

    whole! {
        serialize_bool(value: bool);
        serialize_i8(value: i8);
        serialize_i16(value: i16);
        serialize_i32(value: i32);
        serialize_i64(value: i64);
        serialize_i128(value: i128);
        serialize_u8(value: u8);
        serialize_u16(value: u16);
        serialize_u32(value: u32);
        serialize_u64(value: u64);
        serialize_u128(value: u128);
        serialize_f32(value: f32);
        serialize_f64(value: f64);
        serialize_char(value: char);
        serialize_str(value: &str);
        serialize_bytes(value: &[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(name: &'static str);
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str);
    }

    top! {
        serialize_seq(len: Option<usize>) -> Seq;
        serialize_tuple(len: usize) -> Tuple;
        serialize_tuple_struct(name: &'static str, len: usize) -> Tuple;
        serialize_tuple_variant(
            name: &'static str, index: u32, variant: &'static str, len: usize
        ) -> Tuple;
        serialize_map(len: Option<usize>) -> Map;
        serialize_struct(name: &'static str, len: usize) -> Fields;
        serialize_struct_variant(
            name: &'static str, index: u32, variant: &'static str, len: usize
        ) -> Fields;
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<()> {
        self.whole(|dump| dump.serialize_newtype_struct(name, value))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        self.whole(|dump| dump.serialize_newtype_variant(name, index, variant, value))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<()> {
        self.whole(|dump| dump.collect_str(value))
    }
}

macro_rules! ends {
    ($($trait:ident $container:ident { $($method:ident($($name:ident: $type:ty),*)),* })*) => {
        $(
            impl ser::$trait for Top<$container<'_, '_>> {
                type Ok = ();
                type Error = Error;

                $(
                    fn $method<T: Serialize + ?Sized>(
                        &mut self,
                        $($name: $type,)*
                        value: &T,
                    ) -> Result<()> {
                        ser::$trait::$method(&mut self.container, $($name,)* value)
                    }
                )*

                fn end(self) -> Result<()> {
                    self.container.close()?.finish()
                }
            }
        )*
    };
}

ends! {
    SerializeSeq Seq { serialize_element() }
    SerializeTuple Tuple { serialize_element() }
    SerializeTupleStruct Tuple { serialize_field() }
    SerializeTupleVariant Tuple { serialize_field() }
    SerializeMap Map { serialize_key(), serialize_value() }
    SerializeStruct Fields { serialize_field(key: &'static str) }
    SerializeStructVariant Fields { serialize_field(key: &'static str) }
}

impl<C> std::fmt::Debug for Top<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Top").finish_non_exhaustive()
    }
}

impl<W> std::fmt::Debug for Serializer<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Serializer").finish_non_exhaustive()
    }
}
