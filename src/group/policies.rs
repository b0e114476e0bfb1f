//! The policies at hand.
//!
//! None of them waits and ignores what happened: the result contains each error.

mod all_errors;
mod errors;
mod first_error;
mod first_ok;
mod keep_going;
mod quorum;
mod settle;
mod tally;
mod tolerate;

pub use all_errors::AllErrors;
pub use errors::Errors;
pub use first_error::FirstError;
pub use first_ok::FirstOk;
pub use keep_going::KeepGoing;
pub use quorum::Quorum;
pub use settle::Settle;
pub(super) use tally::Tally;
pub use tolerate::Tolerate;
