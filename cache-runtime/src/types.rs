//! Type parameters as a part of a key: an exact number in process, a name in shared keys.

use std::any::{TypeId, type_name};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use once_cell::sync::Lazy;

use crate::local::Ready;
use crate::sync::lock;

// A TypeId is a hash already.
static IDS: Lazy<papaya::HashMap<TypeId, u32, Ready>> =
    Lazy::new(|| papaya::HashMap::builder().hasher(Ready::default()).build());
static NAMES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
static NEXT: AtomicU32 = AtomicU32::new(0);

/// The number of `T` in this process. Two types never share one, even if their names are equal;
/// lifetimes make no difference.
#[inline]
pub(crate) fn number<T: ?Sized>() -> u32 {
    let id = typeid::of::<T>();
    let guard = IDS.guard();
    if let Some(number) = IDS.get(&id, &guard) {
        return *number;
    }
    first_met::<T>(id)
}

#[cold]
fn first_met<T: ?Sized>(id: TypeId) -> u32 {
    let mut names = lock(&NAMES);
    let guard = IDS.guard();
    if let Some(number) = IDS.get(&id, &guard) {
        return *number;
    }
    let number = NEXT.fetch_add(1, Relaxed);
    names.push(type_name::<T>());
    IDS.insert(id, number, &guard);
    number
}

/// The name of the type with this number.
pub(crate) fn name(number: u32) -> &'static str {
    lock(&NAMES)
        .get(number as usize)
        .copied()
        .unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use super::{name, number};

    #[test]
    fn two_types_of_one_name_have_two_numbers() {
        fn here<T>() -> (u32, &'static str) {
            let number = number::<T>();
            (number, name(number))
        }
        let first = {
            struct Same;
            here::<Same>()
        };
        let second = {
            struct Same;
            here::<Same>()
        };
        assert_eq!(first.1, second.1);
        assert_ne!(first.0, second.0);
        assert_eq!(number::<&'static str>(), number::<&str>());
    }
}
