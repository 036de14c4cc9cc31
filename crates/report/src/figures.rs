//! Figures 2 to 10: for each model loss, top-1 and top-5 by epoch; and one picture of all test results.

use std::path::{Path, PathBuf};

use train::history::{EpochRecord, Metrics};

use crate::ReportError;
use crate::contender::{Accuracy, Contender, counted};
use crate::plot::{
    Bar, BarChart, Drawing, Floor, Group, LineChart, Mark, Panel, Presence, Reference, Role, Series, XAxis,
    to_png, to_svg,
};
use crate::published::known_model;
use crate::stats::Stats;
use crate::tables::chance_label;

/// First number that no published figure has.
const FREE_FIGURE: usize = 11;

/// A drawing with its number, file name and words.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// As in the published report; `None` for a picture that it does not have.
    pub number: Option<usize>,
    /// File name without its ending, such as `fig02_perceptron_loss`.
    pub stem: String,
    /// Such as `LeNet5: Training/Validation Loss`.
    pub title: String,
    /// The picture.
    pub drawing: Drawing,
}

/// Pixels of a PNG to one of the drawing: sharp on paper at half a page's width.
pub(crate) const PNG_SCALE: f64 = 2.0;

impl Figure {
    /// Its files in `dir/figures`, as SVG and as PNG.
    ///
    /// # Errors
    /// [`ReportError::Draw`] if the picture can't be made.
    pub(crate) fn files(&self, dir: &Path) -> Result<[(PathBuf, Vec<u8>); 2], ReportError> {
        let path = |ending: &str| dir.join("figures").join(format!("{}.{ending}", self.stem));
        Ok([
            (path("svg"), to_svg(&self.drawing).into_bytes()),
            (path("png"), to_png(&self.drawing, PNG_SCALE)?),
        ])
    }
}

/// What a curve shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantity {
    Loss,
    Accuracy(Accuracy),
}

impl Quantity {
    const ALL: [Quantity; 3] =
        [Quantity::Loss, Quantity::Accuracy(Accuracy::Top1), Quantity::Accuracy(Accuracy::Top5)];

    fn of(self, metrics: &Metrics) -> Option<f64> {
        match self {
            Quantity::Loss => Some(metrics.loss).filter(|_| metrics.samples > 0),
            Quantity::Accuracy(accuracy) => accuracy.of(metrics),
        }
    }

    fn key(self) -> &'static str {
        match self {
            Quantity::Loss => "loss",
            Quantity::Accuracy(accuracy) => accuracy.key(),
        }
    }

    fn title(self) -> String {
        match self {
            Quantity::Loss => "Training/Validation Loss".to_owned(),
            Quantity::Accuracy(accuracy) => format!("Training/Validation {} Accuracy", accuracy.title()),
        }
    }

    fn axis(self) -> String {
        match self {
            Quantity::Loss => "Loss (cross-entropy, nats)".to_owned(),
            Quantity::Accuracy(accuracy) => format!("{} accuracy (fraction)", accuracy.title()),
        }
    }

    fn chance(self, num_classes: usize) -> Option<Reference> {
        if num_classes < 2 {
            return None;
        }
        Some(match self {
            Quantity::Loss => {
                let value = (num_classes as f64).ln();
                Reference { name: format!("chance: ln {num_classes} = {value:.3}"), value }
            }
            Quantity::Accuracy(accuracy) => Reference {
                name: format!("chance: {}", chance_label(accuracy, num_classes)),
                value: accuracy.chance(num_classes),
            },
        })
    }

    fn floor(self) -> Floor {
        match self {
            Quantity::Loss => Floor::Data,
            Quantity::Accuracy(_) => Floor::Zero,
        }
    }
}

/// The curves of one contender, three figures a contender in the order of `contenders`.
///
/// The published models keep their published numbers, 2 to 10; all others go on after them.
pub fn curves(contenders: &[Contender]) -> Vec<Figure> {
    let mut free = FREE_FIGURE;
    let mut taken = Vec::new();
    let mut figures = Vec::new();
    for contender in contenders {
        let first = match known_model(contender.model()) {
            Some(known) if !taken.contains(&known.figure) => known.figure,
            _ => {
                free += 3;
                free - 3
            }
        };
        taken.push(first);
        let numbered = Quantity::ALL.into_iter().enumerate();
        figures.extend(numbered.map(|(i, quantity)| curve(contender, quantity, first + i)));
    }
    figures
}

