package main

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

func init() {
	rows = append(rows,
		row{"limiter/allow/go/1", timed(allow(plenty()))},
		row{"limiter/allow/go/2", timed(byTwo(allow(plenty())))},
		row{"limiter/wait/go/1", timed(wait)},
		row{"limiter/reserve/go/1", timed(reserve)},
		row{"limiter/refuse/go/1", timed(allow(usedUp()))},
		row{"limiter/refuse/go/2", timed(byTwo(allow(usedUp())))},
		row{"limiter/sometimes/go/1", timed(sometimes)},
	)
}

// plenty returns a limiter that always has a token.
func plenty() *rate.Limiter {
	return rate.NewLimiter(1_000_000_000, 1_000_000_000)
}

// usedUp returns a limiter that has no token for an hour.
func usedUp() *rate.Limiter {
	limiter := rate.NewLimiter(rate.Every(time.Hour), 1)
	if !limiter.Allow() {
		fail("a new limiter has a token")
	}
	return limiter
}

// allowed keeps the compiler from deleting the calls.
var allowed atomic.Uint64

func allow(limiter *rate.Limiter) func(n int) {
	return func(n int) {
		count := uint64(0)
		for range n {
			if limiter.Allow() {
				count++
			}
		}
		allowed.Add(count)
	}
}

func wait(n int) {
	limiter := plenty()
	for range n {
		check(limiter.Wait(context.Background()))
	}
}

func reserve(n int) {
	limiter := plenty()
	for range n {
		if !limiter.Reserve().OK() {
			panic("it is less than the burst")
		}
	}
}

func sometimes(n int) {
	now := rate.Sometimes{Every: 1000}
	for range n {
		now.Do(empty)
	}
}
