//! `tags`: labels of entries, which are forgotten together.

use std::cell::Cell;

use cache_runtime::{cache_evict, cache_put, cache_result, current};

use crate::support::*;

cached! {
    #[cache_evict(tag("{name}"), cache = place.cache)]
    fn forget(place: &Place, name: &str) {
        let _ = (place, name);
    }
}

const ALL: &str = "all";

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Task {
    id: u64,
    team: String,
    watchers: Vec<u64>,
    run: u32,
}

cached! {
    #[cache_result(
        cache = place.cache,
        key(id),
        tags(
            ALL,
            "task:{id:03}",
            "{{team}}:{result.team}",
            "next:{id + 1}",
            ..result.watchers.iter().map(|user| format!("user:{user}")),
        ),
    )]
    fn task(place: &Place, id: u64) -> Result<Option<Task>, OwnError> {
        let team = if id < 10 { "red" } else { "blue" }.to_owned();
        let run = place.run();
        Ok((id > 0).then(|| Task { id, team, watchers: vec![id, id + 1], run }))
    }
}

scenario! {
    fn entries_are_forgotten_by_each_of_their_tags(place) {
        for (tag, forgets_1, forgets_11) in [
            ("all", true, true),
            ("task:001", true, false),
            ("task:1", false, false),
            ("{team}:red", true, false),
            ("{team}:blue", false, true),
            ("next:12", false, true),
            ("user:2", true, false),
            ("user:12", false, true),
            ("user:7", false, false),
        ] {
            done!(task(place, 1)).unwrap();
            done!(task(place, 11)).unwrap();
            done!(forget(place, tag));
            let is_there = [
                done!(task::entry(place, 1).get()).unwrap().is_some(),
                done!(task::entry(place, 11).get()).unwrap().is_some(),
            ];
            assert_eq!(is_there, [!forgets_1, !forgets_11], "{tag}");
        }
    }
}

scenario! {
    fn what_is_forgotten_is_computed_again(place) {
        assert_eq!(done!(task(place, 1)).unwrap().unwrap().run, 1);
        done!(forget(place, "{team}:red"));
        assert_eq!(done!(task(place, 1)).unwrap().unwrap().run, 2);
        assert_eq!(done!(task(place, 1)).unwrap().unwrap().run, 2);
    }
}

scenario! {
    fn an_entry_set_by_hand_has_the_same(place) {
        for tag in ["all", "task:001", "{team}:green", "user:9"] {
            let made = Task { id: 1, team: "green".to_owned(), watchers: vec![9], run: 0 };
            done!(task::entry(place, 1).set(&made)).unwrap();
            assert_eq!(done!(task(place, 1)).unwrap(), Some(made), "{tag}");
            done!(forget(place, "{team}:red"));
            assert_eq!(place.runs(), 0);
            done!(forget(place, tag));
            assert_eq!(done!(task::entry(place, 1).get()).unwrap(), None, "{tag}");
        }
    }
}

cached! {
    #[cache_put(task::entry(place, id))]
    #[cache_evict(tag("task:{id:03}"), cache = place.cache)]
    fn update(place: &Place, id: u64) -> Task {
        Task { id, team: "green".to_owned(), watchers: Vec::new(), run: place.run() }
    }
}

scenario! {
    fn what_is_put_survives_a_tag_of_the_same_call(place) {
        done!(task(place, 1)).unwrap();
        done!(update(place, 1));
        assert_eq!(done!(task(place, 1)).unwrap().unwrap().team, "green");
        done!(forget(place, "{team}:green"));
        assert_eq!(done!(task(place, 1)).unwrap().unwrap().team, "red");
    }
}

cached! {
    #[cache_result(cache = place.cache, key(id))]
    fn by_the_body(place: &Place, id: u64) -> u32 {
        current().tag("body");
        current().tag(format!("body:{id}"));
        place.run()
    }
}

scenario! {
    fn the_body_can_add_some(place) {
        done!(by_the_body(place, 1));
        done!(by_the_body(place, 2));
        done!(forget(place, "body:1"));
        assert_eq!(done!(by_the_body(place, 1)), 3);
        assert_eq!(done!(by_the_body(place, 2)), 2);
        done!(forget(place, "body"));
        assert_eq!(done!(by_the_body(place, 2)), 4);
    }
}

/// Neither `Clone` nor to be displayed.
struct Owned {
    id: u64,
}

cached! {
    #[cache_result(
        cache = place.cache,
        key(lang, owned.id, a, part),
        tags("lang:{lang}", "owned:{owned.id}", "part:{part}:{a}", "{lang}:{result}"),
        handle = lent_cache,
    )]
    fn lent<T: std::fmt::Display + serde::Serialize + Clone>(
        place: &Place,
        lang: String,
        owned: Owned,
        (a, part): (u8, T),
    ) -> u32 {
        drop((lang, owned, part));
        u32::from(a) + place.run()
    }
}

