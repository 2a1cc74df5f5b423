use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::account::Account;
use crate::programs::made_by;
use crate::{Error, Programs, at};

/// How long a start may take; recovery after a crash is part of it.
const START: Duration = Duration::from_secs(60);

/// How many ports are tried: between the choice of one and the server's start, anybody may take it.
const PORTS: usize = 5;

/// What PostgreSQL ends its log with when it cannot have its port.
const NO_PORT: &str = "could not create any TCP/IP sockets";

/// Runs a command until standard input closes, as it does when the parent ends in whatever way, then stops it (SIGINT is
/// PostgreSQL's fast shutdown).
const UNTIL_PARENT_ENDS: &str = r#""$@" </dev/null & child=$!; read -r _; kill -INT "$child" 2>/dev/null; wait "$child""#;

/// What a crash may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Nothing that was acknowledged.
    Full,
    /// Everything: for tests.
    None,
}

/// A running server. It stops when this is dropped, and when the process ends.
pub struct Server {
    guard: Child,
    port: u16,
    password: String,
}

impl Server {
    /// Starts the server of the data folder `folder`, making it first if it is not there. The superuser is `postgres`.
    pub fn start(programs: &Programs, folder: &Path, durability: Durability) -> Result<Self, Error> {
        Self::start_on(programs, folder, durability, free_port)
    }

    /// The same, on a port of that choice.
    fn start_on(
        programs: &Programs,
        folder: &Path,
        durability: Durability,
        mut choose: impl FnMut() -> std::io::Result<u16>,
    ) -> Result<Self, Error> {
        let account = Account::for_server();
        let data = folder.join("data");
        make_folder(folder, account)?;
        let password = make_password(&folder.join("superuser-password"), account)?;
        match made_by(&data) {
            Some(version) if version == programs.version => {}
            Some(made_by) => return Err(Error::OtherVersion { folder: data.display().to_string(), made_by, found: programs.version }),
            None => init(programs, folder, &data, account)?,
        }
        wait_for_predecessor(&data)?;
        let log = folder.join("log");
        for _ in 0..PORTS {
            let port = choose().map_err(at(&data))?;
            let before = fs::metadata(&log).map_or(0, |log| log.len());
            let guard = spawn(programs, &data, &log, port, durability, account)?;
            let server = Self { guard, port, password: password.clone() };
            if gets_ready(&data, &log, before, port)? {
                return Ok(server);
            }
        }
        Err(Error::Program { program: "postgres", output: format!("could have none of {PORTS} ports; see {}", log.display()) })
    }

