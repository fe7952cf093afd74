//! What every step of a walk over a graph shares: the nodes, the input, the settings, and the
//! budget.

use std::borrow::Cow;
use std::cell::Cell;

use super::cache::{ByClass, ByNames, Last};
use crate::error::{Error, Result};
use crate::limits;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::scalar::{self, Int};
use crate::nodes::store::{Nodes, Object};
use crate::python::numpy::dtype::Dtype;
use crate::read::text::Text;
use crate::settings::{Encoding, Errors, Settings};
use crate::shared::Scope;
use crate::value::Buffer;

/// How often the runs of an object are looked through, at the most, when a type reads it.
const LOOKS: u64 = 8;

/// One walk over a graph. `'de` is the life of the input, `'g` that of the graph.
pub(crate) struct Cx<'g, 'de> {
    pub(crate) nodes: &'g Nodes<'de>,
    pub(crate) input: &'de [u8],
    pub(crate) settings: Settings<'g>,
    /// Out-of-band buffers.
    buffers: &'g [Buffer<'de>],
    /// Bytes that may still be handed out. Everything counts, so nothing has to be remembered about
    /// what was seen before; what a graph without shared references comes to is granted on top of
    /// the limit.
    budget: Cell<u64>,
    /// The Rcs and Arcs that this walk has made.
    pub(crate) scope: Scope,
    /// Which classes have a natural form, by their place in its table.
    pub(crate) forms: ByClass,
    /// The dtype of numpy that was met last: scalars and rows come in thousands and share one.
    pub(crate) dtypes: Last<Dtype>,
    /// The attributes of the time zone that was met last: datetimes come in thousands too.
    pub(crate) zone: Last<[Option<Handle>; 5]>,
    /// Which classes have the names that the types say.
    pub(crate) classes: ByNames,
}

impl<'g, 'de> Cx<'g, 'de> {
    /// `span` is how many bytes of the input the nodes were made from. What follows them says
    /// nothing: a reader does not even have it, and is to meet the same limits.
    pub(crate) fn new(
        nodes: &'g Nodes<'de>,
        input: &'de [u8],
        span: usize,
        settings: Settings<'g>,
    ) -> Self {
        let looked_through = nodes.handle_count() as u64 + LOOKS * nodes.run_count() as u64 + 1;
        let own = limits::EXPANSION_PER_VALUE * looked_through + span as u64;
        Self::with_budget(nodes, input, settings, settings.max_expansion.saturating_add(own))
    }

    /// One of several walks that share a budget.
    pub(crate) fn with_budget(
        nodes: &'g Nodes<'de>,
        input: &'de [u8],
        settings: Settings<'g>,
        budget: u64,
    ) -> Self {
        Self {
            nodes,
            input,
            settings,
            buffers: &[],
            budget: Cell::new(budget),
            scope: Scope::default(),
            forms: ByClass::default(),
            dtypes: Last::default(),
            zone: Last::default(),
            classes: ByNames::default(),
        }
    }

