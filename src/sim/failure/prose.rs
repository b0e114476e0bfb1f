//! What went wrong, and what each thread was doing then.

use std::fmt::{self, Write};
use std::time::Duration;

use crate::sim::machine::place::Place;
use crate::sim::machine::{End, Ended, Failure as Kind, Seen, SeenStatus, Step};
use crate::sim::threads::call;

pub(super) fn headline(ended: &Ended) -> String {
    let steps = ended.trace.steps.len();
    let time = Duration::from_nanos(ended.now);
    let End::Failed(kind) = &ended.end else { return "sim: passed".to_owned() };
    let what = match kind {
        Kind::Panic(thread) => return panic_line(&ended.threads[*thread]),
        Kind::Deadlock => format!("DEADLOCK: {}", all_blocked(ended)),
        Kind::Leak => format!("LEAKED THREADS: the root has ended, and {}", left_behind(ended)),
        Kind::Livelock(steps) => {
            format!("LIVELOCK: {steps} steps, and no time has passed")
        }
        Kind::TooManySteps(steps) => format!("LIVELOCK: no end after {steps} steps"),
        Kind::TooManyThreads(threads) => format!("TOO MANY THREADS: more than {threads}"),
        Kind::Invariant { name, message } => format!("INVARIANT {name:?} is broken: {message}"),
        Kind::Stuck { seconds, .. } => {
            format!("STUCK: the running thread has not come back for {seconds} s of real time")
        }
        Kind::Strategy(complaint) => format!("STRATEGY: {complaint}"),
        Kind::Unsupported(what) => format!("UNSUPPORTED: {what}"),
    };
    format!("sim: {what}; after {steps} steps, at {time:?} of virtual time")
}

fn panic_line(thread: &Seen) -> String {
    let Some(panic) = &thread.panic else { return "sim: PANIC".to_owned() };
    let at = panic.at.as_deref().unwrap_or("an unknown place");
    let Seen { path, name, .. } = thread;
    format!("sim: PANIC of {path} {name:?} at {at}: {}", panic.message)
}

fn all_blocked(ended: &Ended) -> String {
    let blocked = living(ended).filter(|t| matches!(t.status, SeenStatus::Blocked { .. })).count();
    format!("{blocked} of {} threads are blocked for ever", living(ended).count())
}

/// The threads that have not ended, without those that serve others.
fn living(ended: &Ended) -> impl Iterator<Item = &Seen> {
    ended.threads.iter().filter(|t| !matches!(t.status, SeenStatus::Finished) && !t.idle)
}

fn left_behind(ended: &Ended) -> String {
    let names: Vec<String> = living(ended).map(|t| format!("{:?}", t.name)).collect();
    let waits = |t: &Seen| matches!(t.status, SeenStatus::Blocked { deadline: Some(_), .. });
    let time = if living(ended).any(waits) { "; time stands still since then" } else { "" };
    match names.len() {
        1 => format!("{} has not{time}", names[0]),
        n if n <= NAMES => format!("{} have not{time}", names.join(", ")),
        n => format!("{}, and {} others have not{time}", names[..NAMES].join(", "), n - NAMES),
    }
}

/// So many threads are named in a headline.
const NAMES: usize = 4;

/// Beyond so many threads, those that have ended are not listed.
const LISTED: usize = 64;

/// A line for each thread, and the cycle, if they wait for each other.
pub(super) fn threads(out: &mut String, ended: &Ended) -> fmt::Result {
    let are_many = ended.threads.len() > LISTED;
    let has_ended = |t: &Seen| matches!(t.status, SeenStatus::Finished) && t.panic.is_none();
    let is_listed = |t: &&Seen| !are_many || !has_ended(t);
    let listed = || ended.threads.iter().filter(is_listed);
    let width = |f: fn(&Seen) -> usize| listed().map(f).max().unwrap_or(0);
    let path_width = width(|t| t.path.to_string().len());
    let name_width = width(|t| t.name.len() + 2);
    for thread in listed() {
        let (path, name) = (thread.path.to_string(), format!("{:?}", thread.name));
        write!(out, "  {path:path_width$}  {name:name_width$}  ")?;
        doing(out, ended, thread)?;
        writeln!(out)?;
    }
    if are_many {
        writeln!(out, "  {} other threads have ended", ended.threads.len() - listed().count())?;
    }
    match cycle(ended) {
        Some(cycle) => writeln!(out, "  cycle: {cycle}"),
        None => Ok(()),
    }
}

