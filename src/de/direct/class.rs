//! Instances as structs: a class, no arguments, and a dict of attributes.
//!
//! ```text
//! instance  ::=  class EMPTY_TUPLE NEWOBJ dict BUILD
//! class     ::=  GLOBAL | text text STACK_GLOBAL | BINGET…
//! ```
//!
//! That is how Python pickles an object of a class that says nothing about pickling; with slots the
//! state is `NONE dict TUPLE2`. Objects that are made of arguments or given items are in `made`,
//! and those that stand for text in `natural`; all else is for the machine.

use std::borrow::Cow;

use super::Outcome;
use super::contents::{Contents, Phase};
use super::dict::Dict;
use super::kinds::DictKind;
use super::made::End;
use super::memo::{Fetched, MemoSlot};
use super::state::Direct;
use super::value::is_ours;
use crate::de::ways::{is_class, ways};
use crate::instruction::Opcode;
use crate::limits;
use crate::nodes::known::Known;
use crate::reduce::token;
use crate::reduce::{Global, Resolution};

/// The number of a class, in the order of naming.
pub(super) type ClassNumber = u32;

/// A class that the pickle names.
pub(super) struct Class<'de> {
    module: Cow<'de, str>,
    qualname: Cow<'de, str>,
    pub(super) kind: ClassKind,
    /// Where the opcode is that names it.
    pub(super) at: u32,
    /// The serde name that was found to name the class, as address and length, and the address of
    /// the field names of its type.
    matched: (usize, usize, usize),
}

/// The kinds of classes, by their objects.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum ClassKind {
    /// Read by their attributes or arguments alone.
    Plain,
    /// `set` or `frozenset`.
    Set,
    Complex,
    /// `bytes`, which is called for those that are empty.
    Bytes,
    ByteArray,
    /// `OrderedDict`: no arguments, and dict items.
    OrderedDict,
    /// `defaultdict`: a class or function, and dict items.
    DefaultDict,
    /// `_codecs.encode`.
    Encode,
    /// `datetime.datetime`, `date` and `time`.
    DateTime,
    Date,
    Time,
    /// `datetime.timezone` and the `timedelta` in it; UTC by pytz.
    TimeZone,
    TimeDelta,
    Utc,
    Decimal,
    Uuid,
    /// numpy's `dtype`, and the function that makes its scalars.
    NumpyDtype,
    NumpyScalar,
    /// numpy's class of arrays, and the two functions that make them: up to protocol 4, and at 5.
    NumpyClass,
    NumpyArray,
    NumpyBuffer,
    /// Anything that only the machine knows.
    Other,
}

impl ClassKind {
    /// `written` is the meaning of the names in the pickle; the others are as Python 3 has them.
    fn of(written: Known, module: &str, qualname: &str) -> Self {
        match written {
            Known::Set | Known::FrozenSet => Self::Set,
            Known::Complex => Self::Complex,
            Known::Bytes => Self::Bytes,
            Known::ByteArray => Self::ByteArray,
            Known::Encode => Self::Encode,
            Known::Nothing => match (module, qualname) {
                ("collections", "OrderedDict") => Self::OrderedDict,
                ("collections", "defaultdict") => Self::DefaultDict,
                ("datetime", "datetime") => Self::DateTime,
                ("datetime", "date") => Self::Date,
                ("datetime", "time") => Self::Time,
                ("datetime", "timezone") => Self::TimeZone,
                ("datetime", "timedelta") => Self::TimeDelta,
                ("pytz", "_UTC") => Self::Utc,
                ("decimal", "Decimal") => Self::Decimal,
                ("uuid", "UUID") => Self::Uuid,
                ("numpy", "dtype") => Self::NumpyDtype,
                ("numpy", "ndarray") => Self::NumpyClass,
                ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") => Self::NumpyScalar,
                ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct") => {
                    Self::NumpyArray
                }
                ("numpy.core.numeric" | "numpy._core.numeric", "_frombuffer") => Self::NumpyBuffer,
                _ if crate::natural::has_form(module, qualname) => Self::Other,
                _ => Self::Plain,
            },
            _ => Self::Other,
        }
    }
}

impl ClassKind {
    /// Returns true for what makes arrays.
    pub(super) fn is_array(self) -> bool {
        matches!(self, Self::NumpyArray | Self::NumpyBuffer)
    }

    pub(super) fn is_time(self) -> bool {
        matches!(self, Self::DateTime | Self::Date | Self::Time)
    }

    /// Returns true if its objects are no tuples.
    pub(super) fn is_no_tuple(self) -> bool {
        matches!(
            self,
            Self::DateTime
                | Self::Date
                | Self::Time
                | Self::Decimal
                | Self::Uuid
                | Self::OrderedDict
                | Self::DefaultDict
        )
    }
}

