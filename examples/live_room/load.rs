//! Many requests by several clients: what each way means for throughput and for the waiting.

use std::sync::Arc;

use phalanx::{ErrGroup, Stopped};

use crate::args::{Load, Options};
use crate::handler::{Handler, Way};
use crate::report::ms;
use crate::trace::{now, request_context, since};

pub(crate) fn run(load: &Load, handler: &Arc<Handler>, options: &Options) -> Result<(), Stopped> {
    let Load { requests, clients } = *load;
    println!("\nload: {requests} requests by {clients} clients");
    println!("               requests/s         p50         p99  failed");
    for way in Way::ALL {
        let start = now();
        let mut served =
            ErrGroup::builder().limit(clients as usize).par_map(0..requests, |_, ctx| {
                let asked = now();
                let (ctx, _canceller) = request_context(ctx, options);
                let failed = way.handle(handler, &ctx).is_err();
                Ok::<_, Stopped>((since(asked), failed))
            })?;
        let rate = f64::from(requests) / since(start).as_secs_f64();
        served.sort();
        let percentile = |percent: usize| ms(served[(served.len() - 1) * percent / 100].0);
        let failed = served.iter().filter(|(_, failed)| *failed).count();
        println!(
            "  {way:<11} {rate:11.1} {:>11} {:>11} {failed:7}",
            percentile(50),
            percentile(99)
        );
    }
    Ok(())
}
