//! Showing why a history has no order.

use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::iter;
use std::thread::ThreadId;

use super::Model;
use super::history::Call;
use super::search::Stuck;

/// Why a history is not linearizable.
///
/// It shows itself as a table of the calls, each with the interval in which it ran, then the longest
/// sequence of calls that the model allows, the state that it leads to, and the calls of which one
/// would have to come next, but none can.
#[derive(Clone, PartialEq, Eq)]
pub struct Violation(String);

type Row = [String; 5];

impl Violation {
    pub(super) fn new<M: Model>(calls: &[Call<M::Op, M::Ret>], stuck: &Stuck<M>) -> Self {
        let list = |numbers: &[usize], show: &dyn Fn(usize) -> String| match numbers {
            [] => "none".to_owned(),
            _ => numbers.iter().map(|i| show(*i)).collect::<Vec<_>>().join(", "),
        };
        let prefix = list(&stuck.row, &|i| format!("#{}", i + 1));
        let refused = list(&stuck.refused, &|i| {
            format!("#{} {:?} -> {}", i + 1, calls[i].op, returned(&calls[i]))
        });
        Violation(format!(
            "the history is not linearizable\n\
            {}\
            the longest linearizable prefix: {prefix}; state: {:?}\n\
            cannot come next: {refused}",
            table(&rows(calls)),
            stuck.state,
        ))
    }
}

fn rows<Op: Debug, Ret: Debug>(calls: &[Call<Op, Ret>]) -> Vec<Row> {
    let mut threads = Vec::new();
    let row = |(i, call): (usize, &Call<Op, Ret>)| {
        let end = call.ended.as_ref().map_or(String::new(), |(at, _)| at.to_string());
        [
            format!("#{}", i + 1),
            caller(call, &mut threads),
            format!("{:?}", call.op),
            returned(call),
            format!("[{}..{end}]", call.began),
        ]
    };
    let heading = ["", "thread", "call", "returned", "interval"].map(String::from);
    iter::once(heading).chain(calls.iter().enumerate().map(row)).collect()
}

/// Who made the call: the name that was given, or the thread's number and name.
fn caller<Op, Ret>(call: &Call<Op, Ret>, threads: &mut Vec<ThreadId>) -> String {
    if let Some(by) = &call.by {
        return by.to_string();
    }
    let id = call.thread.id();
    let number = threads.iter().position(|known| *known == id).unwrap_or_else(|| {
        threads.push(id);
        threads.len() - 1
    });
    format!("{} {}", number + 1, call.thread.name().unwrap_or_default()).trim_end().to_owned()
}

fn returned<Op, Ret: Debug>(call: &Call<Op, Ret>) -> String {
    call.ret().map_or("pending".to_owned(), |ret| format!("{ret:?}"))
}

/// Lays the rows out in columns, one line each.
fn table(rows: &[Row]) -> String {
    let mut text = String::new();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; 5] = std::array::from_fn(|column| width(column).unwrap_or(0));
    for row in rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("  {cell:width$}"));
        text += cells.collect::<String>().trim_end();
        text.push('\n');
    }
    text
}

impl Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The same table, so that `unwrap` shows it.
impl Debug for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl Error for Violation {}
