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

use std::sync::Arc;

use foldhash::HashMap;

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
use crate::reduce::{Resolution, compat};

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
/// get the reference [`Target::Unknown`], which is refused whatever the resolver says.
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

        let mut auditor = Auditor {
            options: self,
            input: pickle,
            nodes: &state.nodes,
            links: Vec::with_capacity(state.nodes.object_count()),
            references: Vec::new(),
            texts: Interned::default(),
            by_names: HashMap::default(),
            by_code: HashMap::default(),
            persistent: None,
            computed: None,
            budget: settings
                .max_expansion
                .of(pickle.len() as u64)
                .saturating_add(pickle.len() as u64),
        };
        let walked = auditor.walk();
        let unknown = std::mem::replace(&mut report.references, auditor.references);
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

/// The report of [`audit`].
///
/// ```
/// use serde_pickle::tools::Audit;
/// use serde_pickle::{AllowList, DeOptions};
///
/// let options = DeOptions::new().resolver(AllowList::new());
/// let report: Audit = options.audit(b"cos\nsystem\n(X\x02\0\0\0lstR.");
/// assert!(report.is_complete());
/// assert_eq!((report.instructions, report.length), (6, 22));
/// let refused = report.refused().next().unwrap();
/// assert!(refused.is_refused());
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Audit {
    /// Everything that the pickle takes from outside of itself, each once, in the order of first
    /// mention.
    pub references: Vec<Reference>,
    /// Where out-of-band buffers are taken (NEXT_BUFFER), in bytes from the start.
    pub buffers: Vec<u64>,
    /// The protocol that PROTO announces; the last one, where there are several.
    pub protocol: Option<Protocol>,
    /// The protocol that introduced the newest of its opcodes, which may be higher than the
    /// announced one.
    pub needed: Protocol,
    /// The number of instructions, up to STOP or the error.
    pub instructions: u64,
    /// The number of bytes they take.
    pub length: u64,
    /// The reason why the audit ended before STOP, if it did.
    pub error: Option<Error>,
}

/// Something that a pickle takes from outside of itself, and the uses that it makes of it.
///
/// ```
/// use serde_pickle::tools::audit;
///
/// let report = audit(b"cos\nsystem\n(X\x02\0\0\0lstR.");
/// let system = &report.references[0];
/// assert_eq!((system.named[0].offset, system.called[0].offset), (0, 20));
/// assert!(!system.is_refused()); // there is no resolver
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Reference {
    /// The thing that is taken.
    pub target: Target,
    /// The resolver's answer about the global, if there is a resolver.
    pub resolution: Option<Result<Resolution>>,
    /// Where the pickle names it. To name a global is to import its module.
    pub named: Vec<Site>,
    /// Where it is called, or an instance of it made. Classes that `copyreg._reconstructor`,
    /// `copyreg.__newobj__` and `copyreg.__newobj_ex__` make instances of are among them.
    pub called: Vec<Site>,
    /// Where something is called that came out of a call of it.
    pub results_called: Vec<Site>,
    /// The number of times it is named. The three lists have a place for each, but those of
    /// [`audit_reader`](super::audit_reader), which have the first few.
    pub times_named: u64,
    /// The number of times it is called.
    pub times_called: u64,
    /// The number of times that what came out of its calls is called.
    pub times_results_called: u64,
    /// The number of times a state is given (BUILD) to it or to the results of its calls:
    /// `__setstate__`, or attributes set.
    pub states: u64,
}

/// The target of a [`Reference`].
///
/// ```
/// use serde_pickle::tools::{Target, audit};
///
/// let report = audit(b"cposix\nsystem\n.");
/// let target = Target::Global { module: "posix".into(), qualname: "system".into() };
/// assert_eq!(report.references[0].target, target);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Target {
    /// A global, by Python 3's names unless [`fix_imports`](DeOptions::fix_imports) is off; also
    /// one that is spelled as `getattr` of another, whose names are joined by a dot.
    Global {
        /// The module.
        module: Arc<str>,
        /// The qualified name in it.
        qualname: Arc<str>,
    },
    /// A global by an extension code that is not registered.
    Extension(u32),
    /// A global whose module or name comes out of a call: only running the pickle would tell.
    Computed,
    /// Whatever other CPythons find: older ones where a frame lies, which [`Audit::error`] tells
    /// about, or 3.15 where MEMOIZE comes behind numbers that were left out. It is named by the
    /// opcode that crosses the end of the frame, or by that MEMOIZE.
    Unknown,
    /// Objects outside of the pickle. [`persistent_ids`](super::persistent_ids) has their ids.
    PersistentId,
}

/// A place in a pickle.
///
/// ```
/// use serde_pickle::opcode::Opcode;
/// use serde_pickle::tools::audit;
///
/// let report = audit(b"K\x010cos\nsystem\n.");
/// let site = report.references[0].named[0];
/// assert_eq!((site.offset, site.opcode), (3, Opcode::Global));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Site {
    /// The byte at which the opcode lies.
    pub offset: u64,
    /// The opcode.
    pub opcode: Opcode,
}

