//! The adapter layer: Rust values as the objects that `__reduce__` describes.
//!
//! A class in a pickle is a name, and calls that CPython would make are data here. This module has
//! types for that data:
//!
//! - [`Global`]: the name of a class, function or other object;
//! - [`Reduce`]: how an object is built again, the tuple that `__reduce__` returns; [`SlotsState`]
//!   for its state where a class has `__slots__`;
//! - [`PersistentId`]: an object that is not in the pickle;
//! - [`Resolver`]: decides which names may appear and what takes their place, with
//!   [`AllowList`](crate::AllowList), [`DenyList`], [`Renames`] and [`Constructors`] ready made;
//! - [`ExtensionRegistry`]: the numbers of `copyreg.add_extension`.
//!
//! Most classes need none of it: a serde name `py:module:Class` makes a derived struct or enum an
//! instance.
//!
#![doc = include_str!("../../docs/REDUCE.md")]
// Advice to the next editor: types that serde carries under a private name (`token.rs`) have their
// Serialize and Deserialize here, and our own serializers and deserializers know the names. Nothing
// in this folder reads or writes a byte of a pickle.

mod args;
mod callable;
pub(crate) mod class;
pub(crate) mod compat;
mod constructors;
mod fields;
pub(crate) mod form;
mod global;
pub(crate) mod lists;
mod object;
mod persistent;
mod registry;
mod renames;
pub(crate) mod resolver;
mod state;
pub(crate) mod token;

pub use args::Args;
pub use callable::Callable;
pub use constructors::Constructors;
pub(crate) use fields::UNCALLABLE;
pub use global::Global;
pub(crate) use global::Name;
pub use lists::DenyList;
pub use object::{How, MoreParts, Reduce};
pub use persistent::PersistentId;
pub use registry::ExtensionRegistry;
pub use renames::Renames;
pub use resolver::{And, FindClass, Resolution};
pub(crate) use resolver::{Resolver, resolve};
pub use state::SlotsState;
