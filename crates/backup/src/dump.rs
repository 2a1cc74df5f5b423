//! `pg_dump` into parts, and parts into `pg_restore`, through pipes: a dump is never whole in memory or on a disk of its own.

use std::process::Stdio;

use bytes::{Bytes, BytesMut};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, Command};
use tokio::task::JoinHandle;

use crate::manifest::{Dump, Piece, hexadecimal};
use crate::owner::{Owner, schemas};
use crate::{BackupError, Store};

/// Writes dumps.
pub(crate) const PG_DUMP: &str = "pg_dump";
/// Reads them.
const PG_RESTORE: &str = "pg_restore";
/// Bytes of one part.
const PART: usize = 16 << 20;
/// What the schemas need; an owner may make them, as they are trusted.
const EXTENSIONS: [&str; 2] = ["pg_trgm", "unaccent"];

/// Dumps what the snapshot shows into `folder` of `store`.
pub(crate) async fn dump(owner: &Owner, snapshot: &str, store: &Store, folder: &str) -> Result<Dump, BackupError> {
    let mut command = owner.command(PG_DUMP, owner.database());
    command.args(["--format=custom", "--no-owner", "--no-privileges", "--schema=extensions"]).arg(format!("--snapshot={snapshot}"));
    command.args(schemas().iter().map(|schema| format!("--schema={schema}")));
    command.args(EXTENSIONS.iter().map(|extension| format!("--extension={extension}")));
    let mut running = Running::start(PG_DUMP, command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let mut output = running.child.stdout.take().expect("it is piped");

    let (mut dump, mut whole) = (Dump::default(), Sha256::new());
    loop {
        let mut part = BytesMut::with_capacity(PART);
        while part.len() < PART {
            let room = PART - part.len();
            if (&mut output).take(room as u64).read_buf(&mut part).await.map_err(|source| running.unreadable(source))? == 0 {
                break;
            }
        }
        if part.is_empty() {
            break;
        }
        let part = part.freeze();
        whole.update(&part);
        let piece = Piece::of(format!("database.{:05}", dump.parts.len()), &part);
        store.put(&format!("{folder}/{}", piece.key), part).await?;
        dump.bytes += piece.bytes;
        dump.parts.push(piece);
    }
    running.end().await?;
    dump.sha256 = hexadecimal(&whole.finalize());
    Ok(dump)
}

/// Restores a dump into `database`, all of it or nothing, and compares its hashes on the way. Owners and rights are those of
/// whoever restores.
pub(crate) async fn restore(owner: &Owner, database: &str, store: &Store, folder: &str, dump: &Dump) -> Result<(), BackupError> {
    let mut command = owner.command(PG_RESTORE, database);
    command.args(["--no-owner", "--no-privileges", "--no-comments", "--single-transaction", "--exit-on-error"]);
    let mut running = Running::start(PG_RESTORE, command.stdin(Stdio::piped()).stdout(Stdio::null()))?;
    let mut input = running.child.stdin.take().expect("it is piped");
    for piece in &dump.parts {
        let part = part(store, folder, piece).await?;
        if input.write_all(&part).await.is_err() {
            // It has ended, and says why.
            break;
        }
    }
    // The end of the input is the end of the dump: one that is cut off by an error above is not committed, as it kills the program.
    drop(input);
    running.end().await
}

async fn part(store: &Store, folder: &str, piece: &Piece) -> Result<Bytes, BackupError> {
    let key = format!("{folder}/{}", piece.key);
    match store.get(&key).await? {
        Some(bytes) if piece.is(&bytes) => Ok(bytes),
        _ => Err(BackupError::Differs { what: key }),
    }
}

/// A program of PostgreSQL at work; it is killed if this is dropped.
struct Running {
    program: &'static str,
    child: Child,
    said: JoinHandle<String>,
}

impl Running {
    fn start(program: &'static str, command: &mut Command) -> Result<Self, BackupError> {
        let mut child = command.stderr(Stdio::piped()).spawn().map_err(|source| BackupError::NoProgram { program, source })?;
        let errors = child.stderr.take().expect("it is piped");
        Ok(Self { program, child, said: tokio::spawn(listen(errors)) })
    }

    fn unreadable(&self, source: std::io::Error) -> BackupError {
        BackupError::Program { program: self.program, output: source.to_string() }
    }

    async fn end(mut self) -> Result<(), BackupError> {
        let ended = self.child.wait().await.map_err(|source| self.unreadable(source))?;
        match ended.success() {
            true => Ok(()),
            false => Err(BackupError::Program { program: self.program, output: self.said.await.unwrap_or_default() }),
        }
    }
}

/// What it says, in one line of a bounded length; read to the end, or the program would stop at a full pipe.
async fn listen(mut errors: ChildStderr) -> String {
    let mut said = Vec::new();
    // What cannot be read is not told.
    let _ = errors.read_to_end(&mut said).await;
    let said = String::from_utf8_lossy(&said);
    said.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(1000).collect()
}
