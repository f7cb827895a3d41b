//! A number of a `serde_json::Value`, where another crate in the build has switched on serde_json's
//! `arbitrary_precision`: text inside, under a name of its own. A key must not depend on that.

use serde::{Serialize, Serializer};

use super::buffer::Tree;
use super::error::KeyError;

/// What serde_json calls it.
pub(super) const NAME: &str = "$serde_json::private::Number";

/// The number that it would be without that feature.
#[cold]
pub(super) fn write<S, T>(encoder: S, text: &T) -> Result<(), KeyError>
where
    S: Serializer<Ok = (), Error = KeyError>,
    T: Serialize + ?Sized,
{
    let mut held = Tree::default();
    held.push(text)?;
    let number = held.as_text().unwrap_or_default();
    if let Ok(number) = number.parse::<u64>() {
        return encoder.serialize_u64(number);
    }
    // `-0` is a float there.
    if let Ok(number) = number.parse::<i64>()
        && number != 0
    {
        return encoder.serialize_i64(number);
    }
    match number.parse::<f64>() {
        Ok(number) => encoder.serialize_f64(number),
        Err(_) => Err(serde::ser::Error::custom("a JSON number is not a number")),
    }
}