scenario! {
    fn the_body_may_take_what_they_are_made_of(place) {
        let call = || (place, "de".to_owned(), Owned { id: 7 }, (1, "x"));
        for tag in ["lang:de", "owned:7", "part:x:1", "de:8"] {
            let (place, lang, owned, parts) = call();
            done!(lent(place, lang, owned, parts));
            let runs = place.runs();
            done!(forget(place, "lang:fr"));
            let (place, lang, owned, parts) = call();
            done!(lent(place, lang, owned, parts));
            assert_eq!(place.runs(), runs);
            done!(forget(place, tag));
            let (place, lang, owned, parts) = call();
            done!(lent(place, lang, owned, parts));
            assert_eq!(place.runs(), runs + 1, "{tag}");
            done!(lent_cache::clear_in(&place.cache)).unwrap();
        }
    }
}

cached! {
    #[cache_result(cache = place.cache, key(name), tags("name:{name}"))]
    fn borrowed(place: &Place, name: &str, _list: &mut Vec<u8>) -> u32 {
        let _ = name;
        place.run()
    }
}

scenario! {
    fn of_borrowed_arguments_entries_know_them_too(place) {
        done!(borrowed::entry(place, "a", &mut Vec::new()).set(&100)).unwrap();
        assert_eq!(done!(borrowed(place, "a", &mut Vec::new())), 100);
        done!(forget(place, "name:a"));
        assert_eq!(done!(borrowed(place, "a", &mut Vec::new())), 1);
        done!(forget(place, "name:b"));
        assert_eq!(done!(borrowed(place, "a", &mut Vec::new())), 1);
    }
}

cached! {
    #[cache_result(cache = place.cache, key(id), cache_none, tags("none:{result.is_none()}"))]
    fn kept_none(place: &Place, id: u64) -> Option<u32> {
        Some(place.run()).filter(|_| id > 0)
    }
}

scenario! {
    fn a_kept_none_has_some(place) {
        assert_eq!(done!(kept_none(place, 0)), None);
        assert_eq!(done!(kept_none(place, 0)), None);
        assert_eq!(place.runs(), 1);
        done!(forget(place, "none:true"));
        assert_eq!(done!(kept_none(place, 0)), None);
        assert_eq!(place.runs(), 2);
    }
}

cached! {
    #[cache_result(cache = place.cache, key(id), local, tags("local:{id}:{result.0}"))]
    fn local(place: &Place, id: u64) -> std::sync::Arc<(u32,)> {
        let _ = id;
        std::sync::Arc::new((place.run(),))
    }
}

scenario! {
    fn local_values_have_some(place) {
        assert_eq!(done!(local(place, 7)).0, 1);
        done!(forget(place, "local:7:2"));
        assert_eq!(done!(local(place, 7)).0, 1);
        done!(forget(place, "local:7:1"));
        assert_eq!(done!(local(place, 7)).0, 2);
    }
}

thread_local! {
    /// How often the tag of a value was made, for one place: each has a thread of its own.
    static ASKED: Cell<u32> = const { Cell::new(0) };
}

fn ask() -> u32 {
    ASKED.set(ASKED.get() + 1);
    ASKED.get()
}

cached! {
    #[cache_result(cache = place.cache, skip(place), tags("{place.run()}", "{ask()}:{result}"))]
    fn asked(place: &Place) -> u64 {
        let _ = place;
        0
    }
}

scenario! {
    fn a_hit_makes_none(place) {
        let before = ASKED.get();
        for _ in 0..2 {
            done!(asked(place));
            assert_eq!((place.runs(), ASKED.get() - before), (1, 1));
        }
    }
}

scenario! {
    fn a_tag_forgotten_while_the_function_runs_wins_over_its_result(place) {
        assert_eq!(done!(forgotten_meanwhile(place, 1)), 1);
        assert_eq!(done!(forgotten_meanwhile(place, 1)), 2);
    }
}

cached! {
    #[cache_result(cache = place.cache, key(id), tags("meanwhile:{id}"))]
    fn forgotten_meanwhile(place: &Place, id: u64) -> u32 {
        let _ = id;
        done!(forget(place, "meanwhile:1"));
        place.run()
    }
}

struct Service<'p> {
    place: &'p Place,
    tenant: u64,
}

impl Service<'_> {
    cached! {
        #[cache_result(cache = self.place.cache, key(self.tenant, id), tags("tenant:{self.tenant}"))]
        pub(super) fn get(&self, id: u64) -> u32 {
            let _ = id;
            self.place.run()
        }
    }
}

scenario! {
    fn methods_name_what_they_belong_to(place) {
        let (one, two) = (Service { place, tenant: 1 }, Service { place, tenant: 2 });
        assert_eq!(done!(one.get(7)), 1);
        assert_eq!(done!(two.get(7)), 2);
        done!(forget(place, "tenant:1"));
        assert_eq!(done!(one.get(7)), 3);
        assert_eq!(done!(two.get(7)), 2);
        done!(one.get_entry(7).set(&100)).unwrap();
        done!(forget(place, "tenant:1"));
        assert_eq!(done!(one.get(7)), 4);
    }
}
