//! A number of a `serde_json::Value`, if another crate in the build has enabled serde_json's
//! `arbitrary_precision`: it is then text, under a special name. A key must not depend on that.

use serde::{Serialize, Serializer};

use super::buffer::Tree;
use super::error::KeyError;

/// What serde_json calls it.
pub(super) const NAME: &str = "$serde_json::private::Number";

/// Writes the number that it would be without that feature.
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
