//! Formats, compressions and signatures, from inside: golden bytes, every pair of settings, bombs,
//! and bytes that nobody wrote.

mod bombs;
mod compact;
mod garbage;
mod golden;
mod pairs;
#[cfg(feature = "signing")]
mod signatures;

use super::{Codec, Compression, Format, Times};

const TIMES: Times = Times {
    created: 1_700_000_000_000,
    stamp: None,
    expires: 1_700_000_600_000,
    cost: 1500,
};

const FORMATS: &[Format] = &[
    Format::Native,
    #[cfg(feature = "compact")]
    Format::Compact,
    Format::Json,
    Format::Django,
];

const COMPRESSIONS: &[Compression] = &[
    Compression::None,
    #[cfg(feature = "zlib")]
    Compression::Zlib,
    #[cfg(feature = "zstd")]
    Compression::Zstd,
    #[cfg(feature = "lz4")]
    Compression::Lz4,
];

fn codec(format: Format, compression: Compression) -> Codec {
    Codec {
        format,
        compression,
        max_inflated: 16 << 20,
        bare_integers: true,
    }
}

/// Every format with every compression.
fn codecs() -> impl Iterator<Item = Codec> {
    FORMATS
        .iter()
        .flat_map(|format| COMPRESSIONS.iter().map(|by| codec(*format, *by)))
}

/// Numbers that look random and are the same in every run.
struct XorShift(u64);

impl XorShift {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[3]
    }
}
