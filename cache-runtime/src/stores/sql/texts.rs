//! The statements, made once for the table and the dialect.

use std::sync::Arc;

use super::connection::Value;
use super::dialect::Dialect;
use super::table::Table;

/// The text of a statement.
pub(super) type Text = Arc<str>;

/// All statements. The values that each takes are listed beside it, in order.
pub(super) struct Texts {
    pub(super) create: Vec<Text>,
    /// Key.
    pub(super) get: Text,
    /// Key, value, life.
    pub(super) set: Text,
    /// Key, value, life; changes nothing if there is such a row, unless it has expired.
    pub(super) add: Text,
    /// Key.
    pub(super) delete: Text,
    pub(super) delete_if: Text,
    /// Life, key.
    pub(super) touch: Text,
    /// Key; `NULL` for a row that never expires.
    pub(super) ttl: Text,
    /// New value, key, old value.
    pub(super) swap: Text,
    /// First key, the key after the last, how many at most.
    pub(super) page: Text,
    /// The same; deletes, expired rows too.
    pub(super) clear: Text,
    /// How many at most: it counts no further.
    pub(super) count: Text,
    pub(super) version: Text,
    pub(super) size: Text,
    /// How many at most.
    pub(super) purge: Text,
    /// The key that is spared, how many at most; from the rows that expire, the soonest.
    pub(super) cull: Text,
    /// The same, from the rows that never expire.
    pub(super) cull_lasting: Text,
    get_many: Listed,
    delete_many: Listed,
    set_many: [String; 2],
    /// The table as it is written, and the condition for a row that has not expired.
    looks: [String; 2],
    begin: fn(&str, &str, &str) -> String,
    literal: fn(&str) -> String,
    now: &'static str,
    arrays: bool,
}

/// A statement with a list of keys in the middle.
struct Listed {
    head: String,
    tail: String,
}

impl Texts {
    pub(super) fn new(dialect: &Dialect, table: &Table) -> Self {
        let Dialect { now, alias, .. } = dialect;
        let fill = |text: &str| text.replace("{now}", now);
        let text = |text: &str| numbered(&fill(text), dialect.numbered);
        let t = &table.quoted(dialect.quote);
        let alive = &fill("(expires IS NULL OR expires > {now})");
        let insert = format!("INSERT INTO {t}{alias} (cache_key, value, expires)");
        let (replace, replace_expired) = (dialect.replace, dialect.replace_expired);
        let some = |condition: &str, order: &str| text(&(dialect.delete_some)(t, condition, order));
        let listed = |head: String| Listed {
            head,
            tail: format!(" AND {alive}"),
        };
        let delete_many = if dialect.arrays {
            // Locked in the order in which `set_many` writes them: otherwise the two wait for each
            // other, and the server takes a second to notice.
            Listed {
                head: format!(
                    "DELETE FROM {t} WHERE ctid = ANY (ARRAY (SELECT ctid FROM {t} WHERE cache_key"
                ),
                tail: format!(" AND {alive} ORDER BY cache_key FOR UPDATE))"),
            }
        } else {
            listed(format!("DELETE FROM {t} WHERE cache_key"))
        };
        Self {
            create: (dialect.create)(table)
                .into_iter()
                .map(Text::from)
                .collect(),
            get: text(&format!(
                "SELECT value FROM {t} WHERE cache_key = ? AND {alive}"
            )),
            set: text(&format!("{insert} VALUES (?, ?, {{now}} + ?) {replace}")),
            add: text(&format!(
                "{insert} VALUES (?, ?, {{now}} + ?) {replace_expired}"
            )),
            delete: text(&format!("DELETE FROM {t} WHERE cache_key = ? AND {alive}")),
            delete_if: text(&format!(
                "DELETE FROM {t} WHERE cache_key = ? AND value = ? AND {alive}"
            )),
            touch: text(&format!(
                "UPDATE {t} SET expires = {{now}} + ? WHERE cache_key = ? AND {alive}"
            )),
            ttl: text(&format!(
                "SELECT expires - {{now}} FROM {t} WHERE cache_key = ? AND {alive}"
            )),
            swap: text(&format!(
                "UPDATE {t} SET value = ? WHERE cache_key = ? AND value = ? AND {alive}"
            )),
            page: text(&format!(
                "SELECT cache_key FROM {t} WHERE cache_key >= ? AND cache_key < ? AND {alive} \
                 ORDER BY cache_key LIMIT ?"
            )),
            clear: some("cache_key >= ? AND cache_key < ?", "cache_key"),
            count: text(&format!(
                "SELECT COUNT(*) FROM (SELECT 1 AS one FROM {t} LIMIT ?) AS counted"
            )),
            version: text(dialect.version),
            size: text(&(dialect.size)(table)),
            purge: some("expires <= {now}", "expires"),
            cull: some("expires IS NOT NULL AND cache_key <> ?", "expires"),
            cull_lasting: some("expires IS NULL AND cache_key <> ?", "cache_key"),
            get_many: listed(format!("SELECT cache_key, value FROM {t} WHERE cache_key")),
            delete_many,
            set_many: [insert, format!(" {replace}")],
            looks: [t.clone(), alive.clone()],
            begin: dialect.begin,
            literal: dialect.literal,
            now,
            arrays: dialect.arrays,
        }
    }

