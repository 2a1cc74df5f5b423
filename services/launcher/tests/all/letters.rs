//! Letters of a platform that writes them into its folder.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::process::GUARD;

/// The code in a letter to this address that was not read before. `data` is where the platform keeps what is its own.
pub async fn code_for(data: &Path, address: &str) -> String {
    let deadline = Instant::now() + GUARD;
    loop {
        // The folder comes with the first letter.
        let files = std::fs::read_dir(data.join("mail")).into_iter().flatten();
        for path in files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|it| it == "eml")) {
            let letter = std::fs::read_to_string(&path).unwrap();
            let begins = letter.find("splk_").filter(|_| letter.contains(&format!("To: {address}\r\n")));
            if let Some(begins) = begins {
                std::fs::remove_file(&path).unwrap();
                return letter[begins..].chars().take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect();
            }
        }
        assert!(Instant::now() < deadline, "no letter with a code came to {address}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
