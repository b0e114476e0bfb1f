//! Things that are kept by key.

use std::convert::Infallible;
use std::hint::black_box;

use phalanx::{KeyedLimiter, Rate, SingleFlight};

use crate::curve::Curve;

const SIZES: &[u32] = &[1, 10, 100, 1000, 10_000, 100_000, 1_000_000];

pub(crate) const CURVES: [Curve; 3] = [
    Curve {
        name: "keyed_one",
        title: "KeyedLimiter: one key of many is allowed",
        size_of: "keys",
        per: "per call",
        sizes: SIZES,
        of_all: false,
        measure: |size, timing| {
            let limiter = in_use(size);
            Ok(timing.of(|| assert!(limiter.of(&black_box(size / 2)).allow())))
        },
    },
    Curve {
        name: "keyed_all",
        title: "KeyedLimiter: each key is allowed, one after the other",
        size_of: "keys",
        per: "per call",
        sizes: SIZES,
        of_all: false,
        measure: |size, timing| {
            let limiter = in_use(size);
            let mut key = 0;
            Ok(timing.of(|| {
                key = next(key, size);
                assert!(limiter.of(&key).allow());
            }))
        },
    },
    Curve {
        name: "single_flight",
        title: "SingleFlight: a call for each key, one after the other",
        size_of: "keys",
        per: "per call",
        sizes: SIZES,
        of_all: false,
        measure: |size, timing| {
            // Go's keys are strings.
            let keys: Vec<_> = (0..size).map(|key| key.to_string()).collect();
            let flights = SingleFlight::<&str, u64, Infallible>::new();
            let mut key = 0;
            Ok(timing.of(|| {
                key = next(key, size);
                drop(flights.run(&keys[key as usize], |_| Ok(black_box(7))));
            }))
        },
    },
];

/// A limiter with so many keys, none of which becomes idle for a long time.
fn in_use(keys: u32) -> KeyedLimiter<u32> {
    let limiter = KeyedLimiter::new(Rate::per_hour(1), u64::from(u32::MAX));
    (0..keys).for_each(|key| assert!(limiter.of(&key).allow()));
    assert_eq!(limiter.len(), keys as usize);
    limiter
}

/// The next key in an order that looks random and has them all.
fn next(key: u32, keys: u32) -> u32 {
    (key + 48_271) % keys
}
