use image::{DynamicImage, Rgba, RgbaImage};
use imaging::{Encoded, Format, Limits, inspect, process};
use proptest::prelude::*;

use crate::samples::{drawing, jpeg, photograph, png, webp};

#[test]
fn each_size_fits_and_keeps_the_proportions() {
    let processed = process(&jpeg(&photograph(2000, 1000)), &Limits::default()).unwrap();
    let size = |picture: &Encoded| (picture.width, picture.height);

    assert_eq!(size(&processed.original), (2000, 1000));
    assert_eq!(size(&processed.large), (1600, 800));
    assert_eq!(size(&processed.small), (800, 400));
    assert_eq!(size(&processed.thumb), (400, 200));
    assert!((20..=40).contains(&processed.thumbhash.len()), "{}", processed.thumbhash);
}

#[test]
fn a_small_picture_is_never_enlarged() {
    let processed = process(&png(&photograph(60, 40), None), &Limits::default()).unwrap();
    for picture in [&processed.original, &processed.large, &processed.small, &processed.thumb] {
        assert_eq!((picture.width, picture.height), (60, 40));
    }
}

#[test]
fn what_is_declared_of_a_picture_is_what_it_is() {
    for file in [jpeg(&photograph(500, 300)), png(&drawing(500, 300), None), webp(&photograph(500, 300), None)] {
        let processed = process(&file, &Limits::default()).unwrap();
        for picture in [&processed.original, &processed.large, &processed.small, &processed.thumb] {
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
    // Blobs are keyed by the digest of the cleaned original.
    let file = jpeg(&photograph(300, 200));
    let original = || process(&file, &Limits::default()).unwrap().original.bytes;
    assert_eq!(original(), original());
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
        prop_assert!(processed.thumb.width.max(processed.thumb.height) <= imaging::THUMB_SIDE);
        prop_assert!(!processed.thumbhash.is_empty());
    }
}
