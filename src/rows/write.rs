//! Rows as a frame: each field of a row goes to the column of its name, which takes the dtype of
//! the values so far. Values of several kinds make it a column of objects.

use std::borrow::Cow;
use std::fmt::{self, Display};

use serde::ser::{self, Impossible, Serialize, SerializeMap, SerializeStruct, Serializer};

use crate::convert::to_value;
use crate::error::{Error, Result, quoted};
use crate::python::pandas::cell;
use crate::python::pandas::{Column, Frame, Index, Masked, TextKind, Texts};
use crate::value::Value;

/// The columns of the rows so far.
#[derive(Default)]
pub(super) struct Columns {
    names: Vec<Cow<'static, str>>,
    columns: Vec<Builder>,
    rows: usize,
}

impl Columns {
    pub(super) fn push<T: Serialize>(&mut self, row: &T) -> Result<()> {
        row.serialize(RowWriter { columns: self })?;
        self.rows += 1;
        match self.columns.iter().position(|column| column.len() != self.rows) {
            None => Ok(()),
            Some(at) => {
                let name = self.names.get(at).map_or("", |name| name);
                Err(Error::data(format!(
                    "row {} has no field `{}`, which others have",
                    self.rows - 1,
                    quoted(name)
                )))
            }
        }
    }

    /// The column of a name, which is mostly the one at `hint`.
    fn place(&mut self, hint: usize, name: Cow<'static, str>) -> Result<usize> {
        if self.names.get(hint).is_some_and(|known| *known == name) {
            return Ok(hint);
        }
        if let Some(place) = self.names.iter().position(|known| *known == name) {
            return Ok(place);
        }
        if self.rows > 0 {
            return Err(Error::data(format!(
                "row {} has a field `{}`, which others have not",
                self.rows,
                quoted(&name)
            )));
        }
        self.names.push(name);
        self.columns.push(Builder::default());
        Ok(self.names.len() - 1)
    }

