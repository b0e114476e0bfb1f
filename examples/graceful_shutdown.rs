//! Shows a process being told to stop by a real SIGTERM: from then on it accepts no jobs, it does
//! every job that it has accepted, exactly once, and it joins all its threads.

#![expect(clippy::print_stdout, reason = "it is there to be read")]

use std::error::Error;
use std::io::Read;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, select_biased};
use phalanx::{Canceller, Context, ErrGroup};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::{pipe, raise};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    let (signal, on_signal) = UnixStream::pair()?;
    pipe::register(SIGINT, on_signal.try_clone()?)?; // Ctrl-C will do, too
    pipe::register(SIGTERM, on_signal)?;

    let (root, canceller) = Context::background().with_cancel();
    let (queue, jobs) = bounded(8);
    // The group is no child of the root, so its tasks may go on when the root is cancelled.
    let (accepted, mut done) = ErrGroup::scope(|g| {
        g.named("signals").go(|ctx| cancel_on(signal, ctx, &canceller));
        // The queue ends with its acceptor, and the workers when it is empty.
        let stop = Context::merge(&[&root, g.context()]);
        let acceptor = g.named("acceptor").go(move |_| Ok(accept(&stop, &queue)));
        let workers = [(); 3].map(|()| g.named("worker").go(|ctx| work(ctx, &jobs, &root)));
        let accepted = acceptor.join()?;
        let done = workers.into_iter().map(|worker| Ok(worker.join()?));
        Ok((accepted, done.collect::<Result<Vec<_>>>()?.concat()))
    })?;

    done.sort_unstable();
    let late = done.iter().filter(|(_, late)| *late).count();
    println!("{accepted} jobs accepted, {} done, {late} of them after the signal", done.len());
    println!("all threads joined; {}", root.check().err().ok_or("nobody cancelled the root")?);
    assert!(done.iter().map(|(job, _)| *job).eq(1..=accepted), "not each job exactly once");
    Ok(())
}

/// Cancels the root context when a signal comes.
fn cancel_on(mut signal: UnixStream, ctx: &Context, root: &Canceller) -> Result<()> {
    let waiting = signal.try_clone()?;
    let _interrupter = ctx.on_cancel(move || drop(waiting.shutdown(Shutdown::Both)));
    if signal.read(&mut [0])? > 0 {
        root.cancel_because("told to stop by a signal");
    }
    Ok(())
}

/// Accepts jobs, as fast as there is room for them, until told to stop; returns how many.
fn accept(stop: &Context, queue: &Sender<u32>) -> u32 {
    let mut accepted = 0;
    loop {
        select_biased! {
            recv(stop.done()) -> _ => return accepted,
            send(queue, accepted + 1) -> sent => match sent {
                Ok(()) => accepted += 1,
                Err(_) => return accepted,
            },
        }
    }
}

/// Does jobs until the queue has ended and is empty; notes which were done after the signal.
fn work(ctx: &Context, jobs: &Receiver<u32>, root: &Context) -> Result<Vec<(u32, bool)>> {
    let mut done = Vec::new();
    for job in jobs {
        ctx.sleep(Duration::from_millis(5))?; // the work
        done.push((job, root.has_ended()));
        if job == 20 {
            println!("job {job} is done, and here comes SIGTERM");
            raise(SIGTERM)?;
        }
    }
    Ok(done)
}
