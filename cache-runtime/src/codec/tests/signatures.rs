//! A signature holds for one key of the store and for these bytes alone.

use std::borrow::Cow;

use super::super::Signer;
use super::{TIMES, XorShift, codecs};
use crate::error::ErrorKind;

const KEY: &[u8] = b"0123456789abcdef";
const OTHER: &[u8] = b"fedcba9876543210";

fn signer(keys: &[&[u8]]) -> Signer {
    let mut signer = Signer::default();
    for key in keys {
        signer.add(key).unwrap();
    }
    signer
}

fn opens(signer: &Signer, stored_key: &str, bytes: &[u8]) -> bool {
    let owned = signer.open(stored_key, Cow::Owned(bytes.to_vec()));
    let borrowed = signer.open(stored_key, Cow::Borrowed(bytes));
    match (owned, borrowed) {
        (Ok(owned), Ok(borrowed)) => {
            assert_eq!(owned, borrowed);
            true
        }
        (Err(error), Err(_)) => {
            assert_eq!(error.kind(), ErrorKind::Decode);
            false
        }
        _ => panic!("owned and borrowed bytes are not alike"),
    }
}

#[test]
fn version_1_is_pinned_byte_for_byte() {
    let sealed = signer(&[KEY]).seal("app:1:key", b"value");
    let expected = b"\xca\x53\x01\
        \xb0\xb3\x29\xad\xf1\x54\xe3\xbf\x57\x8e\xf4\x8b\x08\xda\x95\x1b\
        \xd7\xc8\x64\xa5\x1b\x5b\x09\x81\x27\x04\xa3\xd9\xea\x42\xe5\x85\
        value";
    assert_eq!(sealed, expected);
    let opened = signer(&[KEY]).open("app:1:key", Cow::Borrowed(expected));
    assert_eq!(*opened.unwrap(), *b"value");
}

#[test]
fn a_signature_holds_for_its_key_alone() {
    let signer = signer(&[KEY]);
    let sealed = signer.seal("app:1:ab", b"c");
    assert!(opens(&signer, "app:1:ab", &sealed));
    for other in ["app:2:ab", "app:1:a", "app:1:abc", "", "app:1:ab "] {
        assert!(!opens(&signer, other, &sealed), "{other}");
    }
    // Letters do not move between key and value.
    assert_ne!(sealed[3..35], signer.seal("app:1:a", b"bc")[3..35]);
}

#[test]
fn every_change_and_every_cut_is_seen() {
    let signer = signer(&[KEY]);
    let mut random = XorShift(11);
    for codec in codecs().filter(|codec| codec.format.is_own()) {
        let value = ["a longer text, a longer text, é清😀"; 3];
        let sealed = signer.seal("key", &codec.encode(&value, TIMES).unwrap());
        assert!(opens(&signer, "key", &sealed));
        for at in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[at / 8] ^= 1 << (at % 8);
            assert!(!opens(&signer, "key", &changed), "{at}");
        }
        for end in 0..sealed.len() {
            assert!(!opens(&signer, "key", &sealed[..end]));
        }
        let longer = [&sealed[..], b"\0"].concat();
        assert!(!opens(&signer, "key", &longer));
        // Who does not sign cannot read what is signed, and the other way round.
        assert!(codec.decode::<Vec<String>>(&sealed).is_err());
        assert!(!opens(&signer, "key", &sealed[35..]));
    }
    for _ in 0..2000 {
        let mut bytes = vec![0xca, 0x53, 0x01];
        bytes.truncate(random.below(4));
        bytes.extend((0..random.below(80)).map(|_| random.byte()));
        assert!(!opens(&signer, "key", &bytes));
    }
}

#[test]
fn the_first_key_signs_and_all_verify() {
    let (old, new) = (signer(&[OTHER]), signer(&[KEY]));
    let both = signer(&[KEY, OTHER]);
    let (by_old, by_both) = (old.seal("key", b"value"), both.seal("key", b"value"));
    assert!(opens(&both, "key", &by_old));
    assert!(opens(&both, "key", &by_both));
    assert_eq!(by_both, new.seal("key", b"value"));
    assert!(!opens(&old, "key", &by_both));
    assert!(!opens(&new, "key", &by_old));
}

#[test]
fn a_short_key_is_refused_and_none_is_shown() {
    let mut signer = Signer::default();
    let error = signer.add(b"a secret of 15b").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(!format!("{error} {error:?}").contains("secret of"));
    signer.add(b"a secret of 16 b").unwrap();
    assert_eq!(format!("{signer:?}"), "Signer(1 keys)");
}
