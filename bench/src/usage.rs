//! What processes use, by `/proc`.

use std::fs;

use crate::Result;

/// Ticks of a CPU second in `/proc`: 100 on every Linux, whatever the kernel's own timer does (proc(5), `USER_HZ`).
const TICKS: f64 = 100.0;

/// Memory of a process that is its own or touched by it, in MiB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Now.
    pub resident: f64,
    /// The most since the start, or since [`forget_peak`].
    pub peak: f64,
}

/// What a process holds.
pub fn memory(pid: u32) -> Result<Memory> {
    let status = read(&format!("/proc/{pid}/status"))?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib: Option<f64> = line.and_then(|value| value.split_whitespace().next()?.parse().ok());
        kib.map(|kib| kib / 1024.0).ok_or_else(|| format!("/proc/{pid}/status has no {name}"))
    };
    Ok(Memory { resident: field("VmRSS:")?, peak: field("VmHWM:")? })
}

/// The peak is counted anew from here on (proc(5), `clear_refs`).
pub fn forget_peak(pid: u32) -> Result<()> {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").map_err(|error| format!("failed to reset the peak of memory: {error}").into())
}

/// CPU seconds of a process so far.
pub fn cpu(pid: u32) -> Result<f64> {
    Ok(stat(pid)?.own)
}

/// CPU seconds of a process and its children so far, those that have ended included.
pub fn cpu_of_family(pid: u32) -> Result<f64> {
    let parent = stat(pid)?;
    let mut seconds = parent.own + parent.of_ended_children;
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(child) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // It may have ended since the list was read.
        seconds += stat(child).ok().filter(|child| child.parent == pid).map_or(0.0, |child| child.own);
    }
    Ok(seconds)
}

struct Stat {
    parent: u32,
    own: f64,
    of_ended_children: f64,
}

fn stat(pid: u32) -> Result<Stat> {
    parse(&read(&format!("/proc/{pid}/stat"))?).ok_or_else(|| format!("/proc/{pid}/stat is not as proc(5) says").into())
}

fn parse(stat: &str) -> Option<Stat> {
    // The name of the program stands in parentheses and may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| Some(fields.get(field)?.parse::<f64>().ok()? / TICKS);
    Some(Stat { parent: fields.get(1)?.parse().ok()?, own: ticks(11)? + ticks(12)?, of_ended_children: ticks(13)? + ticks(14)? })
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(path).map_err(|error| format!("failed to read {path}: {error}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_have_any_name() {
        let stat = parse("7 (a) b) S 3 7 7 0 -1 4 1 2 3 4 100 50 25 75 20 0 1 0 9 8").expect("a line of proc(5)");
        assert_eq!((stat.parent, stat.own, stat.of_ended_children), (3, 1.5, 1.0));
    }

    #[test]
    fn this_process_holds_memory_and_has_used_time() {
        let memory = memory(std::process::id()).expect("Linux");
        assert!(memory.resident > 0.0 && memory.peak >= memory.resident);
        let own = cpu(std::process::id()).expect("Linux");
        assert!(cpu_of_family(std::process::id()).expect("Linux") >= own);
    }
}
