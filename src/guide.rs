//! The guides: one page for each subject, as they are in the repository's folder `docs`.
//!
//! - [`recipes`]: what Python programs keep, read, changed and written back;
//! - [`data`]: frames and arrays, in ten lines a task;
//! - [`reduce`](crate::reduce): classes that say how they are pickled;
//! - [`edit`](crate::edit): changing a pickle;
//! - [`mapping`]: which Python type reads into which Rust type, row by row;
//! - [`python_api`]: every name of Python's module, and where it lives here;
//! - [`security`]: what is promised of untrusted pickles; [`audit`]: what scanners miss;
//! - [`conformance`]: where CPython accepts or refuses something else;
//! - [`performance`]: times and sizes, next to other crates, formats and CPython;
//! - [`migration`]: coming from the crate serde-pickle; [`stability`]: what a new version keeps.
//!
//! Files of joblib and PyTorch: [`serde_pickle_files`](https://docs.rs/serde_pickle_files). The
//! pages are modules of the documentation alone: no program compiles them.
//!
//! ```
//! // The quickest of them all:
//! assert_eq!(serde_pickle::from_slice::<u8>(b"K\x2a.")?, 42);
//! # Ok::<(), serde_pickle::Error>(())
//! ```
// The pages link to each other by their files' names, which a host of repositories resolves. Here
// these definitions come first, and the first one counts.

macro_rules! guides {
    ($($(#[$attribute:meta])* $name:ident: $file:literal $(, $before:expr)?;)*) => {$(
        $(#[$attribute])*
        pub mod $name {
            #![doc = concat!(
                "[DATA.md]: crate::guide::data\n",
                "[EDITING.md]: crate::edit\n",
                "[MAPPING.md]: crate::guide::mapping\n",
                "[REDUCE.md]: crate::reduce\n",
                "[the forms of a name]: crate::reduce#the-form-of-a-name\n",
                "[FILES.md]: https://docs.rs/serde_pickle_files\n",
                "[CONTRIBUTING.md]: https://docs.rs/crate/serde_python_pickle/latest/source/\n",
                "[chart]: data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=\n\n",
            )]
            $(#![doc = $before])?
            #![doc = include_str!(concat!("../docs/", $file))]
        }
    )*};
}

guides! {
    recipes: "RECIPES.md";
    // Its examples take other crates.
    #[cfg(any(not(doctest), all(feature = "arrow", feature = "ndarray")))]
    data: "DATA.md";
    mapping: "MAPPING.md";
    python_api: "PYTHON_API.md";
    security: "SECURITY.md";
    audit: "AUDIT.md";
    conformance: "CONFORMANCE.md";
    performance: "PERFORMANCE.md", include_str!("../docs/performance.svg");
    migration: "MIGRATION.md";
    stability: "STABILITY.md";
}
