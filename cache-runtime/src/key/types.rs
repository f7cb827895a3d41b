//! Type parameters as part of a key: an exact number in process, a name in shared keys.

use std::any::{TypeId, type_name};
use std::hash::BuildHasher;
use std::marker::PhantomData;
use std::sync::Mutex;

use once_cell::sync::Lazy;

use crate::context::thread;
use crate::local::{Node, Ready, Shard};
use crate::sync::lock;

static IDS: Lazy<Shard<Numbered, ()>> = Lazy::new(|| Shard::new(()));
static NAMES: Mutex<Vec<Named>> = Mutex::new(Vec::new());

struct Named {
    id: TypeId,
    name: &'static str,
    /// Whether another type of this name was seen before.
    is_second: bool,
}

/// Returns the `TypeId` of a type that need not be `'static`.
#[expect(unsafe_code, reason = "std asks for 'static, type parameters are not")]
fn id_of<T: ?Sized>() -> TypeId {
    trait Named {
        fn id(&self) -> TypeId
        where
            Self: 'static;
    }
    impl<T: ?Sized> Named for PhantomData<T> {
        fn id(&self) -> TypeId
        where
            Self: 'static,
        {
            TypeId::of::<T>()
        }
    }
    let of: &dyn Named = &PhantomData::<T>;
    // SAFETY: only the lifetime in the type changes, for one call that looks at no reference of
    // type `T`: there is none in a `PhantomData`.
    let of = unsafe { std::mem::transmute::<&dyn Named, &(dyn Named + 'static)>(of) };
    of.id()
}

struct Numbered {
    id: TypeId,
    number: u32,
}

impl Node for Numbered {
    fn weight(&self) -> usize {
        size_of::<Self>()
    }
}

// A TypeId is a hash already.
#[inline]
fn hash(id: &TypeId) -> u64 {
    Ready::default().hash_one(id)
}

/// Returns the number of `T` in this process. Two types never share one, even if their names are equal;
/// lifetimes make no difference.
#[inline]
pub(crate) fn number<T: ?Sized>() -> u32 {
    let id = id_of::<T>();
    let hash = hash(&id);
    let known = thread::with(|own| {
        let guard = own.pin();
        let found = IDS.get(hash, |numbered| numbered.id == id, guard.pinned());
        found.map(|numbered| numbered.number)
    });
    known.unwrap_or_else(|| met(id, hash, type_name::<T>()))
}

#[cold]
fn met(id: TypeId, hash: u64, name: &'static str) -> u32 {
    let mut names = lock(&NAMES);
    let number = names.iter().position(|named| named.id == id);
    let number = number.unwrap_or_else(|| {
        let is_second = names.iter().any(|named| named.name == name);
        names.push(Named {
            id,
            name,
            is_second,
        });
        names.len() - 1
    });
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    let mut ids = IDS.lock();
    if ids.find(hash, |numbered| numbered.id == id).is_none() {
        ids.insert(hash, Box::new(Numbered { id, number }).into());
    }
    number
}

/// Returns the name of the type with this number.
pub(crate) fn name(number: u32) -> &'static str {
    lock(&NAMES)
        .get(number as usize)
        .map_or("unknown", |named| named.name)
}

/// Returns whether the name stands for another type already, so that it cannot stand for this one.
pub(crate) fn is_second(number: u32) -> bool {
    lock(&NAMES)
        .get(number as usize)
        .is_none_or(|named| named.is_second)
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
