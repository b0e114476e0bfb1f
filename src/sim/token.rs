//! Use this to print a schedule in one word, and to read it back.
//!
//! ```text
//! 1.i.d.12-1_31-0.c41e9be2
//! | | | |         the trace's hash, to see whether the replay is the same run
//! | | | payload: here, decision 12 takes candidate 1, and decision 31 candidate 0
//! | | recipe
//! | time: i idle, r20 racing at 20 percent
//! version: raised when tokens of before can no longer be replayed
//!
//! robin.up  robin.down           in the order of the paths, or reversed
//! random.STICKY-SEED
//! pct.DEPTH-STEPS-SEED
//! pos.SEED
//! walk.SEED_STEPS-0_STEPS-0-1    the steps of T0, of T0.1, ...
//! d.usual  d.DECISION-CANDIDATE_...
//! ```
//!
//! Nothing in it needs quotes in a shell. Seeds have sixteen digits, in hexadecimal.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use super::strategy::Recipe;
use super::time_mode::TimeMode;

mod payload;

const VERSION: &str = "1";

/// A schedule of a test, and what it led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) time: TimeMode,
    pub(crate) recipe: Recipe,
    /// Of the trace.
    pub(crate) hash: u32,
}

/// Why a text is not a token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TokenError {
    /// It does not consist of five parts.
    Shape,
    /// It is of another version.
    Version(String),
    /// One of the parts makes no sense.
    Part { what: &'static str, text: String, expected: &'static str },
}

impl TokenError {
    fn part(what: &'static str, text: &str, expected: &'static str) -> Self {
        TokenError::Part { what, text: text.to_owned(), expected }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{VERSION}.")?;
        match self.time {
            TimeMode::Idle => f.write_str("i.")?,
            TimeMode::Racing { percent } => write!(f, "r{percent}.")?,
        }
        payload::write(&self.recipe, f)?;
        write!(f, ".{:08x}", self.hash)
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        let parts: Vec<_> = text.split('.').collect();
        let (version, rest) = parts.split_first().ok_or(TokenError::Shape)?;
        if *version != VERSION && version.parse::<u32>().is_ok() && !rest.is_empty() {
            return Err(TokenError::Version((*version).to_owned()));
        }
        let [VERSION, time, recipe, payload, hash] = parts[..] else {
            return Err(TokenError::Shape);
        };
        let token = Token {
            time: read_time(time)?,
            recipe: payload::read(recipe, payload)?,
            hash: u32::from_str_radix(hash, 16)
                .map_err(|_| TokenError::part("hash", hash, "eight hexadecimal digits"))?,
        };
        // Numbers can be written in many ways, with a plus sign or with zeros in front.
        let written = token.to_string();
        if written == text {
            Ok(token)
        } else {
            Err(TokenError::part("token", text, "the token as it was printed"))
        }
    }
}

fn read_time(text: &str) -> Result<TimeMode, TokenError> {
    let percent = text.strip_prefix('r').and_then(|percent| percent.parse().ok());
    match (text, percent) {
        ("i", _) => Ok(TimeMode::Idle),
        (_, Some(percent)) => Ok(TimeMode::Racing { percent }),
        _ => Err(TokenError::part("time", text, "i, or r and a percentage")),
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TokenError::Shape => f.write_str(
                "not a replay token: it should be five parts with dots between them, as in \
                 1.i.d.12-1_31-0.c41e9be2; copy all of it from the failure message",
            ),
            TokenError::Version(version) => write!(
                f,
                "the replay token has format {version}, and this release reads format {VERSION}: \
                 run the test without it to get a new one",
            ),
            TokenError::Part { what, text, expected } => {
                write!(f, "not a replay token: the {what} is {text:?}, expected {expected}")
            }
        }
    }
}

impl Error for TokenError {}

#[cfg(test)]
mod tests;
