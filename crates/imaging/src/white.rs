//! What stands behind a picture that something shows through, in a format in which nothing can.

use std::borrow::Cow;

use image::{DynamicImage, Rgb, RgbImage, Rgba};

/// The picture on white, as most pages are. One that nothing shows through stays as it is.
pub(crate) fn behind(picture: &DynamicImage) -> Cow<'_, DynamicImage> {
    let DynamicImage::ImageRgba8(through) = picture else { return Cow::Borrowed(picture) };
    let mut flat = RgbImage::new(through.width(), through.height());
    for (flat, pixel) in flat.pixels_mut().zip(through.pixels()) {
        *flat = on_white(*pixel);
    }
    Cow::Owned(flat.into())
}

fn on_white(Rgba([red, green, blue, alpha]): Rgba<u8>) -> Rgb<u8> {
    Rgb([red, green, blue].map(|channel| mixed(channel, alpha)))
}

/// Rounded, and as browsers mix: the values as they are stored.
fn mixed(channel: u8, alpha: u8) -> u8 {
    let [channel, alpha, white] = [channel, alpha, u8::MAX].map(u16::from);
    let mixed = (channel * alpha + white * (white - alpha) + white / 2) / white;
    u8::try_from(mixed).expect("between the channel and white")
}

#[cfg(test)]
mod tests {
    use image::RgbaImage;

    use super::*;

    #[test]
    fn the_more_shows_through_the_whiter_it_is() {
        let cases = [([10, 20, 30, 255], [10, 20, 30]), ([10, 20, 30, 0], [255; 3]), ([0, 0, 0, 128], [127; 3]), ([255; 4], [255; 3])];
        for (pixel, expected) in cases {
            let picture: DynamicImage = RgbaImage::from_pixel(2, 1, Rgba(pixel)).into();
            assert_eq!(behind(&picture).to_rgb8().into_raw(), [expected, expected].concat(), "{pixel:?}");
            assert!(!behind(&picture).color().has_alpha());
        }
    }

    #[test]
    fn what_hides_everything_is_not_copied() {
        let picture: DynamicImage = RgbImage::from_pixel(1, 1, Rgb([1, 2, 3])).into();
        assert!(matches!(behind(&picture), Cow::Borrowed(_)));
    }
}
