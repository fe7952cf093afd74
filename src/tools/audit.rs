//! [`audit`]: the list of everything outside itself that a pickle would use if Python loaded it.
//!
//! The machine runs the pickle into nodes, so that names are what the stack and the memo make of
//! them, whatever way they took; then one pass goes over the nodes in the order in which they were
//! made. A callable is older than its call, so one pass settles the reference that each call goes
//! back to. No value is made.
//!
//! The machine runs with [`Config::any_operands`]: names and arguments may be results of calls,
//! with which Python would go on. Where the machine still stops, everything before that byte has
//! been found, and Python would have done it.
//!
//! Promise: time and memory are linear in the input. Names are kept once each, modules and
//! qualified names apart, since a pickle can combine a thousand names with a thousand modules;
//! names that `getattr` puts together are charged to `max_expansion`.

use foldhash::HashMap;

use super::references::{References, TextId};
use super::report::{Audit, Reference, Site};
use crate::de::DeOptions;
use crate::error::{Error, Result};
use crate::instruction::{Argument, Opcode};
use crate::machine::{self, Config, State};
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::known::Known;
use crate::nodes::scalar;
use crate::nodes::spelling::Spelling;
use crate::nodes::store::{Flags, Nodes, Object, RunKind};
use crate::nodes::view::tuple_items;
use crate::protocol::Protocol;
use crate::read::{check_frames, instructions_within, text::Text};

/// Lists everything outside itself that a pickle would use if Python loaded it: the globals it
/// names, the calls it makes, persistent ids, buffers.
///
/// Nothing is run, imported or built. It is a list and not a verdict: any name may be harmful, and
/// only the caller knows which are. [`DeOptions::audit`] asks a [`Resolver`](crate::Resolver) about
/// each name as well.
///
/// ```
/// use serde_pickle::tools;
///
/// // The pickle of an object whose __reduce__ returns (os.system, ('id',)).
/// let report = tools::audit(
///     b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x02id\x94\x85\x94R\x94.",
/// );
/// assert!(report.is_complete());
/// let system = &report.references[0];
/// assert_eq!(system.target.to_string(), "posix.system");
/// assert_eq!(system.called.len(), 1);
/// assert_eq!(
///     report.to_string(),
///     "14 instructions in 31 bytes; protocol 4 announced, 4 needed\n\
///      posix.system: named at byte 19 (STACK_GLOBAL); called at byte 28 (REDUCE)\n"
/// );
/// ```
///
/// A pickle that breaks in the middle is audited up to that byte, because Python runs it up to
/// there; [`Audit::error`] has the reason. Bytes behind STOP are not looked at: [`Audit::length`]
/// tells where they begin.
///
/// Two kinds of pickles mean different things to different Pythons. If a read crosses the end of a
/// frame, older CPythons go on with instructions that depend on whether they read from memory or a
/// file. If MEMOIZE comes behind a PUT that left numbers out, CPython's C code since 3.15 gives it
/// another number than older ones and `pickle.py` do, and a later GET fetches another object. Both
/// get the reference [`Target::Unknown`](super::Target::Unknown), which is refused whatever the
/// resolver says.
pub fn audit(pickle: &[u8]) -> Audit {
    DeOptions::new().audit(pickle)
}

impl DeOptions<'_> {
    /// Audits a pickle, and asks the [resolver](DeOptions::resolver), if there is one, about every
    /// global; see [`tools::audit`](crate::tools::audit).
    ///
    /// [Extension codes](DeOptions::extensions) that are registered are listed by name. Refused
    /// names do not end the audit. The resolver is asked about names alone: nothing is made, so
    /// neither are the objects of persistent ids.
    ///
    /// ```
    /// use serde_pickle::{AllowList, DeOptions};
    ///
    /// let known = AllowList::new().allow("collections", "OrderedDict");
    /// let pickle = b"ccollections\nOrderedDict\n)Rcos\nsystem\n(S'ls'\ntR.";
    /// let report = DeOptions::new().resolver(known).audit(pickle);
    /// let refused: Vec<String> = report.refused().map(|found| found.target.to_string()).collect();
    /// assert_eq!(refused, ["os.system"]);
    /// ```
    pub fn audit(&self, pickle: &[u8]) -> Audit {
        let settings = &self.settings();
        let config = Config { any_operands: true, hooks: None, ..settings.config(true, None) };
        let mut state = State { nodes: Nodes::with_input(pickle.len()), ..State::default() };
        let loaded = machine::load(pickle, 0, &mut state, &config);
        let mut report =
            Audit::of_instructions(pickle, loaded.as_ref().err(), settings.max_int_digits);

        let len = pickle.len() as u64;
        let mut auditor = Auditor {
            input: pickle,
            nodes: &state.nodes,
            links: Vec::with_capacity(state.nodes.object_count()),
            references: References::new(self, settings.max_expansion.of(len).saturating_add(len)),
            texts: HashMap::default(),
        };
        let walked = auditor.walk();
        let unknown = std::mem::replace(&mut report.references, auditor.references.into_list());
        report.resolve(self);
        report.references.extend(unknown);
        if let (Err(error), Err(frames)) = (&loaded, check_frames(pickle, 0, 0))
            && error.offset() == frames.offset()
        {
            report.references.push(Reference::unknown(site_at(pickle, frames.offset())));
        }
        report.error = walked.err().or(loaded.err());
        report
    }
}

