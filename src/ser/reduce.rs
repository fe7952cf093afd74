//! An object as `__reduce__` describes it: the fields of `$serde_pickle::Reduce`, in the order of
//! their list.
//!
//! A pickle has the parts in nearly the order of the fields, so they are written as they come.
//! Exceptions: `how` comes first and is kept; INST names its class after the arguments; a state
//! setter is called with an object and a state that are on the stack already, and takes both
//! through the memo.
//!
//! Source: `save_reduce` in CPython's `Modules/_pickle.c`; PEP 307.

use super::divert;
use super::dump::Dump;
use super::placed::Placed;
use super::special::{Captured, Role};
use crate::error::{Error, Result};
use crate::instruction::Opcode;
use crate::reduce::How;
use crate::reduce::token::{self, Part};
use crate::write::{Checkpoint, Recipe, Sink};

/// The progress of writing an object, field by field.
pub(super) enum Progress {
    Reduce(Reduce),
    Placed(Placed),
}

impl Progress {
    /// Writes the opcodes before a field's value, and notes the role in which it is serialized.
    pub(super) fn open(&mut self, dump: &mut Dump<dyn Sink + '_>, key: &'static str) -> Result<()> {
        let role = match self {
            Self::Reduce(reduce) => reduce.before(dump, key)?,
            Self::Placed(placed) => placed.before(dump, key)?,
        };
        dump.role = role.unwrap_or(Role::Plain);
        Ok(())
    }

    /// Writes the opcodes after the field's value.
    pub(super) fn after(&mut self, dump: &mut Dump<dyn Sink + '_>) -> Result<()> {
        // A value that called no method has left its role behind.
        dump.role = Role::Plain;
        match self {
            Self::Reduce(reduce) => reduce.after(dump),
            Self::Placed(placed) => {
                placed.after(dump);
                Ok(())
            }
        }
    }

    /// A field is left out.
    pub(super) fn skip(&mut self, key: &'static str) -> Result<()> {
        match self {
            Self::Reduce(_) => Ok(()),
            Self::Placed(placed) => placed.skip(key),
        }
    }

    pub(super) fn end(&mut self, dump: &mut Dump<dyn Sink + '_>) -> Result<()> {
        match self {
            Self::Reduce(reduce) => reduce.end(dump),
            Self::Placed(placed) => placed.end(dump),
        }
    }
}

/// The progress of writing an object as `__reduce__` describes it.
pub(super) struct Reduce {
    /// The number of fields that have come.
    fields: usize,
    recipe: Recipe,
    /// Module and name of the class, for INST.
    class: (Box<str>, Box<str>),
    /// True if the object must be hashable; its parts need not.
    outer: bool,
    /// The checkpoint before the state, if there is a state.
    state: Option<Checkpoint>,
    /// True for a diversion.
    diverted: bool,
}

impl Reduce {
    pub(super) fn new(name: &'static str, dump: &mut Dump<dyn Sink + '_>) -> Result<Self> {
        if name != token::REDUCE {
            return Err(Error::unsupported(format!("the serde name {name} on a struct")));
        }
        let diverted = dump.divert_object()?;
        dump.boundary()?;
        dump.emit.enter();
        let outer = dump.set_hashed(false);
        Ok(Self {
            fields: 0,
            recipe: Recipe::Reduce,
            class: Default::default(),
            outer,
            state: None,
            diverted,
        })
    }

    fn end(&self, dump: &mut Dump<dyn Sink + '_>) -> Result<()> {
        if self.fields != token::REDUCE_FIELDS.len() {
            return Err(Error::unsupported(format!("{} lacks some of its fields", token::REDUCE)));
        }
        dump.hashed = self.outer;
        divert::end(dump, self.diverted)
    }

    /// Writes the opcodes before the field's value. Returns the role in which the value is
    /// serialized; `None` for a value of its own.
    fn before(
        &mut self,
        dump: &mut Dump<dyn Sink + '_>,
        key: &'static str,
    ) -> Result<Option<Role>> {
        let part = match (token::REDUCE_FIELDS.get(self.fields), Part::at(self.fields)) {
            // The same constant, mostly.
            (Some(&name), Some(part)) if std::ptr::eq(name, key) || name == key => part,
            _ => {
                return Err(Error::unsupported(format!(
                    "the field {key} of {} is out of order",
                    token::REDUCE
                )));
            }
        };
        self.fields += 1;
        let emit = &mut dump.emit;
        Ok(match part {
            Part::How => Some(Role::Capture),
            Part::Callable => {
                match self.recipe {
                    Recipe::Reduce | Recipe::NewObj | Recipe::NewObjEx | Recipe::Inst => {}
                    Recipe::NewObjCall => emit.open_newobj_call()?,
                    Recipe::NewObjPartial => emit.open_partial()?,
                    Recipe::Obj => emit.mark(),
                }
                (self.recipe == Recipe::Inst).then_some(Role::CaptureGlobal)
            }
            Part::Args => Some(match self.recipe {
                Recipe::Reduce | Recipe::NewObj | Recipe::NewObjEx => Role::Tuple,
                Recipe::NewObjCall | Recipe::NewObjPartial | Recipe::Inst | Recipe::Obj => {
                    Role::Splice
                }
            }),
            Part::Kwargs => match self.recipe {
                Recipe::NewObjEx | Recipe::NewObjPartial => None,
                _ => Some(Role::NoKwargs),
            },
            Part::ListItems => Some(Role::ListItems),
            Part::SetItems => Some(Role::SetItems),
            Part::DictItems => Some(Role::DictItems),
            Part::State => {
                dump.boundary()?;
                self.state = Some(dump.emit.checkpoint()?);
                Some(Role::State)
            }
            Part::StateSetter => {
                // Without a state its setter is not called, as in CPython, which takes `None` for
                // no state.
                self.state = self.state.filter(|checkpoint| !emit.take_back_none(*checkpoint));
                Some(if self.state.is_some() { Role::StateSetter } else { Role::State })
            }
        })
    }

