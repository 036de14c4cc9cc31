//! Flags over a recipe.

use super::augment;
use crate::{
    args::{ChangeArgs, ClassWeightsWord, DecayedWord, FitWord, OptimizerWord, SamplingWord, ScheduleWord},
    exit::Failure,
};
use data::Fit;
use nn::{
    optim::{Adam, AdamW, Clip, Decayed, Ema, OptimizerConfig, Sgd},
    schedule::{Curve, OneCycle},
};
use train::{
    Recipe,
    recipe::{ClassWeights, Sampling, Standardize, WeightGradient},
};

/// Momentum that comes with `--opt sgd`, the usual one.
const USUAL_MOMENTUM: f64 = 0.9;

/// The recipe with what the flags say.
///
/// # Errors
/// Usage, if a flag is not for the recipe's optimizer.
pub(super) fn apply(recipe: Recipe, args: &ChangeArgs) -> Result<Recipe, Failure> {
    let mut recipe = recipe;
    recipe.epochs = args.epochs.unwrap_or(recipe.epochs);
    recipe.batch_size = args.batch_size.unwrap_or(recipe.batch_size);
    recipe.max_steps = args.max_steps.or(recipe.max_steps);
    recipe.shuffle = recipe.shuffle && !args.no_shuffle;
    recipe.sampling = match args.sampling {
        None => recipe.sampling,
        Some(SamplingWord::EachOnce) => Sampling::EachOnce,
        Some(SamplingWord::Balanced) => Sampling::Balanced,
    };
    recipe.class_weights = match args.class_weights {
        None => recipe.class_weights,
        Some(ClassWeightsWord::Even) => ClassWeights::Even,
        Some(ClassWeightsWord::Balanced) => ClassWeights::Balanced,
    };
    recipe.loss.label_smoothing = args.smoothing.unwrap_or(recipe.loss.label_smoothing);
    recipe.weights = args.weights.clone().or(recipe.weights);
    recipe.augment = augment::apply(recipe.augment, &args.augment);
    recipe.optimizer = optimizer(recipe.optimizer, args)?;
    if args.opt.is_some() {
        // An optimizer that is asked for by name is the textbook's, gradients included.
        recipe.weight_gradient = WeightGradient::Plain;
    }
    schedule(&mut recipe, args);
    recipe.patience = args.patience.or(recipe.patience);
    if !args.freeze.is_empty() {
        recipe.freeze.clone_from(&args.freeze);
    }
    recipe.clip = clip(recipe.clip, args);
    recipe.ema = match args.ema {
        None => recipe.ema,
        Some(0.0) => None,
        Some(decay) => Some(Ema { decay }),
    };
    if let (Some(mean), Some(std)) = (args.mean, args.std) {
        recipe.input.standardize = Standardize::Fixed { mean, std };
    }
    if let Some(side) = args.imgsz {
        (recipe.input.height, recipe.input.width) = (side, side);
    }
    recipe.input.fit = match args.fit {
        None => recipe.input.fit,
        Some(FitWord::Squash) => Fit::Squash,
        Some(FitWord::Letterbox) => Fit::Letterbox,
    };
    Ok(recipe)
}

fn optimizer(current: OptimizerConfig, args: &ChangeArgs) -> Result<OptimizerConfig, Failure> {
    let mut config = match (args.opt, current) {
        (None, same)
        | (Some(OptimizerWord::Sgd), same @ OptimizerConfig::Sgd(_))
        | (Some(OptimizerWord::Adam), same @ OptimizerConfig::Adam(_))
        | (Some(OptimizerWord::AdamW), same @ OptimizerConfig::AdamW(_)) => same,
        (Some(OptimizerWord::Sgd), _) => OptimizerConfig::Sgd(Sgd::with_momentum(USUAL_MOMENTUM)),
        (Some(OptimizerWord::Adam), _) => OptimizerConfig::Adam(Adam::default()),
        (Some(OptimizerWord::AdamW), _) => OptimizerConfig::AdamW(AdamW::default()),
    };
    let (decay, decayed) = match &mut config {
        OptimizerConfig::Sgd(Sgd { weight_decay, decayed, .. })
        | OptimizerConfig::Adam(Adam { weight_decay, decayed, .. })
        | OptimizerConfig::AdamW(AdamW { weight_decay, decayed, .. }) => (weight_decay, decayed),
    };
    *decay = args.weight_decay.unwrap_or(*decay);
    *decayed = match args.decayed {
        None => *decayed,
        Some(DecayedWord::Weights) => Decayed::Weights,
        Some(DecayedWord::All) => Decayed::All,
    };
    match (&mut config, args.momentum) {
        (_, None) => {}
        (OptimizerConfig::Sgd(sgd), Some(momentum)) => sgd.momentum = momentum,
        _ => return Err(Failure::usage("--momentum is for sgd alone").hint("add --opt sgd")),
    }
    Ok(config)
}

