//! The instances of a static: one for each bubble.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::here::{self, Here, real};

/// The instances of one static. They are never freed, since references to them are `'static`; a
/// bubble that ends well passes its own on to a later one.
pub(crate) struct Instances<T: 'static> {
    known: Mutex<Known<T>>,
}

struct Known<T: 'static> {
    /// By the generation of the bubble.
    in_use: Vec<(u32, &'static T)>,
    spare: Vec<&'static T>,
}

impl<T: Send + Sync> Instances<T> {
    pub(crate) const fn new() -> Self {
        Instances { known: Mutex::new(Known { in_use: Vec::new(), spare: Vec::new() }) }
    }

    /// The instance of the bubble that the current thread is in.
    pub(crate) fn here(
        &'static self,
        new: impl FnOnce() -> T,
        clear: impl Fn(&T) + Send + 'static,
    ) -> Option<&'static T> {
        let find = |here: &Here| {
            let generation = here.bubble.generation;
            let mut known = self.lock();
            if let Some((_, instance)) = known.in_use.iter().find(|(g, _)| *g == generation) {
                return *instance;
            }
            let instance = known.spare.pop().unwrap_or_else(|| Box::leak(Box::new(new())));
            known.in_use.push((generation, instance));
            drop(known);
            here.bubble.at_end(Box::new(move |clean| {
                self.lock().in_use.retain(|(g, _)| *g != generation);
                if clean {
                    clear(instance);
                    self.lock().spare.push(instance);
                }
            }));
            instance
        };
        here::with(|here| real(|| find(here)))
    }

    /// For real: the bubble is not to know of the lock, and must not see it unlocked.
    fn lock(&self) -> MutexGuard<'_, Known<T>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
