//! Signed entries: only what was sealed is opened, and only under its key.

use std::borrow::Cow;

use crate::codec::Signer;
use crate::error::ErrorKind;
use crate::fuzz::{Target, memory};

pub(crate) const SIGNED: Target = Target {
    name: "signed",
    run,
    seeds,
    words: &[b"\xca\x53\x01", b"\xca\x53", b"\xca\x01", b"\n", b"app:1:k"],
};

/// A key, a line end, and what is stored under it.
fn run(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let key = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let stored = parts.next().unwrap_or_default();
    let signer = signer(&[b"the first of two secrets", b"the second of two secrets"]);
    let most = 2 * bytes.len() + 4096;
    match memory::within(most, || signer.open(&key, Cow::Borrowed(stored))) {
        Ok(opened) => {
            let second = self::signer(&[b"the second of two secrets"]);
            let by_one = [&signer, &second].map(|signer| signer.seal(&key, &opened));
            assert!(by_one.iter().any(|sealed| sealed == stored), "{key:?}");
        }
        Err(error) => assert_eq!(error.kind(), ErrorKind::Decode),
    }
    let sealed = signer.seal(&key, stored);
    let opens = |key: &str, bytes: &[u8]| {
        let [borrowed, owned] = [Cow::Borrowed(bytes), Cow::Owned(bytes.to_vec())]
            .map(|bytes| signer.open(key, bytes).ok().map(Cow::into_owned));
        assert_eq!(borrowed, owned);
        borrowed
    };
    assert_eq!(opens(&key, &sealed).as_deref(), Some(stored));
    // Where it is changed depends on what it is, so that every place has its turn.
    let sum: usize = stored
        .iter()
        .chain(key.as_bytes())
        .map(|byte| usize::from(*byte))
        .sum();
    let mut changed = sealed.clone();
    changed[sum % sealed.len()] ^= 1 << (sum % 8);
    assert_eq!(opens(&key, &changed), None);
    assert_eq!(opens(&key, &sealed[..sum % sealed.len()]), None);
    assert_eq!(opens(&format!("{key}x"), &sealed), None);
    // A piece of the key moved into the value.
    if let Some(last) = key.chars().last() {
        let shorter = &key[..key.len() - last.len_utf8()];
        let mut moved = sealed;
        moved.splice(35..35, key[shorter.len()..].bytes());
        assert_eq!(opens(shorter, &moved), None);
    }
}

fn signer(secrets: &[&[u8]]) -> Signer {
    let mut signer = Signer::default();
    for secret in secrets {
        signer.add(secret).unwrap_or_else(|error| panic!("{error}"));
    }
    signer
}

fn seeds() -> Vec<Vec<u8>> {
    let second = b"the second of two secrets";
    let both = signer(&[b"the first of two secrets", second]);
    let one = signer(&[second]);
    let mut seeds = vec![b"app:1:k\nunsigned".to_vec(), b"\n".to_vec()];
    for (key, value) in [
        ("app:1:k", &b"\xca\x01\0value"[..]),
        ("", b""),
        ("é", b"\n"),
    ] {
        for signer in [&both, &one] {
            seeds.push([key.as_bytes(), b"\n", &signer.seal(key, value)].concat());
        }
    }
    seeds
}
