//! The few colours of every figure.
//!
//! # Source
//! Blue and vermilion of Okabe & Ito, "Color Universal Design", 2008: told apart with every common colour
//! vision, and, with blue darkened, by brightness alone in a gray print. The scale from poor to good goes from light to
//! dark, for the same reasons.

/// What a colour is for. The SVG carries it as a class, so that a page may restyle it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Background.
    Paper,
    /// Titles and values.
    Ink,
    /// Axis names, tick labels, notes.
    Muted,
    /// Grid lines.
    Grid,
    /// Axis lines.
    Axis,
    /// The training curve; measured bars.
    First,
    /// The validation curve.
    Second,
    /// Published figures.
    Third,
    /// How good something is, a step from 0 (poor) to [`Role::STEPS`] − 1 (good).
    Scale(u8),
}

/// The corners of the scale, evenly apart.
const SCALE: [[u8; 3]; 4] = [[0xf2, 0xb1, 0x5e], [0xd6, 0x5a, 0x5a], [0x7a, 0x2f, 0x87], [0x1f, 0x16, 0x4c]];

/// Class names of the scale's steps.
const STEP_CLASSES: [&str; Role::STEPS as usize] = [
    "scale0", "scale1", "scale2", "scale3", "scale4", "scale5", "scale6", "scale7", "scale8", "scale9",
    "scale10", "scale11", "scale12", "scale13", "scale14", "scale15",
];

impl Role {
    /// Steps of [`Role::Scale`].
    pub const STEPS: u8 = 16;

    /// The step of the scale for a share in [0, 1]: 1 is good.
    pub fn graded(share: f64) -> Self {
        Role::Scale(((share * f64::from(Self::STEPS)) as u8).min(Self::STEPS - 1))
    }

    /// Class name in the SVG.
    pub fn class(self) -> &'static str {
        match self {
            Role::Paper => "paper",
            Role::Ink => "ink",
            Role::Muted => "muted",
            Role::Grid => "grid",
            Role::Axis => "axis",
            Role::First => "first",
            Role::Second => "second",
            Role::Third => "third",
            Role::Scale(step) => STEP_CLASSES[usize::from(step.min(Self::STEPS - 1))],
        }
    }

    /// Red, green and blue on white paper.
    pub fn rgb(self) -> [u8; 3] {
        match self {
            Role::Paper => [0xff, 0xff, 0xff],
            Role::Ink => [0x1b, 0x1f, 0x24],
            Role::Muted => [0x57, 0x60, 0x6a],
            Role::Grid => [0xe4, 0xe7, 0xeb],
            Role::Axis => [0x8a, 0x93, 0x9e],
            Role::First => [0x00, 0x5a, 0x9c],
            Role::Second => [0xd5, 0x5e, 0x00],
            Role::Third => [0x9a, 0xa3, 0xad],
            Role::Scale(step) => graded_rgb(f64::from(step) / f64::from(Self::STEPS - 1)),
        }
    }
}

/// Between the corners of the scale, `share` in [0, 1].
fn graded_rgb(share: f64) -> [u8; 3] {
    let along = share.clamp(0.0, 1.0) * (SCALE.len() - 1) as f64;
    let corner = (along as usize).min(SCALE.len() - 2);
    let (from, to, part) = (SCALE[corner], SCALE[corner + 1], along - corner as f64);
    std::array::from_fn(|i| {
        (f64::from(from[i]) + part * (f64::from(to[i]) - f64::from(from[i]))).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_darkens_from_step_to_step() {
        let light = |step| {
            let [r, g, b] = Role::Scale(step).rgb().map(f64::from);
            0.299 * r + 0.587 * g + 0.114 * b
        };
        assert!((1..Role::STEPS).all(|step| light(step) < light(step - 1)));
        assert_eq!([0.0, 0.5, 1.0, f64::NAN].map(Role::graded), [0, 8, 15, 0].map(Role::Scale));
        assert_eq!(Role::Scale(99).class(), "scale15");
    }
}
