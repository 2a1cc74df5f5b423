mod avif;
mod profile;
mod samples;

use std::io::Cursor;

use image::codecs::gif::GifDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{AnimationDecoder, DynamicImage, ImageDecoder, ImageReader, RgbaImage};
use moxcms::Layout;

use self::profile::ToSrgb;
use crate::{Error, Format, Header, Result, header};

/// The most bytes that a decoded pixel takes: four channels of 16 bits.
const BYTES_PER_PIXEL: u64 = 8;
/// The most bytes that a pixel takes while a PNG is put together that moves: this frame and the one before, what this one changes,
/// and that as it is stored.
const BYTES_PER_MOVING_PIXEL: u64 = 16;
/// What a decoder may allocate beside the pixels: tables, profiles, text.
const DECODER_BYTES: u64 = 64 << 20;
/// Frames that are shown more briefly, in milliseconds, are shown for [`USUAL`] by every browser.
const BRIEFEST: u32 = 20;
const USUAL: u32 = 100;
/// The longest that a frame is shown, in milliseconds.
const LONGEST: u32 = 60_000;

/// One picture of an animation, as large as the whole.
pub(crate) struct Frame {
    pub(crate) picture: RgbaImage,
    /// For how long, in milliseconds.
    pub(crate) shown_for: u32,
}

/// Decodes an inspected file whose size is within the limits, upright, as 8-bit sRGB or, where something shows through,
/// with how much. Of an animation, the first frame.
pub(crate) fn decode(bytes: &[u8], header: &Header) -> Result<DynamicImage> {
    must_be_whole(bytes, header)?;
    if header.format == Format::Avif {
        return Ok(eight_bits(avif::read(bytes, header)?));
    }
    let (image, profile, orientation) = read(bytes, header).map_err(|error| Error::from_decoder(error, header.format))?;
    let mut image = eight_bits(image);
    if let Some(profile) = profile {
        to_srgb(&mut image, &profile);
    }
    image.apply_orientation(orientation);
    Ok(image)
}

/// Decodes every frame of an inspected animation, upright.
pub(crate) fn frames(bytes: &[u8], header: &Header) -> Result<Vec<Frame>> {
    must_be_whole(bytes, header)?;
    read_frames(bytes, header).map_err(|error| Error::from_decoder(error, header.format))
}

fn must_be_whole(bytes: &[u8], header: &Header) -> Result<()> {
    match header::is_whole(bytes, header.format) {
        true => Ok(()),
        false => Err(Error::Damaged("the file ends early".to_owned())),
    }
}

/// Two parsers that disagree about the size end here: the decoder keeps to what the limits were checked against.
fn limits(header: &Header, bytes_per_pixel: u64) -> image::Limits {
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(header.width);
    limits.max_image_height = Some(header.height);
    limits.max_alloc = Some(u64::from(header.width) * u64::from(header.height) * bytes_per_pixel + DECODER_BYTES);
    limits
}

/// The picture as it is stored, its color profile, and how to turn it.
fn read(bytes: &[u8], header: &Header) -> image::ImageResult<(DynamicImage, Option<Vec<u8>>, Orientation)> {
    let mut limits = limits(header, BYTES_PER_PIXEL);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), image_format(header.format));
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    // As `ImageReader::decode` does it; that one cannot be asked for the orientation.
    limits.reserve(decoder.total_bytes())?;
    decoder.set_limits(limits)?;
    let orientation = decoder.orientation()?;
    let profile = profile_of(&mut decoder);
    Ok((DynamicImage::from_decoder(decoder)?, profile, orientation))
}

fn read_frames(bytes: &[u8], header: &Header) -> image::ImageResult<Vec<Frame>> {
    let (frames, profile, orientation) = match header.format {
        Format::Gif => {
            let mut decoder = GifDecoder::new(Cursor::new(bytes))?;
            decoder.set_limits(limits(header, BYTES_PER_PIXEL))?;
            let profile = profile_of(&mut decoder);
            (decoder.into_frames(), profile, Orientation::NoTransforms)
        }
        Format::Png => {
            let mut decoder = PngDecoder::with_limits(Cursor::new(bytes), limits(header, BYTES_PER_MOVING_PIXEL))?;
            let orientation = decoder.orientation()?;
            let profile = profile_of(&mut decoder);
            (decoder.apng()?.into_frames(), profile, orientation)
        }
        _ => {
            let mut decoder = WebPDecoder::new(Cursor::new(bytes))?;
            decoder.set_limits(limits(header, BYTES_PER_PIXEL))?;
            let orientation = decoder.orientation()?;
            let profile = profile_of(&mut decoder);
            (decoder.into_frames(), profile, orientation)
        }
    };
    let to_srgb = profile.and_then(|profile| ToSrgb::of(&profile, Layout::Rgba));
    // No more than were counted when the limits were checked.
    let frames = frames.take(usize::try_from(header.frames).unwrap_or(usize::MAX)).map(|frame| {
        let frame = frame?;
        let (milliseconds, divisor) = frame.delay().numer_denom_ms();
        let shown_for = match milliseconds / divisor.max(1) {
            ..BRIEFEST => USUAL,
            longer => longer.min(LONGEST),
        };
        let mut picture = DynamicImage::ImageRgba8(frame.into_buffer());
        picture.apply_orientation(orientation);
        let mut picture = picture.into_rgba8();
        if let Some(to_srgb) = &to_srgb {
            to_srgb.convert(&mut picture);
        }
        Ok(Frame { picture, shown_for })
    });
    frames.collect()
}

/// One that cannot be read is as good as none.
fn profile_of(decoder: &mut impl ImageDecoder) -> Option<Vec<u8>> {
    decoder.icc_profile().ok().flatten()
}

/// From what the profile describes. The image must be one of [`eight_bits`].
fn to_srgb(image: &mut DynamicImage, profile: &[u8]) {
    let (layout, pixels): (_, &mut [u8]) = match image {
        DynamicImage::ImageRgb8(image) => (Layout::Rgb, &mut **image),
        DynamicImage::ImageRgba8(image) => (Layout::Rgba, &mut **image),
        _ => return,
    };
    if let Some(to_srgb) = ToSrgb::of(profile, layout) {
        to_srgb.convert(pixels);
    }
}

fn image_format(format: Format) -> image::ImageFormat {
    match format {
        Format::Jpeg => image::ImageFormat::Jpeg,
        Format::Png => image::ImageFormat::Png,
        Format::WebP => image::ImageFormat::WebP,
        Format::Gif => image::ImageFormat::Gif,
        Format::Avif => image::ImageFormat::Avif,
    }
}

/// RGB, unless a pixel is not opaque: many an alpha channel is there and unused, and keeping it would cost a JPEG.
pub(crate) fn eight_bits(image: DynamicImage) -> DynamicImage {
    if !image.color().has_alpha() {
        return image.into_rgb8().into();
    }
    let image = image.into_rgba8();
    if image.pixels().all(|pixel| pixel.0[3] == u8::MAX) {
        return DynamicImage::from(image).into_rgb8().into();
    }
    image.into()
}
