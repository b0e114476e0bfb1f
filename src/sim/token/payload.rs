//! Use this to write and read the part of a token that is the recipe.

use std::fmt;

use super::TokenError;
use crate::sim::machine::Path;
use crate::sim::strategy::Recipe;

/// Writes the name and the payload.
pub(super) fn write(recipe: &Recipe, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match recipe {
        Recipe::Robin { reversed: false } => f.write_str("robin.up"),
        Recipe::Robin { reversed: true } => f.write_str("robin.down"),
        Recipe::Random { seed, sticky } => write!(f, "random.{sticky}-{seed:016x}"),
        Recipe::Pct { seed, depth, steps } => write!(f, "pct.{depth}-{steps}-{seed:016x}"),
        Recipe::Pos { seed } => write!(f, "pos.{seed:016x}"),
        Recipe::Walk { seed, counts } => {
            write!(f, "walk.{seed:016x}")?;
            counts.iter().try_for_each(|(path, steps)| write_count(path, *steps, f))
        }
        Recipe::Deviations(list) if list.is_empty() => f.write_str("d.usual"),
        Recipe::Deviations(list) => {
            let items: Vec<_> =
                list.iter().map(|(decision, place)| format!("{decision}-{place}")).collect();
            write!(f, "d.{}", items.join("_"))
        }
    }
}

fn write_count(path: &Path, steps: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "_{steps}")?;
    path.numbers().iter().try_for_each(|number| write!(f, "-{number}"))
}

pub(super) fn read(name: &str, text: &str) -> Result<Recipe, TokenError> {
    let (recipe, expected) = match name {
        "robin" => (robin(text), "up or down"),
        "random" => (random(text), "the stickiness in percent and a seed: 10-7f3a9c21e4b0d5aa"),
        "pct" => (pct(text), "depth, steps and a seed: 3-57-7f3a9c21e4b0d5aa"),
        "pos" => (seed(text).map(|seed| Recipe::Pos { seed }), "a seed: 7f3a9c21e4b0d5aa"),
        "walk" => (walk(text), "a seed and the steps of each thread: 7f3a9c21e4b0d5aa_12-0_5-0-1"),
        "d" => (deviations(text), "decisions and what they take: 12-1_31-0"),
        _ => {
            let known = "robin, random, pct, pos, walk or d";
            return Err(TokenError::part("recipe", name, known));
        }
    };
    recipe.ok_or_else(|| TokenError::part("payload", text, expected))
}

fn robin(text: &str) -> Option<Recipe> {
    let reversed = match text {
        "up" => false,
        "down" => true,
        _ => return None,
    };
    Some(Recipe::Robin { reversed })
}

fn random(text: &str) -> Option<Recipe> {
    let (sticky, digits) = text.split_once('-')?;
    Some(Recipe::Random { sticky: sticky.parse().ok()?, seed: seed(digits)? })
}

fn pct(text: &str) -> Option<Recipe> {
    let (depth, rest) = text.split_once('-')?;
    let (steps, digits) = rest.split_once('-')?;
    let [depth, steps] = [depth, steps].map(|number| number.parse().ok());
    Some(Recipe::Pct { depth: depth?, steps: steps?, seed: seed(digits)? })
}

fn walk(text: &str) -> Option<Recipe> {
    let mut items = text.split('_');
    let seed = seed(items.next()?)?;
    let counts = items.map(count).collect::<Option<_>>()?;
    Some(Recipe::Walk { seed, counts })
}

fn count(text: &str) -> Option<(Path, u32)> {
    let (steps, path) = text.split_once('-')?;
    let path = format!("T{}", path.replace('-', "."));
    Some((path.parse().ok()?, steps.parse().ok()?))
}

fn deviations(text: &str) -> Option<Recipe> {
    if text == "usual" {
        return Some(Recipe::Deviations(Vec::new()));
    }
    let item = |text: &str| {
        let (decision, place) = text.split_once('-')?;
        Some((decision.parse().ok()?, place.parse().ok()?))
    };
    text.split('_').map(item).collect::<Option<_>>().map(Recipe::Deviations)
}

fn seed(text: &str) -> Option<u64> {
    u64::from_str_radix(text, 16).ok()
}
