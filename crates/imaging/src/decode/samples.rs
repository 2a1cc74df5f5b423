//! From the samples of video, lightness and two differences of color, to pixels (ITU-T H.273, section 8.3).

use image::{GrayImage, Luma, Rgb, RgbImage};
use re_rav1d::dav1d::PlanarImageComponent::{U, V, Y};
use re_rav1d::dav1d::pixel::YUVRange;
use re_rav1d::dav1d::{Picture, PixelLayout, PlanarImageComponent};

use crate::header::avif::Color;
use crate::{Error, Result};

/// The pixels of a picture. What the file says beside the frame counts more than what the frame says.
pub(super) fn colors(picture: &Picture, said: Option<Color>) -> Result<RgbImage> {
    let is_full = picture.color_range() == YUVRange::Full;
    let Color { matrix, full_range } = said.unwrap_or(Color { matrix: picture.matrix_coefficients() as u16, full_range: is_full });
    let range = Range::of(picture, full_range)?;
    let layout = picture.pixel_layout();
    let y_plane = picture.plane(Y);
    let lightness = Samples::of(picture, Y, &y_plane);
    if layout == PixelLayout::I400 {
        return Ok(from_fn(picture, |x, y| [byte(range.lightness(lightness.at(x, y))); 3]));
    }

    // Where one sample stands for several pixels, each of them takes it as it is.
    let (across, down) = match layout {
        PixelLayout::I420 => (1, 1),
        PixelLayout::I422 => (1, 0),
        _ => (0, 0),
    };
    let (u_plane, v_plane) = (picture.plane(U), picture.plane(V));
    let (blue, red) = (Samples::of(picture, U, &u_plane), Samples::of(picture, V, &v_plane));
    if matrix == 0 && layout == PixelLayout::I444 {
        // No differences: the three are green, blue and red.
        let three = |x, y| [red.at(x, y), lightness.at(x, y), blue.at(x, y)].map(|sample| byte(range.lightness(sample)));
        return Ok(from_fn(picture, three));
    }
    let (of_red, of_blue) = weights(matrix).ok_or_else(|| Error::Unsupported("such AVIF".to_owned()))?;
    let of_green = 1.0 - of_red - of_blue;
    Ok(from_fn(picture, |x, y| {
        let light = range.lightness(lightness.at(x, y));
        let (at_x, at_y) = (x >> across, y >> down);
        let (to_blue, to_red) = (range.difference(blue.at(at_x, at_y)), range.difference(red.at(at_x, at_y)));
        let red = light + 2.0 * (1.0 - of_red) * to_red;
        let blue = light + 2.0 * (1.0 - of_blue) * to_blue;
        let green = (light - of_red * red - of_blue * blue) / of_green;
        [red, green, blue].map(byte)
    }))
}

/// Its lightness alone.
pub(super) fn lightness(picture: &Picture) -> Result<GrayImage> {
    let range = Range::of(picture, picture.color_range() == YUVRange::Full)?;
    let plane = picture.plane(Y);
    let samples = Samples::of(picture, Y, &plane);
    let pixel = |x: u32, y: u32| Luma([byte(range.lightness(samples.at(x as usize, y as usize)))]);
    Ok(GrayImage::from_fn(picture.width(), picture.height(), pixel))
}

fn from_fn(picture: &Picture, color: impl Fn(usize, usize) -> [u8; 3]) -> RgbImage {
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| Rgb(color(x as usize, y as usize)))
}

/// From black at 0.0 to white at 1.0.
fn byte(value: f32) -> u8 {
    // A cast keeps within the bounds.
    (value * 255.0).round() as u8
}

/// How much red and blue count for lightness.
fn weights(matrix: u16) -> Option<(f32, f32)> {
    match matrix {
        1 => Some((0.2126, 0.0722)),
        4 => Some((0.3, 0.11)),
        // What says nothing is taken for the older television, as elsewhere.
        2 | 5 | 6 => Some((0.299, 0.114)),
        7 => Some((0.212, 0.087)),
        9 => Some((0.2627, 0.0593)),
        _ => None,
    }
}

/// What the numbers mean.
struct Range {
    black: f32,
    white: f32,
    /// Where a difference is none.
    middle: f32,
    /// How far it goes, from the lowest to the highest.
    span: f32,
}

impl Range {
    fn of(picture: &Picture, is_full: bool) -> Result<Self> {
        // Of a step of eight bits.
        let step = match picture.bit_depth() {
            8 => 1.0,
            10 => 4.0,
            12 => 16.0,
            _ => return Err(Error::Unsupported("such AVIF".to_owned())),
        };
        let (middle, most) = (128.0 * step, 256.0 * step - 1.0);
        Ok(match is_full {
            true => Self { black: 0.0, white: most, middle, span: most },
            false => Self { black: 16.0 * step, white: 235.0 * step, middle, span: 224.0 * step },
        })
    }

    fn lightness(&self, sample: f32) -> f32 {
        (sample - self.black) / (self.white - self.black)
    }

    fn difference(&self, sample: f32) -> f32 {
        (sample - self.middle) / self.span
    }
}

/// The samples of one component.
struct Samples<'a> {
    bytes: &'a [u8],
    /// Bytes from a row to the next.
    stride: usize,
    /// Two bytes a sample.
    is_wide: bool,
}

impl<'a> Samples<'a> {
    fn of(picture: &Picture, component: PlanarImageComponent, bytes: &'a [u8]) -> Self {
        Self { bytes, stride: picture.stride(component) as usize, is_wide: picture.bit_depth() > 8 }
    }

    fn at(&self, x: usize, y: usize) -> f32 {
        let row = y * self.stride;
        match self.is_wide {
            true => f32::from(u16::from_ne_bytes([self.bytes[row + 2 * x], self.bytes[row + 2 * x + 1]])),
            false => f32::from(self.bytes[row + x]),
        }
    }
}
