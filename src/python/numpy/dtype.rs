//! [`Dtype`]: the type of an array's elements.
//!
//! numpy pickles a dtype as `numpy.dtype(text, False, True)` with a state of byte order, base and
//! shape of a subarray, names, fields, size, alignment and flags, and for times the unit. For a
//! plain dtype the text form (`<i4`, `|S5`, `<M8[ns]`) is everything, so [`Dtype`] parses and
//! prints that; the parts that only a structured dtype has are kept beside it. Source:
//! `arraydescr_reduce` and `arraydescr_setstate` in numpy's `multiarray/descriptor.c`.
//!
//! Advice to the next editor: sizes come out of untrusted pickles. They are added and multiplied
//! with checks, and a field that is not within its record is refused where a dtype is made, so that
//! slicing may rely on it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::str::FromStr;

use super::time::{Unit, UnitCount};
use crate::error::{Error, Result};
use crate::shown::shown;

/// The type of an array's elements: kind, size and byte order, and for records their fields.
///
/// ```
/// use serde_pickle::python::numpy::{ByteOrder, Dtype, Kind};
///
/// let dtype: Dtype = ">u4".parse()?;
/// assert_eq!((dtype.kind(), dtype.itemsize()), (Kind::Uint, 4));
/// assert_eq!(dtype.byte_order(), ByteOrder::Big);
/// assert_eq!(dtype.to_string(), ">u4");
///
/// let record = Dtype::structured([("id", "<i4".parse()?), ("weight", "<f8".parse()?)])?;
/// assert_eq!(record.to_string(), "[('id', '<i4'), ('weight', '<f8')]");
/// assert_eq!(record.itemsize(), 12);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Source: "Data type objects" in numpy's reference.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dtype {
    pub(crate) kind: Kind,
    pub(crate) order: ByteOrder,
    /// Bytes of an element.
    pub(crate) itemsize: usize,
    pub(crate) unit: UnitCount,
    pub(crate) fields: Vec<Field>,
    pub(crate) subarray: Option<Box<Subarray>>,
    /// numpy's number; -1 where it follows from the kind.
    pub(crate) alignment: i64,
    /// numpy's flags, as they were in the pickle.
    pub(crate) flags: i64,
    /// The scalars are of the class `numpy.record`, as those of a record array.
    pub(crate) record: bool,
}

/// The kind of an element, named by numpy's letter for it.
///
/// ```
/// use serde_pickle::python::numpy::{Dtype, Kind};
///
/// assert_eq!("<f8".parse::<Dtype>()?.kind(), Kind::Float);
/// assert_eq!(Kind::Float.letter(), 'f');
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// `b`: a bool, one byte.
    Bool,
    /// `i`: an int with a sign, of 1, 2, 4 or 8 bytes.
    Int,
    /// `u`: an int without a sign.
    Uint,
    /// `f`: a float of 2, 4 or 8 bytes, or the long double of the machine that wrote it.
    Float,
    /// `c`: a complex, two floats.
    Complex,
    /// `S`: bytes of a fixed width, filled up with zeros.
    Bytes,
    /// `U`: text of a fixed number of characters, four bytes each, filled up with zeros.
    Str,
    /// `V`: raw bytes; with fields, a record.
    Void,
    /// `O`: Python objects.
    Object,
    /// `M`: a point in time, an int of 8 bytes that counts units since 1970.
    Datetime,
    /// `m`: a length of time, an int of 8 bytes.
    Timedelta,
    /// `T`: text of any length, numpy 2's `StringDType`.
    Text,
}

impl Kind {
    const ALL: [(Self, char); 12] = [
        (Self::Bool, 'b'),
        (Self::Int, 'i'),
        (Self::Uint, 'u'),
        (Self::Float, 'f'),
        (Self::Complex, 'c'),
        (Self::Bytes, 'S'),
        (Self::Str, 'U'),
        (Self::Void, 'V'),
        (Self::Object, 'O'),
        (Self::Datetime, 'M'),
        (Self::Timedelta, 'm'),
        (Self::Text, 'T'),
    ];

    /// numpy's letter for it.
    pub fn letter(self) -> char {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or('V', |&(_, letter)| letter)
    }

    fn of_letter(letter: char) -> Option<Self> {
        match letter {
            // Older versions had this letter.
            'a' => Some(Self::Bytes),
            _ => Self::ALL.iter().find(|(_, known)| *known == letter).map(|&(kind, _)| kind),
        }
    }

