//! Numbers that follow from a seed (SplitMix64).

pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of 0, 1, …, n-1.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len() as u64) as usize]
    }
}

/// A choice that depends on nothing but its arguments: which pages survive, say.
pub fn chance(seed: u64, what: impl std::hash::Hash) -> u64 {
    use std::hash::Hasher;
    #[allow(deprecated, reason = "the only hasher of std whose result is the same in every run")]
    let mut hasher = std::hash::SipHasher::new_with_keys(seed, 7);
    what.hash(&mut hasher);
    hasher.finish()
}
