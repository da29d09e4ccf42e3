// Where the definitions of ServiceMonitor, PodMonitor and PrometheusRule come from that the chart's
// tests check against. Nothing is built.
module icr-pull-secrets/tests/chart/prometheus-operator

go 1.26.0

require github.com/prometheus-operator/prometheus-operator v0.85.0
