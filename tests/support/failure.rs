//! The error of the groups under test.

use phalanx::Stopped;

/// A task's own error, or an echo.
#[derive(Debug)]
pub(crate) enum Failure {
    Own(&'static str),
    Echo(Stopped),
}

use Failure::{Echo, Own};

impl From<Stopped> for Failure {
    fn from(stopped: Stopped) -> Self {
        Echo(stopped)
    }
}

impl Failure {
    pub(crate) fn own(&self) -> &'static str {
        match self {
            Own(text) => text,
            Echo(stopped) => panic!("an echo: {stopped}"),
        }
    }

    pub(crate) fn echo(self) -> Stopped {
        match self {
            Own(text) => panic!("not an echo: {text}"),
            Echo(stopped) => stopped,
        }
    }
}
