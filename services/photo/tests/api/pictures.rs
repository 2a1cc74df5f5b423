//! Pictures made for a test, each with what a camera would have planted in it.

use image::codecs::gif::{GifEncoder, Repeat};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{Delay, DynamicImage, Frame, ImageEncoder, Rgb, RgbImage};

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

/// So many different frames, with the secret in a comment before them.
pub fn gif(width: u32, height: u32, frames: u8) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = GifEncoder::new(&mut file);
    encoder.set_repeat(Repeat::Infinite).expect("memory is enough");
    let delay = Delay::from_numer_denom_ms(100, 1);
    let frames = (0..frames).map(|seed| Frame::from_parts(gradient(width, height, seed).into_rgba8(), 0, 0, delay));
    encoder.encode_frames(frames).expect("memory is enough");
    drop(encoder);
    // Behind the header, and the palette that it may announce.
    let palette = if file[10] & 0x80 == 0 { 0 } else { 3 << ((file[10] & 0b111) + 1) };
    let length = u8::try_from(SECRET.len()).expect("one block");
    let comment = [&[0x21, 0xFE, length][..], SECRET.as_bytes(), &[0]].concat();
    file.splice(13 + palette..13 + palette, comment);
    file
}

/// A picture of one color.
pub fn flat(width: u32, height: u32, color: [u8; 3]) -> Vec<u8> {
    let mut file = Vec::new();
    encode(&RgbImage::from_pixel(width, height, Rgb(color)).into(), PngEncoder::new(&mut file));
    file
}

/// Whether `needle` is anywhere in `haystack`.
pub fn holds(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}
