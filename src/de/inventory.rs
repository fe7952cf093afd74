//! All that an object is made of, compared with what a type would write back; and the error where
//! the two differ.
//!
//! The error names the spelling that was found, and the serde name by which a type would write it.

use super::node::NodeDeserializer;
use super::spelled::NamedObject;
use crate::error::{Error, Result};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::store::RunKind;
use crate::nodes::view::ObjectView;
use crate::reduce::How;
use crate::reduce::form::{LENIENT, Layout, Made, ObjectPart};

/// The kind of a Rust type, for advice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Unit,
    Newtype,
    Tuple,
    Struct,
    Member,
}

/// The kind of a state.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum StateKind {
    None,
    Dict,
    Slots,
    DictAndSlots,
    List,
    Tuple,
    Other,
}

/// All that an object is made of.
pub(super) struct Inventory {
    pub(super) how: How,
    pub(super) args: usize,
    /// The value of the base class, for `copyreg._reconstructor`.
    pub(super) base: Option<Handle>,
    pub(super) kwargs: bool,
    pub(super) state: StateKind,
    pub(super) items: bool,
    pub(super) adds: bool,
    pub(super) pairs: bool,
    pub(super) setter: bool,
}

impl Inventory {
    /// Returns true if a type of this layout writes all of it.
    pub(super) fn fits(&self, layout: Layout) -> bool {
        let made = match layout.made {
            Made::Call => {
                self.how == How::Call
                    || layout.has(ObjectPart::Args) && matches!(self.how, How::NewObj | How::Inst)
            }
            _ => match self.how {
                How::NewObj | How::NewObjEx => true,
                How::Inst => self.args == 0,
                How::Call => false,
            },
        };
        let base = match self.base.map(Handle::tag) {
            None => true,
            Some(Tag::Dict) if layout.has(ObjectPart::DictItems) => true,
            Some(Tag::List) if layout.has(ObjectPart::ListItems) => true,
            // Nothing says which arguments it stands for.
            Some(_) => layout.has(ObjectPart::Args) && !layout.whole_args,
        };
        let args = match layout.named_args {
            0 => self.args == 0 || layout.has(ObjectPart::Args),
            named => self.args <= named,
        };
        made && base
            && args
            && self.fits_state(layout)
            && (!self.kwargs || layout.has(ObjectPart::Kwargs))
            && (!self.items || layout.has(ObjectPart::ListItems))
            && (!self.adds || layout.has(ObjectPart::SetItems))
            && (!self.pairs || layout.has(ObjectPart::DictItems))
            && !self.setter
    }

    fn fits_state(&self, layout: Layout) -> bool {
        let has = |place| layout.has(place);
        has(ObjectPart::State)
            || match self.state {
                StateKind::None => true,
                StateKind::Dict => has(ObjectPart::Dict),
                StateKind::Slots => has(ObjectPart::Slots) || has(ObjectPart::Tuple),
                StateKind::DictAndSlots => {
                    has(ObjectPart::Dict) && has(ObjectPart::Slots) || has(ObjectPart::Tuple)
                }
                StateKind::List => has(ObjectPart::List),
                StateKind::Tuple => has(ObjectPart::Tuple),
                StateKind::Other => false,
            }
    }

    /// The parts that are there, as forms name them. The state comes first.
    fn parts(&self) -> Vec<&'static str> {
        let mut parts = Vec::new();
        match self.state {
            StateKind::None => {}
            StateKind::Dict => parts.push("dict"),
            StateKind::Slots => parts.push("slots"),
            StateKind::DictAndSlots => parts.extend(["dict", "slots"]),
            StateKind::List => parts.push("list"),
            StateKind::Tuple => parts.push("tuple"),
            StateKind::Other => parts.push("state"),
        }
        let base = self.base.map(Handle::tag);
        for (word, there) in [
            (
                "args",
                self.args > 0 || base.is_some_and(|tag| !matches!(tag, Tag::Dict | Tag::List)),
            ),
            ("kwargs", self.kwargs),
            ("listitems", self.items || base == Some(Tag::List)),
            ("setitems", self.adds),
            ("dictitems", self.pairs || base == Some(Tag::Dict)),
        ] {
            if there {
                parts.push(word);
            }
        }
        parts
    }

    /// The object in words.
    fn describe(&self) -> String {
        let mut text = match self.how {
            How::Call => "a call",
            How::NewObj => "NEWOBJ",
            How::NewObjEx => "NEWOBJ_EX",
            How::Inst => "INST or OBJ",
        }
        .to_owned();
        let mut joint = " with ";
        for part in self.parts() {
            text.push_str(joint);
            joint = " and ";
            match part {
                "args" if self.args == 1 => text.push_str("one argument"),
                "args" if self.args > 1 => text.push_str(&format!("{} arguments", self.args)),
                "args" => text.push_str("the value of a base class"),
                "kwargs" => text.push_str("keyword arguments"),
                "listitems" => text.push_str("list items"),
                "setitems" => text.push_str("set items"),
                "dictitems" => text.push_str("dict items"),
                "slots" => text.push_str("slots"),
                "state" => text.push_str("a state that is neither dict, list nor tuple"),
                state => text.push_str(&format!("a {state} as state")),
            }
        }
        if self.setter {
            text.push_str(joint);
            text.push_str("a state setter");
        }
        text
    }

    /// The form of a name by which such an object would be written back; `None` where names have
    /// none. The flag says that fields of other parts need names of their own.
    fn form(&self, container: Container) -> Option<(String, Vec<&'static str>)> {
        let mut parts = self.parts();
        let call = matches!(self.how, How::Call) || self.how == How::Inst && self.args > 0;
        let made = if call { "/call" } else { "" };
        if self.setter || call && self.kwargs {
            return None;
        }
        if container == Container::Struct && self.kwargs && parts.len() > 1 {
            parts.retain(|part| *part != "kwargs");
            return Some(("/kwargs".to_owned(), parts));
        }
        let whole = |part: &&str| matches!(*part, "listitems" | "setitems" | "state");
        match (container, &parts[..]) {
            (Container::Member, _) => None,
            (Container::Unit, []) => Some((if call { "/call" } else { "/new" }.to_owned(), vec![])),
            (Container::Newtype, []) => None,
            (_, []) => Some((made.to_owned(), vec![])),
            (Container::Struct | Container::Newtype, ["dict"]) => Some((made.to_owned(), vec![])),
            (Container::Newtype, &[part]) => Some((format!("{made}/{part}"), vec![])),
            (Container::Tuple, &[part @ ("args" | "list" | "tuple")]) => {
                Some((format!("{made}/{part}"), vec![]))
            }
            (Container::Struct, &[part]) if !whole(&part) => {
                Some((format!("{made}/{part}"), vec![]))
            }
            (Container::Struct, _) => {
                // The state keeps the fields without a place, if it has names.
                let mut form = made.to_owned();
                match parts[0] {
                    "dict" => drop(parts.remove(0)),
                    part @ ("slots" | "list" | "tuple") => {
                        form.push('/');
                        form.push_str(part);
                        parts.remove(0);
                    }
                    _ => {}
                }
                if form.is_empty() {
                    form.push_str("/new");
                }
                Some((form, parts))
            }
            _ => None,
        }
    }
}

