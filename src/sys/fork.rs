//! Whether this process is a forked child, which has none of the threads of its parent but the one that
//! forked.

#![cfg_attr(
    any(target_os = "linux", target_os = "android", target_vendor = "apple"),
    expect(unsafe_code, reason = "only the C library tells of a fork")
)]

use super::atomic::{HintBool, Relaxed};

/// Set in the child, by the only thread that it has, and never cleared.
static IS_FORKED: HintBool = HintBool::new(false);

/// Whether threads that this process relies on were left behind by a `fork`.
#[inline]
pub(crate) fn is_forked() -> bool {
    // Relaxed: threads that are started later are started by one that sees it.
    IS_FORKED.load(Relaxed)
}

/// Notes from now on if the process forks. To be called before anything relies on a thread.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
pub(crate) fn note_forks() {
    use std::sync::Once;

    extern "C" fn in_child() {
        IS_FORKED.store(true, Relaxed);
    }
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY:
        // - The function may be called in a child of a process with several threads: it only stores to
        //   an atomic.
        // - It does not unwind.
        // If there is no memory for it, a child does not know that it is one.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    });
}

/// Nothing forks here, or nothing tells.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
pub(crate) fn note_forks() {}
