//! Which part of a return value is kept, decided by its type and never by its spelling.
//!
//! `(&&&&&&Probe::<R>::NEW).keep()` resolves to the first of the levels below that fits `R`,
//! through aliases too. The levels look only at the shape of `R`; whether the kept value can be
//! cached is checked afterwards, so that a missing derive is reported as such.

use std::convert::Infallible;
use std::marker::PhantomData;

/// A question about the type `R`.
#[derive(Debug)]
pub struct Probe<R>(PhantomData<fn() -> R>);

impl<R> Probe<R> {
    /// The question.
    pub const NEW: Self = Self(PhantomData);

    /// The question about a value's type.
    #[must_use]
    pub fn of(_: &R) -> Self {
        Self::NEW
    }

    /// Keeps `R` as a whole, whatever it is: for a return type that is a bare type parameter.
    #[must_use]
    pub fn keep_whole(&self) -> Whole {
        Whole
    }
}

/// Which part of `R` is kept, and how a result that is not kept reaches the callers that wait for it.
pub trait Keep<R>: Copy + Send + Sync + 'static {
    /// The kept part.
    type Value;
    /// What waiting callers get of a result that is not kept.
    type Rest: Clone + Send + Sync + 'static;

    /// Returns the part to keep, if this result has one.
    fn kept(result: &R) -> Option<&Self::Value>;
    /// Makes a result from the kept part.
    fn wrap(value: Self::Value) -> R;
    /// Returns a copy of a result that is not kept, if it can be copied.
    fn rest(result: &R) -> Option<Self::Rest>;
    /// Turns that back into the result.
    fn unrest(rest: Self::Rest) -> R;
    /// Returns whether the function failed, so that an older value is still the best there is.
    fn is_failure(_: &R) -> bool {
        false
    }
    /// Returns whether this kept value is a `None` kept by `cache_none`.
    fn is_none(_: &Self::Value) -> bool {
        false
    }
}

/// `T`, as a whole.
#[derive(Debug, Clone, Copy)]
pub struct Whole;
/// `Some` of an `Option`.
#[derive(Debug, Clone, Copy)]
pub struct IfSome;
/// `Ok` of a `Result` whose error cannot be shared.
#[derive(Debug, Clone, Copy)]
pub struct IfOk;
/// `Ok` of a `Result` whose error can be cloned for waiting callers.
#[derive(Debug, Clone, Copy)]
pub struct IfOkShared;
/// `Ok(Some)`, with an error that cannot be shared.
#[derive(Debug, Clone, Copy)]
pub struct IfOkSome;
/// `Ok(Some)`, with an error that is cloned for waiting callers.
#[derive(Debug, Clone, Copy)]
pub struct IfOkSomeShared;
/// An `Option`, including `None`.
#[derive(Debug, Clone, Copy)]
pub struct NoneToo<K>(K);

/// An error of which waiting callers can get a copy.
pub trait Shareable: Clone + Send + Sync + 'static {}
impl<E: Clone + Send + Sync + 'static> Shareable for E {}

impl<R> Keep<R> for Whole {
    type Value = R;
    type Rest = Infallible;

    #[inline]
    fn kept(result: &R) -> Option<&R> {
        Some(result)
    }
    #[inline]
    fn wrap(value: R) -> R {
        value
    }
    fn rest(_: &R) -> Option<Infallible> {
        None
    }
    fn unrest(rest: Infallible) -> R {
        match rest {}
    }
}

impl<T> Keep<Option<T>> for IfSome {
    type Value = T;
    type Rest = ();

    fn kept(result: &Option<T>) -> Option<&T> {
        result.as_ref()
    }
    #[inline]
    fn wrap(value: T) -> Option<T> {
        Some(value)
    }
    fn rest(_: &Option<T>) -> Option<()> {
        Some(())
    }
    fn unrest((): ()) -> Option<T> {
        None
    }
}

impl<T, E> Keep<Result<T, E>> for IfOk {
    type Value = T;
    type Rest = Infallible;

    fn kept(result: &Result<T, E>) -> Option<&T> {
        result.as_ref().ok()
    }
    #[inline]
    fn wrap(value: T) -> Result<T, E> {
        Ok(value)
    }
    fn rest(_: &Result<T, E>) -> Option<Infallible> {
        None
    }
    fn unrest(rest: Infallible) -> Result<T, E> {
        match rest {}
    }
    fn is_failure(result: &Result<T, E>) -> bool {
        result.is_err()
    }
}

impl<T, E: Shareable> Keep<Result<T, E>> for IfOkShared {
    type Value = T;
    type Rest = E;

