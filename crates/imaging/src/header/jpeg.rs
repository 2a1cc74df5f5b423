//! The marker segments of a JPEG file (ITU-T T.81, annex B).

const END_OF_IMAGE: u8 = 0xD9;

/// Markers with their payloads, from the first after the start of the image to its end.
struct Segments<'a>(&'a [u8]);

impl<'a> Iterator for Segments<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        // Entropy-coded data lies between segments. In it, 0xFF is followed by zero or by a restart marker.
        let at = self.0.windows(2).position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0x01 | 0xD0..=0xD8 | 0xFF))?;
        let (marker, rest) = (self.0[at + 1], &self.0[at + 2..]);
        if marker == END_OF_IMAGE {
            self.0 = &[];
            return Some((marker, &[]));
        }
        let length = usize::from(u16::from_be_bytes(*rest.first_chunk()?));
        let payload = rest.get(2..length)?;
        self.0 = &rest[length..];
        Some((marker, payload))
    }
}

/// Width and height, from the first frame header.
pub(crate) fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    // C4, C8 and CC lie in the range of the frame headers without being one.
    let is_frame = |marker: u8| matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC);
    let (_, frame) = Segments(bytes).find(|(marker, _)| is_frame(*marker))?;
    let side = |at: usize| Some(u32::from(u16::from_be_bytes(*frame.get(at..)?.first_chunk()?)));
    Some((side(3)?, side(1)?))
}

/// Whether the image goes on to its end marker. The decoder is lenient and would fill the rest with gray.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    Segments(bytes).any(|(marker, _)| marker == END_OF_IMAGE)
}
