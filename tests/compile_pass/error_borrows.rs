//! Errors and values may borrow from outside the scope.

use phalanx::{ErrGroup, Stopped, par_map};

#[derive(Debug, PartialEq)]
enum Failure<'a> {
    NoNumber(&'a str),
    Stopped,
}

impl From<Stopped> for Failure<'_> {
    fn from(_: Stopped) -> Self {
        Failure::Stopped
    }
}

fn check<'a>(words: &'a [String]) -> Result<&'a str, Failure<'a>> {
    ErrGroup::scope(|g| {
        let first = g.go(|_| Ok(words[0].as_str()));
        for word in words {
            g.go(move |_| word.parse::<u32>().map_err(|_| Failure::NoNumber(word)));
        }
        Ok(first.join()?)
    })
}

fn main() {
    let good = [String::from("1"), String::from("2")];
    let bad = [String::from("1"), String::from("x")];
    assert_eq!(check(&good), Ok("1"));
    assert_eq!(check(&bad), Err(Failure::NoNumber("x")));
    let lengths = par_map(&good, |word, _| Ok::<_, Failure<'_>>(word.len()));
    assert_eq!(lengths, Ok(vec![1, 1]));
}
