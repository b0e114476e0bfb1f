//! What a task asks of its thread.

use std::env;
use std::sync::Arc;

use crate::sys::Lazy;

/// The kind of thread that a task runs on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Spec {
    /// The thread's name, as panic messages and debuggers show it.
    pub(crate) name: Option<Arc<str>>,
    /// In bytes.
    pub(crate) stack_size: Option<usize>,
    /// A fresh thread that ends with the task.
    pub(crate) own_thread: bool,
}

impl Spec {
    pub(crate) const DEFAULT: Spec = Spec { name: None, stack_size: None, own_thread: false };

    /// A stack that no process has room for.
    #[cfg(test)]
    pub(crate) const NO_SUCH_STACK: usize =
        if usize::BITS > 32 { usize::MAX >> 2 } else { usize::MAX - (1 << 30) };

    /// The name, if a thread can have it.
    #[track_caller]
    pub(crate) fn check_name(method: &str, name: &str) -> Arc<str> {
        assert!(!name.contains('\0'), "{method}: the name of a thread has no NUL byte");
        name.into()
    }

    /// The stack that a task without a `stack_size` is promised, in bytes: 1 MiB, or half of
    /// `RUST_MIN_STACK` if that is set. So a thread of std's default size can run one while it waits.
    pub(crate) fn promised_stack() -> usize {
        static PROMISED: Lazy<usize> = Lazy::new();
        *PROMISED.get_or_init(|| {
            let set = env::var("RUST_MIN_STACK").ok().and_then(|text| text.parse::<usize>().ok());
            set.map_or(1 << 20, |bytes| bytes / 2)
        })
    }

    /// The stack of the crate's own threads: room for tasks that wait for tasks. It takes addresses;
    /// memory is taken only for the pages that are used.
    pub(crate) fn worker_stack() -> usize {
        const TASKS: usize = if usize::BITS > 32 { 4 } else { 2 };
        Spec::promised_stack().saturating_mul(TASKS)
    }

    /// Whether any thread of the pool will do.
    pub(crate) fn is_default(&self) -> bool {
        *self == Spec::DEFAULT
    }

    pub(crate) fn thread_name(&self) -> String {
        self.name.as_deref().unwrap_or("phalanx").to_owned()
    }
}
