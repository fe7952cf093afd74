//! Passes this folder's types through serde.
//!
//! Each is a newtype by the private name [`token::OBJECT`]. For the content alone, our serializer
//! is not human-readable, and the content is then a Python object; for any other format it is text,
//! a map or a sequence. Our deserializer hands an object over as a sequence of four parts (two
//! names, arguments, the object), and the names are checked before anything else is read; a newtype
//! is not an object of a pickle, and is read as the plain form. Times, Decimals and UUIDs have
//! names of their own, by which the opcodes of such an object are answered with what it stands for.
//!
//! A type implements [`TextObject`], or [`ObjectType`] where its plain form is not text.

use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, IgnoredAny, IntoDeserializer, SeqAccess,
    Visitor,
};
use serde::ser::{Serialize, Serializer};

use crate::error::{Error, quoted};
use crate::reduce::token;

/// A type that is an object in a pickle.
pub(super) trait ObjectType: Sized {
    /// The object, for a pickle.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Writes the form for another format.
    fn write_plain<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

/// The same on reading.
pub(super) trait ReadObject<'de>: Sized {
    /// The name by which it is asked for.
    const TOKEN: &'static str = token::OBJECT;

    /// The class, or classes, for messages.
    const CLASS: &'static str;

    /// Returns true for a class that the type reads.
    fn is_class(module: &str, qualname: &str) -> bool;

    /// Makes the value of the bytes that its [`TOKEN`](Self::TOKEN) is answered by.
    fn of_payload(payload: &[u8]) -> Option<Self> {
        let _ = payload;
        None
    }

    /// Reads arguments and content, the last two parts.
    fn read<A: SeqAccess<'de>>(
        module: String,
        qualname: String,
        parts: ArgsAndContent<A>,
    ) -> Result<Self, A::Error>;

    /// Reads the plain form.
    fn read_plain<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// Serializes a value of such a type.
pub(super) fn serialize<T: ObjectType, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    struct ObjectContent<'a, T>(&'a T);

    impl<T: ObjectType> Serialize for ObjectContent<'_, T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            if serializer.is_human_readable() {
                self.0.write_plain(serializer)
            } else {
                self.0.write(serializer)
            }
        }
    }

    serializer.serialize_newtype_struct(token::OBJECT, &ObjectContent(value))
}

/// Deserializes one.
pub(super) fn deserialize<'de, T: ReadObject<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    struct ObjectVisitor<T>(PhantomData<T>);

    impl<'de, T: ReadObject<'de>> Visitor<'de> for ObjectVisitor<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of ")?;
            f.write_str(T::CLASS)
        }

        fn visit_newtype_struct<D: Deserializer<'de>>(
            self,
            deserializer: D,
        ) -> Result<T, D::Error> {
            T::read_plain(deserializer)
        }

        fn visit_bytes<E: de::Error>(self, payload: &[u8]) -> Result<T, E> {
            T::of_payload(payload).ok_or_else(|| E::custom(format_args!("expected {}", T::CLASS)))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            T::read_plain(IntoDeserializer::<E>::into_deserializer(text))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<T, A::Error> {
            let module: String = part(&mut seq)?;
            let qualname: String = part(&mut seq)?;
            if !T::is_class(&module, &qualname) {
                let (module, qualname) = (quoted(&module), quoted(&qualname));
                return Err(de::Error::custom(format_args!(
                    "expected an object of {}, found one of {module}.{qualname}",
                    T::CLASS
                )));
            }
            T::read(module, qualname, ArgsAndContent(seq))
        }
    }

    deserializer.deserialize_newtype_struct(T::TOKEN, ObjectVisitor(PhantomData))
}

/// `Serialize` and `Deserialize` of a type with parameters that has the traits of `object`.
macro_rules! generic_object {
    ($name:ident<$($parameter:ident),*>) => {
        impl<$($parameter: Serialize),*> Serialize for $name<$($parameter),*> {
            fn serialize<Ser: Serializer>(&self, serializer: Ser) -> Result<Ser::Ok, Ser::Error> {
                object::serialize(self, serializer)
            }
        }

        impl<'de, $($parameter: Deserialize<'de>),*> Deserialize<'de> for $name<$($parameter),*> {
            fn deserialize<De: Deserializer<'de>>(deserializer: De) -> Result<Self, De::Error> {
                object::deserialize(deserializer)
            }
        }
    };
}
pub(super) use generic_object;

