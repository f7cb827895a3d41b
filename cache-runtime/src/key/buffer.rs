//! `Tree`: the bytes of one call's arguments, on the stack as long as they fit in 64 bytes.
//!
//! Bytes are written a word at a time: a piece of up to 8 bytes is shifted to its place and or-ed into
//! one or two words. This is faster than copying bytes, since a later read of the word finds it in one
//! store instead of waiting for several to leave the store buffer; and for pieces at known places the
//! compiler turns all of it into constants. Unused bytes are zero, so that short trees are compared and
//! hashed as words, without a call to `memcmp`.

use std::fmt;

use super::error::KeyError;

/// Words kept inline.
const WORDS: usize = 8;
/// Bytes kept inline.
const INLINE: usize = WORDS * 8;
/// From here on a piece of 8 bytes may not fit: the exact rules are left to [`Tree::put_late`].
const LATE: usize = INLINE - 8;

/// The arguments of one call as bytes; see [`tree`](super::tree) for what they mean.
#[derive(Clone, Default)]
pub(crate) struct Tree {
    /// The number of bytes, inline or spilled.
    len: usize,
    /// The bytes while they fit, padded with zeros; all zero after a spill.
    words: [[u8; 8]; WORDS],
    /// Set once there are more bytes than fit, and not before.
    /// Boxed: one word in every key instead of four that are rarely used.
    far: Option<Box<Far>>,
}

/// What does not fit.
#[derive(Clone)]
enum Far {
    /// All the bytes.
    Bytes(Vec<u8>),
    /// An argument could not be encoded. Such a tree has no bytes, and is equal to no other.
    Broken(KeyError),
}

/// The first words of a tree.
pub(crate) type Head = [[u8; 8]; 4];

/// Bytes in it.
const HEAD: usize = size_of::<Head>();

impl Tree {
    /// Returns how many bytes it has, and the first of them; zeros for a tree that does not fit.
    pub(crate) fn head(&self) -> (u32, Head) {
        let mut head = Head::default();
        head.copy_from_slice(&self.words[..4]);
        // A text of 4 GiB is refused; several of them are cut off here and compared in the tail.
        (self.len as u32, head)
    }

    /// Returns the bytes that [`head`](Tree::head) does not have.
    pub(crate) fn tail(&self) -> &[u8] {
        match self.far.as_deref() {
            None => &self.words.as_flattened()[HEAD..self.len.clamp(HEAD, INLINE)],
            Some(_) => self.as_bytes(),
        }
    }

    /// Returns the tree of which these are head and tail.
    pub(crate) fn from_parts(len: u32, head: Head, tail: &[u8]) -> Self {
        let mut tree = Self::default();
        if tail.len() > INLINE {
            tree.put_spilled(tail);
            return tree;
        }
        tree.words[..4].copy_from_slice(&head);
        tree.words.as_flattened_mut()[HEAD..HEAD + tail.len()].copy_from_slice(tail);
        tree.len = len as usize;
        tree
    }

    /// Returns whether these are its head and tail.
    #[inline(always)]
    pub(crate) fn is(&self, len: u32, head: &Head, tail: &[u8]) -> bool {
        // Word by word: comparing all the words at once makes vector loads of it, which have to wait
        // until the words just written have left the store buffer.
        self.len as u32 == len
            && self.words[0] == head[0]
            && self.words[1] == head[1]
            && (self.len <= 16
                || self.words[2] == head[2]
                    && self.words[3] == head[3]
                    && (self.len <= HEAD || self.has_tail(tail)))
    }

    #[inline(never)]
    fn has_tail(&self, tail: &[u8]) -> bool {
        self.error().is_none() && self.tail() == tail
    }