    /// A URL of `database` for `user` with `password`.
    pub fn url(&self, user: &str, password: &str, database: &str) -> String {
        format!("postgres://{user}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// A URL of `database` for the superuser.
    pub fn superuser_url(&self, database: &str) -> String {
        self.url("postgres", &self.password, database)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

fn make_password(path: &Path, account: Option<Account>) -> Result<String, Error> {
    if let Ok(password) = fs::read_to_string(path) {
        return Ok(password);
    }
    let mut bytes = [0; 24];
    File::open("/dev/urandom").and_then(|mut random| std::io::Read::read_exact(&mut random, &mut bytes)).map_err(at(path))?;
    let password: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(at(path))?;
    file.write_all(password.as_bytes()).map_err(at(path))?;
    if let Some(account) = account {
        account.own(path).map_err(at(path))?;
    }
    Ok(password)
}

fn make_folder(path: &Path, account: Option<Account>) -> Result<(), Error> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(at(path))?;
    account.map_or(Ok(()), |account| account.own(path)).map_err(at(path))
}

/// Makes the data folder aside and then renames it, so that one which is there is whole, even if `initdb` was killed.
fn init(programs: &Programs, folder: &Path, data: &Path, account: Option<Account>) -> Result<(), Error> {
    let aside = folder.join("data.new");
    if aside.exists() {
        fs::remove_dir_all(&aside).map_err(at(&aside))?;
    }
    make_folder(&aside, account)?;
    let mut command = Command::new(programs.path("initdb"));
    command.arg("--pgdata").arg(&aside).arg("--pwfile").arg(folder.join("superuser-password"));
    command.args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"]);
    command.current_dir(folder).env("LC_ALL", "C.UTF-8");
    if let Some(account) = account {
        account.run(&mut command);
    }
    let done = command.output().map_err(at(folder))?;
    if !done.status.success() {
        let output = String::from_utf8_lossy(&done.stderr).trim().to_owned();
        return Err(Error::Program { program: "initdb", output });
    }
    fs::rename(&aside, data).map_err(at(data))
}

/// A server whose parent was killed is still on its way down; it holds the data until then.
fn wait_for_predecessor(data: &Path) -> Result<(), Error> {
    let lock = data.join("postmaster.pid");
    let alive = || {
        let pid = fs::read_to_string(&lock).ok()?.lines().next()?.to_owned();
        let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
        command.contains("postgres").then_some(())
    };
    let deadline = Instant::now() + START;
    while alive().is_some() {
        if Instant::now() > deadline {
            return Err(Error::NotReady { seconds: START.as_secs(), log: lock.display().to_string() });
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn spawn(
    programs: &Programs,
    data: &Path,
    log: &Path,
    port: u16,
    durability: Durability,
    account: Option<Account>,
) -> Result<Child, Error> {
    let log_file = OpenOptions::new().create(true).append(true).mode(0o600).open(log).map_err(at(log))?;
    let mut command = Command::new("sh");
    command.args(["-c", UNTIL_PARENT_ENDS, "sh"]).arg(programs.path("postgres")).arg("-D").arg(data);
    let mut settings = vec![
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={port}"),
        "unix_socket_directories=".to_owned(),
        "max_connections=200".to_owned(),
        "shared_buffers=128MB".to_owned(),
    ];
    if durability == Durability::None {
        settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"].map(str::to_owned));
    }
    for setting in settings {
        command.args(["-c", &setting]);
    }
    command.stdin(Stdio::piped()).stdout(log_file.try_clone().map_err(at(log))?).stderr(log_file).current_dir("/");
    if let Some(account) = account {
        account.run(&mut command);
    }
    command.spawn().map_err(at(&PathBuf::from("sh")))
}

/// Waits until the server is ready; `false` if it ended because its port was taken. PostgreSQL writes its port into the fourth line of
/// its lock file and its state into the eighth, as `pg_ctl` reads them; the log had so many bytes before.
fn gets_ready(data: &Path, log: &Path, before: u64, port: u16) -> Result<bool, Error> {
    let lock = data.join("postmaster.pid");
    let deadline = Instant::now() + START;
    loop {
        let state = fs::read_to_string(&lock).unwrap_or_default();
        let lines: Vec<&str> = state.lines().map(str::trim).collect();
        // The lock of a server that was killed is there until the next one has begun, and says ready.
        let ours = lines.get(3).and_then(|line| line.parse::<u16>().ok()) == Some(port);
        if ours && lines.get(7) == Some(&"ready") {
            return Ok(true);
        }
        if written_since(log, before).map_err(at(log))?.contains(NO_PORT) {
            return Ok(false);
        }
        if Instant::now() > deadline {
            return Err(Error::NotReady { seconds: START.as_secs(), log: log.display().to_string() });
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn written_since(log: &Path, before: u64) -> std::io::Result<String> {
    let mut file = File::open(log)?;
    file.seek(SeekFrom::Start(before))?;
    let mut written = Vec::new();
    file.read_to_end(&mut written)?;
    Ok(String::from_utf8_lossy(&written).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_somebody_took_meanwhile_is_given_up_for_another() {
        let folder = tempfile::tempdir().unwrap();
        let programs = Programs::for_folder(folder.path()).unwrap();
        let somebody = TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = somebody.local_addr().unwrap().port();
        let mut first = Some(taken);
        let server = Server::start_on(&programs, folder.path(), Durability::None, || first.take().map_or_else(free_port, Ok)).unwrap();
        assert_ne!(server.port, taken);
    }

    #[test]
    fn one_who_finds_every_port_taken_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let programs = Programs::for_folder(folder.path()).unwrap();
        let somebody = TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = somebody.local_addr().unwrap().port();
        let error = Server::start_on(&programs, folder.path(), Durability::None, || Ok(taken)).err().unwrap();
        assert!(error.to_string().contains("could have none of 5 ports"), "{error}");
    }
}
