//! The type of an item whose lifetimes are not all written.

/// `(u64, Cow<'i, str>)`, given `fn(&'i ()) -> (u64, Cow<str>)`, in which the lifetime may be elided.
pub type Item<F> = <F as Returns>::Returned;

/// A function pointer and what it returns.
pub trait Returns {
    /// What it returns.
    type Returned;
}

impl<'i, R> Returns for fn(&'i ()) -> R {
    type Returned = R;
}
