//! Asking a real cache, in words that can be compared.

use std::collections::BTreeMap;

use cache_runtime::{Cache, CacheError, ErrorKind, Ttl};
use futures_executor::block_on;
use serde_json::{Value, json};

use crate::words::{Kind, Thing, View, Word};

/// What comes of a word.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    Done,
    Is(bool),
    Value(Option<Value>),
    Number(i64),
    Count(u64),
    Life(Ttl),
    Names(Vec<String>),
    Values(BTreeMap<String, Value>),
    /// The keys that were not kept.
    NotKept(Vec<String>),
    Error(ErrorKind),
}

impl Thing {
    pub(crate) fn json(&self) -> Value {
        match self {
            Thing::Number(number) => json!(number),
            Thing::Text(text) => json!(text),
            Thing::Fraction(fraction) => json!(fraction),
            Thing::List(list) => json!(list),
            Thing::Nothing => Value::Null,
        }
    }

    /// The type that it is asked for by.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Thing::Number(_) => Kind::Number,
            Thing::Text(_) => Kind::Text,
            _ => Kind::Any,
        }
    }
}

pub(crate) fn view(cache: &Cache, view: View) -> Cache {
    let cache = if view.prefix.is_empty() {
        cache.clone()
    } else {
        cache.with_prefix(view.prefix)
    };
    cache.with_version(view.version)
}

/// What the cache says.
pub(crate) fn ask(cache: &Cache, word: &Word) -> Answer {
    block_on(said(cache, word)).unwrap_or_else(|error| Answer::Error(error.kind()))
}

async fn said(cache: &Cache, word: &Word) -> Result<Answer, CacheError> {
    Ok(match word {
        Word::Get(key, kind) => Answer::Value(match kind {
            Kind::Any => cache.get::<Value>(key).await?,
            Kind::Number => cache.get::<i64>(key).await?.map(Value::from),
            Kind::Text => cache.get::<String>(key).await?.map(Value::from),
        }),
        // Each as the type it is; in process it is kept as that.
        Word::Set(key, thing, life) => {
            match thing {
                Thing::Number(number) => cache.set(key, number, life.timeout()).await?,
                Thing::Text(text) => cache.set(key, *text, life.timeout()).await?,
                Thing::Fraction(fraction) => cache.set(key, fraction, life.timeout()).await?,
                Thing::List(list) => cache.set(key, list, life.timeout()).await?,
                Thing::Nothing => cache.set(key, &None::<u8>, life.timeout()).await?,
            }
            Answer::Done
        }
        Word::Add(key, thing, life) => Answer::Is(match thing {
            Thing::Number(number) => cache.add(key, number, life.timeout()).await?,
            Thing::Text(text) => cache.add(key, *text, life.timeout()).await?,
            thing => cache.add(key, &thing.json(), life.timeout()).await?,
        }),
        Word::GetOrSet(key, thing, life) => Answer::Value(Some(match thing {
            Thing::Number(number) => {
                let make = async || *number;
                cache.get_or_set(key, life.timeout(), make).await?.into()
            }
            Thing::Text(text) => {
                let make = async || String::from(*text);
                cache.get_or_set(key, life.timeout(), make).await?.into()
            }
            thing => {
                let make = async || thing.json();
                cache.get_or_set(key, life.timeout(), make).await?
            }
        })),
        Word::Touch(key, life) => Answer::Is(cache.touch(key, life.timeout()).await?),
        Word::Delete(key) => Answer::Is(cache.delete(key).await?),
        Word::Incr(key, by) => Answer::Number(cache.incr(key, *by).await?),
        Word::Decr(key, by) => Answer::Number(cache.decr(key, *by).await?),
        Word::HasKey(key) => Answer::Is(cache.has_key(key).await?),
        Word::Ttl(key) => Answer::Life(cache.ttl(key).await?),
        Word::IncrVersion(key, by) => Answer::Number(cache.incr_version(key, *by).await?),
        Word::GetMany(keys) => {
            let found = cache.get_many::<Value>(keys).await?;
            Answer::Values(found.into_iter().collect())
        }
        Word::SetMany(items, life) => {
            let items = items.iter().map(|(key, thing)| (key, thing.json()));
            Answer::NotKept(cache.set_many(items, life.timeout()).await?)
        }
        Word::DeleteMany(keys) => Answer::Count(cache.delete_many(keys).await?),
        Word::Clear => {
            cache.clear().await?;
            Answer::Done
        }
        Word::Keys(pattern) => {
            let mut names = cache.keys(pattern).await?;
            names.sort();
            Answer::Names(names)
        }
        Word::Wait(_) | Word::WaitForTheEnd(..) => unreachable!("nothing is asked"),
    })
}
