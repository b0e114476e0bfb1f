//! The schedule, in words.

use std::fmt::{self, Write};

use super::Found;
use crate::sim::machine::place::Place;
use crate::sim::machine::{Ended, Kind, SeenStatus, Step, Trace};

/// So many lines at most; what is left out is left out in the middle.
const LINES: usize = 60;

pub(super) fn tell(out: &mut String, found: &Found) -> fmt::Result {
    let trace = &found.ended.trace;
    let (steps, interventions) = (trace.steps.len(), trace.deviations().len());
    write!(out, "the schedule, {steps} steps with {interventions} interventions")?;
    match found.shrunk_from {
        Some(before) if before.1 > interventions => {
            writeln!(out, ", shrunk from {} with {}:", before.0, before.1)?;
        }
        _ => writeln!(out, ":")?,
    }
    let lines = lines(&found.ended);
    if lines.len() <= LINES {
        return out.write_str(&lines.concat());
    }
    let (head, tail) = (&lines[..LINES / 2], &lines[lines.len() - LINES / 2..]);
    out.write_str(&head.concat())?;
    writeln!(out, "  ... {} lines ...", lines.len() - LINES)?;
    out.write_str(&tail.concat())
}

fn lines(ended: &Ended) -> Vec<String> {
    let steps = &ended.trace.steps;
    let mut lines = Vec::new();
    let mut index = 0;
    let trace = &ended.trace;
    while index < steps.len() {
        let Some(first) = steps.get(index) else {
            // The middle of a long run.
            let next = steps.kept().find(|(kept, _)| *kept > index).map_or(steps.len(), |(n, _)| n);
            lines.push(format!("  ... {} steps ...\n", next - index));
            index = next;
            continue;
        };
        let thread = &ended.threads[first.thread];
        lines.push(format!("  {} {:?}\n", thread.path, thread.name));
        let run = (index..).map_while(|n| steps.get(n)).take_while(|s| s.thread == first.thread);
        let mut length = 0;
        for step in run {
            if !matches!(step.op.kind, Kind::Start | Kind::End) {
                lines.push(format!("      {}\n", describe_with_place(trace, index + length)));
            }
            length += 1;
        }
        index += length;
        lines.extend(how_it_stopped(ended, index));
    }
    lines
}

/// Why the thread that took the step before `index` did not take this one.
fn how_it_stopped(ended: &Ended, index: usize) -> Option<String> {
    let trace = &ended.trace;
    let last = trace.steps.get(index.checked_sub(1)?)?;
    if last.op.kind == Kind::End {
        return Some("      (ends)\n".to_owned());
    }
    let interfered = trace.interfered_before(index);
    let is_later = |(n, step): &(usize, &Step)| *n >= index && step.thread == last.thread;
    let later = trace.steps.kept().find(is_later).map(|(n, _)| n);
    match later {
        Some(next) if interfered => {
            Some(format!("      (interrupted before {})\n", describe_with_place(trace, next)))
        }
        _ if last.op.kind == Kind::Yield => None,
        None if !is_blocked(ended, last.thread) => Some("      (stops here)\n".to_owned()),
        _ => Some("      (blocks)\n".to_owned()),
    }
}

fn is_blocked(ended: &Ended, thread: usize) -> bool {
    matches!(ended.threads[thread].status, SeenStatus::Blocked { .. })
}

/// A step, with the call that it is part of, though that be one of unmodified code.
fn describe_with_place(trace: &Trace, index: usize) -> String {
    let Some(step) = trace.steps.get(index) else { return String::new() };
    let place = if step.call.is_none() { trace.place(index) } else { None };
    match place {
        Some(Place { call, at }) => format!("{call} at {at}: {}", step.op),
        None => describe(step),
    }
}

/// A step, with the call that it is part of.
pub(super) fn describe(step: &Step) -> String {
    match step.call {
        Some(call) => {
            let (kind, file, line) = (step.op.kind.name(), call.at.file(), call.at.line());
            let object =
                if step.op.object == 0 { String::new() } else { format!(" #{}", step.op.object) };
            format!("{} at {file}:{line}: {kind}{object}", call.name)
        }
        None => step.op.to_string(),
    }
}
