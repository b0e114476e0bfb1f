package main

import "time"

// time.Ticker.

func init() {
	rows = append(rows, row{"timer/missed_tick/go/1", timed(missedTick)})
}

func missedTick(n int) {
	ticker := time.NewTicker(time.Nanosecond)
	defer ticker.Stop()
	for range n {
		<-ticker.C
	}
}
