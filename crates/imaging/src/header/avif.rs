//! What an AVIF file says of its one picture, and where the data of it are (AVIF 1.1; HEIF, ISO/IEC 23008-12).

mod boxes;
mod obu;

use self::boxes::{Boxes, Reader, child};
pub(crate) use self::obu::frames;
use crate::{Error, Result};

/// Properties that one picture may have, and links between pictures that are looked at.
const MOST: usize = 64;
/// What another picture is to this one, if it says how much shows through.
const ALPHA: &[u8] = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha";

/// A file with one still picture.
pub(crate) struct Container<'a> {
    file: &'a [u8],
    meta: &'a [u8],
    primary: u32,
    /// What is said of it beside its pixels.
    pub(crate) properties: Properties,
}

/// What is said of a picture beside its pixels.
#[derive(Clone, Copy, Default)]
pub(crate) struct Properties {
    size: Option<(u32, u32)>,
    /// Quarter turns to the left. They come before the mirror.
    pub(crate) turns: u8,
    pub(crate) mirror: Option<Mirror>,
    pub(crate) color: Option<Color>,
    is_cut: bool,
    is_alpha: bool,
}

/// What changes its place.
#[derive(Clone, Copy)]
pub(crate) enum Mirror {
    TopAndBottom,
    LeftAndRight,
}

/// How samples become colors (ITU-T H.273).
#[derive(Clone, Copy)]
pub(crate) struct Color {
    /// The number of the matrix.
    pub(crate) matrix: u16,
    /// Black is 0, and not 16 of 255.
    pub(crate) full_range: bool,
}

/// Width and height, before turning it upright.
pub(crate) fn dimensions(file: &[u8]) -> Result<Option<(u32, u32)>> {
    Ok(Container::read(file)?.properties.size)
}

/// Whether a file that calls itself by the name that all these formats share is AVIF.
pub(crate) fn is_compatible(file: &[u8]) -> bool {
    let brands = child(file, b"ftyp").and_then(|ftyp| ftyp.get(8..)).unwrap_or_default();
    brands.chunks_exact(4).take(MOST).any(|brand| brand == b"avif")
}

impl<'a> Container<'a> {
    /// # Errors
    ///
    /// [`Error::Damaged`], or [`Error::Unsupported`] if the picture is made of several, or one that is to be cut.
    pub(crate) fn read(file: &'a [u8]) -> Result<Self> {
        let (container, kind) = Self::find(file).ok_or_else(|| Error::Damaged("the boxes make no sense".to_owned()))?;
        match kind == b"av01" && !container.properties.is_cut {
            true => Ok(container),
            false => Err(Error::Unsupported("such AVIF".to_owned())),
        }
    }

    fn find(file: &'a [u8]) -> Option<(Self, &'a [u8; 4])> {
        let meta = child(file, b"meta")?.get(4..)?;
        let mut pitm = Reader(child(meta, b"pitm")?);
        let (version, _) = pitm.version()?;
        let primary = pitm.id(version > 0)?;
        let properties = properties(meta, primary)?;
        Some((Self { file, meta, primary, properties }, kind(meta, primary)?))
    }

    /// The AV1 data of the picture, if all of them are there.
    pub(crate) fn picture(&self) -> Option<Vec<u8>> {
        data(self.file, self.meta, self.primary)
    }

    /// The picture that says how much shows through.
    pub(crate) fn alpha(&self) -> Option<u32> {
        let of_this = links(self.meta, b"auxl").into_iter().filter(|(_, to)| *to == self.primary).take(4);
        let mut of_this = of_this.map(|(from, _)| from);
        of_this.find(|item| properties(self.meta, *item).is_some_and(|properties| properties.is_alpha))
    }

    /// The AV1 data of [`alpha`](Self::alpha), if all of them are there.
    pub(crate) fn alpha_data(&self, alpha: u32) -> Option<Vec<u8>> {
        data(self.file, self.meta, alpha)
    }

    /// Whether the colors are multiplied with it already.
    pub(crate) fn is_premultiplied(&self, alpha: u32) -> bool {
        links(self.meta, b"prem").contains(&(self.primary, alpha))
    }
}

