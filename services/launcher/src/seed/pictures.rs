//! What is uploaded: the photographs of a folder, or gradients of our own.

use std::io::Cursor;
use std::path::Path;

use image::{ImageFormat, Rgb, RgbImage};

use super::error::SeedError;
use super::random::Random;

const MADE: usize = 12;
const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;

const COLORS: &[(&str, [u8; 3])] = &[
    ("amber", [255, 191, 0]),
    ("charcoal", [54, 69, 79]),
    ("coral", [255, 127, 80]),
    ("indigo", [75, 0, 130]),
    ("ivory", [255, 255, 240]),
    ("moss", [138, 154, 91]),
    ("teal", [0, 128, 128]),
    ("violet", [143, 0, 255]),
];

/// An encoded picture.
pub struct Picture {
    /// The file's name, with an extension.
    pub name: String,
    /// The name in words.
    pub title: String,
    /// The words of the name.
    pub tags: Vec<String>,
    /// Of the file.
    pub media_type: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
}

impl Picture {
    fn new(name: &str, media_type: &'static str, bytes: Vec<u8>) -> Picture {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_lowercase();
        let words: Vec<&str> = stem.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        Picture { name: name.into(), title: words.join(" "), tags: words.iter().map(|&word| word.to_owned()).collect(), media_type, bytes }
    }
}

/// The JPEG, PNG and WebP files of a folder, by name. A tag is a word of the file's name.
pub fn read(folder: &Path) -> Result<Vec<Picture>, SeedError> {
    let failed = |source| SeedError::Read { path: folder.into(), source };
    let mut pictures = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(media_type) = media_type(&name) {
            let bytes = std::fs::read(&path).map_err(|source| SeedError::Read { path, source })?;
            pictures.push(Picture::new(&name, media_type, bytes));
        }
    }
    pictures.sort_by(|a, b| a.name.cmp(&b.name));
    if pictures.is_empty() { Err(SeedError::NoPictures(folder.into())) } else { Ok(pictures) }
}

/// Gradients between two colors, whose names are the tags.
pub fn make(random: &mut Random) -> Result<Vec<Picture>, SeedError> {
    (0..MADE).map(|_| gradient(random.pick(COLORS), random.pick(COLORS))).collect()
}

fn media_type(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => Some("image/jpeg"),
        "png" => Some("image/png"),
        "webp" => Some("image/webp"),
        _ => None,
    }
}

fn gradient((above, top): &(&str, [u8; 3]), (below, bottom): &(&str, [u8; 3])) -> Result<Picture, SeedError> {
    let mix = |channel: usize, y: u32| {
        let (from, to) = (u32::from(top[channel]), u32::from(bottom[channel]));
        u8::try_from((from * (HEIGHT - 1 - y) + to * y) / (HEIGHT - 1)).expect("between two bytes lies a byte")
    };
    let pixels = RgbImage::from_fn(WIDTH, HEIGHT, |_, y| Rgb([mix(0, y), mix(1, y), mix(2, y)]));
    let mut file = Cursor::new(Vec::new());
    pixels.write_to(&mut file, ImageFormat::Png)?;
    Ok(Picture::new(&format!("{above}-{below}-gradient.png"), "image/png", file.into_inner()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_file_name_are_its_tags() {
        let picture = Picture::new("Hubble_deep-field.JPG", "image/jpeg", Vec::new());
        assert_eq!(picture.tags, ["hubble", "deep", "field"]);
        assert_eq!(picture.title, "hubble deep field");
    }

    #[test]
    fn a_made_picture_is_a_png_of_its_size() {
        let pictures = make(&mut Random::new(1)).expect("memory is enough");
        assert_eq!(pictures.len(), MADE);
        let read = image::load_from_memory(&pictures[0].bytes).expect("a picture");
        assert_eq!((read.width(), read.height()), (WIDTH, HEIGHT));
    }
}
