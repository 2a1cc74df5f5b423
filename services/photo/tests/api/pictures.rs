//! Pictures made for a test, each with what a camera would have planted in it.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ImageEncoder, Rgb, RgbImage};

/// What nobody may find in the bucket.
pub const SECRET: &str = "Ada Lovelace at N 51.5014 W 0.1419";

/// Gradients; another `seed`, up to 8, gives another picture.
fn gradient(width: u32, height: u32, seed: u8) -> DynamicImage {
    let ramp = |at: u32, length: u32| u8::try_from(at * 255 / length).expect("below 256");
    RgbImage::from_fn(width, height, |x, y| Rgb([ramp(x, width), ramp(y, height), seed * 30])).into()
}

/// A TIFF block with an empty directory, and the secret behind it.
fn exif() -> Vec<u8> {
    [&b"II*\0\x08\0\0\0\0\0\0\0\0\0"[..], SECRET.as_bytes()].concat()
}

fn encode(picture: &DynamicImage, mut encoder: impl ImageEncoder) {
    encoder.set_exif_metadata(exif()).expect("the encoder knows EXIF");
    picture.write_with_encoder(encoder).expect("memory is enough");
}

pub fn jpeg(width: u32, height: u32, seed: u8) -> Vec<u8> {
    let mut file = Vec::new();
    encode(&gradient(width, height, seed), JpegEncoder::new_with_quality(&mut file, 90));
    file
}

pub fn png(width: u32, height: u32, seed: u8) -> Vec<u8> {
    let mut file = Vec::new();
    encode(&gradient(width, height, seed), PngEncoder::new(&mut file));
    file
}

pub fn webp(width: u32, height: u32, seed: u8) -> Vec<u8> {
    let mut file = Vec::new();
    encode(&gradient(width, height, seed), WebPEncoder::new_lossless(&mut file));
    file
}

/// Whether `needle` is anywhere in `haystack`.
pub fn holds(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}
