//! The synthetic set as files: pictures, list files and class names.

use super::{Part, Synthetic, class_names, draw, label};
use crate::{
    error::DataError,
    picture::Picture,
    source::{TEST, TRAIN, VAL},
};
use image::{
    ExtendedColorType, ImageEncoder,
    codecs::png::{CompressionType, FilterType, PngEncoder},
};
use rayon::prelude::*;
use std::{
    fs, io,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Writes the set to a new or empty folder, as PNG files with `train.txt`, `val.txt`, `test.txt` and `classes.txt`.
///
/// The list files are written last, so that a folder left behind by a stopped run is not taken for a whole set.
/// `progress` is told how many of how many pictures are written, from several threads.
///
/// # Errors
/// [`DataError::NotEmpty`] if there is something in the folder already; [`DataError::Io`] if it can't be written.
pub fn write(
    folder: &Path,
    set: &Synthetic,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<(), DataError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source: io::Error| DataError::Io { path, source }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    if fs::read_dir(folder).map_err(failed(folder))?.next().is_some() {
        return Err(DataError::NotEmpty { path: folder.into() });
    }
    let parts = [(TRAIN, Part::Train, set.train), (VAL, Part::Val, set.val), (TEST, Part::Test, set.test)];
    let total = parts.iter().map(|&(_, _, n)| n as usize).sum();
    let done = AtomicUsize::new(0);
    for (name, part, n) in parts.into_iter().filter(|&(_, _, n)| n > 0) {
        let images = folder.join("images").join(name);
        fs::create_dir_all(&images).map_err(failed(&images))?;
        (0..u64::from(n)).into_par_iter().try_for_each(|index| {
            let path = folder.join(part.picture_name(index));
            fs::write(&path, png(&draw(set.seed, part, index)).map_err(failed(&path))?)
                .map_err(failed(&path))?;
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
            Ok(())
        })?;
    }
    let text = |lines: Vec<String>| lines.join("\n") + "\n";
    let classes = folder.join("classes.txt");
    fs::write(&classes, text(class_names())).map_err(failed(&classes))?;
    for (name, part, n) in parts.into_iter().filter(|&(_, _, n)| n > 0) {
        let list = folder.join(format!("{name}.txt"));
        let line = |i| format!("{} {}", part.picture_name(i), label(i));
        fs::write(&list, text((0..u64::from(n)).map(line).collect())).map_err(failed(&list))?;
    }
    Ok(())
}

fn png(picture: &Picture) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive);
    let (width, height) = (picture.width as u32, picture.height as u32);
    encoder.write_image(&picture.data, width, height, ExtendedColorType::Rgb8).map_err(io::Error::other)?;
    Ok(bytes)
}
