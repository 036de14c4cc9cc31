//! Random numbers as a pure function of (seed, purpose, epoch, index)
#![forbid(unsafe_code)]
