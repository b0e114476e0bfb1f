//! The middle of several figures.

/// The median; of an even number of figures, the mean of the two in the middle.
///
/// # Panics
///
/// If there are none.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let (lower, upper) = ((figures.len() - 1) / 2, figures.len() / 2);
    f64::midpoint(figures[lower], figures[upper])
}
