//! lenet
#![forbid(unsafe_code)]
