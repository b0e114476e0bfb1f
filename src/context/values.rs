//! The values of a context: a chain from the newest to the oldest, shared by all descendants.

use std::any::{Any, TypeId};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

#[derive(Clone, Default)]
pub(super) struct Values(Option<Arc<Value>>);

struct Value {
    value: Box<dyn Any + Send + Sync>,
    older: Values,
}

// A value is shared read-only; what it lets happen behind a shared reference is its own affair.
impl UnwindSafe for Values {}
impl RefUnwindSafe for Values {}

impl Values {
    pub(super) const NONE: Values = Values(None);

    /// This chain with a newest value added.
    pub(super) fn with<T: Any + Send + Sync>(&self, value: T) -> Values {
        Values(Some(Arc::new(Value { value: Box::new(value), older: self.clone() })))
    }

    /// The newest value of type `T`.
    pub(super) fn get<T: Any>(&self) -> Option<&T> {
        let mut chain = self;
        while let Some(newest) = &chain.0 {
            if (*newest.value).type_id() == TypeId::of::<T>() {
                return newest.value.downcast_ref();
            }
            chain = &newest.older;
        }
        None
    }
}

impl Drop for Value {
    /// Drops the values of which this was the last owner in a loop, not by recursion.
    fn drop(&mut self) {
        let mut older = self.older.0.take();
        while let Some(mut value) = older.and_then(Arc::into_inner) {
            older = value.older.0.take();
        }
    }
}
