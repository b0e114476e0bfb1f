package main

import (
	"context"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// sync.WaitGroup.

// sharedGroup is a package-level variable so that it is real shared memory.
var sharedGroup sync.WaitGroup

func addDone(n int) {
	for range n {
		sharedGroup.Add(1)
		sharedGroup.Done()
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