impl<'g> NodeDeserializer<'g, '_> {
    pub(super) fn inventory(&self, object: &ObjectView<'g>) -> Result<Inventory> {
        let nodes = self.cx.nodes;
        let given = self.cx.given(&object.object)?;
        Ok(Inventory {
            how: object.how,
            args: object.args.len(),
            base: object.base.map(|(_, value)| value),
            kwargs: object.kwargs.is_some_and(|kwargs| !nodes.is_empty(kwargs.number())),
            state: self.state_kind(self.cx.state(object)?),
            items: given.has_some(RunKind::Items),
            adds: given.has_some(RunKind::Adds),
            pairs: given.has_some(RunKind::Pairs),
            setter: given.has_some(RunKind::Setter),
        })
    }

    fn state_kind(&self, state: Option<Handle>) -> StateKind {
        let Some(state) = state else { return StateKind::None };
        match state.tag() {
            Tag::Dict if self.is_empty_dict(state) => StateKind::None,
            Tag::Dict => StateKind::Dict,
            Tag::List => StateKind::List,
            Tag::Tuple | Tag::EmptyTuple => match self.attribute_dicts(state).as_deref() {
                Some(&[slots]) if self.is_empty_dict(slots) => StateKind::None,
                Some(&[_]) => StateKind::Slots,
                Some(&[dict, slots]) => match (self.is_empty_dict(dict), self.is_empty_dict(slots))
                {
                    (true, true) => StateKind::None,
                    (false, true) => StateKind::Dict,
                    (true, false) => StateKind::Slots,
                    (false, false) => StateKind::DictAndSlots,
                },
                _ => StateKind::Tuple,
            },
            _ => StateKind::Other,
        }
    }

    /// The error of an object that its type would write otherwise.
    #[cold]
    pub(super) fn misspelled(
        &self,
        named: &NamedObject<'g>,
        inventory: &Inventory,
        container: Container,
    ) -> Error {
        let name = named.name;
        let mut text = format!(
            "the object is {}, which `{name}` would not write back; ",
            inventory.describe()
        );
        let one_tuple = container == Container::Tuple && inventory.args == 1;
        match inventory.form(container) {
            _ if one_tuple => text.push_str("a newtype around a tuple is its one argument"),
            Some((form, fields)) if fields.is_empty() && with_form(name, &form) != name => {
                text.push_str(&format!("name it `{}`", with_form(name, &form)));
            }
            Some((form, fields)) if !fields.is_empty() => {
                let names: Vec<String> =
                    fields.iter().map(|part| format!("`{}`", field_name(part))).collect();
                text.push_str(&format!(
                    "name it `{}`, with fields named {}",
                    with_form(name, &form),
                    names.join(" and ")
                ));
            }
            _ if container == Container::Newtype && inventory.parts().len() == 1 => {
                text.push_str(
                    "its content says otherwise than the object: a map or struct is attributes, \
                     and anything else is the one argument",
                );
            }
            _ => text.push_str("Reduce, or a struct whose fields have places, says how"),
        }
        text.push_str(&format!("; `{}` reads any spelling", with_form(name, "?")));
        Error::unsupported(text)
    }
}

/// A serde name with another form behind its first class.
pub(super) fn with_form(name: &str, form: &str) -> String {
    let (first, rest) = match name.split_once('|') {
        Some((first, rest)) => (first, Some(rest)),
        None => (name, None),
    };
    // A form of its own stays before what makes it lenient.
    let first = first.trim_end_matches(LENIENT);
    let bare = if form == "?" { first } else { first.split('/').next().unwrap_or(first) };
    match rest {
        Some(rest) => format!("{bare}{form}|{rest}"),
        None => format!("{bare}{form}"),
    }
}

/// The names that a field of this part may have.
fn field_name(part: &str) -> String {
    match part {
        "args" | "kwargs" | "dictitems" => format!("py:{part}:…` or `py:{part}"),
        "listitems" | "setitems" | "state" => format!("py:{part}"),
        _ => format!("py:{part}:…"),
    }
}
