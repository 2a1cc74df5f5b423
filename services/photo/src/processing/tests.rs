use clap::Parser;
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};

use super::*;

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    photo: PhotoConfig,
}

fn processing() -> Processing {
    let flags = ["photo", "--s3-endpoint=http://store", "--s3-bucket=photos", "--aws-access-key-id=a", "--aws-secret-access-key=b"];
    Processing::new(&Flags::parse_from(flags).photo)
}

/// A picture of grain, as coarsely as `quality` says.
fn jpeg(width: u32, height: u32, quality: u8) -> Bytes {
    let mut grain: u32 = 1;
    let picture = RgbImage::from_fn(width, height, |_, _| {
        grain = grain.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Rgb(grain.to_be_bytes()[..3].try_into().unwrap())
    });
    let mut file = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut file, quality)).unwrap();
    file.into()
}

/// The pictures of a file, and how much of the room for pixels they take.
async fn cleaned(processing: &Processing, file: Bytes) -> (Cleaned, usize) {
    let all = processing.pixels.available_permits();
    let reservation = processing.reserve(AccountId(1), Some(file.len())).await.unwrap();
    let pixels = processing.judge(&file).unwrap();
    let cleaned = processing.clean(file, pixels, reservation).await.unwrap();
    (cleaned, all - processing.pixels.available_permits())
}

#[tokio::test]
async fn pictures_that_have_outgrown_their_file_take_room_until_they_are_stored() {
    let processing = processing();
    let file = jpeg(320, 240, 1);
    let (pictures, taken) = cleaned(&processing, file.clone()).await;
    let beyond = usize::try_from(pictures.size()).unwrap() - 2 * file.len();
    assert!(beyond > 0 && taken * BYTES_OF_A_PIXEL * UNIT >= beyond, "{taken} for {beyond}");
    drop(pictures);
    assert_eq!(processing.pixels.available_permits(), usize::try_from(processing.pixel_units).unwrap());

    // Others fit where their file was, as those of a camera do, and the next may be processed while these are stored.
    let (_pictures, taken) = cleaned(&processing, jpeg(2400, 1800, 100)).await;
    assert_eq!(taken, 0);
}
