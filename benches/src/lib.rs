//! Workloads and peers for measuring `serde_pickle`.
