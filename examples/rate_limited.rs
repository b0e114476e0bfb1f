//! Shows five workers send requests through one limiter, ten per second with a burst of one: they leave
//! a tenth of a second apart, whoever sends them; one that has too little time is refused at once, and
//! one that is cancelled while it waits takes nothing from the others.

#![expect(clippy::print_stdout, reason = "it is there to be read")]

use std::error::Error;
use std::time::{Duration, Instant};

use phalanx::{Context, ErrGroup, LimitError, Limiter, Mutex, Rate};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const WORKERS: usize = 5;
const REQUESTS: usize = 3;
const TENTH: Duration = Duration::from_millis(100);

fn main() -> Result<()> {
    let limiter = Limiter::new(Rate::per_second(10), 1);
    let job = Context::background().with_timeout(Duration::from_secs(30));
    let (start, sent) = (now(), Mutex::new(Vec::new()));

    ErrGroup::builder().context(&job).scope(|g| {
        for worker in 0..WORKERS {
            let (limiter, sent) = (&limiter, &sent);
            g.go(move |ctx| {
                for _ in 0..REQUESTS {
                    limiter.wait_until(ctx)?;
                    sent.lock().push((now().duration_since(start), worker));
                }
                Ok(())
            });
        }
        Ok::<_, Box<dyn Error + Send + Sync>>(())
    })?;
    let sent = sent.into_inner();
    for (at, worker) in &sent {
        println!("{:4} ms  worker {worker}", at.as_millis());
    }
    let tenths = u32::try_from(sent.len() - 1)?;
    assert_eq!(sent.len(), WORKERS * REQUESTS);
    assert!(now().duration_since(start) >= TENTH * tenths, "no more than ten per second");

    let hurried = limiter.wait_until(TENTH / 100);
    println!(
        "a millisecond to spare: {}",
        hurried.as_ref().map_or_else(ToString::to_string, |()| "sent".into())
    );
    assert!(matches!(hurried, Err(LimitError::TooLate)), "it did not even wait");

    let (request, canceller) = job.with_cancel();
    let given_up = std::thread::scope(|s| {
        let waits = s.spawn(|| limiter.wait_n_until(1, &request));
        canceller.cancel_because("the user has gone away");
        waits.join()
    });
    let given_up = given_up.map_err(|_| "the thread has panicked")?;
    println!("cancelled: {}", given_up.map_or_else(String::from, |()| "too late, sent".into()));
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "an example measures with the clock of std")]
fn now() -> Instant {
    Instant::now()
}
