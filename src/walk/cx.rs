//! State that every step of a walk over a graph shares: the nodes, the input, the settings, and the
//! budget.

use std::any::Any;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use foldhash::HashMap;

use super::cache::{ByClass, ByNames, FieldNames, Last};
use super::cycle::Cycles;
use super::given::Given;
use super::lenient::{lenient, not_in};
use super::notes::Notes;
use crate::error::{Error, Result};
use crate::limits;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::scalar::{self, Int};
use crate::nodes::store::{Nodes, Object};
use crate::nodes::view::payload_identity;
use crate::python::numpy::dtype::Dtype;
use crate::read::text::Text;
use crate::settings::{DecodeErrors, Encoding, Plain, Settings};
use crate::shared::Scope;
use crate::value::{Buffer, Value};

/// Upper bound on scans of an object's runs per read.
const LOOKS: u64 = 8;

/// Values that a run of a container counts as, beside those that are in it.
const RUN: usize = 2;

/// One walk over a graph. `'de` is the lifetime of the input, `'g` that of the graph.
pub(crate) struct Cx<'g, 'de> {
    pub(crate) nodes: &'g Nodes<'de>,
    pub(crate) input: &'de [u8],
    pub(crate) settings: Settings<'g>,
    /// Out-of-band buffers.
    buffers: &'g [Buffer<'de>],
    /// Bytes that may still be handed out and looked at: see `limits::EXPANSION`.
    ///
    /// Everything counts each time, so values seen before need not be remembered; the size of a
    /// graph without shared references is granted on top of the limit.
    budget: Cell<u64>,
    /// Bytes of memory that Rust values may still take: see `limits::MEMORY`.
    memory: Cell<u64>,
    /// The two limits, for messages.
    limits: (u64, u64),
    /// For each budget, the part that the input pays for, and the whole.
    granted: Cell<[(u64, u64); 2]>,
    /// The budget that is used up, if one is. A type may swallow the error; then
    /// [`settle`](Self::settle) gives it again.
    spent: Cell<Option<Spent>>,
    /// Answers about objects that may be met again. Most walks need none.
    again: RefCell<Option<Box<Again>>>,
    /// The Rcs and Arcs that this walk has made.
    pub(crate) scope: Scope,
    /// The answers about the object whose runs were looked through last, by its first further run.
    pub(super) last_given: Cell<Option<(u32, Given)>>,
    /// The searches for cycles, for errors.
    pub(super) cycles: Cycles,
    /// The classes whose objects the resolver does not make into values of its own.
    pub(crate) left: ByClass,
    /// The natural forms of classes, by their place in its table.
    pub(crate) forms: ByClass,
    /// The dtype of numpy that was met last: scalars and rows come in thousands and share one.
    pub(crate) dtypes: Last<Dtype>,
    /// The attributes of the time zone that was met last: datetimes come in thousands too.
    pub(crate) zone: Last<[Option<Handle>; 5]>,
    /// The classes that have the names in the types' lists.
    pub(crate) classes: ByNames,
    /// The fields whose names stand for what has none in the pickle.
    pub(crate) fields: FieldNames,
    /// Notes for an update.
    pub(crate) notes: Option<&'g Notes<'de>>,
}

/// The budget that is used up.
#[derive(Clone, Copy, PartialEq)]
enum Spent {
    Expansion,
    Memory,
}

#[derive(Default)]
struct Again {
    /// The payloads that were handed out item by item, by their bits: a map like the machine's
    /// memo, so that there is one kind of table in every program.
    payloads: HashMap<u64, Handle>,
    /// [`BuiltValues`], of which programs without a `Value` know nothing.
    built: Option<Box<dyn Any + Send>>,
}

type BuiltValues = HashMap<Handle, Built>;

/// A `Value` that the walk has made of an object.
#[derive(Clone)]
pub(crate) struct Built {
    /// A dict, set or object whose clones refer to one table.
    pub(crate) value: Value,
    /// Bytes of the budget spent on making it: the size of the tree it stands for.
    pub(crate) cost: u64,
    /// The number of levels of containers below it.
    pub(crate) levels: usize,
}

impl<'g, 'de> Cx<'g, 'de> {
    /// `span` is the number of input bytes that the nodes were made from. Bytes behind them do not
    /// count: a reader does not have them, and has to meet the same limits.
    pub(crate) fn new(
        nodes: &'g Nodes<'de>,
        input: &'de [u8],
        span: usize,
        settings: Settings<'g>,
    ) -> Self {
        let looked_through = nodes.handle_count() as u64 + LOOKS * nodes.run_count() as u64 + 1;
        let own = limits::EXPANSION_PER_VALUE * looked_through + span as u64;
        let budget = settings.max_expansion.of(span as u64).saturating_add(own);
        Self::with_budget(nodes, input, span, settings, budget)
    }

