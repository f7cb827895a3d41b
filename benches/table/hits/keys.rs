//! The keys of the races over many keys: drawn before, the same for every lane.

/// How many different keys there are.
pub(super) const KEYS: u64 = 10_000;
/// How many are drawn; a power of two, so that walking in turn costs next to nothing.
const DRAWN: usize = 1 << 16;

/// Keys in the order in which they are asked for.
pub(super) struct Keys(Vec<u64>);

impl Keys {
    /// Every key is as likely as the others.
    pub(super) fn uniform() -> Self {
        let mut random = SplitMix(1);
        Self((0..DRAWN).map(|_| random.next() % KEYS).collect())
    }

    /// The key of rank `n` is drawn in proportion to `1 / n ^ exponent`.
    pub(super) fn zipf(exponent: f64) -> Self {
        let mut sum = 0.0;
        let up_to: Vec<f64> = (1..=KEYS)
            .map(|rank| {
                sum += (rank as f64).powf(-exponent);
                sum
            })
            .collect();
        let mut random = SplitMix(2);
        let draw = |_| {
            let at = random.share() * sum;
            up_to.partition_point(|up_to| *up_to < at) as u64
        };
        Self((0..DRAWN).map(draw).collect())
    }

    /// The keys in turn, without end; each thread starts elsewhere.
    pub(super) fn walk(&self, thread: usize) -> impl FnMut() -> u64 {
        let mut at = thread * DRAWN / 2;
        move || {
            at = at.wrapping_add(1);
            self.0[at % DRAWN]
        }
    }

    /// How many calls it takes to have asked for each of them.
    pub(super) fn drawn(&self) -> usize {
        self.0.len()
    }
}

/// SplitMix64: the same keys in every run.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
