//! A JPEG that tells more than its owner would want to.

use std::io::Cursor;
use std::sync::LazyLock;

use image::{ImageFormat, Rgb, RgbImage};

use crate::environment;

/// Bytes that metadata begins with in a JPEG: none of them may come back.
pub const METADATA: [&[u8]; 2] = [b"Exif\0\0", XMP];

const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// A photograph with a GPS position in its metadata, where there is one beside this checkout, else a gradient with
/// somebody's name in it.
pub fn jpeg() -> Vec<u8> {
    let photograph = environment::data().and_then(|data| std::fs::read(data.join("photos/rocket.jpg")).ok());
    let jpeg = photograph.unwrap_or_else(gradient);
    assert!(METADATA.iter().any(|marker| holds(&jpeg, marker)), "the picture has metadata to lose");
    jpeg
}

/// Whether `bytes` holds `marker`.
pub fn holds(bytes: &[u8], marker: &[u8]) -> bool {
    bytes.windows(marker.len()).any(|window| window == marker)
}

/// A small one.
pub fn gradient() -> Vec<u8> {
    GRADIENT.clone()
}

/// Made once: those who upload it again and again share the node with what they try.
static GRADIENT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let shade = |n: u32| u8::try_from(n * 255 / 640).expect("a shade below 256");
    let pixels = RgbImage::from_fn(640, 480, |x, y| Rgb([shade(x), shade(y), 128]));
    let mut file = Cursor::new(Vec::new());
    pixels.write_to(&mut file, ImageFormat::Jpeg).expect("a picture in memory can be encoded");
    let mut jpeg = file.into_inner();
    // APP1 stands right behind the two bytes that begin a JPEG; its length counts itself.
    let packet = [XMP, b"<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">Ada, at 48.1 N 11.6 E</x:xmpmeta>".as_slice()].concat();
    let length = u16::try_from(packet.len() + 2).expect("a short packet").to_be_bytes();
    drop(jpeg.splice(2..2, [[0xff, 0xe1].as_slice(), length.as_slice(), packet.as_slice()].concat()));
    jpeg
});
