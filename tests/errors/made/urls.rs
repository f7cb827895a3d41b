//! Mistakes in a URL.

use cache_runtime::{Cache, caches};

use crate::group::Group;

/// Block by block, the URLs that are wrong in the same way.
pub(crate) const URLS: &[(&str, &[&str])] = &[
    (
        "run url_shape",
        &[
            "",
            "localhost:6379",
            "memory://?timeout",
            "memory://?timeout=1&timeout=2",
        ],
    ),
    (
        "run url_login",
        &[
            "redis://:pa/ss@localhost/1",
            "redis://:50%@localhost",
            "redis://:%ff@localhost",
        ],
    ),
    (
        "run url_scheme",
        &[
            "reds://localhost",
            "reddis://localhost",
            "postgress://localhost/db",
            "memcache://localhost",
            "valkey://localhost",
            "redis+tls://localhost",
            "locmem://",
            "http://localhost",
        ],
    ),
    (
        "run url_option",
        &[
            "memory://?timeot=60",
            "memory://?TIMEOUT=60",
            "memory://?ttl=60",
            "redis://localhost?serializer=json",
            "redis://localhost?colour=red",
        ],
    ),
    (
        "run url_option_of_another",
        &["memcached://host?db=1", "redis://host?table=t"],
    ),
    (
        "run url_option_login",
        &["redis://localhost?password=hunter2"],
    ),
    (
        "run url_value_of_a_list",
        &[
            "redis://localhost?format=djngo",
            "redis://localhost?format=pickle",
            "redis://localhost?compress=ztd",
            "redis://localhost?compress=gzip",
            "redis://localhost?key_hash=crc",
            "redis://localhost?protocol=3",
        ],
    ),
    (
        "run url_value_of_time",
        &[
            "memory://?timeout=soon",
            "redis://localhost?op_timeout=0",
            "redis://localhost?connect_timeout=-1",
            "redis://localhost?local_timeout=10 minutes",
        ],
    ),
    (
        "run url_value_of_a_number",
        &[
            "memory://?version=one",
            "memory://?max_entries=0",
            "memory://?cull_frequency=-1",
            "memory://?max_value_size=big",
            "redis://localhost?db=-1",
            "redis://localhost?local_max=0",
        ],
    ),
    (
        "run url_sign_with",
        &[
            "redis://localhost?sign_with=hunter2",
            "redis://localhost?sign_with=CACHE_TESTS_NOT_THERE",
            // Cargo sets it, and `0.1.0` is too short.
            "redis://localhost?sign_with=CARGO_PKG_VERSION",
        ],
    ),
    (
        "run url_format_refuses",
        &[
            // Cargo sets it, and its text is long enough.
            "redis://localhost?sign_with=CARGO_PKG_LICENSE&format=django",
            "redis://localhost?local_max=10&format=json",
        ],
    ),
    (
        "run url_local",
        &["memory://?local_max=10", "dummy://?local_timeout=10"],
    ),
    ("run url_prefix", &["memory://?key_prefix=a%0Ab"]),
    (
        "run url_nowhere",
        &["memory://localhost/1", "dummy://localhost"],
    ),
    (
        "run url_redis",
        &[
            "redis://one,two",
            "redis://localhost/one",
            "redis://localhost/1?db=2",
            "redis://localhost:99999",
            "redis+unix://",
            "redis+unix://run/redis.sock",
            "redis+cluster://one,two/1",
            "redis+sentinel://h1,h2",
        ],
    ),
    (
        "run url_tls",
        &[
            "rediss://host?cert=/me.pem",
            "rediss://host?ca=/no/such/file.pem",
            "rediss://host?ca=/dev/null",
        ],
    ),
    (
        "run url_memcached",
        &[
            "memcached://me:secret@host",
            "memcached:///run/memcached.sock",
            "memcached://one,:11212",
            "memcached://one,two,one:11211",
        ],
    ),
    (
        "run url_sql",
        &[
            "sqlite://var/cache/app.db",
            "sqlite:",
            "sqlite:app.db?table=a%22b",
            "postgres://me@host",
            "mariadb://one,two/db",
        ],
    ),
    ("run url_file", &["file://var/cache/app", "file://"]),
];

pub(crate) fn groups() -> Vec<Group> {
    let message = |url: &&str| Cache::from_url(url).expect_err(url).to_string();
    let urls = URLS.iter();
    let mut groups: Vec<Group> = urls
        .map(|(name, urls)| Group::new(name, urls.iter().map(message)))
        .collect();
    groups.push(Group::new(
        "run alias",
        [
            caches().get("sesions").unwrap_err(),
            caches().set("a b", Cache::isolated()).unwrap_err(),
        ],
    ));
    groups
}
