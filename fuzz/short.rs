//! The short form of fuzzing, for the tests: every target on its seeds, and on changes of them that
//! are the same in every run.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Target;

/// Where the numbers begin.
const SEED: u64 = 0x5eed_cafe;

/// No input is longer.
const LONGEST: usize = 4096;

/// So many times as much with `CACHE_TESTS_LONG=1`.
const LONG: usize = 50;

/// Runs the target on its seeds, on every beginning of the short ones, and on so many changes.
pub(crate) fn run(target: &Target, changes: usize) {
    let is_long = std::env::var_os("CACHE_TESTS_LONG").is_some_and(|value| value == "1");
    let changes = if is_long { changes * LONG } else { changes };
    let seeds = (target.seeds)();
    let mut count = 0;
    let mut run = |bytes: &[u8]| {
        count += 1;
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.run)(bytes))) {
            eprintln!(
                "{}, number {count}: b\"{}\"",
                target.name,
                bytes.escape_ascii()
            );
            std::panic::resume_unwind(panic);
        }
    };
    run(b"");
    for seed in &seeds {
        run(seed);
        // More of the long ones would take longer than all the rest.
        let step = seed.len() / 100 + 1;
        (0..seed.len())
            .step_by(step)
            .for_each(|end| run(&seed[..end]));
    }
    let mut numbers = Numbers(SEED);
    for _ in 0..changes {
        let mut bytes = numbers.one_of(&seeds).cloned().unwrap_or_default();
        for _ in 0..=numbers.below(4) {
            change(&mut bytes, &mut numbers, &seeds, target.words);
        }
        bytes.truncate(LONGEST);
        run(&bytes);
    }
    println!(
        "{}: {count} inputs, from {} seeds and the number {SEED:#x}",
        target.name,
        seeds.len()
    );
}

/// One change: of a bit, a byte, a length, a piece; or a word that means something put in.
fn change(bytes: &mut Vec<u8>, numbers: &mut Numbers, seeds: &[Vec<u8>], words: &[&[u8]]) {
    let at = numbers.below(bytes.len());
    let end = bytes.len().min(at + 1 + numbers.below(16));
    match numbers.below(10) {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << numbers.below(8),
        1 if !bytes.is_empty() => bytes[at] = numbers.byte(),
        2 if !bytes.is_empty() => bytes[at] = bytes[at].wrapping_add(1),
        3 => bytes.insert(at, numbers.byte()),
        4 => bytes.truncate(at),
        5 => drop(bytes.drain(at..end)),
        6 => {
            let piece = bytes[at..end].to_vec();
            let times = 1 + numbers.below(4);
            (0..times).for_each(|_| drop(bytes.splice(at..at, piece.iter().copied())));
        }
        7 => {
            let length = extreme(numbers);
            let end = bytes.len().min(at + length.len());
            drop(bytes.splice(at..end, length));
        }
        8 => {
            let other = numbers.one_of(seeds).map_or(&[][..], |seed| seed);
            let from = numbers.below(other.len());
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        _ => {
            let word = numbers.one_of(words).copied().unwrap_or_default();
            let end = if numbers.below(2) == 0 { at } else { end };
            drop(bytes.splice(at..end, word.iter().copied()));
        }
    }
}

/// A number at an edge, as bytes or as digits.
fn extreme(numbers: &mut Numbers) -> Vec<u8> {
    let edge = [0, 1, 127, 128, 255, 256, 32_767, 65_535, 1 << 31, u64::MAX];
    let number = edge[numbers.below(edge.len())].wrapping_add(numbers.next() % 3);
    match numbers.below(6) {
        0 => number.to_le_bytes()[..2].to_vec(),
        1 => number.to_le_bytes()[..4].to_vec(),
        2 => number.to_le_bytes().to_vec(),
        3 => number.to_be_bytes()[4..].to_vec(),
        4 => number.to_be_bytes().to_vec(),
        _ => number.to_string().into_bytes(),
    }
}

/// Numbers that look random (xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 8
    }

    /// Below `end`; 0 where that is 0.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }
}
