//! Globals: classes, functions and other objects that a pickle names.
//!
//! Protocol 4 takes module and qualified name off the stack; below, they are two lines, with the
//! names of Python 2 before protocol 3, and a nested name is `getattr` of the outer one. Source:
//! `save_global` in CPython's `Modules/_pickle.c`.

use super::Emitter;
use crate::error::{Error, Result, quoted};
use crate::instruction::Opcode;
use crate::limits;
use crate::protocol::Protocol;
use crate::reduce::compat;

/// A global that this crate itself writes, which is found in the memo by its address.
pub(crate) struct Builtin {
    /// The serde name that a class of these names would have.
    key: &'static str,
    module: &'static str,
    qualname: &'static str,
}

macro_rules! builtins {
    ($($name:ident $module:literal $qualname:literal;)*) => {$(
        pub(crate) static $name: Builtin = Builtin {
            key: concat!("py:", $module, ":", $qualname),
            module: $module,
            qualname: $qualname,
        };
    )*};
}

builtins! {
    BYTEARRAY "builtins" "bytearray";
    BYTES "builtins" "bytes";
    COMPLEX "builtins" "complex";
    ENCODE "_codecs" "encode";
    FROZENSET "builtins" "frozenset";
    SET "builtins" "set";
    NEW_OBJECT "copyreg" "__newobj__";
}

impl Emitter {
    /// One of those globals.
    pub(crate) fn builtin(&mut self, builtin: &'static Builtin) -> Result<()> {
        self.class(builtin.key, || Ok((builtin.module, builtin.qualname)))
    }

    /// A global, written once and then taken from the memo.
    pub(crate) fn global(&mut self, module: &str, qualname: &str) -> Result<()> {
        self.boundary()?;
        match self.memo.global(module, qualname) {
            Some(index) => self.get(index),
            None if self.extension(module, qualname) => {}
            None => {
                self.new_global(module, qualname)?;
            }
        }
        Ok(())
    }

    /// A global by its extension code, if it has one: EXT1, EXT2 or EXT4, which CPython does not
    /// memoize.
    pub(crate) fn extension(&mut self, module: &str, qualname: &str) -> bool {
        let Some(code) =
            self.extensions.as_ref().and_then(|extensions| extensions.code(module, qualname))
        else {
            return false;
        };
        self.extension_code(code);
        true
    }

    /// EXT1, EXT2 or EXT4.
    pub(super) fn extension_code(&mut self, code: u32) {
        let (opcode, len) = match code {
            0..=0xff => (Opcode::Ext1, 2),
            0x100..=0xffff => (Opcode::Ext2, 3),
            _ => (Opcode::Ext4, 5),
        };
        self.fixed((u64::from(opcode.byte()) | u64::from(code) << 8).to_le_bytes(), len);
    }

