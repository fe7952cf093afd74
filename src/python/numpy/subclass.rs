//! [`Subclass`]: the class of an array that is not numpy's own, and the state it keeps for itself.

use crate::reduce::Global;
use crate::value::Value;

/// The class of an [`NdArray`](super::NdArray) that is not `numpy.ndarray`, and what such an array
/// keeps beside its elements.
///
/// `numpy.matrix` and `numpy.recarray` keep nothing. Classes of other packages keep units, names or
/// whatever their authors chose; numpy has no rule for where that is in the state, so that
/// [`OwnState`] says it.
///
/// ```
/// use serde_pickle::python::numpy::{NdArray, Subclass};
/// use serde_pickle::reduce::Global;
///
/// let matrix = NdArray::from_vec(vec![1.0, 2.0], &[1, 2])?
///     .with_subclass(Subclass::new(Global::new("numpy", "matrix")));
/// let bytes = serde_pickle::to_vec(&matrix)?;
///
/// let again: NdArray = serde_pickle::from_slice(&bytes)?;
/// let class = again.subclass().map(|subclass| subclass.class().to_string());
/// assert_eq!(class.as_deref(), Some("numpy.matrix"));
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// Source: "Subclassing ndarray" in numpy's user guide.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subclass {
    class: Global,
    state: OwnState,
}

/// The state that a subclass of `numpy.ndarray` keeps for itself, and its place.
///
/// ```
/// use serde_pickle::python::numpy::{NdArray, OwnState, Subclass};
/// use serde_pickle::reduce::Global;
///
/// // A class that keeps its unit in front of the state of the array.
/// let class = Global::new("lab", "Measured");
/// let subclass = Subclass::new(class).with_state(OwnState::Before("mm".into()));
/// assert_eq!(subclass.state(), &OwnState::Before("mm".into()));
/// let array = NdArray::from_vec(vec![1.5], &[1])?.with_subclass(subclass);
/// let bytes = serde_pickle::to_vec(&array)?;
/// assert_eq!(serde_pickle::from_slice::<NdArray>(&bytes)?, array);
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OwnState {
    /// There is none.
    #[default]
    Nothing,
    /// One value in front of the state of the array, as unyt has it: `(own, *state)`.
    Before(Value),
    /// Values behind the state of the array, as numpy's guide has it: `(*state, own, …)`.
    Behind(Vec<Value>),
    /// The second of a pair, as astropy has it: `(state, own)`.
    Beside(Value),
}

impl Subclass {
    /// A class that keeps nothing for itself.
    pub fn new(class: Global) -> Self {
        Self { class, state: OwnState::Nothing }
    }

    /// The same class with a state of its own.
    ///
    /// ```
    /// use serde_pickle::python::numpy::{OwnState, Subclass};
    /// use serde_pickle::reduce::Global;
    ///
    /// let own = OwnState::Beside("mm".into());
    /// let measured = Subclass::new(Global::new("lab", "Measured")).with_state(own.clone());
    /// assert_eq!(measured.state(), &own);
    /// ```
    #[must_use]
    pub fn with_state(self, state: OwnState) -> Self {
        Self { state, ..self }
    }

    /// Returns the class.
    pub fn class(&self) -> &Global {
        &self.class
    }

    /// Returns the state that it keeps for itself.
    pub fn state(&self) -> &OwnState {
        &self.state
    }
}
