//! Labels that a model gives good reason to doubt.

/// A sample whose label is likely wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Suspect {
    /// Its index.
    pub index: usize,
    /// The class that it likely is.
    pub likely: u32,
}

/// Confident learning: a sample is suspect if the model is as sure of another class as it usually is of that class's own
/// samples, and less so of the class that is given. The worst come first.
///
/// Class `j`'s threshold is the mean probability of `j` over the samples labelled `j`. Of the classes that reach their
/// threshold the likeliest is compared with the label. The model should not have learned from these very samples.
///
/// # Shapes
/// `probs` is `[labels.len(), classes]`.
///
/// # Source
/// Northcutt, Jiang, Chuang 2021, arXiv 1911.00068, section 3.
///
/// # Examples
/// ```
/// use data::check::suspects;
///
/// // Two classes; the last sample is labelled 0 and looks like all the others of class 1.
/// let probs = [0.9, 0.1, 0.8, 0.2, 0.1, 0.9, 0.2, 0.8, 0.1, 0.9];
/// let found = suspects(&probs, &[0, 0, 1, 1, 0], 2);
/// assert_eq!((found.len(), found[0].index, found[0].likely), (1, 4, 1));
/// ```
pub fn suspects(probs: &[f32], labels: &[u32], classes: usize) -> Vec<Suspect> {
    let mut sums = vec![(0.0_f64, 0_u32); classes];
    let rows = || probs.chunks_exact(classes.max(1)).zip(labels);
    for (row, &label) in rows() {
        let (sum, count) = &mut sums[label as usize];
        *sum += f64::from(row[label as usize]);
        *count += 1;
    }
    // A class without samples has no threshold that could be reached.
    let thresholds: Vec<f64> =
        sums.iter().map(|&(sum, count)| if count > 0 { sum / f64::from(count) } else { 2.0 }).collect();
    let mut found: Vec<(f32, Suspect)> = Vec::new();
    for (index, (row, &label)) in rows().enumerate() {
        let sure = (0..classes).filter(|&j| f64::from(row[j]) >= thresholds[j]);
        let Some(likely) = sure.max_by(|&a, &b| row[a].total_cmp(&row[b])) else { continue };
        let margin = row[label as usize] - row[likely];
        if likely != label as usize && margin < 0.0 {
            found.push((margin, Suspect { index, likely: likely as u32 }));
        }
    }
    found.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    found.into_iter().map(|(_, suspect)| suspect).collect()
}
