//! Zipf's law: how often each of many keys is asked for.

use fastrand::Rng;

/// Keys by rank, the most frequent is 0.
pub(crate) struct Zipf {
    /// The share of all accesses that goes to this rank or a lower one.
    up_to: Vec<f64>,
}

impl Zipf {
    /// So many keys, of which the one of rank `r` is asked for in proportion to
    /// `1 / (r + 1) ^ exponent`.
    pub(crate) fn new(keys: u32, exponent: f64) -> Self {
        let mut sum = 0.0;
        let mut up_to: Vec<f64> = (1..=keys)
            .map(|rank| {
                sum += f64::from(rank).powf(-exponent);
                sum
            })
            .collect();
        for share in &mut up_to {
            *share /= sum;
        }
        Self { up_to }
    }

    /// The rank of the next key that is asked for.
    pub(crate) fn sample(&self, random: &mut Rng) -> u32 {
        let at = random.f64();
        let rank = self.up_to.partition_point(|share| *share <= at);
        // The last sum may be a hair below one.
        rank.min(self.up_to.len() - 1) as u32
    }
}
