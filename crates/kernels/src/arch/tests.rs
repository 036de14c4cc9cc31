//! Each operation, on every instruction set, against the plain form: to the bit, on numbers that are odd in every way.

use crate::isa::{run, tests::on_each_isa};
use crate::noise::noise;
use crate::simd::{Kernel, LANES, PairTaps, Simd, Weights};

/// What a comparison, a rounding or a sum might treat in a way of its own.
const ODD: [f32; LANES] = [
    f32::NAN,
    0.0,
    -0.0,
    1.0,
    f32::INFINITY,
    f32::NEG_INFINITY,
    0.5,
    1.5,
    -2.5,
    f32::MIN_POSITIVE,
    1e-40,
    f32::MAX,
    -8_388_609.0,
    3.4e9,
    -0.3,
    f32::MIN,
];

/// Bits, with one pattern for all that is no number: the sign of a NaN is the processor's.
fn bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|x| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() }).collect()
}

/// Asserts that all sets give what the plain one does.
#[track_caller]
fn same<R: PartialEq + std::fmt::Debug>(work: impl FnMut() -> R) {
    let all = on_each_isa(work);
    for (name, result) in &all[1..] {
        assert_eq!(result, &all[0].1, "{name}");
    }
}

/// Every operation from numbers to numbers.
struct Arithmetic<'a> {
    a: &'a [f32; LANES],
    b: &'a [f32; LANES],
    c: &'a [f32; LANES],
    lanes: u16,
}

impl Kernel for Arithmetic<'_> {
    type Out = (Vec<Vec<u32>>, u16);
    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> Self::Out {
        // SAFETY: each array has 16 numbers.
        let load = |x: &[f32; LANES]| unsafe { s.load(x.as_ptr()) };
        let (a, b, c, mask) = (load(self.a), load(self.b), load(self.c), s.mask(self.lanes));
        let exponents = load(&self.a.map(|x| if x.abs() <= 126.0 { x.round() } else { -126.0 }));
        let (even, odd) = s.deinterleave(a, b);
        let (first, second) = s.interleave(a, b);
        let bytes = self.b.map(|x| x as u8);
        let halves = self.c.map(|x| (x.to_bits() >> 16) as u16);
        let vectors = [
            s.splat(self.a[3]),
            // SAFETY: 16 bytes are there.
            unsafe { s.load_bytes(bytes.as_ptr()) },
            // SAFETY: 16 halves are there.
            unsafe { s.load_bf16(halves.as_ptr()) },
            s.add(a, b),
            s.sub(a, b),
            s.mul(a, b),
            s.div(a, b),
            s.sqrt(a),
            s.mul_add(a, b, c),
            s.mul_add_where(mask, a, b, c),
            s.neg_mul_add(a, b, c),
            s.max(a, b),
            s.min(a, b),
            s.round(a),
            s.exp2(exponents),
            s.select(mask, a, b),
            even,
            odd,
            first,
            second,
            s.splat(s.sum(c)),
            s.sums([c, a, b, even, odd, first, second, c, s.add(c, c), c, b, c, a, first, c, s.mul(c, c)]),
        ];
        let out = vectors.map(|x| {
            let mut out = [0.0; LANES];
            // SAFETY: 16 numbers are there.
            unsafe { s.store(out.as_mut_ptr(), x) };
            bits(&out)
        });
        (out.to_vec(), s.bits(s.gt(a, b)))
    }
}

#[test]
fn arithmetic_has_the_bits_of_the_plain_form() {
    // Each odd number meets each other one.
    for turn in 0..LANES {
        let mut turned = ODD;
        turned.rotate_left(turn);
        let c = std::array::from_fn(|i| noise(turn as u64, LANES)[i] * 1e3);
        let lanes = 0x9E37_u16.rotate_left(turn as u32);
        same(|| run(Arithmetic { a: &ODD, b: &turned, c: &c, lanes }));
        same(|| run(Arithmetic { a: &c, b: &ODD, c: &turned, lanes }));
        same(|| run(Arithmetic { a: &c, b: &c.map(|x| x * 0.7 + 100.0), c: &c, lanes }));
    }
}

/// Loads and stores a part of the lanes: those at the end of 16 that end where `at` does, and the first `n` of `at`,
/// over which they are written again, plus one.
struct Parts<'a> {
    at: &'a mut [f32],
    n: usize,
}

