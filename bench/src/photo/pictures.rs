//! Pictures with what costs a coder its time: smooth areas, edges, and the grain of a sensor.

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::Result;

/// Different ones: the same bytes again would be stored once only.
const FILES: u64 = 48;

/// JPEG files of 1600×1200 pixels, no two alike.
pub fn make() -> Result<Vec<Bytes>> {
    (0..FILES).map(|seed| jpeg(1600, 1200, seed)).collect()
}

/// One of 12 megapixels, as phones take them.
pub fn large() -> Result<Bytes> {
    jpeg(4000, 3000, FILES)
}

fn jpeg(width: u32, height: u32, seed: u64) -> Result<Bytes> {
    let mut random = SmallRng::seed_from_u64(seed);
    let shift: u32 = random.random_range(0..256);
    let picture = RgbImage::from_fn(width, height, |x, y| {
        // A sky, a chessboard below it, and grain over both.
        let (sky, tile) = (y * 255 / height, if (x / 97 + y / 61) % 2 == 0 { 60 } else { 160 });
        let base = if y < height / 2 { sky } else { tile };
        let grain: u32 = random.random_range(0..12);
        let channel = |offset: u32| u8::try_from((base + offset + shift / 4 + grain).min(255)).expect("at most 255");
        Rgb([channel(0), channel(x * 40 / width), channel(30)])
    });
    let mut file = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut file, 90))?;
    Ok(file.into())
}
