use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader};
use imaging::{Limits, Processed, process};

use crate::samples::{SECRETS, exif, holds, jpeg, photograph, png, webp, with_exif};

fn outputs(processed: &Processed) -> [(&'static str, &[u8]); 4] {
    let Processed { original, large, small, thumb, .. } = processed;
    [("original", &original.bytes), ("large", &large.bytes), ("small", &small.bytes), ("thumb", &thumb.bytes)]
}

#[test]
fn nothing_that_was_planted_comes_out() {
    let picture = photograph(640, 480);
    let files =
        [("JPEG", with_exif(&jpeg(&picture), &exif(1))), ("PNG", png(&picture, Some(exif(1)))), ("WebP", webp(&picture, Some(exif(1))))];
    for (kind, file) in files {
        assert!(holds(&file, "Ada Lovelace"), "nothing is planted in the {kind}");
        let processed = process(&file, &Limits::default()).unwrap();
        for (name, bytes) in outputs(&processed) {
            for secret in SECRETS {
                assert!(!holds(bytes, secret), "{secret:?} is left in the {name} of the {kind}");
            }
            let mut decoder = decoder(bytes);
            assert_eq!(decoder.exif_metadata().unwrap(), None, "{name} of the {kind}");
            assert_eq!(decoder.xmp_metadata().unwrap(), None, "{name} of the {kind}");
            assert_eq!(decoder.icc_profile().unwrap(), None, "{name} of the {kind}");
        }
    }
}

#[test]
fn a_picture_stored_turned_comes_out_upright() {
    // Orientation 6: the camera was held so that the picture must be turned a quarter clockwise.
    let file = with_exif(&jpeg(&photograph(320, 200)), &exif(6));
    let processed = process(&file, &Limits::default()).unwrap();

    assert_eq!((processed.width, processed.height), (200, 320));
    for (name, bytes) in outputs(&processed) {
        let mut decoder = decoder(bytes);
        assert_eq!(decoder.dimensions(), (200, 320), "{name}");
        assert_eq!(decoder.orientation().unwrap(), Orientation::NoTransforms, "{name}");

        // What was red to the left is red at the top.
        let picture = DynamicImage::from_decoder(decoder).unwrap().into_rgb8();
        let [red, _, blue] = picture.get_pixel(100, 4).0;
        assert!(red > 200 && blue < 60, "{name}: red {red}, blue {blue} at the top");
        let [red, _, blue] = picture.get_pixel(100, 315).0;
        assert!(red < 60 && blue > 200, "{name}: red {red}, blue {blue} at the bottom");
    }
}

fn decoder(bytes: &[u8]) -> impl ImageDecoder {
    ImageReader::new(std::io::Cursor::new(bytes)).with_guessed_format().unwrap().into_decoder().unwrap()
}
