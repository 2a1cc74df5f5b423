//! Pictures made for a test.

use image::codecs::gif::{GifEncoder, Repeat};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{Delay, DynamicImage, Frame, ImageEncoder, Rgb, RgbImage, Rgba, RgbaImage};

use crate::planting::png_chunk;

/// An opaque picture, red to the left and blue to the right, so that a turn shows.
pub fn photograph(width: u32, height: u32) -> DynamicImage {
    let ramp = |x: u32, length: u32| u8::try_from(x * 255 / length.max(1)).expect("below 256");
    RgbImage::from_fn(width, height, |x, y| Rgb([255 - ramp(x, width), ramp(y, height) / 2, ramp(x, width)])).into()
}

/// White, but for its upper corners: red to the left, blue to the right. Where they come out says how it was turned.
pub fn corners(width: u32, height: u32) -> DynamicImage {
    let color = |x, y| match (x < width / 2, y < height / 2) {
        (true, true) => [220, 20, 20],
        (false, true) => [20, 20, 220],
        (_, false) => [250, 250, 250],
    };
    RgbImage::from_fn(width, height, |x, y| Rgb(color(x, y))).into()
}

/// A picture with a hole in it.
pub fn drawing(width: u32, height: u32) -> DynamicImage {
    RgbaImage::from_fn(width, height, |x, y| Rgba([200, 40, 90, if x > y { 255 } else { 0 }])).into()
}

pub fn jpeg(picture: &DynamicImage) -> Vec<u8> {
    let mut file = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut file, 95)).unwrap();
    file
}

pub fn png(picture: &DynamicImage, exif: Option<Vec<u8>>) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = PngEncoder::new(&mut file);
    if let Some(exif) = exif {
        encoder.set_exif_metadata(exif).unwrap();
    }
    picture.write_with_encoder(encoder).unwrap();
    file
}

pub fn webp(picture: &DynamicImage, exif: Option<Vec<u8>>) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = WebPEncoder::new_lossless(&mut file);
    if let Some(exif) = exif {
        encoder.set_exif_metadata(exif).unwrap();
    }
    picture.write_with_encoder(encoder).unwrap();
    file
}

/// The frames, each shown for so many milliseconds.
pub fn gif(frames: &[DynamicImage], milliseconds: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = GifEncoder::new(&mut file);
    encoder.set_repeat(Repeat::Infinite).unwrap();
    let delay = Delay::from_numer_denom_ms(milliseconds, 1);
    encoder.encode_frames(frames.iter().map(|frame| Frame::from_parts(frame.to_rgba8(), 0, 0, delay))).unwrap();
    drop(encoder);
    file
}

/// The frames as a PNG that moves (W3C PNG, section 4.9), each shown for so many milliseconds. All have to be of one kind.
pub fn apng(frames: &[DynamicImage], milliseconds: u16) -> Vec<u8> {
    let number = |n: usize| u32::try_from(n).unwrap().to_be_bytes();
    let stills: Vec<Vec<u8>> = frames.iter().map(|frame| png(frame, None)).collect();
    // The signature and the first chunk, and then how often it plays: for ever.
    let mut file = [&stills[0][..33], &png_chunk(b"acTL", &[number(frames.len()), [0; 4]].concat())].concat();
    let mut sequence = 0;
    for (frame, still) in frames.iter().zip(&stills) {
        let sides = [frame.width().to_be_bytes(), frame.height().to_be_bytes()].concat();
        let delay = [milliseconds.to_be_bytes(), 1000_u16.to_be_bytes()].concat();
        file.extend(png_chunk(b"fcTL", &[&number(sequence)[..], &sides, &[0; 8], &delay, &[0; 2]].concat()));
        sequence += 1;
        let pixels = pixels_of(still);
        if sequence == 1 {
            file.extend(png_chunk(b"IDAT", &pixels));
        } else {
            file.extend(png_chunk(b"fdAT", &[&number(sequence)[..], &pixels].concat()));
            sequence += 1;
        }
    }
    file.extend(png_chunk(b"IEND", &[]));
    file
}

/// The packed pixels of a PNG.
fn pixels_of(png: &[u8]) -> Vec<u8> {
    let (mut rest, mut pixels) = (&png[8..], Vec::new());
    while let [a, b, c, d, after @ ..] = rest {
        let (kind, data) = after.split_at(4);
        let (data, after) = data.split_at(u32::from_be_bytes([*a, *b, *c, *d]) as usize);
        if kind == b"IDAT" {
            pixels.extend_from_slice(data);
        }
        // Behind the checksum.
        rest = &after[4..];
    }
    pixels
}

/// A little-endian TIFF block as cameras write it: orientation, artist, and a GPS directory.
pub fn exif(orientation: u16) -> Vec<u8> {
    const FIRST_DIRECTORY: u32 = 8;
    const ARTIST: u32 = FIRST_DIRECTORY + 2 + 3 * 12 + 4;
    const GPS_DIRECTORY: u32 = ARTIST + 14;
    const DATUM: u32 = GPS_DIRECTORY + 2 + 12 + 4;

    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat()
    };
    [
        b"II*\0".to_vec(),
        FIRST_DIRECTORY.to_le_bytes().to_vec(),
        3u16.to_le_bytes().to_vec(),
        entry(0x0112, 3, 1, orientation.into()),
        entry(0x013B, 2, 13, ARTIST),
        entry(0x8825, 4, 1, GPS_DIRECTORY),
        0u32.to_le_bytes().to_vec(),
        b"Ada Lovelace\0\0".to_vec(),
        1u16.to_le_bytes().to_vec(),
        entry(0x0012, 2, 19, DATUM),
        0u32.to_le_bytes().to_vec(),
        b"N 51.5014 W 0.1419\0".to_vec(),
    ]
    .concat()
}

/// The JPEG with `exif` as its first application segment.
pub fn with_exif(jpeg: &[u8], exif: &[u8]) -> Vec<u8> {
    let payload = [b"Exif\0\0", exif].concat();
    let length = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xFF, 0xE1], &length, &payload, &jpeg[2..]].concat()
}

/// Whether `needle` is anywhere in `haystack`.
pub fn holds(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}
