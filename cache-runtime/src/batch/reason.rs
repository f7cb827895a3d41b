//! The text of an error, if its type has one: found by method resolution, as in `keep.rs`.

use std::fmt::{Debug, Display};

use crate::keep::probe::Probe;

macro_rules! level {
    ($($level:ident: [$($generics:tt)*] $probed:ty, $result:ty => $reason:expr;)*) => {$(
        #[doc(hidden)]
        pub trait $level {
            type Result;
            fn reason(&self) -> fn(&Self::Result) -> Option<String>;
        }
        impl<$($generics)*> $level for $probed {
            type Result = $result;
            fn reason(&self) -> fn(&$result) -> Option<String> {
                $reason
            }
        }
    )*};
}

level! {
    Reason1: [T, E: Display] &&Probe<Result<T, E>>, Result<T, E>
        => |result| result.as_ref().err().map(ToString::to_string);
    Reason2: [T, E: Debug] &Probe<Result<T, E>>, Result<T, E>
        => |result| result.as_ref().err().map(|error| format!("{error:?}"));
    Reason3: [R] Probe<R>, R => |_| None;
}
