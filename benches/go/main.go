// Program phalanx-bench measures what Go offers for the jobs phalanx does:
// sync.WaitGroup, errgroup and context.
//
// It prints one line per row, "<id> <median ns per operation>", where an id is
// group/operation/rival/threads.
//
//	./build.sh /tmp/phalanx-bench-go   # uses Debian's golang.org/x/sync if installed
//	/tmp/phalanx-bench-go              # every row
//	/tmp/phalanx-bench-go poll wake    # rows whose id contains "poll" or "wake"
//
// With network access "go run . context/" does the same.
//
// Environment:
//
//	PHALANX_BENCH_QUICK=1  3 batches of 1 ms per row instead of 31 of 10 ms
//	PHALANX_BENCH_LCG=N    steps of arithmetic in one "work_2us" task (1400)
package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// A row is one line of the output.
type row struct {
	id string
	// run does the operation n times and returns the time that took.
	run func(n int) time.Duration
}

var rows = []row{
	{"wait_group/add_done/go/1", timed(addDone)},
	{"wait_group/add_done/go/2", timed(addDoneByTwo)},
	{"wait_group/spawn_1/go/1", timed(waitGroupOf(1))},
	{"wait_group/spawn_5/go/1", timed(waitGroupOf(5))},
	{"wait_group/spawn_1000/go/1", timed(waitGroupOf(1000))},
	{"err_group/spawn_5/go/1", timed(errGroupOf(5, succeed))},
	{"err_group/spawn_1000/go/1", timed(errGroupOf(1000, succeed))},
	{"err_group/work_2us_1000/go/1", timed(errGroupOfWork)},
	{"err_group/sleep_10ms_1000/go/1", timed(errGroupOf(1000, sleep))},
	{"context/poll/go/1", timed(underLiveParent(poll))},
	{"context/child_cancel/go/1", timed(underLiveParent(childCancel))},
	{"context/child_poll_cancel/go/1", timed(underLiveParent(childPollCancel))},
	{"context/timeout_cancel/go/1", timed(underLiveParent(timeoutCancel))},
	{"context/cancel_10000_children/go/1", cancelChildren},
	{"context/wake/go/1", timed(wake)},
}

func main() {
	filters := os.Args[1:]
	batches, length := 31, 10*time.Millisecond
	if os.Getenv("PHALANX_BENCH_QUICK") == "1" {
		batches, length = 3, time.Millisecond
	}

	matched := false
	for _, r := range rows {
		if passes(r.id, filters) {
			matched = true
			fmt.Printf("%s %.2f\n", r.id, measure(r.run, batches, length))
		}
	}
	if !matched {
		fail(fmt.Sprintf("no row matches %q", filters))
	}
}

// passes tells whether the id contains one of the filters, or there are none.
func passes(id string, filters []string) bool {
	isPart := func(filter string) bool { return strings.Contains(id, filter) }
	return len(filters) == 0 || slices.ContainsFunc(filters, isPart)
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, message)
	os.Exit(1)
}

// Measuring.

// measure returns the median over the batches of the ns per operation.
func measure(run func(n int) time.Duration, batches int, length time.Duration) float64 {
	n := calibrate(run, length)
	run(n) // Warm up.

	samples := make([]float64, batches)
	for i := range samples {
		samples[i] = float64(run(n).Nanoseconds()) / float64(n)
	}
	slices.Sort(samples)
	return samples[batches/2] // The number of batches is odd.
}

// calibrate returns how many operations take about as long as length, at
// least 1.
func calibrate(run func(n int) time.Duration, length time.Duration) int {
	for n := 1; ; n *= 2 {
		took := run(n)
		if took >= length/2 {
			return max(1, int(float64(n)*float64(length)/float64(took)))
		}
	}
}

// timed makes a row's run function of one where everything counts.
func timed(run func(n int)) func(n int) time.Duration {
	return func(n int) time.Duration {
		start := time.Now()
		run(n)
		return time.Since(start)
	}
}

// sync.WaitGroup.

// sharedGroup is a package-level variable so that it is real shared memory.
var sharedGroup sync.WaitGroup

