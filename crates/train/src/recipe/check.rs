//! Whether a recipe's numbers make sense, before anything is read or computed.

use super::{ClassWeights, FeatureChoice, LossKind, Recipe, Reported, Sampling, Standardize, Start};
use crate::TrainError;
use data::{LastBatch, Preprocess};
use nn::{optim::OptimizerConfig, schedule::Curve};

impl Recipe {
    /// Looks for numbers out of their range; to be called after fields were set by hand.
    ///
    /// # Errors
    /// [`TrainError::Recipe`], from `origin`, naming the first field that is off and what would do.
    pub fn check(&self, origin: &str) -> Result<(), TrainError> {
        match self.fault() {
            None => Ok(()),
            Some(what) => Err(TrainError::Recipe { origin: origin.to_owned(), what }),
        }
    }

    /// The first fault, named by its key.
    pub(super) fn fault(&self) -> Option<String> {
        let sides = 1..=Preprocess::MAX_SIDE;
        let whole = [
            ("epochs", self.epochs, 1..=usize::MAX),
            ("batch_size", self.batch_size, 1..=1 << 20),
            ("input.height", self.input.height, sides.clone()),
            ("input.width", self.input.width, sides),
        ];
        for (name, value, range) in whole {
            if !range.contains(&value) {
                let most = match range.end() {
                    &usize::MAX => format!("at least {}", range.start()),
                    most => format!("{} to {most}", range.start()),
                };
                return Some(format!("{name} is {value}, expected {most}"));
            }
        }
        for (name, value) in [("max_steps", self.max_steps), ("patience", self.patience.map(|n| n as u64))] {
            if value == Some(0) {
                return Some(format!("{name} is 0, expected at least 1"));
            }
        }
        let reals = self.rates().into_iter().chain(self.standards()).chain(self.start()).chain(self.curve());
        for (name, value, range) in reals {
            if !range.contains(value) {
                return Some(format!("{name} is {value}, expected {}", range.0));
            }
        }
        if let Some((class, weight)) = self.class_weights.fault() {
            return Some(format!("class_weights.{class} is {weight}, expected a number from 0"));
        }
        self.augment.check().err().map(|what| format!("augment.{what}")).or_else(|| self.pair())
    }

    /// Two options that make no sense together.
    fn pair(&self) -> Option<String> {
        let augment = &self.augment;
        let jittered = augment.color_jitter.iter().any(|&limit| limit > 0.0);
        if let FeatureChoice::Histogram { .. } = self.input.feature {
            if augment.cutmix > 0.0 {
                return Some(
                    "augment.cutmix pastes pixels, which a histogram has none of; set it to 0".into(),
                );
            }
            if !augment.is_none() && !augment.mixes() && augment.only_moves_pixels() {
                let flip = if augment.hflip > 0.0 { "hflip" } else { "vflip" };
                return Some(format!("augment.{flip} does nothing to a histogram; set it to 0"));
            }
        } else if jittered && self.input.standardize == Standardize::Picture {
            let what = "augment.color_jitter does nothing where each picture is standardized by itself";
            return Some(format!("{what}; set it to 0, or input.standardize to \"dataset\""));
        }
        let plain = self.loss.kind == LossKind::CrossEntropy && self.loss.reported == Reported::Loss;
        if augment.mixes() && !plain {
            let what =
                "augment.mixup and cutmix need loss.kind = \"cross-entropy\" and loss.reported = \"loss\"";
            return Some(what.into());
        }
        if self.class_weights != ClassWeights::Even && !plain {
            let what = "class_weights need loss.kind = \"cross-entropy\" and loss.reported = \"loss\"";
            return Some(what.into());
        }
        if self.sampling == Sampling::Balanced && !self.shuffle {
            return Some("sampling = \"balanced\" draws an order of its own; set shuffle to true".into());
        }
        None
    }

    fn rates(&self) -> Vec<Real> {
        let mut rates = vec![
            ("schedule.lr", self.schedule.lr, POSITIVE),
            ("schedule.warmup_epochs", self.schedule.warmup_epochs, NOT_NEGATIVE),
            ("loss.label_smoothing", self.loss.label_smoothing, SHARE),
        ];
        let clip = self.clip.unwrap_or_default();
        rates.extend(clip.value.map(|value| ("clip.value", value, POSITIVE)));
        rates.extend(clip.norm.map(|norm| ("clip.norm", norm, POSITIVE)));
        rates.extend(self.ema.map(|ema| ("ema.decay", ema.decay, SHARE)));
        let (betas, eps, decay) = match self.optimizer {
            OptimizerConfig::Sgd(sgd) => {
                rates.push(("optimizer.momentum", sgd.momentum, SHARE));
                rates.push(("optimizer.dampening", sgd.dampening, SHARE));
                rates.push(("optimizer.decoupled_decay", sgd.decoupled_decay, SHARE));
                rates.push(("optimizer.weight_decay", sgd.weight_decay, NOT_NEGATIVE));
                return rates;
            }
            OptimizerConfig::Adam(adam) => (adam.betas, adam.eps, adam.weight_decay),
            OptimizerConfig::AdamW(adam) => (adam.betas, adam.eps, adam.weight_decay),
        };
        rates.push(("optimizer.betas[0]", betas.0, SHARE));
        rates.push(("optimizer.betas[1]", betas.1, SHARE));
        rates.push(("optimizer.eps", eps, POSITIVE));
        rates.push(("optimizer.weight_decay", decay, NOT_NEGATIVE));
        rates
    }

