package main

import (
	"context"
	"errors"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

func init() {
	rows = append(rows,
		row{"wait_group/token/go/1", timed(deferDone)},
		row{"wait_group/wait_until_ready/go/1", timed(underLiveParent(waitUntilReady))},
		row{"err_group/owned_5/go/1", timed(errGroupOf(5, succeed))},
		row{"err_group/join_5/go/1", timed(errGroupOfValues)},
		row{"err_group/try_go_5/go/1", timed(errGroupOfTries)},
		row{"err_group/limited_5/go/1", timed(limitedErrGroupOf(5))},
		row{"err_group/limited_1000/go/1", timed(limitedErrGroupOf(1000))},
		row{"err_group/all_errors_5/go/1", timed(allErrors)},
		row{"err_group/settle_5/go/1", timed(settle)},
	)
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

func deferDone(n int) {
	for range n {
		func() {
			sharedGroup.Add(1)
			defer sharedGroup.Done()
		}()
	}
}

// waitUntilReady has a goroutine wait in its place, as one does by hand.
func waitUntilReady(ctx context.Context, n int) {
	var idle sync.WaitGroup
	for range n {
		done := make(chan struct{})
		go func() {
			idle.Wait()
			close(done)
		}()
		select {
		case <-done:
		case <-ctx.Done():
			panic("nobody cancels it")
		}
	}
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

func errGroupOfValues(n int) {
	for range n {
		group, _ := errgroup.WithContext(context.Background())
		var values [5]int
		for i := range values {
			group.Go(func() error {
				values[i] = i
				return nil
			})
		}
		check(group.Wait())
	}
}

func errGroupOfTries(n int) {
	for range n {
		group, _ := errgroup.WithContext(context.Background())
		for range 5 {
			if !group.TryGo(succeed) {
				panic("there is no limit")
			}
		}
		check(group.Wait())
	}
}

func limitedErrGroupOf(tasks int) func(n int) {
	return func(n int) {
		for range n {
			group, _ := errgroup.WithContext(context.Background())
			group.SetLimit(5)
			for range tasks {
				group.Go(succeed)
			}
			check(group.Wait())
		}
	}
}

var errTask = errors.New("a task has failed")

// allErrors collects by hand what an errgroup drops.
func allErrors(n int) {
	for range n {
		var group sync.WaitGroup
		var mutex sync.Mutex
		var all []error
		for range 5 {
			group.Go(func() {
				mutex.Lock()
				all = append(all, errTask)
				mutex.Unlock()
			})
		}
		group.Wait()
		if len(all) != 5 {
			panic("an error was lost")
		}
	}
}

// settle has a place for each outcome.
func settle(n int) {
	for range n {
		var group sync.WaitGroup
		var outcomes [5]struct {
			value int
			err   error
		}
		for i := range outcomes {
			group.Go(func() {
				if i == 2 {
					outcomes[i].err = errTask
				} else {
					outcomes[i].value = i
				}
			})
		}
		group.Wait()
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
