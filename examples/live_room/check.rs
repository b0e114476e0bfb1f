//! What must be true of every run.

use std::time::Duration;

use crate::args::Options;
use crate::handler::Way;
use crate::services::Service;
use crate::trace::Run;

/// What a run may take besides the waiting and a tenth of it.
const SLACK: Duration = Duration::from_millis(10);

pub(crate) fn check(run: &Run, options: &Options) {
    let (way, total) = (run.way, run.total);
    let latencies = Service::ALL.map(|service| options.latency(service));
    match &run.result {
        Ok(room) => {
            assert!(options.fail.is_none(), "{way}: a service fails, and yet there is a room");
            let room = room.to_json();
            for service in Service::ALL {
                assert_eq!(room[service.name()], service.answer(), "{way}: a part of the room");
            }
            if way == Way::Sequence {
                assert!(total >= latencies.iter().sum(), "{way}: {total:?} is less than the sum");
            }
        }
        Err(failure) => {
            let error = failure.to_string();
            let as_asked = match options.fail {
                Some(service) if error.starts_with(&format!("{service}: status 500")) => true,
                _ => options.deadline.is_some() && error.contains("context deadline exceeded"),
            };
            assert!(as_asked, "{way}: an error that nobody asked for: {error}");
        }
    }
    let waiting = longest_wait(way, options);
    assert!(is_prompt(run, options), "{way}: {total:?}, but there was only {waiting:?} to wait");
}

/// Whether a run took hardly longer than it had to wait.
pub(crate) fn is_prompt(run: &Run, options: &Options) -> bool {
    let waiting = longest_wait(run.way, options);
    run.total < waiting + waiting / 10 + SLACK
}

/// For how long a run has something to wait for.
fn longest_wait(way: Way, options: &Options) -> Duration {
    let fails = |service| options.fail == Some(service);
    let waits = Service::ALL.map(|service| {
        if fails(service) { Service::FAILS_AFTER } else { options.latency(service) }
    });
    let wait = match way {
        // It ends with the first failure.
        Way::Sequence => {
            let asked = Service::ALL.into_iter().position(fails).map_or(waits.len(), |at| at + 1);
            waits[..asked].iter().sum()
        }
        // It waits for all, whatever happens.
        Way::WaitGroup => waits.into_iter().fold(Duration::ZERO, Duration::max),
        // The first failure ends all.
        Way::ErrGroup => match options.fail {
            Some(_) => Service::FAILS_AFTER,
            None => waits.into_iter().fold(Duration::ZERO, Duration::max),
        },
    };
    options.deadline.map_or(wait, |deadline| wait.min(deadline))
}
