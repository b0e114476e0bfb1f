//! The search against one that is too simple to be wrong.

use super::{Add, History, Model, Op, Pending, Read, Roll, Take, Word, Write};

struct Call {
    op: Op,
    began: usize,
    ended: Option<(usize, i64)>,
}

/// Whether the order in `row` can be completed; tries all of them.
fn possible(calls: &[Call], row: &mut Vec<usize>, state: &Word) -> bool {
    let open = (0..calls.len()).filter(|i| !row.contains(i)).collect::<Vec<_>>();
    if open.iter().all(|i| calls[*i].ended.is_none()) && keeps_order(calls, row) {
        return true;
    }
    open.into_iter().any(|i| {
        let ret = calls[i].ended.map(|(_, ret)| ret);
        state.step(&calls[i].op, ret.as_ref()).into_iter().any(|after| {
            row.push(i);
            let possible = possible(calls, row, &after);
            row.pop();
            possible
        })
    })
}

/// Whether no call comes after one that began when it had ended.
fn keeps_order(calls: &[Call], row: &[usize]) -> bool {
    let early = |a: usize, b: usize| calls[b].ended.is_some_and(|(at, _)| at < calls[a].began);
    (0..row.len()).all(|n| row[n + 1..].iter().all(|later| !early(row[n], *later)))
}

/// Numbers that look random and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % n
    }

    fn small(&mut self) -> i64 {
        [0, 0, 1, 1, 2, 10][usize::try_from(self.below(6)).unwrap()]
    }

    fn op(&mut self) -> Op {
        let n = self.small();
        [Read, Write(n), Add(n), Take(n), Roll][usize::try_from(self.below(5)).unwrap()]
    }
}

/// Three threads that begin and end calls at random.
fn agree(numbers: &mut Numbers) -> bool {
    let (history, mut calls) = (History::new(), Vec::new());
    let mut threads: [Option<(usize, Pending<'_, Op, i64>)>; 3] = [const { None }; 3];
    for stamp in 0..10 {
        let thread = &mut threads[usize::try_from(numbers.below(3)).unwrap()];
        if let Some((index, pending)) = thread.take() {
            let ret = numbers.small();
            pending.end(ret);
            let call: &mut Call = &mut calls[index];
            call.ended = Some((stamp, ret));
        } else {
            let op = numbers.op();
            *thread = Some((calls.len(), history.begin(op)));
            calls.push(Call { op, began: stamp, ended: None });
        }
    }
    let expected = possible(&calls, &mut Vec::new(), &Word(0));
    assert_eq!(history.check(Word(0)).is_ok(), expected, "{:?}", history.check(Word(0)));
    expected
}

#[test]
fn the_search_agrees_with_trying_all_orders() {
    let mut numbers = Numbers(1);
    let linearizable = (0..2_000).filter(|_| agree(&mut numbers)).count();
    assert!((200..1_800).contains(&linearizable), "{linearizable}");
}
