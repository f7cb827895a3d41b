//! What may be kept under one key: one thing, until a failure leaves it open which of several.

/// What is kept: a value and when it ends, in milliseconds; `None` for never.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Kept<V> {
    pub(crate) value: V,
    pub(crate) end: Option<u64>,
}

impl<V> Kept<V> {
    pub(crate) fn is_fresh(&self, now: u64) -> bool {
        self.end.is_none_or(|end| end > now)
    }
}

/// The contents of one key.
pub(crate) type State<V> = Option<Kept<V>>;

/// All that may be kept under one key; never empty.
#[derive(Debug, Clone)]
pub(crate) struct Possible<V>(Vec<State<V>>);

impl<V: Clone + PartialEq> Possible<V> {
    pub(crate) fn nothing() -> Self {
        Self(vec![None])
    }

    /// What has not ended by `now`.
    pub(crate) fn states(&self, now: u64) -> Self {
        let fresh = |state: &State<V>| state.clone().filter(|kept| kept.is_fresh(now));
        self.0.iter().map(fresh).collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &State<V>> {
        self.0.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn or(&self, other: &Self) -> Self {
        self.iter().chain(other.iter()).cloned().collect()
    }
}

impl<V: Clone + PartialEq> FromIterator<State<V>> for Possible<V> {
    fn from_iter<I: IntoIterator<Item = State<V>>>(states: I) -> Self {
        let mut all = Vec::new();
        for state in states {
            if !all.contains(&state) {
                all.push(state);
            }
        }
        Self(all)
    }
}
