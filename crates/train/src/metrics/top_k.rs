//! Which classes score highest, and where the right one stands.

/// Place of class `target` among the scores, counted from 0: it is in the top k if its rank is below k.
///
/// Classes that score the same stand in the order of their index, as in a stable sort: so a model that gives every
/// class the same score is right by chance, not always. A score that is not a number stands before all others when
/// it is another class's and behind all others when it is the target's, so a broken model is never right.
///
/// # Panics
/// If `target` is not below the number of scores.
///
/// # Examples
/// ```
/// use train::metrics::rank;
///
/// assert_eq!(rank(&[0.1, 0.7, 0.2], 2), 1);
/// assert_eq!(rank(&[0.5, 0.5, 0.5], 2), 2, "of equals the first class stands first");
/// ```
#[must_use]
pub fn rank(scores: &[f32], target: usize) -> usize {
    let own = scores[target];
    let behind = |class: usize, score: f32| score < own || (score == own && class > target);
    let others = scores.iter().enumerate().filter(|&(class, _)| class != target);
    others.filter(|&(class, &score)| !behind(class, score)).count()
}

/// The `k` classes of highest score, best first; equal scores in the order of their class. At most as many as there
/// are; scores that are not numbers come last.
#[must_use]
pub fn top_k(scores: &[f32], k: usize) -> Vec<usize> {
    let mut classes: Vec<usize> = (0..scores.len()).collect();
    let key = |class: usize| if scores[class].is_nan() { f32::NEG_INFINITY } else { scores[class] };
    classes.sort_by(|&a, &b| key(b).total_cmp(&key(a)));
    classes.truncate(k);
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_answer_is_right_by_chance_only() {
        let scores = [0.25; 50];
        let hits = |k: usize| (0..50).filter(|&target| rank(&scores, target) < k).count();
        assert_eq!((hits(1), hits(5)), (1, 5));
    }

    #[test]
    fn the_rank_is_the_place_in_the_sorted_list() {
        let scores = [0.3, -1.0, 0.3, 2.0, 0.0, 0.3];
        let order = top_k(&scores, 6);
        assert_eq!(order, [3, 0, 2, 5, 4, 1]);
        for (place, &class) in order.iter().enumerate() {
            assert_eq!(rank(&scores, class), place, "class {class}");
        }
        assert_eq!(top_k(&scores, 2), [3, 0]);
        assert_eq!(top_k(&scores, 9).len(), 6);
    }

    #[test]
    fn a_score_that_is_no_number_is_never_right() {
        assert_eq!(rank(&[f32::NAN; 10], 0), 9);
        assert_eq!(rank(&[f32::NAN, 1.0, 2.0], 2), 1);
        assert_eq!(top_k(&[f32::NAN, 1.0, 2.0], 3), [2, 1, 0]);
    }
}
