//! Shows a loop that waits for messages, for a pause that is too long, and for the end of its context,
//! in one `select!`: the timer is set anew for each message, and nothing has to be drained; then a
//! hundred thousand timers come and go, and leave nothing behind.

#![expect(clippy::print_stdout, reason = "it is there to be read")]

use std::error::Error;
use std::fs;
use std::time::Duration;

use phalanx::channel::{self, Receiver, Sender, select};
use phalanx::{Context, ErrGroup, Ticker, Timer};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const PAUSE: Duration = Duration::from_millis(60);

fn main() -> Result<()> {
    let (sender, messages) = channel::unbounded();
    let session = Context::background().with_timeout(Duration::from_secs(30));
    let heard = ErrGroup::builder().context(&session).scope(|g| {
        g.go(|ctx| speak(ctx, &sender));
        listen(g.context(), &messages)
    })?;
    println!("heard {heard} messages, then a pause of {PAUSE:?}");
    assert_eq!(heard, 10);

    let timers: Vec<_> = (0..100_000).map(|_| Timer::new(Duration::from_secs(3600))).collect();
    for timer in &timers {
        assert!(timer.channel().is_empty());
    }
    let with_timers = threads();
    drop(timers);
    println!("threads with 100 000 timers, and without: {with_timers:?}, {:?}", threads());
    assert!(with_timers.is_none_or(|threads| threads < 10));
    Ok(())
}

/// Says something every ten milliseconds, ten times, and stays.
fn speak(ctx: &Context, sender: &Sender<u32>) -> Result<()> {
    let ticker = Ticker::new(Duration::from_millis(10));
    for message in 0..10 {
        ticker.next_until(ctx)?;
        sender.send(message)?;
    }
    Ok(())
}

/// Counts messages until nobody has said anything for too long.
fn listen(ctx: &Context, messages: &Receiver<u32>) -> Result<usize> {
    let silence = Timer::new(100 * PAUSE); // the first message may take its time
    let mut heard = 0;
    loop {
        select! {
            recv(messages) -> message => {
                message?;
                heard += 1;
                silence.reset(PAUSE); // no value of the old setting comes any more
            }
            recv(silence.channel()) -> _ => return Ok(heard),
            recv(ctx.done()) -> _ => return Ok(ctx.check().map(|()| heard)?),
        }
    }
}

/// How many threads this process has, where the system tells.
fn threads() -> Option<usize> {
    Some(fs::read_dir("/proc/self/task").ok()?.count())
}
