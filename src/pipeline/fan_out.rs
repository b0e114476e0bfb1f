//! Stages that work on several items at a time.

use std::sync::Arc;

use super::Flow;
use super::stage::{Halt, each};
use crate::context::Context;
use crate::group::Stopped;

impl<'s, 'env, T: Send + 's, E: Send + From<Stopped>> Flow<'s, 'env, T, E> {
    /// Adds a stage of so many tasks, each of which makes something else of one item after the other.
    /// What they make is handed on as it is made, in no particular order.
    ///
    /// # Panics
    ///
    /// `Flow::fan_out: without a task`.
    #[track_caller]
    pub fn fan_out<U: Send + 's>(
        self,
        tasks: usize,
        f: impl Fn(T, &Context) -> Result<U, E> + Send + Sync + 's,
    ) -> Flow<'s, 'env, U, E> {
        assert!(tasks > 0, "Flow::fan_out: without a task");
        let f = Arc::new(f);
        self.stage("fan_out", tasks, |input, output| {
            let f = Arc::clone(&f);
            move |ctx| {
                each(input, output, ctx, |(_, item), output| {
                    output.put(f(item, ctx).map_err(Halt::Failed)?, ctx)
                })
            }
        })
    }

    /// Adds a stage of so many tasks, as [`fan_out`](Self::fan_out) does; but what they make is handed
    /// on in the order in which the items came.
    ///
    /// A task whose item took less time than one before it goes on with others, but the tasks are
    /// never ahead of the oldest item by more than the [`buffer`](Self::buffer).
    ///
    /// # Panics
    ///
    /// `Flow::ordered: without a task`.
    #[track_caller]
    pub fn ordered<U: Send + 's>(
        self,
        tasks: usize,
        f: impl Fn(T, &Context) -> Result<U, E> + Send + Sync + 's,
    ) -> Flow<'s, 'env, U, E> {
        assert!(tasks > 0, "Flow::ordered: without a task");
        let f = Arc::new(f);
        self.stage("ordered", tasks, |input, output| {
            let f = Arc::clone(&f);
            move |ctx| {
                each(input, output, ctx, |(number, item), output| {
                    output.put_at(number, f(item, ctx).map_err(Halt::Failed)?, ctx)
                })
            }
        })
    }
}
