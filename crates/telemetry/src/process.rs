//! What the process itself takes, read from `/proc` when it is asked for.

use std::fs;

use opentelemetry::KeyValue;

use crate::meter;

/// Ticks of `/proc/self/stat` in a second. Linux shows every program this number, whatever the kernel's own clock.
const TICKS: f64 = 100.0;

/// Whose time it is: the program's, and the kernel's for it.
const MODES: [&str; 2] = ["user", "system"];

/// Makes the instruments; once, after the meters are set up.
pub(crate) fn observe() {
    let meter = meter();
    let _memory = meter
        .i64_observable_up_down_counter("process.memory.usage")
        .with_unit("By")
        .with_description("Resident memory.")
        .with_callback(|observer| {
            if let Some(bytes) = fs::read_to_string("/proc/self/status").ok().as_deref().and_then(resident) {
                observer.observe(bytes, &[]);
            }
        })
        .build();
    let _cpu = meter
        .f64_observable_counter("process.cpu.time")
        .with_unit("s")
        .with_description("CPU time, of the program and of the kernel for it.")
        .with_callback(|observer| {
            if let Some(seconds) = fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(cpu_seconds) {
                for (mode, seconds) in MODES.into_iter().zip(seconds) {
                    observer.observe(seconds, &[KeyValue::new("cpu.mode", mode)]);
                }
            }
        })
        .build();
}

/// The name of this machine, which is that of its pod in a cluster. Unlike a random one it stays when the process
/// starts anew, so that what was counted before goes on.
pub(crate) fn host() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname").map(|name| name.trim().to_owned()).unwrap_or_default()
}

/// Bytes, from `VmRSS:     5124 kB`.
fn resident(status: &str) -> Option<i64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: i64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// The time of each of [`MODES`], the 14th and 15th field. The second is the program's name, which may hold anything.
fn cpu_seconds(stat: &str) -> Option<[f64; 2]> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some([user / TICKS, system / TICKS])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_time_are_read_from_proc() {
        assert_eq!(resident("Name:\tx\nVmPeak:\t 9 kB\nVmRSS:\t    2 kB\n"), Some(2048));
        assert_eq!(resident("Name:\tx\n"), None);
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 1 0";
        assert_eq!(cpu_seconds(stat), Some([1.5, 0.5]));
        assert_eq!(cpu_seconds("7 (a"), None);
    }
}