    /// Returns true if elements are items of a list in a pickle, and not bytes.
    pub(crate) fn is_object(self) -> bool {
        matches!(self, Self::Object | Self::Text)
    }
}

/// The order of the bytes of a number.
///
/// ```
/// use serde_pickle::python::numpy::{ByteOrder, Dtype};
///
/// assert_eq!(">i2".parse::<Dtype>()?.byte_order(), ByteOrder::Big);
/// assert_eq!("|u1".parse::<Dtype>()?.byte_order(), ByteOrder::None);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// `<`: the least significant first.
    Little,
    /// `>`: the most significant first.
    Big,
    /// `|`: it does not apply.
    None,
}

impl ByteOrder {
    /// Its character.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Little => "<",
            Self::Big => ">",
            Self::None => "|",
        }
    }

    /// By its character in a pickle.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        Some(match text {
            // numpy never writes `=`, the order of the machine; those that it runs on are
            // little-endian.
            "<" | "=" => Self::Little,
            ">" => Self::Big,
            "|" => Self::None,
            _ => return None,
        })
    }
}

/// A field of a record.
///
/// ```
/// use serde_pickle::python::numpy::Dtype;
///
/// let record = Dtype::structured([("id", "<i4".parse()?), ("weight", "<f8".parse()?)])?;
/// let weight = &record.fields()[1];
/// assert_eq!((weight.name.as_str(), weight.offset, weight.dtype.itemsize()), ("weight", 4, 8));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Field {
    /// Its name.
    pub name: String,
    /// A second name, which numpy calls the title.
    pub title: Option<String>,
    /// The type of the field.
    pub dtype: Dtype,
    /// Its offset in the record, in bytes.
    pub offset: usize,
}

/// An element that is itself an array, in C order.
///
/// ```
/// use serde_pickle::python::numpy::Dtype;
///
/// // pickle.dumps(numpy.dtype((numpy.uint8, 2)), 2)
/// let bytes = b"\x80\x02cnumpy\ndtype\nq\x00X\x02\x00\x00\x00V2q\x01\x89\x88\x87q\x02Rq\x03(\
///     K\x03X\x01\x00\x00\x00|q\x04h\x00X\x02\x00\x00\x00u1q\x05\x89\x88\x87q\x06Rq\x07(\
///     K\x03h\x04NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x08bK\x02\x85q\x09\x86q\n\
///     NNK\x02K\x01K\x00tq\x0bb.";
/// let dtype: Dtype = serde_pickle::from_slice(bytes)?;
/// let pair = dtype.subarray().unwrap();
/// assert_eq!((pair.base.itemsize(), &pair.shape), (1, &vec![2]));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Subarray {
    /// The type of its elements.
    pub base: Dtype,
    /// Its lengths.
    pub shape: Vec<usize>,
}

/// The greatest number of dimensions of an array: numpy 2's own limit; numpy 1 stops at 32.
pub(crate) const DIMENSIONS: usize = 64;

/// The greatest depth of records in records.
pub(crate) const NESTING: usize = 32;

impl Dtype {
    pub(crate) fn plain(kind: Kind, order: ByteOrder, itemsize: usize) -> Self {
        let order = match (kind, itemsize) {
            (Kind::Bytes | Kind::Void | Kind::Object | Kind::Bool | Kind::Text, _)
            | (Kind::Int | Kind::Uint, 1) => ByteOrder::None,
            _ => order,
        };
        let flags = if kind == Kind::Object { 63 } else { 0 };
        let unit = UnitCount { unit: Unit::Generic, count: 1 };
        Self {
            kind,
            order,
            itemsize,
            unit,
            fields: Vec::new(),
            subarray: None,
            alignment: -1,
            flags,
            record: false,
        }
    }

