//! Numbers that are easy to read.

/// A number with a space before each three digits.
pub(crate) fn with_spaces(number: impl Into<u64>) -> String {
    let digits = number.into().to_string();
    let split = |(at, digit)| {
        let is_first_of_three = at > 0 && (digits.len() - at) % 3 == 0;
        [is_first_of_three.then_some(' '), Some(digit)].into_iter().flatten()
    };
    digits.chars().enumerate().flat_map(split).collect()
}