func addDone(n int) {
	for range n {
		sharedGroup.Add(1)
		sharedGroup.Done()
	}
}

// addDoneByTwo lets each of two goroutines do n pairs on the shared group.
func addDoneByTwo(n int) {
	var both sync.WaitGroup
	both.Go(func() { addDone(n) })
	both.Go(func() { addDone(n) })
	both.Wait()
}

func waitGroupOf(tasks int) func(n int) {
	return func(n int) {
		for range n {
			var group sync.WaitGroup
			for range tasks {
				group.Go(empty)
			}
			group.Wait()
		}
	}
}

func empty() {}

// errgroup.

func errGroupOf(tasks int, task func() error) func(n int) {
	return func(n int) {
		for range n {
			group, _ := errgroup.WithContext(context.Background())
			for range tasks {
				group.Go(task)
			}
			check(group.Wait())
		}
	}
}

func succeed() error { return nil }

func sleep() error {
	time.Sleep(10 * time.Millisecond)
	return nil
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// workResults keeps the compiler from deleting the work; a slot per task keeps
// the tasks from racing.
var workResults [1000]uint64

var workSteps = stepsFromEnvironment()

func errGroupOfWork(n int) {
	for range n {
		group, _ := errgroup.WithContext(context.Background())
		for i := range workResults {
			group.Go(func() error {
				workResults[i] = lcg(uint64(i), workSteps)
				return nil
			})
		}
		check(group.Wait())
	}
}

// lcg takes steps of a linear congruential generator. Every step needs the one
// before it, so the time depends on the number of steps and little else.
func lcg(x uint64, steps int) uint64 {
	for range steps {
		x = x*6364136223846793005 + 1442695040888963407
	}
	return x
}

func stepsFromEnvironment() int {
	text, set := os.LookupEnv("PHALANX_BENCH_LCG")
	if !set {
		return 1400
	}
	steps, err := strconv.Atoi(text)
	if err != nil || steps < 0 {
		fail("PHALANX_BENCH_LCG is not a number of steps: " + strconv.Quote(text))
	}
	return steps
}

// context.

// underLiveParent gives run a context that can be cancelled but is not.
func underLiveParent(run func(parent context.Context, n int)) func(n int) {
	return func(n int) {
		parent, cancel := context.WithCancel(context.Background())
		defer cancel()
		run(parent, n)
	}
}

// liveCount keeps the compiler from deleting the polls.
var liveCount int

func poll(ctx context.Context, n int) {
	live := 0
	for range n {
		if ctx.Err() == nil {
			live++
		}
	}
	liveCount = live
}

func childCancel(parent context.Context, n int) {
	for range n {
		_, cancel := context.WithCancel(parent)
		cancel()
	}
}

func childPollCancel(parent context.Context, n int) {
	live := 0
	for range n {
		child, cancel := context.WithCancel(parent)
		if child.Err() == nil {
			live++
		}
		cancel()
	}
	liveCount = live
}

func timeoutCancel(parent context.Context, n int) {
	for range n {
		_, cancel := context.WithTimeout(parent, time.Hour)
		cancel()
	}
}

// cancelChildren times only the cancelling of the parent, not the making of
// its children, each of which is polled once.
func cancelChildren(n int) time.Duration {
	cancels := make([]context.CancelFunc, 10_000) // Each keeps its child alive.
	var total time.Duration
	for range n {
		parent, cancel := context.WithCancel(context.Background())
		for i := range cancels {
			var child context.Context
			child, cancels[i] = context.WithCancel(parent)
			if child.Err() != nil {
				panic("a child was born cancelled")
			}
		}
		start := time.Now()
		cancel()
		total += time.Since(start)
	}
	return total
}

// wake is the whole life of a goroutine that waits for a context: made, told
// by cancel, and reported back. It may find the context already cancelled when
// it starts.
func wake(n int) {
	report := make(chan struct{})
	for range n {
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			<-ctx.Done()
			report <- struct{}{}
		}()
		cancel()
		<-report
	}
}
