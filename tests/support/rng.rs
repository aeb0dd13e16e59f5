//! Randomness that replays from a seed.

use std::io::Write;
use std::sync::Mutex;

/// SplitMix64.
pub(crate) struct Rng(u64);

impl Rng {
    /// For one of several threads of a test.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = Self(seed ^ stream.wrapping_mul(0xd134_2543_de82_ef95));
        rng.next();
        rng
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// With a chance of one in `n`.
    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// The seed of a test: `JIT_TEST_SEED`, or a new one. It is printed, and the scheduling of
/// processes is not replayed by it.
pub(crate) fn seed(test: &str) -> u64 {
    static SAID: Mutex<()> = Mutex::new(());
    let given = std::env::var("JIT_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| {
        let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        time.as_nanos() as u64
    });
    let _one_line_at_a_time = SAID.lock();
    std::io::stderr().write_all(format!("{test}: JIT_TEST_SEED={seed}\n").as_bytes()).unwrap();
    seed
}
