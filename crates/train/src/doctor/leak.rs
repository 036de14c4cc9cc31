//! Pictures that are in two splits.

use data::PreparedSet;
use std::collections::HashMap;

/// Bytes of a plane that stand for it until two agree in them.
const KEY: usize = 32;

/// Pictures of `other` whose planes are also in `train`, byte for byte.
pub(super) fn in_train(train: &PreparedSet, other: &PreparedSet) -> usize {
    if train.shape != other.shape {
        return 0;
    }
    let mut seen: HashMap<[u8; KEY], Vec<usize>> = HashMap::with_capacity(other.len());
    for index in 0..other.len() {
        seen.entry(key(other.plane(index))).or_default().push(index);
    }
    let mut leaked = vec![false; other.len()];
    for index in 0..train.len() {
        let plane = train.plane(index);
        for &at in seen.get(&key(plane)).into_iter().flatten() {
            leaked[at] = leaked[at] || other.plane(at) == plane;
        }
    }
    leaked.into_iter().filter(|&leaked| leaked).count()
}

/// Bytes from places all over the plane.
fn key(plane: &[u8]) -> [u8; KEY] {
    // Odd steps, so that they do not all fall into one column.
    let stride = (plane.len() / KEY) | 1;
    std::array::from_fn(|i| plane[(i * stride + i) % plane.len()])
}
