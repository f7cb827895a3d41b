//! Expansions, reviewed as text; and that one mistake keeps the function and gives one error.

use proc_macro2::TokenStream;
use quote::quote;

use crate::event::Kind;
use crate::expand::{cache_result, event};

fn pretty(tokens: TokenStream) -> String {
    prettyplease::unparse(&syn::parse2(tokens).expect("the expansion does not parse"))
}

fn review(name: &str, output: TokenStream) {
    insta::with_settings!({
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(name, pretty(output)) });
}

macro_rules! snapshots {
    ($($name:ident: ($($args:tt)*) $(in ($($target:tt)*))? { $($item:tt)* })*) => {$(
        #[test]
        fn $name() {
            let output = cache_result(quote!($($args)*), quote!($($item)*));
            $(let output = { let target = quote!($($target)*); quote!(impl #target { #output }) };)?
            review(stringify!($name), output);
        }
    )*};
}

macro_rules! events {
    ($($name:ident: $kind:ident ($($args:tt)*) $(in ($($target:tt)*))? { $($item:tt)* })*) => {$(
        #[test]
        fn $name() {
            let output = event(Kind::$kind, quote!($($args)*), quote!($($item)*));
            $(let output = { let target = quote!($($target)*); quote!(impl #target { #output }) };)?
            review(stringify!($name), output);
        }
    )*};
}

snapshots! {
    free_async: (timeout = 600, key_prefix = "user_tasks") {
        /// The user's tasks, newest first.
        #[cfg(feature = "tasks")]
        #[tracing::instrument]
        pub async fn get_user_tasks(
            user_id: u64,
            status: Option<&str>,
        ) -> Result<Vec<Task>, DbError> {
            db::tasks(user_id, status).await
        }
    }

    free_sync: (timeout = "1h30m") {
        fn square(n: u64) -> u64 {
            #![allow(clippy::arithmetic_side_effects)]
            n * n
        }
    }

    nothing_returned: (timeout = never, name = "sync") {
        pub async fn r#type(r#in: u8) {
            work(r#in).await;
        }
    }

    method: (skip(self)) in (Service) {
        /// One task.
        pub async fn get(&self, id: u64) -> Option<Task> {
            self.db.get(id).await
        }
    }

    private_method: (key(self.tenant, id)) in (Service) {
        fn get(self: &Arc<Self>, id: u64) -> Option<Task> {
            self.db.get(id)
        }
    }

    associated: (associated, handle = loaded) in (Service) {
        fn load(id: u64) -> Task {
            Self::read(id)
        }
    }

    generic: (timeout = 2.5) {
        pub fn first<'a, T: Load, const N: usize>(from: &'a [T; N], how: impl How) -> Vec<T>
        where
            T: Clone,
        {
            how.apply(from)
        }
    }

    bare_type_parameter: () {
        pub fn load<T: Load>(id: u64) -> T {
            T::load(id)
        }
    }

    async_trait: (skip(self), timeout = 5) in (Tasks for Service) {
        #[allow(clippy::type_complexity)]
        fn find<'life0, 'async_trait>(
            &'life0 self,
            id: u64,
        ) -> ::core::pin::Pin<Box<
            dyn ::core::future::Future<Output = Result<Task, DbError>>
                + ::core::marker::Send
                + 'async_trait,
        >>
        where
            'life0: 'async_trait,
            Self: 'async_trait,
        {
            Box::pin(async move {
                let __self = self;
                let __ret: Result<Task, DbError> = { __self.db.find(id).await };
                __ret
            })
        }
    }

    patterns: (key(a, other), timeout = Duration::from_secs(b)) {
        pub fn patterns((a, mut b): (u32, u64), Other { id: ref other }: Other, _: u8) -> u64 {
            b += 1;
            b
        }
    }

    mutable: () {
        pub async fn count(mut n: u64, count: &str) -> u64 {
            n += 1;
            n
        }
    }

    keywords: (kwargs(status), skip(pool)) {
        fn tasks(pool: &Pool, user_id: u64, status: Option<String>) -> Rows {
            pool.rows(user_id, status)
        }
    }

    cache_and_version: (cache = ctx.caches[0], version = ctx.version + 1, key(id)) {
        pub fn task(ctx: &Ctx, id: u64) -> Task {
            ctx.task(id)
        }
    }

    version_of_the_code: (version = 2) {
        /// The summary of a user.
        pub async fn summary(user_id: u64) -> String {
            read(user_id).await
        }
    }

    version_by_an_argument: (version = schema, key(user_id)) {
        /// The summary of a user.
        pub async fn summary(user_id: u64, schema: i32) -> String {
            read(user_id, schema).await
        }
    }

    a_self_in_closures: (key(id), when = |page| page.len() < self.limit, tags("{self}:{result.owner}")) in (Pages) {
        fn shared(self: Arc<Self>, id: u64) -> Page {
            self.page(id)
        }
    }

    closures: (when = |page| page.len() < limit, timeout = |page: &Page| page.expires_in) {
        pub async fn page(limit: usize, url: String) -> Page {
            fetch(url).await
        }
    }

    every_constant: (
        ttl = 0, cache = "sessions", jitter = 0.1, wait = "500ms", strict, local, crate = ::app::cache,
        cache_none = 30,
    ) {
        pub fn find(id: u64) -> Result<Option<Arc<Task>>, DbError> {
            read(id)
        }
    }

    behind_async: (
        timeout = 600, stale = "1h", soft_timeout = "100ms", hard_timeout = "2s", refresh_ahead = 0.8,
    ) {
        pub async fn tasks(user_id: u64) -> Result<Vec<Task>, DbError> {
            db::tasks(user_id).await
        }
    }

    behind_sync: (hard_timeout = 2, skip(self)) in (Service) {
        pub fn rates(self: Arc<Self>) -> Result<Rates, BankError> {
            self.bank.rates()
        }
    }

    within_async: (hard_timeout = LIMIT, early, lock = "2m") {
        async fn title(url: &str) -> Result<String, FetchError> {
            fetch(url).await
        }
    }

    tags: (
        timeout = 60,
        tags(
            "tasks", TASKS, "user:{user.id}:{lang}", "team:{result.team}:{lang:?}",
            ..result.members.iter().map(|member| member.tag()),
        ),
    ) {
        pub async fn team(user: User, lang: String) -> Result<Team, DbError> {
            db::team(user).await
        }
    }

    tags_of_patterns: (key(a), timeout = b, tags("a:{a}", "b:{result}:{b}")) {
        fn patterns((a, b): (u64, u64)) -> u64 {
            a + b
        }
    }

    batch_async: (timeout = ttl(id), batch = load_many, when = |task| task.is_open) {
        pub async fn load(id: u64) -> Result<Option<Task>, DbError> {
            read(id).await
        }
    }

    batch_method: (skip(self, db), batch = Self::read_all, tags("task:{id}", "owner:{result.owner}")) in (Service) {
        pub fn load(self: Arc<Self>, db: &Db, id: TaskId, name: Option<&str>) -> Task {
            self.read(id, name)
        }
    }

    mistakes: (timeot = 5, skip(idd), jitter = 2.0, name) {
        pub fn find(id: u64) -> &str {
            read(id)
        }
    }
}

events! {
    evict: Evict (
        get_task::entry(task_id),
        get_user_tasks::entry(result.user_id, None),
        tag("user:{result.user_id}", "tasks"),
        clear(get_all_tasks),
    ) {
        /// Changes a task.
        #[must_use]
        pub async fn update_task(task_id: u64, patch: Patch) -> Result<Task, DbError> {
            db::update(task_id, patch).await
        }
    }

    evict_with_arguments: Evict (
        page::entry(slug, &lang), page::entry(result.slug, slug), cache = self.cache, tag("x"),
        clear(page),
    ) in (Service) {
        fn rename(&self, slug: String, lang: String, (a, b): (u8, u8)) -> Option<Page> {
            self.rename_page(slug, lang, a + b)
        }
    }

    evict_only_before: Evict (clear(tasks, users)) {
        fn reset() {
            db::reset();
        }
    }

    put_and_evict: Put (get_task::entry(task_id), by_slug::entry(result.slug.clone())) {
        #[cache_evict(tag("user:{result.user_id}"), cache = "sessions")]
        #[tracing::instrument]
        async fn update_task(task_id: u64) -> Result<Task, DbError> {
            db::update(task_id).await
        }
    }

    put_unnamed: Put (pages::entry()) {
        pub async fn create() -> impl IntoResponse {
            "created"
        }
    }

    evict_async_trait: Evict (task::entry(a), tag("b:{result}:{b}")) in (Tasks for Service) {
        fn add<'life0, 'async_trait>(&'life0 self, __arg1: (u64, String)) -> ::core::pin::Pin<Box<
            dyn ::core::future::Future<Output = u64> + ::core::marker::Send + 'async_trait,
        >> where 'life0: 'async_trait, Self: 'async_trait {
            Box::pin(async move {
                let __self = self;
                let (a, b) = { let __arg1 = __arg1; __arg1 };
                let __ret: u64 = { __self.db.add(a, b).await };
                __ret
            })
        }
    }

    evict_nothing: Evict () {
        #[cache_put("task", timeout = 5, tag("x"), get_task::entry(id).delete())]
        fn update(id: u64) {}
    }
}

snapshots! {
    evict_and_cached: (timeout = 5) {
        #[tracing::instrument]
        #[cache_evict(clear(tasks))]
        fn update(id: u64) -> u64 {
            id
        }
    }
}
