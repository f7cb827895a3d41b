//! Bodies and names that an expansion might trip over behave as without it.

use cache_runtime::{Cache, cache_result};

use crate::support::*;

#[derive(Debug, PartialEq)]
struct Parse(String);

impl From<std::num::ParseIntError> for Parse {
    fn from(error: std::num::ParseIntError) -> Self {
        Self(error.to_string())
    }
}

#[cache_result(cache = place.cache, skip(place))]
fn question_mark(place: &Place, text: &str) -> Result<u32, Parse> {
    let number: u32 = text.parse()?;
    if number > 100 {
        return Err(Parse("too large".to_owned()));
    }
    Ok(number + place.run())
}

#[cache_result(cache = place.cache, skip(place))]
async fn question_mark_async(place: &Place, text: &str) -> Result<u32, Parse> {
    let number: u32 = text.parse()?;
    if number > 100 {
        return Err(Parse("too large".to_owned()));
    }
    Ok(number + place.run())
}

#[test]
fn a_question_mark_and_a_return_leave_the_function() {
    let place = &Place::in_process();
    assert_eq!(
        question_mark(place, "x").unwrap_err().0,
        "invalid digit found in string"
    );
    assert_eq!(question_mark(place, "101").unwrap_err().0, "too large");
    assert_eq!(question_mark(place, "5"), Ok(6));
    assert_eq!(question_mark(place, "5"), Ok(6));
    futures_executor::block_on(async {
        assert!(question_mark_async(place, "x").await.is_err());
        assert_eq!(
            question_mark_async(place, "101").await.unwrap_err().0,
            "too large"
        );
        assert_eq!(question_mark_async(place, "5").await, Ok(7));
        assert_eq!(question_mark_async(place, "5").await, Ok(7));
    });
}

#[cache_result(cache = place.cache, skip(place))]
fn inferred(place: &Place) -> Vec<u64> {
    place.run();
    // Only the return type says what these are.
    (0..3).map(|n| n * 2).collect()
}

#[cache_result(cache = place.cache, skip(place))]
async fn inferred_async(place: &Place) -> Option<Box<[u8]>> {
    place.run();
    if place.runs() > 100 {
        return None;
    }
    Some(Default::default())
}

#[test]
fn the_return_type_is_known_to_the_body() {
    let place = &Place::in_process();
    assert_eq!(inferred(place), [0, 2, 4]);
    assert_eq!(inferred(place), [0, 2, 4]);
    let inferred = || futures_executor::block_on(inferred_async(place));
    assert_eq!(
        (inferred(), inferred()),
        (Some(Box::default()), Some(Box::default()))
    );
    assert_eq!(place.runs(), 2);
}

// What an expansion might call its own.
#[cache_result(cache = place.cache, key(key, keep, call, __key, __site))]
fn invented(place: &Place, key: u8, keep: u8, call: u8, __key: u8, __site: u8) -> u32 {
    let (site, __keep, __probe, __ret) = (key, keep, call, __key);
    let _ = (site, __keep, __probe, __ret, __site);
    place.run()
}

#[test]
fn arguments_may_have_any_name() {
    let place = &Place::in_process();
    assert_eq!(invented(place, 1, 2, 3, 4, 5), 1);
    assert_eq!(invented(place, 1, 2, 3, 4, 5), 1);
    for (run, args) in [
        (2, [0, 2, 3, 4, 5]),
        (3, [1, 0, 3, 4, 5]),
        (4, [1, 2, 0, 4, 5]),
    ] {
        assert_eq!(
            invented(place, args[0], args[1], args[2], args[3], args[4]),
            run
        );
    }
    assert_eq!(invented(place, 1, 2, 3, 0, 5), 5);
    assert_eq!(invented(place, 1, 2, 3, 4, 0), 6);
}

/// A type with a lifetime that a signature may leave out.
struct Context<'a>(&'a Place);

// What a batch might call its own, in a signature without the lifetimes that it might leave out.
#[cache_result(cache = __batch.0.cache, key(__items, __ret.len()))]
fn unwritten(__batch: Context, __items: u8, __ret: std::borrow::Cow<str>) -> u32 {
    __batch.0.run() + u32::from(__items)
}

struct Table<'t, T>(&'t T);

