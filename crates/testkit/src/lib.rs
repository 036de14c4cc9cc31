//! Gradient check, closeness, golden files; for tests only
#![forbid(unsafe_code)]
