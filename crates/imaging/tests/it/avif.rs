//! AVIF is read and not written, so these pictures lie beside the test. They are of libavif: [`photograph`] or [`drawing`] of
//! 64 × 48 pixels, one of them a pixel less a side.
//!
//! [`photograph`]: crate::samples::photograph
//! [`drawing`]: crate::samples::drawing

use image::DynamicImage;
use imaging::{Encoded, Error, Format, Limits, Processed, inspect, process};

use crate::samples::holds;

pub const STILL: &[u8] = include_bytes!("avif/still.avif");
/// To be turned a quarter to the right, and with a name in its metadata.
const TURNED: &[u8] = include_bytes!("avif/turned.avif");
/// To be turned and mirrored, and with black at 16 of 255.
const TRANSPOSED: &[u8] = include_bytes!("avif/transposed.avif");
const ALPHA: &[u8] = include_bytes!("avif/alpha.avif");
const ODD: &[u8] = include_bytes!("avif/odd.avif");
const GRAY: &[u8] = include_bytes!("avif/gray.avif");
const MOVING: &[u8] = include_bytes!("avif/moving.avif");

fn kept(file: &[u8]) -> Processed {
    process(file, &Limits::default()).unwrap()
}

fn pixels(picture: &Encoded) -> DynamicImage {
    image::load_from_memory(&picture.bytes).unwrap()
}

/// Whether it is red here.
fn is_red(picture: &Encoded, x: u32, y: u32) -> bool {
    let [red, _, blue] = pixels(picture).to_rgb8().get_pixel(x, y).0;
    match (red, blue) {
        (200.., ..60) => true,
        (..60, 200..) => false,
        other => panic!("neither red nor blue at {x}, {y}: {other:?}"),
    }
}

#[test]
fn a_photograph_comes_out_in_its_colors() {
    let still = kept(STILL);
    assert_eq!((still.width, still.height, still.original.format), (64, 48, Format::Jpeg));
    assert!(is_red(&still.original, 2, 24) && !is_red(&still.original, 61, 24));
    let odd = kept(ODD);
    assert_eq!((odd.width, odd.height), (63, 47));
    assert!(is_red(&odd.original, 2, 24) && !is_red(&odd.original, 60, 24));
}

#[test]
fn without_color_it_is_gray() {
    let gray = kept(GRAY);
    for (x, y) in [(2, 2), (32, 24), (61, 45)] {
        let [red, green, blue] = pixels(&gray.original).to_rgb8().get_pixel(x, y).0;
        assert!(red.abs_diff(green) < 8 && green.abs_diff(blue) < 8, "{red}, {green}, {blue} at {x}, {y}");
    }
}

#[test]
fn a_hole_stays_one() {
    let drawing = kept(ALPHA);
    assert_eq!(drawing.original.format, Format::WebP);
    let pixels = pixels(&drawing.original).to_rgba8();
    let [red, _, _, alpha] = pixels.get_pixel(50, 10).0;
    assert!(red > 180 && alpha > 240, "red {red}, opaque {alpha}");
    assert!(pixels.get_pixel(10, 40).0[3] < 15);
}

#[test]
fn a_picture_stored_turned_comes_out_upright() {
    // What was red to the left is red at the top.
    let turned = kept(TURNED);
    assert_eq!((turned.width, turned.height), (48, 64));
    assert!(is_red(&turned.original, 24, 2) && !is_red(&turned.original, 24, 61));
    // And mirrored: at the bottom.
    let transposed = kept(TRANSPOSED);
    assert_eq!((transposed.width, transposed.height), (48, 64));
    assert!(!is_red(&transposed.original, 24, 2) && is_red(&transposed.original, 24, 61));
}

#[test]
fn nothing_that_was_planted_comes_out() {
    assert!(holds(TURNED, "Ada Lovelace"));
    for picture in kept(TURNED).all() {
        assert!(!holds(&picture.bytes, "Ada Lovelace"));
    }
}

#[test]
fn it_is_judged_by_its_header() {
    let header = inspect(STILL).unwrap();
    assert_eq!((header.format, header.width, header.height, header.frames), (Format::Avif, 64, 48, 1));
    let narrow = Limits { max_side: 63, ..Limits::default() };
    assert!(matches!(process(STILL, &narrow), Err(Error::TooLarge { width: 64, height: 48, .. })));
    assert_eq!(process(MOVING, &Limits::default()).unwrap_err(), Error::Unsupported("animated AVIF".to_owned()));
}

#[test]
fn a_frame_that_is_not_what_the_header_says_is_refused() {
    let at = STILL.windows(4).position(|window| window == b"ispe").unwrap() + 8;
    for (width, height) in [(63_u32, 48_u32), (64, 49), (48, 64), (10_000, 4_000)] {
        let mut file = STILL.to_vec();
        file[at..at + 4].copy_from_slice(&width.to_be_bytes());
        file[at + 4..at + 8].copy_from_slice(&height.to_be_bytes());
        assert_eq!(inspect(&file).map(|header| (header.width, header.height)), Ok((width, height)));
        assert!(matches!(process(&file, &Limits::default()), Err(Error::Damaged(_))), "{width} × {height}");
    }
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    for file in [STILL, ALPHA, TURNED] {
        for length in 0..file.len() {
            let cut = process(&file[..length], &Limits::default());
            assert!(matches!(cut, Err(Error::NotAnImage | Error::Damaged(_))), "{length} of {}: {cut:?}", file.len());
        }
    }
}
