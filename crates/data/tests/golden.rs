//! Decoding and resizing against Pillow: golden files made by `golden/make.py`.

use data::{Colour, Picture, decode::Limits, decode::decode, resize::resize};
use std::{fs, path::PathBuf};

fn golden(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "golden", name].iter().collect()
}

fn largest_difference(got: &[u8], want: &[u8]) -> u8 {
    assert_eq!(got.len(), want.len());
    got.iter().zip(want).map(|(&a, &b)| a.abs_diff(b)).fold(0, u8::max)
}

fn pattern(width: usize, height: usize) -> Picture {
    let level = |(x, y)| ((x * 37 + y * y * 11 + x * y * 5) % 256) as u8;
    let data = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(level).collect();
    Picture { width, height, colour: Colour::Gray, data }
}

#[test]
fn resize_has_the_bits_of_pillow() {
    for line in fs::read_to_string(golden("resize.txt")).unwrap().lines() {
        let numbers: Vec<usize> = line.split(' ').map(|v| v.parse().unwrap()).collect();
        let &[w, h, new_w, new_h, ref pixels @ ..] = &numbers[..] else { panic!("{line}") };
        let want: Vec<u8> = pixels.iter().map(|&v| v as u8).collect();
        assert_eq!(resize(&pattern(w, h), new_w, new_h), want, "{w}×{h} to {new_w}×{new_h}");
    }
}

#[test]
fn every_mode_and_depth_is_read_as_pillow_reads_it() {
    for line in fs::read_to_string(golden("modes.txt")).unwrap().lines() {
        let mut fields = line.split(' ');
        let name = fields.next().unwrap();
        let numbers: Vec<usize> = fields.map(|v| v.parse().unwrap()).collect();
        let want: Vec<u8> = numbers[2..].iter().map(|&v| v as u8).collect();
        let bytes = fs::read(golden(name)).unwrap();
        let gray = decode(&bytes, Colour::Gray, &Limits::default()).unwrap();
        assert_eq!((gray.width, gray.height), (numbers[0], numbers[1]), "{name}");
        // A JPEG's own luma is not rounded by way of RGB; lossy WebP's filters differ between libraries.
        let allowed = if name.ends_with(".jpg") || name == "colour.webp" { 2 } else { 0 };
        let difference = largest_difference(&gray.data, &want);
        assert!(difference <= allowed, "{name}: {difference} grey levels off");
        let colour = decode(&bytes, Colour::Rgb, &Limits::default()).unwrap().into_colour(Colour::Gray);
        let difference = largest_difference(&colour.data, &want);
        assert!(difference <= allowed, "{name} in colour: {difference} grey levels off");
    }
}

#[test]
fn a_file_is_known_by_its_content_and_complete_or_refused() {
    let names = fs::read_to_string(golden("modes.txt")).unwrap();
    for name in names.lines().filter_map(|line| line.split(' ').next()) {
        let bytes = fs::read(golden(name)).unwrap();
        // Cut anywhere up to nine tenths (some formats end with bytes that no pixel needs): an error, never a picture.
        // Of an animation only the first picture is read.
        let last = if name == "animated.gif" { 4 } else { 9 };
        for tenth in 0..=last {
            let cut = &bytes[..bytes.len() * tenth / 10];
            assert!(decode(cut, Colour::Gray, &Limits::default()).is_err(), "{name} cut to {tenth} tenths");
        }
    }
}
