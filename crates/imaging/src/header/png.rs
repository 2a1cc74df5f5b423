//! The chunks of a PNG file (W3C PNG, section 5).

const SIGNATURE_LENGTH: usize = 8;

/// The kinds of the chunks with their data, as far as the file is whole.
struct Chunks<'a>(&'a [u8]);

impl<'a> Iterator for Chunks<'a> {
    type Item = (&'a [u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let length = u32::from_be_bytes(*self.0.first_chunk()?) as usize;
        let kind = self.0.get(4..)?.first_chunk()?;
        let end = length.checked_add(8)?;
        let data = self.0.get(8..end)?;
        // A checksum of four bytes follows; the decoder verifies it.
        self.0 = self.0.get(end.checked_add(4)?..)?;
        Some((kind, data))
    }
}

fn chunks(bytes: &[u8]) -> Chunks<'_> {
    Chunks(bytes.get(SIGNATURE_LENGTH..).unwrap_or_default())
}

/// Width and height, from the first chunk.
pub(crate) fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    let (kind, data) = chunks(bytes).next()?;
    let side = |at: usize| Some(u32::from_be_bytes(*data.get(at..)?.first_chunk()?));
    (kind == b"IHDR").then_some((side(0)?, side(4)?))
}

/// Whether an animation control chunk precedes the pixels.
pub(crate) fn is_animated(bytes: &[u8]) -> bool {
    chunks(bytes).take_while(|(kind, _)| *kind != b"IDAT").any(|(kind, _)| kind == b"acTL")
}

/// Whether the file goes on to its end chunk.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    chunks(bytes).any(|(kind, _)| kind == b"IEND")
}
