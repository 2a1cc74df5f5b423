//! Pictures that say what their numbers mean.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ImageEncoder, Rgb, RgbImage};
use imaging::{Limits, process};
use moxcms::ColorProfile;

use crate::planting::webp_with_profile;
use crate::samples::{drawing, gif, photograph};

/// A red as phones store it, and the same in sRGB (by the matrices and curves of SMPTE EG 432-1 and IEC 61966-2-1).
const RED: ([u8; 3], [u8; 3]) = ([200, 50, 50], [218, 24, 40]);

/// The profile that phones write.
pub fn display_p3() -> Vec<u8> {
    ColorProfile::new_display_p3().encode().unwrap()
}

fn tagged(picture: &DynamicImage, mut encoder: impl ImageEncoder, profile: &[u8]) {
    encoder.set_icc_profile(profile.to_vec()).unwrap();
    picture.write_with_encoder(encoder).unwrap();
}

fn tagged_png(picture: &DynamicImage, profile: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    tagged(picture, PngEncoder::new(&mut file), profile);
    file
}

fn flat([red, green, blue]: [u8; 3]) -> DynamicImage {
    RgbImage::from_pixel(64, 48, Rgb([red, green, blue])).into()
}

fn assert_alike(found: [u8; 3], expected: [u8; 3], what: &str) {
    let apart = found.iter().zip(expected).map(|(found, expected)| found.abs_diff(expected)).max();
    // What is lossy moves each by some steps, and without its profile the red would be off by 26.
    assert!(apart <= Some(14), "{what}: {found:?} is not like {expected:?}");
}

fn middle(picture: &[u8]) -> [u8; 3] {
    image::load_from_memory(picture).unwrap().to_rgb8().get_pixel(32, 24).0
}

#[test]
fn a_color_of_a_wider_space_comes_out_as_it_was_seen() {
    let (stored, seen) = RED;
    let (mut jpeg, mut webp) = (Vec::new(), Vec::new());
    tagged(&flat(stored), JpegEncoder::new_with_quality(&mut jpeg, 95), &display_p3());
    tagged(&flat(stored), WebPEncoder::new_lossless(&mut webp), &display_p3());
    for (format, file) in [("JPEG", jpeg), ("WebP", webp), ("PNG", tagged_png(&flat(stored), &display_p3()))] {
        let processed = process(&file, &Limits::default()).unwrap();
        for picture in processed.all() {
            assert_alike(middle(&picture.bytes), seen, format);
        }
        let color = processed.color;
        assert_alike([color.red, color.green, color.blue], seen, format);
    }
}

#[test]
fn every_frame_of_an_animation_comes_out_as_it_was_seen() {
    let (stored, seen) = RED;
    // Black stays black, in whatever space.
    let moving = process(&gif(&[flat(stored), flat([0, 0, 0]), flat(stored)], 100), &Limits::default()).unwrap().original.bytes;
    let processed = process(&webp_with_profile(&moving, (64, 48), &display_p3()), &Limits::default()).unwrap();
    assert!(processed.animated);
    let frames = crate::animation::frames(&processed.original.bytes);
    let colors: Vec<[u8; 3]> = frames.iter().map(|([red, green, blue, _], _)| [*red, *green, *blue]).collect();
    assert_eq!(colors.len(), 3);
    for (found, expected) in colors.into_iter().zip([seen, [0, 0, 0], seen]) {
        assert_alike(found, expected, "a frame");
    }
}

#[test]
fn what_shows_through_does_so_in_any_space() {
    let picture = drawing(64, 48);
    let processed = process(&tagged_png(&picture, &display_p3()), &Limits::default()).unwrap();
    let original = image::load_from_memory(&processed.original.bytes).unwrap().into_rgba8();
    let opacity = |picture: image::RgbaImage| picture.pixels().map(|pixel| pixel.0[3]).collect::<Vec<_>>();
    assert_eq!(opacity(original), opacity(picture.into_rgba8()));
}

#[test]
fn a_profile_that_says_nothing_new_or_nothing_at_all_changes_no_pixel() {
    let picture = photograph(64, 48);
    let pixels = picture.to_rgb8().into_raw();
    let p3 = display_p3();
    let cut = (1..p3.len() / 2).step_by(9).map(|length| p3[..length].to_vec());
    let srgb = ColorProfile::new_srgb().encode().unwrap();
    let gray = ColorProfile::new_gray_with_gamma(2.2).encode().unwrap();
    let long = [p3.clone(), vec![0; 300_000]].concat();
    // As many entries as the field holds.
    let boastful = [&p3[..128], &[0xFF; 4], &p3[132..]].concat();
    for profile in cut.chain([srgb, gray, long, boastful, b"not a profile".to_vec()]) {
        let processed = process(&tagged_png(&picture, &profile), &Limits::default()).unwrap();
        let original = image::load_from_memory(&processed.original.bytes).unwrap();
        assert_eq!(original.into_rgb8().into_raw(), pixels, "a profile of {} bytes", profile.len());
    }
}
