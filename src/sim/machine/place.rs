//! Where unmodified code is, for reports: which of its functions was called, and from where.

use std::backtrace::Backtrace;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::here;

/// Looking at stacks takes time: it is done only for what is run again since it has failed.
static LOOK: AtomicBool = AtomicBool::new(false);

/// A bubble has failed.
pub(super) fn look_from_now_on() {
    // Relaxed: sooner or later.
    LOOK.store(true, Relaxed);
}

/// The next step of the current thread is one of unmodified code.
pub(crate) fn note() {
    if LOOK.load(Relaxed) {
        here::with(|here| {
            let trace = here::real(Backtrace::force_capture);
            here.state().threads[here.me].place = Some(Arc::new(trace));
        });
    }
}

/// A call of a function of std, or of another crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) call: String,
    /// File and line.
    pub(crate) at: String,
}

impl Place {
    pub(super) fn of(trace: &Backtrace) -> Option<Self> {
        Place::from_text(&trace.to_string())
    }

    /// Finds the oldest of the functions that are not the user's, in the text that std makes of a
    /// stack.
    fn from_text(text: &str) -> Option<Self> {
        let mut lines =
            text.lines().map(str::trim).skip_while(|line| !is_stand_in(line)).peekable();
        let mut call = "";
        while let Some(line) = lines.next() {
            let (_, name) = line.split_once(": ")?;
            let at = lines.next_if(|next| next.starts_with("at ")).map(|at| &at["at ".len()..]);
            match at {
                Some(at) if !is_of_others(name, at) => {
                    let at = at.strip_prefix("./").unwrap_or(at);
                    let (at, _column) = at.rsplit_once(':')?;
                    return Some(Place { call: simple(call), at: at.to_owned() });
                }
                _ => call = name,
            }
        }
        None
    }
}

/// Whether this is the frame in which unmodified code has called the C library.
fn is_stand_in(line: &str) -> bool {
    const STAND_INS: [&str; 6] = [
        "syscall",
        "sched_yield",
        "nanosleep",
        "clock_nanosleep",
        "pthread_create",
        "pthread_join",
    ];
    line.split_once(": ").is_some_and(|(_, name)| STAND_INS.contains(&name))
}

fn is_of_others(name: &str, at: &str) -> bool {
    let others = ["/rustc/", "/registry/src/", "/library/", "/sim/libc/"];
    name.starts_with("std::") || others.iter().any(|other| at.contains(other))
}

/// A name without types: `<std::sync::Mutex<T>>::lock` is `std::sync::Mutex::lock`.
fn simple(name: &str) -> String {
    let name = name.trim_end_matches("::{{closure}}");
    let whole = name.strip_prefix('<').and_then(|rest| {
        let mut depth = 1;
        let end = rest.find(|c| {
            depth += i32::from(c == '<') - i32::from(c == '>');
            depth == 0
        })?;
        let own = rest[..end].split(" as ").next()?;
        Some(format!("{own}{}", &rest[end + 1..]))
    });
    let mut depth = 0;
    let mut simple = String::new();
    for c in whole.as_deref().unwrap_or(name).chars() {
        depth += i32::from(c == '<');
        if depth == 0 {
            simple.push(c);
        }
        depth -= i32::from(c == '>');
    }
    simple.replace("::::", "::").trim_end_matches("::").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
   0: phalanx::sim::machine::place::note
             at ./src/sim/machine/place.rs:24:25
   4: syscall
             at ./src/sim/libc/glibc/futex.rs:60:1
   5: std::sys::pal::unix::futex::futex_wait
             at /rustc/59807616/library/std/src/sys/pal/unix/futex.rs:73:21
   8: <std::sync::poison::mutex::Mutex<alloc::vec::Vec<u8>>>::lock
             at /rustc/59807616/library/std/src/sync/poison/mutex.rs:492:24
   9: pool::worker::{{closure}}
             at ./tests/pool.rs:31:14
  10: start_thread
";

    #[test]
    fn the_call_is_the_last_before_the_code_of_the_user() {
        let place = Place::from_text(TEXT).unwrap();
        assert_eq!(place.call, "std::sync::poison::mutex::Mutex::lock");
        assert_eq!(place.at, "tests/pool.rs:31");
    }

    #[test]
    fn a_stack_without_lines_has_no_place() {
        let bare: String = TEXT.lines().filter(|line| !line.contains(" at ")).collect();
        assert_eq!(Place::from_text(&bare), None);
        assert_eq!(Place::from_text(""), None);
    }

    #[test]
    fn names_are_told_without_types() {
        assert_eq!(simple("<a::B<(), C<D>> as e::F<G>>::h"), "a::B::h");
        assert_eq!(simple("lock_api::mutex::Mutex<R,T>::lock"), "lock_api::mutex::Mutex::lock");
        assert_eq!(simple("std::thread::scope::<f>::{{closure}}"), "std::thread::scope");
    }
}
