//! The units of AV1 data (AV1, section 5.3).

/// A frame's header, before its tiles.
const FRAME_HEADER: u8 = 3;
/// A frame.
const FRAME: u8 = 6;

/// How many frames there are: a picture has one, and more would be hidden, and work for nothing.
pub(crate) fn frames(mut data: &[u8]) -> Option<usize> {
    let mut frames = 0;
    while let Some((&header, rest)) = data.split_first() {
        let has_extension = header & 0b100 != 0;
        let rest = rest.get(usize::from(has_extension)..)?;
        let (size, rest) = match header & 0b10 {
            0 => (rest.len(), rest),
            _ => leb128(rest)?,
        };
        frames += usize::from(matches!((header >> 3) & 0xF, FRAME_HEADER | FRAME));
        data = rest.get(size..)?;
    }
    Some(frames)
}

/// A number of up to eight bytes, the lowest first, of which the highest bit says whether another follows.
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut number = 0;
    for (place, byte) in bytes.iter().enumerate().take(8) {
        number |= u64::from(byte & 0x7F) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(number).ok()?, bytes.get(place + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_whatever_is_between_them() {
        // A delimiter, a sequence header of one byte, a frame of two.
        let one = [0x12, 0, 0x0A, 1, 9, 0x32, 2, 7, 7];
        assert_eq!(frames(&one), Some(1));
        assert_eq!(frames(&[&one[..], &[0x1A, 0x81, 0, 5]].concat()), Some(2), "a size in two bytes");
        assert_eq!(frames(&[&one[..], &[0x30, 1, 2, 3]].concat()), Some(2), "the last says no size");
        assert_eq!(frames(&[0x36, 0x10, 1, 7]), Some(1), "with an extension");
        assert_eq!(frames(&[]), Some(0));
        for cut in [&one[..8], &[0x32, 0x80], &[0x32, 9, 1], &[0x36]] {
            assert_eq!(frames(cut), None, "{cut:?}");
        }
    }
}
