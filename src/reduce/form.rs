//! The spelling of a class's objects, as the end of its serde name says it.
//!
//! ```text
//! name   ::=  "py:" class form? lenient? ("|" class)*
//! class  ::=  module ":" qualname
//! form   ::=  ("/new" | "/call")? ("/" place)?
//! place  ::=  slots | list | tuple | state | args | kwargs | dictitems | listitems | setitems
//! lenient::=  "?"
//! field  ::=  "py:" place (":" name)?
//! ```
//!
//! Python pickles an object in many ways, and only its class knows which ones it loads again. The
//! form says which one is written, and a type reads no other: what it would not write back is an
//! error rather than lost. docs/REDUCE.md has the forms and what each is for.

use crate::error::{Error, Result};

/// The character behind a class's name by which a type reads objects that it would write
/// otherwise.
pub(crate) const LENIENT: char = '?';

/// How an object is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Made {
    /// As the kind of container says: a tuple by a call, fields without one.
    #[default]
    Default,
    /// By NEWOBJ.
    New,
    /// By a call of the class.
    Call,
}

/// A part of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum ObjectPart {
    /// As the kind of container says: the state for fields, arguments for a tuple.
    #[default]
    Default,
    /// A dict that is the state.
    Dict,
    /// The second dict of a state of two.
    Slots,
    /// A list that is the state.
    List,
    /// A tuple that is the state.
    Tuple,
    /// The state, whatever it is.
    State,
    Args,
    Kwargs,
    DictItems,
    ListItems,
    SetItems,
}

const PLACES: [(&str, ObjectPart); 10] = [
    ("dict", ObjectPart::Dict),
    ("slots", ObjectPart::Slots),
    ("list", ObjectPart::List),
    ("tuple", ObjectPart::Tuple),
    ("state", ObjectPart::State),
    ("args", ObjectPart::Args),
    ("kwargs", ObjectPart::Kwargs),
    ("dictitems", ObjectPart::DictItems),
    ("listitems", ObjectPart::ListItems),
    ("setitems", ObjectPart::SetItems),
];

impl ObjectPart {
    fn named(word: &str) -> Option<Self> {
        PLACES.iter().find(|(name, _)| *name == word).map(|&(_, place)| place)
    }

    /// Its place in the order in which an object is written.
    pub(crate) fn order(self) -> u8 {
        match self {
            Self::Args => 0,
            Self::Kwargs => 1,
            Self::ListItems => 2,
            Self::SetItems => 3,
            Self::DictItems => 4,
            Self::Default | Self::Dict | Self::List | Self::Tuple | Self::State => 5,
            Self::Slots => 6,
        }
    }
}

/// The spelling that a class's name asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Form {
    pub(crate) made: Made,
    pub(crate) place: ObjectPart,
    /// True if objects are read that would be written otherwise.
    pub(crate) lenient: bool,
}

impl Form {
    /// Splits `qualname/form?` into the name and its form.
    pub(crate) fn split(text: &'static str) -> Option<(&'static str, Self)> {
        let (text, lenient) = match text.strip_suffix(LENIENT) {
            Some(text) => (text, true),
            None => (text, false),
        };
        let mut words = text.split('/');
        let qualname = words.next()?;
        if qualname.ends_with(LENIENT) {
            return None;
        }
        let mut form = Self { lenient, ..Self::default() };
        let mut word = words.next();
        match word {
            Some("new") => form.made = Made::New,
            Some("call") => form.made = Made::Call,
            _ => {}
        }
        if form.made != Made::Default {
            word = words.next();
        }
        if let Some(word) = word {
            form.place = ObjectPart::named(word)?;
        }
        // No opcode calls with keyword arguments.
        let callable = (form.made, form.place) != (Made::Call, ObjectPart::Kwargs);
        (words.next().is_none() && callable).then_some((qualname, form))
    }

    /// The form in a few bits.
    pub(crate) fn to_bits(self) -> u8 {
        self.made as u8 | (self.place as u8) << 2 | u8::from(self.lenient) << 6
    }

    /// The form of bits that [`to_bits`](Self::to_bits) gave.
    pub(crate) fn from_bits(bits: u8) -> Self {
        let made = match bits & 3 {
            1 => Made::New,
            2 => Made::Call,
            _ => Made::Default,
        };
        let place = PLACES.iter().find(|(_, place)| *place as u8 == bits >> 2 & 15);
        let place = place.map_or(ObjectPart::Default, |&(_, place)| place);
        Self { made, place, lenient: bits & 1 << 6 != 0 }
    }

