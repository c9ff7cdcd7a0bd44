module buf.build/gen/go/open-feature/flagd/protocolbuffers/go

go 1.24.0
