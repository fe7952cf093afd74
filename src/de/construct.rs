//! Safe constructors: objects that a [`Resolver`](crate::Resolver) makes into values of its own.
//!
//! A constructor gets an object as a whole, state and items included, so it cannot run while the
//! machine is still reading: it runs when the walk comes to the object. The object is built as a
//! `Value` (in which objects within it have been constructed already), handed over, and what comes
//! back is imported into nodes of its own, which are walked in the object's place. What a
//! constructor returns is not constructed again.
//!
//! An object that is referred to twice is constructed twice, like everything that a tree expands; a
//! `Graph` shows objects as they are in the pickle and constructs nothing.
//! [`Resolver::constructs`](crate::Resolver::constructs) tells in advance which classes are meant,
//! so that all other objects are read as ever.

use super::answer::{Answer, Open, OpenMade};
use super::ask::Ask;
use super::node::NodeDeserializer;
use crate::error::{Error, Result};
use crate::late::Late;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::import::{Imported, import};
use crate::nodes::known::Known;
use crate::nodes::spelling::Spelling;
use crate::nodes::store::Nodes;
use crate::nodes::view::{View, global_names};
use crate::reduce::{Global, Resolver};
use crate::settings::Settings;
use crate::value::Value;
use crate::walk::cx::Cx;

/// The functions that only programs with a resolver need.
static WITH_RESOLVER: Late<WithResolver> = Late::new();

struct WithResolver {
    construct: Construct,
    load: Load,
}

type Construct =
    for<'n, 'g, 'de> fn(&'n NodeDeserializer<'g, 'de>, Ask) -> Result<Option<Box<dyn Open + 'g>>>;

type Load = for<'c, 'g, 'de> fn(&'c dyn Resolver, &'c Cx<'g, 'de>, Handle) -> Result<Option<Value>>;

/// To be called before anything is read with a resolver.
pub(super) fn bind() {
    WITH_RESOLVER.bind(WithResolver {
        construct: |node, ask| node.made(ask),
        load: |resolver, cx, id| resolver.persistent_load(&crate::de::value::build(cx, id)?),
    });
}

/// Asks the resolver what a persistent id stands for.
pub(super) fn load() -> Option<Load> {
    WITH_RESOLVER.get().map(|functions| functions.load)
}

/// The result of a constructor, as nodes.
struct Made<'g> {
    nodes: Nodes<'static>,
    imported: Imported,
    settings: Settings<'g>,
    depth: u32,
    copies: bool,
    ask: Ask,
}

impl Open for Made<'_> {
    fn open<'s, 'de: 's>(&'s self) -> Box<dyn OpenMade<'de> + 's> {
        let span = usize::try_from(self.imported.size).unwrap_or(usize::MAX);
        Box::new(Walked { made: self, cx: Cx::new(&self.nodes, &[], span, self.settings) })
    }
}

/// A walk over the result of a constructor.
struct Walked<'s, 'de> {
    made: &'s Made<'s>,
    cx: Cx<'s, 'de>,
}

impl<'de> OpenMade<'de> for Walked<'_, 'de> {
    /// The result in the object's place, by the method that was asked for.
    fn answer(&self) -> Result<Answer<'_, '_, 'de>> {
        let made = self.made;
        let node = NodeDeserializer::new(&self.cx, made.imported.root, made.depth);
        NodeDeserializer { copies: made.copies, ..node }.answer(made.ask)
    }

    fn verdict(&self) -> Result<()> {
        self.cx.verdict(true)
    }

    fn locate(&self, error: Error) -> Error {
        self.cx.locate(error, self.made.imported.root)
    }
}

impl<'g> NodeDeserializer<'g, '_> {
    /// Calls the caller's constructor on this object, if there is one for its class.
    ///
    /// # Errors
    /// The constructor's own, and those of building the object as a `Value`.
    pub(super) fn construct(&self, ask: Ask) -> Result<Option<Box<dyn Open + 'g>>> {
        match WITH_RESOLVER.get() {
            Some(functions) => (functions.construct)(self, ask),
            None => Ok(None),
        }
    }

    #[cold]
    fn made(&self, ask: Ask) -> Result<Option<Box<dyn Open + 'g>>> {
        let Some(class) = class_to_construct(self.cx, self.handle)? else { return Ok(None) };
        let Some(resolver) = self.cx.settings.resolver else { return Ok(None) };
        let Value::Object(object) = crate::de::value::build_object(self.cx, self.handle)? else {
            return Ok(None);
        };
        let Some(value) = resolver.construct(&class, &object)? else { return Ok(None) };
        let mut nodes = Nodes::default();
        let offset = self.cx.nodes.offset(self.handle).unwrap_or(0);
        let imported = import(&mut nodes, value, usize::try_from(offset).unwrap_or(0))?;
        let settings = Settings { resolver: None, ..self.cx.settings };
        let (depth, copies) = (self.depth, self.copies);
        Ok(Some(Box::new(Made { nodes, imported, settings, depth, copies, ask })))
    }
}

/// The class of an object that the caller wants to construct.
pub(crate) fn class_to_construct(cx: &Cx<'_, '_>, handle: Handle) -> Result<Option<Global>> {
    let Some(resolver) = cx.settings.resolver else { return Ok(None) };
    if handle.tag() != Tag::Instance {
        return Ok(None);
    }
    // Objects come in thousands, and the resolver is asked once about the class that most name.
    let object = cx.nodes.object(handle.number());
    if let Some(&callable) = cx.nodes.first(&object).first()
        && callable.tag() == Tag::Global
        && Spelling::known(object.flags()) == Known::Nothing
    {
        let left = || Ok(constructs(cx, resolver, callable)?.is_none().then_some(0));
        if cx.left.get(callable, left)?.is_some() {
            return Ok(None);
        }
    }
    // An object that spells bytes wrongly is not given to the caller; the walk reports the error.
    let Ok(View::Object(object)) = cx.view(handle) else {
        return Ok(None);
    };
    constructs(cx, resolver, object.callable)
}

/// The class that `callable` is, if the resolver makes its own values of its objects.
fn constructs(
    cx: &Cx<'_, '_>,
    resolver: &dyn Resolver,
    callable: Handle,
) -> Result<Option<Global>> {
    let names = global_names(cx.nodes, cx.input, callable, cx.settings.fix_imports)?;
    let Some((module, qualname)) = names else { return Ok(None) };
    let class = Global { module: module.into_owned(), qualname: qualname.into_owned() };
    Ok(resolver.constructs(&class).then_some(class))
}
