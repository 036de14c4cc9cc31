//! `lenet check` and what `lenet inspect` tells of photos.

use crate::lab::{Lab, encoded, pgm, snapshot};
use image::ImageFormat;

/// Photos with a leak, a corrupt file and a misnamed one.
fn spoilt() -> Lab {
    let lab = Lab::new();
    lab.photos();
    let photo = encoded(ImageFormat::Png);
    lab.write("photos/train/cat/twin.png", &photo);
    lab.write("photos/test/dog/twin <b>.jpg", &photo);
    lab.write("photos/val/eel/cut.png", &photo[..photo.len() / 2]);
    lab
}

#[test]
fn what_is_wrong_is_named_and_nothing_is_touched() {
    let lab = spoilt();
    let before = snapshot(&lab.path("photos"));
    let text = lab.ok("check photos --html page.html");
    for words in ["cannot be read: 1", "val/eel/cut.png: truncated", "tiny: 8×8", "in more than one split: "]
    {
        assert!(text.contains(words), "no '{words}' in {text}");
    }
    assert!(
        text.contains("test/dog/twin <b>.jpg = train/cat/twin.png")
            || text.contains("train/cat/twin.png = test/dog/twin <b>.jpg"),
        "{text}"
    );
    let page = std::fs::read_to_string(lab.path("page.html")).unwrap();
    assert!(page.contains("twin &lt;b&gt;.jpg") && page.contains("data:image/jpeg;base64,/9j/"), "{page}");
    assert!(!page.contains("http"), "nothing is loaded");
    let json: serde_json::Value = serde_json::from_str(&lab.ok("check photos --json")).unwrap();
    assert_eq!(
        (&json["unreadable"][0]["path"], &json["unreadable"][0]["split"]),
        (&"val/eel/cut.png".into(), &"val".into())
    );
    assert!(json["odd"].to_string().contains("a PNG called .jpg"), "{json}");
    lab.run("check photos --strict").expect(65, &["photos", "1 pictures cannot be read"]);
    lab.run("check photos --html photos/page.html").expect(2, &["data folder"]);
    assert_eq!(snapshot(&lab.path("photos")), before);
}

#[test]
fn a_swapped_label_is_doubted_by_weights() {
    let lab = Lab::new();
    let weights = lab.weights();
    lab.ok("train --data photos --model perceptron --epochs 60 --out long");
    lab.write("photos/val/eel/really-a-cat.pgm", pgm(42));
    let text = lab.ok("check photos --weights long/weights/last.safetensors --split val");
    assert!(text.contains("really-a-cat.pgm: labelled eel") && text.contains("looks like cat"), "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&lab.ok(&format!("check photos --weights {weights} --json"))).unwrap();
    assert!(json["suspects"].is_array());
}

#[test]
fn inspect_tells_sizes_and_modes_and_draws_a_sheet() {
    let lab = Lab::new();
    lab.photos();
    lab.write("photos/train/cat/large.jpg", encoded(ImageFormat::Jpeg));
    let text = lab.ok("inspect photos --sheet sheet.png");
    assert!(text.contains("sizes: 8×8 (30), 64×64 (1)") && text.contains("PNM gray 8 (30)"), "{text}");
    let sheet = image::open(lab.path("sheet.png")).unwrap();
    assert_eq!((sheet.width(), sheet.height()), (1004, 204), "19 pictures, 10 in a row");
    lab.run("inspect photos --sheet photos/sheet.png").expect(2, &["data folder"]);
}
