//! An object as `__reduce__` describes it: the fields of `$serde_pickle::Reduce`, in the order of
//! their list.
//!
//! A pickle wants the parts in nearly the order in which they come, so they are written as they do.
//! Exceptions: `how` comes first and is kept; INST names its class after the arguments; a state
//! setter is called with an object and a state that are on the stack already, and takes both
//! through the memo.
//!
//! Source: `save_reduce` in CPython's `Modules/_pickle.c`; PEP 307.

use serde::ser::Serialize;

use super::divert;
use super::dump::Dump;
use super::special::{Captured, Role};
use crate::error::{Error, Result};
use crate::instruction::Opcode;
use crate::protocol::Protocol;
use crate::reduce::{How, token};
use crate::write::{Checkpoint, Sink};

/// How far an object is written.
pub(super) struct Progress {
    /// How many fields have come.
    fields: usize,
    spelling: Spelling,
    /// Whether the object must be hashable; its parts need not.
    outer: bool,
    /// Where the state begins, if there is one.
    state: Option<Checkpoint>,
    /// Whether it is a diversion.
    diverted: bool,
}

/// How the object is made, at the protocol.
enum Spelling {
    /// `callable args REDUCE`.
    Reduce,
    /// `cls args NEWOBJ`.
    NewObj,
    /// `copyreg.__newobj__ (cls, *args) REDUCE`.
    NewObjCall,
    /// `cls args kwargs NEWOBJ_EX`.
    NewObjEx,
    /// `functools.partial(cls.__new__, cls, *args, **kwargs) () REDUCE`; where the memo has `cls`
    /// and `cls.__new__`.
    NewObjPartial { class: u32, new: u32 },
    /// `MARK args INST`.
    Inst { module: Box<str>, name: Box<str> },
    /// `MARK cls args OBJ`.
    Obj,
}

impl Progress {
    pub(super) fn new<S: Sink>(name: &'static str, dump: &mut Dump<S>) -> Result<Self> {
        if name != token::REDUCE {
            return Err(Error::unsupported(format!("the serde name {name} on a struct")));
        }
        let diverted = dump.divert_object()?;
        dump.emit.boundary()?;
        dump.emit.enter();
        let outer = dump.set_hashed(false);
        Ok(Self { fields: 0, spelling: Spelling::Reduce, outer, state: None, diverted })
    }

    /// Writes the next field.
    pub(super) fn field<S: Sink, T: Serialize + ?Sized>(
        &mut self,
        dump: &mut Dump<S>,
        key: &'static str,
        value: &T,
    ) -> Result<()> {
        // Without `?`, whose temporaries a debug build keeps on the stack while the value is
        // serialized.
        let result = match self.before(dump, key) {
            Ok(Some(role)) => dump.content(role, value),
            Ok(None) => value.serialize(&mut *dump),
            Err(error) => return Err(error),
        };
        match result {
            Ok(()) => self.after(dump, key),
            Err(error) => Err(error.under_key(key)),
        }
    }

    pub(super) fn end<S: Sink>(&self, dump: &mut Dump<S>) -> Result<()> {
        if self.fields != token::REDUCE_FIELDS.len() {
            return Err(Error::unsupported(format!("{} without all of its fields", token::REDUCE)));
        }
        dump.hashed = self.outer;
        divert::end(dump, self.diverted)
    }

    /// What precedes the field's value, and in which role that is serialized; `None` for a value of
    /// its own.
    fn before<S: Sink>(&mut self, dump: &mut Dump<S>, key: &'static str) -> Result<Option<Role>> {
        if token::REDUCE_FIELDS.get(self.fields) != Some(&key) {
            return Err(Error::unsupported(format!(
                "the field {key} of {} comes in the wrong place",
                token::REDUCE
            )));
        }
        self.fields += 1;
        let emit = &mut dump.emit;
        Ok(match key {
            "how" => Some(Role::Capture),
            "callable" => match self.spelling {
                Spelling::Reduce | Spelling::NewObj | Spelling::NewObjEx => None,
                Spelling::NewObjCall => {
                    emit.global("copyreg", "__newobj__")?;
                    emit.mark();
                    None
                }
                Spelling::NewObjPartial { .. } => {
                    emit.global("functools", "partial")?;
                    emit.open_tuple(1)?;
                    emit.global("builtins", "getattr")?;
                    emit.open_tuple(2)?;
                    None
                }
                Spelling::Inst { .. } => Some(Role::CaptureGlobal),
                Spelling::Obj => {
                    emit.mark();
                    None
                }
            },
            "args" => match self.spelling {
                Spelling::Reduce | Spelling::NewObj | Spelling::NewObjEx => Some(Role::Tuple),
                Spelling::NewObjPartial { class, new } => {
                    emit.mark();
                    emit.get(new);
                    emit.mark();
                    emit.get(class);
                    Some(Role::Splice)
                }
                Spelling::NewObjCall | Spelling::Inst { .. } | Spelling::Obj => Some(Role::Splice),
            },
            "kwargs" => match self.spelling {
                Spelling::NewObjEx | Spelling::NewObjPartial { .. } => None,
                _ => Some(Role::NoKwargs),
            },
            "listitems" => Some(Role::ListItems),
            "setitems" => Some(Role::SetItems),
            "dictitems" => Some(Role::DictItems),
            "state" => {
                self.state = Some(emit.checkpoint()?);
                Some(Role::State)
            }
            _ => {
                // No state, no call of its setter: as CPython has it, for which `None` is none.
                self.state = self.state.filter(|checkpoint| !emit.take_back_none(*checkpoint));
                Some(if self.state.is_some() { Role::StateSetter } else { Role::State })
            }
        })
    }

