use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader};
use imaging::{Limits, Processed, process};

use crate::planting::{SECRETS, in_gif, in_jpeg, in_png, in_webp};
use crate::samples::{apng, corners, drawing, exif, gif, holds, jpeg, photograph, png, webp, with_exif};

fn outputs(processed: &Processed) -> impl Iterator<Item = (&'static str, &[u8])> {
    let names = ["original", "large as WebP", "large as JPEG", "small as WebP", "small as JPEG", "thumb as WebP", "thumb as JPEG"];
    names.into_iter().zip(processed.all()).map(|(name, picture)| (name, picture.bytes.as_slice()))
}

#[test]
fn nothing_that_was_planted_comes_out() {
    let (width, height) = (320, 240);
    let picture = photograph(width, height);
    let moving = gif(&[picture.clone(), drawing(width, height)], 100);
    let moving_webp = process(&moving, &Limits::default()).unwrap().original.bytes;
    let planted = [
        in_jpeg(&jpeg(&picture)),
        in_png(&png(&picture, None)),
        in_webp(&webp(&picture, None), (width, height)),
        in_gif(&gif(&[picture], 100)),
        in_gif(&moving),
        in_png(&apng(&[photograph(width, height), corners(width, height)], 100)),
        in_webp(&moving_webp, (width, height)),
    ];
    for (kind, file) in planted.concat() {
        for secret in ["Ada Lovelace", "N 51.5014 W 0.1419"] {
            assert!(holds(&file, secret), "nothing is planted: {kind}");
        }
        let processed = process(&file, &Limits::default()).unwrap_or_else(|error| panic!("{kind}: {error}"));
        for (name, bytes) in outputs(&processed) {
            for secret in SECRETS {
                assert!(!holds(bytes, secret), "{secret:?} is left in the {name} of the {kind}");
            }
            let mut decoder = decoder(bytes);
            assert_eq!(decoder.exif_metadata().unwrap(), None, "{name} of the {kind}");
            assert_eq!(decoder.xmp_metadata().unwrap(), None, "{name} of the {kind}");
            assert_eq!(decoder.iptc_metadata().unwrap(), None, "{name} of the {kind}");
            assert_eq!(decoder.icc_profile().unwrap(), None, "{name} of the {kind}");
        }
    }
}

/// Which quarter of a picture is of this color.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Corner {
    TopLeft,
    TopRight,
    BottomLeft,
    BottomRight,
}

fn corner(picture: &DynamicImage, is_it: impl Fn([u8; 3]) -> bool) -> Corner {
    let (right, bottom) = (picture.width() / 4 * 3, picture.height() / 4 * 3);
    let (left, top) = (right / 3, bottom / 3);
    let picture = picture.to_rgb8();
    let at = |x, y| is_it(picture.get_pixel(x, y).0);
    match [at(left, top), at(right, top), at(left, bottom), at(right, bottom)] {
        [true, false, false, false] => Corner::TopLeft,
        [false, true, false, false] => Corner::TopRight,
        [false, false, true, false] => Corner::BottomLeft,
        [false, false, false, true] => Corner::BottomRight,
        other => panic!("not one corner: {other:?}"),
    }
}

#[test]
fn however_a_picture_is_stored_it_comes_out_upright() {
    use Corner::{BottomLeft, BottomRight, TopLeft, TopRight};
    let (width, height) = (80, 40);
    let picture = corners(width, height);
    // The number of each orientation (EXIF 2.32, tag 0x0112), and where the first and the last pixel of the first row belong.
    for (orientation, red_at, blue_at) in [
        (1, TopLeft, TopRight),
        (2, TopRight, TopLeft),
        (3, BottomRight, BottomLeft),
        (4, BottomLeft, BottomRight),
        (5, TopLeft, BottomLeft),
        (6, TopRight, BottomRight),
        (7, BottomRight, TopRight),
        (8, BottomLeft, TopLeft),
    ] {
        let files = [
            ("JPEG", with_exif(&jpeg(&picture), &exif(orientation))),
            ("PNG", png(&picture, Some(exif(orientation)))),
            ("WebP", webp(&picture, Some(exif(orientation)))),
        ];
        let size = if orientation > 4 { (height, width) } else { (width, height) };
        for (format, file) in files {
            let processed = process(&file, &Limits::default()).unwrap();
            assert_eq!((processed.width, processed.height), size, "{orientation} in a {format}");
            for (name, bytes) in outputs(&processed) {
                let mut decoder = decoder(bytes);
                assert_eq!(decoder.dimensions(), size, "{name} of {orientation} in a {format}");
                assert_eq!(decoder.orientation().unwrap(), Orientation::NoTransforms, "{name} of {orientation} in a {format}");
                let picture = DynamicImage::from_decoder(decoder).unwrap();
                let found = (corner(&picture, |[_, _, blue]| blue < 120), corner(&picture, |[red, _, _]| red < 120));
                assert_eq!(found, (red_at, blue_at), "{name} of {orientation} in a {format}");
            }
        }
    }
}

fn decoder(bytes: &[u8]) -> impl ImageDecoder {
    ImageReader::new(std::io::Cursor::new(bytes)).with_guessed_format().unwrap().into_decoder().unwrap()
}
