//! The letters that auth sends in a test.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::support::{ISSUER, eventually};

/// A folder that letters go to.
pub struct Letters {
    folder: TempDir,
}

impl Letters {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    /// What auth has to be told.
    pub fn flag(&self) -> String {
        format!("--mail-folder={}", self.folder.path().display())
    }

    /// Every letter to this address.
    pub fn to(&self, address: &str) -> Vec<String> {
        let files = std::fs::read_dir(self.folder.path()).expect("the folder");
        let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "eml"));
        let letters = files.iter().map(|file| std::fs::read_to_string(file).expect("a letter"));
        letters.filter(|letter| letter.contains(&format!("To: {address}\r\n"))).collect()
    }

    /// The one letter to this address with this subject, when it has come.
    async fn one(&self, address: &str, subject: &str) -> String {
        let subject = format!("Subject: {subject}\r\n");
        let found = || self.to(address).into_iter().filter(|letter| letter.contains(&subject)).collect::<Vec<_>>();
        eventually("the letter has come", async || !found().is_empty()).await;
        let found = found();
        let [letter] = found.as_slice() else { panic!("more than one letter to {address}") };
        letter.clone()
    }

    /// The end of the link in that letter.
    pub async fn token(&self, address: &str, subject: &str) -> String {
        let letter = self.one(address, subject).await;
        let token = letter.lines().find(|line| line.starts_with("splk_")).expect("a code on a line of its own");
        assert!(letter.contains(&format!("?code={token}\r\n")), "the link ends with something else: {letter}");
        token.to_owned()
    }

    /// Where the link in that letter leads, on the platform.
    pub async fn link(&self, address: &str, subject: &str) -> String {
        let letter = self.one(address, subject).await;
        let link = letter.lines().find_map(|line| line.strip_prefix(ISSUER)).expect("a link on a line of its own");
        link.to_owned()
    }
}