    /// What follows the field's value.
    fn after<S: Sink>(&mut self, dump: &mut Dump<S>, key: &str) -> Result<()> {
        let emit = &mut dump.emit;
        match key {
            "how" => match dump.captured.pop() {
                Some(Captured::Uint(how)) => self.spelling = spelling(how, emit.protocol())?,
                _ => {
                    return Err(Error::unsupported(format!(
                        "{} with a way to make it that is no number",
                        token::REDUCE
                    )));
                }
            },
            "callable" => match &mut self.spelling {
                Spelling::NewObjPartial { class, new } => {
                    *class = emit.memoize()?;
                    emit.interned("__new__")?;
                    emit.close_tuple(2, 2)?;
                    emit.op(Opcode::Reduce);
                    *new = emit.memoize()?;
                    emit.close_tuple(1, 1)?;
                    emit.op(Opcode::Reduce);
                }
                Spelling::Inst { module, name } => {
                    (*module, *name) = dump.take_names()?;
                    dump.emit.mark();
                    if name.contains('.') {
                        // INST has no nested names, so the class is written by itself.
                        dump.emit.global(module, name)?;
                        self.spelling = Spelling::Obj;
                    }
                }
                _ => {}
            },
            "args" => match &self.spelling {
                Spelling::Reduce => emit.op(Opcode::Reduce),
                Spelling::NewObj => emit.op(Opcode::Newobj),
                Spelling::NewObjCall => {
                    emit.op(Opcode::Tuple);
                    emit.op(Opcode::Reduce);
                }
                Spelling::NewObjEx => {}
                Spelling::NewObjPartial { .. } => emit.op(Opcode::Tuple),
                Spelling::Inst { module, name } => emit.inst_lines(module, name)?,
                Spelling::Obj => emit.op(Opcode::Obj),
            },
            "kwargs" => match self.spelling {
                Spelling::NewObjEx => emit.op(Opcode::NewobjEx),
                Spelling::NewObjPartial { .. } => {
                    // The state of a partial: function, arguments, keywords, and its own dict.
                    emit.none()?;
                    emit.op(Opcode::Tuple);
                    emit.op(Opcode::Build);
                    emit.empty_tuple()?;
                    emit.op(Opcode::Reduce);
                }
                _ => {}
            },
            // There is always an answer to pop: objects nest, and without one this would take that
            // of an outer object.
            "state" if !took_some(dump) => self.state = None,
            "state_setter" => match (took_some(dump), self.state) {
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

/// Whether the Option that was written last is `Some`.
fn took_some<S>(dump: &mut Dump<S>) -> bool {
    matches!(dump.captured.pop(), Some(Captured::Bool(true)))
}

/// How an object made in the way `how` is spelled at the protocol.
fn spelling(how: u64, protocol: Protocol) -> Result<Spelling> {
    let how =
        u8::try_from(how).map_err(|_| Error::data(format!("{how} is no way to make an object")))?;
    Ok(match How::try_from(how)? {
        How::Call => Spelling::Reduce,
        How::NewObj if protocol >= Opcode::Newobj.protocol() => Spelling::NewObj,
        How::NewObj => Spelling::NewObjCall,
        How::NewObjEx if protocol >= Opcode::NewobjEx.protocol() => Spelling::NewObjEx,
        How::NewObjEx => Spelling::NewObjPartial { class: 0, new: 0 },
        How::Inst if protocol >= Opcode::Obj.protocol() => Spelling::Obj,
        How::Inst => Spelling::Inst { module: Box::default(), name: Box::default() },
    })
}

impl<S: Sink> Dump<S> {
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
