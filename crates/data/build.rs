//! Tells the packed cache which code makes its planes, so that planes of another decoder, resizer or painter are
//! never taken for this one's.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut files = Vec::new();
    collect(&here.join("src"), &mut files);
    // The decoders' versions; in a packed crate the file is not there.
    files.push(here.join("../../Cargo.lock"));
    files.sort();
    let mut hash = DefaultHasher::new();
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        fs::read(&file).unwrap_or_default().hash(&mut hash);
    }
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rustc-env=LENET_DATA_CODE={:016x}", hash.finish());
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
