//! Scripts on tiny programs.

use super::super::super::testing::{Program, Step};
use super::*;

const WORK: Step = Step::Do(1);

fn threads() -> Program {
    let thread = vec![WORK, Step::Label("x"), WORK, Step::Label("x"), WORK, Step::End];
    Program::new(vec![thread.clone(), thread])
}

fn play(program: &Program, script: &Script) -> Result<Vec<usize>, String> {
    let mut play = Play::new(script);
    let order = program.order(&mut play);
    play.complaint().map_or(Ok(order), Err)
}

#[test]
fn an_empty_script_is_the_usual_schedule() {
    assert_eq!(play(&Program::of(&[2, 2]), &Script::new()).unwrap(), [0, 0, 1, 1]);
}

#[test]
fn a_thread_runs_until_it_is_about_to_do_what_is_named() {
    let script = Script::new().run("B").until("x").run("A").to_end().run("B").to_end();
    let order = play(&threads(), &script).unwrap();
    assert_eq!(order, [1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
}

#[test]
fn a_thread_that_is_there_already_does_not_run() {
    let script = Script::new().run("B").until("x").run("B").until("x").run("A").steps(1);
    assert_eq!(play(&threads(), &script).unwrap()[..3], [1, 0, 0]);
}

#[test]
fn the_second_time_is_counted_from_here() {
    let script = Script::new().run("B").until_nth("x", 2).run("A").to_end();
    assert_eq!(play(&threads(), &script).unwrap()[..5], [1, 1, 1, 0, 0]);
    let script = Script::new().run("B").until("x").run("B").until_nth("x", 2).run("A").to_end();
    assert_eq!(play(&threads(), &script).unwrap()[..5], [1, 1, 1, 0, 0]);
}

#[test]
fn steps_are_counted() {
    let script = Script::new().run("B").steps(2).run("A").steps(1).run("B").steps(0).run("B");
    let order = play(&threads(), &script.to_block()).unwrap();
    assert_eq!(order, [1, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0]);
}

#[test]
fn threads_go_by_their_path_too() {
    let script = Script::new().run("T0.1").steps(2).run("T0.0").to_end();
    assert_eq!(play(&threads(), &script).unwrap()[..3], [1, 1, 0]);
}

#[test]
fn to_block_ends_where_a_thread_waits() {
    let program = Program::new(vec![
        vec![WORK, Step::Join(1), WORK, Step::End],
        vec![WORK, WORK, Step::End],
        vec![WORK, Step::End],
    ]);
    let script = Script::new().run("A").to_block().run("C").to_end().run("A").to_end();
    assert_eq!(play(&program, &script).unwrap(), [0, 2, 2, 1, 1, 1, 0, 0, 0]);
}

#[test]
fn to_block_ends_where_a_thread_spins() {
    let program = Program::spinning();
    let script = Script::new().run("B").to_block().run("C").to_block();
    assert_eq!(play(&program, &script).unwrap()[..3], [1, 2, 2]);
}

#[test]
fn to_end_lets_others_run_while_the_thread_spins() {
    let mut program = Program::new(vec![vec![Step::Spin(2), Step::End]; 2]);
    program.push(vec![WORK, WORK, Step::End]);
    let script = Script::new().run("A").to_end();
    assert_eq!(play(&program, &script).unwrap(), [0, 1, 2, 2, 2, 0, 0, 1, 1]);
}

#[test]
fn complains_about_the_first_move_that_was_not_made() {
    let complaint = |script: Script| play(&threads(), &script).unwrap_err();
    assert_eq!(
        complaint(Script::new().run("A").until("lock").run("B").to_end()),
        "script: 'A' never came to \"lock\""
    );
    assert_eq!(
        complaint(Script::new().run("A").until_nth("x", 3)),
        "script: 'A' did not come to \"x\" 3 times"
    );
    assert_eq!(complaint(Script::new().run("Z").to_block()), "script: 'Z' never ran");
    assert_eq!(complaint(Script::new().run("Z").to_end()), "script: 'Z' never came to its end");
    assert_eq!(complaint(Script::new().run("A").steps(9)), "script: 'A' did not take 9 steps");
}

#[test]
fn a_thread_that_ends_too_early_gives_the_script_up() {
    let script = Script::new().run("A").until("lock").run("B").until("x");
    let mut play = Play::new(&script);
    assert_eq!(threads().order(&mut play)[..7], [0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(play.complaint().unwrap(), "script: 'A' never came to \"lock\"");
}
