//! Two types never share an entry: of a function, of a method of a generic type, of a trait.

use std::any::type_name;
use std::fmt::Debug;
use std::marker::PhantomData;

use cache_runtime::{Cache, cache_result};

use crate::support::*;

#[derive(Debug)]
struct User;

mod other {
    /// Another type of the same name.
    #[derive(Debug)]
    pub(super) struct User;
}

cached! {
    #[cache_result(cache = place.cache, skip(place), key_prefix = "generics")]
    fn load<T>(place: &Place, id: u64) -> String {
        let _ = id;
        format!("{} {}", type_name::<T>(), place.run())
    }
}

scenario! {
    fn a_function_called_with_two_types_has_two_entries(place) {
        let first = done!(load::<User>(place, 1));
        let second = done!(load::<other::User>(place, 1));
        let third = done!(load::<Vec<User>>(place, 1));
        assert_eq!(place.runs(), 3);
        assert_eq!(done!(load::<User>(place, 1)), first);
        assert_eq!(done!(load::<other::User>(place, 1)), second);
        assert_eq!(done!(load::<Vec<User>>(place, 1)), third);
        assert_eq!(place.runs(), 3);
        assert_ne!(first, second);
    }
}

cached! {
    #[cache_result(
        cache = Cache::isolated(), skip(place), key_prefix = "p",
        name = "load<macros::support::Named>"
    )]
    fn load_by_hand(place: &Place, id: u64) -> u32 {
        let _ = id;
        place.run()
    }
}

mod shared_keys {
    use super::*;

    cached! {
        #[cache_result(cache = Cache::isolated(), skip(place), key_prefix = "p")]
        pub(super) fn load<T>(place: &Place, id: u64) -> u32 {
            let _ = id;
            place.run()
        }
    }

    impl<T> Repo<'_, T> {
        cached! {
            #[cache_result(
                cache = Cache::isolated(), skip(self), key_prefix = "p", name = "load"
            )]
            pub(super) fn method(&self, id: u64) -> u32 {
                let _ = id;
                self.place.run()
            }
        }
    }
}

scenario! {
    fn the_shared_key_has_the_path_of_the_type_after_the_name(place) {
        let expected = load_by_hand::entry(place, 1).key();
        assert_eq!(shared_keys::load::entry::<Named>(place, 1).key(), expected);
        assert_ne!(shared_keys::load::entry::<User>(place, 1).key(), expected);
    }
}

scenario! {
    fn of_a_generic_type_its_parameters_stand_after_the_name_of_the_method(place) {
        let expected = load_by_hand::entry(place, 1).key();
        assert_eq!(Repo::<Named>::new(place).method_entry(1).key(), expected);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), key_prefix = "p", name = "sized<u8, 3>")]
    fn sized_by_hand(place: &Place) -> usize {
        place.run() as usize
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), key_prefix = "p")]
    fn sized<T, const N: usize>(place: &Place) -> usize {
        let _ = PhantomData::<[T; N]>;
        place.run() as usize
    }
}

scenario! {
    fn const_parameters_are_a_part_of_the_key(place) {
        assert_eq!(done!(sized::<u8, 3>(place)), 1);
        assert_eq!(done!(sized::<u8, 4>(place)), 2);
        assert_eq!(done!(sized::<i8, 3>(place)), 3);
        assert_eq!(done!(sized::<u8, 3>(place)), 1);
    }
}

scenario! {
    fn parameters_follow_the_name_of_the_function_in_the_shared_key(place) {
        let elsewhere = place.with_cache(Cache::isolated());
        let by_hand = sized_by_hand::entry(&elsewhere).key();
        assert_eq!(shared_part(&sized::entry::<u8, 3>(place).key()), shared_part(&by_hand));
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn local_type<T: Debug + 'static>(place: &Place) -> u32 {
        place.run()
    }
}

scenario! {
    fn two_types_of_one_name_in_two_blocks_have_two_entries(place) {
        let first = {
            #[derive(Debug)]
            struct Same;
            (done!(local_type::<Same>(place)), type_name::<Same>())
        };
        let second = {
            #[derive(Debug)]
            struct Same;
            (done!(local_type::<Same>(place)), type_name::<Same>())
        };
        assert_eq!(first.1, second.1, "or the test has lost its point");
        assert_eq!((first.0, second.0), (1, 2));
    }
}

struct Repo<'a, T> {
    place: &'a Place,
    kind: PhantomData<fn() -> T>,
}

impl<'a, T> Repo<'a, T> {
    fn new(place: &'a Place) -> Self {
        Self {
            place,
            kind: PhantomData,
        }
    }

    cached! {
        #[cache_result(cache = self.place.cache, skip(self))]
        pub(crate) fn get(&self, id: u64) -> String {
            let _ = id;
            format!("{} {}", type_name::<T>(), self.place.run())
        }
    }

    cached! {
        #[cache_result(cache = self.place.cache, skip(self))]
        fn private(&self, id: u64) -> String {
            let _ = id;
            format!("{} {}", type_name::<T>(), self.place.run())
        }
    }

    cached! {
        #[cache_result(cache = place.cache, skip(place), associated)]
        pub(crate) fn load<U>(place: &Place, id: u64) -> String {
            let _ = id;
            format!("{} {} {}", type_name::<T>(), type_name::<U>(), place.run())
        }
    }
}

