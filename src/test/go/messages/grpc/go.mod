module buf.build/gen/go/open-feature/flagd/grpc/go

go 1.24.0
