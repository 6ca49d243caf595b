//! Randomness that can be had again: xorshift64*, from a seed that a failing test prints.

#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        // 0 stays 0 forever
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// `MESHLINE_TEST_SEED`, or one from the clock.
    pub fn seed() -> u64 {
        let given = std::env::var("MESHLINE_TEST_SEED").ok();
        given.map_or_else(
            || super::clock::now_ms().unsigned_abs(),
            |text| text.parse().unwrap(),
        )
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// From `from` up to, and without, `to`.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.next() % (to - from)
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    /// Looks like a UUID, as Shopify's delivery ids do.
    pub fn uuid(&mut self) -> String {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        uuid::Builder::from_random_bytes(bits.to_be_bytes())
            .into_uuid()
            .to_string()
    }
}