fn curve(contender: &Contender, quantity: Quantity, number: usize) -> Figure {
    let chart = LineChart {
        title: quantity.title(),
        subtitle: subtitle(contender),
        x: XAxis::Epochs,
        y_name: quantity.axis(),
        series: series(contender, quantity),
        reference: quantity.chance(contender.num_classes()),
        mark: best_mark(contender),
        floor: quantity.floor(),
    };
    Figure {
        number: Some(number),
        stem: format!("fig{number:02}_{}_{}", contender.slug(), quantity.key()),
        title: format!("{}: {}", contender.title, chart.title),
        drawing: chart.draw(),
    }
}

fn subtitle(contender: &Contender) -> String {
    let epochs = contender.runs.iter().map(|r| r.summary.epochs.len()).max().unwrap_or(0);
    let seeds = match contender.runs.as_slice() {
        [run] => format!("seed {}", run.summary.seed),
        runs => format!("mean of {}", counted(runs.len(), "seed")),
    };
    // The title names the recipe already if the report has several of one model.
    let recipe = Some(contender.recipe()).filter(|r| !contender.title.contains(r));
    let recipe = recipe.map_or(String::new(), |r| format!("{r} recipe, "));
    format!("{}, {recipe}{}, {seeds}", contender.title, counted(epochs, "epoch"))
}

fn best_mark(contender: &Contender) -> Option<Mark> {
    let [run] = contender.runs.as_slice() else { return None };
    let epoch = run.summary.best_epoch.filter(|e| run.summary.epochs.iter().any(|r| r.epoch == *e))?;
    Some(Mark { name: format!("best epoch: {epoch}"), at: epoch as f64 })
}

/// Training and validation; of several seeds each one faintly, their mean in full.
fn series(contender: &Contender, quantity: Quantity) -> Vec<Series> {
    type Split = fn(&EpochRecord) -> &Metrics;
    let splits: [(&str, Role, Split); 2] =
        [("Training", Role::First, |e| &e.train), ("Validation", Role::Second, |e| &e.val)];
    let mut all = Vec::new();
    for (name, role, split) in splits {
        let points = |epochs: &[EpochRecord]| -> Vec<(f64, f64)> {
            epochs.iter().filter_map(|e| Some((e.epoch as f64, quantity.of(split(e))?))).collect()
        };
        let of_runs = contender.runs.iter().map(|r| points(&r.summary.epochs));
        let of_runs: Vec<_> = of_runs.filter(|points| !points.is_empty()).collect();
        let line = |name: &str, points, presence| Series { name: name.to_owned(), points, role, presence };
        match of_runs.as_slice() {
            [] => {}
            [only] => all.push(line(name, only.clone(), Presence::Full)),
            seeds => {
                all.extend(seeds.iter().map(|s| line("single seeds", s.clone(), Presence::Faint)));
                all.push(line(name, mean(seeds), Presence::Full));
            }
        }
    }
    // Faint lines first: the means are painted over them.
    all.sort_by_key(|s| s.presence == Presence::Full);
    all
}

/// The mean at every epoch that all seeds have reached.
fn mean(seeds: &[Vec<(f64, f64)>]) -> Vec<(f64, f64)> {
    let Some((first, others)) = seeds.split_first() else { return vec![] };
    let at = |seed: &Vec<(f64, f64)>, epoch: f64| seed.iter().find(|p| p.0 == epoch).map(|p| p.1);
    let all = first.iter().filter_map(|&(epoch, value)| {
        let rest: Option<Vec<f64>> = others.iter().map(|s| at(s, epoch)).collect();
        let stats = Stats::of(rest?.into_iter().chain([value]))?;
        Some((epoch, stats.mean))
    });
    all.collect()
}

/// Test accuracy of every contender beside chance and the published figures; `None` without any test result.
pub fn test_results(contenders: &[Contender]) -> Option<Figure> {
    let tested: Vec<&Contender> = contenders.iter().filter(|c| c.test(Accuracy::Top1).is_some()).collect();
    let first = tested.first()?;
    let num_classes = first.num_classes();
    let same = tested.iter().all(|c| c.num_classes() == num_classes);
    let panel = |accuracy: Accuracy| Panel {
        heading: format!("{} accuracy", accuracy.title()),
        reference: same.then(|| {
            (format!("chance {}", chance_label(accuracy, num_classes)), accuracy.chance(num_classes))
        }),
        groups: tested.iter().map(|c| bars(c, accuracy)).collect(),
    };
    let known = tested.iter().any(|c| known_model(c.model()).is_some());
    let published = known.then(|| ("published".to_owned(), Role::Third));
    let spread = if tested.iter().any(|c| c.runs.len() > 1) { "; whiskers: ± std over seeds" } else { "" };
    let chart = BarChart {
        title: "Test accuracy".to_owned(),
        subtitle: format!("Weights of the best epoch{spread}"),
        legend: [("this report".to_owned(), Role::First)].into_iter().chain(published).collect(),
        panels: vec![panel(Accuracy::Top1), panel(Accuracy::Top5)],
    };
    let title = "Test accuracy of all models".to_owned();
    Some(Figure { number: None, stem: "test_accuracy".to_owned(), title, drawing: chart.draw() })
}