    /// Returns the statement for the keys and values of those `keys` that have not expired.
    pub(super) fn get_many<'a>(&self, keys: &[&'a str]) -> (Text, Vec<Value<'a>>) {
        self.listed(&self.get_many, keys)
    }

    /// Deletes those `keys` that are alive.
    pub(super) fn delete_many<'a>(&self, keys: &[&'a str]) -> (Text, Vec<Value<'a>>) {
        self.listed(&self.delete_many, keys)
    }

    fn listed<'a>(
        &self,
        Listed { head, tail }: &Listed,
        keys: &[&'a str],
    ) -> (Text, Vec<Value<'a>>) {
        if self.arrays {
            let text = format!("{head} = ANY ($1){tail}");
            return (text.into(), vec![Value::Keys(keys.to_vec())]);
        }
        // Padded to a power of two with keys that are there already, so that there are few
        // texts, and each of them is prepared already.
        let room = keys.len().next_power_of_two();
        let mut text = String::with_capacity(head.len() + 8 + 3 * room + tail.len());
        text.push_str(head);
        text.push_str(" IN (?");
        text.extend(std::iter::repeat_n(", ?", room - 1));
        text.push(')');
        text.push_str(tail);
        let mut values: Vec<Value<'a>> = keys.iter().map(|key| Value::Key(key)).collect();
        if let Some(last) = keys.last() {
            values.resize_with(room, || Value::Key(last));
        }
        (text.into(), values)
    }

    /// Begins the transaction in which `key` is written, and reads what is under `beside`: `NULL` if
    /// nothing is.
    pub(super) fn begin(&self, key: &str, beside: &str) -> Text {
        let ([table, alive], begin) = (&self.looks, (self.begin)(&self.looks[0], key, beside));
        let beside = (self.literal)(beside);
        format!(
            "{begin}; SELECT (SELECT value FROM {table} WHERE cache_key = {beside} AND {alive})"
        )
        .into()
    }

    /// Writes all `items`, whose keys differ, for `life`.
    pub(super) fn set_many<'a>(
        &self,
        items: &[(&'a str, &'a [u8])],
        life: Option<i64>,
    ) -> (Text, Vec<Value<'a>>) {
        let ([insert, replace], now) = (&self.set_many, self.now);
        if self.arrays {
            let text = format!(
                "{insert} SELECT k, v, {now} + $3 FROM UNNEST($1::bytea[], $2::bytea[]) AS new (k, v)\
                 {replace}"
            );
            let (keys, values) = items.iter().copied().unzip();
            let values = vec![Value::Keys(keys), Value::Many(values), Value::Number(life)];
            return (text.into(), values);
        }
        let row = format!("(?, ?, {now} + ?)");
        let rows = vec![row.as_str(); items.len()].join(", ");
        let values = items
            .iter()
            .flat_map(|(key, value)| [Value::Key(key), Value::Bytes(value), Value::Number(life)]);
        (
            format!("{insert} VALUES {rows}{replace}").into(),
            values.collect(),
        )
    }
}

/// Returns the text with `$1`, `$2` for each `?`, if so wanted.
fn numbered(text: &str, wanted: bool) -> Text {
    if !wanted {
        return text.into();
    }
    let mut parts = text.split('?');
    let mut numbered = parts.next().unwrap_or_default().to_owned();
    for (at, part) in parts.enumerate() {
        numbered.push_str(&format!("${}{part}", at + 1));
    }
    numbered.into()
}
