//! A callback may own what it uses.

use phalanx::Context;

fn main() {
    let text = String::from("moved in");
    let (ctx, canceller) = Context::background().with_cancel();
    let registration = ctx.on_cancel(move || assert_eq!(text.len(), 8));
    canceller.cancel();
    drop(registration);
}