impl Audit {
    /// Audits by the instructions alone, up to the one that the machine could not do. The only
    /// reference is what is [unknown](super::Target::Unknown) for the numbers in the memo.
    fn of_instructions(pickle: &[u8], error: Option<&Error>, max_int_digits: usize) -> Self {
        let mut report = Self::empty();
        let end = error.and_then(Error::offset).unwrap_or(u64::MAX);
        let mut numbers = Numbers::default();
        let mut instructions = instructions_within(pickle, max_int_digits);
        while let Some(Ok((offset, opcode, argument))) = instructions.next() {
            if offset >= end {
                break;
            }
            report.instructions += 1;
            report.length = instructions.position();
            report.needed = report.needed.max(opcode.protocol());
            match (opcode, argument) {
                (Opcode::Proto, Argument::Int(number)) => {
                    report.protocol = u8::try_from(number)
                        .ok()
                        .and_then(|number| Protocol::try_from(number).ok());
                }
                (Opcode::NextBuffer, _) => report.buffers.push(offset),
                (Opcode::Put | Opcode::Binput | Opcode::LongBinput, argument) => {
                    numbers.put(&argument);
                }
                (Opcode::Memoize, _) if numbers.memoize() => {
                    report.references.push(Reference::unknown(Some(Site { offset, opcode })));
                }
                _ => {}
            }
        }
        report
    }
}

/// The numbers of the memo that are taken, as far as all Pythons agree.
#[derive(Default)]
pub(super) struct Numbers {
    /// The number of them, from 0 on.
    taken: i64,
    /// True once a PUT has left numbers out.
    gap: bool,
    told: bool,
}

impl Numbers {
    pub(super) fn put(&mut self, argument: &Argument<'_>) {
        match *argument {
            Argument::Int(number) if number < self.taken => {}
            Argument::Int(number) if number == self.taken => self.taken += 1,
            _ => self.gap = true,
        }
    }

    /// Returns true for the first MEMOIZE whose number depends on the Python.
    pub(super) fn memoize(&mut self) -> bool {
        self.taken += 1;
        !std::mem::replace(&mut self.told, self.gap) && self.gap
    }
}

/// The reference that an object of the pickle goes back to.
#[derive(Clone, Copy)]
enum Link {
    None,
    /// It is that thing.
    Is(u32),
    /// It came out of a call of it.
    From(u32),
}

struct Auditor<'a> {
    input: &'a [u8],
    nodes: &'a Nodes<'a>,
    /// The link of each object so far.
    links: Vec<Link>,
    references: References<'a>,
    /// Texts by the identity of the value, so that each is looked at once however often it is
    /// fetched.
    texts: HashMap<Handle, TextId>,
}

