package main

import (
	"context"
	"net"
	"time"
)

// Calls that end with a context, as the documentation of context.AfterFunc
// shows it.

func init() {
	rows = append(rows,
		row{"interrupting/call/go/1", timed(underLiveParent(interruptible))},
		row{"interrupting/cancel_read/go/2", cancelRead},
	)
}

// interrupting calls f, and has reads of conn return if ctx ends before.
func interrupting(ctx context.Context, conn net.Conn, f func()) {
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		conn.SetReadDeadline(time.Now())
		close(interrupted)
	})
	f()
	if !stop() {
		<-interrupted
		conn.SetReadDeadline(time.Time{})
	}
}

// near is an end of a connection over loopback, made once, and far the other.
var near, far net.Conn

func connect() {
	if near != nil {
		return
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail(err.Error())
	}
	defer listener.Close()
	if near, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		fail(err.Error())
	}
	if far, err = listener.Accept(); err != nil {
		fail(err.Error())
	}
}

func interruptible(ctx context.Context, n int) {
	connect()
	for range n {
		interrupting(ctx, near, empty)
	}
}

// cancelRead times only from cancel until the read has returned. The reader has
// some time to block.
func cancelRead(n int) time.Duration {
	connect()
	begun, returned := make(chan struct{}), make(chan time.Time)
	var total time.Duration
	for range n {
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			var end time.Time
			interrupting(ctx, near, func() {
				begun <- struct{}{}
				if _, err := near.Read(make([]byte, 1)); err == nil {
					panic("nobody writes")
				}
				end = time.Now()
			})
			returned <- end // The connection is as before.
		}()
		<-begun
		time.Sleep(100 * time.Microsecond)
		start := time.Now()
		cancel()
		total += (<-returned).Sub(start)
	}
	return total
}
