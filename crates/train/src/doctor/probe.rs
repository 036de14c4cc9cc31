//! Taking a reading: the plain network on a few pictures, outside the steps.

use super::{InputFacts, LayerReading, Moment, Reading};
use crate::Job;
use data::{Augment, Batch, Loader, Order};
use nn::{Mode, Node, Role, Sequential, Shape, StepId, Workspace};
use std::sync::Arc;

/// Pictures of the training split that are looked at layer by layer, at most.
const LOOKED_AT: usize = 32;

/// Numbers that all layers' outputs together may be: a large net is looked at with fewer pictures.
const MAX_OUTPUTS: usize = 16 << 20;

/// Of them so many are differentiated, at most: that takes the most time, and norms need no more.
const DIFFERENTIATED: usize = 16;

/// Pictures of the validation split whose predictions are counted, at most.
const PREDICTED: usize = 64;

/// Memory and pictures for the readings of one run.
pub(super) struct Probe<'a> {
    job: &'a Job,
    batch: Batch,
    workspace: Workspace,
    grads: Vec<f32>,
    predicted: Batch,
    evaluation: Workspace,
}

impl<'a> Probe<'a> {
    pub(super) fn new(job: &'a Job) -> Self {
        let plain = job.plain();
        let outputs: usize = plain.nodes().iter().map(|n| n.layer.output_shape().len()).sum();
        let most = (MAX_OUTPUTS / outputs.max(1)).clamp(2, LOOKED_AT);
        let batch = some(job, &job.splits().train, most);
        let predicted = some(job, job.splits().val.as_ref().unwrap_or(&job.splits().train), PREDICTED);
        Self {
            job,
            workspace: plain.workspace(batch.len().min(DIFFERENTIATED), Mode::Train),
            grads: vec![0.0; plain.num_slots()],
            evaluation: job.net().workspace(predicted.len(), Mode::Eval),
            batch,
            predicted,
        }
    }

    /// What the network is fed with.
    pub(super) fn input(&self) -> InputFacts {
        let input = &self.batch.input;
        let count = input.len().max(1) as f64;
        let mean = input.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
        let variance = input.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / count;
        let largest = input.iter().fold(0.0, |most: f64, &x| most.max(f64::from(x.abs())));
        InputFacts { mean, std: variance.sqrt(), largest }
    }

    /// Looks at the network with the weights `params`; `before` are those before the last step, if they are known.
    pub(super) fn read(&mut self, at: Moment, params: &[f32], before: Option<&[f32]>) -> Reading {
        let plain = self.job.plain();
        let classes = self.job.splits().num_classes().max(1);
        self.differentiate(params);
        // Batch normalisation as in training: its running figures mean nothing yet at the beginning.
        let mode = |i: usize| match plain.nodes()[i].layer.kind() {
            "batch_norm2d" => Mode::Train,
            _ => Mode::Eval,
        };
        let outputs = plain.forward_all(&mut params.to_vec(), &self.batch.input, mode, |_, _, _| {});
        let logits = outputs.last().map_or(&[][..], |logits| logits);
        let loss = nn::loss::CrossEntropyLoss::default().forward(logits, &self.batch.targets);
        let told = plain.nodes().iter().zip(&outputs).map(|(node, out)| layer(node, out, self.batch.len()));
        let mut layers: Vec<LayerReading> = told.collect();
        for (layer, node) in layers.iter_mut().zip(plain.nodes()) {
            weights(layer, plain, node, [params, &self.grads], before);
        }
        layers.retain(|l| l.weight_norm.is_some() || l.saturated.is_some() || l.dead.is_some());
        self.job.net().forward(params, &self.predicted.input, StepId::default(), &mut self.evaluation);
        let (entropy, top_class_index, top_class) = predictions(self.evaluation.logits(), classes);
        let grad_norm = norm(&self.grads);
        Reading { at, loss, grad_norm, entropy, top_class, top_class_index, layers, ..Reading::default() }
    }

    fn differentiate(&mut self, params: &[f32]) {
        let (plain, recipe) = (self.job.plain(), self.job.recipe());
        let at = StepId { seed: recipe.seed, step: 0 };
        let count = self.batch.len().min(DIFFERENTIATED);
        let input = &self.batch.input[..count * (self.batch.input.len() / self.batch.len().max(1))];
        plain.forward(params, input, at, &mut self.workspace);
        let (logits, grad) = self.workspace.logits_and_grad();
        recipe.loss.step(logits, &self.batch.targets[..count], grad);
        plain.backward(params, input, at, &mut self.workspace, &mut self.grads);
    }
}

