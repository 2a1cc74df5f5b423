//! Decode and encode: whatever the bytes are, they are refused or become pictures that can be read again.
#![no_main]

use imaging::{Limits, inspect, process};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits { max_side: 256, max_pixels: 65_536, max_frames: 8 };

fuzz_target!(|bytes: &[u8]| {
    let Ok(processed) = process(bytes, &LIMITS) else { return };
    for picture in processed.all() {
        let header = inspect(&picture.bytes).expect("our own pictures can be read");
        assert_eq!((header.format, header.width, header.height), (picture.format, picture.width, picture.height));
    }
});
