use std::fs;
use std::path::Path;

/// A URL of `database` for the superuser of the server that runs on the data folder `folder`; `None` if none does.
///
/// The process that started it need not be this one: whoever may read the superuser's password in the folder may connect.
pub fn superuser_url_of_running(folder: &Path, database: &str) -> Option<String> {
    let password = fs::read_to_string(folder.join("superuser-password")).ok()?;
    // PostgreSQL's lock file: its process in the first line, its port in the fourth, its state in the eighth.
    let lock = fs::read_to_string(folder.join("data/postmaster.pid")).ok()?;
    let lines: Vec<&str> = lock.lines().map(str::trim).collect();
    let command = fs::read_to_string(format!("/proc/{}/cmdline", lines.first()?)).ok()?;
    let ready = command.contains("postgres") && lines.get(7) == Some(&"ready");
    let port: u16 = lines.get(3)?.parse().ok()?;
    ready.then(|| format!("postgres://postgres:{}@127.0.0.1:{port}/{database}", password.trim()))
}