impl<'de> Class<'de> {
    fn to_global(&self) -> Global {
        Global::new(&*self.module, &*self.qualname)
    }

    pub(super) fn into_names(self) -> (Cow<'de, str>, Cow<'de, str>) {
        (self.module, self.qualname)
    }
}

impl<'de> Direct<'de> {
    /// A dict or an instance as the struct with the serde name `name`.
    #[inline]
    pub(in crate::de) fn structure(
        &mut self,
        name: &'static str,
        fields: &'static [&'static str],
    ) -> Outcome<Dict<'_, 'de>> {
        match self.next()? {
            Opcode::EmptyDict | Opcode::Mark if !is_ours(name) => self.dict_before(End::Itself),
            opcode => self.instance(opcode, name, fields),
        }
    }

    /// The attributes of an object whose class is fetched, spelled as by protocol 4. Nothing is
    /// read where anything else is next.
    #[inline(never)]
    pub(super) fn object_ahead(
        &mut self,
        name: &'static str,
        fields: &'static [&'static str],
    ) -> Option<Contents<DictKind>> {
        let begin = self.cursor.position();
        let class = self.memo.class(self.cursor.peek_memoized_object()?)?;
        let is_plain = self.is_first() && self.memo.is_from_zero() && !self.marked;
        if !is_plain || !self.is_class(class, name, fields) {
            return None;
        }
        // The object is a node, and its dict another.
        self.count_node().ok()?;
        let contents = Contents::new(DictKind, Phase::Batch, self);
        self.enter().ok()?;
        self.cursor.read_memoized_object();
        self.memo.push(MemoSlot::fields(begin));
        self.memo.push(MemoSlot::fields(self.cursor.opcode_position()));
        Some(contents)
    }

    fn instance(
        &mut self,
        opcode: Opcode,
        name: &'static str,
        fields: &'static [&'static str],
    ) -> Outcome<Dict<'_, 'de>> {
        let begin = self.cursor.position();
        if let Some(class) = self.fetched_class() {
            return self.instance_of_class(class, begin, name, fields);
        }
        let class = match opcode {
            Opcode::Binget | Opcode::LongBinget | Opcode::Get => match self.fetch(opcode)? {
                Fetched::Class(class) => class,
                Fetched::Fields(at) => return self.structure_again(at, name, fields),
                Fetched::Text(module) => self.stack_global(module)?,
                _ => return self.irregular(),
            },
            opcode => self.new_class(opcode)?,
        };
        let begin = self.begin_of(class, begin);
        self.instance_of_class(class, begin, name, fields)
    }

    /// The same where the class has been read; the object begins at `begin`.
    #[inline]
    fn instance_of_class(
        &mut self,
        class: ClassNumber,
        begin: usize,
        name: &'static str,
        fields: &'static [&'static str],
    ) -> Outcome<Dict<'_, 'de>> {
        if !self.is_class(class, name, fields) {
            return if is_ours(name) { self.irregular() } else { self.items_of_object(class) };
        }
        self.instance_of(begin, name)
    }

    /// Where an object begins that is read again: with the class, and not with its names, which
    /// began at `begin`.
    pub(super) fn begin_of(&self, class: ClassNumber, begin: usize) -> usize {
        self.classes.get(class as usize).map_or(begin, |class| begin.max(class.at as usize))
    }

    /// An instance whose class, which begins at `begin`, has been read.
    pub(super) fn instance_of(
        &mut self,
        begin: usize,
        name: &'static str,
    ) -> Outcome<Dict<'_, 'de>> {
        self.expect(Opcode::EmptyTuple)?;
        self.expect(Opcode::Newobj)?;
        self.count_node()?;
        self.memoize(MemoSlot::fields(begin))?;
        if !is_ours(name) && self.cursor.read_opcode_if(Opcode::None) {
            return self.dict_before(End::Slots);
        }
        self.dict_before(End::State)
    }

    #[inline]
    pub(super) fn expect(&mut self, opcode: Opcode) -> Outcome<()> {
        if self.next()? != opcode {
            return self.irregular();
        }
        self.cursor.read_peeked_opcode();
        Ok(())
    }

    /// Reads a class; gives its number.
    #[inline]
    pub(super) fn class(&mut self, opcode: Opcode) -> Outcome<ClassNumber> {
        match self.fetched_class() {
            Some(class) => Ok(class),
            None => self.any_class(opcode),
        }
    }

    #[inline(never)]
    fn any_class(&mut self, opcode: Opcode) -> Outcome<ClassNumber> {
        if let Opcode::Binget | Opcode::LongBinget | Opcode::Get = opcode {
            return match self.fetch(opcode)? {
                Fetched::Class(class) => Ok(class),
                Fetched::Text(module) => self.stack_global(module),
                _ => self.irregular(),
            };
        }
        self.new_class(opcode)
    }

    pub(super) fn new_class(&mut self, opcode: Opcode) -> Outcome<ClassNumber> {
        if opcode == Opcode::Global {
            self.cursor.read_peeked_opcode();
            let names = self.cursor.read_names();
            let (module, name) = self.checked(names)?;
            return self.named_class(module.into(), name.into());
        }
        let module = self.text(opcode)?;
        self.stack_global(module)
    }

    pub(super) fn stack_global(&mut self, module: &'de str) -> Outcome<ClassNumber> {
        let opcode = self.next()?;
        let name = self.text(opcode)?;
        self.expect(Opcode::StackGlobal)?;
        self.named_class(module.into(), name.into())
    }

    /// Makes a class of its names as the pickle has them.
    pub(super) fn named_class(
        &mut self,
        module: Cow<'de, str>,
        name: Cow<'de, str>,
    ) -> Outcome<ClassNumber> {
        self.check_going()?;
        if !self.is_first() {
            return self.class_named_before();
        }
        // The machine counts how often long names are named, and refuses the longest.
        if module.len() + name.len() > limits::LONG_NAMES {
            return self.irregular();
        }
        let known = Known::of_global(&module, &name);
        let (module, qualname) =
            match (self.protocol < 3 && self.settings.fix_imports, module, name) {
                (true, Cow::Borrowed(module), Cow::Borrowed(name)) => {
                    let (module, qualname) = crate::reduce::compat::to_python3(module, name);
                    (Cow::Borrowed(module), Cow::Borrowed(qualname))
                }
                (true, ..) => return self.irregular(),
                (false, module, name) => (module, name),
            };
        let kind = ClassKind::of(known, &module, &qualname);
        // Each class takes several bytes of input, so its number fits.
        let number = self.named as ClassNumber;
        if self.named == self.classes.len() {
            // The input is shorter than slots have room for.
            let at = self.cursor.opcode_position() as u32;
            let class = Class { module, qualname, kind, at, matched: (0, 0, 0) };
            self.classes.push(class);
            if self.resolver.is_some() {
                self.ask()?;
            }
        }
        self.named += 1;
        self.count_node()?;
        self.memoize(MemoSlot::class(number))?;
        Ok(number)
    }

    pub(super) fn kind_of(&self, class: ClassNumber) -> ClassKind {
        self.classes.get(class as usize).map_or(ClassKind::Other, |class| class.kind)
    }

    /// Asks the resolver about the class that was named last.
    #[inline(never)]
    fn ask(&mut self) -> Outcome<()> {
        let (Some(resolver), Some(class)) = (&self.resolver, self.classes.last_mut()) else {
            return Ok(());
        };
        match resolver.find_class(&class.module, &class.qualname) {
            Ok(Resolution::Allow) => {
                // Only a walk makes the caller's own values of objects.
                if resolver.constructs(&class.to_global()) {
                    class.kind = ClassKind::Other;
                }
                Ok(())
            }
            answer => {
                self.answer = Some(answer);
                self.irregular()
            }
        }
    }

    /// Returns true if the resolver makes its own values of the objects of a class.
    pub(super) fn constructs(&self, class: &Global) -> bool {
        self.resolver.as_ref().is_some_and(|resolver| resolver.constructs(class))
    }

    /// Charges a reference to a class as a value.
    #[inline]
    pub(super) fn charge_class(&mut self, class: ClassNumber) -> Outcome<()> {
        let Some(class) = self.classes.get(class as usize) else { return self.irregular() };
        let bytes = class.module.len() + class.qualname.len() + size_of::<Global>();
        self.charge_expansion(bytes as u64)
    }

    /// The class as a value of its own.
    pub(super) fn global(&mut self, class: ClassNumber) -> Outcome<Global> {
        match self.classes.get(class as usize) {
            Some(class) => Ok(class.to_global()),
            None => self.irregular(),
        }
    }

    /// Returns true if a struct of this name reads the attributes of that class.
    #[inline]
    pub(super) fn is_class(
        &mut self,
        class: ClassNumber,
        name: &'static str,
        fields: &'static [&'static str],
    ) -> bool {
        let Some(class) = self.classes.get_mut(class as usize) else { return false };
        if class.kind != ClassKind::Plain {
            return false;
        }
        let key = (name.as_ptr() as usize, name.len(), fields.as_ptr() as usize);
        if class.matched == key {
            return true;
        }
        let matches = match is_class(name) {
            true => ways().is_ok_and(|ways| {
                (ways.reads_attributes)(name, &class.module, &class.qualname, fields)
            }),
            false => !name.starts_with(token::PREFIX),
        };
        if matches {
            class.matched = key;
        }
        matches
    }
}
