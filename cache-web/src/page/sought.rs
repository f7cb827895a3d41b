//! What a request looks for: its page by name, the look-up in the cache, and what that means.

use std::sync::Arc;

use cache_runtime::Cache;
use http::{Response, request};
use http_body::Body;

use super::answer::{self, Question};
use super::asked::Asked;
use super::body::PageBody;
use super::conditional::is_conditional;
use super::find::{Found, find};
use super::flights::Joined;
use super::judge::{Verdict, judge};
use super::options::Options;
use super::service::Shared;
use super::status::Told;
use super::storable::is_for;
use super::stored::{Facts, Stored};

pub(crate) struct Sought {
    pub(crate) shared: Arc<Shared>,
    pub(crate) cache: Cache,
    pub(crate) asked: Asked,
    pub(crate) primary: String,
    pub(crate) parts: request::Parts,
}

/// What a look-up in the cache means for a request.
pub(crate) enum Served<B: Body> {
    Answer(Response<PageBody<B>>),
    AnswerAndRenew(Response<PageBody<B>>),
    Nothing(&'static str),
}

impl Sought {
    pub(crate) fn options(&self) -> &Options {
        &self.shared.options
    }

    pub(crate) async fn look(&self) -> Found {
        find(
            &self.cache,
            self.options(),
            &self.primary,
            &self.parts.headers,
        )
        .await
    }

    /// Returns whether another request's page could also answer this one.
    pub(crate) fn may_wait(&self, found: &Found) -> bool {
        let control = &self.asked.control;
        let wants_new = self.options().heeds_requests
            && (control.no_cache || control.max_age.is_some() || control.min_fresh.is_some());
        let is_asked_always = found
            .page
            .as_ref()
            .is_some_and(|page| page.facts.has(Facts::ASK_ALWAYS));
        // The response is for a client that already has something: perhaps a 304.
        let is_elsewhere = self.options().by_headers()
            && found.page.is_none()
            && is_conditional(&self.parts.headers);
        let is_short = self.asked.is_head || self.asked.has_range || is_elsewhere;
        !(wants_new || is_asked_always || is_short)
    }

    pub(crate) fn join(&self, found: &Found) -> Joined {
        self.shared
            .flights
            .join(&self.flight_key(found), self.cache.clock().wall())
    }

    pub(crate) fn flight_key(&self, found: &Found) -> String {
        let key = found.varies.as_ref().map_or(&self.primary, |(_, key)| key);
        // A page kept for an anonymous visitor is mostly not for an identified one.
        let who = if self.asked.is_somebody() { "+" } else { "" };
        format!("{key}{who}")
    }

    /// Returns whether the page that was found is an answer by itself.
    pub(crate) fn is_served(&self, found: &Found) -> bool {
        matches!(
            self.verdict(found, self.cache.clock().wall()),
            Ok((_, Verdict::Serve))
        )
    }

    pub(crate) fn served<B: Body>(&self, found: &Found, told: Told) -> Served<B> {
        let now = self.cache.clock().wall();
        let (page, verdict) = match self.verdict(found, now) {
            Ok(judged) => judged,
            Err(why) => return Served::Nothing(why),
        };
        let question = Question {
            asked: self.asked,
            headers: &self.parts.headers,
            options: self.options(),
            now,
        };
        let answer = answer::from_cache(page, question, told);
        match verdict {
            Verdict::ServeAndRenew => Served::AnswerAndRenew(answer),
            Verdict::Serve | Verdict::Renew => Served::Answer(answer),
        }
    }

    /// Returns the page that may be served, or why there is none, in the terms of RFC 9211.
    fn verdict<'a>(
        &self,
        found: &'a Found,
        now: u64,
    ) -> Result<(&'a Stored, Verdict), &'static str> {
        let Some(page) = &found.page else {
            let is_varied = found.varies.is_some();
            return Err(if is_varied { "vary-miss" } else { "uri-miss" });
        };
        let options = self.options();
        if !is_for(self.asked, page.facts, options) {
            return Err("bypass");
        }
        match judge(page, &self.asked, options.heeds_requests, now) {
            Verdict::Renew if page.age_at(now) < page.life => Err("request"),
            Verdict::Renew => Err("stale"),
            verdict => Ok((page, verdict)),
        }
    }
}