    /// The bytes.
    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self.far.as_deref() {
            None => &self.words.as_flattened()[..self.len.min(INLINE)],
            Some(Far::Bytes(bytes)) => bytes,
            Some(Far::Broken(_)) => &[],
        }
    }

    /// How many bytes are written.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Breaks the tree, so that it is no key. The first error stays.
    #[cold]
    pub(crate) fn break_with(&mut self, error: KeyError) {
        if self.error().is_none() {
            self.words = Default::default();
            self.len = INLINE + 1;
            self.far = Some(Box::new(Far::Broken(error)));
        }
    }

    /// Returns why it is no key.
    pub(crate) fn error(&self) -> Option<&KeyError> {
        match self.far.as_deref() {
            Some(Far::Broken(error)) => Some(error),
            _ => None,
        }
    }

    #[cfg(test)]
    /// Returns the number of bytes on the heap; 0 as long as the tree fits inline.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self.far.as_deref() {
            Some(Far::Bytes(bytes)) => bytes.capacity() + size_of::<Far>(),
            _ => 0,
        }
    }

    /// Returns a hash in which every bit is usable; `seed` should be random, so that nobody can aim at it.
    #[inline]
    pub(crate) fn hash(&self, seed: u64) -> u64 {
        let mut mix = Mix::new(seed, self.len);
        mix.pair(self.word(0), self.word(1));
        if self.len > 16 {
            mix.pair(self.word(2), self.word(3));
        }
        // Most calls have no more bytes.
        if self.len > HEAD {
            return self.hash_tail(mix);
        }
        mix.finish()
    }

    /// Continues where the first words end.
    #[inline(never)]
    fn hash_tail(&self, mut mix: Mix) -> u64 {
        if self.len > INLINE {
            return self.hash_spilled(mix);
        }
        for (first, second) in self.pairs().skip(HEAD / 16) {
            mix.pair(first, second);
        }
        mix.finish()
    }

    #[cold]
    #[inline(never)]
    fn hash_spilled(&self, mut mix: Mix) -> u64 {
        let (pairs, tail) = self.as_bytes().as_chunks::<16>();
        let mut last = [0; 16];
        last[..tail.len()].copy_from_slice(tail);
        for pair in pairs.iter().chain([&last]) {
            let both = u128::from_le_bytes(*pair);
            mix.pair(low(both), high(both));
        }
        mix.finish()
    }

    /// Returns the inline words that are in use, two by two.
    #[inline]
    fn pairs(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let (pairs, _) = self.words.as_chunks::<2>();
        let used = self.len.div_ceil(16).min(pairs.len());
        let as_numbers = |[a, b]: &[[u8; 8]; 2]| (u64::from_le_bytes(*a), u64::from_le_bytes(*b));
        pairs[..used].iter().map(as_numbers)
    }

    #[inline]
    fn word(&self, index: usize) -> u64 {
        u64::from_le_bytes(self.words[index])
    }

    /// Appends the low `bytes` (1 to 8) of `piece`; its other bytes must be zero.
    #[inline]
    pub(super) fn put(&mut self, piece: u64, bytes: usize) {
        debug_assert!((1..=8).contains(&bytes) && (bytes == 8 || piece >> (8 * bytes) == 0));
        if self.len < LATE {
            self.or(self.len, piece);
            self.len += bytes;
        } else {
            self.put_late(piece, bytes);
        }
    }

    /// Ors `piece` into the two words it touches at byte `at`, which is below [`LATE`].
    #[inline]
    fn or(&mut self, at: usize, piece: u64) {
        let (index, shift) = (at / 8, at % 8 * 8);
        self.words[index] = (self.word(index) | piece << shift).to_le_bytes();
        // In two steps, because a shift by 64 is not a shift.
        let carry = piece >> 1 >> (63 - shift);
        self.words[index + 1] = (self.word(index + 1) | carry).to_le_bytes();
    }

    /// `put` in the last inline word, or after a spill.
    #[cold]
    #[inline(never)]
    fn put_late(&mut self, piece: u64, bytes: usize) {
        if self.len + bytes <= INLINE {
            let last = self.word(WORDS - 1) | piece << (self.len % 8 * 8);
            self.words[WORDS - 1] = last.to_le_bytes();
            self.len += bytes;
        } else {
            self.put_spilled(&piece.to_le_bytes()[..bytes]);
        }
    }

    /// Appends `bytes`.
    #[inline]
    pub(super) fn put_bytes(&mut self, bytes: &[u8]) {
        if bytes.len() > INLINE - self.len.min(INLINE) {
            return self.put_spilled(bytes);
        }
        // Not `copy_from_slice`: a call to memcpy costs more than the few words of a short text.
        let (words, tail) = bytes.as_chunks::<8>();
        for word in words {
            self.put(u64::from_le_bytes(*word), 8);
        }
        if !tail.is_empty() {
            self.put(short_word(tail), tail.len());
        }
    }

    #[cold]
    #[inline(never)]
    fn put_spilled(&mut self, bytes: &[u8]) {
        if self.far.is_none() {
            let mut all = Vec::with_capacity((self.len + bytes.len()).next_power_of_two());
            all.extend_from_slice(self.as_bytes());
            self.words = Default::default();
            self.far = Some(Box::new(Far::Bytes(all)));
        }
        if let Some(Far::Bytes(all)) = self.far.as_deref_mut() {
            all.extend_from_slice(bytes);
            self.len = all.len();
        }
    }

    /// Fills in four zero bytes written before, at `at`.
    pub(super) fn fill_u32(&mut self, at: usize, value: u32) {
        if let Some(far) = self.far.as_deref_mut() {
            let Far::Bytes(all) = far else { return };
            all[at..at + 4].copy_from_slice(&value.to_le_bytes());
        } else if at < LATE {
            self.or(at, u64::from(value));
        } else {
            let last = self.word(WORDS - 1) | u64::from(value) << (at % 8 * 8);
            self.words[WORDS - 1] = last.to_le_bytes();
        }
    }
}

