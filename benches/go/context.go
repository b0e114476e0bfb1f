package main

import (
	"context"
	"time"
)

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
