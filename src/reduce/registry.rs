//! [`ExtensionRegistry`]: numbers that stand for globals, by agreement of writer and reader.
//!
//! PEP 307 gave frequently pickled globals short codes (opcodes EXT1, EXT2, EXT4). A pickle holds
//! the number alone, so both sides register the same codes; Python does so for the whole process in
//! `copyreg`, here a registry is a value that the options take.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::global::{Global, Name};
use crate::error::{self, Error, Result};

/// Extension codes: numbers that stand for globals in a pickle, as `copyreg.add_extension`
/// registers them.
///
/// Give it to [`DeOptions::extensions`](crate::DeOptions::extensions) to read them and to
/// `SerOptions::extensions` to write them, at protocol 2 and above. The name that
/// a code stands for passes through the [`Resolver`](crate::Resolver) like any other.
///
/// ```
/// use serde_pickle::reduce::ExtensionRegistry;
///
/// let mut extensions = ExtensionRegistry::new();
/// extensions.add("geometry", "Point", 240)?;
/// assert_eq!(extensions.code("geometry", "Point"), Some(240));
/// assert_eq!(extensions.get(240).map(ToString::to_string).as_deref(), Some("geometry.Point"));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Source: PEP 307, "The extension registry"; `Lib/copyreg.py`, which also lists the assigned
/// ranges: 240 to 255 is for private use.
#[derive(Clone, Debug, Default)]
pub struct ExtensionRegistry {
    codes: BTreeMap<u32, Global>,
    names: IndexMap<Global, u32>,
}

impl ExtensionRegistry {
    /// The highest code: EXT4 holds a positive 32-bit signed number.
    pub const MAX_CODE: u32 = 0x7fff_ffff;

    /// A registry without codes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets `code` stand for `module.qualname`. Python's `copyreg.add_extension`.
    ///
    /// Registering the same pair again changes nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) if the code is 0 or above
    /// [`MAX_CODE`](Self::MAX_CODE), stands for another global, or the global has another code.
    pub fn add(&mut self, module: &str, qualname: &str, code: u32) -> Result<()> {
        if !(1..=Self::MAX_CODE).contains(&code) {
            return Err(Error::unsupported(format!(
                "extension code {code} is out of range: codes are 1 to {}",
                Self::MAX_CODE
            )));
        }
        match (self.code(module, qualname), self.get(code)) {
            (Some(known), _) if known == code => Ok(()),
            (Some(known), _) => Err(Error::unsupported(format!(
                "{} already has the extension code {known}, and cannot have {code} too",
                shown(module, qualname)
            ))),
            (None, Some(other)) => Err(Error::unsupported(format!(
                "extension code {code} already stands for {}, and cannot stand for {} too",
                shown(&other.module, &other.qualname),
                shown(module, qualname)
            ))),
            (None, None) => {
                let global = Global::new(module, qualname);
                self.names.insert(global.clone(), code);
                self.codes.insert(code, global);
                Ok(())
            }
        }
    }

    /// Takes `code` from `module.qualname`. Python's `copyreg.remove_extension`.
    ///
    /// ```
    /// use serde_pickle::reduce::ExtensionRegistry;
    ///
    /// let mut extensions = ExtensionRegistry::new();
    /// extensions.add("m", "A", 240)?;
    /// extensions.add("m", "B", 241)?;
    /// extensions.remove("m", "A", 240)?;
    /// let codes: Vec<_> = extensions.iter().map(|(code, global)| (code, global.name())).collect();
    /// assert_eq!((codes, extensions.len()), (vec![(241, "B")], 1));
    /// extensions.clear();
    /// assert!(extensions.is_empty());
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) if the code does not stand for
    /// that global.
    pub fn remove(&mut self, module: &str, qualname: &str, code: u32) -> Result<()> {
        if self.code(module, qualname) != Some(code) {
            return Err(Error::unsupported(format!(
                "{} does not have the extension code {code}",
                shown(module, qualname)
            )));
        }
        self.names.swap_remove(&Name::new(module, qualname));
        self.codes.remove(&code);
        Ok(())
    }

    /// Removes all codes.
    pub fn clear(&mut self) {
        self.codes.clear();
        self.names.clear();
    }

    /// The global that `code` stands for.
    pub fn get(&self, code: u32) -> Option<&Global> {
        self.codes.get(&code)
    }

    /// The code that stands for `module.qualname`.
    pub fn code(&self, module: &str, qualname: &str) -> Option<u32> {
        // Nearly every registry is empty, and this runs for every global that is written.
        if self.names.is_empty() {
            return None;
        }
        self.names.get(&Name::new(module, qualname)).copied()
    }

    /// The number of codes.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Returns true if there is no code.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// All codes with their globals, lowest code first.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Global)> {
        self.codes.iter().map(|(&code, global)| (code, global))
    }
}

fn shown(module: &str, qualname: &str) -> String {
    format!("{}.{}", error::quoted(module), error::quoted(qualname))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn with_point() -> ExtensionRegistry {
        let mut registry = ExtensionRegistry::new();
        registry.add("geometry", "Point", 0xf0).unwrap();
        registry
    }

    fn refused(result: Result<()>) -> String {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        error.to_string()
    }

    #[test]
    fn codes_are_1_to_the_highest_signed_number_of_32_bits() {
        let mut registry = ExtensionRegistry::new();
        assert_eq!(
            refused(registry.add("a", "B", 0)),
            "extension code 0 is out of range: codes are 1 to 2147483647"
        );
        refused(registry.add("a", "B", 0x8000_0000));
        registry.add("a", "B", 1).unwrap();
        registry.add("a", "C", 0x7fff_ffff).unwrap();
        assert_eq!(registry.iter().map(|(code, _)| code).collect::<Vec<_>>(), [1, 0x7fff_ffff]);
    }

    #[test]
    fn the_same_pair_may_be_registered_again() {
        let mut registry = with_point();
        registry.add("geometry", "Point", 0xf0).unwrap();
        assert_eq!(registry.len(), 1);
    }

    #[test]
    fn a_conflict_changes_nothing() {
        let mut registry = with_point();
        assert_eq!(
            refused(registry.add("geometry", "Point", 0xf1)),
            "geometry.Point already has the extension code 240, and cannot have 241 too"
        );
        assert_eq!(
            refused(registry.add("geometry", "Line", 0xf0)),
            "extension code 240 already stands for geometry.Point, and cannot stand for \
             geometry.Line too"
        );
        assert_eq!(registry.len(), 1);
        assert_eq!(registry.code("geometry", "Line"), None);
        assert_eq!(registry.get(0xf1), None);
    }

    #[test]
    fn only_a_registered_pair_can_be_removed() {
        let mut registry = with_point();
        refused(registry.remove("geometry", "Point", 0xf1));
        refused(registry.remove("geometry", "Line", 0xf0));
        registry.remove("geometry", "Point", 0xf0).unwrap();
        assert!(registry.is_empty());
        assert_eq!(registry.code("geometry", "Point"), None);
        registry.add("geometry", "Line", 0xf0).unwrap();
        registry.clear();
        assert!(registry.is_empty());
        assert_eq!(registry.get(0xf0), None);
    }
}