    fn field<T: Serialize + ?Sized>(
        &mut self,
        hint: usize,
        name: Cow<'static, str>,
        value: &T,
    ) -> Result<()> {
        let place = self.place(hint, name)?;
        let scalar = value.serialize(ScalarWriter).map_err(|Refused(error)| error);
        let scalar = match scalar {
            Ok(scalar) => scalar,
            Err(None) => Scalar::Object(to_value(value)?),
            Err(Some(message)) => return Err(Error::data(message)),
        };
        if let Some(column) = self.columns.get_mut(place) {
            column.push(scalar);
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Frame> {
        let labels: Vec<String> = self.names.into_iter().map(Cow::into_owned).collect();
        let columns = self.columns.into_iter().map(Builder::finish).collect();
        Frame::from_parts(Index::new(labels), columns, Index::of_len(self.rows))
    }
}

/// A value that a column may be typed by.
enum Scalar {
    None,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Text(String),
    Object(Value),
}

impl Scalar {
    fn into_value(self) -> Value {
        match self {
            Self::None => Value::None,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Int(value),
            Self::Uint(value) => Value::from(value),
            Self::Float(value) => Value::Float(value),
            Self::Text(text) => Value::Str(text),
            Self::Object(value) => value,
        }
    }
}

/// The values that a column has been given.
#[derive(Default)]
struct Builder {
    values: Values,
    /// Filled once there is one.
    missing: Vec<bool>,
    len: usize,
}

#[derive(Default)]
enum Values {
    /// Nothing, or `None` alone.
    #[default]
    Nothing,
    Bool(Vec<bool>),
    Int(Vec<i64>),
    Uint(Vec<u64>),
    Float(Vec<f64>),
    Text(Vec<Option<String>>),
    Objects(Vec<Value>),
}

impl Builder {
    fn len(&self) -> usize {
        self.len
    }

    fn push(&mut self, scalar: Scalar) {
        let missing = matches!(scalar, Scalar::None);
        if let (Values::Nothing, false) = (&self.values, missing) {
            let len = self.len;
            self.values = match &scalar {
                Scalar::None => Values::Nothing,
                Scalar::Bool(_) => Values::Bool(vec![false; len]),
                Scalar::Int(_) => Values::Int(vec![0; len]),
                Scalar::Uint(_) => Values::Uint(vec![0; len]),
                Scalar::Float(_) => Values::Float(vec![f64::NAN; len]),
                Scalar::Text(_) => Values::Text(vec![None; len]),
                Scalar::Object(_) => Values::Objects(vec![Value::None; len]),
            };
        }
        match (&mut self.values, scalar) {
            (Values::Nothing, _) => {}
            (Values::Bool(values), Scalar::Bool(value)) => values.push(value),
            (Values::Bool(values), Scalar::None) => values.push(false),
            (Values::Int(values), Scalar::Int(value)) => values.push(value),
            (Values::Int(values), Scalar::None) => values.push(0),
            (Values::Uint(values), Scalar::Uint(value)) => values.push(value),
            (Values::Uint(values), Scalar::None) => values.push(0),
            (Values::Float(values), Scalar::Float(value)) => values.push(value),
            (Values::Float(values), Scalar::None) => values.push(f64::NAN),
            (Values::Text(values), Scalar::Text(text)) => values.push(Some(text)),
            (Values::Text(values), Scalar::None) => values.push(None),
            (Values::Objects(values), scalar) => values.push(scalar.into_value()),
            (_, scalar) => {
                let mut objects = self.objects();
                objects.push(scalar.into_value());
                self.values = Values::Objects(objects);
            }
        }
        if missing || !self.missing.is_empty() {
            self.missing.resize(self.len, false);
            self.missing.push(missing);
        }
        self.len += 1;
    }

    /// The values so far as objects.
    fn objects(&mut self) -> Vec<Value> {
        let objects: Vec<Value> = match std::mem::take(&mut self.values) {
            Values::Nothing => vec![Value::None; self.len],
            Values::Bool(values) => values.into_iter().map(Value::from).collect(),
            Values::Int(values) => values.into_iter().map(Value::from).collect(),
            Values::Uint(values) => values.into_iter().map(Value::from).collect(),
            Values::Float(values) => values.into_iter().map(Value::from).collect(),
            Values::Text(values) => values.into_iter().map(Value::from).collect(),
            Values::Objects(values) => values,
        };
        let missing = self.missing.iter().copied().chain(std::iter::repeat(false));
        let object = |(value, missing)| if missing { Value::None } else { value };
        objects.into_iter().zip(missing).map(object).collect()
    }

    fn finish(self) -> Column {
        let missing = self.missing;
        let column = match self.values {
            Values::Nothing => return Column::Object(vec![Value::None; self.len]),
            Values::Bool(values) => Column::Bool(values),
            Values::Int(values) => Column::Int64(values),
            Values::Uint(values) => Column::UInt64(values),
            Values::Float(values) => return Column::Float64(values),
            Values::Text(values) => return Column::Text(Texts::new(values, TextKind::Str)),
            Values::Objects(values) => return Column::Object(values),
        };
        match missing.is_empty() {
            true => column,
            false => Column::Masked(Masked::of_parts(column, missing)),
        }
    }
}

/// Takes a row apart.
struct RowWriter<'c> {
    columns: &'c mut Columns,
}

/// The fields of a row.
struct Fields<'c> {
    columns: &'c mut Columns,
    next: usize,
    key: Option<String>,
}

impl<'c> RowWriter<'c> {
    fn fields(self) -> Fields<'c> {
        Fields { columns: self.columns, next: 0, key: None }
    }
}

macro_rules! refuse {
    ($self:ident, $error:expr; $($method:ident($($type:ty),*))*) => {$(
        fn $method($self $(, _: $type)*) -> Result<Self::Ok, Self::Error> {
            Err($error)
        }
    )*};
}

/// Refuses sequences, tuples and enums, with `$error` of that word.
macro_rules! refuse_containers {
    ($self:ident, $error:expr) => {
        refuse_containers! { $self, $error;
            serialize_seq(Option<usize>) -> SerializeSeq, "sequence";
            serialize_tuple(usize) -> SerializeTuple, "tuple";
            serialize_tuple_struct(&'static str, usize) -> SerializeTupleStruct, "tuple";
            serialize_tuple_variant(&'static str, u32, &'static str, usize)
                -> SerializeTupleVariant, "enum";
            serialize_struct_variant(&'static str, u32, &'static str, usize)
                -> SerializeStructVariant, "enum";
        }

        fn serialize_newtype_variant<T: Serialize + ?Sized>(
            $self,
            _name: &'static str,
            _index: u32,
            _variant: &'static str,
            _value: &T,
        ) -> Result<Self::Ok, Self::Error> {
            Err($error("enum"))
        }
    };
    ($self:ident, $error:expr;
     $($method:ident($($type:ty),*) -> $container:ident, $word:literal;)*) => {$(
        fn $method($self $(, _: $type)*) -> Result<Self::$container, Self::Error> {
            Err($error($word))
        }
    )*};
}

impl<'c> Serializer for RowWriter<'c> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Impossible<(), Error>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Fields<'c>;
    type SerializeStruct = Fields<'c>;
    type SerializeStructVariant = Impossible<(), Error>;

    refuse! { self, cell::no_row("scalar");
        serialize_bool(bool) serialize_i8(i8) serialize_i16(i16) serialize_i32(i32)
        serialize_i64(i64) serialize_u8(u8) serialize_u16(u16) serialize_u32(u32)
        serialize_u64(u64) serialize_f32(f32) serialize_f64(f64) serialize_char(char)
        serialize_str(&str) serialize_bytes(&[u8]) serialize_none() serialize_unit()
        serialize_unit_struct(&'static str)
        serialize_unit_variant(&'static str, u32, &'static str)
    }

    refuse_containers!(self, cell::no_row);

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Fields<'c>> {
        Ok(self.fields())
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Fields<'c>> {
        Ok(self.fields())
    }
}