    /// Returns true if the name has a form.
    pub(crate) fn is_given(self) -> bool {
        (Self { lenient: false, ..self }) != Self::default()
    }

    /// Returns true if a struct of the form reads the attributes of an object made without a call.
    pub(crate) fn reads_attributes(self) -> bool {
        let plain =
            matches!(self.place, ObjectPart::Default | ObjectPart::Dict) && self.made != Made::Call;
        plain || self.lenient
    }

    /// How the object is made where the name does not say it: `default`.
    pub(crate) fn made_or(self, default: Made) -> Made {
        match (self.made, self.place) {
            (Made::Default, ObjectPart::Default) => default,
            (Made::Default, _) => Made::New,
            (made, _) => made,
        }
    }
}

/// The part of an object that a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FieldPlace {
    pub(crate) place: ObjectPart,
    /// The name that the field has there; `None` where it is the whole part.
    pub(crate) name: Option<&'static str>,
}

/// The prefix of a field's name that gives another place than its class's.
pub(crate) const FIELD: &str = super::token::CLASS;

impl FieldPlace {
    /// The place of a field; `None` for one that is where its class says.
    ///
    /// # Errors
    /// `Unsupported`: the name begins with the prefix and gives no place.
    pub(crate) fn of(field: &'static str) -> Result<Option<Self>> {
        let Some(text) = field.strip_prefix(FIELD) else { return Ok(None) };
        // This is asked for each object, so what is frequent comes first and the search last.
        let (place, name) = match text {
            "args" => (Some(ObjectPart::Args), None),
            "dictitems" => (Some(ObjectPart::DictItems), None),
            "state" => (Some(ObjectPart::State), None),
            _ => match text.split_once(':') {
                Some((word, name)) => (ObjectPart::named(word), Some(name)),
                None => (ObjectPart::named(text), None),
            },
        };
        let named = name.is_some();
        let fits = |place: &ObjectPart| match place {
            ObjectPart::Dict | ObjectPart::Slots => named,
            ObjectPart::State | ObjectPart::ListItems | ObjectPart::SetItems => !named,
            ObjectPart::Args | ObjectPart::Kwargs | ObjectPart::DictItems => true,
            ObjectPart::Default | ObjectPart::List | ObjectPart::Tuple => false,
        };
        match place.filter(fits) {
            Some(place) => Ok(Some(Self { place, name })),
            None => Err(malformed_field(field)),
        }
    }

    /// Returns true if any of these fields has a place of its own.
    pub(crate) fn any(fields: &[&str]) -> bool {
        fields.iter().any(|field| field.starts_with(FIELD))
    }
}

/// The parts of an object that the fields of a type are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) made: Made,
    /// The part of fields that give none.
    pub(crate) place: ObjectPart,
    parts: u16,
    /// The number of fields that are one argument each.
    pub(crate) named_args: usize,
    /// True if one field is all of the arguments.
    pub(crate) whole_args: bool,
}

impl Layout {
    /// The layout of a type whose content is all in one part.
    pub(crate) fn of(made: Made, place: ObjectPart) -> Self {
        Self { made, place, parts: 1 << place as u16, named_args: 0, whole_args: false }
    }

