//! The key of a fragment, byte for byte as Django's `make_template_fragment_key` makes it.

use md5::{Digest, Md5};

use super::vary::Vary;
use crate::hex::hex;

/// Which version of Django makes the same keys: they were changed once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DjangoKeys {
    /// Django 6.1 and later: each value that a fragment varies on enters with its length, so that `["a:b"]` and
    /// `["a", "b"]` are two fragments.
    #[default]
    V6_1,
    /// Django 5.2 and earlier, for services that share fragments with one: `["a:b"]` and `["a", "b"]` are the
    /// same fragment.
    V5_2,
}

/// Returns the key of a fragment from its name and what it varies on, as Django 6.1 makes it.
///
/// [`Fragment::key`](super::Fragment::key) does the same for an existing fragment, and supports the older
/// [`DjangoKeys`].
///
/// ```
/// use cache_web::fragment::make_template_fragment_key;
///
/// let key = make_template_fragment_key("bar", &[&"abc", &"def"]);
/// assert_eq!(key, "template.cache.bar.250310c146db454966b64f5fc265a540");
/// ```
#[must_use]
pub fn make_template_fragment_key(name: &str, vary_on: &[&dyn Vary]) -> String {
    let texts: Vec<_> = vary_on.iter().map(|vary| vary.text()).collect();
    DjangoKeys::V6_1.key(name, &texts)
}

impl DjangoKeys {
    pub(super) fn key(self, name: &str, vary_on: &[impl AsRef<str>]) -> String {
        let mut digest = Md5::new();
        for text in vary_on {
            let text = text.as_ref();
            if self == Self::V6_1 {
                digest.update(format!("{}:", text.len()));
            }
            digest.update(text);
            digest.update(match self {
                Self::V6_1 => ",",
                Self::V5_2 => ":",
            });
        }
        format!("template.cache.{name}.{}", hex(&digest.finalize()))
    }
}