scenario! {
    fn methods_of_a_generic_type_have_entries_for_each_type(place) {
        let (users, others) = (Repo::<User>::new(place), Repo::<other::User>::new(place));
        let first = [done!(users.get(1)), done!(users.private(1))];
        let second = [done!(others.get(1)), done!(others.private(1))];
        assert_eq!(place.runs(), 4);
        assert_eq!([done!(users.get(1)), done!(users.private(1))], first);
        assert_eq!([done!(others.get(1)), done!(others.private(1))], second);
        assert_eq!(place.runs(), 4);
        assert_ne!(users.get_entry(1).key(), others.get_entry(1).key());
        assert_eq!(done!(users.get_entry(1).get()).unwrap().as_ref(), Some(&first[0]));
    }
}

scenario! {
    fn associated_functions_of_a_generic_type_have_entries_for_each_type(place) {
        let first = done!(Repo::<User>::load::<u8>(place, 1));
        let second = done!(Repo::<other::User>::load::<u8>(place, 1));
        let third = done!(Repo::<User>::load::<u16>(place, 1));
        assert_eq!(place.runs(), 3);
        assert_eq!(done!(Repo::<User>::load::<u8>(place, 1)), first);
        assert_eq!(done!(Repo::<other::User>::load::<u8>(place, 1)), second);
        assert_eq!(done!(Repo::<User>::load::<u16>(place, 1)), third);
        assert_eq!(place.runs(), 3);
    }
}

trait Described: Sync {
    cached! {
        #[cache_result(cache = place.cache, skip(self, place))]
        fn described(&self, place: &Place, id: u64) -> String {
            let _ = id;
            format!("{} {}", type_name::<Self>(), place.run())
        }
    }
}

impl Described for User {}
impl Described for other::User {}
impl<T: Sync> Described for Vec<T> {}

trait Blanket: Sync {
    /// It says what the types' own names do not.
    #[allow(async_fn_in_trait, reason = "nobody else implements it")]
    fn own_name(&self, place: &Place) -> impl Future<Output = String> + Send;
}

impl<T: Debug + Sync> Blanket for T {
    #[cache_result(cache = place.cache, skip(self, place))]
    async fn own_name(&self, place: &Place) -> String {
        format!("{} {}", type_name::<T>(), place.run())
    }
}

scenario! {
    fn default_methods_of_a_trait_have_entries_for_each_implementor(place) {
        let both = (vec![1_u8], vec![1_i8]);
        let first = done!(User.described(place, 1));
        let second = done!(other::User.described(place, 1));
        let third = done!(both.0.described(place, 1));
        let fourth = done!(both.1.described(place, 1));
        assert_eq!(place.runs(), 4);
        assert_eq!(done!(User.described(place, 1)), first);
        assert_eq!(done!(other::User.described(place, 1)), second);
        assert_eq!(done!(both.0.described(place, 1)), third);
        assert_eq!(done!(both.1.described(place, 1)), fourth);
        assert_eq!(place.runs(), 4);
    }
}

#[test]
fn methods_of_a_blanket_impl_have_entries_for_each_type() {
    let place = &Place::in_process();
    futures_executor::block_on(async {
        let first = 1_u8.own_name(place).await;
        let second = 1_i8.own_name(place).await;
        assert_ne!(first, second);
        assert_eq!(1_u8.own_name(place).await, first);
        assert_eq!(1_i8.own_name(place).await, second);
        assert_eq!(place.runs(), 2);
    });
}

macro_rules! two_blocks {
    ($name:ident) => {
        mod $name {
            use super::*;

            pub(super) struct Service;

            impl Service {
                cached! {
                    #[cache_result(cache = place.cache, skip(self, place))]
                    pub(crate) fn get(&self, place: &Place, id: u64) -> u32 {
                        let _ = id;
                        place.run()
                    }
                }
            }
        }
    };
}

two_blocks!(first_module);
two_blocks!(second_module);

scenario! {
    fn methods_of_two_types_of_one_name_have_two_entries(place) {
        assert_eq!(done!(first_module::Service.get(place, 1)), 1);
        assert_eq!(done!(second_module::Service.get(place, 1)), 2);
        assert_eq!(done!(first_module::Service.get(place, 1)), 1);
        assert_eq!(done!(second_module::Service.get(place, 1)), 2);
        assert_eq!(place.cache.stats().collisions, 0);
    }
}

scenario! {
    fn methods_of_one_name_in_two_impls_of_local_types_do_not_share(place) {
        let first = {
            struct Same<'a>(&'a Place);
            impl Same<'_> {
                cached! {
                    #[cache_result(cache = self.0.cache, skip(self))]
                    fn get(&self, id: u64) -> u32 {
                        let _ = id;
                        self.0.run()
                    }
                }
            }
            done!(Same(place).get(1))
        };
        let second = {
            struct Same<'a>(&'a Place);
            impl Same<'_> {
                cached! {
                    #[cache_result(cache = self.0.cache, skip(self))]
                    fn get(&self, id: u64) -> u32 {
                        let _ = id;
                        self.0.run()
                    }
                }
            }
            done!(Same(place).get(1))
        };
        assert_eq!((first, second), (1, 2));
    }
}