fn clip(clip: Option<Clip>, args: &ChangeArgs) -> Option<Clip> {
    let Clip { value, norm } = clip.unwrap_or_default();
    let clip = Clip { value: args.clip_value.or(value), norm: args.clip_norm.or(norm) };
    (clip != Clip::default()).then_some(clip)
}

fn schedule(recipe: &mut Recipe, args: &ChangeArgs) {
    let schedule = &mut recipe.schedule;
    schedule.lr = args.lr.unwrap_or(schedule.lr);
    schedule.warmup_epochs = args.warmup_epochs.unwrap_or(schedule.warmup_epochs);
    let third = recipe.epochs.div_ceil(3);
    schedule.curve = match (args.sched, schedule.curve) {
        (None, same)
        | (Some(ScheduleWord::OneCycle), same @ Curve::OneCycle(_))
        | (Some(ScheduleWord::Cosine), same @ Curve::Cosine { .. }) => same,
        (Some(ScheduleWord::Constant), _) => Curve::Constant,
        (Some(ScheduleWord::Step), _) => Curve::Step { every_epochs: third, gamma: 0.1 },
        (Some(ScheduleWord::Cosine), _) => Curve::Cosine { min_factor: 0.0 },
        (Some(ScheduleWord::OneCycle), _) => Curve::OneCycle(OneCycle::default()),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::AugmentArgs;
    use data::Augment;
    use train::Preset;

    fn tuned() -> Recipe {
        Recipe::builtin("lenet5-modified", Preset::Tuned).unwrap()
    }

    #[test]
    fn without_a_flag_nothing_changes() {
        assert_eq!(apply(tuned(), &ChangeArgs::default()).unwrap(), tuned());
    }

    #[test]
    fn another_optimizer_begins_with_its_own_defaults() {
        let args =
            ChangeArgs { opt: Some(OptimizerWord::Sgd), weight_decay: Some(0.1), ..Default::default() };
        let changed = apply(tuned(), &args).unwrap();
        let expected = Sgd { weight_decay: 0.1, ..Sgd::with_momentum(0.9) };
        assert_eq!(changed.optimizer, OptimizerConfig::Sgd(expected));
        assert_eq!(changed.weight_gradient, WeightGradient::Plain);
        let same = ChangeArgs { opt: Some(OptimizerWord::AdamW), ..Default::default() };
        assert_eq!(apply(tuned(), &same).unwrap().optimizer, tuned().optimizer);
    }

    #[test]
    fn momentum_without_sgd_is_refused() {
        let args = ChangeArgs { momentum: Some(0.5), ..Default::default() };
        assert!(apply(tuned(), &args).is_err());
    }

    #[test]
    fn every_other_flag_lands_where_it_belongs() {
        let args = ChangeArgs {
            augment: AugmentArgs { no_aug: true, ..Default::default() },
            no_shuffle: true,
            mean: Some(0.0),
            std: Some(1.0),
            imgsz: Some(32),
            fit: Some(FitWord::Letterbox),
            sched: Some(ScheduleWord::Step),
            lr: Some(0.5),
            smoothing: Some(0.1),
            max_steps: Some(7),
            ema: Some(0.99),
            clip_norm: Some(2.0),
            patience: Some(3),
            freeze: vec!["conv*".into()],
            sampling: Some(SamplingWord::Balanced),
            class_weights: Some(ClassWeightsWord::Balanced),
            ..Default::default()
        };
        let changed = apply(tuned(), &args).unwrap();
        assert_eq!((changed.shuffle, changed.augment), (false, Augment::NONE));
        assert_eq!(changed.input.standardize, Standardize::Fixed { mean: 0.0, std: 1.0 });
        assert_eq!((changed.input.height, changed.input.width), (32, 32));
        assert_eq!(changed.input.fit, Fit::Letterbox);
        assert_eq!(changed.schedule.curve, Curve::Step { every_epochs: 4, gamma: 0.1 });
        assert_eq!((changed.schedule.lr, changed.loss.label_smoothing), (0.5, 0.1));
        assert_eq!((changed.max_steps, changed.ema), (Some(7), Some(Ema { decay: 0.99 })));
        assert_eq!(changed.clip, Some(Clip { norm: Some(2.0), value: None }));
        assert_eq!((changed.patience, changed.freeze.as_slice()), (Some(3), &["conv*".to_owned()][..]));
        assert_eq!((changed.sampling, &changed.class_weights), (Sampling::Balanced, &ClassWeights::Balanced));
        let off = ChangeArgs { ema: Some(0.0), ..Default::default() };
        assert_eq!(apply(changed, &off).unwrap().ema, None);
    }
}
