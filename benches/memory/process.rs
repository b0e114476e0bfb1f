//! What Linux tells of this process.

use std::{fs, thread};

use crate::counting::bytes_in_use;

/// Bytes in use, before or after something was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// Asked for and not given back.
    pub(crate) heap: u64,
    /// Resident: of the heap, of the stacks, and of what else the process has mapped.
    pub(crate) resident: u64,
    /// The kernel's tables of this process' pages.
    pub(crate) page_tables: u64,
    /// The stacks of all threads of the machine in the kernel.
    pub(crate) kernel_stacks: u64,
    /// What else the kernel keeps for whatever runs on the machine, so it is a rough figure.
    pub(crate) slab: u64,
}

impl Memory {
    pub(crate) fn now() -> Self {
        Memory {
            heap: bytes_in_use(),
            resident: kib("/proc/self/smaps_rollup", "Rss:") * 1024,
            page_tables: kib("/proc/self/status", "VmPTE:") * 1024,
            kernel_stacks: kib("/proc/meminfo", "KernelStack:") * 1024,
            slab: kib("/proc/meminfo", "SUnreclaim:") * 1024,
        }
    }

    /// What each of `n` things takes that were made since.
    pub(crate) fn each_since(self, before: Memory, n: usize) -> [f64; 5] {
        let parts = |m: Memory| [m.heap, m.resident, m.page_tables, m.kernel_stacks, m.slab];
        let (before, now) = (parts(before), parts(self));
        std::array::from_fn(|part| (now[part] as f64 - before[part] as f64) / n as f64)
    }
}

/// The figure after a name, in a file of lines like `Name:  12 kB`.
fn kib(file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let figure = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    figure.unwrap_or_else(|| panic!("{file} tells {name}"))
}

/// Returns when this process has `n` threads beside this one, or more, and all of them sleep.
pub(crate) fn until_others_sleep(n: usize) {
    while sleeping_threads().is_none_or(|sleeping| sleeping < n) {
        thread::yield_now();
    }
}

/// How many other threads there are, if all of them sleep.
fn sleeping_threads() -> Option<usize> {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux has it");
    let mut sleeping = 0;
    for task in tasks {
        let stat = fs::read_to_string(task.ok()?.path().join("stat")).ok()?;
        // The name, in parentheses, may have anything in it; the state follows.
        match stat.rsplit(") ").next()?.chars().next()? {
            'S' => sleeping += 1,
            _ if stat.starts_with(&format!("{} ", std::process::id())) => {}
            _ => return None,
        }
    }
    Some(sleeping)
}
