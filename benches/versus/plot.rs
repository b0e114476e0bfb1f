//! The picture: for each row a bar from Go's time to ours, the peers as points, the goal as a tick.

use crate::rows::Row;
use crate::svg::{Scale, Svg};
use crate::times::Times;

const WIDTH: f64 = 900.0;
/// Where the names of the rows end and the bars begin.
const LEFT: f64 = 230.0;
const TOP: f64 = 75.0;
const LINE: f64 = 19.0;
const BAR: f64 = 11.0;

/// The rows for which there are times of ours and of Go's; `source` says how they were taken.
pub(crate) fn svg(rows: &[&Row], times: &Times, source: [&str; 2]) -> String {
    let lines: Vec<_> = rows.iter().filter_map(|row| Line::of(row, times)).collect();
    let values = lines.iter().flat_map(Line::values).chain([1.0]);
    let scale = Scale::fitting(values, LEFT..=WIDTH - 20.0);
    let mut y = TOP;
    let bottom = y + LINE * f64::from(u32::try_from(lines.len()).expect("they are few"));

    let mut svg = Svg::new(WIDTH, bottom + 45.0);
    legend(&mut svg);
    for tick in scale.ticks() {
        svg.line((scale.at(tick), TOP), (scale.at(tick), bottom), "grid");
        svg.text((scale.at(tick), TOP - 5.0), "middle", &tick.to_string());
    }
    for line in &lines {
        line.draw(&mut svg, &scale, y + LINE / 2.0);
        y += LINE;
    }
    svg.line((scale.at(1.0), TOP), (scale.at(1.0), bottom), "axis");
    svg.text((10.0, bottom + 20.0), "small", source[0]);
    svg.text((10.0, bottom + 35.0), "small", source[1]);
    svg.finish()
}

fn legend(svg: &mut Svg) {
    svg.text((10.0, 22.0), "title", "Time of phalanx as a multiple of Go's: less is better");
    svg.bar(10.0..=30.0, 34.0, BAR, "better");
    svg.bar(32.0..=52.0, 34.0, BAR, "worse");
    svg.text((58.0, 44.0), "", "the median of the rounds");
    svg.line((225.0, 39.5), (245.0, 39.5), "spread");
    svg.text((251.0, 44.0), "", "least to most");
    svg.line((345.0, 33.0), (345.0, 46.0), "goal");
    svg.text((352.0, 44.0), "", "goal");
    svg.dot((402.0, 39.5), "peer", "");
    svg.text((411.0, 44.0), "", "rivals in Rust, as multiples of Go's");
}

/// Multiples of Go's time.
struct Line {
    name: String,
    ratio: crate::times::Ratio,
    peers: Vec<(&'static str, f64)>,
    goal: Option<f64>,
}

impl Line {
    fn of(row: &Row, times: &Times) -> Option<Self> {
        let go = times.of(row, "go")?;
        let goal = row.goal.and_then(|goal| Some(goal.ratio * times.of(row, goal.rival)? / go));
        let peers = times.peers(row).map(|(peer, its)| (peer, its / go)).collect();
        Some(Line { name: row.name(), ratio: times.ratio_to(row, "go")?, peers, goal })
    }

    fn values(&self) -> impl Iterator<Item = f64> + Clone {
        let peers = self.peers.iter().map(|&(_, ratio)| ratio);
        peers.chain(self.goal).chain([self.ratio.least, self.ratio.most])
    }

    fn draw(&self, svg: &mut Svg, scale: &Scale, y: f64) {
        let (ours, go) = (scale.at(self.ratio.median), scale.at(1.0));
        let class = if ours <= go { "better" } else { "worse" };
        svg.text((LEFT - 10.0, y + 4.0), "end", &self.name);
        svg.bar(ours.min(go)..=ours.max(go), y - BAR / 2.0, BAR, class);
        svg.line((scale.at(self.ratio.least), y), (scale.at(self.ratio.most), y), "spread");
        for &(peer, ratio) in &self.peers {
            svg.dot((scale.at(ratio), y), "peer", &format!("{peer}: {ratio:.2} of Go's"));
        }
        if let Some(goal) = self.goal {
            svg.line((scale.at(goal), y - 7.0), (scale.at(goal), y + 7.0), "goal");
        }
    }
}
