//! An allocator that counts, for benchmarks that tell how often a program asks for memory, and for how
//! much.
#![expect(unsafe_code, reason = "an allocator that counts")]
#![expect(clippy::disallowed_types, reason = "a benchmark is outside of the walls")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often some thread has asked for memory. Relaxed, as the others: they are numbers and nothing
/// else.
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
/// The bytes asked for, and given back; their difference is in use.
static TAKEN: AtomicU64 = AtomicU64::new(0);
static RETURNED: AtomicU64 = AtomicU64::new(0);

/// How often the program has asked for memory until now, on any thread.
pub(crate) fn allocations() -> u64 {
    ALLOCATIONS.load(Relaxed)
}

/// The bytes that the program has asked for and not given back.
pub(crate) fn bytes_in_use() -> u64 {
    TAKEN.load(Relaxed) - RETURNED.load(Relaxed)
}

fn count(bytes: usize) {
    ALLOCATIONS.fetch_add(1, Relaxed);
    TAKEN.fetch_add(bytes as u64, Relaxed);
}

fn count_returned(bytes: usize) {
    RETURNED.fetch_add(bytes as u64, Relaxed);
}

struct Counting;

// SAFETY: the system's allocator does the work; counting neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promises are those that the system's allocator wants.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count_returned(layout.size());
        // SAFETY: as in `alloc`.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count_returned(layout.size());
        count(size);
        // SAFETY: as in `alloc`.
        unsafe { System.realloc(memory, layout, size) }
    }
}