impl<'t, T: Clone + serde::Serialize> Table<'t, T> {
    #[cache_result(cache = context.0.cache, key(self.0, other))]
    pub(crate) fn get<'a>(&self, context: &Context<'a>, other: &T, _: Option<&&'t T>) -> u32 {
        let _ = self.0;
        context.0.run()
    }
}

#[test]
fn an_item_may_borrow_whatever_an_argument_may() {
    let place = &Place::in_process();
    let text = "a".to_owned();
    let items = [1, 2, 1].map(|id| (Context(place), id, text.as_str().into()));
    assert_eq!(unwritten::many(items), [2, 4, 2]);
    let (one, context) = (1_u8, Context(place));
    let table = Table(&one);
    let items = [&1, &2, &1].map(|id| (&context, id, None));
    assert_eq!(table.get_many(items), [3, 4, 3]);
}

mod shadows {
    //! Names of the prelude that mean something else here.
    use super::*;

    #[expect(dead_code, reason = "they are in the way, and that is all")]
    mod names {
        pub(crate) enum Option {
            None,
        }
        pub(crate) enum Result {
            Ok,
        }
        pub(crate) struct Box;
        pub(crate) struct String;
        pub(crate) mod core {}
        pub(crate) mod std {}
    }
    #[expect(unused_imports, reason = "they are in the way, and that is all")]
    use names::Option::None as Some;
    #[expect(unused_imports, reason = "they are in the way, and that is all")]
    use names::{Box, Option, Result, String, core, std};

    #[cache_result(cache = place.cache, skip(place), when = |n| *n > 0, timeout = "1m")]
    pub(super) fn sync(place: &Place, id: u64) -> u32 {
        let _ = id;
        place.run()
    }

    #[cache_result(cache = place.cache, skip(place), cache_none = 5, timeout = |_| 60)]
    pub(super) async fn asynchronous(place: &Place, id: u64) -> ::std::option::Option<u32> {
        let _ = id;
        ::std::option::Option::Some(place.run())
    }
}

#[test]
fn the_prelude_may_be_shadowed() {
    let place = &Place::in_process();
    assert_eq!([shadows::sync(place, 1), shadows::sync(place, 1)], [1, 1]);
    futures_executor::block_on(async {
        assert_eq!(shadows::asynchronous(place, 1).await, Some(2));
        assert_eq!(shadows::asynchronous(place, 1).await, Some(2));
    });
}

macro_rules! counted {
    ($name:ident, $argument:ident: $ty:ty) => {
        #[cache_result(cache = place.cache, skip(place), timeout = u64::from($argument))]
        fn $name(place: &Place, $argument: $ty, mine: $ty) -> $ty {
            place.run();
            $argument * 10 + mine
        }
    };
}

counted!(from_a_macro, mine: u8);

#[test]
fn a_macro_may_write_a_cached_function() {
    let place = &Place::in_process();
    // Two arguments `mine`: the caller's and the macro's.
    assert_eq!(
        [from_a_macro(place, 1, 2), from_a_macro(place, 1, 2)],
        [12, 12]
    );
    assert_eq!(
        [from_a_macro(place, 2, 1), from_a_macro(place, 2, 1)],
        [21, 21]
    );
    assert_eq!(place.runs(), 2);
}

#[cache_result(cache = Cache::isolated())]
/// Attributes and documentation stay, above and below.
#[inline]
#[cfg(test)]
#[expect(
    unused_variables,
    reason = "lints see the user's body, and its attributes rule them"
)]
fn attributes(id: u64) -> u64 {
    let unused = 1;
    id
}

#[cfg(any())]
#[cache_result(key(nonsense), unknown = "argument")]
fn not_compiled(id: u64) -> u64 {
    id
}

#[test]
fn attributes_of_the_function_are_kept() {
    assert_eq!(attributes(1), 1);
}

#[cache_result(cache = place.cache, skip(place))]
fn panics(place: &Place, id: u64) -> u32 {
    let run = place.run();
    assert!(run > 1, "the first run of {id} panics");
    run
}

#[test]
fn a_panic_passes_through_and_nothing_is_kept() {
    let place = &Place::in_process();
    let panicked = std::thread::scope(|scope| scope.spawn(|| panics(place, 1)).join());
    let message = *panicked.unwrap_err().downcast::<String>().unwrap();
    assert_eq!(message, "the first run of 1 panics");
    assert_eq!([panics(place, 1), panics(place, 1)], [2, 2]);
}
