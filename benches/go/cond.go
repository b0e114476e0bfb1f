package main

import (
	"context"
	"sync"
)

// sync.Cond.

func init() {
	rows = append(rows,
		row{"cond/turns/go/2", timed(turns(false))},
		row{"cond/turns_locked/go/2", timed(turns(true))},
		row{"cond/turns_until/go/2", timed(underLiveParent(turnsUntil))},
		row{"cond/wait_while_ready/go/1", timed(waitWhile)},
		row{"cond/wait_while_until_ready/go/1", timed(underLiveParent(waitWhileUntil))},
		row{"cond/signal_nobody/go/1", timed(signalNobody)},
		row{"cond/broadcast/go/5", timed(meet)},
	)
}

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

// waitOrEnd waits while condition holds, as the documentation of
// context.AfterFunc shows it. The mutex is locked.
func waitOrEnd(ctx context.Context, changed *sync.Cond, condition func() bool) error {
	stop := context.AfterFunc(ctx, func() {
		changed.L.Lock()
		defer changed.L.Unlock()
		changed.Broadcast()
	})
	defer stop()
	for condition() {
		changed.Wait()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

func turnsUntil(ctx context.Context, n int) {
	var mutex sync.Mutex
	changed := sync.NewCond(&mutex)
	next := 0
	player := func(me int) {
		for range n {
			mutex.Lock()
			check(waitOrEnd(ctx, changed, func() bool { return next != me }))
			next = 1 - me
			mutex.Unlock()
			changed.Signal()
		}
	}
	var both sync.WaitGroup
	both.Go(func() { player(0) })
	both.Go(func() { player(1) })
	both.Wait()
}

func waitWhile(n int) {
	var mutex sync.Mutex
	changed := sync.NewCond(&mutex)
	busy := 0
	for range n {
		mutex.Lock()
		for busy != 0 {
			changed.Wait()
		}
		mutex.Unlock()
	}
}

func waitWhileUntil(ctx context.Context, n int) {
	var mutex sync.Mutex
	changed := sync.NewCond(&mutex)
	busy := 0
	for range n {
		mutex.Lock()
		check(waitOrEnd(ctx, changed, func() bool { return busy != 0 }))
		mutex.Unlock()
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
