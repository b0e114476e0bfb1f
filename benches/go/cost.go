package main

import (
	"fmt"
	"slices"
	"strconv"
	"syscall"
	"time"
)

func init() {
	rows = append(rows,
		row{"cost/each_ms/go/1", timed(eachMillisecond)},
		row{"cost/idle_ms/go/1", timed(idleMilliseconds)},
	)
}

// measureCost does the operation of a row n times, and prints what the process
// has used for that, in all of its threads: the time by the clock and that of
// the processors in the program and in the kernel, in nanoseconds, and the
// voluntary context switches.
func measureCost(id, number string) {
	n, err := strconv.Atoi(number)
	at := slices.IndexFunc(rows, func(r row) bool { return r.id == id })
	if err != nil || at < 0 {
		fail("usage: cost ID NUMBER")
	}
	unawaitedOf(1000)(1) // The threads of the runtime have started.
	start, before := time.Now(), used()
	rows[at].run(n)
	took, after := time.Since(start), used()
	fmt.Println(
		took.Nanoseconds(),
		after.Utime.Nano()-before.Utime.Nano(),
		after.Stime.Nano()-before.Stime.Nano(),
		after.Nvcsw-before.Nvcsw,
	)
}

// used returns what this process has used until now.
func used() (usage syscall.Rusage) {
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return usage
}

// eachMillisecond starts a small group in each millisecond, and sleeps between
// them.
func eachMillisecond(n int) {
	start := time.Now()
	for round := range n {
		time.Sleep(time.Duration(round)*time.Millisecond - time.Since(start))
		waitGroupOf(5, empty)(1)
	}
}

func idleMilliseconds(n int) { time.Sleep(time.Duration(n) * time.Millisecond) }