    /// The class that the serde name `name` stands for; `names` gives its module and qualified
    /// name.
    ///
    /// Like [`global`](Self::global), but looks the name's address up first.
    pub(crate) fn class<'a>(
        &mut self,
        name: &'static str,
        names: impl FnOnce() -> Result<(&'a str, &'a str)>,
    ) -> Result<()> {
        self.boundary()?;
        if let Some(index) = self.memo.classes.index(name) {
            self.get(index);
            return Ok(());
        }
        let (module, qualname) = names()?;
        if self.extension(module, qualname) {
            return Ok(());
        }
        let index = match self.memo.global(module, qualname) {
            Some(index) => {
                self.get(index);
                index
            }
            None => self.new_global(module, qualname)?,
        };
        // The interest of a class's entry is never used.
        self.memo.classes.insert(name, index, 0);
        Ok(())
    }

    /// Writes an instance of the class `name` by the fast path, if the class is in the memo;
    /// returns true if it did.
    #[inline]
    pub(crate) fn known_instance(&mut self, name: &'static str) -> bool {
        if !self.has_room(4) {
            return false;
        }
        match self.memo.classes.expected(name) {
            Some(class) if class.index < 0x100 => {
                let bytes = [
                    Opcode::Binget.byte(),
                    class.index as u8,
                    Opcode::EmptyTuple.byte(),
                    Opcode::Newobj.byte(),
                ];
                self.fixed(bytes, 4);
                true
            }
            _ => false,
        }
    }

    /// Refers to the member `name` of the enumeration `class`, if that is a matter of a few
    /// instructions; returns true if it did. Both are serde names.
    #[inline]
    pub(crate) fn quick_member(&mut self, class: &'static str, name: &'static str) -> bool {
        match self.memo.near_member(class, name) {
            Some(index) if index < 0x100 => self.quick([Opcode::Binget.byte(), index as u8], 2),
            _ => false,
        }
    }

    /// Refers to the member `name` of the enumeration `class` if it has been written; both are
    /// serde names.
    pub(crate) fn known_member(&mut self, class: &'static str, name: &'static str) -> Result<bool> {
        self.boundary()?;
        match self.memo.member(class, name) {
            Some(index) => {
                self.get(index);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Memoizes the member that was just written.
    pub(crate) fn memoize_member(&mut self, class: &'static str, name: &'static str) -> Result<()> {
        let index = self.memoize()?;
        self.memo.insert_member(class, name, index);
        Ok(())
    }

    #[inline(never)]
    fn new_global(&mut self, module: &str, qualname: &str) -> Result<u32> {
        if self.protocol >= Opcode::StackGlobal.protocol() {
            self.interned(module)?;
            self.str(qualname)?;
            self.op(Opcode::StackGlobal);
            self.memoize_global(module, qualname)
        } else {
            self.nested_global(module, qualname)
        }
    }

    fn memoize_global(&mut self, module: &str, qualname: &str) -> Result<u32> {
        let index = self.memoize()?;
        self.memo.insert_global(module, qualname, index);
        Ok(index)
    }

    /// `a.B.C.D` below protocol 4: `getattr(getattr(a.B, 'C'), 'D')`, or less where an outer part
    /// is in the memo.
    fn nested_global(&mut self, module: &str, qualname: &str) -> Result<u32> {
        let mut outer = qualname;
        let mut inner = Vec::new();
        while self.memo.global(module, outer).is_none() {
            let Some((rest, name)) = outer.rsplit_once('.') else {
                break;
            };
            if inner.len() == limits::NESTED_NAMES {
                return Err(Error::limit(format!(
                    "a qualified name of more than {} parts can only be written from protocol 4 on",
                    limits::NESTED_NAMES
                )));
            }
            outer = rest;
            inner.push(name);
        }
        for _ in &inner {
            self.global("builtins", "getattr")?;
            self.open_tuple(2)?;
        }
        let mut index = match self.memo.global(module, outer) {
            Some(index) => {
                self.get(index);
                index
            }
            None => {
                self.global_lines(module, outer)?;
                self.memoize_global(module, outer)?
            }
        };
        let mut end = outer.len();
        for name in inner.into_iter().rev() {
            self.str(name)?;
            self.close_tuple(2, 2)?;
            self.op(Opcode::Reduce);
            end += 1 + name.len();
            // `end` runs over the dots of `qualname`, so the part before it is always there.
            index = self.memoize_global(module, qualname.get(..end).unwrap_or(qualname))?;
        }
        Ok(index)
    }

    /// GLOBAL, with the names of Python 2 where the pickle is for it.
    pub(crate) fn global_lines(&mut self, module: &str, name: &str) -> Result<()> {
        let (module, name) = self.names_at_protocol(module, name);
        self.lines(Opcode::Global, &[module, name])
    }

    /// INST: an instance of the class, with what lies above the mark as arguments. The name is not
    /// nested.
    pub(crate) fn inst_lines(&mut self, module: &str, name: &str) -> Result<()> {
        let (module, name) = self.names_at_protocol(module, name);
        self.lines(Opcode::Inst, &[module, name])
    }

    /// Returns true if globals have the names of Python 2.
    pub(crate) fn writes_python2_names(&self) -> bool {
        self.fix_imports && self.protocol < Protocol::V3
    }

    /// The names of a global in the Python that the protocol is for.
    pub(crate) fn names_at_protocol<'a>(
        &self,
        module: &'a str,
        name: &'a str,
    ) -> (&'a str, &'a str) {
        if self.writes_python2_names() { compat::to_python2(module, name) } else { (module, name) }
    }

    /// The persistent id as a line, which only protocol 0 needs.
    pub(crate) fn persid(&mut self, id: &str) -> Result<()> {
        self.boundary()?;
        if !id.is_ascii() {
            return Err(Error::unsupported(format!(
                "the persistent id {:?} cannot be written at protocol 0: it is not ASCII",
                quoted(id)
            )));
        }
        self.lines(Opcode::Persid, &[id])
    }
}
