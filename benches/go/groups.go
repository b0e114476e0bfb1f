package main

import (
	"context"
	"errors"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

func init() {
	rows = append(rows,
		row{"wait_group/token/go/1", timed(deferDone)},
		row{"wait_group/wait_until_ready/go/1", timed(underLiveParent(waitUntilReady))},
		row{"wait_group/nobody_waits_1000/go/1", timed(unawaitedOf(1000))},
		row{"wait_group/work_10us_1000/go/1", timed(waitGroupOf(1000, func() { busy(10) }))},
		row{"err_group/owned_5/go/1", timed(errGroupOf(5, succeed))},
		row{"err_group/join_5/go/1", timed(errGroupOfValues)},
		row{"err_group/try_go_5/go/1", timed(errGroupOfTries)},
		row{"err_group/limited_5/go/1", timed(limitedErrGroupOf(5, succeed))},
		row{"err_group/limited_1000/go/1", timed(limitedErrGroupOf(1000, succeed))},
		row{"err_group/caller_runs_1000/go/1", timed(limitedErrGroupOf(1000, succeed))},
		row{"err_group/limited_1000_work_10us/go/1", timed(limitedErrGroupOf(1000, busy10us))},
		row{"err_group/all_errors_5/go/1", timed(allErrors)},
		row{"err_group/settle_5/go/1", timed(settle)},
		row{"err_group/fork_join_50us/go/1", timed(forkJoin)},
		row{"err_group/nested_tree/go/1", timed(nestedTree)},
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

func waitGroupOf(tasks int, task func()) func(n int) {
	return func(n int) {
		for range n {
			var group sync.WaitGroup
			for range tasks {
				group.Go(task)
			}
			group.Wait()
		}
	}
}

// unawaitedOf starts goroutines without a group, and returns when the last of
// them has run.
func unawaitedOf(tasks int) func(n int) {
	return func(n int) {
		for range n {
			end := make(chan struct{}, 1)
			var left atomic.Int64
			left.Store(int64(tasks))
			for range tasks {
				go func() {
					if left.Add(-1) == 0 {
						end <- struct{}{}
					}
				}()
			}
			<-end
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

func limitedErrGroupOf(tasks int, task func() error) func(n int) {
	return func(n int) {
		for range n {
			group, _ := errgroup.WithContext(context.Background())
			group.SetLimit(5)
			for range tasks {
				group.Go(task)
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

// forkJoin lets a task work while the caller does the same work.
func forkJoin(n int) {
	for range n {
		group, _ := errgroup.WithContext(context.Background())
		group.Go(func() error {
			busy(50)
			return nil
		})
		busy(50)
		check(group.Wait())
	}
}

func nestedTree(n int) {
	for range n {
		count, err := leaves(10)
		check(err)
		if count != 1<<10 {
			panic("a leaf was lost")
		}
	}
}

// leaves counts the leaves of a binary tree. Each node is a group of one task,
// which is a subtree; the caller does the other one.
func leaves(depth int) (int, error) {
	if depth == 0 {
		return 1, nil
	}
	group, _ := errgroup.WithContext(context.Background())
	other := 0
	group.Go(func() (err error) {
		other, err = leaves(depth - 1)
		return err
	})
	ours, err := leaves(depth - 1)
	return ours + other, errors.Join(err, group.Wait())
}

func succeed() error { return nil }

func busy10us() error {
	busy(10)
	return nil
}

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

// busy computes for about this long on the machine of the published figures.
//
//go:noinline
func busy(microseconds int) uint64 { return lcg(uint64(microseconds), microseconds*1000) }

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
