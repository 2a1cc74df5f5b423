use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::DynamicImage;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use webp::PixelLayout;

use crate::{Error, Format, Result, resize};

/// Of JPEG and WebP originals: no artifact is visible at full size.
const ORIGINAL_QUALITY: u8 = 90;
/// Of the smaller pictures: where WebP's gain levels off.
const PREVIEW_QUALITY: f32 = 80.0;
/// The longest side that the thumbhash algorithm takes.
const THUMBHASH_SIDE: u32 = 100;

/// A picture that may be kept and served.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// The file.
    pub bytes: Vec<u8>,
    /// What it is. Chosen here, never taken from the upload.
    pub format: Format,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

impl Encoded {
    fn new(picture: &DynamicImage, format: Format, bytes: Vec<u8>) -> Self {
        Self { bytes, format, width: picture.width(), height: picture.height() }
    }
}

/// All the pixels, in the format that suits what came.
///
/// A PNG is a drawing or a screenshot more often than a photograph, and its author chose lossless: it stays so. Anything
/// else was lossy already, and becomes a JPEG, which every program opens and which encodes in a tenth of the time that WebP
/// takes, unless something shows through.
pub(crate) fn original(picture: &DynamicImage, source: Format) -> Result<Encoded> {
    match source {
        Format::Png => png(picture),
        Format::Jpeg | Format::WebP if picture.color().has_alpha() => webp(picture, ORIGINAL_QUALITY.into()),
        Format::Jpeg | Format::WebP => jpeg(picture),
    }
}

/// A smaller picture: always WebP, which keeps transparency and is a third smaller than JPEG.
pub(crate) fn preview(picture: &DynamicImage) -> Result<Encoded> {
    webp(picture, PREVIEW_QUALITY)
}

/// The placeholder, in base64.
pub(crate) fn thumbhash(thumb: &DynamicImage) -> Result<String> {
    let tiny = resize::within(thumb, THUMBHASH_SIDE)?.to_rgba8();
    let (width, height) = (tiny.width() as usize, tiny.height() as usize);
    Ok(STANDARD.encode(thumbhash::rgba_to_thumb_hash(width, height, tiny.as_raw())))
}

fn jpeg(picture: &DynamicImage) -> Result<Encoded> {
    let mut bytes = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, ORIGINAL_QUALITY)).map_err(Error::from_encoder)?;
    Ok(Encoded::new(picture, Format::Jpeg, bytes))
}

fn png(picture: &DynamicImage) -> Result<Encoded> {
    let mut bytes = Vec::new();
    picture
        .write_with_encoder(PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive))
        .map_err(Error::from_encoder)?;
    Ok(Encoded::new(picture, Format::Png, bytes))
}

fn webp(picture: &DynamicImage, quality: f32) -> Result<Encoded> {
    let layout = if picture.color().has_alpha() { PixelLayout::Rgba } else { PixelLayout::Rgb };
    let file = webp::Encoder::new(picture.as_bytes(), layout, picture.width(), picture.height())
        .encode_simple(false, quality)
        .map_err(Error::from_encoder)?;
    Ok(Encoded::new(picture, Format::WebP, file.to_vec()))
}
