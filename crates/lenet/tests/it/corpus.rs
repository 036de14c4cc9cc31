//! Odd and hostile files: each gives the right picture or a line that names it, in little memory.

use crate::lab::{LENET, Lab, Told, encoded, snapshot};
use flate2::{Compression, write::GzEncoder, write::ZlibEncoder};
use image::ImageFormat;
use std::{
    io::Write,
    process::{Command, Stdio},
};

/// A PNG of one bit a pixel, all black; `rows` of its pixels are really there.
fn black_png(width: u32, height: u32, rows: u32) -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    let row = vec![0; width as usize / 8 + 1];
    (0..rows).for_each(|_| packed.write_all(&row).unwrap());
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[1, 0, 0, 0, 0]].concat();
    for (name, content) in [(b"IHDR", header), (b"IDAT", packed.finish().unwrap()), (b"IEND", vec![])] {
        let chunk = [&name[..], &content].concat();
        let mut crc = flate2::Crc::new();
        crc.update(&chunk);
        bytes.extend((content.len() as u32).to_be_bytes());
        bytes.extend(&chunk);
        bytes.extend(crc.sum().to_be_bytes());
    }
    bytes
}

/// Runs `lenet` with at most 640 MiB of address space, in which 512 MiB of memory are not to be had, and sees to it that the
/// system's account of its memory at most is below that too. Gives what was seen, in KiB: 0 of one that ended at once.
#[cfg(target_os = "linux")]
fn in_little_memory(lab: &Lab, args: &str) -> (Told, u64) {
    const MOST_KIB: u64 = 512 << 10;
    let script = format!("ulimit -v 655360; exec \"$0\" {args}");
    let child = Command::new("sh")
        .args(["-c", &script, LENET])
        .current_dir(lab.path(""))
        .env("LENET_CACHE_DIR", lab.path("cache"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let watch = std::thread::spawn(move || {
        // The high-water mark only grows: the last look is the most but for the program's last moment.
        let mut most = 0;
        while let Ok(text) = std::fs::read_to_string(&status) {
            let Some(kib) = text.lines().find_map(|line| line.strip_prefix("VmHWM:")) else { break };
            most = kib.trim().trim_end_matches(" kB").parse::<u64>().unwrap();
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        most
    });
    let output = child.wait_with_output().unwrap();
    let most = watch.join().unwrap();
    assert!(most <= MOST_KIB, "{most} KiB at most: lenet {args}");
    (Told::of(&output), most)
}

#[cfg(target_os = "linux")]
#[test]
fn each_odd_file_is_named_with_its_reason() {
    let lab = Lab::new();
    lab.photos();
    let (jpeg, png) = (encoded(ImageFormat::Jpeg), encoded(ImageFormat::Png));
    let odd: [(&str, Vec<u8>, &str); 10] = [
        ("bomb.png", black_png(16_000, 16_000, 16_000), "16000×16000 pixels are more"),
        ("claims.png", black_png(0x7FFF_FFFF, 0x7FFF_FFFF, 0), ""),
        ("cut.jpg", jpeg[..jpeg.len() * 2 / 3].to_vec(), "truncated JPEG"),
        ("cut.png", png[..png.len() / 2].to_vec(), "truncated"),
        ("empty.jpg", vec![], "empty"),
        ("text.jpg", b"dear diary".repeat(1000), "not a picture"),
        ("zeros.png", vec![0; 1 << 20], "not a picture"),
        ("head.gif", b"GIF89a\xff\xff\xff\xff\x00\x00\x00".to_vec(), ""),
        ("head.bmp", [&b"BM"[..], &[0xFF; 60]].concat(), ""),
        ("huge.ppm", b"P6 2000000000 2000000000 255\n".to_vec(), ""),
    ];
    for (name, bytes, _) in &odd {
        lab.write(&format!("photos/train/cat/{name}"), bytes);
    }
    lab.write("photos/train/dog/really-a-png.jpg", &png);
    std::fs::create_dir_all(lab.path("photos/train/dog/folder.jpg")).unwrap();
    let before = snapshot(&lab.path("photos"));
    let (told, most) = in_little_memory(&lab, "check photos --json -j 2");
    assert!(most > 1 << 10, "{most} KiB were seen");
    assert_eq!(told.code, 0, "{told:?}");
    let json: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    let unreadable = json["unreadable"].as_array().unwrap();
    for (name, _, reason) in &odd {
        let found = unreadable.iter().find(|one| one["path"].as_str().unwrap().ends_with(name));
        let what = found.unwrap_or_else(|| panic!("{name} was read"))["what"].as_str().unwrap();
        assert!(what.contains(reason) && !what.contains('\n'), "{name}: {what}");
    }
    assert_eq!(unreadable.len(), odd.len(), "{unreadable:?}");
    let (told, _) = in_little_memory(&lab, "train --data photos --model perceptron --epochs 1 -j 2");
    told.expect(65, &["photos/train/cat/bomb.png".rsplit('/').next().unwrap_or_default(), "pixels"]);
    let (told, _) =
        in_little_memory(&lab, "train --data photos --model perceptron --epochs 1 --on-bad skip -j 2");
    assert!(told.code == 0 && told.err.contains("skipped (train): train/cat/huge.ppm"), "{told:?}");
    assert_eq!(snapshot(&lab.path("photos")), before);
}

#[cfg(target_os = "linux")]
#[test]
fn archives_and_lists_that_are_traps_are_refused() {
    let inspect = |name: &str, bytes: &[u8], words: &[&str]| {
        let lab = Lab::new();
        lab.write(&format!("set/{name}"), bytes);
        if name.contains("idx") {
            lab.write("set/train-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 2, 0, 1]);
        }
        in_little_memory(&lab, "inspect set").0.expect(65, words);
    };
    inspect("train.txt", &vec![b'x'; 100 << 20], &["set/train.txt:1", "longer than"]);
    inspect("train.txt", &b"prose\n\n".repeat(1 << 20), &["set/train.txt:1", "'prose' is not 'path label'"]);
    // Ten MB packed into ten KB, where the header speaks of 8 bytes: no more than those are unpacked.
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0x40, 0, 0, 0, 0x40, 0]).unwrap();
    (0..10).for_each(|_| bomb.write_all(&vec![0; 1 << 20]).unwrap());
    inspect(
        "train-images-idx3-ubyte.gz",
        &bomb.finish().unwrap(),
        &["train-images-idx3-ubyte.gz", "16384×16384"],
    );
    let mut header = [0_u8; 512];
    header[..12].copy_from_slice(b"../../x.jpg\0");
    header[100..107].copy_from_slice(b"0000644");
    header[124..135].copy_from_slice(b"00000000000");
    header[148..156].fill(b' ');
    header[156] = b'0';
    let sum: u32 = header.iter().map(|&b| u32::from(b)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    inspect(
        "train.tar",
        &[&header[..], &[0; 1024]].concat(),
        &["train.tar", "../../x.jpg", "out of the archive"],
    );
}
