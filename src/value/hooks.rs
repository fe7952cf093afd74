//! Hooks that a caller has while values are written: persistent ids, rewritten reduces, buffers out
//! of band.
//!
//! The hooks of `Value` have to see a value as a whole, and serde hands a serializer only its
//! parts. So while a dump with such a hook goes on in a thread ([`armed`]), each `Value` comes as a
//! newtype under a private name ([`token::NODE`]); a Serializer that has moved to another thread
//! learns of it there when the value asks if it is human-readable. Other serializers see an
//! ordinary newtype. A `Dump` of `ser/` with hooks answers by leaving them on the thread
//! (`OFFERED`) and serializing the newtype's content, which takes them at once and has the value.
//! Nothing else can find them: they are there for one call.
//!
//! Rust types named as classes have no `Value` to look at. If one's class is to be rewritten, its
//! bytes go into a separate buffer (a *diversion*) and are read back as a `Value`, whose
//! replacement is written instead. Within a diversion no hook is asked.
//!
//! For the objects within a replacement the hooks are asked in place, see `settle.rs`, and then all
//! of it is written without further questions.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::{Arc, Weak};

use indexmap::IndexMap;
use serde::ser::{Error as _, Serialize, Serializer};

use crate::error::{Error, Result};
use crate::reduce::{Global, Name, Reduce, token};
use crate::slot::{self, Slot};
use crate::value::settle::Settled;
use crate::value::{PickleBuffer, Value, serialize_plain};

type PersistentIdHook = dyn Fn(&Value) -> Result<Option<Value>> + Send + Sync;
type Rewrite = dyn Fn(Reduce) -> Result<Value> + Send + Sync;
type BufferCallback = dyn Fn(PickleBuffer) -> Option<PickleBuffer> + Send + Sync;

/// The hooks of one dump, or of all dumps with the same options.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub(crate) persistent_id: Option<Arc<PersistentIdHook>>,
    pub(crate) dispatch: IndexMap<Global, Arc<Rewrite>>,
    pub(crate) buffers: Option<Arc<BufferCallback>>,
    /// The hook that `graph/` keeps here for itself: it is above this layer.
    pub(crate) graph_id: Option<Arc<dyn Any + Send + Sync>>,
}

impl Hooks {
    /// Returns true if any of them looks at values.
    pub(crate) fn look_at_values(&self) -> bool {
        self.persistent_id.is_some() || !self.dispatch.is_empty()
    }

    /// Returns true if objects of the class are rewritten.
    pub(crate) fn rewrites(&self, module: &str, qualname: &str) -> bool {
        !self.dispatch.is_empty() && self.dispatch.contains_key(&Name::new(module, qualname))
    }

    /// Offers a buffer to the callback; returns it if it is to stay in band.
    pub(crate) fn buffer(&self, buffer: PickleBuffer) -> Option<PickleBuffer> {
        match &self.buffers {
            Some(callback) => callback(buffer),
            None => Some(buffer),
        }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("persistent_id", &self.persistent_id.is_some())
            .field("dispatch", &self.dispatch.keys())
            .field("buffers", &self.buffers.is_some())
            .field("graph_id", &self.graph_id.is_some())
            .finish()
    }
}

/// Returns true if a `Value` that is serialized on this thread has to identify itself.
#[inline]
pub(crate) fn armed() -> bool {
    ARMED.get() && any_armed()
}

#[cold]
fn any_armed() -> bool {
    let any = DUMPS.with_borrow_mut(|dumps| {
        dumps.retain(|dump| dump.strong_count() != 0);
        !dumps.is_empty()
    });
    ARMED.set(any);
    any
}

/// A dump whose hooks look at values, for as long as it lives.
pub(crate) struct Arm(Arc<()>);

impl Arm {
    pub(crate) fn new() -> Self {
        let arm = Self(Arc::new(()));
        arm.here();
        arm
    }

    /// Notes that the dump goes on, on this thread.
    pub(crate) fn here(&self) {
        DUMPS.with_borrow_mut(|dumps| {
            if !dumps.iter().any(|dump| std::ptr::eq(dump.as_ptr(), Arc::as_ptr(&self.0))) {
                dumps.push(Arc::downgrade(&self.0));
            }
        });
        ARMED.set(true);
    }
}

thread_local! {
    /// True if `DUMPS` may hold dumps that live.
    static ARMED: Cell<bool> = const { Cell::new(false) };
    /// The dumps on this thread whose hooks look at values.
    static DUMPS: RefCell<Vec<Weak<()>>> = const { RefCell::new(Vec::new()) };
    /// The hooks, for the content of the newtype that is serialized next.
    static OFFERED: Slot<Arc<Hooks>> = const { Slot::new() };
    /// Set if the next object has been looked at.
    static SETTLED: Slot<()> = const { Slot::new() };
    /// The error that a hook returned: serde would leave only its text.
    static FAILED: Slot<Error> = const { Slot::new() };
}

/// Serializes the content of a [`token::NODE`] with the hooks offered to it.
pub(crate) fn offer(hooks: &Arc<Hooks>, serialize: &mut dyn FnMut() -> Result<()>) -> Result<()> {
    // An offer that nobody has taken is removed: the content is not ours, or it panicked.
    let result = slot::scope(&SETTLED, || slot::with(&OFFERED, Arc::clone(hooks), serialize));
    match (result, slot::take(&FAILED)) {
        (Err(_), Some(error)) => Err(error),
        (result, _) => result,
    }
}

/// Returns true if the hooks were asked about the object already, as a `Value`.
pub(crate) fn settled() -> bool {
    slot::take(&SETTLED).is_some()
}

/// Serializes a value under the name by which it identifies itself.
pub(crate) fn serialize_node<S: Serializer>(
    value: &Value,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_newtype_struct(token::NODE, &NodeContent(value))
}

/// The content of [`token::NODE`].
struct NodeContent<'a>(&'a Value);

impl Serialize for NodeContent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(hooks) = slot::take(&OFFERED) else { return serialize_plain(self.0, serializer) };
        let failed = |error: Error| {
            let message = S::Error::custom(&error);
            slot::put(&FAILED, error);
            message
        };
        if let Some(persistent_id) = &hooks.persistent_id
            && let Some(id) = persistent_id(self.0).map_err(failed)?
        {
            return serializer.serialize_newtype_struct(token::PERSISTENT_ID, &Unhooked(&id));
        }
        if let Value::Object(object) = self.0 {
            if hooks.rewrites_object(object) {
                let value = hooks.rewrite(Reduce::clone(object)).map_err(failed)?;
                return Settled(&value).serialize(serializer);
            }
            slot::put(&SETTLED, ());
            return serialize_plain(self.0, serializer);
        }
        serialize_plain(self.0, serializer)
    }
}

/// A value that no hook is asked about; those within it are.
pub(crate) struct Unhooked<'a>(pub(crate) &'a Value);

impl Serialize for Unhooked<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_plain(self.0, serializer)
    }
}
