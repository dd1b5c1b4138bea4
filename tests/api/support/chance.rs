//! Random numbers that are the same in every run, so that a failure can be repeated by its seed.

/// SplitMix64.
pub struct Chance(u64);

impl Chance {
    /// A sequence of its own for every seed.
    pub const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 up to and without the limit.
    pub fn below(&mut self, limit: i64) -> i64 {
        let limit = u64::try_from(limit).expect("a limit above 0");
        i64::try_from(self.next() % limit).expect("below an i64")
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, share: i64) -> bool {
        self.below(100) < share
    }

    /// One of several.
    pub fn one_of<'a, T>(&mut self, values: &'a [T]) -> &'a T {
        let count = i64::try_from(values.len()).expect("few values");
        &values[usize::try_from(self.below(count)).expect("an index")]
    }
}
