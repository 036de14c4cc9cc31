//! The picture of a learning-rate range test.

use crate::plot::{
    Drawing, Floor, LineChart, Mark, Presence, Reference, Role, Series, XAxis, to_png, to_svg,
};
use crate::{ReportError, figures::PNG_SCALE, store::write_whole};
use train::{LrRange, store::RunDir};

/// So many times the fall of the loss is shown above where it began; the rest says no more.
const SHOWN_RISE: f64 = 1.0;

/// The loss over the rate on a logarithmic axis, with the suggested rate.
#[must_use]
pub fn range_chart(range: &LrRange) -> Drawing {
    let ceiling = ceiling(range);
    let cut = |loss| if loss > ceiling { f64::NAN } else { loss };
    let line = |name: &str, values: &mut dyn Iterator<Item = f64>, presence| Series {
        name: name.to_owned(),
        points: range.points.iter().map(|point| point.lr).zip(values.map(cut)).collect(),
        role: Role::First,
        presence,
    };
    let chart = LineChart {
        title: "Learning rate range test".to_owned(),
        subtitle: format!(
            "{}, {} recipe, batches of {}, seed {}",
            range.model, range.recipe, range.batch_size, range.seed
        ),
        x: XAxis::Log { name: "Learning rate".to_owned() },
        y_name: "Training loss (nats)".to_owned(),
        series: vec![
            line("single batches", &mut range.points.iter().map(|p| p.loss), Presence::Faint),
            line("smoothed", &mut range.smoothed.iter().copied(), Presence::Full),
        ],
        reference: range
            .first_loss
            .map(|value| Reference { name: format!("at the beginning: {value:.3}"), value }),
        mark: range.suggestion.as_ref().map(|s| Mark { name: format!("suggested: {}", s.lr), at: s.lr }),
        floor: Floor::Data,
    };
    chart.draw()
}

/// Where the picture is cut, so that a loss out of hand does not press the valley flat.
fn ceiling(range: &LrRange) -> f64 {
    let fall = |first| Some(first - range.lowest?.loss);
    range.first_loss.map_or(f64::INFINITY, |first| first + SHOWN_RISE * fall(first).unwrap_or(first))
}

/// Writes [`range_chart`] into the run folder as `figures/lr_find.svg` and `figures/lr_find.png`.
///
/// # Errors
/// [`ReportError`] if a file can't be written.
pub fn write_range_chart(range: &LrRange, dir: &RunDir) -> Result<(), ReportError> {
    let drawing = range_chart(range);
    write_whole(&dir.lr_find_picture("svg"), to_svg(&drawing).as_bytes())?;
    write_whole(&dir.lr_find_picture("png"), &to_png(&drawing, PNG_SCALE)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::Shape;
    use train::{Landmark, RangeEnd, RangePoint, Reason, Suggestion};

    fn range(losses: &[f64]) -> LrRange {
        let lr = |i: usize| 1e-5 * 10_f64.powi(i as i32);
        let points: Vec<_> = losses
            .iter()
            .enumerate()
            .map(|(i, &loss)| RangePoint { step: i as u64 + 1, lr: lr(i), loss })
            .collect();
        let lowest = points.iter().min_by(|a, b| a.loss.total_cmp(&b.loss));
        LrRange {
            model: "lenet5".into(),
            recipe: "tuned".into(),
            seed: 3,
            batch_size: 32,
            recipe_lr: 1e-3,
            from: 1e-5,
            to: 10.0,
            steps: points.len() as u64,
            end: RangeEnd::OutOfHand { lr: 1.0 },
            first_loss: losses.first().copied(),
            begins: None,
            steepest: None,
            lowest: lowest.map(|point| Landmark { lr: point.lr, loss: point.loss }),
            diverges: Some(1.0),
            suggestion: lowest.map(|_| Suggestion { lr: 2e-3, reason: Reason::Steepest, why: String::new() }),
            smoothed: losses.to_vec(),
            points,
        }
    }

    #[test]
    fn the_suggestion_is_marked_and_a_loss_out_of_hand_is_cut() {
        let svg = to_svg(&range_chart(&range(&[4.0, 4.0, 3.5, 3.0, 50.0])));
        for words in
            ["suggested: 0.002", "Learning rate", "1e−5", "lenet5, tuned recipe, batches of 32, seed 3"]
        {
            assert!(svg.contains(&format!(">{words}</text>")), "{words}: {svg}");
        }
        assert!(!svg.contains(">50</text>") && svg.contains("smoothed ends at 3.0000 at 1.0e-2"), "{svg}");
    }

    #[test]
    fn decades_are_equally_far_apart() {
        let drawing = range_chart(&range(&[4.0, 4.0, 3.5, 3.0, 5.0]));
        let place = |label: &str| {
            let found = drawing.shapes.iter().find_map(|shape| match shape {
                Shape::Text(text) if text.text == label => Some(text.at.x),
                _ => None,
            });
            found.unwrap_or_else(|| panic!("no mark {label}"))
        };
        let places = ["1e−5", "1e−4", "0.001", "0.01", "0.1"].map(place);
        assert!(places.windows(2).all(|pair| (pair[1] - pair[0] - (places[1] - places[0])).abs() < 1e-9));
        assert!(places[1] > places[0] + 20.0);
    }

    #[test]
    fn a_test_without_a_single_step_is_drawn_too() {
        let folder = tempfile::tempdir().unwrap();
        write_range_chart(&range(&[]), &RunDir::open(folder.path())).unwrap();
        let svg = std::fs::read_to_string(folder.path().join("figures/lr_find.svg")).unwrap();
        assert!(svg.contains("no finite value"));
        assert!(folder.path().join("figures/lr_find.png").exists());
    }
}
