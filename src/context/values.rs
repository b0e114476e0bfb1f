//! The values of a context: a chain from the newest to the oldest, shared by all descendants.

use std::any::{Any, type_name};
use std::fmt;
use std::iter;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

#[derive(Clone, Default)]
pub(super) struct Values(Option<Arc<Value>>);

struct Value {
    entry: Box<dyn Entry>,
    older: Values,
}

/// A value and what it is looked up by.
trait Entry: Send + Sync {
    fn key(&self) -> &dyn Any;
    fn value(&self) -> &dyn Any;
    fn types(&self) -> Types;
}

/// A value that is looked up by its type.
struct ByType<T>(T);

/// The key of a value that is looked up by its type.
struct NoKey;

/// A value that is looked up by a key.
struct ByKey<K, V> {
    key: K,
    value: V,
}

/// The names of the types of a key and its value.
struct Types {
    key: Option<&'static str>,
    value: &'static str,
}

// A value is shared read-only; what it lets happen behind a shared reference is its own affair.
impl UnwindSafe for Values {}
impl RefUnwindSafe for Values {}

impl Values {
    pub(super) const NONE: Values = Values(None);

    /// This chain with a newest value added.
    pub(super) fn with<T: Any + Send + Sync>(&self, value: T) -> Values {
        self.with_entry(Box::new(ByType(value)))
    }

    /// This chain with a newest value added, which has a key.
    pub(super) fn with_key<K, V>(&self, key: K, value: V) -> Values
    where
        K: Any + Send + Sync,
        V: Any + Send + Sync,
    {
        self.with_entry(Box::new(ByKey { key, value }))
    }

    fn with_entry(&self, entry: Box<dyn Entry>) -> Values {
        Values(Some(Arc::new(Value { entry, older: self.clone() })))
    }

    /// The newest value of type `T` that has no key.
    pub(super) fn get<T: Any>(&self) -> Option<&T> {
        self.entries().find_map(|entry| {
            let value = entry.value().downcast_ref()?;
            entry.key().is::<NoKey>().then_some(value)
        })
    }

    /// The newest value with this key, if it is of type `V`.
    pub(super) fn get_by_key<V: Any, K: Any + Eq>(&self, key: &K) -> Option<&V> {
        self.entries().find(|entry| entry.key().downcast_ref() == Some(key))?.value().downcast_ref()
    }

    /// Whether this is the very same chain.
    pub(super) fn is(&self, other: &Values) -> bool {
        self.0.as_ref().map(Arc::as_ptr) == other.0.as_ref().map(Arc::as_ptr)
    }

    fn entries(&self) -> impl Iterator<Item = &dyn Entry> {
        iter::successors(self.0.as_deref(), |value| value.older.0.as_deref())
            .map(|value| &*value.entry)
    }
}

impl<T: Any + Send + Sync> Entry for ByType<T> {
    fn key(&self) -> &dyn Any {
        &NoKey
    }

    fn value(&self) -> &dyn Any {
        &self.0
    }

    fn types(&self) -> Types {
        Types { key: None, value: type_name::<T>() }
    }
}

impl<K: Any + Send + Sync, V: Any + Send + Sync> Entry for ByKey<K, V> {
    fn key(&self) -> &dyn Any {
        &self.key
    }

    fn value(&self) -> &dyn Any {
        &self.value
    }

    fn types(&self) -> Types {
        Types { key: Some(type_name::<K>()), value: type_name::<V>() }
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

/// The types, the newest first: a value may be secret, or unable to print itself.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries().map(Entry::types)).finish()
    }
}

impl fmt::Debug for Types {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(key) = self.key {
            write!(f, "{key} => ")?;
        }
        f.write_str(self.value)
    }
}
