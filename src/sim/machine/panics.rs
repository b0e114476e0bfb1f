//! Panics in a bubble: kept for the report instead of printed.

use std::any::Any;
use std::cell::RefCell;
use std::panic;
use std::sync::Once;

use super::thread::Panic;
use super::{foreign, here};

thread_local! {
    /// Where the last panic of this thread was.
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// From now on, panics in bubbles are kept, not printed. Others are left to the hook there was.
pub(super) fn install_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if here::inside() {
                let place = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
                foreign::panics(crate::unwind::message(info.payload()), place.as_deref());
                // Where it is gone, the thread is at its end, and the place is lost.
                LAST.try_with(|last| *last.borrow_mut() = place).unwrap_or(());
            } else {
                before(info);
            }
        }));
    });
}

/// The panic whose payload this thread has just caught.
pub(crate) fn last(payload: &(dyn Any + Send)) -> Panic {
    let at = LAST.try_with(|last| last.borrow_mut().take()).ok().flatten();
    Panic { message: crate::unwind::message(payload).to_owned(), at, observed: false }
}
