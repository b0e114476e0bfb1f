use std::collections::BTreeMap;
use std::time::Duration;

use super::*;

impl<T> Queue<T> {
    /// Checks what must hold at any time.
    fn check(&self) {
        let is_before_those_below =
            (1..self.heap.len()).all(|place| self.heap[(place - 1) / 2] < self.heap[place]);
        assert!(is_before_those_below, "it is a heap");
        for (place, entry) in self.heap.iter().enumerate() {
            let slot = &self.table[entry.slot as usize];
            assert_eq!((slot.place, slot.serial), (place, entry.serial));
            assert!(slot.value.is_some());
        }
        assert_eq!(self.heap.len() + self.vacant.len(), self.table.len(), "there is no litter");
    }
}

fn zero() -> Instant {
    crate::sys::now()
}

/// Numbers that only look random.
fn numbers() -> impl Iterator<Item = u64> {
    let next = |n: &u64| {
        Some(n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407))
    };
    std::iter::successors(Some(1), next).map(|n| n >> 33)
}

/// Against a sorted map, with pushes, removals and takings.
#[test]
fn it_does_what_a_sorted_map_does() {
    let zero = zero();
    let (mut queue, mut model) = (Queue::new(), BTreeMap::new());
    let mut alarms = Vec::new();
    for (step, choice) in numbers().enumerate().take(20_000) {
        match choice % 8 {
            0..4 => {
                let at = zero + Duration::from_nanos(choice / 8 % 50);
                let alarm = queue.push(at, step);
                model.insert((at, alarm.serial), step);
                alarms.push((at, alarm));
            }
            4..7 if !alarms.is_empty() => {
                let (at, alarm) =
                    alarms.swap_remove(usize::try_from(choice).unwrap() % alarms.len());
                assert_eq!(queue.remove(alarm), model.remove(&(at, alarm.serial)));
                assert_eq!(queue.remove(alarm), None);
            }
            _ => {
                let first = model.first_key_value().map(|((_, serial), value)| (*serial, *value));
                assert_eq!(queue.take(0).map(|(alarm, value)| (alarm.serial, value)), first);
                model.pop_first();
            }
        }
        assert_eq!(queue.first_at(), model.first_key_value().map(|((at, _), _)| *at));
        assert_eq!(queue.heap.len(), model.len());
        if step % 16 == 0 {
            queue.check();
        }
    }
    queue.check();
}

#[test]
fn one_of_those_for_the_same_instant_can_be_taken() {
    let zero = zero();
    let mut queue = Queue::new();
    let removed = queue.push(zero, 'x');
    for value in ['a', 'b', 'c'] {
        queue.push(zero, value);
    }
    queue.push(zero + Duration::from_nanos(1), 'd');
    queue.remove(removed);
    assert_eq!(queue.count_at(zero), 3);
    assert_eq!(queue.take(3), None, "there are no more than three");
    let mut taken = Vec::new();
    for place in [1, 1, 0, 0, 0] {
        taken.extend(queue.take(place).map(|(_, value)| value));
    }
    assert_eq!(taken, ['b', 'c', 'a', 'd']);
}

#[test]
fn those_for_the_same_instant_are_taken_as_they_came() {
    let zero = zero();
    let mut queue = Queue::new();
    for value in 0..100 {
        queue.push(zero, value);
    }
    let taken: Vec<_> = std::iter::from_fn(|| Some(queue.take(0)?.1)).collect();
    assert!(taken.into_iter().eq(0..100));
}

/// How many comparisons it takes cannot be seen; how many entries move can.
#[test]
fn a_far_off_one_among_a_hundred_thousand_moves_few_others() {
    let zero = zero();
    let mut queue = Queue::new();
    for n in numbers().take(100_000) {
        queue.push(zero + Duration::from_nanos(n % 1_000_000), ());
    }
    let before = queue.heap.clone();
    let capacity = (queue.heap.capacity(), queue.table.capacity());
    for _ in 0..10_000 {
        let alarm = queue.push(zero + Duration::from_secs(3600), ());
        assert_eq!(queue.remove(alarm), Some(()));
    }
    assert_eq!(queue.heap, before, "nothing has moved");
    assert_eq!((queue.heap.len(), queue.table.len()), (100_000, 100_001), "nothing is left behind");
    assert!(queue.vacant.capacity() < 100, "{} places", queue.vacant.capacity());
    assert_eq!(capacity, (queue.heap.capacity(), queue.table.capacity()));
}

#[test]
fn a_name_from_before_means_nothing_after_the_memory_was_given_back() {
    let zero = zero();
    let mut queue = Queue::new();
    let crowd: Vec<_> = (0..10_000).map(|n| queue.push(zero, n)).collect();
    for alarm in &crowd {
        assert!(queue.remove(*alarm).is_some());
    }
    assert_eq!((queue.heap.capacity(), queue.table.capacity(), queue.vacant.capacity()), (0, 0, 0));
    let new = queue.push(zero, 7);
    assert!(crowd.iter().all(|alarm| queue.remove(*alarm).is_none()));
    assert_eq!(queue.remove(new), Some(7));
}
