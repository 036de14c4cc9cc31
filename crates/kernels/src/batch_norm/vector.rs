//! The loops of batch normalisation, 16 numbers at a time.
//!
//! Sums are kept in 16 lanes of f32 over at most [`BLOCK`] numbers, and in f64 beyond. Tested against `plain.rs`.

use super::BatchNormGeom;
use crate::Activation;
use crate::activation::{activate, derivative};
use crate::parallel::SharedMut;
use crate::simd::{Kernel, LANES, Simd};

/// Numbers that are summed in f32: 256 a lane lose little, and stay in L1 for a second look.
const BLOCK: usize = 256 * LANES;

/// A stretch of each of some samples' planes of one channel: what is summed at once.
#[derive(Clone, Copy)]
struct Block {
    first: usize,
    samples: usize,
    /// Numbers from one sample's stretch to the next.
    step: usize,
    len: usize,
}

/// Planes of fewer numbers are summed several at a time.
pub(crate) const LEAST_ALONE: usize = 256;

/// Blocks of one sample's plane, if it is summed alone.
pub(crate) fn blocks_per_plane(plane: usize) -> usize {
    plane.div_ceil(BLOCK)
}

/// The blocks of a channel, by its shape alone.
fn blocks(g: &BatchNormGeom, channel: usize) -> impl Iterator<Item = Block> + use<> {
    let BatchNormGeom { batch, channels, plane } = *g;
    let samples = if plane < LEAST_ALONE { BLOCK / plane.max(1) } else { 1 };
    let step = channels * plane;
    (0..batch).step_by(samples).flat_map(move |n| {
        (0..plane).step_by(BLOCK).map(move |at| Block {
            first: n * step + channel * plane + at,
            samples: samples.min(batch - n),
            step,
            len: (plane - at).min(BLOCK),
        })
    })
}

/// Mean and `Σ (x − mean)²` of one channel, block by block.
///
/// Source: Chan, Golub & LeVeque 1979, 'Updating formulae and a pairwise algorithm for computing sample variances'.
pub(crate) struct Moments<'a> {
    pub(crate) g: &'a BatchNormGeom,
    pub(crate) x: &'a [f32],
    pub(crate) channel: usize,
}

impl Kernel for Moments<'_> {
    type Out = (f64, f64);
    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> (f64, f64) {
        let mut all = Merged::default();
        for block in blocks(self.g, self.channel) {
            all.merge((block.samples * block.len) as f64, block_moments(s, self.x, block));
        }
        (all.mean, all.squares)
    }
}

/// Mean and `Σ (x − mean)²` of the blocks so far.
#[derive(Default)]
pub(crate) struct Merged {
    count: f64,
    pub(crate) mean: f64,
    pub(crate) squares: f64,
}

impl Merged {
    #[inline(always)]
    pub(crate) fn merge(&mut self, more: f64, (mean, squares): (f32, f32)) {
        let (all, delta) = (self.count + more, f64::from(mean) - self.mean);
        self.mean += delta * more / all;
        self.squares += f64::from(squares) + delta * delta * self.count * more / all;
        self.count = all;
    }

    /// The next plane, from what [`PlaneMoments`] left of it.
    pub(crate) fn merge_plane(&mut self, plane: usize, blocks: &[[f32; 2]]) {
        for (k, &[mean, squares]) in blocks.iter().enumerate() {
            self.merge((plane - k * BLOCK).min(BLOCK) as f64, (mean, squares));
        }
    }
}

/// Mean and squares of every block of each channel of one sample, while it is in the cache: [`Moments`] in parts.
pub(crate) struct PlaneMoments<'a> {
    pub(crate) plane: usize,
    pub(crate) x: &'a [f32],
    /// `[channel][block]`.
    pub(crate) to: &'a mut [[f32; 2]],
}

impl Kernel for PlaneMoments<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let blocks = blocks_per_plane(self.plane);
        for (k, to) in self.to.iter_mut().enumerate() {
            let at = k % blocks * BLOCK;
            let (first, len) = (k / blocks * self.plane + at, (self.plane - at).min(BLOCK));
            *to = block_moments(s, self.x, Block { first, samples: 1, step: 0, len }).into();
        }
    }
}

