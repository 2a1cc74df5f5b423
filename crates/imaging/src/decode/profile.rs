//! From the colors that a file's profile describes (ICC.1) to sRGB, in which all pictures are kept and shown.

use std::sync::Arc;

use moxcms::{ColorProfile, DataColorSpace, Layout, ParsingOptions, Transform8BitExecutor, TransformOptions};

/// A longer profile is not read, in bytes. Those of phones and cameras have some hundreds, those of screens some thousands.
const LONGEST: usize = 256 * 1024;
/// Where a profile says how many entries it has.
const ENTRIES_AT: usize = 128;
/// One of more entries is not read: each costs what it points at, and all may point at the same bytes.
const ENTRIES: u32 = 64;
/// Pixels converted at once: there is never a second copy of the picture.
const AT_ONCE: usize = 4096;
/// How far apart two colors are, in steps of 255, that nobody tells from each other.
const ALIKE: u8 = 2;

/// Turns colors into sRGB.
pub(super) struct ToSrgb {
    transform: Arc<Transform8BitExecutor>,
    channels: usize,
}

impl ToSrgb {
    /// For pixels of this layout. `None` if the profile says sRGB, and if it makes no sense, is not of RGB or has nothing but
    /// tables: then colors are taken for sRGB.
    pub(super) fn of(profile: &[u8], layout: Layout) -> Option<Self> {
        let entries = u32::from_be_bytes(*profile.get(ENTRIES_AT..)?.first_chunk()?);
        if entries > ENTRIES {
            return None;
        }
        let options = ParsingOptions { max_profile_size: LONGEST, ..ParsingOptions::default() };
        let mut described = ColorProfile::new_from_slice_with_options(profile, options).ok()?;
        // Where there are tables beside a matrix and curves, those will do, and cost the same for each picture.
        described.lut_a_to_b_perceptual = None;
        described.lut_a_to_b_colorimetric = None;
        described.lut_a_to_b_saturation = None;
        if !described.is_matrix_shaper() || described.pcs != DataColorSpace::Xyz {
            return None;
        }
        let transform = described.create_transform_8bit(layout, &ColorProfile::new_srgb(), layout, TransformOptions::default()).ok()?;
        let to_srgb = Self { transform, channels: layout.channels() };
        (!to_srgb.changes_nothing()).then_some(to_srgb)
    }

    /// Converts pixels in place. How opaque they are stays.
    pub(super) fn convert(&self, pixels: &mut [u8]) {
        let mut before = vec![0; AT_ONCE * self.channels];
        for after in pixels.chunks_mut(AT_ONCE * self.channels) {
            let before = &mut before[..after.len()];
            before.copy_from_slice(after);
            // It fails for parts of a pixel only, of which there are none.
            if self.transform.transform(before, after).is_err() {
                after.copy_from_slice(before);
            }
        }
    }

    /// Whether it leaves all colors as they are: then what is lossless stays so, bit by bit.
    fn changes_nothing(&self) -> bool {
        // Six steps of each channel.
        let color = |n: u8| [n % 6 * 51, n / 6 % 6 * 51, n / 36 * 51, u8::MAX].into_iter().take(self.channels);
        let before: Vec<u8> = (0..216).flat_map(color).collect();
        let mut after = before.clone();
        self.convert(&mut after);
        before.iter().zip(&after).all(|(before, after)| before.abs_diff(*after) <= ALIKE)
    }
}
