//! Tokens there and back.

use super::*;

const SEED: u64 = 0x7f3a_9c21_e4b0_d5aa;

fn recipes() -> Vec<(Recipe, &'static str)> {
    let path = |text: &str| text.parse().unwrap();
    let counts = vec![(path("T0"), 12), (path("T0.1"), 5), (path("T0.1.10"), 0)];
    vec![
        (Recipe::Robin { reversed: false }, "robin.up"),
        (Recipe::Robin { reversed: true }, "robin.down"),
        (Recipe::Random { seed: SEED, sticky: 10 }, "random.10-7f3a9c21e4b0d5aa"),
        (Recipe::Pct { seed: SEED, depth: 3, steps: 57 }, "pct.3-57-7f3a9c21e4b0d5aa"),
        (Recipe::Pos { seed: 1 }, "pos.0000000000000001"),
        (Recipe::Walk { seed: SEED, counts: vec![] }, "walk.7f3a9c21e4b0d5aa"),
        (Recipe::Walk { seed: SEED, counts }, "walk.7f3a9c21e4b0d5aa_12-0_5-0-1_0-0-1-10"),
        (Recipe::Deviations(vec![]), "d.usual"),
        (Recipe::Deviations(vec![(12, 1), (31, 0)]), "d.12-1_31-0"),
    ]
}

#[test]
fn every_token_is_read_as_it_was_written() {
    for (recipe, text) in recipes() {
        for (time, code) in [(TimeMode::Idle, "i"), (TimeMode::Racing { percent: 20 }, "r20")] {
            let token = Token { time, recipe: recipe.clone(), hash: 0xc4_1e9b };
            let written = token.to_string();
            assert_eq!(written, format!("1.{code}.{text}.00c41e9b"));
            assert_eq!(written.parse(), Ok(token));
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            assert!(written.bytes().all(|byte| plain(byte) || b"._-".contains(&byte)));
        }
    }
}

#[test]
fn space_around_a_token_does_no_harm() {
    assert!(" 1.i.pos.0000000000000001.c41e9be2\n".parse::<Token>().is_ok());
}

#[test]
fn what_is_not_a_token_is_refused_with_a_reason() {
    for (text, reason) in [
        ("", "five parts"),
        ("hello", "five parts"),
        ("42", "five parts"),
        ("1.i.d.12-1", "five parts"),
        ("1.i.d.12-1.c41e9be2.more", "five parts"),
        ("2.i.d.12-1.c41e9be2", "has format 2, and this release reads format 1"),
        ("2.something.else", "has format 2"),
        ("1.x.d.12-1.c41e9be2", "the time is \"x\", expected i, or r and a percentage"),
        ("1.r.d.12-1.c41e9be2", "the time is \"r\""),
        ("1.r300.d.12-1.c41e9be2", "the time is \"r300\""),
        ("1.i.dfs.12-1.c41e9be2", "the recipe is \"dfs\", expected robin"),
        ("1.i.robin.left.c41e9be2", "the payload is \"left\", expected up or down"),
        ("1.i.d.12.c41e9be2", "the payload is \"12\", expected decisions"),
        ("1.i.d.12-70000.c41e9be2", "the payload is \"12-70000\""),
        ("1.i.d..c41e9be2", "the payload is \"\""),
        ("1.i.pct.3-7f3a9c21e4b0d5aa.c41e9be2", "expected depth, steps and a seed"),
        ("1.i.walk.7f3a9c21e4b0d5aa_5.c41e9be2", "expected a seed and the steps"),
        ("1.i.pos.7f3a9c21e4b0d5aa.hash", "the hash is \"hash\""),
        ("1.i.pos.7F3A9C21E4B0D5AA.c41e9be2", "as it was printed"),
        ("1.i.pos.1.c41e9be2", "as it was printed"),
        ("1.r+5.pos.7f3a9c21e4b0d5aa.c41e9be2", "as it was printed"),
    ] {
        let error = text.parse::<Token>().unwrap_err().to_string();
        assert!(error.contains(reason), "{text:?}: {error}");
    }
}
