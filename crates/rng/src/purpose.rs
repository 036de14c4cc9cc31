//! What a stream of random numbers is for.

/// What a stream is for, so that two uses of one seed never share numbers.
///
/// The discriminants are part of the generator's key and of every stored result: they are never changed and
/// never used again, new purposes get new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u64)]
pub enum Purpose {
    /// Initial weights; `index` is the number of the parameter tensor.
    Init = 1,
    /// Order of the training samples in an epoch.
    Shuffle = 2,
    /// Flips and crops of one sample in one epoch; `index` is the sample's number.
    Augment = 3,
    /// Dropout masks; `epoch` is the step, `index` the layer and sample.
    Dropout = 4,
    /// Pictures of the synthetic set; `epoch` is the split, `index` the picture's number.
    Synthetic = 5,
    /// Dividing one set into splits.
    Split = 6,
    /// Inputs of benchmarks.
    Bench = 7,
    /// Rotation, shift, zoom, shear and vertical mirroring of one sample in one epoch.
    Warp = 8,
    /// Brightness, contrast and saturation of one sample in one epoch.
    Colour = 9,
    /// Noise over one sample in one epoch.
    Noise = 10,
    /// The patch erased from one sample in one epoch.
    Erase = 11,
    /// Which other sample one sample is mixed with in one epoch, and how.
    Mix = 12,
    /// Which samples a balanced epoch has; `index` is 0 or the class and its round.
    Balance = 13,
    /// Values that a random search tries; `epoch` is the trial, `index` a hash of the setting's name.
    Sweep = 14,
}
