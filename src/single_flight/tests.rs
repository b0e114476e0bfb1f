//! What the doors do not show: a thread that cannot be had.

use std::time::Duration;

use super::*;
use crate::threads::Spec;

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn a_call_without_a_thread_is_told_so_and_stands_in_nobodys_way() {
    let flights = SingleFlight::<u8, u8, String>::new();
    let spec = Spec { stack_size: Some(Spec::NO_SUCH_STACK), ..Spec::DEFAULT };
    let refused = flights.run_on(&spec, 1, HOUR.into(), |_| unreachable!("it has no thread"));
    let error = refused.expect_err("no machine has room for such a stack");
    assert!(matches!(error, FlightError::NoThread(_)), "{error}");
    assert_eq!(
        error.source().expect("it has one").to_string(),
        "the operating system refused to start a thread"
    );
    assert!(error.source().is_some() && !error.gave_up());
    assert_eq!(format!("{flights:?}"), "SingleFlight { in_flight: 0, .. }");
    assert_eq!(flights.run(1, |_| Ok(7)).map(Flight::into_value).ok(), Some(7));
}
