//! One execution of a fuzzer: damaged bytes into each parser. Shared by the property test and by `examples/fuzz.rs`.

use data::{
    Colour, Synthetic,
    decode::{Limits, decode, probe},
    open,
};
use std::{fs, path::Path};

/// The parsers: name, and the files of a data folder that lead to it; the first is the one that is damaged.
pub(crate) const PARSERS: [(&str, &[&str]); 6] = [
    ("decode", &[]),
    ("list", &["train.txt"]),
    ("csv", &["train.csv"]),
    ("idx", &["train-images-idx3-ubyte", "train-labels-idx1-ubyte"]),
    ("idx-gz", &["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte"]),
    ("tar", &["train.tar"]),
];

/// Whole files to begin with.
pub(crate) fn seeds(parser: &str) -> Vec<Vec<u8>> {
    let image = [&0x803_u32.to_be_bytes()[..], &[0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8]]
        .concat();
    match parser {
        "list" => vec![b"a.pgm cat\nb c.pgm 1\n\xEF\xBB\xBFx\ty z\n".to_vec()],
        "csv" => vec![
            b"path,label,split\n\"a,b\".pgm,cat,train\nc.pgm,dog,val\n".to_vec(),
            b"file;class\na;b\n".to_vec(),
        ],
        "idx" => vec![image],
        "idx-gz" => vec![gz(&image)],
        "tar" => vec![tar()],
        _ => {
            let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
            let mut files: Vec<_> =
                fs::read_dir(golden).unwrap().map(|entry| entry.unwrap().path()).collect();
            files.sort();
            let pictures =
                files.iter().filter(|path| !path.extension().is_some_and(|e| e == "py" || e == "txt"));
            pictures.map(|path| fs::read(path).unwrap()).collect()
        }
    }
}

/// Whatever the bytes are: a result or an error of one line, never a panic.
pub(crate) fn execute(parser: &str, bytes: &[u8], folder: &Path) {
    let Some((_, files)) = PARSERS.iter().find(|(name, _)| *name == parser) else { return };
    let Some((damaged, others)) = files.split_first() else {
        let small = Limits { pixels: 1 << 16, bytes: 1 << 22, ..Limits::default() };
        let _ = probe(bytes);
        for colour in [Colour::Gray, Colour::Rgb] {
            match decode(bytes, colour, &small) {
                Ok(picture) => {
                    assert_eq!(picture.data.len(), picture.width * picture.height * colour.channels());
                }
                Err(error) => assert!(!error.to_string().contains('\n'), "{error}"),
            }
        }
        return;
    };
    fs::write(folder.join(damaged), bytes).unwrap();
    for other in others {
        let labels = [&0x801_u32.to_be_bytes()[..], &[0, 0, 0, 2, 1, 0]].concat();
        fs::write(folder.join(other), labels).unwrap();
    }
    match open(folder, &Synthetic::default()) {
        Err(error) => assert!(!error.to_string().contains('\n'), "{error}"),
        Ok(set) => {
            for split in set.split_names() {
                let Ok(source) = set.split(split) else { continue };
                for index in 0..source.samples().len().min(4) {
                    let _ = source.read(index);
                    let _ = (source.origin(index), source.stamp(index));
                }
            }
        }
    }
}

/// Damages bytes: flips, cuts, repeats, numbers at their limits. `random` gives numbers below its argument.
pub(crate) fn mutate(bytes: &mut Vec<u8>, random: &mut dyn FnMut(usize) -> usize) {
    for _ in 0..1 + random(4) {
        if bytes.is_empty() {
            bytes.push(random(256) as u8);
        }
        let at = random(bytes.len());
        match random(6) {
            0 => bytes[at] ^= 1 << random(8),
            1 => bytes[at] = random(256) as u8,
            2 => bytes.truncate(at),
            3 => bytes[at] = [0, 0x7F, 0x80, 0xFF, b'\n', b'/'][random(6)],
            4 => {
                let end = (at + 1 + random(16)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            _ => {
                let end = (at + 4).min(bytes.len());
                bytes[at..end].fill([0, 0xFF][random(2)]);
            }
        }
    }
}

/// Stored, not packed: gzip's own header and checksum around the bytes.
fn gz(bytes: &[u8]) -> Vec<u8> {
    let crc = !bytes.iter().fold(u32::MAX, |crc, &b| {
        (0..8).fold(crc ^ u32::from(b), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    });
    let length = bytes.len() as u16;
    let mut out = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    out.extend(length.to_le_bytes());
    out.extend((!length).to_le_bytes());
    out.extend(bytes);
    out.extend(crc.to_le_bytes());
    out.extend(u32::from(length).to_le_bytes());
    out
}

/// Two members: a picture and its label.
fn tar() -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content) in [("a/1.pgm", &b"P5 1 1 255\n7"[..]), ("a/1.cls", b"cat")] {
        let mut header = [0; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..107].copy_from_slice(b"0000644");
        header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        header[148..156].fill(b' ');
        header[156] = b'0';
        header[257..263].copy_from_slice(b"ustar\0");
        let sum: u32 = header.iter().map(|&b| u32::from(b)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        out.extend(header);
        let mut block = content.to_vec();
        block.resize(512, 0);
        out.extend(block);
    }
    out.extend([0; 1024]);
    out
}
