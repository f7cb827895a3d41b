//! The version of a key.

/// Django's key version: any integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(pub(crate) i64);

impl Version {
    /// Returns the number.
    #[must_use]
    pub fn number(self) -> i64 {
        self.0
    }
}

macro_rules! from_integers {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Version {
            fn from(number: $integer) -> Self {
                Self(i64::from(number))
            }
        }
    )*};
}

from_integers!(i8, i16, i32, i64, u8, u16, u32);

// Versions beyond i64 wrap around, and so stay distinct.
impl From<u64> for Version {
    fn from(number: u64) -> Self {
        Self(number.cast_signed())
    }
}

impl From<usize> for Version {
    fn from(number: usize) -> Self {
        Self::from(number as u64)
    }
}

impl From<isize> for Version {
    fn from(number: isize) -> Self {
        Self(number as i64)
    }
}