    /// One of several walks that share a budget.
    pub(crate) fn with_budget(
        nodes: &'g Nodes<'de>,
        input: &'de [u8],
        span: usize,
        settings: Settings<'g>,
        budget: u64,
    ) -> Self {
        let memory = settings.max_memory.of(span as u64);
        let own = |budget: u64, fixed: u64| (budget.saturating_sub(fixed), budget);
        let granted =
            [own(budget, settings.max_expansion.fixed), own(memory, settings.max_memory.fixed)];
        Self {
            granted: Cell::new(granted),
            nodes,
            input,
            settings,
            buffers: &[],
            budget: Cell::new(budget),
            memory: Cell::new(memory),
            limits: (settings.max_expansion.of(span as u64), memory),
            spent: Cell::new(None),
            again: RefCell::default(),
            scope: Scope::default(),
            last_given: Cell::new(None),
            cycles: Cycles::default(),
            left: ByClass::default(),
            forms: ByClass::default(),
            dtypes: Last::default(),
            zone: Last::default(),
            classes: ByNames::default(),
            fields: FieldNames::default(),
            notes: None,
        }
    }

    /// With notes to be taken.
    pub(crate) fn with_notes(mut self, notes: &'g Notes<'de>) -> Self {
        self.notes = Some(notes);
        self
    }

