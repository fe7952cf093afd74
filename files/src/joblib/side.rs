//! The files beside a file of joblib 0.9 and older, which hold its arrays.
//!
//! The pickle has a `NDArrayWrapper` with the name of an `.npy` file, or a `ZNDArrayWrapper` with
//! that of a compressed one, whose bytes are the last part of the array's state. Source: both
//! classes in joblib's `numpy_pickle_compat.py`.

use std::fs::File;
use std::path::{Component, Path, PathBuf};

use serde_pickle::reduce::{Global, Reduce};
use serde_pickle::{Resolver, Value, to_value};

use crate::error::{Error, Result};
use crate::options::OpenOptions;

/// Puts the arrays of joblib 0.9 and older in, which lie in files beside the pickle.
///
/// [`Pickle::get`](crate::Pickle::get) does so by itself for a file that was opened by its path.
/// Options with a resolver of their own take this one along:
///
/// ```no_run
/// use serde_pickle::{AllowList, DeOptions, Resolver, Value};
/// use serde_pickle_files::joblib::SideFiles;
///
/// let known = AllowList::new().allow("joblib.numpy_pickle", "NDArrayWrapper");
/// let options = DeOptions::new().resolver(known.and(SideFiles::new("models")));
/// let file = serde_pickle_files::open("models/old.pkl")?;
/// let model: Value = file.pickle()?.get_with(&options)?;
/// # Ok::<(), serde_pickle_files::Error>(())
/// ```
///
/// A name that the pickle gives must be that of a file in the folder: one that leads elsewhere is
/// an error, and no file is opened. An array is read each time that something refers to it.
#[derive(Clone, Debug)]
pub struct SideFiles {
    folder: PathBuf,
    options: OpenOptions,
}

impl SideFiles {
    /// The files in this folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), options: OpenOptions::new() }
    }

    /// Opens them with these options, which bound compressed ones.
    ///
    /// ```
    /// use serde_pickle_files::OpenOptions;
    /// use serde_pickle_files::joblib::SideFiles;
    ///
    /// let files = SideFiles::new("models").with_options(OpenOptions::new().max_size(1 << 30));
    /// # drop(files);
    /// ```
    #[must_use]
    pub fn with_options(mut self, options: OpenOptions) -> Self {
        self.options = options;
        self
    }

    fn path(&self, name: &str) -> Result<PathBuf> {
        let mut parts = Path::new(name).components();
        match (parts.next(), parts.next()) {
            (Some(Component::Normal(only)), None) if only == name => Ok(self.folder.join(only)),
            _ => Err(Error::format("the name leads out of the folder of the pickle").within(name)),
        }
    }

    /// The array in an `.npy` file.
    fn array(&self, name: &str) -> Result<Value> {
        let path = self.path(name)?;
        let opened = self.options.open(path).map_err(|error| error.within(name))?;
        let array = opened.array().map_err(|error| error.within(name))?;
        Ok(to_value(&array)?)
    }

    /// The bytes in a compressed file.
    fn compressed(&self, name: &str) -> Result<Vec<u8>> {
        let path = self.path(name)?;
        let opened = self.options.decompress(File::open(path)?);
        opened.map_err(|error| error.within(name))
    }

    fn object(&self, object: &Reduce) -> Result<Option<Value>> {
        let Some(Value::Dict(state)) = object.state.as_deref() else { return Ok(None) };
        let field = |key| state.get(key);
        let Some(name) = field("filename").and_then(file_name) else { return Ok(None) };
        if object.class().is_some_and(|class| class.qualname == "NDArrayWrapper") {
            return self.array(&name).map(Some);
        }
        let (Some(Value::Tuple(args)), Some(Value::Tuple(state))) =
            (field("init_args"), field("state"))
        else {
            return Ok(None);
        };
        let mut state = state.clone();
        state.push(Value::Bytes(self.compressed(&name)?));
        let function = Global::new("numpy.core.multiarray", "_reconstruct");
        let array: Reduce = Reduce::call(function, args.clone().into());
        Ok(Some(Value::from(array.with_state(Value::Tuple(state)))))
    }
}

/// Python 2 has it as 8-bit text.
fn file_name(name: &Value) -> Option<String> {
    match name {
        Value::Str(name) => Some(name.to_string()),
        Value::Bytes(name) => String::from_utf8(name.to_vec()).ok(),
        _ => None,
    }
}

impl Resolver for SideFiles {
    fn constructs(&self, class: &Global) -> bool {
        matches!(&*class.qualname, "NDArrayWrapper" | "ZNDArrayWrapper")
            && ["joblib.numpy_pickle", "joblib.numpy_pickle_compat"]
                .iter()
                .any(|module| class.module.ends_with(module))
    }

    fn construct(&self, _: &Global, object: &Reduce) -> serde_pickle::Result<Option<Value>> {
        self.object(object).map_err(serde::de::Error::custom)
    }
}
