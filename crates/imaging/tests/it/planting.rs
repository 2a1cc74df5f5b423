//! Metadata, planted byte by byte as cameras, editors and phones write it: one copy of a file for each kind of block.

use crate::samples::{exif, with_exif};

/// What a camera, an editor and their owner would have left behind; nothing of it may come out.
pub const SECRETS: [&str; 7] = ["Ada Lovelace", "N 51.5014 W 0.1419", "Exif", "ns.adobe.com", "ICC_PROFILE", "8BIM", "XMP Data"];

/// Who took the picture and where, as text.
const TEXT: &[u8] = b"Ada Lovelace, N 51.5014 W 0.1419";
/// The same in the language of Adobe's packets.
const XMP: &[u8] = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' \
    xmlns:photoshop='http://ns.adobe.com/photoshop/1.0/'><rdf:Description photoshop:Credit='Ada Lovelace' \
    photoshop:City='N 51.5014 W 0.1419'/></rdf:RDF></x:xmpmeta>";

/// What is planted, and the file with it.
pub type Planted = (&'static str, Vec<u8>);

/// A JPEG with each kind of segment that tells of more than pixels (ITU-T T.81, B.2.4; XMP, part 3, 1.1.3).
pub fn in_jpeg(file: &[u8]) -> Vec<Planted> {
    let segment = |marker: u8, parts: &[&[u8]]| jpeg_with_segment(file, marker, &parts.concat());
    let whole = u32::try_from(XMP.len()).unwrap().to_be_bytes();
    vec![
        ("JPEG with EXIF", with_exif(file, &exif(1))),
        ("JPEG with XMP", segment(0xE1, &[b"http://ns.adobe.com/xap/1.0/\0", XMP])),
        ("JPEG with long XMP", segment(0xE1, &[b"http://ns.adobe.com/xmp/extension/\0", &[b'0'; 32], &whole, &[0; 4], XMP])),
        ("JPEG with IPTC", segment(0xED, &[b"Photoshop 3.0\0", &iptc()])),
        ("JPEG with a profile", jpeg_with_profile(file, TEXT)),
        ("JPEG with an application's segment", segment(0xEB, &[TEXT])),
        ("JPEG with a comment", segment(0xFE, &[TEXT])),
    ]
}

/// The JPEG with a color profile (ICC.1, B.4).
pub fn jpeg_with_profile(file: &[u8], profile: &[u8]) -> Vec<u8> {
    jpeg_with_segment(file, 0xE2, &[&b"ICC_PROFILE\0\x01\x01"[..], profile].concat())
}

fn jpeg_with_segment(file: &[u8], marker: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
    [&file[..2], &[0xFF, marker], &length, payload, &file[2..]].concat()
}

/// A PNG with each kind of chunk that tells of more than pixels (W3C PNG, section 11.3).
pub fn in_png(file: &[u8]) -> Vec<Planted> {
    // Behind the signature and the first chunk, and before the last one.
    let (first, last) = (33, file.len() - 12);
    let chunk = |at: usize, kind: &[u8; 4], parts: &[&[u8]]| [&file[..at], &png_chunk(kind, &parts.concat()), &file[at..]].concat();
    vec![
        ("PNG with EXIF", chunk(first, b"eXIf", &[&exif(1)])),
        ("PNG with XMP", chunk(first, b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0", XMP])),
        ("PNG with packed XMP", chunk(first, b"iTXt", &[b"XML:com.adobe.xmp\0\x01\0\0\0", &zlib(XMP)])),
        ("PNG with IPTC", chunk(first, b"zTXt", &[b"Raw profile type iptc\0\0", &zlib(&iptc())])),
        ("PNG with a profile", chunk(first, b"iCCP", &[b"Ada Lovelace\0\0", &zlib(TEXT)])),
        ("PNG with text", chunk(first, b"tEXt", &[b"Author\0", TEXT])),
        ("PNG with packed text", chunk(first, b"zTXt", &[b"Author\0\0", &zlib(TEXT)])),
        ("PNG with text behind its pixels", chunk(last, b"tEXt", &[b"Comment\0", TEXT])),
        ("PNG with an application's chunk", chunk(first, b"adAa", &[TEXT])),
    ]
}

/// A WebP with each kind of chunk that tells of more than pixels (RFC 9649, section 2.7).
pub fn in_webp(file: &[u8], size: (u32, u32)) -> Vec<Planted> {
    let behind = |flag: u8, kind: &[u8; 4], data: &[u8]| extended_webp(file, size, flag, &[], &webp_chunk(kind, data));
    vec![
        ("WebP with EXIF", behind(0b1000, b"EXIF", &exif(1))),
        ("WebP with XMP", behind(0b0100, b"XMP ", XMP)),
        ("WebP with a profile", webp_with_profile(file, size, TEXT)),
        ("WebP with an application's chunk", behind(0, b"adAa", TEXT)),
    ]
}

/// The WebP with a color profile (RFC 9649, section 2.7.1.4).
pub fn webp_with_profile(file: &[u8], size: (u32, u32), profile: &[u8]) -> Vec<u8> {
    extended_webp(file, size, 0b10_0000, &webp_chunk(b"ICCP", profile), &[])
}

/// The WebP with a flag and with chunks before and behind those of its pixels.
fn extended_webp(file: &[u8], (width, height): (u32, u32), flag: u8, before: &[u8], behind: &[u8]) -> Vec<u8> {
    let (flags, pixels) = match &file[12..16] {
        b"VP8X" => (file[20] | flag, &file[30..]),
        _ => (flag, &file[12..]),
    };
    let sides = [&(width - 1).to_le_bytes()[..3], &(height - 1).to_le_bytes()[..3]].concat();
    let head = webp_chunk(b"VP8X", &[&[flags, 0, 0, 0][..], &sides].concat());
    webp_chunk(b"RIFF", &[&b"WEBP"[..], &head, before, pixels, behind].concat())
}

fn webp_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_le_bytes();
    [&kind[..], &length, data, &[0_u8][..data.len() % 2]].concat()
}

/// A GIF with each kind of extension that tells of more than pixels (GIF89a, 24 and 26; XMP, part 3, 1.1.2).
pub fn in_gif(file: &[u8]) -> Vec<Planted> {
    // Behind the header, and the palette that it may announce.
    let at = 13 + if file[10] & 0x80 == 0 { 0 } else { 3 << ((file[10] & 0b111) + 1) };
    let extension = |parts: &[&[u8]]| [&file[..at], &[0x21], &parts.concat(), &file[at..]].concat();
    let block = [&[u8::try_from(TEXT.len()).unwrap()][..], TEXT, &[0]].concat();
    // Whichever byte of the packet is taken for a length, what follows leads to the end.
    let trailer: Vec<u8> = [0x01].into_iter().chain((0..=0xFF).rev()).chain([0]).collect();
    vec![
        ("GIF with XMP", extension(&[b"\xFF\x0BXMP DataXMP", XMP, &trailer])),
        ("GIF with a profile", extension(&[b"\xFF\x0BICCRGBG1012", &block])),
        ("GIF with an application's block", extension(&[b"\xFF\x0BLOVELACE1.0", &block])),
        ("GIF with a comment", extension(&[b"\xFE", &block])),
    ]
}

/// A block of Photoshop's that holds the name of the author (IPTC IIM 4.2, data set 2:80).
fn iptc() -> Vec<u8> {
    let length = u16::try_from(TEXT.len()).unwrap().to_be_bytes();
    let record = [&[0x1C_u8, 2, 80][..], &length, TEXT].concat();
    let length = u32::try_from(record.len()).unwrap().to_be_bytes();
    [&b"8BIM\x04\x04\0\0"[..], &length, &record, &[0_u8][..record.len() % 2]].concat()
}

pub fn png_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    let checked = [&kind[..], data].concat();
    [&length[..], &checked, &crc32(&checked).to_be_bytes()].concat()
}

/// A stream of one block that is not compressed, so that a test finds in the file what it has planted (RFC 1950, RFC 1951).
fn zlib(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    let (one, two) = data.iter().fold((1, 0), |(one, two), byte| {
        let one = (one + u32::from(*byte)) % 65_521;
        (one, (two + one) % 65_521)
    });
    let adler32 = (two << 16) | one;
    [&[0x78_u8, 0x01, 0x01][..], &length.to_le_bytes(), &(!length).to_le_bytes(), data, &adler32.to_be_bytes()].concat()
}

fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}
