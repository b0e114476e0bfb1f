//! Which thread of a bubble: a name that does not depend on the schedule.

use std::fmt;
use std::str::FromStr;

/// The place of a thread in the tree of who started whom: `T0` is the root, `T0.2` the third thread
/// that the root started. It is the same in every schedule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<u32>);

impl Path {
    pub(crate) fn root() -> Self {
        Path(vec![0])
    }

    /// The `n`th thread that this one has started.
    pub(crate) fn child(&self, n: u32) -> Self {
        let mut numbers = self.0.clone();
        numbers.push(n);
        Path(numbers)
    }

    pub(crate) fn numbers(&self) -> &[u32] {
        &self.0
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("T")?;
        for (place, number) in self.0.iter().enumerate() {
            let dot = if place == 0 { "" } else { "." };
            write!(f, "{dot}{number}")?;
        }
        Ok(())
    }
}

impl FromStr for Path {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let numbers = text.strip_prefix('T').ok_or(())?.split('.').map(str::parse);
        numbers.collect::<Result<_, _>>().map(Path).map_err(|_| ())
    }
}
