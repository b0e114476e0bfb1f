//! What the kernel calls a thread.

#![expect(unsafe_code, reason = "std does not say")]

use std::ffi::c_int;

use super::symbols::Symbol;

// SAFETY: `pid_t gettid(void)`.
static GETTID: Symbol<extern "C" fn() -> c_int> = unsafe { Symbol::new(c"gettid") };

/// What the kernel calls the current thread; `None` if the C library is too old to know.
pub(crate) fn tid() -> Option<u32> {
    u32::try_from(GETTID.find()?()).ok()
}
