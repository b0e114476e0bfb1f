//! Tables in Markdown, with the columns aligned, and times with their units.

/// A cell without a figure.
const NONE: &str = "-";

/// The first line is the header.
pub(crate) fn table(lines: &[Vec<String>]) -> String {
    let widths: Vec<_> = (0..lines[0].len())
        .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0))
        .collect();
    let rule: Vec<_> = widths.iter().map(|&width| "-".repeat(width)).collect();
    let (header, body) = (&lines[..1], &lines[1..]);
    header.iter().chain([&rule]).chain(body).map(|line| padded(line, &widths)).collect()
}

fn padded(line: &[String], widths: &[usize]) -> String {
    let cells = line.iter().zip(widths).map(|(cell, &width)| format!(" {cell:width$} |"));
    format!("|{}\n", cells.collect::<String>())
}

pub(crate) fn or_none(cell: Option<String>) -> String {
    cell.unwrap_or_else(|| NONE.into())
}

/// A time with its unit, to three digits.
pub(crate) fn time(nanos: f64) -> String {
    const UNITS: [(&str, f64); 4] = [("s", 1e9), ("ms", 1e6), ("µs", 1e3), ("ns", 1.0)];
    // What would be rounded to 1000 takes the next unit.
    let fits = |unit: &&(&str, f64)| nanos >= 0.9995 * unit.1;
    let (name, size) = UNITS.iter().find(fits).unwrap_or(&UNITS[3]);
    let value = nanos / size;
    let places = match value {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    format!("{value:.places$} {name}")
}