    fn kept(result: &Result<T, E>) -> Option<&T> {
        result.as_ref().ok()
    }
    #[inline]
    fn wrap(value: T) -> Result<T, E> {
        Ok(value)
    }
    fn rest(result: &Result<T, E>) -> Option<E> {
        result.as_ref().err().cloned()
    }
    fn unrest(rest: E) -> Result<T, E> {
        Err(rest)
    }
    fn is_failure(result: &Result<T, E>) -> bool {
        result.is_err()
    }
}

impl<T, E> Keep<Result<Option<T>, E>> for IfOkSome {
    type Value = T;
    type Rest = ();

    fn kept(result: &Result<Option<T>, E>) -> Option<&T> {
        result.as_ref().ok()?.as_ref()
    }
    #[inline]
    fn wrap(value: T) -> Result<Option<T>, E> {
        Ok(Some(value))
    }
    fn rest(result: &Result<Option<T>, E>) -> Option<()> {
        result.is_ok().then_some(())
    }
    fn unrest((): ()) -> Result<Option<T>, E> {
        Ok(None)
    }
    fn is_failure(result: &Result<Option<T>, E>) -> bool {
        result.is_err()
    }
}

impl<T, E: Shareable> Keep<Result<Option<T>, E>> for IfOkSomeShared {
    type Value = T;
    type Rest = Option<E>;

    fn kept(result: &Result<Option<T>, E>) -> Option<&T> {
        result.as_ref().ok()?.as_ref()
    }
    #[inline]
    fn wrap(value: T) -> Result<Option<T>, E> {
        Ok(Some(value))
    }
    fn rest(result: &Result<Option<T>, E>) -> Option<Option<E>> {
        Some(result.as_ref().err().cloned())
    }
    fn unrest(rest: Option<E>) -> Result<Option<T>, E> {
        rest.map_or(Ok(None), Err)
    }
    fn is_failure(result: &Result<Option<T>, E>) -> bool {
        result.is_err()
    }
}

// `cache_none`: the policy below it keeps the `Option` whole; this one only knows a `None`.
impl<R, T, K: Keep<R, Value = Option<T>>> Keep<R> for NoneToo<K> {
    type Value = Option<T>;
    type Rest = K::Rest;

    fn kept(result: &R) -> Option<&Option<T>> {
        K::kept(result)
    }
    #[inline]
    fn wrap(value: Option<T>) -> R {
        K::wrap(value)
    }
    fn rest(result: &R) -> Option<K::Rest> {
        K::rest(result)
    }
    fn unrest(rest: K::Rest) -> R {
        K::unrest(rest)
    }
    fn is_failure(result: &R) -> bool {
        K::is_failure(result)
    }
    fn is_none(value: &Option<T>) -> bool {
        value.is_none()
    }
}

/// The levels, first to last; method resolution takes the first that fits.
pub mod probe {
    pub use super::Probe;
    use super::{IfOk, IfOkShared, IfOkSome, IfOkSomeShared, IfSome, NoneToo, Shareable, Whole};

    macro_rules! level {
        ($($level:ident: [$($generics:tt)*] $probed:ty => $keep:ty = $value:expr, $none:ty = $none_value:expr;)*) => {$(
            #[doc(hidden)]
            pub trait $level {
                type Keep;
                type KeepNone;
                fn keep(&self) -> Self::Keep;
                fn keep_none(&self) -> Self::KeepNone;
            }
            impl<$($generics)*> $level for $probed {
                type Keep = $keep;
                type KeepNone = $none;
                fn keep(&self) -> $keep {
                    $value
                }
                fn keep_none(&self) -> $none {
                    $none_value
                }
            }
        )*};
    }

    level! {
        Level1: [T, E: Shareable] &&&&&Probe<Result<Option<T>, E>>
            => IfOkSomeShared = IfOkSomeShared, NoneToo<IfOkShared> = NoneToo(IfOkShared);
        Level2: [T, E] &&&&Probe<Result<Option<T>, E>>
            => IfOkSome = IfOkSome, NoneToo<IfOk> = NoneToo(IfOk);
        Level3: [T, E: Shareable] &&&Probe<Result<T, E>>
            => IfOkShared = IfOkShared, IfOkShared = IfOkShared;
        Level4: [T, E] &&Probe<Result<T, E>>
            => IfOk = IfOk, IfOk = IfOk;
        Level5: [T] &Probe<Option<T>>
            => IfSome = IfSome, NoneToo<Whole> = NoneToo(Whole);
        Level6: [T] Probe<T>
            => Whole = Whole, Whole = Whole;
    }
}
