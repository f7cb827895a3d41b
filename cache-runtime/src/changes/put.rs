//! What one function returns becomes an entry of another: which values fit which return types.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::entry::{Entry, Known, NoneToo, Opaque};
use crate::error::CacheError;
use crate::mode::Mode;
use crate::value::Form;

/// A value on its way into an entry. It can be started again if it was interrupted.
pub(super) type Write = Box<dyn Fn(Mode) -> Writing + Send + Sync>;
type Writing = Pin<Box<dyn Future<Output = Result<(), CacheError>> + Send>>;

/// An entry that keeps values of this type.
#[diagnostic::on_unimplemented(
    message = "this entry does not keep a `{V}`",
    label = "it is an `{Self}`",
    note = "`cache_put` puts what is kept of the function's result: the `T` of a `Result<T, E>`, of an `Option<T>` and of a `Result<Option<T>, E>`",
    note = "where the types differ, forget the entry instead: `#[cache_evict(..)]`"
)]
pub trait Put<V> {
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn put(self, value: &V) -> Write;
}

fn write<V, F>(known: Arc<Known>, value: V) -> Write
where
    V: Clone + Send + Sync + 'static,
    F: Form<V>,
{
    let value = Arc::new(value);
    Box::new(move |mode| {
        let (known, value) = (known.clone(), value.clone());
        Box::pin(async move { known.set(mode, F::HOW, &value).await })
    })
}

// What is kept of each return type, as in `entry.rs`.
macro_rules! put {
    ($([$($generics:ident),*] $result:ty => $value:ty $(as $kept:ty = $wrap:expr)?;)*) => {$(
        impl<$($generics,)* F> Put<$value> for Entry<$result, F>
        where
            T: Clone + Send + Sync + 'static,
            F: Form<put!(@kept $value $(, $kept)?)>,
        {
            #[allow(private_interfaces)]
            fn put(self, value: &$value) -> Write {
                let value = value.clone();
                $(let value = $wrap(value);)?
                write::<_, F>(self.known(), value)
            }
        }
    )*};
    (@kept $value:ty) => { $value };
    (@kept $value:ty, $kept:ty) => { $kept };
}

put! {
    [T] T => T;
    [T] Option<T> => T;
    [T, E] Result<T, E> => T;
    [T, E] Result<Option<T>, E> => T;
    [T] Opaque<T> => T;
    [T] NoneToo<T> => T;
    [T, E] NoneToo<Result<T, E>> => T;
    [T] NoneToo<Option<T>> => T as Option<T> = Some;
    [T, E] NoneToo<Result<Option<T>, E>> => T as Option<T> = Some;
}