/// Arguments and content of an object, still to be read.
pub(super) struct ArgsAndContent<A>(A);

impl<'de, A: SeqAccess<'de>> ArgsAndContent<A> {
    /// Both.
    pub(super) fn both<X: Deserialize<'de>, Y: Deserialize<'de>>(
        mut self,
    ) -> Result<(X, Y), A::Error> {
        Ok((part(&mut self.0)?, part(&mut self.0)?))
    }

    /// The arguments alone.
    pub(super) fn args<X: Deserialize<'de>>(mut self) -> Result<X, A::Error> {
        part(&mut self.0)
    }

    /// The object as a value of another type: its items, or its text.
    pub(super) fn content<Y: Deserialize<'de>>(self) -> Result<Y, A::Error> {
        self.both::<IgnoredAny, Y>().map(|(_, content)| content)
    }
}

fn part<'de, A: SeqAccess<'de>, T: Deserialize<'de>>(seq: &mut A) -> Result<T, A::Error> {
    seq.next_element()?.ok_or_else(incomplete)
}

fn incomplete<E: de::Error>() -> E {
    E::custom("an object in fewer than four parts")
}

/// A type whose plain form is text.
pub(super) trait TextObject: Display + FromStr<Err = Error> {
    /// As [`ReadObject::TOKEN`].
    const TOKEN: &'static str = token::OBJECT;

    /// The class, or classes, for messages.
    const CLASS: &'static str;

    /// Returns true for a class that the type reads.
    fn is_class(module: &str, qualname: &str) -> bool;

    /// As [`ReadObject::of_payload`].
    fn of_payload(payload: &[u8]) -> Option<Self> {
        let _ = payload;
        None
    }

    /// Makes the value from the class and the exact text.
    fn of_object(qualname: &str, text: &str) -> Result<Self, Error> {
        let _ = qualname;
        text.parse()
    }

    /// The object, for a pickle.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Its text, for other formats.
    fn write_text<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<T: TextObject> ObjectType for T {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        TextObject::write(self, serializer)
    }

    fn write_plain<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.write_text(serializer)
    }
}

impl<'de, T: TextObject> ReadObject<'de> for T {
    const TOKEN: &'static str = <T as TextObject>::TOKEN;
    const CLASS: &'static str = <T as TextObject>::CLASS;

    fn is_class(module: &str, qualname: &str) -> bool {
        <T as TextObject>::is_class(module, qualname)
    }

    fn of_payload(payload: &[u8]) -> Option<Self> {
        <T as TextObject>::of_payload(payload)
    }

    fn read<A: SeqAccess<'de>>(
        _: String,
        qualname: String,
        ArgsAndContent(mut seq): ArgsAndContent<A>,
    ) -> Result<Self, A::Error> {
        part::<A, IgnoredAny>(&mut seq)?;
        let text = TextVisitor { qualname: Some(&qualname), of: PhantomData };
        seq.next_element_seed(text)?.ok_or_else(incomplete)
    }

    fn read_plain<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor { qualname: None, of: PhantomData })
    }
}

/// Reads text; that of an object of the class `qualname`.
struct TextVisitor<'a, T> {
    qualname: Option<&'a str>,
    of: PhantomData<T>,
}

impl<'de, T: TextObject> DeserializeSeed<'de> for TextVisitor<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<T: TextObject> Visitor<'_> for TextVisitor<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object of {}", T::CLASS)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        match self.qualname {
            Some(qualname) => T::of_object(qualname, text),
            None => text.parse(),
        }
        .map_err(E::custom)
    }
}

/// `Serialize` and `Deserialize` of types that have the traits of this module.
macro_rules! objects {
    ($($type:ty),* $(,)?) => {$(
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::python::object::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::python::object::deserialize(deserializer)
            }
        }
    )*};
}
pub(super) use objects;
