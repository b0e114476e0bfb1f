package main

import (
	"context"
	"errors"
	"time"
)

// context.

func init() {
	rows = append(rows,
		row{"context/check/go/1", timed(underLiveParent(poll))},
		row{"context/cause/go/1", timed(underLiveParent(cause))},
		row{"context/done/go/1", timed(underLiveParent(pollDone))},
		row{"context/with_value/go/1", timed(underLiveParent(withValue))},
		row{"context/value/go/1", timed(underLiveParent(lookUp))},
		row{"context/shielded/go/1", timed(underLiveParent(withoutCancel))},
		row{"context/merge_poll/go/1", timed(underLiveParent(mergePoll))},
		row{"context/on_cancel/go/1", timed(underLiveParent(contextAfterFunc))},
		row{"context/cancel_because/go/1", timed(underLiveParent(cancelCause))},
		row{"context/deadline_cancel/go/1", timed(underLiveParent(deadlineCancel))},
	)
}

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

// pollDone looks at the channel.
func pollDone(ctx context.Context, n int) {
	live := 0
	for range n {
		select {
		case <-ctx.Done():
		default:
			live++
		}
	}
	liveCount = live
}

var errStop = errors.New("told to stop")

// keptError and keptContext keep the compiler from deleting the calls.
var (
	keptError   error
	keptContext context.Context
)

func cause(parent context.Context, n int) {
	ctx, cancel := context.WithCancelCause(parent)
	cancel(errStop)
	for range n {
		keptError = context.Cause(ctx)
	}
}

// valueKey is the type of the keys of values.
type valueKey int

func withValue(ctx context.Context, n int) {
	for range n {
		keptContext = context.WithValue(ctx, valueKey(0), uint64(7))
	}
}

func lookUp(ctx context.Context, n int) {
	ctx = context.WithValue(ctx, valueKey(0), uint64(7))
	ctx = context.WithValue(ctx, valueKey(1), "seven")
	sum := uint64(0)
	for range n {
		sum += ctx.Value(valueKey(0)).(uint64)
	}
	valueSum = sum
}

func withoutCancel(ctx context.Context, n int) {
	ctx = context.WithValue(ctx, valueKey(0), uint64(7))
	for range n {
		keptContext = context.WithoutCancel(ctx)
	}
}

// mergePoll is the recipe in the documentation of context.AfterFunc.
func mergePoll(one context.Context, n int) {
	other, cancelOther := context.WithCancel(context.Background())
	defer cancelOther()
	live := 0
	for range n {
		both, cancel := context.WithCancelCause(one)
		stop := context.AfterFunc(other, func() { cancel(context.Cause(other)) })
		if both.Err() == nil {
			live++
		}
		stop()
		cancel(context.Canceled)
	}
	liveCount = live
}

func contextAfterFunc(ctx context.Context, n int) {
	for range n {
		context.AfterFunc(ctx, empty)()
	}
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

func cancelCause(parent context.Context, n int) {
	for range n {
		_, cancel := context.WithCancelCause(parent)
		cancel(errStop)
	}
}

func deadlineCancel(parent context.Context, n int) {
	deadline := time.Now().Add(time.Hour)
	for range n {
		_, cancel := context.WithDeadline(parent, deadline)
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
