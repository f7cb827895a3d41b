//! Keeps what a run returns, under one key or two, so that whatever is invalidated while the service
//! runs stays invalidated.
//!
//! Everything depends on the first key: it holds the page, or the list of names with a number that is
//! part of the variants' keys. The service runs inside a remaking of the first key, and a refresh of the
//! variant's where that is known; a variant whose key is known only at the end is kept as of when the run
//! began. So an invalidation in between ends what comes of the run.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use cache_runtime::{Cache, Moment, Timeout, current};
use http::HeaderMap;
use http_body::Body;

use super::find::{Found, variant_key};
use super::options::Options;
use super::run::{Made, Unkept};
use super::slot::{Slot, Varies};
use super::vary::Names;

/// Where the page of a run is kept.
#[derive(Debug)]
pub(crate) struct Keeping<'a> {
    pub(crate) cache: &'a Cache,
    pub(crate) options: &'a Options,
    pub(crate) primary: &'a str,
    /// The tags of the path.
    pub(crate) tags: &'a [String],
    /// The request's fields, which select a variant.
    pub(crate) request: &'a HeaderMap,
}

impl Keeping<'_> {
    /// Runs `run` and keeps its page.
    pub(crate) async fn keep<B, E, F>(&self, found: Found, run: F) -> Result<Made, Unkept<B, E>>
    where
        B: Body,
        F: Future<Output = Result<Made, Unkept<B, E>>>,
    {
        let mut run = Some(run);
        let mut made = None;
        let (kept, key) = match &found.varies {
            None => (self.first(&mut run, &mut made).await, self.primary),
            Some((varies, key)) => {
                let kept = self.variant(varies, key, &mut run, &mut made).await;
                (kept, &**key)
            }
        };
        match (kept, made, run) {
            (Some(Err(unkept)), ..) => {
                if matches!(unkept, Unkept::Ended(..))
                    && let Err(error) = self.cache.delete(key).await
                {
                    tracing::warn!(%error, "a page that is not to be kept any longer is not forgotten");
                }
                Err(unkept)
            }
            (_, Some(made), _) => Ok(made),
            // The cache cannot take this key: the page is made all the same.
            (_, None, Some(run)) => run.await,
            (_, None, None) => unreachable!("a run ends with a page or without one"),
        }
    }

    /// Returns whether a page is where it was put. A cache may not have stored it, without saying so: its store is
    /// down, the page is too large, one of its tags is too long.
    pub(crate) async fn has(&self, made: &Made) -> bool {
        let Some(key) = made.key.as_deref().filter(|_| !made.is_skipped) else {
            return false;
        };
        let is_there = async |key| matches!(self.cache.has_key(key).await, Ok(true));
        // A variant is found only through the list.
        is_there(key).await && (key == self.primary || is_there(self.primary).await)
    }

    /// Keeps the page if nothing is known of variants.
    async fn first<B, E, F>(
        &self,
        run: &mut Option<F>,
        place: &mut Option<Made>,
    ) -> Option<Result<Slot, Unkept<B, E>>>
    where
        B: Body,
        F: Future<Output = Result<Made, Unkept<B, E>>>,
    {
        let began = self.cache.moment();
        let work = async || {
            let Some(run) = run.take() else {
                unreachable!("a body runs once");
            };
            let mut made = with_decisions(run.await?);
            let slot = if made.is_skipped || made.names.is_empty() && self.options.django.is_none()
            {
                self.say(&made, made.stays);
                made.key = Some(self.primary.to_owned());
                Slot::Page(made.page.clone())
            } else {
                self.say_of_list(&made);
                self.put_variant(&began, made.names.clone(), &mut made)
                    .await
            };
            *place = Some(made);
            Ok(slot)
        };
        self.cache
            .try_remake(self.primary, Timeout::Default, work)
            .await
            .ok()
    }

    /// Keeps the page if the variant's key is known, unless the response varies by more than that.
    async fn variant<B, E, F>(
        &self,
        varies: &Varies,
        key: &str,
        run: &mut Option<F>,
        place: &mut Option<Made>,
    ) -> Option<Result<Slot, Unkept<B, E>>>
    where
        B: Body,
        F: Future<Output = Result<Made, Unkept<B, E>>>,
    {
        let began = self.cache.moment();
        let work = async || {
            let mut other = None;
            let inside = async || {
                let Some(run) = run.take() else {
                    unreachable!("a body runs once");
                };
                let made = with_decisions(run.await.map_err(Some)?);
                let is_known = varies.names.covers(&made.names);
                self.say(&made, made.stays);
                let (page, is_skipped) = (made.page.clone(), made.is_skipped);
                other = Some(made);
                // What is skipped is not kept there, and removes what is.
                if is_known || is_skipped {
                    Ok(page)
                } else {
                    Err(None)
                }
            };
            let kept = self.cache.try_refresh(key, Timeout::Default, inside).await;
            if let Ok(Err(Some(unkept))) = kept {
                return Err(Some(unkept));
            }
            let is_known = matches!(kept, Ok(Ok(_)));
            let Some(mut made) = other else {
                return Err(None);
            };
            if is_known {
                made.key = Some(key.to_owned());
            }
            let slot = if made.is_skipped {
                None
            } else if !is_known {
                // If two responses name different fields, all of them tell requests apart.
                match varies.names.union(&made.names) {
                    Some(names) => {
                        self.say_of_list(&made);
                        Some(self.put_variant(&began, names, &mut made).await)
                    }
                    None => None,
                }
            } else if until(&made, made.stays) > varies.until && self.is_still(varies).await {
                // The list lives as long as what is found through it.
                self.say_of_list(&made);
                let longer = Varies {
                    until: until(&made, of_list(&made)),
                    ..varies.clone()
                };
                Some(Slot::Varies(Arc::new(longer)))
            } else {
                None
            };
            *place = Some(made);
            slot.ok_or(None)
        };
        let kept = self
            .cache
            .try_remake(self.primary, Timeout::Default, work)
            .await;
        match kept {
            Ok(Ok(slot)) => Some(Ok(slot)),
            Ok(Err(Some(unkept))) => Some(Err(unkept)),
            Ok(Err(None)) | Err(_) => None,
        }
    }

    /// Whether this list is there. What ended it between the look and now has ended all that it leads to:
    /// it is not to be written again. From now on that is seen by who makes it.
    async fn is_still(&self, varies: &Varies) -> bool {
        let there = self.cache.get_many_past_copies([self.primary]).await;
        let there = there.ok().and_then(|mut there| there.remove(self.primary));
        matches!(there, Some(Slot::Varies(there)) if there.id == varies.id)
    }

    /// Keeps a variant under a new list, and returns that.
    ///
    /// It is kept as of when its run began: what was invalidated since then ends it, though the list does not know
    /// by what.
    async fn put_variant(&self, began: &Moment, names: Names, made: &mut Made) -> Slot {
        let varies = Varies::new(
            names,
            until(made, of_list(made)),
            self.options.django.is_some(),
        );
        let key = variant_key(self.options, self.primary, &varies, self.request);
        let life = Duration::from_secs(made.stays.into());
        let kept = self
            .cache
            .keep_of(began, &key, life, self.tags_of(made), made.page.clone())
            .await;
        if let Err(error) = kept {
            tracing::debug!(%error, "a page is not kept");
        }
        made.key = Some(key);
        Slot::Varies(Arc::new(varies))
    }

    /// Sets how long the entry lives whose body this is, and by which tags it is invalidated.
    fn say(&self, made: &Made, seconds: u32) {
        let call = current();
        call.timeout(Duration::from_secs(seconds.into()));
        self.tags_of(made).into_iter().for_each(|tag| call.tag(tag));
    }

    /// Does the same for a list. Ending one of its pages is no reason to end the others.
    fn say_of_list(&self, made: &Made) {
        let call = current();
        call.timeout(Duration::from_secs(of_list(made).into()));
        self.tags.iter().for_each(|tag| call.tag(tag));
    }

    fn tags_of(&self, made: &Made) -> Vec<String> {
        if !self.options.has_tags() {
            return Vec::new();
        }
        self.tags.iter().chain(&made.tags).cloned().collect()
    }
}

/// Takes over what the handler decided about the entry in whose computation it ran: it applies to the page,
/// wherever that is kept.
fn with_decisions(mut made: Made) -> Made {
    made.tags.extend(current().take_tags());
    made.is_skipped = current().is_skipped();
    made
}

/// Returns how long a list of names stays, in seconds. Longer than the page, so that it is rarely written: if two
/// requests write it at once, only one of the lists is found afterwards.
fn of_list(made: &Made) -> u32 {
    made.stays.saturating_mul(2)
}

fn until(made: &Made, seconds: u32) -> u64 {
    made.page.at.saturating_add(u64::from(seconds) * 1000)
}
