//! The chunks of a PNG file (W3C PNG, sections 5 and 11).

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

/// How many frames there are, as far as the file is whole. One, unless an animation control chunk precedes the pixels. Pixels that
/// belong to no frame, for programs that know of none, do not count.
pub(crate) fn frames(bytes: &[u8]) -> usize {
    let is_animated = chunks(bytes).take_while(|(kind, _)| *kind != b"IDAT").any(|(kind, _)| kind == b"acTL");
    match is_animated {
        true => chunks(bytes).filter(|(kind, _)| *kind == b"fcTL").count().max(1),
        false => 1,
    }
}

/// Whether the file goes on to its end chunk.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    chunks(bytes).any(|(kind, _)| kind == b"IEND")
}
