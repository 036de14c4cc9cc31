use super::*;

#[test]
fn a_picture_depends_on_its_numbers_only() {
    let picture = draw(3, Part::Val, 17);
    assert_eq!(picture, draw(3, Part::Val, 17));
    assert_ne!(picture, draw(4, Part::Val, 17));
    assert_ne!(picture, draw(3, Part::Train, 17));
    assert_ne!(picture, draw(3, Part::Val, 67));
}
