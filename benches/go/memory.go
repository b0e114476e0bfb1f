package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

// things are made n at a time; what is returned keeps them.
var things = map[string]func(n int) any{
	"blocked_goroutine":  blockedGoroutines,
	"child_context":      childContexts,
	"child_with_timeout": childrenWithTimeout,
	"timer":              timers,
	"after_func":         afterFuncs,
}

// measureMemory prints the bytes that each of n things takes: of Go's heap and
// stacks, and resident.
func measureMemory(thing, number string) {
	n, err := strconv.Atoi(number)
	makeThem := things[thing]
	if err != nil || makeThem == nil {
		fail("usage: memory THING NUMBER")
	}
	own, resident := memoryNow()
	kept := makeThem(n)
	ownAfter, residentAfter := memoryNow()
	fmt.Println((ownAfter-own)/n, (residentAfter-resident)/n)
	runtime.KeepAlive(kept)
}

// memoryNow returns the bytes of the heap and the stacks in use, and those of
// the process that are resident.
func memoryNow() (own, resident int) {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	rollup, err := os.ReadFile("/proc/self/smaps_rollup")
	check(err)
	_, after, _ := strings.Cut(string(rollup), "Rss:")
	kib, err := strconv.Atoi(strings.Fields(after)[0])
	check(err)
	return int(stats.HeapAlloc + stats.StackInuse), kib * 1024
}

func blockedGoroutines(n int) any {
	var started sync.WaitGroup
	gate := make(chan struct{})
	for range n {
		started.Add(1)
		go func() {
			started.Done()
			<-gate
		}()
	}
	started.Wait()
	return gate
}

func childContexts(n int) any {
	parent, cancel := context.WithCancel(context.Background())
	cancels := make([]context.CancelFunc, n)
	for i := range cancels {
		_, cancels[i] = context.WithCancel(parent)
	}
	return append(cancels, cancel)
}

func childrenWithTimeout(n int) any {
	parent, cancel := context.WithCancel(context.Background())
	cancels := make([]context.CancelFunc, n)
	for i := range cancels {
		_, cancels[i] = context.WithTimeout(parent, time.Hour)
	}
	return append(cancels, cancel)
}

func timers(n int) any {
	all := make([]*time.Timer, n)
	for i := range all {
		all[i] = time.NewTimer(time.Hour)
	}
	return all
}

func afterFuncs(n int) any {
	all := make([]*time.Timer, n)
	for i := range all {
		all[i] = time.AfterFunc(time.Hour, empty)
	}
	return all
}
