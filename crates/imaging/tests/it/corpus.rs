//! What the fuzzer starts from, and whatever it once found, as an ordinary test.

use std::fs;
use std::path::Path;

use imaging::{Limits, inspect, process};

/// As in `fuzz/fuzz_targets/process.rs`.
const LIMITS: Limits = Limits { max_side: 256, max_pixels: 65_536, max_frames: 8 };

#[test]
fn every_file_of_the_corpus_is_refused_or_gives_pictures() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/process");
    let mut kept = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(processed) = process(&fs::read(&path).unwrap(), &LIMITS) else { continue };
        kept += 1;
        for picture in processed.all() {
            let header = inspect(&picture.bytes).unwrap();
            assert_eq!((header.format, header.width, header.height), (picture.format, picture.width, picture.height), "{path:?}");
        }
    }
    assert!(kept >= 4, "a corpus that is refused as a whole tries nothing: {kept}");
}
