//! Whether a response may be kept, for whom and for how long (RFC 9111, section 3, but stricter where
//! that has leaked).

use http::header::{
    AUTHORIZATION, CONTENT_RANGE, COOKIE, ETAG, HeaderMap, LAST_MODIFIED, SET_COOKIE,
};
use http::{StatusCode, response::Parts};

use super::asked::Asked;
use super::control::ResponseControl;
use super::freshness::{explicit_lifetime, heuristic_lifetime, initial_age};
use super::options::{DEFAULT_LIFETIME, Lifetime, Options};
use super::stored::Facts;
use super::vary::Names;

/// How a response is kept.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) control: ResponseControl,
    pub(crate) names: Names,
    pub(crate) facts: Facts,
    /// In seconds, as are all that follow.
    pub(crate) age: u32,
    pub(crate) life: u32,
    pub(crate) stale_while_revalidate: u32,
    pub(crate) stale_if_error: u32,
    /// How long it stays in the cache.
    pub(crate) stays: u32,
}

/// When a request was sent on and when its response came, in milliseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) asked: u64,
    pub(crate) got: u64,
}

/// Returns the plan, or why the response is not kept.
pub(crate) fn plan(
    asked: Asked,
    response: &Parts,
    options: &Options,
    times: Times,
) -> Result<Plan, &'static str> {
    let headers = &response.headers;
    let (said, is_targeted) = control(headers, options);
    if asked.is_head {
        return Err("head");
    }
    check(response.status, headers, &said, options)?;
    let names = Names::of(headers).ok_or("vary")?;
    let django = options.django.as_ref();
    if django.is_some_and(|django| !django.can_tell_apart(&names)) {
        return Err("vary");
    }
    let facts = facts(&said, &names);
    if !is_for(asked, facts, options) {
        return Err("credentials");
    }

    let age = match options.lifetime {
        Lifetime::Headers => initial_age(headers, times.asked, times.got),
        Lifetime::Page(_) | Lifetime::Told => 0,
    };
    let said_for = (&said, is_targeted);
    let life = lifetime(
        response.status,
        headers,
        said_for,
        options,
        times.got / 1000,
    )?;
    let may_be_stale = !said.forbids_stale();
    let stale = |told: Option<u32>, option: u32| {
        if may_be_stale {
            told.unwrap_or(option)
        } else {
            0
        }
    };
    let stale_while_revalidate = stale(said.stale_while_revalidate, options.stale_while_revalidate);
    let stale_if_error = stale(said.stale_if_error, options.stale_if_error);
    let has_validator = headers.contains_key(ETAG) || headers.contains_key(LAST_MODIFIED);
    let for_validation = if has_validator {
        options.for_validation
    } else {
        0
    };

    let after = stale_while_revalidate
        .max(stale_if_error)
        .max(for_validation);
    let stays = life.saturating_sub(age).saturating_add(after);
    if stays == 0 || (said.no_cache && for_validation == 0) {
        return Err("stale");
    }
    Ok(Plan {
        control: said,
        names,
        facts,
        age,
        life,
        stale_while_revalidate,
        stale_if_error,
        stays,
    })
}

/// Whether the reason why a response is not kept is its page, and not who has asked for it.
pub(crate) fn is_of_page(why: &str) -> bool {
    !matches!(why, "head" | "credentials" | "set-cookie")
}

/// Returns what is said to this cache, and whether that is in a field of its own (RFC 9213) rather than for all.
fn control(headers: &HeaderMap, options: &Options) -> (ResponseControl, bool) {
    let own_name = options.status_name.as_deref().unwrap_or("");
    let targeted = options.targeted.iter();
    let mut own = targeted.filter_map(|name| ResponseControl::of_targeted(headers, name, own_name));
    match own.next() {
        Some(said) => (said, true),
        None => (ResponseControl::of(headers), false),
    }
}

