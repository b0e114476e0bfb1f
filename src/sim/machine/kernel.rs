//! What the operating system says of a thread that does not come back.

use std::fs;

use super::state::State;
use super::thread::{Status, Thread};

/// What the thread whose turn it is does, as the kernel sees it. `None` where the kernel does not
/// say.
pub(super) fn look(state: &State) -> Option<String> {
    let is_away = |thread: &Thread| matches!(thread.status, Status::External);
    let (thread, role) = if state.vacant {
        (state.threads.iter().position(is_away)?, "is in sim::external")
    } else {
        (state.current, "holds the turn")
    };
    let Thread { path, name, tid, op, .. } = &state.threads[thread];
    let task = format!("/proc/self/task/{}", (*tid)?);
    let file = |name: &str| fs::read_to_string(format!("{task}/{name}")).ok();
    let stat = file("stat")?;
    let doing = activity(&stat, file("syscall").as_deref(), file("wchan").as_deref())?;
    Some(format!("{path} {name:?} {role} and {doing}; its last step was: {op}."))
}

/// What a thread does, by its files of that name in `/proc`.
fn activity(stat: &str, syscall: Option<&str>, wchan: Option<&str>) -> Option<String> {
    // The name, in parentheses, may contain anything.
    let (_, rest) = stat.rsplit_once(')')?;
    match rest.trim_start().chars().next()? {
        'R' => return Some("runs: it computes, or waits in a loop".to_owned()),
        'T' | 't' => return Some("has been stopped by a debugger or a signal".to_owned()),
        _ => {}
    }
    let mut words = syscall.unwrap_or_default().split_whitespace();
    let call = words.next().and_then(|number| number.parse::<i64>().ok());
    let kernel = wchan.map(str::trim).filter(|name| !name.is_empty() && *name != "0");
    let place = match (call, words.next()) {
        (Some(_), Some(word)) if kernel.is_some_and(|name| name.contains("futex")) => {
            format!(" in futex {word}")
        }
        (Some(number), _) => format!(" in system call {number}"),
        (None, _) => String::new(),
    };
    let kernel = kernel.map(|name| format!(" (wchan {name})")).unwrap_or_default();
    Some(format!("sleeps{place}{kernel}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_waits_for_a_lock_sleeps_in_a_futex() {
        let syscall = "202 0x7fd6aa 0x80 0x2 0x0 0x0 0x0 0x7ffe 0x7fd6\n";
        let activity = activity("7 (a) S (b)) S 1 7", Some(syscall), Some("futex_do_wait\n"));
        assert_eq!(activity.unwrap(), "sleeps in futex 0x7fd6aa (wchan futex_do_wait)");
    }

    #[test]
    fn a_thread_that_reads_sleeps_in_a_system_call() {
        let activity = activity("7 (root) S 1 7", Some("0 0x3 0x7ffd 0x1"), Some("pipe_read"));
        assert_eq!(activity.unwrap(), "sleeps in system call 0 (wchan pipe_read)");
    }

    #[test]
    fn a_kernel_that_says_little_is_quoted_little() {
        assert_eq!(activity("7 (root) D 1 7", None, Some("0")).unwrap(), "sleeps");
        assert_eq!(activity("nonsense", None, None), None);
    }

    #[test]
    fn a_thread_in_a_loop_runs() {
        let activity = activity("7 (root) R 1 7", Some("running\n"), Some("0"));
        assert_eq!(activity.unwrap(), "runs: it computes, or waits in a loop");
    }
}
