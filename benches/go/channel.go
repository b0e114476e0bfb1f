package main

import "context"

// Channels, with a context.

func init() {
	rows = append(rows,
		row{"channel/recv_until_ready/go/1", timed(underLiveParent(recvReady))},
		row{"channel/send_until_ready/go/1", timed(underLiveParent(sendReady))},
	)
}

func recvReady(ctx context.Context, n int) {
	ch := make(chan uint64, 2)
	for range n {
		ch <- 1
		select {
		case <-ch:
		case <-ctx.Done():
			panic("nobody cancels it")
		}
	}
}

func sendReady(ctx context.Context, n int) {
	ch := make(chan uint64, 2)
	for range n {
		select {
		case ch <- 1:
		case <-ctx.Done():
			panic("nobody cancels it")
		}
		<-ch
	}
}
