//! Use this to let deadlines race with threads.

use super::{Candidate, Chooser, Menu, Who};
use crate::sim::rng::Rng;

/// Lets time pass now and then; otherwise another chooser decides, who knows nothing of time.
pub(super) struct WithClock {
    inner: Box<dyn Chooser>,
    percent: u8,
    rng: Rng,
}

impl WithClock {
    pub(super) fn new(inner: Box<dyn Chooser>, percent: u8, seed: u64) -> Self {
        WithClock { inner, percent, rng: Rng::new(seed) }
    }
}

impl Chooser for WithClock {
    fn choose(&mut self, menu: &Menu<'_>) -> usize {
        let Some((Candidate { who: Who::Clock, .. }, threads)) = menu.candidates.split_last()
        else {
            return self.inner.choose(menu);
        };
        if threads.is_empty() || self.rng.percent(self.percent) {
            return threads.len();
        }
        self.inner.choose(&Menu { candidates: threads, ..*menu })
    }

    fn data(&mut self, n: usize) -> usize {
        self.inner.data(n)
    }

    fn guess(&mut self) -> bool {
        self.inner.guess()
    }

    fn complaint(&mut self) -> Option<String> {
        self.inner.complaint()
    }
}

#[cfg(test)]
mod tests {
    use super::super::dfs::Explorer;
    use super::super::random::Random;
    use super::super::robin::Robin;
    use super::super::testing::Program;
    use super::*;
    use crate::sim::machine::{Kind, Op};

    fn ticks(percent: u8) -> usize {
        let program = Program::of(&[50, 50]).with_clock();
        let inner = Box::new(Random::new(1, 0));
        let order = program.order(&mut WithClock::new(inner, percent, 2));
        order.iter().filter(|&&who| who == Program::CLOCK).count()
    }

    #[test]
    fn time_passes_as_often_as_it_should() {
        assert_eq!(ticks(0), 0);
        assert!((10..=40).contains(&ticks(20)), "{}", ticks(20));
    }

    #[test]
    fn without_threads_time_passes_for_sure() {
        let op = Op::new(Kind::Sleep, 0);
        let candidates = [Candidate { who: Who::Clock, op: &op, yielded: false }];
        let menu = Menu { candidates: &candidates, current: None, after: 0 };
        let mut chooser = WithClock::new(Box::new(Random::new(1, 0)), 0, 2);
        assert!((0..10).all(|_| chooser.choose(&menu) == 0));
        let explorer = Explorer::new(2);
        assert_eq!(explorer.chooser().choose(&menu), 0);
        assert!(!explorer.advance());
    }

    #[test]
    fn the_inner_chooser_decides_among_the_threads() {
        let program = Program::of(&[3, 3]).with_clock();
        let mut order = program.order(&mut WithClock::new(Box::new(Robin::new(true)), 30, 5));
        order.retain(|&who| who != Program::CLOCK);
        assert_eq!(order, [1, 1, 1, 0, 0, 0]);
    }
}