impl Kernel for Parts<'_> {
    type Out = [[f32; LANES]; 2];
    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> Self::Out {
        let (from, count) = (self.at.as_mut_ptr(), self.at.len());
        let lanes = (0xFFFF_u32 << (LANES - count)) as u16;
        let mut out = [[0.0; LANES]; 2];
        // SAFETY: `at` has the numbers that are asked for; each row of `out` has 16.
        unsafe {
            let last = s.load_where(from.wrapping_add(count).wrapping_sub(LANES), lanes);
            let first = s.load_first(from, self.n);
            s.store(out[0].as_mut_ptr(), last);
            s.store(out[1].as_mut_ptr(), first);
            s.store_first(from, self.n, s.add(first, s.splat(1.0)));
        }
        out
    }
}

/// A file that is mapped with more pages than it has: whoever touches those is killed by SIGBUS.
#[cfg(target_os = "linux")]
#[test]
fn parts_of_a_vector_touch_no_other_memory() {
    /// A multiple of any system's page, in bytes.
    const PAGE: usize = 1 << 16;
    let path = std::env::temp_dir().join(format!("lenet-parts-{}", std::process::id()));
    std::fs::write(&path, vec![0; PAGE]).unwrap();
    let file = std::fs::File::options().read(true).write(true).open(&path).unwrap();
    // SAFETY: nobody else knows the file.
    let mut map = unsafe { memmap2::MmapOptions::new().len(2 * PAGE).map_mut(&file) }.unwrap();
    std::fs::remove_file(&path).unwrap();
    // SAFETY: the file has these bytes, and a map begins with a page, which is aligned for numbers.
    let page = unsafe { std::slice::from_raw_parts_mut(map.as_mut_ptr().cast::<f32>(), PAGE / 4) };
    for n in (0..=LANES).chain([LANES + 1, 1000]) {
        let count = n.min(LANES);
        let (before, at) = page.split_at_mut(PAGE / 4 - count);
        before.fill(-7.0);
        let numbers: Vec<f32> = (3..).map(|i| i as f32).take(count).collect();
        let after: Vec<f32> = numbers.iter().map(|x| x + 1.0).collect();
        let all = on_each_isa(|| {
            at.copy_from_slice(&numbers);
            let out = run(Parts { at: &mut *at, n });
            (out, at.to_vec())
        });
        let zeros = vec![0.0; LANES - count];
        for (name, ([last, first], stored)) in all {
            assert_eq!(last[..], [&zeros[..], &numbers].concat(), "{name}: the last {n}");
            assert_eq!(first[..], [&numbers[..], &zeros].concat(), "{name}: the first {n}");
            assert_eq!(stored, after, "{name}: {n} stored");
        }
        assert!(before.iter().all(|&x| x == -7.0), "{n}: written before them");
    }
}

/// Both sums of bytes.
struct Weighing<'a> {
    bytes: &'a [[u8; 3 * LANES]; 4],
    weights: &'a [Weights; 3],
    taps: &'a PairTaps,
}

impl Kernel for Weighing<'_> {
    type Out = ([u8; LANES], [i32; 4]);
    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> Self::Out {
        let mut out = [0; LANES];
        // SAFETY: 16 bytes for the window and for what comes of it; each run has 16 for each of the weights.
        unsafe {
            s.weigh_pairs(self.bytes[0].as_ptr(), self.taps, out.as_mut_ptr());
            (out, s.weigh_runs(self.bytes.each_ref().map(|run| run.as_ptr()), self.weights))
        }
    }
}

/// Weights of all sizes, so that sums overflow too: every set wraps.
#[test]
fn weighing_has_the_bits_of_the_plain_form() {
    for seed in 0..50 {
        let mut numbers = noise(seed + 1, 1000).into_iter();
        let size = [2.0, 300.0, 40_000.0][seed as usize % 3];
        let mut weight = || (numbers.next().unwrap() * size) as i16; // saturates
        let weights = std::array::from_fn(|_| Weights {
            upper: std::array::from_fn(|_| weight()),
            lower: std::array::from_fn(|_| weight()),
        });
        let mut taps = PairTaps {
            pick: [[0, 128]; 2 * LANES],
            upper: std::array::from_fn(|_| weight()),
            lower: std::array::from_fn(|_| weight()),
        };
        let mut byte = || ((numbers.next().unwrap() + 1.0) * 128.0) as u8;
        taps.pick.iter_mut().for_each(|pick| pick[0] = byte() / LANES as u8);
        let bytes = std::array::from_fn(|_| std::array::from_fn(|_| byte()));
        same(|| run(Weighing { bytes: &bytes, weights: &weights, taps: &taps }));
    }
}
