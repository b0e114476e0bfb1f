package main

import "time"

// time.

func init() {
	rows = append(rows,
		row{"timer/start_stop/go/1", amongOthers(afterFuncStop)},
		row{"timer/channel_start_stop/go/1", amongOthers(newTimerStop)},
		row{"timer/reset/go/1", amongOthers(timerReset)},
	)
}

// others are pending while timers are measured; they are set once, at instants
// from an hour to two hours from then.
var others []*time.Timer

// amongOthers does not time the setting of the others.
func amongOthers(run func(n int)) func(n int) time.Duration {
	return func(n int) time.Duration {
		if others == nil {
			const many = 100_000
			for i := range many {
				far := time.Hour + time.Hour*time.Duration(i*48_271%many)/many
				others = append(others, time.AfterFunc(far, func() {}))
			}
		}
		return timed(run)(n)
	}
}

func afterFuncStop(n int) {
	for range n {
		time.AfterFunc(time.Hour*3/2, func() {}).Stop()
	}
}

// newTimerStop looks at the channel: since Go 1.23 a timer that nobody waits
// for is in no heap.
func newTimerStop(n int) {
	for range n {
		timer := time.NewTimer(time.Hour * 3 / 2)
		select {
		case <-timer.C:
			panic("an hour has passed")
		default:
		}
		timer.Stop()
	}
}

func timerReset(n int) {
	timer := time.NewTimer(time.Hour)
	for range n {
		timer.Reset(time.Hour * 3 / 2)
	}
	timer.Stop()
}