    /// The layout of a struct of the form, by the names of its fields.
    ///
    /// # Errors
    /// `Unsupported`: fields cannot be there, or are not in the order in which they are written.
    pub(crate) fn of_fields(form: Form, fields: &[&'static str]) -> Result<Self> {
        let mut layout = Self::of(form.made_or(Made::New), form.fields()?);
        if !FieldPlace::any(fields) {
            return Ok(layout);
        }
        if !form.is_given() {
            return Err(formless(
                fields.iter().find(|field| field.starts_with(FIELD)).unwrap_or(&""),
            ));
        }
        layout.parts = 0;
        let mut last = (ObjectPart::Args, false);
        for field in fields {
            let (place, whole) = match FieldPlace::of(field)? {
                Some(FieldPlace { place, name }) => (place, name.is_none()),
                None => (layout.place, false),
            };
            if place.order() < last.0.order() {
                return Err(out_of_order(field));
            }
            let same = layout.parts != 0 && place.order() == last.0.order();
            if same && (place != last.0 || whole || last.1) {
                return Err(occupied(field));
            }
            if place == ObjectPart::Kwargs && form.place != ObjectPart::Kwargs {
                return Err(keywords());
            }
            last = (place, whole);
            layout.parts |= 1 << place as u16;
            layout.named_args += usize::from(place == ObjectPart::Args && !whole);
            layout.whole_args |= place == ObjectPart::Args && whole;
        }
        Ok(layout)
    }

    /// Returns true if something of the type is in that part.
    pub(crate) fn has(self, place: ObjectPart) -> bool {
        self.parts & 1 << place as u16 != 0
    }
}

impl Form {
    /// The part that the fields of a struct are.
    ///
    /// # Errors
    /// `Unsupported`: a part without names, and without an order.
    pub(crate) fn fields(self) -> Result<ObjectPart> {
        match self.place {
            ObjectPart::Default => Ok(ObjectPart::Dict),
            ObjectPart::State | ObjectPart::ListItems | ObjectPart::SetItems => {
                Err(Error::unsupported(
                    "the fields of a struct cannot be an object's items or its whole state; give a \
                 field the name `py:listitems`, `py:setitems` or `py:state`, or put the form on a \
                 newtype",
                ))
            }
            place => Ok(place),
        }
    }
}

#[cold]
pub(crate) fn out_of_order(field: &str) -> Error {
    Error::unsupported(format!(
        "the field `{field}` stands behind fields that a pickle has later: declare arguments \
         first, then keyword arguments, list, set and dict items, the state, and slots"
    ))
}

#[cold]
pub(crate) fn occupied(field: &str) -> Error {
    Error::unsupported(format!(
        "the field `{field}` is in a part of the object that another field is all of"
    ))
}

#[cold]
pub(crate) fn keywords() -> Error {
    Error::unsupported("fields that are keyword arguments need `/kwargs` behind the class's name")
}

#[cold]
pub(crate) fn formless(field: &str) -> Error {
    Error::unsupported(format!(
        "the field `{field}` has a place of its own, so the class's name needs a form: `/new` or \
         `/call` behind it"
    ))
}

#[cold]
fn malformed_field(field: &str) -> Error {
    Error::unsupported(format!(
        "the serde name `{field}` gives a field no place: expected `py:PLACE:name` with one of \
         dict, slots, args, kwargs, dictitems; or `py:PLACE` with one of args, kwargs, dictitems, \
         listitems, setitems, state"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn forms_are_what_stands_behind_the_name() {
        let form = |made, place, lenient| Form { made, place, lenient };
        for (text, expected) in [
            ("C", form(Made::Default, ObjectPart::Default, false)),
            ("C?", form(Made::Default, ObjectPart::Default, true)),
            ("C/new", form(Made::New, ObjectPart::Default, false)),
            ("C/call", form(Made::Call, ObjectPart::Default, false)),
            ("C/slots", form(Made::Default, ObjectPart::Slots, false)),
            ("C/call/args?", form(Made::Call, ObjectPart::Args, true)),
            ("C/new/kwargs", form(Made::New, ObjectPart::Kwargs, false)),
        ] {
            assert_eq!(Form::split(text), Some(("C", expected)), "{text}");
        }
        for wrong in ["C/", "C/Slots", "C/slots/call", "C/call/kwargs", "C/args/args", "C?/slots"] {
            assert_eq!(Form::split(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn forms_survive_their_bits() {
        let places = PLACES.iter().map(|&(_, place)| place).chain([ObjectPart::Default]);
        for place in places {
            for made in [Made::Default, Made::New, Made::Call] {
                for lenient in [false, true] {
                    let form = Form { made, place, lenient };
                    assert_eq!(Form::from_bits(form.to_bits()), form);
                }
            }
        }
    }

    #[test]
    fn places_of_fields_are_what_their_names_begin_with() {
        assert_eq!(FieldPlace::of("x").unwrap(), None);
        let of = |field| FieldPlace::of(field).unwrap().unwrap();
        assert_eq!(of("py:slots:x"), FieldPlace { place: ObjectPart::Slots, name: Some("x") });
        assert_eq!(of("py:args"), FieldPlace { place: ObjectPart::Args, name: None });
        for wrong in ["py:", "py:x", "py:slots", "py:state:x", "py:list:x", "py:listitems:0"] {
            let error = FieldPlace::of(wrong).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{wrong}");
            assert!(error.to_string().contains(wrong), "{error}");
        }
    }
}
