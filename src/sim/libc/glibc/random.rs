//! Random bytes: the keys of a `HashMap`.

#![expect(unsafe_code, reason = "a function of the C library")]
#![expect(clippy::cast_possible_wrap, reason = "it returns the length it was given")]

use std::ffi::{c_uint, c_void};

use super::super::symbols::Symbol;
use super::errno::{ENOSYS, fail};
use super::is_diverted;
use super::selftest::{self, Call};
use crate::sim::machine::foreign;
use crate::sim::rng::Rng;

// SAFETY: `ssize_t getrandom(void *, size_t, unsigned int)`.
static GETRANDOM: Symbol<unsafe extern "C" fn(*mut c_void, usize, c_uint) -> isize> =
    unsafe { Symbol::new(c"getrandom") };

#[unsafe(no_mangle)]
unsafe extern "C" fn getrandom(buffer: *mut c_void, length: usize, flags: c_uint) -> isize {
    selftest::arrived(Call::Random);
    if is_diverted() {
        // SAFETY: the caller has promised that it can be written.
        if let Some(length) = unsafe { fill(buffer.cast(), length) } {
            return length as isize;
        }
    }
    match GETRANDOM.find() {
        // SAFETY: whatever the caller has promised.
        Some(getrandom) => unsafe { getrandom(buffer, length, flags) },
        None => fail(ENOSYS),
    }
}

/// Writes bytes that are the same in every run, and says how many.
///
/// # Safety
///
/// So many bytes can be written there.
pub(super) unsafe fn fill(buffer: *mut u8, length: usize) -> Option<usize> {
    let mut rng = Rng::new(foreign::draw()?);
    for place in 0..length {
        // SAFETY: it is within the buffer.
        let byte = unsafe { buffer.add(place) };
        // SAFETY: the caller has promised that it can be written.
        unsafe { byte.write(rng.next().to_le_bytes()[0]) };
    }
    Some(length)
}