/// Up to 7 bytes as a word, zero padded: overlapping reads instead of a loop.
#[inline]
fn short_word(bytes: &[u8]) -> u64 {
    let n = bytes.len();
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let last = u64::from(u32::from_le_bytes(*last)) << ((n - 4) * 8);
        u64::from(u32::from_le_bytes(*first)) | last
    } else if let ([first, ..], [.., last]) = (bytes, bytes) {
        let middle = u64::from(bytes[n / 2]) << (n / 2 * 8);
        u64::from(*first) | middle | u64::from(*last) << ((n - 1) * 8)
    } else {
        0
    }
}

/// The state of a hash: folded 128-bit multiplications, as in wyhash and foldhash.
struct Mix {
    state: u64,
    // Secret as well: with a known second factor, text could be made that multiplies all else away.
    other: u64,
}

/// Fractional digits of the golden ratio and of pi: odd numbers with no pattern.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
const PI: u64 = 0x2436_6f37_1a3b_5a35;

impl Mix {
    #[inline]
    fn new(seed: u64, len: usize) -> Self {
        Self {
            state: seed.wrapping_add(len as u64),
            other: seed.rotate_left(32) ^ PI,
        }
    }

    #[inline]
    fn pair(&mut self, first: u64, second: u64) {
        self.state = fold(self.state ^ first, self.other ^ second);
    }

    // Without it, numbers that follow one another do not fill the buckets evenly.
    #[inline]
    fn finish(self) -> u64 {
        fold(self.state, GOLDEN)
    }
}

/// The 128-bit product, its halves xor-ed.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    low(product) ^ high(product)
}

#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the low half is what is asked for"
)]
fn low(both: u128) -> u64 {
    both as u64
}

#[inline]
fn high(both: u128) -> u64 {
    (both >> 64) as u64
}

impl PartialEq for Tree {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let (len, head) = other.head();
        self.is(len, &head, other.tail())
    }
}

impl Eq for Tree {}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tree({})", self.as_bytes().escape_ascii())
    }
}
