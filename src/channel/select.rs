//! Waiting for one of several operations on channels.

use crossbeam_channel::{Select, SelectedOperation};

use crate::wait::Until;

/// Waits until one of the operations that `enter` enters can go ahead, which must then be completed;
/// `None` if the bound was reached.
///
/// It is selected, not merely found to be ready: on a channel without room, two who only look at each
/// other would never meet.
pub(super) fn select_until<'a>(
    until: &'a Until<'_>,
    enter: impl FnOnce(&mut Select<'a>),
) -> Option<SelectedOperation<'a>> {
    // The event wins over the bound: a selection looks before it waits, and once more when its time
    // is up; and being biased it looks at the context last.
    let mut select = Select::new_biased();
    enter(&mut select);
    let done = until.done().map(|done| (select.recv(done), done));
    let selected = match until.alarm() {
        Some(alarm) => select.select_deadline(alarm).ok()?,
        None => select.select(),
    };
    match done {
        Some((index, done)) if selected.index() == index => {
            let ended = selected.recv(done);
            debug_assert!(ended.is_err(), "nothing is ever sent there");
            None
        }
        _ => Some(selected),
    }
}
