// The server in Go: net/http, and a goroutine for each service. It prints its
// address and serves until it is killed.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

type service struct {
	latency time.Duration
	answer  string
}

// The same as in room.rs.
var services = [...]service{
	{2 * time.Millisecond, `"version":{"number":"3.2.1"}`},
	{8 * time.Millisecond, `"live":{"title":"Morning raga","viewers":1204}`},
	{5 * time.Millisecond, `"user":{"name":"Asha","level":17}`},
	{12 * time.Millisecond, `"equity":{"coins":5300,"member":true}`},
	{10 * time.Millisecond, `"statistics":{"likes":88000,"shares":312}`},
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	panic(http.Serve(listener, http.HandlerFunc(page)))
}

func page(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
	defer cancel()
	var parts [len(services)]string
	var group sync.WaitGroup
	for i, s := range services {
		group.Go(func() {
			select { // The work.
			case <-time.After(s.latency):
				parts[i] = s.answer
			case <-ctx.Done():
			}
		})
	}
	group.Wait()
	if ctx.Err() != nil {
		http.Error(w, ctx.Err().Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintf(w, "{%s}", strings.Join(parts[:], ","))
}
