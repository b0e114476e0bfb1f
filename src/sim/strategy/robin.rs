//! Use this to run without preemption: simple bugs give simple traces.

use super::{Chooser, Menu};

/// Each thread runs until it blocks or yields.
#[derive(Debug)]
pub(super) struct Robin {
    /// Whether the previous thread by path comes after a thread, instead of the next one.
    reversed: bool,
}

impl Robin {
    pub(super) fn new(reversed: bool) -> Self {
        Robin { reversed }
    }
}

impl Chooser for Robin {
    fn choose(&mut self, menu: &Menu<'_>) -> usize {
        let threads = menu.threads();
        match menu.current {
            _ if !self.reversed || threads == 0 => menu.usual(),
            Some(current) if !menu.candidates[current].yielded => current,
            Some(place) => (place + threads - 1) % threads,
            None => (menu.after + threads - 1) % threads,
        }
    }

    fn data(&mut self, n: usize) -> usize {
        if self.reversed { n - 1 } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Program, Step};
    use super::*;

    #[test]
    fn a_thread_runs_to_its_end_and_the_next_follows() {
        let program = Program::of(&[2, 1, 2]);
        assert_eq!(program.order(&mut Robin::new(false)), [0, 0, 1, 2, 2]);
        assert_eq!(program.order(&mut Robin::new(true)), [2, 2, 1, 0, 0]);
    }

    #[test]
    fn spinning_threads_take_turns_until_the_last_one_is_done() {
        let program = Program::spinning();
        assert_eq!(program.order(&mut Robin::new(false)), [0, 1, 2, 2, 0, 1]);
        assert_eq!(program.order(&mut Robin::new(true)), [2, 2, 1, 0]);
    }

    #[test]
    fn choices_of_data_are_the_first_or_the_last() {
        let program = Program::new(vec![vec![Step::Data(3), Step::Data(2)]]);
        assert_eq!(program.run(&mut Robin::new(false)).data, [0, 0]);
        assert_eq!(program.run(&mut Robin::new(true)).data, [2, 1]);
    }

    #[test]
    fn time_passes_only_if_no_thread_can_run() {
        let program = Program::of(&[1, 1]).with_clock();
        assert_eq!(program.order(&mut Robin::new(true)), [1, 0]);
    }
}
