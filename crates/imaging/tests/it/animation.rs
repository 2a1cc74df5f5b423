use std::io::Cursor;

use image::codecs::webp::WebPDecoder;
use image::{AnimationDecoder, Rgba, RgbaImage};
use imaging::{Format, Limits, inspect, process};

use crate::samples::{apng, drawing, gif, photograph};

/// The frames of an animated WebP: the pixel in the middle, and for how many milliseconds it is shown.
pub fn frames(file: &[u8]) -> Vec<([u8; 4], u32)> {
    let frames = WebPDecoder::new(Cursor::new(file)).unwrap().into_frames().map(|frame| {
        let frame = frame.unwrap();
        let (milliseconds, divisor) = frame.delay().numer_denom_ms();
        let (width, height) = frame.buffer().dimensions();
        (frame.buffer().get_pixel(width / 2, height / 2).0, milliseconds / divisor)
    });
    frames.collect()
}

fn flat(color: [u8; 4]) -> image::DynamicImage {
    RgbaImage::from_pixel(60, 40, Rgba(color)).into()
}

#[test]
fn what_moves_goes_on_moving() {
    let frames = [flat([250, 0, 0, 255]), flat([0, 250, 0, 255]), flat([0, 0, 250, 255])];
    for file in [gif(&frames, 120), apng(&frames, 120)] {
        goes_on_moving(&file);
    }
}

/// A file of three frames that are red, green and blue.
fn goes_on_moving(file: &[u8]) {
    assert_eq!(inspect(file).unwrap().frames, 3);
    let processed = process(file, &Limits::default()).unwrap();
    assert!(processed.animated);
    assert_eq!((processed.width, processed.height), (60, 40));
    assert_eq!(processed.original.format, Format::WebP);

    let seen = frames(&processed.original.bytes);
    assert_eq!(seen.len(), 3);
    for ((pixel, milliseconds), brightest) in seen.into_iter().zip(0..3) {
        assert_eq!(milliseconds, 120);
        let most = (0..3).max_by_key(|channel| pixel[*channel]);
        assert_eq!(most, Some(brightest), "{pixel:?}");
    }
    // The smaller ones are stills of the first frame.
    for still in &processed.all()[1..] {
        assert_eq!(inspect(&still.bytes).unwrap().frames, 1);
    }
    assert_eq!(processed.color.hue().name(), "red");
}

#[test]
fn an_animated_webp_stays_one_however_often_it_comes() {
    let once = process(&gif(&[photograph(64, 48), drawing(64, 48)], 200), &Limits::default()).unwrap().original;
    let again = process(&once.bytes, &Limits::default()).unwrap();
    assert!(again.animated);
    assert_eq!(frames(&again.original.bytes).len(), 2);
}

#[test]
fn a_frame_that_nobody_could_see_is_shown_as_browsers_show_it() {
    let file = gif(&[flat([250, 0, 0, 255]), flat([0, 250, 0, 255])], 0);
    let seen = frames(&process(&file, &Limits::default()).unwrap().original.bytes);
    assert_eq!(seen[0].1, 100);
}

#[test]
fn what_does_not_move_comes_out_pixel_by_pixel() {
    for file in [gif(&[drawing(50, 30)], 0), apng(&[drawing(50, 30)], 0)] {
        let processed = process(&file, &Limits::default()).unwrap();
        assert!(!processed.animated);
        assert_eq!(processed.original.format, Format::Png);
        let pixels = |file: &[u8]| image::load_from_memory(file).unwrap().into_rgba8();
        assert_eq!(pixels(&processed.original.bytes), pixels(&file));
    }
}
