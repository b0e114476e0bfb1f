// Program phalanx-bench measures what Go offers for the jobs phalanx does:
// what is in sync, sync/atomic and context, errgroup and semaphore.
//
// It prints one line per row, "<id> <median ns per operation>", where an id is
// group/operation/rival/threads.
//
//	./build.sh /tmp/phalanx-bench-go   # uses Debian's golang.org/x/sync if installed
//	/tmp/phalanx-bench-go              # every row
//	/tmp/phalanx-bench-go poll wake    # rows whose id contains "poll" or "wake"
//	/tmp/phalanx-bench-go scaling/     # what a unit costs when there are more
//
// With network access "go run . context/" does the same.
//
// Environment:
//
//	PHALANX_BENCH_QUICK=1  3 batches of 1 ms per row instead of 31 of 10 ms
//	PHALANX_BENCH_LCG=N    steps of arithmetic in one "work_2us" task (1400)
package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// A row is one line of the output.
type row struct {
	id string
	// run does the operation n times and returns the time that took.
	run func(n int) time.Duration
}

var rows = []row{
	{"wait_group/add_done/go/1", timed(addDone)},
	{"wait_group/add_done/go/2", timed(byTwo(addDone))},
	{"wait_group/spawn_1/go/1", timed(waitGroupOf(1, empty))},
	{"wait_group/spawn_5/go/1", timed(waitGroupOf(5, empty))},
	{"wait_group/spawn_1000/go/1", timed(waitGroupOf(1000, empty))},
	{"once/done/go/1", timed(onceDone)},
	{"once/value/go/1", timed(onceValue)},
	{"once/function/go/1", timed(onceValue)},
	{"counter/add/go/1", timed(add)},
	{"counter/add/go/2", timed(byTwo(add))},
	{"counter/sharded_add/go/1", timed(add)}, // Go has nothing better.
	{"counter/sharded_add/go/2", timed(byTwo(add))},
	{"counter/track/go/1", timed(track)},
	{"counter/track/go/2", timed(byTwo(track))},
	{"semaphore/acquire_release/go/1", timed(acquireRelease(10, 1))},
	{"semaphore/acquire_release/go/2", timed(acquireRelease(10, 2))},
	{"semaphore/one_permit/go/2", timed(acquireRelease(1, 2))},
	{"atomic_value/read/go/1", timed(read)},
	{"atomic_value/read/go/2", timed(byTwo(read))},
	{"atomic_value/load/go/1", timed(readPointer)}, // A pointer is as good as an Arc.
	{"atomic_value/store/go/1", timed(store)},
	{"single_flight/run/go/1", timed(singleFlight("0"))},
	{"single_flight/run/go/2", timed(singleFlights)},
	{"err_group/spawn_1/go/1", timed(errGroupOf(1, succeed))},
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

// Further rows are in the files of their operations.

func main() {
	others := map[string]func(string, string){
		"memory":  measureMemory,
		"cost":    measureCost,
		"latency": measureLatency,
	}
	if len(os.Args) == 4 && others[os.Args[1]] != nil {
		others[os.Args[1]](os.Args[2], os.Args[3])
		return
	}

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
// In a filter, "$" is the end of the id.
func passes(id string, filters []string) bool {
	isPart := func(filter string) bool { return strings.Contains(id+"$", filter) }
	return len(filters) == 0 || slices.ContainsFunc(filters, isPart)
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, message)
	os.Exit(1)
}

// Measuring.

// longest is the time after which no further batch begins, if there have been
// a few.
const longest = time.Second / 2

// measure returns the median over the batches of the ns per operation.
func measure(run func(n int) time.Duration, batches int, length time.Duration) float64 {
	n := calibrate(run, length)
	run(n) // Warm up.

	var samples []float64
	for start := time.Now(); len(samples) < batches; {
		if len(samples) >= 3 && time.Since(start) > longest {
			break
		}
		samples = append(samples, float64(run(n).Nanoseconds())/float64(n))
	}
	slices.Sort(samples)
	return (samples[(len(samples)-1)/2] + samples[len(samples)/2]) / 2
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

// byTwo lets each of two goroutines do n operations at the same time.
func byTwo(run func(n int)) func(n int) {
	return func(n int) {
		var both sync.WaitGroup
		both.Go(func() { run(n) })
		both.Go(func() { run(n) })
		both.Wait()
	}
}
