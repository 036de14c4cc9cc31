//! `lenet cache`: what lies in the packed cache, and away with it.

use super::grid::{Side, grid};
use crate::{args::CacheArgs, exit::Failure, out, progress::thousands};
use data::{Cache, cache::CacheFile};
use serde_json::json;
use std::io;
use train::ErrorKind;

/// Lists or clears.
pub(super) fn run(args: CacheArgs) -> Result<(), Failure> {
    let Some(cache) = Cache::of_user() else {
        return Err(Failure::new(ErrorKind::NoInput, "no cache folder: HOME is not set")
            .hint("LENET_CACHE_DIR names one"));
    };
    let folder = cache.folder().display().to_string();
    let failed = |error: io::Error| Failure::new(ErrorKind::Io, format!("cache folder {folder}: {error}"));
    if args.clear {
        let (files, bytes) = cache.clear().map_err(failed)?;
        return out::print(&format!("{folder}: removed {} files, {}\n", thousands(files), megabytes(bytes)));
    }
    let files = cache.list().map_err(failed)?;
    out::print(&if args.json { as_json(&folder, &files) } else { as_table(&folder, &files) })
}

fn as_table(folder: &str, files: &[CacheFile]) -> String {
    if files.is_empty() {
        return format!("{folder}: empty\n");
    }
    let columns =
        [("data", Side::Left), ("split", Side::Left), ("pictures", Side::Right), ("size", Side::Right)];
    let columns = [&columns[..], &[("file", Side::Right), ("name", Side::Left)]].concat();
    let row = |file: &CacheFile| {
        let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut cells = match &file.entry {
            Some(entry) => {
                let [channels, height, width] = entry.shape;
                let shape = format!("{channels}×{height}×{width}");
                vec![entry.data.clone(), entry.split.clone(), thousands(entry.samples), shape]
            }
            None => vec!["(torn or unfinished)".into(), String::new(), String::new(), String::new()],
        };
        cells.extend([megabytes(file.bytes), name]);
        cells
    };
    let mut rows: Vec<Vec<String>> = files.iter().map(row).collect();
    let total = files.iter().map(|file| file.bytes).sum();
    rows.push(Vec::new());
    let all = format!("{} files", thousands(files.len()));
    rows.push(vec![all, String::new(), String::new(), String::new(), megabytes(total)]);
    format!("{folder}\n\n{}", grid(&columns, &rows))
}

fn as_json(folder: &str, files: &[CacheFile]) -> String {
    let entry = |file: &CacheFile| {
        let entry = file.entry.as_ref();
        json!({
            "path": file.path.display().to_string(),
            "bytes": file.bytes,
            "data": entry.map(|entry| &entry.data),
            "split": entry.map(|entry| &entry.split),
            "samples": entry.map(|entry| entry.samples),
            "shape": entry.map(|entry| entry.shape),
        })
    };
    let total: u64 = files.iter().map(|file| file.bytes).sum();
    let files: Vec<_> = files.iter().map(entry).collect();
    format!("{}\n", json!({ "folder": folder, "bytes": total, "files": files }))
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
