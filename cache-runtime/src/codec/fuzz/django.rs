//! What Django's programs write, and plain JSON.

use serde_json::Value;

use super::world::{COMPRESSIONS, Sample, TIMES, allowed, codec, sample};
use crate::codec::{Compression, Format};
use crate::error::ErrorKind;
use crate::fuzz::{Target, memory};

pub(crate) const DJANGO: Target = Target {
    name: "django",
    run,
    seeds,
    words: &[
        b" ",
        b"+",
        b"-",
        b"_",
        b"__",
        b"0",
        b"\x0b",
        b"\xe2\x80\x83",
        b"NaN",
        b"Infinity",
        b"null",
        b"true",
        b"\"",
        b"\\u00e9",
        b"\\ud83d\\ude00",
        b"1e400",
        b"-0.0",
        b"\x78\x9c",
        b"\x28\xb5\x2f\xfd",
        b"\x04\x22\x4d\x18",
    ],
};

const FORMATS: [Format; 2] = [Format::Django, Format::Json];

fn run(bytes: &[u8]) {
    for format in FORMATS {
        let reader = codec(format, Compression::None);
        let most = allowed(bytes.len());
        let _ = memory::within(most, || reader.decode::<Sample>(bytes));
        let _ = memory::within(most, || reader.decode::<i128>(bytes));
        let _ = memory::within(most, || reader.decode::<String>(bytes));
        let value = match memory::within(most, || reader.decode::<Value>(bytes)) {
            Ok(decoded) => decoded.value,
            Err(error) => return assert_eq!(error.kind(), ErrorKind::Decode, "{error}"),
        };
        // Read by whoever reads, however it is compressed.
        for (format, by) in FORMATS
            .iter()
            .flat_map(|f| COMPRESSIONS.iter().map(move |by| (f, by)))
        {
            let codec = codec(*format, *by);
            for again in [
                codec.encode(&value, TIMES),
                codec.encode_plain(&value, TIMES),
            ] {
                let again = again.unwrap_or_else(|error| panic!("{codec:?} {value}: {error}"));
                let found = reader.decode::<Value>(&again);
                let found = found.unwrap_or_else(|error| panic!("{codec:?} {value}: {error:?}"));
                assert_eq!(found.value, value, "{codec:?}");
                assert_eq!(found.times, None);
            }
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<_> = [
        "42",
        " -1_000 ",
        "+007",
        "123456789012345678901234567890",
        "[1, 2.5, null, true, \"é\", {\"a\": {\"b\": []}}]",
        "{\"id\": 1, \"text\": \"\\u00e9\\n\", \"ratio\": 1e-07}",
        "80.5",
        "\"a \\\"quote\\\", \\u0000\\t\\r\\f\\b\\u007f\"",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    for by in COMPRESSIONS {
        let codec = codec(Format::Django, *by);
        seeds.extend(codec.encode(&sample(), TIMES));
        seeds.extend(codec.encode(&"a longer text, and the same again, and the same", TIMES));
    }
    seeds
}
