//! Random numbers as a pure function of (seed, purpose, epoch, index).
//!
//! A generator with hidden state makes a run depend on everything that drew from it before. Here each draw names
//! what it is for: [`Stream::new`] takes four numbers and gives the same sequence on every machine, with any
//! number of threads, in a fresh run and in a resumed one. The generator is ChaCha8, a counter-based one that is
//! well studied and cheap to start; this crate only decides how its key is made and how bits become numbers.
//!
//! Who owns which numbers is said by [`Purpose`]; what the numbers are used for is left to the other crates.
#![forbid(unsafe_code)]

mod ln;
mod purpose;
mod stream;

pub use purpose::Purpose;
pub use stream::Stream;
