//! What the environment has to say about a test.

use std::env;
use std::str::FromStr;
use std::time::Duration;

use super::{Builder, Strategy};

/// The settings, and what the environment says instead.
pub(super) fn apply(mut builder: Builder) -> Builder {
    if let Some(seed) = read("SIM_SEED") {
        builder.seed = seed;
    }
    if let Some(strategy) = text("SIM_STRATEGY") {
        builder.strategy = self::strategy(&strategy);
    }
    if !matches!(builder.strategy, Strategy::Dfs { .. } | Strategy::Script(_)) {
        if let Some(iterations) = read("SIM_ITERS") {
            builder = builder.iterations(iterations).budget(Duration::MAX);
        }
        if let Some(milliseconds) = read("SIM_TIME_MS") {
            builder = builder.budget(Duration::from_millis(milliseconds));
        }
    }
    builder.loud |= text("SIM_TRACE").is_some_and(|value| value != "0");
    builder.shrink &= text("SIM_NO_SHRINK").is_none_or(|value| value == "0");
    builder.replay = builder.replay.or_else(|| text("SIM_REPLAY"));
    builder
}

fn text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn read<T: FromStr>(name: &str) -> Option<T> {
    let value = text(name)?;
    let Ok(number) = value.parse() else { panic!("{name}: {value:?} is not a number") };
    Some(number)
}

fn strategy(name: &str) -> Strategy {
    let number = |prefix: &str| name.strip_prefix(prefix).and_then(|n| n.parse().ok());
    match name {
        "auto" => Strategy::Auto,
        "random" => Strategy::Random,
        "pos" => Strategy::Pos,
        "walk" => Strategy::Walk,
        "robin" => Strategy::RoundRobin,
        _ => {
            if let Some(depth) = number("pct") {
                Strategy::Pct { depth }
            } else if let Some(preemptions) = number("dfs") {
                Strategy::Dfs { preemptions }
            } else {
                panic!(
                    "SIM_STRATEGY: {name:?} is none of auto, random, pct<depth>, pos, walk, robin, \
                     dfs<preemptions>"
                )
            }
        }
    }
}
