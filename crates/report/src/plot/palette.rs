//! The few colours of every figure.
//!
//! # Source
//! Blue and vermilion of Okabe & Ito, "Color Universal Design", 2008: told apart with every common colour
//! vision, and, with blue darkened, by brightness alone in a gray print.

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
}

impl Role {
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
        }
    }
}