    /// With these out-of-band buffers.
    pub(crate) fn with_buffers(mut self, buffers: &'g [Buffer<'de>]) -> Self {
        self.buffers = buffers;
        self
    }

    /// What is left of the budget.
    pub(crate) fn budget(&self) -> u64 {
        self.budget.get()
    }

    /// Counts `bytes` of text or bytes that are handed out.
    #[inline]
    pub(crate) fn charge(&self, bytes: usize) -> Result<()> {
        match self.budget.get().checked_sub(bytes as u64) {
            Some(left) => {
                self.budget.set(left);
                Ok(())
            }
            None => Err(self.expanded()),
        }
    }

    /// Counts the values in a container that is entered.
    #[inline]
    pub(crate) fn charge_values(&self, count: usize) -> Result<()> {
        self.charge(count.saturating_mul(limits::EXPANSION_PER_VALUE as usize))
    }

    /// Counts a look through all that was done to an object after it was made. Whoever wants its
    /// state has to, however much else was done to it, and the object may be one that half a
    /// million references lead to.
    pub(crate) fn charge_runs(&self, object: &Object) -> Result<()> {
        if !object.has_more() {
            return Ok(());
        }
        match self.nodes.more(object).count() {
            ..=limits::RUNS_FREE => Ok(()),
            runs => self.charge_values(runs),
        }
    }

    /// The int that `handle` is, if it is one. Its digits are counted, for they are decoded each
    /// time.
    #[inline]
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
        match scalar::number_len(self.nodes, self.input, handle) {
            0 => Ok(()),
            len => self.charge(len),
        }
    }

    #[cold]
    fn expanded(&self) -> Error {
        Error::limit(format!(
            "shared references expand to more than {} bytes; a Graph keeps them shared",
            self.settings.max_expansion
        ))
    }

    /// The error of nesting beyond the limit, at the object `handle`.
    #[cold]
    pub(crate) fn too_deep(&self, handle: Handle, limit: usize) -> Error {
        if let Some(cycle) = crate::nodes::describe_cycle(self.nodes, self.input, handle) {
            return Error::contains_itself(&cycle);
        }
        Error::limit(format!("nested more than {limit} levels deep"))
    }

    /// Attaches where in the input `handle` is.
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
                "the value is out-of-band buffer number {}, and buffers were not given; see DeOptions::buffers",
                u64::from(handle.number()) + 1
            ))
        })
    }

    /// Text of a kind that has no `&'de str`: escaped, with surrogates, or not in the input. `None`
    /// for what is no text.
    #[cold]
    pub(crate) fn owned_text(&self, handle: Handle) -> Result<Option<String>> {
        match scalar::text(self.nodes, self.input, handle) {
            None => Ok(None),
            Some(Text::Str(text)) => {
                self.charge(text.len())?;
                Ok(Some(text.into_owned()))
            }
            Some(Text::Surrogates(bytes)) => {
                self.charge(bytes.len())?;
                match self.settings.errors {
                    Errors::Strict => Err(Error::data(
                        "the text has lone surrogates; read it as a Value, or see DeOptions::errors",
                    )),
                    errors => Ok(Some(repair(&bytes, errors, 3))),
                }
            }
        }
    }

    /// An 8-bit string of Python 2 as text; `None` where the encoding says that it stays bytes.
    ///
    /// # Errors
    /// The encoding cannot decode it.
    pub(crate) fn decode_chars<'a>(&self, chars: &'a [u8]) -> Result<Option<Cow<'a, str>>> {
        let (what, valid) = match self.settings.encoding {
            Encoding::Bytes => return Ok(None),
            Encoding::Latin1 => {
                if chars.is_ascii() {
                    return Ok(Some(String::from_utf8_lossy(chars)));
                }
                return Ok(Some(Cow::Owned(chars.iter().map(|&byte| char::from(byte)).collect())));
            }
            Encoding::Utf8 => ("UTF-8", std::str::from_utf8(chars).ok()),
            Encoding::Ascii => {
                ("ASCII", std::str::from_utf8(chars).ok().filter(|text| text.is_ascii()))
            }
        };
        match (valid, self.settings.errors) {
            (Some(text), _) => Ok(Some(Cow::Borrowed(text))),
            (None, Errors::Strict) => Err(Error::data(format!(
                "an 8-bit string of Python 2 is not {what}; see DeOptions::encoding"
            ))),
            (None, errors) if self.settings.encoding == Encoding::Utf8 => {
                Ok(Some(repair(chars, errors, 1).into()))
            }
            (None, errors) => {
                let replacement =
                    (errors == Errors::Replace).then_some(char::REPLACEMENT_CHARACTER);
                let decoded =
                    |&byte: &u8| if byte.is_ascii() { Some(char::from(byte)) } else { replacement };
                Ok(Some(Cow::Owned(chars.iter().filter_map(decoded).collect())))
            }
        }
    }
}

/// Decodes UTF-8 that has faults: each is replaced or left out. A surrogate is a fault of three
/// bytes and counts once.
fn repair(bytes: &[u8], errors: Errors, surrogate: usize) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        let Some(chunk) = rest.utf8_chunks().next() else { break };
        text.push_str(chunk.valid());
        if chunk.invalid().is_empty() {
            break;
        }
        if errors == Errors::Replace {
            text.push(char::REPLACEMENT_CHARACTER);
        }
        let fault = chunk.invalid().len().max(surrogate);
        rest = rest.get(chunk.valid().len() + fault..).unwrap_or_default();
    }
    text
}