fn doing(out: &mut String, ended: &Ended, thread: &Seen) -> fmt::Result {
    let place = place(ended, thread);
    match &thread.status {
        SeenStatus::Finished => write!(out, "has ended"),
        SeenStatus::External => write!(out, "is in sim::external, {place}"),
        SeenStatus::Running => write!(out, "is running, at {place}"),
        SeenStatus::Runnable => write!(out, "can run, before {place}"),
        SeenStatus::Blocked { since, deadline, held_by, .. } => {
            let kind = if thread.idle { "is idle in" } else { "is blocked in" };
            write!(out, "{kind} {place}, since {:?}", Duration::from_nanos(*since))?;
            if let Some(deadline) = deadline {
                write!(out, ", until {:?}", Duration::from_nanos(*deadline))?;
            }
            if !held_by.is_empty() {
                let names = held_by.iter().map(|holder| ended.threads[*holder].path.to_string());
                write!(out, "; waits for {}", names.collect::<Vec<_>>().join(", "))?;
            }
            Ok(())
        }
    }
}

/// The call that a thread is in, and where that is.
fn place(ended: &Ended, thread: &Seen) -> String {
    let (call, at) = call(thread);
    if thread.doing.is_some() || !thread.op.is_of_unmodified_code() {
        return format!("{call} at {}:{}", at.file(), at.line());
    }
    let is_its = |step: &Step| ended.threads[step.thread].path == thread.path;
    let last = ended.trace.steps.kept().rfind(|(_, step)| is_its(step));
    // Not yet taken, or not looked at.
    let last = last.filter(|(_, step)| step.op == thread.op);
    match last.and_then(|(number, _)| ended.trace.place(number)) {
        Some(Place { call, at }) => format!("{call} at {at}"),
        None => call,
    }
}

/// Threads that wait for each other, in a ring.
fn cycle(ended: &Ended) -> Option<String> {
    let waits_for = |thread: usize| match &ended.threads[thread].status {
        SeenStatus::Blocked { held_by, .. } => held_by.first().copied(),
        _ => None,
    };
    for start in 0..ended.threads.len() {
        let mut ring = vec![start];
        while let Some(next) = waits_for(ring[ring.len() - 1]) {
            if next == start {
                ring.push(start);
                let names = ring.iter().map(|t| ended.threads[*t].path.to_string());
                return Some(names.collect::<Vec<_>>().join(" -> "));
            }
            if ring.contains(&next) {
                break;
            }
            ring.push(next);
        }
    }
    None
}

/// What to do about it, where that is not plain.
pub(super) fn advice(ended: &Ended) -> String {
    let End::Failed(kind) = &ended.end else { return String::new() };
    let text = match kind {
        Kind::Livelock(_) | Kind::TooManySteps(_) => {
            "A loop that waits without blocking must let others run, with sim::yield_now; then time \
             passes, too, when nobody does anything else. If the test is just long: \
             Builder::max_steps.\n"
        }
        Kind::Stuck { kernel, .. } => {
            let kernel = kernel.as_deref().unwrap_or("The kernel has nothing to say about it.");
            return format!(
                "  {kernel}\n\
                 It is blocked outside of the kit's sight, or computes without end. Candidates: a \
                 lock or channel of std, parking_lot or crossbeam whose owner waits for its turn; a \
                 read from a socket, a file, a terminal; a loop over atomics of std.\n\
                 Use phalanx::sim::sync for locks and channels, or the feature sim-std (Linux), \
                 which sees those of others; wrap input and output in sim::external; call \
                 sim::yield_now in loops.\n"
            );
        }
        Kind::Deadlock | Kind::Leak if !cfg!(feature = "sim-std") => {
            "Threads of std::thread are not part of the bubble, and cannot help: use sim::spawn, or \
             the feature sim-std.\n"
        }
        _ => "",
    };
    text.to_owned()
}
