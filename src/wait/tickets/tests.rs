//! Both ways into the line, in the simulator, and places that are dropped. The races of `Cond` are
//! in `tests/sim_cond.rs`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::{Place, Tickets};
use crate::sim::{self, Builder};
use crate::wait::Until;

const SECOND: Duration = Duration::from_secs(1);

/// How a thread gets in: one that may spin, and one that has the only core or a word of 32 bits.
type Way = fn(&Tickets) -> Place<'_>;

const TICKET: Way = Tickets::enter_by_ticket;
const LIST: Way = Tickets::enter_list;

/// Runs `test` under all schedules with so many preemptions.
fn always(preemptions: u32, test: impl Fn() + Send + Sync + 'static) {
    let report = Builder::new().exhaustive(preemptions).check(test);
    assert!(report.exhausted, "{report}");
}

impl Tickets {
    /// Whether nobody waits, and signals are quick again.
    fn is_empty(&self) -> bool {
        let word = self.look();
        self.line.lock().is_empty() && word.holders() == 0 && !word.is_listed()
    }
}

/// A line, and who has been signalled.
struct Hall {
    tickets: Tickets,
    signalled: Mutex<BTreeSet<usize>>,
}

/// Has a thread come for each of the ways, when those before are there, and wait. When all are
/// there, `then` runs in a thread of its own.
fn fill(ways: &'static [Way], then: fn(&Hall)) {
    let hall = Hall { tickets: Tickets::new(), signalled: Mutex::default() };
    come(&Arc::new(hall), ways, 0, then);
}

fn come(hall: &Arc<Hall>, ways: &'static [Way], number: usize, then: fn(&Hall)) {
    let inside = Arc::clone(hall);
    sim::spawn(format!("{number}"), move || {
        let Some(way) = ways.get(number) else { return then(&inside) };
        let place = way(&inside.tickets);
        come(&inside, ways, number + 1, then);
        place.wait(&Until::FOREVER).unwrap();
        inside.signalled.lock().insert(number);
    });
}

impl Hall {
    fn signalled(&self) -> BTreeSet<usize> {
        sim::wait_idle();
        self.signalled.lock().clone()
    }
}

#[test]
fn whichever_way_they_come_the_oldest_are_signalled_first() {
    const ORDERS: [&[Way]; 4] =
        [&[TICKET, LIST], &[LIST, TICKET], &[TICKET, LIST, TICKET], &[LIST, TICKET, LIST]];
    for ways in ORDERS {
        always(if ways.len() == 2 { 2 } else { 1 }, move || {
            fill(ways, |hall| {
                hall.tickets.signal();
                assert_eq!(hall.signalled(), BTreeSet::from([0]));
                hall.tickets.signal();
                assert_eq!(hall.signalled(), BTreeSet::from([0, 1]));
                hall.tickets.broadcast();
            });
        });
    }
}

#[test]
fn whichever_way_they_come_a_broadcast_is_for_all() {
    const ORDERS: [&[Way]; 3] = [&[TICKET, LIST], &[LIST, TICKET], &[LIST, LIST]];
    for ways in ORDERS {
        always(2, move || fill(ways, |hall| hall.tickets.broadcast()));
    }
}

#[test]
fn a_place_that_is_dropped_passes_its_signal_on() {
    for way in [TICKET, LIST] {
        for other in [TICKET, LIST] {
            always(2, move || {
                let tickets = Arc::new(Tickets::new());
                let dropped = way(&tickets);
                let waiter = sim::spawn("waiter", {
                    let tickets = Arc::clone(&tickets);
                    move || {
                        let place = other(&tickets);
                        tickets.signal();
                        place.wait(&Until::FOREVER)
                    }
                });
                drop(dropped); // before the waiter comes, or with the signal, or without
                waiter.join().unwrap().unwrap();
                assert!(tickets.is_empty());
            });
        }
    }
}

#[test]
fn a_place_that_is_dropped_leaves_nothing_behind() {
    for way in [TICKET, LIST] {
        for other in [TICKET, LIST] {
            always(2, move || {
                let tickets = Tickets::new();
                let late = sim::scope(|s| {
                    let place = way(&tickets);
                    let waiter = s.spawn("waiter", || other(&tickets).wait(&SECOND.into()));
                    drop(place);
                    waiter.join().unwrap()
                });
                assert!(late.is_err(), "woken without a signal");
                assert_eq!(sim::elapsed(), SECOND);
                assert!(tickets.is_empty());
            });
        }
    }
}

#[test]
fn a_place_that_was_signalled_is_not_mistaken_for_the_one_that_was_made_of_it() {
    sim::run(|| {
        let tickets = Tickets::new();
        let first = TICKET(&tickets);
        let second = LIST(&tickets); // and keeps the place of the first
        tickets.signal();
        let third = LIST(&tickets); // where that place was
        first.wait(&Duration::ZERO.into()).unwrap();
        tickets.signal();
        second.wait(&Duration::ZERO.into()).unwrap();
        tickets.signal();
        third.wait(&Duration::ZERO.into()).unwrap();
        assert!(tickets.is_empty());
    });
}

#[test]
fn a_signal_that_comes_before_the_time_is_up_is_taken_however_late_the_look() {
    for way in [TICKET, LIST] {
        sim::run(move || {
            let tickets = Tickets::new();
            for _ in 0..100 {
                let place = way(&tickets);
                tickets.signal();
                place.wait(&Duration::ZERO.into()).unwrap();
            }
            assert!(tickets.is_empty());
        });
    }
}
