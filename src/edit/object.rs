//! Arguments, state and other parts of an object.
//!
//! Python changes an object with a state or items in place: it keeps its identity and gets other
//! parts. An object that is made of arguments alone is a value, and is replaced.

use super::diff::{Change, Entries, Parts, What};
use super::editor::Editor;
use crate::de::source::Part;
use crate::error::Result;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::known::Known;
use crate::nodes::spelling::Spelling;
use crate::nodes::store::RunKind;
use crate::nodes::view::{View, view};
use crate::reduce::How;

impl<'v> Editor<'_, 'v, '_> {
    /// Applies changes of an object's parts.
    pub(super) fn parts(
        &mut self,
        at: Handle,
        change: &Change<'v>,
        parts: &Parts<'v>,
    ) -> Result<Handle> {
        if at.tag() != Tag::Instance {
            return Err(self.no_place(at));
        }
        let mut now = at;
        if let Some(args) = &parts.args {
            let old = self.args(now)?;
            let args = self.edited(now, old, args)?;
            now = self.set_args(now, change, args)?;
        }
        if let Some(kwargs) = &parts.kwargs {
            let View::Object(object) = view(self.nodes, self.input, now.number())? else {
                return Err(self.no_place(at));
            };
            let dict = object.kwargs.ok_or_else(|| self.no_place(at))?;
            self.entries(dict, change, kwargs)?;
        }
        if let Some(items) = &parts.items {
            self.touch(now, change);
            self.edit_runs(now, items)?;
        }
        if let Some(pairs) = &parts.pairs {
            now = self.edit_object(now, change, &[], true, pairs)?;
        }
        if let Some(state) = &parts.state {
            now = match &state.what {
                What::Entries(entries) => self.entries(now, change, entries)?,
                _ => {
                    let was = self.part(now, Part::State);
                    let state = self.apply(was, state)?;
                    self.set_part(now, change, Part::State, was, state)?
                }
            };
        }
        Ok(now)
    }

    /// The positional arguments of an object, as its view has them.
    pub(super) fn args(&self, at: Handle) -> Result<Vec<Handle>> {
        match view(self.nodes, self.input, at.number())? {
            View::Object(object) => Ok(object.args.to_vec()),
            _ => Err(self.no_place(at)),
        }
    }

    /// Fields that are the arguments of an object, in the order in which the type declares them.
    pub(super) fn args_by_place(
        &mut self,
        at: Handle,
        change: &Change<'v>,
        entries: &Entries<'v>,
    ) -> Result<Handle> {
        let mut args = self.args(at)?;
        self.change_places(at, entries, &mut args)?;
        self.set_args(at, change, args)
    }

    /// The handle of a part of an object.
    pub(super) fn part(&self, at: Handle, part: Part) -> Handle {
        let found = match view(self.nodes, self.input, at.number()) {
            Ok(View::Object(object)) => match part {
                Part::Arg(place) => object.args.get(place).copied(),
                Part::Base => object.base.map(|(_, value)| value),
                Part::State => {
                    let slots = self.nodes.slots_of(at.number(), RunKind::State);
                    let setter = self.nodes.slots_of(at.number(), RunKind::Setter);
                    slots.first().or(setter.get(1)).map(|&slot| self.handle(slot))
                }
                Part::Attribute(value) => Some(value),
            },
            _ => None,
        };
        found.unwrap_or(Handle::VACANT)
    }

    /// Puts `now` in the place of a part of an object, which was `was`.
    pub(super) fn set_part(
        &mut self,
        at: Handle,
        change: &Change<'v>,
        part: Part,
        was: Handle,
        now: Handle,
    ) -> Result<Handle> {
        if was == now {
            return Ok(at);
        }
        match part {
            Part::Arg(place) => {
                let mut args = self.args(at)?;
                *args.get_mut(place).ok_or_else(|| self.no_place(at))? = now;
                self.set_args(at, change, args)
            }
            Part::Base => {
                let mut contents = self.nodes.contents_of(at.number());
                let &[callable, args] = &contents.first[..] else { return Err(self.no_place(at)) };
                let mut args = self.tuple(args);
                *args.get_mut(2).ok_or_else(|| self.no_place(at))? = now;
                let args = self.nodes.push_tuple(&args, self.offset(at))?;
                contents.first = vec![callable, args];
                self.set_first(at, change, contents.first)
            }
            Part::State => {
                self.touch(at, change);
                let slots = self.nodes.slots_of(at.number(), RunKind::State);
                let setter = self.nodes.slots_of(at.number(), RunKind::Setter);
                let slot = slots.first().or(setter.get(1)).copied();
                let slot = slot.ok_or_else(|| self.no_place(at))?;
                self.nodes.replace(self.journal, slot, now);
                Ok(at)
            }
            Part::Attribute(_) => {
                let slots = self.attribute_slots(at);
                let slot = slots.into_iter().find(|&slot| self.handle(slot) == was);
                let slot = slot.ok_or_else(|| self.no_place(at))?;
                self.touch(at, change);
                self.nodes.replace(self.journal, slot, now);
                Ok(at)
            }
        }
    }

