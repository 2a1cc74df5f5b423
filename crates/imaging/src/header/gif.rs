//! The blocks of a GIF file (GIF89a specification, appendix A).

const SIGNATURE_LENGTH: usize = 6;
const EXTENSION: u8 = 0x21;
const IMAGE: u8 = 0x2C;
const TRAILER: u8 = 0x3B;

/// One block, as far as it matters here.
#[derive(Debug, PartialEq, Eq)]
enum Block {
    /// Where a frame ends on the canvas: left plus width, top plus height.
    Frame { right: u32, bottom: u32 },
    /// Timing, comments, what an application wrote.
    Extension,
    /// The end of the file.
    Trailer,
}

/// The blocks, as far as the file is whole.
struct Blocks<'a>(&'a [u8]);

impl Iterator for Blocks<'_> {
    type Item = Block;

    fn next(&mut self) -> Option<Block> {
        let (kind, rest) = self.0.split_first()?;
        let (block, rest) = match *kind {
            EXTENSION => (Block::Extension, after_sub_blocks(rest.get(1..)?)?),
            IMAGE => {
                let side = |at: usize| Some(u32::from(u16::from_le_bytes(*rest.get(at..)?.first_chunk()?)));
                let block = Block::Frame { right: side(0)? + side(4)?, bottom: side(2)? + side(6)? };
                // The descriptor, a palette of the frame's own, a byte that begins its data.
                let data = 9 + palette_bytes(*rest.get(8)?) + 1;
                (block, after_sub_blocks(rest.get(data..)?)?)
            }
            TRAILER => (Block::Trailer, &[][..]),
            _ => return None,
        };
        self.0 = rest;
        Some(block)
    }
}

/// What comes after a chain of sub-blocks, each with its length before it; one of length zero ends it.
fn after_sub_blocks(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let (length, after) = rest.split_first()?;
        if *length == 0 {
            return Some(after);
        }
        rest = after.get(usize::from(*length)..)?;
    }
}

/// The size of the palette that a byte of flags announces.
fn palette_bytes(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 0b111) + 1) }
}

fn blocks(bytes: &[u8]) -> Blocks<'_> {
    let flags = bytes.get(SIGNATURE_LENGTH + 4).copied().unwrap_or_default();
    Blocks(bytes.get(SIGNATURE_LENGTH + 7 + palette_bytes(flags)..).unwrap_or_default())
}

/// Width and height of the canvas. `None` if a frame lies outside of it: decoders do not agree what that means.
pub(crate) fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    let side = |at: usize| Some(u32::from(u16::from_le_bytes(*bytes.get(SIGNATURE_LENGTH + at..)?.first_chunk()?)));
    let (width, height) = (side(0)?, side(2)?);
    let inside = |block: Block| !matches!(block, Block::Frame { right, bottom } if right > width || bottom > height);
    blocks(bytes).all(inside).then_some((width, height))
}

/// How many frames there are, as far as the file is whole.
pub(crate) fn frames(bytes: &[u8]) -> usize {
    blocks(bytes).filter(|block| matches!(block, Block::Frame { .. })).count()
}

/// Whether the file goes on to its trailer.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    blocks(bytes).any(|block| block == Block::Trailer)
}