impl Audit {
    /// Returns true if the pickle was followed up to its STOP.
    pub fn is_complete(&self) -> bool {
        self.error.is_none()
    }

    /// The globals that the resolver refuses, and the [unknown](Target::Unknown) target.
    ///
    /// An empty result means something only if the audit [is complete](Self::is_complete).
    pub fn refused(&self) -> impl Iterator<Item = &Reference> {
        self.references.iter().filter(|reference| reference.is_refused())
    }

    pub(super) fn empty() -> Self {
        Self {
            references: Vec::new(),
            buffers: Vec::new(),
            protocol: None,
            needed: Protocol::V0,
            instructions: 0,
            length: 0,
            error: None,
        }
    }

    /// Asks the resolver, if there is one, about each global.
    pub(super) fn resolve(&mut self, options: &DeOptions<'_>) {
        let Some(resolver) = options.settings().resolver else { return };
        for reference in &mut self.references {
            if let Target::Global { module, qualname } = &reference.target {
                reference.resolution = Some(resolver.find_class(module, qualname));
            }
        }
    }

    /// Audits by the instructions alone, up to the one that the machine could not do. The only
    /// reference is what is [unknown](Target::Unknown) for the numbers in the memo.
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
    /// So many, from 0 on.
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

/// Places that are listed of each kind where a pickle is not in memory.
const LISTED: usize = 16;

fn push_first(sites: &mut Vec<Site>, site: Site) {
    if sites.len() < LISTED {
        sites.push(site);
    }
}

impl Reference {
    pub(super) fn new(target: Target) -> Self {
        Self {
            target,
            resolution: None,
            named: Vec::new(),
            called: Vec::new(),
            results_called: Vec::new(),
            times_named: 0,
            times_called: 0,
            times_results_called: 0,
            states: 0,
        }
    }

    /// Notes a place, if it is one of the first.
    pub(super) fn note_named(&mut self, site: Site) {
        self.times_named += 1;
        push_first(&mut self.named, site);
    }

    /// Notes a place, if it is one of the first.
    pub(super) fn note_called(&mut self, site: Site) {
        self.times_called += 1;
        push_first(&mut self.called, site);
    }

    /// Notes a place, if it is one of the first.
    pub(super) fn note_result_called(&mut self, site: Site) {
        self.times_results_called += 1;
        push_first(&mut self.results_called, site);
    }

    pub(super) fn unknown(site: Option<Site>) -> Self {
        let mut reference = Self::new(Target::Unknown);
        reference.resolution = Some(Ok(Resolution::Deny));
        reference.times_named = u64::from(site.is_some());
        reference.named.extend(site);
        reference
    }

