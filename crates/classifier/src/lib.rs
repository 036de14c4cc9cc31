//! Weights, preprocessing and class names to predictions
#![forbid(unsafe_code)]