#[inline(always)]
fn block_moments<S: Simd>(s: S, x: &[f32], block: Block) -> (f32, f32) {
    let Block { first, samples, step, len } = block;
    assert!(x.len() >= first + (samples - 1) * step + len);
    let zero = s.splat(0.0);
    let (mut sum, mut squares) = ([zero; 2], [zero; 2]);
    // Two vectors at a time: even and odd ones have each a sum of their own, which stays in a register.
    for n in 0..samples {
        for at in (0..len).step_by(2 * LANES) {
            // SAFETY: `len - at` numbers are left of the sample's stretch, which the assertion covers.
            let [a, b] = unsafe { pair(s, x.as_ptr().add(first + n * step + at), len - at) };
            sum = [s.add(sum[0], a), s.add(sum[1], b)];
        }
    }
    let mean = s.sum(s.add(sum[0], sum[1])) / (samples * len) as f32;
    for n in 0..samples {
        for at in (0..len).step_by(2 * LANES) {
            let left = len - at;
            // SAFETY: as above.
            let [a, b] = unsafe { pair(s, x.as_ptr().add(first + n * step + at), left) };
            let [a, b] = [centred(s, a, mean, left), centred(s, b, mean, left.saturating_sub(LANES))];
            squares = [s.mul_add(a, a, squares[0]), s.mul_add(b, b, squares[1])];
        }
    }
    (mean, s.sum(s.add(squares[0], squares[1])))
}

/// `v − mean`, zeros past the first `n`.
#[inline(always)]
fn centred<S: Simd>(s: S, v: S::F, mean: f32, n: usize) -> S::F {
    let v = s.sub(v, s.splat(mean));
    if n < LANES { s.select(s.mask((1 << n) - 1), v, s.splat(0.0)) } else { v }
}

/// The first `n` numbers of two vectors, zeros behind.
///
/// # Safety
/// `min(n, 32)` numbers can be read at `from`.
#[inline(always)]
unsafe fn pair<S: Simd>(s: S, from: *const f32, n: usize) -> [S::F; 2] {
    // SAFETY: the caller's promise; nothing is read past `n`.
    unsafe {
        if n >= 2 * LANES {
            return [s.load(from), s.load(from.add(LANES))];
        }
        [s.load_first(from, n), s.load_first(from.wrapping_add(LANES), n.saturating_sub(LANES))]
    }
}

/// What turns a channel's numbers into `z = (x − mean) · factor + shift`.
#[derive(Clone, Copy)]
pub(crate) struct Affine {
    pub(crate) mean: f32,
    pub(crate) factor: f32,
    pub(crate) shift: f32,
}

impl From<Affine> for [f32; 3] {
    fn from(a: Affine) -> Self {
        [a.mean, a.factor, a.shift]
    }
}

impl Affine {
    /// As stored in a table of channels.
    pub(crate) fn stored([mean, factor, shift]: [f32; 3]) -> Self {
        Affine { mean, factor, shift }
    }

    #[inline(always)]
    pub(crate) fn apply<S: Simd>(self, s: S, x: S::F) -> S::F {
        s.mul_add(s.sub(x, s.splat(self.mean)), s.splat(self.factor), s.splat(self.shift))
    }
}

/// `y = f(z)` of one sample; `affine` gives a channel's three numbers.
pub(crate) struct Normalize<'a> {
    pub(crate) plane: usize,
    /// `mean`, `factor`, `shift` of each channel.
    pub(crate) affine: &'a [[f32; 3]],
    pub(crate) f: Option<Activation>,
    pub(crate) x: &'a [f32],
    pub(crate) y: &'a mut [f32],
}

impl Kernel for Normalize<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let plane = self.plane;
        assert!(self.x.len() == self.affine.len() * plane && self.y.len() == self.x.len());
        for (c, &affine) in self.affine.iter().enumerate() {
            let affine = Affine::stored(affine);
            for at in (0..plane).step_by(LANES) {
                let lanes = plane - at;
                // SAFETY: `lanes` numbers are left of the channel's plane in both.
                unsafe {
                    s.prefetch_ahead(self.x.as_ptr().add(c * plane + at));
                    s.prefetch_ahead(self.y.as_ptr().add(c * plane + at));
                    let z = affine.apply(s, s.load_first(self.x.as_ptr().add(c * plane + at), lanes));
                    let y = match self.f {
                        Some(f) => activate(s, f, z),
                        None => z,
                    };
                    s.store_first(self.y.as_mut_ptr().add(c * plane + at), lanes, y);
                }
            }
        }
    }
}

/// What the backward pass reads: all of one batch or of one sample.
#[derive(Clone, Copy)]
pub(crate) struct Past<'a> {
    pub(crate) x: &'a [f32],
    pub(crate) y: &'a [f32],
    pub(crate) dy: &'a [f32],
    pub(crate) f: Option<Activation>,
}