    /// Returns true if the resolver refuses it. An [unknown](Target::Unknown) target is always
    /// refused.
    pub fn is_refused(&self) -> bool {
        matches!(self.resolution, Some(Ok(Resolution::Deny) | Err(_)))
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
    options: &'a DeOptions<'a>,
    input: &'a [u8],
    nodes: &'a Nodes<'a>,
    /// The link of each object so far.
    links: Vec<Link>,
    references: Vec<Reference>,
    texts: Interned,
    /// The references to globals, by module and qualified name.
    by_names: HashMap<(TextId, TextId), u32>,
    by_code: HashMap<u32, u32>,
    persistent: Option<u32>,
    computed: Option<u32>,
    /// Bytes of names that may still be put together.
    budget: u64,
}

impl Auditor<'_> {
    fn walk(&mut self) -> Result<()> {
        for (_, object) in self.nodes.numbered_objects() {
            let link = match object.tag() {
                Tag::Global => Link::Is(self.global(&object)),
                Tag::Ext => Link::Is(self.extension(&object)),
                Tag::Persid => {
                    let reference = *self.persistent.get_or_insert(self.references.len() as u32);
                    self.add(reference, Target::PersistentId);
                    Link::Is(reference)
                }
                Tag::Instance => self.instance(&object)?,
                _ => Link::None,
            };
            self.links.push(link);
            if let Some(site) = self.site(&object)
                && let Link::Is(reference) = link
                && let Some(reference) = self.references.get_mut(reference as usize)
            {
                reference.named.push(site);
                reference.times_named += 1;
            }
            if let Link::Is(reference) | Link::From(reference) = link
                && let Some(reference) = self.references.get_mut(reference as usize)
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

    /// Makes the reference with the next number, unless it is there.
    fn add(&mut self, reference: u32, target: Target) {
        if reference as usize == self.references.len() {
            self.references.push(Reference::new(target));
        }
    }

    fn global(&mut self, object: &Object) -> u32 {
        let names = match *self.nodes.first(object) {
            [module, name] => [module, name].map(|handle| {
                self.texts.of_handle(self.nodes, self.input, self.nodes.identity(handle))
            }),
            _ => [None; 2],
        };
        let [Some(module), Some(name)] = names else {
            let reference = *self.computed.get_or_insert(self.references.len() as u32);
            self.add(reference, Target::Computed);
            return reference;
        };
        self.named(module, name, object.flags().has(Flags::PYTHON2))
    }

    /// The reference to a global.
    fn named(&mut self, mut module: TextId, mut name: TextId, python2: bool) -> u32 {
        if python2 && self.options.plain.fix_imports {
            let old = [module, name].map(|id| self.texts.get(id));
            let new = compat::to_python3(&old[0], &old[1]);
            // A name that is not renamed is the same text, and need not be interned again.
            if !std::ptr::eq(new.0, &*old[0]) {
                module = self.texts.id(new.0);
            }
            if !std::ptr::eq(new.1, &*old[1]) {
                name = self.texts.id(new.1);
            }
        }
        let reference =
            *self.by_names.entry((module, name)).or_insert(self.references.len() as u32);
        if reference as usize == self.references.len() {
            self.add(
                reference,
                Target::Global { module: self.texts.get(module), qualname: self.texts.get(name) },
            );
        }
        reference
    }

    fn extension(&mut self, object: &Object) -> u32 {
        let code = scalar::extension_code(self.input, object.offset()).unwrap_or(0);
        if let Some(global) =
            self.options.settings().extensions.and_then(|registry| registry.get(code))
        {
            let (module, name) = (self.texts.id(&global.module), self.texts.id(&global.qualname));
            return self.named(module, name, object.flags().has(Flags::PYTHON2));
        }
        let reference = *self.by_code.entry(code).or_insert(self.references.len() as u32);
        self.add(reference, Target::Extension(code));
        reference
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
        let called = |references: &mut Vec<Reference>, link: Link| match (link, site) {
            (Link::Is(at), Some(site)) => references.get_mut(at as usize).map(|it| {
                it.called.push(site);
                it.times_called += 1;
            }),
            (Link::From(at), Some(site)) => references.get_mut(at as usize).map(|it| {
                it.results_called.push(site);
                it.times_results_called += 1;
            }),
            _ => None,
        };
        called(&mut self.references, callee);
        // Decides by the names that are listed, whatever the machine made of them.
        let known = match (Spelling::of(object.flags()), callee) {
            (Spelling::Reduce, Link::Is(at)) => self.references.get(at as usize).map_or(
                Known::Nothing,
                |reference| match &reference.target {
                    Target::Global { module, qualname } => Known::of_global(module, qualname),
                    _ => Known::Nothing,
                },
            ),
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
        let Some(name) = self.texts.of_handle(self.nodes, self.input, self.nodes.identity(name))
        else {
            return Ok(None);
        };
        let Some(Target::Global { module, qualname }) =
            self.references.get(owner as usize).map(|it| &it.target)
        else {
            return Ok(None);
        };
        let (module, qualname, name) = (module.clone(), qualname.clone(), self.texts.get(name));
        let cost = (module.len() + qualname.len() + name.len()) as u64;
        self.budget = self.budget.checked_sub(cost).ok_or_else(|| {
            Error::limit("the names of attributes come to more than max_expansion allows")
                .at(offset as u64)
        })?;
        let qualname = self.texts.id(&format!("{qualname}.{name}"));
        let module = self.texts.id(&module);
        Ok(Some(self.named(module, qualname, false)))
    }
}

/// The opcode at a byte of the input.
fn site_at(input: &[u8], offset: Option<u64>) -> Option<Site> {
    let offset = offset?;
    let byte = input.get(usize::try_from(offset).ok()?)?;
    Some(Site { offset, opcode: Opcode::from_byte(*byte)? })
}

/// The number of a text.
pub(super) type TextId = u32;

/// Every text once.
#[derive(Default)]
pub(super) struct Interned {
    texts: Vec<Arc<str>>,
    by_text: HashMap<Arc<str>, TextId>,
    /// By the identity of the value, so that a text is looked at once however often it is fetched.
    by_handle: HashMap<Handle, TextId>,
}

impl Interned {
    pub(super) fn get(&self, id: TextId) -> Arc<str> {
        self.texts.get(id as usize).cloned().unwrap_or_default()
    }

    pub(super) fn id(&mut self, text: &str) -> TextId {
        if let Some(&id) = self.by_text.get(text) {
            return id;
        }
        let (id, text) = (self.texts.len() as TextId, Arc::<str>::from(text));
        self.texts.push(text.clone());
        self.by_text.insert(text, id);
        id
    }

    /// The text of a value, if Python would take it for text: 8-bit strings count, too. Bytes that
    /// are not UTF-8 are replaced.
    fn of_handle(&mut self, nodes: &Nodes<'_>, input: &[u8], handle: Handle) -> Option<TextId> {
        if let Some(&id) = self.by_handle.get(&handle) {
            return Some(id);
        }
        let id = match scalar::chars(input, handle) {
            Some(chars) => self.id(&String::from_utf8_lossy(&chars)),
            None => match scalar::text(nodes, input, handle)? {
                Text::Str(text) => self.id(&text),
                Text::Surrogates(bytes) => self.id(&String::from_utf8_lossy(&bytes)),
            },
        };
        self.by_handle.insert(handle, id);
        Some(id)
    }
}
