//! Damaged bytes into every parser: the same body that `examples/fuzz.rs` runs for as long as one likes.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "parsers/body.rs"]
mod body;

use proptest::prelude::*;

#[test]
fn whole_files_are_what_they_claim() {
    for (parser, files) in body::PARSERS.iter().filter(|(_, files)| !files.is_empty()) {
        let folder = tempfile::tempdir().unwrap();
        for bytes in body::seeds(parser) {
            body::execute(parser, &bytes, folder.path());
        }
        let set = data::open(folder.path(), &data::Synthetic::default());
        assert!(set.is_ok(), "{parser} {files:?}: {set:?}");
    }
    assert!(body::seeds("decode").len() > 40);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damaged_bytes_give_a_result_or_one_line(parser in 0..body::PARSERS.len(), which: usize, numbers in prop::collection::vec(any::<u32>(), 1..40)) {
        let (parser, _) = body::PARSERS[parser];
        let folder = tempfile::tempdir().unwrap();
        let seeds = body::seeds(parser);
        let mut bytes = seeds[which % seeds.len()].clone();
        let mut numbers = numbers.into_iter().cycle();
        body::mutate(&mut bytes, &mut |below| numbers.next().unwrap_or(0) as usize % below.max(1));
        body::execute(parser, &bytes, folder.path());
    }
}
