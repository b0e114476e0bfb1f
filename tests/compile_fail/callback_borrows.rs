//! A callback must not borrow from the stack: the context may outlive it.

use phalanx::Context;

fn main() {
    let text = String::from("on the stack");
    let (ctx, canceller) = Context::background().with_cancel();
    let registration = ctx.on_cancel(|| assert_eq!(text.len(), 12));
    canceller.cancel();
    drop(registration);
}
