//! Borrowed captures with the usual boxed error, and `?` on everything.

use phalanx::{Context, ErrGroup, try_join};

type Error = Box<dyn std::error::Error + Send + Sync>;

fn parse(ctx: &Context, text: &str) -> Result<u32, Error> {
    ctx.check()?;
    Ok(text.parse()?)
}

fn main() -> Result<(), Error> {
    let texts = vec![String::from("1"), String::from("2")];
    let sum = ErrGroup::scope(|g| {
        let tasks: Vec<_> = texts.iter().map(|text| g.go(move |ctx| parse(ctx, text))).collect();
        let mut sum = 0;
        for task in tasks {
            sum += task.join()?;
        }
        Ok::<_, Error>(sum)
    })?;
    let (one, two) = try_join!(|ctx| parse(ctx, &texts[0]), |ctx| parse(ctx, &texts[1]))?;
    assert_eq!(sum, one + two);
    Ok(())
}
