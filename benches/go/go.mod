module phalanx-bench

go 1.25.0

require golang.org/x/sync v0.19.0
