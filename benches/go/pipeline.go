package main

import (
	"context"
	"sync"
)

// The pipelines article: goroutines and channels, each step a select with the
// end of the context.

func init() {
	rows = append(rows, row{"pipeline/two_stages/go/4", timed(twoStages)})
}

// pipelineBuffer is how many items wait between two stages.
const pipelineBuffer = 64

// pipelineSum keeps the compiler from deleting the work.
var pipelineSum uint64

func twoStages(n int) { passThrough(n, 2) }

// passThrough passes n items from a source through stages that add one to a
// sink that adds up.
func passThrough(n, count int) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var stages sync.WaitGroup
	first := make(chan uint64, pipelineBuffer)
	stages.Go(func() {
		defer close(first)
		for item := range uint64(n) {
			select {
			case first <- item:
			case <-ctx.Done():
				return
			}
		}
	})
	stage := func(from <-chan uint64) <-chan uint64 {
		to := make(chan uint64, pipelineBuffer)
		stages.Go(func() {
			defer close(to)
			for {
				var item uint64
				var ok bool
				select {
				case item, ok = <-from:
				case <-ctx.Done():
				}
				if !ok {
					return
				}
				select {
				case to <- item + 1:
				case <-ctx.Done():
					return
				}
			}
		})
		return to
	}
	last := (<-chan uint64)(first)
	for range count {
		last = stage(last)
	}
	sum := uint64(0)
	for open := true; open; {
		var item uint64
		select {
		case item, open = <-last:
			sum += item
		case <-ctx.Done():
			open = false
		}
	}
	stages.Wait()
	pipelineSum = sum
}
