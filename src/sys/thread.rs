//! How much stack is left on the current thread.

#![cfg_attr(
    any(target_os = "linux", target_os = "android", target_vendor = "apple"),
    expect(unsafe_code, reason = "only the C library knows the bounds of a stack")
)]

use std::cell::Cell;

/// The bounds have not been looked up yet.
const UNASKED: usize = 0;

thread_local! {
    /// The lowest address of this thread's stack, or [`UNASKED`]. It has no destructor, so it can be
    /// read for as long as the thread lives.
    static LOWEST: Cell<usize> = const { Cell::new(UNASKED) };
}

/// Returns how many bytes of stack are left on the current thread; zero if its bounds are not known.
#[inline]
pub(crate) fn remaining() -> usize {
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

#[cfg(test)]
mod tests {
    use super::remaining;
    use std::hint::black_box;
    use std::thread;

    fn on_a_stack_of(bytes: usize, f: impl FnOnce() -> usize + Send + 'static) -> usize {
        let builder = thread::Builder::new().stack_size(bytes);
        #[expect(clippy::disallowed_methods, reason = "a thread with a stack of a known size")]
        let thread = builder.spawn(f).unwrap();
        thread.join().unwrap()
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri has no such call")]
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    fn a_fresh_thread_has_nearly_its_whole_stack() {
        for mib in [1, 2, 8] {
            let left = on_a_stack_of(mib << 20, remaining);
            // The kit's stand-in for the C library gives small stacks more.
            assert!(cfg!(feature = "sim-std") || left <= mib << 20, "{left} of {mib} MiB");
            assert!(left > (mib << 20) - (128 << 10), "{left} of {mib} MiB");
        }
    }

    #[test]
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    fn a_frame_takes_from_what_is_left() {
        #[inline(never)]
        #[expect(clippy::large_stack_arrays, reason = "that is what is measured")]
        fn below(outer: usize) -> usize {
            let block = black_box([1_u8; 64 << 10]);
            outer - remaining() - usize::from(block[7]) + 1
        }
        let taken = on_a_stack_of(1 << 20, || below(remaining()));
        assert!((64 << 10..256 << 10).contains(&taken), "{taken}");
    }
}
