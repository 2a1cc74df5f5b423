//! The color that a picture is mostly of.

use image::RgbaImage;

/// A color in sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color {
    /// Red.
    pub red: u8,
    /// Green.
    pub green: u8,
    /// Blue.
    pub blue: u8,
}

/// What people call a color: few enough to choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Hue {
    Red,
    Orange,
    Yellow,
    Green,
    Teal,
    Blue,
    Purple,
    Pink,
    Brown,
    Black,
    Gray,
    White,
}

impl Hue {
    /// Each of them.
    pub const ALL: [Self; 12] = [
        Self::Red,
        Self::Orange,
        Self::Yellow,
        Self::Green,
        Self::Teal,
        Self::Blue,
        Self::Purple,
        Self::Pink,
        Self::Brown,
        Self::Black,
        Self::Gray,
        Self::White,
    ];

    /// Its name, in small letters.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Orange => "orange",
            Self::Yellow => "yellow",
            Self::Green => "green",
            Self::Teal => "teal",
            Self::Blue => "blue",
            Self::Purple => "purple",
            Self::Pink => "pink",
            Self::Brown => "brown",
            Self::Black => "black",
            Self::Gray => "gray",
            Self::White => "white",
        }
    }
}

impl Color {
    /// As in CSS, such as `#a1b2c3`.
    pub fn hex(self) -> String {
        let Self { red, green, blue } = self;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// What people call it.
    pub fn hue(self) -> Hue {
        let [red, green, blue] = [self.red, self.green, self.blue].map(|channel| f32::from(channel) / 255.0);
        let (high, low) = (red.max(green).max(blue), red.min(green).min(blue));
        let (spread, lightness) = (high - low, (high + low) / 2.0);
        let saturation = if spread == 0.0 { 0.0 } else { spread / (1.0 - (2.0 * lightness - 1.0).abs()) };
        match (lightness, saturation) {
            (..0.1, _) => return Hue::Black,
            (0.93.., _) => return Hue::White,
            (_, ..0.12) => return if lightness > 0.85 { Hue::White } else { Hue::Gray },
            _ => {}
        }
        // Degrees on the color circle, red at zero.
        let degrees = 60.0
            * if high == red {
                ((green - blue) / spread).rem_euclid(6.0)
            } else if high == green {
                (blue - red) / spread + 2.0
            } else {
                (red - green) / spread + 4.0
            };
        match degrees {
            15.0..50.0 if lightness < 0.4 => Hue::Brown,
            15.0..42.0 => Hue::Orange,
            42.0..70.0 => Hue::Yellow,
            70.0..160.0 => Hue::Green,
            160.0..195.0 => Hue::Teal,
            195.0..255.0 => Hue::Blue,
            255.0..300.0 => Hue::Purple,
            300.0..345.0 => Hue::Pink,
            _ if lightness > 0.75 => Hue::Pink,
            _ => Hue::Red,
        }
    }
}

/// The average of the pixels that are closest to each other in color: of the fullest of 4,096 cells of the color space.
/// White, if all of it is transparent.
pub(crate) fn dominant(picture: &RgbaImage) -> Color {
    let mut cells = vec![[0_u32; 4]; 4096];
    for [red, green, blue, alpha] in picture.pixels().map(|pixel| pixel.0) {
        if alpha >= 128 {
            let cell = [red, green, blue].into_iter().fold(0, |cell, channel| (cell << 4) | usize::from(channel >> 4));
            let [count, reds, greens, blues] = &mut cells[cell];
            *count += 1;
            *reds += u32::from(red);
            *greens += u32::from(green);
            *blues += u32::from(blue);
        }
    }
    // The first of equals, so that one picture has one color.
    let fullest = cells.into_iter().rev().max_by_key(|[count, ..]| *count).unwrap_or_default();
    let [count, sums @ ..] = fullest;
    let [red, green, blue] = sums.map(|sum| sum.checked_div(count).and_then(|mean| u8::try_from(mean).ok()).unwrap_or(u8::MAX));
    Color { red, green, blue }
}

#[cfg(test)]
mod tests {
    use image::Rgba;

    use super::*;

    #[test]
    fn colors_are_called_what_people_call_them() {
        for (rgb, name) in [
            ([220, 20, 30], "red"),
            ([250, 140, 20], "orange"),
            ([250, 220, 40], "yellow"),
            ([40, 160, 60], "green"),
            ([20, 150, 150], "teal"),
            ([30, 80, 220], "blue"),
            ([120, 40, 200], "purple"),
            ([250, 100, 190], "pink"),
            ([110, 65, 25], "brown"),
            ([8, 9, 10], "black"),
            ([128, 126, 130], "gray"),
            ([250, 250, 248], "white"),
        ] {
            let [red, green, blue] = rgb;
            assert_eq!(Color { red, green, blue }.hue().name(), name, "{rgb:?}");
        }
    }

    #[test]
    fn what_most_pixels_have_wins_and_what_shows_through_does_not_count() {
        let picture = RgbaImage::from_fn(10, 10, |x, _| match x {
            0..3 => Rgba([200, 10, 10, 255]),
            3..5 => Rgba([10, 10, 200, 255]),
            _ => Rgba([10, 200, 10, 0]),
        });
        assert_eq!(dominant(&picture).hex(), "#c80a0a");
        assert_eq!(dominant(&RgbaImage::new(3, 3)).hex(), "#ffffff");
    }
}
