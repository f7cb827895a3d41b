//! Where a tree is kept must not show: not in its bytes, not in equality, not in its hash.

use crate::key::Tree;

use super::{Numbers, tree};

#[test]
fn pieces_of_all_sizes_at_all_places() {
    for at in 0..80 {
        for n in 0..40 {
            let mut tree = Tree::default();
            let before: Vec<u8> = (0..at).map(|i| i + 1).collect();
            let bytes: Vec<u8> = (0..n).map(|i| 200 + i).collect();
            tree.put_bytes(&before);
            tree.put_bytes(&bytes);
            assert_eq!(
                tree.as_bytes(),
                [before, bytes].concat(),
                "{n} bytes at {at}"
            );
            assert_eq!(tree.len(), usize::from(at + n));
            assert_eq!(tree.heap_bytes() == 0, at + n <= 64);
        }
    }
}

#[test]
fn small_pieces_up_to_and_over_the_end() {
    for size in 1..=8 {
        let mut tree = Tree::default();
        let mut want = Vec::new();
        for i in 0_u8..100 {
            let piece = [i | 0x80; 8];
            tree.put(u64::from_le_bytes(piece) >> (8 * (8 - size)), size);
            want.extend_from_slice(&piece[..size]);
            assert_eq!(tree.as_bytes(), want);
        }
    }
}

#[test]
fn a_length_filled_in_at_all_places() {
    for at in 0..90 {
        let mut tree = Tree::default();
        let mut want = vec![7; at];
        tree.put_bytes(&want);
        tree.put(0, 4);
        tree.put(9, 1);
        tree.fill_u32(at, 0xa1b2_c3d4);
        want.extend([0xd4, 0xc3, 0xb2, 0xa1, 9]);
        assert_eq!(tree.as_bytes(), want, "at {at}");
    }
}

#[test]
fn equality_and_hash_see_every_byte_and_the_length() {
    for len in 0..150_usize {
        let make = |change: Option<usize>| {
            let mut bytes = vec![0; len];
            if let Some(at) = change {
                bytes[at] = 1;
            }
            let mut tree = Tree::default();
            tree.put_bytes(&bytes);
            tree
        };
        let plain = make(None);
        assert_eq!(plain, make(None));
        assert_eq!(plain.hash(5), make(None).hash(5));
        assert_eq!(plain.clone(), plain);
        assert_ne!(plain.hash(5), plain.hash(6));
        for at in 0..len {
            assert_ne!(plain, make(Some(at)), "byte {at} of {len}");
            assert_ne!(plain.hash(5), make(Some(at)).hash(5), "byte {at} of {len}");
        }
        let mut longer = plain.clone();
        longer.put(0, 1);
        assert_ne!(plain, longer);
        assert_ne!(longer, plain);
        assert_ne!(plain.hash(5), longer.hash(5));
    }
}

/// Chi-square of 128 buckets is 127 on average with a deviation of 16; far off means a pattern.
#[test]
fn hashes_fill_buckets_evenly_from_any_bits() {
    type Make = fn(u64) -> Tree;
    let kinds: [(&str, Make); 5] = [
        ("counting", |i| tree(&i)),
        ("in steps", |i| tree(&(i * 4096))),
        ("high bits", |i| tree(&(i << 48))),
        ("negative", |i| tree(&-(i64::try_from(i).expect("small")))),
        ("text", |i| tree(&(7, Some(format!("user-{i}"))))),
    ];
    for (name, make) in kinds {
        for seed in [0, 1, 0x5bd1_e995_dead_beef, u64::MAX] {
            for shift in [0, 7, 20, 41, 57] {
                let mut buckets = [0_u32; 128];
                for i in 0..16_384 {
                    let bucket = make(i).hash(seed) >> shift & 127;
                    buckets[usize::try_from(bucket).expect("small")] += 1;
                }
                let chi: f64 = buckets
                    .iter()
                    .map(|n| (f64::from(*n) - 128.0).powi(2) / 128.0)
                    .sum();
                assert!(
                    chi < 230.0,
                    "{name}, seed {seed:x}, bits from {shift}: {chi}"
                );
            }
        }
    }
}

#[test]
fn hashes_of_random_trees_do_not_meet() {
    let mut numbers = Numbers(1);
    let mut hashes: Vec<u64> = (0..100_000)
        .map(|_| tree(&(numbers.next() >> 40, numbers.next())).hash(3))
        .collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 100_000);
}
