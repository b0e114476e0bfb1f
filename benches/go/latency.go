package main

import (
	"fmt"
	"strconv"
	"time"
)

// measureLatency starts goroutines one after another, with a pause before each,
// and prints for each the nanoseconds from the go statement to its first
// instruction.
func measureLatency(number, micros string) {
	tasks, err := strconv.Atoi(number)
	pause, errPause := strconv.Atoi(micros)
	if err != nil || errPause != nil {
		fail("usage: latency TASKS MICROSECONDS")
	}
	latencies := make([]time.Duration, tasks)
	begun := make(chan time.Time, 1)
	for i := range latencies {
		time.Sleep(time.Duration(pause) * time.Microsecond)
		start := time.Now()
		go func() { begun <- time.Now() }()
		latencies[i] = (<-begun).Sub(start)
	}
	for _, latency := range latencies {
		fmt.Println(latency.Nanoseconds())
	}
}
