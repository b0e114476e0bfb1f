//! Panics as values.

use std::any::Any;
use std::mem;
use std::panic::{self, AssertUnwindSafe};

use crate::sys::user_code;

/// What a panic carries.
pub(crate) type Payload = Box<dyn Any + Send>;

/// Drops a value of the user's, whose drop may panic; the payload of that panic is returned.
pub(crate) fn drop_caught<T>(value: T) -> Result<(), Payload> {
    if mem::needs_drop::<T>() {
        user_code::check();
    }
    // AssertUnwindSafe: the value is gone afterwards.
    panic::catch_unwind(AssertUnwindSafe(|| drop(value)))
}

/// Drops a value whose drop may panic, and forgets a payload that would only panic again.
pub(crate) fn drop_quietly<T>(value: T) {
    if let Err(payload) = drop_caught(value) {
        mem::forget(payload);
    }
}

/// The message of a panic, where there is one.
pub(crate) fn message(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "a payload that is no text"
    }
}
