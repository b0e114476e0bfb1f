package main

import "time"

// The worker pool of every tutorial: goroutines that range over a channel.

func init() {
	rows = append(rows, row{"worker_pool/submit_join/go/3", submitJoin})
}

const (
	poolWorkers = 3
	poolJobs    = 1000
)

// submitJoin does n times poolJobs empty jobs, and takes their results.
func submitJoin(n int) time.Duration {
	jobs := make(chan int, poolJobs)
	results := make(chan int, poolJobs)
	defer close(jobs)
	for range poolWorkers {
		go func() {
			for job := range jobs {
				results <- job
			}
		}()
	}
	start := time.Now()
	for range n {
		for job := range poolJobs {
			jobs <- job
		}
		for range poolJobs {
			<-results
		}
	}
	return time.Since(start)
}
