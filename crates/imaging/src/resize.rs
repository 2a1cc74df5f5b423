use std::borrow::Cow;

use fast_image_resize::{ResizeOptions, Resizer};
use image::DynamicImage;

use crate::{Error, Result};

/// The picture with no side longer than `longest` pixels and its proportions kept. Never enlarges.
pub(crate) fn within(image: &DynamicImage, longest: u32) -> Result<Cow<'_, DynamicImage>> {
    let (width, height) = fit(image.width(), image.height(), longest);
    if (width, height) == (image.width(), image.height()) {
        return Ok(Cow::Borrowed(image));
    }
    let mut smaller = DynamicImage::new(width, height, image.color());
    Resizer::new().resize(image, &mut smaller, &ResizeOptions::new()).map_err(Error::from_encoder)?;
    Ok(Cow::Owned(smaller))
}

fn fit(width: u32, height: u32, longest: u32) -> (u32, u32) {
    let side = width.max(height);
    if side <= longest {
        return (width, height);
    }
    // Rounded, and never zero: a panorama of 10,000 × 2 still has a row.
    let scaled = |length: u32| {
        let (length, side) = (u64::from(length), u64::from(side));
        let rounded = (length * u64::from(longest) + side / 2) / side;
        u32::try_from(rounded).expect("no longer than the longest side").max(1)
    };
    (scaled(width), scaled(height))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_fits_keeps_its_proportions(width in 1u32..=20_000, height in 1u32..=20_000, longest in 1u32..=2_000) {
            let (w, h) = fit(width, height, longest);
            prop_assert!(w >= 1 && h >= 1 && w <= width && h <= height);
            prop_assert!(w.max(h) == width.max(height).min(longest));
            let ideal = f64::from(width.min(height)) * f64::from(w.max(h)) / f64::from(width.max(height));
            prop_assert!((f64::from(w.min(h)) - ideal).abs() <= 1.0);
        }
    }
}
