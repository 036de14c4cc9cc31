//! `lenet evaluate`: trained weights on a split.

use super::{open, tell_cache, tell_skipped};
use crate::{
    args::EvaluateArgs,
    exit::Failure,
    out,
    progress::{Console, Decoding, percent},
    resolve::{self, DataPlan},
};
use classifier::{Assumed, Classifier};
use data::Loader;
use nn::ModelFile;
use serde_json::json;
use train::{Evaluator, Scoring, prepare_split};

/// Scores.
pub(super) fn run(args: EvaluateArgs, console: Console) -> Result<(), Failure> {
    let plan = DataPlan::parse(&args.data)?;
    let file = ModelFile::read(&args.weights)?;
    let data = open(&plan, None, console)?;
    // Only weights that do not name their classes themselves take the names from the data.
    let assumed =
        Assumed { model: args.model, class_names: Some(data.class_names().to_vec()), preprocess: None };
    let exact = Classifier::from_file(&file, &assumed, &args.weights)?;
    let classifier = if args.bf16 { exact.in_bf16() } else { exact };
    let data = data.align_to(classifier.class_names());
    let decoding = Decoding::new(console, "read");
    let set = prepare_split(
        &data,
        &args.split,
        classifier.preprocess(),
        resolve::on_bad(args.on_bad),
        args.read.cache().as_ref(),
        &|split, done, all| decoding.told(split, done, all),
    )?;
    tell_cache(set.cache_note.as_deref(), console);
    tell_skipped(set.skipped.iter().map(|bad| (args.split.as_str(), bad)), console);
    let skipped = set.skipped.len();
    let loader = Loader::plain(set, classifier.preprocess().clone());
    let metrics = Evaluator::new(classifier.net(), Scoring::default()).metrics(classifier.params(), &loader);
    let (top1, top5) = (metrics.top1, metrics.top5);
    let text = if args.json {
        json!({
            "loss": metrics.loss,
            "top1": top1,
            "top5": top5,
            "samples": metrics.samples,
            "skipped": skipped,
            "classes": classifier.class_names().len(),
            "split": args.split,
            "data": data.name(),
            "model": classifier.spec().name,
            "bf16": args.bf16,
            "weights": args.weights.display().to_string(),
        })
        .to_string()
    } else {
        let [top1, top5] = [top1, top5].map(|share| percent(share).trim_start().to_owned());
        format!(
            "{} of {}: loss {:.4}, top-1 {top1}, top-5 {top5} of {} pictures",
            args.split,
            data.name(),
            metrics.loss,
            metrics.samples
        )
    };
    out::print(&format!("{text}\n"))
}