    /// A record of these fields, packed one behind the other.
    ///
    /// # Errors
    /// Two fields of one name; a record whose size overflows `usize`.
    pub fn structured<'a>(fields: impl IntoIterator<Item = (&'a str, Self)>) -> Result<Self> {
        let mut record = Self::plain(Kind::Void, ByteOrder::None, 0);
        for (name, dtype) in fields {
            if record.fields.iter().any(|field| field.name == name) {
                return Err(Error::data(format!("two fields of the name {name}")));
            }
            let offset = record.itemsize;
            record.itemsize = offset
                .checked_add(dtype.itemsize)
                .ok_or_else(|| Error::data("record size overflows usize"))?;
            // In numpy records inherit some flags from fields: reference counts, and the need of
            // initialisation and of Python itself.
            record.flags |= (dtype.flags & 0x1b) | 0x10;
            record.fields.push(Field { name: name.to_owned(), title: None, dtype, offset });
        }
        record.alignment = 1;
        Ok(record)
    }

    /// Returns the kind of an element.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The size of an element in bytes.
    pub fn itemsize(&self) -> usize {
        self.itemsize
    }

    /// The order of the bytes of a number.
    pub fn byte_order(&self) -> ByteOrder {
        self.order
    }

    /// The unit of a datetime64 or timedelta64, and the number of units in one count: `[25s]` is 25
    /// seconds.
    ///
    /// ```
    /// use serde_pickle::python::numpy::{Dtype, Unit};
    ///
    /// assert_eq!("<M8[25s]".parse::<Dtype>()?.unit(), Some((Unit::Second, 25)));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn unit(&self) -> Option<(Unit, u32)> {
        matches!(self.kind, Kind::Datetime | Kind::Timedelta)
            .then_some((self.unit.unit, self.unit.count))
    }

    /// The fields of a record, in order; none for anything else.
    ///
    /// ```
    /// use serde_pickle::python::numpy::Dtype;
    ///
    /// let record = Dtype::structured([("id", "<i4".parse()?), ("weight", "<f8".parse()?)])?;
    /// let names: Vec<_> = record.fields().iter().map(|field| field.name.as_str()).collect();
    /// assert_eq!((names, record.subarray()), (vec!["id", "weight"], None));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Returns the content of an element that is itself an array.
    pub fn subarray(&self) -> Option<&Subarray> {
        self.subarray.as_deref()
    }

    /// Returns true if elements are Python objects, or records that hold some. They are a list in
    /// the pickle then.
    ///
    /// ```
    /// use serde_pickle::python::numpy::Dtype;
    ///
    /// assert!("|O".parse::<Dtype>()?.has_objects());
    /// assert!(!"<f8".parse::<Dtype>()?.has_objects());
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn has_objects(&self) -> bool {
        self.kind.is_object()
            || self.fields.iter().any(|field| field.dtype.has_objects())
            || self.subarray.as_ref().is_some_and(|subarray| subarray.base.has_objects())
    }

    /// numpy's `dtype.str` without the unit of a time: `<i4`, `|V15` for a record.
    pub(crate) fn type_text(&self, with_order: bool) -> String {
        let size = if self.kind == Kind::Str { self.itemsize / 4 } else { self.itemsize };
        let letter = self.kind.letter();
        match (with_order, self.kind) {
            (true, Kind::Object) => "|O".to_owned(),
            (true, _) => format!("{}{letter}{size}", self.order.text()),
            (false, _) => format!("{letter}{size}"),
        }
    }
}

/// As numpy's `repr` of `dtype.descr`: `'<i4'` without quotes for a plain dtype, a list of fields
/// for a record.
impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(subarray) = &self.subarray {
            return write!(f, "({}, {})", Quoted(&subarray.base), ShapeText(&subarray.shape));
        }
        if self.fields.is_empty() {
            return write!(f, "{}{}", self.type_text(true), self.unit_text());
        }
        let mut at = 0;
        let mut separator = "[";
        // By offset. A heap is a tenth of the code of a sort, which every program would have.
        let places = self.fields.iter().enumerate().map(|(index, field)| (field.offset, index));
        let mut places: BinaryHeap<_> = places.map(Reverse).collect();
        while let Some(Reverse((_, index))) = places.pop() {
            let Some(field) = self.fields.get(index) else { continue };
            if field.offset > at {
                write!(f, "{separator}('', '|V{}')", field.offset - at)?;
                separator = ", ";
            }
            write!(f, "{separator}")?;
            match &field.title {
                Some(title) => write!(f, "(({}, {}), ", NameText(title), NameText(&field.name))?,
                None => write!(f, "({}, ", NameText(&field.name))?,
            }
            match &field.dtype.subarray {
                Some(subarray) => {
                    write!(f, "{}, {})", Quoted(&subarray.base), ShapeText(&subarray.shape))?;
                }
                None => write!(f, "{})", Quoted(&field.dtype))?,
            }
            separator = ", ";
            at = at.max(field.offset.saturating_add(field.dtype.itemsize));
        }
        if self.itemsize > at {
            write!(f, "{separator}('', '|V{}')", self.itemsize - at)?;
        }
        f.write_str("]")
    }
}

