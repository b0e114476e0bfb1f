//! The picture of a curve: ours and Go's, both scales logarithmic.

use crate::curve::Curve;
use crate::digits::with_spaces;
use crate::markdown::time;
use crate::measured::{Measured, Point};
use crate::svg::{Scale, Svg};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = WIDTH - 40.0;
/// What the label of a size takes.
const LABEL: f64 = 50.0;
const TOP: f64 = 60.0;
const BOTTOM: f64 = HEIGHT - 70.0;

pub(crate) fn svg(curve: &Curve, measured: &Measured, source: &str) -> String {
    let (ours, go) = (measured.ours(), measured.go());
    let costs = ours.iter().chain(&go).map(|&(_, cost)| cost);
    // At least a power of ten, so that what is flat looks flat.
    let decade = costs.clone().fold(f64::INFINITY, f64::min) * 10.0;
    let y = Scale::fitting(costs.chain([decade]), BOTTOM..=TOP);
    let x = Scale::fitting(curve.sizes.iter().map(|&size| f64::from(size)), LEFT..=RIGHT);

    let mut svg = Svg::new(WIDTH, HEIGHT);
    svg.text((10.0, 22.0), "title", curve.title);
    svg.text((10.0, 42.0), "", &format!("time {}", curve.per));
    for tick in y.ticks() {
        svg.line((LEFT, y.at(tick)), (RIGHT, y.at(tick)), "grid");
        svg.text((LEFT - 8.0, y.at(tick) + 4.0), "end", &time(tick));
    }
    let mut free = LEFT;
    for &size in curve.sizes {
        let place = x.at(size.into());
        svg.line((place, TOP), (place, BOTTOM), "grid");
        if place >= free {
            svg.text((place, BOTTOM + 18.0), "middle", &with_spaces(size));
            free = place + LABEL;
        }
    }
    svg.text((f64::midpoint(LEFT, RIGHT), BOTTOM + 36.0), "middle", curve.size_of);
    svg.text((10.0, HEIGHT - 12.0), "small", source);
    for (place, name, class, points) in
        [(RIGHT - 150.0, "phalanx", "ours", &ours), (RIGHT - 60.0, "Go", "go", &go)]
    {
        svg.line((place, 38.0), (place + 22.0, 38.0), class);
        svg.text((place + 28.0, 42.0), "", name);
        draw(&mut svg, points, class, |(size, cost)| (x.at(size.into()), y.at(cost)));
    }
    svg.finish()
}

fn draw(svg: &mut Svg, points: &[Point], class: &str, place: impl Fn(Point) -> (f64, f64)) {
    svg.path(&points.iter().copied().map(&place).collect::<Vec<_>>(), class);
    for &(size, cost) in points {
        let title = format!("{}: {}", with_spaces(size), time(cost));
        svg.dot(place((size, cost)), class, &title);
    }
}
