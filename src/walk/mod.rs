//! What every reader of nodes shares: the nodes, the input, the settings and the budget.

pub(crate) mod cost;
pub(crate) mod cx;