    /// With these out-of-band buffers.
    pub(crate) fn with_buffers(mut self, buffers: &'g [Buffer<'de>]) -> Self {
        // Buffers count as input.
        let len = buffers.iter().fold(0_u64, |len, buffer| len + buffer.bytes.len() as u64);
        let Plain { max_expansion, max_memory, .. } = self.settings.plain;
        let mut granted = self.granted.get();
        for (place, budget, allowance, own) in
            [(0, &self.budget, max_expansion, len), (1, &self.memory, max_memory, 0)]
        {
            let more = (allowance.of(len) - allowance.fixed).saturating_add(own);
            budget.set(budget.get().saturating_add(more));
            // The places are 0 and 1.
            let (own, whole) = granted[place];
            granted[place] = (own.saturating_add(more), whole.saturating_add(more));
        }
        self.granted.set(granted);
        self.buffers = buffers;
        self
    }

    /// Subtracts what others spent of the same budgets beyond the part that the input pays for.
    pub(crate) fn withdraw(&self, (expansion, memory): (u64, u64)) {
        let mut granted = self.granted.get();
        for (granted, spent) in granted.iter_mut().zip([expansion, memory]) {
            granted.1 = granted.1.saturating_sub(spent).max(granted.0);
        }
        self.budget.set(granted[0].1);
        self.memory.set(granted[1].1);
        self.granted.set(granted);
    }

    /// Bytes of each budget spent beyond those that the input pays for.
    pub(crate) fn overspent(&self) -> (u64, u64) {
        let [(own, whole), (own_memory, whole_memory)] = self.granted.get();
        (
            (whole - self.budget.get()).saturating_sub(own),
            (whole_memory - self.memory.get()).saturating_sub(own_memory),
        )
    }

    /// Bytes left of the budget.
    pub(crate) fn budget(&self) -> u64 {
        self.budget.get()
    }

    /// Counts `bytes` that are looked at, before they are.
    #[inline]
    pub(crate) fn charge(&self, bytes: usize) -> Result<()> {
        match self.budget.get().checked_sub(bytes as u64) {
            Some(left) => {
                self.budget.set(left);
                Ok(())
            }
            None => Err(self.spend(Spent::Expansion)),
        }
    }

    /// Counts `bytes` of memory that a Rust value is about to take.
    #[inline]
    pub(crate) fn charge_memory(&self, bytes: usize) -> Result<()> {
        match self.memory.get().checked_sub(bytes as u64) {
            Some(left) => {
                self.memory.set(left);
                Ok(())
            }
            None => Err(self.spend(Spent::Memory)),
        }
    }

    /// Counts text or bytes that are copied.
    #[inline]
    pub(crate) fn charge_copy(&self, bytes: usize) -> Result<()> {
        self.charge(bytes)?;
        self.charge_memory(bytes)
    }

    /// Counts text, or an 8-bit string, that is about to be looked at, and returns its length in
    /// the input.
    ///
    /// Half a million references may lead to a line of half the pickle, whose end has to be
    /// searched for to know what to count. So nothing is looked at once the budget is spent.
    #[inline]
    pub(crate) fn charge_look(&self, handle: Handle) -> Result<usize> {
        self.check_unspent()?;
        let len = scalar::text_len(self.nodes, self.input, handle);
        self.charge(len)?;
        Ok(len)
    }

    /// Counts the values in a container that is entered.
    #[inline]
    pub(crate) fn charge_values(&self, count: usize) -> Result<()> {
        self.charge(count.saturating_mul(limits::EXPANSION_PER_VALUE as usize))
    }

    /// Counts the items of a payload of `bytes` bytes before a visitor gets them one by one. The
    /// first time the input pays for them.
    pub(crate) fn charge_payload(&self, payload: Handle, bytes: usize, items: usize) -> Result<()> {
        let payload = payload_identity(self.nodes, payload);
        // A scalar is counted where the container that it is in is entered.
        let is_new = || {
            let mut again = self.again.borrow_mut();
            again.get_or_insert_default().payloads.insert(payload.to_bits(), payload).is_none()
        };
        if items <= 1 || is_new() {
            self.charge(bytes)
        } else {
            self.charge_values(items).and_then(|()| self.charge(bytes))
        }
    }

    /// The value that was made of this object, for another reference to it.
    pub(crate) fn built(&self, handle: Handle) -> Option<Built> {
        let again = self.again.borrow();
        let built = again.as_ref()?.built.as_ref()?;
        built.downcast_ref::<BuiltValues>()?.get(&handle).cloned()
    }

    /// Keeps a value for further references to the object.
    pub(crate) fn keep_built(&self, handle: Handle, built: Built) {
        let mut again = self.again.borrow_mut();
        let kept = &mut again.get_or_insert_default().built;
        let kept = kept.get_or_insert_with(|| Box::<BuiltValues>::default());
        if let Some(kept) = kept.downcast_mut::<BuiltValues>() {
            kept.insert(handle, built);
        }
    }

    /// Counts the handles in a container, and returns their number.
    ///
    /// A run beyond the first is looked at here and where its handles are, and a list may have one
    /// for each of its items, so each counts as two values.
    #[inline]
    pub(crate) fn charge_contents(&self, object: &Object) -> Result<usize> {
        let first = self.nodes.first(object).len();
        self.charge_values(first)?;
        if object.has_more() { self.charge_further(object, first) } else { Ok(first) }
    }

    #[inline(never)]
    fn charge_further(&self, object: &Object, first: usize) -> Result<usize> {
        self.check_unspent()?;
        let mut len = first;
        for (_, run) in self.nodes.more(object) {
            self.charge_values(RUN + run.len())?;
            len += run.len();
        }
        Ok(len)
    }

    /// Returns the error if a budget is used up.
    #[inline]
    pub(crate) fn check_unspent(&self) -> Result<()> {
        match self.spent.get() {
            None => Ok(()),
            Some(spent) => Err(self.spent_error(spent)),
        }
    }

    /// Finishes a walk from `root`: adds the place to an error, and fails if a budget was used up,
    /// even if a type has swallowed that error.
    pub(crate) fn settle<T>(&self, result: Result<T>, root: Handle) -> Result<T> {
        match result {
            Ok(value) => match self.verdict(true) {
                Ok(()) => Ok(value),
                Err(error) => Err(self.locate(error, root)),
            },
            Err(error) => Err(self.locate(error, root)),
        }
    }

    /// An error where a walk that went well has spent a budget.
    pub(crate) fn verdict(&self, went_well: bool) -> Result<()> {
        match self.spent.get() {
            Some(spent) if went_well => Err(self.spent_error(spent)),
            _ => Ok(()),
        }
    }

    /// The int that `handle` is, if it is one. Its digits are counted, because they are decoded
    /// each time.
    pub(crate) fn int(&self, handle: Handle) -> Result<Option<Int<'g>>> {
        if handle.tag() != Tag::FloatLine {
            self.charge_number(handle)?;
        }
        Ok(scalar::int(self.nodes, self.input, handle))
    }

    /// The float that `handle` is, if it is one, counted as [`int`](Self::int).
    pub(crate) fn float(&self, handle: Handle) -> Result<Option<f64>> {
        if handle.tag() == Tag::FloatLine {
            self.charge_number(handle)?;
        }
        Ok(scalar::float(self.nodes, self.input, handle))
    }

    #[inline]
    fn charge_number(&self, handle: Handle) -> Result<()> {
        if handle.detail() == Handle::LONG {
            self.check_unspent()?;
        }
        match scalar::number_len(self.nodes, self.input, handle) {
            0 => Ok(()),
            len => self.charge(len),
        }
    }

    #[cold]
    fn spend(&self, spent: Spent) -> Error {
        self.budget.set(0);
        self.memory.set(0);
        let spent = self.spent.get().unwrap_or(spent);
        self.spent.set(Some(spent));
        self.spent_error(spent)
    }

    #[cold]
    fn spent_error(&self, spent: Spent) -> Error {
        Error::limit(match spent {
            Spent::Expansion => format!(
                "shared references expand to more than {} bytes, see DeOptions::max_expansion; \
                 a Graph keeps them shared",
                self.limits.0
            ),
            Spent::Memory => format!(
                "what is read takes more than {} bytes of memory; see DeOptions::max_memory",
                self.limits.1
            ),
        })
    }

    /// Attaches the offset of `handle` in the input.
    #[cold]
    pub(crate) fn locate(&self, error: Error, handle: Handle) -> Error {
        match self.nodes.offset(handle) {
            Some(offset) => error.at(offset),
            None => error,
        }
    }

    /// Attaches the dict key under which the fault is.
    #[cold]
    pub(crate) fn under_key(&self, error: Error, key: Handle) -> Error {
        // A type may swallow an error for each of half a million references.
        if let Some(name) = self.fields.name(key) {
            return error.under_key(name);
        }
        if scalar::is_text_longer(self.nodes, self.input, key, limits::NAME)
            && self.charge_look(key).is_err()
        {
            return error.under_key("…");
        }
        if let Some(text) = scalar::plain_text(self.nodes, self.input, key) {
            return error.under_key(&text);
        }
        if let Some(chars) = scalar::chars(self.input, key) {
            return error.under_key(&String::from_utf8_lossy(&chars));
        }
        match scalar::int(self.nodes, self.input, key) {
            Some(Int::Small(value)) => error.under_key(&value.to_string()),
            _ => error.under_key(&format!("<{}>", crate::nodes::describe::describe(key.tag()))),
        }
    }

    /// The bytes of an out-of-band buffer.
    ///
    /// # Errors
    /// There are not as many.
    pub(crate) fn buffer(&self, handle: Handle) -> Result<Buffer<'de>> {
        self.buffers.get(handle.number() as usize).copied().ok_or_else(|| {
            Error::unsupported(format!(
                "the value is out-of-band buffer number {}, and buffers were not given; \
                 see DeOptions::buffers",
                u64::from(handle.number()) + 1
            ))
        })
    }

    /// Text that cannot be borrowed as `&'de str`: escaped, with surrogates, or not in the input.
    /// `None` if the value is not text.
    #[cold]
    pub(crate) fn owned_text(&self, handle: Handle) -> Result<Option<String>> {
        self.charge_text(handle)?;
        match scalar::text(self.nodes, self.input, handle) {
            None if handle.tag() == Tag::Field => Ok(self.fields.name(handle).map(str::to_owned)),
            None => Ok(None),
            Some(Text::Str(text)) => Ok(Some(text.into_owned())),
            Some(Text::Surrogates(bytes)) => match (self.settings.errors, lenient()) {
                (DecodeErrors::Strict, _) | (_, None) => Err(Error::data(
                    "the text has lone surrogates; read it as a Value, or see DeOptions::errors",
                )),
                (errors, Some(lenient)) => Ok(Some((lenient.repair)(&bytes, errors, 3))),
            },
        }
    }

    /// Returns true if a value is text of any spelling.
    #[inline]
    pub(crate) fn is_text(&self, handle: Handle) -> bool {
        match handle.tag() {
            Tag::Shared
            | Tag::Str1
            | Tag::Str4
            | Tag::Str8
            | Tag::StrLine
            | Tag::StrEscaped
            | Tag::Surrogates
            | Tag::Name => true,
            Tag::Const => scalar::text(self.nodes, self.input, handle).is_some(),
            _ => false,
        }
    }

    /// Counts text, or an 8-bit string, that is decoded and copied, by its bytes in the input.
    pub(crate) fn charge_text(&self, handle: Handle) -> Result<()> {
        let len = self.charge_look(handle)?;
        // An escaped byte beyond ASCII takes two.
        self.charge_memory(if handle.tag() == Tag::StrEscaped { 2 * len } else { len })
    }

    /// The bytes of an 8-bit string, counted before escapes are undone.
    pub(crate) fn chars(&self, handle: Handle) -> Result<Option<Cow<'de, [u8]>>> {
        if !matches!(handle.tag(), Tag::Chars1 | Tag::Chars4 | Tag::CharsLine) {
            return Ok(None);
        }
        self.charge_look(handle)?;
        Ok(scalar::chars(self.input, handle))
    }

    /// An 8-bit string of Python 2 as text; `None` where the encoding says that it stays bytes.
    ///
    /// # Errors
    /// The encoding cannot decode it.
    pub(crate) fn decode_chars<'a>(&self, chars: &'a [u8]) -> Result<Option<Cow<'a, str>>> {
        let (encoding, errors) = (self.settings.encoding, self.settings.errors);
        match (encoding, std::str::from_utf8(chars), lenient()) {
            (Encoding::Utf8, Ok(text), _) => Ok(Some(Cow::Borrowed(text))),
            (_, _, Some(lenient)) => (lenient.chars)(encoding, errors, chars),
            // Other encodings, and other errors than this, bind it.
            (_, _, None) => Err(not_in("UTF-8")),
        }
    }
}