fn bars(contender: &Contender, accuracy: Accuracy) -> Group {
    let ours = contender.test(accuracy).map(|stats| Bar {
        value: stats.mean,
        spread: stats.std,
        label: format!("{:.3}", stats.mean),
        role: Role::First,
    });
    let published = known_model(contender.model()).map(|known| {
        let (value, digits) = match accuracy {
            Accuracy::Top1 => known.published.test_top1,
            Accuracy::Top5 => known.published.test_top5,
        };
        Bar { value, spread: None, label: format!("{value:.digits$}"), role: Role::Third }
    });
    Group { name: contender.title.clone(), bars: ours.into_iter().chain(published).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contender::Run;
    use crate::fixture;

    fn stems(runs: &[Run]) -> Vec<String> {
        curves(&Contender::group(runs)).into_iter().map(|f| f.stem).collect()
    }

    #[test]
    fn the_nine_figures_have_their_published_numbers() {
        let expected = [
            "fig02_perceptron_loss",
            "fig03_perceptron_top1",
            "fig04_perceptron_top5",
            "fig05_lenet5_loss",
            "fig06_lenet5_top1",
            "fig07_lenet5_top5",
            "fig08_lenet5-modified_loss",
            "fig09_lenet5-modified_top1",
            "fig10_lenet5-modified_top5",
        ];
        assert_eq!(stems(&fixture::report("tuned", 0..2).runs), expected);
    }

    #[test]
    fn every_other_contender_gets_numbers_and_names_of_its_own() {
        let mut runs = vec![fixture::run("lenet5", "tuned", 0, 2), fixture::run("lenet5", "tuned", 0, 2)];
        runs[1].name = "../Lr 0.1".into();
        runs.push(fixture::run("Ünet", "tuned", 0, 2));
        let stems = stems(&runs);
        assert_eq!(stems[0], "fig05_lenet5-lenet5-0_loss");
        assert_eq!(stems[3], "fig11_lenet5-lr-0-1_loss");
        assert_eq!(stems[6], "fig14_net_loss");
    }

    #[test]
    fn titles_are_the_published_ones() {
        let figures = curves(&Contender::group(&[fixture::run("lenet5", "tuned", 0, 10)]));
        let svg = to_svg(&figures[1].drawing);
        assert!(svg.contains(">Training/Validation Top-1 Accuracy</text>"));
        assert!(svg.contains(">LeNet5, tuned recipe, 10 epochs, seed 0</text>"));
        assert!(svg.contains(">chance: 0.02</text>") && svg.contains(">Epoch</text>"));
    }

    #[test]
    fn several_seeds_draw_their_mean() {
        let seeds = [vec![(1.0, 1.0), (2.0, 3.0)], vec![(1.0, 2.0), (2.0, 5.0), (3.0, 9.0)]];
        assert_eq!(mean(&seeds), [(1.0, 1.5), (2.0, 4.0)]);
        assert_eq!(mean(&[]), []);
    }

    #[test]
    fn a_split_that_was_never_scored_has_no_curve() {
        let mut run = fixture::run("lenet5", "tuned", 0, 3);
        run.summary.epochs.iter_mut().for_each(|e| e.val = Metrics::default());
        let contenders = Contender::group(&[run]);
        assert_eq!(contenders[0].val(Accuracy::Top1), None);
        let names: Vec<_> = series(&contenders[0], Quantity::Loss).into_iter().map(|s| s.name).collect();
        assert_eq!(names, ["Training"]);
    }

    #[test]
    fn without_test_results_there_are_no_bars() {
        let mut run = fixture::run("lenet5", "tuned", 0, 2);
        assert!(test_results(&Contender::group(&[run.clone()])).is_some());
        run.summary.test = None;
        assert!(test_results(&Contender::group(&[run])).is_none());
    }
}