fn check(
    status: StatusCode,
    headers: &HeaderMap,
    said: &ResponseControl,
    options: &Options,
) -> Result<(), &'static str> {
    // A part is not the page, and 304 and 1xx are no answers of their own.
    if status.is_informational() || matches!(status.as_u16(), 206 | 304) {
        return Err("status");
    }
    let is_understood = said.must_understand && is_understood(status);
    if said.must_understand && !is_understood {
        return Err("must-understand");
    }
    if said.no_store && !is_understood {
        return Err("no-store");
    }
    if said.private {
        return Err("private");
    }
    // Whatever else it says: the client that gets this is identified from now on.
    if headers.contains_key(SET_COOKIE) {
        return Err("set-cookie");
    }
    if options.by_headers() {
        return Ok(());
    }
    if said.no_cache || !said.no_cache_fields.is_empty() {
        return Err("no-cache");
    }
    if headers.contains_key(CONTENT_RANGE) {
        return Err("range");
    }
    Ok(())
}

/// Returns whether this cache understands a status (section 3, which `must-understand` refers to).
fn is_understood(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        200 | 203 | 204 | 300 | 301 | 302 | 303 | 307 | 308 | 404 | 405 | 410 | 414 | 501
    )
}

fn facts(said: &ResponseControl, names: &Names) -> Facts {
    let shared = said.public || said.must_revalidate || said.s_maxage.is_some();
    Facts::default()
        .with(Facts::PUBLIC, said.public)
        .with(Facts::VARIES_BY_COOKIE, names.has(&COOKIE))
        .with(Facts::VARIES_BY_AUTHORIZATION, names.has(&AUTHORIZATION))
        .with(Facts::SHARED, shared)
        .with(Facts::ASK_ALWAYS, said.no_cache)
        .with(Facts::NEVER_STALE, said.forbids_stale())
}

/// Returns whether a page with these facts may be made from, or answer, a request of an identified visitor: it
/// says that it is for all, or varies by what identifies visitors.
///
/// The same rule applies in both directions. A page that was made for an anonymous visitor may greet the next one
/// by name once there is a cookie; so a page that says nothing is not for that visitor.
pub(crate) fn is_for(asked: Asked, facts: Facts, options: &Options) -> bool {
    let shared = if options.by_headers() {
        Facts::SHARED
    } else {
        Facts::PUBLIC
    };
    let by_authorization =
        !asked.has_authorization || facts.has(shared) || facts.has(Facts::VARIES_BY_AUTHORIZATION);
    let by_cookie = !asked.has_cookie
        || options.ignores_cookies
        || facts.has(Facts::PUBLIC)
        || facts.has(Facts::VARIES_BY_COOKIE);
    by_authorization && by_cookie
}

