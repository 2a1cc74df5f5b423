//! Boxes (ISO/IEC 14496-12, section 4.2): a size, a kind, and what is in it.

/// The boxes in a box, with their kinds, as far as they are whole.
pub(super) struct Boxes<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Boxes<'a> {
    type Item = (&'a [u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let mut reader = Reader(self.0);
        let size = reader.number(4)?;
        let kind = reader.take(4)?.first_chunk()?;
        let (size, head) = match size {
            // To the end of the file.
            0 => (self.0.len(), 8),
            1 => (usize::try_from(reader.number(8)?).ok()?, 16),
            size => (usize::try_from(size).ok()?, 8),
        };
        let body = self.0.get(head..size)?;
        self.0 = self.0.get(size..)?;
        Some((kind, body))
    }
}

/// The first box of this kind.
pub(super) fn child<'a>(bytes: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    Boxes(bytes).find(|(found, _)| *found == kind).map(|(_, body)| body)
}

/// Numbers, the highest byte first.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// Of so many bytes, up to eight; none are 0.
    pub(super) fn number(&mut self, bytes: usize) -> Option<u64> {
        Some(self.take(bytes)?.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }

    /// Of four bytes or two.
    pub(super) fn id(&mut self, is_long: bool) -> Option<u32> {
        u32::try_from(self.number(if is_long { 4 } else { 2 })?).ok()
    }

    /// A version and flags.
    pub(super) fn version(&mut self) -> Option<(u64, u64)> {
        Some((self.number(1)?, self.number(3)?))
    }

    /// Two numbers in one byte.
    pub(super) fn halves(&mut self) -> Option<[usize; 2]> {
        let [byte] = *self.take(1)?.first_chunk()?;
        Some([usize::from(byte >> 4), usize::from(byte & 0xF)])
    }
}
