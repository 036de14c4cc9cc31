//! What the losses of a range test say, as pure functions of them.

use super::RangePoint;

/// A fall smaller than this share of the first loss is none.
const SMALLEST_FALL: f64 = 0.005;

/// A fall smaller than so many standard errors of a smoothed loss is luck.
const LUCK: f64 = 4.0;

/// Share of the fall after which it has begun.
const BEGUN: f64 = 0.1;

/// Losses to each side that are averaged, in a test of `steps` steps.
pub(super) fn reach(steps: usize) -> usize {
    (steps / 40).max(2)
}

/// The mean of each loss and `reach` losses to each side, fewer near the ends, as many on the one side as on the other: what
/// trails would show every change at too high a rate.
pub(super) fn smoothed(points: &[RangePoint], reach: usize) -> Vec<f64> {
    let around = |i: usize| {
        let reach = reach.min(i).min(points.len() - 1 - i);
        mean(&points[i - reach..=i + reach])
    };
    (0..points.len()).map(around).collect()
}

/// Whether the newest losses are `factor` times the first ones.
pub(super) fn is_out_of_hand(points: &[RangePoint], steps: usize, factor: f64) -> bool {
    let reach = reach(steps);
    points.len() > 2 * reach && mean(&points[points.len() - reach..]) > factor * mean(&points[..reach])
}

fn mean(points: &[RangePoint]) -> f64 {
    points.iter().map(|point| point.loss).sum::<f64>() / points.len().max(1) as f64
}

/// Places in a curve that falls, as indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Valley {
    /// Where the loss has begun to fall.
    pub(super) begins: usize,
    /// Where it falls most steeply.
    pub(super) steepest: usize,
    /// Where it has come down to its lowest, but for the luck of batches.
    pub(super) lowest: usize,
    /// From where on it is back at what it was at the beginning, or above.
    pub(super) back: Option<usize>,
}

/// What the losses were at the beginning, if there are any.
pub(super) fn first_loss(points: &[RangePoint], reach: usize) -> Option<f64> {
    (!points.is_empty()).then(|| mean(&points[..points.len().min(2 * reach + 1)]))
}

/// The valley of the curve; none if the loss never fell by more than luck explains.
pub(super) fn valley(points: &[RangePoint], smoothed: &[f64], reach: usize) -> Option<Valley> {
    let first = first_loss(points, reach)?;
    // Near the ends too few losses are averaged to rely on one.
    let whole = reach..smoothed.len().saturating_sub(reach);
    let bottom = whole.clone().min_by(|&a, &b| smoothed[a].total_cmp(&smoothed[b]))?;
    let luck = standard_error(points, smoothed, bottom, reach);
    if first - smoothed[bottom] < (SMALLEST_FALL * first.abs()).max(LUCK * luck) {
        return None;
    }
    // Of a flat bottom its beginning: the lowest of many near equals is anywhere.
    let lowest = whole.clone().find(|&i| smoothed[i] <= smoothed[bottom] + luck)?;
    let fall = first - smoothed[lowest];
    let high = |&i: &usize| smoothed[i] > first - BEGUN * fall;
    let begins = (0..lowest).rev().find(high).map_or(0, |i| i + 1);
    let slope = |i: usize| {
        let (from, to) = (i.saturating_sub(reach), (i + reach).min(smoothed.len() - 1));
        (smoothed[to] - smoothed[from]) / (to - from).max(1) as f64
    };
    let steepest = (begins..=lowest).min_by(|&a, &b| slope(a).total_cmp(&slope(b)))?;
    let back = (lowest..whole.end).find(|&i| smoothed[i] >= first);
    Some(Valley { begins, steepest, lowest, back })
}

/// How far off a smoothed loss is by the luck of its batches, from the scatter of the losses before `end`.
fn standard_error(points: &[RangePoint], smoothed: &[f64], end: usize, reach: usize) -> f64 {
    let off = points.iter().zip(smoothed).take(end.max(2 * reach));
    let (sum, count) = off.fold((0.0, 0_usize), |(sum, n), (p, s)| (sum + (p.loss - s).powi(2), n + 1));
    (sum / count.max(1) as f64 / (2 * reach + 1) as f64).sqrt()
}