impl Properties {
    fn note(&mut self, kind: &[u8; 4], body: &[u8]) -> Option<()> {
        let mut reader = Reader(body);
        match kind {
            b"ispe" => {
                reader.version()?;
                self.size = Some((reader.id(true)?, reader.id(true)?));
            }
            b"irot" => self.turns = body.first()? & 3,
            b"imir" => self.mirror = Some(if body.first()? & 1 == 0 { Mirror::TopAndBottom } else { Mirror::LeftAndRight }),
            b"colr" if body.starts_with(b"nclx") => {
                // Beside the matrix there are primaries and a transfer function, which are taken for those of sRGB.
                reader.take(8)?;
                self.color = Some(Color { matrix: u16::try_from(reader.number(2)?).ok()?, full_range: reader.number(1)? >> 7 == 1 });
            }
            b"clap" => self.is_cut = true,
            b"auxC" => self.is_alpha = body.get(4..)?.starts_with(ALPHA),
            _ => {}
        }
        Some(())
    }
}

fn properties(meta: &[u8], item: u32) -> Option<Properties> {
    let iprp = child(meta, b"iprp")?;
    let ipco = child(iprp, b"ipco")?;
    let (mut properties, mut noted) = (Properties::default(), 0);
    for (_, ipma) in Boxes(iprp).filter(|(kind, _)| *kind == b"ipma") {
        let mut reader = Reader(ipma);
        let (version, flags) = reader.version()?;
        for _ in 0..reader.number(4)? {
            let found = reader.id(version > 0)?;
            for _ in 0..reader.number(1)? {
                // The highest bit says whether it may be passed by.
                let index = if flags & 1 == 0 { reader.number(1)? & 0x7F } else { reader.number(2)? & 0x7FFF };
                if found != item || index == 0 {
                    continue;
                }
                noted += 1;
                if noted > MOST {
                    return None;
                }
                let (kind, body) = Boxes(ipco).nth(usize::try_from(index).ok()? - 1)?;
                properties.note(kind, body)?;
            }
        }
    }
    Some(properties)
}

/// Whether it is a picture, or how one is made of others.
fn kind(meta: &[u8], item: u32) -> Option<&[u8; 4]> {
    let mut iinf = Reader(child(meta, b"iinf")?);
    let (version, _) = iinf.version()?;
    iinf.take(if version == 0 { 2 } else { 4 })?;
    Boxes(iinf.0).filter(|(kind, _)| *kind == b"infe").find_map(|(_, infe)| {
        let mut reader = Reader(infe);
        let (version, _) = reader.version()?;
        let found = reader.id(version > 2)?;
        reader.take(2)?;
        let kind = reader.take(4)?.first_chunk()?;
        (version > 1 && found == item).then_some(kind)
    })
}

/// Which picture says of itself that it is something to which other: the first of them.
fn links(meta: &[u8], kind: &[u8; 4]) -> Vec<(u32, u32)> {
    let mut links = Vec::new();
    let mut iref = Reader(child(meta, b"iref").unwrap_or_default());
    let Some((version, _)) = iref.version() else { return links };
    for (_, body) in Boxes(iref.0).filter(|(found, _)| *found == kind).take(MOST) {
        let mut reader = Reader(body);
        let (Some(from), Some(count)) = (reader.id(version > 0), reader.number(2)) else { break };
        let to = (0..count.min(MOST as u64)).map_while(|_| reader.id(version > 0));
        links.extend(to.map(|to| (from, to)));
    }
    links
}

/// The bytes of an item, if all of them are there.
fn data(file: &[u8], meta: &[u8], item: u32) -> Option<Vec<u8>> {
    let mut iloc = Reader(child(meta, b"iloc")?);
    let (version, _) = iloc.version()?;
    let [offset, length] = iloc.halves()?;
    let [base, index] = iloc.halves()?;
    let index = if version == 0 { 0 } else { index };
    let items = iloc.number(if version < 2 { 2 } else { 4 })?;
    for _ in 0..items {
        let found = iloc.id(version > 1)?;
        let method = if version == 0 { 0 } else { iloc.number(2)? & 0xF };
        iloc.take(2)?;
        let base = iloc.number(base)?;
        let pieces = usize::try_from(iloc.number(2)?).ok()?;
        let mut pieces = Reader(iloc.take(pieces * (index + offset + length))?);
        if found != item {
            continue;
        }
        let source = match method {
            0 => file,
            1 => child(meta, b"idat")?,
            _ => return None,
        };
        let mut data = Vec::new();
        while !pieces.0.is_empty() {
            pieces.take(index)?;
            let at = base.checked_add(pieces.number(offset)?)?;
            let rest = source.get(usize::try_from(at).ok()?..)?;
            let piece = match usize::try_from(pieces.number(length)?).ok()? {
                0 => rest,
                length => rest.get(..length)?,
            };
            // The same bytes may be named over and over.
            if data.len() + piece.len() > file.len() {
                return None;
            }
            data.extend_from_slice(piece);
        }
        return Some(data);
    }
    None
}
