use image::{DynamicImage, Rgba, RgbaImage};
use imaging::{Encoded, Format, Limits, Preview, inspect, process};
use proptest::prelude::*;

use crate::samples::{drawing, jpeg, photograph, png, webp};

#[test]
fn each_size_fits_and_keeps_the_proportions() {
    let processed = process(&jpeg(&photograph(2000, 1000)), &Limits::default()).unwrap();
    let size = |picture: &Encoded| (picture.width, picture.height);

    assert_eq!(size(&processed.original), (2000, 1000));
    let sizes = |Preview { webp, jpeg }: &Preview| [size(webp), size(jpeg)];
    assert_eq!(sizes(&processed.large), [(1600, 800); 2]);
    assert_eq!(sizes(&processed.small), [(800, 400); 2]);
    assert_eq!(sizes(&processed.thumb), [(400, 200); 2]);
    assert!((20..=40).contains(&processed.thumbhash.len()), "{}", processed.thumbhash);
}

#[test]
fn a_small_picture_is_never_enlarged() {
    let processed = process(&png(&photograph(60, 40), None), &Limits::default()).unwrap();
    for picture in processed.all() {
        assert_eq!((picture.width, picture.height), (60, 40));
    }
}

#[test]
fn what_is_declared_of_a_picture_is_what_it_is() {
    for file in [jpeg(&photograph(500, 300)), png(&drawing(500, 300), None), webp(&photograph(500, 300), None)] {
        let processed = process(&file, &Limits::default()).unwrap();
        for picture in processed.all() {
            let header = inspect(&picture.bytes).unwrap();
            assert_eq!(header.format, picture.format);
            assert_eq!((header.width, header.height), (picture.width, picture.height));
        }
    }
}

#[test]
fn the_original_keeps_what_its_format_promised() {
    let format = |file: &[u8]| process(file, &Limits::default()).unwrap().original.format;

    assert_eq!(format(&jpeg(&photograph(50, 50))), Format::Jpeg);
    assert_eq!(format(&png(&photograph(50, 50), None)), Format::Png);
    assert_eq!(format(&webp(&photograph(50, 50), None)), Format::Jpeg);
    assert_eq!(format(&webp(&drawing(50, 50), None)), Format::WebP);
    // An alpha channel that hides nothing is not worth a WebP.
    let opaque: DynamicImage = RgbaImage::from_pixel(50, 50, Rgba([1, 2, 3, 255])).into();
    assert_eq!(format(&webp(&opaque, None)), Format::Jpeg);
}

#[test]
fn a_lossless_original_comes_out_pixel_by_pixel() {
    let picture = drawing(123, 77);
    let processed = process(&png(&picture, None), &Limits::default()).unwrap();
    let original = image::load_from_memory(&processed.original.bytes).unwrap();
    assert_eq!(original.into_rgba8().into_raw(), picture.into_rgba8().into_raw());
}

#[test]
fn one_file_twice_gives_the_same_bytes() {
    // Blobs are keyed by the digest of all their pictures.
    for file in [jpeg(&photograph(900, 600)), png(&drawing(900, 600), None)] {
        let bytes = || process(&file, &Limits::default()).unwrap().all().map(|picture| picture.bytes.clone());
        assert_eq!(bytes(), bytes());
    }
}

#[test]
fn where_something_shows_through_the_webp_keeps_it_and_the_jpeg_is_white() {
    let processed = process(&png(&drawing(500, 300), None), &Limits::default()).unwrap();
    let pixel = |picture: &Encoded, x, y| image::load_from_memory(&picture.bytes).unwrap().to_rgba8().get_pixel(x, y).0;
    for Preview { webp, jpeg } in [&processed.large, &processed.small, &processed.thumb] {
        assert_eq!((webp.format, jpeg.format), (Format::WebP, Format::Jpeg));
        // The hole is at the lower left.
        let (right, bottom) = (webp.width - 10, webp.height - 10);
        assert!(pixel(webp, 10, bottom)[3] < 15 && pixel(webp, right, 10)[3] > 240);
        let hole = pixel(jpeg, 10, bottom);
        assert!(hole.into_iter().all(|channel| channel > 245), "{hole:?}");
        let [red, green, blue, _] = pixel(jpeg, right, 10);
        assert!(red.abs_diff(200) < 15 && green.abs_diff(40) < 15 && blue.abs_diff(90) < 15, "{red}, {green}, {blue}");
    }
}

#[test]
fn sixteen_bits_a_channel_and_gray_are_read() {
    let deep = DynamicImage::ImageRgb16(photograph(80, 60).into_rgb16());
    let gray = DynamicImage::ImageLuma8(photograph(80, 60).into_luma8());
    for file in [png(&deep, None), png(&gray, None), jpeg(&gray)] {
        let processed = process(&file, &Limits::default()).unwrap();
        assert_eq!((processed.width, processed.height), (80, 60));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_shape_gives_three_pictures(width in 1u32..700, height in 1u32..700, hole: bool) {
        let file = if hole { png(&drawing(width, height), None) } else { jpeg(&photograph(width, height)) };
        let processed = process(&file, &Limits::default()).unwrap();
        prop_assert_eq!((processed.width, processed.height), (width, height));
        let Preview { webp, jpeg } = &processed.thumb;
        prop_assert!(webp.width.max(webp.height) <= imaging::THUMB_SIDE);
        prop_assert_eq!((webp.width, webp.height), (jpeg.width, jpeg.height));
        prop_assert!(!processed.thumbhash.is_empty());
    }
}
