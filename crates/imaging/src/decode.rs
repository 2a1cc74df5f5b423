use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader};

use crate::{Error, Format, Header, Result, header};

/// The most bytes that a decoded pixel takes: four channels of 16 bits.
const BYTES_PER_PIXEL: u64 = 8;
/// What a decoder may allocate beside the pixels: tables, profiles, text.
const DECODER_BYTES: u64 = 64 << 20;

/// Decodes an inspected file whose size is within the limits, upright, as 8-bit RGB or, where something shows through,
/// RGBA.
pub(crate) fn decode(bytes: &[u8], header: &Header) -> Result<DynamicImage> {
    if !header::is_whole(bytes, header.format) {
        return Err(Error::Damaged("the file ends early".to_owned()));
    }
    let (image, orientation) = read(bytes, header).map_err(|error| Error::from_decoder(error, header.format))?;
    let mut image = eight_bits(image);
    image.apply_orientation(orientation);
    Ok(image)
}

fn read(bytes: &[u8], header: &Header) -> image::ImageResult<(DynamicImage, Orientation)> {
    // Two parsers that disagree about the size end here: the decoder keeps to what the limits were checked against.
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(header.width);
    limits.max_image_height = Some(header.height);
    limits.max_alloc = Some(u64::from(header.width) * u64::from(header.height) * BYTES_PER_PIXEL + DECODER_BYTES);

    let mut reader = ImageReader::with_format(Cursor::new(bytes), image_format(header.format));
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    // As `ImageReader::decode` does it; that one cannot be asked for the orientation.
    limits.reserve(decoder.total_bytes())?;
    decoder.set_limits(limits)?;
    let orientation = decoder.orientation()?;
    Ok((DynamicImage::from_decoder(decoder)?, orientation))
}

fn image_format(format: Format) -> image::ImageFormat {
    match format {
        Format::Jpeg => image::ImageFormat::Jpeg,
        Format::Png => image::ImageFormat::Png,
        Format::WebP => image::ImageFormat::WebP,
    }
}

/// RGB, unless a pixel is not opaque: many an alpha channel is there and unused, and keeping it would cost a JPEG.
fn eight_bits(image: DynamicImage) -> DynamicImage {
    if !image.color().has_alpha() {
        return image.into_rgb8().into();
    }
    let image = image.into_rgba8();
    if image.pixels().all(|pixel| pixel.0[3] == u8::MAX) {
        return DynamicImage::from(image).into_rgb8().into();
    }
    image.into()
}
