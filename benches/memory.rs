//! Measures what things take of memory: `cargo bench --bench memory`, on Linux.
//!
//! Prints Markdown tables: bytes for each of ten thousand, beside what Go takes where `go` is installed;
//! allocations; sizes. Each figure of the first is of a process of its own, that has done nothing else,
//! and includes the value that the program holds, in a list.
#![expect(clippy::print_stdout, reason = "the tables are what it is for")]
#![expect(clippy::cast_precision_loss, reason = "sizes of memory are far from 2^53")]

#[path = "memory/allocations.rs"]
mod allocations;
#[path = "support/counting.rs"]
mod counting;
#[path = "memory/go.rs"]
mod go;
#[path = "memory/process.rs"]
mod process;
#[path = "memory/sizes.rs"]
mod sizes;
#[path = "memory/things.rs"]
mod things;

use std::env;
use std::process::Command;

use process::Memory;
use sizes::SIZES;
use things::{THINGS, Thing};

/// The argument before the place of a thing and the number of them, for a process of its own.
const ALONE: &str = "--alone";
const FEW: usize = 1000;
const MANY: usize = 10_000;

fn main() {
    let arguments: Vec<_> = env::args().collect();
    if !cfg!(target_os = "linux") {
        println!("skipped: it reads what Linux tells of a process");
    } else if let Some(at) = arguments.iter().position(|argument| argument == ALONE) {
        let number = |place: usize| arguments[place].parse().expect("a number");
        alone(THINGS[number(at + 1)], number(at + 2));
    } else if arguments.iter().any(|argument| argument == "--bench") {
        print_things();
        print_allocations();
        print_sizes();
    } else {
        for (_, make) in THINGS {
            drop(make(3));
        }
        assert!(!allocations::table(3).is_empty());
    }
}

/// Prints the bytes that each of `n` takes, and ends.
fn alone((_, make): Thing, n: usize) -> ! {
    let before = Memory::now();
    let kept = make(n);
    let each = Memory::now().each_since(before, n);
    println!("{}", each.map(|bytes| format!("{bytes:.0}")).join(" "));
    std::mem::forget(kept);
    // Of the threads nobody has told any to end.
    std::process::exit(0);
}

/// The bytes that each of `n` takes, as another process has measured them.
fn measured(place: usize, n: usize) -> Vec<String> {
    let program = env::current_exe().expect("the path of this program");
    let arguments = [ALONE.to_owned(), place.to_string(), n.to_string()];
    let output = Command::new(program).args(arguments).output().expect("it can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).split_whitespace().map(str::to_owned).collect()
}

fn print_things() {
    println!(
        "| bytes each | heap | resident, of {FEW} | of {MANY} | page tables | kernel stack | slab |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (place, (name, _)) in THINGS.iter().enumerate() {
        let (few, many) = (measured(place, FEW), measured(place, MANY));
        println!("| {name} | {} | {} | {} |", many[0], few[1], many[1..].join(" | "));
    }
    for (name, heap, few, many) in go::measured(FEW, MANY) {
        println!("| Go: {name} | {heap} | {few} | {many} | - | - | - |");
    }
}

fn print_allocations() {
    println!("\n| operation | allocations |\n|---|---|");
    for (name, each) in allocations::table(1000) {
        println!("| {name} | {each:.2} |");
    }
}

fn print_sizes() {
    println!("\n| type | bytes |\n|---|---|");
    for (name, bytes) in SIZES {
        println!("| {name} | {bytes} |");
    }
}
