//! The start of a WebP file (RFC 9649, section 2): a RIFF header, then one chunk that tells the size.

/// The length of `RIFF`, size and `WEBP`, then of the first chunk's kind and size.
const FIRST_CHUNK: usize = 20;

/// Width and height, from the first chunk in one of its three forms.
pub(crate) fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    let data = bytes.get(FIRST_CHUNK..)?;
    match bytes.get(12..16)? {
        // Lossy: a frame tag of three bytes, a start code of three, then two sides of 14 bits.
        b"VP8 " => {
            let side = |at: usize| Some(u32::from(u16::from_le_bytes(*data.get(at..)?.first_chunk()?)) & 0x3FFF);
            Some((side(6)?, side(8)?))
        }
        // Lossless: a signature, then two sides of 14 bits, each one less than it is.
        b"VP8L" => {
            let bits = u32::from_le_bytes(*data.get(1..)?.first_chunk()?);
            Some(((bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1))
        }
        // Extended: flags, then two sides of 24 bits, each one less than it is.
        b"VP8X" => {
            let side = |at: usize| {
                let [low, middle, high] = *data.get(at..)?.first_chunk::<3>()?;
                Some(u32::from_le_bytes([low, middle, high, 0]) + 1)
            };
            Some((side(4)?, side(7)?))
        }
        _ => None,
    }
}

/// Whether the flag for animation is set.
pub(crate) fn is_animated(bytes: &[u8]) -> bool {
    bytes.get(12..16) == Some(b"VP8X") && bytes.get(FIRST_CHUNK).is_some_and(|flags| flags & 0b10 != 0)
}

/// How many frames an animation has, as far as the file is whole.
pub(crate) fn frames(bytes: &[u8]) -> usize {
    let mut rest = bytes.get(FIRST_CHUNK - 8..).unwrap_or_default();
    let mut frames = 0;
    while let (Some(kind), Some(size)) = (rest.get(..4), rest.get(4..).and_then(|rest| rest.first_chunk::<4>())) {
        // Chunks begin at even places.
        let size = u32::from_le_bytes(*size) as usize;
        let Some(next) = size.checked_add(8 + size % 2).and_then(|end| rest.get(end..)) else { break };
        frames += usize::from(kind == b"ANMF");
        rest = next;
    }
    frames
}

/// Whether the file is as long as its header says.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    let size = bytes.get(4..).and_then(|rest| rest.first_chunk::<4>());
    size.is_some_and(|size| bytes.len() as u64 >= u64::from(u32::from_le_bytes(*size)) + 8)
}
