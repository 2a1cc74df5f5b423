use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, RgbaImage};
use webp::{AnimEncoder, AnimFrame, PixelLayout, WebPConfig};

use crate::decode::Frame;
use crate::{Error, Format, Result, resize, white};

/// Of JPEG and WebP originals: no artifact is visible at full size.
const ORIGINAL_QUALITY: u8 = 90;
/// Of the smaller pictures: where WebP's gain levels off.
const PREVIEW_QUALITY: f32 = 80.0;
/// Of the same as JPEG: what looks alike.
const PREVIEW_JPEG_QUALITY: u8 = 82;
/// Of animations: the eye sees each frame for a moment only.
const ANIMATION_QUALITY: f32 = 75.0;
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

/// A smaller picture, twice.
#[derive(Clone, Debug)]
pub struct Preview {
    /// WebP, which keeps what shows through and is a third smaller.
    pub webp: Encoded,
    /// JPEG, for whoever does not read WebP. Where something shows through, it is on white.
    pub jpeg: Encoded,
}

impl Encoded {
    fn new(picture: &DynamicImage, format: Format, bytes: Vec<u8>) -> Self {
        Self { bytes, format, width: picture.width(), height: picture.height() }
    }
}

/// All the pixels, in the format that suits what came.
///
/// A PNG or a GIF that does not move is a drawing or a screenshot more often than a photograph, and its author chose lossless: it stays so, as
/// PNG. Anything else was lossy already, and becomes a JPEG, which every program opens and which encodes in a tenth of the
/// time that WebP takes, unless something shows through.
pub(crate) fn original(picture: &DynamicImage, source: Format) -> Result<Encoded> {
    match source {
        Format::Png | Format::Gif => png(picture),
        Format::Jpeg | Format::WebP | Format::Avif if picture.color().has_alpha() => webp(picture, ORIGINAL_QUALITY.into()),
        Format::Jpeg | Format::WebP | Format::Avif => jpeg(picture, ORIGINAL_QUALITY),
    }
}

/// All the frames, as an animated WebP that goes on for ever. All must be of one size.
pub(crate) fn animation(frames: &[Frame]) -> Result<Encoded> {
    let Some(first) = frames.first() else { return Err(Error::Damaged("there is no frame".to_owned())) };
    let (width, height) = first.picture.dimensions();
    let mut config = WebPConfig::new().map_err(Error::from_encoder)?;
    config.quality = ANIMATION_QUALITY;
    let mut encoder = AnimEncoder::new(width, height, &config);
    let mut begins: i32 = 0;
    for Frame { picture, shown_for } in frames {
        // The encoder reads as many bytes as the sides say, without looking at the slice.
        if picture.dimensions() != (width, height) {
            return Err(Error::Encoding("frames of different sizes".to_owned()));
        }
        encoder.add_frame(AnimFrame::from_rgba(picture.as_raw(), width, height, begins));
        begins = begins.saturating_add(i32::try_from(*shown_for).unwrap_or(i32::MAX));
    }
    let file = encoder.try_encode().map_err(Error::from_encoder)?;
    Ok(Encoded { bytes: file.to_vec(), format: Format::WebP, width, height })
}

/// A smaller picture, in both formats.
pub(crate) fn preview(picture: &DynamicImage) -> Result<Preview> {
    Ok(Preview { webp: webp(picture, PREVIEW_QUALITY)?, jpeg: jpeg(&white::behind(picture), PREVIEW_JPEG_QUALITY)? })
}

/// The picture at the size from which placeholder and color are made.
pub(crate) fn tiny(thumb: &DynamicImage) -> Result<RgbaImage> {
    Ok(resize::within(thumb, THUMBHASH_SIDE)?.to_rgba8())
}

/// The placeholder, in base64.
pub(crate) fn thumbhash(tiny: &RgbaImage) -> String {
    let (width, height) = (tiny.width() as usize, tiny.height() as usize);
    STANDARD.encode(thumbhash::rgba_to_thumb_hash(width, height, tiny.as_raw()))
}

fn jpeg(picture: &DynamicImage, quality: u8) -> Result<Encoded> {
    let mut bytes = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality)).map_err(Error::from_encoder)?;
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
