//! Use this to draw numbers that are the same on every machine and in every release.
//!
//! It is xoshiro256++ by Blackman and Vigna, seeded by splitmix64. It is frozen: replay tokens hold
//! seeds, and a seed is worth nothing once the numbers behind it have changed.

#[derive(Clone, Debug)]
pub(crate) struct Rng([u64; 4]);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        let mut state = seed;
        Rng([(); 4].map(|()| split_mix(&mut state)))
    }

    pub(crate) fn next(&mut self) -> u64 {
        let s = &mut self.0;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Draws a number below `n`; zero if `n` is zero.
    ///
    /// Takes exactly one draw. The price is a bias below `n` in 2^64, which no test can see.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let high = (u128::from(self.next()) * n as u128) >> 64;
        usize::try_from(high).unwrap_or(0)
    }

    /// True `p` times in a hundred.
    pub(crate) fn percent(&mut self, p: u8) -> bool {
        self.below(100) < usize::from(p)
    }
}

/// The seed of the `n`th of many generators that come from one seed.
pub(crate) fn mix(seed: u64, n: u64) -> u64 {
    let mut state = seed;
    let mut mixed = split_mix(&mut state) ^ n;
    split_mix(&mut mixed)
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_published_generators() {
        let mut state = 1_234_567;
        let first = [(); 3].map(|()| split_mix(&mut state));
        assert_eq!(
            first,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );

        let mut rng = Rng([1, 2, 3, 4]);
        let first = [(); 5].map(|()| rng.next());
        assert_eq!(
            first,
            [
                41_943_041,
                58_720_359,
                3_588_806_011_781_223,
                3_591_011_842_654_386,
                9_228_616_714_210_784_205
            ]
        );
    }

    /// If this fails, every token that was ever printed is void: raise the token's version.
    #[test]
    fn the_numbers_behind_a_seed_never_change() {
        let first = |seed| {
            let mut rng = Rng::new(seed);
            [(); 3].map(|()| rng.next())
        };
        assert_eq!(first(0), [0x5317_5d61_490b_23df, 0x61da_6f3d_c380_d507, 0x5c0f_df91_ec9a_7bfc]);
        assert_eq!(first(1), [0xcfc5_d07f_6f03_c29b, 0xbf42_4132_963f_e08d, 0x19a3_7d57_57aa_f520]);
        assert_eq!(
            first(u64::MAX),
            [0x56cc_f8ce_948e_27b2, 0xe685_8843_2e5a_5b90, 0xe3e9_b5a4_8119_ca8b]
        );
        let mut rng = Rng::new(7);
        assert_eq!([(); 8].map(|()| rng.below(10)), [0, 1, 7, 4, 9, 4, 7, 3]);
        assert_eq!(
            [mix(0, 0), mix(0, 1), mix(1, 0)],
            [0xa706_dd2f_4d19_7e6f, 0x08b4_fda8_c892_b50e, 0x5e41_ab08_7439_611e]
        );
    }

    #[test]
    fn below_reaches_every_number_about_equally_often() {
        let mut rng = Rng::new(3);
        let mut seen = [0; 5];
        for _ in 0..5000 {
            seen[rng.below(5)] += 1;
        }
        assert!(seen.iter().all(|times| (900..1100).contains(times)), "{seen:?}");
        assert_eq!(rng.below(0), 0);
        assert_eq!(rng.below(1), 0);
    }

    #[test]
    fn percent_is_never_at_zero_and_always_at_a_hundred() {
        let mut rng = Rng::new(3);
        assert!((0..1000).all(|_| !rng.percent(0) && rng.percent(100)));
        let hits = (0..10_000).filter(|_| rng.percent(30)).count();
        assert!((2800..3200).contains(&hits), "{hits}");
    }
}
