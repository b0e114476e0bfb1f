//! What must not compile, and the twin of each case that must.
//!
//! The expected messages are those of the stable compiler of the day; `TRYBUILD=overwrite` writes
//! them anew.

#[test]
fn what_would_dangle_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}

#[test]
fn the_twin_of_each_case_compiles_and_runs() {
    trybuild::TestCases::new().pass("tests/compile_pass/*.rs");
}
