//! The functions of the C library behind those that stand in for them.

#![expect(unsafe_code, reason = "only the dynamic linker knows them")]
#![expect(clippy::disallowed_types, reason = "it is the other side of the door")]

use std::ffi::{CStr, c_char, c_void};
use std::marker::PhantomData;
use std::mem;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};

unsafe extern "C" {
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
}

/// Of `dlsym`: the next object after the one that calls.
const RTLD_NEXT: *mut c_void = ptr::without_provenance_mut(usize::MAX);

/// A function of the C library, of the type `F`.
pub(super) struct Symbol<F> {
    pub(super) name: &'static CStr,
    address: AtomicPtr<c_void>,
    function: PhantomData<F>,
}

impl<F: Copy> Symbol<F> {
    /// # Safety
    ///
    /// `F` is a pointer to a function, with the signature of the function of this name.
    pub(super) const unsafe fn new(name: &'static CStr) -> Self {
        const { assert!(size_of::<F>() == size_of::<*mut c_void>()) };
        Symbol { name, address: AtomicPtr::new(ptr::null_mut()), function: PhantomData }
    }

    /// The function; `None` if the C library has none.
    pub(super) fn find(&self) -> Option<F> {
        // Relaxed: all who look find the same, which was there before the program began.
        let mut address = self.address.load(Relaxed);
        if address.is_null() {
            // SAFETY: the name is a C string.
            address = unsafe { dlsym(RTLD_NEXT, self.name.as_ptr()) };
            self.address.store(address, Relaxed);
        }
        if address.is_null() {
            return None;
        }
        // SAFETY:
        // - both are of the same size, as `new` has checked;
        // - `F` is the type of this function, as the caller of `new` has promised.
        Some(unsafe { mem::transmute_copy::<*mut c_void, F>(&address) })
    }
}
