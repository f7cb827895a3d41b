//! What all views of one cache share: the levels, the flights and the settings.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::cache::settings::Settings;
use crate::cache::space::Space;
use crate::call::retries::Retries;
use crate::flight::Table;
use crate::guarded::Guarded;
use crate::local::{Bounds, FullKey, Header, Level};
use crate::markers::stamp::Stamp;
use crate::markers::{self, Mark, Markers};
use crate::near::Near;
use crate::news::News;
use crate::recovery::Owed;
use crate::recovery::doubts::Doubts;
use crate::store::Store;
use crate::sync::lock;

/// Where a cache keeps what is not `local`.
pub(crate) enum Backing {
    /// In the in-process level.
    Process,
    /// In an external store.
    Shared(Arc<dyn Store>),
    /// Nowhere.
    Nowhere,
}

pub(crate) struct Core {
    pub(crate) settings: Settings,
    pub(crate) flights: Arc<Table>,
    pub(crate) retries: Retries,
    pub(crate) owed: Owed,
    pub(crate) doubts: Doubts,
    pub(crate) markers: Markers,
    /// For what has no store: everything, or what is `local`.
    level: Option<Level>,
    /// For copies of what is in the store.
    near: Option<Near>,
    store: Option<Guarded>,
    /// News between the processes that share the store, if it carries any.
    news: Option<Arc<News>>,
    spaces: Mutex<HashMap<Arc<str>, Arc<Space>>>,
}

impl Core {
    pub(crate) fn new(settings: Settings, backing: Backing) -> Self {
        let level = (!matches!(backing, Backing::Nowhere)).then(|| {
            let culls = matches!(backing, Backing::Process);
            let bounds = Bounds {
                max_entries: settings.max_entries,
                max_bytes: settings.max_bytes,
                largest: settings.max_value_size,
                cull_frequency: settings.cull_frequency.filter(|_| culls),
            };
            Level::new(bounds, settings.clock.clone(), false)
        });
        let store = match backing {
            Backing::Shared(store) => Some(Guarded::new(
                store,
                settings.op_timeout,
                settings.clock.clone(),
            )),
            Backing::Process | Backing::Nowhere => None,
        };
        let has_news = |store: &Guarded| store.share().backplane().is_some();
        let has_news = store.as_ref().is_some_and(has_news);
        let news = has_news.then(|| News::new(&settings.key_prefix));
        let near = settings.near().filter(|_| store.is_some()).map(|local| {
            let bounds = Bounds {
                max_entries: local.max,
                max_bytes: settings.max_bytes,
                largest: settings.max_value_size,
                cull_frequency: None,
            };
            Near::new(bounds, local.timeout, has_news, settings.clock.clone())
        });
        Self {
            flights: Table::new(settings.op_timeout, settings.clock.clone()),
            retries: Retries::default(),
            owed: Owed::default(),
            doubts: Doubts::default(),
            markers: Markers::default(),
            settings,
            level,
            near,
            store,
            news,
            spaces: Mutex::default(),
        }
    }

    /// The store, for values that may leave the process.
    pub(crate) fn store(&self) -> Option<&Guarded> {
        self.store.as_ref()
    }

    /// Returns the in-process level in which values of this kind are found: as copies, if there is a store
    /// for them.
    #[inline]
    pub(crate) fn level(&self, is_shared: bool) -> Option<&Level> {
        if is_shared && self.store.is_some() {
            return self.near.as_ref().map(Near::level);
        }
        self.level.as_ref()
    }

    /// Returns the in-process level in which values of this kind are kept: all of them if there is no store,
    /// `local` ones always.
    pub(crate) fn home(&self, is_shared: bool) -> Option<&Level> {
        self.level
            .as_ref()
            .filter(|_| !is_shared || self.store.is_none())
    }

    /// The in-process level of what has no store.
    pub(crate) fn any_home(&self) -> Option<&Level> {
        self.level.as_ref()
    }

    /// Returns the in-process level in front of the store.
    pub(crate) fn near(&self) -> Option<&Near> {
        self.near.as_ref()
    }

    /// The news between the processes that share the store.
    pub(crate) fn news(&self) -> Option<&Arc<News>> {
        self.news.as_ref()
    }

    fn levels(&self) -> impl Iterator<Item = &Level> {
        self.level.iter().chain(self.near.as_ref().map(Near::level))
    }

    /// Notes that the marker has been set: what is older is invalid, and no caller joins a computation of it.
    pub(crate) fn marked(&self, mark: &Mark, stamp: Stamp) {
        let clock = &self.settings.clock;
        let arrived = Stamp::now(clock).at;
        if !mark.set(stamp, arrived, clock.now()) {
            return;
        }
        for level in self.levels() {
            level.guard().marked();
        }
        if mark.is_tag() {
            let has_tags = |key: &FullKey| self.markers.has_tags(key.header.binding);
            self.flights.end_where(has_tags);
            return;
        }
        let mut meant: Vec<Header> = Vec::new();
        self.flights.each_open(|key| {
            if !meant.contains(&key.header) {
                meant.push(key.header);
            }
        });
        meant.retain(|header| self.is_ended_by(mark, *header));
        self.flights.end_where(|key| meant.contains(&key.header));
    }

    /// Returns whether the marker of a clear applies to these keys too; if they are unknown, it is assumed to.
    fn is_ended_by(&self, mark: &Mark, header: Header) -> bool {
        let known = {
            let spaces = lock(&self.spaces);
            let of_key = |space: &Arc<Space>| Some((space.binding(header.binding)?, space.clone()));
            spaces.values().find_map(of_key)
        };
        // Under no lock: a key function is user code.
        known.is_none_or(|(binding, space)| {
            let place = (&*space.prefix, header.version);
            markers::ends_all_of(&mark.key, &self.settings, place, binding.site)
        })
    }

    /// Returns how many times the news of other processes has been lost.
    pub(crate) fn lost_news(&self) -> u64 {
        self.news.as_ref().map_or(0, |news| news.lost())
    }

    /// Returns the present, later than everything that happened in this process before.
    pub(crate) fn stamp(&self) -> Stamp {
        if self.store.is_some() {
            Stamp::now(&self.settings.clock)
        } else {
            Stamp::within(&self.settings.clock)
        }
    }

    /// Returns how many entries were evicted to make room.
    pub(crate) fn evictions(&self) -> u64 {
        self.levels().map(Level::evictions).sum()
    }

    /// Returns the space of this key prefix.
    pub(crate) fn space(&self, prefix: &str) -> Arc<Space> {
        let mut spaces = lock(&self.spaces);
        if let Some(space) = spaces.get(prefix) {
            return space.clone();
        }
        let prefix: Arc<str> = Arc::from(prefix);
        let space = Arc::new(Space::new(prefix.clone()));
        spaces.insert(prefix, space.clone());
        space
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        if let Some(news) = &self.news {
            news.close();
        }
    }
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core")
            .field("settings", &self.settings)
            .field("level", &self.level)
            .field("near", &self.near)
            .field("store", &self.store)
            .field("flights", &self.flights.len())
            .finish_non_exhaustive()
    }
}
