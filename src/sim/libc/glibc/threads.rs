//! Starting threads, joining them, naming them; and yielding.

#![expect(unsafe_code, reason = "functions of the C library")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;

use super::super::symbols::Symbol;
use super::edges::{self, Start};
use super::is_diverted;
use super::selftest::{self, Call};
use crate::sim::machine::foreign::Newcomer;
use crate::sim::machine::{self, Kind, foreign, place, real};

/// `pthread_t`
type Pthread = usize;
type Create = unsafe extern "C" fn(*mut Pthread, *const c_void, Start, *mut c_void) -> c_int;

// SAFETY: `int pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *)`.
static PTHREAD_CREATE: Symbol<Create> = unsafe { Symbol::new(c"pthread_create") };

/// What a thread is started with.
struct Boot {
    /// If it belongs to a bubble.
    newcomer: Option<Newcomer>,
    start: Start,
    argument: *mut c_void,
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_create(
    thread: *mut Pthread,
    attributes: *const c_void,
    start: Start,
    argument: *mut c_void,
) -> c_int {
    selftest::arrived(Call::Create);
    let create = PTHREAD_CREATE.get();
    let newcomer = if is_diverted() { machine::newcomer("thread".to_owned()) } else { None };
    if newcomer.is_none() && !selftest::is_running() {
        // SAFETY: whatever the caller has promised.
        return unsafe { create(thread, attributes, start, argument) };
    }
    let handle = newcomer.as_ref().map(Newcomer::handle);
    let boot = Box::into_raw(Box::new(Boot { newcomer, start, argument }));
    // SAFETY: whatever the caller has promised; `live` can be sent what it gets.
    let result = real(|| unsafe { create(thread, attributes, live, boot.cast()) });
    if result != 0 {
        // SAFETY: it comes from a box, and no thread has got it.
        drop(unsafe { Box::from_raw(boot) });
    } else if let Some(handle) = handle {
        // SAFETY: the thread has been started, so its name has been written.
        handle.is_called(unsafe { thread.read() });
    }
    place::note();
    machine::step(Kind::Spawn);
    result
}

extern "C" fn live(boot: *mut c_void) -> *mut c_void {
    // SAFETY: it comes from a box, and only this thread has got it.
    let Boot { newcomer, start, argument } = *unsafe { Box::from_raw(boot.cast()) };
    let Some(newcomer) = newcomer else { return edges::enter(start, argument) };
    let mut result = ptr::null_mut();
    newcomer.live(|| result = edges::enter(start, argument));
    result
}

// SAFETY: `int pthread_join(pthread_t, void **)`.
static PTHREAD_JOIN: Symbol<unsafe extern "C" fn(Pthread, *mut *mut c_void) -> c_int> =
    unsafe { Symbol::new(c"pthread_join") };

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_join(thread: Pthread, result: *mut *mut c_void) -> c_int {
    selftest::arrived(Call::Join);
    if is_diverted() {
        if let Some(thread) = foreign::find(thread) {
            if !thread.is_finished() {
                foreign::may_block();
            }
            place::note();
            thread.join();
        }
    }
    // SAFETY: whatever the caller has promised.
    unsafe { PTHREAD_JOIN.get()(thread, result) }
}

unsafe extern "C" {
    safe fn pthread_self() -> Pthread;
}

// SAFETY: `int pthread_setname_np(pthread_t, const char *)`.
static PTHREAD_SETNAME: Symbol<unsafe extern "C" fn(Pthread, *const c_char) -> c_int> =
    unsafe { Symbol::new(c"pthread_setname_np") };

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_setname_np(thread: Pthread, name: *const c_char) -> c_int {
    if is_diverted() && thread == pthread_self() {
        // SAFETY: the caller has promised that it is a C string.
        foreign::rename(unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned());
    }
    // SAFETY: whatever the caller has promised.
    unsafe { PTHREAD_SETNAME.get()(thread, name) }
}

// SAFETY: `int sched_yield(void)`.
static SCHED_YIELD: Symbol<extern "C" fn() -> c_int> = unsafe { Symbol::new(c"sched_yield") };

#[unsafe(no_mangle)]
extern "C" fn sched_yield() -> c_int {
    selftest::arrived(Call::Yield);
    if is_diverted() {
        place::note();
        if machine::yield_now() {
            return 0;
        }
    }
    SCHED_YIELD.get()()
}
