//! Use this to try every schedule with few preemptions.
//!
//! Depth-first search with a bound, after Musuvathi and Qadeer (CHESS, 2008). At every menu some
//! choices are free: the running thread if it can go on and has not yielded; otherwise every
//! thread that has not yielded; and if all have, the next in turn. Everything else costs one:
//! to preempt a thread, to run one that has yielded before those that have not, and to let time
//! pass while threads could run. So a thread that spins and yields cannot be chosen for ever, and
//! "exhausted" means: every schedule that is unfair at most so often.
//!
//! Choices of data are free. The bound rises from zero, so that simple schedules come first. Each
//! bound starts at the root and comes again through the schedules that cost less than it: they are
//! few beside the new ones, and the whole state is one stack.

use std::sync::Arc;

use parking_lot::Mutex;

use super::{Chooser, Menu};

/// Chooses for one run after another, and remembers where it has been.
#[derive(Debug)]
pub(crate) struct Explorer {
    search: Arc<Mutex<Search>>,
}

#[derive(Debug)]
struct Search {
    /// What a schedule may cost in the end.
    preemptions: u32,
    /// What it may cost now.
    bound: u32,
    /// The decisions of the run.
    stack: Vec<Decision>,
    /// How many of them the present run has met.
    met: usize,
    /// Whether something was too expensive for the bound.
    cut: bool,
    schedules: u64,
    complaint: Option<String>,
}

/// Choices are ranked: the free ones come first.
#[derive(Debug)]
struct Decision {
    taken: u32,
    free: u32,
    all: u32,
}

impl Explorer {
    pub(crate) fn new(preemptions: u32) -> Self {
        let search = Search {
            preemptions,
            bound: 0,
            stack: Vec::new(),
            met: 0,
            cut: false,
            schedules: 0,
            complaint: None,
        };
        Explorer { search: Arc::new(Mutex::new(search)) }
    }

    /// The chooser of the next run; of the last run once more if there was no [`Self::advance`].
    pub(crate) fn chooser(&self) -> Box<dyn Chooser> {
        self.search.lock().met = 0;
        Box::new(Guide { search: Arc::clone(&self.search) })
    }

    /// Goes on to the next schedule after a run. False if there is none.
    pub(crate) fn advance(&self) -> bool {
        self.search.lock().advance()
    }

    /// How many different schedules have been left behind by [`Self::advance`].
    pub(crate) fn schedules(&self) -> u64 {
        self.search.lock().schedules
    }
}

impl Search {
    /// Takes a decision among ranked choices: as before on the way to new ground, then the first.
    fn decide(&mut self, free: usize, all: usize) -> usize {
        if all < 2 || self.complaint.is_some() {
            return 0;
        }
        let [free, all] = [free, all].map(|n| u32::try_from(n).unwrap_or(u32::MAX));
        if self.met == self.stack.len() {
            self.stack.push(Decision { taken: 0, free, all });
        }
        let decision = &self.stack[self.met];
        if (decision.free, decision.all) != (free, all) {
            self.complaint = Some(format!(
                "the test is not deterministic: at decision {} there were {} choices, and in the \
                 next run with the same schedule there are {all}",
                self.met, decision.all,
            ));
            return 0;
        }
        self.met += 1;
        decision.taken as usize
    }

    /// Backs up to the last decision with a choice that is untried and not too expensive.
    fn advance(&mut self) -> bool {
        let mut cost = self.stack.iter().map(Decision::cost).sum::<u32>();
        self.schedules += u64::from(cost == self.bound);
        while let Some(decision) = self.stack.last_mut() {
            cost -= decision.cost();
            let affordable = if cost < self.bound { decision.all } else { decision.free };
            self.cut |= affordable < decision.all;
            decision.taken += 1;
            if decision.taken < affordable {
                return true;
            }
            self.stack.pop();
        }
        self.raise_bound()
    }

    fn raise_bound(&mut self) -> bool {
        let rises = self.cut && self.bound < self.preemptions;
        self.bound += u32::from(rises);
        self.cut = false;
        rises
    }
}

impl Decision {
    fn cost(&self) -> u32 {
        u32::from(self.taken >= self.free)
    }
}

struct Guide {
    search: Arc<Mutex<Search>>,
}

impl Chooser for Guide {
    fn choose(&mut self, menu: &Menu<'_>) -> usize {
        let (ranked, free) = rank(menu);
        ranked[self.search.lock().decide(free, ranked.len())]
    }

    fn data(&mut self, n: usize) -> usize {
        self.search.lock().decide(n, n)
    }

    /// The unusual answer costs as much as a preemption.
    fn guess(&mut self) -> bool {
        self.search.lock().decide(1, 2) == 1
    }

    fn complaint(&mut self) -> Option<String> {
        let search = self.search.lock();
        let short = search.met < search.stack.len();
        search.complaint.clone().or_else(|| {
            short.then(|| {
                format!(
                    "the test is not deterministic: it ended after {} decisions, and the run \
                     before, with the same schedule, took {} or more",
                    search.met,
                    search.stack.len(),
                )
            })
        })
    }
}

/// The places of a menu, the free ones first, and how many are free. Both parts go around from the
/// usual choice; the clock comes last.
fn rank(menu: &Menu<'_>) -> (Vec<usize>, usize) {
    let (threads, usual) = (menu.threads(), menu.usual());
    let yielded = |place: usize| menu.candidates[place].yielded;
    let goes_on = menu.current.is_some_and(|current| !yielded(current));
    let is_free = |&place: &usize| if goes_on { place == usual } else { !yielded(place) };

    let around = (0..threads).map(|n| (usual + n) % threads);
    let (mut ranked, costly): (Vec<_>, Vec<_>) = around.partition(is_free);
    let free = ranked.len();
    ranked.extend(costly);
    ranked.extend(threads..menu.candidates.len());
    // If all have yielded, or only the clock is there, the first one is free.
    (ranked, free.max(1))
}

#[cfg(test)]
mod tests;
