package main

import "sync"

// sync.Mutex and sync.RWMutex.

func init() {
	rows = append(rows,
		row{"lock/mutex/go/1", timed(lock)},
		row{"lock/read/go/1", timed(readLock)},
		row{"lock/write/go/1", timed(writeLock)},
	)
}

// They are package-level variables so that they are real shared memory.
var (
	mutex   sync.Mutex
	rwMutex sync.RWMutex
	guarded uint64
)

func lock(n int) {
	for range n {
		mutex.Lock()
		guarded++
		mutex.Unlock()
	}
}

func readLock(n int) {
	sum := uint64(0)
	for range n {
		rwMutex.RLock()
		sum += guarded
		rwMutex.RUnlock()
	}
	valueSum = sum
}

func writeLock(n int) {
	for range n {
		rwMutex.Lock()
		guarded++
		rwMutex.Unlock()
	}
}
