//! Arguments, state and other parts of an object.
//!
//! Python changes an object with a state or items in place: it keeps its identity and gets other
//! parts. An object that is made of arguments alone is a value, and is replaced.

use super::diff::{Change, Entries, Items, Parts, What};
use super::editor::Editor;
use crate::de::source::Part;
use crate::error::Result;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::known::Known;
use crate::nodes::spelling::Spelling;
use crate::nodes::store::RunKind;
use crate::nodes::view::{View, view};
use crate::reduce::How;
use crate::value::Value;

impl<'v> Editor<'_, 'v, '_> {
    /// Applies changes of an object's parts.
    pub(super) fn parts(
        &mut self,
        at: Handle,
        change: &Change<'v>,
        parts: &Parts<'v>,
    ) -> Result<Handle> {
        if at.tag() != Tag::Instance {
            return self.parts_of_plain(at, change, parts);
        }
        let mut now = at;
        let base = match self.part(at, Part::Base) {
            Handle::VACANT => None,
            base => Some(base),
        };
        if let Some(args) = &parts.args {
            now = match base {
                Some(base) => self.args_in_base(now, change, base, args)?,
                None => {
                    let old = self.args(now)?;
                    let args = self.edited(now, old.clone(), args)?;
                    if args == old { now } else { self.set_args(now, change, args)? }
                }
            };
        }
        if let Some(kwargs) = &parts.kwargs {
            let View::Object(object) = view(self.nodes, self.input, now.number())? else {
                return Err(self.no_place(at));
            };
            let dict = object.kwargs.ok_or_else(|| self.no_place(at))?;
            self.entries(dict, change, kwargs)?;
        }
        if let (Some(items), Some(base)) = (&parts.items, base) {
            self.items(base, change, items)?;
        } else if let Some(items) = &parts.items {
            self.touch(now, change);
            self.edit_runs(now, items)?;
        }
        if let (Some(pairs), Some(base)) = (&parts.pairs, base) {
            self.entries(base, change, pairs)?;
        } else if let Some(pairs) = &parts.pairs {
            now = self.edit_object(now, change, &[], true, pairs)?;
        }
        if let Some(state) = &parts.state {
            let dict = self.part(now, Part::State);
            now = match &state.what {
                // An attribute by the type is no entry, whatever the class stores by key.
                What::Entries(entries) if dict.tag() == Tag::Dict => {
                    self.edit_object(now, change, &[dict], false, entries)?
                }
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

    /// The same for a plain container that a type writes as an object, as those of
    /// `python::collections` do.
    fn parts_of_plain(
        &mut self,
        at: Handle,
        change: &Change<'v>,
        parts: &Parts<'v>,
    ) -> Result<Handle> {
        match (parts, change.old) {
            (
                Parts { args: None, kwargs: None, items: Some(items), pairs: None, state: None },
                _,
            ) => self.items(at, change, items),
            (
                Parts { args: None, kwargs: None, items: None, pairs: Some(pairs), state: None },
                _,
            ) => self.entries(at, change, pairs),
            (
                Parts {
                    args: Some(Items::Same { changed, .. }),
                    kwargs: None,
                    items: None,
                    pairs: None,
                    state: None,
                },
                Value::Object(old),
            ) if old.args.len() == 1 => match &changed[..] {
                [(_, content)] => self.apply(at, content),
                _ => Err(self.no_place(at)),
            },
            (
                Parts { args: None, kwargs: None, items: None, pairs: None, state: Some(state) },
                _,
            ) => self.apply(at, state),
            _ => Err(self.no_place(at)),
        }
    }

    /// Changes arguments that `copyreg._reconstructor` has as the value of a builtin base class:
    /// one argument is that value, and several are the items of a tuple.
    fn args_in_base(
        &mut self,
        at: Handle,
        change: &Change<'v>,
        base: Handle,
        args: &Items<'v>,
    ) -> Result<Handle> {
        let (Value::Object(old), Items::Same { changed, .. }) = (change.old, args) else {
            return Err(self.no_place(at));
        };
        let is_value = match &old.args[..] {
            [Value::Tuple(_) | Value::List(_)] => true,
            [_] => !base.tag().is_tuple(),
            _ => false,
        };
        let now = match &changed[..] {
            [(_, change)] if is_value => self.below_index(base, 0, change)?,
            _ => {
                let old = self.tuple(base);
                let items = self.edited(at, old.clone(), args)?;
                if items == old {
                    base
                } else {
                    self.nodes.push_tuple(&items, self.offset(base))?
                }
            }
        };
        self.set_part(at, change, Part::Base, base, now)
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
        let old = self.args(at)?;
        let mut args = old.clone();
        self.change_places(at, entries, &mut args)?;
        if args == old { Ok(at) } else { self.set_args(at, change, args) }
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
            (_, _, &[callable, none]) if partial => {
                vec![self.partial_of(at, callable, &args)?, none]
            }
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

    /// A copy of the partial that protocols 2 and 3 write for NEWOBJ_EX, with other positional
    /// arguments behind the class.
    fn partial_of(&mut self, at: Handle, partial: Handle, args: &[Handle]) -> Result<Handle> {
        let offset = self.offset(partial);
        let mut contents = self.nodes.contents_of(partial.number());
        let Some((RunKind::State, run, _)) = contents.more.first_mut() else {
            return Err(self.no_place(at));
        };
        let mut parts = self.tuple(run.first().copied().unwrap_or(Handle::VACANT));
        let &[_, class_and_args, ..] = &parts[..] else { return Err(self.no_place(at)) };
        let mut all = self.tuple(class_and_args);
        all.truncate(1);
        all.extend_from_slice(args);
        parts[1] = self.nodes.push_tuple(&all, offset)?;
        *run = vec![self.nodes.push_tuple(&parts, offset)?];
        let flags = self.nodes.object(partial.number()).flags();
        let copy = self.nodes.push_object(Tag::Instance, flags, offset, &[])?;
        self.nodes.set_contents(self.journal, copy.number(), &contents)?;
        Ok(copy)
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
