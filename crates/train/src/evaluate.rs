//! Scoring a split with fixed weights.

use crate::{
    history::Metrics,
    metrics::Tally,
    recipe::{Loss, Recipe, Scored},
    store::Prediction,
};
use data::{Batch, LastBatch, Loader, Order, batches};
use nn::{Mode, Sequential, StepId, Workspace};

/// How a split is scored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scoring {
    /// Samples computed at once; changes nothing but the time, unless `scored` is [`Scored::FullBatches`].
    pub batch_size: usize,
    /// Which samples.
    pub scored: Scored,
    /// What is reported as the loss.
    pub loss: Loss,
}

impl Default for Scoring {
    /// All samples, cross-entropy.
    fn default() -> Self {
        Self { batch_size: 64, scored: Scored::All, loss: Loss::default() }
    }
}

impl Scoring {
    /// As a recipe has it.
    #[must_use]
    pub fn of(recipe: &Recipe) -> Self {
        let own = Self::default();
        let batch_size = match recipe.scored {
            Scored::All => own.batch_size,
            Scored::FullBatches => recipe.batch_size,
        };
        Self { batch_size, scored: recipe.scored, loss: recipe.loss }
    }

    fn last_batch(&self) -> LastBatch {
        match self.scored {
            Scored::All => LastBatch::Keep,
            Scored::FullBatches => LastBatch::Drop,
        }
    }
}

/// Memory for scoring one network again and again, on the current rayon pool.
#[derive(Debug)]
pub struct Evaluator<'a> {
    net: &'a Sequential,
    scoring: Scoring,
    workspace: Workspace,
    batch: Batch,
    scratch: Vec<f32>,
}

impl<'a> Evaluator<'a> {
    /// An evaluator for weights of `net`.
    #[must_use]
    pub fn new(net: &'a Sequential, scoring: Scoring) -> Self {
        let workspace = net.workspace(scoring.batch_size, Mode::Eval);
        Self { net, scoring, workspace, batch: Batch::default(), scratch: Vec::new() }
    }

    /// Metrics of the split behind `loader`.
    ///
    /// # Exactness
    /// Equal bits for every number of threads; a sample's logits do not depend on the batch it stands in.
    pub fn metrics(&mut self, params: &[f32], loader: &Loader) -> Metrics {
        self.visit(params, loader, |_, _| {})
    }

    /// Metrics, and what the network says of each scored sample, in the order of the split.
    pub fn predictions(&mut self, params: &[f32], loader: &Loader) -> (Metrics, Vec<Prediction>) {
        let mut predictions = Vec::with_capacity(loader.set().len());
        let metrics = self.visit(params, loader, |batch, logits| {
            let classes = (logits.len() / batch.len().max(1)).max(1);
            let samples = batch.indices.iter().zip(&batch.targets);
            let rows = samples.zip(logits.chunks_exact(classes));
            predictions.extend(rows.map(|((&index, &label), row)| Prediction::of(index, label, row)));
        });
        (metrics, predictions)
    }

    fn visit(&mut self, params: &[f32], loader: &Loader, mut each: impl FnMut(&Batch, &[f32])) -> Metrics {
        let count = loader.set().len();
        let order = Order::Sequential.epoch(0, count as u32);
        let mut tally = Tally::default();
        for indices in batches(&order, self.scoring.batch_size, self.scoring.last_batch()) {
            loader.fill(indices, 0, &mut self.batch);
            self.net.forward(params, &self.batch.input, StepId::default(), &mut self.workspace);
            let logits = self.workspace.logits();
            let targets = &self.batch.targets;
            let loss = self.scoring.loss.score(logits, targets, &mut self.scratch);
            tally.add(loss, logits, targets);
            each(&self.batch, logits);
        }
        tally.metrics_over(count)
    }
}

/// Metrics of the split behind `loader`, all samples, cross-entropy; see [`Evaluator`] for more.
#[must_use]
pub fn evaluate(net: &Sequential, params: &[f32], loader: &Loader) -> Metrics {
    Evaluator::new(net, Scoring::default()).metrics(params, loader)
}
