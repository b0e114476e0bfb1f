//! Shows two printers at work on one sheet, one with numbers, one with letters: without
//! synchronisation in whatever order comes about; taking turns, through channels or with a mutex
//! and a condition, in exactly the order `1A2B3C...26Z`.

#![expect(clippy::print_stdout, reason = "it is there to be read")]

use std::error::Error;

use crossbeam_channel::{Receiver, Sender, bounded, select, unbounded};
use phalanx::{Cond, Context, ErrGroup, Mutex};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    let in_turns: String = numbers().zip(letters()).map(|(n, l)| n + &l).collect();

    let sheet = without_synchronisation()?;
    let verdict = if sheet == in_turns { "in turns, by luck" } else { "not in turns" };
    println!("without synchronisation ({verdict}):\n  {sheet}");

    let sheet = with_channels()?;
    println!("through channels:\n  {sheet}");
    assert_eq!(sheet, in_turns);

    let sheet = with_condition()?;
    println!("with a mutex and a condition:\n  {sheet}");
    assert_eq!(sheet, in_turns);
    Ok(())
}

fn numbers() -> impl Iterator<Item = String> {
    (1..=26).map(|n: u32| n.to_string())
}

fn letters() -> impl Iterator<Item = String> {
    ('A'..='Z').map(String::from)
}

fn without_synchronisation() -> Result<String> {
    let (print, sheet) = unbounded();
    ErrGroup::scope(|g| {
        g.go(|_| Ok(numbers().try_for_each(|text| print.send(text))?));
        g.go(|_| Ok(letters().try_for_each(|text| print.send(text))?));
        Ok(())
    })
    .map(|()| sheet.try_iter().collect())
}

fn with_channels() -> Result<String> {
    let (print, sheet) = unbounded();
    let (to_numbers, number_turn) = bounded(1);
    let (to_letters, letter_turn) = bounded(1);
    to_numbers.send(())?; // numbers begin
    ErrGroup::scope(|g| {
        g.go(|ctx| take_turns(ctx, numbers(), &number_turn, &print, &to_letters));
        g.go(|ctx| take_turns(ctx, letters(), &letter_turn, &print, &to_numbers));
        Ok(())
    })
    .map(|()| sheet.try_iter().collect())
}

/// Prints one text each time it is its turn, and passes the turn on.
fn take_turns(
    ctx: &Context,
    texts: impl Iterator<Item = String>,
    my_turn: &Receiver<()>,
    print: &Sender<String>,
    your_turn: &Sender<()>,
) -> Result<()> {
    for text in texts {
        select! {
            recv(my_turn) -> turn => turn?,
            recv(ctx.done()) -> _ => return Ok(ctx.check()?), // the other printer has failed
        }
        print.send(text)?;
        your_turn.send(())?;
    }
    Ok(())
}

#[derive(Default)]
struct Desk {
    sheet: String,
    letter_is_next: bool,
}

fn with_condition() -> Result<String> {
    let (desk, turned) = (Mutex::new(Desk::default()), Cond::new());
    let print = |ctx: &Context, texts: &mut dyn Iterator<Item = String>, letters: bool| {
        for text in texts {
            let mut desk = desk.lock();
            // Gives up if the other printer has failed; nothing is printed then.
            turned.wait_while_until(&mut desk, ctx, |desk| desk.letter_is_next != letters)?;
            desk.sheet += &text;
            desk.letter_is_next = !letters;
            drop(desk);
            turned.signal();
        }
        Ok(())
    };
    ErrGroup::scope(|g| {
        g.go(|ctx| print(ctx, &mut numbers(), false));
        g.go(|ctx| print(ctx, &mut letters(), true));
        Ok::<_, Box<dyn Error + Send + Sync>>(())
    })?;
    Ok(desk.into_inner().sheet)
}
