//! A program that was started here, and ends with the value that stands for it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::Result;

/// How long a program may take to say that it is up.
const START: Duration = Duration::from_secs(180);
/// How long it may take to end when it is asked to.
const STOP: Duration = Duration::from_secs(30);

/// The program.
pub struct Process(Child);

impl Process {
    /// Starts it. What it prints is thrown away, but for its errors.
    pub fn start(command: &mut Command) -> Result<Self> {
        Ok(Self(spawn(command.stdin(Stdio::null()).stdout(Stdio::null()))?))
    }

    /// Starts it, and waits until it has printed `marker`; answers what follows on that line.
    pub async fn announced(command: &mut Command, marker: &'static str) -> Result<(Self, String)> {
        let mut child = spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
        let stdout = child.stdout.take().ok_or("the program's output is not piped")?;
        let process = Self(child);
        let (found, said) = oneshot::channel();
        std::thread::spawn(move || {
            let mut lines = BufReader::new(stdout).lines().map_while(std::io::Result::ok);
            if let Some(line) = lines.by_ref().find_map(|line| line.split_once(marker).map(|(_, rest)| rest.trim().to_owned())) {
                // Nobody may be waiting any more.
                let _ = found.send(line);
            }
            // Read on, or the program would stop at a full pipe.
            lines.for_each(drop);
        });
        match tokio::time::timeout(START, said).await {
            Ok(Ok(rest)) => Ok((process, rest)),
            Ok(Err(_)) => Err("the program ended before it was up".into()),
            Err(_) => Err(format!("the program was not up within {} s", START.as_secs()).into()),
        }
    }

    /// By which `/proc` knows it.
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Asks it to end, as systemd does, and waits.
    pub async fn stop(mut self) -> Result<()> {
        let asked = Command::new("kill").arg(self.pid().to_string()).status()?;
        if !asked.success() {
            return Err("failed to ask a program to end".into());
        }
        let deadline = Instant::now() + STOP;
        while self.0.try_wait()?.is_none() {
            if Instant::now() > deadline {
                return Err(format!("a program did not end within {} s", STOP.as_secs()).into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn spawn(command: &mut Command) -> Result<Child> {
    command.spawn().map_err(|error| format!("failed to start {}: {error}", command.get_program().display()).into())
}
