//! Draws one synthetic picture of each class on a sheet: `contact_sheet FILE.png [FIRST]`.
use data::synthetic::{CLASSES, Part, SIDE, draw};
use std::{env, error::Error};

const COLUMNS: usize = 10;
const GAP: usize = 6;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let file = args.next().ok_or("usage: contact_sheet FILE.png [FIRST]")?;
    let first: u64 = args.next().map_or(Ok(0), |text| text.parse())?;
    let cell = SIDE + GAP;
    let (width, height) = (COLUMNS * cell + GAP, CLASSES / COLUMNS * cell + GAP);
    let mut sheet = vec![255; width * height * 3];
    for position in 0..CLASSES {
        let picture = draw(0, Part::Train, first + position as u64);
        let (left, top) = (GAP + position % COLUMNS * cell, GAP + position / COLUMNS * cell);
        for (y, row) in picture.data.chunks_exact(SIDE * 3).enumerate() {
            sheet[((top + y) * width + left) * 3..][..SIDE * 3].copy_from_slice(row);
        }
    }
    image::save_buffer(file, &sheet, width as u32, height as u32, image::ExtendedColorType::Rgb8)?;
    Ok(())
}