    /// Writes the opcodes after the value of the field that came last.
    fn after(&mut self, dump: &mut Dump<dyn Sink + '_>) -> Result<()> {
        let emit = &mut dump.emit;
        let Some(part) = Part::at(self.fields.wrapping_sub(1)) else { return Ok(()) };
        match part {
            Part::How => match dump.captured.pop() {
                Some(Captured::Uint(how)) => self.recipe = emit.recipe(how_of(how)?),
                _ => {
                    return Err(Error::unsupported(format!(
                        "the way to make {} is not a number",
                        token::REDUCE
                    )));
                }
            },
            Part::Callable => match self.recipe {
                Recipe::NewObjPartial => {
                    let class = emit.memoize()?;
                    emit.open_partial_args(class)?;
                }
                Recipe::Inst => {
                    let (module, name) = dump.take_names()?;
                    dump.emit.mark();
                    if name.contains('.') {
                        // INST has no nested names, so the class is written as a global.
                        dump.emit.global(&module, &name)?;
                        self.recipe = Recipe::Obj;
                    }
                    self.class = (module, name);
                }
                _ => {}
            },
            Part::Args => match self.recipe {
                Recipe::Reduce => emit.op(Opcode::Reduce),
                Recipe::NewObj => emit.op(Opcode::Newobj),
                Recipe::NewObjCall => emit.close_newobj_call(),
                Recipe::NewObjEx => {}
                Recipe::NewObjPartial => emit.close_partial_args(),
                Recipe::Inst => emit.inst_lines(&self.class.0, &self.class.1)?,
                Recipe::Obj => emit.op(Opcode::Obj),
            },
            Part::Kwargs => match self.recipe {
                Recipe::NewObjEx => emit.op(Opcode::NewobjEx),
                Recipe::NewObjPartial => emit.close_partial()?,
                _ => {}
            },
            // There is always an answer to pop. Objects nest, so a missing one would take that of
            // an outer object.
            Part::State if !took_some(dump) => self.state = None,
            Part::StateSetter => match (took_some(dump), self.state) {
                (false, Some(_)) => dump.emit.op(Opcode::Build),
                (true, Some(_)) => dump.call_state_setter()?,
                (true, None) => dump.emit.op(Opcode::Pop),
                (false, None) => {}
            },
            _ => {}
        }
        Ok(())
    }
}

/// Returns true if the Option that was written last is `Some`.
fn took_some(dump: &mut Dump<dyn Sink + '_>) -> bool {
    matches!(dump.captured.pop(), Some(Captured::Bool(true)))
}

/// The way to make an object with the number `how`.
fn how_of(how: u64) -> Result<How> {
    let how = u8::try_from(how)
        .map_err(|_| Error::data(format!("{how} is not a way to make an object")))?;
    How::try_from(how)
}

impl Dump<dyn Sink + '_> {
    /// Stack: object, state. Moves the state into the memo and memoizes the object too; the setter
    /// comes next.
    pub(super) fn open_state_setter(&mut self) -> Result<()> {
        let state = self.emit.memoize()?;
        self.emit.op(Opcode::Pop);
        let object = self.emit.memoize()?;
        self.captured.push(Captured::Uint(state.into()));
        self.captured.push(Captured::Uint(object.into()));
        Ok(())
    }

    /// Stack: object, setter. Calls the setter with object and state, and drops the result.
    fn call_state_setter(&mut self) -> Result<()> {
        self.emit.open_tuple(2)?;
        for _ in 0..2 {
            // `open_state_setter` has kept two memo indexes, the object's on top.
            if let Some(Captured::Uint(index)) = self.captured.pop() {
                self.emit.get(index as u32);
            }
        }
        self.emit.close_tuple(2, 2)?;
        self.emit.op(Opcode::Reduce);
        self.emit.op(Opcode::Pop);
        Ok(())
    }
}
