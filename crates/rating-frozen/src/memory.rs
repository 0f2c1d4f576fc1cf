//! A last word when there is no memory left.
//!
//! Rust ends a program that is refused memory with a signal and a line only
//! programmers understand. A program that wants to say what can be done takes
//! this allocator.

use std::alloc::{GlobalAlloc, Layout, System};

/// The system's memory, and what becomes of a program that is refused some.
#[derive(Debug)]
pub struct SystemMemory {
    when_full: fn(usize) -> !,
}

impl SystemMemory {
    /// `when_full` is told how many bytes were refused. It must end the program
    /// without a panic, and should ask for no memory itself.
    #[must_use]
    pub const fn new(when_full: fn(usize) -> !) -> SystemMemory {
        SystemMemory { when_full }
    }

    fn checked(&self, memory: *mut u8, bytes: usize) -> *mut u8 {
        if memory.is_null() { (self.when_full)(bytes) } else { memory }
    }
}

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for SystemMemory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        self.checked(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        self.checked(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        self.checked(unsafe { System.realloc(memory, layout, bytes) }, bytes)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}
