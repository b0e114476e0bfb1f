//! What only the C library knows of the current thread: how much stack is left, how much processor time it
//! has used, how often it has blocked, and on which core it runs.

#![cfg_attr(
    any(target_os = "linux", target_os = "android", target_vendor = "apple"),
    expect(
        unsafe_code,
        reason = "only the C library knows the bounds of a stack, and what a thread has used"
    )
)]

use std::cell::Cell;
use std::ffi::c_long;
use std::time::Duration;

/// The bounds have not been looked up yet.
const UNASKED: usize = 0;

thread_local! {
    /// The lowest address of this thread's stack, or [`UNASKED`]. It has no destructor, so it can be
    /// read for as long as the thread lives.
    static LOWEST: Cell<usize> = const { Cell::new(UNASKED) };
}

/// Returns how many bytes of stack are left on the current thread; zero if its bounds are not known.
#[inline]
pub(crate) fn remaining_stack() -> usize {
    let mut lowest = LOWEST.get();
    if lowest == UNASKED {
        // An unknown bound counts as the highest address, so nothing is left.
        lowest = lowest_address().unwrap_or(usize::MAX);
        LOWEST.set(lowest);
    }
    let here = 0_u8;
    (&raw const here).addr().saturating_sub(lowest)
}

/// The end of the stack, above the guard pages.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[cold]
fn lowest_address() -> Option<usize> {
    use std::mem::MaybeUninit;
    use std::ptr;

    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    // SAFETY: it has no preconditions.
    let thread = unsafe { libc::pthread_self() };
    // SAFETY: the thread is the calling one, and the pointer is valid for a write of the type.
    let found = unsafe { libc::pthread_getattr_np(thread, attributes.as_mut_ptr()) };
    if found != 0 {
        return None;
    }
    let (mut lowest, mut size, mut guard) = (ptr::null_mut(), 0, 0);
    // SAFETY: the call above has initialised the attributes; each pointer is to a local.
    let known =
        unsafe { libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut lowest, &raw mut size) };
    // SAFETY: as above.
    let guarded = unsafe { libc::pthread_attr_getguardsize(attributes.as_ptr(), &raw mut guard) };
    // SAFETY: they were initialised, and nobody uses them afterwards.
    unsafe { libc::pthread_attr_destroy(attributes.as_mut_ptr()) };
    // Whether the guard is part of the reported stack differs between libraries: count it in.
    (known == 0 && guarded == 0).then(|| lowest.addr() + guard)
}

#[cfg(target_vendor = "apple")]
#[cold]
fn lowest_address() -> Option<usize> {
    // SAFETY: it has no preconditions.
    let thread = unsafe { libc::pthread_self() };
    // SAFETY: the thread is the calling one.
    let highest = unsafe { libc::pthread_get_stackaddr_np(thread) };
    // SAFETY: the thread is the calling one.
    let size = unsafe { libc::pthread_get_stacksize_np(thread) };
    Some(highest.addr() - size)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
#[cold]
fn lowest_address() -> Option<usize> {
    None
}

/// Returns the core that the current thread runs on just now; `None` if the system does not say.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[inline]
pub(crate) fn current_core() -> Option<usize> {
    // SAFETY: it has no preconditions.
    usize::try_from(unsafe { libc::sched_getcpu() }).ok()
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn current_core() -> Option<usize> {
    None
}

/// What the current thread has used since it started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Processor time, to the microsecond.
    pub(crate) cpu: Duration,
    /// How often it has given up its core to wait for something. A thread that is preempted, or yields,
    /// does not count.
    pub(crate) blocked: c_long,
}

/// Returns what the current thread has used; `None` if the system does not say. A system call.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn usage() -> Option<Usage> {
    use std::mem::MaybeUninit;

    let mut used = MaybeUninit::<libc::rusage>::uninit();
    // SAFETY: the pointer is valid for a write of the type.
    if unsafe { libc::getrusage(libc::RUSAGE_THREAD, used.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: the call has succeeded, so it has filled it in.
    let used = unsafe { used.assume_init() };
    let time = |time: libc::timeval| {
        let seconds = Duration::from_secs(time.tv_sec.try_into().ok()?);
        Some(seconds + Duration::from_micros(time.tv_usec.try_into().ok()?))
    };
    let cpu = time(used.ru_utime)? + time(used.ru_stime)?;
    Some(Usage { cpu, blocked: used.ru_nvcsw })
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn usage() -> Option<Usage> {
    None
}

#[cfg(test)]
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
mod tests {
    use super::remaining_stack;
    use std::hint::black_box;
    use std::thread;
    use std::time::Duration;

    fn on_a_stack_of(bytes: usize, f: impl FnOnce() -> usize + Send + 'static) -> usize {
        let builder = thread::Builder::new().stack_size(bytes);
        #[expect(clippy::disallowed_methods, reason = "a thread with a stack of a known size")]
        let thread = builder.spawn(f).unwrap();
        thread.join().unwrap()
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri has no such call")]
    fn a_fresh_thread_has_nearly_its_whole_stack() {
        for mib in [1, 2, 8] {
            let left = on_a_stack_of(mib << 20, remaining_stack);
            // The kit's stand-in for the C library gives small stacks more.
            assert!(cfg!(feature = "sim-std") || left <= mib << 20, "{left} of {mib} MiB");
            assert!(left > (mib << 20) - (128 << 10), "{left} of {mib} MiB");
        }
    }

    #[test]
    fn a_frame_takes_from_what_is_left() {
        #[inline(never)]
        #[expect(clippy::large_stack_arrays, reason = "that is what is measured")]
        fn below(outer: usize) -> usize {
            let block = black_box([1_u8; 64 << 10]);
            outer - remaining_stack() - usize::from(block[7]) + 1
        }
        let taken = on_a_stack_of(1 << 20, || below(remaining_stack()));
        assert!((64 << 10..256 << 10).contains(&taken), "{taken}");
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri has no such call")]
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn a_thread_that_blocks_is_told_from_one_that_computes() {
        use super::usage;

        let (sender, receiver) = std::sync::mpsc::channel();
        let (asleep, is_asleep) = std::sync::mpsc::channel();
        #[expect(clippy::disallowed_methods, reason = "a thread that blocks")]
        let blocks = thread::spawn(move || {
            let before = usage().unwrap();
            asleep.send(()).unwrap();
            receiver.recv().unwrap();
            usage().unwrap().blocked - before.blocked
        });
        is_asleep.recv().unwrap();
        let (before, mut rounds) = (usage().unwrap(), 0_u64);
        while usage().unwrap().cpu < before.cpu + Duration::from_millis(20) {
            rounds = black_box(rounds + 1);
        }
        assert_eq!(usage().unwrap().blocked, before.blocked, "computing is not blocking");
        sender.send(()).unwrap();
        assert!(blocks.join().unwrap() >= 1);
    }
}
