//! Recipes for making an object at a protocol, for objects from serde and for a graph's instances.
//!
//! A newer protocol has an opcode where an older one writes a call. Each spelling is the one of
//! CPython's `save_reduce` and `save_set` in `Modules/_pickle.c`, and of PEP 307. The caller writes
//! the parts between the instructions here.

use super::Emitter;
use super::global::{FROZENSET, NEW_OBJECT, SET};
use crate::error::Result;
use crate::instruction::Opcode;
use crate::reduce::How;

/// The opcodes that make an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recipe {
    /// `callable args REDUCE`.
    Reduce,
    /// `cls args NEWOBJ`.
    NewObj,
    /// `copyreg.__newobj__ (cls, *args) REDUCE`.
    NewObjCall,
    /// `cls args kwargs NEWOBJ_EX`.
    NewObjEx,
    /// `functools.partial(cls.__new__, cls, *args, **kwargs) () REDUCE`.
    NewObjPartial,
    /// `MARK args INST`, for a class that is not nested.
    Inst,
    /// `MARK cls args OBJ`.
    Obj,
}

impl Emitter {
    /// Chooses the recipe, at the protocol, for an object that is made in the way `how`.
    pub(crate) fn recipe(&self, how: How) -> Recipe {
        match how {
            How::Call => Recipe::Reduce,
            How::NewObj if self.has(Opcode::Newobj) => Recipe::NewObj,
            How::NewObj => Recipe::NewObjCall,
            How::NewObjEx if self.has(Opcode::NewobjEx) => Recipe::NewObjEx,
            How::NewObjEx => Recipe::NewObjPartial,
            How::Inst if self.has(Opcode::Obj) => Recipe::Obj,
            How::Inst => Recipe::Inst,
        }
    }

    /// Returns true if the protocol has the opcode.
    #[inline]
    pub(crate) fn has(&self, opcode: Opcode) -> bool {
        self.protocol >= opcode.protocol()
    }

    /// [`Recipe::NewObjCall`], up to the class.
    pub(crate) fn open_newobj_call(&mut self) -> Result<()> {
        self.builtin(&NEW_OBJECT)?;
        self.mark();
        Ok(())
    }

    /// The end of [`Recipe::NewObjCall`], behind the arguments.
    pub(crate) fn close_newobj_call(&mut self) {
        self.op(Opcode::Tuple);
        self.op(Opcode::Reduce);
    }

    /// [`Recipe::NewObjPartial`], up to the class.
    pub(crate) fn open_partial(&mut self) -> Result<()> {
        self.global("functools", "partial")?;
        self.open_tuple(1)?;
        self.global("builtins", "getattr")?;
        self.open_tuple(2)
    }

    /// Continues behind the class, which the memo has under `class`: its `__new__`, and up to the
    /// arguments.
    pub(crate) fn open_partial_args(&mut self, class: u32) -> Result<()> {
        let new = self.close_getattr("__new__")?;
        self.close_tuple(1, 1)?;
        self.op(Opcode::Reduce);
        // The state of a partial: function, arguments, keywords, and its own dict.
        self.mark();
        self.get(new);
        self.mark();
        self.get(class);
        Ok(())
    }

    /// Continues behind the arguments; the keyword arguments come next.
    pub(crate) fn close_partial_args(&mut self) {
        self.op(Opcode::Tuple);
    }

    /// The end of [`Recipe::NewObjPartial`], behind the keyword arguments.
    pub(crate) fn close_partial(&mut self) -> Result<()> {
        self.none()?;
        self.op(Opcode::Tuple);
        self.op(Opcode::Build);
        self.empty_tuple()?;
        self.op(Opcode::Reduce);
        Ok(())
    }

    /// A set or frozenset below protocol 4: `set([…])`, up to the list.
    pub(crate) fn open_set_call(&mut self, frozen: bool) -> Result<()> {
        self.builtin(if frozen { &FROZENSET } else { &SET })?;
        self.open_tuple(1)
    }

    /// The end of a set below protocol 4, behind the list.
    pub(crate) fn close_set_call(&mut self) -> Result<()> {
        self.close_tuple(1, 1)?;
        self.op(Opcode::Reduce);
        Ok(())
    }

    /// Below protocol 4 no opcode adds to a set: each item is a call of the object's `add`.
    /// Memoizes that method of the object on the stack, which the memo has under `object`.
    pub(crate) fn bind_add(&mut self, object: u32) -> Result<u32> {
        self.global("builtins", "getattr")?;
        self.open_tuple(2)?;
        self.get(object);
        let add = self.close_getattr("add")?;
        self.op(Opcode::Pop);
        Ok(add)
    }

    /// A call of the method `add`, up to the item.
    pub(crate) fn open_addition(&mut self, add: u32) -> Result<()> {
        self.get(add);
        self.open_tuple(1)
    }

    /// The end of a call of `add`, whose result is dropped.
    pub(crate) fn close_addition(&mut self) -> Result<()> {
        self.close_tuple(1, 1)?;
        self.op(Opcode::Reduce);
        self.op(Opcode::Pop);
        Ok(())
    }

    /// The end of a call of `getattr`, behind the owner; memoizes the attribute.
    fn close_getattr(&mut self, name: &'static str) -> Result<u32> {
        self.interned(name)?;
        self.close_tuple(2, 2)?;
        self.op(Opcode::Reduce);
        self.memoize()
    }
}
