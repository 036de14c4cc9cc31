//! A fresh folder, small photos in it, and the program run there.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use tempfile::TempDir;

/// The built program.
pub(crate) const LENET: &str = env!("CARGO_BIN_EXE_lenet");

/// A folder that vanishes with its test.
pub(crate) struct Lab(TempDir);

/// What a run of the program said.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, its folders too.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// `lenet` in this folder.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(LENET);
        command.args(args).current_dir(self.0.path()).env("LENET_CACHE_DIR", self.path("cache"));
        command
    }

    /// Runs `lenet` with these arguments, blanks between.
    pub(crate) fn run(&self, args: &str) -> Told {
        let args: Vec<&str> = args.split_whitespace().collect();
        Told::of(&self.command(&args).output().unwrap())
    }

    /// Runs it and expects it to succeed; gives stdout.
    pub(crate) fn ok(&self, args: &str) -> String {
        let told = self.run(args);
        assert_eq!(told.code, 0, "lenet {args}: {}", told.err);
        told.out
    }

    /// Class folders `photos/train/cat` and so on: three classes told apart by their gray.
    pub(crate) fn photos(&self) {
        for (split, count) in [("train", 6), ("val", 2), ("test", 2)] {
            for (class, gray) in [("cat", 40), ("dog", 120), ("eel", 200)] {
                for i in 0..count {
                    self.write(&format!("photos/{split}/{class}/{i}.pgm"), pgm(gray + 5 * i));
                }
            }
        }
    }

    /// The same few photos as list files, with what `lines` adds to `train.txt`.
    pub(crate) fn lists(&self, lines: &str) {
        for name in ["a", "b", "c", "d"] {
            self.write(&format!("photos/{name}.pgm"), pgm(name.as_bytes()[0]));
        }
        self.write("photos/train.txt", format!("a.pgm 0\nb.pgm 1\n{lines}"));
        self.write("photos/val.txt", "c.pgm 0\n");
        self.write("photos/test.txt", "d.pgm 1\n");
    }

    /// Weights of a short run over [`Lab::photos`].
    pub(crate) fn weights(&self) -> &'static str {
        self.photos();
        self.ok("train --data photos --model perceptron --epochs 1 --out run");
        "run/weights/last.safetensors"
    }
}

impl Told {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    /// Checks exit code and message: one line that begins with `error:` and holds all of `words`.
    #[track_caller]
    pub(crate) fn expect(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        let errors: Vec<&str> = self.err.lines().filter(|line| line.starts_with("error: ")).collect();
        assert_eq!(errors.len(), 1, "{self:?}");
        for word in words {
            assert!(errors[0].contains(word), "no '{word}' in {self:?}");
        }
        let others = |line: &&str| {
            !["error: ", "hint: ", "note: ", "read ", "skipped ", "doctor: "]
                .iter()
                .any(|w| line.starts_with(w))
        };
        let rest: Vec<&str> = self.err.lines().filter(others).collect();
        assert!(!self.err.contains("panicked") && rest.len() < 5, "{self:?}");
    }

    /// The line that says what to do.
    #[track_caller]
    pub(crate) fn hint(&self) -> &str {
        self.err
            .lines()
            .find_map(|line| line.strip_prefix("hint: "))
            .unwrap_or_else(|| panic!("no hint: {self:?}"))
    }
}

/// A small gray picture with some structure.
pub(crate) fn pgm(gray: u8) -> Vec<u8> {
    let mut bytes = b"P5 8 8 255\n".to_vec();
    bytes.extend((0..64_u8).map(|i| gray.wrapping_add(i % 7)));
    bytes
}

/// The picture in a real format.
pub(crate) fn encoded(format: image::ImageFormat) -> Vec<u8> {
    let picture =
        image::RgbImage::from_fn(64, 64, |x, y| image::Rgb([(x * 4) as u8, (y * 4) as u8, (x ^ y) as u8]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Every file below a folder with its content, to see that nothing changed.
pub(crate) fn snapshot(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(snapshot(&path));
        } else {
            files.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    files.sort();
    files
}
