//! Measures what things take of memory: `cargo bench --bench memory`, on Linux.
//!
//! Prints Markdown tables: bytes for each of ten thousand, beside what Go takes where `go` is installed;
//! allocations; sizes. Each figure of the first is of a process of its own, that has done nothing else,
//! and includes the value that the program holds, in a list.
#![expect(clippy::print_stdout, reason = "the tables are what it is for")]
#![expect(clippy::cast_precision_loss, reason = "sizes of memory are far from 2^53")]

#[path = "memory/allocations.rs"]
mod allocations;
#[path = "support/alone.rs"]
mod alone;
#[path = "support/counting.rs"]
mod counting;
#[expect(dead_code, reason = "another benchmark asks for times")]
#[path = "report/go.rs"]
mod go;
#[path = "memory/go_things.rs"]
mod go_things;
#[path = "memory/process.rs"]
mod process;
#[path = "memory/sizes.rs"]
mod sizes;
#[path = "memory/things.rs"]
mod things;

use std::env;

use process::Memory;
use sizes::SIZES;
use things::{THINGS, Thing};

const FEW: usize = 1000;
const MANY: usize = 10_000;

fn main() {
    if !cfg!(target_os = "linux") {
        println!("skipped: it reads what Linux tells of a process");
    } else if let Some(arguments) = alone::arguments() {
        let number = |place: usize| arguments[place].parse().expect("a number");
        make_alone(THINGS[number(0)], number(1));
    } else if env::args().any(|argument| argument == "--bench") {
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
fn make_alone((_, make): Thing, n: usize) -> ! {
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
    let output = alone::output(&[&place.to_string(), &n.to_string()]);
    output.split_whitespace().map(str::to_owned).collect()
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
    for (name, heap, few, many) in go_things::measured(FEW, MANY) {
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
