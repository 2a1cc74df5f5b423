use imaging::{Error, Header, Limits, inspect, process};
use proptest::prelude::*;

use crate::avif::STILL;
use crate::colors::display_p3;
use crate::planting::{jpeg_with_profile, png_chunk};
use crate::samples::{apng, drawing, gif, holds, jpeg, photograph, png, webp};

/// A PNG that is nothing but a header of this size; its checksum is never looked at.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    [&b"\x89PNG\r\n\x1a\n"[..], &13u32.to_be_bytes(), b"IHDR", &width.to_be_bytes(), &height.to_be_bytes(), &[8, 6, 0, 0, 0], &[0; 4]]
        .concat()
}

#[test]
fn a_png_of_60000_by_60000_is_refused_by_its_header() {
    let error = process(&png_header(60_000, 60_000), &Limits::default()).unwrap_err();
    let Limits { max_side, max_pixels, .. } = Limits::default();
    assert_eq!(error, Error::TooLarge { width: 60_000, height: 60_000, max_side, max_pixels });
}

#[test]
fn sides_and_area_are_both_limited() {
    let limits = Limits { max_side: 100, max_pixels: 5_000, max_frames: 1 };
    let refused = |width, height| {
        let file = png(&photograph(width, height), None);
        matches!(process(&file, &limits), Err(Error::TooLarge { .. }))
    };
    assert!(!refused(100, 50));
    assert!(refused(101, 1));
    assert!(refused(100, 51));
}

#[test]
fn a_text_that_is_called_jpg_is_no_image() {
    for text in ["", "hello", "<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "\u{FEFF}%PDF-1.7"] {
        assert_eq!(process(text.as_bytes(), &Limits::default()).unwrap_err(), Error::NotAnImage, "{text:?}");
    }
}

#[test]
fn a_format_that_is_not_read_is_named() {
    let named = |bytes: &[u8]| match inspect(bytes) {
        Err(Error::Unsupported(name)) => name,
        other => panic!("{other:?}"),
    };
    assert_eq!(named(b"\0\0\0\x18ftypheic\0\0\0\0"), "HEIC");
    assert_eq!(named(b"\0\0\0\x18ftypmsf1\0\0\0\0"), "HEIC");
    assert_eq!(named(b"\0\0\0\x18ftypavis\0\0\0\0"), "animated AVIF");
    assert_eq!(named(b"BM\x1a\0\0\0\0\0\0\0"), "BMP");
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let frames = [photograph(32, 24), drawing(32, 24)];
    let alike = [drawing(32, 24), drawing(32, 24).fliph()];
    let stills = [jpeg(&photograph(64, 48)), png(&drawing(64, 48), None), webp(&drawing(64, 48), None)];
    for file in stills.into_iter().chain([gif(&frames, 50), apng(&alike, 50)]) {
        assert!(process(&file, &Limits::default()).is_ok());
        for length in 0..file.len() {
            let cut = process(&file[..length], &Limits::default());
            assert!(matches!(cut, Err(Error::NotAnImage | Error::Damaged(_))), "{length} of {}: {cut:?}", file.len());
        }
    }
}

#[test]
fn a_second_size_hidden_behind_the_first_is_refused() {
    // Two frame headers: one parser might believe the first, another the last.
    let file = jpeg(&photograph(64, 48));
    let small_frame: &[u8] = &[0xFF, 0xC0, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0];
    let file = [&file[..2], small_frame, &file[2..]].concat();
    assert_eq!(inspect(&file).map(|Header { width, height, .. }| (width, height)), Ok((1, 1)));
    assert!(matches!(process(&file, &Limits::default()), Err(Error::Damaged(_))));
}

