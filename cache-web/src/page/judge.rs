//! What to do with a kept page that a request asks for (RFC 9111, section 4): serve it, renew it, or
//! both.

use super::asked::Asked;
use super::control::RequestControl;
use super::stored::{Facts, Stored};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Serve,
    /// It is stale, and may be served while it is renewed.
    ServeAndRenew,
    Renew,
}

pub(crate) fn judge(page: &Stored, asked: &Asked, heeds_requests: bool, now: u64) -> Verdict {
    let quiet = RequestControl::default();
    let said = if heeds_requests {
        &asked.control
    } else {
        &quiet
    };
    let age = page.age_at(now);
    let is_too_old = said.max_age.is_some_and(|most| age > most);
    if said.no_cache || is_too_old || page.facts.has(Facts::ASK_ALWAYS) {
        return Verdict::Renew;
    }
    if age < page.life {
        let left = page.life - age;
        let is_too_late = said.min_fresh.is_some_and(|least| left < least);
        return if is_too_late {
            Verdict::Renew
        } else {
            Verdict::Serve
        };
    }
    let stale = age - page.life;
    let may_be_stale = !page.facts.has(Facts::NEVER_STALE);
    if may_be_stale && said.min_fresh.is_none() && said.max_stale.is_some_and(|most| stale <= most)
    {
        return Verdict::Serve;
    }
    if stale < page.stale_while_revalidate && said.max_age.is_none() && said.min_fresh.is_none() {
        return Verdict::ServeAndRenew;
    }
    Verdict::Renew
}

/// Returns whether it may be served because nothing newer can be had.
pub(crate) fn is_better_than_nothing(page: &Stored, now: u64) -> bool {
    let stale = page.age_at(now).saturating_sub(page.life);
    !page.facts.has(Facts::ASK_ALWAYS) && stale < page.stale_if_error
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    fn page() -> Stored {
        Stored {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            at: 0,
            age: 5,
            life: 10,
            stale_while_revalidate: 3,
            stale_if_error: 6,
            facts: Facts::default(),
        }
    }

    fn at(age: u64, control: RequestControl) -> Verdict {
        of(&page(), age, control)
    }

    fn of(page: &Stored, age: u64, control: RequestControl) -> Verdict {
        let asked = Asked {
            control,
            is_head: false,
            has_cookie: false,
            has_authorization: false,
            has_range: false,
        };
        judge(page, &asked, true, (age - 5) * 1000)
    }

    #[test]
    fn fresh_until_the_last_second_then_stale_then_nothing() {
        let quiet = RequestControl::default();
        assert_eq!(at(9, quiet), Verdict::Serve);
        assert_eq!(at(10, quiet), Verdict::ServeAndRenew);
        assert_eq!(at(12, quiet), Verdict::ServeAndRenew);
        assert_eq!(at(13, quiet), Verdict::Renew);
        assert!(is_better_than_nothing(&page(), 10_999));
        assert!(!is_better_than_nothing(&page(), 11_000));
    }

    #[test]
    fn the_request_has_its_say() {
        let quiet = RequestControl::default();
        assert_eq!(
            at(
                6,
                RequestControl {
                    no_cache: true,
                    ..quiet
                }
            ),
            Verdict::Renew
        );
        let aged = |most| RequestControl {
            max_age: Some(most),
            ..quiet
        };
        assert_eq!(at(6, aged(5)), Verdict::Renew);
        assert_eq!(at(6, aged(6)), Verdict::Serve);
        let fresh = |least| RequestControl {
            min_fresh: Some(least),
            ..quiet
        };
        assert_eq!(at(6, fresh(4)), Verdict::Serve);
        assert_eq!(at(6, fresh(5)), Verdict::Renew);
        let stale = |most| RequestControl {
            max_stale: Some(most),
            ..quiet
        };
        assert_eq!(at(15, stale(5)), Verdict::Serve);
        assert_eq!(at(15, stale(4)), Verdict::Renew);
        let asked = Asked {
            control: RequestControl {
                no_cache: true,
                ..quiet
            },
            is_head: false,
            has_cookie: false,
            has_authorization: false,
            has_range: false,
        };
        assert_eq!(judge(&page(), &asked, false, 0), Verdict::Serve);
    }

    #[test]
    fn what_must_not_be_stale_is_not_and_what_must_be_asked_for_is() {
        let quiet = RequestControl::default();
        let mut strict = page();
        strict.facts = Facts::NEVER_STALE;
        strict.stale_while_revalidate = 0;
        let any = RequestControl {
            max_stale: Some(1000),
            ..quiet
        };
        assert_eq!(of(&strict, 10, any), Verdict::Renew);
        strict.facts = Facts::ASK_ALWAYS;
        assert_eq!(of(&strict, 5, quiet), Verdict::Renew);
        assert!(!is_better_than_nothing(&strict, 0));
    }
}
