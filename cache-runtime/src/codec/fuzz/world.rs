//! The values and settings that the targets read with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::codec::{Codec, Compression, Format, Times};

/// Inflating stops here.
pub(super) const MOST: usize = 64 << 10;

pub(super) const TIMES: Times = Times {
    created: 1_700_000_000_000,
    stamp: None,
    expires: 1_700_000_600_000,
    cost: 1500,
};

pub(super) const COMPRESSIONS: &[Compression] = &[
    Compression::None,
    #[cfg(feature = "zlib")]
    Compression::Zlib,
    #[cfg(feature = "zstd")]
    Compression::Zstd,
    #[cfg(feature = "lz4")]
    Compression::Lz4,
];

pub(super) const OWN_FORMATS: &[Format] = &[
    Format::Native,
    #[cfg(feature = "compact")]
    Format::Compact,
];

pub(super) fn codec(format: Format, compression: Compression) -> Codec {
    Codec {
        format,
        compression,
        max_inflated: MOST,
        bare_integers: true,
    }
}

/// What reading `stored` bytes may hold at most: what is inflated, the window and the blocks of the
/// decoder (LZ4 has such of 4 MiB), and the value, which may be a map of a kilobyte for each byte.
pub(super) fn allowed(stored: usize) -> usize {
    (16 << 20) + 256 * (stored + MOST)
}

/// A value with something of everything.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Sample {
    id: u64,
    text: String,
    list: Vec<Option<f64>>,
    large: i128,
    #[serde(default)]
    by_number: BTreeMap<i32, Kind>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Kind {
    Unit,
    Newtype(bool),
    Tuple(u8, char),
    Struct { bytes: Vec<u8> },
}

pub(super) fn sample() -> Sample {
    Sample {
        id: 7,
        text: "a longer text, a longer text, é清😀".to_owned(),
        list: vec![Some(1.5), None, Some(-2e10)],
        large: i128::from(u64::MAX) + 1,
        by_number: BTreeMap::from([
            (-1, Kind::Unit),
            (0, Kind::Newtype(true)),
            (1, Kind::Tuple(255, 'é')),
            (
                2,
                Kind::Struct {
                    bytes: vec![0, 255],
                },
            ),
        ]),
    }
}