impl Past<'_> {
    /// `x` and `∂L/∂z`, recomputed, of up to 16 numbers.
    ///
    /// # Safety
    /// The lengths are equal, and `lanes` numbers are left at `at`.
    #[inline(always)]
    pub(crate) unsafe fn gradient<S: Simd>(
        &self,
        s: S,
        affine: Affine,
        at: usize,
        lanes: usize,
    ) -> (S::F, S::F) {
        // SAFETY: the caller's promise.
        unsafe {
            s.prefetch_ahead(self.x.as_ptr().add(at));
            s.prefetch_ahead(self.dy.as_ptr().add(at));
            let x = s.load_first(self.x.as_ptr().add(at), lanes);
            let dy = s.load_first(self.dy.as_ptr().add(at), lanes);
            let Some(f) = self.f else { return (x, dy) };
            let y = match f {
                Activation::Sigmoid | Activation::Tanh => s.load_first(self.y.as_ptr().add(at), lanes),
                _ => s.splat(0.0),
            };
            (x, s.mul(dy, derivative(s, f, affine.apply(s, x), y)))
        }
    }
}

/// `Σ dz` and `Σ dz · (x − mean)` of one channel; leaves `dz` where there is a place for it.
pub(crate) struct Sums<'a> {
    pub(crate) g: &'a BatchNormGeom,
    pub(crate) past: Past<'a>,
    pub(crate) affine: Affine,
    pub(crate) channel: usize,
    /// As long as `x`. This channel's part is nobody else's.
    pub(crate) dz: Option<SharedMut<'a>>,
}

impl Kernel for Sums<'_> {
    type Out = (f64, f64);
    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> (f64, f64) {
        let (mut of_dz, mut of_both) = (0.0, 0.0);
        let Past { x, y, dy, .. } = self.past;
        assert!(x.len() == dy.len() && x.len() == y.len());
        for Block { first, samples, step, len } in blocks(self.g, self.channel) {
            assert!(x.len() >= first + (samples - 1) * step + len);
            let (mut sum, mut both) = (s.splat(0.0), s.splat(0.0));
            for n in 0..samples {
                for at in (0..len).step_by(LANES) {
                    let place = first + n * step + at;
                    // SAFETY: as the assertions say; lanes behind the end have `dy = 0`.
                    let (x, dz) = unsafe { self.past.gradient(s, self.affine, place, len - at) };
                    if let Some(to) = self.dz {
                        // SAFETY: `to` is as long as `x`, and no other thread has this channel.
                        unsafe { s.store_first(to.at(place), len - at, dz) };
                    }
                    sum = s.add(sum, dz);
                    both = s.mul_add(dz, s.sub(x, s.splat(self.affine.mean)), both);
                }
            }
            of_dz += f64::from(s.sum(sum));
            of_both += f64::from(s.sum(both));
        }
        (of_dz, of_both)
    }
}

/// `dx = factor · (dz − mean_dz − (x − mean) · slope)` of one sample.
pub(crate) struct InputGradient<'a> {
    pub(crate) plane: usize,
    /// `mean`, `factor`, mean of `dz`, and `slope` of each channel.
    pub(crate) channels: &'a [[f32; 4]],
    pub(crate) x: &'a [f32],
    /// None where `dx` holds it.
    pub(crate) dz: Option<&'a [f32]>,
    pub(crate) dx: &'a mut [f32],
}

impl Kernel for InputGradient<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (x, plane) = (self.x, self.plane);
        assert!(x.len() == self.channels.len() * plane && self.dx.len() == x.len());
        assert!(self.dz.is_none_or(|dz| dz.len() == x.len()));
        let dx = self.dx.as_mut_ptr();
        let dz = self.dz.map_or(dx.cast_const(), <[f32]>::as_ptr);
        for (c, channel) in self.channels.iter().enumerate() {
            let [mean, factor, mean_dz, slope] = channel.map(|v| s.splat(v));
            for at in (0..plane).step_by(LANES) {
                let (place, lanes) = (c * plane + at, plane - at);
                // SAFETY: `lanes` numbers are left of the channel's plane in all three.
                unsafe {
                    let x = s.load_first(x.as_ptr().add(place), lanes);
                    let dz = s.load_first(dz.add(place), lanes);
                    let new = s.mul(factor, s.neg_mul_add(s.sub(x, mean), slope, s.sub(dz, mean_dz)));
                    s.store_first(dx.add(place), lanes, new);
                }
            }
        }
    }
}