impl SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<()> {
        self.columns.field(self.next, Cow::Borrowed(key), value)?;
        self.next += 1;
        Ok(())
    }

    fn end(self) -> Result<()> {
        Ok(())
    }
}

impl SerializeMap for Fields<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        match key.serialize(ScalarWriter) {
            Ok(Scalar::Text(text)) => self.key = Some(text),
            _ => return Err(Error::data("a row of a frame with a key that is not text")),
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let key = self.key.take().unwrap_or_default();
        self.columns.field(self.next, Cow::Owned(key), value)?;
        self.next += 1;
        Ok(())
    }

    fn end(self) -> Result<()> {
        Ok(())
    }
}

/// A value that is not a scalar; with the message of a type's own error.
#[derive(Debug)]
struct Refused(Option<String>);

impl Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_deref().unwrap_or("no scalar"))
    }
}

impl std::error::Error for Refused {}

impl ser::Error for Refused {
    fn custom<T: Display>(message: T) -> Self {
        Self(Some(message.to_string()))
    }
}

/// Makes a scalar of a field, and refuses everything else.
struct ScalarWriter;

macro_rules! scalars {
    ($($method:ident $type:ty, $variant:ident;)*) => {$(
        fn $method(self, value: $type) -> Result<Scalar, Refused> {
            Ok(Scalar::$variant(value.into()))
        }
    )*};
}

impl Serializer for ScalarWriter {
    type Ok = Scalar;
    type Error = Refused;
    type SerializeSeq = Impossible<Scalar, Refused>;
    type SerializeTuple = Impossible<Scalar, Refused>;
    type SerializeTupleStruct = Impossible<Scalar, Refused>;
    type SerializeTupleVariant = Impossible<Scalar, Refused>;
    type SerializeMap = Impossible<Scalar, Refused>;
    type SerializeStruct = Impossible<Scalar, Refused>;
    type SerializeStructVariant = Impossible<Scalar, Refused>;

    scalars! {
        serialize_bool bool, Bool;
        serialize_i8 i8, Int; serialize_i16 i16, Int; serialize_i32 i32, Int;
        serialize_i64 i64, Int;
        serialize_u8 u8, Int; serialize_u16 u16, Int; serialize_u32 u32, Int;
        serialize_u64 u64, Uint;
        serialize_f32 f32, Float; serialize_f64 f64, Float;
        serialize_char char, Text; serialize_str &str, Text;
    }

    refuse! { self, Refused(None); serialize_bytes(&[u8]) }

    refuse_containers!(self, |_| Refused(None));

    fn serialize_none(self) -> Result<Scalar, Refused> {
        Ok(Scalar::None)
    }

    fn serialize_unit(self) -> Result<Scalar, Refused> {
        Ok(Scalar::None)
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<Scalar, Refused> {
        match name.contains(':') {
            true => Err(Refused(None)),
            false => Ok(Scalar::None),
        }
    }

    fn serialize_unit_variant(
        self,
        name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<Scalar, Refused> {
        match name.contains(':') || variant.contains(':') {
            true => Err(Refused(None)),
            false => Ok(Scalar::Text(variant.to_owned())),
        }
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Scalar, Refused> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Scalar, Refused> {
        // A class, or a type of this crate.
        match name.contains(':') {
            true => Err(Refused(None)),
            false => value.serialize(self),
        }
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Self::SerializeMap, Refused> {
        Err(Refused(None))
    }

    fn serialize_struct(
        self,
        _name: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeStruct, Refused> {
        Err(Refused(None))
    }
}