/// What begins as a picture and goes on as a page or a document: nothing of the second may come out.
#[test]
fn of_a_polyglot_only_the_pixels_come_out() {
    let hidden = "<script>alert(1)</script>%PDF-1.7";
    let comment = [&b"\xFF\xFE"[..], &u16::try_from(hidden.len() + 2).unwrap().to_be_bytes(), hidden.as_bytes()].concat();
    let file = jpeg(&photograph(64, 48));
    let inside = [&file[..2], &comment, &file[2..]].concat();
    let behind = |file: Vec<u8>| [file.as_slice(), hidden.as_bytes()].concat();
    for file in [inside, behind(file), behind(png(&drawing(64, 48), None)), behind(gif(&[drawing(64, 48)], 50))] {
        assert!(holds(&file, hidden));
        for picture in process(&file, &Limits::default()).unwrap().all() {
            assert!(!holds(&picture.bytes, "script") && !holds(&picture.bytes, "%PDF"));
        }
    }
}

#[test]
fn an_animation_that_is_a_bomb_is_refused_without_decoding() {
    // Each frame costs a few bytes: what counts is what all of them would take.
    let frames = vec![photograph(100, 100); 12];
    for file in [gif(&frames, 50), apng(&frames, 50)] {
        let refused = |limits: Limits| process(&file, &limits).unwrap_err();
        let limits = Limits::default();
        assert!(matches!(refused(Limits { max_frames: 11, ..limits }), Error::TooLong { frames: 12, max_frames: 11, .. }));
        assert!(matches!(refused(Limits { max_pixels: 119_999, ..limits }), Error::TooLong { .. }));
        assert!(process(&file, &Limits { max_pixels: 120_000, max_frames: 12, ..limits }).is_ok());
    }
}

#[test]
fn an_animation_has_the_frames_that_there_are_whatever_it_says() {
    let file = apng(&[photograph(20, 20), photograph(20, 20).fliph()], 50);
    for says in [0_u32, 1, 3, 1_000_000, u32::MAX] {
        let chunk = png_chunk(b"acTL", &[says.to_be_bytes(), [0; 4]].concat());
        let lying = [&file[..33], &chunk, &file[33 + chunk.len()..]].concat();
        assert_eq!(inspect(&lying).unwrap().frames, 2, "{says}");
        let result = process(&lying, &Limits { max_frames: 2, max_pixels: 800, ..Limits::default() });
        assert!(matches!(result, Ok(_) | Err(Error::Damaged(_))), "{says}: {result:?}");
    }
}

#[test]
fn a_frame_outside_of_its_canvas_is_refused() {
    let mut file = gif(&[photograph(20, 20), photograph(20, 20)], 50);
    // The canvas says one by one; the frames go on to be twenty.
    file[6..10].copy_from_slice(&[1, 0, 1, 0]);
    assert!(matches!(process(&file, &Limits::default()), Err(Error::Damaged(_))));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(start in 0usize..6, tail in proptest::collection::vec(any::<u8>(), 0..512)) {
        let magic: [&[u8]; 6] = [
            b"\xFF\xD8\xFF",
            b"\x89PNG\r\n\x1a\n",
            b"RIFF\xFF\0\0\0WEBPVP8 ",
            b"RIFF\xFF\0\0\0WEBPVP8X\x0a\0\0\0\x02",
            b"GIF89a",
            b"\0\0\0\x10ftypavif\0\0\0\0",
        ];
        let _ = process(&[magic[start], &tail].concat(), &Limits::default());
    }

    #[test]
    fn no_flipped_byte_makes_it_panic(kind in 0usize..7, at: proptest::sample::Index, byte: u8) {
        let picture = drawing(24, 16);
        let mut file = match kind {
            0 => jpeg(&picture),
            1 => png(&picture, None),
            2 => webp(&picture, None),
            3 => gif(&[picture.clone(), photograph(24, 16)], 50),
            4 => jpeg_with_profile(&jpeg(&picture), &display_p3()),
            5 => apng(&[picture.clone(), picture.fliph()], 50),
            _ => STILL.to_vec(),
        };
        let at = at.index(file.len());
        file[at] = byte;
        let _ = process(&file, &Limits { max_side: 64, max_pixels: 4_096, max_frames: 4 });
    }
}
