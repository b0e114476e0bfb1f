//! What a curve says in words.

use crate::digits::with_spaces;
use crate::markdown::time;
use crate::measured::Point;

/// Within this factor, costs count as the same.
pub(crate) const FLAT: f64 = 2.0;

/// Whether the cost is flat; if not, whether it rises, or is only higher for few.
pub(crate) fn verdict(points: &[Point]) -> Option<String> {
    let by_cost = |one: &&Point, other: &&Point| one.1.total_cmp(&other.1);
    let (least, most) = (points.iter().min_by(by_cost)?, points.iter().max_by(by_cost)?);
    let shape = if most.1 <= FLAT * least.1 {
        format!("flat within {FLAT:.0}×")
    } else if rise(points) <= FLAT {
        "not flat, but dearer only where there are few".to_owned()
    } else {
        format!("not flat: more of them cost up to {:.1} times as much", rise(points))
    };
    let at = |point: &Point| format!("{} at {}", time(point.1), with_spaces(point.0));
    Some(format!("{shape}; {} to {}, {:.1}×", at(least), at(most), most.1 / least.1))
}

/// By how much a point is dearer than one before it, at most.
fn rise(points: &[Point]) -> f64 {
    let mut least = f64::INFINITY;
    points.iter().fold(1.0, |rise, &(_, cost)| {
        least = least.min(cost);
        rise.max(cost / least)
    })
}
