//! A gradient against the slopes of its function.

/// How a gradient is checked: central differences of fourth order, each at h and h/2.
///
/// `f'(x) ≈ [f(x − 2h) − 8 f(x − h) + 8 f(x + h) − f(x + 2h)] / 12h`. Where h and h/2 disagree with each other, the
/// function has a kink within reach (a max that changes its winner, a ReLU at zero) and the next smaller h is tried;
/// where all disagree, there is no slope to compare with and the coordinate is skipped. A wrong gradient cannot hide
/// there, since it has no part in that comparison.
///
/// # Examples
/// ```
/// let f = |x: &[f64]| x[0].sin() * x[1];
/// let at = [0.3_f64, 2.0];
/// let gradient = [0.3_f64.cos() * 2.0, 0.3_f64.sin()];
/// let outcome = testkit::GradCheck::default().run("sin(a)·b", f, &at, &gradient, 0..2);
/// assert_eq!(outcome.skipped, 0);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct GradCheck {
    /// The steps h to try, largest first: large ones round less, small ones reach fewer kinks.
    pub steps: &'static [f64],
    /// Largest allowed `|slope − gradient| / max(|slope|, |gradient|)`, beyond the rounding of the slope itself.
    pub max_rel_err: f64,
    /// Largest share of coordinates that may be skipped, at least one being allowed.
    pub max_skipped: f64,
}

impl Default for GradCheck {
    fn default() -> Self {
        GradCheck { steps: &[1e-3, 1e-4, 1e-5, 1e-6], max_rel_err: 1e-6, max_skipped: 0.05 }
    }
}

/// What a check found, all being well.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Coordinates compared to within `max_rel_err`.
    pub checked: usize,
    /// Coordinates with a gradient so small (often zero) that rounding hides its relative error: compared to within
    /// the rounding only.
    pub tiny: usize,
    /// Coordinates near a kink.
    pub skipped: usize,
    /// The largest relative error seen.
    pub worst_rel_err: f64,
}

impl GradCheck {
    /// Compares `gradient` at the point `at` with the slopes of `f`, for the given coordinates.
    ///
    /// # Panics
    /// If a coordinate is off, if too many are skipped, or if nothing was compared.
    #[track_caller]
    pub fn run(
        &self,
        what: &str,
        mut f: impl FnMut(&[f64]) -> f64,
        at: &[f64],
        gradient: &[f64],
        coordinates: impl IntoIterator<Item = usize>,
    ) -> Outcome {
        assert_eq!(at.len(), gradient.len(), "{what}: one slope a coordinate");
        let mut x = at.to_vec();
        let value = f(&x);
        assert!(value.is_finite(), "{what}: the function is {value}");
        let mut outcome = Outcome::default();
        for i in coordinates {
            let Some((slope, rounding)) = self.slope(&mut f, &mut x, i, value) else {
                outcome.skipped += 1;
                continue;
            };
            let found = gradient[i];
            let size = slope.abs().max(found.abs());
            let error = (slope - found).abs();
            assert!(
                error <= self.max_rel_err * size + rounding,
                "{what}: coordinate {i}: gradient {found:?}, slope {slope:?} (relative {:.1e})",
                error / size
            );
            if rounding > self.max_rel_err * size {
                outcome.tiny += 1;
            } else {
                outcome.checked += 1;
                outcome.worst_rel_err = outcome.worst_rel_err.max(error / size);
            }
        }
        let allowed = ((outcome.checked + outcome.tiny + outcome.skipped) as f64 * self.max_skipped).max(1.0);
        assert!(outcome.skipped as f64 <= allowed, "{what}: too many kinks: {outcome:?}");
        assert!(outcome.checked > 0, "{what}: nothing was compared: {outcome:?}");
        outcome
    }

    /// The slope along coordinate `i` and what rounding may have added to it; none near a kink.
    fn slope(
        &self,
        f: &mut impl FnMut(&[f64]) -> f64,
        x: &mut [f64],
        i: usize,
        value: f64,
    ) -> Option<(f64, f64)> {
        self.steps.iter().find_map(|&h| {
            let [coarse, fine] = [h, h / 2.0].map(|h| quotient(f, x, i, h));
            // The sums inside `f` lose some units in the last place; a difference magnifies that by 1/h.
            let rounding = 4.0 * f64::EPSILON * (1.0 + value.abs()) / h;
            let agree = 0.5 * self.max_rel_err * fine.abs().max(coarse.abs()) + rounding;
            ((coarse - fine).abs() <= agree).then_some((fine, rounding))
        })
    }
}

/// The difference quotient along coordinate `i`; `x` is left as it was.
fn quotient(f: &mut impl FnMut(&[f64]) -> f64, x: &mut [f64], i: usize, h: f64) -> f64 {
    let centre = x[i];
    let mut at = |steps: f64| {
        x[i] = centre + steps * h;
        f(x)
    };
    let quotient = (at(-2.0) - 8.0 * at(-1.0) + 8.0 * at(1.0) - at(2.0)) / (12.0 * h);
    x[i] = centre;
    quotient
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cubic(x: &[f64]) -> f64 {
        x[0].powi(3) + x[0] * x[1]
    }

    #[test]
    fn a_right_gradient_passes() {
        let outcome = GradCheck::default().run("cubic", cubic, &[0.5, -1.0], &[3.0 * 0.25 - 1.0, 0.5], 0..2);
        assert_eq!((outcome.checked, outcome.skipped), (2, 0));
    }

    #[test]
    #[should_panic(expected = "cubic: coordinate 1: gradient 0.500002")]
    fn an_error_of_a_few_millionths_is_caught() {
        GradCheck::default().run("cubic", cubic, &[0.5, -1.0], &[-0.25, 0.500_002], 0..2);
    }

    #[test]
    fn a_kink_is_skipped_and_counted() {
        let f = |x: &[f64]| x.iter().map(|v| v.abs()).sum();
        let outcome = GradCheck::default().run("abs", f, &[0.7, 1e-7, -0.3], &[1.0, 1.0, -1.0], 0..3);
        assert_eq!((outcome.checked, outcome.skipped), (2, 1));
    }

    #[test]
    fn a_smaller_step_gets_by_a_kink() {
        let f = |x: &[f64]| x.iter().map(|v| v.abs()).sum();
        let outcome = GradCheck::default().run("abs", f, &[1e-3], &[1.0], 0..1);
        assert_eq!((outcome.checked, outcome.skipped), (1, 0));
    }

    #[test]
    #[should_panic(expected = "too many kinks")]
    fn a_function_of_kinks_is_no_proof() {
        let f = |x: &[f64]| x.iter().map(|v| v.abs()).sum();
        GradCheck::default().run("abs", f, &[0.7, 1e-7, 2e-7], &[1.0; 3], 0..3);
    }
}