impl Dtype {
    fn unit_text(&self) -> String {
        match self.kind {
            Kind::Datetime | Kind::Timedelta => shown(&self.unit),
            _ => String::new(),
        }
    }
}

/// A plain dtype in quotes, a record without.
struct Quoted<'a>(&'a Dtype);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.fields.is_empty() && self.0.subarray.is_none() {
            true => write!(f, "'{}'", self.0),
            false => write!(f, "{}", self.0),
        }
    }
}

/// A name as Python prints it.
struct NameText<'a>(&'a str);

impl fmt::Display for NameText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::value::repr::write_plain_str(f, self.0)
    }
}

/// A shape as Python prints a tuple.
struct ShapeText<'a>(&'a [usize]);

impl fmt::Display for ShapeText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (index, len) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            len.fmt(f)?;
        }
        f.write_str(if self.0.len() == 1 { ",)" } else { ")" })
    }
}

/// The text form of a plain dtype: a byte order (optional), a letter, a size, and for times a unit.
impl FromStr for Dtype {
    type Err = Error;

    /// # Errors
    /// Text that numpy does not write for a plain dtype.
    fn from_str(text: &str) -> Result<Self> {
        let unknown =
            || Error::data(format!("not a dtype of numpy: {}", crate::error::quoted(text)));
        let (order, rest) = match text.split_at_checked(1) {
            Some((first, rest)) => match ByteOrder::of_text(first) {
                Some(order) => (order, rest),
                None => (ByteOrder::Little, text),
            },
            None => return Err(unknown()),
        };
        let letter = rest.chars().next().ok_or_else(unknown)?;
        let kind =
            if rest == "?" { Kind::Bool } else { Kind::of_letter(letter).ok_or_else(unknown)? };
        let rest = rest.get(letter.len_utf8()..).unwrap_or_default();
        let (size, unit) = match rest.find('[') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let size = match (kind, size) {
            (Kind::Object, "") => 8,
            (Kind::Bool, "") => 1,
            _ => size.parse::<usize>().map_err(|_| unknown())?,
        };
        let size = match kind {
            Kind::Str => size.checked_mul(4).ok_or_else(unknown)?,
            _ => size,
        };
        let fits = match kind {
            Kind::Bool => size == 1,
            Kind::Int | Kind::Uint => matches!(size, 1 | 2 | 4 | 8),
            Kind::Float => matches!(size, 2 | 4 | 8 | 12 | 16),
            Kind::Complex => matches!(size, 8 | 16 | 24 | 32),
            Kind::Datetime | Kind::Timedelta => size == 8,
            Kind::Object => matches!(size, 4 | 8),
            Kind::Bytes | Kind::Str | Kind::Void => true,
            Kind::Text => size == 16,
        };
        if !fits {
            return Err(unknown());
        }
        let mut dtype = Self::plain(kind, order, size);
        if !unit.is_empty() {
            if !matches!(kind, Kind::Datetime | Kind::Timedelta) {
                return Err(unknown());
            }
            dtype.unit = unit.parse().map_err(|()| unknown())?;
        }
        Ok(dtype)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_plain_dtypes_goes_round() {
        for text in [
            "|b1", "|i1", "<i8", ">u2", "<f2", "<c16", "|S5", "<U5", "|V3", "|O", "<M8[ns]",
            ">m8[25s]", "<M8",
        ] {
            assert_eq!(text.parse::<Dtype>().unwrap().to_string(), text);
        }
        assert_eq!("U5".parse::<Dtype>().unwrap().itemsize(), 20);
        for text in [
            "",
            "<",
            "i3",
            "x4",
            "i",
            "i4[ns]",
            "M8[parsec]",
            "M8[0s]",
            "U99999999999999999999",
            "é",
        ] {
            assert!(text.parse::<Dtype>().is_err(), "{text}");
        }
    }

    #[test]
    fn gaps_between_fields_are_shown_as_numpy_does() {
        let mut dtype =
            Dtype::structured([("a", "<i4".parse().unwrap()), ("b", "<i2".parse().unwrap())])
                .unwrap();
        dtype.fields[0].offset = 4;
        dtype.fields[1].offset = 12;
        dtype.itemsize = 16;
        assert_eq!(
            dtype.to_string(),
            "[('', '|V4'), ('a', '<i4'), ('', '|V4'), ('b', '<i2'), ('', '|V2')]"
        );
    }
}
