//! Values of any type in entries of one type.
//!
//! An entry and its value are one allocation: the entry first, then the value, whose type only the
//! entry's [`Kind`] knows.

use std::any::TypeId;
use std::ptr;

use super::entry::Entry;
use crate::error::CacheError;

/// What an entry can hold.
pub(crate) trait Held: Send + Sync + 'static {
    /// Returns the value as JSON text; `None` if it has no bytes.
    fn encode(&self) -> Encoded;
}

/// A value's JSON text, if it has one.
type Encoded = Option<Result<Vec<u8>, CacheError>>;

/// What can be done with values of one type.
pub(super) struct Kind {
    encode: unsafe fn(*const ()) -> Encoded,
    free: unsafe fn(*mut Entry),
}

/// An entry with its value.
// In this order in memory: a pointer to the whole is also one to the entry.
#[repr(C)]
struct Whole<H> {
    entry: Entry,
    value: H,
}

/// A value of an entry, as the entry knows it.
#[derive(Clone, Copy)]
pub(super) struct Value {
    // Not in the kind, of which there may be several for one type: a hit need not look further.
    id: TypeId,
    /// Into the same allocation.
    at: *const (),
    kind: &'static Kind,
}

impl<H: Held> Whole<H> {
    const KIND: &'static Kind = &Kind {
        encode: encode::<H>,
        free: free::<H>,
    };
}

/// Allocates an entry with `value`; `entry` is made from what it has to know about that.
#[expect(unsafe_code, reason = "a pointer into an allocation of ours")]
pub(super) fn allocate<H: Held>(value: H, entry: impl FnOnce(Value) -> Entry) -> *mut Entry {
    let blank = Value {
        id: TypeId::of::<H>(),
        at: ptr::null(),
        kind: Whole::<H>::KIND,
    };
    let whole = Box::into_raw(Box::new(Whole {
        entry: entry(blank),
        value,
    }));
    // SAFETY: the box has just been given away, and nobody else has the pointer. Pointers to the
    // value are made of the one to the whole, so that they reach it whatever is lent of the entry.
    unsafe {
        let at = (&raw const (*whole).value).cast();
        (*whole).entry.set_value(Value { at, ..blank });
    }
    whole.cast()
}

impl Value {
    /// The value, if it is of exactly this type.
    #[inline(always)]
    #[expect(unsafe_code, reason = "a downcast that has been checked")]
    pub(super) fn downcast<H: Held>(&self) -> Option<&H> {
        // SAFETY: `allocate` put a value of the type `id` there; the entry that lends this is a part
        // of the same allocation.
        (self.id == TypeId::of::<H>()).then(|| unsafe { &*self.at.cast::<H>() })
    }

    #[expect(unsafe_code, reason = "a function of the value's own type")]
    pub(super) fn encode(&self) -> Encoded {
        // SAFETY: the kind is of the value's type, and `at` leads to it.
        unsafe { (self.kind.encode)(self.at) }
    }

    /// Frees an entry with its value.
    ///
    /// # Safety
    ///
    /// `entry` comes from [`allocate`], is nobody else's and is not used after this; `self` is a
    /// copy of what it knows of its value.
    #[expect(unsafe_code, reason = "a function of the value's own type")]
    pub(super) unsafe fn free(self, entry: *mut Entry) {
        // SAFETY: the kind is that of the allocation.
        unsafe { (self.kind.free)(entry) }
    }
}

#[expect(unsafe_code, reason = "a pointer is followed")]
unsafe fn encode<H: Held>(at: *const ()) -> Encoded {
    // SAFETY: the kind of `H` is only given to values of that type.
    unsafe { &*at.cast::<H>() }.encode()
}

#[expect(unsafe_code, reason = "a pointer becomes a box again")]
unsafe fn free<H: Held>(entry: *mut Entry) {
    // SAFETY: as above; the pointer to the entry is the one to the whole that `allocate` gave away.
    drop(unsafe { Box::from_raw(entry.cast::<Whole<H>>()) });
}
