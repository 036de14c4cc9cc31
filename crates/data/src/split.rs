//! Dividing one class's pictures 80/10/10, the same way on every machine.

/// The part of the data that a picture belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    Train,
    Val,
    Test,
}

/// The share of each of a class's pictures, by the rank of a hash of its path.
///
/// A tenth (rounded) is for validation and a tenth for test, from three pictures on at least one each. The rank, not
/// the hash itself, decides, so every class is divided exactly; the order of `paths` does not matter.
pub(crate) fn divide(paths: &[String]) -> Vec<Share> {
    let n = paths.len();
    let tenth = if n < 3 { 0 } else { ((n + 5) / 10).max(1) };
    let mut ranked: Vec<usize> = (0..n).collect();
    ranked.sort_by_key(|&i| (stable_hash(&paths[i]), &paths[i]));
    let mut shares = vec![Share::Train; n];
    for &i in &ranked[..tenth] {
        shares[i] = Share::Test;
    }
    for &i in &ranked[tenth..2 * tenth] {
        shares[i] = Share::Val;
    }
    shares
}

/// FNV-1a over the bytes, then the finalizer of SplitMix64, since FNV's high bits are weak on short texts.
fn stable_hash(text: &str) -> u64 {
    let mut hash = text
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325_u64, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01B3));
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("cat/{i:04}.jpg")).collect()
    }

    fn count(shares: &[Share], share: Share) -> usize {
        shares.iter().filter(|&&s| s == share).count()
    }

    #[test]
    fn every_size_is_divided_eighty_ten_ten() {
        for (n, tenth) in [(0, 0), (1, 0), (2, 0), (3, 1), (10, 1), (14, 1), (15, 2), (100, 10), (1234, 123)]
        {
            let shares = divide(&paths(n));
            assert_eq!((count(&shares, Share::Val), count(&shares, Share::Test)), (tenth, tenth), "{n}");
            assert_eq!(count(&shares, Share::Train), n - 2 * tenth);
        }
    }

    #[test]
    fn the_order_of_the_paths_does_not_matter() {
        let forward = paths(50);
        let backward: Vec<_> = forward.iter().rev().cloned().collect();
        let mut shares = divide(&backward);
        shares.reverse();
        assert_eq!(shares, divide(&forward));
    }

    /// Published splits depend on this: if it fails, the hash has changed.
    #[test]
    fn the_hash_never_changes() {
        assert_eq!(stable_hash(""), 0xF52A_15E9_A9B5_E89B);
        assert_eq!(stable_hash("cat/0001.jpg"), 0x80BF_0428_040C_D75E);
    }
}