impl Auditor<'_> {
    fn walk(&mut self) -> Result<()> {
        for (_, object) in self.nodes.numbered_objects() {
            let link = match object.tag() {
                Tag::Global => Link::Is(self.global(&object)),
                Tag::Ext => Link::Is(self.extension(&object)),
                Tag::Persid => Link::Is(self.references.persistent()),
                Tag::Instance => self.instance(&object)?,
                _ => Link::None,
            };
            self.links.push(link);
            if let Some(site) = self.site(&object)
                && let Link::Is(reference) = link
                && let Some(reference) = self.references.get_mut(reference)
            {
                reference.named.push(site);
                reference.times_named += 1;
            }
            if let Link::Is(reference) | Link::From(reference) = link
                && let Some(reference) = self.references.get_mut(reference)
            {
                reference.states +=
                    self.nodes.more(&object).filter(|(kind, _)| *kind == RunKind::State).count()
                        as u64;
            }
        }
        Ok(())
    }

    /// The opcode that made an object.
    fn site(&self, object: &Object) -> Option<Site> {
        site_at(self.input, Some(object.offset() as u64))
    }

    fn link(&self, handle: Handle) -> Link {
        match handle.tag() {
            Tag::Global | Tag::Ext | Tag::Persid | Tag::Instance => {
                self.links.get(handle.number() as usize).copied().unwrap_or(Link::None)
            }
            _ => Link::None,
        }
    }

    fn global(&mut self, object: &Object) -> u32 {
        let names = match *self.nodes.first(object) {
            [module, name] => [module, name].map(|handle| self.text(handle)),
            _ => [None; 2],
        };
        let [Some(module), Some(name)] = names else { return self.references.computed() };
        self.references.global(module, name, object.flags().has(Flags::PYTHON2))
    }

    /// The text of a value, if Python would take it for text: 8-bit strings count, too. Bytes that
    /// are not UTF-8 are replaced.
    fn text(&mut self, handle: Handle) -> Option<TextId> {
        let handle = self.nodes.identity(handle);
        if let Some(&id) = self.texts.get(&handle) {
            return Some(id);
        }
        let texts = &mut self.references.texts;
        let id = match scalar::chars(self.input, handle) {
            Some(chars) => texts.id(&String::from_utf8_lossy(&chars)),
            None => match scalar::text(self.nodes, self.input, handle)? {
                Text::Str(text) => texts.id(&text),
                Text::Surrogates(bytes) => texts.id(&String::from_utf8_lossy(&bytes)),
            },
        };
        self.texts.insert(handle, id);
        Some(id)
    }

    fn extension(&mut self, object: &Object) -> u32 {
        let code = scalar::extension_code(self.input, object.offset()).unwrap_or(0);
        self.references.extension(code, object.flags().has(Flags::PYTHON2))
    }

    /// Notes a call at the reference of its callable, and at that of the class that it makes an
    /// instance of.
    fn instance(&mut self, object: &Object) -> Result<Link> {
        let parts = self.nodes.first(object);
        let callable = parts.first().copied().unwrap_or(Handle::VACANT);
        let arguments =
            parts.get(1).map_or(&[][..], |arguments| tuple_items(self.nodes, *arguments));
        let callee = self.link(callable);
        let site = self.site(object);
        let called = |references: &mut References<'_>, link: Link| match (link, site) {
            (Link::Is(at), Some(site)) => references.get_mut(at).map(|it| {
                it.called.push(site);
                it.times_called += 1;
            }),
            (Link::From(at), Some(site)) => references.get_mut(at).map(|it| {
                it.results_called.push(site);
                it.times_results_called += 1;
            }),
            _ => None,
        };
        called(&mut self.references, callee);
        // Decides by the names that are listed, whatever the machine made of them.
        let known = match (Spelling::of(object.flags()), callee) {
            (Spelling::Reduce, Link::Is(at)) => self.references.known(at),
            _ => Known::Nothing,
        };
        match (known, arguments) {
            (Known::GetAttr, &[owner, name]) => {
                if let Some(attribute) = self.attribute(owner, name, object.offset())? {
                    return Ok(Link::Is(attribute));
                }
            }
            (Known::Reconstructor | Known::NewObj | Known::NewObjEx, &[class, ..]) => {
                let class = self.link(class);
                called(&mut self.references, class);
                if let Link::Is(at) | Link::From(at) = class {
                    return Ok(Link::From(at));
                }
            }
            _ => {}
        }
        Ok(match callee {
            Link::Is(at) | Link::From(at) => Link::From(at),
            Link::None => Link::None,
        })
    }

    /// The reference to an attribute of a global by its name.
    ///
    /// # Errors
    /// The names that the pickle has put together are longer than the budget allows.
    fn attribute(&mut self, owner: Handle, name: Handle, offset: usize) -> Result<Option<u32>> {
        let Link::Is(owner) = self.link(owner) else { return Ok(None) };
        let Some(name) = self.text(name) else { return Ok(None) };
        self.references.attribute(owner, name).map_err(|error| error.at(offset as u64))
    }
}

/// The opcode at a byte of the input.
fn site_at(input: &[u8], offset: Option<u64>) -> Option<Site> {
    let offset = offset?;
    let byte = input.get(usize::try_from(offset).ok()?)?;
    Some(Site { offset, opcode: Opcode::from_byte(*byte)? })
}
