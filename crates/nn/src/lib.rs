//! Tensors, layers, losses, initialisers, optimizers, schedules, models and model files
#![forbid(unsafe_code)]
