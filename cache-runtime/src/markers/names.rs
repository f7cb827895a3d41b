//! The keys of markers in the store.
//!
//! They begin with a colon after prefix and version (`app:1::tag:user:7`), like no key of a function and
//! hardly any chosen by a person.

use crate::cache::Cache;
use crate::cache::settings::Settings;
use crate::key::{self, KeyHash};
use crate::site::Site;

const TAG: &str = ":tag:";
const FUNCTION: &str = ":clear:";
const CACHE: &str = ":clear";
/// Longer names are hashed: a whole key has at most 250 bytes.
const LONGEST: usize = 120;

/// Returns whether a key without its prefix and version is that of a marker.
pub(crate) fn is_name(name: &str) -> bool {
    name == CACHE || name.starts_with(TAG) || name.starts_with(FUNCTION)
}

/// Returns the whole key of a tag's marker: one for all versions of a prefix.
pub(crate) fn of_tag(cache: &Cache, tag: &str) -> String {
    let version = cache.core().settings.version;
    whole(cache, version, &format!("{TAG}{}", written(tag)))
}

/// Returns the whole key of the marker of all entries of a function, in this cache's prefix and version.
pub(crate) fn of_function(cache: &Cache, site: &Site) -> String {
    whole(cache, cache.version_number(), &name_of_function(site))
}

fn name_of_function(site: &Site) -> String {
    let name = format!("{}:{}", site.prefix(), site.name);
    format!("{FUNCTION}{}", written(&name))
}

/// Returns the whole key of the marker of all entries of this cache's prefix and version.
pub(crate) fn of_cache(cache: &Cache) -> String {
    whole(cache, cache.version_number(), CACHE)
}

/// Returns whether the marker `key` ends all entries of this prefix and version, or all those of `site`.
pub(crate) fn ends_all_of(
    key: &str,
    settings: &Settings,
    (prefix, version): (&str, i64),
    site: Option<&Site>,
) -> bool {
    let is = |name: &str| key == settings.make_key(prefix, version, name);
    is(CACHE) || site.is_some_and(|site| is(&name_of_function(site)))
}

fn whole(cache: &Cache, version: i64, name: &str) -> String {
    let settings = &cache.core().settings;
    settings.make_key(&cache.space().prefix, version, name)
}

/// Returns the name as any store accepts it: unchanged if possible, otherwise its hash.
fn written(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
    if name.len() <= LONGEST && name.bytes().all(is_plain) {
        return name.to_owned();
    }
    key::function_key("#", name, KeyHash::Md5)
}

#[cfg(test)]
mod tests {
    use super::{is_name, of_tag, written};
    use crate::Cache;

    #[test]
    fn odd_tags_are_hashed() {
        assert_eq!(written("user:7"), "user:7");
        assert_eq!(written("user 7").len(), 34);
        assert_ne!(written("user 7"), written("user  7"));
        assert_ne!(written("#a"), "#a", "nobody writes what looks like a hash");
        assert_eq!(written(&"x".repeat(121)).len(), 34);
        let cache = Cache::from_url("memory://?key_prefix=app&version=3").unwrap();
        assert_eq!(of_tag(&cache, "user:7"), "app:3::tag:user:7");
        assert_eq!(
            of_tag(&cache.with_version(9), "user:7"),
            "app:3::tag:user:7"
        );
        assert!(is_name(":tag:user:7") && !is_name("tag:user:7"));
    }
}
