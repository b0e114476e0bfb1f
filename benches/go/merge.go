package main

import (
	"context"
	"sync"
)

// merge of the pipelines article: a goroutine for each channel to come from,
// and one that closes the channel to go to.

func init() {
	rows = append(rows,
		row{"channel/merge_ready/go/1", timed(underLiveParent(mergeReady))},
		row{"pipeline/merge/go/5", timed(mergeTwo)},
	)
}

// mergeReady sends a message into each of four channels in its turn, and
// receives it.
func mergeReady(ctx context.Context, n int) {
	var senders [4]chan uint64
	var receivers [4]<-chan uint64
	for i := range senders {
		senders[i] = make(chan uint64, 2)
		defer close(senders[i])
		receivers[i] = senders[i]
	}
	merged := merge(ctx, receivers[:]...)
	for i := range n {
		senders[i%4] <- 1
		<-merged
	}
}

// mergeTwo passes n items from two sources through a merge to a sink that adds
// up.
func mergeTwo(n int) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	half := uint64(n / 2)
	merged := merge(ctx, source(ctx, 0, half), source(ctx, half, uint64(n)))
	sum := uint64(0)
	for item := range merged {
		sum += item
	}
	pipelineSum = sum
}

func source(ctx context.Context, from, end uint64) <-chan uint64 {
	to := make(chan uint64, pipelineBuffer)
	go func() {
		defer close(to)
		for item := from; item < end; item++ {
			select {
			case to <- item:
			case <-ctx.Done():
				return
			}
		}
	}()
	return to
}

func merge(ctx context.Context, channels ...<-chan uint64) <-chan uint64 {
	to := make(chan uint64, pipelineBuffer)
	var forwarders sync.WaitGroup
	for _, from := range channels {
		forwarders.Go(func() {
			for item := range from {
				select {
				case to <- item:
				case <-ctx.Done():
					return
				}
			}
		})
	}
	go func() {
		forwarders.Wait()
		close(to)
	}()
	return to
}
