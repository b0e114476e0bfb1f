//! The table: a line for each row.

use crate::markdown::{or_none, table, time};
use crate::rows::{Goal, Row};
use crate::times::{Ratio, Times};

/// Without Go there are no columns that need it, nor goals, most of which are ratios to Go.
pub(crate) fn markdown(rows: &[&Row], times: &Times, with_go: bool) -> String {
    let mut lines = vec![header(with_go)];
    lines.extend(rows.iter().map(|row| cells(row, times, with_go)));
    table(&lines)
}

fn header(with_go: bool) -> Vec<String> {
    let go: &[&str] = if with_go { &["Go", "phalanx/Go", "spread"] } else { &[] };
    let goal: &[&str] = if with_go { &["goal", "met"] } else { &[] };
    let names = [&["operation", "phalanx"], go, &["best peer", "phalanx/peer"], goal].concat();
    names.into_iter().map(String::from).collect()
}

fn cells(row: &Row, times: &Times, with_go: bool) -> Vec<String> {
    let time_of = |rival| times.of(row, rival).map(time);
    let ratio_to = |rival| times.ratio_to(row, rival);
    let median = |ratio: Ratio| two_places(ratio.median);
    let best = times.best_peer(row);

    let ours = vec![row.name(), or_none(time_of("phalanx"))];
    let peer = vec![
        or_none(best.and_then(|peer| Some(format!("{peer} {}", time_of(peer)?)))),
        or_none(best.and_then(ratio_to).map(median)),
    ];
    if !with_go {
        return [ours, peer].concat();
    }
    let to_go = ratio_to("go");
    let spread = to_go.map(|to| format!("{} to {}", two_places(to.least), two_places(to.most)));
    let go = vec![or_none(time_of("go")), or_none(to_go.map(median)), or_none(spread)];
    let met = row.goal.and_then(|goal| Some(ratio_to(goal.rival)?.median <= goal.ratio));
    let met = met.map(|met| if met { "yes" } else { "no" }.into());
    let verdict = vec![or_none(row.goal.map(goal)), or_none(met)];
    [ours, go, peer, verdict].concat()
}

/// A goal is a ratio to Go, unless it says to whom.
fn goal(goal: Goal) -> String {
    let ratio = two_places(goal.ratio);
    if goal.rival == "go" { ratio } else { format!("{ratio} of {}", goal.rival) }
}

fn two_places(ratio: f64) -> String {
    format!("{ratio:.2}")
}
