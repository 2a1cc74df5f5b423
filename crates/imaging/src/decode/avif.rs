//! AVIF: one frame of AV1, decoded by `re_rav1d`, which is dav1d in Rust, without its assembly.

use image::{DynamicImage, GrayImage, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use re_rav1d::dav1d::{Decoder, Error as Av1Error, Picture, Settings};

use super::samples;
use crate::header::avif::{self, Container, Mirror, Properties};
use crate::{Error, Header, Result};

/// Decodes an inspected file, upright.
pub(super) fn read(bytes: &[u8], header: &Header) -> Result<DynamicImage> {
    let container = Container::read(bytes)?;
    let colors = samples::colors(&frame(container.picture(), header)?, container.properties.color)?;
    let image = match container.alpha() {
        None => DynamicImage::from(colors),
        Some(alpha) => {
            let opacity = samples::lightness(&frame(container.alpha_data(alpha), header)?)?;
            DynamicImage::from(join(&colors, &opacity, container.is_premultiplied(alpha)))
        }
    };
    Ok(upright(image, &container.properties))
}

/// Decodes the one frame that there is, on this thread, and no larger one than the limits were checked against.
fn frame(data: Option<Vec<u8>>, header: &Header) -> Result<Picture> {
    let data = data.ok_or_else(|| Error::Damaged("the file ends early".to_owned()))?;
    if avif::frames(&data) != Some(1) {
        return Err(Error::Damaged("there is not one frame".to_owned()));
    }
    let mut settings = Settings::new();
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_all_layers(false);
    settings.set_frame_size_limit(header.width.saturating_mul(header.height));
    let mut decoder = Decoder::with_settings(&settings).map_err(failed)?;
    match decoder.send_data(data, None, None, None) {
        Ok(()) | Err(Av1Error::Again) => {}
        Err(error) => return Err(failed(error)),
    }
    let picture = decoder.get_picture().map_err(failed)?;
    match (picture.width(), picture.height()) == (header.width, header.height) {
        true => Ok(picture),
        false => Err(Error::Damaged("the frame has another size".to_owned())),
    }
}

fn failed(error: Av1Error) -> Error {
    match error {
        Av1Error::UnsupportedBitstream => Error::Unsupported("such AVIF".to_owned()),
        error => Error::Damaged(error.to_string()),
    }
}

/// Colors and how opaque they are. Both are of one size.
fn join(colors: &RgbImage, opacity: &GrayImage, is_premultiplied: bool) -> RgbaImage {
    RgbaImage::from_fn(colors.width(), colors.height(), |x, y| {
        let (Rgb(color), Luma([alpha])) = (*colors.get_pixel(x, y), *opacity.get_pixel(x, y));
        let whole = |part: u8| (u32::from(part) * 255).checked_div(alpha.into()).map_or(0, |whole| u8::try_from(whole).unwrap_or(u8::MAX));
        let [red, green, blue] = if is_premultiplied { color.map(whole) } else { color };
        Rgba([red, green, blue, alpha])
    })
}

fn upright(image: DynamicImage, properties: &Properties) -> DynamicImage {
    // These turn to the right.
    let turned = match properties.turns {
        0 => image,
        1 => image.rotate270(),
        2 => image.rotate180(),
        _ => image.rotate90(),
    };
    match properties.mirror {
        None => turned,
        Some(Mirror::TopAndBottom) => turned.flipv(),
        Some(Mirror::LeftAndRight) => turned.fliph(),
    }
}
