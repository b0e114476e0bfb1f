package main

import (
	"context"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"
)

// sync.Once and sync.OnceValue.

var once sync.Once

func onceDone(n int) {
	for range n {
		once.Do(empty)
	}
}

// valueSum keeps the compiler from deleting the calls.
var valueSum uint64

var sharedValue = sync.OnceValue(func() uint64 { return 7 })

func onceValue(n int) {
	sum := uint64(0)
	for range n {
		sum += sharedValue()
	}
	valueSum = sum
}

// sync.Cond.

// turns lets two goroutines take turns n times each: a pair of hand-offs is one
// operation. The signal comes before or after the unlocking of the mutex.
func turns(locked bool) func(n int) {
	return func(n int) {
		var mutex sync.Mutex
		changed := sync.NewCond(&mutex)
		next := 0
		player := func(me int) {
			for range n {
				mutex.Lock()
				for next != me {
					changed.Wait()
				}
				next = 1 - me
				if locked {
					changed.Signal()
					mutex.Unlock()
				} else {
					mutex.Unlock()
					changed.Signal()
				}
			}
		}
		var both sync.WaitGroup
		both.Go(func() { player(0) })
		both.Go(func() { player(1) })
		both.Wait()
	}
}

// meet lets five goroutines meet n times: the last to come wakes the others.
func meet(n int) {
	var mutex sync.Mutex
	changed := sync.NewCond(&mutex)
	came := 0
	guest := func() {
		for range n {
			mutex.Lock()
			came++
			if came%5 == 0 {
				mutex.Unlock()
				changed.Broadcast()
				continue
			}
			for all := (came/5 + 1) * 5; came < all; {
				changed.Wait()
			}
			mutex.Unlock()
		}
	}
	var guests sync.WaitGroup
	for range 5 {
		guests.Go(guest)
	}
	guests.Wait()
}

func signalNobody(n int) {
	var mutex sync.Mutex
	changed := sync.NewCond(&mutex)
	for range n {
		changed.Signal()
	}
}

// sync/atomic.

// They are package-level variables so that they are real shared memory.
var (
	count atomic.Int64
	peak  atomic.Int64
	value atomic.Value // of *config
	fixed atomic.Pointer[config]
)

// config stands for a configuration.
type config [8]uint64

func init() {
	value.Store(&config{7, 7, 7, 7, 7, 7, 7, 7})
	fixed.Store(&config{7, 7, 7, 7, 7, 7, 7, 7})
}

func add(n int) {
	for range n {
		count.Add(1)
	}
}

// track counts one in and out again, and keeps the peak, which may miss some.
func track(n int) {
	for range n {
		now := count.Add(1)
		for {
			most := peak.Load()
			if now <= most || peak.CompareAndSwap(most, now) {
				break
			}
		}
		count.Add(-1)
	}
}

// readSum keeps the compiler from deleting the reads.
var readSum atomic.Uint64

func read(n int) {
	var sum uint64
	for range n {
		sum += value.Load().(*config)[0]
	}
	readSum.Store(sum)
}

func readPointer(n int) {
	var sum uint64
	for range n {
		sum += fixed.Load()[0]
	}
	readSum.Store(sum)
}

func store(n int) {
	for range n {
		value.Store(&config{7, 7, 7, 7, 7, 7, 7, 7})
	}
}

// semaphore.

// acquireRelease lets each of so many goroutines do n pairs on a semaphore with
// so many permits.
func acquireRelease(permits, goroutines int) func(n int) {
	return func(n int) {
		shared := semaphore.NewWeighted(int64(permits))
		pairs := func() {
			for range n {
				check(shared.Acquire(context.Background(), 1))
				shared.Release(1)
			}
		}
		var others sync.WaitGroup
		for range goroutines - 1 {
			others.Go(pairs)
		}
		pairs()
		others.Wait()
	}
}

// singleflight.

var flights singleflight.Group

func singleFlight(key string) func(n int) {
	return func(n int) {
		for range n {
			_, err, _ := flights.Do(key, func() (any, error) { return 7, nil })
			check(err)
		}
	}
}

// singleFlights lets each of two goroutines do n calls with a key of its own.
func singleFlights(n int) {
	var both sync.WaitGroup
	for _, key := range []string{"0", "1"} {
		both.Go(func() { singleFlight(key)(n) })
	}
	both.Wait()
}
