use super::*;
use crate::{Colour, Feature, Synthetic, open};
use std::{fs, sync::Mutex};
use tempfile::TempDir;

/// A data folder with list files, and a cache folder.
struct Lab {
    folder: TempDir,
    cache: Cache,
}

impl Lab {
    fn new(levels: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("cache/deep"));
        let lab = Self { folder, cache };
        fs::create_dir(lab.path("photos")).unwrap();
        let mut list = String::new();
        for (i, &level) in levels.iter().enumerate() {
            lab.write(&format!("{i}.pgm"), level);
            list += &format!("{i}.pgm {}\n", i % 2);
        }
        fs::write(lab.path("photos/train.txt"), list).unwrap();
        lab
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, level: u8) {
        let bytes = [b"P5 2 2 255\n", &[level; 4][..]].concat();
        fs::write(self.path("photos").join(name), bytes).unwrap();
    }

    /// How many pictures were decoded, and the set.
    fn prepare(&self, on_bad: OnBad) -> (usize, Result<PreparedSet, DataError>) {
        self.prepare_in(&self.cache, on_bad)
    }

    fn prepare_in(&self, cache: &Cache, on_bad: OnBad) -> (usize, Result<PreparedSet, DataError>) {
        let data = open(&self.path("photos"), &Synthetic::default()).unwrap();
        let source = data.split("train").unwrap();
        let name = CacheName { data: data.name(), split: "train" };
        let told = Mutex::new(Vec::new());
        let set = prepare_cached(&*source, name, &gray(), on_bad, cache, &|done, _| {
            told.lock().unwrap().push(done);
        });
        let told = told.into_inner().unwrap();
        // All at once is a cache that was found.
        let decoded = if told.len() == 1 && source.samples().len() > 1 { 0 } else { told.len() };
        (decoded, set)
    }

    fn file(&self) -> std::path::PathBuf {
        let files = self.cache.list().unwrap();
        assert_eq!(files.len(), 1, "{files:?}");
        files[0].path.clone()
    }
}

fn gray() -> Preprocess {
    Preprocess::new(2, 2, Colour::Gray, Feature::pixels(Colour::Gray))
}

fn levels(set: &PreparedSet) -> Vec<u8> {
    (0..set.len()).map(|i| set.plane(i)[0]).collect()
}

#[test]
fn the_second_start_decodes_nothing_and_gives_the_same() {
    let lab = Lab::new(&[10, 20, 30]);
    let (decoded, first) = lab.prepare(OnBad::Fail);
    let first = first.unwrap();
    assert_eq!((decoded, levels(&first)), (3, vec![10, 20, 30]));
    let (decoded, second) = lab.prepare(OnBad::Fail);
    let second = second.unwrap();
    assert!(decoded == 0 && second.planes.is_mapped() && second == first);
    assert_eq!(second.cache_note, None);
}

#[test]
fn a_changed_file_list_or_size_is_decoded_again_in_the_same_place() {
    let lab = Lab::new(&[10, 20, 30]);
    lab.prepare(OnBad::Fail).1.unwrap();
    lab.write("1.pgm", 99);
    let (decoded, set) = lab.prepare(OnBad::Fail);
    assert_eq!((decoded, levels(&set.unwrap())), (3, vec![10, 99, 30]));
    fs::write(lab.path("photos/train.txt"), "2.pgm 1\n0.pgm 0\n").unwrap();
    let (decoded, set) = lab.prepare(OnBad::Fail);
    assert_eq!((decoded, levels(&set.unwrap())), (2, vec![30, 10]));
    // Labels are not in the cache: other labels of the same files decode nothing.
    fs::write(lab.path("photos/train.txt"), "2.pgm 0\n0.pgm 1\n").unwrap();
    let (decoded, set) = lab.prepare(OnBad::Fail);
    assert_eq!((decoded, set.unwrap().labels), (0, vec![0, 1]));
    lab.file();
}