    /// The slots of attributes that an object has in dicts.
    pub(super) fn attribute_slots(&self, at: Handle) -> Vec<usize> {
        let mut found = Vec::new();
        for slot in self.nodes.slots_of(at.number(), RunKind::State) {
            let state = self.handle(slot);
            let dicts = match state.tag() {
                Tag::Dict => vec![state],
                _ => self.tuple(state),
            };
            for dict in dicts.into_iter().filter(|dict| dict.tag() == Tag::Dict) {
                found.extend(self.nodes.slots(dict.number()).into_iter().skip(1).step_by(2));
            }
        }
        found
    }

    /// Gives an object other positional arguments, whatever its spelling.
    pub(super) fn set_args(
        &mut self,
        at: Handle,
        change: &Change<'v>,
        args: Vec<Handle>,
    ) -> Result<Handle> {
        let offset = self.offset(at);
        let first = self.nodes.contents_of(at.number()).first;
        let flags = self.nodes.object(at.number()).flags();
        let (spelling, known) = (Spelling::of(flags), Spelling::known(flags));
        let View::Object(object) = view(self.nodes, self.input, at.number())? else {
            return Err(self.no_place(at));
        };
        // NEWOBJ_EX at protocols 2 and 3 is a call of a partial, which holds the arguments.
        let partial =
            spelling == Spelling::Reduce && object.how == How::NewObjEx && known != Known::NewObjEx;
        let now = match (spelling, known, &first[..]) {
            _ if partial => return Err(self.no_place(at)),
            (Spelling::Inst | Spelling::Obj, _, [class, ..]) => {
                let mut first = vec![*class];
                first.extend(args);
                first
            }
            (Spelling::Reduce, Known::NewObj, &[callable, tuple]) => {
                let mut all = self.tuple(tuple);
                all.truncate(1);
                all.extend(args);
                vec![callable, self.nodes.push_tuple(&all, offset)?]
            }
            (Spelling::Reduce, Known::NewObjEx, &[callable, tuple]) => {
                let mut all = self.tuple(tuple);
                let inner = self.nodes.push_tuple(&args, offset)?;
                *all.get_mut(1).ok_or_else(|| self.no_place(at))? = inner;
                vec![callable, self.nodes.push_tuple(&all, offset)?]
            }
            (Spelling::Reduce, Known::Reconstructor, _) => return Err(self.no_place(at)),
            (_, _, [callable, _, rest @ ..]) => {
                let tuple = self.nodes.push_tuple(&args, offset)?;
                let mut first = vec![*callable, tuple];
                first.extend_from_slice(rest);
                first
            }
            _ => return Err(self.no_place(at)),
        };
        self.set_first(at, change, now)
    }

    /// Gives an object another callable and arguments.
    fn set_first(&mut self, at: Handle, change: &Change<'v>, first: Vec<Handle>) -> Result<Handle> {
        let mut contents = self.nodes.contents_of(at.number());
        let is_value = contents.more.iter().all(|(kind, ..)| *kind == RunKind::Taken);
        contents.first = first;
        if is_value {
            let object = self.nodes.object(at.number());
            let copy =
                self.nodes.push_object(Tag::Instance, object.flags(), object.offset(), &[])?;
            self.nodes.set_contents(self.journal, copy.number(), &contents)?;
            return Ok(copy);
        }
        self.touch(at, change);
        self.nodes.set_contents(self.journal, at.number(), &contents)?;
        Ok(at)
    }
}
