module icr-pull-secrets/tests/differential/kubelet

// Only names the root of the module: kubelet.sh builds with the versions of
// tests/sandbox/tools/kubernetes/go.mod.
go 1.26.0
