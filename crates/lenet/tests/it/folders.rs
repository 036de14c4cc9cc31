//! The user's folder: used as it lies, and never written to.

use crate::lab::{LENET, Lab, Told, snapshot};
use std::{
    fs::{self, Permissions},
    io::Write,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::Command,
};

/// Of every file and folder: its mode and when it was changed, by the system's own account.
fn stamps(folder: &Path) -> Vec<(String, u32, i64, i64)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let meta = path.symlink_metadata().unwrap();
        all.push((path.display().to_string(), meta.mode(), meta.ctime(), meta.ctime_nsec()));
        if path.is_dir() {
            all.extend(stamps(&path));
        }
    }
    all.sort();
    all
}

fn set_modes(folder: &Path, folders: u32, files: u32) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => set_modes(&path, folders, files),
            false => fs::set_permissions(&path, Permissions::from_mode(files)).unwrap(),
        }
    }
    fs::set_permissions(folder, Permissions::from_mode(folders)).unwrap();
}

/// How the program is started: root may write anywhere, so it is started as somebody who may not.
fn as_nobody(lab: &Lab) -> Vec<String> {
    let (user, own) = ("65534", fs::metadata(lab.path("")).unwrap().uid());
    let program = lab.path("lenet").display().to_string();
    fs::copy(LENET, &program).unwrap();
    if own != 0 {
        return vec![program];
    }
    let setpriv = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"].map(str::to_owned);
    let works = Command::new(&setpriv[0]).args(&setpriv[1..]).args(["id", "-u"]).output();
    match works.map(|told| String::from_utf8(told.stdout).unwrap()) {
        Ok(id) if id.trim() == user => [&setpriv[..], &[program]].concat(),
        other => {
            let why = "root, and no setpriv to be anybody else: the folder's modes bind nobody";
            // Past the capture of a test that passes.
            std::io::stderr().write_all(format!("{why} ({other:?})\n").as_bytes()).unwrap();
            vec![program]
        }
    }
}

#[test]
fn no_command_writes_to_the_users_folder_even_if_it_could_not() {
    let lab = Lab::new();
    lab.photos();
    // A photo that can't be read, and one in a wrong place: what a tool might want to put right.
    lab.write("photos/train/cat/cut.jpg", b"\xFF\xD8\xFF\xE0");
    lab.write("photos/train/stray.pgm", crate::lab::pgm(9));
    let start = as_nobody(&lab);
    fs::set_permissions(lab.path(""), Permissions::from_mode(0o777)).unwrap();
    set_modes(&lab.path("photos"), 0o555, 0o444);
    let (bytes, before) = (snapshot(&lab.path("photos")), stamps(&lab.path("photos")));
    let train = "train --data photos --model perceptron --on-bad skip";
    let stopped = format!("{train} --epochs 2 --out stopped --max-time 0.000001s");
    let commands = [
        &format!("{train} --epochs 1 --out run"),
        &stopped,
        "train --resume --out stopped",
        "check photos --html page.html --weights run/weights/last.safetensors",
        "inspect photos --sheet sheet.png",
        "inspect run --batch 1:1",
        "doctor run",
        "evaluate --data photos --on-bad skip --weights run/weights/last.safetensors",
        "predict --weights run/weights/last.safetensors photos/val",
        "compare --data photos --models perceptron --epochs 1 --on-bad skip --out all",
        "bench --models perceptron --modes infer -b 1 -j 1 --secs 0.001 --reps 2",
        "synth drawn --train 50 --val 50 --test 50",
        "cache",
        "cache --clear",
    ];
    for command in commands {
        let output = Command::new(&start[0])
            .args(&start[1..])
            .args(command.split_whitespace())
            .current_dir(lab.path(""))
            .env("LENET_CACHE_DIR", lab.path("cache"))
            .env("HOME", lab.path("home"))
            .output()
            .unwrap();
        let told = Told::of(&output);
        assert_eq!(told.code, 0, "lenet {command}: {told:?}");
        assert_eq!(stamps(&lab.path("photos")), before, "lenet {command}");
        assert!(snapshot(&lab.path("photos")) == bytes, "lenet {command}");
    }
    // What would be written into it is refused before anything is done.
    for command in [
        &format!("{train} --epochs 1 --out photos/run") as &str,
        "inspect photos --sheet photos/sheet.png",
        "check photos --html photos/page.html",
    ] {
        assert_ne!(lab.run(command).code, 0, "lenet {command}");
        assert_eq!(stamps(&lab.path("photos")), before, "lenet {command}");
    }
    set_modes(&lab.path("photos"), 0o755, 0o644);
}

/// CIFAR-10 as it is handed around: `train/` and `test/` of class folders with JPEGs of 32×32, and no validation split.
#[test]
fn train_and_test_folders_of_jpegs_train_as_they_lie() {
    let lab = Lab::new();
    let classes = ["airplane", "automobile", "bird"];
    for (split, count) in [("train", 20), ("test", 4)] {
        for (label, class) in classes.iter().enumerate() {
            for i in 0..count {
                let level = |x: u32, y: u32| (x * 3 + y + i * 5 + 60 * label as u32) as u8;
                let picture = image::RgbImage::from_fn(32, 32, |x, y| {
                    image::Rgb([level(x, y), level(y, x), 40 * label as u8])
                });
                let mut bytes = std::io::Cursor::new(Vec::new());
                picture.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
                lab.write(&format!("cifar/{split}/{class}/{i:04}.jpg"), bytes.into_inner());
            }
        }
    }
    let before = snapshot(&lab.path("cifar"));
    let told = lab.run("train --data cifar --model lenet5-modified --imgsz 32 --epochs 2 --out run");
    assert_eq!(told.code, 0, "{told:?}");
    let note =
        "note: no folder val/: a tenth of each class of train/ is held out as 'val', by a hash of the path";
    assert!(told.err.lines().any(|line| line == note), "{told:?}");
    assert!(told.out.contains("of 6 pictures") && told.out.contains("of 12 pictures"), "{told:?}");
    let counts = lab.ok("inspect cifar");
    let bird: Vec<&str> =
        counts.lines().find(|line| line.contains("bird")).unwrap().split_whitespace().collect();
    assert_eq!(bird, ["2", "bird", "18", "2", "4"]);
    let scored = lab.run("evaluate --data cifar --split val --weights run/weights/last.safetensors");
    assert_eq!(scored.code, 0, "{scored:?}");
    assert!(snapshot(&lab.path("cifar")) == before);
}
