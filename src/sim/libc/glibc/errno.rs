//! How functions of the C library say that they have failed.

#![expect(unsafe_code, reason = "errno is a word of the C library")]

use std::ffi::c_int;

pub(super) const EAGAIN: c_int = 11;
pub(super) const EINVAL: c_int = 22;
pub(super) const ENOSYS: c_int = 38;
pub(super) const ETIMEDOUT: c_int = 110;

unsafe extern "C" {
    safe fn __errno_location() -> *mut c_int;
}

/// Leaves `error` in `errno`, and returns what a call returns that has failed.
pub(super) fn fail<R: From<i8>>(error: c_int) -> R {
    // SAFETY: it is a word that belongs to the current thread.
    unsafe { __errno_location().write(error) };
    R::from(-1)
}
