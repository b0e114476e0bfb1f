//! Whether another thread sleeps, as the kernel sees it: so a test knows that a call blocks.
//!
//! Only Linux tells. Elsewhere a test that needs to know is ignored.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::thread;

/// A thread that says [`here`](Self::here), and then makes a call that blocks.
#[derive(Clone, Default)]
pub(crate) struct Sleeper(Arc<OnceLock<PathBuf>>);

impl Sleeper {
    /// Says that the current thread is the one to look at.
    pub(crate) fn here(&self) {
        if cfg!(not(target_os = "linux")) {
            return;
        }
        let thread = fs::read_link("/proc/thread-self").expect("Linux has /proc");
        self.0.set(PathBuf::from("/proc").join(thread).join("status")).expect("one thread only");
    }

    /// Returns once the thread sleeps and has not stirred for a number of looks, or has ended: then it
    /// did not block, or not for that long, and its result is to tell.
    pub(crate) fn until_asleep(&self) {
        if cfg!(not(target_os = "linux")) {
            unreachable!("only Linux tells: the test is to be ignored elsewhere");
        }
        let mut before = None;
        let mut still = 0;
        while still < 30 {
            thread::yield_now();
            let Some(path) = self.0.get() else { continue };
            let Ok(status) = fs::read_to_string(path) else { return };
            let now = sleeping(&status);
            still = if now.is_some() && now == before { still + 1 } else { 0 };
            before = now;
        }
    }
}

/// How often a thread has gone to sleep, if it sleeps now.
fn sleeping(status: &str) -> Option<u64> {
    let field = |name| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let asleep = field("State:")?.starts_with('S');
    asleep.then(|| field("voluntary_ctxt_switches:")?.parse().ok())?
}
