//! Shows numbers pass through a pipeline: squared by three tasks in whatever order, then by three in
//! order; then two flows that come together; and one that is endless, and is left half-way: all its
//! tasks end, the source too.

#![expect(clippy::print_stdout, reason = "it is there to be read")]

use std::error::Error;
use std::time::Duration;

use phalanx::pipeline::source;
use phalanx::{Context, Counter, ErrGroup};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    let mut squares: Vec<u64> =
        ErrGroup::scope(|g| source(g, 1..=10).fan_out(3, square).collect())?;
    println!("as they come: {squares:?}");
    squares.sort_unstable();
    let expected: Vec<_> = (1..=10).map(|n| n * n).collect();
    assert_eq!(squares, expected);

    let squares: Vec<u64> = ErrGroup::scope(|g| source(g, 1..=10).ordered(3, square).collect())?;
    println!("in order:     {squares:?}");
    assert_eq!(squares, expected);

    let sum = ErrGroup::scope(|g| {
        let (odd, even) = (source(g, (1..=9).step_by(2)), source(g, (2..=10).step_by(2)));
        let mut sum = 0;
        odd.map(square).merge(even.map(square)).for_each(|n| {
            sum += n;
            Ok(())
        })?;
        Ok::<_, Box<dyn Error + Send + Sync>>(sum)
    })?;
    println!("two flows:    {sum} together");
    assert_eq!(sum, expected.iter().sum::<u64>());

    let made = Counter::new(0);
    let first = ErrGroup::scope(|g| {
        let endless = (1..).inspect(|_| _ = made.inc());
        let mut squares = source(g, endless).buffer(4).ordered(3, square);
        let counts = squares.counts();
        let first: Vec<_> =
            (0..5).map_while(|_| squares.next().transpose()).collect::<Result<_>>()?;
        drop(squares); // the sink leaves
        Ok::<_, Box<dyn Error + Send + Sync>>((first, counts))
    })?; // and here all tasks have ended
    println!("left early:   {:?}, of {} that were made", first.0, made.get());
    for stage in first.1.stages() {
        println!(
            "              {}: {} taken, {} handed on",
            stage.name, stage.taken, stage.handed_on
        );
    }
    assert_eq!(first.0, expected[..5]);
    Ok(())
}

fn square(n: u64, ctx: &Context) -> Result<u64> {
    ctx.sleep(Duration::from_millis(n % 3))?; // some take longer than others
    Ok(n * n)
}
