//! What all views of one cache share: the levels, the flights and the settings.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::doubts::Doubts;
use crate::flight::Table;
use crate::guarded::Guarded;
use crate::local::{Bounds, Level};
use crate::recovery::Owed;
use crate::retries::Retries;
use crate::settings::Settings;
use crate::space::Space;
use crate::store::Store;
use crate::sync::lock;

/// Where a cache keeps what is not `local`.
pub(crate) enum Place {
    /// In the in-process level.
    Process,
    /// In a store outside.
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
    level: Option<Level>,
    store: Option<Guarded>,
    spaces: Mutex<HashMap<Arc<str>, Arc<Space>>>,
}

impl Core {
    pub(crate) fn new(settings: Settings, place: Place) -> Self {
        let level = (!matches!(place, Place::Nowhere)).then(|| {
            let culls = matches!(place, Place::Process);
            let bounds = Bounds {
                max_entries: settings.max_entries,
                max_bytes: settings.max_bytes,
                largest: settings.max_value_size,
                cull_frequency: settings.cull_frequency.filter(|_| culls),
            };
            Level::new(bounds, settings.clock.clone())
        });
        let store = match place {
            Place::Shared(store) => Some(Guarded::new(
                store,
                settings.op_timeout,
                settings.clock.clone(),
            )),
            Place::Process | Place::Nowhere => None,
        };
        Self {
            flights: Table::new(settings.op_timeout, settings.clock.clone()),
            retries: Retries::default(),
            owed: Owed::default(),
            doubts: Doubts::default(),
            settings,
            level,
            store,
            spaces: Mutex::default(),
        }
    }

    /// The store, for values that may leave the process.
    pub(crate) fn store(&self) -> Option<&Guarded> {
        self.store.as_ref()
    }

    /// The in-process level, if it keeps values of this kind: all of them where there is no store,
    /// `local` ones always.
    #[inline]
    pub(crate) fn level(&self, is_shared: bool) -> Option<&Level> {
        if is_shared && self.store.is_some() {
            return None;
        }
        self.level.as_ref()
    }

    /// The in-process level, whatever it keeps.
    pub(crate) fn any_level(&self) -> Option<&Level> {
        self.level.as_ref()
    }

    /// The space of this key prefix.
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

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core")
            .field("settings", &self.settings)
            .field("level", &self.level)
            .field("store", &self.store)
            .field("flights", &self.flights.len())
            .finish_non_exhaustive()
    }
}
