//! A context as the bound of a wait.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;

use super::Context;
use super::node::Link;
use crate::wait::{Cause, Key, Source, Until, Waiter};

impl Source for Context {
    fn ended(&self) -> Option<Cause> {
        Context::ended(self)
    }

    fn ended_by_now(&self) -> Option<Cause> {
        let node = self.node.as_ref()?;
        if node.end_if_overdue() { node.cause() } else { None }
    }

    fn deadline(&self) -> Option<Instant> {
        Context::deadline(self)
    }

    fn watch(&self, waiter: &Arc<Waiter>) -> Option<Key> {
        let node = self.node.as_ref()?;
        node.join_parents();
        match node.attach(Link::Waiter(Arc::clone(waiter))) {
            Ok(key) => Some(key),
            Err(_ended) => {
                waiter.interrupt();
                None
            }
        }
    }

    fn unwatch(&self, key: Key) {
        if let Some(node) = &self.node {
            node.detach(key);
        }
    }

    fn done(&self) -> Option<&Receiver<Infallible>> {
        let node = self.node.as_ref()?;
        node.join_parents(); // one load where the wait has been entered, as most have
        Some(node.done())
    }
}

impl<'a> From<&'a Context> for Until<'a> {
    fn from(context: &'a Context) -> Self {
        Until::source(context)
    }
}

impl<'a> From<(&'a Context, Duration)> for Until<'a> {
    fn from((context, timeout): (&'a Context, Duration)) -> Self {
        Until::source(context).and_timeout(timeout)
    }
}

impl<'a> From<(&'a Context, Instant)> for Until<'a> {
    fn from((context, deadline): (&'a Context, Instant)) -> Self {
        Until::source(context).and_deadline(deadline)
    }
}