/// Pictures from all over a split, not augmented, the same for every run with this seed.
fn some(job: &Job, set: &Arc<data::PreparedSet>, most: usize) -> Batch {
    let order = Order::Shuffled { seed: job.recipe().seed }.epoch(0, set.len() as u32);
    let loader = Loader::new(Arc::clone(set), job.preprocess().clone(), Augment::NONE, job.recipe().seed);
    let mut batch = Batch::default();
    loader.fill(&order[..most.min(order.len())], 0, &mut batch);
    batch
}

/// What a layer's outputs say.
fn layer(node: &Node, output: &[f32], batch: usize) -> LayerReading {
    let kind = node.layer.kind();
    let share = |count: usize| count as f64 / output.len().max(1) as f64;
    let saturated = match kind {
        "sigmoid" => Some(share(output.iter().filter(|&&y| !(0.01..=0.99).contains(&y)).count())),
        "tanh" => Some(share(output.iter().filter(|&&y| y.abs() > 0.98).count())),
        _ => None,
    };
    LayerReading {
        name: node.name.clone(),
        kind: kind.to_owned(),
        varies: varies(output, batch),
        saturated,
        dead: (kind == "relu").then(|| dead(output, node.layer.output_shape())),
        ..LayerReading::default()
    }
}

/// Spread over pictures, as a share of the size of the outputs.
fn varies(output: &[f32], batch: usize) -> f64 {
    let width = (output.len() / batch.max(1)).max(1);
    let (mut sum, mut squares) = (vec![0.0_f64; width], 0.0);
    for sample in output.chunks_exact(width) {
        for (sum, &y) in sum.iter_mut().zip(sample) {
            *sum += f64::from(y);
            squares += f64::from(y) * f64::from(y);
        }
    }
    let of_means = sum.iter().map(|s| s * s).sum::<f64>() / batch.max(1) as f64;
    ((squares - of_means).max(0.0) / squares.max(f64::MIN_POSITIVE)).sqrt()
}

/// Share of units that are silent for every picture; a unit is a channel where the output is a picture.
fn dead(output: &[f32], shape: Shape) -> f64 {
    let (units, cells) = match shape {
        Shape::Image { channels, height, width } => (channels, height * width),
        Shape::Flat(len) => (len, 1),
    };
    let mut alive = vec![false; units];
    for sample in output.chunks_exact((units * cells).max(1)) {
        for (alive, cells) in alive.iter_mut().zip(sample.chunks_exact(cells.max(1))) {
            *alive = *alive || cells.iter().any(|&y| y > 0.0);
        }
    }
    alive.iter().filter(|&&alive| !alive).count() as f64 / units.max(1) as f64
}

/// What a layer's weights say.
fn weights(
    layer: &mut LayerReading,
    plain: &Sequential,
    node: &Node,
    [params, grads]: [&[f32]; 2],
    before: Option<&[f32]>,
) {
    let inside =
        |range: &std::ops::Range<usize>| node.params.start <= range.start && range.end <= node.params.end;
    let mut own = plain.params().iter().filter(|e| e.spec.role == Role::Weight && inside(&e.range));
    let Some(entry) = own.next() else { return };
    let range = entry.range.clone();
    let size = norm(&params[range.clone()]);
    layer.weight_norm = Some(size);
    layer.grad_norm = Some(norm(&grads[range.clone()]));
    layer.update_ratio = before.map(|before| {
        let change = params[range.clone()].iter().zip(&before[range]).map(|(a, b)| f64::from(a - b).powi(2));
        change.sum::<f64>().sqrt() / size.max(f64::MIN_POSITIVE)
    });
}

fn norm(numbers: &[f32]) -> f64 {
    numbers.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt()
}

/// Mean entropy as a share of guessing's, and the class that is predicted most with its share.
fn predictions(logits: &[f32], classes: usize) -> (f64, usize, f64) {
    let mut counts = vec![0_usize; classes];
    let (mut entropy, mut rows) = (0.0, 0_usize);
    for row in logits.chunks_exact(classes) {
        let most = row.iter().fold(f32::NEG_INFINITY, |most, &z| most.max(z));
        let exps: Vec<f64> = row.iter().map(|&z| f64::from(z - most).exp()).collect();
        let sum: f64 = exps.iter().sum();
        entropy -= exps.iter().map(|e| e / sum).filter(|&p| p > 0.0).map(|p| p * p.ln()).sum::<f64>();
        counts[row.iter().position(|&z| z == most).unwrap_or(0)] += 1;
        rows += 1;
    }
    let (index, &count) =
        counts.iter().enumerate().max_by_key(|&(i, c)| (c, usize::MAX - i)).unwrap_or((0, &0));
    let rows = rows.max(1) as f64;
    (entropy / rows / (classes as f64).ln().max(f64::MIN_POSITIVE), index, count as f64 / rows)
}
