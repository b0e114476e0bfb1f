//! Pictures in SVG, in colours that can be read on white and on black.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

const STYLE: &str = "\
text { font: 12px sans-serif; fill: #7a7a7a } \
.title { font-size: 15px; font-weight: bold } \
.small { font-size: 10px } \
.end { text-anchor: end } \
.middle { text-anchor: middle } \
.grid { stroke: #7a7a7a; stroke-opacity: 0.25 } \
.axis { stroke: #7a7a7a } \
.spread { stroke: #7a7a7a; stroke-width: 1.5 } \
.goal { stroke: #c2378f; stroke-width: 3 } \
.better { fill: #3f88d6 } \
.worse { fill: #dd8428 } \
.peer { fill: #2f9e63; stroke: #ffffff; stroke-width: 0.8 } \
.ours { fill: none; stroke: #3f88d6; stroke-width: 2 } \
.go { fill: none; stroke: #dd8428; stroke-width: 2 }";

type Point = (f64, f64);

/// A picture that is being drawn. A class says how a shape looks.
pub(crate) struct Svg(String);

impl Svg {
    pub(crate) fn new(width: f64, height: f64) -> Self {
        Svg(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\">\n<style>{STYLE}</style>\n"
        ))
    }

    pub(crate) fn text(&mut self, (x, y): Point, class: &str, text: &str) {
        let text = escaped(text);
        self.add(format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\">{text}</text>"));
    }

    pub(crate) fn line(&mut self, (x1, y1): Point, (x2, y2): Point, class: &str) {
        self.add(format_args!(
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" class=\"{class}\"/>"
        ));
    }

    /// A line through the points.
    pub(crate) fn path(&mut self, points: &[Point], class: &str) {
        let points: Vec<_> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let points = points.join(" ");
        self.add(format_args!("<polyline points=\"{points}\" class=\"{class}\"/>"));
    }

    pub(crate) fn bar(&mut self, x: RangeInclusive<f64>, y: f64, height: f64, class: &str) {
        let (from, width) = (x.start(), x.end() - x.start());
        self.add(format_args!(
            "<rect x=\"{from:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" class=\"{class}\"/>"
        ));
    }

    /// A small circle; `title` is shown to who points at it.
    pub(crate) fn dot(&mut self, (x, y): Point, class: &str, title: &str) {
        let title = escaped(title);
        self.add(format_args!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" class=\"{class}\"><title>{title}</title></circle>"
        ));
    }

    pub(crate) fn finish(self) -> String {
        self.0 + "</svg>\n"
    }

    fn add(&mut self, shape: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{shape}").expect("a string can be written to");
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// A logarithmic scale: where a value is drawn.
pub(crate) struct Scale {
    values: RangeInclusive<f64>,
    places: RangeInclusive<f64>,
}

impl Scale {
    /// A scale that has all the values, which are greater than zero, on it, between two ticks.
    pub(crate) fn fitting(
        values: impl Iterator<Item = f64> + Clone,
        places: RangeInclusive<f64>,
    ) -> Self {
        let least = values.clone().fold(f64::INFINITY, f64::min);
        let most = values.fold(0.0, f64::max);
        let below = round_numbers().take_while(|&tick| tick <= least).last().unwrap_or(least);
        let above = round_numbers().find(|&tick| tick >= most && tick > below).unwrap_or(most);
        Scale { values: below..=above, places }
    }

    pub(crate) fn at(&self, value: f64) -> f64 {
        let along =
            (value / self.values.start()).ln() / (self.values.end() / self.values.start()).ln();
        self.places.start() + along * (self.places.end() - self.places.start())
    }

    /// The values to label: no more than a dozen.
    pub(crate) fn ticks(&self) -> Vec<f64> {
        let ticks: Vec<_> = round_numbers().filter(|tick| self.values.contains(tick)).collect();
        let is_power = |tick: &f64| (tick.log10() - tick.log10().round()).abs() < 1e-9;
        if ticks.len() <= 12 { ticks } else { ticks.into_iter().filter(is_power).collect() }
    }
}

/// 1, 2 and 5 in each power of ten.
fn round_numbers() -> impl Iterator<Item = f64> {
    (-4..12).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(power)))
}
