//! Our crate as a contender.

use std::path::Path;

use crate::case::Builder;
use crate::workload::Workload;

/// The name of our crate in tables and filters.
pub const NAME: &str = "serde_pickle";

/// Adds our cases of the workload and task.
pub fn add<W: Workload>(builder: &mut Builder<'_, W>, folder: &Path) {
    let _ = (builder, folder);
}
