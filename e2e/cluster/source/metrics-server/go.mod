module socialplatform.dev/e2e/metrics-server

go 1.26.8

require sigs.k8s.io/metrics-server v0.9.0 // indirect