    fn standards(&self) -> Vec<Real> {
        match self.input.standardize {
            Standardize::Dataset | Standardize::Picture | Standardize::None => Vec::new(),
            Standardize::Fixed { mean, std } => vec![
                ("input.standardize.fixed.mean", f64::from(mean), ANY),
                ("input.standardize.fixed.std", f64::from(std), POSITIVE),
            ],
        }
    }

    fn start(&self) -> Vec<Real> {
        match self.init {
            Start::Drawn { .. } => Vec::new(),
            Start::FromData { target_std, last_std, samples } => vec![
                ("init.target_std", target_std, POSITIVE),
                ("init.last_std", last_std, POSITIVE),
                ("init.samples", samples as f64, POSITIVE),
            ],
        }
    }

    fn curve(&self) -> Vec<Real> {
        match self.schedule.curve {
            Curve::Constant => Vec::new(),
            Curve::Step { every_epochs, gamma } => vec![
                ("schedule.curve.every_epochs", every_epochs as f64, POSITIVE),
                ("schedule.curve.gamma", gamma, POSITIVE),
            ],
            Curve::Cosine { min_factor } => vec![("schedule.curve.min_factor", min_factor, NOT_NEGATIVE)],
            Curve::OneCycle(cycle) => vec![
                ("schedule.curve.pct_start", cycle.pct_start, SHARE),
                ("schedule.curve.div_factor", cycle.div_factor, POSITIVE),
                ("schedule.curve.final_div_factor", cycle.final_div_factor, POSITIVE),
            ],
            Curve::PerBatchDecay { factor } => vec![("schedule.curve.factor", factor, POSITIVE)],
        }
    }
}

type Real = (&'static str, f64, Range);

/// A range of numbers, in words and as a test.
#[derive(Clone, Copy)]
struct Range(&'static str, fn(f64) -> bool);

const ANY: Range = Range("a number", |_| true);
const POSITIVE: Range = Range("a number over 0", |x| x > 0.0);
const NOT_NEGATIVE: Range = Range("a number from 0", |x| x >= 0.0);
const SHARE: Range = Range("a number from 0 to below 1", |x| (0.0..1.0).contains(&x));

impl Range {
    fn contains(self, x: f64) -> bool {
        x.is_finite() && self.1(x)
    }
}

/// Steps that an epoch over `samples` samples has.
pub(crate) fn steps_per_epoch(samples: usize, batch_size: usize, last: LastBatch) -> usize {
    match last {
        LastBatch::Keep => samples.div_ceil(batch_size),
        LastBatch::Drop => samples / batch_size,
    }
}

#[cfg(test)]
mod tests {
    use crate::{Preset, Recipe};

    #[test]
    fn what_is_out_of_range_is_named_with_what_would_do() {
        let recipe = Recipe::builtin("lenet5", Preset::Tuned).unwrap();
        let cases = [
            ("epochs = 0", "epochs is 0, expected at least 1"),
            ("batch_size = 0", "batch_size is 0"),
            ("max_steps = 0", "max_steps is 0"),
            ("input.width = 5000", "input.width is 5000, expected 1 to 4096"),
            ("schedule.lr = -1.0", "schedule.lr is -1, expected a number over 0"),
            ("schedule.lr = nan", "schedule.lr is NaN"),
            ("loss.label_smoothing = 1.0", "loss.label_smoothing is 1, expected a number from 0 to below 1"),
            (
                "input.standardize = { fixed = { mean = 0.5, std = 0.0 } }",
                "input.standardize.fixed.std is 0, expected a number over 0",
            ),
            ("augment.hflip = 2.0", "augment.hflip is 2"),
            ("patience = 0", "patience is 0, expected at least 1"),
            ("clip.norm = 0.0", "clip.norm is 0, expected a number over 0"),
            ("ema.decay = 1.0", "ema.decay is 1, expected a number from 0 to below 1"),
            (
                "augment.color_jitter = [0.1, 0.0, 0.0]\ninput.standardize = \"picture\"",
                "augment.color_jitter does nothing",
            ),
            (
                "augment.mixup = 0.2\nloss.reported = \"both-terms\"",
                "augment.mixup and cutmix need loss.kind",
            ),
            ("class_weights = { cat = -1.0 }", "class_weights.cat is -1, expected a number from 0"),
            ("class_weights = \"balanced\"\nloss.reported = \"both-terms\"", "class_weights need loss.kind"),
            ("sampling = \"balanced\"\nshuffle = false", "sampling = \"balanced\" draws an order"),
            ("optimizer.betas = [0.9, 1.0]", "optimizer.betas[1] is 1"),
            (
                "init = { kind = \"from-data\", target_std = 1.0, last_std = 0.1, samples = 0 }",
                "init.samples is 0",
            ),
        ];
        for (change, expected) in cases {
            let message = recipe.overlay(change, "my.toml").unwrap_err().to_string();
            assert!(message.starts_with(&format!("my.toml:1: {expected}")), "{change}: {message}");
        }
    }
}
