//! Grey levels as standardized numbers.

use crate::isa;
use crate::simd::{Kernel, LANES, Simd};

/// How far before its use a plane's memory is asked for.
const AHEAD_BYTES: usize = 2048;
/// Of the cache.
const LINE_BYTES: usize = 64;

/// `(v/255 − mean) / std` of all 256 levels: exactly the divisions that other frameworks do, done once for each level.
///
/// Vectors don't look up: they do both divisions anew, as products with a reciprocal of twice as many bits, which gives the
/// quotient as it is rounded, but for rare pairs of numbers. So all 256 levels are tried when the table is made; with a
/// mean and std for which one is off, the table is used.
///
/// # Exactness
/// The same bits on every instruction set: those of the two divisions.
///
/// # Examples
/// ```
/// let mut out = [0.0; 3];
/// kernels::pixels::Levels::new(0.5, 0.25).write(&[0, 51, 255], &mut out);
/// assert_eq!(out, [-2.0, (0.2 - 0.5) / 0.25, 2.0]);
/// ```
#[derive(Clone, Debug)]
pub struct Levels {
    table: [f32; 256],
    mean: f32,
    std: f32,
    by_vectors: bool,
}

/// `(v/255 − mean) / std`, the definition.
fn level_reference(v: u8, mean: f32, std: f32) -> f32 {
    (f32::from(v) / 255.0 - mean) / std
}

impl Levels {
    /// The levels for a mean and a std.
    pub fn new(mean: f32, std: f32) -> Self {
        let table = std::array::from_fn(|v| level_reference(v as u8, mean, std));
        let mut levels = Self { table, mean, std, by_vectors: true };
        let all: [u8; 256] = std::array::from_fn(|v| v as u8);
        let mut tried = [0.0; 256];
        levels.write(&all, &mut tried);
        levels.by_vectors = tried.iter().zip(&table).all(|(a, b)| a.to_bits() == b.to_bits());
        levels
    }

    /// Whether they are those of this mean and std, to the bit.
    #[must_use]
    pub fn are_for(&self, mean: f32, std: f32) -> bool {
        (self.mean.to_bits(), self.std.to_bits()) == (mean.to_bits(), std.to_bits())
    }

    /// The number of a level.
    #[inline]
    pub fn of(&self, level: u8) -> f32 {
        self.table[usize::from(level)]
    }

    /// `out[i] = of(plane[i])`.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn write(&self, plane: &[u8], out: &mut [f32]) {
        assert_eq!(plane.len(), out.len(), "lengths of plane and out");
        isa::run(Write { levels: self, plane, out });
    }
}

/// Asks for the beginning of a plane to be near when it is written: of as much as [`Levels::write`] does not ask for itself.
pub fn prefetch(plane: &[u8]) {
    struct Ask<'a>(&'a [u8]);
    impl Kernel for Ask<'_> {
        type Out = ();
        #[inline(always)]
        fn run<S: Simd>(self, s: S) {
            self.0.chunks(LINE_BYTES).for_each(|line| s.prefetch(line.as_ptr().cast()));
        }
    }
    isa::run(Ask(&plane[..plane.len().min(AHEAD_BYTES)]));
}

struct Write<'a> {
    levels: &'a Levels,
    plane: &'a [u8],
    out: &'a mut [f32],
}

impl Kernel for Write<'_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { levels, plane, out } = self;
        let (planes, rest) = plane.as_chunks::<LANES>();
        let (outs, out_rest) = out.as_chunks_mut::<LANES>();
        if levels.by_vectors && S::VECTORS {
            let white = Divisor::new(s, 255.0);
            let (mean, std) = (s.splat(levels.mean), Divisor::new(s, levels.std));
            for (plane, out) in planes.iter().zip(outs) {
                // The next page is asked for before it is needed: the CPU's own foresight ends with a page.
                s.prefetch(plane.as_ptr().wrapping_add(AHEAD_BYTES).cast());
                // SAFETY: 16 bytes are there to be read, and 16 numbers to be written.
                unsafe {
                    let share = white.divide(s, s.load_bytes(plane.as_ptr()));
                    s.store(out.as_mut_ptr(), std.divide(s, s.sub(share, mean)));
                }
            }
        } else {
            for (value, &v) in outs.as_flattened_mut().iter_mut().zip(planes.as_flattened()) {
                *value = levels.of(v);
            }
        }
        for (value, &v) in out_rest.iter_mut().zip(rest) {
            *value = levels.of(v);
        }
    }
}

/// The reciprocal of a divisor, and what rounding took from it.
struct Divisor<F> {
    reciprocal: F,
    missing: F,
}

impl<F: Copy> Divisor<F> {
    #[inline(always)]
    fn new<S: Simd<F = F>>(s: S, divisor: f32) -> Self {
        let exact = 1.0 / f64::from(divisor);
        let reciprocal = exact as f32;
        let missing = (exact - f64::from(reciprocal)) as f32;
        Self { reciprocal: s.splat(reciprocal), missing: s.splat(missing) }
    }

    /// `x / divisor`.
    #[inline(always)]
    fn divide<S: Simd<F = F>>(&self, s: S, x: F) -> F {
        s.mul_add(x, self.reciprocal, s.mul(x, self.missing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::tests::on_each_isa;
    use proptest::prelude::*;

    fn assert_exact(mean: f32, std: f32) -> bool {
        let plane: Vec<u8> = (0..300_u32).map(|i| (i * 7 % 256) as u8).collect();
        let wanted: Vec<u32> = plane.iter().map(|&v| level_reference(v, mean, std).to_bits()).collect();
        for len in [0, 1, 15, 16, 17, 256, 300] {
            for (isa, out) in on_each_isa(|| {
                let mut out = vec![9.0; len];
                Levels::new(mean, std).write(&plane[..len], &mut out);
                out
            }) {
                let bits: Vec<u32> = out.iter().map(|v| v.to_bits()).collect();
                assert_eq!(bits, wanted[..len], "{isa}: mean {mean}, std {std}");
            }
        }
        Levels::new(mean, std).by_vectors
    }

    proptest! {
        #[test]
        fn levels_have_the_bits_of_two_divisions(mean in 0.0_f32..1.0, std in 0.0039_f32..1.0) {
            assert_exact(mean, std);
        }
    }

    #[test]
    fn usual_means_take_vectors_and_odd_ones_the_table() {
        let by_vectors = crate::Isa::current().name() != "scalar";
        let usual = (1..50).flat_map(|m| (1..50).map(move |s| (m as f32 / 51.0, s as f32 / 97.0)));
        let (all, by_table) = usual.fold((0, 0), |(all, by_table), (mean, std)| {
            (all + 1, by_table + usize::from(!Levels::new(mean, std).by_vectors))
        });
        assert!(by_table * 50 < all, "{by_table} of {all}");
        // Its reciprocal is infinite.
        assert_eq!(assert_exact(0.0, 1e-40), !by_vectors);
        assert_exact(0.5, f32::MIN_POSITIVE);
        assert_exact(0.5, f32::MAX);
        assert_exact(f32::NAN, 1.0);
    }
}
