//! What a task asks of its thread.

use std::sync::Arc;

/// The kind of thread that a task runs on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Spec {
    /// The thread's name, as panic messages and debuggers show it.
    pub(crate) name: Option<Arc<str>>,
    /// In bytes; the default is that of `std::thread`.
    pub(crate) stack_size: Option<usize>,
    /// A fresh thread that ends with the task.
    pub(crate) own_thread: bool,
}

impl Spec {
    pub(crate) const DEFAULT: Spec = Spec { name: None, stack_size: None, own_thread: false };

    /// The name, if a thread can have it.
    #[track_caller]
    pub(crate) fn check_name(method: &str, name: &str) -> Arc<str> {
        assert!(!name.contains('\0'), "{method}: the name of a thread has no NUL byte");
        name.into()
    }

    /// Whether any thread of the cache will do.
    pub(crate) fn is_default(&self) -> bool {
        *self == Spec::DEFAULT
    }

    pub(crate) fn thread_name(&self) -> String {
        self.name.as_deref().unwrap_or("phalanx").to_owned()
    }
}
