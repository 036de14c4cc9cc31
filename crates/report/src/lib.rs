//! Tables, figures, CSV and HTML of training runs
#![forbid(unsafe_code)]
