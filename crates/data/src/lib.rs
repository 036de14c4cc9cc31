//! Photos to batches: sources, decoding, preprocessing, augmentation, the synthetic set
#![forbid(unsafe_code)]
