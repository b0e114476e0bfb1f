package main

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Operations at several sizes: the last part of an id. Where an operation is of
// so many units, its time is that of all of them.

func init() {
	million := []int{1, 10, 100, 1000, 10_000, 100_000, 1_000_000}
	tasks := []int{1, 10, 100, 1000, 10_000, 100_000}
	thousand := []int{1, 10, 100, 1000}

	curve("contexts", million, each(family))
	curve("timers", million, amongPending)
	curve("keyed_one", million, keyedOne)
	curve("keyed_all", million, keyedAll)
	curve("single_flight", million, flightsByKey)
	curve("pipeline", []int{1, 2, 4, 8, 16}, throughStages)
	curve("cond_waiters", thousand, inRounds(meetings))
	curve("wait_group_waiters", thousand, inRounds(releases))
	curve("wait_group_tasks", tasks, each(emptyTasks))
	curve("err_group_tasks", tasks, each(errGroupTasks))
	curve("blocked_context", thousand, each(blockedByContext))
	curve("blocked_wait_group", append(thousand, 10_000, 15_000, 20_000), each(blockedByWaitGroup))
}

// curve adds a row for each size.
func curve(name string, sizes []int, at func(size int) func(n int) time.Duration) {
	for _, size := range sizes {
		rows = append(rows, row{fmt.Sprintf("scaling/%s/go/%d", name, size), at(size)})
	}
}

// each makes of an operation on so many units one that can be measured.
func each(operation func(size int)) func(size int) func(n int) time.Duration {
	return func(size int) func(n int) time.Duration {
		return timed(func(n int) {
			for range n {
				operation(size)
			}
		})
	}
}

// family makes children of one context, looks at them, and cancels it.
func family(size int) {
	parent, cancel := context.WithCancel(context.Background())
	cancels := make([]context.CancelFunc, size) // Each keeps its child alive.
	for i := range cancels {
		var child context.Context
		child, cancels[i] = context.WithCancel(parent)
		if child.Err() != nil {
			panic("a child was born cancelled")
		}
	}
	cancel()
}

// pending are the timers that are pending, at instants from an hour to two
// hours from when they were set.
var pending []*time.Timer

func amongPending(size int) func(n int) time.Duration {
	return func(n int) time.Duration {
		for len(pending) < size { // The sizes ascend.
			far := time.Hour + time.Hour*time.Duration(len(pending)*48_271%size)/time.Duration(size)
			pending = append(pending, time.AfterFunc(far, func() {}))
		}
		return timed(afterFuncStop)(n)
	}
}

// A keyedLimiter is what one writes by hand.
type keyedLimiter struct {
	mutex sync.Mutex
	byKey map[uint32]*rate.Limiter
}

func (k *keyedLimiter) of(key uint32) *rate.Limiter {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	limiter := k.byKey[key]
	if limiter == nil {
		limiter = plenty()
		k.byKey[key] = limiter
	}
	return limiter
}

// onKeys gives run a limiter with so many keys, made by the first call.
func onKeys(size int, run func(limiter *keyedLimiter, n int)) func(n int) time.Duration {
	var limiter *keyedLimiter
	return func(n int) time.Duration {
		if limiter == nil {
			limiter = &keyedLimiter{byKey: map[uint32]*rate.Limiter{}}
			for key := range uint32(size) {
				limiter.of(key)
			}
		}
		start := time.Now()
		run(limiter, n)
		return time.Since(start)
	}
}

func keyedOne(size int) func(n int) time.Duration {
	return onKeys(size, func(limiter *keyedLimiter, n int) {
		for range n {
			mustAllow(limiter.of(uint32(size / 2)))
		}
	})
}

func keyedAll(size int) func(n int) time.Duration {
	key := 0
	return onKeys(size, func(limiter *keyedLimiter, n int) {
		for range n {
			key = nextKey(key, size)
			mustAllow(limiter.of(uint32(key)))
		}
	})
}

func mustAllow(limiter *rate.Limiter) {
	if !limiter.Allow() {
		panic("there is always a token")
	}
}

// nextKey goes through all keys in an order that looks random.
func nextKey(key, keys int) int { return (key + 48_271) % keys }

func flightsByKey(size int) func(n int) time.Duration {
	var keys []string
	key := 0
	return func(n int) time.Duration {
		for len(keys) < size {
			keys = append(keys, strconv.Itoa(len(keys)))
		}
		start := time.Now()
		for range n {
			key = nextKey(key, size)
			_, err, _ := flights.Do(keys[key], func() (any, error) { return 7, nil })
			check(err)
		}
		return time.Since(start)
	}
}

func throughStages(stages int) func(n int) time.Duration {
	return timed(func(n int) { passThrough(n, stages) })
}

// inRounds makes ten rounds one operation: the time begins and ends while
// others are still being woken.
func inRounds(at func(size int) func(n int) time.Duration) func(size int) func(n int) time.Duration {
	return func(size int) func(n int) time.Duration {
		const rounds = 10
		run := at(size)
		return func(n int) time.Duration { return run(n*rounds) / rounds }
	}
}

// meetings lets so many waiters and one more meet n times: the last to come
// wakes the others.
func meetings(waiters int) func(n int) time.Duration {
	return func(n int) time.Duration {
		var mutex sync.Mutex
		allCame := sync.NewCond(&mutex)
		came, all := 0, waiters+1
		meet := func() {
			mutex.Lock()
			came++
			if came%all == 0 {
				mutex.Unlock()
				allCame.Broadcast()
				return
			}
			for enough := (came/all + 1) * all; came < enough; {
				allCame.Wait()
			}
			mutex.Unlock()
		}
		var others sync.WaitGroup
		for range waiters {
			others.Go(func() {
				for range n + 1 {
					meet()
				}
			})
		}
		meet() // All have started.
		start := time.Now()
		for range n {
			meet()
		}
		others.Wait()
		return time.Since(start)
	}
}

// releases lets so many goroutines wait n times for a group of one task, which
// is done when all are there.
func releases(waiters int) func(n int) time.Duration {
	return func(n int) time.Duration {
		var there sync.WaitGroup
		var tasks [2]sync.WaitGroup // They take turns.
		there.Add(waiters)
		tasks[0].Add(1)
		var others sync.WaitGroup
		for range waiters {
			others.Go(func() {
				for round := range n + 1 {
					there.Done()
					tasks[round%2].Wait()
				}
			})
		}
		var start time.Time
		for round := range n + 1 {
			there.Wait()
			if round == 0 {
				start = time.Now() // All have started.
			}
			if round < n {
				there.Add(waiters)
				tasks[(round+1)%2].Add(1)
			}
			tasks[round%2].Done()
		}
		others.Wait()
		return time.Since(start)
	}
}

func emptyTasks(size int) { waitGroupOf(size, empty)(1) }

func errGroupTasks(size int) { errGroupOf(size, succeed)(1) }

func blockedByWaitGroup(size int) {
	var gate sync.WaitGroup
	gate.Add(1)
	block(size, gate.Wait, gate.Done)
}

func blockedByContext(size int) {
	ctx, cancel := context.WithCancel(context.Background())
	block(size, func() { <-ctx.Done() }, cancel)
}

// block starts so many goroutines that wait; when all have started, opens what
// they wait for, and waits for them.
func block(size int, wait, open func()) {
	var group, started sync.WaitGroup
	started.Add(size)
	for range size {
		group.Go(func() {
			started.Done()
			wait()
		})
	}
	started.Wait()
	open()
	group.Wait()
}
