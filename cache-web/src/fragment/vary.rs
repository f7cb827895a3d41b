//! What a fragment varies on, as the text that Python's `str()` gives: Django's keys are made from it.

use std::borrow::Cow;
use std::sync::Arc;

/// A value that a fragment varies on: text, a number, a Boolean, or an `Option` of these.
///
/// ```
/// use cache_web::fragment::Vary;
///
/// assert_eq!(true.text(), "True");
/// assert_eq!(None::<u64>.text(), "None");
/// assert_eq!(1e16.text(), "1e+16");
/// ```
pub trait Vary {
    /// Returns the text that enters the key: that of Python's `str()`.
    fn text(&self) -> Cow<'_, str>;
}

impl Vary for str {
    fn text(&self) -> Cow<'_, str> {
        self.into()
    }
}

impl Vary for String {
    fn text(&self) -> Cow<'_, str> {
        self.into()
    }
}

impl Vary for bool {
    fn text(&self) -> Cow<'_, str> {
        if *self { "True" } else { "False" }.into()
    }
}

impl Vary for f64 {
    fn text(&self) -> Cow<'_, str> {
        float(*self).into()
    }
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl Vary for $integer {
            fn text(&self) -> Cow<'_, str> {
                self.to_string().into()
            }
        }
    )*};
}

integers!(
    i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize
);

impl<T: Vary> Vary for Option<T> {
    fn text(&self) -> Cow<'_, str> {
        self.as_ref().map_or("None".into(), Vary::text)
    }
}

impl<T: Vary + ?Sized> Vary for &T {
    fn text(&self) -> Cow<'_, str> {
        (**self).text()
    }
}

impl<T: Vary + ?Sized> Vary for Arc<T> {
    fn text(&self) -> Cow<'_, str> {
        (**self).text()
    }
}

impl<T: Vary + ToOwned + ?Sized> Vary for Cow<'_, T> {
    fn text(&self) -> Cow<'_, str> {
        (**self).text()
    }
}

/// Returns Python's `repr` of a float: the shortest digits that read back as the same, with an exponent from
/// 1e16 on and below 1e-4.
fn float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let shortest = format!("{number:e}");
    let digits = shortest
        .split('e')
        .next()
        .unwrap_or_default()
        .bytes()
        .filter(u8::is_ascii_digit)
        .count();
    // Of several equally short ones, Python takes the nearest; `{:e}` takes another if two are equally near.
    let nearest = format!("{number:.*e}", digits.saturating_sub(1));
    let (mantissa, exponent) = nearest.split_once('e').unwrap_or((&nearest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..16).contains(&exponent) {
        let behind_point = i32::try_from(digits).unwrap_or(i32::MAX) - 1 - exponent;
        return format!(
            "{number:.*}",
            usize::try_from(behind_point).unwrap_or(0).max(1)
        );
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::float;

    #[test]
    fn a_float_is_written_as_python_writes_it() {
        let cases = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-1.5, "-1.5"),
            (0.1, "0.1"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (0.000095, "9.5e-05"),
            (1e15, "1000000000000000.0"),
            (9007199254740993.0, "9007199254740992.0"),
            (1e16, "1e+16"),
            (1.5e22, "1.5e+22"),
            (1e-300, "1e-300"),
            (662_100_177_658_617.0 + 0.25, "662100177658617.2"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (number, text) in cases {
            assert_eq!(float(number), text);
        }
    }
}
