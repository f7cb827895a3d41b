//! Epochs: what a reader has found is not freed under him, and in the end everything is.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};

use loom::sync::Arc;
use loom::thread;

use crate::fences;
use crate::in_every_order;
use crate::mortal::Life;
use crate::reclaim::atomic::{AtomicPtr, Mutex};
use crate::reclaim::{Bag, DOMAIN, Reader, Retired};
use crate::sync::lock;

/// A thing of which it is known how many are left.
struct Thing(Life, std::sync::Arc<AtomicUsize>);

impl Drop for Thing {
    fn drop(&mut self) {
        self.1.fetch_sub(1, Relaxed);
    }
}

/// One place, as `Swap` is.
struct Place {
    now: AtomicPtr<Thing>,
    old: Mutex<Bag<Retired<Thing>>>,
    left: std::sync::Arc<AtomicUsize>,
}

impl Place {
    fn new() -> Self {
        let left = std::sync::Arc::default();
        Self {
            now: AtomicPtr::new(thing(&left)),
            old: Mutex::new(Bag::new()),
            left,
        }
    }

    fn replace(&self) {
        let mut old = lock(&self.old);
        let before = self.now.swap(thing(&self.left), AcqRel);
        // SAFETY: `thing` made it, and it went out of its place just now.
        #[expect(unsafe_code, reason = "a pointer is given away")]
        old.put(unsafe { Retired::new(before) }, 0);
        let freed = old.close(&DOMAIN);
        drop(old);
        drop(freed);
    }

    /// Frees what can be freed now; how many things are left.
    fn settle(&self) -> usize {
        drop(lock(&self.old).close(&DOMAIN));
        self.left.load(Relaxed)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // SAFETY: `thing` made it, and who drops the place is alone with it.
        #[expect(unsafe_code, reason = "a pointer becomes a box again")]
        drop(unsafe { Box::from_raw(self.now.load(Relaxed)) });
    }
}

fn thing(left: &std::sync::Arc<AtomicUsize>) -> *mut Thing {
    left.fetch_add(1, Relaxed);
    Box::into_raw(Box::new(Thing(Life::new(), left.clone())))
}

/// A reader that is known.
pub(crate) fn reader() -> &'static Reader {
    let reader: &'static Reader = Box::leak(Box::new(Reader::new()));
    DOMAIN.enroll(reader);
    reader
}

/// Reads the place twice under one guard.
fn read(place: &Place, reader: &Reader) {
    // SAFETY: it is enrolled; each is used by one thread at a time, and guards end in reverse order.
    #[expect(unsafe_code, reason = "what it asks for cannot be said in types")]
    let _guard = unsafe { reader.pin(&DOMAIN) };
    for _ in 0..2 {
        let thing = place.now.load(Acquire);
        // SAFETY: that is what is tried.
        #[expect(unsafe_code, reason = "a pointer is followed")]
        unsafe {
            (*thing).0.check();
        }
    }
}

#[test]
fn a_reader_never_sees_a_freed_thing() {
    in_every_order(3, || {
        let place = Arc::new(Place::new());
        let writer = {
            let place = place.clone();
            thread::spawn(move || (0..2).for_each(|_| place.replace()))
        };
        let reader = reader();
        (0..2).for_each(|_| read(&place, reader));
        writer.join().unwrap();
        // Only what is in its place is left.
        assert_eq!(place.settle(), 1);
    });
}

#[test]
fn two_writers_do_not_free_what_a_reader_sees() {
    in_every_order(2, || {
        let place = Arc::new(Place::new());
        let reader = reader();
        let writers = [(); 2].map(|()| {
            let place = place.clone();
            thread::spawn(move || place.replace())
        });
        read(&place, reader);
        writers.into_iter().for_each(|w| w.join().unwrap());
        assert_eq!(place.settle(), 1);
    });
}

#[test]
fn a_guard_within_a_guard_does_not_end_it() {
    in_every_order(3, || {
        let place = Arc::new(Place::new());
        let writer = {
            let place = place.clone();
            thread::spawn(move || place.replace())
        };
        let reader = reader();
        // SAFETY: as in `read`.
        #[expect(unsafe_code, reason = "what it asks for cannot be said in types")]
        let outer = unsafe { reader.pin(&DOMAIN) };
        let thing = place.now.load(Acquire);
        read(&place, reader);
        // SAFETY: that is what is tried.
        #[expect(unsafe_code, reason = "a pointer is followed")]
        unsafe {
            (*thing).0.check();
        }
        drop(outer);
        writer.join().unwrap();
        assert_eq!(place.settle(), 1);
    });
}

#[test]
fn a_reader_who_is_handed_to_another_thread_protects_it_too() {
    in_every_order(2, || {
        let place = Arc::new(Place::new());
        let free = Arc::new(Mutex::new(vec![reader()]));
        let threads = [(); 2].map(|()| {
            let (place, free) = (place.clone(), free.clone());
            thread::spawn(move || {
                let taken = lock(&free).pop();
                if let Some(reader) = taken {
                    read(&place, reader);
                    lock(&free).push(reader);
                }
            })
        });
        place.replace();
        threads.into_iter().for_each(|t| t.join().unwrap());
        assert_eq!(place.settle(), 1);
    });
}

#[test]
fn what_a_reader_held_up_is_freed_in_the_end() {
    in_every_order(3, || {
        let place = Arc::new(Place::new());
        let reader = reader();
        let other = {
            let place = place.clone();
            thread::spawn(move || read(&place, reader))
        };
        (0..2).for_each(|_| place.replace());
        // While he reads, no more than all of them; afterwards none but the last.
        assert!((1..=3).contains(&place.settle()));
        other.join().unwrap();
        assert_eq!(place.settle(), 1);
    });
}

#[test]
fn nothing_is_freed_while_the_kernel_refuses_the_fence() {
    in_every_order(3, || {
        let place = Arc::new(Place::new());
        let reader = reader();
        let writer = {
            let place = place.clone();
            thread::spawn(move || {
                fences::refuse(true);
                place.replace();
                assert_eq!(place.settle(), 2);
                fences::refuse(false);
                place.replace();
            })
        };
        read(&place, reader);
        writer.join().unwrap();
        assert_eq!(place.settle(), 1);
    });
}
