module icr-pull-secrets/tests/doubles

go 1.26.0
