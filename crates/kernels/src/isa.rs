//! Which instruction set to use: detected once, or forced by `LENET_ISA`.

use std::sync::OnceLock;

use crate::arch;
use crate::simd::{Kernel, Simd};

/// An instruction set that this CPU has. The only way to get one is to ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(Set);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Avx2(arch::avx2::Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(arch::avx512::Avx512),
    #[cfg(target_arch = "aarch64")]
    Neon(arch::neon::Neon),
}

/// Environment variable that forces an instruction set by name: `scalar`, `avx2`, `avx512`, `neon`.
pub const ISA_VARIABLE: &str = "LENET_ISA";

impl Isa {
    /// The set in use: what [`ISA_VARIABLE`] names if the CPU has it, else the best. Decided once a process.
    #[must_use]
    pub fn current() -> Isa {
        static CURRENT: OnceLock<Isa> = OnceLock::new();
        *CURRENT.get_or_init(|| {
            let wanted = std::env::var(ISA_VARIABLE).ok();
            let named = |isa: &Isa| wanted.as_deref() == Some(isa.name());
            let all = Isa::available();
            all.iter().copied().find(named).unwrap_or(all[all.len() - 1])
        })
    }

    /// Every set that this CPU has, the plainest first.
    #[must_use]
    pub fn available() -> Vec<Isa> {
        let mut all = vec![Isa(Set::Scalar)];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(arch::avx2::Avx2::detect().map(|s| Isa(Set::Avx2(s))));
            all.extend(arch::avx512::Avx512::detect().map(|s| Isa(Set::Avx512(s))));
        }
        #[cfg(target_arch = "aarch64")]
        all.extend(arch::neon::Neon::detect().map(|s| Isa(Set::Neon(s))));
        all
    }

    /// The name that [`ISA_VARIABLE`] knows it by.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            Set::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Set::Avx512(_) => "avx512",
            #[cfg(target_arch = "aarch64")]
            Set::Neon(_) => "neon",
        }
    }

    /// Runs a kernel, compiled for this set.
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Out {
        match self.0 {
            Set::Scalar => kernel.run(arch::scalar::Scalar),
            #[cfg(target_arch = "x86_64")]
            Set::Avx2(s) => s.run(kernel),
            #[cfg(target_arch = "x86_64")]
            Set::Avx512(s) => s.run(kernel),
            #[cfg(target_arch = "aarch64")]
            Set::Neon(s) => s.run(kernel),
        }
    }
}

/// Runs a kernel on the set in use.
pub(crate) fn run<K: Kernel>(kernel: K) -> K::Out {
    #[cfg(test)]
    if let Some(isa) = tests::forced() {
        return isa.run(kernel);
    }
    Isa::current().run(kernel)
}

/// What [`Isa::run`] needs of a token: to compile the kernel with its instructions.
pub(crate) trait RunOn: Simd {
    fn run<K: Kernel>(self, kernel: K) -> K::Out;
}

#[cfg(test)]
pub(crate) mod tests {
    //! Lets a test run the same code on every instruction set of this CPU.

    use std::cell::Cell;

    use super::Isa;

    thread_local! {
        static FORCED: Cell<Option<Isa>> = const { Cell::new(None) };
    }

    pub(crate) fn forced() -> Option<Isa> {
        FORCED.get()
    }

    /// Calls `work` once a set; on this thread kernels then run on it.
    pub(crate) fn on_each_isa<R>(mut work: impl FnMut() -> R) -> Vec<(&'static str, R)> {
        Isa::available()
            .into_iter()
            .map(|isa| {
                FORCED.set(Some(isa));
                let result = work();
                FORCED.set(None);
                (isa.name(), result)
            })
            .collect()
    }

    /// Calls `work` on every set, asserts that all give the same bits, and returns them.
    #[track_caller]
    pub(crate) fn same_on_each_isa(mut work: impl FnMut() -> Vec<f32>) -> Vec<f32> {
        let mut all = on_each_isa(&mut work);
        let bits = |x: &[f32]| x.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        for (name, result) in &all[1..] {
            assert_eq!(bits(result), bits(&all[0].1), "{name} against {}", all[0].0);
        }
        all.swap_remove(0).1
    }
}