#[cfg(unix)]
#[test]
fn a_file_of_the_same_size_and_time_but_other_content_is_seen() {
    let lab = Lab::new(&[10, 20]);
    let path = lab.path("photos/0.pgm");
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    lab.prepare(OnBad::Fail).1.unwrap();
    std::thread::sleep(std::time::Duration::from_millis(20));
    lab.write("0.pgm", 77);
    fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    assert_eq!(levels(&lab.prepare(OnBad::Fail).1.unwrap()), [77, 20]);
}

#[test]
fn torn_and_damaged_files_are_made_again() {
    let lab = Lab::new(&[10, 20, 30]);
    let good = lab.prepare(OnBad::Fail).1.unwrap();
    let path = lab.file();
    let whole = fs::read(&path).unwrap();
    let mut cases: Vec<Vec<u8>> = (0..whole.len()).map(|len| whole[..len].to_vec()).collect();
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        cases.push(flipped);
    }
    cases.push([&whole[..], &whole].concat());
    for case in cases {
        fs::remove_file(&path).unwrap();
        fs::write(&path, &case).unwrap();
        assert!(file::open(&path, file::read_footer(&path).map_or(0, |f| f.key)).is_none(), "{}", case.len());
    }
    let (decoded, set) = lab.prepare(OnBad::Fail);
    assert!(decoded == 3 && set.unwrap() == good);
    assert_eq!(lab.prepare(OnBad::Fail).0, 0);
}

#[test]
fn bad_pictures_are_remembered_and_still_fatal_where_they_should_be() {
    let lab = Lab::new(&[10, 20, 30]);
    fs::write(lab.path("photos/1.pgm"), "P5 2 2 255\n").unwrap();
    let (_, first) = lab.prepare(OnBad::Skip);
    let (decoded, second) = lab.prepare(OnBad::Skip);
    let second = second.unwrap();
    assert!(decoded == 0 && second == first.unwrap());
    assert_eq!((levels(&second), second.names.join(" ")), (vec![10, 30], "0.pgm 2.pgm".into()));
    assert_eq!(second.skipped[0].path, "1.pgm");
    let error = lab.prepare(OnBad::Fail).1.unwrap_err().to_string();
    assert!(error.contains("1.pgm"), "{error}");
    // A run that fails leaves no half of a file.
    lab.cache.clear().unwrap();
    lab.prepare(OnBad::Fail).1.unwrap_err();
    assert_eq!(lab.cache.list().unwrap(), []);
}

#[test]
fn a_cache_that_cannot_be_written_costs_one_line() {
    let lab = Lab::new(&[10, 20]);
    fs::write(lab.path("taken"), "a file").unwrap();
    for folder in [lab.path("taken"), lab.path("photos/cache")] {
        let (decoded, set) = lab.prepare_in(&Cache::at(&folder), OnBad::Fail);
        let set = set.unwrap();
        let note = set.cache_note.clone().unwrap();
        assert!(decoded == 2 && note.contains(&folder.display().to_string()), "{note}");
        assert!(!note.contains('\n') && levels(&set) == [10, 20]);
    }
    assert!(!lab.path("photos/cache").exists(), "the data folder is only ever read");
}

#[test]
fn more_than_a_block_of_pictures_keeps_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path());
    let data = open("synthetic".as_ref(), &Synthetic { train: 50, ..Synthetic::SMALL }).unwrap();
    let source = data.split("train").unwrap();
    // A plane of a MiB: 16 a block.
    let large = Preprocess::new(1024, 1024, Colour::Gray, Feature::pixels(Colour::Gray));
    let name = CacheName { data: data.name(), split: "train" };
    let run = || prepare_cached(&*source, name, &large, OnBad::Fail, &cache, &|_, _| {}).unwrap();
    let plain = prepare(&*source, &large, OnBad::Fail, &|_, _| {}).unwrap();
    assert!(run() == plain && run() == plain);
    let files = cache.list().unwrap();
    let entry = files[0].entry.clone().unwrap();
    assert_eq!((entry.samples, entry.shape, entry.split.as_str()), (50, [1, 1024, 1024], "train"));
    fs::write(folder.path().join("notes.planes"), "a user's own").unwrap();
    assert_eq!(cache.clear().unwrap().0, 1);
    assert!(folder.path().join("notes.planes").exists());
}
