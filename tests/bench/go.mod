module icr-pull-secrets/tests/bench

go 1.26.0