fn lifetime(
    status: StatusCode,
    headers: &HeaderMap,
    (said, is_targeted): (&ResponseControl, bool),
    options: &Options,
    got: u64,
) -> Result<u32, &'static str> {
    let told = explicit_lifetime(headers, said, got);
    let page = match options.lifetime {
        Lifetime::Headers => {
            let told = if is_targeted {
                said.s_maxage.or(said.max_age)
            } else {
                told
            };
            let guessed = || heuristic_lifetime(status, headers, said, got);
            return Ok(told.or_else(guessed).unwrap_or(0));
        }
        Lifetime::Page(seconds) => Some(seconds),
        Lifetime::Told => None,
    };
    // `max-age=0` is a way to say: do not keep it.
    let ages = [said.max_age, said.s_maxage];
    if ages.contains(&Some(0)) || page == Some(0) {
        return Err("stale");
    }
    if status == StatusCode::OK {
        return Ok(page
            .or(said.s_maxage)
            .or(said.max_age)
            .unwrap_or(DEFAULT_LIFETIME));
    }
    // An error is not meant to stay, except one that says how long.
    told.filter(|&life| life > 0).ok_or("status")
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test may unwrap: its panic is its report"
    )]

    use super::*;
    use http::{Request, Response};

    const NOW: Times = Times {
        asked: 1_700_000_000_000,
        got: 1_700_000_000_000,
    };

    type Fields<'a> = &'a [(&'a str, &'a str)];

    fn planned(
        lifetime: Lifetime,
        request: Fields<'_>,
        status: u16,
        response: Fields<'_>,
    ) -> Result<Plan, &'static str> {
        let mut asked = Request::get("/");
        for (name, value) in request {
            asked = asked.header(*name, *value);
        }
        let mut came = Response::builder().status(status);
        for (name, value) in response {
            came = came.header(*name, *value);
        }
        let asked = Asked::of(&asked.body(()).unwrap().into_parts().0).unwrap();
        let came = came.body(()).unwrap().into_parts().0;
        plan(asked, &came, &Options::new(lifetime), NOW)
    }

    fn why(status: u16, response: Fields<'_>) -> Result<u32, &'static str> {
        planned(Lifetime::Page(60), &[], status, response).map(|plan| plan.life)
    }

    #[test]
    fn each_reason_has_its_word() {
        assert_eq!(why(200, &[]), Ok(60));
        assert_eq!(why(404, &[]), Err("status"));
        assert_eq!(why(206, &[("cache-control", "max-age=5")]), Err("status"));
        assert_eq!(why(404, &[("cache-control", "max-age=5")]), Ok(5));
        assert_eq!(why(200, &[("cache-control", "no-store")]), Err("no-store"));
        assert_eq!(why(200, &[("cache-control", "private")]), Err("private"));
        assert_eq!(why(200, &[("cache-control", "no-cache")]), Err("no-cache"));
        assert_eq!(why(200, &[("cache-control", "max-age=0")]), Err("stale"));
        assert_eq!(why(200, &[("set-cookie", "a=1")]), Err("set-cookie"));
        assert_eq!(why(200, &[("vary", "*")]), Err("vary"));
        assert_eq!(why(200, &[("content-range", "bytes 0-1/2")]), Err("range"));
        let unknown = &[("cache-control", "must-understand, max-age=5")];
        assert_eq!(why(599, unknown), Err("must-understand"));
        let somebody = [("cookie", "a=1")];
        let plan = planned(Lifetime::Page(60), &somebody, 200, &[]);
        assert_eq!(plan.unwrap_err(), "credentials");
    }

    #[test]
    fn it_stays_for_what_may_become_of_it() {
        let stays = |response: Fields<'_>| {
            let plan = planned(Lifetime::Headers, &[], 200, response);
            plan.map(|plan| (plan.life, plan.stays))
        };
        const DAY: u32 = 24 * 60 * 60;
        assert_eq!(stays(&[("cache-control", "max-age=5")]), Ok((5, 5)));
        let aged = &[("cache-control", "max-age=5"), ("age", "2")];
        assert_eq!(stays(aged), Ok((5, 3)));
        let stale = &[(
            "cache-control",
            "max-age=5, stale-if-error=9, stale-while-revalidate=7",
        )];
        assert_eq!(stays(stale), Ok((5, 14)));
        let strict = &[(
            "cache-control",
            "max-age=5, stale-if-error=9, must-revalidate",
        )];
        assert_eq!(stays(strict), Ok((5, 5)));
        let tagged = &[("cache-control", "max-age=5"), ("etag", "\"1\"")];
        assert_eq!(stays(tagged), Ok((5, 5 + DAY)));
        assert_eq!(stays(&[("etag", "\"1\"")]), Ok((0, DAY)));
        assert_eq!(stays(&[("cache-control", "no-cache")]), Err("stale"));
        assert_eq!(stays(&[]), Err("stale"));
    }

    #[test]
    fn who_may_get_it_is_the_same_as_who_may_make_it() {
        let made = |request: Fields<'_>, control: &str, vary: &str| {
            let response = [("cache-control", control), ("vary", vary)];
            planned(Lifetime::Page(60), request, 200, &response).is_ok()
        };
        let (cookie, basic) = ([("cookie", "a=1")], [("authorization", "b")]);
        let both = [cookie[0], basic[0]];
        assert!(made(&cookie, "public", "") && made(&basic, "public", ""));
        assert!(made(&cookie, "a", "Cookie") && made(&basic, "a", "Authorization"));
        assert!(!made(&cookie, "a", "Authorization") && !made(&basic, "a", "Cookie"));
        assert!(!made(&both, "a", "Cookie") && made(&both, "a", "Cookie, Authorization"));
        assert!(!made(&cookie, "s-maxage=5", "") && !made(&basic, "s-maxage=5", ""));
    }
}
