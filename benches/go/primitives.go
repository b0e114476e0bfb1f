package main

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"
)

func init() {
	rows = append(rows,
		row{"once/try_value/go/1", timed(tryValue)},
		row{"once/once_fn/go/1", timed(onceFunc)},
		row{"semaphore/try_acquire/go/1", timed(tryAcquire)},
		row{"single_flight/until/go/1", timed(underLiveParent(flightUntil))},
		row{"single_flight/forget/go/1", timed(forget)},
	)
}

// sync.Once, sync.OnceValue and sync.OnceFunc.

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

// valueOrRetry is written by hand: the next caller tries again what has failed.
type valueOrRetry struct {
	mutex sync.Mutex
	value atomic.Pointer[uint64]
}

func (v *valueOrRetry) get(f func() (uint64, error)) (uint64, error) {
	if value := v.value.Load(); value != nil {
		return *value, nil
	}
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if value := v.value.Load(); value != nil {
		return *value, nil
	}
	value, err := f()
	if err == nil {
		v.value.Store(&value)
	}
	return value, err
}

var retried valueOrRetry

func tryValue(n int) {
	sum := uint64(0)
	for range n {
		value, err := retried.get(func() (uint64, error) { return strconv.ParseUint("7", 10, 64) })
		check(err)
		sum += value
	}
	valueSum = sum
}

var sharedFunc = sync.OnceFunc(empty)

func onceFunc(n int) {
	for range n {
		sharedFunc()
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

func tryAcquire(n int) {
	shared := semaphore.NewWeighted(10)
	for range n {
		if !shared.TryAcquire(1) {
			panic("nobody else wants one")
		}
		shared.Release(1)
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

func flightUntil(ctx context.Context, n int) {
	for range n {
		select {
		case result := <-flights.DoChan("0", func() (any, error) { return 7, nil }):
			check(result.Err)
		case <-ctx.Done():
			panic("nobody cancels it")
		}
	}
}

// forget has each flight forgotten while it is one.
func forget(n int) {
	for range n {
		_, err, _ := flights.Do("0", func() (any, error) {
			flights.Forget("0")
			return 7, nil
		})
		check(err)
	}
}
