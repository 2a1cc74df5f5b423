//! One line per stage on standard error: a bar that redraws itself on a terminal, a plain line every ten seconds elsewhere.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt as _};

use super::error::SeedError;

const CELLS: usize = 24;

/// Runs `work`, at most `width` at a time, under a progress line; the results are in the order of `work`.
pub async fn stage<R, Work>(name: &str, width: usize, work: impl ExactSizeIterator<Item = Work>) -> Result<Vec<R>, SeedError>
where
    Work: Future<Output = Result<R, SeedError>>,
{
    let mut progress = Progress::new(name, work.len());
    let mut results = Vec::with_capacity(work.len());
    let numbered = work.enumerate().map(|(n, work)| async move { work.await.map(|result| (n, result)) });
    let mut running = stream::iter(numbered).buffer_unordered(width);
    while let Some(result) = running.next().await {
        results.push(result?);
        progress.advance();
    }
    results.sort_unstable_by_key(|(n, _)| *n);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

struct Progress<'a> {
    name: &'a str,
    total: usize,
    done: usize,
    started: Instant,
    drawn: Instant,
    terminal: bool,
}

impl<'a> Progress<'a> {
    fn new(name: &'a str, total: usize) -> Self {
        let now = Instant::now();
        Progress { name, total, done: 0, started: now, drawn: now, terminal: std::io::stderr().is_terminal() }
    }

    fn advance(&mut self) {
        self.done += 1;
        let pause = if self.terminal { Duration::from_millis(100) } else { Duration::from_secs(10) };
        if self.drawn.elapsed() >= pause {
            self.drawn = Instant::now();
            self.draw();
        }
    }

    fn draw(&self) {
        let line = line(self.name, self.done, self.total, self.started.elapsed());
        if self.terminal { eprint!("\r{line}\x1b[K") } else { eprintln!("{line}") }
    }
}

impl Drop for Progress<'_> {
    /// The last word, also of a stage that failed: how far it came.
    fn drop(&mut self) {
        self.draw();
        if self.terminal {
            eprintln!();
        }
    }
}

fn line(name: &str, done: usize, total: usize, elapsed: Duration) -> String {
    let full = (CELLS * done).checked_div(total).unwrap_or(CELLS);
    let bar: String = (0..CELLS).map(|cell| if cell < full { '#' } else { '-' }).collect();
    let seconds = elapsed.as_secs_f64();
    let rate = done as f64 / seconds.max(0.001);
    format!("{name:<8} [{bar}] {done}/{total} in {seconds:.0} s, {rate:.0} per second")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_as_full_as_the_work_is_done() {
        let half = line("follow", 50, 100, Duration::from_secs(2));
        assert_eq!(half, "follow   [############------------] 50/100 in 2 s, 25 per second");
        assert!(line("upload", 0, 0, Duration::ZERO).contains(&"#".repeat(CELLS)));
    }

    #[tokio::test]
    async fn results_keep_the_order_of_the_work() {
        let work = (0..20_usize).map(|n| async move {
            for _ in n..20 {
                tokio::task::yield_now().await;
            }
            Ok(n)
        });
        assert_eq!(stage("test", 8, work).await.expect("all succeed"), (0..20).collect::<Vec<_>>());
    }
}
